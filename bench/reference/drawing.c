/* Random numbers by counters, written by hand: Philox4x32-10 (Salmon et al. 2011) for eight counters at a time, two float64 each;
 * logarithms, sines and cosines in loops over blocks, so that the compiler takes its vector mathematics for each. */
#include "onenode.h"

#include <stdbool.h>

#ifdef __AVX512F__
#include <immintrin.h>
#endif

enum { LANES = 8, BLOCK = 512 };

static double *x, pi_found;

typedef uint64_t lanes __attribute__((vector_size(8 * LANES)));
typedef double reals __attribute__((vector_size(8 * LANES)));

/* Products of the lower halves. */
static inline lanes product(lanes a, uint32_t b)
{
#ifdef __AVX512F__
    return (lanes)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64(b));
#else
    return (a & 0xffffffff) * b;
#endif
}

/* The upper 53 bits as numbers in [0, 1). */
static inline reals unit(lanes bits)
{
#ifdef __AVX512DQ__
    return (reals)_mm512_cvtepi64_pd((__m512i)(bits >> 11)) * 0x1p-53;
#else
    return __builtin_convertvector(bits >> 11, reals) * 0x1p-53;
#endif
}

/* Of the counters c … c + LANES - 1; `second` is the counter's upper half. Upper halves of lanes do not matter until the end. */
static inline void draw(uint64_t c, uint64_t second, reals *a, reals *b)
{
    const lanes low = (lanes){0} + 0xffffffff;
    lanes v0 = (lanes){0, 1, 2, 3, 4, 5, 6, 7} + c, v1 = v0 >> 32;
    lanes v2 = (lanes){0} + second, v3 = {0};
    uint32_t k0 = 7, k1 = 0;
#pragma GCC unroll 10
    for (int r = 0; r < 10; r++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        lanes p = product(v0, 0xD2511F53u), q = product(v2, 0xCD9E8D57u);
        v0 = (q >> 32) ^ v1 ^ k0;
        v1 = q;
        v2 = (p >> 32) ^ v3 ^ k1;
        v3 = p;
    }
    *a = unit(v1 << 32 | (v0 & low));
    *b = unit(v3 << 32 | (v2 & low));
}

static void prepare(int64_t n)
{
    x = empty(n);
}

/* Pairs a, b, a, b … behind each other. */
static inline void store_pairs(double *to, reals a, reals b)
{
    reals lower = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    reals upper = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    memcpy(to, &lower, sizeof lower);
    memcpy(to + LANES, &upper, sizeof upper);
}

static void uniform(int64_t n)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n / 2; i += LANES) {
        reals a, b;
        draw((uint64_t)i, 0, &a, &b);
        if (2 * (i + LANES) <= n) {
            store_pairs(x + 2 * i, a, b);
        } else {
            double pairs[2 * LANES];
            store_pairs(pairs, a, b);
            memcpy(x + 2 * i, pairs, (size_t)(n - 2 * i) * sizeof *x);
        }
    }
}

/* BLOCK pairs from pair `i` on: cosines first, then sines. */
static void normal_block(int64_t i, double *to)
{
    double radius[BLOCK], angle[BLOCK];
    for (int k = 0; k < BLOCK; k += LANES) {
        reals a, b;
        draw((uint64_t)(i + k), 0, &a, &b);
        a = 1 - a;
        b *= 6.283185307179586;
        memcpy(radius + k, &a, sizeof a);
        memcpy(angle + k, &b, sizeof b);
    }
#pragma omp simd
    for (int k = 0; k < BLOCK; k++)
        radius[k] = sqrt(-2 * log(radius[k]));
#pragma omp simd
    for (int k = 0; k < BLOCK; k++)
        to[k] = radius[k] * cos(angle[k]);
#pragma omp simd
    for (int k = 0; k < BLOCK; k++)
        to[BLOCK + k] = radius[k] * sin(angle[k]);
}

static void normal(int64_t n)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n / 2; i += BLOCK) {
        double last[2 * BLOCK];
        bool whole = 2 * (i + BLOCK) <= n;
        normal_block(i, whole ? x + 2 * i : last);
        if (!whole)
            memcpy(x + 2 * i, last, (size_t)(n - 2 * i) * sizeof *x);
    }
}

/* How many of the points of the counters c … c + LANES - 1 lie in the circle, per lane. */
static inline lanes hits(uint64_t c)
{
    reals a, b;
    draw(c, 0, &a, &b);
    return (lanes)(a * a + b * b < 1) & 1;
}

static void pi(int64_t n)
{
    int64_t inside = 0;
#pragma omp parallel reduction(+ : inside)
    {
        lanes count = {0};
#pragma omp for schedule(static)
        for (int64_t i = 0; i < n / LANES; i++)
            count += hits((uint64_t)(i * LANES));
        for (int k = 0; k < LANES; k++)
            inside += (int64_t)count[k];
    }
    for (int64_t k = 0; k < n % LANES; k++)
        inside += (int64_t)hits((uint64_t)(n / LANES * LANES))[k];
    pi_found = 4 * (double)inside / (double)n;
}

static void nothing(int64_t n)
{
    (void)n;
}

static double all(int64_t n)
{
    return total(x, n);
}

static double found(int64_t n)
{
    (void)n;
    return pi_found;
}

const struct work drawing[] = {
    {"uniform", 50000000, prepare, uniform, all, 1},
    {"normal", 50000000, prepare, normal, all, 1},
    {"pi", 50000000, nothing, pi, found, 1},
    {0},
};
