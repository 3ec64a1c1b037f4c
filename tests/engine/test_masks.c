/* Arrays whose size data decide: where masks of every map are true, what hangs on such arrays in one or several waves, and places in
 * sorted arrays. */
#include "engine_test.h"

enum { MOST = 300 };

/* ---- where masks are true ---- */

static bool never(int64_t i)
{
    (void)i;
    return false;
}
static bool always(int64_t i)
{
    (void)i;
    return true;
}
static bool thirds(int64_t i)
{
    return i % 3 == 1;
}
static bool late(int64_t i)
{
    return i >= 17 && i != 20;
}
static bool scattered(int64_t i)
{
    return i * 7919 % 11 < 3;
}
static bool (*const PATTERNS[])(int64_t i) = {never, always, thirds, late, scattered};
enum { NPATTERNS = sizeof PATTERNS / sizeof PATTERNS[0] };

static da_array *mask_of(int ndim, const int64_t *shape, bool (*is_true)(int64_t i),
                         const struct da__dist_spec *spec)
{
    uint8_t data[MOST + 1];
    int64_t n = da__nelem(ndim, shape);
    assert_true(n <= MOST);
    for (int64_t i = 0; i < n; i++)
        data[i] = is_true(i);
    return da__runtime_import(rt, data, DA_BOOL, ndim, shape, spec);
}

static void check_flat(da_array *a, int64_t n, bool (*is_true)(int64_t i), const char *what)
{
    assert_sound(a, what);
    assert_int_equal(a->shape[0], DA__UNSIZED);
    compute(1, &a);
    double *got = gathered(a, what);
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!is_true(i))
            continue;
        if (count >= a->shape[0] || got[count] != (double)i)
            fail_msg("%s, %d engines: true element %lld is not %lld", what, P, (long long)count,
                     (long long)i);
        count++;
    }
    assert_int_equal(a->shape[0], count);
    free(got);
}

/* Elements that are their own flat indices, of every size, where the mask is and elsewhere. */
static void check_extract(int ndim, const int64_t *shape, bool (*is_true)(int64_t i),
                          da_array *mask, const struct layout *l, const char *what)
{
    static const da_dtype dtypes[] = {DA_INT8, DA_INT16, DA_FLOAT32, DA_FLOAT64, DA_COMPLEX128};
    int64_t n = da__nelem(ndim, shape);
    for (int k = 0; k < 5; k++) {
        da_array *x = numbers(ndim, shape, 0, 1, k % 2 == 0 ? &l->spec : NULL);
        check_flat(da__make_extract(g, mask, da__make_astype(g, x, dtypes[k])), n, is_true, what);
    }
}

static void check_patterns(int ndim, const int64_t *shape, const struct layout *l)
{
    char what[128];
    for (int k = 0; k < NPATTERNS; k++) {
        da__scope_push(g);
        snprintf(what, sizeof what, "pattern %d of %d dimensions, %s", k, ndim, l->text);
        da_array *mask = mask_of(ndim, shape, PATTERNS[k], &l->spec);
        check_flat(da__make_flatnonzero(g, mask), da__nelem(ndim, shape), PATTERNS[k], what);
        check_extract(ndim, shape, PATTERNS[k], mask, l, what);
        da__scope_pop(g);
    }
}

static void test_one_axis(void **state)
{
    static const int64_t extents[] = {0, 1, 2, 23, 64};
    struct layout l;
    (void)state;
    for (int e = 0; e < 5; e++)
        for (int m = 0; m < NMAPS; m++)
            for (int subset = 0; subset < NSUBSETS; subset++) {
                char maps[2] = {MAPS[m], '\0'};
                layout_subset(&l, 1, &extents[e], maps, 0, subset);
                check_patterns(1, &extents[e], &l);
            }
}

static void test_two_axes(void **state)
{
    static const int64_t shapes[][2] = {{10, 8}, {1, 29}, {6, 0}};
    struct layout l;
    (void)state;
    for (int s = 0; s < 3; s++)
        for (int m = 0; m < NMAPS * NMAPS; m++) {
            char maps[3] = {MAPS[m / NMAPS], MAPS[m % NMAPS], '\0'};
            layout_subset(&l, 2, shapes[s], maps, m % 2, m % NSUBSETS);
            check_patterns(2, shapes[s], &l);
        }
}

static void test_three_axes_and_none(void **state)
{
    static const int64_t shape[3] = {4, 5, 6};
    static const char *const maps[] = {"bbb", "nbn", "cnu", "n3i", "nnb", "ucb"};
    struct layout l;
    (void)state;
    for (int k = 0; k < 6; k++) {
        layout(&l, 3, shape, maps[k], k % 3);
        check_patterns(3, shape, &l);
    }
    check_flat(da__make_flatnonzero(g, mask_of(0, NULL, always, NULL)), 1, always, "0-d, true");
    check_flat(da__make_flatnonzero(g, mask_of(0, NULL, never, NULL)), 1, never, "0-d, false");
}

