/* A time loop that is warm asks the system for no more memory: its arrays, temporaries and messages come from the pool. */
#include "api_test.h"

#include <sys/resource.h>

enum { WARM = 40, MOST_WARM = 1000, STEPS = 21, SIZE = 1000 };

static long faults(void)
{
    struct rusage u;
    assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
    return u.ru_minflt;
}

static da_array *diffuse(da_array *u)
{
    da_array *columns = da_add(da_index(u, ":-2, 1:-1"), da_index(u, "2:, 1:-1"));
    da_array *sum = da_add(da_add(columns, da_index(u, "1:-1, :-2")), da_index(u, "1:-1, 2:"));
    return da_set_index(u, da_multiply(sum, 0.25), "1:-1, 1:-1");
}

static da_array *turn(da_array *u)
{
    return da_multiply(da_add(u, da_matrix_transpose(u)), 0.5);
}

static da_array *center(da_array *u)
{
    return da_subtract(u, da_mean(u, DA_AXES(0), DA_KEEPDIMS));
}

/* Until the compiled tier has nothing left to do: it takes memory of its own, in the background. */
static void warm_up(da_context *ctx, da_array **u, da_array *(*step)(da_array *))
{
    da_counters c = {.compiling = 1};
    for (int k = 0; k < WARM || (c.compiling > 0 && k < MOST_WARM); k++) {
        da_scope_push(ctx);
        da_replace(u, step(*u));
        assert_int_equal(da_compute(ctx, *u), DA_OK);
        da_scope_pop(ctx);
        da_counters_get(ctx, &c);
    }
}

/* Threads meet differently from step to step, so a step may need a message more than any before it: most do not. */
static void loop(da_context *ctx, da_array *(*step)(da_array *))
{
    int quiet = 0;
    da_array *u = da_keep(
        da_redistribute(da_ones(ctx, DA_SHAPE(SIZE, SIZE), DA_FLOAT64, NULL), DA_DIST("b,n")));
    assert_int_equal(da_compute(ctx, u), DA_OK);
    warm_up(ctx, &u, step);
    for (int k = 0; k < STEPS; k++) {
        long before = faults();
        da_scope_push(ctx);
        da_replace(&u, step(u));
        assert_int_equal(da_compute(ctx, u), DA_OK);
        da_scope_pop(ctx);
        quiet += faults() == before;
    }
    da_drop(u);
    assert_true(3 * quiet >= 2 * STEPS);
}

static void warm_loops_do_not_fault(void **state)
{
    (void)state;
    static const int engines[] = {1, 3};
    for (int e = 0; e < 2; e++)
        for (int threads = 1; threads <= 2; threads++) {
            da_context *ctx = open_with(engines[e], threads);
            loop(ctx, diffuse);
            loop(ctx, turn);
            loop(ctx, center);
            assert_int_equal(da_finalize(ctx), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(warm_loops_do_not_fault)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
