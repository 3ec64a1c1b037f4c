/* Operators on bools, integers and floats as vector instructions: the values of ops.def and kernels/value_*.inc, with choices
 * (select) in place of branches. */
#include "emit.h"

#include <float.h>

#define PI 3.14159265358979323846

static struct value only(LLVMValueRef x)
{
    return (struct value){x, NULL};
}

static LLVMValueRef choose(struct emit *e, LLVMValueRef condition, LLVMValueRef yes,
                           LLVMValueRef no)
{
    return LLVMBuildSelect(e->b, condition, yes, no, "");
}

/* ---- bools ---- */

struct value emit_bool(struct emit *e, enum da__op_id op, const struct value *x)
{
    LLVMValueRef a = x[0].re, b = x[1].re;
    switch (op) {
    case DA__OP_ADD:
    case DA__OP_MAXIMUM:
    case DA__OP_LOGICAL_OR:
    case DA__OP_BITWISE_OR:
        return only(LLVMBuildOr(e->b, a, b, ""));
    case DA__OP_MULTIPLY:
    case DA__OP_MINIMUM:
    case DA__OP_LOGICAL_AND:
    case DA__OP_BITWISE_AND:
        return only(LLVMBuildAnd(e->b, a, b, ""));
    case DA__OP_NOT_EQUAL:
    case DA__OP_LOGICAL_XOR:
    case DA__OP_BITWISE_XOR:
        return only(LLVMBuildXor(e->b, a, b, ""));
    case DA__OP_EQUAL:
        return only(LLVMBuildNot(e->b, LLVMBuildXor(e->b, a, b, ""), ""));
    case DA__OP_LESS:
        return only(LLVMBuildAnd(e->b, LLVMBuildNot(e->b, a, ""), b, ""));
    case DA__OP_LESS_EQUAL:
        return only(LLVMBuildOr(e->b, LLVMBuildNot(e->b, a, ""), b, ""));
    case DA__OP_GREATER:
        return only(LLVMBuildAnd(e->b, a, LLVMBuildNot(e->b, b, ""), ""));
    case DA__OP_GREATER_EQUAL:
        return only(LLVMBuildOr(e->b, a, LLVMBuildNot(e->b, b, ""), ""));
    case DA__OP_LOGICAL_NOT:
    case DA__OP_BITWISE_INVERT:
        return only(LLVMBuildNot(e->b, a, ""));
    case DA__OP_IMAG:
    case DA__OP_ISNAN:
    case DA__OP_ISINF:
    case DA__OP_SIGNBIT:
        return only(truth(e, false));
    case DA__OP_ISFINITE:
        return only(truth(e, true));
    case DA__OP_WHERE:
        return only(choose(e, a, b, x[2].re));
    default: /* abs, real */
        return x[0];
    }
}

/* ---- integers ---- */

struct integers {
    LLVMIntPredicate less, less_equal, greater, greater_equal;
    bool is_signed;
    unsigned bits;
};

static LLVMValueRef shift(struct emit *e, const struct integers *t, bool left, LLVMValueRef a,
                          LLVMValueRef b)
{
    LLVMValueRef zero = whole(e, a, 0);
    LLVMValueRef within = LLVMBuildICmp(e->b, LLVMIntULT, b, whole(e, a, t->bits), "");
    if (left)
        return choose(e, within, LLVMBuildShl(e->b, a, b, ""), zero);
    if (!t->is_signed)
        return choose(e, within, LLVMBuildLShr(e->b, a, b, ""), zero);
    LLVMValueRef sign = LLVMBuildAShr(e->b, a, whole(e, a, t->bits - 1), "");
    return choose(e, within, LLVMBuildAShr(e->b, a, b, ""), sign);
}

static LLVMValueRef sign_of(struct emit *e, const struct integers *t, LLVMValueRef a)
{
    LLVMValueRef zero = whole(e, a, 0);
    LLVMTypeRef type = LLVMTypeOf(a);
    LLVMValueRef above =
        LLVMBuildZExt(e->b, LLVMBuildICmp(e->b, t->greater, a, zero, ""), type, "");
    if (!t->is_signed)
        return above;
    LLVMValueRef below = LLVMBuildZExt(e->b, LLVMBuildICmp(e->b, t->less, a, zero, ""), type, "");
    return LLVMBuildSub(e->b, above, below, "");
}

