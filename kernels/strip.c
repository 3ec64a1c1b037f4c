/* Finds the strip loop of an operator, and runs one. */
#include "strips.h"

static da__strip_fn *const *const baseline[DA_NDTYPES] = {
    [DA_BOOL] = da__strips_bool8,
    [DA_INT8] = da__strips_int8,
    [DA_INT16] = da__strips_int16,
    [DA_INT32] = da__strips_int32,
    [DA_INT64] = da__strips_int64,
    [DA_UINT8] = da__strips_uint8,
    [DA_UINT16] = da__strips_uint16,
    [DA_UINT32] = da__strips_uint32,
    [DA_UINT64] = da__strips_uint64,
    [DA_FLOAT32] = da__strips_float32,
    [DA_FLOAT64] = da__strips_float64,
    [DA_COMPLEX64] = da__strips_complex64,
    [DA_COMPLEX128] = da__strips_complex128,
};
#ifdef DA__HAVE_AVX2
static da__strip_fn *const *const avx2[DA_NDTYPES] = {
    [DA_BOOL] = da__strips_bool8_avx2,       [DA_INT8] = da__strips_int8_avx2,
    [DA_INT16] = da__strips_int16_avx2,      [DA_INT32] = da__strips_int32_avx2,
    [DA_INT64] = da__strips_int64_avx2,      [DA_UINT8] = da__strips_uint8_avx2,
    [DA_UINT16] = da__strips_uint16_avx2,    [DA_UINT32] = da__strips_uint32_avx2,
    [DA_UINT64] = da__strips_uint64_avx2,    [DA_FLOAT32] = da__strips_float32_avx2,
    [DA_FLOAT64] = da__strips_float64_avx2,  [DA_COMPLEX64] = da__strips_complex64,
    [DA_COMPLEX128] = da__strips_complex128,
};
#else
#define avx2 baseline
#endif

/* Random numbers have loops of their own, on runs of indices. */
static da__strip_fn *random_find(enum da__op_id op)
{
    if (op == DA__OP_RANDOM_PERMUTE)
        return da__strip_permute;
#ifdef DA__HAVE_AVX2
    if (da__has_avx512())
        return da__strips_random_avx512[op];
    if (da__has_avx2())
        return da__strips_random_avx2[op];
#endif
    return da__strips_random[op];
}

da__strip_fn *da__cast_find(da_dtype from, da_dtype to)
{
#ifdef DA__HAVE_AVX2
    if (da__has_avx2())
        return da__casts_avx2[from][to];
#endif
    return da__casts[from][to];
}

da__strip_fn *da__strip_find(enum da__op_id op, da_dtype compute, da_dtype result)
{
    if (da__op_info(op)->rule == DA__RULE_CAST)
        return da__cast_find(compute, result);
    if (da__op_info(op)->rule >= DA__RULE_DRAW_INT64)
        return random_find(op);
    return (da__has_avx2() ? avx2 : baseline)[compute][op];
}

void da__strip(enum da__op_id op, da_dtype compute, da_dtype result, int64_t n, void *out,
               const void *const *in, unsigned scalars)
{
    da__strip_find(op, compute, result)(n, out, in, scalars);
}
