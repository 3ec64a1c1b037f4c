/* Reproducible sums, running sums and products, bit by bit against plain C on the master that knows no order: the same answer is
 * wanted of every number of engines and threads, map, grid, instruction set and tier that this program is run with. */
#include "engine_test.h"

/* ---- the reference ---- */

__extension__ typedef __int128 int128;
enum { LONG = 20011 };

/* x over 2^exponent, halves to even. */
static int128 units_of(double x, int exponent)
{
    int e;
    int64_t m = (int64_t)ldexp(frexp(fabs(x), &e), 53);
    int shift = exponent - (e - 53);
    if (m == 0)
        return 0;
    int128 n = shift <= 0 ? (int128)m << -shift : shift > 62 ? 0 : m >> shift;
    if (shift > 0 && shift <= 62) {
        int64_t rest = m & ((INT64_C(1) << shift) - 1), half = INT64_C(1) << (shift - 1);
        n += rest > half || (rest == half && (n & 1));
    }
    return x < 0 ? -n : n;
}

/* The definition: elements rounded to the lowest of the three bins that the largest one leads to, added up exactly, rounded once. At
 * most some 100 of them reach the upper end of 128 bits. */
static double sum_of(int64_t n, const double *x)
{
    double most = 0, odd = 0;
    bool finite = true;
    for (int64_t i = 0; i < n; i++) {
        finite = finite && isfinite(x[i]);
        odd += isfinite(x[i]) ? 0 : x[i];
        most = fabs(x[i]) > most ? fabs(x[i]) : most;
    }
    if (!finite)
        return odd;
    int e;
    frexp(most, &e);
    e = most == 0 || e < -1021 ? -1022 : e;
    int bin = (e + 1074 + 39) / 40 - 1, low = bin > 2 ? bin - 2 : 0, unit = 40 * low - 1074;
    int128 high = 0, rest = 0; /* units of 2^60 and of 1 */
    for (int64_t i = 0; i < n; i++) {
        int128 v = units_of(x[i], unit);
        high += v >> 60;
        rest += v & (((int128)1 << 60) - 1);
    }
    high += rest >> 60;
    rest &= ((int128)1 << 60) - 1;
    int128 all = high;
    bool negative = high < 0;
    if (negative) { /* the magnitude of high * 2^60 + rest */
        all = -high - (rest != 0);
        rest = rest != 0 ? ((int128)1 << 60) - rest : 0;
    }
    double sum;
    if (all >> 64 == 0)
        sum = ldexp((double)(all << 60 | rest), unit);
    else
        sum = ldexp((double)(all << 1 | (rest != 0)), unit + 59);
    return negative ? -sum : sum;
}

static double mean_of(int64_t n, const double *x)
{
    return sum_of(n, x) / (double)n;
}

static double var_of(int64_t n, const double *x, double correction)
{
    double *square = malloc((size_t)(n + 1) * sizeof *square), mean = mean_of(n, x);
    for (int64_t i = 0; i < n; i++)
        square[i] = (x[i] - mean) * (x[i] - mean);
    double freedom = (double)n - correction;
    double var = sum_of(n, square) / (freedom > 0 ? freedom : 0);
    free(square);
    return var;
}

/* ---- values ---- */

enum { PLAIN, WILD, CANCELLING, HUGE_ONES, TINY, INFINITE, OPPOSITE, NOT_NUMBERS, NKINDS };
static const char *const KIND[] = {"plain",    "wild",     "cancelling", "huge",
                                   "denormal", "infinite", "opposite",   "nan"};

