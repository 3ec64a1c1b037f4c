/* Which operators may be part of a compiled chain. */
#include "da_compiled.h"
#include "vector.h"

#include <string.h>

/* Per operator the kinds of computing dtypes whose value kernels/compiled/ writes as vector instructions; operators with vector
 * mathematics are called. */
static const char *const kinds[DA__NELEMENTWISE] = {
    [DA__OP_ADD] = "biufc",
    [DA__OP_SUBTRACT] = "iufc",
    [DA__OP_MULTIPLY] = "biufc",
    [DA__OP_DIVIDE] = "fc",
    [DA__OP_NEGATIVE] = "iufc",
    [DA__OP_POSITIVE] = "iufc",
    [DA__OP_ABS] = "biuf",
    [DA__OP_SIGN] = "iufc",
    [DA__OP_SQUARE] = "iufc",
    [DA__OP_RECIPROCAL] = "iufc",
    [DA__OP_MAXIMUM] = "biufc",
    [DA__OP_MINIMUM] = "biufc",
    [DA__OP_CLIP] = "iufc",
    [DA__OP_COPYSIGN] = "f",
    [DA__OP_SQRT] = "f",
    [DA__OP_DEG2RAD] = "f",
    [DA__OP_RAD2DEG] = "f",
    [DA__OP_FLOOR] = "iuf",
    [DA__OP_CEIL] = "iuf",
    [DA__OP_TRUNC] = "iuf",
    [DA__OP_ROUND] = "iufc",
    [DA__OP_REAL] = "biufc",
    [DA__OP_IMAG] = "biufc",
    [DA__OP_CONJ] = "iufc",
    [DA__OP_EQUAL] = "biufc",
    [DA__OP_NOT_EQUAL] = "biufc",
    [DA__OP_LESS] = "biufc",
    [DA__OP_LESS_EQUAL] = "biufc",
    [DA__OP_GREATER] = "biufc",
    [DA__OP_GREATER_EQUAL] = "biufc",
    [DA__OP_ISNAN] = "biufc",
    [DA__OP_ISINF] = "biufc",
    [DA__OP_ISFINITE] = "biufc",
    [DA__OP_SIGNBIT] = "biuf",
    [DA__OP_LOGICAL_AND] = "biufc",
    [DA__OP_LOGICAL_OR] = "biufc",
    [DA__OP_LOGICAL_XOR] = "biufc",
    [DA__OP_LOGICAL_NOT] = "biufc",
    [DA__OP_BITWISE_AND] = "biu",
    [DA__OP_BITWISE_OR] = "biu",
    [DA__OP_BITWISE_XOR] = "biu",
    [DA__OP_BITWISE_INVERT] = "biu",
    [DA__OP_BITWISE_LEFT_SHIFT] = "iu",
    [DA__OP_BITWISE_RIGHT_SHIFT] = "iu",
    [DA__OP_WHERE] = "biufc",
    [DA__OP_ASTYPE] = "biufc",
};

bool da__op_compiles(enum da__op_id op, da_dtype compute)
{
    if (da__op_is_user((int)op))
        return false;
    if (da__vector_find_for(DA__BASELINE, op, compute) != NULL)
        return true;
    return kinds[op] != NULL && strchr(kinds[op], da__dtype(compute)->kind) != NULL;
}

da__block_fn *da__block_find(unsigned vector_nbytes, enum da__op_id op, da_dtype compute)
{
    enum da__isa isa = vector_nbytes == 64   ? DA__AVX512
                       : vector_nbytes == 32 ? DA__AVX2
                                             : DA__BASELINE;
    const struct da__vector *v = da__vector_find_for(isa, op, compute);
    return v != NULL ? v->block : NULL;
}