static LLVMValueRef int_reciprocal(struct emit *e, unsigned dtype, struct value a)
{
    struct value x = emit_cast(e, dtype, DA_FLOAT64, a);
    x.re = LLVMBuildFDiv(e->b, real(e, x.re, 1), x.re, "");
    return emit_cast(e, DA_FLOAT64, dtype, x).re;
}

static LLVMValueRef pick(struct emit *e, LLVMIntPredicate p, LLVMValueRef a, LLVMValueRef b)
{
    return choose(e, LLVMBuildICmp(e->b, p, a, b, ""), a, b);
}

/* Those whose result is a truth value; NULL: another one. */
static LLVMValueRef int_truth(struct emit *e, enum da__op_id op, const struct integers *t,
                              LLVMValueRef a, LLVMValueRef b)
{
    LLVMValueRef zero = whole(e, a, 0);
    switch (op) {
    case DA__OP_EQUAL:
        return LLVMBuildICmp(e->b, LLVMIntEQ, a, b, "");
    case DA__OP_NOT_EQUAL:
        return LLVMBuildICmp(e->b, LLVMIntNE, a, b, "");
    case DA__OP_LESS:
        return LLVMBuildICmp(e->b, t->less, a, b, "");
    case DA__OP_LESS_EQUAL:
        return LLVMBuildICmp(e->b, t->less_equal, a, b, "");
    case DA__OP_GREATER:
        return LLVMBuildICmp(e->b, t->greater, a, b, "");
    case DA__OP_GREATER_EQUAL:
        return LLVMBuildICmp(e->b, t->greater_equal, a, b, "");
    case DA__OP_SIGNBIT:
        return LLVMBuildICmp(e->b, t->less, a, zero, "");
    case DA__OP_LOGICAL_NOT:
        return LLVMBuildICmp(e->b, LLVMIntEQ, a, zero, "");
    case DA__OP_ISNAN:
    case DA__OP_ISINF:
        return truth(e, false);
    case DA__OP_ISFINITE:
        return truth(e, true);
    default:
        return NULL;
    }
}

/* Logic on any numbers; NULL: another operator. */
static LLVMValueRef logic(struct emit *e, enum da__op_id op, LLVMValueRef a, LLVMValueRef b)
{
    switch (op) {
    case DA__OP_LOGICAL_AND:
        return LLVMBuildAnd(e->b, a, b, "");
    case DA__OP_LOGICAL_OR:
        return LLVMBuildOr(e->b, a, b, "");
    case DA__OP_LOGICAL_XOR:
        return LLVMBuildXor(e->b, a, b, "");
    default:
        return NULL;
    }
}

static bool is_logic(enum da__op_id op)
{
    return op == DA__OP_LOGICAL_AND || op == DA__OP_LOGICAL_OR || op == DA__OP_LOGICAL_XOR;
}

static LLVMValueRef int_value(struct emit *e, enum da__op_id op, const struct integers *t,
                              const struct value *x)
{
    LLVMValueRef a = x[0].re, b = x[1].re;
    switch (op) {
    case DA__OP_ADD:
        return LLVMBuildAdd(e->b, a, b, "");
    case DA__OP_SUBTRACT:
        return LLVMBuildSub(e->b, a, b, "");
    case DA__OP_MULTIPLY:
        return LLVMBuildMul(e->b, a, b, "");
    case DA__OP_SQUARE:
        return LLVMBuildMul(e->b, a, a, "");
    case DA__OP_NEGATIVE:
        return LLVMBuildNeg(e->b, a, "");
    case DA__OP_ABS:
        return t->is_signed ? choose(e, LLVMBuildICmp(e->b, t->less, a, whole(e, a, 0), ""),
                                     LLVMBuildNeg(e->b, a, ""), a)
                            : a;
    case DA__OP_SIGN:
        return sign_of(e, t, a);
    case DA__OP_MAXIMUM:
        return pick(e, t->greater, a, b);
    case DA__OP_MINIMUM:
        return pick(e, t->less, a, b);
    case DA__OP_CLIP:
        return pick(e, t->less, pick(e, t->greater, a, b), x[2].re);
    case DA__OP_IMAG:
        return whole(e, a, 0);
    case DA__OP_BITWISE_AND:
        return LLVMBuildAnd(e->b, a, b, "");
    case DA__OP_BITWISE_OR:
        return LLVMBuildOr(e->b, a, b, "");
    case DA__OP_BITWISE_XOR:
        return LLVMBuildXor(e->b, a, b, "");
    case DA__OP_BITWISE_INVERT:
        return LLVMBuildNot(e->b, a, "");
    case DA__OP_BITWISE_LEFT_SHIFT:
    case DA__OP_BITWISE_RIGHT_SHIFT:
        return shift(e, t, op == DA__OP_BITWISE_LEFT_SHIFT, a, b);
    case DA__OP_WHERE:
        return choose(e, a, b, x[2].re);
    default: /* positive, floor, ceil, trunc, round, real, conj */
        return a;
    }
}

