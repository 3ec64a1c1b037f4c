/* Functions of the program's own through the public interface: registering, calling, expressions and pipelines, errors. */
#include "api_test.h"

#include <math.h>
#include <stdlib.h>

static void hypotenuse(int64_t n, void *out, const void *const *in, const int64_t *step,
                       const void *data)
{
    const double *x = in[0], *y = in[1];
    double *z = out;
    (void)data;
    for (int64_t i = 0; i < n; i++)
        z[i] = sqrt(x[i * step[0]] * x[i * step[0]] + y[i * step[1]] * y[i * step[1]]);
}

static void norm_identity(void *state, const void *data)
{
    (void)data;
    *(double *)state = 0;
}

static void norm_accumulate(void *state, int64_t n, const void *x, int64_t step, const void *data)
{
    const double *v = x;
    const double *weight = data;
    for (int64_t i = 0; i < n; i++)
        *(double *)state += *weight * fabs(v[i * step]);
}

static void norm_combine(void *state, const void *other, const void *data)
{
    (void)data;
    *(double *)state += *(const double *)other;
}

static void norm_finish(const void *state, void *out, const void *data)
{
    (void)data;
    *(float *)out = (float)*(const double *)state;
}

/* u := u + how many engines there are; w := the global index of the row. */
static da_status count(da_engine *engine, int n, const da_part *const *part, const void *data,
                       size_t nbytes)
{
    double *u = da_part_data(part[0]);
    int64_t *w = da_part_data(part[1]);
    double all = 1;
    (void)n, (void)data, (void)nbytes;
    da_status status = da_engine_sum(engine, 1, &all);
    if (status != DA_OK)
        return status;
    for (int64_t i = 0; i < da_part_size(part[0]); i++)
        u[i] += all;
    for (int64_t i = 0; i < da_part_size(part[1]); i++)
        w[i] = da_part_index(part[1], 0, i);
    return DA_OK;
}

static da_status refuse(da_engine *engine, int n, const da_part *const *part, const void *data,
                        size_t nbytes)
{
    (void)n, (void)part, (void)data, (void)nbytes;
    return da_engine_rank(engine) == da_engine_count(engine) - 1
               ? da_engine_fail(engine, DA_ERR_INDEX, "out of luck")
               : DA_OK;
}

static void register_all(da_context *ctx)
{
    static const da_dtype doubles[] = {DA_FLOAT64, DA_FLOAT64};
    const da_reduction norm = {.input = DA_FLOAT64,
                               .result = DA_FLOAT32,
                               .state_nbytes = sizeof(double),
                               .identity = norm_identity,
                               .accumulate = norm_accumulate,
                               .combine = norm_combine,
                               .finish = norm_finish};
    const double weight = 0.5;
    assert_int_equal(
        da_register_elementwise(ctx, "hypotenuse", hypotenuse, 2, doubles, DA_FLOAT64, NULL, 0),
        DA_OK);
    assert_int_equal(da_register_reduction(ctx, "half_norm", &norm, &weight, sizeof weight), DA_OK);
    assert_int_equal(da_register(ctx, "count", count, "uw", DA_TALKS), DA_OK);
    assert_int_equal(da_register(ctx, "refuse", refuse, "r", 0), DA_OK);
}

static void call(da_context *ctx)
{
    const double three[] = {3, 6, -9, 30};
    register_all(ctx);
    da_array *x = da_asarray(ctx, three, DA_SHAPE(4), DA_FLOAT64, NULL);
    da_operand in[] = {DA_OPERAND(x), DA_OPERAND(da_multiply(x, 4.0 / 3))};
    da_array *y = da_call(ctx, "hypotenuse", 2, in);
    ASSERT_SHAPE(y, 4);
    ASSERT_DOUBLES(ctx, y, 5, 10, 15, 50);
    da_operand mixed[] = {DA_OPERAND(x), DA_OPERAND(0)};
    ASSERT_DOUBLES(ctx, da_call(ctx, "hypotenuse", 2, mixed), 3, 6, 9, 30);
    da_operand scalars[] = {DA_OPERAND(3), DA_OPERAND(4.0)};
    ASSERT_DOUBLES(ctx, da_call(ctx, "hypotenuse", 2, scalars), 5);
    da_array *norm = da_reduce(x, "half_norm", DA_ALL_AXES, DA_KEEPDIMS);
    ASSERT_SHAPE(norm, 1);
    assert_int_equal(da_dtype_of(norm), DA_FLOAT32);
    ASSERT_DOUBLES(ctx, norm, 24);
    da_named names[] = {{"x", x}};
    ASSERT_DOUBLES(ctx, da_eval(ctx, "half_norm(hypotenuse(x, 4*x/3), axis=0) + 1", 1, names), 41);
}

