/* Expressions: Python's arithmetic and precedence, calls, slices, and every complaint with its
 * column. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "text.h"

enum { NENGINES = 3 };

struct fixture {
    struct da__graph *g;
    struct da__name name[8];
    int nnames;
};

static void add_array(struct fixture *f, const char *name, da_dtype dtype, int ndim,
                      const int64_t *shape)
{
    const struct da__dist *d = NULL;
    assert_int_equal(da__dist_make(ndim, shape, NULL, NENGINES, &d, NULL), DA_OK);
    da_array *a = da__make_leaf(f->g, (uint64_t)f->nnames + 1, dtype, ndim, shape, d);
    da__dist_drop(d);
    f->name[f->nnames++] = (struct da__name){name, a};
}

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.g = da__graph_new(NENGINES);
    int64_t shape[2] = {6, 8};
    add_array(&f, "a", DA_FLOAT64, 2, shape);
    add_array(&f, "b", DA_FLOAT64, 2, shape);
    add_array(&f, "c", DA_FLOAT64, 2, shape);
    add_array(&f, "k", DA_INT32, 2, shape);
    add_array(&f, "m", DA_INT32, 2, shape);
    add_array(&f, "s", DA_FLOAT32, 1, shape + 1);
    add_array(&f, "mean_wind", DA_FLOAT64, 1, shape + 1);
    *state = &f;
    return f.g == NULL;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    da__graph_free(f->g);
    assert_int_equal(da__alloc_live(), 0);
    return 0;
}

static da_array *eval(struct fixture *f, const char *text)
{
    return da__eval(f->g, text, f->nnames, f->name);
}

static da_array *good(struct fixture *f, const char *text)
{
    da_array *a = eval(f, text);
    const struct da__error *e = da__node_error(a);
    if (e != NULL)
        fail_msg("%s: %s", text, e->text);
    return a;
}

/* ---- scalars ---- */

