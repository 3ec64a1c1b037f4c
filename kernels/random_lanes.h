/* Vectors of 64-bit lanes for the random loops: 8 lanes with AVX-512, 4 with AVX2, else 2. The compiler's vector types do the
 * arithmetic; what has no operator is below. Every operation is exact or correctly rounded, so all variants give the same bits. */
#ifndef DA_RANDOM_LANES_H
#define DA_RANDOM_LANES_H

#include "strips.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(DA__FOR_AVX512)
enum { LANES = 8 };
#define IOTA 0, 1, 2, 3, 4, 5, 6, 7
#define LOWER 0, 8, 1, 9, 2, 10, 3, 11
#define UPPER 4, 12, 5, 13, 6, 14, 7, 15
#elif defined(DA__FOR_AVX2)
enum { LANES = 4 };
#define IOTA 0, 1, 2, 3
#define LOWER 0, 4, 1, 5
#define UPPER 2, 6, 3, 7
#else
enum { LANES = 2 };
#define IOTA 0, 1
#define LOWER 0, 2
#define UPPER 1, 3
#endif

typedef uint64_t lanes __attribute__((vector_size(LANES * 8)));
typedef double reals __attribute__((vector_size(LANES * 8)));
typedef int32_t halves __attribute__((vector_size(LANES * 8)));
typedef float singles __attribute__((vector_size(LANES * 8)));
#define LANE static inline __attribute__((always_inline))

LANE lanes spread(uint64_t x)
{
    return (lanes){0} + x;
}

LANE lanes load(const void *at)
{
    lanes x;
    memcpy(&x, at, sizeof x);
    return x;
}

LANE void store(void *at, lanes x)
{
    memcpy(at, &x, sizeof x);
}

/* The products of the lower halves of the lanes. */
LANE lanes product(lanes a, lanes b)
{
#if defined(DA__FOR_AVX512)
    return (lanes)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(DA__FOR_AVX2)
    return (lanes)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__x86_64__)
    return (lanes)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & UINT32_MAX) * (b & UINT32_MAX);
#endif
}

LANE reals root(reals x)
{
#if defined(DA__FOR_AVX512)
    return (reals)_mm512_sqrt_pd((__m512d)x);
#elif defined(DA__FOR_AVX2)
    return (reals)_mm256_sqrt_pd((__m256d)x);
#elif defined(__x86_64__)
    return (reals)_mm_sqrt_pd((__m128d)x);
#else
    for (int i = 0; i < LANES; i++)
        x[i] = sqrt(x[i]);
    return x;
#endif
}

/* The lower halves of `low` below those of `high`. */
LANE lanes join_words(lanes low, lanes high)
{
#if defined(DA__FOR_AVX512)
    return (lanes)_mm512_mask_shuffle_epi32((__m512i)low, 0xaaaa, (__m512i)high, _MM_PERM_CCAA);
#elif defined(DA__FOR_AVX2)
    return (lanes)_mm256_blend_epi32((__m256i)low, (__m256i)(high << 32), 0xaa);
#else
    return (low & UINT32_MAX) | (high << 32);
#endif
}

/* The upper 53 bits as a multiple of 2^-53 in [0, 1). Without an instruction for it bits 32 … 52 and 0 … 31 become the fractions of
 * 2^31 and 1/2, where they weigh what they should; both operations are exact. */
LANE reals unit(lanes bits)
{
#if defined(DA__FOR_AVX512)
    return (reals)_mm512_cvtepi64_pd((__m512i)(bits >> 11)) * 0x1p-53;
#else
    reals upper = (reals)((bits >> 43) | 0x41e0000000000000);
    reals lower = (reals)(((bits >> 11) & UINT32_MAX) | 0x3fe0000000000000);
    return (upper - 0x1.00000001p31) + lower;
#endif
}

/* a0 b0 a1 b1 … */
LANE void interleave(lanes a, lanes b, lanes *lower, lanes *upper)
{
    *lower = __builtin_shufflevector(a, b, LOWER);
    *upper = __builtin_shufflevector(a, b, UPPER);
}

/* Per lane b where the mask's bits are set, else a. */
LANE lanes choose(lanes mask, lanes a, lanes b)
{
    return (a & ~mask) | (b & mask);
}

#endif
