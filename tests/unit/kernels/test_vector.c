/* Instruction sets agree bit by bit, and vector mathematics keeps its bounds and the C library's special values. */
#include "layout.h"
#include "fold.h"
#include "pair.h"
#include "vector.h"
#include <float.h>
#include <math.h>

enum { N = 1021 };

static const double special[] = {
    0.0,     -0.0,     1.0,      -1.0,   0.5,       -0.5,      2.0,     -2.0,    3.0,
    -3.0,    27.0,     1000.0,   1e10,   -1e10,     1e22,      -1e22,   1e-30,   1e300,
    -1e300,  INFINITY, NAN,      5e-324, -5e-324,   1e-310,    DBL_MIN, DBL_MAX, -DBL_MAX,
    FLT_MAX, -FLT_MAX, FLT_MIN,  1e-40,  -INFINITY, 88.5,      89.0,    -89.0,   -104.0,
    709.5,   710.0,    -710.3,   711.0,  -745.0,    -746.0,    1023.9,  1024.0,  -1074.0,
    -1075.0, 128.0,    -149.0,   -150.0, 0x1p52,    0x1p53,    -0x1p53, 1e160,   1e19,
    6.0,     -7.0,     0.999999, -37.0,  0x1p28,    268435457, 1e-9,    1e-17,   -1e-17};
enum { NSPECIAL = sizeof special / sizeof special[0] };

/* Special values first, then some of every magnitude; `from` shifts where they start. */
static double real_value(uint64_t *seed, int i)
{
    double u = 2 * random_unit(seed) - 1;
    if (i < NSPECIAL)
        return special[i];
    switch (i % 5) {
    case 0:
        return u * 10;
    case 1:
        return u * 1500;
    case 2:
        return ldexp(u, (int)random_below(seed, 2000) - 1000);
    case 3:
        return 1 + ldexp(u, -(int)random_below(seed, 50));
    default:
        return ldexp(u, -(int)random_below(seed, 40));
    }
}

/* n elements of a dtype. */
static void fill(da_dtype dtype, int64_t n, void *out, uint64_t seed)
{
    const struct da__dtype_info *info = da__dtype(dtype);
    int per = info->kind == 'c' ? 2 : 1;
    size_t nbytes = info->nbytes / (size_t)per;
    for (int i = 0; i < n * per; i++) {
        char *at = (char *)out + (size_t)i * nbytes;
        int which = per == 2 && i % 2 ? i / 2 * 7 % N : i / per;
        double x = real_value(&seed, which);
        float x32 = (float)x;
        int64_t whole = i < 8 ? i - 4 : (int64_t)random_bits(&seed) >> random_below(&seed, 60);
        if (info->kind == 'b')
            *at = (char)(whole & 1);
        else if (info->kind == 'f' || info->kind == 'c')
            memcpy(at, nbytes == 4 ? (void *)&x32 : (void *)&x, nbytes);
        else
            memcpy(at, &whole, nbytes);
    }
}

/* Bit by bit, but one NaN is as good as another. */
static bool same(da_dtype dtype, const void *a, const void *b, int64_t n)
{
    const struct da__dtype_info *info = da__dtype(dtype);
    int64_t per = info->kind == 'c' ? 2 : 1;
    size_t nbytes = info->nbytes / (size_t)per;
    for (int64_t i = 0; i < n * per; i++) {
        const char *p = (const char *)a + (size_t)i * nbytes,
                   *q = (const char *)b + (size_t)i * nbytes;
        if (memcmp(p, q, nbytes) == 0)
            continue;
        double x = 0, y = 0;
        float x32, y32;
        if (info->kind != 'f' && info->kind != 'c')
            return false;
        memcpy(nbytes == 8 ? (void *)&x : (void *)&x32, p, nbytes);
        memcpy(nbytes == 8 ? (void *)&y : (void *)&y32, q, nbytes);
        if (nbytes == 8 ? x == x || y == y : x32 == x32 || y32 == y32)
            return false;
    }
    return true;
}

static da_dtype result_of(enum da__op_id op, da_dtype compute)
{
    enum da__dtype_rule rule = da__op_info(op)->rule;
    if (rule == DA__RULE_BOOL || rule == DA__RULE_LOGICAL)
        return DA_BOOL;
    return rule == DA__RULE_REAL_PART ? da__dtype_real_of(compute) : compute;
}

static _Alignas(64) unsigned char in[3][N * 16], want[N * 16], got[N * 16];

