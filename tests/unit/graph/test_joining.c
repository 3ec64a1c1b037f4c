/* Joins, rolls and assignments as nodes: shapes, dtypes, owners, what is refused, and their forms as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "program.h"

enum { NENGINES = 6 };

static int setup(void **state)
{
    *state = da__graph_new(NENGINES);
    return *state == NULL;
}

static int teardown(void **state)
{
    da__graph_free(*state);
    assert_int_equal(da__alloc_live(), 0);
    return 0;
}

static da_array *leaf(struct da__graph *g, da_dtype dtype, int ndim, const int64_t *shape,
                      const char *maps)
{
    struct da__map_spec map[4] = {{0}};
    struct da__dist_spec spec = {.nmaps = (int)strlen(maps), .map = map};
    struct da__error err = {.engine = -1};
    const struct da__dist *d = NULL;
    for (int k = 0; k < spec.nmaps; k++)
        map[k].kind = maps[k];
    assert_int_equal(da__dist_make(ndim, shape, &spec, NENGINES, &d, &err), DA_OK);
    da_array *a = da__make_leaf(g, da__graph_new_buffer(g), dtype, ndim, shape, d);
    da__dist_drop(d);
    return a;
}

static void assert_refused(const da_array *a, da_status status, const char *words)
{
    const struct da__error *e = da__node_error(a);
    assert_non_null(e);
    if (e->status != status || strstr(e->text, words) == NULL)
        fail_msg("\"%s\" (%d) does not say \"%s\" (%d)", e->text, (int)e->status, words,
                 (int)status);
}

static da_array *eval(struct da__graph *g, const char *text, da_array *x, da_array *y)
{
    const struct da__name name[] = {{"x", x}, {"y", y}};
    return da__eval(g, text, 2, name);
}

static void joins_promote_and_lie_as_their_inputs(void **state)
{
    struct da__graph *g = *state;
    const int64_t tall[] = {6, 9}, flat[] = {4, 9}, wide[] = {6, 7};
    da_array *x = leaf(g, DA_INT32, 2, tall, "nb"), *y = leaf(g, DA_FLOAT32, 2, flat, "nb");
    da_array *a = eval(g, "concat([x, y])", x, y);
    assert_int_equal(a->kind, DA__NODE_CONCAT);
    assert_int_equal(a->dtype, DA_FLOAT64);
    assert_int_equal(a->shape[0], 10);
    assert_int_equal(a->dist->map[0].kind, DA__MAP_N);
    assert_true(da__map_equal(&a->dist->map[1], &x->dist->map[1]));
    y = leaf(g, DA_INT32, 2, wide, "nb");
    a = eval(g, "concat([x, y], axis=-1)", x, y);
    assert_int_equal(a->shape[1], 16);
    assert_int_equal(a->dist->map[1].kind, DA__MAP_B);
    assert_int_equal(a->dist->map[1].parts, x->dist->map[1].parts);
    y = leaf(g, DA_INT32, 2, flat, "cn"); /* other owners: the default */
    a = eval(g, "concat([x, y])", x, y);
    assert_int_equal(a->dist->map[0].kind, DA__MAP_B);
    assert_int_equal(a->dist->map[1].kind, DA__MAP_N);
    assert_ptr_equal(eval(g, "concat([x])", x, y), x);
}

static void wrong_joins_are_refused(void **state)
{
    struct da__graph *g = *state;
    const int64_t one[] = {6, 9}, two[] = {6, 8}, line[] = {9};
    da_array *x = leaf(g, DA_INT32, 2, one, "bn"), *y = leaf(g, DA_INT32, 2, two, "bn");
    da_array *z = leaf(g, DA_INT32, 1, line, "b");
    assert_refused(eval(g, "concat([x, y])", x, y), DA_ERR_SHAPE, "along axis 1");
    assert_refused(eval(g, "concat([x, y])", x, z), DA_ERR_SHAPE, "dimension");
    assert_refused(eval(g, "concat([x, y], axis=2)", x, y), DA_ERR_ARGUMENT, "axis");
    assert_refused(da__make_concat(g, 0, NULL, 0, false), DA_ERR_ARGUMENT, "no arrays");
    assert_refused(da__make_stack(g, 0, NULL, 0), DA_ERR_ARGUMENT, "no arrays");
    assert_refused(eval(g, "concat([x[0, 0], y[0, 0]])", x, y), DA_ERR_SHAPE, "0 dimensions");
    assert_refused(eval(g, "stack([x, y])", x, y), DA_ERR_SHAPE, "(6, 8)");
    assert_refused(eval(g, "stack([x, x], axis=3)", x, y), DA_ERR_ARGUMENT, "axis");
    assert_refused(eval(g, "diagonal(y)", x, z), DA_ERR_SHAPE, "diagonal");
    assert_refused(eval(g, "diagonal(x, 0, 1, -1)", x, z), DA_ERR_ARGUMENT, "axis 1");
    assert_refused(eval(g, "tril(y)", x, z), DA_ERR_SHAPE, "triangle");
    assert_refused(eval(g, "roll(x, (1, 2), axis=(0, 1, 0))", x, z), DA_ERR_ARGUMENT, "2 shifts");
    assert_refused(eval(g, "roll(x, 1, axis=2)", x, z), DA_ERR_ARGUMENT, "axis");
    da_array *grid[2], *in[2] = {z, x};
    da__make_meshgrid(g, 2, in, true, grid);
    assert_refused(grid[0], DA_ERR_SHAPE, "array 1");
}

