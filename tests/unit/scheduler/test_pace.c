/* Chunks by measured cost: few elements stay together, costly ones are shared, disturbed sweeps count little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine.h"

enum { THREADS = 4, MANY = 1 << 20 };

static struct da__pace *pace_of(int64_t nelem, int64_t busy_ns)
{
    struct da__pace *p = da__pace_new();
    assert_non_null(p);
    assert_true(da__pace_due(p, THREADS, nelem));
    da__pace_note(p, nelem, busy_ns);
    return p;
}

static void unknown_costs_leave_it_to_shapes(void **state)
{
    (void)state;
    struct da__pace *p = da__pace_new();
    assert_int_equal(da__pace_chunks(p, MANY), 0);
    assert_false(da__pace_due(p, 1, MANY)); /* one thread needs no cuts */
    assert_false(da__pace_due(p, THREADS, 0));
    assert_false(da__pace_due(p, THREADS, 100));
    assert_true(da__pace_due(p, THREADS, MANY));
    da__pace_free(p);
    da__pace_free(NULL);
}

static void cheap_work_stays_together(void **state)
{
    (void)state;
    struct da__pace *p = pace_of(10000, 5000);
    assert_int_equal(da__pace_chunks(p, 10000), 1);
    assert_int_equal(da__pace_chunks(p, 0), 1);
    assert_in_range(da__pace_chunks(p, MANY), 2, 8 * THREADS); /* the same step's larger box */
    da__pace_free(p);
}

static void costly_work_is_shared(void **state)
{
    (void)state;
    struct da__pace *p = pace_of(4096, 4000000); /* 4 ms: some chunks a thread, of 125 µs */
    assert_int_equal(da__pace_chunks(p, 4096), 8 * THREADS);
    da__pace_free(p);
    p = pace_of(4096, 4096000000); /* a millisecond each */
    assert_int_equal(da__pace_chunks(p, 4096), 4096);
    assert_int_equal(da__pace_chunks(p, 8), 8);
    da__pace_free(p);
    p = pace_of(MANY, 1000000000); /* a second: 250 µs each */
    assert_int_equal(da__pace_chunks(p, MANY), 4000);
    da__pace_free(p);
    p = pace_of(MANY, 100000); /* 100 µs: no chunk below 10 µs */
    assert_int_equal(da__pace_chunks(p, MANY), 10);
    da__pace_free(p);
}

static void less_counts_at_once_and_more_by_and_by(void **state)
{
    (void)state;
    struct da__pace *p = pace_of(MANY, 1000000000);
    da__pace_note(p, MANY, 100000000);
    assert_int_equal(da__pace_chunks(p, MANY), 400);
    da__pace_note(p, MANY, 500000000);
    assert_int_equal(da__pace_chunks(p, MANY), 800);
    for (int k = 0; k < 40; k++)
        da__pace_note(p, MANY, 500000000);
    assert_in_range(da__pace_chunks(p, MANY), 1999, 2000);
    da__pace_note(p, MANY, 0); /* a clock that stood still */
    assert_int_equal(da__pace_chunks(p, MANY), 1);
    da__pace_free(p);
}

/* What stays with one thread is looked at now and then. */
static void cheap_work_is_measured_seldom(void **state)
{
    (void)state;
    struct da__pace *p = pace_of(10000, 5000);
    int due = 0;
    for (int k = 0; k < 160; k++)
        if (da__pace_due(p, THREADS, 10000)) {
            da__pace_note(p, 10000, 5000);
            due++;
        }
    assert_int_equal(due, 10);
    da__pace_free(p);
    p = pace_of(10000, 5000000);
    for (int k = 0; k < 10; k++)
        assert_true(da__pace_due(p, THREADS, 10000));
    da__pace_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_costs_leave_it_to_shapes),
        cmocka_unit_test(cheap_work_stays_together),
        cmocka_unit_test(costly_work_is_shared),
        cmocka_unit_test(less_counts_at_once_and_more_by_and_by),
        cmocka_unit_test(cheap_work_is_measured_seldom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
