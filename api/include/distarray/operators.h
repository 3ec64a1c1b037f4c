/* Elementwise operators. */
#ifndef DISTARRAY_OPERATORS_H
#define DISTARRAY_OPERATORS_H

#include <distarray/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Operands are arrays or scalars, at least one of them an array; shapes broadcast as NumPy's do, dtypes promote as NumPy's
 * do, and a scalar only decides by its kind (bool, int, real, complex). The names are the Python array API standard's, or
 * NumPy's for what the standard lacks. Where operands are distributed differently, the library chooses where to compute.
 *
 * In brackets: which computing dtypes are taken, and the result's dtype where it is not simply the promotion of the
 * operands. "floating": bools and integers are computed in float64. Integers wrap; NaN and -0.0 behave as in IEEE 754.
 *
 * Lazy. Errors, in the handle: DA_ERR_SHAPE (do not broadcast), DA_ERR_DTYPE (not taken; an integer scalar that its array's
 * dtype cannot hold), DA_ERR_ARGUMENT (no array among the operands, or arrays of two contexts). */

/* ---- arithmetic ----------------------------------------------------------------------------------- */

/* Sum; of bools: or. [any dtype] */
DA_API da_array *da_add(da_operand x, da_operand y);

/* Difference. [no bool] */
DA_API da_array *da_subtract(da_operand x, da_operand y);

/* Product; of bools: and. [any dtype] */
DA_API da_array *da_multiply(da_operand x, da_operand y);

/* The upper half of the product that has twice the bits. [ints] */
DA_API da_array *da_multiply_high(da_operand x, da_operand y);

/* True division; of integers in float64. [floating; complex too] */
DA_API da_array *da_divide(da_operand x, da_operand y);

/* Quotient rounded to minus infinity; integers by zero give 0. [ints and floats] */
DA_API da_array *da_floor_divide(da_operand x, da_operand y);

/* Remainder with the sign of the divisor; integers by zero give 0. [ints and floats] */
DA_API da_array *da_remainder(da_operand x, da_operand y);

/* Remainder with the sign of the dividend; integers by zero give 0. [ints and floats] */
DA_API da_array *da_fmod(da_operand x, da_operand y);

/* Power; an integer to a negative power is 1/x truncated: 1, -1 or 0. [no bool] */
DA_API da_array *da_pow(da_operand x, da_operand y);

/* Minus x; integers wrap. [no bool] */
DA_API da_array *da_negative(da_operand x);

/* x itself. [no bool] */
DA_API da_array *da_positive(da_operand x);

/* Absolute value; of complex numbers the modulus. [gives the real dtype; any dtype] */
DA_API da_array *da_abs(da_operand x);

/* -1, 0 or 1; NaN stays; of complex numbers by their lexicographic order. [no bool] */
DA_API da_array *da_sign(da_operand x);

/* x * x. [no bool] */
DA_API da_array *da_square(da_operand x);

/* 1 / x; of integers truncated. [no bool] */
DA_API da_array *da_reciprocal(da_operand x);

/* The larger one; NaN if either is. [any dtype] */
DA_API da_array *da_maximum(da_operand x, da_operand y);

/* The smaller one; NaN if either is. [any dtype] */
DA_API da_array *da_minimum(da_operand x, da_operand y);

/* x limited to min <= x <= max; NaN if any is. [no bool] */
DA_API da_array *da_clip(da_operand x, da_operand min, da_operand max);

/* sqrt(x*x + y*y) without overflow in between. [floating; no complex] */
DA_API da_array *da_hypot(da_operand x, da_operand y);

/* The magnitude of x with the sign of y. [floating; no complex] */
DA_API da_array *da_copysign(da_operand x, da_operand y);

/* The next float after x towards y. [floating; no complex] */
DA_API da_array *da_nextafter(da_operand x, da_operand y);

/* ---- roots, powers, exponentials and logarithms --------------------------------------------------- */

/* Square root. [floating; complex too] */
DA_API da_array *da_sqrt(da_operand x);