static void test_calls(void **state)
{
    (void)state;
    on_all_counts(call);
}

static void parts(da_context *ctx)
{
    const double three[] = {3, 6, -9, 30};
    const double all = da_engines(ctx);
    da_array *result[2], *u;
    register_all(ctx);
    da_array *x = da_asarray(ctx, three, DA_SHAPE(4), DA_FLOAT64, NULL);
    da_array *argument[] = {x, da_empty(ctx, DA_SHAPE(3), DA_INT64, NULL)};
    u = da_apply(ctx, "count", 2, argument, NULL, 0, result);
    assert_ptr_equal(u, result[0]);
    assert_int_equal(da_compute(ctx, result[0], result[1]), DA_OK);
    ASSERT_DOUBLES(ctx, u, 3 + all, 6 + all, -9 + all, 30 + all);
    ASSERT_DOUBLES(ctx, result[1], 0, 1, 2);
    ASSERT_DOUBLES(ctx, x, 3, 6, -9, 30);
    /* A failure leaves everything as it was. */
    da_array *bad = da_add(da_apply(ctx, "refuse", 1, &x, NULL, 0, NULL), 1);
    assert_int_equal(da_compute(ctx, bad), DA_ERR_INDEX);
    assert_non_null(strstr(da_error_message(ctx), "refuse failed on engine"));
    assert_non_null(strstr(da_error_message(ctx), "out of luck"));
    da_error_clear(ctx);
    ASSERT_DOUBLES(ctx, x, 3, 6, -9, 30);
}

static void test_parts(void **state)
{
    (void)state;
    on_all_counts(parts);
}

