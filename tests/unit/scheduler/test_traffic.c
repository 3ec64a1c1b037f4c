/* What explain predicts is what runs count: messages and bytes of every engine from its plan alone, for 1 to 8 virtual engines; how
 * many messages reductions take; and explanations for 100,000 engines, which take no time to speak of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "da_scheduler.h"
#include "engine.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const double MOST_SECONDS = 10;
#else
static const double MOST_SECONDS = 1;
#endif

static struct da__runtime *rt;
static struct da__graph *g;
static int P;

/* plan: engines that are only planned for. */
static void begin(int engines, bool plan, const char *passes)
{
    struct da__runtime_options options = {.engines = plan ? 1 : engines,
                                          .threads = 1,
                                          .no_mpi = true,
                                          .passes = passes,
                                          .plan_engines = plan ? engines : 0};
    struct da__error err = {.engine = -1};
    if (da__runtime_open(&options, &rt, &err) != DA_OK)
        fail_msg("%s", err.text);
    g = da__runtime_graph(rt);
    P = engines;
}

/* Maps by letter, the engines spread over the split axes. */
static const struct da__dist *dist(int ndim, const int64_t *shape, const char *maps)
{
    struct da__map_spec map[3] = {{0}};
    const struct da__dist *d = NULL;
    struct da__error err = {.engine = -1};
    for (int k = 0; k < ndim; k++)
        map[k] = (struct da__map_spec){.kind = maps[k] == '3' ? 'c' : maps[k],
                                       .block = maps[k] == '3' ? 3 : 0};
    struct da__dist_spec spec = {.nmaps = ndim, .map = map};
    if (da__dist_make(ndim, shape, &spec, P, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    return d;
}

static da_array *computed(int ndim, const int64_t *shape, const char *maps)
{
    int64_t n = da__nelem(ndim, shape);
    double *data = calloc((size_t)n + 1, sizeof *data);
    for (int64_t i = 0; i < n; i++)
        data[i] = (double)(i % 17) - 3.5;
    const struct da__dist *d = dist(ndim, shape, maps);
    da_array *a = da__runtime_import(rt, data, DA_FLOAT64, ndim, shape, NULL);
    a = da__make_redistribute_to(g, a, d);
    da__dist_drop(d);
    free(data);
    da__node_keep(a);
    struct da__error err = {.engine = -1};
    if (da__runtime_compute(rt, 1, &a, &err) != DA_OK)
        fail_msg("%s", err.text);
    return a;
}

static struct da__program *planned(da_array *target)
{
    struct da__program *p = NULL;
    struct da__binding bind;
    struct da__error err = {.engine = -1};
    if (da__node_error(target) != NULL)
        fail_msg("%s", da__node_error(target)->text);
    if (da__runtime_plan(rt, 1, &target, NULL, &p, &bind, &err) != DA_OK)
        fail_msg("%s", err.text);
    if (da__program_verify(p, &err) != DA_OK)
        fail_msg("%s", err.text);
    da__binding_free(&bind);
    return p;
}

/* ---- predicted and counted ---- */

static const char *const GRAPH[] = {
    "0.25 * (x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:])",
    "x + y",
    "matrix_transpose(x)[::-1] * 2 + mean(x)",
    "(x - mean(x, axis=0)) / std(x, axis=0) + max(y, axis=1, keepdims=True)",
    "x[::2] + y[::-2]",
    "sum(x * y, axis=1) + sum(y)",
    "y[3] + x",
    "sqrt(abs(x[:3] + 1) * 2 - 1) * y[2:5]",
    "rebalance(exp(x[:4]) + 1)",
    "x @ y",
    "matrix_transpose(x) @ y + tensordot(x, y, axes=2)",
    "x @ y[0]",
    "tile(x, (7, 7)) @ tile(y, (7, 5))",
};
enum { NGRAPHS = sizeof GRAPH / sizeof GRAPH[0] };

static void check_graph(const char *text, const char *passes, const struct da__name *name)
{
    struct da__error err = {.engine = -1};
    struct da__traffic total = {0}, t;
    da__scope_push(g);
    da_array *a = da__eval(g, text, 2, name);
    struct da__program *p = planned(a);
    for (int e = 0; e < P; e++) {
        assert_int_equal(da__traffic_of(p, e, &t), DA_OK);
        total.sent += t.sent;
        total.sent_bytes += t.sent_bytes;
        total.received += t.received;
        total.received_bytes += t.received_bytes;
    }
    da__program_free(p);
    assert_int_equal(total.sent, total.received);
    assert_int_equal(total.sent_bytes, total.received_bytes);
    struct da__counters c;
    da__runtime_reset_counters(rt);
    if (da__runtime_compute(rt, 1, &a, &err) != DA_OK)
        fail_msg("%s: %s", text, err.text);
    da__runtime_counters(rt, &c);
    if (c.messages != total.sent || c.message_bytes != total.sent_bytes)
        fail_msg("%s, %d engines, passes \"%s\": %lld messages with %lld bytes, foreseen %lld with "
                 "%lld",
                 text, P, passes, (long long)c.messages, (long long)c.message_bytes,
                 (long long)total.sent, (long long)total.sent_bytes);
    da__scope_pop(g);
}

static void predictions_are_what_runs_count(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"bn", "bn"}, {"bn", "nb"}, {"bb", "cn"}, {"3b", "nc"}};
    const int64_t shape[2] = {14, 14};
    for (int engines = 1; engines <= 8; engines++)
        for (int off = 0; off < 2; off++) {
            const char *passes = off ? "-layout,-fuse" : "";
            begin(engines, false, passes);
            for (int k = 0; k < 4; k++) {
                struct da__name name[] = {{"x", computed(2, shape, pairs[k][0])},
                                          {"y", computed(2, shape, pairs[k][1])}};
                for (int i = 0; i < NGRAPHS; i++)
                    check_graph(GRAPH[i], passes, name);
                da__node_drop(name[0].array);
                da__node_drop(name[1].array);
            }
            da__runtime_close(rt);
        }
}