/* What is selected travels at most once, without its indices where parts follow each other: less than by way of indices. */
static void test_extract_moves_little(void **state)
{
    static const int64_t shape[1] = {6000};
    static const char *const maps[] = {"b", "c"};
    (void)state;
    for (int m = 0; m < 2; m++) {
        struct layout l;
        int64_t sent[3];
        da__scope_push(g);
        struct da__name name[] = {{"x", numbers(1, shape, 0, 1, layout(&l, 1, shape, maps[m], 0))},
                                  {"mask", NULL}};
        name[1].array = da__eval(g, "x < 3000", 1, name);
        compute(1, &name[0].array);
        compute(1, &name[1].array);
        da_array *a[] = {da__eval(g, "x[mask]", 2, name),
                         da__eval(g, "x[flatnonzero(mask)]", 2, name)};
        for (int k = 0; k < 2; k++) {
            sent[k] = counters().message_bytes;
            compute(1, &a[k]);
            sent[k] = counters().message_bytes - sent[k];
        }
        double *direct = gathered(a[0], "direct"), *by_index = gathered(a[1], "by indices");
        assert_int_equal(a[0]->shape[0], 3000);
        assert_memory_equal(direct, by_index, 3000 * sizeof *direct);
        free(direct);
        free(by_index);
        if (P > 1 && 4 * sent[0] > 3 * sent[1])
            fail_msg("%s: %lld bytes, by indices %lld", maps[m], (long long)sent[0],
                     (long long)sent[1]);
        if (P > 1 && m == 0)
            assert_true(sent[0] < 3000 * 8 + 4096 * P);
        da__scope_pop(g);
    }
}

/* A mask that lies on all engines many times over is counted once. */
static void test_replicas(void **state)
{
    static const int64_t shape[2] = {9, 7};
    struct layout l;
    (void)state;
    da_array *x = numbers(2, shape, 0, 1, layout(&l, 2, shape, "bc", 0));
    struct da__name name[] = {{"x", x}};
    da_array *sums = da__eval(g, "flatnonzero(sum(x, axis=0) > 278)", 1, name);
    compute(1, &sums);
    double *got = gathered(sums, "replicas");
    assert_int_equal(sums->shape[0], 4);
    for (int k = 0; k < 4; k++)
        assert_true(got[k] == k + 3);
    free(got);
}

/* ---- what hangs on unknown sizes ---- */

