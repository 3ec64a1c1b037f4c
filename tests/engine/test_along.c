/* Sorting and running sums along an axis: every map, subset of engines and axis, against plain C on the master; balance while
 * sorting; what is refused. */
#include "engine_test.h"

/* ---- data: few values, so that there are equal ones, with NaNs and both zeros ---- */

static double keyed(int64_t i)
{
    static const double value[] = {3, -1, 0.0, NAN, 2.5, -0.0, INFINITY, -7, 3, 1};
    uint64_t h = ((uint64_t)i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    return value[(h >> 40) % 10];
}

static da_array *keyed_array(int ndim, const int64_t *shape, const struct da__dist_spec *spec)
{
    int64_t n = da__nelem(ndim, shape);
    double *data = malloc((size_t)(n + 1) * sizeof *data);
    for (int64_t i = 0; i < n; i++)
        data[i] = keyed(i);
    da_array *a = da__runtime_import(rt, data, DA_FLOAT64, ndim, shape, spec);
    free(data);
    return a;
}

/* ---- the reference ---- */

static bool before(double a, double b, bool down)
{
    if (isnan(a) || isnan(b))
        return !isnan(a) && isnan(b);
    return down ? a > b : a < b;
}

/* A line by insertion: values and where they come from. */
static void sort_line(int64_t n, double *line, double *from, bool down)
{
    for (int64_t i = 0; i < n; i++) {
        double v = line[i];
        int64_t j = i;
        for (; j > 0 && before(v, line[j - 1], down); j--) {
            line[j] = line[j - 1];
            from[j] = from[j - 1];
        }
        line[j] = v;
        from[j] = (double)i;
    }
}

enum what { SORT, ARGSORT, SUM, PRODUCT, NWHAT };

/* One line of n elements to n (or n + 1) results. */
static void line_of(enum what what, bool flag, int64_t n, double *line, double *out)
{
    double from[MOST_EXTENT], sum = what == PRODUCT;
    if (what == SORT || what == ARGSORT) {
        sort_line(n, line, from, flag);
        memcpy(out, what == SORT ? line : from, (size_t)n * sizeof *out);
        return;
    }
    if (flag)
        *out++ = sum;
    for (int64_t i = 0; i < n; i++) {
        sum = what == SUM ? sum + line[i] : sum * line[i];
        out[i] = sum;
    }
}

static double *reference(enum what what, bool flag, int ndim, const int64_t *shape, int axis,
                         const double *in)
{
    int64_t n = shape[axis], more = n + (what >= SUM && flag), outer = 1, inner = 1;
    for (int k = 0; k < ndim; k++) {
        outer *= k < axis ? shape[k] : 1;
        inner *= k > axis ? shape[k] : 1;
    }
    double *out = malloc((size_t)(outer * more * inner + 1) * sizeof *out);
    double line[MOST_EXTENT], result[MOST_EXTENT + 1];
    for (int64_t o = 0; o < outer; o++)
        for (int64_t k = 0; k < inner; k++) {
            for (int64_t i = 0; i < n; i++)
                line[i] = in[(o * n + i) * inner + k];
            line_of(what, flag, n, line, result);
            for (int64_t i = 0; i < more; i++)
                out[(o * more + i) * inner + k] = result[i];
        }
    return out;
}

static da_array *built(enum what what, bool flag, da_array *x, int64_t axis)
{
    if (what == SORT || what == ARGSORT)
        return da__make_sort(g, x, axis, flag, what == ARGSORT);
    return da__make_scan(g, x, &axis, what == PRODUCT, DA_DTYPE_DEFAULT, flag);
}

/* Bit by bit where values are moved; sums of these small numbers are exact, too. */
static void check_one(enum what what, bool flag, da_array *x, int axis, const double *in,
                      const char *text)
{
    static const char *const name[] = {"sort", "argsort", "sum", "product"};
    da_array *a = built(what, flag, x, axis - (axis % 2 == 0 ? 0 : x->ndim));
    double *got = gathered(a, text), *want = reference(what, flag, x->ndim, x->shape, axis, in);
    assert_int_equal(a->shape[axis], x->shape[axis] + (what >= SUM && flag));
    for (int64_t i = 0; i < da__nelem(a->ndim, a->shape); i++) {
        bool same = isnan(want[i])
                        ? isnan(got[i])
                        : got[i] == want[i] && (what >= SUM || signbit(got[i]) == signbit(want[i]));
        if (!same)
            fail_msg("%s %s along axis %d, %s, %d engines: element %lld is %g, not %g", name[what],
                     flag ? "with its flag" : "", axis, text, P, (long long)i, got[i], want[i]);
    }
    free(got);
    free(want);
}

static void check_all(da_array *x, const char *text)
{
    double *in = gathered(x, text);
    assert_sound(x, text);
    for (int axis = 0; axis < x->ndim; axis++)
        for (int what = 0; what < NWHAT; what++)
            for (int flag = 0; flag < 2; flag++) {
                da__scope_push(g);
                check_one((enum what)what, flag != 0, x, axis, in, text);
                da__scope_pop(g);
            }
    free(in);
}

/* ---- every distribution ---- */

static void lines(void **state)
{
    (void)state;
    static const int64_t extent[] = {0, 1, 5, 40};
    struct layout l;
    for (int m = 0; m < NMAPS; m++)
        for (int s = 0; s < NSUBSETS; s++)
            for (int e = 0; e < 4; e++) {
                char maps[] = {MAPS[m], '\0'};
                da__scope_push(g);
                layout_subset(&l, 1, &extent[e], maps, 0, s);
                check_all(keyed_array(1, &extent[e], &l.spec), l.text);
                da__scope_pop(g);
            }
}

static void tables(void **state)
{
    (void)state;
    static const int64_t shape[][2] = {{9, 7}, {1, 23}, {23, 1}, {0, 4}, {2, 30}};
    struct layout l;
    for (int m = 0; m < NMAPS * NMAPS; m++)
        for (int e = 0; e < 5; e++) {
            char maps[] = {MAPS[m / NMAPS], MAPS[m % NMAPS], '\0'};
            da__scope_push(g);
            layout_subset(&l, 2, shape[e], maps, m, (m + e) % NSUBSETS);
            check_all(keyed_array(2, shape[e], &l.spec), l.text);
            da__scope_pop(g);
        }
}

static void cubes(void **state)
{
    (void)state;
    static const char *const maps[] = {"bcu", "3ib", "nub", "ccn", "nnn", "unb", "i3c", "bbb"};
    const int64_t shape[3] = {5, 6, 7};
    struct layout l;
    for (int m = 0; m < 8; m++) {
        da__scope_push(g);
        layout(&l, 3, shape, maps[m], m);
        check_all(keyed_array(3, shape, &l.spec), l.text);
        da__scope_pop(g);
    }
}

/* Views have grids with gaps, reversed blocks and replicas. */
static void views(void **state)
{
    (void)state;
    static const char *const text[] = {
        "x[::-1]",        "x[1:, ::-2]",      "x[2]",
        "x[:, 3:4]",      "x[:, :, None, 1]", "broadcast_to(x[1], (4, 6, 5))",
        "x[::2, ::-1, 1]"};
    const int64_t shape[3] = {6, 6, 5};
    struct layout l;
    for (int t = 0; t < 7; t++)
        for (int m = 0; m < 3; m++) {
            static const char *const maps[] = {"bbb", "cib", "ubn"};
            da__scope_push(g);
            layout(&l, 3, shape, maps[m], m);
            struct da__name name = {"x", keyed_array(3, shape, &l.spec)};
            check_all(da__eval(g, text[t], 1, &name), text[t]);
            da__scope_pop(g);
        }
}

/* ---- long lines: balance, and threads ---- */

enum pattern { UNIFORM, CONSTANT, FEW, SORTED, REVERSED, NANS, NPATTERNS };

static double pattern_at(enum pattern p, int64_t i, int64_t n)
{
    uint64_t h = ((uint64_t)i + 7) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    double u = (double)(h >> 11) * 0x1p-53;
    switch (p) {
    case CONSTANT:
        return 4;
    case FEW:
        return floor(3 * u * u);
    case SORTED:
        return (double)i;
    case REVERSED:
        return (double)(n - i);
    case NANS:
        return u < 0.7 ? NAN : u;
    default:
        return u;
    }
}

/* Sorted by neighbours, and a permutation: where each position comes from is its value. */
static void check_long(const double *in, const double *sorted, const double *from, int64_t n,
                       bool down)
{
    for (int64_t i = 0; i < n; i++) {
        double v = in[(int64_t)from[i]];
        assert_true(v == sorted[i] || (isnan(v) && isnan(sorted[i])));
        if (i == 0)
            continue;
        assert_false(before(sorted[i], sorted[i - 1], down));
        if (!before(sorted[i - 1], sorted[i],
                    down)) /* equal ones keep their order, so all differ */
            assert_true(from[i - 1] < from[i]);
    }
}

static void balanced(void **state)
{
    (void)state;
    enum { N = 30011 };
    const int64_t shape[1] = {N};
    double *in = malloc(N * sizeof *in);
    for (int p = 0; p < NPATTERNS; p++)
        for (int down = 0; down < 2; down++) {
            da__scope_push(g);
            for (int64_t i = 0; i < N; i++)
                in[i] = pattern_at((enum pattern)p, i, N);
            da_array *x = da__runtime_import(rt, in, DA_FLOAT64, 1, shape, NULL);
            da_array *target[] = {da__make_sort(g, x, 0, down, false),
                                  da__make_sort(g, x, 0, down, true)};
            da__runtime_reset_counters(rt);
            compute(2, target);
            int64_t share = counters().sort_share;
            if (P > 1)
                assert_in_range(share, N / P, N / P + N / P / 5);
            else
                assert_int_equal(share, 0);
            double *sorted = gathered(target[0], "sorted"), *from = gathered(target[1], "indices");
            check_long(in, sorted, from, N, down);
            free(sorted);
            free(from);
            da__scope_pop(g);
        }
    free(in);
}

/* Parts of very different lengths: samples stand for as many elements as they are. */
static void uneven_parts_are_balanced(void **state)
{
    (void)state;
    enum { N = 20000 };
    const int64_t shape[1] = {N};
    int64_t bounds[MOST_PARTS + 1];
    double *in = malloc(N * sizeof *in);
    for (int k = 0; k <= P; k++)
        bounds[k] = k < P ? k : N;
    struct da__map_spec map = {.kind = 'b', .nbounds = P + 1, .bounds = bounds};
    struct da__dist_spec spec = {.nmaps = 1, .map = &map};
    for (int64_t i = 0; i < N; i++)
        in[i] = pattern_at(UNIFORM, i, N);
    da__scope_push(g);
    da_array *x = da__runtime_import(rt, in, DA_FLOAT64, 1, shape, &spec);
    da_array *target[] = {da__make_sort(g, x, 0, false, false)};
    da__runtime_reset_counters(rt);
    compute(1, target);
    if (P > 1)
        assert_in_range(counters().sort_share, N / P, N / P + N / P / 5);
    double *sorted = gathered(target[0], "uneven");
    for (int64_t i = 1; i < N; i++)
        assert_true(sorted[i - 1] <= sorted[i]);
    free(sorted);
    da__scope_pop(g);
    free(in);
}

/* Lines that are cut into pieces and parts for threads: against what no cutting gives. */
static void long_lines(void **state)
{
    (void)state;
    enum { N = 400000 };
    const int64_t shape[1] = {N};
    double *in = malloc(N * sizeof *in);
    for (int64_t i = 0; i < N; i++)
        in[i] = (double)((i * 7919) % 1009);
    da__scope_push(g);
    da_array *x = da__runtime_import(rt, in, DA_FLOAT64, 1, shape, NULL);
    const int64_t axis = 0;
    da_array *target[] = {da__make_scan(g, x, &axis, false, DA_DTYPE_DEFAULT, true),
                          da__make_sort(g, x, 0, true, false), da__make_sort(g, x, 0, true, true)};
    compute(3, target);
    double *sum = gathered(target[0], "sums"), *sorted = gathered(target[1], "sorted"),
           *from = gathered(target[2], "indices"), total = 0;
    for (int64_t i = 0; i < N; i++) {
        assert_true(sum[i] == total);
        total += in[i];
    }
    assert_true(sum[N] == total);
    check_long(in, sorted, from, N, true);
    static const da_dtype dtypes[] = {DA_INT16, DA_UINT32, DA_INT64, DA_FLOAT32, DA_COMPLEX128};
    for (int k = 0; k < 5; k++) { /* the same numbers in other sizes and orders of bits */
        da_array *y = da__make_astype(g, x, dtypes[k]);
        da_array *pair[] = {da__make_sort(g, y, 0, true, false),
                            da__make_sort(g, y, 0, true, true)};
        compute(2, pair);
        double *own = gathered(pair[0], "sorted"), *own_from = gathered(pair[1], "indices");
        assert_memory_equal(own, sorted, N * sizeof *own);
        assert_memory_equal(own_from, from, N * sizeof *own);
        free(own);
        free(own_from);
    }
    free(sum);
    free(sorted);
    free(from);
    free(in);
    da__scope_pop(g);
}

/* ---- other dtypes, and what lives everywhere ---- */

static void dtypes(void **state)
{
    (void)state;
    static const char *const text[] = {
        "sort(astype(x, %s))", "argsort(astype(x, %s), descending=True)",
        "cumulative_sum(astype(x, %s))", "cumulative_prod(astype(x, %s), include_initial=True)"};
    const int64_t shape[1] = {37};
    struct layout l;
    for (int dtype = DA_BOOL; dtype <= DA_COMPLEX128; dtype++)
        for (int t = 0; t < 4; t++) {
            char expr[128], name[64] = "";
            da__scope_push(g);
            layout(&l, 1, shape, "b", 0);
            struct da__name x = {"x", numbers(1, shape, -18, 1, &l.spec)};
            snprintf(name, sizeof name, "%s", da__dtype((da_dtype)dtype)->name);
            snprintf(expr, sizeof expr, text[t], name);
            double *there = gathered(da__eval(g, expr, 1, &x), expr);
            layout_subset(&l, 1, shape, "b", 0, 2); /* one engine alone */
            struct da__name y = {"x", da__make_redistribute(g, x.array, &l.spec)};
            da_array *alone = da__eval(g, expr, 1, &y);
            double *here = gathered(alone, expr);
            for (int64_t i = 0; i < alone->shape[0]; i++)
                assert_true(same_value(there[i], here[i], 0));
            free(there);
            free(here);
            da__scope_pop(g);
        }
}

static double five_at(const int64_t *i)
{
    return 5.0 * (double)(i[0] + 1);
}
static double row_at(const int64_t *i)
{
    return (double)i[1];
}

static void constants(void **state)
{
    (void)state;
    const int64_t line[1] = {6}, table[2] = {3, 6}, one[1] = {1};
    da__scope_push(g);
    check(da__eval(g, "cumulative_sum(full([6], 5))", 0, NULL), 1, line, five_at, "of a constant");
    check(da__eval(g, "sort(index(1, [3, 6]), descending=False)", 0, NULL), 2, table, row_at,
          "of an index");
    check(da__eval(g, "cumulative_sum(full([2, 3], 5))", 0, NULL), 1, line, five_at,
          "of all elements");
    check(da__eval(g, "cumulative_sum(full([], 5))", 0, NULL), 1, one, five_at, "of 0 dimensions");
    da__scope_pop(g);
}

static void expect_error(const char *text, da_status status, const char *part)
{
    da__scope_push(g);
    const da_array *a = da__eval(g, text, 0, NULL);
    const struct da__error *e = da__node_error(a);
    assert_non_null(e);
    assert_int_equal(e->status, status);
    if (strstr(e->text, part) == NULL)
        fail_msg("%s: \"%s\" does not name %s", text, e->text, part);
    da__scope_pop(g);
}

static void refused(void **state)
{
    (void)state;
    expect_error("sort(zeros([3, 4]), axis=2)", DA_ERR_ARGUMENT, "da_sort");
    expect_error("argsort(zeros([3, 4]), axis=-3)", DA_ERR_ARGUMENT, "da_argsort");
    expect_error("sort(full([], 3))", DA_ERR_ARGUMENT, "0 dimensions");
    expect_error("cumulative_prod(zeros([3, 4]), axis=5)", DA_ERR_ARGUMENT, "da_cumulative_prod");
    expect_error("cumulative_sum(zeros([3]), dtype=bool)", DA_ERR_DTYPE, "da_cumulative_sum");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lines),      cmocka_unit_test(tables),
    cmocka_unit_test(cubes),      cmocka_unit_test(views),
    cmocka_unit_test(balanced),   cmocka_unit_test(uneven_parts_are_balanced),
    cmocka_unit_test(long_lines), cmocka_unit_test(dtypes),
    cmocka_unit_test(constants),  cmocka_unit_test(refused),
};
ENGINE_TEST_MAIN(tests)