static void compare_strips(enum da__op_id op, da_dtype compute, da_dtype result)
{
    static const int length[] = {N, 64, 17, 3, 1};
    da__strip_fn *plain = da__strip_find_for(DA__BASELINE, op, compute, result);
    if (!plain)
        return;
    for (int k = 0; k < da__op_info(op)->nin; k++)
        fill(da__op_input_dtype(op, k, compute), N, in[k], (uint64_t)op * 31 + (uint64_t)k);
    for (int isa = 1; isa <= (int)da__isa_best(); isa++)
        for (unsigned scalars = 0; scalars < 1u << da__op_info(op)->nin; scalars++)
            for (int l = 0; l < 5; l++) {
                const void *args[3];
                for (int k = 0; k < 3; k++)
                    args[k] =
                        in[k] + (k < da__op_info(op)->nin
                                     ? (size_t)(l + k) *
                                           da__dtype_nbytes(da__op_input_dtype(op, k, compute))
                                     : 0);
                int64_t n = length[l] < N ? length[l] : N - 8;
                plain(n, want, args, scalars);
                da__strip_find_for((enum da__isa)isa, op, compute, result)(n, got, args, scalars);
                if (!same(result, want, got, n))
                    fail_msg("%s of %s, scalars %u, n %d: %s differs from the baseline",
                             da__op_info(op)->name, da__dtype(compute)->name, scalars, (int)n,
                             da__isa_name((enum da__isa)isa));
            }
}

/* Random numbers are drawn by integers of 64 bits, whatever they become. */
static bool computes_in(enum da__op_id op, da_dtype dtype)
{
    enum da__dtype_rule rule = da__op_info(op)->rule;
    bool draws = rule == DA__RULE_DRAW_UINT64 || rule == DA__RULE_DRAW_FLOAT64 ||
                 rule == DA__RULE_DRAW_FLOAT32 || rule == DA__RULE_DRAW_INT64;
    return !draws || dtype == DA_INT64;
}

static void instruction_sets_agree_on_operators(void **state)
{
    (void)state;
    for (int op = 0; op < DA__NELEMENTWISE; op++)
        for (int dtype = 0; dtype < DA_NDTYPES; dtype++)
            if (!computes_in(op, dtype))
                continue;
            else if (da__op_info(op)->rule != DA__RULE_CAST)
                compare_strips(op, dtype, result_of(op, dtype));
            else
                for (int to = 0; to < DA_NDTYPES; to++)
                    compare_strips(op, dtype, to);
}

static void compare_folds(enum da__red_id red, da_dtype compute)
{
    const struct da__fold *plain = da__fold_find_for(DA__BASELINE, red, compute);
    enum { NSTATES = 37 };
    static _Alignas(16) unsigned char one[2][NSTATES * DA__SCAN_STATE_MOST], ends[2][NSTATES * 16];
    assert_true(plain->state_nbytes <= DA__SCAN_STATE_MOST);
    fill(compute, N, in[0], (uint64_t)red + 5);
    for (int isa = 1; isa <= (int)da__isa_best(); isa++)
        for (int start = 0; start < 2; start++) { /* with the special values and without */
            const struct da__fold *fold = da__fold_find_for((enum da__isa)isa, red, compute);
            const struct da__fold *both[2] = {plain, fold};
            const char *x =
                (const char *)in[0] + (size_t)(start * (NSPECIAL + 3)) * da__dtype_nbytes(compute);
            for (int k = 0; k < 2; k++) {
                both[k]->zero(NSTATES, one[k]);
                both[k]->along(one[k], N - NSPECIAL - 3, x, false, 5, 3);
                both[k]->across(one[k], (int64_t)fold->state_nbytes, NSTATES, x, false, 9, 1);
                both[k]->across(one[k], (int64_t)fold->state_nbytes, NSTATES, x + 16, false, 99, 1);
                both[k]->join(NSTATES - 1, one[k], one[k] + fold->state_nbytes);
                memset(ends[k], 0, sizeof ends[k]);
                both[k]->end(NSTATES, one[k], 3, 1, ends[k]);
            }
            if (!same(fold->end_dtype, ends[0], ends[1], NSTATES))
                fail_msg("reduction %d of %s: %s differs from the baseline", red,
                         da__dtype(compute)->name, da__isa_name((enum da__isa)isa));
        }
}