/* ---- how many ---- */

static int64_t log2_above(int64_t n)
{
    int64_t k = 0;
    while ((int64_t)1 << k < n)
        k++;
    return k;
}

static da_array *leaf(int ndim, const int64_t *shape, const char *maps)
{
    const struct da__dist *d = dist(ndim, shape, maps);
    da_array *a = da__make_leaf(g, da__graph_new_buffer(g), DA_FLOAT64, ndim, shape, d);
    da__dist_drop(d);
    return a;
}

/* Up the tree and down again: nobody has more messages than the tree has levels, and one. */
static void reductions_take_a_tree(void **state)
{
    (void)state;
    static const char *const text[] = {"sum(x)", "sum(x, axis=0)", "mean(x) + max(x) - min(x)",
                                       "argmax(x)"};
    const int64_t shape[2] = {640, 8};
    for (int engines = 2; engines <= 64; engines++) {
        begin(engines, true, "");
        struct da__name name = {"x", leaf(2, shape, engines % 3 == 0 ? "bb" : "3n")};
        for (int i = 0; i < 4; i++) {
            struct da__program *p = planned(da__eval(g, text[i], 1, &name));
            struct da__traffic t;
            int64_t total = 0;
            for (int e = 0; e < engines; e++) {
                assert_int_equal(da__traffic_of(p, e, &t), DA_OK);
                if (t.sent > log2_above(engines) + 1 || t.received > log2_above(engines) + 1)
                    fail_msg("%s: engine %d of %d sends %lld and receives %lld messages", text[i],
                             e, engines, (long long)t.sent, (long long)t.received);
                total += t.sent;
            }
            assert_true(total > 0 && total <= 2 * (engines - 1));
            da__program_free(p);
        }
        da__runtime_close(rt);
    }
}

/* ---- broadcasts ---- */

static const char *const BROADCAST[] = {
    "x - x[0]",          "x * 2 - x[-1]", "x[7] + x", "x - x[3, 5]", "(x - x[1]) * sum(x * x[1])",
    "x[2:] * x[0, ::-1]"};
enum { NBROADCASTS = sizeof BROADCAST / sizeof BROADCAST[0] };

/* The most messages that one engine has with the plans of P engines, and of all together. */
static int64_t busiest(const char *text, const struct da__name *name, int64_t *total)
{
    struct da__program *p = planned(da__eval(g, text, 1, name));
    int64_t most = 0;
    *total = 0;
    for (int e = 0; e < P; e++) {
        struct da__traffic t;
        assert_int_equal(da__traffic_of(p, e, &t), DA_OK);
        most = t.sent > most ? t.sent : most;
        most = t.received > most ? t.received : most;
        *total += t.sent;
    }
    da__program_free(p);
    return most;
}

/* A row that all engines need: its owner sends it to a few, these to a few times as many. */
static void broadcasts_take_a_tree(void **state)
{
    (void)state;
    static const int engines[] = {1, 4, 5, 8, 16, 17, 64, 1000};
    static const char *const maps[] = {"bn", "cn", "bb"};
    for (size_t k = 0; k < sizeof engines / sizeof *engines; k++)
        for (int m = 0; m < 3; m++)
            for (int off = 0; off < 2; off++) {
                begin(engines[k], true, off ? "-broadcast" : "");
                const int64_t shape[2] = {2 * P + 8, 40};
                struct da__name name = {"x", leaf(2, shape, maps[m])};
                int64_t total, most = busiest("x - x[0]", &name, &total);
                if (!off && most > 2 * log2_above(P) + 1)
                    fail_msg("%s, %d engines: one has %lld messages", maps[m], P, (long long)most);
                if (off && m < 2)
                    assert_int_equal(most, P - 1);
                if (m < 2)
                    assert_int_equal(total, P - 1);
                for (int i = 0; i < NBROADCASTS && !off; i++) {
                    most = busiest(BROADCAST[i], &name, &total);
                    if (most > 4 * log2_above(P) + 4)
                        fail_msg("%s of %s, %d engines: one has %lld messages", BROADCAST[i],
                                 maps[m], P, (long long)most);
                }
                da__runtime_close(rt);
            }
}

