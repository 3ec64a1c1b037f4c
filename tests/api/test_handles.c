/* Handles: poison, errors, scopes, ownership, exit codes. */
#include "api_test.h"

static void test_finalize_tells_whether_a_call_failed(void **state)
{
    (void)state;
    da_context *ctx = open_with(1, 1);
    assert_string_equal(da_error_message(ctx), "");
    assert_int_equal(da_error_status(ctx), DA_OK);
    assert_int_equal(da_error_engine(ctx), -1);
    assert_int_equal(da_finalize(ctx), 0);

    ctx = open_with(1, 1);
    assert_int_equal(da_compute_all(ctx, -1, NULL), DA_ERR_ARGUMENT);
    assert_int_equal(da_error_status(ctx), DA_ERR_ARGUMENT);
    assert_int_equal(da_finalize(ctx), 1);

    ctx = open_with(1, 1);
    assert_int_equal(da_scope_pop(ctx), DA_ERR_STATE);
    da_error_clear(ctx);
    assert_string_equal(da_error_message(ctx), "");
    assert_int_equal(da_finalize(ctx), 0);
    assert_int_equal(da_finalize(NULL), 0);
}

static void test_a_context_that_did_not_start_says_why_everywhere(void **state)
{
    (void)state;
    da_options wrong = {.engines = -2, .no_mpi = 1};
    da_context *ctx = da_init_with(&wrong);
    assert_non_null(ctx);
    assert_int_equal(da_error_status(ctx), DA_ERR_ARGUMENT);
    assert_non_null(strstr(da_error_message(ctx), "-2"));
    da_array *x = da_zeros(ctx, DA_SHAPE(3), DA_FLOAT64, NULL);
    assert_poisoned(x, DA_ERR_STATE, "did not start");
    assert_int_equal(da_compute(ctx, x), DA_ERR_ARGUMENT);
    assert_int_equal(da_scope_push(ctx), DA_ERR_ARGUMENT);
    assert_int_equal(da_engines(ctx), 0);
    assert_int_equal(da_finalize(ctx), 1);
}

