/* What DistArray's own tests ask of distributions and index helpers, and the vectors of its defects. */
#include "core_test.h"

static const struct da__dist *make(int ndim, const int64_t *shape, const struct da__map_spec *map,
                                   const int *grid, int engines)
{
    const struct da__dist *d = NULL;
    struct da__error err = {0};
    struct da__dist_spec spec = {
        .nmaps = ndim, .map = map, .ngrid = grid != NULL ? ndim : 0, .grid = grid};
    if (da__dist_make(ndim, shape, &spec, engines, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    return d;
}

static const struct da__dist *line(int64_t n, char kind, int64_t block, int parts)
{
    const struct da__map_spec map = {.kind = kind, .block = block};
    return make(1, &n, &map, &parts, parts);
}

/* Drops both. */
static void assert_equal(const struct da__dist *a, const struct da__dist *b, bool equal)
{
    struct da__hash x = da__hash_init(), y = da__hash_init();
    assert_int_equal(da__dist_equal(a, b), equal);
    assert_int_equal(da__dist_equal(b, a), equal);
    da__dist_hash(a, &x);
    da__dist_hash(b, &y);
    assert_true(!equal || da__hash_equal(x, y));
    da__dist_drop(a);
    da__dist_drop(b);
}

/* ---- defects ---- */

static void defect_2_block_cyclic_partial_block(void **state)
{
    (void)state;
    static const struct {
        int64_t n, block;
        int parts;
        int64_t count[4];
    } row[] = {{7, 2, 2, {4, 3}}, {9, 5, 4, {5, 4, 0, 0}}, {9, 2, 4, {3, 2, 2, 2}}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        const struct da__dist *d = line(row[k].n, 'c', row[k].block, row[k].parts);
        for (int p = 0; p < row[k].parts; p++)
            assert_int_equal(da__map_local_count(&d->map[0], p), row[k].count[p]);
        for (int64_t i = 0; i < row[k].n; i++) {
            int owner = (int)(i / row[k].block % row[k].parts);
            assert_int_equal(da__map_owner(&d->map[0], i), owner);
            assert_true(da__map_local_of(&d->map[0], owner, i) >= 0);
        }
        da__dist_drop(d);
    }
}

static void defect_3_reductions_keep_maps(void **state)
{
    (void)state;
    const int64_t shape[] = {6, 10}, bounds[] = {0, 1, 4, 10}, even[] = {0, 2, 4, 6, 8},
                  odd[] = {9, 7, 5, 3, 1}, none[1] = {0}, nelem[] = {5, 0, 5};
    const int64_t *const list[] = {even, none, odd};
    const struct da__map_spec map[][2] = {
        {{.kind = 'n'}, {.kind = 'b', .nbounds = 4, .bounds = bounds}},
        {{.kind = 'n'}, {.kind = 'c', .block = 3}},
        {{.kind = 'n'}, {.kind = 'u', .nlists = 3, .list_nelem = nelem, .list = list}},
    };
    const int grid[] = {1, 3};
    for (int k = 0; k < 3; k++) {
        const struct da__dist *d = make(2, shape, map[k], grid, 3), *sum = NULL;
        assert_int_equal(da__dist_reduce(d, 1, false, &sum), DA_OK);
        assert_equal(sum, make(1, &shape[1], &map[k][1], &grid[1], 3), true);
        da__dist_drop(d);
    }
}

static void defect_6_grids(void **state)
{
    (void)state;
    const int64_t five_nine[] = {5, 9}, ten = 10, hundred = 100;
    const struct da__map_spec b[] = {{.kind = 'b'}, {.kind = 'b'}};
    const struct da__dist *d = make(2, five_nine, b, NULL, 4);
    assert_int_equal(d->map[0].parts, 2);
    assert_int_equal(d->map[1].parts, 2);
    da__dist_drop(d);
    d = make(1, &ten, b, NULL, 4); /* 3,3,2,2 and not 3,3,3,1 */
    for (int p = 0; p < 4; p++)
        assert_int_equal(da__map_local_count(&d->map[0], p), p < 2 ? 3 : 2);
    da__dist_drop(d);
    d = make(1, &hundred, b, NULL, 9); /* one of 12, eight of 11, not eight of 12 and 4 */
    for (int p = 0; p < 9; p++)
        assert_int_equal(da__map_local_count(&d->map[0], p), p < 1 ? 12 : 11);
    da__dist_drop(d);
}

/* No grid that is chosen has an empty part, whatever the extents and the number of engines. */
static void creation_no_empty_locals(void **state)
{
    (void)state;
    for (int engines = 1; engines <= 13; engines++)
        for (int64_t n = 1; n <= 19; n++)
            for (int64_t m = 0; m <= 5; m++) {
                const struct da__map_spec b[] = {{.kind = 'b'}, {.kind = "bc"[m % 2]}};
                const int64_t shape[] = {n, m};
                int ndim = m > 0 ? 2 : 1;
                const struct da__dist *d = make(ndim, shape, b, NULL, engines);
                for (int k = 0; k < ndim; k++)
                    for (int p = 0; p < d->map[k].parts; p++)
                        assert_true(da__map_local_count(&d->map[k], p) > 0);
                if (ndim == 1)
                    assert_int_equal(d->map[0].parts, n < engines ? n : engines);
                da__dist_drop(d);
            }
}

static void creation_local_shapes_of_bc(void **state)
{
    (void)state;
    const int64_t shape[] = {5, 9}, want[4][2] = {{3, 5}, {3, 4}, {2, 5}, {2, 4}};
    const struct da__map_spec two[] = {{.kind = 'c', .block = 2}, {.kind = 'c', .block = 2}},
                              b_c[] = {{.kind = 'b'}, {.kind = 'c'}};
    const int grid[] = {2, 2};
    for (int k = 0; k < 2; k++) {
        const struct da__dist *d = make(2, shape, k == 0 ? two : b_c, grid, 4);
        for (int e = 0; e < 4; e++) {
            int64_t local[2];
            da__dist_local_shape(d, e, local);
            assert_memory_equal(local, want[e], sizeof local);
        }
        da__dist_drop(d);
    }
}

static void creation_grid_is_kept(void **state)
{
    (void)state;
    const int64_t shape[] = {4, 4, 4}, small[] = {3, 3, 3};
    const struct da__map_spec bnb[] = {{.kind = 'b'}, {.kind = 'n'}, {.kind = 'b'}};
    const int grid[] = {1, 1, 4}; /* bug 235 */
    const struct da__dist *d = make(3, shape, bnb, grid, 4);
    for (int k = 0; k < 3; k++)
        assert_int_equal(d->map[k].parts, grid[k]);
    da__dist_drop(d);
    for (int axis = 0; axis < 3; axis++) { /* three engines: (3,), (3,1), (1,3), … */
        struct da__map_spec map[3] = {{.kind = 'n'}, {.kind = 'n'}, {.kind = 'n'}};
        map[axis].kind = 'b';
        d = make(3, small, map, NULL, 3);
        for (int k = 0; k < 3; k++)
            assert_int_equal(d->map[k].parts, k == axis ? 3 : 1);
        da__dist_drop(d);
    }
}

/* ---- owners ---- */

static void distribution_owner_formulas(void **state)
{
    (void)state;
    const int64_t shape[] = {31, 53}, small[] = {3, 5};
    const struct da__map_spec bn[] = {{.kind = 'b'}, {.kind = 'n'}},
                              bb[] = {{.kind = 'b'}, {.kind = 'b'}},
                              cc[] = {{.kind = 'c'}, {.kind = 'c'}};
    const int grid[] = {2, 2};
    const struct da__dist *d = make(2, shape, bn, NULL, 4), *b = make(2, small, bb, grid, 4),
                          *c = make(2, small, cc, grid, 4);
    for (int i = 0; i < 31; i++) /* 8,8,8,7 */
        assert_int_equal(da__map_owner(&d->map[0], i), i / 8);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(da__map_owner(&b->map[0], i), i / 2);
        assert_int_equal(da__map_owner(&c->map[0], i), i % 2);
    }
    for (int j = 0; j < 5; j++) {
        int coord[] = {1, da__map_owner(&b->map[1], j)};
        assert_int_equal(coord[1], j / 3);
        assert_int_equal(da__dist_engine(b, coord), 2 + j / 3); /* ranks go in C order */
        assert_int_equal(da__map_owner(&c->map[1], j), j % 2);
    }
    da__dist_drop(d);
    da__dist_drop(b);
    da__dist_drop(c);
}

/* ---- which distributions are the same ---- */

static void distribution_compatible(void **state)
{
    (void)state;
    const int64_t shape[] = {10, 20, 30}, plane[] = {10, 20};
    const struct da__map_spec bcn[] = {{.kind = 'b'}, {.kind = 'c'}, {.kind = 'n'}},
                              nnn[] = {{.kind = 'n'}, {.kind = 'n'}, {.kind = 'n'}},
                              bc[] = {{.kind = 'b'}, {.kind = 'c', .block = 2}},
                              cb[] = {{.kind = 'c'}, {.kind = 'b'}};
    const int ones[] = {1, 1, 1};
    assert_equal(make(3, shape, bcn, ones, 4), make(3, shape, nnn, NULL, 4), true);
    assert_equal(make(2, plane, bc, ones, 4), make(2, plane, cb, ones, 4), true);
    assert_equal(line(19937, 'b', 0, 1), line(19937, 'c', 0, 1), true);
    assert_equal(line(19937, 'b', 0, 1), line(19937, 'c', 7, 1), true);
    assert_equal(line(19937, 'b', 0, 2), line(19937, 'c', 0, 2), false);
    assert_equal(line(19937, 'b', 0, 1), line(19937, 'b', 0, 2), false);
    assert_equal(line(9, 'b', 0, 2), line(10, 'b', 0, 2), false);
    assert_equal(line(10, 'c', 5, 2), line(10, 'b', 0, 2), true); /* blocks of ceil(n/p) */
    assert_equal(line(10, 'b', 0, 2), line(10, 'b', 0, 2), true);
}

/* DistArray cannot say whether lists agree (its defect 9). */
static void defect_9_unstructured_maps_compare(void **state)
{
    (void)state;
    int64_t low[] = {0, 1, 2, 3, 4}, high[] = {5, 6, 7, 8, 9}, other[] = {9, 8, 7, 6, 5};
    const int64_t nelem[] = {5, 5}, ten = 10;
    const int64_t *const list[] = {low, high}, *const reversed[] = {low, other};
    const struct da__map_spec u = {.kind = 'u', .nlists = 2, .list_nelem = nelem, .list = list},
                              v = {.kind = 'u', .nlists = 2, .list_nelem = nelem, .list = reversed};
    const int grid = 2;
    assert_equal(make(1, &ten, &u, &grid, 2), make(1, &ten, &u, &grid, 2), true);
    assert_equal(make(1, &ten, &u, &grid, 2), make(1, &ten, &v, &grid, 2), false);
    assert_equal(make(1, &ten, &v, &grid, 2), line(10, 'b', 0, 2), false);
}

/* Halos are part of what a distribution is. */
static void defect_12_padding_compares(void **state)
{
    (void)state;
    const int64_t n = 20;
    const int grid = 4;
    const struct da__map_spec plain = {.kind = 'b'}, one = {.kind = 'b', .padding = {1, 1}},
                              two = {.kind = 'b', .padding = {2, 1}},
                              ring = {.kind = 'b', .padding = {1, 1}, .periodic = true};
    assert_equal(make(1, &n, &one, &grid, 4), make(1, &n, &one, &grid, 4), true);
    assert_equal(make(1, &n, &one, &grid, 4), make(1, &n, &plain, &grid, 4), false);
    assert_equal(make(1, &n, &one, &grid, 4), make(1, &n, &two, &grid, 4), false);
    assert_equal(make(1, &n, &one, &grid, 4), make(1, &n, &ring, &grid, 4), false);
}

/* ---- index helpers ---- */

static void index_helpers_interval_intersections(void **state)
{
    (void)state;
    static const struct {
        int64_t a[3], b[3], start, stop, step; /* (start, stop, step), stop == start: none */
    } row[] = {
        {{0, 60, 1}, {15, 30, 1}, 15, 30, 1},  {{0, 60, 2}, {15, 30, 1}, 16, 29, 2},
        {{0, 59, 2}, {15, 90, 1}, 16, 59, 2},  {{0, 4, 1}, {3, 7, 1}, 3, 4, 1},
        {{0, 60, 1000}, {15, 30, 1}, 0, 0, 1}, {{0, 10, 1}, {20, 30, 1}, 0, 0, 1},
    };
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        struct da__index_set a, b;
        struct da__match_list l;
        const int64_t *x = row[k].a, *y = row[k].b;
        assert_int_equal(da__set_range(&a, x[0], x[2], da__ceil_div(x[1] - x[0], x[2])), DA_OK);
        assert_int_equal(da__set_range(&b, y[0], y[2], da__ceil_div(y[1] - y[0], y[2])), DA_OK);
        assert_int_equal(da__set_intersect(&a, &b, &l), DA_OK);
        assert_int_equal(l.nelem, da__ceil_div(row[k].stop - row[k].start, row[k].step));
        for (int64_t i = 0; i < l.nelem; i++) {
            assert_int_equal(l.n, 1);
            assert_int_equal(da__set_get(&a, l.m[0].a + i * l.m[0].step_a),
                             row[k].start + i * row[k].step);
        }
        da__matches_free(&l);
        da__set_free(&a);
        da__set_free(&b);
    }
}

static void index_helpers_positivify(void **state)
{
    (void)state;
    static const struct {
        int64_t index, want; /* of 10; -1: out of range */
    } row[] = {{5, 5}, {-2, 8}, {11, -1}, {-51, -1}, {0, 0}, {-10, 0}, {9, 9}, {10, -1}, {-11, -1}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        int axis;
        da_status status = da__axis(row[k].index, 10, "positivify", &axis, NULL);
        assert_int_equal(status == DA_OK, row[k].want >= 0);
        if (status == DA_OK)
            assert_int_equal(axis, row[k].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defect_2_block_cyclic_partial_block),
        cmocka_unit_test(defect_3_reductions_keep_maps),
        cmocka_unit_test(defect_6_grids),
        cmocka_unit_test(creation_no_empty_locals),
        cmocka_unit_test(creation_local_shapes_of_bc),
        cmocka_unit_test(creation_grid_is_kept),
        cmocka_unit_test(distribution_owner_formulas),
        cmocka_unit_test(distribution_compatible),
        cmocka_unit_test(defect_9_unstructured_maps_compare),
        cmocka_unit_test(defect_12_padding_compares),
        cmocka_unit_test(index_helpers_interval_intersections),
        cmocka_unit_test(index_helpers_positivify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
