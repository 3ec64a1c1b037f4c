/* The table of callables: complete, well formed, and bound to the builders that the names say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "text.h"

static int setup(void **state)
{
    *state = da__graph_new(2);
    return *state == NULL;
}

static int teardown(void **state)
{
    da__graph_free(*state);
    assert_int_equal(da__alloc_live(), 0);
    return 0;
}

static void rows_are_well_formed(void **state)
{
    (void)state;
    for (int i = 0; i < da__ncallables(); i++) {
        const struct da__callable *c = da__callable(i);
        assert_ptr_equal(da__callable_find(c->name), c); /* names are unique */
        assert_non_null(c->build);
        assert_true(strlen(c->doc) > 0);
        bool optional = false;
        for (int k = 0; k < c->nparams; k++) {
            const struct da__callable_param *p = &c->param[k];
            assert_true(p->kind > DA__ARG_NONE && p->kind <= DA__ARG_DATA);
            assert_false(p->required &&
                         optional); /* positional calls could not leave out what comes before */
            optional |= !p->required;
            for (int j = 0; j < k; j++)
                assert_string_not_equal(p->name, c->param[j].name);
        }
    }
    assert_null(da__callable_find("no_such_thing"));
}

static void every_operator_is_there(void **state)
{
    (void)state;
    for (int op = 0; op < DA__NELEMENTWISE; op++) {
        const struct da__op_info *info = da__op_info((enum da__op_id)op);
        const struct da__callable *c = da__callable_find(info->name);
        assert_non_null(c);
        assert_int_equal(c->op, op);
        if (op != DA__OP_ASTYPE)
            assert_int_equal(c->nparams, info->nin);
        assert_string_equal(c->doc, info->doc);
    }
    for (int red = 0; red < DA__NREDUCTIONS; red++) {
        const struct da__callable *c = da__callable_find(da__red_info((enum da__red_id)red)->name);
        assert_non_null(c);
        assert_int_equal(c->op, red);
    }
}