static uint64_t random_bits(uint64_t i)
{
    uint64_t z = i * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double value_at(int kind, int64_t i)
{
    uint64_t r = random_bits((uint64_t)i + 1);
    double x = (double)(int64_t)(r >> 10) / (double)(INT64_C(1) << 53) - 1;
    switch (kind) {
    case WILD:
        return ldexp(x, (int)(r % 1200) - 600);
    case CANCELLING:
        return i % 3 == 0 ? 1e16 * (double)(i + 1) : i % 3 == 1 ? x : -1e16 * (double)(i - 1);
    case HUGE_ONES:
        return i % 2 == 0 ? 1.7e308 : -1.6e308 - x;
    case TINY:
        return ldexp(x, -1060);
    case INFINITE:
        return i % 7 == 3 ? INFINITY : x;
    case OPPOSITE:
        return i % 7 == 3 ? INFINITY : i % 7 == 5 ? -INFINITY : x;
    case NOT_NUMBERS:
        return i % 11 == 4 ? NAN : x;
    default:
        return x;
    }
}

static void fill(int kind, da_dtype dtype, int64_t n, double *out)
{
    for (int64_t i = 0; i < n; i++) {
        out[i] = value_at(kind, i);
        if (dtype == DA_FLOAT32)
            out[i] = (double)(float)out[i];
    }
}

static da_array *array(da_dtype dtype, int ndim, const int64_t *shape, const double *data,
                       const struct da__dist_spec *spec)
{
    return da__make_astype(g, da__runtime_import(rt, data, DA_FLOAT64, ndim, shape, spec), dtype);
}

static double rounded(da_dtype dtype, double x)
{
    return dtype == DA_FLOAT32 ? (double)(float)x : x;
}

static void check_bits(da_array *a, da_dtype dtype, int64_t n, const double *want, const char *what)
{
    double *got = gathered(a, what);
    assert_int_equal(a->dtype, dtype);
    assert_int_equal(da__nelem(a->ndim, a->shape), n);
    for (int64_t i = 0; i < n; i++) {
        double w = rounded(dtype, want[i]);
        bool same = isnan(w) ? isnan(got[i]) : memcmp(&got[i], &w, sizeof w) == 0;
        if (!same)
            fail_msg("%s, %d engines: element %lld is %a, not %a", what, P, (long long)i, got[i],
                     w);
    }
    free(got);
}

/* ---- reductions ---- */

static const int64_t shape3[3] = {5, 4, 6};

/* The elements of result number `number` over a mask of axes, in C order. */
static int64_t elements_of(const double *data, uint32_t mask, int64_t number, double *out)
{
    int64_t index[3] = {0}, n = 0;
    do {
        int64_t at = 0, flat = 0;
        for (int k = 0; k < 3; k++) {
            flat = flat * shape3[k] + index[k];
            at = mask >> k & 1 ? at : at * shape3[k] + index[k];
        }
        if (at == number)
            out[n++] = data[flat];
    } while (next_index(3, shape3, index));
    return n;
}

static void check_mask(da_array *x, da_dtype dtype, const double *data, uint32_t mask,
                       const char *what)
{
    static const enum da__red_id red[] = {DA__RED_SUM, DA__RED_MEAN, DA__RED_VAR, DA__RED_STD};
    double want[4][120], part[120];
    int64_t axes[3], nresults = 1;
    da_array *result[4];
    int naxes = 0;
    for (int k = 0; k < 3; k++)
        if (mask >> k & 1)
            axes[naxes++] = k;
        else
            nresults *= shape3[k];
    for (int64_t i = 0; i < nresults; i++) {
        int64_t n = elements_of(data, mask, i, part);
        want[0][i] = sum_of(n, part);
        want[1][i] = mean_of(n, part);
        want[2][i] = var_of(n, part, 1);
        want[3][i] = sqrt(var_of(n, part, 1));
    }
    for (int f = 0; f < 4; f++)
        result[f] = da__make_reduce(g, red[f], x, naxes, axes, mask & 1, f > 1, DA_DTYPE_DEFAULT);
    compute(4, result);
    for (int f = 0; f < 4; f++)
        check_bits(result[f], dtype, nresults, want[f], what);
}

static void every_map_and_mask(void **state)
{
    (void)state;
    struct layout l;
    double data[120];
    char text[160];
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[(a * 5 + a / NMAPS) % NMAPS], MAPS[a % NMAPS], '\0'};
        for (int kind = a % 2; kind < NKINDS; kind += 2) {
            da_dtype dtype = (a / 2 + kind / 2) % 3 == 0 ? DA_FLOAT32 : DA_FLOAT64;
            layout_subset(&l, 3, shape3, maps, a, a % 3 == 0 ? a % NSUBSETS : 0);
            fill(kind, dtype, 120, data);
            da__scope_push(g);
            da_array *x = array(dtype, 3, shape3, data, &l.spec);
            snprintf(text, sizeof text, "%s %s", KIND[kind], l.text);
            for (uint32_t mask = 1; mask < 8; mask++)
                check_mask(x, dtype, data, mask, text);
            da__scope_pop(g);
        }
    }
}

