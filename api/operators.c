/* The elementwise operators as exported functions, and the constructors of their operands. */
#include "api.h"

#include <string.h>

static da_array *elementwise(enum da__op_id op, int n, const da_operand *x)
{
    struct da__operand in[3];
    struct da__graph *g;
    da_array *bad;
    if (!da__api_operands(da__op_info(op)->name, n, x, in, &g, &bad))
        return bad;
    return da__make_elementwise(g, op, n, in);
}

#define UNARY(id, name)                                                                            \
    da_array *da_##name(da_operand x)                                                              \
    {                                                                                              \
        return elementwise(DA__OP_##id, 1, &x);                                                    \
    }
#define BINARY(id, name)                                                                           \
    da_array *da_##name(da_operand x, da_operand y)                                                \
    {                                                                                              \
        const da_operand in[] = {x, y};                                                            \
        return elementwise(DA__OP_##id, 2, in);                                                    \
    }
#define TERNARY(id, name)                                                                          \
    da_array *da_##name(da_operand x, da_operand y, da_operand z)                                  \
    {                                                                                              \
        const da_operand in[] = {x, y, z};                                                         \
        return elementwise(DA__OP_##id, 3, in);                                                    \
    }

/* One line for each row of ops.def (astype apart, which takes a dtype); a check compares the two. */
/* clang-format off */
BINARY(ADD, add)
BINARY(SUBTRACT, subtract)
BINARY(MULTIPLY, multiply)
BINARY(MULTIPLY_HIGH, multiply_high)
BINARY(DIVIDE, divide)
BINARY(FLOOR_DIVIDE, floor_divide)
BINARY(REMAINDER, remainder)
BINARY(FMOD, fmod)
BINARY(POW, pow)
UNARY(NEGATIVE, negative)
UNARY(POSITIVE, positive)
UNARY(ABS, abs)
UNARY(SIGN, sign)
UNARY(SQUARE, square)
UNARY(RECIPROCAL, reciprocal)
BINARY(MAXIMUM, maximum)
BINARY(MINIMUM, minimum)
TERNARY(CLIP, clip)
BINARY(HYPOT, hypot)
BINARY(COPYSIGN, copysign)
BINARY(NEXTAFTER, nextafter)
UNARY(SQRT, sqrt)
UNARY(CBRT, cbrt)
UNARY(EXP, exp)
UNARY(EXP2, exp2)
UNARY(EXPM1, expm1)
UNARY(LOG, log)
UNARY(LOG2, log2)
UNARY(LOG10, log10)
UNARY(LOG1P, log1p)
BINARY(LOGADDEXP, logaddexp)
UNARY(ERF, erf)
UNARY(SIN, sin)
UNARY(COS, cos)
UNARY(TAN, tan)
UNARY(ASIN, asin)
UNARY(ACOS, acos)
UNARY(ATAN, atan)
UNARY(SINH, sinh)
UNARY(COSH, cosh)
UNARY(TANH, tanh)
UNARY(ASINH, asinh)
UNARY(ACOSH, acosh)
UNARY(ATANH, atanh)
BINARY(ATAN2, atan2)
UNARY(DEG2RAD, deg2rad)
UNARY(RAD2DEG, rad2deg)
UNARY(FLOOR, floor)
UNARY(CEIL, ceil)
UNARY(TRUNC, trunc)
UNARY(ROUND, round)
UNARY(REAL, real)
UNARY(IMAG, imag)
UNARY(CONJ, conj)
BINARY(EQUAL, equal)
BINARY(NOT_EQUAL, not_equal)
BINARY(LESS, less)
BINARY(LESS_EQUAL, less_equal)
BINARY(GREATER, greater)
BINARY(GREATER_EQUAL, greater_equal)
UNARY(ISNAN, isnan)
UNARY(ISINF, isinf)
UNARY(ISFINITE, isfinite)
UNARY(SIGNBIT, signbit)
BINARY(LOGICAL_AND, logical_and)
BINARY(LOGICAL_OR, logical_or)
BINARY(LOGICAL_XOR, logical_xor)
UNARY(LOGICAL_NOT, logical_not)
BINARY(BITWISE_AND, bitwise_and)
BINARY(BITWISE_OR, bitwise_or)
BINARY(BITWISE_XOR, bitwise_xor)
UNARY(BITWISE_INVERT, bitwise_invert)
BINARY(BITWISE_LEFT_SHIFT, bitwise_left_shift)
BINARY(BITWISE_RIGHT_SHIFT, bitwise_right_shift)
TERNARY(RANDOM_BITS, random_bits)
TERNARY(RANDOM_UNIFORM, random_uniform)
TERNARY(RANDOM_UNIFORM32, random_uniform32)
TERNARY(RANDOM_NORMAL, random_normal)
TERNARY(RANDOM_EXPONENTIAL, random_exponential)
TERNARY(RANDOM_PERMUTE, random_permute)
TERNARY(WHERE, where)
/* clang-format on */

/* ---- operands ---- */

da_operand da_operand_array(const da_array *a)
{
    return (da_operand){.array = (da_array *)a, .kind = DA_OPERAND_ARRAY};
}

da_operand da_operand_bool(int value)
{
    return (da_operand){.kind = DA_OPERAND_BOOL, .i = value != 0, .re = value != 0};
}

da_operand da_operand_int(int64_t value)
{
    return (da_operand){.kind = DA_OPERAND_INT, .i = value, .re = (double)value};
}

da_operand da_operand_uint(uint64_t value)
{
    da_operand x = {.kind = value > INT64_MAX ? DA_OPERAND_TOO_LARGE : DA_OPERAND_INT,
                    .re = (double)value};
    memcpy(&x.i, &value, sizeof x.i);
    return x;
}

da_operand da_operand_real(double value)
{
    return (da_operand){.kind = DA_OPERAND_REAL, .re = value};
}

da_operand da_operand_complex(double re, double im)
{
    return (da_operand){.kind = DA_OPERAND_COMPLEX, .re = re, .im = im};
}