/* Cube root. [floating; no complex] */
DA_API da_array *da_cbrt(da_operand x);

/* e to the x. [floating; complex too] */
DA_API da_array *da_exp(da_operand x);

/* 2 to the x. [floating; complex too] */
DA_API da_array *da_exp2(da_operand x);

/* exp(x) - 1, accurate near 0. [floating; complex too] */
DA_API da_array *da_expm1(da_operand x);

/* Natural logarithm. [floating; complex too] */
DA_API da_array *da_log(da_operand x);

/* Logarithm to base 2. [floating; complex too] */
DA_API da_array *da_log2(da_operand x);

/* Logarithm to base 10. [floating; complex too] */
DA_API da_array *da_log10(da_operand x);

/* log(1 + x), accurate near 0. [floating; complex too] */
DA_API da_array *da_log1p(da_operand x);

/* log(exp(x) + exp(y)) without overflow in between. [floating; no complex] */
DA_API da_array *da_logaddexp(da_operand x, da_operand y);

/* Error function. [floating; no complex] */
DA_API da_array *da_erf(da_operand x);

/* ---- trigonometry --------------------------------------------------------------------------------- */

/* Sine of x in radians. [floating; complex too] */
DA_API da_array *da_sin(da_operand x);

/* Cosine of x in radians. [floating; complex too] */
DA_API da_array *da_cos(da_operand x);

/* Tangent of x in radians. [floating; complex too] */
DA_API da_array *da_tan(da_operand x);

/* Inverse sine. [floating; complex too] */
DA_API da_array *da_asin(da_operand x);

/* Inverse cosine. [floating; complex too] */
DA_API da_array *da_acos(da_operand x);

/* Inverse tangent. [floating; complex too] */
DA_API da_array *da_atan(da_operand x);

/* Hyperbolic sine. [floating; complex too] */
DA_API da_array *da_sinh(da_operand x);

/* Hyperbolic cosine. [floating; complex too] */
DA_API da_array *da_cosh(da_operand x);

/* Hyperbolic tangent. [floating; complex too] */
DA_API da_array *da_tanh(da_operand x);

/* Inverse hyperbolic sine. [floating; complex too] */
DA_API da_array *da_asinh(da_operand x);

/* Inverse hyperbolic cosine. [floating; complex too] */
DA_API da_array *da_acosh(da_operand x);

/* Inverse hyperbolic tangent. [floating; complex too] */
DA_API da_array *da_atanh(da_operand x);

/* Angle of the point (x, y), in (-pi, pi]; y comes first. [floating; no complex] */
DA_API da_array *da_atan2(da_operand y, da_operand x);

/* Degrees to radians. [floating; no complex] */
DA_API da_array *da_deg2rad(da_operand x);

/* Radians to degrees. [floating; no complex] */
DA_API da_array *da_rad2deg(da_operand x);

/* ---- rounding ------------------------------------------------------------------------------------- */

/* Rounded to minus infinity; integers stay. [ints and floats] */
DA_API da_array *da_floor(da_operand x);

/* Rounded to plus infinity; integers stay. [ints and floats] */
DA_API da_array *da_ceil(da_operand x);

/* Rounded to zero; integers stay. [ints and floats] */
DA_API da_array *da_trunc(da_operand x);

/* Rounded to the nearest, halves to even; integers stay. [no bool] */
DA_API da_array *da_round(da_operand x);

/* ---- complex numbers ------------------------------------------------------------------------------ */

/* Real part. [gives the real dtype; any dtype] */
DA_API da_array *da_real(da_operand x);

/* Imaginary part; of real numbers 0. [gives the real dtype; any dtype] */
DA_API da_array *da_imag(da_operand x);

/* Complex conjugate. [no bool] */
DA_API da_array *da_conj(da_operand x);

/* ---- comparison ----------------------------------------------------------------------------------- */

/* x == y. [gives bool; any dtype] */
DA_API da_array *da_equal(da_operand x, da_operand y);

/* x != y. [gives bool; any dtype] */
DA_API da_array *da_not_equal(da_operand x, da_operand y);

