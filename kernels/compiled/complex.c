/* Operators on complex numbers as vector instructions: kernels/value_complex.inc with both branches computed and one chosen. */
#include "emit.h"

#include <float.h>

typedef LLVMValueRef vec;

static vec add(struct emit *e, vec a, vec b)
{
    return LLVMBuildFAdd(e->b, a, b, "");
}

static vec subtract(struct emit *e, vec a, vec b)
{
    return LLVMBuildFSub(e->b, a, b, "");
}

static vec times(struct emit *e, vec a, vec b)
{
    return LLVMBuildFMul(e->b, a, b, "");
}

static vec over(struct emit *e, vec a, vec b)
{
    return LLVMBuildFDiv(e->b, a, b, "");
}

static vec compare(struct emit *e, LLVMRealPredicate p, vec a, vec b)
{
    return LLVMBuildFCmp(e->b, p, a, b, "");
}

static vec both(struct emit *e, vec a, vec b)
{
    return LLVMBuildAnd(e->b, a, b, "");
}

static vec either(struct emit *e, vec a, vec b)
{
    return LLVMBuildOr(e->b, a, b, "");
}

static struct value choose(struct emit *e, vec condition, struct value yes, struct value no)
{
    return (struct value){LLVMBuildSelect(e->b, condition, yes.re, no.re, ""),
                          LLVMBuildSelect(e->b, condition, yes.im, no.im, "")};
}

static vec is_nan(struct emit *e, struct value a)
{
    return either(e, compare(e, LLVMRealUNO, a.re, a.re), compare(e, LLVMRealUNO, a.im, a.im));
}

static vec is_true(struct emit *e, struct value a)
{
    vec zero = real(e, a.re, 0);
    return either(e, compare(e, LLVMRealUNE, a.re, zero), compare(e, LLVMRealUNE, a.im, zero));
}

/* Lexicographic order; false where a part that decides is not a number. `last` compares the imaginary parts. */
static vec before(struct emit *e, LLVMRealPredicate last, struct value a, struct value b)
{
    vec numbers = compare(e, LLVMRealORD, a.im, b.im);
    vec first = both(e, compare(e, LLVMRealOLT, a.re, b.re), numbers);
    vec second = both(e, compare(e, LLVMRealOEQ, a.re, b.re), compare(e, last, a.im, b.im));
    return either(e, first, second);
}

/* What NumPy's clip asks: only the parts that decide may not be NaN. */
static vec decides(struct emit *e, struct value a, struct value b)
{
    return LLVMBuildSelect(e->b, compare(e, LLVMRealOEQ, a.re, b.re),
                           compare(e, LLVMRealOLT, a.im, b.im), compare(e, LLVMRealOLT, a.re, b.re),
                           "");
}

static struct value clip(struct emit *e, struct value a, struct value b, struct value c)
{
    struct value low = choose(e, either(e, is_nan(e, a), decides(e, b, a)), a, b);
    return choose(e, either(e, is_nan(e, low), decides(e, low, c)), low, c);
}

static struct value sign(struct emit *e, struct value a)
{
    vec nothing = real(e, a.re, 0);
    struct value zero = {nothing, nothing}, one = {real(e, a.re, 1), nothing},
                 minus = {real(e, a.re, -1), nothing},
                 nan = {real(e, a.re, (double)__builtin_nanf("")), nothing};
    vec is_zero =
        both(e, compare(e, LLVMRealOEQ, a.re, nothing), compare(e, LLVMRealOEQ, a.im, nothing));
    struct value rest = choose(e, is_zero, zero, nan);
    rest = choose(e, before(e, LLVMRealOLT, a, zero), minus, rest);
    return choose(e, before(e, LLVMRealOLT, zero, a), one, rest);
}

static struct value product(struct emit *e, struct value a, struct value b)
{
    return (struct value){subtract(e, times(e, a.re, b.re), times(e, a.im, b.im)),
                          add(e, times(e, a.re, b.im), times(e, a.im, b.re))};
}

/* Smith, Algorithm 116: Complex division (CACM 1962), with NumPy's order of operations. */
static struct value quotient(struct emit *e, struct value a, struct value b)
{
    vec one = real(e, a.re, 1), zero = real(e, a.re, 0);
    vec re = call1(e, "llvm.fabs", b.re), im = call1(e, "llvm.fabs", b.im);
    vec none = both(e, compare(e, LLVMRealOEQ, re, zero), compare(e, LLVMRealOEQ, im, zero));
    struct value infinite = {over(e, a.re, re), over(e, a.im, re)};
    vec ratio = over(e, b.im, b.re);
    vec scale = over(e, one, add(e, b.re, times(e, b.im, ratio)));
    struct value wide = {times(e, add(e, a.re, times(e, a.im, ratio)), scale),
                         times(e, subtract(e, a.im, times(e, a.re, ratio)), scale)};
    ratio = over(e, b.re, b.im);
    scale = over(e, one, add(e, b.im, times(e, b.re, ratio)));
    struct value high = {times(e, add(e, times(e, a.re, ratio), a.im), scale),
                         times(e, subtract(e, times(e, a.im, ratio), a.re), scale)};
    return choose(e, compare(e, LLVMRealOGE, re, im), choose(e, none, infinite, wide), high);
}