struct scalar_case {
    const char *text;
    da_dtype dtype;
    double re, im;
};
/* The values are Python 3's. */
static const struct scalar_case scalar_case[] = {
    {"1 + 2 * 3", DA_INT64, 7.0, 0},
    {"2 ** 3 ** 2", DA_INT64, 512.0, 0},
    {"-2 ** 2", DA_INT64, -4.0, 0},
    {"2 ** -1", DA_FLOAT64, 0.5, 0},
    {"(-8) ** (1/3)", DA_COMPLEX128, 1.0000000000000002, 1.7320508075688772},
    {"7 // 2", DA_INT64, 3.0, 0},
    {"-7 // 2", DA_INT64, -4.0, 0},
    {"7 // -2", DA_INT64, -4.0, 0},
    {"-7 % 3", DA_INT64, 2.0, 0},
    {"7 % -3", DA_INT64, -2.0, 0},
    {"7.5 // 2", DA_FLOAT64, 3.0, 0},
    {"-7.5 // 2", DA_FLOAT64, -4.0, 0},
    {"-7.5 % 2", DA_FLOAT64, 0.5, 0},
    {"7.5 % -2", DA_FLOAT64, -0.5, 0},
    {"1 / 3", DA_FLOAT64, 0.3333333333333333, 0},
    {"6 / 3", DA_FLOAT64, 2.0, 0},
    {"1 << 3 + 1", DA_INT64, 16.0, 0},
    {"1 | 2 ^ 3 & 2", DA_INT64, 1.0, 0},
    {"5 & 3 == 3", DA_BOOL, 0.0, 0},
    {"~5", DA_INT64, -6.0, 0},
    {"~-1", DA_INT64, 0.0, 0},
    {"- - 3", DA_INT64, 3.0, 0},
    {"+True", DA_INT64, 1.0, 0},
    {"True + True", DA_INT64, 2.0, 0},
    {"True & False", DA_BOOL, 0.0, 0},
    {"True | 2", DA_INT64, 3.0, 0},
    {"True ^ True", DA_BOOL, 0.0, 0},
    {"-True", DA_INT64, -1.0, 0},
    {"1 < 2", DA_BOOL, 1.0, 0},
    {"2 <= 2", DA_BOOL, 1.0, 0},
    {"3 != 3.0", DA_BOOL, 0.0, 0},
    {"2 == 2.0", DA_BOOL, 1.0, 0},
    {"1j * 1j", DA_COMPLEX128, -1.0, 0.0},
    {"(1+2j) / (3-4j)", DA_COMPLEX128, -0.2, 0.4},
    {"(1+2j) ** 2", DA_COMPLEX128, -3.0, 4.0},
    {"(1+2j) ** -2", DA_COMPLEX128, -0.12, -0.16},
    {"(1+2j) ** 0.5", DA_COMPLEX128, 1.272019649514069, 0.7861513777574233},
    {"2j ** 2", DA_COMPLEX128, -4.0, 0.0},
    {"1e3", DA_FLOAT64, 1000.0, 0},
    {"1_000", DA_INT64, 1000.0, 0},
    {"0xff", DA_INT64, 255.0, 0},
    {"0b101", DA_INT64, 5.0, 0},
    {"0o17", DA_INT64, 15.0, 0},
    {".5", DA_FLOAT64, 0.5, 0},
    {"5.", DA_FLOAT64, 5.0, 0},
    {"1e-3", DA_FLOAT64, 0.001, 0},
    {"2j", DA_COMPLEX128, 0.0, 2.0},
    {"1.5e3j", DA_COMPLEX128, 0.0, 1500.0},
    {"-0.0", DA_FLOAT64, -0.0, 0},
    {"1e308 * 10", DA_FLOAT64, INFINITY, 0},
    {"2 ** 0.5", DA_FLOAT64, 1.4142135623730951, 0},
    {"2 ** 10", DA_INT64, 1024.0, 0},
    {"10 ** 18", DA_INT64, 1e+18, 0},
    {"-3 ** 2 ** 0", DA_INT64, -3.0, 0},
    {"1 - 2 - 3", DA_INT64, -4.0, 0},
    {"8 / 4 / 2", DA_FLOAT64, 1.0, 0},
    {"2 * 3 % 4", DA_INT64, 2.0, 0},
    {"2 + 3 << 1", DA_INT64, 10.0, 0},
    {"1 << 2 << 1", DA_INT64, 8.0, 0},
    {"6 & 3 | 8", DA_INT64, 10.0, 0},
    {"4 // 0.3", DA_FLOAT64, 13.0, 0},
    {"4 % 0.3", DA_FLOAT64, 0.10000000000000014, 0},
    {"-4 // 0.3", DA_FLOAT64, -14.0, 0},
    {"1e20 // 3", DA_FLOAT64, 3.333333333333333e+19, 0},
    {"0.0 ** 0", DA_FLOAT64, 1.0, 0},
    {"0 ** 0", DA_INT64, 1.0, 0},
    {"(-1) ** 3", DA_INT64, -1.0, 0},
    {"(-2) ** -3", DA_FLOAT64, -0.125, 0},
    {"3 - -2", DA_INT64, 5.0, 0},
    {"2 * (3 + 4)", DA_INT64, 14.0, 0},
    {"((1))", DA_INT64, 1.0, 0},
    {"1 + 2j - 3j", DA_COMPLEX128, 1.0, -1.0},
    {"3 == 3 + 0j", DA_BOOL, 1.0, 0},
    {"abs(-3)", DA_INT64, 3.0, 0},
    {"100 >> 3", DA_INT64, 12.0, 0},
    {"-100 >> 3", DA_INT64, -13.0, 0},
    {"True < 2", DA_BOOL, 1.0, 0},
    {"1.0 == True", DA_BOOL, 1.0, 0},
    {"5 // 2 * 2 + 5 % 2", DA_INT64, 5.0, 0},
    {"-5 // 2 * 2 + -5 % 2", DA_INT64, -5.0, 0},
    {"1 +2", DA_INT64, 3.0, 0},
    {"1+ 2", DA_INT64, 3.0, 0},
    {"2**-2**2", DA_FLOAT64, 0.0625, 0},
    {"-1 ** 0.5", DA_FLOAT64, -1.0, 0},
    {"(-+1 + +3)", DA_INT64, 2.0, 0},
    {"10 * 2 % (7 - 5) * (2) // 0.5", DA_FLOAT64, 0.0, 0},
    {"((2.5)) % -5 + 7 - 2.5 % 10 / 1 / 2.5 // 2.5", DA_FLOAT64, 4.5, 0},
    {"((+4 % 3))", DA_INT64, 1.0, 0},
    {"-4 - 4 + 2 % 7 % 5 * 4", DA_INT64, 0.0, 0},
    {"((5 + 3) | -(2))", DA_INT64, -2.0, 0},
    {"2.5 ** (1 // 1.25) // -+7 - +7 % 4", DA_FLOAT64, -4.0, 0},
    {"1 - -5 + (4)", DA_INT64, 10.0, 0},
    {"-(7) % (4) * +1", DA_INT64, 1.0, 0},
    {"1.25 // 2.5", DA_FLOAT64, 0.0, 0},
    {"(7 / 3 / 4 % 4 + 5 + 3 + 1 / 4)", DA_FLOAT64, 8.833333333333332, 0},
    {"2 % -5 - 5 // 1.25 % 1", DA_FLOAT64, -3.0, 0},
    {"3 / (-2 / 1.25)", DA_FLOAT64, -1.875, 0},
    {"-10 // 7 % 7 - ((0.5))", DA_FLOAT64, 4.5, 0},
    {"(2.5 / 3 % 5 * 1.25 % 2)", DA_FLOAT64, 1.0416666666666667, 0},
    {"++4 // (5) - 10 - -2.5 + -1", DA_FLOAT64, -8.5, 0},
    {"(4) + 1.25 + 2 * 4 // 2.5 * 1.25 % (1 - 2.5)", DA_FLOAT64, 4.5, 0},
    {"5 % (0.5 % 1 % 2 - 2)", DA_FLOAT64, -1.0, 0},
    {"3 / 7 * (0.5) % 5 - -2.5 - -2.5", DA_FLOAT64, 5.214285714285714, 0},
    {"(2 * 7 * 5 - 5) * 5 + 1.25 - 5 / 7", DA_FLOAT64, 325.5357142857143, 0},
    {"-1 % 10 + -7 / (0.5)", DA_FLOAT64, -5.0, 0},
    {"-2 / 2 // 7 * 10 ** 5 // 5 ** 2 * 1.25", DA_FLOAT64, -5000.0, 0},
    {"-+(0.5) % 2", DA_FLOAT64, 1.5, 0},
    {"(+2.5 / 10) - 1.25 - 4 * 5", DA_FLOAT64, -21.0, 0},
    {"(4 + 1) // 3 ** 2 * +4 + 3", DA_INT64, 3.0, 0},
    {"2.5 * 7 % 0.5", DA_FLOAT64, 0.0, 0},
    {"(0.5 * 10) * 1 % 10 / 1 - 10", DA_FLOAT64, -5.0, 0},
    {"+1 * 0.5 // -3 + 7 * 1 % 4 - 3 + 1", DA_FLOAT64, 0.0, 0},
    {"+(7 - 2 + 5)", DA_INT64, 10.0, 0},
    {"(4 + 2.5 // (5) % 3)", DA_FLOAT64, 4.0, 0},
    {"10 - +2 - 1 | 7", DA_INT64, 7.0, 0},
    {"-(+0.5 % 10 // 1)", DA_FLOAT64, -0.0, 0},
    {"+(10 - 5) % ((2))", DA_INT64, 1.0, 0},
    {"2 // +7 - 7 // 5", DA_INT64, -1.0, 0},
    {"(10 | 3) // (5 / 3) // +0.5 // 1.25 - 4", DA_FLOAT64, 5.0, 0},
    {"((1.25) / 0.5 // 5) * 10 + 2 // 10 - 7", DA_FLOAT64, -7.0, 0},
    {"(-5 % 3 / 2.5) * (2.5) // 7 / 7 // 7 + 2 / +10", DA_FLOAT64, 0.2, 0},
    {"+-(5 >> 3)", DA_INT64, 0.0, 0},
    {"+5 / 2 - 3 - 1.25 % +1.25", DA_FLOAT64, -0.5, 0},
    {"(0.5) + 1 * +1 // 3 / 2.5 + 7 // 7 / 5 + (2 + 2.5)", DA_FLOAT64, 5.2, 0},
    {"+1 // 10 - 5 / 2 + 2.5 / 3", DA_FLOAT64, -1.6666666666666665, 0},
    {"((1 % 1)) ** +3 // 4 / 1 + 2 + 1", DA_FLOAT64, 3.0, 0},
    {"+((3) & 4)", DA_INT64, 0.0, 0},
    {"+(5 + 2.5) - 2.5 + 2.5 * 1.25 - 5", DA_FLOAT64, 3.125, 0},
    {"+1 << +2 % 7", DA_INT64, 4.0, 0},
    {"-7 // 10 * -3 + 4", DA_INT64, 7.0, 0},
    {"2 % 5 / (3) - (7) + +3 + 2 * 7 * (5)", DA_FLOAT64, 66.66666666666667, 0},
    {"--0.5 * 2 // 3 / -4 + 4", DA_FLOAT64, 4.0, 0},
    {"0.5 / 1.25 / (3 % 10)", DA_FLOAT64, 0.13333333333333333, 0},
    {"0.5 - (-3 % 1 // 0.5)", DA_FLOAT64, 0.5, 0},
    {"--10 * 1.25 / 3 + 4", DA_FLOAT64, 8.166666666666668, 0},
    {"(3 * 2) >> 7 % 7 // (10)", DA_INT64, 6.0, 0},
    {"2.5 + 7 + 5 % 10 / 5 + 4", DA_FLOAT64, 14.5, 0},
    {"-0.5 + -0.5 % +1.25 - 5 - (10) // +10 * 5 - (7)", DA_FLOAT64, -16.75, 0},
    {"0.5 // 5 * -0.5 // +4 - 3 - (5 | 3) % 2.5 - 3 - +2.5", DA_FLOAT64, -10.5, 0},
    {"7 * 0.5 + 1.25 // 2 % 1 % 3 * 1", DA_FLOAT64, 3.5, 0},
    {"(5 % 3 - 4 % 5)", DA_INT64, -2.0, 0},
    {"((3) - 4 - 3 // 1 - 1 * +1.25)", DA_FLOAT64, -5.25, 0},
    {"7 * (0.5) % +1.25 / 3", DA_FLOAT64, 0.3333333333333333, 0},
    {"-1.25 // 1", DA_FLOAT64, -2.0, 0},
};