static void instruction_sets_agree_on_reductions(void **state)
{
    (void)state;
    for (int red = 0; red < DA__NREDUCTIONS; red++)
        for (int dtype = 0; dtype < DA_NDTYPES; dtype++)
            compare_folds(red, dtype);
}

/* Reductions of the same values in one loop end as each alone does, with NaNs and without, over several strips. */
static void compare_together(enum da__isa isa, da_dtype dtype, int64_t n, bool specials)
{
    static const enum da__red_id red[] = {DA__RED_SUM, DA__RED_STD, DA__RED_MIN, DA__RED_MAX};
    static _Alignas(64) unsigned char value[3 * N * 8];
    _Alignas(16) unsigned char one[4][64], all[4][64], end[2][16];
    size_t nbytes = da__dtype_nbytes(dtype);
    fill(dtype, N, value, 77);
    for (int k = 1; k < 3; k++)
        memcpy(value + (size_t)k * N * nbytes, value + NSPECIAL * nbytes, (N - NSPECIAL) * nbytes);
    const unsigned char *x = value + (specials ? 0 : N * nbytes);
    for (unsigned wanted = 1; wanted < 16; wanted++) {
        struct da__fold_states to = {0};
        for (int r = 0; r < 4; r++) {
            const struct da__fold *fold = da__fold_find_for(isa, red[r], dtype);
            fold->zero(1, one[r]);
            fold->zero(1, all[r]);
            if (wanted >> r & 1)
                *da__fold_together_place(&to, red[r]) = all[r];
            for (int strip = 0; strip < 3; strip++)
                fold->along(one[r], n, x + (size_t)strip * 64 * nbytes, false, 0, 0);
        }
        for (int strip = 0; strip < 3; strip++)
            da__fold_together_find_for(isa, dtype)(n, x + (size_t)strip * 64 * nbytes, &to);
        for (int r = 0; r < 4; r++) {
            const struct da__fold *fold = da__fold_find_for(isa, red[r], dtype);
            if (!(wanted >> r & 1))
                fold->zero(1, one[r]);
            fold->end(1, one[r], 3 * n, 0, end[0]);
            fold->end(1, all[r], 3 * n, 0, end[1]);
            if (!same(fold->end_dtype, end[0], end[1], 1))
                fail_msg("%s of %s, %d values, %s: differs in one loop with others",
                         da__red_info(red[r])->name, da__dtype(dtype)->name, (int)n,
                         da__isa_name(isa));
        }
    }
}

static void reductions_in_one_loop(void **state)
{
    (void)state;
    static const int64_t n[] = {0, 1, 37, 511, 512, 700, 1024};
    for (int isa = 0; isa <= (int)da__isa_best(); isa++)
        for (size_t i = 0; i < sizeof n / sizeof n[0]; i++)
            for (int specials = 0; specials < 2; specials++) {
                compare_together((enum da__isa)isa, DA_FLOAT64, n[i], specials);
                compare_together((enum da__isa)isa, DA_FLOAT32, n[i], specials);
            }
}

/* A NaN among the values is the lowest and the greatest, wherever it lies; counts go beyond what a byte holds. */
static void nans_and_long_counts(void **state)
{
    (void)state;
    enum { MOST = 40000 };
    static double x[MOST];
    static uint8_t truth[MOST];
    for (int isa = 0; isa <= (int)da__isa_best(); isa++) {
        const struct da__fold *low = da__fold_find_for((enum da__isa)isa, DA__RED_MIN, DA_FLOAT64);
        const struct da__fold *high = da__fold_find_for((enum da__isa)isa, DA__RED_MAX, DA_FLOAT64);
        const struct da__fold *count =
            da__fold_find_for((enum da__isa)isa, DA__RED_COUNT_NONZERO, DA_BOOL);
        for (int n = 1; n < 150; n++)
            for (int at = 0; at < n; at++) {
                double ends[2];
                for (int i = 0; i < n; i++)
                    x[i] = i - 70;
                low->zero(1, &ends[0]);
                high->zero(1, &ends[1]);
                low->along(&ends[0], n, x, false, 0, 0);
                high->along(&ends[1], n, x, false, 0, 0);
                assert_true(ends[0] == -70 && ends[1] == n - 71);
                x[at] = NAN;
                low->along(&ends[0], n, x, false, 0, 0);
                high->along(&ends[1], n, x, false, 0, 0);
                assert_true(isnan(ends[0]) && isnan(ends[1]));
            }
        for (int n = 0; n < MOST; n += 1 + n / 3) {
            int64_t counted = 0, expected = 0;
            for (int i = 0; i < n; i++)
                expected += truth[i] = (uint8_t)(i % 7 != 0);
            count->along(&counted, n, truth, false, 0, 0);
            assert_int_equal(counted, expected);
        }
    }
}

