/* Memory: a long chain of operations with its reductions is one sweep that stores nothing. argv[2]: the number of elements. */
#include "engine_test.h"

static int64_t nelem = 10000000;

enum { ALLOWED = 1 << 20, MOST_STATES = 5 << 20 };

static void a_chain_stores_nothing(void **state)
{
    (void)state;
    char text[64];
    da__scope_push(g);
    snprintf(text, sizeof text, "arange(%lld) * 1.0", (long long)nelem);
    struct da__name name[] = {{"x", da__eval(g, text, 0, NULL)}, {"y", NULL}};
    compute(1, &name[0].array);
    assert_int_equal(name[0].array->dtype, DA_FLOAT64);
    int64_t before = counters().live_bytes;
    assert_true(before >= nelem / P * 8);
    name[1].array = da__eval(
        g, "sqrt(abs((x * 2 + 1) * (x - 3) / 4 - x) + 1) * 0.5 + minimum(x, 10) - 2", 1, name);
    static const char *const reduction[] = {"sum(y)", "min(y)", "max(y)", "mean(y)", "var(y)"};
    da_array *target[5];
    for (int k = 0; k < 5; k++)
        target[k] = da__eval(g, reduction[k], 2, name);
    da__runtime_reset_counters(rt);
    compute(5, target);
    struct da__counters c = counters();
    assert_int_equal(c.kernel_sweeps, 1);
    assert_int_equal(c.messages, 2 * (P - 1));
    if (c.peak_bytes - before >= ALLOWED)
        fail_msg("the run took %lld bytes beside its %lld bytes of input",
                 (long long)(c.peak_bytes - before), (long long)before);
    da__scope_pop(g);
}

/* Results along an axis: the accumulators are all that is needed, and they are limited. */
static void reductions_by_rows_and_columns(void **state)
{
    (void)state;
    char text[96];
    da__scope_push(g);
    snprintf(text, sizeof text, "index(axis=0, shape=(%lld, 1000)) * 1.0",
             (long long)(nelem / 1000));
    struct da__name name[] = {{"x", da__eval(g, text, 0, NULL)}};
    compute(1, &name[0].array);
    int64_t before = counters().live_bytes;
    da_array *target[] = {da__eval(g, "sum(x * 2 + 1, axis=0)", 1, name),
                          da__eval(g, "max(x * 2 + 1, axis=1)", 1, name)};
    da__runtime_reset_counters(rt);
    compute(2, target);
    assert_int_equal(counters().kernel_sweeps, 1);
    if (counters().peak_bytes - before >= MOST_STATES + nelem / 1000 * 32)
        fail_msg("the run took %lld bytes beside its %lld bytes of input",
                 (long long)(counters().peak_bytes - before), (long long)before);
    double n = (double)(nelem / 1000), *got = gathered(target[0], "sums");
    assert_true(got[0] == n * (n - 1) + n && got[999] == got[0]);
    free(got);
    da__scope_pop(g);
}

/* What is dropped is free for the next: arrays come and go, the live bytes stay. */
static void dropped_arrays_are_reused(void **state)
{
    (void)state;
    int64_t live = 0;
    for (int k = 0; k < 6; k++) {
        char text[64];
        da__scope_push(g);
        snprintf(text, sizeof text, "arange(%lld) * %d.5", (long long)(nelem / 10), k);
        da_array *x = da__eval(g, text, 0, NULL);
        compute(1, &x);
        if (k == 1)
            live = counters().live_bytes;
        if (k > 1)
            assert_int_equal(counters().live_bytes, live);
        da__scope_pop(g);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_chain_stores_nothing),
    cmocka_unit_test(reductions_by_rows_and_columns),
    cmocka_unit_test(dropped_arrays_are_reused),
};

/* Bytes that the system can give without swapping. */
static int64_t available(void)
{
    long long kilobytes = 0;
    char line[128];
    FILE *f = fopen("/proc/meminfo", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "MemAvailable: %lld kB", &kilobytes) == 1)
            break;
    if (f != NULL)
        fclose(f);
    return (int64_t)kilobytes * 1024;
}

int main(int argc, char **argv)
{
    int code;
    if (argc > 2) {
        nelem = atoll(argv[2]);
        if (available() < 3 * 8 * nelem)
            return 77;
    }
    if (!engines_open(argc, argv, &code))
        return code;
    return engines_close(cmocka_run_group_tests(tests, NULL, NULL));
}
