/* The casts between all pairs of dtypes, as NumPy casts on x86-64: to bool is "not zero", to
 * narrower integers wraps, floats are truncated, complex numbers lose their imaginary part. */
#include "strips.h"

#define TRUTH(x) (uint8_t)((x) != 0)
#define INTEGER(dtype, x) (dtype##_t)(x)
#define REAL(R, x) (R)(x)
#define IMAGINARY(R, x) (R)0

#define S uint8_t
#define SUFFIX bool8
#include "cast.inc"

#define S int8_t
#define SUFFIX int8
#include "cast.inc"

#define S int16_t
#define SUFFIX int16
#include "cast.inc"

#define S int32_t
#define SUFFIX int32
#include "cast.inc"

#define S int64_t
#define SUFFIX int64
#include "cast.inc"

#define S uint8_t
#define SUFFIX uint8
#include "cast.inc"

#define S uint16_t
#define SUFFIX uint16
#include "cast.inc"

#define S uint32_t
#define SUFFIX uint32
#include "cast.inc"

#define S uint64_t
#define SUFFIX uint64
#include "cast.inc"

#undef INTEGER
#define INTEGER(dtype, x) da__to_##dtype((double)(x))

#define S float
#define SUFFIX float32
#include "cast.inc"

#define S double
#define SUFFIX float64
#include "cast.inc"

#undef TRUTH
#undef INTEGER
#undef REAL
#undef IMAGINARY
#define TRUTH(x) (uint8_t)(((x).re != 0) | ((x).im != 0))
#define INTEGER(dtype, x) da__to_##dtype((double)(x).re)
#define REAL(R, x) (R)(x).re
#define IMAGINARY(R, x) (R)(x).im

#define S struct da__pair32
#define SUFFIX complex64
#include "cast.inc"

#define S struct da__pair64
#define SUFFIX complex128
#include "cast.inc"

da__strip_fn *const *const DA__VARIANT(da__casts)[DA_NDTYPES] = {
    [DA_BOOL] = casts_bool8,
    [DA_INT8] = casts_int8,
    [DA_INT16] = casts_int16,
    [DA_INT32] = casts_int32,
    [DA_INT64] = casts_int64,
    [DA_UINT8] = casts_uint8,
    [DA_UINT16] = casts_uint16,
    [DA_UINT32] = casts_uint32,
    [DA_UINT64] = casts_uint64,
    [DA_FLOAT32] = casts_float32,
    [DA_FLOAT64] = casts_float64,
    [DA_COMPLEX64] = casts_complex64,
    [DA_COMPLEX128] = casts_complex128,
};
