/* Distributions: engines and coordinates, what is derived from them, equality, shipping. */
#include "core_test.h"

static const struct da__dist *make(int ndim, const int64_t *shape, const struct da__dist_spec *spec,
                                   int total)
{
    const struct da__dist *d = NULL;
    struct da__error err = {0};
    if (da__dist_make(ndim, shape, spec, total, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    return d;
}

/* A distribution from letters: "bnc". */
static const struct da__dist *make_kinds(int ndim, const int64_t *shape, const char *kinds,
                                         int total)
{
    struct da__map_spec map[DA_MAX_NDIM] = {{0}};
    for (int k = 0; k < ndim; k++)
        map[k].kind = kinds[k];
    struct da__dist_spec spec = {.nmaps = ndim, .map = map};
    return make(ndim, shape, &spec, total);
}

static void assert_text(const struct da__dist *d, const char *want)
{
    char buf[256];
    assert_string_equal(da__dist_text(d, buf, sizeof buf), want);
}

/* ---- the choice of a grid ---- */

/* The vectors that DistArray's own rule shares, and those where we use engines that it leaves idle
 * or refuses. */
static void grids(void **state)
{
    (void)state;
    static const struct {
        int ndim;
        int64_t shape[3];
        const char *kinds;
        int engines;
        int grid[3];
    } row[] = {
        {2, {20, 20}, "bb", 12, {3, 4}},
        {2, {20, 60}, "bb", 12, {2, 6}},
        {2, {60, 20}, "bb", 12, {6, 2}},
        {3, {100, 10, 300}, "bnc", 12, {2, 1, 6}},
        {3, {100, 50, 300}, "bbb", 12, {2, 1, 6}},
        {3, {100, 100, 150}, "bbb", 12, {2, 2, 3}},
        {3, {2, 3, 4}, "nbc", 4, {1, 2, 2}},
        {3, {5, 9, 3}, "cbc", 8, {2, 4, 1}},
        {2, {512, 512}, "cc", 6, {2, 3}},
        {2, {100, 100}, "bb", 7, {1, 7}},
        {3, {13, 17, 19}, "bnb", 4, {2, 1, 2}},
        {2, {5, 9}, "bb", 4, {2, 2}},  /* DistArray: 1 x 4, then one engine idle */
        {2, {2, 3}, "bb", 16, {2, 3}}, /* DistArray refuses these */
        {2, {2, 2}, "bb", 6, {2, 2}},
        {2, {3, 3}, "cc", 7, {2, 3}},
        {3, {4, 4, 4}, "bbb", 7, {1, 2, 3}},
        {1, {0}, "b", 4, {1}},
        {1, {3}, "b", 8, {3}},
        {2, {0, 10}, "bb", 4, {1, 4}},
    };
    for (size_t r = 0; r < sizeof row / sizeof *row; r++) {
        const struct da__dist *d =
            make_kinds(row[r].ndim, row[r].shape, row[r].kinds, row[r].engines);
        for (int k = 0; k < row[r].ndim; k++) {
            if (d->map[k].parts != row[r].grid[k])
                fail_msg("row %d, axis %d: %d parts, not %d", (int)r, k, d->map[k].parts,
                         row[r].grid[k]);
        }
        da__dist_drop(d);
    }
}

/* No smaller product of parts is accepted, and no other grid of that size has a smaller surface. */
static void grids_are_optimal(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        int64_t shape[3] = {random_in(1, 40), random_in(1, 40), random_in(1, 12)};
        int engines = (int)random_in(1, 60);
        const struct da__dist *d = make_kinds(3, shape, "bcb", engines);
        int most = 0;
        double best = 1e300;
        for (int x = 1; x <= engines && x <= shape[0]; x++) {
            for (int y = 1; x * y <= engines && y <= shape[1]; y++) {
                for (int z = 1; x * y * z <= engines && z <= shape[2]; z++) {
                    double cost = (double)x / (double)shape[0] + (double)y / (double)shape[1] +
                                  (double)z / (double)shape[2];
                    if (x * y * z > most || (x * y * z == most && cost < best))
                        best = cost;
                    most = x * y * z > most ? x * y * z : most;
                }
            }
        }
        double cost = 0;
        for (int k = 0; k < 3; k++)
            cost += d->map[k].parts / (double)shape[k];
        assert_int_equal(da__dist_nengines(d), most);
        assert_true(cost <= best * (1 + 1e-9));
        da__dist_drop(d);
    }
}

static void many_axes_and_engines(void **state)
{
    (void)state;
    int64_t shape[32];
    char kinds[33] = {0};
    for (int k = 0; k < 32; k++) {
        shape[k] = 2;
        kinds[k] = 'b';
    }
    const struct da__dist *d = make_kinds(32, shape, kinds, 5000);
    assert_int_equal(da__dist_nengines(d), 4096);
    da__dist_drop(d);
}

/* ---- what a user may say ---- */

static void defaults(void **state)
{
    (void)state;
    const int64_t shape[] = {10, 4};
    const struct da__dist *d = make(2, shape, NULL, 4);
    assert_text(d, "b,n grid 4x1");
    const int64_t rows[] = {3, 3, 2, 2}; /* balanced */
    for (int e = 0; e < 4; e++) {
        int64_t local[2];
        assert_int_equal(da__dist_local_shape(d, e, local), rows[e] * 4);
        assert_int_equal(local[0], rows[e]);
        assert_int_equal(local[1], 4);
    }
    da__dist_drop(d);

    d = make_kinds(2, shape, "nn", 4); /* whole: one engine */
    assert_text(d, "n,n on engine 0");
    assert_int_equal(da__dist_nengines(d), 1);
    assert_false(da__dist_has(d, 1));
    da__dist_drop(d);

    d = make(0, NULL, NULL, 3); /* a scalar: everywhere */
    assert_text(d, "scalar in 3 copies");
    for (int e = 0; e < 4; e++)
        assert_int_equal(da__dist_local_shape(d, e, NULL), e < 3);
    da__dist_drop(d);

    d = make_kinds(1, (const int64_t[]){0}, "b", 4);
    int64_t local[1];
    assert_int_equal(da__dist_local_shape(d, 0, local), 0);
    assert_true(da__dist_has(d, 0));
    da__dist_drop(d);
}

static void engine_subsets(void **state)
{
    (void)state;
    const int engines[] = {9, 2, 5, 7, 0};
    const struct da__map_spec map = {.kind = 'b'};
    struct da__dist_spec spec = {.nmaps = 1, .map = &map, .nengines = 5, .engines = engines};
    const int64_t shape[] = {3};
    const struct da__dist *d = make(1, shape, &spec, 10);
    const int used[] = {0, 2, 5};
    for (int p = 0; p < 3; p++) {
        int coord;
        assert_int_equal(da__dist_engine(d, &p), used[p]);
        assert_true(da__dist_coords(d, used[p], &coord));
        assert_int_equal(coord, p);
    }
    assert_false(da__dist_has(d, 7));
    assert_false(da__dist_has(d, 1));
    da__dist_drop(d);
}

static void expect_error(int ndim, const int64_t *shape, struct da__dist_spec spec, int total,
                         da_status status, const char *text)
{
    const struct da__dist *d = NULL;
    struct da__error err = {0};
    int64_t live = da__alloc_live();
    assert_int_equal(da__dist_make(ndim, shape, &spec, total, &d, &err), status);
    assert_int_equal(err.status, status);
    assert_string_equal(err.text, text);
    assert_int_equal(da__alloc_live(), live);
}

static void wrong_specifications(void **state)
{
    (void)state;
    const int64_t s[] = {6, 4};
    const da_status bad = DA_ERR_DISTRIBUTION;
    const struct da__map_spec bn[] = {{.kind = 'b'}, {.kind = 'n'}}, q = {.kind = 'q'};
    const struct da__map_spec bc[] = {{.kind = 'b', .block = 3}};
    const int g23[] = {2, 3}, g41[] = {4, 1}, g0[] = {0, 1};
    const int twice[] = {1, 0, 1}, far[] = {4};
    expect_error(2, s, (struct da__dist_spec){.nmaps = 2, .map = bn, .ngrid = 2, .grid = g23}, 9,
                 bad, "grid: axis 1 is split into 3 parts, its map 'n' has 1");
    expect_error(2, s, (struct da__dist_spec){.nmaps = 2, .map = bn, .ngrid = 2, .grid = g41}, 3,
                 bad, "grid (4, 1) needs 4 engines; there are 3");
    expect_error(2, s, (struct da__dist_spec){.nmaps = 2, .map = bn, .ngrid = 2, .grid = g0}, 3,
                 bad, "grid: axis 0 is split into 0 parts");
    expect_error(2, s, (struct da__dist_spec){.nmaps = 2, .map = bn, .ngrid = 1, .grid = g41}, 4,
                 bad, "grid of 1 numbers for 2 dimensions");
    expect_error(1, s, (struct da__dist_spec){.nmaps = 2, .map = bn}, 4, bad,
                 "distribution: 2 maps for 1 dimension");
    expect_error(1, s, (struct da__dist_spec){.nmaps = 1, .map = &q}, 4, bad,
                 "axis 0: unknown map 'q'; there are n, b, c and u");
    expect_error(1, s, (struct da__dist_spec){.nmaps = 1, .map = bc}, 4, bad,
                 "axis 0: block size 3 for map 'b'");
    expect_error(1, s, (struct da__dist_spec){.nengines = 3, .engines = twice}, 4, bad,
                 "engine 1 is named twice");
    expect_error(1, s, (struct da__dist_spec){.nengines = 1, .engines = far}, 4, bad,
                 "engine 4 does not exist; there are 4");
    expect_error(1, (const int64_t[]){-1}, (struct da__dist_spec){0}, 4, DA_ERR_SHAPE,
                 "distribution: axis 0 has extent -1");
}

static void wrong_bounds_and_lists(void **state)
{
    (void)state;
    const int64_t s[] = {6};
    const int64_t down[] = {0, 4, 3, 6}, shorter[] = {0, 3, 5};
    struct da__map_spec map = {.kind = 'b', .nbounds = 4, .bounds = down};
    const struct da__dist_spec spec = {.nmaps = 1, .map = &map};
    expect_error(1, s, spec, 4, DA_ERR_DISTRIBUTION, "axis 0: bound 3 follows 4");
    map = (struct da__map_spec){.kind = 'b', .nbounds = 3, .bounds = shorter};
    expect_error(1, s, spec, 4, DA_ERR_DISTRIBUTION,
                 "axis 0: bounds go from 0 to 5, not from 0 to 6");

    const int64_t x[] = {0, 5, 1}, y[] = {2, 3}, z[] = {2, 5, 3}, w[] = {2, 3, 6},
                  more[] = {2, 3, 4, 4};
    const int64_t *list[] = {x, y};
    int64_t nelem[] = {3, 2};
    map = (struct da__map_spec){.kind = 'u', .nlists = 2, .list_nelem = nelem, .list = list};
    expect_error(1, s, spec, 4, DA_ERR_DISTRIBUTION, "axis 0: index 4 is in no list");
    nelem[1] = 3;
    list[1] = z;
    expect_error(1, s, spec, 4, DA_ERR_DISTRIBUTION, "axis 0: index 5 is listed twice");
    list[1] = w;
    expect_error(1, s, spec, 4, DA_ERR_DISTRIBUTION,
                 "axis 0: index 6 of list 1 is outside of 0 to 5");
    list[1] = more;
    nelem[1] = 4;
    expect_error(1, s, spec, 4, DA_ERR_DISTRIBUTION,
                 "axis 0: the lists have 7 indices, the axis 6");
    nelem[1] = 3;
    expect_error(1, s, spec, 1, DA_ERR_DISTRIBUTION, "grid (2,) needs 2 engines; there are 1");
}

/* ---- random distributions ---- */

static const struct da__dist *random_dist(int ndim, const int64_t *shape, int total)
{
    struct da__map_spec map[3];
    int engines[64];
    int64_t id[64];
    for (int k = 0; k < ndim; k++) {
        map[k] = (struct da__map_spec){.kind = "nbc"[random_in(0, 2)]};
        if (map[k].kind == 'c')
            map[k].block = random_in(0, 3);
    }
    struct da__dist_spec spec = {.nmaps = ndim, .map = map};
    if (random_in(0, 1) != 0) {
        for (int64_t k = 0; k < total; k++)
            id[k] = k;
        shuffle(id, total);
        spec.nengines = (int)random_in(1, total);
        for (int k = 0; k < spec.nengines; k++)
            engines[k] = (int)id[k];
        spec.engines = engines;
    }
    return make(ndim, shape, &spec, total);
}

/* How many engines hold each element of a small shape; the holder's local position is checked on
 * the way. */
static void count_holders(const struct da__dist *d, const int64_t *shape, int total, int *holders)
{
    int64_t nelem = da__nelem(d->ndim, shape);
    memset(holders, 0, sizeof *holders * (size_t)nelem);
    for (int e = 0; e < total; e++) {
        int64_t local[DA_MAX_NDIM];
        int64_t n = da__dist_local_shape(d, e, local);
        struct da__index_set set[3];
        for (int k = 0; k < d->ndim; k++) {
            assert_int_equal(da__dist_local_set(d, e, k, &set[k]), DA_OK);
            assert_int_equal(set[k].nelem, local[k]);
        }
        for (int64_t at = 0; at < n; at++) {
            int64_t rest = at, element = 0, scale = 1;
            for (int k = d->ndim - 1; k >= 0; k--) {
                element += da__set_get(&set[k], rest % local[k]) * scale;
                scale *= shape[k];
                rest /= local[k];
            }
            assert_in_range(element, 0, nelem - 1);
            holders[element]++;
        }
        for (int k = 0; k < d->ndim; k++)
            da__set_free(&set[k]);
    }
}

static int64_t copies_of(const struct da__dist *d)
{
    int64_t split = 1;
    for (int k = 0; k < d->ndim; k++)
        split *= d->map[k].parts;
    return da__dist_nengines(d) / split;
}

static void check_complete(const struct da__dist *d, const int64_t *shape, int total)
{
    int holders[4096];
    int64_t nelem = da__nelem(d->ndim, shape), copies = copies_of(d), nengines = 0;
    assert_true(nelem <= 4096);
    count_holders(d, shape, total, holders);
    for (int64_t k = 0; k < nelem; k++)
        assert_int_equal(holders[k], copies);
    for (int e = 0; e < total; e++) {
        int coord[DA_MAX_NDIM];
        if (!da__dist_coords(d, e, coord))
            continue;
        nengines++;
        assert_int_equal(da__dist_engine(d, coord), e);
    }
    assert_int_equal(nengines, da__dist_nengines(d));
}

/* The engine that holds an element first. */
static int holder_of(const struct da__dist *d, const int64_t *index)
{
    int coord[DA_MAX_NDIM] = {0};
    for (int k = 0; k < d->ndim; k++) {
        if (d->axis_grid[k] >= 0)
            coord[d->axis_grid[k]] = da__map_owner(&d->map[k], index[k]);
    }
    return da__dist_engine(d, coord);
}

static int random_items(int ndim, const int64_t *shape, struct da__index_item *item)
{
    int n = 0;
    for (int k = 0; k < ndim; k++) {
        item[n] = (struct da__index_item){.kind = DA__INDEX_SLICE};
        if (random_in(0, 3) == 0 && shape[k] > 0) {
            item[n].kind = DA__INDEX_INT;
            item[n].start = random_in(-shape[k], shape[k] - 1);
        } else {
            item[n].has_step = random_in(0, 1) != 0;
            item[n].step = random_in(0, 1) != 0 ? random_in(1, 3) : -random_in(1, 3);
            item[n].has_start = random_in(0, 1) != 0;
            item[n].start = random_in(-12, 12);
        }
        n++;
        if (random_in(0, 5) == 0)
            item[n++] = (struct da__index_item){.kind = DA__INDEX_NEWAXIS};
    }
    return n;
}

/* A view's elements are where the base's are. */
static void check_view(const struct da__dist *base, const int64_t *shape, int total)
{
    struct da__index_item item[8];
    struct da__view v;
    int ndim;
    int64_t vshape[DA_MAX_NDIM];
    int nitems = random_items(base->ndim, shape, item);
    assert_int_equal(da__index_resolve(base->ndim, shape, nitems, item, &v, &ndim, vshape, NULL),
                     DA_OK);
    if (ndim > 3)
        return;
    const struct da__dist *d;
    assert_int_equal(da__dist_view(base, &v, vshape, &d), DA_OK);
    check_complete(d, vshape, total);
    int64_t nelem = da__nelem(ndim, vshape);
    for (int64_t at = 0; at < nelem; at++) {
        int64_t index[3], from[3], rest = at;
        for (int k = ndim - 1; k >= 0; k--) {
            index[k] = rest % vshape[k];
            rest /= vshape[k];
        }
        for (int b = 0; b < base->ndim; b++)
            from[b] = v.offset[b] + (v.axis[b] >= 0 ? v.step[b] * index[v.axis[b]] : 0);
        assert_int_equal(holder_of(d, index), holder_of(base, from));
    }
    da__dist_drop(d);
}

static void check_reduce(const struct da__dist *base, const int64_t *shape, int total)
{
    uint32_t mask = (uint32_t)random_in(0, (1 << base->ndim) - 1);
    for (int keepdims = 0; keepdims < 2; keepdims++) {
        const struct da__dist *d;
        int64_t rshape[3];
        int n = 0;
        assert_int_equal(da__dist_reduce(base, mask, keepdims != 0, &d), DA_OK);
        for (int k = 0; k < base->ndim; k++) {
            if ((mask >> k & 1) == 0)
                rshape[n++] = shape[k];
            else if (keepdims != 0)
                rshape[n++] = 1;
        }
        assert_int_equal(d->ndim, n);
        assert_int_equal(da__dist_nengines(d), da__dist_nengines(base));
        check_complete(d, rshape, total);
        da__dist_drop(d);
    }
}

static void check_shipping(const struct da__dist *d)
{
    struct da__bytes b = {0};
    const struct da__dist *copy;
    assert_int_equal(da__dist_write(d, &b), DA_OK);
    assert_true(b.nbytes < 1000);
    assert_int_equal(da__dist_read(&b, &copy), DA_OK);
    assert_int_equal(b.at, b.nbytes);
    assert_true(da__dist_equal(d, copy));
    struct da__hash x = da__hash_init(), y = da__hash_init();
    da__dist_hash(d, &x);
    da__dist_hash(copy, &y);
    assert_true(da__hash_equal(x, y));
    da__dist_drop(copy);
    da__bytes_free(&b);
}

static void random_distributions(void **state)
{
    (void)state;
    for (int round = 0; round < 1500; round++) {
        int ndim = (int)random_in(0, 3), total = (int)random_in(1, 12);
        int64_t shape[3];
        for (int k = 0; k < ndim; k++)
            shape[k] = random_in(0, 9);
        const struct da__dist *d = random_dist(ndim, shape, total);
        check_complete(d, shape, total);
        check_view(d, shape, total);
        check_reduce(d, shape, total);
        check_shipping(d);
        da__dist_drop(d);
    }
}

/* ---- derived distributions ---- */

static void broadcasts(void **state)
{
    (void)state;
    const int64_t shape[] = {1, 6}, wide[] = {5, 4, 6};
    struct da__map_spec map[] = {{.kind = 'b'}, {.kind = 'b'}};
    const int grid[] = {2, 3};
    struct da__dist_spec spec = {.nmaps = 2, .map = map, .ngrid = 2, .grid = grid};
    const struct da__dist *base = make(2, shape, &spec, 6), *d;
    assert_int_equal(da__dist_broadcast(base, 3, wide, &d), DA_OK);
    assert_text(d, "n,n,b grid 1x1x3"); /* the axis of one index is pinned to its owner */
    for (int e = 0; e < 6; e++)
        assert_int_equal(da__dist_has(d, e), e < 3);
    da__dist_drop(d);
    da__dist_drop(base);
}

static void diagonals_and_reductions(void **state)
{
    (void)state;
    const int64_t shape[] = {6, 6};
    const struct da__dist *base = make_kinds(2, shape, "bb", 4), *d;
    struct da__view v = {.ndim = 1, .base_ndim = 2, .axis = {0, 0}, .step = {1, 1}};
    assert_int_equal(da__dist_view(base, &v, shape, &d), DA_OK);
    assert_text(d, "b grid 2");
    check_complete(d, shape, 4);
    da__dist_drop(d);
    assert_int_equal(da__dist_reduce(base, 1, false, &d), DA_OK);
    assert_text(d, "b grid 2 in 2 copies");
    da__dist_drop(d);
    assert_int_equal(da__dist_reduce(base, 3, false, &d), DA_OK);
    assert_text(d, "scalar in 4 copies");
    const struct da__dist *everywhere;
    assert_int_equal(da__dist_replicated(0, NULL, 4, &everywhere), DA_OK);
    assert_true(da__dist_equal(d, everywhere)); /* 2 x 2 replicas are 4 replicas */
    struct da__hash x = da__hash_init(), y = da__hash_init();
    da__dist_hash(d, &x);
    da__dist_hash(everywhere, &y);
    assert_true(da__hash_equal(x, y));
    da__dist_drop(everywhere);
    da__dist_drop(d);
    da__dist_drop(base);
}

/* Every grid of one to three axes: for any axis what is asked of it holds, nothing is lost, and all engines keep work. */
static void along_an_axis(void **state)
{
    (void)state;
    static const char *const maps[] = {"b", "c", "u", "bb", "cn", "nb", "bcb", "nbb", "bnc"};
    const int64_t shape[3] = {5, 7, 6};
    static const int64_t even[] = {4, 2, 0}, odd[] = {1, 3};
    for (int m = 0; m < (int)(sizeof maps / sizeof *maps); m++)
        for (int axis = 0; axis < (int)strlen(maps[m]); axis++) {
            int ndim = (int)strlen(maps[m]);
            struct da__map_spec map[3] = {{0}};
            const int64_t *list[2] = {odd, even}, nlist[2] = {2, 3};
            int grid[3] = {1, 1, 1};
            for (int k = 0; k < ndim; k++) {
                map[k].kind = maps[m][k];
                grid[k] = maps[m][k] == 'n' ? 1 : 2;
                if (map[k].kind == 'u')
                    map[k] = (struct da__map_spec){
                        .kind = 'u', .nlists = 2, .list = list, .list_nelem = nlist};
            }
            struct da__dist_spec spec = {.nmaps = ndim, .map = map, .ngrid = ndim, .grid = grid};
            const struct da__dist *d = NULL, *ascending = NULL, *whole = NULL;
            assert_int_equal(da__dist_make(ndim, shape, &spec, 8, &d, NULL), DA_OK);
            assert_int_equal(da__dist_ascending(d, axis, &ascending), DA_OK);
            assert_int_equal(da__dist_whole(d, axis, &whole), DA_OK);
            check_complete(ascending, shape, 8);
            check_complete(whole, shape, 8);
            assert_true(da__map_ascends(&ascending->map[axis]));
            assert_int_equal(ascending->map[axis].parts, d->map[axis].parts);
            assert_int_equal(whole->map[axis].parts, 1);
            assert_int_equal(da__dist_nengines(whole), da__dist_nengines(d));
            int64_t parts = 1;
            for (int k = 0; k < ndim; k++)
                parts *= whole->map[k].parts;
            assert_int_equal(parts, ndim == 1 ? 1 : da__dist_nengines(d));
            da__dist_drop(d);
            da__dist_drop(ascending);
            da__dist_drop(whole);
        }
}

static void equal_however_it_was_said(void **state)
{
    (void)state;
    const int64_t shape[] = {8, 5};
    const int some[] = {0, 1, 2, 3, 7};
    const int grid[] = {4, 1};
    const struct da__map_spec map = {.kind = 'b'},
                              c2[] = {{.kind = 'c', .block = 2}, {.kind = 'b'}};
    const struct da__dist *a = make(2, shape, NULL, 4);
    struct da__dist_spec spec = {
        .nmaps = 1, .map = &map, .ngrid = 2, .grid = grid, .nengines = 5, .engines = some};
    const struct da__dist *b = make(2, shape, &spec, 9);
    assert_true(da__dist_equal(a, b)); /* engine 7 is not used */
    spec = (struct da__dist_spec){.nmaps = 2, .map = c2, .ngrid = 2, .grid = grid};
    const struct da__dist *c = make(2, shape, &spec, 4);
    assert_true(da__dist_equal(a, c));
    const struct da__dist *one, *single = make_kinds(2, shape, "cb", 1);
    da__dist_single(2, shape, 0, &one);
    assert_true(da__dist_equal(one, single));
    assert_false(da__dist_equal(one, a));
    const struct da__dist *other;
    da__dist_single(2, shape, 1, &other);
    assert_false(da__dist_equal(one, other));
    const struct da__dist *all[] = {a, b, c, one, single, other};
    for (int k = 0; k < 6; k++)
        da__dist_drop(all[k]);
}

static const struct da__dist *view_of(const struct da__dist *base, const char *text)
{
    int64_t shape[DA_MAX_NDIM], vshape[DA_MAX_NDIM];
    struct da__index_item item[8];
    struct da__view v;
    int nitems, ndim;
    const struct da__dist *d;
    for (int k = 0; k < base->ndim; k++)
        shape[k] = base->map[k].count;
    assert_int_equal(da__index_parse(text, 8, item, &nitems, NULL), DA_OK);
    assert_int_equal(da__index_resolve(base->ndim, shape, nitems, item, &v, &ndim, vshape, NULL),
                     DA_OK);
    assert_int_equal(da__dist_view(base, &v, vshape, &d), DA_OK);
    return d;
}

/* Views of views are views of the base; equal ones are equal by either road. */
static void views_of_views(void **state)
{
    (void)state;
    const int64_t shape[] = {24, 30};
    const struct da__dist *base = make_kinds(2, shape, "cb", 6);
    const struct da__dist *a = view_of(base, "2:20:2, 5:25"), *b = view_of(a, "::-1, 3:9");
    const struct da__dist *c = view_of(base, "18:0:-2, 8:14");
    assert_true(da__dist_equal(b, c));
    const struct da__dist *row = view_of(base, "7");
    assert_int_equal(row->ndim, 1);
    const struct da__dist *all[] = {base, a, b, c, row};
    for (int k = 0; k < 5; k++)
        da__dist_drop(all[k]);
}

/* ---- shipping ---- */

static const struct da__dist *make_lists_and_bounds(void)
{
    static const int64_t shape[] = {6, 9, 4}, bounds[] = {0, 2, 2, 9}, x[] = {5, 0, 3},
                         y[] = {1, 4, 2};
    static const int64_t *const list[] = {x, y};
    static const int64_t nelem[] = {3, 3};
    const struct da__map_spec map[] = {
        {.kind = 'u', .nlists = 2, .list_nelem = nelem, .list = list},
        {.kind = 'b', .nbounds = 4, .bounds = bounds},
        {.kind = 'c', .block = 2},
    };
    struct da__dist_spec spec = {.nmaps = 3, .map = map};
    return make(3, shape, &spec, 12);
}

static void lists_and_bounds_travel(void **state)
{
    (void)state;
    const struct da__dist *d = make_lists_and_bounds(), *v = view_of(d, "::-1, 1:, 2");
    assert_text(d, "u,b(0,2,2,9),c(2) grid 2x3x2");
    check_shipping(d);
    check_shipping(v);
    da__dist_drop(d);
    da__dist_drop(v);
}

static void size_does_not_grow_with_engines(void **state)
{
    (void)state;
    const int64_t shape[] = {INT64_C(1000000000000), 1000};
    int64_t nbytes[2];
    for (int k = 0; k < 2; k++) {
        struct da__bytes b = {0};
        const struct da__dist *d = make_kinds(2, shape, "bc", k == 0 ? 4 : 65536);
        assert_int_equal(da__dist_write(d, &b), DA_OK);
        nbytes[k] = b.nbytes;
        da__bytes_free(&b);
        da__dist_drop(d);
    }
    assert_int_equal(nbytes[0], nbytes[1]);
}

/* Whatever bytes come: a distribution that keeps its promises, or an error. */
static void damaged_bytes_are_refused(void **state)
{
    (void)state;
    const struct da__dist *d = make_lists_and_bounds();
    struct da__bytes b = {0};
    int64_t live = da__alloc_live();
    da__dist_write(d, &b);
    int accepted = 0;
    for (int round = 0; round < 30000; round++) {
        struct da__bytes in = {.nbytes = round % 3 == 0 ? random_in(0, b.nbytes) : b.nbytes};
        in.data = malloc((size_t)in.nbytes + 1);
        memcpy(in.data, b.data, (size_t)in.nbytes);
        for (int64_t k = random_in(0, 2); k > 0 && in.nbytes > 0; k--)
            in.data[random_in(0, in.nbytes - 1)] = (uint8_t)random_in(0, round % 2 == 0 ? 255 : 3);
        const struct da__dist *back;
        da_status status = da__dist_read(&in, &back);
        if (status == DA_OK) {
            int64_t local[3];
            for (int e = 0; e < 12; e++)
                da__dist_local_shape(back, e, local);
            da__dist_drop(back);
            accepted++;
        } else {
            assert_true(status == DA_ERR_FORMAT || status == DA_ERR_MEMORY);
        }
        free(in.data);
    }
    assert_true(accepted > 100);
    da__bytes_free(&b);
    assert_int_equal(da__alloc_live(), live);
    da__dist_drop(d);
}

/* Everything that allocates, with the n-th allocation failing. */
static da_status make_and_derive(const struct da__dist **made)
{
    static const int64_t shape[] = {6, 9}, x[] = {5, 0, 3}, y[] = {1, 4, 2}, bounds[] = {0, 2, 9};
    static const int64_t *const list[] = {x, y};
    static const int64_t nelem[] = {3, 3};
    static const int engines[] = {9, 1, 2, 5};
    const struct da__map_spec map[] = {
        {.kind = 'u', .nlists = 2, .list_nelem = nelem, .list = list},
        {.kind = 'b', .nbounds = 3, .bounds = bounds}};
    const struct da__dist_spec spec = {.nmaps = 2, .map = map, .nengines = 4, .engines = engines};
    DA_TRY(da__dist_make(2, shape, &spec, 10, &made[0], NULL));
    DA_TRY(da__dist_reduce(made[0], 2, true, &made[1]));
    DA_TRY(da__dist_broadcast(made[0], 2, shape, &made[2]));
    return da__dist_make(2, shape, NULL, 6, &made[3], NULL);
}

static void making_without_memory(void **state)
{
    (void)state;
    int64_t live = da__alloc_live();
    int failures = 0;
    for (da_status status = DA_ERR_MEMORY; status != DA_OK; failures++) {
        const struct da__dist *made[4] = {NULL};
        da__alloc_fail_at(failures + 1, failures % 2 == 0);
        status = make_and_derive(made);
        da__alloc_fail_at(0, false);
        assert_true(status == DA_OK || status == DA_ERR_MEMORY);
        for (int k = 0; k < 4; k++)
            da__dist_drop(made[k]);
        assert_int_equal(da__alloc_live(), live);
    }
    assert_true(failures > 20);
}

static void reading_without_memory(void **state)
{
    (void)state;
    const struct da__dist *warm = make_lists_and_bounds();
    struct da__bytes b = {0};
    da__dist_write(warm, &b);
    int64_t live = da__alloc_live();
    int failures = 0;
    for (int64_t n = 1;; n++) {
        const struct da__dist *back = NULL;
        b.at = 0;
        da__alloc_fail_at(n, true);
        da_status status = da__dist_read(&b, &back);
        da__alloc_fail_at(0, false);
        if (status == DA_OK) {
            da__dist_drop(back);
            break;
        }
        assert_int_equal(status, DA_ERR_MEMORY);
        assert_int_equal(da__alloc_live(), live);
        failures++;
    }
    assert_true(failures > 10);
    da__bytes_free(&b);
    da__dist_drop(warm);
}

/* ---- other shapes ---- */

static void assert_reshaped(int ndim, const int64_t *shape, const struct da__dist_spec *spec,
                            int total, int to_ndim, const int64_t *to, const char *want)
{
    const struct da__dist *d = make(ndim, shape, spec, total), *out = NULL;
    assert_int_equal(da__dist_reshape(d, to_ndim, to, &out), DA_OK);
    for (int k = 0; k < to_ndim; k++)
        assert_int_equal(out->map[k].count, to[k]);
    assert_text(out, want);
    da__dist_drop(out);
    da__dist_drop(d);
}

static void reshaped(void **state)
{
    (void)state;
    const int64_t rows[] = {8, 6, 5}, joined[] = {8, 30}, line[] = {240}, other[] = {3, 80};
    struct da__map_spec block = {.kind = 'b'}, whole = {.kind = 'n'}, cyclic = {.kind = 'c'},
                        uneven = {.kind = 'b', .nbounds = 3, .bounds = (const int64_t[]){0, 3, 8}};
    struct da__map_spec map[3] = {block, whole, whole};
    struct da__dist_spec spec = {.nmaps = 3, .map = map};
    assert_reshaped(3, rows, &spec, 4, 2, joined, "b,n grid 4x1");
    assert_reshaped(3, rows, &spec, 4, 1, line, "b grid 4");
    assert_reshaped(3, rows, &spec, 4, 2, other, "n,b grid 1x4");
    map[0] = cyclic;
    assert_reshaped(3, rows, &spec, 4, 2, joined, "c,n grid 4x1");
    assert_reshaped(3, rows, &spec, 4, 1, line, "c(30) grid 4");
    map[0] = uneven;
    assert_reshaped(3, rows, &spec, 2, 1, line, "b(0,90,240) grid 2");
    map[0] = block;
    map[1] = block;
    spec.ngrid = 3;
    spec.grid = (const int[]){2, 3, 1};
    assert_reshaped(3, rows, &spec, 6, 2, joined, "b,b grid 2x3");
    assert_reshaped(3, rows, &spec, 6, 1, line, "b grid 6"); /* two grids do not fit one axis */
    const int64_t back[] = {8, 6, 5};
    struct da__map_spec flat[1] = {{.kind = 'c', .block = 60}};
    spec = (struct da__dist_spec){.nmaps = 1, .map = flat};
    assert_reshaped(1, line, &spec, 4, 3, back, "c(2),n,n grid 4x1x1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grids),
        cmocka_unit_test(grids_are_optimal),
        cmocka_unit_test(many_axes_and_engines),
        cmocka_unit_test(defaults),
        cmocka_unit_test(engine_subsets),
        cmocka_unit_test(wrong_specifications),
        cmocka_unit_test(wrong_bounds_and_lists),
        cmocka_unit_test(random_distributions),
        cmocka_unit_test(broadcasts),
        cmocka_unit_test(diagonals_and_reductions),
        cmocka_unit_test(equal_however_it_was_said),
        cmocka_unit_test(views_of_views),
        cmocka_unit_test(reshaped),
        cmocka_unit_test(along_an_axis),
        cmocka_unit_test(lists_and_bounds_travel),
        cmocka_unit_test(size_does_not_grow_with_engines),
        cmocka_unit_test(damaged_bytes_are_refused),
        cmocka_unit_test(making_without_memory),
        cmocka_unit_test(reading_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
