/* Vector mathematics of complex numbers: bounds in the plane, the C library's special values, the same bits everywhere. */
#include "layout.h"
#include "vector.h"
#include <complex.h>
#include <float.h>
#include <math.h>
#undef I

enum { N = 1021 };

/* Real and imaginary parts: every pair of them is an element. */
static const double special[] = {0.0,
                                 -0.0,
                                 1.0,
                                 -1.0,
                                 0.5,
                                 -2.0,
                                 3.0,
                                 1e10,
                                 -1e22,
                                 1e-30,
                                 1e300,
                                 -1e300,
                                 1e160,
                                 INFINITY,
                                 NAN,
                                 5e-324,
                                 -5e-324,
                                 1e-310,
                                 DBL_MIN,
                                 1e-160,
                                 2e-16,
                                 DBL_MAX,
                                 -DBL_MAX,
                                 3e38,
                                 -1e-40,
                                 1e-38,
                                 88.5,
                                 -87.3,
                                 -104.0,
                                 170.0,
                                 709.5,
                                 -710.3,
                                 1400.0,
                                 -746.0,
                                 1500.0,
                                 11.9,
                                 -12.1,
                                 22.5,
                                 -INFINITY,
                                 1.5707963267948966,
                                 -3.141592653589793};
enum { NSPECIAL = sizeof special / sizeof special[0] };

struct exact {
    enum da__op_id op;
    long double complex (*value)(long double complex);
};
static long double complex exact_log2(long double complex z)
{
    return clogl(z) * 1.442695040888963407359924681001892137L;
}

static long double complex exact_log10(long double complex z)
{
    return clogl(z) * 0.434294481903251827651128918916605082L;
}

static const struct exact exact[] = {
    {DA__OP_LOG2, exact_log2}, {DA__OP_LOG10, exact_log10}, {DA__OP_SQRT, csqrtl},
    {DA__OP_EXP, cexpl},       {DA__OP_LOG, clogl},         {DA__OP_SIN, csinl},
    {DA__OP_COS, ccosl},       {DA__OP_TAN, ctanl},         {DA__OP_SINH, csinhl},
    {DA__OP_COSH, ccoshl},     {DA__OP_TANH, ctanhl},
};
enum { NEXACT = sizeof exact / sizeof exact[0] };

static _Alignas(64) unsigned char in[N * 16], want[N * 16], got[N * 16];

static double part(bool wide, const void *array, int64_t i)
{
    return wide ? ((const double *)array)[i] : (double)((const float *)array)[i];
}

static void set_part(bool wide, void *array, int64_t i, double value)
{
    if (wide)
        ((double *)array)[i] = value;
    else
        ((float *)array)[i] = (float)value;
}

/* Bit by bit, but one NaN is as good as another. */
static bool same(bool wide, const void *a, const void *b, int64_t nparts)
{
    for (int64_t i = 0; i < nparts; i++) {
        double x = part(wide, a, i), y = part(wide, b, i);
        if (isnan(x) ? !isnan(y) : x != y || !signbit(x) != !signbit(y))
            return false;
    }
    return true;
}

/* Magnitudes of every kind, on and near the axes and the unit circle. */
static void fill(bool wide, int64_t n, uint64_t seed)
{
    int span = wide ? 2000 : 250;
    for (int64_t i = 0; i < n; i++) {
        double x = 2 * random_unit(&seed) - 1, y = 2 * random_unit(&seed) - 1;
        int scale[2] = {(int)random_below(&seed, (uint64_t)span) - span / 2,
                        (int)random_below(&seed, (uint64_t)span) - span / 2};
        double angle = 4 * x, off = 1 + ldexp(y, -(int)random_below(&seed, 60));
        double value[6][2] = {
            {4 * x, 4 * y},
            {ldexp(x, scale[0]), ldexp(y, scale[1])},
            {ldexp(x, scale[0]), ldexp(y, scale[0])},
            {off * cos(angle), off * sin(angle)},
            {(wide ? 800 : 100) * x, 100 * y},
            {1.5707963267948966 * (double)random_below(&seed, 9) + ldexp(x, scale[0] % 60),
             ldexp(y, scale[1] % 60)},
        };
        int kind = (int)(i % 6), turned = (int)(i / 6 % 2);
        set_part(wide, in, 2 * i + turned, value[kind][0]);
        set_part(wide, in, 2 * i + 1 - turned, value[kind][1]);
    }
}

/* Between a part and the exact one; 0 where both are too large. */
static long double part_distance(long double exact_part, double value, bool wide)
{
    double rounded = wide ? (double)exact_part : (double)(float)exact_part;
    if (isinf(rounded) && value == rounded)
        return 0;
    return fabsl(exact_part - (long double)value);
}

/* In units in the last place of the exact result's modulus. */
static double distance(long double complex exact_value, double re, double im, bool wide)
{
    int last, least = wide ? -1074 : -149;
    long double off = hypotl(part_distance(creall(exact_value), re, wide),
                             part_distance(cimagl(exact_value), im, wide));
    (void)frexpl(cabsl(exact_value), &last);
    last -= wide ? DBL_MANT_DIG : FLT_MANT_DIG;
    return (double)(off / ldexpl(1, last < least ? least : last));
}

