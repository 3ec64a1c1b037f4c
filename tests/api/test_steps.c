/* Long time loops: described in one piece they cost in proportion to their steps; computed step by step they are planned once. */
#include "api_test.h"

#include <time.h>

enum { FEW = 1000, MANY = 10 * FEW, SIZE = 16, WARM = 4, STEPS = 50 };

static da_array *grow(da_array *x)
{
    return da_add(da_multiply(x, 0.5), 1.0);
}

static da_array *relax(da_array *u)
{
    da_array *columns = da_add(da_index(u, ":-2, 1:-1"), da_index(u, "2:, 1:-1"));
    da_array *sum = da_add(da_add(columns, da_index(u, "1:-1, :-2")), da_index(u, "1:-1, 2:"));
    return da_set_index(u, da_multiply(sum, 0.25), "1:-1, 1:-1");
}

static da_array *begin(da_context *ctx)
{
    da_array *u = da_keep(da_ones(ctx, DA_SHAPE(SIZE, SIZE), DA_FLOAT64, NULL));
    assert_int_equal(da_compute(ctx, u), DA_OK);
    return u;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Processor seconds for describing and computing that many steps at once. */
static double at_once(da_context *ctx, da_array *(*step)(da_array *), int steps)
{
    da_array *u = begin(ctx);
    double start = now();
    da_scope_push(ctx);
    da_array *x = u;
    for (int k = 0; k < steps; k++)
        x = step(x);
    assert_int_equal(da_compute(ctx, x), DA_OK);
    da_scope_pop(ctx);
    double seconds = now() - start;
    da_drop(u);
    return seconds;
}

/* Ten times the steps take about ten times as long: far from the hundred of quadratic work. The second run of the fewer is a recalled
 * one, so the first counts. */
static void check_in_proportion(da_context *ctx, da_array *(*step)(da_array *))
{
    double few = at_once(ctx, step, FEW), many = at_once(ctx, step, MANY);
    if (many > 30 * few)
        fail_msg("%d steps took %.3f s, %d steps %.3f s", FEW, few, MANY, many);
}

static void many_steps_at_once_cost_in_proportion(void **state)
{
    (void)state;
    da_context *ctx = open_with(1, 1);
    check_in_proportion(ctx, grow);
    check_in_proportion(ctx, relax);
    assert_int_equal(da_finalize(ctx), DA_OK);
}

static void check_cached(da_context *ctx, da_array *(*step)(da_array *))
{
    da_counters before, after;
    da_array *u = begin(ctx);
    for (int k = 0; k < WARM + STEPS; k++) {
        if (k == WARM)
            da_counters_get(ctx, &before);
        da_scope_push(ctx);
        da_replace(&u, step(u));
        assert_int_equal(da_compute(ctx, u), DA_OK);
        da_scope_pop(ctx);
    }
    da_counters_get(ctx, &after);
    assert_int_equal(after.runs - before.runs, STEPS);
    assert_int_equal(after.cache_hits - before.cache_hits, STEPS);
    assert_int_equal(after.programs_shipped - before.programs_shipped, 0);
    da_drop(u);
}

static void steps_one_by_one_are_planned_once(void **state)
{
    (void)state;
    da_context *ctx = open_with(1, 1);
    check_cached(ctx, grow);
    check_cached(ctx, relax);
    assert_int_equal(da_finalize(ctx), DA_OK);
}

/* A chain's intermediate results are never stored, and what the last reader leaves behind is the next one's: a long loop needs the
 * memory of a few arrays. */
static void a_loop_needs_the_memory_of_few_arrays(void **state)
{
    (void)state;
    enum { LARGE = 1 << 20 };
    da_context *ctx = open_with(1, 1);
    da_scope_push(ctx);
    da_array *x = da_keep(da_arange(ctx, 0, LARGE, 1, DA_FLOAT64, NULL));
    assert_int_equal(da_compute(ctx, x), DA_OK);
    da_scope_pop(ctx);
    da_counters_reset(ctx);
    for (int k = 0; k < STEPS; k++) {
        da_scope_push(ctx);
        da_replace(&x, grow(x));
        assert_int_equal(da_compute(ctx, x), DA_OK);
        da_scope_pop(ctx);
    }
    da_counters c;
    da_counters_get(ctx, &c);
    assert_true(c.peak_bytes < 3 * (int64_t)LARGE * 8);
    da_drop(x);
    assert_int_equal(da_finalize(ctx), DA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_steps_at_once_cost_in_proportion),
        cmocka_unit_test(steps_one_by_one_are_planned_once),
        cmocka_unit_test(a_loop_needs_the_memory_of_few_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