static void check_scalar(struct fixture *f, const struct scalar_case *c)
{
    da_array *a = good(f, c->text);
    struct da__scalar s;
    assert_int_equal(a->kind, DA__NODE_CONSTANT);
    da__scalar_load(a->u.constant, a->dtype, &s);
    bool same = a->dtype == c->dtype && s.re == c->re && signbit(s.re) == signbit(c->re);
    if (a->dtype == DA_COMPLEX128)
        same = a->dtype == c->dtype && fabs(s.re - c->re) <= 1e-15 * fabs(c->re) &&
               fabs(s.im - c->im) <= 1e-15 * fabs(c->im);
    if (!same)
        fail_msg("%s: %s %.17g %.17g, Python has %s %.17g %.17g", c->text,
                 da__dtype(a->dtype)->name, s.re, s.im, da__dtype(c->dtype)->name, c->re, c->im);
}

static void scalars_are_pythons(void **state)
{
    for (size_t k = 0; k < sizeof scalar_case / sizeof *scalar_case; k++)
        check_scalar(*state, &scalar_case[k]);
}

static void constants_and_functions_of_scalars(void **state)
{
    static const struct scalar_case row[] = {{"pi", DA_FLOAT64, 3.141592653589793, 0},
                                             {"e", DA_FLOAT64, 2.718281828459045, 0},
                                             {"-inf", DA_FLOAT64, -INFINITY, 0},
                                             {"sqrt(2)", DA_FLOAT64, 1.4142135623730951, 0},
                                             {"maximum(2, 3) * 2", DA_INT64, 6, 0},
                                             {"abs(3+4j)", DA_FLOAT64, 5, 0},
                                             {"isnan(nan)", DA_BOOL, 1, 0}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++)
        check_scalar(*state, &row[k]);
    assert_int_equal(good(*state, "s * sqrt(2)")->dtype, DA_FLOAT32); /* the root stays weak */
}

