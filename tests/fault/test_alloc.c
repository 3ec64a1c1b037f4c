/* Every allocation fails in turn, once and for good from there on: each attempt gives one clear error or the right result,
 * existing arrays stay, the context goes on, and nothing is left behind. argv[1]: virtual engines; argv[2]: only every so many-th
 * allocation is tried. */
#include "fault_test.h"

static int nengines, stride = 1;
static char file[64];

/* What is tried while an allocation fails. Returns what the acting call said, or the poison of a described array. */
typedef da_status (*attempt)(da_array *x, struct da__error *err);

static da_status poison_of(const da_array *a, struct da__error *err)
{
    const struct da__error *cause = da__node_error(a);
    return cause != NULL ? da__fail(err, cause->status, "%s", cause->text) : DA_OK;
}

static void fill_ones(int ndim, const int64_t *index, int64_t step, int64_t count, void *out,
                      const void *data)
{
    (void)ndim, (void)index, (void)step, (void)data;
    for (int64_t i = 0; i < count; i++)
        ((double *)out)[i] = 1;
}

static da_status build(da_array *x, struct da__error *err)
{
    struct layout l;
    double data[48] = {0}, argument = 1;
    da_array *a[16];
    int n = 0;
    const struct da__operand two = {.scalar = {.kind = DA__SCALAR_INT, .i = 2, .re = 2}},
                             operand[2] = {{.array = x}, two};
    struct da__index_item item = {.kind = DA__INDEX_SLICE, .has_step = true, .step = -2};
    layout_on(&l, 2, shape_x, "cu", 0, 0, 1, nengines);
    a[n++] = da__make_elementwise(g, DA__OP_ADD, 2, operand);
    a[n++] = da__make_reduce(g, DA__RED_VAR, a[0], 1, (int64_t[]){0}, true, 1, DA_DTYPE_DEFAULT);
    a[n++] = da__make_index_basic(g, a[0], 1, &item);
    a[n++] = da__make_permute(g, a[2], 0, NULL);
    a[n++] = da__make_broadcast_to(g, x, 3, (int64_t[]){2, 6, 8});
    a[n++] = da__make_redistribute(g, x, &l.spec);
    a[n++] = da__runtime_import(rt, data, DA_FLOAT64, 2, shape_x, &l.spec);
    a[n++] = da__make_from_function(g, fill_ones, &argument, sizeof argument, 2, shape_x,
                                    DA_FLOAT64, &l.spec);
    a[n++] = da__make_arange(g, (struct da__scalar){.i = 0}, (struct da__scalar){.i = 20, .re = 20},
                             (struct da__scalar){.i = 3, .re = 3}, DA_DTYPE_DEFAULT, NULL);
    a[n++] = da__make_eye(g, 4, 5, 1, DA_FLOAT32, NULL);
    a[n++] = da__make_astype(g, a[3], DA_INT16);
    a[n++] = da__make_reshape(g, a[5], 2, (int64_t[]){-1, 4}, NULL);
    a[n++] = da__make_tile(g, x, 2, (int64_t[]){2, 3});
    a[n++] = da__make_repeat(g, x, 2, NULL);
    a[n++] = da__make_save(g, a[0], file, NULL);
    for (int i = 0; i < n; i++)
        DA_TRY(poison_of(a[i], err));
    return DA_OK;
}

static da_status evaluate(da_array *x, struct da__error *err)
{
    struct da__name name[] = {{"x", x}};
    return poison_of(
        da__eval(g, "where(x > 0.5, x[::-1] * 2, sum(x, axis=(0,), keepdims=True)) + arange(8)", 1,
                 name),
        err);
}

