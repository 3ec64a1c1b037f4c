/* Whole programs: computing, files, expressions, pipelines, dumps and counters. */
#include "api_test.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static int next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", folder, name);
    return out;
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/distarray-test-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"x.npy", "y.npy", "z.npy", "p.json", "again.json"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        unlink(in_folder(names[k]));
    return rmdir(folder);
}

static void computing(da_context *ctx)
{
    da_array *x = da_arange(ctx, 0, 100, 1, DA_FLOAT64, NULL);
    da_array *y = da_sqrt(da_add(da_multiply(x, x), 1));
    da_array *total = da_sum(x, DA_ALL_AXES, 0), *most = da_max(y, DA_ALL_AXES, 0);
    assert_int_equal(da_compute(ctx, total, most), DA_OK);
    double value;
    int64_t whole;
    assert_int_equal(da_get_double(ctx, total, &value), DA_OK);
    assert_true(value == 4950);
    assert_int_equal(da_get_int64(ctx, da_sum(da_greater(y, 50), DA_ALL_AXES, 0), &whole), DA_OK);
    assert_int_equal(whole, 50);
    double re, im;
    assert_int_equal(
        da_get_complex(ctx, da_sum(da_multiply(x, da_operand_complex(0, 2)), DA_ALL_AXES, 0), &re,
                       &im),
        DA_OK);
    assert_true(re == 0 && im == 9900);
    assert_int_equal(da_compute_all(ctx, 0, NULL), DA_OK);

    assert_int_equal(da_get_int64(ctx, total, &whole), DA_ERR_DTYPE);
    assert_int_equal(da_get_double(ctx, x, &value), DA_ERR_SHAPE);
    assert_non_null(strstr(da_error_message(ctx), "(100,)"));
    double room[99];
    assert_int_equal(da_get(ctx, x, room, sizeof room), DA_ERR_ARGUMENT);
    da_error_clear(ctx);
}

static void test_computing(void **state)
{
    (void)state;
    on_all_counts(computing);
}

static void files(da_context *ctx)
{
    da_array *x = da_add(da_arange(ctx, 0, 60, 1, DA_FLOAT32, NULL), 0.5);
    da_array *saved = da_save(x, in_folder("x.npy"));
    const char *dataset = "unset";
    assert_string_equal(da_file_of(saved, &dataset), in_folder("x.npy"));
    assert_null(dataset);
    assert_null(da_file_of(x, NULL));
    assert_int_equal(da_compute(ctx, saved), DA_OK);

    da_array *y = da_load(ctx, in_folder("x.npy"));
    assert_string_equal(da_cause(y), "");
    assert_int_equal(da_dtype_of(y), DA_FLOAT32);
    ASSERT_DOUBLES(ctx, da_sum(da_subtract(x, y), DA_ALL_AXES, 0), 0);
    da_load_options options = DA_LOAD_OPTIONS;
    options.index = "50::-20";
    options.dtype = DA_INT16;
    options.dist = DA_DIST("c");
    ASSERT_DOUBLES(ctx, da_load_with(ctx, in_folder("x.npy"), &options), 50, 30, 10);
    options.index = "1:";
    options.decode = "xyz";
    assert_poisoned(da_load_with(ctx, in_folder("x.npy"), &options), DA_ERR_ARGUMENT, "xyz");
    options.decode = NULL;
    options.index = "60";
    assert_poisoned(da_load_with(ctx, in_folder("x.npy"), &options), DA_ERR_INDEX, "60");
    assert_poisoned(da_load(ctx, in_folder("nowhere.npy")), DA_ERR_IO, "nowhere.npy");
    assert_poisoned(da_save(x, in_folder("x.xyz")), DA_ERR_ARGUMENT, "xyz");
    da_error_clear(ctx);
}

static void test_files(void **state)
{
    (void)state;
    on_all_counts(files);
}

