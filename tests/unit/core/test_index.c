/* Indexing: slices as Python resolves them, index expressions, their text, and views of views. */
#include "core_test.h"

/* Python's own answers: len(range(*slice(start, stop, step).indices(extent))), the first index (0
 * where there is none) and the step. 99 stands for None. */
enum { NONE = 99 };
static const int slices[][7] = {
    /* extent, start, stop, step: count, first, step */
    {1, 6, 5, 1, 0, 0, 1},       {2, 7, 3, -20, 0, 0, -20},  {9, -10, 7, 99, 7, 0, 1},
    {5, -4, 5, -1, 0, 0, -1},    {1, 10, 3, -4, 0, 0, -4},   {9, 3, 0, -20, 1, 3, -20},
    {1, -5, 8, 1, 1, 0, 1},      {9, 0, 11, 99, 9, 0, 1},    {0, -7, 6, 99, 0, 0, 1},
    {2, 99, -4, 3, 0, 0, 3},     {9, 11, 0, -2, 4, 8, -2},   {5, 11, 6, 3, 0, 0, 3},
    {1, -1, -9, 99, 0, 0, 1},    {1, 3, -6, -1, 1, 0, -1},   {5, 8, -3, -2, 1, 4, -2},
    {9, 0, 6, 2, 3, 0, 2},       {9, 6, 1, 20, 0, 0, 20},    {1, -2, 9, 99, 1, 0, 1},
    {2, 7, 9, 1, 0, 0, 1},       {2, 5, 6, 20, 0, 0, 20},    {0, 10, 8, -1, 0, 0, -1},
    {9, -4, -3, 1, 1, 5, 1},     {0, 3, 8, 3, 0, 0, 3},      {0, -1, -10, -2, 0, 0, -2},
    {1, 99, -3, -2, 1, 0, -2},   {5, -9, -11, 20, 0, 0, 20}, {9, -11, 0, 20, 0, 0, 20},
    {2, 5, -4, -4, 1, 1, -4},    {1, -11, -3, 99, 0, 0, 1},  {0, -9, 7, -4, 0, 0, -4},
    {0, -6, 1, -1, 0, 0, -1},    {9, -4, -8, 99, 0, 0, 1},   {2, -2, -1, 1, 1, 0, 1},
    {5, 0, 2, -4, 0, 0, -4},     {5, 8, 7, -20, 0, 0, -20},  {9, -9, 7, -4, 0, 0, -4},
    {2, 1, 8, -1, 0, 0, -1},     {2, 1, -4, -4, 1, 1, -4},   {2, 5, -2, 99, 0, 0, 1},
    {5, 6, -2, 99, 0, 0, 1},     {5, 7, 6, -20, 0, 0, -20},  {1, -11, 8, -20, 0, 0, -20},
    {2, 2, -1, -20, 0, 0, -20},  {2, 7, 10, -1, 0, 0, -1},   {5, 99, 6, 99, 5, 0, 1},
    {0, -1, -4, -20, 0, 0, -20}, {5, -3, 6, 20, 1, 2, 20},   {2, -7, -1, 1, 1, 0, 1},
    {2, -1, 7, -1, 0, 0, -1},    {2, 0, -9, 99, 0, 0, 1},    {9, 9, 11, 1, 0, 0, 1},
    {2, 4, -5, -20, 1, 1, -20},  {2, -5, -2, 1, 0, 0, 1},    {5, 8, 10, 1, 0, 0, 1},
    {0, 7, -2, 2, 0, 0, 2},      {1, 2, -7, 1, 0, 0, 1},     {2, 11, 8, -1, 0, 0, -1},
    {9, 2, -4, -1, 0, 0, -1},    {0, -11, 4, -1, 0, 0, -1},  {2, 6, -7, -1, 2, 1, -1},
    {2, 8, -10, 20, 0, 0, 20},   {2, 6, -8, -2, 1, 1, -2},   {2, 4, -4, 3, 0, 0, 3},
    {2, 8, 1, -1, 0, 0, -1},     {5, 6, 1, 99, 0, 0, 1},     {5, -8, -6, 99, 0, 0, 1},
    {5, 7, 4, -2, 0, 0, -2},     {9, 10, -5, 99, 0, 0, 1},   {5, 9, 11, -4, 0, 0, -4},
    {2, 5, -2, -1, 1, 1, -1},    {0, 6, -3, 1, 0, 0, 1},     {1, -11, -11, -4, 0, 0, -4},
    {1, 1, 6, 99, 0, 0, 1},      {0, 3, 11, 1, 0, 0, 1},     {1, 4, -3, -1, 1, 0, -1},
    {0, 4, 5, -2, 0, 0, -2},     {0, 7, -9, 2, 0, 0, 2},     {1, -4, 5, 3, 1, 0, 3},
    {0, -1, -5, -1, 0, 0, -1},   {0, 5, -9, 1, 0, 0, 1},     {1, -4, -8, 99, 0, 0, 1},
    {5, 8, 6, -2, 0, 0, -2},     {0, -4, -5, -1, 0, 0, -1},  {9, 4, 4, -2, 0, 0, -2},
    {0, 3, -2, 99, 0, 0, 1},     {0, -8, -11, 1, 0, 0, 1},   {0, -10, 3, 99, 0, 0, 1},
    {0, 4, 4, 3, 0, 0, 3},       {2, -7, -2, 1, 0, 0, 1},    {2, 0, 8, -2, 0, 0, -2},
    {9, -3, -1, -1, 0, 0, -1},   {1, -2, 1, 1, 1, 0, 1},     {1, 5, 99, -2, 1, 0, -2},
    {0, 6, -7, 99, 0, 0, 1},     {2, 2, 7, -20, 0, 0, -20},  {9, 0, 8, 99, 8, 0, 1},
    {9, 1, -11, 2, 0, 0, 2},     {5, 10, -2, -2, 1, 4, -2},  {5, 2, 99, -1, 3, 2, -1},
    {1, 5, -4, 20, 0, 0, 20},    {0, 1, -5, -2, 0, 0, -2},   {1, 99, -2, 2, 0, 0, 2},
    {9, -4, -9, 3, 0, 0, 3},     {0, 11, 9, -4, 0, 0, -4},   {5, 9, -9, 2, 0, 0, 2},
    {9, 5, -9, 20, 0, 0, 20},    {0, 3, -8, -1, 0, 0, -1},   {5, -11, 4, 1, 4, 0, 1},
    {9, -9, 9, -2, 0, 0, -2},    {1, 99, -2, 1, 0, 0, 1},    {0, -9, 9, 3, 0, 0, 3},
    {2, 6, -3, 1, 0, 0, 1},      {0, 6, 4, -4, 0, 0, -4},    {1, -9, 5, 1, 1, 0, 1},
    {9, -11, 5, 2, 3, 0, 2},     {9, -7, -10, -1, 3, 2, -1}, {1, 8, -5, 3, 0, 0, 3},
    {9, 10, 0, -1, 8, 8, -1},    {2, 7, 0, 2, 0, 0, 2},      {9, 1, -10, -2, 1, 1, -2},
};

