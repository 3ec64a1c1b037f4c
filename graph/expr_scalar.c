/* Python's arithmetic on scalars, for expressions: integers stay exact or fail, `/` is true
 * division, a negative base to a fractional power is complex. */
#include "text.h"

#include <math.h>

typedef struct da__scalar scalar;

static scalar make_bool(bool b)
{
    return (scalar){.kind = DA__SCALAR_BOOL, .i = b, .re = b};
}

static scalar make_int(int64_t i)
{
    return (scalar){.kind = DA__SCALAR_INT, .i = i, .re = (double)i};
}

static scalar make_real(double x)
{
    return (scalar){.kind = DA__SCALAR_FLOAT, .re = x};
}

static scalar make_complex(double re, double im)
{
    return (scalar){.kind = DA__SCALAR_COMPLEX, .re = re, .im = im};
}

static da_status overflow(struct da__error *err)
{
    return da__fail(err, DA_ERR_FORMAT, "the integer result is larger than int64 holds");
}

static da_status by_zero(struct da__error *err)
{
    return da__fail(err, DA_ERR_FORMAT, "division by zero");
}

static da_status not_for(const char *symbol, enum da__scalar_kind kind, struct da__error *err)
{
    static const char *const name[] = {"truth values", "integers", "floats", "complex numbers"};
    return da__fail(err, DA_ERR_DTYPE, "%s is not defined for %s", symbol, name[kind]);
}

/* ---- integers ---- */

static da_status int_pow(int64_t base, int64_t exponent, scalar *out, struct da__error *err)
{
    if (exponent < 0) {
        if (base == 0)
            return by_zero(err);
        *out = make_real(pow((double)base, (double)exponent));
        return DA_OK;
    }
    int64_t result = 1;
    for (; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) && !da__mul_i64(result, base, &result))
            return overflow(err);
        if (exponent > 1 && !da__mul_i64(base, base, &base))
            return overflow(err);
    }
    *out = make_int(result);
    return DA_OK;
}

static da_status int_shift(bool left, int64_t a, int64_t bits, scalar *out, struct da__error *err)
{
    if (bits < 0)
        return da__fail(err, DA_ERR_FORMAT, "a shift by a negative count");
    if (!left) {
        *out = make_int(bits > 63 ? (a < 0 ? -1 : 0) : a >> bits);
        return DA_OK;
    }
    if (a != 0 && bits > 62)
        return overflow(err);
    int64_t result = 0;
    if (a != 0 && !da__mul_i64(a, (int64_t)1 << bits, &result))
        return overflow(err);
    *out = make_int(result);
    return DA_OK;
}

static da_status int_divide(enum da__op_id op, int64_t a, int64_t b, scalar *out,
                            struct da__error *err)
{
    if (b == 0)
        return by_zero(err);
    if (op == DA__OP_DIVIDE)
        *out = make_real((double)a / (double)b);
    else if (b == -1 && a == INT64_MIN && op == DA__OP_FLOOR_DIVIDE)
        return overflow(err);
    else if (b == -1)
        *out = make_int(op == DA__OP_FLOOR_DIVIDE ? -a : 0);
    else
        *out = make_int(op == DA__OP_FLOOR_DIVIDE ? da__floor_div(a, b) : da__floor_mod(a, b));
    return DA_OK;
}

static da_status int_sum(enum da__op_id op, int64_t a, int64_t b, scalar *out,
                         struct da__error *err)
{
    int64_t r;
    bool fits;
    if (op == DA__OP_MULTIPLY)
        fits = da__mul_i64(a, b, &r);
    else if (op == DA__OP_ADD)
        fits = da__add_i64(a, b, &r);
    else
        fits = b != INT64_MIN ? da__add_i64(a, -b, &r)
                              : (r = (int64_t)((uint64_t)a - (uint64_t)b), a < 0);
    if (!fits)
        return overflow(err);
    *out = make_int(r);
    return DA_OK;
}

static da_status int_bits(enum da__op_id op, const scalar *a, const scalar *b, scalar *out)
{
    int64_t r = op == DA__OP_BITWISE_AND  ? a->i & b->i
                : op == DA__OP_BITWISE_OR ? a->i | b->i
                                          : a->i ^ b->i;
    bool both_bool = a->kind == DA__SCALAR_BOOL && b->kind == DA__SCALAR_BOOL;
    *out = both_bool ? make_bool(r != 0) : make_int(r);
    return DA_OK;
}

