/* Pipelines: loading and its complaints, dumps that load back as the same graph, programs' dumps
 * that load back too. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "oracle.h"
#include "text.h"

enum { NENGINES = 4 };

/* Data of leaves live here, as they would on the engines. */
struct store {
    struct da__graph *g;
    void *data[64];
    size_t nbytes[64];
};

static da_array *import_data(void *self, const void *data, da_dtype dtype, int ndim,
                             const int64_t *shape, const struct da__dist_spec *spec)
{
    struct store *s = self;
    const struct da__dist *d = NULL;
    struct da__error err = {.engine = -1};
    if (da__dist_make(ndim, shape, spec, NENGINES, &d, &err) != DA_OK)
        return da__make_poison(s->g, &err);
    uint64_t name = da__graph_new_buffer(s->g);
    assert_true(name < 64);
    s->nbytes[name] = (size_t)da__nelem(ndim, shape) * da__dtype_nbytes(dtype);
    s->data[name] = malloc(s->nbytes[name] + 1);
    memcpy(s->data[name], data, s->nbytes[name]);
    da_array *a = da__make_leaf(s->g, name, dtype, ndim, shape, d);
    da__dist_drop(d);
    return a;
}

static da_status export_data(void *self, da_array *a, void *out, struct da__error *err)
{
    struct store *s = self;
    (void)err;
    memcpy(out, s->data[a->buffer], s->nbytes[a->buffer]);
    return DA_OK;
}

static int setup(void **state)
{
    struct store *s = calloc(1, sizeof *s);
    s->g = da__graph_new(NENGINES);
    da__graph_set_data_hooks(s->g, import_data, export_data, s);
    *state = s;
    return s->g == NULL;
}

static int teardown(void **state)
{
    struct store *s = *state;
    da__graph_free(s->g);
    for (int k = 0; k < 64; k++)
        free(s->data[k]);
    free(s);
    assert_int_equal(da__alloc_live(), 0);
    return 0;
}

static struct da__pipeline *load_ok(struct store *s, const char *text)
{
    struct da__pipeline *p;
    struct da__error err = {.engine = -1};
    if (da__pipeline_load(s->g, text, strlen(text), "wind.json", "data", 0, NULL, &p, &err) !=
        DA_OK)
        fail_msg("%s\n%s", err.text, text);
    return p;
}

static char *dump_ok(struct store *s, int n, da_array *const *target)
{
    struct da__text t = {0};
    struct da__error err = {.engine = -1};
    if (da__graph_dump_json(s->g, n, target, &t, &err) != DA_OK)
        fail_msg("%s", err.text);
    return t.s;
}

#define FRAME(nodes) "{\"distarray\": 1, \"nodes\": [" nodes "]}"

/* ---- loading ---- */

static void a_pipeline_has_nodes_and_outputs(void **state)
{
    struct da__pipeline *p = load_ok(
        *state,
        "{\"distarray\": 1, \"comment\": \"ids may be used before they are defined\", \"nodes\": ["
        "{\"id\": \"anom\", \"expr\": \"t - mean\"},"
        "{\"id\": \"mean\", \"op\": \"mean\", \"in\": [\"t\"], \"axis\": [0], \"keepdims\": true},"
        "{\"id\": \"t\", \"op\": \"full\", \"shape\": [6, 8], \"fill_value\": 2.5},"
        "{\"id\": \"hot\", \"op\": \"sum\", \"in\": [{\"op\": \"greater\", \"in\": [\"anom\", "
        "2.0]}], \"axis\": 0}"
        "], \"outputs\": [\"hot\", \"mean\"]}");
    assert_int_equal(p->nnodes, 4);
    assert_int_equal(p->noutputs, 2);
    assert_string_equal(p->output_id[0], "hot");
    assert_int_equal(p->output[0]->dtype, DA_INT64);
    assert_int_equal(p->output[0]->ndim, 1);
    assert_int_equal(p->output[0]->shape[0], 8);
    assert_int_equal(p->output[1]->kind, DA__NODE_REDUCE);
    for (int k = 0; k < p->nnodes; k++) /* only outputs are kept: a run would save what is */
        assert_int_equal(p->node[k]->kept > 0,
                         p->node[k] == p->output[0] || p->node[k] == p->output[1]);
    da__pipeline_free(p);
}

static void without_outputs_all_unread_nodes_are(void **state)
{
    struct da__pipeline *p =
        load_ok(*state, FRAME("{\"id\": \"x\", \"op\": \"arange\", \"start\": 5},"
                              "{\"id\": \"a\", \"expr\": \"x + 1\"}, {\"op\": \"sum\", \"in\": "
                              "[\"x\"]}, {\"id\": \"b\", \"expr\": \"x * 2\"}"));
    assert_int_equal(p->noutputs, 3);
    assert_string_equal(p->output_id[0], "a");
    assert_string_equal(p->output_id[2], "b");
    da__pipeline_free(p);
}

