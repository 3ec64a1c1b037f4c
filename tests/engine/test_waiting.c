/* Products and permutations of arrays whose size data decide: on every map and subset of engines the same as of operands that were
 * computed before; their dumps; sizes that do not agree. */
#include "engine_test.h"

/* u, v: 9 of 30 elements each, under different masks; w: 12; r: 9 rows of 12 of a matrix of 7 columns; c: 9 columns of 12 of one of 5
 * rows; b: 3 of 6 matrices of 7 times 4; e: no elements; o: one. */
static const struct {
    const char *text;
    int ndim;
    int64_t shape[4]; /* as it is known before, -1 for what data decide */
} ROWS[] = {
    {"vecdot(u, v)", 0, {0}},
    {"imag(vecdot(astype(u, complex128) * 1j, v, axis=0))", 0, {0}},
    {"vecdot(u > 2, v > 2)", 0, {0}},
    {"vecdot(u, arange(9))", 0, {0}},
    {"vecdot(r, u, axis=0)", 1, {7}},
    {"vecdot(u, r, axis=0)", 1, {7}},
    {"vecdot(u[:, None], r, axis=0)", 1, {7}},
    {"vecdot(r, arange(7))", 1, {-1}},
    {"vecdot(e, e)", 0, {0}},
    {"u @ v", 0, {0}},
    {"u @ arange(9) + 1", 0, {0}},
    {"e @ e", 0, {0}},
    {"inner(u, v)", 0, {0}},
    {"inner(c, v)", 1, {5}},
    {"inner(r, full((2, 7), 3))", 2, {-1, 2}},
    {"dot(u, v)", 0, {0}},
    {"dot(c, r)", 2, {5, 7}},
    {"dot(r, 3)", 2, {-1, 7}},
    {"outer(u, w)", 2, {-1, -1}},
    {"outer(u, u)", 2, {-1, -1}},
    {"outer(r, arange(2))", 2, {-1, 2}},
    {"outer(e, u)", 2, {-1, -1}},
    {"outer(o, arange(4))", 2, {-1, 4}},
    {"c @ u", 1, {5}},
    {"v @ r", 1, {7}},
    {"r @ arange(7)", 1, {-1}},
    {"c @ r", 2, {5, 7}},
    {"r @ matrix_transpose(r)", 2, {-1, -1}},
    {"matrix_transpose(r) @ r", 2, {7, 7}},
    {"matmul(r, c, transpose1=True, transpose2=True)", 2, {7, 5}},
    {"matmul(r, arange(7), reproducible=True)", 1, {-1}},
    {"(c @ r)[1:3, ::-2] * 2", 2, {2, 4}},
    {"b @ full((4, 2), 3)", 3, {-1, 7, 2}},
    {"matrix_transpose(b) @ full((1, 7, 2), 3)", 3, {-1, 4, 2}},
    {"b @ reshape(arange(24), (3, 4, 2))", 3, {3, 7, 2}},
    {"b @ reshape(arange(48), (2, 3, 4, 2))", 4, {2, 3, 7, 2}},
    {"ones((2, 5, 7)) @ b[:1]", 3, {2, 5, 4}},
    {"tensordot(u, v, axes=1)", 0, {0}},
    {"tensordot(u, w, axes=0)", 2, {-1, -1}},
    {"tensordot(r, c, axes=[[0], [1]])", 2, {7, 5}},
    {"tensordot(b, r, axes=([1], [-1]), reproducible=True)", 3, {-1, 4, -1}},
    {"tensordot(b, b, axes=[[0, 2], [0, 2]])", 2, {7, 7}},
    {"tensordot(c, ones((5, 9, 2)))", 1, {2}},
    {"sum(outer(u, v) @ w[:9])", 0, {0}},
    {"permutation(u, seed=3)", 1, {-1}},
    {"permutation(r, 1, seed=3, stream=-2)", 2, {-1, 7}},
    {"permutation(r, -2, seed=3)", 2, {-1, 7}},
    {"permutation(e, seed=4)", 1, {-1}},
    {"permutation(u, seed=5, dist=\"c(2)\") * 2", 1, {-1}},
};
enum { NROWS = sizeof ROWS / sizeof *ROWS };
enum { U, V, W, R, C, B, E, O, NNAMES };
static const char *const NAME[NNAMES] = {"u", "v", "w", "r", "c", "b", "e", "o"};

