/* Functions of the program's own: elementwise and reductions on every distribution, their names, and what dumps say of them. */
#include "functions_test.h"

static void choose(int64_t n, void *out, const void *const *in, const int64_t *step,
                   const void *data)
{
    const uint8_t *condition = in[0];
    const int16_t *x = in[1];
    const float *y = in[2];
    double *z = out;
    (void)data;
    for (int64_t i = 0; i < n; i++)
        z[i] = condition[i * step[0]] ? x[i * step[1]] : (double)y[i * step[2]];
}

static int register_all(void **state)
{
    (void)state;
    register_shared();
    enter((struct da__registration){.kind = DA__USER_STRIP,
                                    .name = "choose",
                                    .nentries = 1,
                                    .entry = {(void (*)(void))choose},
                                    .nin = 3,
                                    .in = {DA_BOOL, DA_INT16, DA_FLOAT32},
                                    .out = DA_FLOAT64});
    return 0;
}

/* ---- elementwise ---- */

static double mixed_row(const int64_t *i)
{
    return 2 * flat_of(i) + (double)i[1] * 3;
}
static double mixed_back(const int64_t *i)
{
    return 2 * flat_of((int64_t[2]){i[1], i[0]}) + flat_of((int64_t[2]){12 - i[1], i[0]});
}
static double chosen(const int64_t *i)
{
    return (int64_t)flat_of(i) % 2 ? 7 : flat_of(i) + 0.5;
}

static void test_elementwise(void **state)
{
    (void)state;
    for (int a = 0; a < NMAPS; a++)
        for (int b = 0; b < NMAPS; b++)
            for (int subset = 0; subset < NSUBSETS; subset++) {
                struct layout l, m;
                char maps[3] = {MAPS[a], MAPS[b], 0}, back[3] = {MAPS[b], MAPS[a], 0};
                const struct da__dist_spec *one = layout_subset(&l, 2, SHAPE, maps, 0, subset);
                const struct da__dist_spec *two = layout(&m, 2, SHAPE, back, 1);
                da__scope_push(g);
                const struct da__name name[] = {{"x", numbers(2, SHAPE, 0, 1, one)},
                                                {"y", numbers(2, SHAPE, 1000, -1, two)},
                                                {"row", numbers(1, SHAPE + 1, 0, 3, NULL)}};
                check(eval("mix(x + 1, y) - 5", 2, name), 2, SHAPE, mixed, l.text);
                check(eval("mix(x, row)", 3, name), 2, SHAPE, mixed_row, l.text);
                check(eval("mix(permute_dims(x), permute_dims(x)[:, ::-1])", 3, name), 2,
                      (int64_t[2]){10, 13}, mixed_back, l.text);
                check(
                    eval("choose(is_odd(astype(x, int64)), 7, astype(x, float32) + 0.5)", 3, name),
                    2, SHAPE, chosen, l.text);
                da__scope_pop(g);
            }
}

static double one_or_empty(const int64_t *i)
{
    (void)i;
    return 2 * 3 + 4;
}

static void test_elementwise_edges(void **state)
{
    int64_t none[2] = {0, 5};
    (void)state;
    da__scope_push(g);
    check(eval("mix(3, 4)", 0, NULL), 0, NULL, one_or_empty, "scalars");
    check(eval("mix(zeros((0, 5)), 4)", 0, NULL), 2, none, one_or_empty, "nothing");
    check(eval("mix(full((), 3), arange(4, 5)[0])", 0, NULL), 0, NULL, one_or_empty, "0-d");
    check(eval("mix(full(3, 3), ones((4, 1), dtype=int8) * 4)", 0, NULL), 2, (int64_t[2]){4, 3},
          one_or_empty, "broadcast");
    da_array *late = eval("mix(compress(arange(6) > 2, arange(6)) * 0 + 3, 4.0)", 0, NULL);
    da_array *all = eval("range_of(compress(arange(6) > 2, arange(6)))", 0, NULL);
    compute(2, (da_array *[]){late, all});
    check(late, 1, (int64_t[1]){3}, one_or_empty, "a size that data decide");
    double *got = gathered(all, "reduced");
    assert_true(got[0] == 2e6 + 3);
    free(got);
    da_array *bad = da__eval(g, "mix(ones(3, dtype=complex64), 1)", 0, NULL);
    assert_non_null(strstr(da__node_error(bad)->text, "operand 0 is complex64"));
    bad = da__eval(g, "mix(ones(3), ones(4))", 0, NULL);
    assert_non_null(strstr(da__node_error(bad)->text, "broadcast"));
    bad = da__eval(g, "no_such_mix(ones(3), 1)", 0, NULL);
    assert_non_null(strstr(da__node_error(bad)->text, "no function \"no_such_mix\""));
    da__scope_pop(g);
}

