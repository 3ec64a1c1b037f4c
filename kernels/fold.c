/* Finds a reduction, and the reductions' public face: states of partial results. */
#include "fold.h"

static const struct da__fold *const *const folds[DA_NDTYPES][DA__NISAS] = {
    [DA_BOOL] = DA__VARIANTS(da__folds_bool8),
    [DA_INT8] = DA__VARIANTS(da__folds_int8),
    [DA_INT16] = DA__VARIANTS(da__folds_int16),
    [DA_INT32] = DA__VARIANTS(da__folds_int32),
    [DA_INT64] = DA__VARIANTS(da__folds_int64),
    [DA_UINT8] = DA__VARIANTS(da__folds_uint8),
    [DA_UINT16] = DA__VARIANTS(da__folds_uint16),
    [DA_UINT32] = DA__VARIANTS(da__folds_uint32),
    [DA_UINT64] = DA__VARIANTS(da__folds_uint64),
    [DA_FLOAT32] = DA__VARIANTS(da__folds_float32),
    [DA_FLOAT64] = DA__VARIANTS(da__folds_float64),
    [DA_COMPLEX64] = {da__folds_complex64, da__folds_complex64, da__folds_complex64},
    [DA_COMPLEX128] = {da__folds_complex128, da__folds_complex128, da__folds_complex128},
};

const struct da__fold *da__fold_find_for(enum da__isa isa, enum da__red_id red, da_dtype compute)
{
    return folds[compute][isa][red];
}

const struct da__fold *da__fold_find(enum da__red_id red, da_dtype compute)
{
    return da__fold_find_for(da__isa_best(), red, compute);
}

da__fold_together *da__fold_together_find_for(enum da__isa isa, da_dtype compute)
{
    static da__fold_together *const loops[DA_NDTYPES][DA__NISAS] = {
        [DA_FLOAT32] = DA__VARIANTS(da__fold_together_float32),
        [DA_FLOAT64] = DA__VARIANTS(da__fold_together_float64),
    };
    return loops[compute][isa];
}

da__fold_together *da__fold_together_find(da_dtype compute)
{
    return da__fold_together_find_for(da__isa_best(), compute);
}

void **da__fold_together_place(struct da__fold_states *to, enum da__red_id red)
{
    switch (red) {
    case DA__RED_SUM:
    case DA__RED_MEAN:
        return &to->sum;
    case DA__RED_VAR:
    case DA__RED_STD:
        return &to->spread;
    case DA__RED_MIN:
        return &to->low;
    case DA__RED_MAX:
        return &to->high;
    default:
        return NULL;
    }
}

size_t da__red_state_nbytes(enum da__red_id red, da_dtype compute)
{
    return da__fold_find(red, compute)->state_nbytes;
}

void da__red_zero(enum da__red_id red, da_dtype compute, int64_t n, void *state)
{
    da__fold_find(red, compute)->zero(n, state);
}

void da__red_join(enum da__red_id red, da_dtype compute, int64_t n, void *into, const void *from)
{
    da__fold_find(red, compute)->join(n, into, from);
}

/* The end comes in the reduction's natural dtype, piece by piece, and is cast. */
void da__red_end(enum da__red_id red, da_dtype compute, da_dtype result, int64_t n,
                 const void *state, int64_t count, double correction, void *out)
{
    enum { PIECE = 64 };
    const struct da__fold *fold = da__fold_find(red, compute);
    da__strip_fn *cast = da__cast_find(fold->end_dtype, result);
    size_t out_nbytes = da__dtype_nbytes(result);
    struct da__pair64 natural[PIECE];
    const void *in = natural;
    for (int64_t at = 0; at < n; at += PIECE) {
        int64_t m = n - at < PIECE ? n - at : PIECE;
        fold->end(m, (const char *)state + (size_t)at * fold->state_nbytes, count, correction,
                  natural);
        cast(m, (char *)out + (size_t)at * out_nbytes, &in, 0);
    }
}