/* Small integers, so that every order of adding up gives the same. Not computed. */
static void make_names(int layout_number, struct da__name *name)
{
    static const int64_t line[1] = {30}, tall[2] = {12, 7}, wide[2] = {5, 12}, many[3] = {6, 7, 4};
    static const char *const text[NNAMES] = {
        "x[x % 10 < 3]",       "x[x % 3 == 1][1:]",       "x[x >= 18]", "t[t[:, 0] < 57]",
        "d[:, d[0] % 12 < 9]", "s[s[:, 0, 0] % 56 == 0]", "x[x < 0]",   "x[x == 7]"};
    struct layout l, l2, l3, l4;
    char maps[4] = {MAPS[layout_number % NMAPS], MAPS[(layout_number + 1) % NMAPS], 'n', '\0'};
    layout_subset(&l, 1, line, maps + 1, 0, layout_number % NSUBSETS);
    layout_subset(&l2, 2, tall, maps, 0, layout_number % NSUBSETS);
    layout_subset(&l3, 2, wide, maps, 0, (layout_number + 1) % NSUBSETS);
    layout_subset(&l4, 3, many, maps, 0, layout_number % NSUBSETS);
    struct da__name base[] = {{"x", numbers(1, line, 0, 1, &l.spec)},
                              {"t", numbers(2, tall, 0, 1, &l2.spec)},
                              {"d", numbers(2, wide, 0, 1, &l3.spec)},
                              {"s", numbers(3, many, 0, 1, &l4.spec)}};
    for (int k = 0; k < NNAMES; k++) {
        name[k] = (struct da__name){NAME[k], da__eval(g, text[k], 4, base)};
        assert_sound(name[k].array, text[k]);
        assert_true(name[k].array->unsized);
    }
}

static void check_shape(const da_array *a, int k)
{
    assert_sound(a, ROWS[k].text);
    assert_int_equal(a->ndim, ROWS[k].ndim);
    for (int i = 0; i < a->ndim; i++)
        if (a->shape[i] != ROWS[k].shape[i])
            fail_msg("%s: the extent of axis %d is %lld before it is computed", ROWS[k].text, i,
                     (long long)a->shape[i]);
}

/* `a`, still waiting, becomes what `wanted`, of operands with sizes, is. */
static void check_same(da_array *a, da_array *wanted, const char *text)
{
    assert_sound(wanted, text);
    assert_int_equal(a->dtype, wanted->dtype);
    compute(1, &a);
    compute(1, &wanted);
    double *want = gathered(wanted, text), *got = gathered(a, text);
    assert_int_equal(a->dtype, wanted->dtype);
    assert_int_equal(a->ndim, wanted->ndim);
    for (int k = 0; k < a->ndim; k++)
        assert_int_equal(a->shape[k], wanted->shape[k]);
    for (int64_t i = 0; i < da__nelem(a->ndim, a->shape); i++)
        if (got[i] != want[i])
            fail_msg("%s, %d engines: element %lld is %.17g, not %.17g", text, P, (long long)i,
                     got[i], want[i]);
    free(want);
    free(got);
}

static void operands_without_sizes_give_the_same(void **state)
{
    (void)state;
    for (int m = 0; m < NMAPS; m++) {
        da__scope_push(g);
        struct da__name sized[NNAMES];
        make_names(m, sized);
        for (int k = 0; k < NNAMES; k++)
            compute(1, &sized[k].array);
        for (int k = 0; k < NROWS; k++) {
            da__scope_push(g);
            struct da__name name[NNAMES];
            make_names(m, name);
            da_array *a = da__eval(g, ROWS[k].text, NNAMES, name);
            check_shape(a, k);
            check_same(a, da__eval(g, ROWS[k].text, NNAMES, sized), ROWS[k].text);
            da__scope_pop(g);
        }
        da__scope_pop(g);
    }
    assert_false(da__graph_waits(g));
}

/* Values told by hand, so that the two ways cannot err alike. */
static void some_values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } row[] = {{"vecdot(u, u)", 0 + 1 + 4 + 100 + 121 + 144 + 400 + 441 + 484},
               {"u @ (u - u + 1)", 99},
               {"(outer(u, w))[8, 11]", 22 * 29},
               {"(c @ r)[0, 0]", 7 * (1 + 4 + 9 + 16 + 25 + 36 + 49 + 64)},
               {"sum(permutation(u, seed=1))", 99},
               {"inner(e, e)", 0}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        da__scope_push(g);
        struct da__name name[NNAMES];
        make_names(0, name);
        double *got = gathered(da__eval(g, row[k].text, NNAMES, name), row[k].text);
        if (*got != row[k].value)
            fail_msg("%s is %g, not %g", row[k].text, *got, row[k].value);
        free(got);
        da__scope_pop(g);
    }
}