static void assignments_cast_as_numpys(void **state)
{
    struct da__graph *g = *state;
    const int64_t one[] = {6, 9}, two[] = {4, 9};
    da_array *x = leaf(g, DA_UINT8, 2, one, "bn"), *y = leaf(g, DA_FLOAT64, 2, two, "bn");
    da_array *a = eval(g, "set_slice(x, y, '1:5')", x, y);
    assert_int_equal(a->kind, DA__NODE_ASSIGN);
    assert_int_equal(a->dtype, DA_UINT8);
    assert_true(da__dist_equal(a->dist, x->dist));
    assert_null(da__node_error(eval(g, "set_slice(x, 2.7, '...')", x, y)));
    assert_null(da__node_error(eval(g, "set_slice(x, y[None, None], '1:5')", x, y)));
    assert_null(da__node_error(eval(g, "set_slice(x, y[:, None], 'None, 1:5, None, :')", x, y)));
    assert_refused(eval(g, "set_slice(x, 300, '0')", x, y), DA_ERR_DTYPE, "300");
    assert_refused(eval(g, "set_slice(x, y, '1:4')", x, y), DA_ERR_SHAPE, "(4, 9)");
    assert_refused(eval(g, "set_slice(x, y, '1:5, 3, 2')", x, y), DA_ERR_INDEX, "too many");
    assert_refused(eval(g, "set_slice(x, y, '1:5;')", x, y), DA_ERR_FORMAT, "set_slice");
    assert_refused(eval(g, "set_where(x, y > 0, 1)", x, y), DA_ERR_SHAPE, "mask");
    assert_refused(eval(g, "set_where(x, x > 0, y)", x, y), DA_ERR_SHAPE, "value");
    const struct da__operand complex = {.scalar = {.kind = DA__SCALAR_COMPLEX, .im = 1}};
    assert_refused(da__make_set_slice(g, x, &complex, 0, NULL), DA_ERR_DTYPE, "set_slice");
    a = eval(g, "set_where(x, x > 3, 2.5)", x, y);
    assert_int_equal(a->dtype, DA_UINT8);
    assert_ptr_equal(eval(g, "set_slice(x, 1, '3:3')", x, y), x);
}

static void rolls_are_one_view(void **state)
{
    struct da__graph *g = *state;
    const int64_t shape[] = {6, 9};
    da_array *x = leaf(g, DA_INT32, 2, shape, "bb");
    da_array *a = eval(g, "matrix_transpose(roll(roll(x, 2, axis=0), 5, axis=1)[::-1])[1:4]", x, x);
    assert_int_equal(a->kind, DA__NODE_VIEW);
    assert_ptr_equal(a->in[0], x);
    assert_ptr_equal(eval(g, "roll(roll(x, 2, axis=0), -2, axis=0)", x, x)->in[0], x);
    assert_ptr_equal(eval(g, "roll(x, (12, 18, 9), axis=(0, 1, -1))", x, x), x);
    a = eval(g, "roll(x, 2, axis=0)[2:]", x,
             x); /* no longer round the end: the owners of those rows */
    assert_false(da__view_wraps(a->u.view));
    a = eval(g, "roll(x, 1, axis=0)", x, x);
    assert_true(da__dist_equal(a->dist, x->dist)); /* a small shift moves little */
}

