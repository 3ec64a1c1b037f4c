/* Vector mathematics by SLEEF (https://sleef.org), and the only file that knows it. Its deterministic functions without fused
 * multiply-add (cinz) give the same bits on every instruction set. Without SLEEF the tables are empty. */
#include "vector.h"
#ifdef DA__SLEEF
#include "vector_erf.h"
#include <float.h>
#include <immintrin.h>
#include <math.h>
#include <sleef.h>
#include <string.h>

#define LN2 0.69314718055994530942
#define LOG2E 1.44269504088896340736
#define LOG10E 0.43429448190325182765
#define INLINE static inline __attribute__((always_inline))
#define SLEEF(fn, bound) SLEEF_NAME(fn, TAG, bound, ISA)
#define SLEEF_NAME(fn, tag, bound, isa) SLEEF_PASTE(fn, tag, bound, isa)
#define SLEEF_PASTE(fn, tag, bound, isa) Sleef_cinz_##fn##tag##_##bound##isa

#if defined(DA__FOR_AVX512)
#define NBYTES 64
#define ISA avx512fnofma
#define TAG32 f16
#define TAG64 d8
#define ANY(m) (_mm512_test_epi32_mask((__m512i)(m), (__m512i)(m)) != 0)
#define SQRT32(v) _mm512_sqrt_ps(v)
#define SQRT64(v) _mm512_sqrt_pd(v)
#define MM(fn) _mm512_##fn
#define STRAIGHTEN(v)                                                                              \
    _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), (__m512i)(v))
#elif defined(DA__FOR_AVX2)
#define NBYTES 32
#define ISA avx
#define TAG32 f8
#define TAG64 d4
#define ANY(m) (_mm256_movemask_epi8((__m256i)(m)) != 0)
#define SQRT32(v) _mm256_sqrt_ps(v)
#define SQRT64(v) _mm256_sqrt_pd(v)
#define MM(fn) _mm256_##fn
#define STRAIGHTEN(v) _mm256_permute4x64_epi64((__m256i)(v), 0xd8)
#else
#define NBYTES 16
#define ISA sse2
#define TAG32 f4
#define TAG64 d2
#define ANY(m) (_mm_movemask_epi8((__m128i)(m)) != 0)
#define SQRT32(v) _mm_sqrt_ps(v)
#define SQRT64(v) _mm_sqrt_pd(v)
#define MM(fn) _mm_##fn
#define STRAIGHTEN(v) (v)
#endif

/* Pairs taken apart and put together within 128 bits: the elements of EVENS and ODDS are out of order from 256 bits on, which
 * LOWS and HIGHS (or STRAIGHTEN, for one vector) undo. */
#define EVENS32(a, b) MM(shuffle_ps)(a, b, 0x88)
#define ODDS32(a, b) MM(shuffle_ps)(a, b, 0xdd)
#define LOWS32(a, b) MM(unpacklo_ps)(a, b)
#define HIGHS32(a, b) MM(unpackhi_ps)(a, b)
#define EVENS64(a, b) MM(unpacklo_pd)(a, b)
#define ODDS64(a, b) MM(unpackhi_pd)(a, b)
#define LOWS64(a, b) MM(unpacklo_pd)(a, b)
#define HIGHS64(a, b) MM(unpackhi_pd)(a, b)

#define T float
#define I int32_t
#define SUFFIX float32
#define LANES (NBYTES / 4)
#define TAG TAG32
#define SQRT SQRT32
#define SIGN INT32_MIN
#define MAX FLT_MAX
#define LARGE 1e37f
#define EXP_END 87.0f
#define EPS FLT_EPSILON
#define LIBM(fn) fn##f
#define SPLIT 4097
#define SPLIT_END 1e30f
#define ROOT_END 1e-15f
#define SCALE 0x1p-100f
#define COMPLEX complex64
#define EVENS EVENS32
#define ODDS ODDS32
#define LOWS LOWS32
#define HIGHS HIGHS32
#define SHIFT 87.28125f
#define EXP_SHIFT 0x1.e47524p125f
#define TANH_END 12
#define SERIES 5
#define TURN u35
#define ROOT_SCALE 0x1p-50f
#define LOG_SCALE 69.314718055994530942f
#include "vector.inc"
#include "vector_complex.inc"
#undef T
#undef I
#undef SUFFIX
#undef LANES
#undef TAG
#undef SQRT
#undef SIGN
#undef MAX
#undef LARGE
#undef EXP_END
#undef EPS
#undef LIBM
#undef SPLIT
#undef SPLIT_END
#undef ROOT_END
#undef SCALE
#undef COMPLEX
#undef EVENS
#undef ODDS
#undef LOWS
#undef HIGHS
#undef SHIFT
#undef EXP_SHIFT
#undef TANH_END
#undef SERIES
#undef TURN
#undef ROOT_SCALE
#undef LOG_SCALE

#include "vector_own.h"

#define OWN
#define T double
#define I int64_t
#define SUFFIX float64
#define LANES (NBYTES / 8)
#define TAG TAG64
#define SQRT SQRT64
#define SIGN INT64_MIN
#define MAX DBL_MAX
#define LARGE 1e300
#define EXP_END 708.0
#define EPS DBL_EPSILON
#define LIBM(fn) fn
#define SPLIT 134217729
#define SPLIT_END 1e290
#define ROOT_END 1e-140
#define SCALE 0x1p-600
#define COMPLEX complex128
#define EVENS EVENS64
#define ODDS ODDS64
#define LOWS LOWS64
#define HIGHS HIGHS64
#define SHIFT 706.75
#define EXP_SHIFT 0x1.8abab99f94317p1019
#define TANH_END 22
#define SERIES 9
#define TURN u35
#define ROOT_SCALE 0x1p-300
#define LOG_SCALE 415.88830833596718565
#include "vector.inc"
#include "vector_complex.inc"
#else
const struct da__vector DA__VARIANT(da__vectors_float32)[DA__NELEMENTWISE];
const struct da__vector DA__VARIANT(da__vectors_float64)[DA__NELEMENTWISE];
da__strip_fn *const DA__VARIANT(da__vectors_complex64)[DA__NELEMENTWISE];
da__strip_fn *const DA__VARIANT(da__vectors_complex128)[DA__NELEMENTWISE];
#endif
