/* Signals: the library leaves them alone unless it is asked, and never takes a handler from the program. */
#include "api_test.h"

#include <signal.h>

static volatile sig_atomic_t calls;

static void count(int signal)
{
    (void)signal;
    calls++;
}

static bool is_default(int signal)
{
    struct sigaction now;
    assert_int_equal(sigaction(signal, NULL, &now), 0);
    return now.sa_handler == SIG_DFL;
}

static da_context *open_asking(int signals)
{
    da_options options = {.engines = 2, .threads = 1, .no_mpi = 1, .signals = signals};
    da_context *ctx;
    assert_int_equal(da_start(&options, &ctx), DA_OK);
    return ctx;
}

static void test_left_alone(void **state)
{
    (void)state;
    da_context *ctx = open_asking(0);
    assert_true(is_default(SIGINT) && is_default(SIGTERM) && is_default(SIGHUP));
    assert_int_equal(da_finalize(ctx), 0);
}

/* From the first context that asks to the last one that goes. */
static void test_caught(void **state)
{
    (void)state;
    da_context *first = open_asking(1), *second = open_asking(1), *other = open_asking(0);
    assert_false(is_default(SIGINT) || is_default(SIGTERM) || is_default(SIGHUP));
    assert_int_equal(da_finalize(first), 0);
    assert_int_equal(da_finalize(other), 0);
    assert_false(is_default(SIGINT) || is_default(SIGTERM) || is_default(SIGHUP));
    assert_int_equal(da_finalize(second), 0);
    assert_true(is_default(SIGINT) && is_default(SIGTERM) && is_default(SIGHUP));
}

/* Handlers from before and from later stay, and are called. */
static void test_own_handlers(void **state)
{
    (void)state;
    struct sigaction own = {.sa_handler = count}, system = {.sa_handler = SIG_DFL}, now;
    sigemptyset(&own.sa_mask);
    sigemptyset(&system.sa_mask);
    calls = 0;
    assert_int_equal(sigaction(SIGTERM, &own, NULL), 0);
    da_context *ctx = open_asking(1);
    assert_int_equal(sigaction(SIGINT, &own, NULL), 0);
    raise(SIGTERM);
    raise(SIGINT);
    assert_int_equal(calls, 2);
    double sum = 0;
    assert_int_equal(da_get(ctx, da_sum(da_arange(ctx, 0, 10, 1, DA_FLOAT64, NULL), DA_ALL_AXES, 0),
                            &sum, sizeof sum),
                     DA_OK);
    assert_true(sum == 45);
    assert_int_equal(da_finalize(ctx), 0);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(sigaction(k == 0 ? SIGTERM : SIGINT, NULL, &now), 0);
        assert_true(now.sa_handler == count);
        assert_int_equal(sigaction(k == 0 ? SIGTERM : SIGINT, &system, NULL), 0);
    }
    assert_true(is_default(SIGHUP));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_caught),
        cmocka_unit_test(test_own_handlers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