/* Sums on two levels, a halo and a redistribution, in one run; then a gathering. */
static da_status compute_some(da_array *x, struct da__error *err)
{
    struct layout l;
    struct da__name name[] = {{"x", x}};
    double got[48];
    DA_TRY(da__scope_push(g) == DA_OK ? DA_OK : da__fail(err, DA_ERR_MEMORY, "no scope"));
    layout_on(&l, 2, shape_x, "nc", 0, 0, 1, nengines);
    da_array *target[] = {da__eval(g, "sum((x - mean(x)) ** 2)", 1, name),
                          da__eval(g, "x[1:] - x[:-1]", 1, name),
                          da__make_redistribute(g, x, &l.spec)};
    da_status status = da__runtime_compute(rt, 3, target, err);
    if (status == DA_OK)
        status = da__runtime_gather(rt, target[1], got, err);
    for (int k = 0; k < 40 && status == DA_OK; k++)
        assert_true(got[k] == 8);
    da__scope_pop(g);
    return status;
}

/* Sizes that are found out in two waves, the second over parts that do not follow each other; places in what was selected. */
static da_status select_some(da_array *x, struct da__error *err)
{
    struct da__name name[] = {{"x", x}, {"part", NULL}};
    double got[48];
    DA_TRY(da__scope_push(g) == DA_OK ? DA_OK : da__fail(err, DA_ERR_MEMORY, "no scope"));
    name[1].array = da__eval(g, "x[x % 4 == 1]", 1, name);
    da_array *target[] = {
        da__eval(g, "part[redistribute(part > 20, \"c\")]", 2, name),
        da__eval(g, "searchsorted(part, x, \"right\")", 2, name),
    };
    da_status status = da__runtime_compute(rt, 2, target, err);
    if (status == DA_OK)
        status = da__runtime_gather(rt, target[0], got, err);
    for (int k = 0; k < 7 && status == DA_OK; k++)
        assert_true(got[k] == 21 + 4 * k);
    da__scope_pop(g);
    return status;
}

/* Rows become other rows, cyclic ones too, and are gathered. */
static da_status reshape_some(da_array *x, struct da__error *err)
{
    struct layout l;
    double got[48];
    const int64_t shape[2] = {4, 12};
    DA_TRY(da__scope_push(g) == DA_OK ? DA_OK : da__fail(err, DA_ERR_MEMORY, "no scope"));
    layout_on(&l, 2, shape, "uc", 0, 0, 1, nengines);
    da_array *y = da__make_reshape(g, x, 2, shape, &l.spec);
    da_status status = da__runtime_compute(rt, 1, &y, err);
    if (status == DA_OK)
        status = da__runtime_gather(rt, da__make_flatten(g, y), got, err);
    for (int k = 0; k < 48 && status == DA_OK; k++)
        assert_true(got[k] == k);
    da__scope_pop(g);
    return status;
}

/* Sorting and running sums of a table and of a line that all engines share. */
static da_status compute_along(da_array *x, struct da__error *err)
{
    struct da__name name[] = {{"x", x}};
    double got[9];
    DA_TRY(da__scope_push(g) == DA_OK ? DA_OK : da__fail(err, DA_ERR_MEMORY, "no scope"));
    da_array *target[] = {
        da__eval(g, "cumulative_sum(x[:, 0], include_initial=True)", 1, name),
        da__eval(g, "sort(x, axis=0, descending=True)", 1, name),
        da__eval(g, "argsort(x[:, 1])", 1, name),
    };
    da_status status = da__runtime_compute(rt, 3, target, err);
    if (status == DA_OK)
        status = da__runtime_gather(rt, target[0], got, err);
    for (int k = 0; k < 6 && status == DA_OK; k++)
        assert_true(got[k + 1] - got[k] == 8 * k);
    da__scope_pop(g);
    return status;
}

/* Panels that go round, partial sums that are joined, and a gathered vector. */
static da_status multiply(da_array *x, struct da__error *err)
{
    struct da__name name[] = {{"x", x}};
    double got[36];
    DA_TRY(da__scope_push(g) == DA_OK ? DA_OK : da__fail(err, DA_ERR_MEMORY, "no scope"));
    da_array *target[] = {da__eval(g, "matrix_transpose(x) @ x", 1, name),
                          da__eval(g, "tile(x, (12, 9)) @ tile(x, (12, 15))", 1, name),
                          da__eval(g, "x @ x[0]", 1, name)};
    da_status status = da__runtime_compute(rt, 3, target, err);
    if (status == DA_OK)
        status = da__runtime_gather(rt, target[2], got, err);
    for (int k = 0; k < 6 && status == DA_OK; k++)
        assert_true(got[k] == 140 + 28 * 8 * k);
    da__scope_pop(g);
    return status;
}