/* ---- precedence with arrays: the text and its fully bracketed form make the same graph ---- */

static char *graph_of(struct fixture *f, const char *text)
{
    da_array *a = good(f, text);
    struct da__text t = {0};
    struct da__error err = {.engine = -1};
    if (da__graph_dump_dot(f->g, 1, &a, &t, &err) != DA_OK)
        fail_msg("%s: %s", text, err.text);
    return t.s;
}

static void check_same(struct fixture *f, const char *text, const char *bracketed)
{
    char *x = graph_of(f, text), *y = graph_of(f, bracketed);
    if (strcmp(x, y) != 0)
        fail_msg("%s is not %s", text, bracketed);
    da__free(x);
    da__free(y);
}

static void precedence_is_pythons(void **state)
{
    static const char *const pair[][2] = {
        {"a + b * c", "a + (b * c)"},
        {"a * b + c", "(a * b) + c"},
        {"a - b - c", "(a - b) - c"},
        {"a / b / c", "(a / b) / c"},
        {"a ** b ** c", "a ** (b ** c)"},
        {"-a ** b", "-(a ** b)"},
        {"a ** -b", "a ** (-b)"},
        {"-a * b", "(-a) * b"},
        {"a < b + c", "a < (b + c)"},
        {"a == b * c", "a == (b * c)"},
        {"k & m == k", "(k & m) == k"},
        {"k | m & k", "k | (m & k)"},
        {"k ^ m & k", "k ^ (m & k)"},
        {"k | m ^ k", "k | (m ^ k)"},
        {"k & m << 1", "k & (m << 1)"},
        {"k << m + 1", "k << (m + 1)"},
        {"~k & m", "(~k) & m"},
        {"~k ** m", "~(k ** m)"},
        {"a // b % c", "(a // b) % c"},
        {"a * b // c", "(a * b) // c"},
        {"k << m >> k", "(k << m) >> k"},
        {"a + -b", "a + (-b)"},
        {"a - -b ** c", "a - (-(b ** c))"},
        {"a[0] + b[0] * 2", "(a[0]) + ((b[0]) * 2)"},
        {"-a[0]", "-(a[0])"},
        {"a[0] ** 2", "(a[0]) ** 2"},
        {"k & m | k ^ m", "(k & m) | (k ^ m)"},
    };
    for (size_t k = 0; k < sizeof pair / sizeof *pair; k++)
        check_same(*state, pair[k][0], pair[k][1]);
    /* and different brackets differ, so that the check can fail */
    char *x = graph_of(*state, "a - b - c"), *y = graph_of(*state, "a - (b - c)");
    assert_string_not_equal(x, y);
    da__free(x);
    da__free(y);
}