static void numbers_come_in_many_forms(void **state)
{
    struct da__pipeline *p = load_ok(
        *state,
        FRAME("{\"id\": \"x\", \"op\": \"array\", \"data\": [1, \"nan\", \"-inf\", 2.5], "
              "\"dtype\": \"float32\"},"
              "{\"id\": \"z\", \"op\": \"multiply\", \"in\": [\"x\", {\"re\": 0, \"im\": 1.5}]},"
              "{\"id\": \"w\", \"op\": \"where\", \"in\": [true, \"x\", \"inf\"]},"
              "{\"id\": \"u\", \"op\": \"array\", \"data\": [[0, \"18446744073709551615\"]], "
              "\"dtype\": \"uint64\"},"
              "{\"id\": \"f\", \"op\": \"full\", \"shape\": [], \"fill_value\": "
              "\"18446744073709551615\", \"dtype\": \"uint64\"}"));
    struct store *s = *state;
    for (int k = 0; k < p->nnodes; k++) {
        uint64_t big;
        if (strcmp(p->id[k], "x") == 0) {
            const float *x = s->data[p->node[k]->buffer];
            assert_true(x[0] == 1 && isnan(x[1]) && x[2] == -INFINITY && x[3] == 2.5f);
        } else if (strcmp(p->id[k], "z") == 0) {
            assert_int_equal(p->node[k]->dtype, DA_COMPLEX64);
        } else if (strcmp(p->id[k], "f") == 0) {
            memcpy(&big, p->node[k]->u.constant, 8);
            assert_true(big == UINT64_MAX);
        }
    }
    da__pipeline_free(p);
}

static void definitions_are_replaced(void **state)
{
    static const struct da__define define[] = {{"N", "12"}, {"WHAT", "mean"}, {"K", "2.5"}};
    static const char text[] =
        FRAME("{\"id\": \"x\", \"op\": \"full\", \"shape\": [\"$N\", 3], \"fill_value\": \"$K\"},"
              "{\"id\": \"y\", \"op\": \"${WHAT}\", \"in\": [\"x\"]}, {\"id\": \"z\", \"expr\": "
              "\"${WHAT}(x) * ${K}\"}");
    struct store *s = *state;
    struct da__pipeline *p;
    struct da__error err = {.engine = -1};
    assert_int_equal(
        da__pipeline_load(s->g, text, strlen(text), "wind.json", NULL, 3, define, &p, &err), DA_OK);
    assert_int_equal(p->node[0]->shape[0], 12);
    assert_int_equal(p->node[0]->dtype, DA_FLOAT64);
    assert_int_equal(p->node[1]->op, DA__RED_MEAN);
    da__pipeline_free(p);
    assert_int_equal(
        da__pipeline_load(s->g, text, strlen(text), "wind.json", NULL, 2, define, &p, &err),
        DA_ERR_FORMAT);
    assert_string_equal(err.text, "wind.json: nodes[0].fill_value: \"$K\" is not defined");
}

static void unused_definitions_are_errors(void **state)
{
    static const struct da__define define[] = {{"N", "12"}};
    static const char text[] = FRAME("{\"id\": \"x\", \"op\": \"zeros\", \"shape\": 3}");
    struct da__pipeline *p;
    struct da__error err = {.engine = -1};
    struct store *s = *state;
    assert_int_equal(
        da__pipeline_load(s->g, text, strlen(text), "wind.json", NULL, 1, define, &p, &err),
        DA_ERR_ARGUMENT);
    assert_string_equal(err.text, "wind.json: the definition N=12 is used nowhere");
    assert_null(p);
}

/* ---- complaints ---- */