static void test_pipeline(void **state)
{
    static const char text[] =
        "{\"distarray\": 1, \"nodes\": ["
        "{\"id\": \"x\", \"op\": \"array\", \"data\": [3.0, 6.0, -9.0]},"
        "{\"id\": \"h\", \"op\": \"hypotenuse\", \"in\": [\"x\", 4.0]},"
        "{\"id\": \"n\", \"op\": \"half_norm\", \"in\": [\"x\"], \"axis\": [0]},"
        "{\"id\": \"w\", \"op\": \"count\", \"in\": [\"x\", {\"op\": \"zeros\", \"shape\": [2], "
        "\"dtype\": \"int64\"}], \"output\": 1},"
        "{\"id\": \"e\", \"expr\": \"count([x, x], output=0) * half_norm(x)\"}],"
        "\"outputs\": [\"h\", \"n\", \"w\"]}";
    static const char unknown[] = "{\"distarray\": 1, \"nodes\": [{\"id\": \"x\", \"op\": "
                                  "\"hypotenuse\", \"in\": [1, 2]}], \"outputs\": [\"x\"]}";
    da_context *ctx = open_with(3, 1);
    da_pipeline *p;
    (void)state;
    assert_int_equal(da_pipeline_parse(ctx, unknown, "text", ".", 0, NULL, &p), DA_ERR_FORMAT);
    assert_non_null(strstr(da_error_message(ctx), "no operation \"hypotenuse\""));
    da_error_clear(ctx);
    register_all(ctx);
    if (da_pipeline_parse(ctx, text, "text", ".", 0, NULL, &p) != DA_OK)
        fail_msg("%s", da_error_message(ctx));
    assert_int_equal(da_pipeline_run(ctx, p), DA_OK);
    ASSERT_DOUBLES(ctx, da_pipeline_output(p, 0), 5, sqrt(52), sqrt(97));
    ASSERT_DOUBLES(ctx, da_pipeline_output(p, 1), 9);
    ASSERT_DOUBLES(ctx, da_pipeline_output(p, 2), 0, 1);
    da_pipeline_free(p);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_mistakes(void **state)
{
    static const da_dtype four[] = {DA_FLOAT64, DA_FLOAT64, DA_FLOAT64, DA_FLOAT64};
    static const da_dtype wrong[] = {(da_dtype)99};
    const da_reduction none = {.input = DA_FLOAT64, .result = DA_FLOAT64, .state_nbytes = 8};
    da_context *ctx = open_with(2, 1), *other = open_with(1, 1);
    da_array *x = da_zeros(ctx, DA_SHAPE(3), DA_FLOAT64, NULL), *result[2];
    da_array *far = da_zeros(other, DA_SHAPE(3), DA_FLOAT64, NULL), *pair[] = {x, far};
    (void)state;
    assert_int_equal(da_register(NULL, "a", refuse, "r", 0), DA_ERR_ARGUMENT);
    assert_int_equal(da_register(ctx, "a", NULL, "r", 0), DA_ERR_ARGUMENT);
    assert_int_equal(da_register(ctx, "a", refuse, "q", 0), DA_ERR_ARGUMENT);
    assert_int_equal(da_register(ctx, "a", refuse, NULL, 0), DA_ERR_ARGUMENT);
    assert_int_equal(da_register(ctx, "a", refuse, "r", 8), DA_ERR_ARGUMENT);
    assert_int_equal(da_register(ctx, "add", refuse, "r", 0), DA_ERR_ARGUMENT);
    assert_int_equal(da_register_elementwise(ctx, "a", hypotenuse, 4, four, DA_FLOAT64, NULL, 0),
                     DA_ERR_ARGUMENT);
    assert_int_equal(da_register_elementwise(ctx, "a", hypotenuse, 1, wrong, DA_BOOL, NULL, 0),
                     DA_ERR_DTYPE);
    assert_int_equal(da_register_elementwise(ctx, "a", hypotenuse, 1, four, DA_BOOL, NULL, 8),
                     DA_ERR_ARGUMENT);
    assert_int_equal(da_register_reduction(ctx, "a", NULL, NULL, 0), DA_ERR_ARGUMENT);
    assert_int_equal(da_register_reduction(ctx, "a", &none, NULL, 0), DA_ERR_ARGUMENT);
    register_all(ctx);
    assert_int_equal(da_register(ctx, "count", refuse, "r", 0), DA_ERR_ARGUMENT);
    assert_non_null(strstr(da_error_message(ctx), "registered already"));
    da_operand in[] = {DA_OPERAND(x), DA_OPERAND(x), DA_OPERAND(x)};
    assert_poisoned(da_call(ctx, "hypotenuse", 3, in), DA_ERR_ARGUMENT, "takes 2 operands, not 3");
    assert_poisoned(da_call(ctx, "no", 1, in), DA_ERR_ARGUMENT, "no function \"no\"");
    assert_poisoned(da_call(ctx, "count", 1, in), DA_ERR_ARGUMENT, "as a function on local parts");
    assert_poisoned(da_reduce(x, "hypotenuse", DA_ALL_AXES, 0), DA_ERR_ARGUMENT, "as a reduction");
    assert_poisoned(da_reduce(x, "half_norm", DA_AXES(1), 0), DA_ERR_ARGUMENT, "axis");
    assert_poisoned(da_reduce(x, "half_norm", DA_ALL_AXES, 16), DA_ERR_ARGUMENT, "flags");
    assert_poisoned(da_apply(ctx, "count", 1, &x, NULL, 0, result), DA_ERR_ARGUMENT,
                    "takes 2 arrays, not 1");
    assert_poisoned(result[0], DA_ERR_ARGUMENT, "takes 2 arrays");
    assert_string_not_equal(da_cause(da_apply(ctx, "count", 2, pair, NULL, 0, result)), "");
    assert_string_not_equal(da_cause(result[1]), "");
    assert_int_equal(da_finalize(other), 0);
    da_error_clear(ctx);
    assert_int_equal(da_finalize(ctx), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_pipeline),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
