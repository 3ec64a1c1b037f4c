/* Reductions over every mask of axes, for every map, against plain C: ties, empty parts, kept dimensions, replicated results. */
#include "engine_test.h"

static const int64_t shape3[3] = {5, 4, 6};

/* Few distinct values, so that argmax and argmin meet ties on different engines. */
static double value_at(const int64_t *i)
{
    return (double)((i[0] * 7 + i[1] * 3 + i[2] * 5) % 6) - 2;
}

enum { SUM, PROD, MIN, MAX, MEAN, VAR, STD, ARGMAX, ARGMIN, COUNT, NFUNCTIONS };
static const char *const FUNCTION[] = {"sum", "prod", "min",    "max",    "mean",
                                       "var", "std",  "argmax", "argmin", "count_nonzero"};

/* What the callback of `check` computes. */
static struct {
    int function, naxes;
    uint32_t mask;
    bool keepdims;
    double correction;
} now;

/* The elements of one result, in C order; returns their number. */
static int64_t elements_of(const int64_t *result, double *out)
{
    int64_t index[3], extent[3], local[3] = {0}, n = 0;
    for (int k = 0, at = 0; k < 3; k++) {
        bool gone = now.mask >> k & 1;
        extent[k] = gone ? shape3[k] : 1;
        index[k] = gone ? 0 : result[at];
        at += !gone || now.keepdims;
    }
    do {
        int64_t full[3];
        for (int k = 0; k < 3; k++)
            full[k] = index[k] + local[k];
        out[n++] = value_at(full);
    } while (next_index(3, extent, local));
    return n;
}

static double extreme_of(const double *v, int64_t n, bool largest, bool position)
{
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (largest ? v[i] > v[best] : v[i] < v[best])
            best = i;
    return position ? (double)best : v[best];
}

static double reduced_at(const int64_t *index)
{
    double v[120], sum = 0, prod = 1, squares = 0, nonzero = 0;
    int64_t n = elements_of(index, v);
    for (int64_t i = 0; i < n; i++) {
        sum += v[i];
        prod *= v[i];
        nonzero += v[i] != 0;
    }
    for (int64_t i = 0; i < n; i++)
        squares += (v[i] - sum / (double)n) * (v[i] - sum / (double)n);
    double freedom = (double)n - now.correction, var = squares / (freedom > 0 ? freedom : 0);
    switch (now.function) {
    case SUM:
        return sum;
    case PROD:
        return prod;
    case MEAN:
        return sum / (double)n;
    case VAR:
        return var;
    case STD:
        return sqrt(var);
    case COUNT:
        return nonzero;
    default:
        return extreme_of(v, n, now.function == MAX || now.function == ARGMAX,
                          now.function == ARGMAX || now.function == ARGMIN);
    }
}

static da_array *reduction(da_array *x)
{
    enum da__red_id red;
    int64_t axes[3];
    int naxes = 0;
    for (int k = 0; k < 3; k++)
        if (now.mask >> k & 1)
            axes[naxes++] = k;
    assert_true(da__red_find(FUNCTION[now.function], &red));
    return da__make_reduce(g, red, x, naxes == 3 ? -1 : naxes, axes, now.keepdims, now.correction,
                           DA_DTYPE_DEFAULT);
}

static int result_shape(int64_t *shape)
{
    int ndim = 0;
    for (int k = 0; k < 3; k++)
        if (!(now.mask >> k & 1) || now.keepdims)
            shape[ndim++] = now.mask >> k & 1 ? 1 : shape3[k];
    return ndim;
}

/* All functions of one mask in one run; then each is checked. */
static void reduce_over(da_array *x, uint32_t mask, bool keepdims, const char *what)
{
    da_array *result[NFUNCTIONS];
    int64_t shape[3];
    char text[200];
    int naxes = __builtin_popcount(mask), nfunctions = 0, function[NFUNCTIONS];
    now.mask = mask;
    now.keepdims = keepdims;
    for (int f = 0; f < NFUNCTIONS; f++) {
        if ((f == ARGMAX || f == ARGMIN) && naxes != 1 && naxes != 3)
            continue;
        now.correction = f == VAR ? 1 : 0;
        now.function = f;
        function[nfunctions] = f;
        result[nfunctions] = reduction(x);
        assert_sound(result[nfunctions++], FUNCTION[f]);
    }
    compute(nfunctions, result);
    for (int i = 0; i < nfunctions; i++) {
        now.function = function[i];
        now.correction = function[i] == VAR ? 1 : 0;
        int ndim = result_shape(shape);
        snprintf(text, sizeof text, "%s over mask %u%s, %s", FUNCTION[function[i]], mask,
                 keepdims ? " keepdims" : "", what);
        check_near(result[i], ndim, shape, reduced_at,
                   function[i] == VAR || function[i] == STD || function[i] == MEAN ? 1e-13 : 0,
                   text);
    }
}