struct complaint {
    const char *text, *wanted;
};
static const struct complaint complaint[] = {
    {"", "wind.json: line 1, column 0: "},
    {"{\"distarray\": 1,\n \"nodes\": [,]}", "wind.json: line 2, column 12: "},
    {"{\"distarray\": 1, \"distarray\": 1, \"nodes\": []}",
     "wind.json: line 1, column 28: duplicate object key"},
    {"[1]", "wind.json: a pipeline is an object, not a list"},
    {"{\"nodes\": []}", "wind.json: \"distarray\": 1 is missing"},
    {"{\"distarray\": 2, \"nodes\": []}", "wind.json: distarray: version 2 is not known"},
    {"{\"distarray\": \"1\", \"nodes\": []}",
     "wind.json: distarray: the version is an integer, not a string"},
    {"{\"distarray\": 1}", "wind.json: \"nodes\" is missing"},
    {"{\"distarray\": 1, \"nodes\": {}}",
     "wind.json: nodes: a list of nodes is wanted, not an object"},
    {"{\"distarray\": 1, \"nods\": []}",
     "wind.json: unknown key \"nods\" (did you mean \"nodes\"?)"},
    {"{\"distarray\": 1, \"nodes\": [], \"outputs\": \"x\"}",
     "wind.json: outputs: a list of ids is wanted, not a string"},
    {"{\"distarray\": 1, \"nodes\": [], \"outputs\": [\"x\"]}",
     "wind.json: outputs[0]: no node \"x\""},
    {"{\"distarray\": 1, \"nodes\": [], \"outputs\": [3]}",
     "wind.json: outputs[0]: an id is wanted, not an integer"},
    {FRAME("3"), "wind.json: nodes[0]: a node is an object, not an integer"},
    {FRAME("{}"), "wind.json: nodes[0]: a node needs \"op\" or \"expr\""},
    {FRAME("{\"op\": \"sum\", \"expr\": \"1\"}"),
     "wind.json: nodes[0]: a node has \"op\" or \"expr\", not both"},
    {FRAME("{\"op\": 3}"), "wind.json: nodes[0].op: a string is wanted, not an integer"},
    {FRAME("{\"op\": \"summ\", \"in\": []}"),
     "wind.json: nodes[0].op: no operation \"summ\" (did you mean \"sum\"?)"},
    {FRAME("{\"op\": \"from_function\", \"object\": \"x\"}"),
     "wind.json: nodes[0].op: from_function holds a C function"},
    {FRAME("{\"id\": 3, \"op\": \"zeros\", \"shape\": 1}"),
     "wind.json: nodes[0].id: an id is a string, not an integer"},
    {FRAME("{\"id\": \"\", \"op\": \"zeros\", \"shape\": 1}"),
     "wind.json: nodes[0].id: the id is empty"},
    {FRAME("{\"id\": \"x\", \"op\": \"zeros\", \"shape\": 1}, {\"id\": \"x\", \"expr\": \"1\"}"),
     "wind.json: nodes[1]: the id \"x\" is taken by an earlier node"},
    {FRAME("{\"id\": \"mean\", \"op\": \"zeros\", \"shape\": 1}, {\"op\": \"sqrt\", \"in\": "
           "[\"meen\"]}"),
     "wind.json: nodes[1].in[0]: no node \"meen\" (did you mean \"mean\"?)"},
    {FRAME("{\"op\": \"sqrt\", \"in\": \"x\"}"),
     "wind.json: nodes[0].in: a list of inputs is wanted, not a string"},
    {FRAME("{\"op\": \"sqrt\", \"in\": [[1]]}"),
     "wind.json: nodes[0].in[0]: an id, a number or a node is wanted, not a list"},
    {FRAME("{\"op\": \"sqrt\", \"in\": [1, 2]}"),
     "wind.json: nodes[0].in: sqrt takes 1 input, not 2"},
    {FRAME("{\"op\": \"add\", \"in\": [1]}"), "wind.json: nodes[0]: add: x2 is missing"},
    {FRAME("{\"op\": \"sqrt\", \"in\": [{\"op\": \"sqrt\", \"in\": [2, {\"op\": \"nope\"}]}]}"),
     "wind.json: nodes[0].in[0].in[1].op: no operation \"nope\""},
    {FRAME("{\"op\": \"sqrt\", \"in\": [{\"re\": 1}]}"),
     "wind.json: nodes[0].in[0]: a complex number has \"re\" and \"im\""},
    {FRAME("{\"op\": \"mean\", \"in\": [1], \"axes\": 0}"),
     "wind.json: nodes[0]: unknown key \"axes\" (did you mean \"axis\"?)"},
    {FRAME("{\"op\": \"sqrt\", \"in\": [1], \"x\": 1}"),
     "wind.json: nodes[0].x: sqrt: x is given twice"},
    {FRAME("{\"op\": \"sqrt\", \"in\": [1], \"y\": 1}"), "wind.json: nodes[0]: unknown key \"y\""},
    {FRAME("{\"op\": \"mean\", \"in\": [1], \"axis\": \"0\"}"),
     "wind.json: nodes[0].axis: mean: axis is an integer or a list of integers, not a text"},
    {FRAME("{\"op\": \"mean\", \"in\": [1], \"keepdims\": 1}"),
     "wind.json: nodes[0].keepdims: mean: keepdims is true or false, not an integer"},
    {FRAME("{\"op\": \"zeros\"}"), "wind.json: nodes[0]: zeros: shape is missing"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 3, \"dtype\": \"flot32\"}"),
     "wind.json: nodes[0].dtype: zeros: no dtype \"flot32\" (did you mean \"float32\"?)"},
    {FRAME("{\"op\": \"zeros\", \"shape\": [-1]}"), "wind.json: nodes[0]: da_full: "},
    {FRAME("{\"op\": \"zeros\", \"shape\": [[1]]}"),
     "wind.json: nodes[0].shape: zeros: shape is an integer or a list of integers, not a list"},
    {FRAME("{\"op\": \"sqrt\", \"in\": [1.0], \"dtype\": \"float32\"}"),
     "wind.json: nodes[0].dtype: the result is float64, not float32"},
    {FRAME("{\"op\": \"sqrt\", \"in\": [1.0], \"shape\": [2]}"),
     "wind.json: nodes[0].shape: the result has the shape (), not (2,)"},
    {FRAME("{\"op\": \"array\", \"data\": [[1, 2], [3]]}"),
     "wind.json: nodes[0]: da_array: lists of different lengths"},
    {FRAME("{\"op\": \"array\", \"data\": [1, \"x\"]}"),
     "wind.json: nodes[0]: da_array: a text among the numbers"},
    {FRAME("{\"op\": \"array\", \"data\": [1.5], \"dtype\": \"int8\"}"),
     "wind.json: nodes[0]: da_array: a float that does not fit int8"},
    {FRAME("{\"op\": \"array\", \"data\": [1, {\"a\": 1}]}"),
     "wind.json: nodes[0].data[1]: an object means nothing here"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": \"b\"}"),
     "wind.json: nodes[0].dist: a distribution {\"maps\": […]} is wanted, not a string"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {}}"),
     "wind.json: nodes[0].dist: \"maps\" is missing"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {\"maps\": [\"q\"]}}"),
     "wind.json: nodes[0].dist.maps[0]: no map \"q\""},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {\"maps\": [{\"c\": 0}]}}"),
     "wind.json: nodes[0].dist.maps[0].c: a block size is a positive integer"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {\"maps\": [\"b\"], \"gird\": [2]}}"),
     "wind.json: nodes[0].dist: unknown key \"gird\" (did you mean \"grid\"?)"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {\"maps\": [\"b\"], \"grid\": [9]}}"),
     "wind.json: nodes[0]: da_full: "},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {\"maps\": [\"b\"], \"grid\": [2.5]}}"),
     "wind.json: nodes[0].dist.grid[0]: an integer is wanted"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {\"maps\": [{\"u\": [[0, 1], 3]}]}}"),
     "wind.json: nodes[0].dist.maps[0].u[1]: a list of integers is wanted"},
    {FRAME("{\"id\": \"x\", \"op\": \"zeros\", \"shape\": 4}, {\"op\": \"redistribute\", \"in\": "
           "[\"x\"], \"dist\": {\"maps\": [\"n\"], \"replicas\": 9}}"),
     "wind.json: nodes[1]: da_redistribute: replicas: 9 copies cannot be; there are 4 engines"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {\"maps\": [{\"b\": \"even\", "
           "\"template\": [8, "
           "1, 3]}], \"grid\": [2]}}"),
     "wind.json: nodes[0]: da_full: axis 0: 4 indices from 1 by 3 leave a template of 8"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {\"maps\": [{\"b\": \"even\", "
           "\"template\": [8, "
           "0, 2]}]}}"),
     "wind.json: nodes[0]: da_full: axis 0: a map with a template needs a grid"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {\"maps\": [{\"b\": \"even\", "
           "\"template\": [8, "
           "0]}], \"grid\": [2]}}"),
     "wind.json: nodes[0].dist.maps[0].template: a template is [size, start, step]"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {\"maps\": [\"b\"], \"grid\": [2], "
           "\"replicas\": 2, \"strides\": [1, 1]}}"),
     "wind.json: nodes[0]: da_full: strides: two coordinates meet on one engine"},
    {FRAME("{\"op\": \"zeros\", \"shape\": 4, \"dist\": {\"maps\": [\"b\"], \"grid\": [2], "
           "\"strides\": [2], \"offset\": 2}}"),
     "wind.json: nodes[0]: da_full: offset 2 and strides reach over 3 engines; there are 4"},
    {FRAME("{\"id\": \"x\", \"expr\": \"1 + y\"}"),
     "wind.json: nodes[0].expr: column 5: no array \"y\""},
    {FRAME("{\"id\": \"x\", \"expr\": \"1 +\"}"),
     "wind.json: nodes[0].expr: column 4: the end where"},
    {FRAME("{\"id\": \"x\", \"expr\": \"1\", \"in\": []}"),
     "wind.json: nodes[0]: unknown key \"in\""},
    {FRAME("{\"id\": \"x\", \"expr\": 1}"),
     "wind.json: nodes[0].expr: a string is wanted, not an integer"},
    {FRAME("{\"id\": \"x\", \"expr\": \"x + 1\"}"),
     "wind.json: nodes[0]: the nodes need each other in a cycle: x -> x"},
    {FRAME("{\"id\": \"c\", \"op\": \"sqrt\", \"in\": [{\"op\": \"sqrt\", \"in\": [\"a\"]}]}, "
           "{\"id\": \"b\", \"expr\": \"c * 2\"}, {\"id\": \"a\", \"expr\": \"b + 1\"}"),
     "wind.json: nodes[0]: the nodes need each other in a cycle: c -> a -> b -> c"},
    {FRAME("{\"op\": \"zeros\", \"shape\": \"${N}\"}"),
     "wind.json: nodes[0].shape: \"$N\" is not defined"},
    {FRAME("{\"op\": \"zeros\", \"shape\": \"${N\"}"),
     "wind.json: nodes[0].shape: \"${\" is not followed by a name and \"}\""},
    {FRAME("{\"id\": \"x\", \"op\": \"zeros\", \"shape\": [2, 3]}, {\"op\": \"add\", \"in\": "
           "[\"x\", {\"op\": \"zeros\", \"shape\": 4}]}"),
     "wind.json: nodes[1]: da_add: "},
    {FRAME("{\"id\": \"x\", \"op\": \"zeros\", \"shape\": 3}, {\"op\": \"view\", \"in\": [\"x\"], "
           "\"shape\": [2], \"axis\": [0], \"offset\": [2], \"step\": [1]}"),
     "wind.json: nodes[1]: da_view: offset 2 and step 1 over 2 indices leave axis 0 of extent 3"},
    {FRAME("{\"id\": \"x\", \"op\": \"zeros\", \"shape\": 3}, {\"op\": \"slice\", \"in\": [\"x\"], "
           "\"index\": \"1;2\"}"),
     "wind.json: nodes[1]: da_slice: index: "},
    {FRAME("{\"op\": \"load\", \"file\": \"no-such-file.npy\"}"), "wind.json: nodes[0]: "},
    {FRAME("{\"op\": \"kernel\", \"in\": []}"), "wind.json: nodes[0]: \"space\" is missing"},
    {FRAME("{\"op\": \"kernel\", \"space\": [2], \"body\": [{\"op\": \"sqrt\", \"args\": [\"r0\"], "
           "\"dtype\": \"float64\"}]}"),
     "wind.json: nodes[0].body[0].args[0]: \"r0\" names no earlier result"},
    {FRAME("{\"op\": \"kernel\", \"space\": [2], \"body\": [{\"op\": \"squrt\", \"args\": "
           "[\"x0\"], \"dtype\": \"float64\"}]}"),
     "wind.json: nodes[0].body[0].op: no operation \"squrt\" (did you mean \"sqrt\"?)"},
    {FRAME("{\"op\": \"kernel\", \"space\": [2], \"params\": [{\"value\": 1.5, \"dtype\": "
           "\"int8\"}]}"),
     "wind.json: nodes[0].params[0]: a float that does not fit int8"},
};