static da_status count_arrays(void *self, const da_file_info *info)
{
    assert_string_equal(info->format, "npy");
    assert_int_equal(info->ndim, 2);
    assert_int_equal(info->shape[1], 3);
    assert_int_equal(info->dtype, DA_COMPLEX64);
    ++*(int *)self;
    return DA_OK;
}

static da_status refuse(void *self, const da_file_info *info)
{
    (void)self, (void)info;
    return DA_ERR_STATE;
}

static void test_looking_into_files(void **state)
{
    (void)state;
    da_context *ctx = open_with(2, 1);
    assert_int_equal(da_compute(ctx, da_save(da_ones(ctx, DA_SHAPE(2, 3), DA_COMPLEX64, NULL),
                                             in_folder("z.npy"))),
                     DA_OK);
    int n = 0;
    assert_int_equal(da_file_list(ctx, in_folder("z.npy"), count_arrays, &n), DA_OK);
    assert_int_equal(n, 1);
    assert_int_equal(da_file_list(ctx, in_folder("z.npy"), refuse, NULL), DA_ERR_STATE);
    assert_int_equal(da_file_list(ctx, in_folder("nowhere.npy"), count_arrays, &n), DA_ERR_IO);
    da_error_clear(ctx);
    assert_int_equal(da_finalize(ctx), 0);
}

static void expressions(da_context *ctx)
{
    da_array *x = da_arange(ctx, 0, 6, 1, DA_FLOAT64, NULL);
    da_array *y = da_index(x, "::-1");
    const da_named names[] = {{"x", x}, {"y", y}};
    ASSERT_DOUBLES(ctx, da_eval(ctx, "where(x > 2.5, x*2, y**2)", 2, names), 25, 16, 9, 6, 8, 10);
    assert_poisoned(da_eval(ctx, "x +", 2, names), DA_ERR_FORMAT, "column");
    assert_poisoned(da_eval(ctx, "z", 2, names), DA_ERR_FORMAT, "z");
    assert_poisoned(da_eval(ctx, "x", -1, names), DA_ERR_ARGUMENT, "-1");
    const da_named wrong[] = {{NULL, x}};
    assert_poisoned(da_eval(ctx, "x", 1, wrong), DA_ERR_ARGUMENT, "NULL");
    da_error_clear(ctx);
}

static void test_expressions(void **state)
{
    (void)state;
    on_all_counts(expressions);
}

static const char pipeline_text[] =
    "{\"distarray\": 1, \"nodes\": ["
    "{\"id\": \"x\", \"op\": \"arange\", \"start\": 0, \"stop\": \"$N\"},"
    "{\"id\": \"y\", \"expr\": \"x*2 + 1\"},"
    "{\"id\": \"total\", \"op\": \"sum\", \"in\": [\"y\"]}],"
    "\"outputs\": [\"total\", \"y\"]}";

static void pipelines(da_context *ctx)
{
    const da_define defines[] = {{"N", "5"}};
    da_pipeline *p;
    if (da_pipeline_parse(ctx, pipeline_text, "text", NULL, 1, defines, &p) != DA_OK)
        fail_msg("%s", da_error_message(ctx));
    assert_int_equal(da_pipeline_noutputs(p), 2);
    assert_string_equal(da_pipeline_output_name(p, 1), "y");
    assert_null(da_pipeline_output(p, 2));
    assert_null(da_pipeline_output(p, -1));
    assert_ptr_equal(da_pipeline_find(p, "total"), da_pipeline_output(p, 0));
    assert_null(da_pipeline_find(p, "nobody"));
    assert_int_equal(da_pipeline_run(ctx, p), DA_OK);
    ASSERT_DOUBLES(ctx, da_pipeline_output(p, 0), 25);
    ASSERT_DOUBLES(ctx, da_pipeline_output(p, 1), 1, 3, 5, 7, 9);
    da_pipeline_free(p);

    assert_int_equal(da_pipeline_parse(ctx, pipeline_text, "text", NULL, 0, NULL, &p),
                     DA_ERR_FORMAT);
    assert_null(p);
    assert_non_null(strstr(da_error_message(ctx), "text"));
    assert_int_equal(da_pipeline_open(ctx, in_folder("nowhere.json"), 0, NULL, &p), DA_ERR_IO);
    da_error_clear(ctx);
}