/* Neighbours of a function of the program's are one step with it. */
static void test_fused(void **state)
{
    (void)state;
    if (getenv("DISTARRAY_PASSES") != NULL)
        return;
    da__scope_push(g);
    const struct da__name x = {"x", numbers(2, SHAPE, 0, 1, NULL)};
    da_array *a = eval("range_of(mix(x * 2, sqrt(x)) + 1) + sum(mix(x * 2, sqrt(x)))", 1, &x);
    int64_t before = counters().kernel_sweeps;
    compute(1, &a);
    assert_int_equal(counters().kernel_sweeps - before, 2);
    da__scope_pop(g);
}

/* ---- reductions ---- */

static double range_all(const int64_t *i)
{
    (void)i;
    return 129e6 + 130;
}
static double range_rows(const int64_t *i)
{
    (void)i;
    return 9e6 + 10;
}
static double range_columns(const int64_t *i)
{
    (void)i;
    return 120e6 + 13;
}
static double range_nothing(const int64_t *i)
{
    (void)i;
    return -1;
}

static void test_reductions(void **state)
{
    (void)state;
    for (int a = 0; a < NMAPS; a++)
        for (int b = 0; b < NMAPS; b++)
            for (int subset = 0; subset < NSUBSETS; subset++) {
                struct layout l;
                char maps[3] = {MAPS[a], MAPS[b], 0};
                da__scope_push(g);
                const struct da__name x = {
                    "x", numbers(2, SHAPE, 5, 1, layout_subset(&l, 2, SHAPE, maps, 0, subset))};
                check(eval("range_of(x)", 1, &x), 0, NULL, range_all, l.text);
                check(eval("range_of(x, axis=1)", 1, &x), 1, SHAPE, range_rows, l.text);
                check(eval("range_of(x + 1, axis=0, keepdims=True)", 1, &x), 2, (int64_t[2]){1, 10},
                      range_columns, l.text);
                check(eval("range_of(permute_dims(x)[::-1], axis=(0, 1))", 1, &x), 0, NULL,
                      range_all, l.text);
                da__scope_pop(g);
            }
    da__scope_push(g);
    check(eval("range_of(zeros((0, 4)))", 0, NULL), 0, NULL, range_nothing, "nothing");
    check(eval("range_of(zeros((3, 0)), axis=1)", 0, NULL), 1, (int64_t[1]){3}, range_nothing,
          "rows of nothing");
    da__scope_pop(g);
}

/* Large enough to be cut into chunks and tiles; together with a sum over the same numbers. */
static void test_large_reduction(void **state)
{
    enum { N = 1300, M = 701 };
    double wanted[3] = {((double)N * M - 1) * 1e6 + (double)N * M, 0, 0};
    (void)state;
    da__scope_push(g);
    da_array *x = eval("reshape(arange(1300 * 701, dtype=float64), (1300, 701))", 0, NULL);
    const struct da__name name = {"x", x};
    da_array *all = eval("range_of(x)", 1, &name), *rows = eval("range_of(x, axis=1)", 1, &name),
             *columns = eval("range_of(x, axis=0)", 1, &name);
    da_array *target[] = {all, rows, columns};
    compute(3, target);
    double *got = gathered(all, "all");
    assert_true(got[0] == wanted[0]);
    free(got);
    got = gathered(rows, "rows");
    for (int i = 0; i < N; i++)
        assert_true(got[i] == (M - 1) * 1e6 + M);
    free(got);
    got = gathered(columns, "columns");
    for (int i = 0; i < M; i++)
        assert_true(got[i] == (double)(N - 1) * M * 1e6 + N);
    free(got);
    da__scope_pop(g);
}

/* ---- failures ---- */

/* An engine that lacks the object says so, and nothing is called. */
static void test_missing(void **state)
{
    (void)state;
    da__scope_push(g);
    struct da__user *u = da__user_of(g, "is_odd");
    char *object = u->entry[0].object;
    u->entry[0].object = da__strdup("/nowhere/libelse.so");
    da_array *a = eval("is_odd(arange(5))", 0, NULL);
    assert_fails(a, -1, DA_ERR_ARGUMENT, "is_odd: /nowhere/libelse.so is not loaded here");
    da__free(u->entry[0].object);
    u->entry[0].object = object;
    check(eval("is_odd(arange(5) * 2 + 1) * 10", 0, NULL), 1, (int64_t[1]){5}, one_or_empty,
          "is there");
    da__scope_pop(g);
}

