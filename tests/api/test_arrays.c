/* Operands, creation, views, reductions and casts: shapes, dtypes and values on several engine and thread counts. */
#include "api_test.h"

#include <math.h>

static void test_operands_take_every_number(void **state)
{
    (void)state;
    da_context *ctx = open_with(1, 1);
    da_array *x = da_ones(ctx, DA_SHAPE(2), DA_FLOAT32, NULL);
    da_array *k = da_ones(ctx, DA_SHAPE(2), DA_UINT8, NULL);
    const da_array *same = x;
    assert_int_equal(da_dtype_of(da_add(same, 2)), DA_FLOAT32);
    assert_int_equal(da_dtype_of(da_add(x, 2.5)), DA_FLOAT32);
    assert_int_equal(da_dtype_of(da_add(x, 2.5f)), DA_FLOAT32);
    assert_int_equal(da_dtype_of(da_add(x, (_Bool)1)), DA_FLOAT32);
    assert_int_equal(da_dtype_of(da_add(x, (double _Complex)1.0)), DA_COMPLEX64);
    assert_int_equal(da_dtype_of(da_add(k, (char)1)), DA_UINT8);
    assert_int_equal(da_dtype_of(da_add(k, 200L)), DA_UINT8);
    assert_int_equal(da_dtype_of(da_add(k, 1.0)), DA_FLOAT64);
    assert_int_equal(da_dtype_of(da_greater(k, 1ull)), DA_BOOL);
    assert_poisoned(da_add(k, 300), DA_ERR_DTYPE, "300");
    assert_poisoned(da_add(k, UINT64_MAX), DA_ERR_DTYPE, "18446744073709551615");
    assert_poisoned(da_add(x, (da_operand){.kind = 77}), DA_ERR_ARGUMENT, "77");
    ASSERT_DOUBLES(ctx, da_where(da_greater(x, 0), 7, x), 7, 7);
    ASSERT_DOUBLES(ctx, da_imag(da_multiply(x, da_operand_complex(0, 3))), 3, 3);
    da_error_clear(ctx);
    assert_int_equal(da_finalize(ctx), 0);
}

static void creation(da_context *ctx)
{
    ASSERT_DOUBLES(ctx, da_zeros(ctx, DA_SHAPE(3), DA_INT8, NULL), 0, 0, 0);
    ASSERT_DOUBLES(ctx, da_ones(ctx, DA_SHAPE(2, 2), DA_COMPLEX64, DA_DIST("n,b")), 1, 1, 1, 1);
    ASSERT_DOUBLES(ctx, da_empty(ctx, DA_SHAPE(2), DA_BOOL, NULL), 0, 0);
    ASSERT_DOUBLES(ctx, da_full(ctx, DA_SHAPE_0D, 2.5, DA_DTYPE_DEFAULT, NULL), 2.5);
    assert_int_equal(da_dtype_of(da_full(ctx, DA_SHAPE(1), 2, DA_DTYPE_DEFAULT, NULL)), DA_INT64);
    ASSERT_DOUBLES(ctx, da_arange(ctx, 10, 0, -3, DA_DTYPE_DEFAULT, NULL), 10, 7, 4, 1);
    ASSERT_DOUBLES(ctx, da_arange(ctx, 0, 1, 0.25, DA_FLOAT32, NULL), 0, 0.25, 0.5, 0.75);
    ASSERT_DOUBLES(ctx, da_linspace(ctx, 0, 1, 5, 1, DA_DTYPE_DEFAULT, NULL), 0, 0.25, 0.5, 0.75,
                   1);
    ASSERT_DOUBLES(ctx, da_linspace(ctx, 0, 1, 4, 0, DA_DTYPE_DEFAULT, DA_DIST("c(2)")), 0, 0.25,
                   0.5, 0.75);
    ASSERT_DOUBLES(ctx, da_eye(ctx, 2, 3, 1, DA_DTYPE_DEFAULT, NULL), 0, 1, 0, 0, 0, 1);
    da_array *x = da_astype(da_eye(ctx, 2, 2, 0, DA_FLOAT32, DA_DIST("n,b")), DA_INT16);
    ASSERT_DOUBLES(ctx, da_add(x, da_full_like(x, 4, DA_DTYPE_DEFAULT)), 5, 4, 4, 5);
    assert_int_equal(da_dtype_of(da_zeros_like(x, DA_DTYPE_DEFAULT)), DA_INT16);
    ASSERT_DOUBLES(ctx, da_ones_like(x, DA_UINT64), 1, 1, 1, 1);
    assert_int_equal(da_size(da_zeros(ctx, DA_SHAPE(3, 0), DA_INT8, NULL)), 0);
}