/* A dump runs nothing and loads back as what waits likewise. */
static void dumps_load_back(void **state)
{
    (void)state;
    for (int k = 0; k < NROWS; k++) {
        struct da__text first = {0};
        struct da__error err = {.engine = -1};
        struct da__pipeline *p = NULL;
        const char *text = ROWS[k].text;
        da__scope_push(g);
        struct da__name name[NNAMES];
        make_names(k, name);
        da_array *a = da__eval(g, text, NNAMES, name);
        assert_ok(da__graph_dump_json(g, 1, &a, &first, &err), &err, text);
        assert_ok(da__pipeline_load(g, first.s, first.len, "dump", NULL, 0, NULL, &p, &err), &err,
                  text);
        assert_int_equal(p->noutputs, 1);
        check_shape(p->output[0], k);
        check_same(p->output[0], a, text);
        da__pipeline_free(p);
        da__text_free(&first);
        da__scope_pop(g);
    }
}

/* What disagrees is told at the call where it is known, else by the run, which leaves everything as it was. */
static void sizes_that_disagree(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool at_once;
        const char *words;
    } row[] = {
        {"vecdot(u, w)", false, "da_vecdot: shapes (9,) and (12,) do not multiply"},
        {"vecdot(u, o)", false, "axis 0 of the first has 9 elements, axis 0 of the second 1"},
        {"vecdot(u, arange(8))", false, "do not multiply"},
        {"vecdot(r, w, axis=0)", false, "do not multiply"},
        {"vecdot(r, ones((3, 8)))", true, "7 elements, axis 1 of the second 8"},
        {"vecdot(u, v, axis=1)", true, "axis 1 is out of range"},
        {"vecdot(b, ones((3, 5, 4)))", true, "da_vecdot"},
        {"u @ w", false, "da_matmul: shapes (9,) and (12,) do not multiply"},
        {"c @ w", false, "da_matmul"},
        {"r @ arange(8)", true, "axis 1 of the first has 7 elements, axis 0 of the second 8"},
        {"r @ 3", true, "0 dimensions"},
        {"b @ ones((4, 4, 2))", false, "do not broadcast"},
        {"b @ ones((2, 5, 2))", true, "do not multiply"},
        {"inner(u, w)", false, "da_inner: shapes (9,) and (12,)"},
        {"dot(c, w)", false, "da_dot: shapes (5, 9) and (12,)"},
        {"tensordot(u, w, axes=1)", false, "da_tensordot: shapes (9,) and (12,)"},
        {"tensordot(r, c, axes=[[1], [0]])", true, "do not multiply"},
        {"tensordot(u, w, axes=2)", true, "2 axes"},
        {"tensordot(r, r, axes=[[0, 0], [0, 1]])", true, "named twice"},
        {"permutation(u, 1, seed=1)", true, "axis 1 is out of range"}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        struct da__error err = {.engine = -1};
        da__scope_push(g);
        struct da__name name[NNAMES];
        make_names((int)k, name);
        da_array *a = da__eval(g, row[k].text, NNAMES, name);
        const struct da__error *e = da__node_error(a);
        if ((e != NULL) != row[k].at_once)
            fail_msg("%s: %s", row[k].text, e != NULL ? e->text : "no error");
        if (e == NULL && da__runtime_compute(rt, 1, &a, &err) == DA_OK)
            fail_msg("%s: is computed", row[k].text);
        e = e != NULL ? e : &err;
        if (strstr(e->text, row[k].words) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", row[k].text, e->text, row[k].words);
        da_array *total = da__eval(g, "sum(u) + sum(v) + sum(w)", NNAMES, name);
        double *got = gathered(total, row[k].text);
        assert_true(*got == 99 + 144 + 282);
        free(got);
        da__scope_pop(g);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(operands_without_sizes_give_the_same),
    cmocka_unit_test(some_values),
    cmocka_unit_test(dumps_load_back),
    cmocka_unit_test(sizes_that_disagree),
};

ENGINE_TEST_MAIN(tests)
