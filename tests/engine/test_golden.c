/* Optimized programs of typical graphs, for four engines, against tests/golden/NAME.json. With DA_UPDATE_GOLDEN=1 in the
 * environment the files are written anew; their change is then reviewed like code. argv[1]: the folder. */
#include "engine_test.h"

static const char *golden;

/* x and y are 12 x 8 float64 in blocks and in cycles, f is float32 like x, k are 12 int64, and t is a load. */
static const struct {
    const char *name, *text;
} GRAPH[] = {
    {"chain", "sqrt(abs(x * 2 + 1) - f / 4) * (x * 2 + 1)"},
    {"statistics", "sum((x - mean(x)) ** 2) / var(x) + min(x) * max(x)"},
    {"stencil", "4 * x[1:-1, 1:-1] - x[:-2, 1:-1] - x[2:, 1:-1] - x[1:-1, :-2] - x[1:-1, 2:]"},
    {"anomalies", "(x - mean(x, axis=0, keepdims=True)) / std(x, axis=0, keepdims=True)"},
    {"disagree", "where(x > y, x, y * 2)"},
    {"reversed", "matrix_transpose(x)[::-1, 2:8:3] * k[2:8:3]"},
    {"ranges", "arange(12) * 2 + k[::-1] + index(axis=0, shape=(12,))"},
    {"masked_mean", "sum(where(x > 0.5, x, 0.0), axis=1) / sum(astype(x > 0.5, float64), axis=1)"},
};
enum { NGRAPHS = sizeof GRAPH / sizeof GRAPH[0] };

static struct da__name name[4];

static char *read_golden(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return NULL;
    char *text = calloc(1, 1 << 20);
    size_t n = fread(text, 1, (1 << 20) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static void compare(const char *which, const char *now)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.json", golden, which);
    if (getenv("DA_UPDATE_GOLDEN") != NULL) {
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        fputs(now, f);
        fclose(f);
        return;
    }
    char *before = read_golden(path);
    if (before == NULL)
        fail_msg("%s is not there; DA_UPDATE_GOLDEN=1 writes it", path);
    if (strcmp(before, now) != 0)
        fail_msg("the program differs from %s; it is now\n%s\nDA_UPDATE_GOLDEN=1 writes it anew",
                 path, now);
    free(before);
}

static void plan(const char *which, int ntargets, da_array *const *target)
{
    struct da__error err = {.engine = -1};
    struct da__program *p = NULL;
    struct da__text t = {0};
    struct da__binding bind;
    assert_ok(da__runtime_plan(rt, ntargets, target, NULL, &p, &bind, &err), &err, which);
    da__binding_free(&bind);
    assert_ok(da__program_verify(p, &err), &err, which);
    assert_ok(da__program_dump_json(p, &t, &err), &err, which);
    compare(which, t.s);
    da__text_free(&t);
    da__program_free(p);
}

/* A leaf as a load or a run would leave it; no data are needed to plan. */
static da_array *leaf(da_dtype dtype, int ndim, const char *maps)
{
    const int64_t shape[2] = {12, 8};
    struct layout l;
    const struct da__dist *d;
    struct da__error err = {.engine = -1};
    layout_on(&l, ndim, shape, maps, 0, 0, 1, 4);
    assert_ok(da__dist_make(ndim, shape, &l.spec, 4, &d, &err), &err, maps);
    da_array *a = da__make_leaf(g, da__graph_new_buffer(g), dtype, ndim, shape, d);
    da__dist_drop(d);
    return a;
}

/* A graph of its own for each program, so that the numbers of its nodes do not depend on the others. */
static void begin(void)
{
    struct da__runtime_options options = {
        .engines = 1, .no_mpi = true, .plan_engines = 4, .passes = ""};
    struct da__error err = {.engine = -1};
    assert_ok(da__runtime_open(&options, &rt, &err), &err, "opening");
    g = da__runtime_graph(rt);
    P = 4;
    name[0] = (struct da__name){"x", leaf(DA_FLOAT64, 2, "bn")};
    name[1] = (struct da__name){"y", leaf(DA_FLOAT64, 2, "c3")};
    name[2] = (struct da__name){"f", leaf(DA_FLOAT32, 2, "bn")};
    name[3] = (struct da__name){"k", leaf(DA_INT64, 1, "b")};
}

static void programs_are_as_reviewed(void **state)
{
    (void)state;
    for (int k = 0; k < NGRAPHS; k++) {
        begin();
        da_array *a = da__eval(g, GRAPH[k].text, 4, name);
        assert_sound(a, GRAPH[k].name);
        plan(GRAPH[k].name, 1, &a);
        da__runtime_close(rt);
    }
}

/* Siblings, a kept temporary and a save in one program. */
static void targets_share(void **state)
{
    (void)state;
    begin();
    struct da__name more[5];
    memcpy(more, name, sizeof name);
    more[4] = (struct da__name){"z", da__eval(g, "x * x + 1", 4, name)};
    da__node_keep(more[4].array);
    da_array *target[] = {
        da__eval(g, "sum(z, axis=0)", 5, more), da__eval(g, "max(z)", 5, more),
        da__make_save(g, da__eval(g, "z - mean(z)", 5, more), "/nowhere/out.npy", NULL)};
    plan("targets", 3, target);
    da__node_drop(more[4].array);
    da__runtime_close(rt);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(programs_are_as_reviewed),
                                              cmocka_unit_test(targets_share)};
    golden = argc > 1 ? argv[1] : ".";
    alarm(HANG_SECONDS);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed != 0 || da__alloc_live() != 0;
}