/* ---- calls and slices ---- */

static void check_shape(struct fixture *f, const char *text, da_dtype dtype, const char *shape)
{
    char have[128];
    da_array *a = good(f, text);
    da__shape_text(a->ndim, a->shape, have, sizeof have);
    if (strcmp(have, shape) != 0 || a->dtype != dtype)
        fail_msg("%s: %s %s, wanted %s %s", text, da__dtype(a->dtype)->name, have,
                 da__dtype(dtype)->name, shape);
}

static void calls(void **state)
{
    check_shape(*state, "mean(a, axis=(0, 1), keepdims=True)", DA_FLOAT64, "(1, 1)");
    check_shape(*state, "mean(a, 0)", DA_FLOAT64, "(8,)");
    check_shape(*state, "sum(k, axis=[1])", DA_INT64, "(6,)");
    check_shape(*state, "sum(k, dtype=int32)", DA_INT32, "()");
    check_shape(*state, "std(a, correction=1)", DA_FLOAT64, "()");
    check_shape(*state, "argmax(a, axis=None)", DA_INT64, "()");
    check_shape(*state, "astype(k, int64)", DA_INT64, "(6, 8)");
    check_shape(*state, "astype(a, dtype='float32',)", DA_FLOAT32, "(6, 8)");
    check_shape(*state, "where(a > 0.5, a*2, a/2)", DA_FLOAT64, "(6, 8)");
    check_shape(*state, "arange(5)", DA_INT64, "(5,)");
    check_shape(*state, "arange(1, 2, 0.25)", DA_FLOAT64, "(4,)");
    check_shape(*state, "linspace(0, 1, num=5, endpoint=False)", DA_FLOAT64, "(5,)");
    check_shape(*state, "zeros((2, 3), dtype=complex64)", DA_COMPLEX64, "(2, 3)");
    check_shape(*state, "ones(4)", DA_FLOAT64, "(4,)");
    check_shape(*state, "full([2], 7)", DA_INT64, "(2,)");
    check_shape(*state, "full((), 2.5, float32)", DA_FLOAT32, "()");
    check_shape(*state, "eye(3, 4)", DA_FLOAT64, "(3, 4)");
    check_shape(*state, "index(1, (3, 4))", DA_INT64, "(3, 4)");
    check_shape(*state, "permute_dims(a, (1, 0))", DA_FLOAT64, "(8, 6)");
    check_shape(*state, "matrix_transpose(a)", DA_FLOAT64, "(8, 6)");
    check_shape(*state, "moveaxis(a, 0, -1)", DA_FLOAT64, "(8, 6)");
    check_shape(*state, "expand_dims(a, axis=1)", DA_FLOAT64, "(6, 1, 8)");
    check_shape(*state, "squeeze(expand_dims(a, 0), 0)", DA_FLOAT64, "(6, 8)");
    check_shape(*state, "flip(a)", DA_FLOAT64, "(6, 8)");
    check_shape(*state, "broadcast_to(s, (3, 8))", DA_FLOAT32, "(3, 8)");
    check_shape(*state, "redistribute(a, [\"n\", \"c(2)\"])", DA_FLOAT64, "(6, 8)");
    check_shape(*state, "redistribute(a, 'n,b')", DA_FLOAT64, "(6, 8)");
    check_shape(*state, "slice(a, '1:-1, ::2')", DA_FLOAT64, "(4, 4)");
    check_shape(*state, "clip(a, 0, 1)", DA_FLOAT64, "(6, 8)");
    check_shape(*state, "clip(a, max=1)", DA_FLOAT64, "(6, 8)");
    check_shape(*state, "a - mean_wind", DA_FLOAT64, "(6, 8)");
}

