/* Views that cross engines: slices with steps of both signs, transposes, new axes, broadcasts, diagonals, for every map. */
#include "engine_test.h"

static const int64_t shape2[2] = {10, 8};

static double X(int64_t i, int64_t j)
{
    return (double)(100 * i + j + 1);
}

static double row_of(const int64_t *i)
{
    return X(3, i[0]);
}
static double column_of(const int64_t *i)
{
    return X(i[0], 7);
}
static double element_of(const int64_t *i)
{
    (void)i;
    return X(2, 5);
}
static double reversed(const int64_t *i)
{
    return X(9 - i[0], 7 - i[1]);
}
static double forward(const int64_t *i)
{
    return X(i[0] + 1, 2 * i[1]) - X(i[0], 2 * i[1]);
}
static double picked(const int64_t *i)
{
    return X(7 - 2 * i[0], 1 + 3 * i[1]);
}
static double twice(const int64_t *i)
{
    return X(8 - 2 * i[0], i[1]);
}
static double transposed(const int64_t *i)
{
    return X(i[1], i[0]) * 2;
}
static double lifted(const int64_t *i)
{
    return X(i[0], i[2]) + X(i[1], 0);
}
static double repeated(const int64_t *i)
{
    return X(4, i[1]);
}
static double laplace(const int64_t *i)
{
    int64_t a = i[0] + 1, b = i[1] + 1;
    return 4 * X(a, b) - X(a - 1, b) - X(a + 1, b) - X(a, b - 1) - X(a, b + 1);
}
static double folded(const int64_t *i)
{
    return X(i[0], i[1]) - X(9 - i[0], i[1]);
}
static double crossed(const int64_t *i)
{
    return X(i[0], i[1]) + X(i[1], i[0]);
}
static double nothing(const int64_t *i)
{
    return X(i[0], i[1]);
}

static const struct {
    const char *text;
    int ndim;
    int64_t shape[3];
    double (*value)(const int64_t *index);
} VIEWS[] = {
    {"x[3]", 1, {8}, row_of},
    {"x[:, -1]", 1, {10}, column_of},
    {"x[2, 5]", 0, {0}, element_of},
    {"x[::-1, ::-1]", 2, {10, 8}, reversed},
    {"flip(x)", 2, {10, 8}, reversed},
    {"x[1:, ::2] - x[:-1, ::2]", 2, {9, 4}, forward},
    {"x[7:1:-2, 1:8:3]", 2, {3, 3}, picked},
    {"x[::2][::-1]", 2, {5, 8}, twice},
    {"matrix_transpose(x) * 2", 2, {8, 10}, transposed},
    {"permute_dims(x, (1, 0)) + permute_dims(x, (1, 0))", 2, {8, 10}, transposed},
    {"x[:, None, :] + x[None, :, 0:1]", 3, {10, 10, 8}, lifted},
    {"broadcast_to(x[4], (5, 8))", 2, {5, 8}, repeated},
    {"4 * x[1:-1, 1:-1] - x[:-2, 1:-1] - x[2:, 1:-1] - x[1:-1, :-2] - x[1:-1, 2:]",
     2,
     {8, 6},
     laplace},
    {"x - x[::-1]", 2, {10, 8}, folded},
    {"x[:8] + matrix_transpose(x[:8])", 2, {8, 8}, crossed},
    {"x[5:5]", 2, {0, 8}, nothing},
};
enum { NVIEWS = sizeof VIEWS / sizeof VIEWS[0] };

static void all_views(const struct layout *l)
{
    char what[200];
    da__scope_push(g);
    struct da__name name[] = {{"x", NULL}};
    double data[80];
    for (int k = 0; k < 80; k++)
        data[k] = X(k / 8, k % 8);
    name[0].array = da__runtime_import(rt, data, DA_FLOAT64, 2, shape2, &l->spec);
    for (int v = 0; v < NVIEWS; v++) {
        snprintf(what, sizeof what, "%s, x %s", VIEWS[v].text, l->text);
        check(da__eval(g, VIEWS[v].text, 1, name), VIEWS[v].ndim, VIEWS[v].shape, VIEWS[v].value,
              what);
    }
    da__scope_pop(g);
}

static void cross_engines(void **state)
{
    (void)state;
    struct layout l;
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        layout(&l, 2, shape2, maps, a & 1);
        all_views(&l);
    }
}

static void cross_subsets(void **state)
{
    (void)state;
    static const char *const maps[] = {"bn", "cu", "n3", "ib", "uc"};
    struct layout l;
    for (int a = 0; a < 5; a++)
        for (int s = 1; s < NSUBSETS; s++) {
            layout_subset(&l, 2, shape2, maps[a], 0, s);
            all_views(&l);
        }
}

static double diagonal_at(const int64_t *i)
{
    return X(i[0] + 1, 7 - i[0]);
}
static double scaled_at(const int64_t *i)
{
    return X(i[0] + 1, 7 - i[0]) * 3 + X(i[0], 0);
}