struct value emit_int(struct emit *e, enum da__op_id op, unsigned dtype, const struct value *x)
{
    static const struct integers kinds[2] = {
        {LLVMIntULT, LLVMIntULE, LLVMIntUGT, LLVMIntUGE, false, 0},
        {LLVMIntSLT, LLVMIntSLE, LLVMIntSGT, LLVMIntSGE, true, 0}};
    struct integers t = kinds[kind_of(dtype) == 'i'];
    t.bits = 8 * nbytes_of(dtype);
    if (op == DA__OP_RECIPROCAL)
        return only(int_reciprocal(e, dtype, x[0]));
    if (is_logic(op)) {
        LLVMValueRef zero = whole(e, x[0].re, 0);
        return only(logic(e, op, LLVMBuildICmp(e->b, LLVMIntNE, x[0].re, zero, ""),
                          LLVMBuildICmp(e->b, LLVMIntNE, x[1].re, zero, "")));
    }
    LLVMValueRef result = op == DA__OP_WHERE ? NULL : int_truth(e, op, &t, x[0].re, x[1].re);
    return only(result ? result : int_value(e, op, &t, x));
}

/* ---- floats ---- */

static LLVMValueRef compare(struct emit *e, LLVMRealPredicate p, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildFCmp(e->b, p, a, b, "");
}

/* Those whose result is a truth value; NULL: another one. */
static LLVMValueRef float_truth(struct emit *e, enum da__op_id op, unsigned dtype, LLVMValueRef a,
                                LLVMValueRef b)
{
    LLVMValueRef most = real(e, a, nbytes_of(dtype) == 4 ? (double)FLT_MAX : DBL_MAX), bits;
    unsigned width = 8 * nbytes_of(dtype);
    switch (op) {
    case DA__OP_EQUAL:
        return compare(e, LLVMRealOEQ, a, b);
    case DA__OP_NOT_EQUAL:
        return compare(e, LLVMRealUNE, a, b);
    case DA__OP_LESS:
        return compare(e, LLVMRealOLT, a, b);
    case DA__OP_LESS_EQUAL:
        return compare(e, LLVMRealOLE, a, b);
    case DA__OP_GREATER:
        return compare(e, LLVMRealOGT, a, b);
    case DA__OP_GREATER_EQUAL:
        return compare(e, LLVMRealOGE, a, b);
    case DA__OP_ISNAN:
        return compare(e, LLVMRealUNO, a, a);
    case DA__OP_ISINF:
        return compare(e, LLVMRealOGT, call1(e, "llvm.fabs", a), most);
    case DA__OP_ISFINITE:
        return compare(e, LLVMRealOLE, call1(e, "llvm.fabs", a), most);
    case DA__OP_LOGICAL_NOT:
        return compare(e, LLVMRealOEQ, a, real(e, a, 0));
    case DA__OP_SIGNBIT:
        bits = LLVMBuildBitCast(e->b, a, vector_of(e, LLVMIntTypeInContext(e->context, width)), "");
        return LLVMBuildICmp(e->b, LLVMIntSLT, bits, whole(e, bits, 0), "");
    default:
        return NULL;
    }
}

