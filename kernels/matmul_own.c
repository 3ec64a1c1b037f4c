/* Products of matrices by own loops, for integers, bools, and where there is no BLAS: a table by dtype. Integers wrap;
 * of bools a product is "and", a sum "or". */
#include "matmul.h"

#include "variant.h"

#include <complex.h>
#include <string.h>

#define DA__PASTE(a, b) DA__PASTE_(a, b)
#define DA__PASTE_(a, b) a##b

/* Four rows of two 256-bit registers, and a packed block of B that a second-level cache holds. */
enum { ROWS = 4, STRIP_BYTES = 64, BLOCK_BYTES = 1024, DEPTH = 128 };

#define T uint8_t
#define SUFFIX _bool
#define ACC(s, a, b) ((uint8_t)((s) | ((a) & (b))))
#define SUM(a, b) ((uint8_t)((a) | (b)))
#include "matmul_own.inc"

/* Products of narrow integers in `unsigned`, so that none overflows an int. */
#define T uint8_t
#define SUFFIX _8
#define ACC(s, a, b) ((uint8_t)((s) + (unsigned)(a) * (b)))
#define SUM(a, b) ((uint8_t)((a) + (b)))
#include "matmul_own.inc"

#define T uint16_t
#define SUFFIX _16
#define ACC(s, a, b) ((uint16_t)((s) + (unsigned)(a) * (b)))
#define SUM(a, b) ((uint16_t)((a) + (b)))
#include "matmul_own.inc"

#define T uint32_t
#define SUFFIX _32
#define ACC(s, a, b) ((s) + (a) * (b))
#define SUM(a, b) ((a) + (b))
#include "matmul_own.inc"

#define T uint64_t
#define SUFFIX _64
#define ACC(s, a, b) ((s) + (a) * (b))
#define SUM(a, b) ((a) + (b))
#include "matmul_own.inc"

#define T float
#define SUFFIX _f32
#define VECTORS
#define ACC(s, a, b) ((s) + (a) * (b))
#define SUM(a, b) ((a) + (b))
#include "matmul_own.inc"

#define T double
#define SUFFIX _f64
#define VECTORS
#define ACC(s, a, b) ((s) + (a) * (b))
#define SUM(a, b) ((a) + (b))
#include "matmul_own.inc"

/* By the textbook, as BLAS multiplies; C's own way recovers infinities and is slow. */
static inline float complex madd_c64(float complex s, float complex a, float complex b)
{
    return CMPLXF(crealf(s) + (crealf(a) * crealf(b) - cimagf(a) * cimagf(b)),
                  cimagf(s) + (crealf(a) * cimagf(b) + cimagf(a) * crealf(b)));
}

static inline double complex madd_c128(double complex s, double complex a, double complex b)
{
    return CMPLX(creal(s) + (creal(a) * creal(b) - cimag(a) * cimag(b)),
                 cimag(s) + (creal(a) * cimag(b) + cimag(a) * creal(b)));
}

#define T float complex
#define SUFFIX _c64
#define ACC(s, a, b) madd_c64(s, a, b)
#define SUM(a, b) ((a) + (b))
#include "matmul_own.inc"

#define T double complex
#define SUFFIX _c128
#define ACC(s, a, b) madd_c128(s, a, b)
#define SUM(a, b) ((a) + (b))
#include "matmul_own.inc"

const struct da__products *DA__VARIANT(da__products_find)(da_dtype dtype)
{
#define ROW(suffix)                                                                                \
    {                                                                                              \
        DA__PASTE(product, suffix), DA__PASTE(join, suffix)                                        \
    }
    static const struct da__products table[] = {
        [DA_BOOL] = ROW(_bool),      [DA_INT8] = ROW(_8),      [DA_INT16] = ROW(_16),
        [DA_INT32] = ROW(_32),       [DA_INT64] = ROW(_64),    [DA_UINT8] = ROW(_8),
        [DA_UINT16] = ROW(_16),      [DA_UINT32] = ROW(_32),   [DA_UINT64] = ROW(_64),
        [DA_FLOAT32] = ROW(_f32),    [DA_FLOAT64] = ROW(_f64), [DA_COMPLEX64] = ROW(_c64),
        [DA_COMPLEX128] = ROW(_c128)};
#undef ROW
    return &table[dtype];
}