static void slices_as_python(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof slices / sizeof *slices; k++) {
        const int *row = slices[k];
        struct da__index_item item = {.kind = DA__INDEX_SLICE};
        item.has_start = row[1] != NONE;
        item.start = row[1];
        item.has_stop = row[2] != NONE;
        item.stop = row[2];
        item.has_step = row[3] != NONE;
        item.step = row[3];
        int64_t start, step;
        assert_int_equal(da__slice_resolve(row[0], &item, &start, &step), row[4]);
        if (row[4] > 0)
            assert_int_equal(start, row[5]);
        assert_int_equal(step, row[6]);
    }
    const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX};
    for (int k = 0; k < 27; k++) { /* no overflow, whatever is asked */
        struct da__index_item item = {DA__INDEX_SLICE, true,       true, true, ends[k % 3],
                                      ends[k / 3 % 3], ends[k / 9]};
        int64_t start, step;
        assert_in_range(da__slice_resolve(10, &item, &start, &step), 0, 1);
        assert_in_range(da__slice_resolve(INT64_MAX, &item, &start, &step), 0, 2);
    }
}

static da_status resolve(int ndim, const int64_t *shape, const char *text, struct da__view *v,
                         int *out_ndim, int64_t *out_shape, struct da__error *err)
{
    struct da__index_item item[40];
    int n;
    *err = (struct da__error){0};
    DA_TRY(da__index_parse(text, 40, item, &n, err));
    return da__index_resolve(ndim, shape, n, item, v, out_ndim, out_shape, err);
}

