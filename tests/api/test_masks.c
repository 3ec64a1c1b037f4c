/* Masks and places through the public interface: shapes before and after, what is refused, and what explaining tells. */
#include "api_test.h"

#include <stdlib.h>

static void shapes_are_found_out(da_context *ctx)
{
    da_array *x = da_arange(ctx, 0, 12, 1, DA_FLOAT64, NULL);
    da_array *at = da_flatnonzero(da_greater(x, 7)), *kept = da_mask_get(x, da_less(x, 3));
    assert_int_equal(da_dtype_of(at), DA_INT64);
    assert_int_equal(da_ndim(at), 1);
    assert_int_equal(da_shape(at)[0], -1);
    assert_int_equal(da_size(at), -1);
    assert_int_equal(da_local_shape(at, 0, NULL), -1);
    assert_int_equal(da_owner(at, (int64_t[]){0}), -1);
    char *text;
    assert_int_equal(da_distribution_text(at, &text), DA_OK);
    assert_string_equal(text, "not known yet");
    da_free(text);
    assert_int_equal(da_size(da_sum(kept, DA_ALL_AXES, 0)), 1);
    double sum;
    assert_int_equal(da_get_double(ctx, da_sum(kept, DA_ALL_AXES, 0), &sum), DA_OK);
    assert_true(sum == 3);
    assert_int_equal(da_compute(ctx, at), DA_OK);
    assert_int_equal(da_shape(at)[0], 4);
    assert_true(da_owner(at, (int64_t[]){3}) >= 0);
    ASSERT_DOUBLES(ctx, at, 8, 9, 10, 11);
    int64_t room[3];
    da_array *odd = da_flatnonzero(da_equal(da_remainder(x, 4), 1));
    assert_int_equal(da_get(ctx, odd, room, sizeof room), DA_OK);
    assert_true(room[0] == 1 && room[1] == 5 && room[2] == 9);
    assert_int_equal(da_get(ctx, da_flatnonzero(x), room, sizeof room), DA_ERR_ARGUMENT);
    da_error_clear(ctx);
}

static void selections(da_context *ctx)
{
    da_array *x = da_arange(ctx, 0, 12, 1, DA_INT32, DA_DIST("c"));
    da_array *table = da_eval(ctx, "index(0, (3, 4)) * 4 + index(1, (3, 4))", 0, NULL);
    da_array *where[2], *condition = da_greater(da_arange(ctx, 0, 3, 1, DA_DTYPE_DEFAULT, NULL), 0);
    da_nonzero(da_equal(da_remainder(table, 5), 0), where);
    assert_int_equal(da_compute_all(ctx, 2, where), DA_OK);
    ASSERT_DOUBLES(ctx, where[0], 0, 1, 2);
    ASSERT_DOUBLES(ctx, where[1], 0, 1, 2);
    da_array *part = da_compress(condition, table, DA_AXES(0));
    assert_int_equal(da_shape(part)[0], -1);
    assert_int_equal(da_shape(part)[1], 4);
    assert_int_equal(da_compute(ctx, part), DA_OK);
    ASSERT_DOUBLES(ctx, part, 4, 5, 6, 7, 8, 9, 10, 11);
    ASSERT_DOUBLES(ctx, da_mask_put(x, da_less(x, 10), -1), -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                   10, 11);
    ASSERT_DOUBLES(ctx, da_mask_put(x, da_less(x, 2), da_mask_get(x, da_greater(x, 9))), 10, 11, 2,
                   3, 4, 5, 6, 7, 8, 9, 10, 11);
    ASSERT_DOUBLES(ctx, da_searchsorted(x, da_mask_put(x, da_less(x, 12), 5), DA_RIGHT), 6, 6, 6, 6,
                   6, 6, 6, 6, 6, 6, 6, 6);
}