/* Many tiles, chunks for several threads, views with steps, and producers that are fused. */
static void long_arrays(void **state)
{
    (void)state;
    static const char *const maps[] = {"n", "b", "i", "c", "3"};
    const int64_t shape[1] = {LONG};
    double *data = malloc(LONG * sizeof *data), *made = malloc(LONG * sizeof *made), want;
    struct layout l;
    for (int m = 0; m < 5; m++)
        for (int kind = 0; kind < NKINDS; kind++) {
            da_dtype dtype = (m + kind) % 4 == 0 ? DA_FLOAT32 : DA_FLOAT64;
            fill(kind, dtype, LONG, data);
            da__scope_push(g);
            struct da__name name = {"x",
                                    array(dtype, 1, shape, data, layout(&l, 1, shape, maps[m], 0))};
            want = sum_of(LONG, data);
            check_bits(da__eval(g, "sum(x)", 1, &name), dtype, 1, &want, KIND[kind]);
            want = sqrt(var_of(LONG, data, 0));
            check_bits(da__eval(g, "std(x)", 1, &name), dtype, 1, &want, KIND[kind]);
            int64_t n = 0;
            for (int64_t i = LONG - 2; i >= 0; i -= 3)
                made[n++] = data[i];
            want = sum_of(n, made);
            check_bits(da__eval(g, "sum(x[-2::-3])", 1, &name), dtype, 1, &want, "every third");
            for (int64_t i = 0; i < LONG; i++)
                made[i] = data[i] * data[i] + 1;
            want = sum_of(LONG, made);
            check_bits(da__eval(g, "sum(astype(x, float64)*x + 1)", 1, &name), DA_FLOAT64, 1, &want,
                       "fused");
            da__scope_pop(g);
        }
    free(data);
    free(made);
}

static void complex_numbers(void **state)
{
    (void)state;
    struct layout l;
    double re[120], im[120], want[1];
    for (int a = 0; a < NMAPS * NMAPS; a += 5)
        for (int kind = 0; kind < NKINDS; kind++) {
            char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], 'n', '\0'};
            fill(kind, DA_FLOAT64, 120, re);
            fill((kind + 1) % INFINITE, DA_FLOAT64, 120, im);
            da__scope_push(g);
            layout(&l, 3, shape3, maps, 0);
            struct da__name name[] = {{"x", array(DA_FLOAT64, 3, shape3, re, &l.spec)},
                                      {"y", array(DA_FLOAT64, 3, shape3, im, &l.spec)},
                                      {"z", NULL}};
            name[2].array = da__make_astype(g, name[0].array, DA_COMPLEX128);
            want[0] = sum_of(120, re);
            check_bits(da__eval(g, "real(sum(z))", 3, name), DA_FLOAT64, 1, want, KIND[kind]);
            if (kind < HUGE_ONES) {
                want[0] = mean_of(120, im);
                check_bits(da__eval(g, "imag(mean(1j*y))", 3, name), DA_FLOAT64, 1, want,
                           KIND[kind]);
            }
            da__scope_pop(g);
        }
}

