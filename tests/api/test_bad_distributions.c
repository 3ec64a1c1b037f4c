/* Impossible distributions, said as text, as structs, in JSON and in expressions: each is one clear error where it is made. */
#include "api_test.h"

/* Four engines, arrays of 6 x 4. */
static da_array *table_with(da_context *ctx, const da_distribution *d)
{
    return da_zeros(ctx, DA_SHAPE(6, 4), DA_FLOAT64, d);
}

static void assert_one_line(const char *cause)
{
    assert_true(strlen(cause) > 10);
    assert_null(strchr(cause, '\n'));
}

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } row[] = {
        {"u[[0,1,2],[2,3,4,5]]", "the lists have 7 indices"}, /* overlapping lists */
        {"u[[0,1,2],[2,3,4]]", "index 2 is listed twice"},    /* in two lists */
        {"u[[0,1,1],[2,3,4]]", "index 1 is listed twice"},    /* twice in one list          */
        {"u[[0,1,2],[3,4]]", "index 5 is in no list"},        /* incomplete                 */
        {"u[[0,1,2],[3,4,6]]", "index 6 of list 1"},          /* out of range               */
        {"u[[0,1,2],[3,4,5,6,7]]", "lists have 8 indices"},   /* more than the axis has     */
        {"u[[0,1,2],[3,4,5]] grid 3x1", "its map 'u' has 2"}, /* lists for another grid     */
        {"b[0,4,2,6]", "bound 2 follows 4"},                  /* decreasing bounds          */
        {"b[1,6]", "from 1 to 6, not from 0 to 6"},           /* misses the beginning       */
        {"b[0,5]", "from 0 to 5, not from 0 to 6"},           /* misses the end             */
        {"b[0]", "at least 2"},                               /* too few bounds             */
        {"b[0,2,4,6] grid 2x1", "its map 'b' has 3"},         /* bounds for another grid    */
        {"b(pad=4) grid 2x1", "padding of 4"},                /* wider than a neighbour     */
        {"b(boundary=4) grid 2x1", "padding of 4"},           /* wider than the end block   */
        {"b(pad=7)", "padding of 7 for an extent of 6"},      /* wider than the axis        */
        {"b,b grid 4x2", "needs 8 engines; there are 4"},     /* larger than the engine set */
        {"b engines 0,1 grid 3x1", ""},                       /* (a grid comes first)       */
        {"b grid 3x1 engines 0,1", "needs 3 engines; there are 2"},
        {"b engines 1,1", "engine 1 is named twice"},
        {"b engines 0,4", "engine 4 does not exist; there are 4"},
        {"b engines 0,1,2,3,0", "5 engines; there are 4"},
        {"b,n grid 2x2", "its map 'n' has 1"}, /* an axis that is whole is not split */
        {"b grid 0x1", "split into 0 parts"},
        {"b grid 2", "grid of 1 numbers for 2 dimensions"},
        {"b grid 2x1x1", "grid of 3 numbers for 2 dimensions"},
        {"b,b,b", "3 maps for 2 dimensions"},
        {"c(4611686018427387904) grid 2x1", "too large"},
    };
    da_context *ctx = open_with(4, 1);
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        da_array *a = table_with(ctx, DA_DIST(row[k].text));
        if (da_check(a) != DA_ERR_DISTRIBUTION && da_check(a) != DA_ERR_FORMAT)
            fail_msg("\"%s\" is taken", row[k].text);
        if (strstr(da_cause(a), row[k].words) == NULL)
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", row[k].text, da_cause(a), row[k].words);
        assert_one_line(da_cause(a));
        a = da_redistribute(table_with(ctx, NULL), DA_DIST(row[k].text));
        assert_int_not_equal(da_check(a), DA_OK);
        assert_one_line(da_cause(a));
    }
    da_error_clear(ctx);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_structs(void **state)
{
    (void)state;
    static const int64_t bounds[] = {0, 3, 6}, list[] = {0, 1, 2}, nelem[] = {3, -1},
                         cut[] = {1, 1};
    static const int64_t *const lists[] = {list, list};
    static const int grid[] = {2, 2}, negative[] = {-2, 1}, engines[] = {0, -1};
    const struct {
        da_axis_map map;
        da_distribution rest;
        const char *words;
    } row[] = {
        {{.kind = 'q'}, {0}, "unknown map 'q'"},
        {{.kind = '\n'}, {0}, "unknown map '?'"},
        {{.kind = 'c', .block = -1}, {0}, "block size -1"},
        {{.kind = 'b', .block = 2}, {0}, "block size 2 for map 'b'"},
        {{.kind = 'c', .nbounds = 3, .bounds = bounds}, {0}, "bounds for map 'c'"},
        {{.kind = 'b', .nbounds = -3, .bounds = bounds}, {0}, "negative in number"},
        {{.kind = 'b', .nbounds = 3}, {0}, "NULL"},
        {{.kind = 'u'}, {0}, "0 index lists"},
        {{.kind = 'b', .nlists = 2, .list_nelem = nelem, .list = lists},
         {0},
         "index lists for map 'b'"},
        {{.kind = 'u', .nlists = 2, .list_nelem = nelem, .list = lists}, {0}, "list 1 has -1"},
        {{.kind = 'b', .padding = {-1, 0}}, {0}, "padding of -1"},
        {{.kind = 'n', .padding = {1, 1}}, {0}, "padding for map 'n'"},
        {{.kind = 'c', .periodic = 1}, {0}, "padding for map 'c'"},
        {{.kind = 'b', .ncuts = 2}, {0}, "NULL"},
        {{.kind = 'b', .ncuts = 2, .cut = cut}, {.ngrid = 2, .grid = grid}, "its map 'b' has 3"},
        {{.kind = 'b'}, {.ngrid = 2, .grid = negative}, "split into -2 parts"},
        {{.kind = 'b'}, {.nengines = 2, .engines = engines}, "engine -1 does not exist"},
        {{.kind = 'b'}, {.ngrid = 2}, "NULL"},
    };
    da_context *ctx = open_with(4, 1);
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        da_distribution d = row[k].rest;
        d.nmaps = 1;
        d.map = &row[k].map;
        da_array *a = table_with(ctx, &d);
        if (da_check(a) != DA_ERR_DISTRIBUTION || strstr(da_cause(a), row[k].words) == NULL)
            fail_msg("row %d: \"%s\" does not say \"%s\"", (int)k, da_cause(a), row[k].words);
        assert_one_line(da_cause(a));
    }
    da_error_clear(ctx);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_json(void **state)
{
    (void)state;
    static const struct {
        const char *dist, *words;
    } row[] = {
        {"{\"maps\":[{\"u\":[[0,1,2],[2,3,4]]}]}", "index 2 is listed twice"},
        {"{\"maps\":[{\"u\":[[0,1,2],[3,4]]}]}", "index 5 is in no list"},
        {"{\"maps\":[{\"u\":[[0,1,2],[3,4,-5]]}]}", "index -5"},
        {"{\"maps\":[{\"u\":[0,1]}]}", "maps[0].u[0]"},
        {"{\"maps\":[{\"b\":[0,4,2,6]}]}", "bound 2 follows 4"},
        {"{\"maps\":[{\"b\":[0,5]}]}", "not from 0 to 6"},
        {"{\"maps\":[{\"b\":[0]}]}", "two bounds"},
        {"{\"maps\":[{\"b\":[0,3,6]}],\"grid\":[3,1]}", "its map 'b' has 2"},
        {"{\"maps\":[{\"b\":null,\"padding\":4}],\"grid\":[2,1]}", "padding of 4"},
        {"{\"maps\":[{\"b\":null,\"padding\":-1}]}", "padding of -1"},
        {"{\"maps\":[{\"b\":null,\"padding\":[1]}]}", "[left, right]"},
        {"{\"maps\":[{\"b\":null,\"padding\":[1,\"x\"]}]}", "padding"},
        {"{\"maps\":[{\"b\":null,\"periodic\":1}]}", "true or false"},
        {"{\"maps\":[{\"b\":null,\"pading\":1}]}", "pading"},
        {"{\"maps\":[{\"b\":null,\"cuts\":[1,1]}],\"grid\":[2,1]}", "its map 'b' has 3"},
        {"{\"maps\":[{\"c\":2,\"padding\":1}]}", "one letter"},
        {"{\"maps\":[{\"c\":0}]}", "positive"},
        {"{\"maps\":[{\"q\":0}]}", "no map \"q\""},
        {"{\"maps\":[\"q\"]}", "no map \"q\""},
        {"{\"maps\":[\"b\",\"b\"],\"grid\":[4,2]}", "needs 8 engines; there are 4"},
        {"{\"maps\":[\"b\"],\"engines\":[1,1]}", "engine 1 is named twice"},
        {"{\"maps\":[\"b\"],\"engines\":[4]}", "engine 4 does not exist"},
        {"{\"maps\":[\"b\"],\"engines\":[-1]}", "-1 is out of range"},
        {"{\"maps\":[\"b\",\"n\"],\"grid\":[2,2]}", "its map 'n' has 1"},
        {"{\"maps\":[\"b\"],\"grid\":[2]}", "grid of 1 numbers"},
        {"{\"maps\":[\"b\",\"b\",\"b\"]}", "3 maps for 2 dimensions"},
        {"{\"maps\":[\"b\"],\"maps\":[\"n\"]}", "duplicate"},
        {"{\"grid\":[2]}", "\"maps\" is missing"},
    };
    da_context *ctx = open_with(4, 1);
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        char text[512];
        da_pipeline *p = NULL;
        snprintf(text, sizeof text,
                 "{\"distarray\":1,\"nodes\":[{\"id\":\"x\",\"op\":\"zeros\",\"shape\":[6,4],"
                 "\"dist\":%s}],"
                 "\"outputs\":[\"x\"]}",
                 row[k].dist);
        if (da_pipeline_parse(ctx, text, "bad.json", NULL, 0, NULL, &p) == DA_OK)
            fail_msg("%s is taken", row[k].dist);
        assert_null(p);
        if (strstr(da_error_message(ctx), row[k].words) == NULL ||
            strstr(da_error_message(ctx), "bad.json") == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", row[k].dist, da_error_message(ctx),
                     row[k].words);
        assert_one_line(da_error_message(ctx));
        da_error_clear(ctx);
    }
    assert_int_equal(da_finalize(ctx), 0);
}

