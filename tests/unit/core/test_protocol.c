/* The Distributed Array Protocol's examples: local index sets, shapes and values of every rank. */
#include "core_test.h"

static const int64_t shape_a[] = {5, 9};

static const struct da__dist *make(int ndim, const int64_t *shape, const struct da__map_spec *map,
                                   const int *grid, int total)
{
    const struct da__dist *d = NULL;
    struct da__error err = {0};
    struct da__dist_spec spec = {.nmaps = ndim, .map = map, .ngrid = ndim, .grid = grid};
    if (da__dist_make(ndim, shape, &spec, total, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    return d;
}

/* Ends a row of indices. */
enum { END = -1 };

static int64_t row_length(const int64_t *row)
{
    int64_t n = 0;
    while (row[n] != END)
        n++;
    return n;
}

/* Each rank's index sets, and so its shape, are the products of the rows of the axes; ranks are in
 * C order. */
static void check_2d(struct da__map_spec x, struct da__map_spec y, int rows, int columns,
                     const int64_t (*want_x)[10], const int64_t (*want_y)[10])
{
    const struct da__map_spec map[] = {x, y};
    const int grid[] = {rows, columns};
    const struct da__dist *d = make(2, shape_a, map, grid, rows * columns);
    for (int rank = 0; rank < rows * columns; rank++) {
        const int64_t *want[] = {want_x[rank / columns], want_y[rank % columns]};
        int64_t local[2];
        da__dist_local_shape(d, rank, local);
        for (int k = 0; k < 2; k++) {
            struct da__index_set s;
            assert_int_equal(da__dist_local_set(d, rank, k, &s), DA_OK);
            int64_t *have = set_elements(&s);
            assert_int_equal(local[k], row_length(want[k]));
            assert_int_equal(s.nelem, local[k]);
            assert_memory_equal(have, want[k], sizeof *have * (size_t)local[k]);
            free(have);
            da__set_free(&s);
        }
    }
    da__dist_drop(d);
}

static const int64_t halves_5[][10] = {{0, 1, 2, END}, {3, 4, END}};
static const int64_t halves_9[][10] = {{0, 1, 2, 3, 4, END}, {5, 6, 7, 8, END}};
static const int64_t cyclic_5[][10] = {{0, 2, 4, END}, {1, 3, END}};
static const int64_t cyclic_9[][10] = {{0, 2, 4, 6, 8, END}, {1, 3, 5, 7, END}};
static const int64_t all_5[][10] = {{0, 1, 2, 3, 4, END}};
static const int64_t all_9[][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, END}};
static const struct da__map_spec n = {.kind = 'n'}, b = {.kind = 'b'}, c = {.kind = 'c'};
static const struct da__map_spec c2 = {.kind = 'c', .block = 2};

static void v1_to_v5(void **state)
{
    (void)state;
    static const int64_t thirds_5[][10] = {{0, 1, END}, {2, 3, END}, {4, END}};
    static const int64_t thirds_9[][10] = {{0, 1, 2, END}, {3, 4, 5, END}, {6, 7, 8, END}};
    check_2d(b, n, 3, 1, thirds_5, all_9);
    check_2d(b, b, 3, 1, thirds_5, all_9);
    check_2d(b, b, 1, 3, all_5, thirds_9);
    check_2d(b, b, 2, 2, halves_5, halves_9);
    check_2d(b, c, 2, 2, halves_5, cyclic_9);
    check_2d(c, c, 2, 2, cyclic_5, cyclic_9);
}

static void v6_irregular(void **state)
{
    (void)state;
    static const int64_t bounds_x[] = {0, 1, 5}, bounds_y[] = {0, 2, 9};
    static const int64_t x[][10] = {{0, END}, {1, 2, 3, 4, END}};
    static const int64_t y[][10] = {{0, 1, END}, {2, 3, 4, 5, 6, 7, 8, END}};
    check_2d((struct da__map_spec){.kind = 'b', .nbounds = 3, .bounds = bounds_x},
             (struct da__map_spec){.kind = 'b', .nbounds = 3, .bounds = bounds_y}, 2, 2, x, y);
}

static void v7_block_cyclic(void **state)
{
    (void)state;
    static const int64_t x[][10] = {{0, 1, 4, END}, {2, 3, END}};
    static const int64_t y[][10] = {{0, 1, 4, 5, 8, END}, {2, 3, 6, 7, END}};
    check_2d(c2, c2, 2, 2, x, y);
}

/* V18: the same arrays by global data, a block axis by a block-cyclic one. */
static void v18_block_by_block_cyclic(void **state)
{
    (void)state;
    static const int64_t y[][10] = {{0, 1, 4, 5, 8, END}, {2, 3, 6, 7, END}};
    check_2d(b, c2, 2, 2, halves_5, y);
    check_2d(c2, c2, 2, 2, (const int64_t[][10]){{0, 1, 4, END}, {2, 3, END}}, y);
}

static const int64_t v8_x0[] = {3, 0}, v8_x1[] = {4, 2, 1};
static const int64_t v8_y0[] = {2, 3, 7, 1}, v8_y1[] = {6, 5, 8, 0, 4};

static void check_values(const struct da__dist *d, int rank, int64_t scale, const int64_t *want)
{
    struct da__index_set x, y;
    da__dist_local_set(d, rank, 0, &x);
    da__dist_local_set(d, rank, 1, &y);
    for (int64_t i = 0; i < x.nelem; i++) {
        for (int64_t j = 0; j < y.nelem; j++)
            assert_int_equal(scale * da__set_get(&x, i) + da__set_get(&y, j),
                             want[i * y.nelem + j]);
    }
    da__set_free(&x);
    da__set_free(&y);
}

static void v8_unstructured(void **state)
{
    (void)state;
    static const int64_t *const list_x[] = {v8_x0, v8_x1}, *const list_y[] = {v8_y0, v8_y1};
    static const int64_t nx[] = {2, 3}, ny[] = {4, 5};
    const struct da__map_spec map[] = {
        {.kind = 'u', .nlists = 2, .list_nelem = nx, .list = list_x},
        {.kind = 'u', .nlists = 2, .list_nelem = ny, .list = list_y}};
    check_2d(map[0], map[1], 2, 2, (const int64_t[][10]){{3, 0, END}, {4, 2, 1, END}},
             (const int64_t[][10]){{2, 3, 7, 1, END}, {6, 5, 8, 0, 4, END}});
    const struct da__dist *d = make(2, shape_a, map, (const int[]){2, 2}, 4);
    check_values(d, 0, 9, (const int64_t[]){29, 30, 34, 28, 2, 3, 7, 1});
    check_values(d, 3, 9,
                 (const int64_t[]){42, 41, 44, 36, 40, 24, 23, 26, 18, 22, 15, 14, 17, 9, 13});
    da__dist_drop(d);
}

static void v9_three_axes(void **state)
{
    (void)state;
    const int64_t shape[] = {5, 9, 3};
    const struct da__map_spec map[] = {c, b, c};
    const struct da__dist *d = make(3, shape, map, (const int[]){2, 2, 2}, 8);
    static const int64_t shapes[][3] = {{3, 5, 2}, {3, 5, 1}, {3, 4, 2}, {3, 4, 1},
                                        {2, 5, 2}, {2, 5, 1}, {2, 4, 2}, {2, 4, 1}};
    for (int rank = 0; rank < 8; rank++) {
        int64_t local[3];
        da__dist_local_shape(d, rank, local);
        assert_memory_equal(local, shapes[rank], sizeof local);
    }
    static const int64_t last[] = {43, 46, 49, 52, 97, 100, 103, 106};
    struct da__index_set s[3];
    for (int k = 0; k < 3; k++)
        da__dist_local_set(d, 7, k, &s[k]);
    for (int64_t at = 0; at < 8; at++) {
        int64_t i = da__set_get(&s[0], at / 4), j = da__set_get(&s[1], at % 4),
                k = da__set_get(&s[2], 0);
        assert_int_equal(27 * i + 3 * j + k, last[at]);
    }
    for (int k = 0; k < 3; k++)
        da__set_free(&s[k]);
    da__dist_drop(d);
}

static void v10_two_rows(void **state)
{
    (void)state;
    const int64_t shape[] = {2, 10};
    const struct da__map_spec map[] = {b, b};
    const struct da__dist *d = make(2, shape, map, (const int[]){2, 1}, 2);
    for (int rank = 0; rank < 2; rank++) {
        struct da__index_set s;
        int64_t local[2];
        assert_int_equal(da__dist_local_shape(d, rank, local), 10);
        da__dist_local_set(d, rank, 0, &s);
        assert_set(&s, rank);
        da__set_free(&s);
    }
    da__dist_drop(d);
}

static void check_lists(int64_t size, int parts, const int64_t *nelem, const int64_t *const *list)
{
    const struct da__map_spec map = {
        .kind = 'u', .nlists = parts, .list_nelem = nelem, .list = list};
    const struct da__dist *d = make(1, &size, &map, &parts, parts);
    for (int p = 0; p < parts; p++) {
        struct da__index_set s;
        da__dist_local_set(d, p, 0, &s);
        int64_t *have = set_elements(&s);
        assert_int_equal(s.nelem, nelem[p]);
        assert_memory_equal(have, list[p], sizeof *have * (size_t)nelem[p]);
        for (int64_t k = 0; k < nelem[p]; k++) {
            assert_int_equal(da__map_owner(&d->map[0], list[p][k]), p);
            assert_int_equal(da__map_local_of(&d->map[0], p, list[p][k]), k);
        }
        free(have);
        da__set_free(&s);
    }
    da__dist_drop(d);
}

static void v13_v14_unstructured(void **state)
{
    (void)state;
    static const int64_t p0[] = {19, 1, 0, 12, 2, 15, 4}, p1[] = {6, 13, 3};
    static const int64_t p2[] = {10, 25, 5,  21, 7, 18, 11, 26, 29, 24,
                                 23, 28, 14, 20, 9, 16, 27, 8,  17, 22};
    static const int64_t *const v13[] = {p0, p1, p2};
    check_lists(30, 3, (const int64_t[]){7, 3, 20}, v13);
    static const int64_t q0[] = {29, 38, 18, 19, 11, 33, 10, 1, 22, 25};
    static const int64_t q1[] = {5, 15, 34, 12, 16, 24, 23, 39, 6, 36};
    static const int64_t q2[] = {0, 7, 27, 4, 32, 37, 21, 26, 9, 17};
    static const int64_t q3[] = {35, 14, 20, 13, 3, 30, 2, 8, 28, 31};
    static const int64_t *const v14[] = {q0, q1, q2, q3};
    check_lists(40, 4, (const int64_t[]){10, 10, 10, 10}, v14);
}

static int64_t cyclic_count(int64_t size, int parts, int64_t block, int rank)
{
    const struct da__map_spec map = {.kind = 'c', .block = block};
    const struct da__dist *d = make(1, &size, &map, &parts, parts);
    int64_t count = da__map_local_count(&d->map[0], rank);
    da__dist_drop(d);
    return count;
}

static void v15_owned_counts(void **state)
{
    (void)state;
    assert_int_equal(da__owned_count(0, 10, 0, 10, 0, 0), 10);
    assert_int_equal(da__owned_count(7, 10, 30, 40, 0, 0), 10);
    assert_int_equal(da__owned_count(0, 10, 0, 20, 3, 4), 16);
    assert_int_equal(da__owned_count(9, 10, 80, 100, 3, 4), 17);
    assert_int_equal(da__owned_count(3, 10, 50, 70, 3, 4), 13);
    assert_int_equal(da__owned_count(0, 1, 0, 100, 3, 4), 100);
    assert_int_equal(cyclic_count(9, 4, 1, 0), 3);
    assert_int_equal(cyclic_count(9, 4, 1, 3), 2);
    assert_int_equal(cyclic_count(9, 4, 2, 0), 3);
    assert_int_equal(cyclic_count(9, 4, 5, 3), 0);
}

/* What rank 2 of 4 has of 16 indices. */
static void check_local(struct da__map_spec map, const int64_t *want, int64_t nwant)
{
    const int64_t size = 16;
    const int parts = 4;
    const struct da__dist *d = make(1, &size, &map, &parts, parts);
    int rank = map.kind == 'c' && map.block == 2 ? 1 : 2;
    assert_int_equal(da__map_local_count(&d->map[0], rank), nwant);
    for (int64_t i = 0; i < size; i++) {
        int64_t position = -1;
        for (int64_t k = 0; k < nwant; k++)
            position = want[k] == i ? k : position;
        assert_int_equal(da__map_local_of(&d->map[0], rank, i), position);
    }
    da__dist_drop(d);
}

static void v19_local_maps(void **state)
{
    (void)state;
    check_local(c, (const int64_t[]){2, 6, 10, 14}, 4);
    check_local(c2, (const int64_t[]){2, 3, 10, 11}, 4);
    check_local((struct da__map_spec){.kind = 'c', .block = 4}, (const int64_t[]){8, 9, 10, 11}, 4);
    check_local(b, (const int64_t[]){8, 9, 10, 11}, 4);
    const int64_t size = 40, bounds[] = {0, 16, 39, 40};
    const struct da__map_spec irregular = {.kind = 'b', .nbounds = 4, .bounds = bounds};
    const int parts = 3;
    const struct da__dist *d = make(1, &size, &irregular, &parts, parts);
    assert_int_equal(da__map_local_of(&d->map[0], 1, 16), 0);
    assert_int_equal(da__map_local_of(&d->map[0], 1, 38), 22);
    assert_int_equal(da__map_local_of(&d->map[0], 1, 15), -1);
    assert_int_equal(da__map_local_of(&d->map[0], 1, 39), -1);
    da__dist_drop(d);
}

static void v20_global_limits(void **state)
{
    (void)state;
    static const int64_t limits[][4][2] = {{{0, 3}, {4, 7}, {8, 11}, {12, 15}},
                                           {{0, 12}, {1, 13}, {2, 14}, {3, 15}}};
    const int64_t shape[] = {16, 16};
    for (int k = 0; k < 2; k++) {
        const struct da__map_spec map[] = {k == 0 ? b : c, n};
        const struct da__dist *d = make(2, shape, map, (const int[]){4, 1}, 4);
        for (int rank = 0; rank < 4; rank++) {
            struct da__index_set s;
            da__dist_local_set(d, rank, 0, &s);
            assert_int_equal(da__set_get(&s, 0), limits[k][rank][0]);
            assert_int_equal(da__set_get(&s, s.nelem - 1), limits[k][rank][1]);
            da__set_free(&s);
        }
        da__dist_drop(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v1_to_v5),
        cmocka_unit_test(v6_irregular),
        cmocka_unit_test(v7_block_cyclic),
        cmocka_unit_test(v8_unstructured),
        cmocka_unit_test(v9_three_axes),
        cmocka_unit_test(v10_two_rows),
        cmocka_unit_test(v13_v14_unstructured),
        cmocka_unit_test(v15_owned_counts),
        cmocka_unit_test(v18_block_by_block_cyclic),
        cmocka_unit_test(v19_local_maps),
        cmocka_unit_test(v20_global_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