/* Views as text say outside numbers: none may read what is not there. */
static void views_as_text_are_checked(void **state)
{
    struct da__graph *g = *state;
    const int64_t shape[] = {10};
    da_array *x = leaf(g, DA_INT32, 1, shape, "b");
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"view(x, 10, 0, 0, 1, 11, 3)", "leave"},
        {"view(x, 10, 0, 0, 1, 10, 10)", "phase"},
        {"view(x, 10, 0, 0, 1, 10, -1)", "phase"},
        {"view(x, 10, 0, 0, 1, -10, 0)", "phase"},
        {"view(x, 11, 0, 0, 1, 10, 0)", "round"},
        {"view(x, 10, 0, 1, 1, 10, 0)", "leave"},
        {"view(x, 10, 0, -1, 1, 10, 0)", "leave"},
        {"view(x, 5, 0, 0, 2, 10, 1)", "multiple"},
        {"view(x, 2, 0, 0, 0, 10, 1)", "round"},
        {"view(x, 2, 0, 5, 9223372036854775807, 9223372036854775807, 0)", "round"},
        {"view(x, 2, 0, 5, 9223372036854775805, 9223372036854775807, 1)", "leave"},
        {"view(x, 3, 0, 0, 1, (10, 10), (0, 0))", "period"},
        {"view(x, 3, 0, 0, 1, 10)", "phase"},
        {"view(x, 1, 0, 9223372036854775807, 1, 9223372036854775807, 9223372036854775806)",
         "offset"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        const struct da__error *e = da__node_error(eval(g, bad[k].text, x, x));
        if (e == NULL || strstr(e->text, bad[k].words) == NULL)
            fail_msg("%s: %s", bad[k].text, e != NULL ? e->text : "is taken");
    }
    static const char *const good[] = {
        "view(x, 10, 0, 0, 1, 10, 3)",         "view(x, 10, 0, 0, -1, 10, 0)",
        "view(x, 5, 0, 1, 2, 10, 4)",          "view(x, 0, 0, 0, 1, 10, 3)",
        "view(x, 4, -1, 3, 0, 5, 2)",          "view(x, (3, 5), 1, 0, 2, 10, 8)",
        "view(x, 3, 0, 2, -3, 7, 5)[::-1][1:]"};
    for (size_t k = 0; k < sizeof good / sizeof *good; k++)
        if (da__node_error(eval(g, good[k], x, x)) != NULL)
            fail_msg("%s: %s", good[k], da__node_error(eval(g, good[k], x, x))->text);
}

static struct da__program *plan(struct da__graph *g, const char *passes, da_array *target)
{
    struct da__program *p = NULL;
    struct da__binding bind;
    struct da__error err = {.engine = -1};
    if (da__lower(g, 1, &target, passes, &p, &bind, &err) != DA_OK ||
        da__optimize(p, passes, NULL, NULL, &err) != DA_OK || da__program_verify(p, &err) != DA_OK)
        fail_msg("%s", err.text);
    da__binding_free(&bind);
    return p;
}

static void joins_lower_to_parts(void **state)
{
    struct da__graph *g = *state;
    const int64_t shape[] = {6};
    da_array *x = leaf(g, DA_FLOAT64, 1, shape, "b"), *list[1000];
    struct da__program *p = plan(g, NULL, eval(g, "concat([x + 1, x[:0], x * 2, sqrt(x)])", x, x));
    assert_int_equal(p->nsteps, 3); /* what the inputs compute is fused into the parts */
    for (int k = 0; k < p->nsteps; k++)
        assert_true(da__step_is_part(&p->step[k], 0));
    da__program_free(p);
    for (int k = 0; k < 1000; k++)
        list[k] = x;
    p = plan(g, NULL, da__make_concat(g, 1000, list, 0, false));
    assert_int_equal(p->nsteps, 1000);
    assert_true(p->nvalues <= 1001 && p->ndists <= 1000 + 2);
    da__program_free(p);
    p = plan(g, NULL,
             eval(g, "set_slice(x, x[::-1], '...')", x, x)); /* nothing is left of the old */
    assert_int_equal(p->nsteps, 1);
    assert_false(da__step_is_part(&p->step[0], 0));
    da__program_free(p);
}