/* Rows read and written in reverse by an index array, and two reads that move nothing. */
static da_status index_by_arrays(da_array *x, struct da__error *err)
{
    struct da__name name[] = {{"x", x}};
    double got[48];
    DA_TRY(da__scope_push(g) == DA_OK ? DA_OK : da__fail(err, DA_ERR_MEMORY, "no scope"));
    da_array *target[] = {da__eval(g, "x[5 - arange(6)]", 1, name),
                          da__eval(g, "put(x, x, [5 - arange(6)], \"@0\")", 1, name),
                          da__eval(g, "take_along_axis(x, index(0, (6, 1)), axis=1)", 1, name)};
    da_status status = da__runtime_compute(rt, 3, target, err);
    for (int i = 0; i < 2 && status == DA_OK; i++) {
        status = da__runtime_gather(rt, target[i], got, err);
        for (int k = 0; k < 48 && status == DA_OK; k++)
            assert_true(got[k] == (double)(8 * (5 - k / 8) + k % 8));
    }
    da__scope_pop(g);
    return status;
}

static da_status load_pipeline(da_array *x, struct da__error *err)
{
    static const char text[] =
        "{ \"distarray\": 1, \"nodes\": [ {\"id\": \"a\", \"op\": \"array\", \"data\": [[1, 2.5], "
        "[3, 4]]},"
        " {\"id\": \"m\", \"op\": \"mean\", \"in\": [\"a\"], \"axis\": [0], \"keepdims\": true},"
        " {\"id\": \"d\", \"expr\": \"a - m[:, ::-1] * ${K}\"}, {\"id\": \"s\", \"op\": \"sum\", "
        "\"in\": [{\"op\": \"greater\", \"in\": [\"d\", 0]}],"
        " \"dist\": {\"maps\": []}} ], \"outputs\": [\"s\", \"d\"] }";
    const struct da__define define = {"K", "2"};
    struct da__pipeline *p = NULL;
    (void)x;
    da_status status =
        da__pipeline_load(g, text, sizeof text - 1, "fault.json", ".", 1, &define, &p, err);
    if (status == DA_OK)
        da__pipeline_free(p);
    return status;
}

static da_status save_and_load(da_array *x, struct da__error *err)
{
    double got[48];
    DA_TRY(da__scope_push(g) == DA_OK ? DA_OK : da__fail(err, DA_ERR_MEMORY, "no scope"));
    da_array *saved = da__make_save(g, x, file, NULL);
    da_status status = da__runtime_compute(rt, 1, &saved, err);
    if (status == DA_OK)
        status = da__runtime_gather(
            rt, da__make_load(g, file, NULL, NULL, -1, NULL, DA_DTYPE_DEFAULT, NULL), got, err);
    for (int64_t k = 0; k < 48 && status == DA_OK; k++)
        assert_true(got[k] == (double)k);
    da__scope_pop(g);
    return status;
}

/* Whether the failing allocation is still to come; it is used up then. */
static bool still_armed(int64_t n, bool forever)
{
    for (int64_t i = 0; i < n; i++) {
        void *block = da__alloc(1);
        bool failed = block == NULL;
        da__free(block);
        if (failed !=
            forever) /* once: it is this one; for good: the first shows whether it has begun */
            return true;
        if (forever)
            return false;
    }
    return false;
}

