/* The words of the strip loops: the C types behind the dtypes, the shape of a loop, and the tables
 * of loops. */
#ifndef DA_STRIPS_H
#define DA_STRIPS_H

/* A loop with calls stays scalar: no news. In front of the first sight of ops.def, which is where
 * such loops are said to be. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
#endif
#include "da_kernels.h"
#include "variant.h"

/* Complex numbers are plain pairs: C's own arithmetic on _Complex differs from NumPy's for
 * infinities. */
struct da__pair32 {
    float re, im;
};
struct da__pair64 {
    double re, im;
};

/* n elements; bit k of `scalars`: operand k is one element. `out` may be the very place of an
 * operand whose elements have the same width, or overlap nothing. */
typedef void da__strip_fn(int64_t n, void *out, const void *const *in, unsigned scalars);

/* Beside bits of scalars, for loops of random numbers alone: operand 0, the indices, is the first one and the step; the other
 * operands are one element. */
enum { DA__EVEN = 8 };

/* The loop of an operator in a computing dtype, or of a cast; NULL where the row says NO. The best of this machine, or
 * that of an instruction set which the machine has. */
da__strip_fn *da__strip_find(enum da__op_id op, da_dtype compute, da_dtype result);
da__strip_fn *da__strip_find_for(enum da__isa isa, enum da__op_id op, da_dtype compute,
                                 da_dtype result);
da__strip_fn *da__cast_find(da_dtype from, da_dtype to);

/* One table per computing dtype and variant, indexed by enum da__op_id. */
#define DA__STRIP_TABLE(dtype) DA__STRIP_TABLE_OF(da__strips, dtype)
#define DA__STRIP_TABLE_OF(name, dtype)                                                            \
    extern da__strip_fn *const name##_##dtype[DA__NELEMENTWISE];                                   \
    extern da__strip_fn *const name##_##dtype##_avx2[DA__NELEMENTWISE];                            \
    extern da__strip_fn *const name##_##dtype##_avx512[DA__NELEMENTWISE]
DA__STRIP_TABLE(bool8);
DA__STRIP_TABLE(int8);
DA__STRIP_TABLE(int16);
DA__STRIP_TABLE(int32);
DA__STRIP_TABLE(int64);
DA__STRIP_TABLE(uint8);
DA__STRIP_TABLE(uint16);
DA__STRIP_TABLE(uint32);
DA__STRIP_TABLE(uint64);
DA__STRIP_TABLE(float32);
DA__STRIP_TABLE(float64);
DA__STRIP_TABLE(complex64);
DA__STRIP_TABLE(complex128);

/* The rows whose dtype rule draws (random_bits …); NULL for others. */
extern da__strip_fn *const da__strips_random[DA__NELEMENTWISE];
extern da__strip_fn *const da__strips_random_avx2[DA__NELEMENTWISE];
extern da__strip_fn *const da__strips_random_avx512[DA__NELEMENTWISE];
da__strip_fn da__strip_permute;
void da__philox_avx2(uint64_t number, uint64_t seed, uint64_t stream, uint64_t *block);
void da__philox_avx512(uint64_t number, uint64_t seed, uint64_t stream, uint64_t *block);

/* Indexed by the source's and the target's dtype. */
extern da__strip_fn *const *const da__casts[DA_NDTYPES];
extern da__strip_fn *const *const da__casts_avx2[DA_NDTYPES];
extern da__strip_fn *const *const da__casts_avx512[DA_NDTYPES];

/* In front of a loop whose iterations do not depend on each other although its arrays may coincide.
 */
#if defined(__clang__)
#define DA__INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define DA__INDEPENDENT _Pragma("GCC ivdep")
#endif

#define DA__PASTE_(a, b) a##_##b
#define DA__PASTE(a, b) DA__PASTE_(a, b)

/* Conversions of floats to integers as x86-64 does them and NumPy shows them, without undefined
 * behaviour: what does not fit becomes the most negative number. */
static inline int32_t da__trunc32(double x)
{
    return x > -2147483649.0 && x < 2147483648.0 ? (int32_t)x : INT32_MIN;
}
static inline int64_t da__trunc64(double x)
{
    return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64_t)x : INT64_MIN;
}
static inline uint64_t da__truncu64(double x)
{
    if (x >= 9223372036854775808.0)
        return (uint64_t)da__trunc64(x - 9223372036854775808.0) ^ (UINT64_C(1) << 63);
    return (uint64_t)da__trunc64(x);
}

/* To one integer dtype: narrow ones go through int32, uint32 through int64. */
#define da__to_int8(x) ((int8_t)da__trunc32(x))
#define da__to_int16(x) ((int16_t)da__trunc32(x))
#define da__to_int32(x) da__trunc32(x)
#define da__to_int64(x) da__trunc64(x)
#define da__to_uint8(x) ((uint8_t)da__trunc32(x))
#define da__to_uint16(x) ((uint16_t)da__trunc32(x))
#define da__to_uint32(x) ((uint32_t)da__trunc64(x))
#define da__to_uint64(x) da__truncu64(x)

#endif