/* Two base axes read by one iteration axis: an antidiagonal, alone and in an operation. */
static void diagonals(void **state)
{
    (void)state;
    const int64_t shape1[1] = {8};
    const struct da__view v = {
        .ndim = 1, .base_ndim = 2, .axis = {0, 0}, .offset = {1, 7}, .step = {1, -1}};
    struct layout l;
    double data[80];
    for (int k = 0; k < 80; k++)
        data[k] = X(k / 8, k % 8);
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        layout(&l, 2, shape2, maps, a & 1);
        da__scope_push(g);
        da_array *x = da__runtime_import(rt, data, DA_FLOAT64, 2, shape2, &l.spec);
        da_array *d = da__make_view(g, x, &v, 1, shape1);
        struct da__name name[] = {{"x", x}, {"d", d}};
        check(d, 1, shape1, diagonal_at, l.text);
        check(da__eval(g, "d * 3 + x[:8, 0]", 2, name), 1, shape1, scaled_at, l.text);
        da__scope_pop(g);
    }
}

static double nested_at(const int64_t *i)
{
    return X(9 - 2 * i[0], 6 - 2 * i[1]) * 2 + X(i[0], i[1]);
}

/* A view of an operation, computed only where it is read, against the same base unviewed. */
static void views_of_operations(void **state)
{
    (void)state;
    const int64_t part[2] = {5, 4};
    struct layout l;
    double data[80];
    for (int k = 0; k < 80; k++)
        data[k] = X(k / 8, k % 8);
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        layout_subset(&l, 2, shape2, maps, 0, a % NSUBSETS);
        da__scope_push(g);
        struct da__name name[] = {
            {"x", da__runtime_import(rt, data, DA_FLOAT64, 2, shape2, &l.spec)}};
        check(da__eval(g, "(x * 2)[::-1, 6::-1][::2, ::2] + x[:5, :4]", 1, name), 2, part,
              nested_at, l.text);
        da__scope_pop(g);
    }
}

/* Steps that hit blocks in changing ways: parts lie by place in the cycle, and everything that reads them knows. */
static void steps_that_fit_no_block(void **state)
{
    (void)state;
    enum { N = 420 };
    static const int64_t blocks[] = {5, 7}, steps[] = {3, -3, 4, -9};
    static const char *const text[] = {
        "y + 0",         "y - y[::-1] * 2", "cumulative_sum(y)",   "reshape(y[:40] * 1, [5, 8])",
        "sort(y[::-1])", "y[2:] - y[:-2]",  "flatnonzero(y > 100)"};
    const int64_t shape[1] = {N};
    for (int k = 0; k < 8; k++) {
        struct da__map_spec map = {.kind = 'c', .block = blocks[k % 2]};
        struct da__dist_spec spec = {.nmaps = 1, .map = &map};
        int64_t step = steps[k / 2], by = step < 0 ? -step : step;
        char slice[32];
        snprintf(slice, sizeof slice, "x[::%lld] + 0", (long long)step);
        da__scope_push(g);
        struct da__name x = {"x", numbers(1, shape, 1, 1, &spec)};
        da_array *y = da__eval(g, slice, 1, &x);
        assert_sound(y, slice);
        compute(1, &y);
        struct da__name name = {"y", y};
        double *whole = gathered(y, slice);
        int64_t n = (N - 1) / by + 1;
        assert_int_equal(y->shape[0], n);
        for (int64_t i = 0; i < n; i++)
            assert_true(whole[i] == (double)(step > 0 ? 1 + step * i : N + step * i));
        for (size_t t = 0; t < sizeof text / sizeof *text; t++) {
            da_array *a = da__eval(g, text[t], 1, &name);
            assert_sound(a, text[t]);
            compute(1, &a);
            double *got = gathered(a, text[t]), sum = 0;
            int64_t m = da__nelem(a->ndim, a->shape), next = 0;
            for (int64_t i = 0; i < m; i++) {
                sum += whole[i];
                while (t == 6 && whole[next] <= 100)
                    next++;
                const double want[] = {whole[i],
                                       whole[i] - whole[n - 1 - i] * 2,
                                       sum,
                                       whole[i],
                                       step > 0 ? whole[i] : whole[n - 1 - i],
                                       i + 2 < n ? whole[i + 2] - whole[i] : 0,
                                       (double)next++};
                if (got[i] != want[t])
                    fail_msg("c(%d), step %lld, %s: element %lld is %g, not %g", (int)map.block,
                             (long long)step, text[t], (long long)i, got[i], want[t]);
            }
            free(got);
        }
        free(whole);
        da__scope_pop(g);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(steps_that_fit_no_block), cmocka_unit_test(cross_engines),
    cmocka_unit_test(cross_subsets),           cmocka_unit_test(diagonals),
    cmocka_unit_test(views_of_operations),
};
ENGINE_TEST_MAIN(tests)
