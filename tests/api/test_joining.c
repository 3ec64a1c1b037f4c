/* Rolls, joins and replaced parts through the public interface, on several engine and thread counts. */
#include "api_test.h"

static void values(da_context *ctx)
{
    da_array *x = da_arange(ctx, 0, 6, 1, DA_FLOAT64, NULL), *grid[2], *row[3];
    da_array *list[] = {x, da_multiply(x, 10), da_ones(ctx, DA_SHAPE(2), DA_INT8, NULL)};
    ASSERT_DOUBLES(ctx, da_roll(x, 2, DA_AXES(0)), 4, 5, 0, 1, 2, 3);
    ASSERT_DOUBLES(ctx, da_roll_each(x, 2, (const int64_t[]){-1, -12}, (const int[]){0, 0}), 1, 2,
                   3, 4, 5, 0);
    ASSERT_DOUBLES(ctx, da_concat(3, list, 0), 0, 1, 2, 3, 4, 5, 0, 10, 20, 30, 40, 50, 1, 1);
    ASSERT_DOUBLES(ctx, da_concat_flat(2, (da_array *[]){list[2], x}), 1, 1, 0, 1, 2, 3, 4, 5);
    ASSERT_DOUBLES(ctx, da_stack(2, list, -1), 0, 0, 1, 10, 2, 20, 3, 30, 4, 40, 5, 50);
    ASSERT_DOUBLES(ctx, da_set_index(x, 9, "1:-1:2"), 0, 9, 2, 9, 4, 5);
    ASSERT_DOUBLES(ctx, da_set_slice(x, da_index(x, ":3"), 1, (da_item[]){da_range(3, 6)}), 0, 1, 2,
                   0, 1, 2);
    ASSERT_DOUBLES(ctx, da_set_where(x, da_greater(x, 2.5), da_negative(x)), 0, 1, 2, -3, -4, -5);
    ASSERT_DOUBLES(ctx, x, 0, 1, 2, 3, 4, 5);
    da_meshgrid(2, (da_array *[]){da_index(x, ":3"), da_index(x, "4:")}, NULL, grid);
    ASSERT_DOUBLES(ctx, grid[0], 0, 1, 2, 0, 1, 2);
    ASSERT_DOUBLES(ctx, grid[1], 4, 4, 4, 5, 5, 5);
    ASSERT_DOUBLES(ctx, da_diagonal(grid[0], 1, 0, 1), 1, 2);
    ASSERT_DOUBLES(ctx, da_tril(grid[1], 0), 4, 0, 0, 5, 5, 0);
    ASSERT_DOUBLES(ctx, da_triu(grid[1], 1), 0, 4, 4, 0, 0, 5);
    ASSERT_DOUBLES(ctx, da_roll(grid[0], 1, DA_ALL_AXES), 2, 0, 1, 2, 0, 1);
    da_unstack(grid[0], 1, 3, row);
    ASSERT_DOUBLES(ctx, row[2], 2, 2);
}

static da_array *computed(da_context *ctx, da_array *a)
{
    assert_int_equal(da_compute(ctx, a), DA_OK);
    return a;
}