/* Two operations in one loop give what one after the other gives, with all kinds of scalars and in an operand's place. */
static void compare_pair(enum da__isa isa, enum da__op_id first, enum da__op_id second, int behind,
                         da_dtype dtype)
{
    static _Alignas(64) unsigned char middle[N * 8];
    int64_t n = N - 2;
    da__strip_fn *pair = da__pair_find_for(isa, first, second, behind, dtype);
    assert_non_null(pair);
    for (unsigned scalars = 0; scalars < 8; scalars++)
        for (int place = 0; place < 4; place++) {
            for (int k = 0; k < 3; k++)
                fill(dtype, N, in[k], (uint64_t)(unsigned)k * 17 + scalars);
            const void *args[3] = {in[0], in[1], in[2]}, *ends[2];
            unsigned last = scalars >> 2;
            da__strip(first, dtype, dtype, n, middle, args, scalars & 3);
            ends[behind ? 1 : 0] = middle;
            ends[behind ? 0 : 1] = in[2];
            da__strip(second, dtype, dtype, n, want, ends, behind ? last : last << 1);
            void *out = place < 3 ? in[place] : got;
            pair(n, out, args, scalars);
            if (!same(dtype, want, out, n))
                fail_msg("%s, %s (%d) of %s, scalars %u: %s differs", da__op_info(first)->name,
                         da__op_info(second)->name, behind, da__dtype(dtype)->name, scalars,
                         da__isa_name(isa));
        }
}

static void pairs_are_their_operations(void **state)
{
    (void)state;
    static const enum da__op_id op[] = {DA__OP_ADD, DA__OP_SUBTRACT, DA__OP_MULTIPLY};
    for (int isa = 0; isa <= (int)da__isa_best(); isa++)
        for (int dtype = DA_FLOAT32; dtype <= DA_FLOAT64; dtype++)
            for (int which = 0; which < 18; which++)
                compare_pair((enum da__isa)isa, op[which % 3], op[which / 3 % 3], which / 9, dtype);
    assert_null(da__pair_find_for(DA__BASELINE, DA__OP_ADD, DA__OP_DIVIDE, false, DA_FLOAT64));
    assert_null(da__pair_find_for(DA__BASELINE, DA__OP_ADD, DA__OP_ADD, false, DA_INT32));
}

static void the_environment_limits_instruction_sets(void **state)
{
    (void)state;
    enum da__isa best = da__isa_best();
    for (int isa = 0; isa < DA__NISAS; isa++) {
        setenv("DISTARRAY_ISA", da__isa_name((enum da__isa)isa), 1);
        assert_int_equal(da__isa_best(), isa < (int)best ? isa : (int)best);
    }
    unsetenv("DISTARRAY_ISA");
    assert_int_equal(da__isa_best(), best);
}

/* ---- vector mathematics ---- */

struct exact {
    enum da__op_id op;
    long double (*one)(long double);
    long double (*two)(long double, long double);
};
static const struct exact exact[] = {
    {DA__OP_EXP, expl, NULL},     {DA__OP_EXP2, exp2l, NULL},   {DA__OP_EXPM1, expm1l, NULL},
    {DA__OP_LOG, logl, NULL},     {DA__OP_LOG2, log2l, NULL},   {DA__OP_LOG10, log10l, NULL},
    {DA__OP_LOG1P, log1pl, NULL}, {DA__OP_SIN, sinl, NULL},     {DA__OP_COS, cosl, NULL},
    {DA__OP_TAN, tanl, NULL},     {DA__OP_ASIN, asinl, NULL},   {DA__OP_ACOS, acosl, NULL},
    {DA__OP_ATAN, atanl, NULL},   {DA__OP_ATAN2, NULL, atan2l}, {DA__OP_SINH, sinhl, NULL},
    {DA__OP_COSH, coshl, NULL},   {DA__OP_TANH, tanhl, NULL},   {DA__OP_ASINH, asinhl, NULL},
    {DA__OP_ACOSH, acoshl, NULL}, {DA__OP_ATANH, atanhl, NULL}, {DA__OP_CBRT, cbrtl, NULL},
    {DA__OP_ERF, erfl, NULL},     {DA__OP_POW, NULL, powl},     {DA__OP_HYPOT, NULL, hypotl},
};
enum { NEXACT = sizeof exact / sizeof exact[0] };

