/* What DistArray's own tests do with distributed arrays, and what its defects kept it from: created, reduced and viewed over
 * every map, against plain C. */
#include "api_test.h"

#include <math.h>

/* 0, 1, 2, … */
static da_array *counting(da_context *ctx, da_extents shape, const char *dist)
{
    static double number[24000];
    for (int i = 0; i < 24000; i++)
        number[i] = i;
    return da_asarray(ctx, number, shape, DA_FLOAT64, dist != NULL ? DA_DIST(dist) : NULL);
}

static void assert_scalar(da_context *ctx, da_array *a, double want)
{
    double got;
    assert_string_equal(da_cause(a), "");
    assert_int_equal(da_ndim(a), 0);
    assert_int_equal(da_get(ctx, da_astype(a, DA_FLOAT64), &got, sizeof got), DA_OK);
    if (!(fabs(got - want) <= 1e-12 * fabs(want)))
        fail_msg("%.17g is not %.17g", got, want);
}

static void assert_counting(da_context *ctx, da_array *a)
{
    double want[256];
    for (int i = 0; i < 256; i++)
        want[i] = i;
    assert_string_equal(da_cause(a), "");
    assert_doubles(ctx, a, da_size(a), want);
}

static void assert_text(const da_array *a, const char *want)
{
    char *text;
    assert_int_equal(da_distribution_text(a, &text), DA_OK);
    assert_string_equal(text, want);
    da_free(text);
}

/* ---- creation ---- */