static da_status int_op(enum da__op_id op, const scalar *a, const scalar *b, scalar *out,
                        struct da__error *err)
{
    switch (op) {
    case DA__OP_ADD:
    case DA__OP_SUBTRACT:
    case DA__OP_MULTIPLY:
        return int_sum(op, a->i, b->i, out, err);
    case DA__OP_DIVIDE:
    case DA__OP_FLOOR_DIVIDE:
    case DA__OP_REMAINDER:
        return int_divide(op, a->i, b->i, out, err);
    case DA__OP_POW:
        return int_pow(a->i, b->i, out, err);
    case DA__OP_BITWISE_LEFT_SHIFT:
    case DA__OP_BITWISE_RIGHT_SHIFT:
        return int_shift(op == DA__OP_BITWISE_LEFT_SHIFT, a->i, b->i, out, err);
    case DA__OP_BITWISE_AND:
    case DA__OP_BITWISE_OR:
    case DA__OP_BITWISE_XOR:
        return int_bits(op, a, b, out);
    default:
        return not_for(da__op_info(op)->name, DA__SCALAR_INT, err);
    }
}

/* ---- complex numbers ---- */

/* CPython's division: scaled by the larger part of the divisor (Smith, 1962). */
static da_status complex_divide(const scalar *a, const scalar *b, scalar *out,
                                struct da__error *err)
{
    if (b->re == 0 && b->im == 0)
        return by_zero(err);
    if (fabs(b->re) >= fabs(b->im)) {
        double ratio = b->im / b->re, divisor = b->re + b->im * ratio;
        *out = make_complex((a->re + a->im * ratio) / divisor, (a->im - a->re * ratio) / divisor);
    } else {
        double ratio = b->re / b->im, divisor = b->re * ratio + b->im;
        *out = make_complex((a->re * ratio + a->im) / divisor, (a->im * ratio - a->re) / divisor);
    }
    return DA_OK;
}

static scalar complex_multiply(const scalar *a, const scalar *b)
{
    return make_complex(a->re * b->re - a->im * b->im, a->re * b->im + a->im * b->re);
}

/* As CPython: small whole exponents by repeated squaring, others in polar form. */
static da_status complex_pow(const scalar *a, const scalar *b, scalar *out, struct da__error *err)
{
    scalar one = make_complex(1, 0);
    *out = one;
    if (b->im == 0 && b->re == floor(b->re) && fabs(b->re) <= 100) {
        scalar base = *a;
        for (int n = (int)fabs(b->re); n > 0; n >>= 1) {
            if (n & 1)
                *out = complex_multiply(out, &base);
            base = complex_multiply(&base, &base);
        }
        scalar power = *out;
        return b->re < 0 ? complex_divide(&one, &power, out, err) : DA_OK;
    }
    double size = hypot(a->re, a->im), angle = atan2(a->im, a->re);
    if (size == 0) {
        if (b->re < 0 || b->im != 0)
            return by_zero(err);
        *out = make_complex(0, 0);
        return DA_OK;
    }
    double length = pow(size, b->re), phase = angle * b->re;
    if (b->im != 0) {
        length *= exp(-angle * b->im);
        phase += b->im * log(size);
    }
    *out = make_complex(length * cos(phase), length * sin(phase));
    return DA_OK;
}

static da_status complex_op(enum da__op_id op, const scalar *a, const scalar *b, scalar *out,
                            struct da__error *err)
{
    switch (op) {
    case DA__OP_ADD:
        *out = make_complex(a->re + b->re, a->im + b->im);
        return DA_OK;
    case DA__OP_SUBTRACT:
        *out = make_complex(a->re - b->re, a->im - b->im);
        return DA_OK;
    case DA__OP_MULTIPLY:
        *out = complex_multiply(a, b);
        return DA_OK;
    case DA__OP_DIVIDE:
        return complex_divide(a, b, out, err);
    case DA__OP_POW:
        return complex_pow(a, b, out, err);
    default:
        return not_for(da__op_info(op)->name, DA__SCALAR_COMPLEX, err);
    }
}

/* ---- floats ---- */

/* CPython's float_divmod. */
static void real_divmod(double a, double b, double *quotient, double *remainder)
{
    double mod = fmod(a, b), div = (a - mod) / b;
    if (mod != 0) {
        if ((b < 0) != (mod < 0)) {
            mod += b;
            div -= 1;
        }
    } else {
        mod = copysign(0, b);
    }
    double whole = div != 0 ? floor(div) : copysign(0, a / b);
    if (div != 0 && div - whole > 0.5)
        whole += 1;
    *quotient = whole;
    *remainder = mod;
}

static da_status real_pow(const scalar *a, const scalar *b, scalar *out, struct da__error *err)
{
    if (a->re == 0 && b->re < 0)
        return by_zero(err);
    if (a->re < 0 && isfinite(a->re) && isfinite(b->re) && b->re != floor(b->re))
        return complex_pow(a, b, out, err);
    *out = make_real(pow(a->re, b->re));
    if (isinf(out->re) && isfinite(a->re) && isfinite(b->re))
        return da__fail(err, DA_ERR_FORMAT, "the power is larger than a float holds");
    return DA_OK;
}