/* Units in the last place between a result and the exact value; a million where one of them is infinite or not a number and
 * the other is not, or a zero has the wrong sign. */
static double distance(long double want_value, double got_value, bool wide)
{
    double rounded = wide ? (double)want_value : (double)(float)want_value;
    if (isnan(rounded) || isnan(got_value))
        return isnan(rounded) && isnan(got_value) ? 0 : 1e6;
    if (isinf(rounded) || isinf(got_value))
        return rounded == got_value ? 0 : 1e6;
    if (rounded == 0 && got_value == 0)
        return !signbit(rounded) == !signbit(got_value) ? 0 : 1e6;
    int exponent, least = wide ? -1074 : -149;
    (void)frexpl(want_value, &exponent);
    exponent -= wide ? DBL_MANT_DIG : FLT_MANT_DIG;
    return (double)(fabsl(want_value - (long double)got_value) /
                    ldexpl(1, exponent < least ? least : exponent));
}

static double element(bool wide, const void *array, int64_t i)
{
    return wide ? ((const double *)array)[i] : (double)((const float *)array)[i];
}

static void set_element(bool wide, void *array, int64_t i, double value)
{
    if (wide)
        ((double *)array)[i] = value;
    else
        ((float *)array)[i] = (float)value;
}

static double worst_of(const struct exact *e, da_dtype dtype, int64_t n, int round)
{
    bool wide = dtype == DA_FLOAT64;
    const void *args[2] = {in[0], in[1]};
    double worst = 0;
    fill(dtype, n, in[0], (uint64_t)e->op * 1000 + (uint64_t)round * 2);
    fill(dtype, n, in[1], (uint64_t)e->op * 1000 + (uint64_t)round * 2 + 1);
    if (round < NSPECIAL) /* every pair of special values */
        for (int64_t i = 0; i < n; i++)
            set_element(wide, in[1], i, special[round]);
    da__strip(e->op, dtype, dtype, n, got, args, 0);
    for (int64_t i = 0; i < n; i++) {
        double x = element(wide, in[0], i), y = element(wide, in[1], i);
        double off = distance(e->one ? e->one(x) : e->two(x, y), element(wide, got, i), wide);
        worst = off > worst ? off : worst;
        if (off > da__vector_ulps(e->op, dtype) + (da__vector_ulps(e->op, dtype) == 0 ? 4 : 0))
            fail_msg("%s of %s at %.17g, %.17g: %.17g is %.2f units off", da__op_info(e->op)->name,
                     da__dtype(dtype)->name, x, y, element(wide, got, i), off);
    }
    return worst;
}

/* DA_TEST_ROUNDS=20000 measures what docs/accuracy.md says. */
static void results_keep_their_bounds(void **state)
{
    (void)state;
    const char *more = getenv("DA_TEST_ROUNDS");
    int rounds = more ? atoi(more) : 100;
    for (int k = 0; k < NEXACT; k++)
        for (int dtype = DA_FLOAT32; dtype <= DA_FLOAT64; dtype++) {
            double worst = 0;
            for (int r = 0; r < rounds; r++) {
                double off = worst_of(&exact[k], dtype, N - 8, r);
                worst = off > worst ? off : worst;
            }
            if (more)
                printf("%s %s %.2f of %.2f\n", da__op_info(exact[k].op)->name,
                       da__dtype(dtype)->name, worst, da__vector_ulps(exact[k].op, dtype));
        }
}

/* A result depends on its operands only, not on its place in a strip or on its neighbours. */
static void places_do_not_matter(void **state)
{
    (void)state;
    for (int k = 0; k < NEXACT; k++)
        for (int dtype = DA_FLOAT32; dtype <= DA_FLOAT64; dtype++) {
            size_t width = da__dtype_nbytes(dtype);
            const void *args[2] = {in[0], in[1]};
            fill(dtype, N, in[0], (uint64_t)k + 77);
            fill(dtype, N, in[1], (uint64_t)k + 78);
            da__strip(exact[k].op, dtype, dtype, N, want, args, 0);
            for (size_t i = 0; i < N; i++) {
                const void *single[2] = {in[0] + i * width, in[1] + i * width};
                da__strip(exact[k].op, dtype, dtype, 1, got + i * width, single, i % 2 ? 3 : 0);
            }
            if (!same(dtype, want, got, N))
                fail_msg("%s of %s depends on the place", da__op_info(exact[k].op)->name,
                         da__dtype(dtype)->name);
        }
}

