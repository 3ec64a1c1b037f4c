/* Indexing by arrays of integers through the public interface. */
#include "api_test.h"

static void indexing(da_context *ctx)
{
    da_array *x = da_eval(ctx, "arange(12) * 1.0", 0, NULL);
    const int64_t rows[] = {2, -1, 0};
    const uint8_t places[] = {3, 0};
    da_array *i = da_asarray(ctx, rows, DA_SHAPE(3), DA_INT64, NULL);
    da_array *j = da_asarray(ctx, places, DA_SHAPE(2), DA_UINT8, NULL);
    da_array *m = da_add(da_multiply(da_eval(ctx, "index(0, (4, 3))", 0, NULL), 10),
                         da_eval(ctx, "index(1, (4, 3))", 0, NULL));
    ASSERT_DOUBLES(ctx, da_take(x, i, 0), 2, 11, 0);
    ASSERT_DOUBLES(ctx, da_take(m, i, -1), 2, 2, 0, 12, 12, 10, 22, 22, 20, 32, 32, 30);
    ASSERT_DOUBLES(ctx, da_take_along_axis(m, da_expand_dims(j, 1), 0), 30, 31, 32, 0, 1, 2);
    ASSERT_DOUBLES(ctx, da_get_items(m, 2, (da_item[]){da_by(j), da_range(1, 3)}), 31, 32, 1, 2);
    ASSERT_DOUBLES(ctx, da_get_items(m, 2, (da_item[]){da_by(i), da_by(i)}), 22, 32, 0);
    ASSERT_DOUBLES(ctx, da_get_items(m, 2, (da_item[]){da_at(-1), da_by(i)}), 32, 32, 30);
    ASSERT_DOUBLES(ctx, da_put_items(x, 7, 1, (da_item[]){da_by(j)}), 7, 1, 2, 7, 4, 5, 6, 7, 8, 9,
                   10, 11);
    ASSERT_DOUBLES(ctx, da_put_items(da_index(x, ":3"), i, 1, (da_item[]){da_by(i)}), 0, 1, -1);
    ASSERT_SHAPE(da_get_items(m, 3, (da_item[]){da_by(i), da_newaxis(), da_at(0)}), 3, 1);
}

static void test_indexing(void **state)
{
    (void)state;
    on_all_counts(indexing);
}

static void test_wrong_indices_say_why(void **state)
{
    (void)state;
    da_context *ctx = open_with(3, 1), *other = open_with(1, 1);
    const int64_t far[] = {0, 12, 1};
    da_array *x = da_eval(ctx, "arange(12) * 1.0", 0, NULL);
    da_array *i = da_asarray(ctx, far, DA_SHAPE(3), DA_INT64, NULL);
    da_array *elsewhere = da_asarray(other, far, DA_SHAPE(3), DA_INT64, NULL);
    assert_poisoned(da_take(x, x, 0), DA_ERR_DTYPE, "float64");
    assert_poisoned(da_take(x, i, 1), DA_ERR_ARGUMENT, "axis 1");
    assert_poisoned(da_take(x, elsewhere, 0), DA_ERR_ARGUMENT, "two contexts");
    assert_poisoned(da_get_items(x, 1, (da_item[]){da_by(elsewhere)}), DA_ERR_ARGUMENT,
                    "two contexts");
    assert_poisoned(da_get_items(x, 2, (da_item[]){da_by(i), da_by(i)}), DA_ERR_INDEX, "too many");
    assert_poisoned(da_get_items(x, 1, (da_item[]){da_by(da_greater(x, 1))}), DA_ERR_UNSUPPORTED,
                    "bool");
    assert_poisoned(da_get_items(x, -1, NULL), DA_ERR_ARGUMENT, "-1 items");
    assert_poisoned(da_slice(x, 1, (da_item[]){da_by(i)}), DA_ERR_ARGUMENT, "no kind of item");
    assert_poisoned(da_put_items(x, da_operand_complex(1, 1), 1, (da_item[]){da_by(i)}),
                    DA_ERR_DTYPE, "da_put_items");
    assert_true(da_check(da_get_items(x, 1, (da_item[]){da_by(NULL)})) != DA_OK);
    assert_int_equal(da_compute(ctx, da_take(x, i, 0)), DA_ERR_INDEX);
    assert_non_null(
        strstr(da_error_message(ctx), "index 12 is out of bounds for axis 0 with size 12"));
    ASSERT_DOUBLES(ctx, da_sum(x, DA_ALL_AXES, 0), 66);
    da_error_clear(ctx);
    da_error_clear(other);
    assert_int_equal(da_finalize(ctx), 0);
    assert_int_equal(da_finalize(other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_indexing),
        cmocka_unit_test(test_wrong_indices_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