/* a where it stands in relation p to b or is NaN, else b. */
static LLVMValueRef pick_or_nan(struct emit *e, LLVMRealPredicate p, LLVMValueRef a, LLVMValueRef b)
{
    LLVMValueRef nan = compare(e, LLVMRealUNO, a, a);
    return choose(e, LLVMBuildOr(e->b, compare(e, p, a, b), nan, ""), a, b);
}

static LLVMValueRef float_sign(struct emit *e, LLVMValueRef a)
{
    LLVMValueRef zero = real(e, a, 0);
    LLVMValueRef rest = choose(e, compare(e, LLVMRealOEQ, a, zero), zero, a);
    rest = choose(e, compare(e, LLVMRealOLT, a, zero), real(e, a, -1), rest);
    return choose(e, compare(e, LLVMRealOGT, a, zero), real(e, a, 1), rest);
}

/* Factors as the strip loops have them: divided in the computing dtype. */
static LLVMValueRef angle_factor(struct emit *e, enum da__op_id op, unsigned dtype, LLVMValueRef a)
{
    double factor = op == DA__OP_DEG2RAD ? PI / 180 : 180 / PI;
    float factor32 = op == DA__OP_DEG2RAD ? (float)PI / 180.0f : 180.0f / (float)PI;
    return real(e, a, nbytes_of(dtype) == 4 ? (double)factor32 : factor);
}

static LLVMValueRef float_value(struct emit *e, enum da__op_id op, unsigned dtype,
                                const struct value *x)
{
    LLVMValueRef a = x[0].re, b = x[1].re;
    switch (op) {
    case DA__OP_ADD:
        return LLVMBuildFAdd(e->b, a, b, "");
    case DA__OP_SUBTRACT:
        return LLVMBuildFSub(e->b, a, b, "");
    case DA__OP_MULTIPLY:
        return LLVMBuildFMul(e->b, a, b, "");
    case DA__OP_DIVIDE:
        return LLVMBuildFDiv(e->b, a, b, "");
    case DA__OP_NEGATIVE:
        return LLVMBuildFNeg(e->b, a, "");
    case DA__OP_ABS:
        return call1(e, "llvm.fabs", a);
    case DA__OP_SIGN:
        return float_sign(e, a);
    case DA__OP_SQUARE:
        return LLVMBuildFMul(e->b, a, a, "");
    case DA__OP_RECIPROCAL:
        return LLVMBuildFDiv(e->b, real(e, a, 1), a, "");
    case DA__OP_MAXIMUM:
        return pick_or_nan(e, LLVMRealOGE, a, b);
    case DA__OP_MINIMUM:
        return pick_or_nan(e, LLVMRealOLE, a, b);
    case DA__OP_CLIP:
        return pick_or_nan(e, LLVMRealOLE, pick_or_nan(e, LLVMRealOGE, a, b), x[2].re);
    case DA__OP_COPYSIGN:
        return call2(e, "llvm.copysign", a, b);
    case DA__OP_SQRT:
        return call1(e, "llvm.sqrt", a);
    case DA__OP_FLOOR:
        return call1(e, "llvm.floor", a);
    case DA__OP_CEIL:
        return call1(e, "llvm.ceil", a);
    case DA__OP_TRUNC:
        return call1(e, "llvm.trunc", a);
    case DA__OP_ROUND:
        return call1(e, "llvm.rint", a);
    case DA__OP_DEG2RAD:
    case DA__OP_RAD2DEG:
        return LLVMBuildFMul(e->b, a, angle_factor(e, op, dtype, a), "");
    case DA__OP_IMAG:
        return real(e, a, 0);
    case DA__OP_WHERE:
        return choose(e, a, b, x[2].re);
    default: /* positive, real, conj */
        return a;
    }
}

struct value emit_float(struct emit *e, enum da__op_id op, unsigned dtype, const struct value *x)
{
    if (is_logic(op)) {
        LLVMValueRef zero = real(e, x[0].re, 0);
        return only(logic(e, op, compare(e, LLVMRealUNE, x[0].re, zero),
                          compare(e, LLVMRealUNE, x[1].re, zero)));
    }
    LLVMValueRef result = op == DA__OP_WHERE ? NULL : float_truth(e, op, dtype, x[0].re, x[1].re);
    return only(result ? result : float_value(e, op, dtype, x));
}