/* The text of a file of the repository. */
static char *read_repository(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", DA_TEST_SOURCE, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    char *text = test_malloc(1 << 16);
    size_t n = fread(text, 1, (1 << 16) - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

static void the_schema_knows_every_parameter(void **state)
{
    (void)state;
    char *schema = read_repository("docs/pipeline.schema.json");
    for (int i = 0; i < da__ncallables(); i++) {
        const struct da__callable *c = da__callable(i);
        for (int k = 0; k < c->nparams; k++) {
            char key[64];
            snprintf(key, sizeof key, "\"%s\": ", c->param[k].name);
            bool is_input =
                c->param[k].kind == DA__ARG_OPERAND || c->param[k].kind == DA__ARG_ARRAYS;
            if (!is_input && strstr(schema, key) == NULL)
                fail_msg("docs/pipeline.schema.json does not know %s of %s", c->param[k].name,
                         c->name);
        }
    }
    test_free(schema);
}

/* A dtype that the row accepts. */
static da_dtype accepted(unsigned takes)
{
    return takes & DA__TAKES_FLOAT  ? DA_FLOAT64
           : takes & DA__TAKES_INT  ? DA_INT32
           : takes & DA__TAKES_BOOL ? DA_BOOL
                                    : DA_COMPLEX128;
}

static da_array *ones(struct da__graph *g, da_dtype dtype)
{
    int64_t shape[2] = {3, 4};
    struct da__scalar one = {.kind = DA__SCALAR_BOOL, .i = 1, .re = 1};
    return da__make_full(g, 2, shape, one, dtype, NULL);
}

static void operators_are_called_by_name(void **state)
{
    struct da__graph *g = *state;
    for (int op = 0; op < DA__NELEMENTWISE; op++) {
        const struct da__op_info *info = da__op_info((enum da__op_id)op);
        struct da__name x = {"x", ones(g, accepted(info->takes))};
        struct da__operand in[3] = {{.array = x.array}, {.array = x.array}, {.array = x.array}};
        char text[96];
        if (op == DA__OP_ASTYPE)
            continue;
        snprintf(text, sizeof text, "%s(x%s%s)", info->name, info->nin > 1 ? ", x" : "",
                 info->nin > 2 ? ", x" : "");
        da_array *a = da__eval(g, text, 1, &x),
                 *b = da__make_elementwise(g, (enum da__op_id)op, info->nin, in);
        assert_null(da__node_error(a));
        assert_int_equal(a->kind, DA__NODE_ELEMENTWISE);
        assert_int_equal(a->op, op);
        assert_int_equal(a->dtype, b->dtype);
        assert_int_equal(a->compute, b->compute);
    }
}

static void symbols_are_the_operators(void **state)
{
    struct da__graph *g = *state;
    for (int op = 0; op < DA__NELEMENTWISE; op++) {
        const struct da__op_info *info = da__op_info((enum da__op_id)op);
        struct da__name x = {"x", ones(g, accepted(info->takes))};
        char text[32];
        if (info->symbol == NULL)
            continue;
        snprintf(text, sizeof text, "%s%s x", info->nin == 2 ? "x " : "", info->symbol);
        da_array *a = da__eval(g, text, 1, &x);
        assert_null(da__node_error(a));
        assert_int_equal(a->op, op);
    }
}

static void reductions_pass_their_arguments(void **state)
{
    struct da__graph *g = *state;
    struct da__name x = {"x", ones(g, DA_FLOAT32)};
    for (int red = 0; red < DA__NREDUCTIONS; red++) {
        const struct da__red_info *info = da__red_info((enum da__red_id)red);
        char text[96];
        snprintf(text, sizeof text, "%s(x, axis=-1, keepdims=True%s)", info->name,
                 info->has_correction ? ", correction=1.5" : "");
        da_array *a = da__eval(g, text, 1, &x);
        assert_null(da__node_error(a));
        assert_int_equal(a->kind, DA__NODE_REDUCE);
        assert_int_equal(a->op, red);
        assert_int_equal(a->u.reduce.mask, 2);
        assert_true(a->u.reduce.keepdims);
        assert_true(a->u.reduce.correction == (info->has_correction ? 1.5 : 0));
    }
    assert_int_equal(da__eval(g, "sum(x, dtype=float64)", 1, &x)->dtype, DA_FLOAT64);
    assert_int_equal(da__eval(g, "sum(x)", 1, &x)->u.reduce.mask, 3);
    assert_int_equal(da__eval(g, "sum(x, axis=())", 1, &x)->u.reduce.mask, 0);
}

/* ---- binding ---- */

static struct da__raw raw_int(int64_t i)
{
    return (struct da__raw){.kind = DA__RAW_SCALAR,
                            .u.scalar = {.kind = DA__SCALAR_INT, .i = i, .re = (double)i}};
}

static void the_culprit_is_named(void **state)
{
    struct da__graph *g = *state;
    const struct da__callable *c = da__callable_find("arange");
    struct da__arena arena = {0};
    struct da__culprit culprit;
    struct da__error err = {.engine = -1};
    struct da__raw positional[2] = {raw_int(1), {.kind = DA__RAW_NONE}};
    struct da__keyword keyword[2] = {{"step", raw_int(2)}, {"dtype", raw_int(3)}};

    assert_non_null(da__bind_call(g, c, 1, positional, 1, keyword, NULL, &arena, &culprit, &err));
    assert_int_equal(culprit.positional, -1);
    assert_int_equal(culprit.keyword, -1);

    assert_null(da__bind_call(g, c, 1, positional, 2, keyword, NULL, &arena, &culprit, &err));
    assert_int_equal(culprit.keyword, 1);
    assert_string_equal(err.text, "arange: dtype is a dtype, not an integer");

    err.status = DA_OK;
    assert_null(da__bind_call(g, c, 1, positional + 1, 0, NULL, NULL, &arena, &culprit, &err));
    assert_int_equal(culprit.positional, 0);
    assert_string_equal(err.text, "arange: start is missing");
    da__arena_free(&arena);
}

static void files_are_resolved_under_the_folder(void **state)
{
    (void)state;
    struct da__arena arena = {0};
    assert_string_equal(da__resolve_file("a/b", "c.npy", &arena), "a/b/c.npy");
    assert_string_equal(da__resolve_file("a/b/", "c.npy", &arena), "a/b/c.npy");
    assert_string_equal(da__resolve_file("a/b", "/c.npy", &arena), "/c.npy");
    assert_string_equal(da__resolve_file(NULL, "c.npy", &arena), "c.npy");
    assert_string_equal(da__resolve_file("", "c.npy", &arena), "c.npy");
    da__arena_free(&arena);
}

/* ---- numbers in JSON ---- */

static void check_number(double x, bool single, const char *wanted)
{
    struct da__text t = {0};
    da__json_real(&t, x, single);
    assert_string_equal(t.s, wanted);
    da__text_free(&t);
}

static void numbers_are_shortest(void **state)
{
    (void)state;
    check_number(0.1, false, "0.1");
    check_number((double)0.1f, true, "0.1");
    check_number((double)0.1f, false, "0.10000000149011612");
    check_number(1.0 / 3, false, "0.3333333333333333");
    check_number(2, false, "2.0");
    check_number(-0.0, false, "-0.0");
    check_number(1e22, false, "1e+22");
    check_number(5e-324, false, "4.94065645841247e-324");
    check_number(0.1 + 0.2, false, "0.30000000000000004");
}

static void strings_are_escaped(void **state)
{
    (void)state;
    struct da__text t = {0};
    da__json_string(&t, "a\"b\\c\n\x01 é \xff");
    assert_string_equal(t.s, "\"a\\\"b\\\\c\\n\\u0001 é \\ufffd\"");
    da__text_free(&t);
}

/* ---- distributions ---- */

static void check_dist(int ndim, const int64_t *shape, const struct da__dist_spec *spec,
                       const char *wanted)
{
    const struct da__dist *d = NULL;
    struct da__error err = {.engine = -1};
    struct da__text t = {0};
    if (da__dist_make(ndim, shape, spec, 6, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    assert_int_equal(da__json_dist(&t, d, 6), DA_OK);
    assert_string_equal(t.s, wanted);
    da__text_free(&t);
    da__dist_drop(d);
}

static void distributions_take_their_shortest_form(void **state)
{
    (void)state;
    static const int64_t shape[2] = {12, 12}, bounds[] = {0, 3, 12}, first[] = {0, 5},
                         second[] = {1, 2, 3, 4, 6, 7, 8, 9, 10, 11};
    static const int64_t nelem[] = {2, 10}, *const list[] = {first, second};
    static const int grid[] = {6, 1}, engines[] = {1, 4};
    const struct da__map_spec bn[] = {{.kind = 'b'}, {.kind = 'n'}},
                              bb[] = {{.kind = 'b'}, {.kind = 'b'}};
    const struct da__map_spec cc[] = {{.kind = 'c', .block = 4}, {.kind = 'c'}},
                              irregular[] = {{.kind = 'b', .nbounds = 3, .bounds = bounds},
                                             {.kind = 'n'}};
    const struct da__map_spec lists[] = {
        {.kind = 'n'}, {.kind = 'u', .nlists = 2, .list_nelem = nelem, .list = list}};
    check_dist(2, shape, NULL, "{\"maps\":[\"b\",\"n\"]}");
    check_dist(2, shape, &(struct da__dist_spec){.nmaps = 2, .map = bn},
               "{\"maps\":[\"b\",\"n\"]}");
    check_dist(2, shape, &(struct da__dist_spec){.nmaps = 2, .map = bb, .ngrid = 2, .grid = grid},
               "{\"maps\":[\"b\",\"b\"],\"grid\":[6,1]}");
    check_dist(2, shape, &(struct da__dist_spec){.nmaps = 2, .map = irregular},
               "{\"maps\":[{\"b\":[0,3,12]},\"n\"]}");
    check_dist(2, shape, &(struct da__dist_spec){.nmaps = 2, .map = lists},
               "{\"maps\":[\"n\",{\"u\":[[0,5],[1,2,3,4,6,7,8,9,10,11]]}]}");
    check_dist(2, shape, &(struct da__dist_spec){.nmaps = 2, .map = cc},
               "{\"maps\":[{\"c\":4},\"c\"]}");
    check_dist(2, shape,
               &(struct da__dist_spec){.nmaps = 2, .map = bn, .nengines = 2, .engines = engines},
               "{\"maps\":[\"b\",\"n\"],\"grid\":[2,1],\"engines\":[1,4]}");
}

static void views_name_their_template(void **state)
{
    (void)state;
    static const int64_t shape = 12, half = 6;
    const struct da__dist *d = NULL, *v = NULL;
    struct da__view every_second = {
        .ndim = 1, .base_ndim = 1, .axis = {0}, .offset = {1}, .step = {2}};
    struct da__text t = {0};
    const struct da__map_spec map = {.kind = 'c', .block = 2};
    assert_int_equal(
        da__dist_make(1, &shape, &(struct da__dist_spec){.nmaps = 1, .map = &map}, 3, &d, NULL),
        DA_OK);
    assert_int_equal(da__dist_view(d, &every_second, &half, &v), DA_OK);
    assert_int_equal(da__json_dist(&t, v, 3), DA_OK);
    assert_string_equal(t.s, "{\"maps\":[{\"c\":2,\"template\":[12,1,2]}],\"grid\":[3]}");
    da__text_free(&t);
    da__dist_drop(v);
    da__dist_drop(d);
}

/* Copies beside and between the parts, and pinned coordinates. */
static void reductions_say_copies_and_strides(void **state)
{
    (void)state;
    static const int64_t shape[2] = {12, 12}, row = 12;
    static const int grid[] = {2, 3};
    const struct da__map_spec bc[] = {{.kind = 'b'}, {.kind = 'c'}};
    const struct da__dist *d = NULL, *r = NULL;
    struct da__text t = {0};
    struct da__view seventh_row = {
        .ndim = 1, .base_ndim = 2, .axis = {-1, 0}, .offset = {7, 0}, .step = {0, 1}};
    assert_int_equal(
        da__dist_make(2, shape,
                      &(struct da__dist_spec){.nmaps = 2, .map = bc, .ngrid = 2, .grid = grid}, 6,
                      &d, NULL),
        DA_OK);
    assert_int_equal(da__dist_reduce(d, 2, false, &r), DA_OK);
    assert_int_equal(da__json_dist(&t, r, 6), DA_OK);
    assert_string_equal(t.s, "{\"maps\":[\"b\"],\"grid\":[2],\"replicas\":3}");
    da__text_free(&t);
    da__dist_drop(r);
    assert_int_equal(da__dist_reduce(d, 1, false, &r), DA_OK);
    assert_int_equal(da__json_dist(&t, r, 6), DA_OK);
    assert_string_equal(t.s, "{\"maps\":[\"c\"],\"grid\":[3],\"replicas\":2,\"strides\":[1,3]}");
    da__text_free(&t);
    da__dist_drop(r);
    assert_int_equal(da__dist_view(d, &seventh_row, &row, &r), DA_OK);
    assert_int_equal(da__json_dist(&t, r, 6), DA_OK);
    assert_string_equal(t.s, "{\"maps\":[\"c\"],\"grid\":[3],\"engines\":[3,4,5]}");
    da__text_free(&t);
    da__dist_drop(r);
    da__dist_drop(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_well_formed),
        cmocka_unit_test(every_operator_is_there),
        cmocka_unit_test(the_schema_knows_every_parameter),
        cmocka_unit_test_setup_teardown(operators_are_called_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(symbols_are_the_operators, setup, teardown),
        cmocka_unit_test_setup_teardown(reductions_pass_their_arguments, setup, teardown),
        cmocka_unit_test_setup_teardown(the_culprit_is_named, setup, teardown),
        cmocka_unit_test(files_are_resolved_under_the_folder),
        cmocka_unit_test(numbers_are_shortest),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(distributions_take_their_shortest_form),
        cmocka_unit_test(views_name_their_template),
        cmocka_unit_test(reductions_say_copies_and_strides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