static double *values(const char *text, const struct da__name *name, int64_t *n)
{
    struct da__error err = {.engine = -1};
    da__scope_push(g);
    da_array *a = da__eval(g, text, 1, name);
    *n = da__nelem(a->ndim, a->shape);
    double *out = malloc((size_t)*n * sizeof *out);
    if (da__runtime_gather(rt, a, out, &err) != DA_OK)
        fail_msg("%s: %s", text, err.text);
    da__scope_pop(g);
    return out;
}

/* Runs of as many engines: what is counted was foreseen, and values are those of one engine. */
static void broadcasts_run(void **state)
{
    (void)state;
    static const int engines[] = {4, 8, 16, 64};
    static const char *const maps[] = {"bn", "3n", "bb"};
    const int64_t shape[2] = {70, 9};
    double *want[NBROADCASTS] = {NULL};
    int64_t n;
    begin(1, false, "");
    struct da__name one = {"x", computed(2, shape, "bn")};
    for (int i = 0; i < NBROADCASTS; i++)
        want[i] = values(BROADCAST[i], &one, &n);
    da__node_drop(one.array);
    da__runtime_close(rt);
    for (int k = 0; k < 4; k++)
        for (int m = 0; m < 3; m++) {
            begin(engines[k], false, "");
            struct da__name name[] = {{"x", computed(2, shape, maps[m])}, {"y", NULL}};
            name[1].array = name[0].array;
            for (int i = 0; i < NBROADCASTS; i++) {
                check_graph(BROADCAST[i], "", name);
                double *got = values(BROADCAST[i], name, &n);
                for (int64_t at = 0; at < n; at++)
                    if (got[at] != want[i][at])
                        fail_msg("%s, %d engines: element %lld is %g, not %g", BROADCAST[i], P,
                                 (long long)at, got[at], want[i][at]);
                free(got);
            }
            da__node_drop(name[0].array);
            da__runtime_close(rt);
        }
    for (int i = 0; i < NBROADCASTS; i++)
        free(want[i]);
}

/* ---- many engines ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The text of a Jacobi step and its change, and what it took. */
static char *explained(int engines, int64_t extent, const char *maps, double *seconds)
{
    const int64_t shape[2] = {extent, extent};
    struct da__text t = {0};
    struct da__error err = {.engine = -1};
    begin(engines, true, "");
    struct da__name name = {"u", leaf(2, shape, maps)};
    double start = now();
    da_array *target[2];
    target[0] =
        da__eval(g, "0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])", 1, &name);
    target[1] = da__make_reduce(
        g, DA__RED_MAX,
        da__make_elementwise(
            g, DA__OP_SUBTRACT, 2,
            (struct da__operand[]){{.array = target[0]},
                                   {.array = da__eval(g, "u[1:-1, 1:-1]", 1, &name)}}),
        -1, NULL, false, 0, DA_DTYPE_DEFAULT);
    if (da__runtime_explain(rt, 2, target, &t, &err) != DA_OK)
        fail_msg("%s", err.text);
    *seconds = now() - start;
    da__runtime_close(rt);
    return t.s;
}

static void many_engines_are_explained_at_once(void **state)
{
    (void)state;
    static const int engines[] = {17, 4096, 100000};
    static const int64_t extent[] = {4000, 400000, 40000000};
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 3; i++) {
            double seconds;
            char middle[32];
            char *text = explained(engines[k], extent[i], "bb", &seconds);
            if (seconds > MOST_SECONDS)
                fail_msg("explaining %d engines took %.2f s", engines[k], seconds);
            snprintf(middle, sizeof middle, "of %d engines)", engines[k]);
            assert_non_null(strstr(text, middle));
            assert_non_null(strstr(text, "chosen: as it lies [b"));
            assert_non_null(strstr(text, "together"));
            da__free(text);
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions_are_what_runs_count), cmocka_unit_test(reductions_take_a_tree),
        cmocka_unit_test(broadcasts_take_a_tree), cmocka_unit_test(broadcasts_run),
        cmocka_unit_test(many_engines_are_explained_at_once)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed != 0 || da__alloc_live() != 0;
}