static void every_mask_and_map(void **state)
{
    (void)state;
    struct layout l;
    double data[120];
    int64_t index[3] = {0};
    for (int k = 0; k < 120; k++, next_index(3, shape3, index))
        data[k] = value_at(index);
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[(a * 5 + a / NMAPS) % NMAPS], MAPS[a % NMAPS], '\0'};
        layout_subset(&l, 3, shape3, maps, a, a % 3 == 0 ? a % NSUBSETS : 0);
        da__scope_push(g);
        da_array *x = da__runtime_import(rt, data, DA_FLOAT64, 3, shape3, &l.spec);
        for (uint32_t mask = 1; mask < 8; mask++)
            reduce_over(x, mask, (mask + (uint32_t)a) & 1, l.text);
        da__scope_pop(g);
    }
}

static double centred_at(const int64_t *i)
{
    double sum = 0;
    for (int64_t k = 0; k < 5; k++)
        sum += value_at((int64_t[3]){k, i[1], i[2]});
    return value_at(i) - sum / 5;
}

/* A result is replicated along the reduced grid dimension: read again by everybody, without the dimension and with it. */
static void results_are_read_again(void **state)
{
    (void)state;
    struct layout l;
    double data[120];
    int64_t index[3] = {0};
    for (int k = 0; k < 120; k++, next_index(3, shape3, index))
        data[k] = value_at(index);
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], 'n', '\0'};
        layout_subset(&l, 3, shape3, maps, a, a % NSUBSETS);
        da__scope_push(g);
        struct da__name name[] = {
            {"x", da__runtime_import(rt, data, DA_FLOAT64, 3, shape3, &l.spec)}, {"m", NULL}};
        check_near(da__eval(g, "x - mean(x, axis=0, keepdims=True)", 1, name), 3, shape3,
                   centred_at, 1e-13, l.text);
        name[1].array = da__eval(g, "mean(x, axis=0)", 1, name);
        compute(1, &name[1].array);
        check_near(da__eval(g, "x - m", 2, name), 3, shape3, centred_at, 1e-13, l.text);
        da__scope_pop(g);
    }
}

static double zero_at(const int64_t *i)
{
    (void)i;
    return 0;
}
static double nan_at(const int64_t *i)
{
    (void)i;
    return NAN;
}

static void empty_reductions(void **state)
{
    (void)state;
    const int64_t none[2] = {0, 4}, kept[1] = {4};
    struct layout l;
    da__scope_push(g);
    struct da__name name[] = {{"x", numbers(2, none, 0, 1, layout(&l, 2, none, "bc", 0))}};
    check(da__eval(g, "sum(x, axis=0)", 1, name), 1, kept, zero_at, "sum of nothing");
    check(da__eval(g, "mean(x, axis=0)", 1, name), 1, kept, nan_at, "mean of nothing");
    check(da__eval(g, "sum(x)", 1, name), 0, NULL, zero_at, "sum of nothing at all");
    assert_non_null(da__node_error(da__eval(g, "max(x, axis=0)", 1, name)));
    assert_non_null(da__node_error(da__eval(g, "argmin(x)", 1, name)));
    da__scope_pop(g);
}

static double first_nan_at(const int64_t *i)
{
    (void)i;
    return 17;
}

/* NaN wins on whichever engine it lies, and the first of two counts. */
static void nan_wins(void **state)
{
    (void)state;
    const int64_t shape[1] = {40};
    struct layout l;
    double data[40];
    for (int k = 0; k < 40; k++)
        data[k] = k == 17 || k == 31 ? (double)NAN : (double)k;
    for (int a = 0; a < NMAPS; a++) {
        char maps[] = {MAPS[a], '\0'};
        layout(&l, 1, shape, maps, 0);
        da__scope_push(g);
        struct da__name name[] = {
            {"x", da__runtime_import(rt, data, DA_FLOAT64, 1, shape, &l.spec)}};
        check(da__eval(g, "max(x)", 1, name), 0, NULL, nan_at, l.text);
        check(da__eval(g, "min(x)", 1, name), 0, NULL, nan_at, l.text);
        check(da__eval(g, "argmax(x)", 1, name), 0, NULL, first_nan_at, l.text);
        check(da__eval(g, "argmin(x)", 1, name), 0, NULL, first_nan_at, l.text);
        da__scope_pop(g);
    }
}

static double long_sum_at(const int64_t *i)
{
    (void)i;
    return 3000000.0 * 2999999.0 / 2;
}
static double long_place_at(const int64_t *i)
{
    (void)i;
    return 2999999;
}

/* Large enough to be cut into chunks, for one thread and for several. */
static void long_reductions(void **state)
{
    (void)state;
    const int64_t shape[1] = {3000000};
    struct layout l;
    static const char *const maps[] = {"b", "3", "c"};
    for (int a = 0; a < 3; a++) {
        layout(&l, 1, shape, maps[a], 0);
        da__scope_push(g);
        da_array *x = da__make_redistribute(g, da__eval(g, "arange(3000000)", 0, NULL), &l.spec);
        struct da__name name[] = {{"x", x}};
        check(da__eval(g, "sum(x)", 1, name), 0, NULL, long_sum_at, l.text);
        check(da__eval(g, "argmax(x)", 1, name), 0, NULL, long_place_at, l.text);
        da__scope_pop(g);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_mask_and_map), cmocka_unit_test(results_are_read_again),
    cmocka_unit_test(empty_reductions),   cmocka_unit_test(nan_wins),
    cmocka_unit_test(long_reductions),
};
ENGINE_TEST_MAIN(tests)
