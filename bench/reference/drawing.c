/* Random numbers by counters, written by hand: Philox4x32-10 (Salmon et al. 2011) for twice eight counters at a time, two float64 each;
 * logarithms, sines and cosines in loops over blocks, so that the compiler takes its vector mathematics for each. */
#include "onenode.h"

#include <stdbool.h>

#ifdef __AVX512F__
#include <immintrin.h>
#endif

enum { LANES = 8, GROUP = 2, DRAWN = GROUP * LANES, BLOCK = 512 };

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

/* Of the counters c … c + GROUP * LANES - 1; `second` is the counter's upper half. Upper halves of lanes do not matter until the end. */
static inline void draw(uint64_t c, uint64_t second, reals *a, reals *b)
{
    const lanes low = (lanes){0} + 0xffffffff;
    lanes v0[GROUP], v1[GROUP], v2[GROUP], v3[GROUP];
    uint32_t k0 = 7, k1 = 0;
    for (int g = 0; g < GROUP; g++) {
        v0[g] = (lanes){0, 1, 2, 3, 4, 5, 6, 7} + (c + (uint64_t)g * LANES);
        v1[g] = v0[g] >> 32;
        v2[g] = (lanes){0} + second;
        v3[g] = (lanes){0};
    }
#pragma GCC unroll 10
    for (int r = 0; r < 10; r++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
#pragma GCC unroll 2
        for (int g = 0; g < GROUP; g++) {
            lanes p = product(v0[g], 0xD2511F53u), q = product(v2[g], 0xCD9E8D57u);
            v0[g] = (q >> 32) ^ v1[g] ^ k0;
            v1[g] = q;
            v2[g] = (p >> 32) ^ v3[g] ^ k1;
            v3[g] = p;
        }
    for (int g = 0; g < GROUP; g++) {
        a[g] = unit(v1[g] << 32 | (v0[g] & low));
        b[g] = unit(v3[g] << 32 | (v2[g] & low));
    }
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
    for (int64_t i = 0; i < n / 2; i += DRAWN) {
        reals a[GROUP], b[GROUP];
        double last[2 * DRAWN], *to = 2 * (i + DRAWN) <= n ? x + 2 * i : last;
        draw((uint64_t)i, 0, a, b);
        for (int g = 0; g < GROUP; g++)
            store_pairs(to + 2 * LANES * g, a[g], b[g]);
        if (to == last)
            memcpy(x + 2 * i, last, (size_t)(n - 2 * i) * sizeof *x);
    }
}

/* BLOCK pairs from pair `i` on: cosines first, then sines. */
static void normal_block(int64_t i, double *to)
{
    double radius[BLOCK], angle[BLOCK];
    for (int k = 0; k < BLOCK; k += DRAWN) {
        reals a[GROUP], b[GROUP];
        draw((uint64_t)(i + k), 0, a, b);
        for (int g = 0; g < GROUP; g++) {
            a[g] = 1 - a[g];
            b[g] *= 6.283185307179586;
        }
        memcpy(radius + k, a, sizeof a);
        memcpy(angle + k, b, sizeof b);
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

/* How many of the points of counters from c on lie in the circle, per lane. */
static inline lanes hits(uint64_t c)
{
    reals a[GROUP], b[GROUP];
    lanes count = {0};
    draw(c, 0, a, b);
    for (int g = 0; g < GROUP; g++)
        count += (lanes)(a[g] * a[g] + b[g] * b[g] < 1) & 1;
    return count;
}

/* n to the next multiple of DRAWN below. */
static void pi(int64_t n)
{
    int64_t inside = 0;
#pragma omp parallel reduction(+ : inside)
    {
        lanes count = {0};
#pragma omp for schedule(static)
        for (int64_t i = 0; i < n / DRAWN; i++)
            count += hits((uint64_t)(i * DRAWN));
        for (int k = 0; k < LANES; k++)
            inside += (int64_t)count[k];
    }
    pi_found = 4 * (double)inside / (double)(n / DRAWN * DRAWN);
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