static void test_null_is_an_argument_error_and_never_a_crash(void **state)
{
    (void)state;
    da_context *ctx = open_with(1, 1);
    assert_poisoned(da_zeros(NULL, DA_SHAPE(3), DA_FLOAT64, NULL), DA_ERR_STATE, "context");
    assert_poisoned(da_sum(NULL, DA_ALL_AXES, 0), DA_ERR_ARGUMENT, "NULL");
    assert_poisoned(da_add((da_array *)NULL, 1), DA_ERR_ARGUMENT, "NULL");
    assert_poisoned(da_keep(NULL), DA_ERR_ARGUMENT, "NULL");
    assert_int_equal(da_compute(ctx, (da_array *)NULL), DA_ERR_ARGUMENT);
    assert_int_equal(da_compute_all(NULL, 0, NULL), DA_ERR_ARGUMENT);
    assert_int_equal(da_start(NULL, NULL), DA_ERR_ARGUMENT);
    assert_poisoned(da_load(ctx, NULL), DA_ERR_ARGUMENT, "NULL");
    assert_poisoned(da_eval(ctx, NULL, 0, NULL), DA_ERR_ARGUMENT, "NULL");
    da_array *x = da_zeros(ctx, DA_SHAPE(3), DA_FLOAT64, NULL);
    assert_poisoned(da_index(x, NULL), DA_ERR_ARGUMENT, "NULL");
    assert_poisoned(da_save(x, NULL), DA_ERR_ARGUMENT, "NULL");
    assert_int_equal(da_get(ctx, x, NULL, 24), DA_ERR_ARGUMENT);
    assert_string_equal(da_cause(x), "");
    da_drop(NULL);
    da_free(NULL);
    da_pipeline_free(NULL);
    da_error_clear(ctx);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_poison_carries_the_first_cause(void **state)
{
    (void)state;
    da_context *ctx = open_with(2, 1);
    da_array *x = da_zeros(ctx, DA_SHAPE(365, 180), DA_FLOAT64, NULL);
    da_array *y = da_zeros(ctx, DA_SHAPE(12, 180), DA_FLOAT64, NULL);
    da_array *bad = da_subtract(x, y);
    assert_poisoned(bad, DA_ERR_SHAPE, "da_subtract");
    assert_poisoned(bad, DA_ERR_SHAPE, "(365, 180)");
    da_array *later = da_sum(da_index(da_add(bad, 1), "7, 7, 7, 7"), DA_AXES(9), 0);
    assert_string_equal(da_cause(later), da_cause(bad));
    assert_int_equal(da_ndim(later), 0);
    assert_int_equal(da_size(later), 0);
    da_error_clear(ctx);
    assert_int_equal(da_compute(ctx, x, later), DA_ERR_SHAPE);
    assert_string_equal(da_error_message(ctx), da_cause(bad));
    da_error_clear(ctx);
    ASSERT_DOUBLES(ctx, da_sum(x, DA_ALL_AXES, 0), 0);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_scalars_alone_have_no_context(void **state)
{
    (void)state;
    da_context *ctx = open_with(1, 1);
    da_array *bad = da_add(1, 2.5);
    assert_poisoned(bad, DA_ERR_ARGUMENT, "no array");
    assert_null(da_context_of(bad));
    da_array *x = da_ones(ctx, DA_SHAPE(2), DA_FLOAT64, NULL);
    assert_ptr_equal(da_add(x, bad), bad);
    assert_ptr_equal(da_sum(bad, DA_ALL_AXES, 0), bad);
    assert_ptr_equal(da_keep(bad), bad);
    da_drop(bad);
    assert_ptr_equal(da_name(bad, "bad"), bad);
    assert_int_equal(da_compute(ctx, bad), DA_ERR_ARGUMENT);
    assert_non_null(strstr(da_error_message(ctx), "no array"));
    assert_int_equal(da_finalize(ctx), 1);
}

static void test_two_contexts_do_not_mix(void **state)
{
    (void)state;
    da_context *one = open_with(1, 1), *two = open_with(2, 1);
    da_array *x = da_ones(one, DA_SHAPE(4), DA_FLOAT64, NULL);
    da_array *y = da_ones(two, DA_SHAPE(4), DA_FLOAT64, NULL);
    assert_poisoned(da_add(x, y), DA_ERR_ARGUMENT, "two contexts");
    assert_poisoned(da_redistribute_like(x, y), DA_ERR_ARGUMENT, "two contexts");
    da_array *out[2];
    da_broadcast_arrays(2, (da_array *[]){x, y}, out);
    assert_poisoned(out[1], DA_ERR_ARGUMENT, "two contexts");
    assert_int_equal(da_compute(one, y), DA_ERR_ARGUMENT);
    double value;
    assert_int_equal(da_get_double(two, x, &value), DA_ERR_ARGUMENT);
    assert_ptr_equal(da_context_of(x), one);
    assert_ptr_equal(da_context_of(y), two);
    assert_int_equal(da_finalize(two), 1);
    assert_int_equal(da_finalize(one), 1);
}

static void test_kept_handles_outlive_their_scope(void **state)
{
    (void)state;
    da_context *ctx = open_with(3, 1);
    assert_int_equal(da_scope_push(ctx), DA_OK);
    da_array *x = da_keep(da_add(da_ones(ctx, DA_SHAPE(5), DA_FLOAT64, NULL), 1));
    assert_int_equal(da_scope_pop(ctx), DA_OK);
    ASSERT_DOUBLES(ctx, x, 2, 2, 2, 2, 2);
    da_drop(x);
    assert_int_equal(da_scope_pop(ctx), DA_ERR_STATE);
    da_error_clear(ctx);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_replace_serves_time_loops(void **state)
{
    (void)state;
    da_context *ctx = open_with(3, 2);
    da_array *u = NULL;
    da_replace(&u, da_arange(ctx, 0, 8, 1, DA_FLOAT64, NULL));
    for (int step = 0; step < 50; step++) {
        assert_int_equal(da_scope_push(ctx), DA_OK);
        da_replace(&u, da_add(u, 1));
        if (step % 10 == 9)
            assert_int_equal(da_compute(ctx, u), DA_OK);
        assert_int_equal(da_scope_pop(ctx), DA_OK);
    }
    ASSERT_DOUBLES(ctx, u, 50, 51, 52, 53, 54, 55, 56, 57);
    da_drop(u);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_names_and_versions(void **state)
{
    (void)state;
    da_dtype dtype;
    assert_string_equal(da_dtype_name(DA_FLOAT32), "float32");
    assert_null(da_dtype_name(DA_DTYPE_DEFAULT));
    assert_int_equal(da_dtype_nbytes(DA_COMPLEX128), 16);
    assert_int_equal(da_dtype_nbytes((da_dtype)14), 0);
    assert_int_equal(da_dtype_find("int16", &dtype), DA_OK);
    assert_int_equal(dtype, DA_INT16);
    assert_int_equal(da_dtype_find("int17", &dtype), DA_ERR_DTYPE);
    assert_string_equal(da_status_name(DA_ERR_SHAPE), "shape");
    int major, minor, patch;
    assert_int_equal(sscanf(da_version(), "%d.%d.%d", &major, &minor, &patch), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finalize_tells_whether_a_call_failed),
        cmocka_unit_test(test_a_context_that_did_not_start_says_why_everywhere),
        cmocka_unit_test(test_null_is_an_argument_error_and_never_a_crash),
        cmocka_unit_test(test_poison_carries_the_first_cause),
        cmocka_unit_test(test_scalars_alone_have_no_context),
        cmocka_unit_test(test_two_contexts_do_not_mix),
        cmocka_unit_test(test_kept_handles_outlive_their_scope),
        cmocka_unit_test(test_replace_serves_time_loops),
        cmocka_unit_test(test_names_and_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