/* x < y; complex numbers lexicographically. [gives bool; any dtype] */
DA_API da_array *da_less(da_operand x, da_operand y);

/* x <= y; complex numbers lexicographically. [gives bool; any dtype] */
DA_API da_array *da_less_equal(da_operand x, da_operand y);

/* x > y; complex numbers lexicographically. [gives bool; any dtype] */
DA_API da_array *da_greater(da_operand x, da_operand y);

/* x >= y; complex numbers lexicographically. [gives bool; any dtype] */
DA_API da_array *da_greater_equal(da_operand x, da_operand y);

/* Is not a number. [gives bool; any dtype] */
DA_API da_array *da_isnan(da_operand x);

/* Is infinite. [gives bool; any dtype] */
DA_API da_array *da_isinf(da_operand x);

/* Is neither infinite nor NaN. [gives bool; any dtype] */
DA_API da_array *da_isfinite(da_operand x);

/* Has the sign bit set (also -0.0). [gives bool; no complex] */
DA_API da_array *da_signbit(da_operand x);

/* ---- logic and bits ------------------------------------------------------------------------------- */

/* Truth of x and truth of y; NaN is true. [gives bool; any dtype] */
DA_API da_array *da_logical_and(da_operand x, da_operand y);

/* Truth of x or truth of y; NaN is true. [gives bool; any dtype] */
DA_API da_array *da_logical_or(da_operand x, da_operand y);

/* Truth of x exclusive or truth of y; NaN is true. [gives bool; any dtype] */
DA_API da_array *da_logical_xor(da_operand x, da_operand y);

/* x is zero. [gives bool; any dtype] */
DA_API da_array *da_logical_not(da_operand x);

/* Bitwise and. [bools and ints] */
DA_API da_array *da_bitwise_and(da_operand x, da_operand y);

/* Bitwise or. [bools and ints] */
DA_API da_array *da_bitwise_or(da_operand x, da_operand y);

/* Bitwise exclusive or. [bools and ints] */
DA_API da_array *da_bitwise_xor(da_operand x, da_operand y);

/* Bitwise complement; of bools: not. [bools and ints] */
DA_API da_array *da_bitwise_invert(da_operand x);

/* x shifted left by y bits; 0 beyond the width. [ints] */
DA_API da_array *da_bitwise_left_shift(da_operand x, da_operand y);

/* x shifted right by y bits, sign kept; 0 or -1 beyond the width. [ints] */
DA_API da_array *da_bitwise_right_shift(da_operand x, da_operand y);

/* ---- random numbers ------------------------------------------------------------------------------- */

/* What random.h is made of, for indices of one's own: numbers of Philox4x32-10 that depend on (index, seed, stream) alone. Operands
 * are integers, read as 64 bits. */

/* 64 random bits. [ints; uint64] */
DA_API da_array *da_random_bits(da_operand index, da_operand seed, da_operand stream);

/* The upper 53 of da_random_bits as a multiple of 2^-53 in [0, 1). [ints; float64] */
DA_API da_array *da_random_uniform(da_operand index, da_operand seed, da_operand stream);

/* A multiple of 2^-24 in [0, 1); four elements share what two of the others take. [ints; float32] */
DA_API da_array *da_random_uniform32(da_operand index, da_operand seed, da_operand stream);

/* A standard normal number, as da_normal says. [ints; float64] */
DA_API da_array *da_random_normal(da_operand index, da_operand seed, da_operand stream);

/* An exponential number of mean 1, as da_exponential says. [ints; float64] */
DA_API da_array *da_random_exponential(da_operand index, da_operand seed, da_operand stream);

/* Where the key's permutation of 0 … n-1 sends the index; an index outside stays. [ints; int64] */
DA_API da_array *da_random_permute(da_operand index, da_operand n, da_operand key);

/* ---- choice and conversion ------------------------------------------------------------------------ */

/* x where the condition holds, else y. [promotes x and y; any dtype] */
DA_API da_array *da_where(da_operand condition, da_operand x, da_operand y);

