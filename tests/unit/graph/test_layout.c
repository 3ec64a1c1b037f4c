/* Where results lie and where temporaries are computed: operands that disagree, pass `layout`, and what it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "program.h"

enum { ENGINES = 8, ROWS = 800, COLUMNS = 80 };

static struct da__graph *g;
/* b: blocks of rows, c: cyclic rows, n: blocks of columns, e: on every engine, row: 80 numbers in blocks, f: like b in float32, d: like c. */
static struct da__name name[7];

static da_array *leaf(da_dtype dtype, int ndim, const int64_t *shape, const char *maps)
{
    struct da__map_spec map[2] = {{0}};
    const struct da__dist *d = NULL;
    struct da__error err = {.engine = -1};
    for (int k = 0; k < ndim; k++)
        map[k].kind = maps[k];
    struct da__dist_spec spec = {.nmaps = ndim, .map = map};
    static const int all = ENGINES;
    if (maps[0] == 'e') {
        map[0].kind = map[1].kind = 'n';
        spec.nreplicas = 1;
        spec.replicas = &all;
    }
    if (da__dist_make(ndim, shape, &spec, ENGINES, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    da_array *a = da__make_leaf(g, da__graph_new_buffer(g), dtype, ndim, shape, d);
    da__dist_drop(d);
    return a;
}

static int setup(void **state)
{
    (void)state;
    static const int64_t shape[2] = {ROWS, COLUMNS}, columns = COLUMNS;
    g = da__graph_new(ENGINES);
    name[0] = (struct da__name){"b", leaf(DA_FLOAT64, 2, shape, "bn")};
    name[1] = (struct da__name){"c", leaf(DA_FLOAT64, 2, shape, "cn")};
    name[2] = (struct da__name){"n", leaf(DA_FLOAT64, 2, shape, "nb")};
    name[3] = (struct da__name){"e", leaf(DA_FLOAT64, 2, shape, "e")};
    name[4] = (struct da__name){"row", leaf(DA_FLOAT64, 1, &columns, "b")};
    name[5] = (struct da__name){"f", leaf(DA_FLOAT32, 2, shape, "bn")};
    name[6] = (struct da__name){"d", leaf(DA_FLOAT64, 2, shape, "cn")};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    da__graph_free(g);
    return 0;
}

static da_array *eval(const char *text)
{
    da_array *a = da__eval(g, text, 7, name);
    if (da__node_error(a) != NULL)
        fail_msg("%s: %s", text, da__node_error(a)->text);
    return a;
}

static const struct da__dist *of(const char *which)
{
    for (int k = 0; k < 7; k++)
        if (strcmp(name[k].name, which) == 0)
            return name[k].array->dist;
    return NULL;
}

/* ---- building ---- */

static void check_owners(const char *text, const struct da__dist *wanted)
{
    char have[256], want[256];
    da_array *a = eval(text);
    if (!da__dist_equal(a->dist, wanted))
        fail_msg("%s lies as %s, not as %s", text, da__dist_text(a->dist, have, sizeof have),
                 da__dist_text(wanted, want, sizeof want));
}

static void operands_meet_where_little_moves(void **state)
{
    (void)state;
    check_owners("b + c", of("b")); /* as many bytes either way: the first */
    check_owners("c + b", of("c"));
    check_owners("f + c", of("c")); /* half as many bytes to move f */
    check_owners("c + f", of("c"));
    check_owners("e + c", of("c")); /* every engine has all of e */
    check_owners("c * e", of("c"));
    check_owners("where(b > c, c, n)", of("c")); /* the condition has one byte per element */
    check_owners("where(n > 1, c, c * 2)", of("c"));
    check_owners("row + c", of("c")); /* a broadcast operand does not decide */
    check_owners("row * e", of("e"));
    check_owners("index(axis=0, shape=(800, 80)) + c", of("c")); /* ranges are computed anywhere */
    check_owners("arange(80) * 2 + c", of("c"));
    check_owners("c[:, :1] + row", eval("c[:, :1] + broadcast_to(full((1,), 1.0), (80,))")->dist);
}

/* ---- the pass ---- */

static struct da__program *plan(const char *passes, int n, da_array *const *target)
{
    struct da__program *p = NULL;
    struct da__binding bind;
    struct da__error err = {.engine = -1};
    if (da__lower(g, n, target, passes, &p, &bind, &err) != DA_OK ||
        da__optimize(p, passes, NULL, NULL, &err) != DA_OK || da__program_verify(p, &err) != DA_OK)
        fail_msg("%s", err.text);
    da__binding_free(&bind);
    return p;
}

/* The bytes that all steps read from elsewhere, by the model that the pass uses. */
static double moved(const struct da__program *p)
{
    struct da__layout *l = calloc((size_t)p->nsteps + 1, sizeof *l);
    double sum = 0;
    assert_int_equal(da__layout_explain(p, l), DA_OK);
    for (int i = 0; i < p->nsteps; i++) {
        assert_true(l[i].n > 0);
        sum += l[i].candidate[0].nbytes;
        da__layout_free(&l[i]);
    }
    free(l);
    return sum;
}

/* Whether a step computes `op` under these owners. */
static bool computes_under(const struct da__program *p, enum da__op_id op, const struct da__dist *d)
{
    for (int i = 0; i < p->nsteps; i++)
        for (int k = 0; k < p->step[i].body.ninsns; k++)
            if (p->step[i].body.insn[k].op == op && da__dist_equal(p->dist[p->step[i].dist], d))
                return true;
    return false;
}

static void temporaries_go_where_they_are_read(void **state)
{
    (void)state;
    da_array *t = da__make_redistribute_to(g, eval("sqrt(b + c)"), of("c"));
    struct da__program *p = plan("", 1, &t);
    assert_true(computes_under(p, DA__OP_ADD, of("c")) && computes_under(p, DA__OP_SQRT, of("c")));
    assert_int_equal(p->nsteps, 1); /* and the copy is gone */
    da__program_free(p);
    p = plan("-layout", 1, &t);
    assert_true(computes_under(p, DA__OP_ADD, of("b")));
    da__program_free(p);
    /* A reduction's space may move too: its result is small. */
    t = eval("c - sqrt(mean(b + c + d, axis=0))");
    p = plan("", 1, &t);
    struct da__program *without = plan("-layout", 1, &t);
    assert_true(computes_under(p, DA__OP_ADD, of("c")));
    assert_true(moved(p) < 0.7 * moved(without));
    da__program_free(p);
    da__program_free(without);
}

static void what_is_asked_for_stays(void **state)
{
    (void)state;
    da_array *t[2] = {eval("b + c"), NULL};
    t[1] = da__make_redistribute_to(g, t[0], of("c"));
    struct da__program *p = plan("", 2, t);
    assert_true(computes_under(p, DA__OP_ADD, of("b"))); /* b + c is a target under b */
    da__program_free(p);
    da_array *kept = eval("b + c");
    da__node_keep(kept);
    t[0] = da__make_redistribute_to(g, kept, of("c"));
    p = plan("", 1, t);
    assert_true(computes_under(p, DA__OP_ADD, of("b")));
    da__program_free(p);
    da__node_drop(kept);
}

/* `count` operations in a row on ten rows, which lie on one engine. */
static da_array *chain(const char *start, int count)
{
    da_array *a = eval(start);
    for (int k = 0; k < count; k++) {
        struct da__operand in = {.array = a};
        a = da__make_elementwise(g, DA__OP_SIN, 1, &in);
    }
    return a;
}

static void few_engines_share_when_it_pays(void **state)
{
    (void)state;
    for (int count = 2; count <= 60; count += 58) {
        da_array *t = da__make_rebalance(g, chain("b[20:60]", count));
        struct da__program *p = plan("", 1, &t);
        assert_true(computes_under(p, DA__OP_SIN, t->dist)); /* it has to move anyway: at once */
        da__program_free(p);
        /* Here nothing has to: the mean is of one row. */
        t = da__make_redistribute_to(g,
                                     da__make_reduce(g, DA__RED_MEAN, chain("b[20:60]", count), -1,
                                                     NULL, false, 0, DA_DTYPE_DEFAULT),
                                     eval("mean(b)")->dist);
        p = plan("", 1, &t);
        bool spread = false;
        for (int i = 0; i < p->nsteps; i++) {
            struct da__dist const *d = p->dist[p->step[i].dist];
            int64_t local[DA_MAX_NDIM];
            spread |= p->step[i].body.ninsns > 0 && da__dist_local_shape(d, 7, local) > 0;
        }
        assert_int_equal(spread, count == 60);
        da__program_free(p);
    }
}

static void choices_are_explained(void **state)
{
    (void)state;
    da_array *t = eval("b + c");
    struct da__program *p = plan("", 1, &t);
    struct da__layout l[4];
    assert_int_equal(p->nsteps, 1);
    assert_int_equal(da__layout_explain(p, l), DA_OK);
    assert_string_equal(l[0].fixed, "its result is wanted as it was asked for");
    assert_true(l[0].n >= 2);
    assert_true(da__dist_equal(l[0].candidate[0].dist, of("b")));
    assert_true(l[0].candidate[0].nbytes == 7.0 / 8 * ROWS * COLUMNS * 8);
    assert_true(l[0].candidate[0].most == ROWS * COLUMNS / ENGINES);
    da__layout_free(&l[0]);
    da__program_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(operands_meet_where_little_moves, setup, teardown),
        cmocka_unit_test_setup_teardown(temporaries_go_where_they_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_asked_for_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(few_engines_share_when_it_pays, setup, teardown),
        cmocka_unit_test_setup_teardown(choices_are_explained, setup, teardown)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed != 0 || da__alloc_live() != 0;
}
