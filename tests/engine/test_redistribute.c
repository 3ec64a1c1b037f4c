/* Redistribution between all pairs of maps and engine subsets: unique values, compared element by element, and compared on
 * the engines with an array that a function filled under the new distribution. */
#include "engine_test.h"

static double flat_at(const int64_t *i)
{
    return (double)i[0] + 1;
}
static double table_at(const int64_t *i)
{
    return (double)(i[0] * 1000 + i[1]);
}
static double cube_at(const int64_t *i)
{
    return (double)(i[0] * 10000 + i[1] * 100 + i[2]);
}
static double zero_at(const int64_t *i)
{
    (void)i;
    return 0;
}

/* 100-adic digits are the indices: what from_function writes and table_at and cube_at expect. */
static void fill_digits(int ndim, const int64_t *index, int64_t step, int64_t count, void *out,
                        const void *data)
{
    double base = *(const double *)data, value = 0, *to = out;
    for (int k = 0; k < ndim; k++)
        value = value * base + (double)index[k];
    for (int64_t i = 0; i < count; i++)
        to[i] = value + (double)(i * step);
}

static da_array *filled(int ndim, const int64_t *shape, double base,
                        const struct da__dist_spec *spec)
{
    return da__make_from_function(g, fill_digits, &base, sizeof base, ndim, shape, DA_FLOAT64,
                                  spec);
}

/* The difference is taken where the elements lie, so that gathering cannot hide a misplaced one. */
static void check_both_ways(int ndim, const int64_t *shape, double base,
                            const struct da__dist_spec *from, const struct da__dist_spec *to,
                            double (*value)(const int64_t *index), const char *what)
{
    da__scope_push(g);
    da_array *x = filled(ndim, shape, base, from);
    da_array *moved = da__make_redistribute(g, x, to);
    struct da__name name[] = {{"moved", moved}, {"there", filled(ndim, shape, base, to)}};
    da_array *worst = da__eval(g, "sum(abs(moved - there))", 2, name);
    da__node_keep(moved);
    check(worst, 0, NULL, zero_at, what);
    check(moved, ndim, shape, value, what);
    da__node_drop(moved);
    da__scope_pop(g);
}

static double minus_one_at(const int64_t *i)
{
    return flat_at(i) - 1;
}

static void pairs_of_maps(void **state)
{
    (void)state;
    const int64_t shape[1] = {23};
    struct layout l, m;
    char what[160];
    for (int a = 0; a < NMAPS; a++)
        for (int b = 0; b < NMAPS; b++)
            for (int s = 0; s < NSUBSETS; s++)
                for (int t = 0; t < NSUBSETS; t++) {
                    char from[] = {MAPS[a], '\0'}, to[] = {MAPS[b], '\0'};
                    layout_subset(&l, 1, shape, from, 0, s);
                    layout_subset(&m, 1, shape, to, 0, t);
                    snprintf(what, sizeof what, "%s to %s", l.text, m.text);
                    check_both_ways(1, shape, 1, &l.spec, &m.spec, minus_one_at, what);
                }
}