static void test_pipelines(void **state)
{
    (void)state;
    on_all_counts(pipelines);
}

/* A dump is a pipeline that gives the same result, before and after the passes. */
static void dumps(da_context *ctx)
{
    da_array *x = da_linspace(ctx, 0, 1, 11, 1, DA_FLOAT64, NULL);
    da_array *y = da_name(da_subtract(da_exp(x), da_mean(x, DA_ALL_AXES, 0)), "y");
    double expected[11];
    for (int stage = 0; stage < 2; stage++) {
        char *text;
        if (da_graph_dump(ctx, 1, &y, (da_stage)stage, DA_FORMAT_JSON, &text) != DA_OK)
            fail_msg("%s", da_error_message(ctx));
        da_pipeline *p;
        if (da_pipeline_parse(ctx, text, "dump", NULL, 0, NULL, &p) != DA_OK)
            fail_msg("stage %d: %s\n%s", stage, da_error_message(ctx), text);
        if (stage == 0)
            assert_int_equal(da_get(ctx, da_add(y, 0), expected, sizeof expected), DA_OK);
        assert_doubles(ctx, da_pipeline_output(p, 0), 11, expected);
        da_pipeline_free(p);
        da_free(text);
        assert_int_equal(da_graph_dump(ctx, 1, &y, (da_stage)stage, DA_FORMAT_DOT, &text), DA_OK);
        assert_non_null(strstr(text, "digraph"));
        da_free(text);
    }
    char *text;
    assert_int_equal(da_explain(ctx, 1, &y, &text), DA_OK);
    assert_true(strlen(text) > 20);
    da_free(text);
    da_array *bad = da_index(x, "99");
    assert_int_equal(da_explain(ctx, 1, &bad, &text), DA_ERR_INDEX);
    assert_null(text);
    assert_int_equal(da_graph_dump(ctx, 1, &y, (da_stage)5, DA_FORMAT_DOT, &text), DA_ERR_ARGUMENT);
    da_error_clear(ctx);
}

static void test_dumps(void **state)
{
    (void)state;
    on_all_counts(dumps);
}

static void test_counters(void **state)
{
    (void)state;
    da_context *ctx = open_with(2, 1);
    da_array *x = da_asarray(ctx, (double[]){1, 2, 3, 4}, DA_SHAPE(4), DA_FLOAT64, NULL);
    da_counters_reset(ctx);
    for (int k = 0; k < 3; k++)
        assert_int_equal(da_compute(ctx, da_multiply(x, 2.0 + k)), DA_OK);
    da_counters c;
    da_counters_get(ctx, &c);
    assert_int_equal(c.runs, 3);
    assert_int_equal(c.programs_shipped + c.cache_hits, 3);
    assert_int_equal(c.cache_hits, 2);
    assert_int_equal(c.messages, 0);
    assert_int_equal(c.kernel_sweeps, 3);
    da_counters_reset(ctx);
    da_counters_get(ctx, &c);
    assert_int_equal(c.runs, 0);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_topology(void **state)
{
    (void)state;
    char *text;
    assert_int_equal(da_topology_text(&text), DA_OK);
    assert_non_null(strstr(text, "core"));
    da_free(text);
    assert_int_equal(da_topology_text(NULL), DA_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_computing),          cmocka_unit_test(test_files),
        cmocka_unit_test(test_looking_into_files), cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_pipelines),          cmocka_unit_test(test_dumps),
        cmocka_unit_test(test_counters),           cmocka_unit_test(test_topology),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