static void slices(void **state)
{
    check_shape(*state, "a[1:-1, ::2]", DA_FLOAT64, "(4, 4)");
    check_shape(*state, "a[..., None]", DA_FLOAT64, "(6, 8, 1)");
    check_shape(*state, "a[::-1, 3]", DA_FLOAT64, "(6,)");
    check_shape(*state, "a[-1][2:]", DA_FLOAT64, "(6,)");
    check_shape(*state, "a[1 + 1:2 * 2]", DA_FLOAT64, "(2, 8)");
    check_shape(*state, "a[None:None:2]", DA_FLOAT64, "(3, 8)");
    check_shape(*state, "a[2, 3]", DA_FLOAT64, "()");
    check_shape(*state, "a[newaxis, 5:2]", DA_FLOAT64, "(1, 0, 8)");
    check_shape(*state, "(a + b)[0, :]", DA_FLOAT64, "(8,)");
}

/* ---- complaints ---- */

static void complaints_name_the_column(void **state)
{
    static const char *const row[][2] = {
        {"", "da_eval: column 1: the expression is empty"},
        {"a +", "da_eval: column 4: the end where an array or a number was expected"},
        {"a + + ", "da_eval: column 7: the end where"},
        {"(a + b", "da_eval: column 7: the end where \",\" or \")\" was expected"},
        {"a b", "da_eval: column 3: b where an operator or the end was expected"},
        {"a and b",
         "da_eval: column 3: \"and\" is not offered for arrays; use &, |, ~ and where()"},
        {"not a", "da_eval: column 1: \"not\" is not offered"},
        {"a + mean_wnd", "da_eval: column 5: no array \"mean_wnd\" (did you mean \"mean_wind\"?)"},
        {"zzzzzz", "da_eval: column 1: no array \"zzzzzz\""},
        {"meen(a)", "da_eval: column 1: no function \"meen\" (did you mean \"mean\"?)"},
        {"sum + 1", "da_eval: column 1: sum is a function, and its \"(\" is missing"},
        {"a.T", "da_eval: column 2: attributes and methods are not offered"},
        {"a $ b", "da_eval: column 3: \"$\" means nothing"},
        {"a + \x80", "da_eval: column 5: the byte 0x80 means nothing"},
        {"0x", "da_eval: column 1: 0x is no number"},
        {"1__0", "da_eval: column 1: 1__0 is no number"},
        {"012", "da_eval: column 1: 012 is no number"},
        {"3e", "da_eval: column 1: 3e is no number"},
        {"3abc", "da_eval: column 1: 3abc is no number"},
        {"99999999999999999999",
         "da_eval: column 1: the integer 99999999999999999999 is larger than int64 holds"},
        {"1 + 2 ** 63", "da_eval: column 7: the integer result is larger than int64 holds"},
        {"1 // 0", "da_eval: column 3: division by zero"},
        {"1.5 / 0", "da_eval: column 5: division by zero"},
        {"1 << -1", "da_eval: column 3: a shift by a negative count"},
        {"1.5 & 2", "da_eval: column 5: bitwise_and is not defined for floats"},
        {"1j < 2", "da_eval: column 4: < is not defined for complex numbers"},
        {"a < b < c", "da_eval: column 7: comparisons do not chain"},
        {"mean(a, axs=0)",
         "da_eval: column 13: mean has no parameter \"axs\" (did you mean \"axis\"?)"},
        {"mean(a, axis=0.5)",
         "da_eval: column 14: mean: axis is an integer or a list of integers, not a float"},
        {"mean(a, 0, axis=1)", "da_eval: column 17: mean: axis is given twice"},
        {"mean(axis=0)", "da_eval: column 1: mean: x is missing"},
        {"mean(axis=0, a)", "da_eval: column 14: a positional argument after a keyword"},
        {"sqrt(a, b)", "da_eval: column 9: sqrt takes at most 1 arguments, not 2"},
        {"astype(a, flot32)", "da_eval: column 11: no array \"flot32\""},
        {"astype(a, 'flot32')",
         "da_eval: column 11: astype: no dtype \"flot32\" (did you mean \"float32\"?)"},
        {"mean(a, keepdims=1)",
         "da_eval: column 18: mean: keepdims is true or false, not an integer"},
        {"redistribute(a, 'q')", "da_eval: column 17: redistribute: \"q\" names no maps"},
        {"a[", "da_eval: column 3: the end where"},
        {"a[]", "da_eval: column 3: ] where an index was expected"},
        {"a[1.5]", "da_eval: column 3: a float in an index"},
        {"a[b]", "da_eval: column 2: da_get_items: index array 0 is float64, not of integers"},
        {"a[1, 2, 3]", "da_eval: column 2: da_index: "},
        {"a[9]", "da_eval: column 2: da_index: "},
        {"3[0]", "da_eval: column 2: an integer cannot be indexed"},
        {"a(1)", "da_eval: column 1: no function \"a\""},
        {"(a)(1)", "da_eval: column 4: an array cannot be called"},
        {"[a, b]", "da_eval: column 1: the expression is a list, not an array"},
        {"a, b", "da_eval: column 2: , where an operator or the end was expected"},
        {"a + [1]", "da_eval: column 3: + is not defined for a list"},
        {"'abc", "da_eval: column 1: the text that starts here never ends"},
        {"'a\\qb'", "da_eval: column 3: \\q in a text means nothing"},
        {"a + s[:3]", "da_eval: column 3: da_add: "},
        {"float32", "da_eval: column 1: the expression is a dtype, not an array"},
        {"array([1, 2])", "da_eval: column 1: array data need a running context"},
        {"array([[1, 2], [3]])",
         "da_eval: column 1: da_array: lists of different lengths at depth 1"},
    };
    struct fixture *f = *state;
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        const struct da__error *e = da__node_error(eval(f, row[k][0]));
        if (e == NULL)
            fail_msg("%s: no complaint", row[k][0]);
        if (strncmp(e->text, row[k][1], strlen(row[k][1])) != 0)
            fail_msg("%s: \"%s\", wanted \"%s\"", row[k][0], e->text, row[k][1]);
    }
}