static void test_creation(void **state)
{
    (void)state;
    on_all_counts(creation);
}

/* 100*i + j */
static void fill_place(int ndim, const int64_t *index, int64_t step, int64_t count, void *out,
                       const void *data)
{
    int32_t *x = out;
    int factor = *(const int *)data;
    for (int64_t k = 0; k < count; k++)
        x[k] = (int32_t)(ndim == 2 ? factor * index[0] + index[1] + k * step : factor);
}

static void from_program(da_context *ctx)
{
    int factor = 100;
    da_array *x = da_from_function(ctx, fill_place, &factor, sizeof factor, DA_SHAPE(3, 4),
                                   DA_INT32, DA_DIST("c, c(2)"));
    factor = 7; /* a copy was taken */
    ASSERT_DOUBLES(ctx, x, 0, 1, 2, 3, 100, 101, 102, 103, 200, 201, 202, 203);
    ASSERT_DOUBLES(
        ctx, da_from_function(ctx, fill_place, &factor, sizeof factor, DA_SHAPE_0D, DA_INT32, NULL),
        7);

    float data[6] = {1, 2, 3, 4, 5, 6};
    da_array *y = da_asarray(ctx, data, DA_SHAPE(2, 3), DA_FLOAT32, DA_DIST("n,b"));
    data[0] = 99;
    ASSERT_DOUBLES(ctx, da_add(y, y), 2, 4, 6, 8, 10, 12);
    float back[6];
    assert_int_equal(da_get(ctx, y, back, sizeof back), DA_OK);
    assert_int_equal((int)back[0], 1);
}

static void test_arrays_of_the_program(void **state)
{
    (void)state;
    on_all_counts(from_program);
}

static void views(da_context *ctx)
{
    int factor = 10;
    da_array *x =
        da_from_function(ctx, fill_place, &factor, sizeof factor, DA_SHAPE(3, 4), DA_INT32, NULL);
    ASSERT_DOUBLES(ctx, da_index(x, "::-2, 1:3"), 21, 22, 1, 2);
    ASSERT_DOUBLES(ctx, da_index(x, "..., -1"), 3, 13, 23);
    ASSERT_SHAPE(da_index(x, "None, 1"), 1, 4);
    da_item items[] = {da_range_step(2, -4, -1), da_newaxis(), da_at(0)};
    ASSERT_SHAPE(da_slice(x, 3, items), 3, 1);
    ASSERT_DOUBLES(ctx, da_slice(x, 3, items), 20, 10, 0);
    da_item ends[] = {da_ellipsis(), da_range(1, 2)};
    ASSERT_DOUBLES(ctx, da_slice(x, 2, ends), 1, 11, 21);
    ASSERT_DOUBLES(ctx, da_matrix_transpose(da_index(x, ":2, :2")), 0, 10, 1, 11);
    ASSERT_SHAPE(da_permute_dims(da_expand_dims(x, -1), DA_AXES(2, 0, 1)), 1, 3, 4);
    ASSERT_SHAPE(da_permute_dims(x, DA_ALL_AXES), 4, 3);
    ASSERT_SHAPE(da_squeeze(da_expand_dims(da_expand_dims(x, 0), 0), DA_AXES(1)), 1, 3, 4);
    assert_int_equal(da_ndim(da_squeeze(da_index(x, "1:2, None, 0:1"), DA_ALL_AXES)), 0);
    ASSERT_DOUBLES(ctx, da_flip(da_index(x, "0"), DA_ALL_AXES), 3, 2, 1, 0);
    ASSERT_SHAPE(da_moveaxis(da_expand_dims(x, 0), DA_AXES(0, 1), DA_AXES(-1, 0)), 3, 4, 1);
    ASSERT_DOUBLES(ctx, da_broadcast_to(da_index(x, "1, :2"), DA_SHAPE(2, 2)), 10, 11, 10, 11);
    ASSERT_SHAPE(da_reshape(x, DA_SHAPE(2, -1)), 2, 6);
    ASSERT_DOUBLES(ctx, da_index(da_reshape(x, DA_SHAPE(2, 6)), "1, ::2"), 12, 20, 22);
    ASSERT_DOUBLES(ctx, da_index(da_flatten(x), "3:6"), 3, 10, 11);
    ASSERT_DOUBLES(ctx, da_tile(da_index(x, ":2, :2"), DA_SHAPE(2)), 0, 1, 0, 1, 10, 11, 10, 11);
    ASSERT_DOUBLES(ctx, da_repeat(da_index(x, ":2, :2"), 2, 0), 0, 1, 0, 1, 10, 11, 10, 11);
    da_array *pair[2];
    da_broadcast_arrays(2, (da_array *[]){da_index(x, ":, 0:1"), da_index(x, "0, 0:2")}, pair);
    ASSERT_DOUBLES(ctx, pair[0], 0, 0, 10, 10, 20, 20);
    ASSERT_DOUBLES(ctx, pair[1], 0, 1, 0, 1, 0, 1);
    ASSERT_DOUBLES(ctx, da_index(da_redistribute(x, DA_DIST("c, n")), "1:, ::3"), 10, 13, 20, 23);
    ASSERT_DOUBLES(ctx,
                   da_redistribute_like(da_index(x, ":, 0"),
                                        da_zeros(ctx, DA_SHAPE(3), DA_BOOL, DA_DIST("c"))),
                   0, 10, 20);
}