static void broken_parts_are_found(void **state)
{
    struct da__graph *g = *state;
    const int64_t shape[] = {6, 4};
    struct da__error err = {.engine = -1};
    da_array *x = leaf(g, DA_FLOAT64, 2, shape, "bn");
    struct da__program *p = plan(g, NULL, eval(g, "set_slice(x, 1, '1:3, ::2')", x, x));
    struct da__part *part = &p->step[0].part[0], sound = *part;
    assert_int_equal(p->nsteps, 1);
    part->view.offset[0] = 5; /* leaves the whole */
    assert_int_not_equal(da__program_verify(p, NULL), DA_OK);
    *part = sound;
    part->view.step[1] = 0; /* several elements at one place */
    assert_int_not_equal(da__program_verify(p, NULL), DA_OK);
    *part = sound;
    part->view.axis[0] = 1; /* an axis twice, the other one nowhere */
    assert_int_not_equal(da__program_verify(p, NULL), DA_OK);
    *part = sound;
    part->view.period[0] = 6; /* places do not wrap */
    assert_int_not_equal(da__program_verify(p, NULL), DA_OK);
    *part = sound;
    part->view.offset[0] = 3; /* other owners */
    assert_int_not_equal(da__program_verify(p, NULL), DA_OK);
    *part = sound;
    part->base = 7;
    assert_int_not_equal(da__program_verify(p, NULL), DA_OK);
    *part = sound;
    assert_int_equal(da__program_verify(p, &err), DA_OK);
    da__program_free(p);
}

static void load_fails(struct da__graph *g, const char *part, const char *words)
{
    char text[1024];
    struct da__pipeline *p = NULL;
    struct da__error err = {.engine = -1};
    snprintf(
        text, sizeof text,
        "{\"distarray\": 1, \"nodes\": [{\"id\": \"u\", \"op\": \"zeros\", \"shape\": [6, 4]},"
        "{\"op\": \"kernel\", \"space\": [2, 3], \"in\": [{\"op\": \"zeros\", \"shape\": [2, 3]}],"
        " \"outputs\": [{\"id\": \"v\", \"value\": \"i0\", %s}]}]}",
        part);
    da_status status = da__pipeline_load(g, text, strlen(text), "p", NULL, 0, NULL, &p, &err);
    if (words == NULL ? status != DA_OK : (status == DA_OK || strstr(err.text, words) == NULL))
        fail_msg("%s: %s", part, err.text);
    da__pipeline_free(p);
}

static void parts_as_text_are_checked(void **state)
{
    struct da__graph *g = *state;
#define PART(axis, offset, step)                                                                   \
    "\"part\": {\"axis\": " axis ", \"offset\": " offset ", \"step\": " step "}"
    load_fails(g, PART("[0, 1]", "[4, 1]", "[1, 1]") ", \"base\": \"u\"", NULL);
    load_fails(g, PART("[1, 0]", "[5, 0]", "[-2, 3]") ", \"base\": \"u\"", NULL);
    load_fails(g, PART("[0, 1]", "[4, 0]", "[1, 1]") ", \"dtype\": \"float64\", \"shape\": [6, 3]",
               NULL);
    load_fails(g, PART("[0, 1]", "[5, 1]", "[1, 1]") ", \"base\": \"u\"", "leave");
    load_fails(g, PART("[0, 0]", "[4, 1]", "[1, 1]") ", \"base\": \"u\"", "part");
    load_fails(g, PART("[0, 1]", "[4, 1]", "[1, 0]") ", \"base\": \"u\"", "part");
    load_fails(g, PART("[0, -1]", "[4, 1]", "[1, 0]") ", \"base\": \"u\"", "no place");
    load_fails(g, PART("[0]", "[4]", "[1]") ", \"base\": \"u\"", "entries");
    load_fails(g, PART("[0, 1]", "[4, 1]", "[1, 1]") ", \"base\": \"w\"", "no node \"w\"");
    load_fails(g, PART("[0, 1]", "[4, 1]", "[1, 1]") ", \"base\": \"v\"", "cycle");
    load_fails(g, PART("[0, 1]", "[4, 1]", "[1, 1]") ", \"base\": 3", "id");
    load_fails(g, PART("[0, 1]", "[4, 1]", "[1, 1]"), "shape");
    load_fails(g, "\"part\": 3, \"base\": \"u\"", "object");
    load_fails(g, "\"part\": {\"axis\": [0, 1]}, \"base\": \"u\"", "offset");
#undef PART
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(joins_promote_and_lie_as_their_inputs, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_joins_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(assignments_cast_as_numpys, setup, teardown),
        cmocka_unit_test_setup_teardown(rolls_are_one_view, setup, teardown),
        cmocka_unit_test_setup_teardown(views_as_text_are_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(joins_lower_to_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_parts_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(parts_as_text_are_checked, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
