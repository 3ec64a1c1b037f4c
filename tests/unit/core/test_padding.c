/* Halos of block maps: the protocol's vectors, what is stored, who gives what to whom, and what is refused. */
#include "core_test.h"

static const struct da__dist *make(int64_t size, int parts, const struct da__map_spec *map)
{
    const struct da__dist *d = NULL;
    struct da__error err = {0};
    struct da__dist_spec spec = {.nmaps = 1, .map = map, .ngrid = 1, .grid = &parts};
    if (da__dist_make(1, &size, &spec, parts, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    return d;
}

static void assert_stored(const struct da__dist *d, int part, int64_t start, int64_t stop,
                          int64_t left, int64_t right)
{
    struct da__index_set s;
    int64_t l, r, first, step;
    assert_int_equal(da__map_stored(&d->map[0], part, &s), DA_OK);
    assert_true(da__set_is_affine(&s, &first, &step));
    assert_int_equal(first, start);
    assert_int_equal(s.nelem, stop - start);
    assert_int_equal(da__map_stored_count(&d->map[0], part), stop - start);
    da__map_padding(&d->map[0], part, &l, &r);
    assert_int_equal(l, left);
    assert_int_equal(r, right);
    da__set_free(&s);
}

/* 18 indices on 2 engines with padding (1,1) at both: the outer one of each is part of the array. */
static void v11_padded_axis(void **state)
{
    (void)state;
    const struct da__map_spec map = {.kind = 'b', .padding = {1, 1}, .boundary = {1, 1}};
    const struct da__dist *d = make(18, 2, &map);
    assert_stored(d, 0, 0, 10, 1, 1);
    assert_stored(d, 1, 8, 18, 1, 1);
    for (int i = 0; i < 18; i++)
        assert_int_equal(da__map_owner(&d->map[0], i), i / 9);
    da__dist_drop(d);
}

/* Boundary (4, 0) and communication padding 1, 2, 3 at the three cuts. */
static void v12_widths_at_each_cut(void **state)
{
    (void)state;
    const int64_t cut[] = {1, 2, 3};
    const struct da__map_spec map = {.kind = 'b', .boundary = {4, 0}, .ncuts = 3, .cut = cut};
    const struct da__dist *d = make(40, 4, &map);
    assert_stored(d, 0, 0, 11, 4, 1);
    assert_stored(d, 1, 9, 22, 1, 2);
    assert_stored(d, 2, 18, 33, 2, 3);
    assert_stored(d, 3, 27, 40, 3, 0);
    da__dist_drop(d);
}

/* b rows of {size, rank, parts, start, stop, left, right, owned}. */
static void v15_owned_counts(void **state)
{
    (void)state;
    static const struct {
        int64_t size;
        int rank, parts;
        int64_t start, stop, left, right, owned;
    } row[] = {
        {50, 0, 10, 0, 10, 0, 0, 10},   {50, 7, 10, 30, 40, 0, 0, 10},
        {100, 0, 10, 0, 20, 3, 4, 16},  {100, 9, 10, 80, 100, 3, 4, 17},
        {100, 3, 10, 50, 70, 3, 4, 13}, {100, 0, 1, 0, 100, 3, 4, 100},
    };
    for (size_t k = 0; k < sizeof row / sizeof *row; k++)
        assert_int_equal(da__owned_count(row[k].rank, row[k].parts, row[k].start, row[k].stop,
                                         row[k].left, row[k].right),
                         row[k].owned);
}

/* Issue 282: 11 + 9 of 20, communication padding 2. */
static void v17_padding_of_irregular_blocks(void **state)
{
    (void)state;
    const int64_t bounds[] = {0, 11, 20};
    const struct da__map_spec map = {
        .kind = 'b', .nbounds = 3, .bounds = bounds, .padding = {2, 2}};
    const struct da__dist *d = make(20, 2, &map);
    assert_stored(d, 0, 0, 13, 0, 2);
    assert_stored(d, 1, 9, 20, 2, 0);
    assert_int_equal(da__owned_count(0, 2, 0, 13, 0, 2), 11);
    assert_int_equal(da__owned_count(1, 2, 9, 20, 2, 0), 9);
    da__dist_drop(d);
}

/* Both ends padded by 1 on 2 x 10 (V10 with halos): rows [0,1) and [1,2) store both rows. */
static void v10_grid_of_rows(void **state)
{
    (void)state;
    const int64_t shape[] = {2, 10};
    const int grid[] = {2, 1};
    const struct da__map_spec map[] = {{.kind = 'b', .padding = {1, 1}}, {.kind = 'b'}};
    struct da__dist_spec spec = {.nmaps = 2, .map = map, .ngrid = 2, .grid = grid};
    const struct da__dist *d = NULL;
    int64_t local[2];
    assert_int_equal(da__dist_make(2, shape, &spec, 2, &d, NULL), DA_OK);
    for (int engine = 0; engine < 2; engine++) {
        assert_int_equal(da__dist_local_shape(d, engine, local), 20);
        assert_int_equal(local[0], 2);
    }
    da__dist_drop(d);
}

/* ---- against plain loops ---- */

/* A random padded map that is legal; false where the draw is not. */
static const struct da__dist *draw(int64_t *size, int *parts)
{
    static int64_t bounds[9], cut[8];
    const struct da__dist *d = NULL;
    struct da__map_spec map = {.kind = 'b', .periodic = random_in(0, 1) == 1};
    *size = random_in(0, 40);
    *parts = (int)random_in(1, 8);
    for (int k = 0; k < 2; k++) {
        map.padding[k] = random_in(0, 4);
        map.boundary[k] = random_in(0, 3) > 0 ? 0 : random_in(0, 4);
    }
    if (random_in(0, 2) == 0) {
        for (int k = 0; k <= *parts; k++)
            bounds[k] = *size * k * k / (*parts * *parts);
        map.nbounds = *parts + 1;
        map.bounds = bounds;
    }
    if (*parts > 1 && random_in(0, 3) == 0) {
        for (int k = 0; k < *parts - 1; k++)
            cut[k] = random_in(0, 3);
        map.padding[0] = map.padding[1] = 0;
        map.ncuts = *parts - 1;
        map.cut = cut;
    }
    struct da__dist_spec spec = {.nmaps = 1, .map = &map, .ngrid = 1, .grid = parts};
    return da__dist_make(1, size, &spec, *parts, &d, NULL) == DA_OK ? d : NULL;
}

/* The core from the owners, the halos around it modulo the axis. */
static void stored_sets_wrap_as_numpy_take(void **state)
{
    (void)state;
    int legal = 0;
    for (int trial = 0; trial < 4000; trial++) {
        int64_t size;
        int parts;
        const struct da__dist *d = draw(&size, &parts);
        if (d == NULL)
            continue;
        legal++;
        const struct da__map *m = &d->map[0];
        for (int p = 0; p < parts; p++) {
            struct da__index_set s;
            int64_t left, right, lo = 0, n = da__map_local_count(m, p);
            while (lo < size && da__map_owner(m, lo) != p)
                lo++;
            da__map_padding(m, p, &left, &right);
            left = p > 0 || da__map_periodic(m) ? left : 0;
            right = p < parts - 1 || da__map_periodic(m) ? right : 0;
            assert_int_equal(da__map_stored(m, p, &s), DA_OK);
            assert_int_equal(s.nelem, da__map_stored_count(m, p));
            if (n > 0) { /* an empty block has no place to count from */
                assert_int_equal(s.nelem, left + n + right);
                for (int64_t k = 0; k < s.nelem; k++)
                    assert_int_equal(da__set_get(&s, k),
                                     da__floor_mod(lo - left + k, size > 0 ? size : 1));
            }
            da__set_free(&s);
        }
        da__dist_drop(d);
    }
    assert_true(legal > 1000);
}

/* Every index comes to every reader from exactly one coordinate, from its own part where that stores it, and at the place
 * where it lies there. */
static void shares_are_a_partition(void **state)
{
    (void)state;
    for (int trial = 0; trial < 2000; trial++) {
        int64_t size, at;
        int parts;
        const struct da__dist *d = draw(&size, &parts);
        if (d == NULL)
            continue;
        const struct da__map *m = &d->map[0];
        for (int reader = -1; reader < parts; reader++) {
            int from[40];
            struct da__index_set own = {0};
            memset(from, -1, sizeof from);
            if (reader >= 0)
                assert_int_equal(da__map_stored(m, reader, &own), DA_OK);
            for (int p = 0; p < parts; p++) {
                struct da__index_set given, stored;
                assert_int_equal(da__map_share(m, p, reader, &given, &at), DA_OK);
                assert_int_equal(da__map_stored(m, p, &stored), DA_OK);
                for (int64_t k = 0; k < given.nelem; k++) {
                    int64_t index = da__set_get(&given, k);
                    assert_int_equal(da__set_get(&stored, at + k), index);
                    assert_int_equal(from[index], -1);
                    from[index] = p;
                }
                da__set_free(&given);
                da__set_free(&stored);
            }
            for (int64_t i = 0; i < size; i++) {
                int want = da__map_owner(m, i);
                if (reader >= 0 && da__set_find(&own, i) >= 0)
                    want = reader;
                assert_int_equal(from[i], want);
            }
            da__set_free(&own);
        }
        da__dist_drop(d);
    }
}

/* Whoever stores an index of a set is among its holders. */
static void holders_are_found(void **state)
{
    (void)state;
    for (int trial = 0; trial < 2000; trial++) {
        int64_t size;
        int parts;
        const struct da__dist *d = draw(&size, &parts);
        if (d == NULL || size == 0) {
            da__dist_drop(d);
            continue;
        }
        const struct da__map *m = &d->map[0];
        struct da__index_set some;
        int64_t start = random_in(0, size - 1);
        assert_int_equal(da__set_range(&some, start, 1, random_in(1, size - start)), DA_OK);
        struct da__run holders = da__map_holders_of(m, &some);
        for (int p = 0; p < parts; p++) {
            struct da__index_set s;
            bool found = false, holds = false;
            assert_int_equal(da__map_stored(m, p, &s), DA_OK);
            for (int64_t k = 0; k < s.nelem; k++)
                holds |= da__set_find(&some, da__set_get(&s, k)) >= 0;
            for (int64_t k = 0; k < holders.count; k++)
                found |= da__floor_mod(holders.start + k * holders.step, parts) == p;
            assert_true(found || !holds);
            da__set_free(&s);
        }
        da__set_free(&some);
        da__dist_drop(d);
    }
}

/* ---- the life of a padded distribution ---- */

static void shipping_keeps_padding(void **state)
{
    (void)state;
    for (int trial = 0; trial < 1000; trial++) {
        int64_t size;
        int parts;
        const struct da__dist *d = draw(&size, &parts), *again = NULL, *core = NULL, *same = NULL;
        if (d == NULL)
            continue;
        struct da__bytes b = {0};
        struct da__hash h = da__hash_init(), k = da__hash_init();
        assert_int_equal(da__dist_write(d, &b), DA_OK);
        assert_int_equal(da__dist_read(&b, &again), DA_OK);
        assert_true(da__dist_equal(d, again));
        da__dist_hash(d, &h);
        da__dist_hash(again, &k);
        assert_true(da__hash_equal(h, k));
        assert_int_equal(da__dist_unpadded(d, &core), DA_OK);
        assert_int_equal(da__dist_unpadded(again, &same), DA_OK);
        assert_true(da__dist_equal(core, same));
        assert_int_equal(da__dist_equal(d, core), !da__dist_padded(d));
        for (int64_t cutoff = 0; cutoff < b.nbytes;
             cutoff += 8) { /* half a message is no distribution */
            const struct da__dist *half = NULL;
            struct da__bytes part = {.data = b.data, .nbytes = cutoff};
            assert_int_not_equal(da__dist_read(&part, &half), DA_OK);
        }
        da__bytes_free(&b);
        da__dist_drop(d);
        da__dist_drop(again);
        da__dist_drop(core);
        da__dist_drop(same);
    }
}

static void text_of_padding(void **state)
{
    (void)state;
    static const struct {
        const char *in, *text;
    } row[] = {
        {"pad=1)", "b(pad=1) grid 4"},
        {" pad = 1 )", NULL},
        {"pad=[1,2])", "b(pad=[1,2]) grid 4"},
        {"pad=2, boundary=[3,0])", "b(pad=2,boundary=[3,0]) grid 4"},
        {"pad=1,periodic)", "b(pad=1,boundary=1,periodic) grid 4"},
        {"periodic)", "b(periodic) grid 4"},
        {"boundary=5)", "b(boundary=5) grid 4"},
        {"pad=0)", "b grid 4"},
        {"pad=1", NULL},
        {"pad)", NULL},
        {"pad=-1)", NULL},
        {"pad=[1])", NULL},
        {"", NULL},
        {"margin=1)", NULL},
    };
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        struct da__map_spec map = {.kind = 'b'};
        const char *at = row[k].in;
        char text[128];
        assert_int_equal(da__padding_read(&at, &map), row[k].text != NULL);
        if (row[k].text == NULL)
            continue;
        assert_int_equal(*at, '\0');
        const struct da__dist *d = make(24, 4, &map);
        assert_string_equal(da__dist_text(d, text, sizeof text), row[k].text);
        da__dist_drop(d);
    }
}

static void views_lie_as_the_cores(void **state)
{
    (void)state;
    const struct da__map_spec map = {.kind = 'b', .padding = {2, 2}, .periodic = true};
    const struct da__dist *d = make(20, 4, &map), *sum = NULL;
    struct da__map view = da__map_view(&d->map[0], 1, 1, 18);
    assert_int_equal(da__map_stored_count(&view, 0), 4);
    assert_int_equal(da__dist_reduce(d, 0, false, &sum), DA_OK);
    assert_false(da__dist_padded(sum));
    da__dist_drop(sum);
    da__dist_drop(d);
}

static void chosen_grids_leave_room_for_halos(void **state)
{
    (void)state;
    const int64_t size = 10;
    const struct da__map_spec map = {.kind = 'b', .padding = {3, 3}};
    struct da__dist_spec spec = {.nmaps = 1, .map = &map};
    const struct da__dist *d = NULL;
    assert_int_equal(da__dist_make(1, &size, &spec, 7, &d, NULL), DA_OK);
    assert_int_equal(d->map[0].parts, 3);
    da__dist_drop(d);
}

static void bad_padding_is_told(void **state)
{
    (void)state;
    static const int64_t bounds[] = {0, 1, 12}, cut[] = {1, 2}, negative[] = {-1};
    static const struct {
        struct da__map_spec map;
        int parts;
        const char *words;
    } row[] = {
        {{.kind = 'b', .padding = {5, 0}}, 3, "padding of 5 to the left of part 1 is wider"},
        {{.kind = 'b', .padding = {0, 5}}, 3, "padding of 5 to the right of part 0 is wider"},
        {{.kind = 'b', .padding = {2, 2}, .nbounds = 3, .bounds = bounds}, 2, "left of part 1"},
        {{.kind = 'b', .boundary = {5, 0}}, 3, "left of part 0"},
        {{.kind = 'b', .boundary = {7, 6}}, 1, "boundary padding of 7 and 6"},
        {{.kind = 'b', .boundary = {0, 7}, .periodic = true}, 2, "right of part 1"},
        {{.kind = 'b', .padding = {-1, 0}}, 2, "padding of -1"},
        {{.kind = 'b', .boundary = {0, -3}}, 2, "padding of -3"},
        {{.kind = 'b', .padding = {13, 0}}, 1, "padding of 13 for an extent of 12"},
        {{.kind = 'b', .ncuts = 2, .cut = cut}, 2, "its map 'b' has 3"},
        {{.kind = 'b', .ncuts = 2, .cut = cut, .nbounds = 3, .bounds = bounds},
         2,
         "2 widths of padding for the cuts of 3 bounds"},
        {{.kind = 'b', .ncuts = 2, .cut = cut, .padding = {1, 1}}, 3, "by one width and by widths"},
        {{.kind = 'b', .ncuts = 1, .cut = negative}, 2, "padding of -1"},
        {{.kind = 'b', .ncuts = 1}, 2, "1 widths of padding"},
        {{.kind = 'b', .ncuts = -1}, 2, "-1 widths of padding"},
        {{.kind = 'n', .padding = {1, 1}}, 1, "padding for map 'n'"},
        {{.kind = 'c', .periodic = true}, 2, "padding for map 'c'"},
        {{.kind = 'c', .boundary = {1, 0}}, 2, "padding for map 'c'"},
    };
    const int64_t size = 12;
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        struct da__error err = {0};
        const struct da__dist *d = NULL;
        struct da__dist_spec spec = {
            .nmaps = 1, .map = &row[k].map, .ngrid = 1, .grid = &row[k].parts};
        assert_int_equal(da__dist_make(1, &size, &spec, 4, &d, &err), DA_ERR_DISTRIBUTION);
        if (strstr(err.text, row[k].words) == NULL || strchr(err.text, '\n') != NULL)
            fail_msg("row %d: \"%s\" does not say \"%s\"", (int)k, err.text, row[k].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v10_grid_of_rows),
        cmocka_unit_test(v11_padded_axis),
        cmocka_unit_test(v12_widths_at_each_cut),
        cmocka_unit_test(v15_owned_counts),
        cmocka_unit_test(v17_padding_of_irregular_blocks),
        cmocka_unit_test(stored_sets_wrap_as_numpy_take),
        cmocka_unit_test(shares_are_a_partition),
        cmocka_unit_test(holders_are_found),
        cmocka_unit_test(shipping_keeps_padding),
        cmocka_unit_test(text_of_padding),
        cmocka_unit_test(views_lie_as_the_cores),
        cmocka_unit_test(chosen_grids_leave_room_for_halos),
        cmocka_unit_test(bad_padding_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