static void test_views(void **state)
{
    (void)state;
    on_all_counts(views);
}

static void test_wrong_views_say_why(void **state)
{
    (void)state;
    da_context *ctx = open_with(1, 1);
    da_array *x = da_zeros(ctx, DA_SHAPE(3, 4), DA_INT32, NULL);
    assert_poisoned(da_index(x, "3"), DA_ERR_INDEX, "da_index");
    assert_poisoned(da_index(x, "1;2"), DA_ERR_FORMAT, "da_index");
    assert_poisoned(da_slice(x, 1, &(da_item){.kind = 9}), DA_ERR_ARGUMENT, "9");
    assert_poisoned(da_slice(x, -1, NULL), DA_ERR_ARGUMENT, "-1");
    assert_poisoned(da_permute_dims(x, DA_AXES(0)), DA_ERR_ARGUMENT, "1 axes");
    assert_poisoned(da_permute_dims(x, DA_AXES_N(0, NULL)), DA_ERR_ARGUMENT, "0 axes");
    assert_poisoned(da_moveaxis(x, DA_AXES(0, 1), DA_AXES(0)), DA_ERR_ARGUMENT, "2 source axes");
    assert_poisoned(da_squeeze(x, DA_AXES(0)), DA_ERR_SHAPE, "3");
    assert_poisoned(da_reshape(x, DA_SHAPE(5, 3)), DA_ERR_SHAPE,
                    "cannot reshape array of size 12 into shape (5,3)");
    assert_poisoned(da_reshape(x, DA_SHAPE_N(3, NULL)), DA_ERR_ARGUMENT, "da_reshape");
    assert_poisoned(da_tile(x, DA_SHAPE(-1)), DA_ERR_ARGUMENT, "negative");
    assert_poisoned(da_repeat(x, 2, 2), DA_ERR_ARGUMENT, "da_repeat");
    assert_poisoned(da_broadcast_to(x, DA_SHAPE(4, 4)), DA_ERR_SHAPE, "(3, 4)");
    assert_poisoned(da_broadcast_to(x, DA_SHAPE_N(3, NULL)), DA_ERR_ARGUMENT, "NULL");
    assert_poisoned(da_sum(x, DA_AXES_N(2, NULL), 0), DA_ERR_ARGUMENT, "da_sum");
    assert_poisoned(da_sum(x, DA_AXES(2), 0), DA_ERR_ARGUMENT, "da_sum");
    assert_poisoned(da_sum(x, DA_AXES(0), 8), DA_ERR_ARGUMENT, "flags");
    assert_poisoned(da_sort(x, 2, 0), DA_ERR_ARGUMENT, "da_sort");
    assert_poisoned(da_argsort(x, 0, DA_INCLUDE_INITIAL), DA_ERR_ARGUMENT, "DA_DESCENDING");
    assert_poisoned(da_cumulative_sum(x, -3, 0), DA_ERR_ARGUMENT, "da_cumulative_sum");
    assert_poisoned(da_cumulative_prod(x, 0, DA_DESCENDING), DA_ERR_ARGUMENT, "INITIAL");
    assert_poisoned(da_cumulative_sum_as(x, 0, 0, DA_BOOL), DA_ERR_DTYPE, "bool");
    assert_poisoned(da_astype(x, (da_dtype)99), DA_ERR_DTYPE, "99");
    assert_poisoned(da_redistribute_like(x, da_zeros(ctx, DA_SHAPE(3), DA_BOOL, NULL)),
                    DA_ERR_SHAPE, "(3, 4)");
    da_error_clear(ctx);
    assert_int_equal(da_finalize(ctx), 0);
}