/* NumPy's npy_divmod. */
static double plain_remainder(double b, double rest)
{
    if (b == 0)
        return rest;
    if (rest == 0)
        return copysign(0, b);
    return (b < 0) != (rest < 0) ? rest + b : rest;
}

static void compare_remainders(da_dtype dtype, int64_t n)
{
    bool wide = dtype == DA_FLOAT64;
    const void *args[2] = {in[0], in[1]};
    static _Alignas(64) unsigned char rest[N * 8];
    da__strip(DA__OP_FMOD, dtype, dtype, n, rest, args, 0);
    da__strip(DA__OP_REMAINDER, dtype, dtype, n, got, args, 0);
    for (int64_t i = 0; i < n; i++) {
        double a = element(wide, in[0], i), b = element(wide, in[1], i);
        double exact_rest = wide ? fmod(a, b) : (double)fmodf((float)a, (float)b);
        double plain = plain_remainder(b, exact_rest);
        double x[2] = {exact_rest, wide ? plain : (double)(float)plain};
        double y[2] = {element(wide, rest, i), element(wide, got, i)};
        if (!same(DA_FLOAT64, x, y, 2))
            fail_msg("%.17g by %.17g: remainders %.17g, %.17g instead of %.17g, %.17g", a, b, y[0],
                     y[1], x[0], x[1]);
    }
}

/* Quotients of all sizes, near whole numbers and elsewhere. */
static void remainders_are_exact(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int round = 0; round < 400; round++)
        for (int dtype = DA_FLOAT32; dtype <= DA_FLOAT64; dtype++) {
            int64_t n = N - 8;
            bool wide = dtype == DA_FLOAT64;
            fill(dtype, N, in[0], (uint64_t)(unsigned)round + 5);
            fill(dtype, N, in[1], (uint64_t)(unsigned)round + 6);
            for (int64_t i = round % 3 ? 0 : n; i < n; i++) {
                double b = ldexp(random_unit(&seed) + 0.5, (int)random_below(&seed, 200) - 100);
                double q = floor(ldexp(random_unit(&seed), (int)random_below(&seed, 56)));
                double a =
                    round % 3 == 1 ? q * b : nextafter(q * b, random_unit(&seed) < 0.5 ? 0 : 1e300);
                b = random_unit(&seed) < 0.5 ? -b : b;
                set_element(wide, in[0], i, a);
                set_element(wide, in[1], i, b);
            }
            for (int k = 0; round < NSPECIAL && k < NSPECIAL; k++)
                set_element(wide, in[1], k, special[round]);
            compare_remainders(dtype, n);
        }
}

static void whole_results_are_exact(void **state)
{
    (void)state;
    if (!da__vector_find_for(DA__BASELINE, DA__OP_CBRT, DA_FLOAT64))
        skip(); /* the C library's cube roots need not be */
    for (int k = -300; k <= 300; k++) {
        double x[4] = {(double)k * k * k, ldexp(1, k), k, 3.0 * k}, y = 4.0 * k, out;
        const void *cube = &x[0], *power = &x[1], *whole = &x[2], *legs[2] = {&x[3], &y};
        da__strip(DA__OP_CBRT, DA_FLOAT64, DA_FLOAT64, 1, &out, &cube, 0);
        assert_true(out == k);
        da__strip(DA__OP_LOG2, DA_FLOAT64, DA_FLOAT64, 1, &out, &power, 0);
        assert_true(out == k);
        da__strip(DA__OP_EXP2, DA_FLOAT64, DA_FLOAT64, 1, &out, &whole, 0);
        assert_true(out == x[1]);
        da__strip(DA__OP_HYPOT, DA_FLOAT64, DA_FLOAT64, 1, &out, legs, 0);
        assert_true(out == 5.0 * abs(k));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instruction_sets_agree_on_operators),
        cmocka_unit_test(instruction_sets_agree_on_reductions),
        cmocka_unit_test(reductions_in_one_loop),
        cmocka_unit_test(nans_and_long_counts),
        cmocka_unit_test(pairs_are_their_operations),
        cmocka_unit_test(the_environment_limits_instruction_sets),
        cmocka_unit_test(results_keep_their_bounds),
        cmocka_unit_test(places_do_not_matter),
        cmocka_unit_test(remainders_are_exact),
        cmocka_unit_test(whole_results_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