/* Extents that data decide: 4 and 5 are what is left of 0 … 5. */
static void values_of_unknown_size(da_context *ctx)
{
    da_array *x = da_arange(ctx, 0, 6, 1, DA_FLOAT64, NULL), *grid[2], *column[2];
    da_array *some = da_mask_get(x, da_greater(x, 3.5));
    da_meshgrid(2, (da_array *[]){some, da_index(x, ":3")}, "ij", grid);
    assert_int_equal(da_shape(grid[0])[0], -1);
    assert_int_equal(da_shape(grid[0])[1], 3);
    da_unstack(da_index(grid[1], ":, 1:"), 1, 2, column);
    ASSERT_DOUBLES(ctx, computed(ctx, column[1]), 2, 2);
    ASSERT_DOUBLES(ctx, computed(ctx, da_diagonal(grid[1], 1, 0, 1)), 1, 2);
    ASSERT_DOUBLES(ctx, computed(ctx, da_tril(grid[0], 0)), 4, 0, 0, 5, 5, 0);
    ASSERT_DOUBLES(ctx, computed(ctx, da_triu(grid[0], 1)), 0, 4, 4, 0, 0, 5);
    ASSERT_DOUBLES(ctx, computed(ctx, grid[0]), 4, 4, 4, 5, 5, 5);
    da_array *times = da_astype(da_index(x, "1:3"), DA_INT16);
    ASSERT_DOUBLES(ctx, computed(ctx, da_repeat_each(some, times, 0)), 4, 5, 5);
    assert_poisoned(da_repeat_each(x, times, 0), DA_ERR_SHAPE, "2 repeats for 6");
    assert_poisoned(da_repeat_each(x, x, 0), DA_ERR_DTYPE, "float64");
    assert_int_equal(da_compute(ctx, da_repeat_each(some, da_negative(times), 0)), DA_ERR_ARGUMENT);
    da_error_clear(ctx);
    da_unstack(da_mask_get(x, da_less(x, 1.5)), 0, 2, column);
    assert_poisoned(column[0], DA_ERR_STATE, "compute it first");
    da_error_clear(ctx);
}

static void test_values_of_unknown_size(void **state)
{
    (void)state;
    on_all_counts(values_of_unknown_size);
}

static void test_values(void **state)
{
    (void)state;
    on_all_counts(values);
}

static void test_wrong_calls_give_poison(void **state)
{
    (void)state;
    da_context *ctx = open_with(2, 1), *other = open_with(1, 1);
    da_array *x = da_ones(ctx, DA_SHAPE(4), DA_UINT8, NULL), *out[2];
    da_array *y = da_ones(other, DA_SHAPE(4), DA_UINT8, NULL);
    assert_poisoned(da_concat(2, (da_array *[]){x, y}, 0), DA_ERR_ARGUMENT, "two contexts");
    assert_poisoned(da_concat(2, (da_array *[]){x, NULL}, 0), DA_ERR_ARGUMENT, "NULL");
    assert_poisoned(da_concat(0, NULL, 0), DA_ERR_ARGUMENT, "no array");
    assert_poisoned(da_stack(1, &x, 2), DA_ERR_ARGUMENT, "axis");
    assert_poisoned(da_roll(x, 1, DA_AXES(1)), DA_ERR_ARGUMENT, "axis");
    assert_poisoned(da_roll_each(x, 1, NULL, NULL), DA_ERR_ARGUMENT, "NULL");
    assert_poisoned(da_set_index(x, 256, "0"), DA_ERR_DTYPE, "256");
    assert_poisoned(da_set_index(x, 1, NULL), DA_ERR_ARGUMENT, "NULL");
    assert_poisoned(da_set_index(x, 1, "0:;"), DA_ERR_FORMAT, "column");
    assert_poisoned(da_set_slice(x, y, 0, NULL), DA_ERR_ARGUMENT, "two contexts");
    assert_poisoned(da_set_slice(x, 1, 1, NULL), DA_ERR_ARGUMENT, "items");
    assert_poisoned(da_set_where(x, da_ones(ctx, DA_SHAPE(3), DA_BOOL, NULL), 1), DA_ERR_SHAPE,
                    "mask");
    da_meshgrid(2, (da_array *[]){x, x}, "yx", out);
    assert_poisoned(out[1], DA_ERR_ARGUMENT, "yx");
    da_unstack(x, 0, 2, out);
    assert_poisoned(out[0], DA_ERR_SHAPE, "4");
    da_unstack(x, 1, 2, out);
    assert_poisoned(out[0], DA_ERR_ARGUMENT, "axis");
    da_error_clear(ctx);
    assert_int_equal(da_finalize(other), 0);
    assert_int_equal(da_finalize(ctx), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_values_of_unknown_size),
                                       cmocka_unit_test(test_wrong_calls_give_poison)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
