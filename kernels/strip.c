/* Finds the strip loop of an operator, and runs one. */
#include "vector.h"

static da__strip_fn *const *const strips[DA_NDTYPES][DA__NISAS] = {
    [DA_BOOL] = DA__VARIANTS(da__strips_bool8),
    [DA_INT8] = DA__VARIANTS(da__strips_int8),
    [DA_INT16] = DA__VARIANTS(da__strips_int16),
    [DA_INT32] = DA__VARIANTS(da__strips_int32),
    [DA_INT64] = DA__VARIANTS(da__strips_int64),
    [DA_UINT8] = DA__VARIANTS(da__strips_uint8),
    [DA_UINT16] = DA__VARIANTS(da__strips_uint16),
    [DA_UINT32] = DA__VARIANTS(da__strips_uint32),
    [DA_UINT64] = DA__VARIANTS(da__strips_uint64),
    [DA_FLOAT32] = DA__VARIANTS(da__strips_float32),
    [DA_FLOAT64] = DA__VARIANTS(da__strips_float64),
    [DA_COMPLEX64] = {da__strips_complex64, da__strips_complex64, da__strips_complex64},
    [DA_COMPLEX128] = {da__strips_complex128, da__strips_complex128, da__strips_complex128},
};
static da__strip_fn *const *const *const casts[DA__NISAS] = DA__VARIANTS(da__casts);

static const struct da__vector *const vectors[2][DA__NISAS] = {
    DA__VARIANTS(da__vectors_float32),
    DA__VARIANTS(da__vectors_float64),
};
static da__strip_fn *const *const vectors_complex[2][DA__NISAS] = {
    DA__VARIANTS(da__vectors_complex64),
    DA__VARIANTS(da__vectors_complex128),
};

static da__strip_fn *find_vector_strip(enum da__isa isa, enum da__op_id op, da_dtype compute)
{
    if (compute == DA_COMPLEX64 || compute == DA_COMPLEX128)
        return vectors_complex[compute == DA_COMPLEX128][isa][op];
    const struct da__vector *v = da__vector_find_for(isa, op, compute);
    return v ? v->strip : NULL;
}

const struct da__vector *da__vector_find_for(enum da__isa isa, enum da__op_id op, da_dtype compute)
{
    if (compute != DA_FLOAT32 && compute != DA_FLOAT64)
        return NULL;
    const struct da__vector *v = &vectors[compute == DA_FLOAT64][isa][op];
    return v->strip ? v : NULL;
}

double da__vector_ulps(enum da__op_id op, da_dtype compute)
{
    static const double bound[DA__NELEMENTWISE][DA_NDTYPES] = {
#define DA__VECTOR(ID, name, NIN, BOUND32, BOUND64)                                                \
    [DA__OP_##ID][DA_FLOAT32] = BOUND32, [DA__OP_##ID][DA_FLOAT64] = BOUND64,
#define DA__VECTOR_COMPLEX(ID, name, BOUND64, BOUND128)                                            \
    [DA__OP_##ID][DA_COMPLEX64] = BOUND64, [DA__OP_##ID][DA_COMPLEX128] = BOUND128,
#include "vectors.def"
#include "vectors_complex.def"
#undef DA__VECTOR
#undef DA__VECTOR_COMPLEX
    };
    return find_vector_strip(DA__BASELINE, op, compute) ? bound[op][compute] : 0;
}

static da__strip_fn *const *const randoms[DA__NISAS] = DA__VARIANTS(da__strips_random);

da__strip_fn *da__cast_find(da_dtype from, da_dtype to)
{
    return casts[da__isa_best()][from][to];
}

da__strip_fn *da__strip_find_for(enum da__isa isa, enum da__op_id op, da_dtype compute,
                                 da_dtype result)
{
    if (da__op_info(op)->rule == DA__RULE_CAST)
        return casts[isa][compute][result];
    if (op == DA__OP_RANDOM_PERMUTE)
        return da__strip_permute;
    if (da__op_info(op)->rule >= DA__RULE_DRAW_INT64)
        return randoms[isa][op];
    da__strip_fn *vector = find_vector_strip(isa, op, compute);
    return vector ? vector : strips[compute][isa][op];
}

da__strip_fn *da__strip_find(enum da__op_id op, da_dtype compute, da_dtype result)
{
    return da__strip_find_for(da__isa_best(), op, compute, result);
}

void da__strip(enum da__op_id op, da_dtype compute, da_dtype result, int64_t n, void *out,
               const void *const *in, unsigned scalars)
{
    da__strip_find(op, compute, result)(n, out, in, scalars);
}
