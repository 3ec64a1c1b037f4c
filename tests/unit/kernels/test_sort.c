/* Sorting lines: every dtype, length and pattern against qsort with ties broken by place, bit by bit; searching against counting;
 * and that sorting a million doubles is at least twice as quick as qsort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "da_kernels.h"

enum { GUARD = 64 };

static uint64_t random_bits(uint64_t *seed)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *seed;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* ---- the reference ---- */

struct element {
    da_dtype dtype;
    bool down;
    int64_t at;
    const char *data;
};

static int by_real(double a, double b, bool down)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (down ? -1 : 1) * ((a > b) - (a < b));
}

static int by_value(const struct element *a, const struct element *b)
{
    struct da__scalar x, y;
    da__scalar_load(a->data, a->dtype, &x);
    da__scalar_load(b->data, b->dtype, &y);
    int sign = a->down ? -1 : 1;
    switch (da__dtype(a->dtype)->kind) {
    case 'f':
        return by_real(x.re, y.re, a->down);
    case 'c': {
        int nans = 2 * !!isnan(x.re) + !!isnan(x.im) - 2 * !!isnan(y.re) - !!isnan(y.im);
        if (nans != 0)
            return nans;
        int re = by_real(x.re, y.re, a->down);
        return re != 0 ? re : by_real(x.im, y.im, a->down);
    }
    case 'u':
        return sign * (((uint64_t)x.i > (uint64_t)y.i) - ((uint64_t)x.i < (uint64_t)y.i));
    default:
        return sign * ((x.i > y.i) - (x.i < y.i));
    }
}

