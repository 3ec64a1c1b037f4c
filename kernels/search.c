/* Where values belong in an ascending array: one binary search each. */
#include "da_kernels.h"

#define PLAIN(a, b) ((a) < (b))
/* NaN comes after everything else. */
#define REAL(a, b) ((a) < (b) || ((b) != (b) && (a) == (a)))
/* NumPy's order of complex numbers: real parts first, with NaN of either part last. */
struct pair32 {
    float re, im;
};
struct pair64 {
    double re, im;
};
#define COMPLEX(a, b)                                                                              \
    ((a).re < (b).re   ? ((a).im == (a).im || (b).im != (b).im)                                    \
     : (a).re > (b).re ? ((b).im != (b).im && (a).im == (a).im)                                    \
     : ((a).re == (b).re || ((a).re != (a).re && (b).re != (b).re)) ? REAL((a).im, (b).im)         \
                                                                    : (b).re != (b).re)

#define T uint8_t
#define LESS PLAIN
#define NAME search_uint8
#include "search.inc"
#define T int8_t
#define LESS PLAIN
#define NAME search_int8
#include "search.inc"
#define T int16_t
#define LESS PLAIN
#define NAME search_int16
#include "search.inc"
#define T uint16_t
#define LESS PLAIN
#define NAME search_uint16
#include "search.inc"
#define T int32_t
#define LESS PLAIN
#define NAME search_int32
#include "search.inc"
#define T uint32_t
#define LESS PLAIN
#define NAME search_uint32
#include "search.inc"
#define T int64_t
#define LESS PLAIN
#define NAME search_int64
#include "search.inc"
#define T uint64_t
#define LESS PLAIN
#define NAME search_uint64
#include "search.inc"
#define T float
#define LESS REAL
#define NAME search_float32
#include "search.inc"
#define T double
#define LESS REAL
#define NAME search_float64
#include "search.inc"
#define T struct pair32
#define LESS COMPLEX
#define NAME search_complex64
#include "search.inc"
#define T struct pair64
#define LESS COMPLEX
#define NAME search_complex128
#include "search.inc"

void da__search(da_dtype dtype, bool right, int64_t n, const void *sorted, int64_t count,
                const void *value, int64_t base, int64_t *out)
{
    typedef void (*search)(bool right, int64_t n, const void *sorted, int64_t count,
                           const void *value, int64_t base, int64_t *out);
    static const search table[DA_NDTYPES] = {
        [DA_BOOL] = search_uint8,           [DA_INT8] = search_int8,
        [DA_INT16] = search_int16,          [DA_INT32] = search_int32,
        [DA_INT64] = search_int64,          [DA_UINT8] = search_uint8,
        [DA_UINT16] = search_uint16,        [DA_UINT32] = search_uint32,
        [DA_UINT64] = search_uint64,        [DA_FLOAT32] = search_float32,
        [DA_FLOAT64] = search_float64,      [DA_COMPLEX64] = search_complex64,
        [DA_COMPLEX128] = search_complex128};
    table[dtype](right, n, sorted, count, value, base, out);
}
