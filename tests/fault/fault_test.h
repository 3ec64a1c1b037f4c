/* What the fault tests share: an alarm that says where it hung, and checks that a context survived. */
#ifndef DA_FAULT_TEST_H
#define DA_FAULT_TEST_H

#include "../engine/engine_test.h"

#include <errno.h>
#include <signal.h>

/* Where the test is, for the alarm. */
static char place[256];

static void hung(int signal)
{
    static const char text[] = "hangs: ";
    (void)signal;
    if (write(2, text, sizeof text - 1) < 0 || write(2, place, strlen(place)) < 0 ||
        write(2, "\n", 1) < 0)
        _exit(2);
    _exit(1);
}

static void watch(unsigned seconds)
{
    signal(SIGALRM, hung);
    alarm(seconds);
}

static const int64_t shape_x[2] = {6, 8};

static double x_at(const int64_t *i)
{
    return (double)(i[0] * 8 + i[1]);
}

static double mean_at(const int64_t *i)
{
    (void)i;
    return 23.5;
}

/* An array that existed before is as it was, and the context computes. */
static void check_survived(da_array *x)
{
    da__scope_push(g);
    check(x, 2, shape_x, x_at, place);
    struct da__name name[] = {{"x", x}};
    check(da__eval(g, "mean(x * 2 - x)", 1, name), 0, NULL, mean_at, place);
    da__scope_pop(g);
}

/* A refusal says what happened, in one line. */
static void check_told(da_status status, const struct da__error *err)
{
    assert_int_not_equal(status, DA_OK);
    assert_int_equal(err->status, status);
    if (err->text[0] == '\0' || strchr(err->text, '\n') != NULL)
        fail_msg("%s: the error is not one line: \"%s\"", place, err->text);
}

#endif