static void reductions(da_context *ctx)
{
    int factor = 10;
    da_array *x =
        da_from_function(ctx, fill_place, &factor, sizeof factor, DA_SHAPE(3, 4), DA_INT32, NULL);
    ASSERT_DOUBLES(ctx, da_sum(x, DA_AXES(0), 0), 30, 33, 36, 39);
    ASSERT_SHAPE(da_sum(x, DA_AXES(-1), DA_KEEPDIMS), 3, 1);
    ASSERT_DOUBLES(ctx, da_sort(da_index(x, "1"), 0, DA_DESCENDING), 13, 12, 11, 10);
    ASSERT_DOUBLES(ctx, da_argsort(da_index(x, "1, ::-1"), -1, 0), 3, 2, 1, 0);
    ASSERT_DOUBLES(ctx, da_cumulative_sum(da_index(x, ":, 1"), 0, DA_INCLUDE_INITIAL), 0, 1, 12,
                   33);
    ASSERT_DOUBLES(ctx, da_cumulative_prod_as(da_index(x, ":, 1"), 0, 0, DA_FLOAT32), 1, 11, 231);
    assert_int_equal(da_dtype_of(da_cumulative_prod(x, 0, 0)), DA_INT64);
    assert_int_equal(da_dtype_of(da_sum(x, DA_ALL_AXES, 0)), DA_INT64);
    assert_int_equal(da_dtype_of(da_sum_as(x, DA_ALL_AXES, 0, DA_FLOAT32)), DA_FLOAT32);
    ASSERT_DOUBLES(ctx, da_prod(da_add(x, 1), DA_AXES(1), 0), 24, 24024, 255024);
    ASSERT_DOUBLES(ctx, da_mean(x, DA_AXES(0, 1), 0), 11.5);
    ASSERT_DOUBLES(ctx, da_mean_as(x, DA_ALL_AXES, 0, DA_FLOAT32), 11.5);
    ASSERT_DOUBLES(ctx, da_prod_as(x, DA_AXES(0), 0, DA_INT64), 0, 231, 528, 897);
    ASSERT_DOUBLES(ctx, da_var(x, DA_AXES(1), 0, 0), 1.25, 1.25, 1.25);
    ASSERT_DOUBLES(ctx, da_var(x, DA_AXES(0), 1, 0), 100, 100, 100, 100);
    ASSERT_DOUBLES(ctx, da_std(x, DA_AXES(0), 1, 0), 10, 10, 10, 10);
    ASSERT_DOUBLES(ctx, da_min(x, DA_AXES(1), 0), 0, 10, 20);
    ASSERT_DOUBLES(ctx, da_max(x, DA_ALL_AXES, DA_KEEPDIMS), 23);
    ASSERT_DOUBLES(ctx, da_any(x, DA_AXES(1), 0), 1, 1, 1);
    ASSERT_DOUBLES(ctx, da_all(x, DA_AXES(1), 0), 0, 1, 1);
    ASSERT_DOUBLES(ctx, da_argmax(x, DA_ALL_AXES, 0), 11);
    ASSERT_DOUBLES(ctx, da_argmin(x, DA_AXES(0), 0), 0, 0, 0, 0);
    ASSERT_DOUBLES(ctx, da_count_nonzero(x, DA_ALL_AXES, 0), 11);
    assert_poisoned(da_max(da_index(x, "0:0"), DA_AXES(0), 0), DA_ERR_SHAPE, "max");
    da_error_clear(ctx);
    ASSERT_DOUBLES(ctx, da_mean(da_index(x, "0:0, :2"), DA_AXES(0), 0), NAN, NAN);
}

static void test_reductions(void **state)
{
    (void)state;
    on_all_counts(reductions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operands_take_every_number), cmocka_unit_test(test_creation),
        cmocka_unit_test(test_arrays_of_the_program),      cmocka_unit_test(test_views),
        cmocka_unit_test(test_wrong_views_say_why),        cmocka_unit_test(test_reductions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