static double worst_of(const struct exact *e, da_dtype dtype, uint64_t seed)
{
    bool wide = dtype == DA_COMPLEX128;
    const void *arg = in;
    double worst = 0, bound = da__vector_ulps(e->op, dtype);
    fill(wide, N, seed);
    da__strip(e->op, dtype, dtype, N, got, &arg, 0);
    for (int64_t i = 0; i < N; i++) {
        double x = part(wide, in, 2 * i), y = part(wide, in, 2 * i + 1);
        double re = part(wide, got, 2 * i), im = part(wide, got, 2 * i + 1);
        long double complex z = e->value(CMPLXL(x, y));
        double off = distance(z, re, im, wide);
        worst = off > worst ? off : worst;
        if (!(off <= (bound > 0 ? bound : 8))) /* the C library's are not all as near */
            fail_msg("%s of %s at %.17g, %.17g: %.17g, %.17g is %.2f units off",
                     da__op_info(e->op)->name, da__dtype(dtype)->name, x, y, re, im, off);
    }
    return worst;
}

/* DA_TEST_ROUNDS=2000 measures what docs/accuracy.md says. */
static void results_keep_their_bounds(void **state)
{
    (void)state;
    const char *more = getenv("DA_TEST_ROUNDS");
    int rounds = more ? atoi(more) : 50;
    for (int k = 0; k < NEXACT; k++)
        for (int dtype = DA_COMPLEX64; dtype <= DA_COMPLEX128; dtype++) {
            double worst = 0;
            for (int r = 0; r < rounds; r++) {
                double off = worst_of(&exact[k], dtype, (uint64_t)(unsigned)(k * 100000 + r));
                worst = off > worst ? off : worst;
            }
            if (more)
                printf("%s %s %.2f of %.2f\n", da__op_info(exact[k].op)->name,
                       da__dtype(dtype)->name, worst, da__vector_ulps(exact[k].op, dtype));
        }
}

/* One kind of value: infinite, not a number, or (within what the last place of the least numbers may be) zero, with its sign. */
static bool alike(double a, double b, double least)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    if (isinf(a) || isinf(b))
        return a == b;
    if (a == 0 || b == 0)
        return fabs(a) <= 4 * least && fabs(b) <= 4 * least && !signbit(a) == !signbit(b);
    return !signbit(a) == !signbit(b);
}

static void special_values_are_the_c_librarys(void **state)
{
    (void)state;
    for (int k = 0; k <= NEXACT; k++)
        for (int dtype = DA_COMPLEX64; dtype <= DA_COMPLEX128; dtype++) {
            enum da__op_id op = k < NEXACT ? exact[k].op : DA__OP_ABS;
            bool wide = dtype == DA_COMPLEX128;
            const void *arg = in;
            int per = op == DA__OP_ABS ? 1 : 2;
            for (int i = 0; i < NSPECIAL; i++) {
                for (int j = 0; j < NSPECIAL; j++) {
                    set_part(wide, in, 2 * j, special[i]);
                    set_part(wide, in, 2 * j + 1, special[j]);
                }
                da__strip(op, dtype, dtype, NSPECIAL, got, &arg, 0);
                (wide ? da__strips_complex128 : da__strips_complex64)[op](NSPECIAL, want, &arg, 0);
                for (int j = 0; j < per * NSPECIAL; j++)
                    if (!alike(part(wide, want, j), part(wide, got, j),
                               wide ? 0x1p-1074 : 0x1p-149))
                        fail_msg("%s of %s at %.17g, %.17g: part %d is %.17g instead of %.17g",
                                 da__op_info(op)->name, da__dtype(dtype)->name, special[i],
                                 special[j / per], j % per, part(wide, got, j),
                                 part(wide, want, j));
            }
        }
}

/* Every third element is a special one, which is computed apart. */
static void fill_mixed(bool wide, uint64_t seed)
{
    fill(wide, N, seed);
    for (int64_t i = 0; i < N; i += 3) {
        set_part(wide, in, 2 * i, special[random_below(&seed, NSPECIAL)]);
        set_part(wide, in, 2 * i + 1, special[random_below(&seed, NSPECIAL)]);
    }
}

/* A result depends on its operand only: not on its place, its neighbours, the instruction set or where it is written. */
static void places_and_instruction_sets_do_not_matter(void **state)
{
    (void)state;
    for (int k = 0; k <= NEXACT; k++)
        for (int dtype = DA_COMPLEX64; dtype <= DA_COMPLEX128; dtype++) {
            enum da__op_id op = k < NEXACT ? exact[k].op : DA__OP_ABS;
            bool wide = dtype == DA_COMPLEX128;
            int per = op == DA__OP_ABS ? 1 : 2;
            da_dtype result = per == 1 ? da__dtype_real_of(dtype) : (da_dtype)dtype;
            size_t width = da__dtype_nbytes(dtype), step = da__dtype_nbytes(result);
            const void *arg = in;
            fill_mixed(wide, (uint64_t)(unsigned)k + 77);
            da__strip_find_for(DA__BASELINE, op, dtype, result)(N, want, &arg, 0);
            for (int isa = 0; isa <= (int)da__isa_best(); isa++) {
                da__strip_fn *strip = da__strip_find_for((enum da__isa)isa, op, dtype, result);
                for (size_t i = 0; i < N; i++) {
                    const void *single = in + i * width;
                    strip(1, got + i * step, &single, i % 2);
                }
                assert_true(same(wide, want, got, per * N));
                strip(N, got, &arg, 0);
                assert_true(same(wide, want, got, per * N));
            }
            unsigned char copy[3 * 16];
            const void *second = in + width;
            da__strip(op, dtype, result, 3, copy, &second, 1);
            for (size_t i = 0; i < 3; i++)
                assert_true(same(wide, want + step, copy + i * step, per));
            if (per == 2) {
                da__strip(op, dtype, result, N, in, &arg, 0);
                assert_true(same(wide, want, in, 2 * N));
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_keep_their_bounds),
        cmocka_unit_test(special_values_are_the_c_librarys),
        cmocka_unit_test(places_and_instruction_sets_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
