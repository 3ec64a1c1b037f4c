/* Passes over memory, written by hand: copies, sums, statistics, running sums, selection. */
#include "onenode.h"

#include <immintrin.h>
#include <omp.h>

static double *x, *y, *z, *out, answer[4];
static int64_t found;

static void one(int64_t n)
{
    x = scattered(n, GOLDEN);
    out = empty(n);
}

static void three(int64_t n)
{
    one(n);
    y = scattered(n, SILVER);
    z = scattered(n, BRONZE);
}

static double out_sum(int64_t n)
{
    return total(out, n);
}

static double first_answer(int64_t n)
{
    (void)n;
    return answer[0];
}

static void copy(int64_t n)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        out[i] = x[i];
}

static void triad(int64_t n)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        out[i] = x[i] + 3.0 * y[i];
}

static void sum(int64_t n)
{
    answer[0] = total(x, n);
}

static void polynomial(int64_t n)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        out[i] = ((x[i] * 2 + 1) * x[i] - 3) * x[i] + y[i];
}

static void deviations(int64_t n)
{
    double mean = total(x, n) / (double)n, s = 0;
#pragma omp parallel for schedule(static) reduction(+ : s)
    for (int64_t i = 0; i < n; i++)
        s += (x[i] - mean) * (x[i] - mean);
    answer[0] = s;
}

/* One sweep: sums of x and of squares about the first element, the smallest and the greatest. */
static void statistics(int64_t n)
{
    double s = 0, q = 0, low = x[0], high = x[0], about = x[0];
#pragma omp parallel for schedule(static) reduction(+ : s, q) reduction(min : low) reduction(max : high)
    for (int64_t i = 0; i < n; i++) {
        double d = x[i] - about;
        s += d;
        q += d * d;
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    answer[0] = about + s / (double)n;
    answer[1] = sqrt(q / (double)n - (s / (double)n) * (s / (double)n));
    answer[2] = low;
    answer[3] = high;
}

static double four_answers(int64_t n)
{
    (void)n;
    return answer[0] + answer[1] + answer[2] + answer[3];
}

/* ---- an n x n/2 matrix ---- */

static void matrix(int64_t n)
{
    int64_t columns = n / 2;
    x = empty(n * columns);
    out = empty(n);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < columns; j++)
            x[i * columns + j] = fmod((double)i * GOLDEN + (double)j * SILVER, 1.0);
}

static void axis0(int64_t n)
{
    int64_t columns = n / 2;
    memset(out, 0, (size_t)n * sizeof *out);
#pragma omp parallel
    {
        double *mine = calloc((size_t)columns, sizeof *mine);
#pragma omp for schedule(static)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < columns; j++)
                mine[j] += x[i * columns + j];
#pragma omp critical
        for (int64_t j = 0; j < columns; j++)
            out[j] += mine[j];
        free(mine);
    }
}

static void axis1(int64_t n)
{
    int64_t columns = n / 2;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) {
        double s = 0;
        for (int64_t j = 0; j < columns; j++)
            s += x[i * columns + j];
        out[i] = s;
    }
}

/* ---- running sums, selection ---- */

/* Each thread sums its part up, then goes over it again from where the parts before it end. */
static void cumulative(int64_t n)
{
    double *begin = calloc((size_t)omp_get_max_threads() + 1, sizeof *begin);
#pragma omp parallel
    {
        int me = omp_get_thread_num(), all = omp_get_num_threads();
        int64_t i0 = n * me / all, i1 = n * (me + 1) / all;
        double s = 0;
        for (int64_t i = i0; i < i1 && me < all - 1; i++)
            s += x[i];
        begin[me + 1] = s;
#pragma omp barrier
        s = 0;
        for (int k = 1; k <= me; k++)
            s += begin[k];
        for (int64_t i = i0; i < i1; i++) {
            s += x[i];
            out[i] = s;
        }
    }
    free(begin);
}

static void where(int64_t n)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        out[i] = x[i] > 0.5 ? x[i] * 2 : x[i] / 2;
}

static void count(int64_t n)
{
    int64_t c = 0;
#pragma omp parallel for schedule(static) reduction(+ : c)
    for (int64_t i = 0; i < n; i++)
        c += x[i] > 0.5;
    answer[0] = (double)c;
}

/* Each thread counts its part, then writes what it selects behind what the threads before it select. */
static void mask(int64_t n)
{
    int64_t *begin = calloc((size_t)omp_get_max_threads() + 1, sizeof *begin);
#pragma omp parallel
    {
        int me = omp_get_thread_num(), all = omp_get_num_threads();
        int64_t i0 = n * me / all, i1 = n * (me + 1) / all, c = 0;
        for (int64_t i = i0; i < i1; i++)
            c += x[i] > 0.5;
        begin[me + 1] = c;
#pragma omp barrier
        int64_t at = 0;
        for (int k = 1; k <= me; k++)
            at += begin[k];
        if (me == all - 1)
            found = at + c;
        int64_t i = i0;
#ifdef __AVX512F__
        for (; i + 8 <= i1; i += 8) {
            __m512d v = _mm512_loadu_pd(x + i);
            __mmask8 take = _mm512_cmp_pd_mask(v, _mm512_set1_pd(0.5), _CMP_GT_OQ);
            _mm512_mask_compressstoreu_pd(out + at, take, v);
            at += __builtin_popcount(take);
        }
#endif
        for (; i < i1; i++)
            if (x[i] > 0.5)
                out[at++] = x[i];
    }
    free(begin);
}

static double found_sum(int64_t n)
{
    (void)n;
    return total(out, found);
}

/* ---- small arrays ---- */

enum { SMALL_REPEATS = 1000 };

static void small_inputs(int64_t n)
{
    three(n);
}

static void small(int64_t n)
{
    for (int k = 0; k < SMALL_REPEATS; k++) {
        for (int64_t i = 0; i < n; i++)
            out[i] = (x[i] + y[i] * z[i] - z[i]) * 0.5;
        __asm__ volatile("" ::: "memory");
    }
}

const struct work passes[] = {
    {"copy", 50000000, one, copy, out_sum, 1},
    {"triad", 50000000, three, triad, out_sum, 1},
    {"sum", 50000000, one, sum, first_answer, 1},
    {"polynomial", 50000000, three, polynomial, out_sum, 1},
    {"deviations", 50000000, one, deviations, first_answer, 1},
    {"statistics", 50000000, one, statistics, four_answers, 1},
    {"axis0", 8000, matrix, axis0, out_sum, 1},
    {"axis1", 8000, matrix, axis1, out_sum, 1},
    {"cumulative-sum", 50000000, one, cumulative, out_sum, 1},
    {"where", 50000000, one, where, out_sum, 1},
    {"count", 50000000, one, count, first_answer, 1},
    {"mask", 50000000, one, mask, found_sum, 1},
    {"small", 1000, small_inputs, small, out_sum, SMALL_REPEATS},
    {0},
};