/* Joins, rolls, other shapes and replaced parts of what has no size yet. */
static void moved_without_sizes(da_context *ctx)
{
    da_array *x = da_arange(ctx, 0, 12, 1, DA_FLOAT64, DA_DIST("c"));
    da_array *high = da_mask_get(x, da_greater(x, 7)), *low = da_mask_get(x, da_less(x, 2));
    da_array *both[] = {high, low}, *flat[] = {da_reshape(high, DA_SHAPE(2, 2)), low};
    da_array *alike[] = {low, da_index(x, "4:6")};
    da_array *a[] = {da_concat(2, both, 0),
                     da_concat_flat(2, flat),
                     da_stack(2, alike, 0),
                     da_roll(high, 1, DA_AXES(0)),
                     da_roll_each(high, 2, (int64_t[]){1, 1}, (int[]){0, 0}),
                     da_flatten(da_expand_dims(low, 0)),
                     da_broadcast_to(low, DA_SHAPE(2, 2)),
                     da_tile(low, DA_SHAPE(2)),
                     da_repeat(low, 2, 0),
                     da_rebalance(high),
                     da_distribute_as(high, DA_SHAPE(2, -1), DA_DIST("b,n")),
                     da_set_index(high, -1, "1:3"),
                     da_set_where(high, da_less(high, 9), 0),
                     da_cumulative_sum(high, 0, DA_INCLUDE_INITIAL)};
    enum { N = sizeof a / sizeof *a };
    assert_int_equal(da_shape(a[0])[0], -1);
    assert_int_equal(da_shape(a[2])[1], 2);
    assert_int_equal(da_shape(a[10])[0], 2);
    assert_int_equal(da_compute_all(ctx, N, a), DA_OK);
    ASSERT_DOUBLES(ctx, a[0], 8, 9, 10, 11, 0, 1);
    ASSERT_DOUBLES(ctx, a[1], 8, 9, 10, 11, 0, 1);
    ASSERT_DOUBLES(ctx, a[2], 0, 1, 4, 5);
    ASSERT_DOUBLES(ctx, a[3], 11, 8, 9, 10);
    ASSERT_DOUBLES(ctx, a[4], 10, 11, 8, 9);
    ASSERT_DOUBLES(ctx, a[5], 0, 1);
    ASSERT_DOUBLES(ctx, a[6], 0, 1, 0, 1);
    ASSERT_DOUBLES(ctx, a[7], 0, 1, 0, 1);
    ASSERT_DOUBLES(ctx, a[8], 0, 0, 1, 1);
    ASSERT_DOUBLES(ctx, a[9], 8, 9, 10, 11);
    ASSERT_DOUBLES(ctx, a[10], 8, 9, 10, 11);
    ASSERT_DOUBLES(ctx, a[11], 8, -1, -1, 11);
    ASSERT_DOUBLES(ctx, a[12], 0, 9, 10, 11);
    ASSERT_DOUBLES(ctx, a[13], 0, 8, 17, 27, 38);
}

static void test_on_all_counts(void **state)
{
    (void)state;
    on_all_counts(moved_without_sizes);
    on_all_counts(shapes_are_found_out);
    on_all_counts(selections);
}

static void test_refusals(void **state)
{
    (void)state;
    da_context *ctx = open_with(2, 1);
    da_array *x = da_arange(ctx, 0, 6, 1, DA_FLOAT64, NULL), *at = da_flatnonzero(x);
    assert_poisoned(da_tril(at, 0), DA_ERR_SHAPE, "no triangle");
    assert_poisoned(da_zeros_like(at, DA_DTYPE_DEFAULT), DA_ERR_STATE, "compute it first");
    assert_poisoned(da_squeeze(at, DA_ALL_AXES), DA_ERR_STATE, "name the axes");
    assert_poisoned(da_mask_get(x, x), DA_ERR_DTYPE, "not bool");
    assert_poisoned(da_mask_get(x, da_greater(da_index(x, "1:"), 0)), DA_ERR_INDEX, "(5,)");
    assert_poisoned(da_compress(x, x, DA_AXES(0, 0)), DA_ERR_ARGUMENT, "one axis");
    assert_poisoned(da_compress(x, x, DA_AXES(1)), DA_ERR_ARGUMENT, "axis 1");
    assert_poisoned(da_searchsorted(x, x, 7), DA_ERR_ARGUMENT, "7 is no side");
    assert_poisoned(da_searchsorted(da_index(x, "None"), x, DA_LEFT), DA_ERR_SHAPE, "x1");
    assert_int_equal(da_compute(ctx, da_add(at, da_index(x, ":2"))), DA_ERR_SHAPE);
    assert_int_equal(da_shape(at)[0], 5); /* what was computed on the way stays */
    da_error_clear(ctx);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_explaining_runs_nothing(void **state)
{
    (void)state;
    da_context *ctx = open_with(2, 1);
    da_array *x = da_arange(ctx, 0, 6, 1, DA_FLOAT64, NULL);
    da_array *total = da_sum(da_mask_get(x, da_greater(x, 2)), DA_ALL_AXES, 0);
    char *text;
    assert_int_equal(da_explain(ctx, 1, &total, &text), DA_OK);
    assert_non_null(strstr(text, "waits for the size"));
    assert_non_null(strstr(text, "extract"));
    da_free(text);
    double sum;
    assert_int_equal(da_get_double(ctx, total, &sum), DA_OK);
    assert_true(sum == 12);
    assert_int_equal(da_finalize(ctx), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_all_counts),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_explaining_runs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