static void known_sums(void **state)
{
    (void)state;
    struct da__name none = {"none", NULL};
    double want = 1;
    da__scope_push(g);
    check_bits(da__eval(g, "sum(array([1e16, 1.0, -1e16]))", 0, &none), DA_FLOAT64, 1, &want, "1");
    want = 1.7e308;
    check_bits(da__eval(g, "sum(array([1.7e308, 1.7e308, -1.7e308]))", 0, &none), DA_FLOAT64, 1,
               &want, "no overflow on the way");
    want = INFINITY;
    check_bits(da__eval(g, "sum(array([1.7e308, 1.7e308]))", 0, &none), DA_FLOAT64, 1, &want,
               "overflow");
    want = 0;
    check_bits(da__eval(g, "sum(zeros([0]))", 0, &none), DA_FLOAT64, 1, &want, "empty");
    check_bits(da__eval(g, "sum(zeros([0], dtype=float32))", 0, &none), DA_FLOAT32, 1, &want,
               "empty");
    want = NAN;
    check_bits(da__eval(g, "mean(zeros([0]))", 0, &none), DA_FLOAT64, 1, &want, "empty mean");
    want = 10;
    check_bits(da__eval(g, "sum(arange(5))", 0, &none), DA_INT64, 1, &want, "integers");
    want = 2;
    check_bits(da__eval(g, "var(arange(5))", 0, &none), DA_FLOAT64, 1, &want, "of integers");
    da__scope_pop(g);
}

/* ---- running sums ---- */

static void running_sums(void **state)
{
    (void)state;
    static const char *const maps[] = {"n", "b", "i", "c", "3", "u"};
    enum { N = 61 };
    const int64_t shape[1] = {N};
    double data[N], want[N + 1];
    struct layout l;
    for (int m = 0; m < 6; m++)
        for (int kind = 0; kind < NKINDS; kind++) {
            da_dtype dtype = (m + kind) % 3 == 0 ? DA_FLOAT32 : DA_FLOAT64;
            fill(kind, dtype, N, data);
            for (int64_t i = 0; i <= N; i++)
                want[i] = sum_of(i, data);
            da__scope_push(g);
            struct da__name name = {"x",
                                    array(dtype, 1, shape, data, layout(&l, 1, shape, maps[m], 0))};
            check_bits(da__eval(g, "cumulative_sum(x)", 1, &name), dtype, N, want + 1, l.text);
            check_bits(da__eval(g, "cumulative_sum(x, include_initial=True)", 1, &name), dtype,
                       N + 1, want, l.text);
            da__scope_pop(g);
        }
}

static void running_sums_along(void **state)
{
    (void)state;
    double data[120], line[6], want[120];
    struct layout l;
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[(a * 5 + a / NMAPS) % NMAPS], MAPS[a % NMAPS], '\0'};
        int kind = a % NKINDS, axis = a % 3;
        const int64_t step[3] = {24, 6, 1};
        fill(kind, DA_FLOAT64, 120, data);
        for (int64_t i = 0; i < 120; i++) {
            int64_t at = i / step[axis] % shape3[axis];
            for (int64_t k = 0; k <= at; k++)
                line[k] = data[i + (k - at) * step[axis]];
            want[i] = sum_of(at + 1, line);
        }
        da__scope_push(g);
        da_array *x = array(DA_FLOAT64, 3, shape3, data, layout(&l, 3, shape3, maps, a));
        int64_t along = axis;
        check_bits(da__make_scan(g, x, &along, false, DA_DTYPE_DEFAULT, false), DA_FLOAT64, 120,
                   want, l.text);
        da__scope_pop(g);
    }
}

/* Long enough for pieces: some elements against the definition. */
static void long_running_sums(void **state)
{
    (void)state;
    enum { N = 200003, EACH = 20000 };
    const int64_t shape[1] = {N};
    double *data = malloc(N * sizeof *data);
    struct layout l;
    for (int kind = 0; kind < NKINDS; kind += kind == CANCELLING ? 2 : 1) {
        fill(kind, DA_FLOAT64, N, data);
        da__scope_push(g);
        struct da__name name = {
            "x", array(DA_FLOAT64, 1, shape, data, layout(&l, 1, shape, kind % 2 ? "b" : "3", 0))};
        double *got = gathered(da__eval(g, "cumulative_sum(x)", 1, &name), KIND[kind]);
        for (int64_t i = 17; i < N; i += EACH) {
            double want = sum_of(i + 1, data);
            if (isnan(want) ? !isnan(got[i]) : got[i] != want)
                fail_msg("%s: element %lld is %a, not %a", KIND[kind], (long long)i, got[i], want);
        }
        free(got);
        da__scope_pop(g);
    }
    free(data);
}