static void test_registering(void **state)
{
    static const struct {
        const char *name, *words;
    } bad[] = {{"sum", "has a meaning already"},
               {"float32", "has a meaning already"},
               {"pi", "has a meaning already"},
               {"mix", "is registered already"},
               {"a-b", "is no name"},
               {"", "is no name"}};
    struct da__registration r = {.kind = DA__USER_LOCAL,
                                 .nentries = 1,
                                 .entry = {(void (*)(void))step_both},
                                 .intents = "w"};
    (void)state;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        struct da__error err = {.engine = -1};
        r.name = bad[k].name;
        assert_int_equal(da__register(g, &r, &err), DA_ERR_ARGUMENT);
        assert_non_null(strstr(err.text, bad[k].words));
    }
    struct da__error err = {.engine = -1};
    r.name = "new_one";
    r.intents = "rx";
    assert_int_equal(da__register(g, &r, &err), DA_ERR_ARGUMENT);
    da__scope_push(g);
    da_array *x = eval("ones(3)", 0, NULL), *out[1];
    da_array *a = da__make_apply(g, "mix", 1, &x, NULL, 0, out);
    assert_non_null(strstr(da__node_error(a)->text, "no function on local parts"));
    a = da__make_apply(g, "step_both", 1, &x, NULL, 0, out);
    assert_non_null(strstr(da__node_error(a)->text, "takes 3 arrays, not 1"));
    assert_null(out[0]);
    da__scope_pop(g);
}

/* ---- text ---- */

static void reload(const struct da__text *t, double (*value)(const int64_t *index))
{
    struct da__pipeline *p = NULL;
    struct da__error err = {.engine = -1};
    da__scope_push(g);
    assert_ok(da__pipeline_load(g, t->s, t->len, "dump", ".", 0, NULL, &p, &err), &err, t->s);
    check(p->output[p->noutputs - 1], 2, SHAPE, value, "loaded again");
    da__pipeline_free(p);
    da__scope_pop(g);
}

static double reloaded(const int64_t *i)
{
    return 2 * stepped(i) + product(i) + 129e6 + 130;
}

static void test_dumps(void **state)
{
    const double three = 3;
    struct da__text t = {0};
    struct da__error err = {.engine = -1};
    struct da__program *p = NULL;
    struct da__binding bind;
    (void)state;
    da__scope_push(g);
    da_array *in[] = {numbers(2, SHAPE, 0, 1, NULL), numbers(2, SHAPE, 1000, -1, NULL), NULL};
    in[2] = in[0];
    da_array *out[3];
    apply("step_both", 3, in, &three, sizeof three, out);
    const struct da__name name[] = {{"u", out[1]}, {"w", out[2]}, {"x", in[0]}};
    da_array *a = eval("mix(u, w) + range_of(x)", 3, name);
    assert_ok(da__graph_dump_json(g, 1, &a, &t, &err), &err, "dump");
    assert_non_null(strstr(t.s, "\"op\":\"step_both\""));
    assert_non_null(strstr(t.s, "\"op\":\"mix\""));
    reload(&t, reloaded);
    da__text_free(&t);
    assert_ok(da__runtime_plan(rt, 1, &a, NULL, &p, &bind, &err), &err, "plan");
    assert_ok(da__program_json(p, g, &bind, &t, &err), &err, "program");
    assert_non_null(strstr(t.s, "\"op\":\"step_both\""));
    reload(&t, reloaded);
    da__text_free(&t);
    assert_ok(da__program_dump_dot(p, &t, &err), &err, "dot");
    assert_non_null(strstr(t.s, "step_both"));
    da__text_free(&t);
    assert_ok(da__graph_dump_dot(g, 1, &a, &t, &err), &err, "dot");
    assert_non_null(strstr(t.s, "range_of"));
    da__text_free(&t);
    assert_ok(da__runtime_explain(rt, 1, &a, &t, &err), &err, "explain");
    assert_non_null(strstr(t.s, "step_both"));
    da__text_free(&t);
    da__program_free(p);
    da__binding_free(&bind);
    check(a, 2, SHAPE, reloaded, "computed");
    da__scope_pop(g);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementwise),     cmocka_unit_test(test_elementwise_edges),
        cmocka_unit_test(test_fused),           cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_large_reduction), cmocka_unit_test(test_missing),
        cmocka_unit_test(test_registering),     cmocka_unit_test(test_dumps),
    };
    int code;
    if (!engines_open(argc, argv, &code))
        return code;
    return engines_close(cmocka_run_group_tests(tests, register_all, NULL));
}
