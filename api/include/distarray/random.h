/* Random arrays whose elements depend on the seed, the stream and their index alone. */
#ifndef DISTARRAY_RANDOM_H
#define DISTARRAY_RANDOM_H

#include <distarray/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers come from Philox4x32-10 (Salmon et al., SC 2011), a generator that turns a counter into bits: element i, counted in C
 * order over the whole array, is a function of (seed, stream, i). So a call gives the same values for any number of engines and
 * threads and any distribution, a slice costs what it holds, and nothing is kept between calls: the *same* seed and stream give
 * the same numbers again. Arrays that must not depend on each other take different streams (0, 1, 2, …: any 64 bits) of one
 * seed, as jax.random's keys are split; draws of different kinds from one stream share their bits, so they depend on each other
 * too. An array of another shape starts with the same numbers.
 *
 * A random array is an expression: it fuses into what uses it and lies in memory only where it is kept or computed itself.
 *
 * dtype DA_DTYPE_DEFAULT is float64 (of integers int64), and float32 is the other choice; float64 takes 53 random bits, float32
 * 24. The bits of results do not depend on the processor either. dist NULL is the default distribution. Lazy. Errors, in the
 * handle: DA_ERR_ARGUMENT (ranges, negative extents), DA_ERR_DTYPE, DA_ERR_DISTRIBUTION. */

/* Uniform in [low, high): low + (high - low) u, u a multiple of 2^-53 (float32: 2^-24) in [0, 1); rounding never reaches high.
 * low == high gives low. Both are finite, and so is their difference. */
DA_API da_array *da_uniform(da_context *ctx, da_extents shape, double low, double high,
                            uint64_t seed, uint64_t stream, da_dtype dtype,
                            const da_distribution *dist);

/* Normal, by Box and Muller's transformation (1958): elements 2k and 2k + 1 come from one pair of uniform numbers, and lie within
 * 8.6 standard deviations. std is not negative. float32: float64's numbers, rounded. */
DA_API da_array *da_normal(da_context *ctx, da_extents shape, double mean, double std,
                           uint64_t seed, uint64_t stream, da_dtype dtype,
                           const da_distribution *dist);

/* Exponential with mean `scale`, not negative: -scale log(1 - u), at most 36.8 scale. float32: float64's numbers, rounded. */
DA_API da_array *da_exponential(da_context *ctx, da_extents shape, double scale, uint64_t seed,
                                uint64_t stream, da_dtype dtype, const da_distribution *dist);

/* Integers from low to high - 1, or to high where `endpoint` is not 0; any integer dtype that holds them. The upper half of 64
 * random bits times the number of integers: the chance of each is within 2^-64 of equal. All of int64 is INT64_MIN to INT64_MAX with the endpoint. */
DA_API da_array *da_integers(da_context *ctx, da_extents shape, int64_t low, int64_t high,
                             int endpoint, uint64_t seed, uint64_t stream, da_dtype dtype,
                             const da_distribution *dist);

/* The same with bounds of uint64, which is what DA_DTYPE_DEFAULT means here; where both calls are possible their values are the same. */
DA_API da_array *da_integers_unsigned(da_context *ctx, da_extents shape, uint64_t low,
                                      uint64_t high, int endpoint, uint64_t seed, uint64_t stream,
                                      da_dtype dtype, const da_distribution *dist);

/* 0 … n-1 in random order, int64. Every element is found from its index alone, without messages or memory, by a Feistel network
 * (Black and Rogaway 2002) of 12 rounds whose keys 64 bits of the seed and stream make. So of long arrays only 2^64 of all n!
 * orders occur; statistics do not tell them from all, a cryptographer may. */
DA_API da_array *da_permutation(da_context *ctx, int64_t n, uint64_t seed, uint64_t stream,
                                const da_distribution *dist);

/* x with its elements along `axis` (rows of axis 0, say, as a whole) in the order of da_permutation: da_take of it. */
DA_API da_array *da_shuffle(da_array *x, int axis, uint64_t seed, uint64_t stream);

#ifdef __cplusplus
}
#endif
#endif