static int by_value_and_place(const void *a, const void *b)
{
    const struct element *x = a, *y = b;
    int order = by_value(x, y);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

/* ---- data ---- */

enum pattern { BITS, SMALL, FEW, CONSTANT, RUNS, SORTED, NPATTERNS };

static void fill_real(char *out, da_dtype dtype, enum pattern pattern, int64_t i, uint64_t *seed)
{
    static const double special[] = {0.0, -0.0, 1, -1, NAN, INFINITY, -INFINITY, 2.5};
    uint64_t bits = random_bits(seed);
    size_t nbytes = da__dtype_nbytes(dtype);
    if (pattern == BITS) {
        memcpy(out, &bits, nbytes);
        return;
    }
    double v = pattern == SMALL      ? (double)(bits % 100) - 50
               : pattern == FEW      ? special[bits % 8]
               : pattern == CONSTANT ? 7
               : pattern == RUNS     ? (double)(i % 37)
                                     : (double)(i / 3);
    float f = (float)v;
    int64_t whole = isfinite(v) ? (int64_t)v : 99;
    if (da__dtype(dtype)->kind == 'f')
        memcpy(out, nbytes == 4 ? (void *)&f : (void *)&v, nbytes);
    else
        memcpy(out, &whole, nbytes);
}

static void fill(char *data, da_dtype dtype, enum pattern pattern, int64_t n, uint64_t *seed)
{
    size_t nbytes = da__dtype_nbytes(dtype);
    bool complex = da__dtype(dtype)->kind == 'c';
    da_dtype part = complex ? da__dtype_real_of(dtype) : dtype;
    for (int64_t i = 0; i < n; i++) {
        char *at = data + (size_t)i * nbytes;
        if (dtype == DA_BOOL)
            *at = (char)(random_bits(seed) & 1);
        else
            fill_real(at, part, pattern, i, seed);
        if (complex)
            fill_real(at + nbytes / 2, part, pattern, i, seed);
    }
}

/* ---- sorting ---- */

static void check_sorted(da_dtype dtype, bool down, enum pattern pattern, int64_t n,
                         const char *data, const char *line, const int64_t *position)
{
    size_t nbytes = da__dtype_nbytes(dtype);
    struct element *e = malloc((size_t)(n + 1) * sizeof *e);
    for (int64_t i = 0; i < n; i++)
        e[i] = (struct element){dtype, down, i, data + (size_t)i * nbytes};
    qsort(e, (size_t)n, sizeof *e, by_value_and_place);
    for (int64_t i = 0; i < n; i++) {
        if (memcmp(line + (size_t)i * nbytes, e[i].data, nbytes) != 0)
            fail_msg("%s, pattern %d, %s, %lld elements: element %lld is wrong",
                     da__dtype(dtype)->name, (int)pattern, down ? "descending" : "ascending",
                     (long long)n, (long long)i);
        if (position != NULL && position[i] != 1000 + e[i].at)
            fail_msg("%s, pattern %d, %lld elements: position %lld is wrong",
                     da__dtype(dtype)->name, (int)pattern, (long long)n, (long long)i);
    }
    free(e);
}

static void sort_one(da_dtype dtype, bool down, enum pattern pattern, int64_t n, bool positions,
                     uint64_t *seed)
{
    size_t nbytes = (size_t)n * da__dtype_nbytes(dtype);
    size_t room = (size_t)da__sort_scratch_nbytes(dtype, n, positions);
    char *data = malloc(nbytes + 1), *line = malloc(nbytes + 1);
    char *scratch = aligned_alloc(64, room + GUARD);
    int64_t *position = malloc((size_t)(n + 1) * sizeof *position);
    memset(scratch + room, 0x5a, GUARD);
    fill(data, dtype, pattern, n, seed);
    memcpy(line, data, nbytes);
    for (int64_t i = 0; i < n; i++)
        position[i] = 1000 + i;
    da__sort_line(dtype, down, n, line, positions ? position : NULL, scratch);
    check_sorted(dtype, down, pattern, n, data, line, positions ? position : NULL);
    for (int i = 0; i < GUARD; i++)
        assert_int_equal(scratch[room + (size_t)i], 0x5a);
    free(data);
    free(line);
    free(scratch);
    free(position);
}

static void every_dtype_length_and_pattern(void **state)
{
    (void)state;
    static const int64_t length[] = {0,   1,   2,   3,   12,  13,   40,   64,
                                     100, 300, 511, 512, 513, 2000, 70000};
    uint64_t seed = 1;
    for (int dtype = DA_BOOL; dtype <= DA_COMPLEX128; dtype++)
        for (int pattern = 0; pattern < NPATTERNS; pattern++)
            for (size_t k = 0; k < sizeof length / sizeof *length; k++)
                for (int how = 0; how < 4; how++)
                    if (length[k] < 10000 || how == pattern % 4)
                        sort_one((da_dtype)dtype, how & 1, (enum pattern)pattern, length[k],
                                 how & 2, &seed);
}

/* ---- searching ---- */

static void searching_counts(void **state)
{
    (void)state;
    uint64_t seed = 2;
    enum { N = 200 };
    char line[N * 16], key[N * 16], *scratch = aligned_alloc(64, 16384);
    assert_true(da__sort_scratch_nbytes(DA_COMPLEX128, N, true) <= 16384);
    for (int dtype = DA_BOOL; dtype <= DA_COMPLEX128; dtype++)
        for (int how = 0; how < 4; how++) {
            size_t nbytes = da__dtype_nbytes((da_dtype)dtype);
            bool down = how & 1, right = how & 2;
            fill(line, (da_dtype)dtype, FEW, N, &seed);
            fill(key, (da_dtype)dtype, how & 1 ? FEW : SMALL, N, &seed);
            da__sort_line((da_dtype)dtype, down, N, line, NULL, scratch);
            for (int k = 0; k < N; k++) {
                struct element e = {(da_dtype)dtype, down, 0, key + (size_t)k * nbytes};
                int64_t count = 0;
                for (int i = 0; i < N; i++) {
                    struct element x = {(da_dtype)dtype, down, 0, line + (size_t)i * nbytes};
                    int order = by_value(&x, &e);
                    count += order < 0 || (right && order == 0);
                }
                assert_int_equal(da__sort_search((da_dtype)dtype, down, N, line, e.data, right),
                                 count);
            }
        }
    free(scratch);
}

/* Two sorted stretches joined in parts, against sorting both together: elements and positions. */
static void joining_is_sorting(void **state)
{
    (void)state;
    enum { N = 300 };
    static const int64_t cut[] = {0, 1, 100, 299, 300};
    static const da_dtype dtypes[] = {DA_FLOAT64, DA_FLOAT32, DA_INT64, DA_UINT32, DA_INT32};
    char line[N * 8], both[N * 8], out[N * 8], scratch[16384] __attribute__((aligned(64)));
    int64_t position[N], position_both[N], position_out[N];
    uint64_t seed = 11;
    for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++)
        for (size_t c = 0; c < sizeof cut / sizeof *cut; c++)
            for (int down = 0; down < 2; down++) {
                size_t item = da__dtype_nbytes(dtypes[d]);
                fill(line, dtypes[d], c % 2 ? FEW : SMALL, N, &seed);
                for (int64_t i = 0; i < N; i++)
                    position[i] = position_both[i] = i;
                memcpy(both, line, N * item);
                assert_true((size_t)da__sort_scratch_nbytes(dtypes[d], N, true) <= sizeof scratch);
                da__sort_line(dtypes[d], down, N, both, position_both, scratch);
                da__sort_line(dtypes[d], down, cut[c], line, position, scratch);
                da__sort_line(dtypes[d], down, N - cut[c], line + (size_t)cut[c] * item,
                              position + cut[c], scratch);
                struct da__sort_join j = {.dtype = dtypes[d],
                                          .descending = down,
                                          .na = cut[c],
                                          .nb = N - cut[c],
                                          .a = line,
                                          .b = line + (size_t)cut[c] * item};
                for (int64_t low = 0; low < N; low += 77) {
                    int64_t high = low + 77 < N ? low + 77 : N;
                    j.pos_a = j.pos_b = NULL;
                    da__sort_join(&j, low, high, out + (size_t)low * item);
                    j.pos_a = position;
                    j.pos_b = position + cut[c];
                    da__sort_join(&j, low, high, position_out + low);
                }
                assert_memory_equal(out, both, N * item);
                assert_memory_equal(position_out, position_both, sizeof position_both);
            }
}