/* In C11 a plain call takes arrays and numbers as they are: these macros wrap each operand in DA_OPERAND. A name without
 * its argument list is always the function. */
#ifdef DA_SUGAR
/* clang-format off */
#define da_add(x, y) (da_add)(DA_OPERAND(x), DA_OPERAND(y))
#define da_subtract(x, y) (da_subtract)(DA_OPERAND(x), DA_OPERAND(y))
#define da_multiply(x, y) (da_multiply)(DA_OPERAND(x), DA_OPERAND(y))
#define da_multiply_high(x, y) (da_multiply_high)(DA_OPERAND(x), DA_OPERAND(y))
#define da_divide(x, y) (da_divide)(DA_OPERAND(x), DA_OPERAND(y))
#define da_floor_divide(x, y) (da_floor_divide)(DA_OPERAND(x), DA_OPERAND(y))
#define da_remainder(x, y) (da_remainder)(DA_OPERAND(x), DA_OPERAND(y))
#define da_fmod(x, y) (da_fmod)(DA_OPERAND(x), DA_OPERAND(y))
#define da_pow(x, y) (da_pow)(DA_OPERAND(x), DA_OPERAND(y))
#define da_negative(x) (da_negative)(DA_OPERAND(x))
#define da_positive(x) (da_positive)(DA_OPERAND(x))
#define da_abs(x) (da_abs)(DA_OPERAND(x))
#define da_sign(x) (da_sign)(DA_OPERAND(x))
#define da_square(x) (da_square)(DA_OPERAND(x))
#define da_reciprocal(x) (da_reciprocal)(DA_OPERAND(x))
#define da_maximum(x, y) (da_maximum)(DA_OPERAND(x), DA_OPERAND(y))
#define da_minimum(x, y) (da_minimum)(DA_OPERAND(x), DA_OPERAND(y))
#define da_clip(x, min, max) (da_clip)(DA_OPERAND(x), DA_OPERAND(min), DA_OPERAND(max))
#define da_hypot(x, y) (da_hypot)(DA_OPERAND(x), DA_OPERAND(y))
#define da_copysign(x, y) (da_copysign)(DA_OPERAND(x), DA_OPERAND(y))
#define da_nextafter(x, y) (da_nextafter)(DA_OPERAND(x), DA_OPERAND(y))
#define da_sqrt(x) (da_sqrt)(DA_OPERAND(x))
#define da_cbrt(x) (da_cbrt)(DA_OPERAND(x))
#define da_exp(x) (da_exp)(DA_OPERAND(x))
#define da_exp2(x) (da_exp2)(DA_OPERAND(x))
#define da_expm1(x) (da_expm1)(DA_OPERAND(x))
#define da_log(x) (da_log)(DA_OPERAND(x))
#define da_log2(x) (da_log2)(DA_OPERAND(x))
#define da_log10(x) (da_log10)(DA_OPERAND(x))
#define da_log1p(x) (da_log1p)(DA_OPERAND(x))
#define da_logaddexp(x, y) (da_logaddexp)(DA_OPERAND(x), DA_OPERAND(y))
#define da_erf(x) (da_erf)(DA_OPERAND(x))
#define da_sin(x) (da_sin)(DA_OPERAND(x))
#define da_cos(x) (da_cos)(DA_OPERAND(x))
#define da_tan(x) (da_tan)(DA_OPERAND(x))
#define da_asin(x) (da_asin)(DA_OPERAND(x))
#define da_acos(x) (da_acos)(DA_OPERAND(x))
#define da_atan(x) (da_atan)(DA_OPERAND(x))
#define da_sinh(x) (da_sinh)(DA_OPERAND(x))
#define da_cosh(x) (da_cosh)(DA_OPERAND(x))
#define da_tanh(x) (da_tanh)(DA_OPERAND(x))
#define da_asinh(x) (da_asinh)(DA_OPERAND(x))
#define da_acosh(x) (da_acosh)(DA_OPERAND(x))
#define da_atanh(x) (da_atanh)(DA_OPERAND(x))
#define da_atan2(y, x) (da_atan2)(DA_OPERAND(y), DA_OPERAND(x))
#define da_deg2rad(x) (da_deg2rad)(DA_OPERAND(x))
#define da_rad2deg(x) (da_rad2deg)(DA_OPERAND(x))
#define da_floor(x) (da_floor)(DA_OPERAND(x))
#define da_ceil(x) (da_ceil)(DA_OPERAND(x))
#define da_trunc(x) (da_trunc)(DA_OPERAND(x))
#define da_round(x) (da_round)(DA_OPERAND(x))
#define da_real(x) (da_real)(DA_OPERAND(x))
#define da_imag(x) (da_imag)(DA_OPERAND(x))
#define da_conj(x) (da_conj)(DA_OPERAND(x))
#define da_equal(x, y) (da_equal)(DA_OPERAND(x), DA_OPERAND(y))
#define da_not_equal(x, y) (da_not_equal)(DA_OPERAND(x), DA_OPERAND(y))
#define da_less(x, y) (da_less)(DA_OPERAND(x), DA_OPERAND(y))
#define da_less_equal(x, y) (da_less_equal)(DA_OPERAND(x), DA_OPERAND(y))
#define da_greater(x, y) (da_greater)(DA_OPERAND(x), DA_OPERAND(y))
#define da_greater_equal(x, y) (da_greater_equal)(DA_OPERAND(x), DA_OPERAND(y))
#define da_isnan(x) (da_isnan)(DA_OPERAND(x))
#define da_isinf(x) (da_isinf)(DA_OPERAND(x))
#define da_isfinite(x) (da_isfinite)(DA_OPERAND(x))
#define da_signbit(x) (da_signbit)(DA_OPERAND(x))
#define da_logical_and(x, y) (da_logical_and)(DA_OPERAND(x), DA_OPERAND(y))
#define da_logical_or(x, y) (da_logical_or)(DA_OPERAND(x), DA_OPERAND(y))
#define da_logical_xor(x, y) (da_logical_xor)(DA_OPERAND(x), DA_OPERAND(y))
#define da_logical_not(x) (da_logical_not)(DA_OPERAND(x))
#define da_bitwise_and(x, y) (da_bitwise_and)(DA_OPERAND(x), DA_OPERAND(y))
#define da_bitwise_or(x, y) (da_bitwise_or)(DA_OPERAND(x), DA_OPERAND(y))
#define da_bitwise_xor(x, y) (da_bitwise_xor)(DA_OPERAND(x), DA_OPERAND(y))
#define da_bitwise_invert(x) (da_bitwise_invert)(DA_OPERAND(x))
#define da_bitwise_left_shift(x, y) (da_bitwise_left_shift)(DA_OPERAND(x), DA_OPERAND(y))
#define da_bitwise_right_shift(x, y) (da_bitwise_right_shift)(DA_OPERAND(x), DA_OPERAND(y))
#define da_random_bits(index, seed, stream) (da_random_bits)(DA_OPERAND(index), DA_OPERAND(seed), DA_OPERAND(stream))
#define da_random_uniform(index, seed, stream) (da_random_uniform)(DA_OPERAND(index), DA_OPERAND(seed), DA_OPERAND(stream))
#define da_random_uniform32(index, seed, stream) (da_random_uniform32)(DA_OPERAND(index), DA_OPERAND(seed), DA_OPERAND(stream))
#define da_random_normal(index, seed, stream) (da_random_normal)(DA_OPERAND(index), DA_OPERAND(seed), DA_OPERAND(stream))
#define da_random_exponential(index, seed, stream) (da_random_exponential)(DA_OPERAND(index), DA_OPERAND(seed), DA_OPERAND(stream))
#define da_random_permute(index, n, key) (da_random_permute)(DA_OPERAND(index), DA_OPERAND(n), DA_OPERAND(key))
#define da_where(condition, x, y) (da_where)(DA_OPERAND(condition), DA_OPERAND(x), DA_OPERAND(y))
/* clang-format on */
#endif

#ifdef __cplusplus
}
#endif
#endif