static const int64_t shape345[] = {3, 4, 5};

static void expect(const char *text, const char *want_shape, const char *want_view)
{
    struct da__view v;
    struct da__error err;
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    char have[128];
    if (resolve(3, shape345, text, &v, &ndim, shape, &err) != DA_OK)
        fail_msg("%s: %s", text, err.text);
    assert_string_equal(da__shape_text(ndim, shape, have, sizeof have), want_shape);
    size_t at = 0;
    for (int b = 0; b < 3; b++) {
        at += (size_t)snprintf(have + at, sizeof have - at, "%s%lld+%lld*%d", b > 0 ? " " : "",
                               (long long)v.offset[b], (long long)v.step[b], v.axis[b]);
    }
    assert_string_equal(have, want_view);
    assert_int_equal(v.ndim, ndim);
    assert_int_equal(v.base_ndim, 3);
}

static void expressions(void **state)
{
    (void)state;
    expect("", "(3, 4, 5)", "0+1*0 0+1*1 0+1*2");
    expect("...", "(3, 4, 5)", "0+1*0 0+1*1 0+1*2");
    expect("1:-1, ::-2, ..., 3, None", "(1, 2, 1)", "1+1*0 3+-2*1 3+0*-1");
    expect("-1", "(4, 5)", "2+0*-1 0+1*0 0+1*1");
    expect("0, 1, 2", "()", "0+0*-1 1+0*-1 2+0*-1");
    expect("None, ..., newaxis", "(1, 3, 4, 5, 1)", "0+1*1 0+1*2 0+1*3");
    expect("..., 1::3", "(3, 4, 2)", "0+1*0 0+1*1 1+3*2");
    expect(":, 9:", "(3, 0, 5)", "0+1*0 0+1*1 0+1*2");
    expect("2:0:-1,", "(2, 4, 5)", "2+-1*0 0+1*1 0+1*2");
    expect(" 1 : 3 : 2 ", "(1, 4, 5)", "1+1*0 0+1*1 0+1*2"); /* a step never taken is 1 */
    expect("0:0:-3", "(0, 4, 5)", "0+1*0 0+1*1 0+1*2");
    expect("0, 1, ..., 2", "()", "0+0*-1 1+0*-1 2+0*-1");
    expect("+1, - 2", "(5,)", "1+0*-1 2+0*-1 0+1*0");
}

static void expect_error(const char *text, da_status status, const char *want)
{
    struct da__view v;
    struct da__error err;
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    assert_int_equal(resolve(3, shape345, text, &v, &ndim, shape, &err), status);
    assert_string_equal(err.text, want);
}

static void wrong_expressions(void **state)
{
    (void)state;
    expect_error("0, 4", DA_ERR_INDEX, "index 4 is out of bounds for axis 1 of size 4");
    expect_error("-4", DA_ERR_INDEX, "index -4 is out of bounds for axis 0 of size 3");
    expect_error("0, 0, 0, 0", DA_ERR_INDEX, "too many indices: 4 for 3 dimensions");
    expect_error("..., ...", DA_ERR_INDEX, "an index can have only one ellipsis, not 2");
    expect_error("::0", DA_ERR_ARGUMENT, "the slice step of axis 0 is zero");
    expect_error("1 x", DA_ERR_FORMAT,
                 "index \"1 x\", column 3: expected ',' or the end, found 'x'");
    expect_error(
        "1,,2", DA_ERR_FORMAT,
        "index \"1,,2\", column 3: expected an integer, a slice, '...' or None, found ','");
    expect_error("1:-", DA_ERR_FORMAT,
                 "index \"1:-\", column 4: expected an integer, found the end");
    expect_error(
        "Nonesuch", DA_ERR_FORMAT,
        "index \"Nonesuch\", column 1: expected an integer, a slice, '...' or None, found 'N'");
    expect_error(
        "9223372036854775808", DA_ERR_FORMAT,
        "index \"9223372036854775808\", column 1: expected an integer of 64 bits, found '9'");
    expect_error("1:2:3:4", DA_ERR_FORMAT,
                 "index \"1:2:3:4\", column 6: expected ',' or the end, found ':'");
    char many[400] = "";
    for (int k = 0; k < 30; k++)
        strcat(many, "None, ");
    expect_error(many, DA_ERR_INDEX,
                 "the result would have 33 dimensions, at most 32 are possible");
}