/* Padding in every form, and what the local parts look like. */
static void test_padding_is_said_in_every_form(void **state)
{
    (void)state;
    static const char json[] =
        "{\"distarray\":1,\"nodes\":[{\"id\":\"x\",\"op\":\"arange\",\"start\":0,\"stop\":12,"
        "\"dist\":{\"maps\":[{\"b\":null,\"padding\":[2,1],\"periodic\":true}]}}],\"outputs\":["
        "\"x\"]}";
    const da_axis_map map = {.kind = 'b', .padding = {2, 1}, .periodic = 1};
    const da_distribution d = {.nmaps = 1, .map = &map};
    da_context *ctx = open_with(3, 1);
    da_pipeline *p;
    assert_int_equal(da_pipeline_parse(ctx, json, "p", NULL, 0, NULL, &p), DA_OK);
    da_array *x[] = {
        da_arange(ctx, 0, 12, 1, DA_INT64, &d),
        da_arange(ctx, 0, 12, 1, DA_INT64, DA_DIST("b(pad=[2,1], periodic)")),
        da_pipeline_output(p, 0),
        da_eval(ctx, "arange(0, 12, dist=\"b(pad=[2,1], periodic)\")", 0, NULL),
    };
    static const int64_t want[3][7] = {
        {10, 11, 0, 1, 2, 3, 4}, {2, 3, 4, 5, 6, 7, 8}, {6, 7, 8, 9, 10, 11, 0}};
    for (size_t k = 0; k < sizeof x / sizeof *x; k++) {
        char *text;
        const void *data;
        assert_int_equal(da_distribution_text(x[k], &text), DA_OK);
        assert_string_equal(text, "b(pad=[2,1],boundary=[2,1],periodic) grid 3");
        da_free(text);
        for (int engine = 0; engine < 3; engine++) {
            int64_t got[7];
            da_local_axis axis;
            assert_int_equal(da_local_indices(x[k], engine, 0, NULL), 7);
            assert_int_equal(da_local_indices(x[k], engine, 0, got), 7);
            assert_memory_equal(got, want[engine], sizeof got);
            assert_int_equal(da_local_map(x[k], engine, 0, &axis), DA_OK);
            assert_int_equal(axis.kind, 'b');
            assert_int_equal(axis.size, 15); /* the wrapped ends count in the protocol */
            assert_int_equal(axis.start, 4 * engine);
            assert_int_equal(axis.stop, 4 * engine + 7);
            assert_int_equal(axis.padding[0], 2);
            assert_int_equal(axis.padding[1], 1);
            assert_int_equal(axis.periodic, 1);
            assert_int_equal(axis.part, engine);
            assert_int_equal(axis.parts, 3);
        }
        assert_int_equal(da_local_data(ctx, x[k], &data), DA_OK);
        assert_memory_equal(data, want[0], sizeof want[0]);
    }
    da_pipeline_free(p);
    assert_int_equal(da_finalize(ctx), 0);
}

