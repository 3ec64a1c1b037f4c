/* Products through the public interface: values, dtypes and shapes, and what is refused. */
#include "api_test.h"

static void products(da_context *ctx)
{
    da_array *x = da_reshape(da_arange(ctx, 0, 6, 1, DA_FLOAT64, NULL), DA_SHAPE(2, 3));
    da_array *v = da_arange(ctx, 0, 3, 1, DA_FLOAT32, NULL);
    da_array *t = da_matrix_transpose(x);
    ASSERT_DOUBLES(ctx, da_matmul(x, t), 5, 14, 14, 50);
    ASSERT_DOUBLES(ctx, da_matmul(t, x), 9, 12, 15, 12, 17, 22, 15, 22, 29);
    ASSERT_DOUBLES(ctx, da_matmul(x, v), 5, 14);
    ASSERT_DOUBLES(ctx, da_matmul(v, t), 5, 14);
    ASSERT_DOUBLES(ctx, da_tensordot(x, v, 1), 5, 14);
    ASSERT_DOUBLES(ctx, da_tensordot(x, t, 1), 5, 14, 14, 50);
    ASSERT_DOUBLES(ctx, da_tensordot_axes(x, x, DA_AXES(0, 1), DA_AXES(0, 1)), 55);
    ASSERT_DOUBLES(ctx, da_tensordot_axes(x, t, DA_AXES(0), DA_AXES(-1)), 9, 12, 15, 12, 17, 22, 15,
                   22, 29);
    ASSERT_DOUBLES(ctx, da_vecdot(x, x, -1), 5, 50);
    ASSERT_DOUBLES(ctx, da_vecdot(x, v, -1), 5, 14);
    ASSERT_DOUBLES(ctx, da_outer(v, da_arange(ctx, 1, 3, 1, DA_FLOAT64, NULL)), 0, 0, 1, 2, 2, 4);
    ASSERT_DOUBLES(ctx, da_dot(x, v), 5, 14);
    ASSERT_DOUBLES(ctx, da_inner(x, x), 5, 14, 14, 50);
    assert_int_equal(da_dtype_of(da_matmul(x, v)), DA_FLOAT64);
    assert_int_equal(da_ndim(da_tensordot(x, x, 0)), 4);
}

static void wrong_calls(da_context *ctx)
{
    da_array *x = da_reshape(da_arange(ctx, 0, 6, 1, DA_FLOAT64, NULL), DA_SHAPE(2, 3));
    da_array *one = da_sum(x, DA_ALL_AXES, 0);
    assert_poisoned(da_matmul(x, x), DA_ERR_SHAPE, "da_matmul");
    assert_poisoned(da_matmul(one, x), DA_ERR_SHAPE, "0 dimensions");
    assert_poisoned(da_tensordot(x, x, 3), DA_ERR_ARGUMENT, "3 axes");
    assert_poisoned(da_tensordot(x, x, -1), DA_ERR_ARGUMENT, "-1");
    assert_poisoned(da_tensordot_axes(x, x, DA_AXES(0), DA_AXES(0, 1)), DA_ERR_ARGUMENT, "1 axes");
    assert_poisoned(da_tensordot_axes(x, x, DA_ALL_AXES, DA_ALL_AXES), DA_ERR_ARGUMENT, "axes");
    assert_poisoned(da_vecdot(x, x, 2), DA_ERR_ARGUMENT, "axis 2");
    assert_poisoned(da_vecdot(x, one, -1), DA_ERR_ARGUMENT, "da_vecdot");
    assert_poisoned(da_dot(x, x), DA_ERR_SHAPE, "da_dot");
    da_array *late = da_matmul(da_flatnonzero(x), x); /* 5 elements times 2 rows */
    assert_int_equal(da_compute(ctx, late), DA_ERR_SHAPE);
    assert_non_null(strstr(da_error_message(ctx), "da_matmul: shapes (5,) and (2, 3)"));
    da_error_clear(ctx);
    da_array *at = da_flatnonzero(x);
    ASSERT_DOUBLES(ctx, da_vecdot(at, at, -1), 55);
    ASSERT_DOUBLES(ctx, da_tensordot(da_mask_get(x, da_greater(x, 3)), x, 1), 15, 24, 33);
    assert_poisoned(da_matmul(NULL, x), DA_ERR_ARGUMENT, "");
}

static void test_on_all_counts(void **state)
{
    (void)state;
    for (int engines = 1; engines <= 4; engines++) {
        da_context *ctx = open_with(engines, 1);
        products(ctx);
        assert_int_equal(da_finalize(ctx), 0);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    da_context *ctx = open_with(2, 1);
    wrong_calls(ctx);
    da_error_clear(ctx);
    assert_int_equal(da_finalize(ctx), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_all_counts),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