/* ---- products ---- */

enum { M = 12, K = 41, N = 7 };

/* By ascending k, each product and each sum rounded. */
static void multiply(da_dtype dtype, const double *a, const double *b, double *c)
{
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            volatile double sum = 0;
            for (int k = 0; k < K; k++) {
                volatile double product = rounded(dtype, a[i * K + k] * b[k * N + j]);
                sum = rounded(dtype, sum + product);
            }
            c[i * N + j] = sum;
        }
}

static void check_products(const struct da__dist_spec *one, const struct da__dist_spec *two,
                           da_dtype dtype, int kind, const char *text)
{
    const int64_t shape1[2] = {M, K}, shape2[2] = {K, N};
    double a[M * K], b[K * N], c[M * N], v[M], row[K];
    fill(kind, dtype, M * K, a);
    fill(PLAIN, dtype, K * N, b);
    multiply(dtype, a, b, c);
    for (int i = 0; i < M; i++) {
        for (int k = 0; k < K; k++)
            row[k] = rounded(dtype, a[i * K + k] * b[k * N]);
        v[i] = sum_of(K, row);
    }
    da__scope_push(g);
    struct da__name name[] = {{"x", array(dtype, 2, shape1, a, one)},
                              {"y", array(dtype, 2, shape2, b, two)}};
    check_bits(da__eval(g, "x @ y", 2, name), dtype, M * N, c, text);
    check_bits(da__eval(g, "matrix_transpose(matrix_transpose(y) @ matrix_transpose(x))", 2, name),
               dtype, M * N, c, text);
    check_bits(da__eval(g, "tensordot(x, y, axes=[[1], [0]])", 2, name), dtype, M * N, c, text);
    check_bits(da__eval(g, "x @ y[:, 0]", 2, name), dtype, M, v, text);
    check_bits(da__eval(g, "y[:, 0] @ matrix_transpose(x)", 2, name), dtype, M, v, text);
    check_bits(da__eval(g, "vecdot(x, y[:, 0])", 2, name), dtype, M, v, text);
    if (dtype == DA_FLOAT64) {
        check_bits(da__eval(g, "real((x*(1+0j)) @ y)", 2, name), dtype, M * N, c, "complex");
        check_bits(da__eval(g, "imag((x*1j) @ y)", 2, name), dtype, M * N, c, "imaginary");
    }
    da__scope_pop(g);
}

static void products(void **state)
{
    (void)state;
    const int64_t shape1[2] = {M, K}, shape2[2] = {K, N};
    struct layout one, two;
    for (int i = 0; i < NMAPS * NMAPS; i++) {
        int other = (i * 5 + 11) % (NMAPS * NMAPS);
        char first[] = {MAPS[i / NMAPS], MAPS[i % NMAPS], '\0'}, text[160];
        char second[] = {MAPS[other / NMAPS], MAPS[other % NMAPS], '\0'};
        layout_subset(&one, 2, shape1, first, i % 2, i % NSUBSETS);
        layout_subset(&two, 2, shape2, second, i % 2, i % 3 == 0 ? i % NSUBSETS : 0);
        snprintf(text, sizeof text, "%s times %s", one.text, two.text);
        check_products(&one.spec, &two.spec, i % 3 == 0 ? DA_FLOAT32 : DA_FLOAT64,
                       i % 2 == 0 ? PLAIN : CANCELLING, text);
    }
}