/* The protocol's own padded vectors: V11 and V12 as local descriptions, other maps beside them. */
static void test_local_parts_in_the_protocols_words(void **state)
{
    (void)state;
    static const int64_t cut[] = {1, 2, 3};
    const da_axis_map map = {.kind = 'b', .boundary = {4, 0}, .ncuts = 3, .cut = cut};
    const da_distribution v12 = {.nmaps = 1, .map = &map};
    static const int64_t want[4][4] = {
        {0, 11, 4, 1}, {9, 22, 1, 2}, {18, 33, 2, 3}, {27, 40, 3, 0}};
    da_context *ctx = open_with(4, 1);
    da_local_axis axis;
    da_array *x = da_arange(ctx, 0, 40, 1, DA_INT64, &v12);
    for (int engine = 0; engine < 4; engine++) {
        assert_int_equal(da_local_map(x, engine, 0, &axis), DA_OK);
        const int64_t got[] = {axis.start, axis.stop, axis.padding[0], axis.padding[1]};
        assert_memory_equal(got, want[engine], sizeof got);
        assert_int_equal(axis.size, 40);
    }
    x = da_zeros(ctx, DA_SHAPE(18), DA_FLOAT64, DA_DIST("b(pad=1,boundary=1) engines 0,1"));
    for (int engine = 0; engine < 4; engine++) {
        assert_int_equal(da_local_map(x, engine, 0, &axis), DA_OK);
        assert_int_equal(axis.part, engine < 2 ? engine : -1);
        assert_int_equal(axis.count, engine < 2 ? 10 : 0);
        assert_int_equal(axis.start, engine == 1 ? 8 : 0);
        assert_int_equal(axis.stop, engine == 0 ? 10 : engine == 1 ? 18 : 0);
    }
    x = da_zeros(ctx, DA_SHAPE(9, 2), DA_FLOAT64, DA_DIST("c(2),n"));
    assert_int_equal(da_local_map(x, 2, 0, &axis), DA_OK);
    assert_int_equal(axis.kind, 'c');
    assert_int_equal(axis.start, 4);
    assert_int_equal(axis.block, 2);
    assert_int_equal(axis.count, 2);
    assert_int_equal(da_local_map(x, 2, 1, &axis), DA_OK);
    assert_int_equal(axis.kind, 'b');
    assert_int_equal(axis.stop, 2);
    assert_int_equal(da_local_map(x, 4, 0, &axis), DA_ERR_ARGUMENT);
    assert_int_equal(da_local_map(x, 0, 2, &axis), DA_ERR_ARGUMENT);
    assert_int_equal(da_local_map(x, 0, 0, NULL), DA_ERR_ARGUMENT);
    assert_int_equal(da_local_indices(x, 0, -1, NULL), -1);
    assert_int_equal(da_finalize(ctx), 0);
}

