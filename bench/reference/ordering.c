/* Sorting, written by hand: float64 as unsigned keys, by digits of 11 bits from the lowest, each thread scattering its part. */
#include "onenode.h"

#include <omp.h>

enum { BITS = 11, DIGITS = 1 << BITS, TURNS = 6 };

static double *x;
static uint64_t *keys, *spare;
static int64_t *counts; /* per thread and digit */

static void prepare(int64_t n)
{
    x = scattered(n, GOLDEN);
    keys = (uint64_t *)empty(n);
    spare = (uint64_t *)empty(n);
    counts = calloc((size_t)omp_get_max_threads() * DIGITS, sizeof *counts);
}

static uint64_t to_key(uint64_t bits)
{
    return bits ^ ((uint64_t)((int64_t)bits >> 63) | UINT64_C(1) << 63);
}

static uint64_t from_key(uint64_t key)
{
    return key ^ (~(uint64_t)((int64_t)key >> 63) | UINT64_C(1) << 63);
}

/* Where each thread's elements of each digit begin. */
static void add_up(int nthreads)
{
    int64_t at = 0;
    for (int d = 0; d < DIGITS; d++)
        for (int t = 0; t < nthreads; t++) {
            int64_t c = counts[t * DIGITS + d];
            counts[t * DIGITS + d] = at;
            at += c;
        }
}

static void turn(int64_t n, int shift, const uint64_t *from, uint64_t *to)
{
#pragma omp parallel
    {
        int me = omp_get_thread_num(), all = omp_get_num_threads();
        int64_t i0 = n * me / all, i1 = n * (me + 1) / all, *mine = counts + (int64_t)me * DIGITS;
        memset(mine, 0, DIGITS * sizeof *mine);
        for (int64_t i = i0; i < i1; i++)
            mine[from[i] >> shift & (DIGITS - 1)]++;
#pragma omp barrier
#pragma omp single
        add_up(all);
        for (int64_t i = i0; i < i1; i++)
            to[mine[from[i] >> shift & (DIGITS - 1)]++] = from[i];
    }
}

static void sort(int64_t n)
{
    uint64_t *from = keys, *to = spare;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        keys[i] = to_key(bits);
    }
    for (int t = 0; t < TURNS; t++) {
        turn(n, t * BITS, from, to);
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        from[i] = from_key(from[i]);
}

/* Weighted by position, so that order counts. */
static double sum(int64_t n)
{
    const double *sorted = (const double *)keys; /* an even number of turns */
    for (int64_t i = 1; i < n; i++)
        if (sorted[i] < sorted[i - 1])
            return NAN;
    return total(sorted, n);
}

const struct work ordering[] = {
    {"sort", 20000000, prepare, sort, sum, 1},
    {0},
};