static void complaints_name_the_place(void **state)
{
    struct store *s = *state;
    for (size_t k = 0; k < sizeof complaint / sizeof *complaint; k++) {
        struct da__pipeline *p;
        struct da__error err = {.engine = -1};
        const char *text = complaint[k].text;
        da_status status =
            da__pipeline_load(s->g, text, strlen(text), "wind.json", "data", 0, NULL, &p, &err);
        if (status == DA_OK)
            fail_msg("no complaint: %s", text);
        assert_null(p);
        assert_int_equal(status, err.status);
        if (strncmp(err.text, complaint[k].wanted, strlen(complaint[k].wanted)) != 0)
            fail_msg("%s\n  gives  %s\n  wanted %s", text, err.text, complaint[k].wanted);
    }
}

static void files_are_relative_to_the_folder(void **state)
{
    struct store *s = *state;
    struct da__pipeline *p;
    struct da__error err = {.engine = -1};
    static const char text[] = FRAME("{\"op\": \"load\", \"file\": \"no-such-file.npy\"}");
    da__pipeline_load(s->g, text, strlen(text), "wind.json", "some/folder", 0, NULL, &p, &err);
    assert_non_null(strstr(err.text, "some/folder/no-such-file.npy"));
}

/* ---- round trips ---- */

static const char *const round_trip[] = {
    FRAME("{\"id\": \"x\", \"op\": \"full\", \"shape\": [4, 6], \"fill_value\": 0.1, \"dtype\": "
          "\"float32\"}, {\"id\": \"y\", \"expr\": \"x * 2 + 1\"}"),
    FRAME("{\"id\": \"k\", \"op\": \"arange\", \"start\": 12, \"dtype\": \"int32\"}, {\"id\": "
          "\"y\", \"expr\": \"where(k > 3, k / 2, -0.0) + 1e300\"}"),
    FRAME("{\"id\": \"k\", \"op\": \"arange\", \"start\": 12, \"dtype\": \"int8\"}, {\"id\": "
          "\"y\", \"expr\": \"k + 2j\"}, {\"id\": \"z\", \"expr\": \"k * nan - inf\"}"),
    FRAME("{\"id\": \"x\", \"op\": \"linspace\", \"start\": 0, \"stop\": 1, \"num\": 9}, {\"id\": "
          "\"y\", \"expr\": \"std(x, axis=0, correction=1, keepdims=True)\"}"),
    FRAME("{\"id\": \"x\", \"op\": \"eye\", \"n_rows\": 5, \"n_cols\": 7, \"k\": 1}, {\"id\": "
          "\"y\", \"expr\": \"x[1:-1, ::-2][..., None]\"},"
          "{\"id\": \"z\", \"expr\": \"argmax(x) + argmin(x, axis=1) + sum(y, axis=(0, 2))[0]\"}"),
    FRAME("{\"id\": \"x\", \"op\": \"index\", \"axis\": 0, \"shape\": [8, 6], \"dist\": {\"maps\": "
          "[{\"c\": 2}, \"b\"], \"grid\": [2, 2]}},"
          "{\"id\": \"y\", \"op\": \"redistribute\", \"in\": [\"x\"], \"dist\": {\"maps\": "
          "[{\"b\": [0, 1, 5, 8]}, \"n\"], \"engines\": [1, 2, 3]}},"
          "{\"id\": \"z\", \"op\": \"redistribute\", \"in\": [\"x\"], \"dist\": {\"maps\": [\"n\", "
          "{\"u\": [[0, 5], [1, 2, 3, 4]]}]}},"
          "{\"id\": \"w\", \"expr\": \"y + z\"}"),
    FRAME("{\"id\": \"d\", \"op\": \"array\", \"data\": [[1, 2.5, \"nan\"], [-0.0, \"inf\", "
          "1e-300]], \"dist\": {\"maps\": [\"n\", \"c\"], \"engines\": [2]}},"
          "{\"id\": \"e\", \"op\": \"array\", \"data\": [true, false]}, {\"id\": \"y\", \"expr\": "
          "\"d * 2\"}, {\"id\": \"z\", \"expr\": \"any(e)\"}"),
    FRAME("{\"id\": \"d\", \"op\": \"array\", \"data\": [[], []], \"dtype\": \"int16\"}, {\"id\": "
          "\"y\", \"expr\": \"sum(d, axis=1)\"},"
          "{\"id\": \"c\", \"op\": \"array\", \"data\": [{\"re\": 1, \"im\": -2.5}], \"dtype\": "
          "\"complex64\"}, {\"id\": \"z\", \"expr\": \"conj(c)\"}"),
    FRAME("{\"id\": \"x\", \"op\": \"zeros\", \"shape\": [3, 4]}, {\"id\": \"y\", \"op\": "
          "\"broadcast_to\", \"in\": [{\"op\": \"array\", \"data\": [1, 2, 3, 4]}], \"shape\": [2, "
          "3, 4]},"
          "{\"id\": \"z\", \"expr\": \"permute_dims(y + x, (2, 0, 1))\"}, {\"expr\": \"prod(z, "
          "axis=())\"}, {\"expr\": \"sum(x, dtype=float32)\"}"),
    FRAME("{\"id\": \"n1\", \"op\": \"zeros\", \"shape\": 3}, {\"expr\": \"(n1 + 1) * (n1 + 2)\"}, "
          "{\"id\": \"s\", \"op\": \"save\", \"in\": [\"n1\"], \"file\": \"x.npy\"}"),
    FRAME(
        "{\"id\": \"u\", \"op\": \"full\", \"shape\": [2], \"fill_value\": "
        "\"18446744073709551615\", \"dtype\": \"uint64\"}, {\"id\": \"v\", \"expr\": \"u // 2\"}"),
    /* A wrapped axis of a view without elements. */
    FRAME("{\"id\": \"x\", \"op\": \"index\", \"axis\": 1, \"shape\": [19, 11, 3], \"dist\": "
          "{\"maps\": "
          "[\"b\"]}}, {\"id\": \"y\", \"expr\": \"roll(astype(x * x, int16), -4, axis=-2)[6, None, "
          "..., ::-3, :2:-1]\"}"),
};