static void test_creation_irregular_bounds(void **state)
{
    (void)state;
    da_context *ctx = open_with(8, 1);
    da_array *x = counting(ctx, DA_SHAPE(10), "b[0,2,3,4,10]");
    static const int64_t local[] = {2, 1, 1, 6};
    for (int e = 0; e < 8; e++)
        assert_int_equal(da_local_shape(x, e, NULL), e < 4 ? local[e] : 0);
    assert_counting(ctx, x);
    assert_counting(ctx, counting(ctx, DA_SHAPE(5, 9), "b[0,5], b[0,2,6,7,9]"));
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_creation_unstructured_permutations(void **state)
{
    (void)state;
    da_context *ctx = open_with(4, 1);
    static const char *const dists[] = {
        "u[[3,0],[4,2,1]], b grid 2x2", "b, u[[2,3,7,1],[6,5,8,0,4]] grid 2x2",
        "u[[3,0],[4,2,1]], u[[2,3,7,1],[6,5,8,0,4]]", "u[[],[4,3,2,1,0]], c(2) grid 2x2"};
    for (size_t k = 0; k < sizeof dists / sizeof *dists; k++)
        assert_counting(ctx, counting(ctx, DA_SHAPE(5, 9), dists[k]));
    /* V8: rank 0 and rank 3 hold these rows and columns in this order */
    da_array *x = counting(ctx, DA_SHAPE(5, 9), dists[2]);
    static const double first[] = {29, 30, 34, 28, 2, 3, 7, 1};
    const void *data;
    assert_int_equal(da_local_data(ctx, x, &data), DA_OK);
    assert_memory_equal(data, first, sizeof first);
    int64_t rows[3], columns[5];
    static const int64_t want_rows[] = {4, 2, 1}, want_columns[] = {6, 5, 8, 0, 4};
    assert_int_equal(da_local_indices(x, 3, 0, rows), 3);
    assert_int_equal(da_local_indices(x, 3, 1, columns), 5);
    assert_memory_equal(rows, want_rows, sizeof rows);
    assert_memory_equal(columns, want_columns, sizeof columns);
    assert_int_equal(da_finalize(ctx), 0);
}

static void defect_7(da_context *ctx)
{
    static const char *const lines[] = {"b", "c", "c(3)", "b[0,0]", "u[[]]", "n"};
    for (size_t k = 0; k < sizeof lines / sizeof *lines; k++) {
        da_array *x = da_zeros(ctx, DA_SHAPE(0), DA_FLOAT64, DA_DIST(lines[k]));
        assert_int_equal(da_size(x), 0);
        assert_scalar(ctx, da_sum(da_add(x, 1.0), DA_ALL_AXES, 0), 0);
        assert_int_equal(da_compute(ctx, da_index(x, "::-1")), DA_OK);
        da_array *table = da_zeros(ctx, DA_SHAPE(3, 0), DA_FLOAT64, DA_DIST("c,b"));
        ASSERT_DOUBLES(ctx, da_sum(table, DA_AXES(1), 0), 0, 0, 0);
        assert_int_equal(da_size(da_sum(table, DA_AXES(0), 0)), 0);
        assert_int_equal(da_compute(ctx, da_redistribute(table, DA_DIST("n,c"))), DA_OK);
    }
    assert_scalar(ctx, da_zeros(ctx, DA_SHAPE_0D, DA_FLOAT64, NULL), 0);
    assert_scalar(ctx, da_ones(ctx, DA_SHAPE_0D, DA_INT32, NULL), 1);
    assert_int_equal(da_ndim(da_empty(ctx, DA_SHAPE_0D, DA_FLOAT64, NULL)), 0);
    double answer = 42;
    da_array *x = da_asarray(ctx, &answer, DA_SHAPE_0D, DA_FLOAT64, NULL);
    assert_scalar(ctx, x, 42);
    assert_scalar(ctx, da_index(x, "..."), 42);
    assert_scalar(ctx, da_add(x, da_sum(x, DA_ALL_AXES, 0)), 84);
    assert_poisoned(da_zeros(ctx, DA_SHAPE_0D, DA_FLOAT64, DA_DIST("b")), DA_ERR_DISTRIBUTION,
                    "1 maps for 0 dimensions");
    da_error_clear(ctx);
}

static void test_defect_7_empty_and_0d_arrays(void **state)
{
    (void)state;
    for (int engines = 1; engines <= 4; engines++) {
        da_context *ctx = open_with(engines, 1);
        defect_7(ctx);
        assert_int_equal(da_finalize(ctx), 0);
    }
}

/* Every second engine, and each alone. */
static void test_creation_on_engine_subsets(void **state)
{
    (void)state;
    da_context *ctx = open_with(4, 1);
    da_array *x = counting(ctx, DA_SHAPE(7, 13), "b,b engines 1,3");
    for (int e = 0; e < 4; e++)
        assert_int_equal(da_local_shape(x, e, NULL) > 0, e % 2);
    assert_counting(ctx, x);
    /* defect 8: views and what is computed stay on the engines of the array */
    da_array *view[] = {da_index(x, "::2, 3:"), da_astype(x, DA_INT32), da_add(x, x),
                        da_flip(x, DA_AXES(0))};
    for (size_t k = 0; k < sizeof view / sizeof *view; k++) {
        assert_int_equal(da_local_shape(view[k], 0, NULL), 0);
        assert_int_equal(da_local_shape(view[k], 2, NULL), 0);
        assert_true(da_local_shape(view[k], 1, NULL) > 0 && da_local_shape(view[k], 3, NULL) > 0);
    }
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_creation_all_n(void **state)
{
    (void)state;
    da_context *ctx = open_with(3, 1);
    da_array *x = counting(ctx, DA_SHAPE(3, 5), "n,n");
    assert_text(x, "n,n on engine 0");
    assert_counting(ctx, x);
    assert_counting(ctx, counting(ctx, DA_SHAPE(3, 5), "n,n grid 1x1 engines 2"));
    assert_int_equal(da_finalize(ctx), 0);
}

/* ---- defects of maps ---- */

static void test_defect_2_block_cyclic_partial_block(void **state)
{
    (void)state;
    da_context *ctx = open_with(4, 1);
    da_array *x = counting(ctx, DA_SHAPE(7), "c(2) engines 0,1"),
             *y = counting(ctx, DA_SHAPE(9), "c(5)");
    assert_int_equal(da_local_shape(x, 0, NULL), 4);
    assert_int_equal(da_local_shape(x, 1, NULL), 3);
    assert_int_equal(da_local_shape(y, 0, NULL), 5);
    assert_int_equal(da_local_shape(y, 1, NULL), 4);
    assert_counting(ctx, x);
    assert_counting(ctx, y);
    assert_scalar(ctx, da_index(x, "6"), 6);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_defect_4_views_of_every_map(void **state)
{
    (void)state;
    static const char *const dists[] = {"b", "c", "c(2)", "u[[9,0,5],[],[1,2,3,4,6,7,8]]",
                                        "b[0,1,1,10]"};
    da_context *ctx = open_with(3, 1);
    for (size_t k = 0; k < sizeof dists / sizeof *dists; k++) {
        da_array *x = counting(ctx, DA_SHAPE(10), dists[k]);
        ASSERT_DOUBLES(ctx, da_index(x, "::-3"), 9, 6, 3, 0);
        ASSERT_DOUBLES(ctx, da_index(x, "7:2:-2"), 7, 5, 3);
        assert_int_equal(da_size(da_index(x, "20:30")), 0);
        assert_int_equal(da_compute(ctx, da_index(x, "20:30")), DA_OK);
        da_array *table = counting(ctx, DA_SHAPE(4, 6), "b,b grid 1x3");
        assert_int_equal(da_size(da_index(table, "4:, 1:")), 0); /* empty along one axis only */
        assert_int_equal(da_compute(ctx, da_index(table, "4:, 1:")), DA_OK);
    }
    assert_int_equal(da_finalize(ctx), 0);
}

/* Adding two arrays with equal lists is local. */
static void test_defect_9_unstructured_operands(void **state)
{
    (void)state;
    const char *u = "u[[3,1],[0,5],[4,2]]";
    da_context *ctx = open_with(3, 1);
    da_array *x = da_keep(counting(ctx, DA_SHAPE(6), u)),
             *y = da_keep(counting(ctx, DA_SHAPE(6), u));
    da_counters before, after;
    assert_int_equal(da_compute(ctx, x), DA_OK);
    assert_int_equal(da_compute(ctx, y), DA_OK);
    da_counters_get(ctx, &before);
    da_array *z = da_keep(da_add(x, y));
    assert_int_equal(da_compute(ctx, z), DA_OK);
    da_counters_get(ctx, &after);
    assert_int_equal(after.messages, before.messages);
    ASSERT_DOUBLES(ctx, z, 0, 2, 4, 6, 8, 10);
    ASSERT_DOUBLES(ctx, da_add(z, counting(ctx, DA_SHAPE(6), "c")), 0, 3, 6, 9, 12, 15);
    da_drop(x);
    da_drop(y);
    da_drop(z);
    assert_int_equal(da_finalize(ctx), 0);
}

/* A difference of neighbours over halos sends nothing; it is computed between its operands. */
static void test_defect_12_halos(void **state)
{
    (void)state;
    da_context *ctx = open_with(4, 1);
    da_array *x = da_keep(counting(ctx, DA_SHAPE(20), "b(pad=1)"));
    da_counters before, after;
    assert_int_equal(da_compute(ctx, x), DA_OK);
    da_counters_get(ctx, &before);
    da_array *d = da_subtract(da_add(da_index(x, "1:-1"), da_index(x, "2:")), da_index(x, ":-2"));
    da_keep(d);
    assert_int_equal(da_compute(ctx, d), DA_OK);
    da_counters_get(ctx, &after);
    assert_int_equal(after.messages, before.messages);
    ASSERT_DOUBLES(ctx, d, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20);
    assert_scalar(ctx, da_sum(x, DA_ALL_AXES, 0), 190);
    da_drop(d);
    da_drop(x);
    assert_int_equal(da_finalize(ctx), 0);
}

/* ---- reductions ---- */

static void check_4x4(da_context *ctx, da_array *x)
{
    ASSERT_DOUBLES(ctx, da_sum(x, DA_AXES(0), 0), 24, 28, 32, 36);
    ASSERT_DOUBLES(ctx, da_sum(x, DA_AXES(-1), 0), 6, 22, 38, 54);
    ASSERT_DOUBLES(ctx, da_mean(x, DA_AXES(1), 0), 1.5, 5.5, 9.5, 13.5);
    ASSERT_DOUBLES(ctx, da_var(x, DA_AXES(0), 0, 0), 20, 20, 20, 20);
    ASSERT_DOUBLES(ctx, da_min(x, DA_AXES(0), 0), 0, 1, 2, 3);
    ASSERT_DOUBLES(ctx, da_max(x, DA_AXES(1), 0), 3, 7, 11, 15);
    assert_scalar(ctx, da_sum(x, DA_AXES(0, 1), 0), 120);
    assert_scalar(ctx, da_mean(x, DA_ALL_AXES, 0), 7.5);
    assert_scalar(ctx, da_var(x, DA_ALL_AXES, 0, 0), 21.25);
    assert_scalar(ctx, da_std(x, DA_ALL_AXES, 0, 0), sqrt(21.25));
    assert_scalar(ctx, da_sum(da_sum(x, DA_AXES(0), 0), DA_AXES(0), 0), 120); /* chained, to 0-d */
    ASSERT_DOUBLES(ctx, da_sum(da_astype(x, DA_INT32), DA_AXES(0), 0), 24, 28, 32, 36);
}

static void test_reductions_of_4x4(void **state)
{
    (void)state;
    static const char *const dists[] = {"b,b grid 2x2",
                                        "c,c grid 2x2",
                                        "c(3),b grid 2x2",
                                        "b[0,1,4],b[0,4,4] grid 2x2",
                                        "u[[2,0],[3,1]],u[[1],[0,3,2]]",
                                        "n,u[[3],[2],[1],[0]]",
                                        "b(pad=1),b(pad=1,periodic) grid 2x2"};
    da_context *ctx = open_with(4, 1);
    for (size_t k = 0; k < sizeof dists / sizeof *dists; k++)
        check_4x4(ctx, counting(ctx, DA_SHAPE(4, 4), dists[k]));
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_reductions_9x9_on_9x1(void **state)
{
    (void)state;
    da_context *ctx = open_with(9, 1); /* bug 403 */
    da_array *x = counting(ctx, DA_SHAPE(9, 9), "b,b grid 9x1");
    double rows[9], columns[9];
    for (int i = 0; i < 9; i++) {
        rows[i] = 81.0 * i + 36;
        columns[i] = 9.0 * i + 324;
    }
    assert_doubles(ctx, da_sum(x, DA_AXES(1), 0), 9, rows);
    assert_doubles(ctx, da_sum(x, DA_AXES(0), 0), 9, columns);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_reductions_of_four_cyclic_axes(void **state)
{
    (void)state;
    static const int n[] = {10, 4, 20, 6};
    da_context *ctx = open_with(4, 1);
    da_array *x = counting(ctx, DA_SHAPE(10, 4, 20, 6), "c,c,c,c");
    assert_scalar(ctx, da_sum(x, DA_ALL_AXES, 0), 4800.0 * 4799 / 2);
    for (int k = 0; k < 4; k++) {
        da_array *along = da_sum(x, DA_AXES(k), 0);
        assert_int_equal(da_size(along), 4800 / n[k]);
        assert_scalar(ctx, da_sum(along, DA_ALL_AXES, 0), 4800.0 * 4799 / 2);
        assert_scalar(ctx, da_max(along, DA_ALL_AXES, 0),
                      k == 0   ? 10 * 479 + 480.0 * 45
                      : k == 1 ? 4 * (4320 + 119) + 120.0 * 6
                      : k == 2 ? 20 * (4320 + 360 + 5) + 6.0 * 190
                               : 6 * 4794 + 15.0);
    }
    assert_int_equal(da_finalize(ctx), 0);
}

/* A mask of 200, and 14 elements whose variance once hung (bug 435). */
static void test_reductions_of_masks_and_uneven_parts(void **state)
{
    (void)state;
    da_context *ctx = open_with(4, 1);
    static const char *const dists[] = {"b", "c", "c(3)", "b[0,0,1,1,14]"};
    da_array *mask = da_greater(counting(ctx, DA_SHAPE(200), "c"), 49.5);
    assert_scalar(ctx, da_sum(mask, DA_ALL_AXES, 0), 150);
    assert_scalar(ctx, da_min(mask, DA_ALL_AXES, 0), 0);
    assert_scalar(ctx, da_max(mask, DA_ALL_AXES, 0), 1);
    assert_scalar(ctx, da_mean(mask, DA_ALL_AXES, 0), 0.75);
    assert_scalar(ctx, da_var(mask, DA_ALL_AXES, 0, 0), 0.1875);
    assert_scalar(ctx, da_std(mask, DA_ALL_AXES, 0, 0), sqrt(0.1875));
    for (size_t k = 0; k < sizeof dists / sizeof *dists; k++)
        assert_scalar(ctx, da_var(counting(ctx, DA_SHAPE(14), dists[k]), DA_ALL_AXES, 0, 0), 16.25);
    assert_int_equal(da_finalize(ctx), 0);
}

/* Results inherit bounds, block sizes and lists; the engines along a reduced axis hold copies. */
static void test_reductions_inherit_maps(void **state)
{
    (void)state;
    static const struct {
        const char *dist, *rows, *columns; /* after summing along axis 1, and along axis 0 */
    } row[] = {
        {"b[0,1,6],c(3) grid 2x2", "b(0,1,6) grid 2 in 2 copies", "c(3) grid 2 in 2 copies"},
        {"c(2),b[0,7,9] grid 2x2", "c(2) grid 2 in 2 copies", "b(0,7,9) grid 2 in 2 copies"},
        {"u[[5,4],[0],[1],[2,3]],n", "u grid 4", "n in 4 copies"},
        {"n,b", "n in 4 copies", "b grid 4"},
    };
    da_context *ctx = open_with(4, 1);
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        da_array *x = counting(ctx, DA_SHAPE(6, 9), row[k].dist);
        da_array *rows = da_sum(x, DA_AXES(1), 0), *columns = da_sum(x, DA_AXES(0), 0);
        assert_text(rows, row[k].rows);
        assert_text(columns, row[k].columns);
        ASSERT_DOUBLES(ctx, rows, 36, 117, 198, 279, 360, 441);
        ASSERT_DOUBLES(ctx, columns, 135, 141, 147, 153, 159, 165, 171, 177, 183);
        assert_scalar(ctx, da_sum(rows, DA_AXES(0), 0), 1431);
        for (int64_t i = 0; i < 6; i++) { /* who owned a row owns its sum */
            int64_t at[] = {i, 0};
            assert_int_equal(da_owner(rows, &i), da_owner(x, at));
        }
    }
    assert_int_equal(da_finalize(ctx), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_creation_irregular_bounds),
        cmocka_unit_test(test_creation_unstructured_permutations),
        cmocka_unit_test(test_defect_7_empty_and_0d_arrays),
        cmocka_unit_test(test_creation_on_engine_subsets),
        cmocka_unit_test(test_creation_all_n),
        cmocka_unit_test(test_defect_2_block_cyclic_partial_block),
        cmocka_unit_test(test_defect_4_views_of_every_map),
        cmocka_unit_test(test_defect_9_unstructured_operands),
        cmocka_unit_test(test_defect_12_halos),
        cmocka_unit_test(test_reductions_of_4x4),
        cmocka_unit_test(test_reductions_9x9_on_9x1),
        cmocka_unit_test(test_reductions_of_four_cyclic_axes),
        cmocka_unit_test(test_reductions_of_masks_and_uneven_parts),
        cmocka_unit_test(test_reductions_inherit_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