/* A padded array's graph loads back as what it was. */
static void test_padding_survives_a_dump(void **state)
{
    (void)state;
    da_context *ctx = open_with(3, 1);
    char *text, *dist;
    da_pipeline *p;
    da_array *x = da_redistribute(da_arange(ctx, 0, 12, 1, DA_INT64, NULL),
                                  DA_DIST("b[0,4,8,12](pad=1,boundary=[1,0])"));
    assert_int_equal(da_graph_dump(ctx, 1, &x, DA_STAGE_DEFERRED, DA_FORMAT_JSON, &text), DA_OK);
    if (strstr(text, "\"padding\"") == NULL || strstr(text, "\"boundary\"") == NULL)
        fail_msg("%s", text);
    assert_int_equal(da_pipeline_parse(ctx, text, "again", NULL, 0, NULL, &p), DA_OK);
    assert_int_equal(da_distribution_text(da_pipeline_output(p, 0), &dist), DA_OK);
    if (strstr(dist, "pad=1,boundary=[1,0]") == NULL)
        fail_msg("%s", dist);
    ASSERT_DOUBLES(ctx, da_pipeline_output(p, 0), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    da_free(text);
    da_free(dist);
    da_pipeline_free(p);
    assert_int_equal(da_finalize(ctx), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_structs),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_padding_is_said_in_every_form),
        cmocka_unit_test(test_local_parts_in_the_protocols_words),
        cmocka_unit_test(test_padding_survives_a_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
