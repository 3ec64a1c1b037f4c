/* The 13 x 13 casts as vector instructions: what kernels/cast.c does, which is what x86-64's scalar instructions and NumPy do. */
#include "emit.h"

static LLVMTypeRef integers(struct emit *e, unsigned bits)
{
    return vector_of(e, LLVMIntTypeInContext(e->context, bits));
}

/* Toward zero; where x is outside (above, below) or NaN the most negative number. */
static LLVMValueRef truncated(struct emit *e, LLVMValueRef x, unsigned bits)
{
    double low = bits == 32 ? -2147483649.0 : -9223372036854775808.0;
    double high = bits == 32 ? 2147483648.0 : 9223372036854775808.0;
    LLVMValueRef above =
        LLVMBuildFCmp(e->b, bits == 32 ? LLVMRealOGT : LLVMRealOGE, x, real(e, x, low), "");
    LLVMValueRef below = LLVMBuildFCmp(e->b, LLVMRealOLT, x, real(e, x, high), "");
    LLVMValueRef whole_x = LLVMBuildFPToSI(e->b, x, integers(e, bits), "");
    LLVMValueRef least = whole(e, whole_x, bits == 32 ? INT32_MIN : INT64_MIN);
    return LLVMBuildSelect(e->b, LLVMBuildAnd(e->b, above, below, ""), whole_x, least, "");
}

/* To uint64: numbers from 2^63 on less 2^63, whose bit is put back. */
static LLVMValueRef truncated_unsigned(struct emit *e, LLVMValueRef x)
{
    LLVMValueRef half = real(e, x, 9223372036854775808.0);
    LLVMValueRef large = LLVMBuildFCmp(e->b, LLVMRealOGE, x, half, "");
    LLVMValueRef rest = truncated(e, LLVMBuildFSub(e->b, x, half, ""), 64);
    rest = LLVMBuildXor(e->b, rest, whole(e, rest, INT64_MIN), "");
    return LLVMBuildSelect(e->b, large, rest, truncated(e, x, 64), "");
}

static LLVMValueRef float_to_integer(struct emit *e, LLVMValueRef x, unsigned to)
{
    LLVMTypeRef f64 = vector_of(e, LLVMDoubleTypeInContext(e->context));
    unsigned bits = 8 * nbytes_of(to);
    if (LLVMTypeOf(x) != f64)
        x = LLVMBuildFPExt(e->b, x, f64, "");
    if (to == DA_UINT64)
        return truncated_unsigned(e, x);
    LLVMValueRef whole_x = truncated(e, x, to == DA_UINT32 || to == DA_INT64 ? 64 : 32);
    if (LLVMTypeOf(whole_x) == integers(e, bits))
        return whole_x;
    return LLVMBuildTrunc(e->b, whole_x, integers(e, bits), "");
}

static LLVMValueRef not_zero(struct emit *e, LLVMValueRef x, char kind)
{
    if (kind == 'f')
        return LLVMBuildFCmp(e->b, LLVMRealUNE, x, real(e, x, 0), "");
    return LLVMBuildICmp(e->b, LLVMIntNE, x, whole(e, x, 0), "");
}

/* One real vector to another; `from` is a real dtype or the real type of a complex one. */
static LLVMValueRef cast_real(struct emit *e, char from, LLVMValueRef x, unsigned to)
{
    LLVMTypeRef type = vector_of(e, element_type(e, to));
    char kind = kind_of(to) == 'c' ? 'f' : kind_of(to);
    if (kind == 'b')
        return from == 'b' ? x : not_zero(e, x, from);
    if (LLVMTypeOf(x) == type)
        return x;
    if (from == 'f')
        return kind == 'f' ? LLVMBuildFPCast(e->b, x, type, "") : float_to_integer(e, x, to);
    if (kind == 'f')
        return from == 'i' ? LLVMBuildSIToFP(e->b, x, type, "")
                           : LLVMBuildUIToFP(e->b, x, type, "");
    return LLVMBuildIntCast2(e->b, x, type, from == 'i', "");
}

struct value emit_cast(struct emit *e, unsigned from, unsigned to, struct value x)
{
    char kind = kind_of(from) == 'c' ? 'f' : kind_of(from);
    struct value v = {cast_real(e, kind, x.re, to), NULL};
    if (x.im != NULL && to == DA_BOOL)
        v.re = LLVMBuildOr(e->b, v.re, not_zero(e, x.im, 'f'), "");
    if (kind_of(to) == 'c')
        v.im = x.im != NULL ? cast_real(e, 'f', x.im, to) : real(e, v.re, 0);
    return v;
}