/* One attempt in a context of its own. False: the n-th allocation does not happen any more. */
static bool try_at(attempt what, int64_t n, bool forever)
{
    struct da__runtime_options options = {.engines = nengines, .threads = 1, .no_mpi = true};
    struct da__error err = {.engine = -1};
    struct layout l;
    assert_ok(da__runtime_open(&options, &rt, &err), &err, "opening");
    g = da__runtime_graph(rt);
    P = nengines;
    layout_on(&l, 2, shape_x, "bn", 0, 0, 1, nengines);
    da_array *x = numbers(2, shape_x, 0, 1, &l.spec);
    compute(1, &x);
    da__node_keep(x);
    da__alloc_fail_at(n, forever);
    da_status status = what(x, &err);
    bool more = !still_armed(n, forever);
    da__alloc_fail_at(0, false);
    if (status != DA_OK) {
        check_told(status, &err);
        if (status != DA_ERR_MEMORY)
            fail_msg("%s: not a matter of memory: %s", place, err.text);
    }
    check_survived(x);
    memset(&err, 0, sizeof err);
    err.engine = -1;
    assert_ok(what(x, &err), &err, place);
    da__node_drop(x);
    da__runtime_close(rt);
    if (da__alloc_live() != 0)
        fail_msg("%s: %lld blocks are left behind", place, (long long)da__alloc_live());
    return more;
}

static void fail_each(attempt what, const char *name)
{
    for (int forever = 0; forever < 2; forever++) {
        bool more = true;
        for (int64_t n = 1; more; n += stride * (forever && nengines > 1 ? 3 : 1)) {
            snprintf(place, sizeof place, "%s, allocation %lld fails %s, %d engines", name,
                     (long long)n, forever ? "and all later ones" : "once", nengines);
            watch(20);
            more = try_at(what, n, forever);
        }
    }
}

#define FAIL_EACH(what)                                                                            \
    static void what##_fails(void **state)                                                         \
    {                                                                                              \
        (void)state;                                                                               \
        fail_each(what, #what);                                                                    \
    }
FAIL_EACH(build)
FAIL_EACH(evaluate)
FAIL_EACH(compute_some)
FAIL_EACH(reshape_some)
FAIL_EACH(compute_along)
FAIL_EACH(multiply)
FAIL_EACH(index_by_arrays)
FAIL_EACH(select_some)
FAIL_EACH(load_pipeline)
FAIL_EACH(save_and_load)

/* Opening itself. */
static void opening_fails(void **state)
{
    (void)state;
    struct da__runtime_options options = {
        .engines = nengines, .threads = 2, .no_mpi = true, .passes = "-cse"};
    for (int forever = 0; forever < 2; forever++)
        for (int64_t n = 1, more = 1; more; n++) {
            struct da__error err = {.engine = -1};
            snprintf(place, sizeof place, "opening, allocation %lld fails %s, %d engines",
                     (long long)n, forever ? "and all later ones" : "once", nengines);
            watch(20);
            da__alloc_fail_at(n, forever);
            da_status status = da__runtime_open(&options, &rt, &err);
            more = !still_armed(n, forever);
            da__alloc_fail_at(0, false);
            if (status != DA_OK)
                check_told(status, &err);
            else
                da__runtime_close(rt);
            if (da__alloc_live() != 0)
                fail_msg("%s: %lld blocks are left behind", place, (long long)da__alloc_live());
        }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_fails),         cmocka_unit_test(build_fails),
        cmocka_unit_test(evaluate_fails),        cmocka_unit_test(load_pipeline_fails),
        cmocka_unit_test(compute_some_fails),    cmocka_unit_test(reshape_some_fails),
        cmocka_unit_test(compute_along_fails),   cmocka_unit_test(multiply_fails),
        cmocka_unit_test(index_by_arrays_fails), cmocka_unit_test(select_some_fails),
        cmocka_unit_test(save_and_load_fails),
    };
    nengines = argc > 1 ? atoi(argv[1]) : 1;
    stride = argc > 2 ? atoi(argv[2]) : 1;
    const char *folder =
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* where syncing costs nothing */
    snprintf(file, sizeof file, "%s/da_alloc_%ld.npy", folder, (long)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(file);
    return failed;
}