static void dumps_load_back_the_same(void **state)
{
    struct store *s = *state;
    for (size_t k = 0; k < sizeof round_trip / sizeof *round_trip; k++) {
        struct da__pipeline *p = load_ok(s, round_trip[k]);
        char *first = dump_ok(s, p->noutputs, p->output);
        struct da__pipeline *q = load_ok(s, first);
        assert_int_equal(q->noutputs, p->noutputs);
        char *second = dump_ok(s, q->noutputs, q->output);
        if (strcmp(first, second) != 0)
            fail_msg("%s\n---- became ----\n%s", first, second);
        for (int i = 0; i < p->noutputs; i++) {
            assert_int_equal(p->output[i]->dtype, q->output[i]->dtype);
            if (p->output[i]->dist != NULL)
                assert_true(da__dist_equal(p->output[i]->dist, q->output[i]->dist));
        }
        da__pipeline_free(p);
        da__pipeline_free(q);
        da__free(first);
        da__free(second);
    }
}

static void a_dump_is_as_documented(void **state)
{
    struct da__pipeline *p =
        load_ok(*state, FRAME("{\"id\": \"x\", \"op\": \"full\", \"shape\": [4, 6], "
                              "\"fill_value\": 0.1, \"dtype\": \"float32\"},"
                              "{\"id\": \"y\", \"expr\": \"mean(x * 2, axis=0)\"}"));
    char *text = dump_ok(*state, p->noutputs, p->output);
    assert_string_equal(text, "{ \"distarray\": 1,\n  \"stage\": \"deferred\",\n  \"nodes\": [\n"
                              "    "
                              "{\"id\":\"x\",\"op\":\"full\",\"fill_value\":0.1,\"dtype\":"
                              "\"float32\",\"shape\":[4,6],\"dist\":{\"maps\":[\"b\",\"n\"]}},\n"
                              "    "
                              "{\"id\":\"n1\",\"op\":\"multiply\",\"in\":[\"x\",2.0],\"dtype\":"
                              "\"float32\",\"shape\":[4,6],\"dist\":{\"maps\":[\"b\",\"n\"]}},\n"
                              "    "
                              "{\"id\":\"y\",\"op\":\"mean\",\"in\":[\"n1\"],\"axis\":[0],"
                              "\"keepdims\":false,\"dtype\":\"float32\",\"shape\":[6],"
                              "\"dist\":{\"maps\":[\"n\"],\"grid\":[1],\"replicas\":4}}\n"
                              "  ],\n  \"outputs\": [\"y\"] }\n");
    da__free(text);
    da__pipeline_free(p);
}

