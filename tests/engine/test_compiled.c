/* Compiled kernels on engines: a loop over moving slices with other scalars compiles once, and a kernel that is compiled while it
 * is used gives the same bits before, meanwhile and after. The second argument is 1 where the compiled tier was built. */
#include "engine_test.h"

enum { ROWS = 240, COLUMNS = 500, STEPS = 12, PATIENCE = 20000 };

static bool built;

static const int64_t shape2[2] = {ROWS, COLUMNS};

/* Code of this process once nothing waits for it. */
static int64_t compiled_now(void)
{
    struct da__counters c = counters();
    for (int i = 0; c.compiling > 0 && i < PATIENCE; i++) {
        usleep(1000);
        c = counters();
    }
    assert_int_equal(c.compiling, 0);
    return c.compiled;
}

static bool mode_is(const char *mode)
{
    const char *text = getenv("DISTARRAY_COMPILED");
    return built && strcmp(text != NULL ? text : "auto", mode) == 0;
}

/* x[k:k+20] * a - x[k+1:k+21] + b of rows 0, 1, 2 … (element i of x is i). */
static void check_step(da_array *x, int k, double a, double b)
{
    char text[128];
    struct da__name name[] = {{"x", x}};
    da__scope_push(g);
    snprintf(text, sizeof text, "x[%d:%d, 1:%d] * %.3f - x[%d:%d, :-1] + %.3f", k, k + 20, COLUMNS,
             a, k + 1, k + 21, b);
    double *got = gathered(da__eval(g, text, 1, name), text);
    for (int64_t i = 0; i < 20; i++)
        for (int64_t j = 0; j < COLUMNS - 1; j++) {
            double here = (double)((i + k) * COLUMNS + j + 1),
                   below = (double)((i + k + 1) * COLUMNS + j);
            if (got[i * (COLUMNS - 1) + j] != here * a - below + b)
                fail_msg("%s: element (%d,%d)", text, (int)i, (int)j);
        }
    free(got);
    da__scope_pop(g);
}

static void moving_slices_compile_once(void **state)
{
    (void)state;
    struct layout l;
    if (!mode_is("always"))
        skip();
    layout(&l, 2, shape2, "bn", 0);
    da_array *x = numbers(2, shape2, 0, 1, &l.spec);
    da__node_keep(x);
    compute(1, &x);
    check_step(x, 0, 2, 1);
    int64_t first = compiled_now();
    assert_true(first > 0);
    for (int k = 1; k < STEPS; k++)
        check_step(x, 17 * k, 2 + 0.125 * k, k);
    assert_int_equal(compiled_now(), first);
    da__node_drop(x);
}

/* Runs a kernel of 20 operations until it is compiled, and on: the same elements every time. */
static void changes_over_unseen(void **state)
{
    (void)state;
    struct layout l;
    static const char text[] = "where(x > 3, ((x*2 + 1)*x - 3)*x/7 + abs(x - 5), -x) + "
                               "(sqrt(x + 1)*(x - 0.5) + x*x*0.25 - 1/(x + 2))*((x + 7)*0.1 - 2*x)";
    if (!mode_is("auto"))
        skip();
    layout(&l, 2, shape2, "bn", 0);
    da_array *x = numbers(2, shape2, 0, 0.001, &l.spec);
    da__node_keep(x);
    compute(1, &x);
    struct da__name name[] = {{"x", x}};
    double *first = NULL;
    int64_t n = ROWS * COLUMNS, after = 0;
    for (int k = 0; k < PATIENCE && after < 5; k++) {
        da__scope_push(g);
        double *got = gathered(da__eval(g, text, 1, name), text);
        da__scope_pop(g);
        if (first == NULL)
            first = got;
        else {
            assert_memory_equal(got, first, (size_t)n * sizeof *got);
            free(got);
        }
        after += counters().compiled > 0 && counters().compiling == 0;
    }
    assert_true(after == 5);
    free(first);
    da__node_drop(x);
}

/* Without the tier, or with it off, nothing is compiled and everything is computed. */
static void off_is_off(void **state)
{
    (void)state;
    struct layout l;
    if (built && !mode_is("off"))
        skip();
    layout(&l, 2, shape2, "bn", 0);
    da_array *x = numbers(2, shape2, 0, 1, &l.spec);
    da__node_keep(x);
    compute(1, &x);
    for (int k = 0; k < STEPS; k++)
        check_step(x, 17 * k, 2 + 0.125 * k, k);
    assert_int_equal(compiled_now(), 0);
    da__node_drop(x);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(moving_slices_compile_once),
                                       cmocka_unit_test(changes_over_unseen),
                                       cmocka_unit_test(off_is_off)};
    int code;
    built = argc > 2 && atoi(argv[2]) == 1;
    if (!engines_open(argc, argv, &code))
        return code;
    return engines_close(cmocka_run_group_tests(tests, NULL, NULL));
}