static void pairs_of_tables(void **state)
{
    (void)state;
    const int64_t shape[2] = {11, 6};
    struct layout l, m;
    char what[160];
    for (int a = 0; a < NMAPS * NMAPS; a++)
        for (int b = a % 5; b < NMAPS * NMAPS; b += 5) {
            char from[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'},
                 to[] = {MAPS[b / NMAPS], MAPS[b % NMAPS], '\0'};
            layout_subset(&l, 2, shape, from, 0, a % NSUBSETS);
            layout_subset(&m, 2, shape, to, 1, b % NSUBSETS);
            snprintf(what, sizeof what, "%s to %s", l.text, m.text);
            check_both_ways(2, shape, 1000, &l.spec, &m.spec, table_at, what);
        }
}

static void cubes(void **state)
{
    (void)state;
    static const char *const maps[] = {"bcu", "3ib", "nub", "ccn", "nnn", "unb", "i3c", "bnn"};
    const int64_t shape[3] = {5, 6, 7};
    struct layout l, m;
    char what[160];
    for (int a = 0; a < 8; a++)
        for (int b = 0; b < 8; b++) {
            layout(&l, 3, shape, maps[a], a);
            layout(&m, 3, shape, maps[b], b);
            snprintf(what, sizeof what, "%s to %s", l.text, m.text);
            check_both_ways(3, shape, 100, &l.spec, &m.spec, cube_at, what);
        }
}

/* The function's values for every pair of maps, without any exchange. */
static void functions_fill_all_maps(void **state)
{
    (void)state;
    const int64_t shape[2] = {13, 5};
    struct layout l;
    for (int a = 0; a < NMAPS * NMAPS; a++)
        for (int s = 0; s < NSUBSETS; s++) {
            char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
            layout_subset(&l, 2, shape, maps, 0, s);
            da__scope_push(g);
            check(filled(2, shape, 1000, &l.spec), 2, shape, table_at, l.text);
            da__scope_pop(g);
        }
}

/* Messages longer than one transport piece (1 MiB), and a strided one. */
static void long_messages(void **state)
{
    (void)state;
    const int64_t shape[2] = {600, 1000};
    struct layout l, m;
    check_both_ways(2, shape, 1000, layout(&l, 2, shape, "bn", 0), layout(&m, 2, shape, "nb", 0),
                    table_at, "600 x 1000, rows to columns");
    check_both_ways(2, shape, 1000, layout(&l, 2, shape, "nc", 0),
                    layout_subset(&m, 2, shape, "3n", 0, 2), table_at,
                    "600 x 1000, cyclic to one engine");
}

/* The flat index of 6 x 7 x 4 numbers, seen as 12 x 14. */
static double reshaped_at(const int64_t *index)
{
    return (double)(index[0] * 14 + index[1]);
}

static double stacked_at(const int64_t *index)
{
    return (double)(index[0] * 28 + index[1] * 4 + index[2]);
}

/* Every map into balanced blocks, and into other shapes under every map. */
static void balanced_and_reshaped(void **state)
{
    (void)state;
    const int64_t shape[3] = {6, 7, 4}, other[2] = {12, 14};
    struct layout l, m;
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char from[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], 'n', '\0'},
             to[] = {MAPS[a % NMAPS], MAPS[(a / 5) % NMAPS], '\0'};
        da__scope_push(g);
        da_array *x = numbers(3, shape, 0, 1, layout_subset(&l, 3, shape, from, a, a % NSUBSETS));
        da_array *even = da__make_rebalance(g, x);
        check(even, 3, shape, stacked_at, l.text);
        const struct da__dist *wanted = NULL;
        assert_int_equal(da__dist_make(3, shape, NULL, P, &wanted, NULL), DA_OK);
        assert_true(da__dist_equal(even->dist, wanted));
        da__dist_drop(wanted);
        assert_ptr_equal(da__make_rebalance(g, even), even); /* it lies so already */
        const struct da__dist_spec *spec = layout_subset(&m, 2, other, to, 0, (a / 3) % NSUBSETS);
        da_array *y = da__make_distribute_as(g, x, 2, other, spec);
        check(y, 2, other, reshaped_at, m.text);
        assert_int_equal(da__dist_make(2, other, spec, P, &wanted, NULL), DA_OK);
        assert_true(da__dist_equal(y->dist, wanted));
        da__dist_drop(wanted);
        check(da__make_distribute_as(g, y, 3, shape, NULL), 3, shape, stacked_at, "and back");
        const int64_t wrong[2] = {12, 13};
        const struct da__error *why = da__node_error(da__make_distribute_as(g, x, 2, wrong, NULL));
        assert_true(why != NULL && why->status == DA_ERR_SHAPE);
        da__scope_pop(g);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pairs_of_maps), cmocka_unit_test(pairs_of_tables),
    cmocka_unit_test(cubes),         cmocka_unit_test(functions_fill_all_maps),
    cmocka_unit_test(long_messages), cmocka_unit_test(balanced_and_reshaped),
};
ENGINE_TEST_MAIN(tests)