/* ---- programs ---- */

static char *program_of(struct store *s, const struct da__pipeline *p, char **dot)
{
    struct da__program *program;
    struct da__binding bind;
    struct da__error err = {.engine = -1};
    struct da__text t = {0}, d = {0};
    if (da__lower(s->g, p->noutputs, p->output, NULL, &program, &bind, &err) != DA_OK ||
        da__optimize(program, NULL, NULL, NULL, &err) != DA_OK ||
        da__program_json(program, s->g, &bind, &t, &err) != DA_OK ||
        da__program_dump_dot(program, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    da__binding_free(&bind);
    da__program_free(program);
    *dot = d.s;
    return t.s;
}

static const void *leaf_data(void *self, const da_array *a)
{
    return ((struct store *)self)->data[a->buffer];
}

/* The same bytes, so that NaN equals NaN. */
static void check_equal(struct store *s, const da_array *a, const da_array *b, const char *text)
{
    void *x = oracle(a, leaf_data, s), *y = oracle(b, leaf_data, s);
    assert_int_equal(a->dtype, b->dtype);
    assert_int_equal(a->ndim, b->ndim);
    assert_memory_equal(a->shape, b->shape, (size_t)a->ndim * sizeof *a->shape);
    if (memcmp(x, y, (size_t)da__nelem(a->ndim, a->shape) * da__dtype_nbytes(a->dtype)) != 0)
        fail_msg("other results than before: %s", text);
    free(x);
    free(y);
}

static void programs_load_back_with_the_same_results(void **state)
{
    struct store *s = *state;
    for (size_t k = 0; k < sizeof round_trip / sizeof *round_trip; k++) {
        struct da__pipeline *p = load_ok(s, round_trip[k]);
        char *dot;
        char *text = program_of(s, p, &dot);
        struct da__pipeline *q = load_ok(s, text);
        assert_int_equal(q->noutputs, p->noutputs);
        for (int i = 0; i < p->noutputs; i++)
            check_equal(s, p->output[i], q->output[i], text);
        assert_non_null(strstr(dot, "digraph optimized {"));
        da__pipeline_free(p);
        da__pipeline_free(q);
        da__free(text);
        da__free(dot);
    }
}

static void dumps_load_back_with_the_same_results(void **state)
{
    struct store *s = *state;
    for (size_t k = 0; k < sizeof round_trip / sizeof *round_trip; k++) {
        struct da__pipeline *p = load_ok(s, round_trip[k]);
        char *text = dump_ok(s, p->noutputs, p->output);
        struct da__pipeline *q = load_ok(s, text);
        for (int i = 0; i < p->noutputs; i++)
            check_equal(s, p->output[i], q->output[i], text);
        da__pipeline_free(p);
        da__pipeline_free(q);
        da__free(text);
    }
}

/* Every ```json of docs/pipeline.md loads. */
static void documented_examples_load(void **state)
{
    static char text[1 << 16];
    const char *path = DA_TEST_SOURCE "/docs/pipeline.md";
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    int n = 0;
    for (char *at = strstr(text, "```json\n"); at != NULL; at = strstr(at, "```json\n"), n++) {
        char *example = at + strlen("```json\n"), *stop = strstr(example, "```");
        assert_non_null(stop);
        *stop = '\0';
        struct da__pipeline *p = load_ok(*state, example);
        assert_true(p->noutputs > 0);
        da__pipeline_free(p);
        at = stop + 1;
    }
    assert_true(n >= 3);
}

/* ---- bounds and failures ---- */

static void deep_chains_do_not_recurse(void **state)
{
    struct store *s = *state;
    struct da__text t = {0};
    const int n = 20000;
    da__text_add(
        &t, "{\"distarray\": 1, \"nodes\": [{\"id\": \"x0\", \"op\": \"zeros\", \"shape\": 4}");
    for (int k = n; k > 0; k--) /* used before they are defined: the order is a chain of n */
        da__text_add(&t, ",{\"id\": \"x%d\", \"op\": \"add\", \"in\": [\"x%d\", 1]}", k, k - 1);
    da__text_add(&t, "], \"outputs\": [\"x%d\"]}", n);
    struct da__pipeline *p = load_ok(s, t.s);
    char *text = dump_ok(s, p->noutputs, p->output);
    da__pipeline_free(p);
    p = load_ok(s, text);
    assert_int_equal(p->nnodes, n + 1);
    da__pipeline_free(p);
    da__free(text);
    da__text_free(&t);
}

static void nesting_is_bounded(void **state)
{
    struct store *s = *state;
    struct da__text t = {0};
    struct da__pipeline *p;
    struct da__error err = {.engine = -1};
    for (int k = 0; k < 5000; k++)
        da__text_add(&t, "[");
    assert_int_equal(da__pipeline_load(s->g, t.s, t.len, "wind.json", NULL, 0, NULL, &p, &err),
                     DA_ERR_FORMAT);
    da__text_free(&t);
    da__text_add(&t, "{\"distarray\": 1, \"nodes\": [{\"op\": \"array\", \"data\": ");
    for (int k = 0; k < 40; k++)
        da__text_add(&t, "[");
    for (int k = 0; k < 40; k++)
        da__text_add(&t, "]");
    da__text_add(&t, "}]}");
    err.status = DA_OK;
    assert_int_equal(da__pipeline_load(s->g, t.s, t.len, "wind.json", NULL, 0, NULL, &p, &err),
                     DA_ERR_FORMAT);
    assert_string_equal(err.text,
                        "wind.json: nodes[0].data: lists are nested deeper than 32 levels");
    da__text_free(&t);
}

static void leaves_under_any_owners_load_back(void **state)
{
    struct store *s = *state;
    static const double data[] = {1.5, -2, 0.1};
    const int64_t shape = 3;
    const struct da__dist *everywhere = NULL;
    da_array *a = import_data(s, data, DA_FLOAT64, 1, &shape, NULL);
    assert_int_equal(da__dist_replicated(1, &shape, NENGINES, &everywhere), DA_OK);
    da_array *b = da__make_leaf(s->g, a->buffer, DA_FLOAT64, 1, &shape, everywhere);
    da__dist_drop(everywhere);
    char *text = dump_ok(s, 1, &b);
    assert_non_null(strstr(text, "\"replicas\":4"));
    struct da__pipeline *p = load_ok(s, text);
    check_equal(s, b, p->output[0], text);
    da__pipeline_free(p);
    da__free(text);
}

static void large_leaves_are_not_embedded(void **state)
{
    struct store *s = *state;
    int64_t shape = 1 << 18;
    const struct da__dist *d = NULL;
    struct da__text t = {0};
    struct da__error err = {.engine = -1};
    da__dist_make(1, &shape, NULL, NENGINES, &d, NULL);
    da_array *a = da__make_leaf(s->g, 1, DA_FLOAT64, 1, &shape, d);
    da__dist_drop(d);
    assert_int_equal(da__graph_dump_json(s->g, 1, &a, &t, &err), DA_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "2097152 bytes"));
    da__text_free(&t);
}

static void memory_failures_are_errors(void **state)
{
    struct store *s = *state;
    static const char text[] =
        FRAME("{\"id\": \"x\", \"op\": \"full\", \"shape\": [8, 6], \"fill_value\": 1.5, \"dist\": "
              "{\"maps\": [{\"c\": 2}, \"b\"], \"grid\": [2, 2]}},"
              "{\"id\": \"y\", \"op\": \"sum\", \"in\": [{\"op\": \"greater\", \"in\": [\"x\", "
              "2.0]}], \"axis\": 0},"
              "{\"id\": \"z\", \"expr\": \"mean(y[::2] * 2)\"}");
    for (int64_t n = 1; n < 3000; n++) {
        struct da__pipeline *p;
        struct da__text t = {0};
        struct da__error err = {.engine = -1};
        da__alloc_fail_at(n, false);
        da_status status =
            da__pipeline_load(s->g, text, strlen(text), "wind.json", "data", 0, NULL, &p, &err);
        if (status == DA_OK)
            status = da__graph_dump_json(s->g, p->noutputs, p->output, &t, &err);
        da__alloc_fail_at(0, false);
        assert_true(status == DA_OK || err.text[0] != '\0');
        da__text_free(&t);
        da__pipeline_free(p);
        if (status == DA_OK && n > 300)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pipeline_has_nodes_and_outputs, setup, teardown),
        cmocka_unit_test_setup_teardown(without_outputs_all_unread_nodes_are, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_come_in_many_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(definitions_are_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(unused_definitions_are_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(complaints_name_the_place, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_relative_to_the_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(dumps_load_back_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dump_is_as_documented, setup, teardown),
        cmocka_unit_test_setup_teardown(programs_load_back_with_the_same_results, setup, teardown),
        cmocka_unit_test_setup_teardown(dumps_load_back_with_the_same_results, setup, teardown),
        cmocka_unit_test_setup_teardown(documented_examples_load, setup, teardown),
        cmocka_unit_test_setup_teardown(deep_chains_do_not_recurse, setup, teardown),
        cmocka_unit_test_setup_teardown(nesting_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_under_any_owners_load_back, setup, teardown),
        cmocka_unit_test_setup_teardown(large_leaves_are_not_embedded, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_failures_are_errors, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
