/* Running sums and products along lines. Integers wrap in 64 bits whatever is stored of them; float32 goes on in double. */
#include "da_kernels.h"

#include <complex.h>
#include <string.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* CHAINS: an addition takes four cycles, and a new one can begin in each. */
enum { SIDE_BY_SIDE = 512, CHAINS = 4 };

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

typedef void scan_fn(bool product, bool store, const struct da__scan_lines *l, void *state,
                     bool begun);

/* By the textbook, as NumPy multiplies; C's own way recovers infinities where NumPy has NaN. */
static inline double complex complex_product(double complex a, double complex b)
{
    double x = creal(a), y = cimag(a), u = creal(b), v = cimag(b);
    return CMPLX(x * u - y * v, x * v + y * u);
}

#define PLAIN_ADD(a, b) ((a) + (b))
#define PLAIN_MULTIPLY(a, b) ((a) * (b))

#define ADD PLAIN_ADD
#define MULTIPLY PLAIN_MULTIPLY
#define STATE uint64_t
/* clang-format off */
#define T uint8_t
#define R int64_t
#define FN(name) name##_bool_int64
#include "scan.inc"
#undef FN
#undef R
#define R uint64_t
#define FN(name) name##_uint8_uint64
#include "scan.inc"
#undef FN
#undef R
#define R uint8_t
#define FN(name) name##_uint8_uint8
#include "scan.inc"
#undef FN
#undef R
#undef T

#define T int8_t
#define R int64_t
#define FN(name) name##_int8_int64
#include "scan.inc"
#undef FN
#undef R
#define R int8_t
#define FN(name) name##_int8_int8
#include "scan.inc"
#undef FN
#undef R
#undef T

#define T int16_t
#define R int64_t
#define FN(name) name##_int16_int64
#include "scan.inc"
#undef FN
#undef R
#define R int16_t
#define FN(name) name##_int16_int16
#include "scan.inc"
#undef FN
#undef R
#undef T

#define T uint16_t
#define R uint64_t
#define FN(name) name##_uint16_uint64
#include "scan.inc"
#undef FN
#undef R
#define R uint16_t
#define FN(name) name##_uint16_uint16
#include "scan.inc"
#undef FN
#undef R
#undef T

#define T int32_t
#define R int64_t
#define FN(name) name##_int32_int64
#include "scan.inc"
#undef FN
#undef R
#define R int32_t
#define FN(name) name##_int32_int32
#include "scan.inc"
#undef FN
#undef R
#undef T

#define T uint32_t
#define R uint64_t
#define FN(name) name##_uint32_uint64
#include "scan.inc"
#undef FN
#undef R
#define R uint32_t
#define FN(name) name##_uint32_uint32
#include "scan.inc"
#undef FN
#undef R
#undef T

#define T int64_t
#define R int64_t
#define FN(name) name##_int64_int64
#include "scan.inc"
#undef FN
#undef R
#undef T

#define T uint64_t
#define R uint64_t
#define FN(name) name##_uint64_uint64
#include "scan.inc"
#undef FN
#undef R
#undef T
#undef STATE

#define STATE double
#define T float
#define R float
#define FN(name) name##_float32_float32
#include "scan.inc"
#undef FN
#undef R
#undef T
#define T double
#define R double
#define FN(name) name##_float64_float64
#include "scan.inc"
#undef FN
#undef R
#undef T
#undef STATE
#undef MULTIPLY

#define STATE double complex
#define MULTIPLY complex_product
#define T float complex
#define R float complex
#define FN(name) name##_complex64_complex64
#include "scan.inc"
#undef FN
#undef R
#undef T
#define T double complex
#define R double complex
#define FN(name) name##_complex128_complex128
#include "scan.inc"
#undef FN
#undef R
#undef T
/* clang-format on */

/* Per dtype: into itself, and into its da__scan_result. */
static const struct {
    scan_fn *same, *wide;
} table[] = {
    [DA_BOOL] = {NULL, scan_bool_int64},
    [DA_INT8] = {scan_int8_int8, scan_int8_int64},
    [DA_INT16] = {scan_int16_int16, scan_int16_int64},
    [DA_INT32] = {scan_int32_int32, scan_int32_int64},
    [DA_INT64] = {scan_int64_int64, scan_int64_int64},
    [DA_UINT8] = {scan_uint8_uint8, scan_uint8_uint64},
    [DA_UINT16] = {scan_uint16_uint16, scan_uint16_uint64},
    [DA_UINT32] = {scan_uint32_uint32, scan_uint32_uint64},
    [DA_UINT64] = {scan_uint64_uint64, scan_uint64_uint64},
    [DA_FLOAT32] = {scan_float32_float32, scan_float32_float32},
    [DA_FLOAT64] = {scan_float64_float64, scan_float64_float64},
    [DA_COMPLEX64] = {scan_complex64_complex64, scan_complex64_complex64},
    [DA_COMPLEX128] = {scan_complex128_complex128, scan_complex128_complex128},
};

da_dtype da__scan_result(da_dtype from)
{
    char kind = da__dtype(from)->kind;
    if (kind == 'b' || kind == 'i')
        return DA_INT64;
    return kind == 'u' ? DA_UINT64 : from;
}

size_t da__scan_state_nbytes(da_dtype result)
{
    return da__dtype(result)->kind == 'c' ? sizeof(double complex) : sizeof(double);
}

static scan_fn *find(da_dtype from, da_dtype result)
{
    return from == result ? table[from].same : table[from].wide;
}

void da__scan_total(bool product, da_dtype from, da_dtype result, const struct da__scan_lines *l,
                    void *state, bool begun)
{
    find(from, result)(product, false, l, state, begun);
}

void da__scan_run(bool product, da_dtype from, da_dtype result, const struct da__scan_lines *l,
                  void *state, bool begun)
{
    find(from, result)(product, true, l, state, begun);
}

/* A line of one state each: what is read, and stored nowhere. */
void da__scan_join(bool product, da_dtype result, int64_t nlines, void *into, const void *from)
{
    int64_t nbytes = (int64_t)da__scan_state_nbytes(result);
    struct da__scan_lines l = {
        .n = 1, .nlines = nlines, .in = from, .in_step = nbytes, .in_line = nbytes};
    char kind = da__dtype(result)->kind;
    scan_fn *states = kind == 'c'   ? scan_complex128_complex128
                      : kind == 'f' ? scan_float64_float64
                                    : scan_uint64_uint64;
    states(product, false, &l, into, true);
}

void da__scan_identity(bool product, da_dtype result, void *out)
{
    struct da__scalar one = {.kind = DA__SCALAR_BOOL, .i = product, .re = product};
    da__scalar_store(&one, result, out);
}