static da_status real_op(enum da__op_id op, const scalar *a, const scalar *b, scalar *out,
                         struct da__error *err)
{
    double quotient, remainder;
    bool divides = op == DA__OP_DIVIDE || op == DA__OP_FLOOR_DIVIDE || op == DA__OP_REMAINDER;
    if (divides && b->re == 0)
        return by_zero(err);
    switch (op) {
    case DA__OP_ADD:
        *out = make_real(a->re + b->re);
        return DA_OK;
    case DA__OP_SUBTRACT:
        *out = make_real(a->re - b->re);
        return DA_OK;
    case DA__OP_MULTIPLY:
        *out = make_real(a->re * b->re);
        return DA_OK;
    case DA__OP_DIVIDE:
        *out = make_real(a->re / b->re);
        return DA_OK;
    case DA__OP_FLOOR_DIVIDE:
    case DA__OP_REMAINDER:
        real_divmod(a->re, b->re, &quotient, &remainder);
        *out = make_real(op == DA__OP_REMAINDER ? remainder : quotient);
        return DA_OK;
    case DA__OP_POW:
        return real_pow(a, b, out, err);
    default:
        return not_for(da__op_info(op)->name, DA__SCALAR_FLOAT, err);
    }
}

/* ---- comparisons and single operands ---- */

/* -1, 0, 1, or 2 where one is NaN. */
static int compare(const scalar *a, const scalar *b)
{
    bool ints = a->kind <= DA__SCALAR_INT && b->kind <= DA__SCALAR_INT;
    if (ints)
        return (a->i > b->i) - (a->i < b->i);
    if (isnan(a->re) || isnan(b->re))
        return 2;
    return (a->re > b->re) - (a->re < b->re);
}

static bool is_equality(enum da__op_id op)
{
    return op == DA__OP_EQUAL || op == DA__OP_NOT_EQUAL;
}

static bool is_comparison(enum da__op_id op)
{
    return is_equality(op) || op == DA__OP_LESS || op == DA__OP_LESS_EQUAL ||
           op == DA__OP_GREATER || op == DA__OP_GREATER_EQUAL;
}

static da_status compare_op(enum da__op_id op, const scalar *a, const scalar *b, scalar *out,
                            struct da__error *err)
{
    bool is_complex = a->kind == DA__SCALAR_COMPLEX || b->kind == DA__SCALAR_COMPLEX;
    if (is_complex && !is_equality(op))
        return not_for(da__op_info(op)->symbol, DA__SCALAR_COMPLEX, err);
    int order = compare(a, b);
    if (is_complex && order == 0 && a->im != b->im)
        order = 2;
    bool holds[] = {
        [DA__OP_EQUAL] = order == 0,   [DA__OP_NOT_EQUAL] = order != 0,
        [DA__OP_LESS] = order == -1,   [DA__OP_LESS_EQUAL] = order == -1 || order == 0,
        [DA__OP_GREATER] = order == 1, [DA__OP_GREATER_EQUAL] = order == 1 || order == 0};
    *out = make_bool(holds[op]);
    return DA_OK;
}

static da_status unary_op(enum da__op_id op, const scalar *a, scalar *out, struct da__error *err)
{
    bool whole = a->kind <= DA__SCALAR_INT;
    if (op == DA__OP_BITWISE_INVERT && whole) {
        *out = make_int(~a->i);
    } else if (op == DA__OP_BITWISE_INVERT) {
        return not_for("~", a->kind, err);
    } else if (op == DA__OP_POSITIVE) {
        *out = whole ? make_int(a->i) : *a;
    } else if (whole) {
        if (a->i == INT64_MIN)
            return overflow(err);
        *out = make_int(-a->i);
    } else {
        *out = *a;
        out->re = -a->re;
        out->im = a->kind == DA__SCALAR_COMPLEX ? -a->im : 0;
    }
    return DA_OK;
}

da_status da__scalar_op(enum da__op_id op, int nin, const struct da__scalar *in,
                        struct da__scalar *out, struct da__error *err)
{
    if (nin == 1)
        return unary_op(op, &in[0], out, err);
    if (is_comparison(op))
        return compare_op(op, &in[0], &in[1], out, err);
    enum da__scalar_kind kind = in[0].kind > in[1].kind ? in[0].kind : in[1].kind;
    if (kind == DA__SCALAR_COMPLEX)
        return complex_op(op, &in[0], &in[1], out, err);
    if (kind == DA__SCALAR_FLOAT)
        return real_op(op, &in[0], &in[1], out, err);
    return int_op(op, &in[0], &in[1], out, err);
}