/* Base index that a view reads at an iteration index. */
static void read_at(const struct da__view *v, const int64_t *index, int64_t *base)
{
    for (int b = 0; b < v->base_ndim; b++)
        base[b] = v->offset[b] + (v->axis[b] >= 0 ? v->step[b] * index[v->axis[b]] : 0);
}

static void random_text(int ndim, const int64_t *shape, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (int k = 0; k < ndim; k++) {
        int64_t step = random_in(1, 3) * (random_in(0, 1) != 0 ? 1 : -1);
        if (random_in(0, 4) == 0 && shape[k] > 0)
            at += (size_t)snprintf(text + at, size - at, "%d,",
                                   (int)random_in(-shape[k], shape[k] - 1));
        else
            at +=
                (size_t)snprintf(text + at, size - at, "%d::%d,", (int)random_in(-9, 9), (int)step);
        if (random_in(0, 5) == 0)
            at += (size_t)snprintf(text + at, size - at, "None,");
    }
}

static void composing_views(void **state)
{
    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct da__view inner, outer, both;
        struct da__error err;
        int n1, n2;
        int64_t s1[DA_MAX_NDIM], s2[DA_MAX_NDIM];
        const int64_t shape[] = {7, 8, 9};
        char text[200];
        random_text(3, shape, text, sizeof text);
        assert_int_equal(resolve(3, shape, text, &inner, &n1, s1, &err), DA_OK);
        random_text(n1, s1, text, sizeof text);
        assert_int_equal(resolve(n1, s1, text, &outer, &n2, s2, &err), DA_OK);
        assert_true(da__view_compose(&inner, &outer, &both));
        for (int probe = 0; probe < 5 && da__nelem(n2, s2) > 0; probe++) {
            int64_t index[DA_MAX_NDIM], middle[DA_MAX_NDIM], base[3], direct[3];
            for (int k = 0; k < n2; k++)
                index[k] = random_in(0, s2[k] - 1);
            read_at(&outer, index, middle);
            read_at(&inner, middle, base);
            read_at(&both, index, direct);
            assert_memory_equal(base, direct, sizeof base);
        }
        struct da__view identity;
        da__view_identity(n1, &identity);
        assert_true(da__view_is_identity(&identity));
        assert_true(da__view_compose(&inner, &identity, &both));
        assert_true(da__view_equal(&inner, &both));
        da__view_identity(3, &identity);
        assert_true(da__view_compose(&identity, &inner, &inner)); /* in place */
        assert_true(da__view_equal(&inner, &both));
    }
}

static void broadcast_views(void **state)
{
    (void)state;
    struct da__view v;
    const int64_t base[] = {1, 5}, shape[] = {2, 4, 5};
    da__view_broadcast(2, base, 3, shape, &v);
    assert_int_equal(v.axis[0], -1);
    assert_int_equal(v.axis[1], 2);
    assert_false(da__view_is_identity(&v));
    da__view_broadcast(3, shape, 3, shape, &v);
    assert_true(da__view_is_identity(&v));
    struct da__view other = v;
    other.step[1] = 2;
    assert_false(da__view_equal(&v, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_as_python),  cmocka_unit_test(expressions),
        cmocka_unit_test(wrong_expressions), cmocka_unit_test(composing_views),
        cmocka_unit_test(broadcast_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
