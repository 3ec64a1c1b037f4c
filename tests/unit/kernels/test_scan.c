/* Running sums and products: lines in any arrangement, whole and in parts, against one element after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "da_kernels.h"

enum { N = 23, LINES = 7 };

/* Small numbers, so that sums and products of all kinds are exact for as long as they are compared. */
static void put(char *to, da_dtype dtype, int64_t v)
{
    struct da__scalar s = {.kind = da__dtype(dtype)->kind == 'f'   ? DA__SCALAR_FLOAT
                                   : da__dtype(dtype)->kind == 'c' ? DA__SCALAR_COMPLEX
                                                                   : DA__SCALAR_INT,
                           .i = v,
                           .re = (double)v};
    if (dtype == DA_BOOL)
        s.kind = DA__SCALAR_BOOL;
    assert_true(da__scalar_store(&s, dtype, to));
}

static int64_t value_of(da_dtype dtype, bool product, int64_t line, int64_t i)
{
    int64_t v = product ? (i % 5 == 4 ? 2 : 1) : (line + 3 * i) % 4;
    return dtype == DA_BOOL ? v & 1 : v;
}

/* `cut`: lines are scanned up to there, then from there on; n is one of the two orders of lines and elements. */
static void scan_all(da_dtype from, da_dtype result, bool product, bool lines_first, int64_t cut)
{
    int64_t a = (int64_t)da__dtype_nbytes(from), b = (int64_t)da__dtype_nbytes(result);
    int64_t step = lines_first ? LINES : 1, line = lines_first ? 1 : N;
    char *in = malloc((size_t)(N * LINES * a)), *out = malloc((size_t)(N * LINES * b));
    double _Complex state[LINES], totals[LINES];
    for (int64_t k = 0; k < LINES; k++)
        for (int64_t i = 0; i < N; i++)
            put(in + (k * line + i * step) * a, from, value_of(from, product, k, i));
    struct da__scan_lines l = {cut, LINES, in, step * a, line * a, out, step * b, line * b};
    da__scan_run(product, from, result, &l, state, false);
    if (cut == 0) /* nothing has been read, so there is nothing to go on from */
        memset(state, 0, sizeof state);
    l.n = N - cut;
    l.in += cut * l.in_step;
    l.out += cut * l.out_step;
    da__scan_total(product, from, result, &l, totals, false);
    if (cut > 0) {
        double _Complex joined[LINES];
        memcpy(joined, state, sizeof joined);
        da__scan_join(product, result, LINES, joined, totals);
        memcpy(totals, joined, sizeof totals);
    }
    da__scan_run(product, from, result, &l, state, cut > 0);
    size_t nbytes = da__scan_state_nbytes(result);
    assert_memory_equal(state, totals, LINES * nbytes);
    for (int64_t k = 0; k < LINES; k++) {
        int64_t want = product;
        for (int64_t i = 0; i < N; i++) {
            struct da__scalar got;
            int64_t v = value_of(from, product, k, i);
            want = product ? want * v : want + v;
            da__scalar_load(out + (k * line + i * step) * b, result, &got);
            assert_true(got.re == (double)want && got.im == 0);
        }
    }
    free(in);
    free(out);
}

static void whole_and_in_parts(void **state)
{
    (void)state;
    static const int64_t cut[] = {0, 1, 9, N - 1, N};
    for (int dtype = DA_BOOL; dtype <= DA_COMPLEX128; dtype++)
        for (int how = 0; how < 8; how++)
            for (size_t c = 0; c < sizeof cut / sizeof *cut; c++) {
                da_dtype from = (da_dtype)dtype, wide = da__scan_result(from);
                if (cut[c] == N) /* the second part adds nothing */
                    continue;
                if (from != DA_BOOL || !(how & 4))
                    scan_all(from, how & 4 ? from : wide, how & 1, how & 2, cut[c]);
            }
}

static void small_integers_wrap(void **state)
{
    (void)state;
    int8_t x[4] = {127, 1, -1, 2}, y[4];
    int64_t wide[4];
    uint64_t s[1];
    struct da__scan_lines l = {4, 1, (char *)x, 1, 4, (char *)y, 1, 4};
    da__scan_run(false, DA_INT8, DA_INT8, &l, s, false);
    assert_int_equal(y[0], 127);
    assert_int_equal(y[1], -128);
    assert_int_equal(y[2], 127);
    assert_int_equal(y[3], -127);
    l.out = (char *)wide;
    l.out_step = 8;
    da__scan_run(true, DA_INT8, DA_INT64, &l, s, false);
    assert_int_equal(wide[2], -127);
    assert_int_equal(wide[3], -254);
}

/* The first element is taken as it is: no sign of zero is lost, no infinity becomes a NaN. */
static void first_elements_stay(void **state)
{
    (void)state;
    double x[2] = {-0.0, -0.0}, y[2], s[1];
    struct da__scan_lines l = {2, 1, (char *)x, 8, 16, (char *)y, 8, 16};
    da__scan_run(false, DA_FLOAT64, DA_FLOAT64, &l, s, false);
    assert_true(signbit(y[0]) && signbit(y[1]));
    double z[4] = {INFINITY, 0, 1, 0}, w[4], t[2];
    struct da__scan_lines c = {2, 1, (char *)z, 16, 32, (char *)w, 16, 32};
    da__scan_run(true, DA_COMPLEX128, DA_COMPLEX128, &c, t, false);
    assert_true(isinf(w[0]) && w[1] == 0);
}

/* Ten million times a tenth: float32 adds up in double. */
static void float32_stays_accurate(void **state)
{
    (void)state;
    enum { MANY = 10000000 };
    float tenth = 0.1F, last;
    double s[1];
    struct da__scan_lines l = {MANY, 1, (char *)&tenth, 0, 4, (char *)&last, 0, 4};
    da__scan_run(false, DA_FLOAT32, DA_FLOAT32, &l, s, false);
    assert_true(fabs((double)last - 1e6) < 1);
}

static void identities(void **state)
{
    (void)state;
    for (int dtype = DA_INT8; dtype <= DA_COMPLEX128; dtype++)
        for (int product = 0; product < 2; product++) {
            char bytes[16];
            struct da__scalar s;
            da__scan_identity(product, (da_dtype)dtype, bytes);
            da__scalar_load(bytes, (da_dtype)dtype, &s);
            assert_true(s.re == product && s.im == 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_and_in_parts),  cmocka_unit_test(small_integers_wrap),
        cmocka_unit_test(first_elements_stay), cmocka_unit_test(float32_stays_accurate),
        cmocka_unit_test(identities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
