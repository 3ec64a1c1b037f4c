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
#elif defined(DA__FOR_AVX2)
#define NBYTES 32
#define ISA avx
#define TAG32 f8
#define TAG64 d4
#define ANY(m) (_mm256_movemask_epi8((__m256i)(m)) != 0)
#define SQRT32(v) _mm256_sqrt_ps(v)
#define SQRT64(v) _mm256_sqrt_pd(v)
#else
#define NBYTES 16
#define ISA sse2
#define TAG32 f4
#define TAG64 d2
#define ANY(m) (_mm_movemask_epi8((__m128i)(m)) != 0)
#define SQRT32(v) _mm_sqrt_ps(v)
#define SQRT64(v) _mm_sqrt_pd(v)
#endif

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
#include "vector.inc"
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
#include "vector.inc"
#else
const struct da__vector DA__VARIANT(da__vectors_float32)[DA__NELEMENTWISE];
const struct da__vector DA__VARIANT(da__vectors_float64)[DA__NELEMENTWISE];
#endif