/* Wide enough for panels, blocks and several threads: against the same product on one engine's part alone. */
static void large_products(void **state)
{
    (void)state;
    enum { ROWS = 150, SUMMED = 700, COLUMNS = 90 };
    const int64_t shape1[2] = {ROWS, SUMMED}, shape2[2] = {SUMMED, COLUMNS};
    static const char *const maps[] = {"bb", "nb", "bn", "b3", "cc"};
    double *a = malloc(ROWS * SUMMED * sizeof *a), *b = malloc(SUMMED * COLUMNS * sizeof *b);
    double *want = calloc(ROWS * COLUMNS, sizeof *want);
    struct layout one, two;
    fill(WILD, DA_FLOAT64, ROWS * SUMMED, a);
    fill(PLAIN, DA_FLOAT64, SUMMED * COLUMNS, b);
    for (int64_t i = 0; i < ROWS * COLUMNS; i++)
        for (int64_t k = 0; k < SUMMED; k++) {
            volatile double product = a[i / COLUMNS * SUMMED + k] * b[k * COLUMNS + i % COLUMNS];
            want[i] += product;
        }
    for (int m = 0; m < 5; m++) {
        da__scope_push(g);
        struct da__name name[] = {
            {"x", array(DA_FLOAT64, 2, shape1, a, layout(&one, 2, shape1, maps[m], 0))},
            {"y", array(DA_FLOAT64, 2, shape2, b, layout(&two, 2, shape2, maps[4 - m], 0))}};
        check_bits(da__eval(g, "x @ y", 2, name), DA_FLOAT64, ROWS * COLUMNS, want, maps[m]);
        da__scope_pop(g);
    }
    free(a);
    free(b);
    free(want);
}

/* A dump says what was asked for, and runs again without the mode. */
static void dumps_keep_it(void **state)
{
    (void)state;
    static const char *const text[] = {"std(x)", "cumulative_sum(x)", "matmul(y, y)", "sum(x)"};
    const int64_t shape[1] = {LONG}, shape2[2] = {K, K};
    double *data = malloc(LONG * sizeof *data);
    struct layout l;
    fill(WILD, DA_FLOAT64, LONG, data);
    for (int i = 0; i < 4; i++) {
        struct da__error err = {.engine = -1};
        struct da__text t = {0};
        struct da__pipeline *p = NULL;
        da__scope_push(g);
        struct da__name name[] = {
            {"x", array(DA_FLOAT64, 1, shape, data, layout(&l, 1, shape, "b", 0))},
            {"y", array(DA_FLOAT64, 2, shape2, data, NULL)}};
        da_array *a = da__eval(g, text[i], 2, name);
        assert_ok(da__graph_dump_json(g, 1, &a, &t, &err), &err, text[i]);
        int64_t n = da__nelem(a->ndim, a->shape);
        double *want = gathered(a, text[i]);
        da__graph_set_reproducible(g, false);
        assert_non_null(strstr(t.s, "reproducible"));
        assert_ok(da__pipeline_load(g, t.s, t.len, "text", NULL, 0, NULL, &p, &err), &err, text[i]);
        check_bits(p->output[0], DA_FLOAT64, n, want, text[i]);
        da__graph_set_reproducible(g, true);
        da__pipeline_free(p);
        da__text_free(&t);
        free(want);
        da__scope_pop(g);
    }
    free(data);
}

static int with_the_mode(void **state)
{
    (void)state;
    da__graph_set_reproducible(g, true);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_map_and_mask), cmocka_unit_test(long_arrays),
        cmocka_unit_test(complex_numbers),    cmocka_unit_test(known_sums),
        cmocka_unit_test(running_sums),       cmocka_unit_test(running_sums_along),
        cmocka_unit_test(long_running_sums),  cmocka_unit_test(products),
        cmocka_unit_test(large_products),     cmocka_unit_test(dumps_keep_it),
    };
    int code;
    if (!engines_open(argc, argv, &code))
        return code;
    return engines_close(cmocka_run_group_tests(tests, with_the_mode, NULL));
}