/* Keys of few distant clusters and far outliers: the highest bits tell little. */
static void clusters_are_sorted(void **state)
{
    (void)state;
    enum { N = 20000 };
    int64_t *line = malloc(N * sizeof *line), *want = malloc(N * sizeof *want);
    void *scratch = aligned_alloc(64, (size_t)da__sort_scratch_nbytes(DA_INT64, N, false));
    uint64_t seed = 5;
    for (int i = 0; i < N; i++) {
        uint64_t bits = random_bits(&seed);
        line[i] = (int64_t)((bits % 3) << 61 | (bits >> 8 & 7) << 30 | (bits >> 40 & 0xffff));
        want[i] = line[i];
    }
    line[0] = want[0] = INT64_MIN;
    da__sort_line(DA_INT64, false, N, line, NULL, scratch);
    for (int i = 1; i < N; i++)
        assert_true(line[i - 1] <= line[i]);
    uint64_t sum = 0, sum_want = 0;
    for (int i = 0; i < N; i++) {
        sum += (uint64_t)line[i] * UINT64_C(0x9e3779b97f4a7c15) >> 7;
        sum_want += (uint64_t)want[i] * UINT64_C(0x9e3779b97f4a7c15) >> 7;
    }
    assert_true(sum == sum_want);
    free(line);
    free(want);
    free(scratch);
}

/* ---- speed ---- */

static int doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The best of some runs: the machine may be busy otherwise. */
static void quicker_than_qsort(void **state)
{
    (void)state;
    enum { N = 1000000, RUNS_OF_EACH = 5 };
    double *data = malloc(N * sizeof *data), *line = malloc(N * sizeof *line);
    void *scratch = aligned_alloc(64, (size_t)da__sort_scratch_nbytes(DA_FLOAT64, N, false));
    double best = INFINITY, best_qsort = INFINITY;
    uint64_t seed = 3;
    for (int i = 0; i < N; i++)
        data[i] = (double)(random_bits(&seed) >> 11) * 0x1p-53;
    for (int k = 0; k < RUNS_OF_EACH; k++) {
        memcpy(line, data, N * sizeof *line);
        double start = seconds();
        da__sort_line(DA_FLOAT64, false, N, line, NULL, scratch);
        best = fmin(best, seconds() - start);
        memcpy(line, data, N * sizeof *line);
        start = seconds();
        qsort(line, N, sizeof *line, doubles);
        best_qsort = fmin(best_qsort, seconds() - start);
    }
    print_message("a million float64: %.1f ms, qsort %.1f ms\n", 1e3 * best, 1e3 * best_qsort);
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true(2 * best < best_qsort);
#endif
    free(data);
    free(line);
    free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_dtype_length_and_pattern),
        cmocka_unit_test(searching_counts),
        cmocka_unit_test(joining_is_sorting),
        cmocka_unit_test(clusters_are_sorted),
        cmocka_unit_test(quicker_than_qsort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