static const struct {
    const char *text;
    int ndim;
    int64_t shape[2];
    double value[12];
} CALLS[] = {
    {"flatnonzero(x > 19)", 1, {4}, {20, 21, 22, 23}},
    {"nonzero(y > 14, 0)", 1, {5}, {3, 3, 3, 3, 3}},
    {"nonzero(y > 14, -1)", 1, {5}, {0, 1, 2, 3, 4}},
    {"nonzero(x > 100, 0)", 1, {0}, {0}},
    {"sum(flatnonzero(x > 19))", 0, {0}, {86}},
    {"sum(flatnonzero(x > 100))", 0, {0}, {0}},
    {"x[:3] + sum(flatnonzero(x > 19), keepdims=True)", 1, {3}, {86, 87, 88}},
    {"flatnonzero(x > 19)[::-1] ** 2", 1, {4}, {529, 484, 441, 400}},
    {"flatnonzero(x > 19)[1] * 0.5", 0, {0}, {10.5}},
    {"flatnonzero(x > 19) + flatnonzero(x < 4)", 1, {4}, {20, 22, 24, 26}},
    {"flatnonzero(x > 19) + x[:4]", 1, {4}, {20, 22, 24, 26}},
    {"flatnonzero(x > 22) + x[:4]", 1, {4}, {23, 24, 25, 26}},
    {"flatnonzero(x > 21)[:, None] + flatnonzero(x < 3)", 2, {2, 3}, {22, 23, 24, 23, 24, 25}},
    {"sum(flatnonzero(x > 21)[:, None] + flatnonzero(x < 3), axis=0)", 1, {3}, {45, 47, 49}},
    {"flatnonzero(flatnonzero(x > 9) % 5 == 0)", 1, {3}, {0, 5, 10}},
    {"flatnonzero(x > sum(flatnonzero(x < 7)))", 1, {2}, {22, 23}},
    {"nonzero(flatnonzero(x > 9)[:, None] == flatnonzero(x > 21), 1)", 1, {2}, {0, 1}},
    {"permute_dims(flatnonzero(x > 21)[:, None] + x[:3])", 2, {3, 2}, {22, 23, 23, 24, 24, 25}},
    {"redistribute(flatnonzero(x > 19), \"c\") - 1", 1, {4}, {19, 20, 21, 22}},
    {"astype(flatnonzero(x > 19), float32)[2:]", 1, {2}, {22, 23}},
    {"max(flip(flatnonzero(x > 3)), axis=-1, keepdims=True)", 1, {1}, {23}},
    {"squeeze(flatnonzero(x == 7), 0)", 0, {0}, {7}},
    {"matrix_transpose(expand_dims(flatnonzero(x > 21), 0))", 2, {2, 1}, {22, 23}},
    {"where(flatnonzero(x > 19) % 2 == 0, -1, flatnonzero(x > 19))", 1, {4}, {-1, 21, -1, 23}},
    {"searchsorted(flatnonzero(x % 3 == 0), x[:5])", 1, {5}, {0, 1, 1, 1, 2}},
    {"searchsorted(x, flatnonzero(x > 19), \"right\")", 1, {4}, {21, 22, 23, 24}},
    {"clip(flatnonzero(x > 19), 21, None)", 1, {4}, {21, 21, 22, 23}},
    {"x[x % 7 == 2]", 1, {4}, {2, 9, 16, 23}},
    {"x[x < 0]", 1, {0}, {0}},
    {"y[y % 6 == 1]", 1, {4}, {1, 7, 13, 19}},
    {"y[y[:, 0] > 6, 1:3]", 2, {2, 2}, {11, 12, 16, 17}},
    {"y[1:3, y[0] % 2 == 0]", 2, {2, 3}, {5, 7, 9, 10, 12, 14}},
    {"y[y[:, 0] > 6][:, x[:5] > 2]", 2, {2, 2}, {13, 14, 18, 19}},
    {"y[y[:, 0] > 6, 1]", 1, {2}, {11, 16}},
    {"x[x > 19][x[x > 19] != 21]", 1, {3}, {20, 22, 23}},
    {"sum(y[y > 16] * 2)", 0, {0}, {108}},
    {"compress(x[:4] > 1, y, axis=0)", 2, {2, 5}, {10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
    {"compress(x[:3] > 0, y[:, :3], axis=1)", 2, {4, 2}, {1, 2, 6, 7, 11, 12, 16, 17}},
    {"extract(y % 6 == 1, y)", 1, {4}, {1, 7, 13, 19}},
    {"extract(x[x > 20] != 22, x[x > 20])", 1, {2}, {21, 23}},
    {"extract(x < 2, arange(24) * 2)", 1, {2}, {0, 2}},
    {"extract(matrix_transpose(y)[:2] > 10, permute_dims(y[::-1, 2:4]))", 1, {3}, {2, 8, 3}},
    {"extract(x[0] == 0, x[5])", 1, {1}, {5}},
    {"sum(y, axis=1)[y[:, 0] > 6]", 1, {2}, {60, 85}},
    {"compress(x[:20] % 9 == 1, y)", 1, {3}, {1, 10, 19}},
    {"compress(x[x > 20] != 22, x[x > 20])", 1, {2}, {21, 23}},
    {"compress(x % 9 == 1, y)", 1, {3}, {1, 10, 19}},
    {"take(x, flatnonzero(x > 20) - 20, 0)", 1, {3}, {1, 2, 3}},
    {"take(y, flatnonzero(x > 21) - 20, 0)[:, 1:3]", 2, {2, 2}, {11, 12, 16, 17}},
    {"y[flatnonzero(x[:4] > 1), flatnonzero(x[:4] < 2)]", 1, {2}, {10, 16}},
    {"sort(x[x > 20], descending=True)", 1, {3}, {23, 22, 21}},
    {"argsort(-x[x > 20])", 1, {3}, {2, 1, 0}},
    {"cumulative_sum(x[x > 20])", 1, {3}, {21, 43, 66}},
    {"cumulative_sum(x[x > 21], include_initial=True)", 1, {3}, {0, 22, 45}},
    {"searchsorted(sort(x[x < 4]), x[x > 21] - 21)", 1, {2}, {1, 2}},
    {"cumulative_sum(y[y[:, 0] > 6, :2])", 1, {4}, {10, 21, 36, 52}},
    {"concat([x[x > 21], x[:2], x[x < 2]])", 1, {6}, {22, 23, 0, 1, 0, 1}},
    {"concat([y[y[:, 0] > 6, :2], y[:2, 3:]], axis=1)", 2, {2, 4}, {10, 11, 3, 4, 15, 16, 8, 9}},
    {"concat([y[y[:, 0] > 6, :2], x[x > 21]], axis=None)", 1, {6}, {10, 11, 15, 16, 22, 23}},
    {"concat([x[x > 100], x[x > 200]], axis=-1)", 1, {0}, {0}},
    {"stack([x[x > 21], x[:2]], axis=1)", 2, {2, 2}, {22, 0, 23, 1}},
    {"stack([x[x > 21], x[x < 2] * 0.5])", 2, {2, 2}, {22, 23, 0, 0.5}},
    {"roll(x[x > 19], 1)", 1, {4}, {23, 20, 21, 22}},
    {"roll(x[x > 100], 3)", 1, {0}, {0}},
    {"roll(y[y[:, 0] > 6, :3], (1, -1), (0, 1))", 2, {2, 3}, {16, 17, 15, 11, 12, 10}},
    {"reshape(x[x > 19], (2, -1))", 2, {2, 2}, {20, 21, 22, 23}},
    {"reshape(y[y[:, 0] > 6, :3], (-1,)) - 1", 1, {6}, {9, 10, 11, 14, 15, 16}},
    {"reshape(x[x > 17], (3, 2)) + y[:3, :2]", 2, {3, 2}, {18, 20, 25, 27, 32, 34}},
    {"reshape(x[x > 17], (3, 2), \"n,c\")[::2]", 2, {2, 2}, {18, 19, 22, 23}},
    {"reshape(x[x > 100], (0, 3))", 2, {0, 3}, {0}},
    {"broadcast_to(x[x > 21], (3, 2))", 2, {3, 2}, {22, 23, 22, 23, 22, 23}},
    {"broadcast_to(x[x == 7], (3,))", 1, {3}, {7, 7, 7}},
    {"tile(x[x > 21], (2, 2))", 2, {2, 4}, {22, 23, 22, 23, 22, 23, 22, 23}},
    {"repeat(x[x > 21], 2)", 1, {4}, {22, 22, 23, 23}},
    {"repeat(y[y[:, 0] > 6, :2], 2, axis=1)", 2, {2, 4}, {10, 10, 11, 11, 15, 15, 16, 16}},
    {"repeat(y[y[:, 0] > 6, :2], 0, axis=0)", 2, {0, 2}, {0}},
    {"rebalance(x[x > 19]) * 2", 1, {4}, {40, 42, 44, 46}},
    {"distribute_as(x[x > 19], (2, -1), \"c,n\")", 2, {2, 2}, {20, 21, 22, 23}},
    {"distribute_as(x[x > 19], (2, 2), \"b,b\") + 1", 2, {2, 2}, {21, 22, 23, 24}},
    {"distribute_as(x[x > 19], (-1,), \"c\")", 1, {4}, {20, 21, 22, 23}},
    {"set_slice(x[x > 19], -1, \"1:3\")", 1, {4}, {20, -1, -1, 23}},
    {"set_slice(x[:5], x[x > 21], \"1:3\")", 1, {5}, {0, 22, 23, 3, 4}},
    {"sum(set_slice(x[x > 19], x[x > 22], \"...\"))", 0, {0}, {92}},
    {"diagonal(y[y[:, 0] > 6])", 1, {2}, {10, 16}},
    {"diagonal(y[y[:, 0] > 6], 4)", 1, {1}, {14}},
    {"diagonal(x[x > 21][:, None] + x[x < 3], -1, 1, 0)", 1, {2}, {23, 25}},
    {"diagonal(y[y[:, 0] > 100])", 1, {0}, {0}},
    {"tril(y[y[:, 0] > 6])[:, :3]", 2, {2, 3}, {10, 0, 0, 15, 16, 0}},
    {"triu(y[y[:, 0] > 6], 1)[:, :3]", 2, {2, 3}, {0, 11, 12, 0, 0, 17}},
    {"tril(x[x > 20][:, None] + x[x < 2], -1)", 2, {3, 2}, {0, 0, 22, 0, 23, 24}},
    {"meshgrid([x[x > 21], x[:3]], 0)", 2, {3, 2}, {22, 23, 22, 23, 22, 23}},
    {"meshgrid([x[x > 21], x[:3]], 1)", 2, {3, 2}, {0, 0, 1, 1, 2, 2}},
    {"meshgrid([x[x > 21], x[:3]], output=1, indexing=\"ij\")", 2, {2, 3}, {0, 1, 2, 0, 1, 2}},
    {"meshgrid([x[x > 21]], 0)", 1, {2}, {22, 23}},
    {"meshgrid([x[:2], x[x > 100]], 0)", 2, {0, 2}, {0}},
    {"repeat(x[:4], k[:4])", 1, {6}, {1, 2, 2, 3, 3, 3}},
    {"repeat(x[:3], x[2:5] > 2, axis=0)", 1, {2}, {1, 2}},
    {"repeat(x[:3], k[0], 0)", 1, {0}, {0}},
    {"repeat(x[:3], astype(k[2], int8))", 1, {6}, {0, 0, 1, 1, 2, 2}},
    {"repeat(x[:3], astype(k[2:3], int32), axis=-1)", 1, {6}, {0, 0, 1, 1, 2, 2}},
    {"repeat(y[:2, :3], k[:3], axis=1)", 2, {2, 3}, {1, 2, 2, 6, 7, 7}},
    {"repeat(y[:2, :2], k[1:3], axis=0)", 2, {3, 2}, {0, 1, 5, 6, 5, 6}},
    {"repeat(y[:2, :2], k[:4])", 1, {6}, {1, 5, 5, 6, 6, 6}},
    {"repeat(x[x > 21], k[1:3])", 1, {3}, {22, 23, 23}},
    {"repeat(x[:2], k[k > 21] - 20)", 1, {5}, {0, 0, 1, 1, 1}},
    {"repeat(y[y[:, 0] > 6, :2], k[:2], axis=1)", 2, {2, 1}, {11, 16}},
    {"repeat(x[:0], k[:0])", 1, {0}, {0}},
    {"sum(repeat(x, k))", 0, {0}, {4324}},
    {"x[x > 18][y[0] < 4, ...]", 1, {4}, {19, 20, 21, 22}},
    {"x[x > 19][x[:4] != 2]", 1, {3}, {20, 21, 23}},
    {"(x[x > 21][:, None] + x[:3])[y[:2, 0] > 1]", 2, {1, 3}, {23, 24, 25}},
    {"extract(x[:3] > 0, x[x > 20])", 1, {2}, {22, 23}},
    {"compress(x[:3] > 0, x[x > 20])", 1, {2}, {22, 23}},
    {"x[:3][True]", 2, {1, 3}, {0, 1, 2}},
    {"x[:3][False]", 2, {0, 3}, {0}},
    {"x[:3][True, True]", 2, {1, 3}, {0, 1, 2}},
    {"x[:3, x[0] == 0]", 2, {3, 1}, {0, 1, 2}},
    {"x[:3][..., False]", 2, {3, 0}, {0}},
    {"x[5][x[5] > 4]", 1, {1}, {5}},
    {"x[5][x[5] > 6]", 1, {0}, {0}},
    {"y[True, 1]", 2, {1, 5}, {5, 6, 7, 8, 9}},
    {"y[x[0] == 0, x[:4] > 1, 1]", 1, {2}, {11, 16}},
    {"x[x > 21][True]", 2, {1, 2}, {22, 23}},
    {"put(x[:4], -1, [x[0] == 0], \"@0\")", 1, {4}, {-1, -1, -1, -1}},
    {"put(x[:4], -1, [x[0] > 0], \"@0\")", 1, {4}, {0, 1, 2, 3}},
    {"put(x[5], -1, [x[5] > 4], \"@0\")", 0, {0}, {-1}},
    {"put(x[:3], x[5:7], [x[0] == 0, x[:3] > 0], \"@0, @1\")", 1, {3}, {0, 5, 6}},
    {"put(y[:2, :3], x[:2, None, None], [x[0] == 0], \":, @0\")", 2, {2, 3}, {0, 0, 0, 1, 1, 1}},
};
enum { NCALLS = sizeof CALLS / sizeof CALLS[0] };

static void check_call(int k, da_array *a)
{
    int64_t n = da__nelem(CALLS[k].ndim, CALLS[k].shape);
    assert_sound(a, CALLS[k].text);
    assert_int_equal(a->ndim, CALLS[k].ndim);
    for (int i = 0; i < a->ndim; i++)
        assert_true(a->shape[i] == DA__UNSIZED || a->shape[i] == CALLS[k].shape[i]);
    da_dtype dtype = a->dtype;
    compute(1, &a);
    assert_int_equal(a->kind, DA__NODE_LEAF);
    assert_int_equal(a->dtype, dtype);
    for (int i = 0; i < a->ndim; i++)
        if (a->shape[i] != CALLS[k].shape[i])
            fail_msg("%s: axis %d has %lld elements", CALLS[k].text, i, (long long)a->shape[i]);
    double *got = gathered(a, CALLS[k].text);
    for (int64_t i = 0; i < n; i++)
        if (got[i] != CALLS[k].value[i])
            fail_msg("%s, %d engines: element %lld is %g, not %g", CALLS[k].text, P, (long long)i,
                     got[i], CALLS[k].value[i]);
    free(got);
}

static void test_calls(void **state)
{
    static const int64_t shape[2] = {24, 0}, square[2] = {4, 5};
    (void)state;
    for (int m = 0; m < NMAPS; m++) {
        char maps[3] = {MAPS[m], MAPS[NMAPS - 1 - m], '\0'};
        struct layout l, l2;
        layout_subset(&l, 1, shape, maps, 0, m % NSUBSETS);
        layout_subset(&l2, 2, square, maps, 0, m % NSUBSETS);
        for (int k = 0; k < NCALLS; k++) {
            da__scope_push(g);
            struct da__name name[] = {{"x", numbers(1, shape, 0, 1, &l.spec)},
                                      {"y", numbers(2, square, 0, 1, &l2.spec)},
                                      {"k", NULL}};
            name[2].array = da__make_astype(g, name[0].array, DA_INT64);
            check_call(k, da__eval(g, CALLS[k].text, 3, name));
            da__scope_pop(g);
        }
    }
    assert_false(da__graph_waits(g));
}

/* A dump of what waits runs nothing, and loads back as the same. */
static void test_dumps(void **state)
{
    static const int64_t shape[2] = {24, 0}, square[2] = {4, 5};
    (void)state;
    for (int k = 0; k < NCALLS; k++) {
        struct da__text first = {0}, second = {0};
        struct da__error err = {.engine = -1};
        struct da__pipeline *p = NULL;
        da__scope_push(g);
        struct da__name name[] = {{"x", numbers(1, shape, 0, 1, NULL)},
                                  {"y", numbers(2, square, 0, 1, NULL)},
                                  {"k", NULL}};
        name[2].array = da__make_astype(g, name[0].array, DA_INT64);
        for (int i = 0; i < 3; i++)
            compute(1, &name[i].array);
        da_array *a = da__eval(g, CALLS[k].text, 3, name);
        assert_sound(a, CALLS[k].text);
        int64_t runs = counters().runs;
        assert_ok(da__graph_dump_json(g, 1, &a, &first, &err), &err, CALLS[k].text);
        assert_ok(da__pipeline_load(g, first.s, first.len, "dump", NULL, 0, NULL, &p, &err), &err,
                  CALLS[k].text);
        assert_true(counters().runs <= runs + 4); /* its leaves may be gathered, and no more */
        assert_int_equal(p->noutputs, 1);
        for (int i = 0; i < p->nnodes;
             i++) /* data go where they were before they are dumped again */
            if (p->node[i]->kind == DA__NODE_COPY && p->node[i]->in[0]->kind == DA__NODE_LEAF)
                compute(1, &p->node[i]);
        assert_ok(da__graph_dump_json(g, 1, p->output, &second, &err), &err, CALLS[k].text);
        assert_string_equal(first.s, second.s);
        check_call(k, p->output[0]);
        da__pipeline_free(p);
        da__text_free(&first);
        da__text_free(&second);
        da__scope_pop(g);
    }
}

/* Targets that share what they wait for, kept arrays on the way, and a second compute that finds everything done. */
static void test_several_targets(void **state)
{
    static const int64_t shape[1] = {24};
    (void)state;
    struct da__name name[] = {{"x", numbers(1, shape, 0, 1, NULL)}, {"at", NULL}};
    name[1].array = da__eval(g, "flatnonzero(x > 19)", 2, name);
    da__node_keep(name[1].array);
    da_array *target[] = {da__eval(g, "at * 2", 2, name), da__eval(g, "sum(at)", 2, name),
                          da__eval(g, "x + 1", 2, name), name[1].array};
    compute(4, target);
    for (int k = 0; k < 4; k++)
        assert_int_equal(target[k]->kind, DA__NODE_LEAF);
    int64_t runs = counters().runs;
    compute(4, target);
    assert_int_equal(counters().runs, runs);
    assert_int_equal(target[0]->shape[0], 4);
    da__node_drop(name[1].array);
}

/* ---- assignment to masks ---- */

static double assigned(const double *before, int64_t i, bool selected, const double *value)
{
    return selected ? *value : before[i];
}

static void check_put(const char *what, da_array *x, const struct da__operand *value,
                      da_array *mask, const double *wanted, int64_t n)
{
    struct da__index_item item = {.kind = DA__INDEX_ARRAY};
    da_array *a = da__make_put(g, x, value, 1, &item, 1, &mask);
    double *got = gathered(a, what);
    assert_int_equal(a->dtype, x->dtype);
    assert_true(x->dist == NULL || da__dist_equal(a->dist, x->dist));
    for (int64_t i = 0; i < n; i++)
        if (got[i] != wanted[i])
            fail_msg("%s, %d engines: element %lld is %g, not %g", what, P, (long long)i, got[i],
                     wanted[i]);
    free(got);
}

/* A number, an array that broadcasts, one value per true element (of known and of unknown size); masks of all of x and of its
 * leading axis. */
static void check_puts(const struct layout *lx, const struct layout *lm)
{
    static const int64_t shape[2] = {6, 5};
    double before[30], wanted[30], number = 2.5;
    da__scope_push(g);
    struct da__name name[] = {{"x", numbers(2, shape, 0, 1, &lx->spec)},
                              {"m", mask_of(2, shape, thirds, &lm->spec)}};
    da_array *x = name[0].array, *m = name[1].array, *rows = da__eval(g, "x[:, 0] > 12", 2, name);
    struct da__operand value = {.scalar = {.kind = DA__SCALAR_FLOAT, .re = number}};
    for (int i = 0; i < 30; i++)
        before[i] = i;
    for (int i = 0; i < 30; i++)
        wanted[i] = assigned(before, i, thirds(i), &number);
    check_put("a number at a mask", x, &value, m, wanted, 30);
    for (int i = 0; i < 30; i++)
        wanted[i] = i / 5 > 2 ? 100 + i % 5 : i;
    value.array = da__eval(g, "astype(arange(5) + 100, int16)", 0, NULL);
    check_put("a row at a mask of rows", x, &value, rows, wanted, 30);
    for (int i = 0; i < 30; i++)
        wanted[i] = i / 5 > 2 ? -(i / 5) - 0.5 : i;
    value.array = da__eval(g, "-(arange(3, 6) + 0.5)[:, None]", 0, NULL);
    check_put("a value for each row of a mask of rows", x, &value, rows, wanted, 30);
    for (int i = 0; i < 30; i++)
        wanted[i] = thirds(i) ? -i : i;
    value.array = da__eval(g, "-x[m]", 2, name);
    check_put("as many values of unknown size", x, &value, m, wanted, 30);
    value.array = da__eval(g, "-(arange(10) * 3 + 1)", 0, NULL);
    check_put("a value for each true element", x, &value, m, wanted, 30);
    da__scope_pop(g);
}

static void test_puts(void **state)
{
    static const int64_t shape[2] = {6, 5};
    (void)state;
    for (int k = 0; k < NMAPS * NMAPS; k++) {
        char maps[3] = {MAPS[k / NMAPS], MAPS[k % NMAPS], '\0'},
             other[3] = {maps[1], maps[0], '\0'};
        struct layout lx, lm;
        layout_subset(&lx, 2, shape, maps, k % 2, k % NSUBSETS);
        layout_subset(&lm, 2, shape, other, 0, (k + 1) % NSUBSETS);
        check_puts(&lx, &lm);
    }
}

/* ---- mistakes ---- */

static void check_refused(const char *text, const struct da__name *name, const char *words)
{
    da_array *a = da__eval(g, text, 1, name);
    const struct da__error *e = da__node_error(a);
    struct da__error err = {.engine = -1};
    if (e == NULL) {
        if (da__runtime_compute(rt, 1, &a, &err) == DA_OK)
            fail_msg("%s: is computed", text);
        e = &err;
        assert_int_equal(a->kind, DA__NODE_DEFERRED); /* as it was */
    }
    if (strstr(e->text, words) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", text, e->text, words);
}

static void test_mistakes(void **state)
{
    static const int64_t shape[1] = {24};
    (void)state;
    struct da__name name[] = {{"x", numbers(1, shape, 0, 1, NULL)}};
    check_refused("diagonal(flatnonzero(x))", name, "no diagonal");
    check_refused("diagonal(flatnonzero(x)[:, None], 0, 0, 2)", name, "axis 2");
    check_refused("tril(flatnonzero(x))", name, "no triangle");
    check_refused("meshgrid([flatnonzero(x)], 1)", name, "no output 1");
    check_refused("meshgrid([flatnonzero(x)], 0, \"yx\")", name, "indexing");
    check_refused("meshgrid([x[:, None], flatnonzero(x)], 0)", name, "2 dimensions");
    check_refused("broadcast_to(flatnonzero(x), (3, 4))", name, "does not broadcast");
    check_refused("reshape(flatnonzero(x > 19), (3, -1))", name, "cannot reshape");
    check_refused("reshape(flatnonzero(x > 19), (2, 3))", name, "cannot reshape");
    check_refused("reshape(flatnonzero(x > 19), (-1, -1))", name, "one unknown");
    check_refused("reshape(flatnonzero(x > 19), (2, -3))", name, "extent -3");
    check_refused("reshape(flatnonzero(x > 19), (2, 2), \"b,b,b\")", name, "da_reshape");
    check_refused("distribute_as(flatnonzero(x > 19), (-1, -1))", name, "one unknown");
    check_refused("concat([flatnonzero(x > 19), x[:, None]])", name, "dimension");
    check_refused("concat([x[x > 19][:, None], x[:3, None]], axis=1)", name, "array 1 has 3");
    check_refused("concat([x[x > 19], x], axis=1)", name, "axis 1");
    check_refused("stack([x[x > 19], x[x > 20]])", name, "da_stack");
    check_refused("stack([x[x > 19], x[:3], x[:4]])", name, "array 1 has 3");
    check_refused("stack([x[x > 19], x[:4]], axis=2)", name, "axis 2");
    check_refused("roll(x[x > 19], 1, 1)", name, "axis 1");
    check_refused("tile(x[x > 19], -1)", name, "negative");
    check_refused("repeat(x[x > 19], 2, axis=1)", name, "axis 1");
    check_refused("repeat(x, x)", name, "not safely int64");
    check_refused("repeat(x, astype(x, uint64))", name, "not safely int64");
    check_refused("repeat(x, 1.5)", name, "integer");
    check_refused("repeat(x, astype(x, int8)[:, None])", name, "2 dimensions");
    check_refused("repeat(x, astype(x[1:], int8))", name, "23 repeats for 24");
    check_refused("repeat(x[x > 19], astype(x, int8))", name, "24 repeats for 4");
    check_refused("repeat(x, astype(x - 1, int8))", name, "negative values: -1");
    check_refused("repeat(x, astype(x, int8), axis=1)", name, "axis 1");
    check_refused("extract(x[1:] > 0, x)", name, "(23,)");
    check_refused("set_slice(x[x > 19], 0, \"4\")", name, "da_set_slice");
    check_refused("set_slice(x, x[x > 19], \":3\")", name, "does not broadcast");
    check_refused("flatnonzero(x > 19) + x[:3]", name, "do not broadcast");
    check_refused("flatnonzero(x > 19)[4]", name, "4");
    check_refused("min(flatnonzero(x > 100))", name, "no elements");
    check_refused("squeeze(flatnonzero(x > 19), 0)", name, "not 1");
    check_refused("nonzero(x, 1)", name, "axis 1");
    check_refused("nonzero(5, 0)", name, "no axes");
    check_refused("searchsorted(x[:, None], x)", name, "2 dimensions");
    check_refused("searchsorted(x, x, \"middle\")", name, "side");
    check_refused("x[x[:3] > 0]", name, "mask's shape");
    check_refused("x[x > 19][x[:3] > 0]", name, "mask's shape");
    check_refused("put(x, x[:3], [x > 19], \"@0\")", name, "does not broadcast");
    check_refused("compress(x[:, None] > 0, x)", name, "2 dimensions");
    check_refused("put(x, x[:2], [x[0] == 0], \"@0\")", name, "not broadcast");
    check_refused("x[x[0] > 0, x > 21]", name, "index arrays");
    check_refused("left_shift(flatnonzero(x), 0.5)", name, "left_shift");
    /* what is there already is as it was */
    da_array *ok = da__eval(g, "sum(flatnonzero(x > 19))", 1, name);
    double *got = gathered(ok, "after mistakes");
    assert_true(got[0] == 86);
    free(got);
}

/* ---- places in sorted arrays ---- */

static const double SORTED[] = {-3, -1, -1, 0, 0, 0, 0, 2, 2, 3, 5, 5, 5, 5, 5, 8, 9, 9, NAN, NAN};
static const double VALUES[] = {-4, -3, -2, -1, 0, 1, 2, 4, 5, 6, 9, 10, NAN, 3, -1, 0};
enum { NSORTED = 20, NVALUES = 16 };

static double place(int64_t n, double v, bool right)
{
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = SORTED[i];
        bool less = x < v || (isnan(v) && !isnan(x)), equal = x == v || (isnan(x) && isnan(v));
        at += less || (right && equal);
    }
    return (double)at;
}

static void check_places(int64_t n, const struct layout *lx, const struct layout *lv, bool right)
{
    int64_t shape[2] = {4, 4};
    char what[160];
    da__scope_push(g);
    snprintf(what, sizeof what, "%lld sorted, %s in %s", (long long)n, lv->text, lx->text);
    da_array *x = da__runtime_import(rt, SORTED, DA_FLOAT64, 1, &n, &lx->spec);
    da_array *v = da__runtime_import(rt, VALUES, DA_FLOAT64, 2, shape, &lv->spec);
    da_array *a = da__make_searchsorted(g, x, v, right);
    double *got = gathered(a, what);
    assert_int_equal(a->dtype, DA_INT64);
    for (int i = 0; i < NVALUES; i++)
        if (got[i] != place(n, VALUES[i], right))
            fail_msg("%s, %d engines: the place of %g is %g, not %g", what, P, VALUES[i], got[i],
                     place(n, VALUES[i], right));
    free(got);
    da__scope_pop(g);
}

static void test_places(void **state)
{
    static const int64_t shape[2] = {4, 4}, extents[] = {NSORTED, 1, 0, 18};
    (void)state;
    for (int e = 0; e < 4; e++)
        for (int m = 0; m < NMAPS * NMAPS; m++) {
            char maps[3] = {MAPS[m / NMAPS], MAPS[m % NMAPS], '\0'};
            struct layout lx, lv;
            layout_subset(&lx, 1, &extents[e], maps, 0, (m + 1) % NSUBSETS);
            layout_subset(&lv, 2, shape, maps, m % 2, m % NSUBSETS);
            check_places(extents[e], &lx, &lv, false);
            check_places(extents[e], &lx, &lv, true);
        }
}

static void test_place_dtypes(void **state)
{
    (void)state;
    for (int d = 0; d < DA_NDTYPES; d++) {
        char text[128];
        double wanted[] = {0, 1, 3, 7};
        da__scope_push(g);
        bool is_bool = d == DA_BOOL;
        snprintf(text, sizeof text,
                 is_bool ? "searchsorted(arange(7) > 2, arange(2) > 0)"
                         : "searchsorted(astype(arange(7) * 3, %s), astype(%s, %s))",
                 da__dtype((da_dtype)d)->name, "arange(4) ** 3", da__dtype((da_dtype)d)->name);
        da_array *a = da__eval(g, text, 0, NULL);
        double *got = gathered(a, text);
        for (int i = 0; i < (is_bool ? 2 : 4); i++)
            if (got[i] != (is_bool ? (i == 0 ? 0 : 3) : wanted[i]))
                fail_msg("%s: element %d is %g", text, i, got[i]);
        free(got);
        da__scope_pop(g);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_axis),
        cmocka_unit_test(test_two_axes),
        cmocka_unit_test(test_three_axes_and_none),
        cmocka_unit_test(test_extract_moves_little),
        cmocka_unit_test(test_replicas),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_dumps),
        cmocka_unit_test(test_several_targets),
        cmocka_unit_test(test_puts),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_place_dtypes),
    };
    int code;
    if (!engines_open(argc, argv, &code))
        return code;
    return engines_close(cmocka_run_group_tests(tests, NULL, NULL));
}
