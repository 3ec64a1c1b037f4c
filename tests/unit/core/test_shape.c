/* Shapes: sizes, broadcasting, axes, text and strides. */
#include "core_test.h"

static void sizes(void **state)
{
    (void)state;
    assert_int_equal(da__nelem(0, NULL), 1);
    assert_int_equal(da__nelem(3, (const int64_t[]){3, 4, 5}), 60);
    assert_int_equal(da__nelem(3, (const int64_t[]){INT64_MAX, 4, 0}), 0);
    assert_int_equal(da__nelem(2, (const int64_t[]){INT64_C(1) << 40, INT64_C(1) << 40}), -1);
    assert_int_equal(da__nelem(2, (const int64_t[]){INT64_C(1) << 40, INT64_C(1) << 22}),
                     INT64_C(1) << 62);
}

static void expect(int na, const int64_t *a, int nb, const int64_t *b, const char *want)
{
    int64_t out[DA_MAX_NDIM];
    for (int turn = 0; turn < 2; turn++) { /* broadcasting is symmetric */
        int ndim = turn == 0 ? na : nb;
        char text[128];
        memcpy(out, turn == 0 ? a : b, sizeof *out * (size_t)ndim);
        assert_int_equal(
            da__broadcast(&ndim, out, turn == 0 ? nb : na, turn == 0 ? b : a, "add", NULL), DA_OK);
        assert_string_equal(da__shape_text(ndim, out, text, sizeof text), want);
    }
}

static void broadcasting(void **state)
{
    (void)state;
    const int64_t none[] = {0};
    expect(2, (const int64_t[]){3, 1}, 1, (const int64_t[]){4}, "(3, 4)");
    expect(0, none, 2, (const int64_t[]){2, 5}, "(2, 5)");
    expect(0, none, 0, none, "()");
    expect(1, (const int64_t[]){0}, 1, (const int64_t[]){1}, "(0,)");
    expect(3, (const int64_t[]){8, 1, 6}, 2, (const int64_t[]){7, 1}, "(8, 7, 6)");
    int ndim = 2;
    int64_t shape[DA_MAX_NDIM] = {365, 180};
    struct da__error err = {0};
    assert_int_equal(
        da__broadcast(&ndim, shape, 2, (const int64_t[]){12, 180}, "da_subtract", &err),
        DA_ERR_SHAPE);
    assert_string_equal(err.text,
                        "da_subtract: shapes (365, 180) and (12, 180) do not broadcast at axis 0");
    assert_int_equal(ndim, 2);
    assert_int_equal(shape[0], 365);
    assert_int_equal(da__broadcast(&ndim, shape, 1, (const int64_t[]){0}, NULL, NULL),
                     DA_ERR_SHAPE);
}

static void axes(void **state)
{
    (void)state;
    int axis;
    struct da__error err = {0};
    assert_int_equal(da__axis(-1, 3, "sum", &axis, NULL), DA_OK);
    assert_int_equal(axis, 2);
    assert_int_equal(da__axis(0, 1, "sum", &axis, NULL), DA_OK);
    assert_int_equal(axis, 0);
    assert_int_equal(da__axis(3, 3, "sum", &axis, &err), DA_ERR_ARGUMENT);
    assert_string_equal(err.text, "sum: axis 3 is out of range for 3 dimensions");
    assert_int_equal(da__axis(0, 0, "sum", &axis, NULL), DA_ERR_ARGUMENT);
    assert_int_equal(da__axis(INT64_MIN, 2, "sum", &axis, NULL), DA_ERR_ARGUMENT);
}

static void text_is_always_terminated(void **state)
{
    (void)state;
    const int64_t shape[] = {3, 1000, 7};
    char want[32], have[32];
    da__shape_text(3, shape, want, sizeof want);
    assert_string_equal(want, "(3, 1000, 7)");
    for (size_t size = 1; size < 20; size++) {
        memset(have, 'x', sizeof have);
        da__shape_text(3, shape, have, size);
        assert_int_equal(strlen(have), size - 1 < strlen(want) ? size - 1 : strlen(want));
        assert_memory_equal(have, want, strlen(have));
    }
}

static void strides(void **state)
{
    (void)state;
    int64_t s[3];
    da__strides_c(3, (const int64_t[]){2, 3, 4}, 8, s);
    assert_int_equal(s[0], 96);
    assert_int_equal(s[1], 32);
    assert_int_equal(s[2], 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),   cmocka_unit_test(broadcasting),
        cmocka_unit_test(axes),    cmocka_unit_test(text_is_always_terminated),
        cmocka_unit_test(strides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
