/* Passes: each off in turn, and all of them, changes no result. Virtual engines, as every setting needs its own. */
#include "engine_test.h"

static const char *const GRAPH[] = {
    "sum((x - mean(x)) ** 2) + var(x) * 0 + max(x) - min(x)",
    "4 * x[1:-1, 1:-1] - x[:-2, 1:-1] - x[2:, 1:-1] - x[1:-1, :-2] - x[1:-1, 2:]",
    "where(x > mean(x, axis=0), x * 2 + (x * 2), sqrt(y) - (x * 2))",
    "(x - mean(x, axis=0)) / std(x, axis=0) + matrix_transpose(y)[::-1] * arange(8)",
    "sum(x * y + 1, axis=1) + max(x[:, ::-1] + y, axis=1) - sum(x * y + 1, axis=1) / 2",
    "sum((x + 1) * (2 * 3 - 5), axis=0)[::2] * broadcast_to(full((1,), 0.5), (4,)) + index(axis=0, "
    "shape=(4,))",
    "redistribute_y + x - redistribute_y[::-1] * (x + x)",
    "redistribute(sqrt(abs(x + y)) * y, \"n,b\") - rebalance(sin(x[1:3] * 2) + y[5:7])[:1]",
    "max(x + y * 2 + y, axis=1) * mean(sin(cos(sin(cos(x[1:2] + y[6:7])))), axis=0) + "
    "distribute_as(x * y, (8, 2, 4), \"n,c,b\")[:, 1, 1]",
    "concat([x[:3] + 1, y, x[:, ::-1][3:]], axis=0)[2:10] * 2",
    "set_slice(x + y, set_slice(x, y[1:-1] * 2, '1:-1')[::2, 1:], '::-2, :-1') + roll(x * y, 3, axis=0)",
    "set_where(roll(x, (1, -2), axis=(0, 1)) + 1, x > y, y) - tril(x, 1) + sum(stack([x, y], axis=1), axis=1)",
};
enum { NGRAPHS = sizeof GRAPH / sizeof GRAPH[0], ROWS = 8, COLUMNS = 8, MOST = ROWS * COLUMNS };

static int nengines;

/* All graphs' results under one setting, one after the other. */
static int run_all(const char *passes, double *out)
{
    const int64_t shape[2] = {ROWS, COLUMNS};
    struct da__runtime_options options = {.engines = nengines, .no_mpi = true, .passes = passes};
    struct da__error err = {.engine = -1};
    struct layout l, m;
    int n = 0;
    assert_ok(da__runtime_open(&options, &rt, &err), &err, passes);
    g = da__runtime_graph(rt);
    P = nengines;
    layout(&l, 2, shape, "bn", 0);
    layout(&m, 2, shape, "c3", 0);
    struct da__name name[] = {{"x", numbers(2, shape, -3, 0.7, &l.spec)},
                              {"y", numbers(2, shape, 5, 0.3, &m.spec)},
                              {"redistribute_y", NULL}};
    name[2].array = da__make_redistribute(g, name[1].array, &l.spec);
    for (int k = 0; k < NGRAPHS; k++) {
        da_array *a = da__eval(g, GRAPH[k], 3, name);
        double *got = gathered(a, GRAPH[k]);
        memcpy(out + n, got, (size_t)da__nelem(a->ndim, a->shape) * sizeof *got);
        n += (int)da__nelem(a->ndim, a->shape);
        free(got);
    }
    da__runtime_close(rt);
    return n;
}

static void passes_change_no_result(void **state)
{
    (void)state;
    double all[NGRAPHS * MOST], some[NGRAPHS * MOST];
    int n = run_all("", all);
    for (int i = -1; i < da__npasses(); i++) {
        char passes[64];
        snprintf(passes, sizeof passes, "-%s", i < 0 ? "all" : da__pass_info(i)->name);
        assert_int_equal(run_all(passes, some), n);
        for (int k = 0; k < n; k++)
            if (!same_value(some[k], all[k], 1e-14))
                fail_msg(
                    "DISTARRAY_PASSES=%s, %d engines: number %d of the results is %.17g, not %.17g",
                    passes, P, k, some[k], all[k]);
    }
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(passes_change_no_result)};

int main(int argc, char **argv)
{
    nengines = argc > 1 ? atoi(argv[1]) : 1;
    alarm(HANG_SECONDS);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed != 0 || da__alloc_live() != 0;
}