static struct value reciprocal(struct emit *e, struct value a)
{
    vec one = real(e, a.re, 1);
    vec wide = compare(e, LLVMRealOLE, call1(e, "llvm.fabs", a.im), call1(e, "llvm.fabs", a.re));
    vec ratio = over(e, a.im, a.re), norm = add(e, a.re, times(e, a.im, ratio));
    struct value x = {over(e, one, norm), over(e, LLVMBuildFNeg(e->b, ratio, ""), norm)};
    ratio = over(e, a.re, a.im);
    norm = add(e, times(e, a.re, ratio), a.im);
    struct value y = {over(e, ratio, norm), over(e, real(e, a.re, -1), norm)};
    return choose(e, wide, x, y);
}

/* Whether both parts (all) or any stand in relation p to the largest number. */
static vec beside_most(struct emit *e, LLVMRealPredicate p, bool all, unsigned dtype,
                       struct value a)
{
    vec most = real(e, a.re, nbytes_of(dtype) == 8 ? (double)FLT_MAX : DBL_MAX);
    vec re = compare(e, p, call1(e, "llvm.fabs", a.re), most);
    vec im = compare(e, p, call1(e, "llvm.fabs", a.im), most);
    return all ? both(e, re, im) : either(e, re, im);
}

/* Those whose result is a truth value; NULL: another one. */
static vec complex_truth(struct emit *e, enum da__op_id op, unsigned dtype, struct value a,
                         struct value b)
{
    switch (op) {
    case DA__OP_EQUAL:
        return both(e, compare(e, LLVMRealOEQ, a.re, b.re), compare(e, LLVMRealOEQ, a.im, b.im));
    case DA__OP_NOT_EQUAL:
        return either(e, compare(e, LLVMRealUNE, a.re, b.re), compare(e, LLVMRealUNE, a.im, b.im));
    case DA__OP_LESS:
        return before(e, LLVMRealOLT, a, b);
    case DA__OP_LESS_EQUAL:
        return before(e, LLVMRealOLE, a, b);
    case DA__OP_GREATER:
        return before(e, LLVMRealOLT, b, a);
    case DA__OP_GREATER_EQUAL:
        return before(e, LLVMRealOLE, b, a);
    case DA__OP_ISNAN:
        return is_nan(e, a);
    case DA__OP_ISINF:
        return beside_most(e, LLVMRealOGT, false, dtype, a);
    case DA__OP_ISFINITE:
        return beside_most(e, LLVMRealOLE, true, dtype, a);
    case DA__OP_LOGICAL_AND:
        return both(e, is_true(e, a), is_true(e, b));
    case DA__OP_LOGICAL_OR:
        return either(e, is_true(e, a), is_true(e, b));
    case DA__OP_LOGICAL_XOR:
        return LLVMBuildXor(e->b, is_true(e, a), is_true(e, b), "");
    case DA__OP_LOGICAL_NOT:
        return LLVMBuildNot(e->b, is_true(e, a), "");
    default:
        return NULL;
    }
}

struct value emit_complex(struct emit *e, enum da__op_id op, unsigned dtype, const struct value *x)
{
    struct value a = x[0], b = x[1];
    if (op == DA__OP_WHERE)
        return choose(e, a.re, b, x[2]);
    vec result = complex_truth(e, op, dtype, a, b);
    if (result != NULL)
        return (struct value){result, NULL};
    switch (op) {
    case DA__OP_ADD:
        return (struct value){add(e, a.re, b.re), add(e, a.im, b.im)};
    case DA__OP_SUBTRACT:
        return (struct value){subtract(e, a.re, b.re), subtract(e, a.im, b.im)};
    case DA__OP_MULTIPLY:
        return product(e, a, b);
    case DA__OP_SQUARE:
        return product(e, a, a);
    case DA__OP_DIVIDE:
        return quotient(e, a, b);
    case DA__OP_RECIPROCAL:
        return reciprocal(e, a);
    case DA__OP_NEGATIVE:
        return (struct value){LLVMBuildFNeg(e->b, a.re, ""), LLVMBuildFNeg(e->b, a.im, "")};
    case DA__OP_CONJ:
        return (struct value){a.re, LLVMBuildFNeg(e->b, a.im, "")};
    case DA__OP_SIGN:
        return sign(e, a);
    case DA__OP_MAXIMUM:
        return choose(e, either(e, is_nan(e, a), before(e, LLVMRealOLE, b, a)), a, b);
    case DA__OP_MINIMUM:
        return choose(e, either(e, is_nan(e, a), before(e, LLVMRealOLE, a, b)), a, b);
    case DA__OP_CLIP:
        return clip(e, a, b, x[2]);
    case DA__OP_ROUND:
        return (struct value){call1(e, "llvm.rint", a.re), call1(e, "llvm.rint", a.im)};
    case DA__OP_REAL:
        return (struct value){a.re, NULL};
    case DA__OP_IMAG:
        return (struct value){a.im, NULL};
    default: /* positive */
        return a;
    }
}
