/* Vector mathematics in a chain: calls of the functions that the strip loops have, on as many elements as they take. */
#include "emit.h"

#include <stdint.h>

static const uint8_t inputs[DA__NELEMENTWISE] = {
#define DA__VECTOR(ID, name, NIN, BOUND32, BOUND64) [DA__OP_##ID] = NIN,
#include "../vectors.def"
#undef DA__VECTOR
};

struct blocks {
    struct emit *e;
    LLVMTypeRef type, fn_type; /* of a block's vector, of the function */
    LLVMValueRef fn;
    unsigned lanes;
};

static void open_blocks(struct blocks *k, struct emit *e, da__block_fn *fn, enum da__op_id op,
                        unsigned dtype)
{
    k->e = e;
    k->lanes = e->block_nbytes / nbytes_of(dtype);
    k->type = LLVMVectorType(element_type(e, dtype), k->lanes);
    k->fn_type = LLVMFunctionType(k->type, (LLVMTypeRef[]){k->type, k->type}, inputs[op], 0);
    LLVMTypeRef i64 = LLVMInt64TypeInContext(e->context);
    k->fn = LLVMConstIntToPtr(LLVMConstInt(i64, (unsigned long long)(uintptr_t)fn, 0),
                              LLVMPointerTypeInContext(e->context, 0));
}

/* A vector of `count` elements, the i-th one being element at[i] of a and, behind it, b. */
static LLVMValueRef pick(const struct blocks *k, LLVMValueRef a, LLVMValueRef b, const unsigned *at,
                         unsigned count)
{
    LLVMTypeRef i32 = LLVMInt32TypeInContext(k->e->context);
    LLVMValueRef place[DA__CHAIN_NBYTES];
    for (unsigned i = 0; i < count; i++)
        place[i] = LLVMConstInt(i32, at[i], 0);
    return LLVMBuildShuffleVector(k->e->b, a, b, LLVMConstVector(place, count), "");
}

/* The elements from `first` on; beyond the end they begin anew, so that all lanes have values like the others. */
static LLVMValueRef take(const struct blocks *k, LLVMValueRef x, unsigned first)
{
    unsigned at[DA__CHAIN_NBYTES];
    for (unsigned i = 0; i < k->lanes; i++)
        at[i] = (first + i) % k->e->width;
    return pick(k, x, LLVMGetPoison(LLVMTypeOf(x)), at, k->lanes);
}

/* `x` with a block's elements from `first` on. */
static LLVMValueRef put(const struct blocks *k, LLVMValueRef x, LLVMValueRef block, unsigned first)
{
    unsigned at[DA__CHAIN_NBYTES], width = k->e->width;
    for (unsigned i = 0; i < width; i++)
        at[i] = i % k->lanes;
    LLVMValueRef wide = pick(k, block, LLVMGetPoison(k->type), at, width);
    for (unsigned i = 0; i < width; i++)
        at[i] = i >= first && i < first + k->lanes ? width + i - first : i;
    return pick(k, x, wide, at, width);
}

struct value emit_block(struct emit *e, enum da__op_id op, unsigned dtype, const struct value *x)
{
    struct blocks k;
    da__block_fn *fn = e->find != NULL ? e->find(e->block_nbytes, op, (da_dtype)dtype) : NULL;
    if (fn == NULL)
        return (struct value){NULL, NULL};
    open_blocks(&k, e, fn, op, dtype);
    LLVMValueRef result = LLVMGetPoison(LLVMTypeOf(x[0].re));
    for (unsigned i = 0; i < e->width; i += k.lanes) {
        LLVMValueRef arg[2] = {take(&k, x[0].re, i)};
        if (inputs[op] > 1)
            arg[1] = take(&k, x[1].re, i);
        LLVMValueRef block = LLVMBuildCall2(e->b, k.fn_type, k.fn, arg, inputs[op], "");
        result = put(&k, result, block, i);
    }
    return (struct value){result, NULL};
}