static void matmul_is_offered_or_refused(void **state)
{
    const struct da__error *e = da__node_error(eval(*state, "a @ matrix_transpose(b)"));
    if (da__callable_find("matmul") == NULL)
        assert_string_equal(e->text, "da_eval: column 3: the operator @ is not offered");
    else
        assert_null(e);
}

static void nesting_is_bounded(void **state)
{
    char text[20001];
    static const char *const opener[] = {"(", "-", "[", "sqrt(", "a[0:", "2**"};
    for (size_t k = 0; k < sizeof opener / sizeof *opener; k++) {
        size_t n = strlen(opener[k]), at = 0;
        while (at + n < sizeof text) {
            memcpy(text + at, opener[k], n);
            at += n;
        }
        text[at] = '\0';
        const struct da__error *e = da__node_error(eval(*state, text));
        assert_non_null(e);
        assert_non_null(strstr(e->text, "nested deeper than"));
    }
    size_t at = (size_t)sprintf(text, "1"); /* long is not deep */
    while (at + 2 < sizeof text)
        at += (size_t)sprintf(text + at, "+1");
    assert_null(da__node_error(eval(*state, text)));
}

/* Every allocation fails once in turn: an error each time, no crash, no leak. */
static void memory_failures_are_errors(void **state)
{
    struct fixture *f = *state;
    for (int64_t n = 1;; n++) {
        da__scope_push(f->g);
        da__alloc_fail_at(n, false);
        da_array *a = eval(
            f, "mean(where(a[1:-1, ::2] > 0.5, 2, zeros((4, 4))) + [3][0:0:1], axis=(0,)) + nan");
        a = a != NULL
                ? eval(f, "std(clip(a[..., None], min=0), axis=(0, 1), keepdims=True) * sqrt(2)")
                : NULL;
        bool failed = da__node_error(a) != NULL;
        da__alloc_fail_at(0, false);
        da__scope_pop(f->g);
        if (!failed && n > 60)
            break;
        assert_true(n < 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scalars_are_pythons, setup, teardown),
        cmocka_unit_test_setup_teardown(constants_and_functions_of_scalars, setup, teardown),
        cmocka_unit_test_setup_teardown(precedence_is_pythons, setup, teardown),
        cmocka_unit_test_setup_teardown(calls, setup, teardown),
        cmocka_unit_test_setup_teardown(slices, setup, teardown),
        cmocka_unit_test_setup_teardown(complaints_name_the_column, setup, teardown),
        cmocka_unit_test_setup_teardown(matmul_is_offered_or_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(nesting_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_failures_are_errors, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
