/* The byte-cost model against counting element by element, for random maps, grids, subsets of engines and views, wrapped ones
 * too; and its estimates where there are too many engines to look at each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cost.h"

enum { MOST_DIMS = 3, MOST_ENGINES = 12, MOST_EXTENT = 14 };

static uint64_t state;

static int64_t draw(int64_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state >> 33) % (uint64_t)below);
}

/* ---- random distributions and views ---- */

struct lists {
    int64_t bounds[MOST_ENGINES + 1], nelem[MOST_ENGINES], item[MOST_EXTENT];
    const int64_t *list[MOST_ENGINES];
};

static void draw_lists(struct lists *l, int64_t extent, int parts, struct da__map_spec *m)
{
    for (int64_t i = 0; i < extent; i++)
        l->item[i] = i;
    for (int64_t i = extent - 1; i > 0; i--) {
        int64_t j = draw(i + 1), t = l->item[i];
        l->item[i] = l->item[j];
        l->item[j] = t;
    }
    int64_t left = extent, *at = l->item;
    for (int k = 0; k < parts; k++) {
        l->nelem[k] = k + 1 == parts ? left : draw(left + 1);
        l->list[k] = at;
        at += l->nelem[k];
        left -= l->nelem[k];
    }
    *m = (struct da__map_spec){
        .kind = 'u', .nlists = parts, .list_nelem = l->nelem, .list = l->list};
}

static void draw_map(struct lists *l, int64_t extent, int parts, struct da__map_spec *m)
{
    *m = (struct da__map_spec){.kind = 'b'};
    switch (draw(4)) {
    case 0:
        l->bounds[0] = 0;
        l->bounds[parts] = extent;
        for (int k = 1; k < parts; k++)
            l->bounds[k] = l->bounds[k - 1] + draw(extent - l->bounds[k - 1] + 1);
        m->nbounds = parts + 1;
        m->bounds = l->bounds;
        break;
    case 1:
        *m = (struct da__map_spec){.kind = 'c', .block = 1 + draw(4)};
        break;
    case 2:
        draw_lists(l, extent, parts, m);
        break;
    default:
        break;
    }
}

static const struct da__dist *draw_dist(int ndim, const int64_t *shape, int nengines)
{
    struct lists lists[MOST_DIMS];
    struct da__map_spec map[MOST_DIMS] = {{0}};
    int grid[MOST_DIMS], engine[MOST_ENGINES], room = nengines, n = 0;
    for (int e = 0; e < nengines; e++)
        if (draw(5) > 0)
            engine[n++] = e;
    if (n == 0)
        engine[n++] = (int)draw(nengines);
    room = n;
    for (int k = 0; k < ndim; k++) {
        grid[k] = draw(4) == 0 ? 1 : 1 + (int)draw(room);
        room /= grid[k];
        draw_map(&lists[k], shape[k], grid[k], &map[k]);
        if (grid[k] == 1 && draw(2) == 0)
            map[k] = (struct da__map_spec){.kind = 'n'};
    }
    struct da__dist_spec spec = {ndim, map, ndim, grid, n, engine};
    struct da__error err = {.engine = -1};
    const struct da__dist *d = NULL;
    if (da__dist_make(ndim, shape, &spec, nengines, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    return d;
}

/* A view of a base of `shape`: sliced, permuted, pinned, rolled and broadcast axes, and at times a diagonal. */
static void draw_view(int ndim, const int64_t *shape, struct da__view *v, int64_t *space)
{
    *v = (struct da__view){.base_ndim = ndim};
    for (int b = 0; b < ndim; b++) {
        v->axis[b] = -1;
        v->offset[b] = draw(shape[b]);
        if (draw(6) == 0)
            continue;
        int64_t step = 1 + draw(3), room = (shape[b] - 1) / step + 1, count = 1 + draw(room);
        int64_t first = draw(shape[b] - step * (count - 1));
        bool down = draw(3) == 0;
        v->axis[b] = v->ndim;
        v->step[b] = down ? -step : step;
        v->offset[b] = down ? first + step * (count - 1) : first;
        if (draw(4) == 0) {
            v->offset[b] = 0;
            v->period[b] = shape[b];
            v->phase[b] = draw(shape[b]);
        } else if (v->ndim > 0 && draw(6) == 0 && space[v->ndim - 1] <= count) {
            v->axis[b] = v->ndim - 1;
            continue;
        }
        space[v->ndim++] = count;
    }
    if (v->ndim < MOST_DIMS && draw(3) == 0)
        space[v->ndim++] = 1 + draw(5);
    if (v->ndim > 1 && draw(3) == 0) { /* the first two axes exchanged */
        int64_t t = space[0];
        space[0] = space[1];
        space[1] = t;
        for (int b = 0; b < ndim; b++)
            v->axis[b] = v->axis[b] == 0 ? 1 : v->axis[b] == 1 ? 0 : v->axis[b];
    }
}

/* ---- counting ---- */

static int64_t base_index(const struct da__view *v, int b, int64_t i)
{
    if (v->axis[b] < 0)
        return v->offset[b];
    if (v->period[b] == 0)
        return v->offset[b] + v->step[b] * i;
    return v->offset[b] + da__floor_mod(v->phase[b] + v->step[b] * i, v->period[b]);
}

/* What one engine needs of the value, and how much of that it holds. */
static void count(const struct da__dist *base, const struct da__view *v,
                  const struct da__dist *space, int engine, int64_t *needed, int64_t *held)
{
    int64_t local[DA_MAX_NDIM];
    int mine[DA_MAX_NDIM], holder[DA_MAX_NDIM];
    *needed = *held = 0;
    if (da__dist_local_shape(space, engine, local) == 0)
        return;
    da__dist_coords(space, engine, mine);
    bool holds = da__dist_coords(base, engine, holder);
    *needed = *held = 1;
    for (int b = 0; b < base->ndim; b++) {
        int64_t n = 0, own = 0, extent = v->axis[b] < 0 ? 1 : space->map[v->axis[b]].count;
        for (int64_t i = 0; i < extent; i++) {
            if (v->axis[b] >= 0 &&
                da__map_owner(&space->map[v->axis[b]], i) != da__dist_part(space, mine, v->axis[b]))
                continue;
            n++;
            own += holds && da__map_owner(&base->map[b], base_index(v, b, i)) ==
                                da__dist_part(base, holder, b);
        }
        *needed *= n;
        *held *= own;
    }
    *held = holds ? *held : 0;
}

static void bytes_are_those_counted(void **unused)
{
    (void)unused;
    int moving = 0, wrapped = 0;
    for (int round = 0; round < 4000; round++) {
        state = (uint64_t)round * 7919 + 3;
        int nengines = 1 + (int)draw(MOST_ENGINES), ndim = 1 + (int)draw(MOST_DIMS - 1);
        int64_t shape[MOST_DIMS], space_shape[DA_MAX_NDIM], total = 0, most = 0;
        struct da__view v;
        for (int k = 0; k < ndim; k++)
            shape[k] = 1 + draw(MOST_EXTENT);
        draw_view(ndim, shape, &v, space_shape);
        const struct da__dist *base = draw_dist(ndim, shape, nengines), *space = NULL;
        if (draw(4) == 0) /* the base's own owners: one grid */
            assert_int_equal(da__dist_view(base, &v, space_shape, &space), DA_OK);
        else
            space = draw_dist(v.ndim, space_shape, nengines);
        for (int e = 0; e < nengines; e++) {
            int64_t needed, held, local[DA_MAX_NDIM];
            count(base, &v, space, e, &needed, &held);
            total += needed - held;
            int64_t n = da__dist_local_shape(space, e, local);
            most = n > most ? n : most;
        }
        double nbytes = -1;
        assert_int_equal(da__cost_read(base, 8, &v, space, &nbytes), DA_OK);
        if (nbytes != (double)total * 8)
            fail_msg("round %d: %g bytes, counted are %lld", round, nbytes, (long long)total * 8);
        if (da__cost_most(space) != (double)most)
            fail_msg("round %d: %g elements on one engine, counted are %lld", round,
                     da__cost_most(space), (long long)most);
        moving += total > 0;
        wrapped += da__view_wraps(&v);
        da__dist_drop(base);
        da__dist_drop(space);
    }
    assert_true(moving > 1000 && moving < 4000 && wrapped > 300);
}

/* ---- many engines ---- */

static const struct da__dist *made(const char *kinds, int ndim, const int64_t *shape,
                                   const int *grid, int nengines)
{
    struct da__map_spec map[MOST_DIMS] = {{0}};
    const struct da__dist *d = NULL;
    for (int k = 0; k < ndim; k++)
        map[k].kind = kinds[k];
    struct da__dist_spec spec = {.nmaps = ndim, .map = map, .ngrid = ndim, .grid = grid};
    assert_int_equal(da__dist_make(ndim, shape, &spec, nengines, &d, NULL), DA_OK);
    return d;
}

static bool near(double x, double wanted, double by)
{
    return x >= wanted * (1 - by) && x <= wanted * (1 + by);
}

static void many_engines_are_sampled(void **unused)
{
    (void)unused;
    const int64_t shape[2] = {64000, 64000}, inner[2] = {63998, 63998}, ten[2] = {10, 64000};
    const int square[2] = {64, 64}, rows[2] = {4096, 1}, columns[2] = {1, 4096};
    const struct da__dist *a = made("bb", 2, shape, square, 4096),
                          *b = made("bn", 2, shape, rows, 4096),
                          *c = made("nc", 2, shape, columns, 4096), *d = NULL;
    struct da__view same, v;
    double nbytes;
    da__view_identity(2, &same);
    /* A shift by one row down the grid: 63 of 64 rows of blocks take one row of elements from below. */
    v = same;
    v.offset[0] = 2;
    v.offset[1] = 1;
    struct da__view middle = v;
    middle.offset[0] = 1;
    assert_int_equal(da__dist_view(a, &middle, inner, &d), DA_OK);
    da__cost_read(a, 8, &v, d, &nbytes);
    assert_true(near(nbytes, 63.0 * 63998 * 8, 1e-3));
    da__dist_drop(d);
    /* All of it but what stays by chance. */
    da__cost_read(a, 8, &same, c, &nbytes);
    assert_true(near(nbytes, 64000.0 * 64000 * 8, 0.02));
    da__cost_read(b, 4, &same, c, &nbytes);
    assert_true(near(nbytes, 64000.0 * 64000 * 4, 0.02));
    /* Ten rows lie on one of 4,096 engines: the sample finds it. */
    v = same;
    v.offset[0] = 32000;
    assert_int_equal(da__dist_view(b, &v, ten, &d), DA_OK);
    assert_true(da__cost_most(d) == 640000);
    da__cost_read(c, 8, &v, d, &nbytes);
    assert_true(near(nbytes, 10.0 * 64000 * 8, 0.01));
    assert_true(da__dist_shifted(a, a) && !da__dist_shifted(a, b));
    da__dist_drop(d);
    da__dist_drop(a);
    da__dist_drop(b);
    da__dist_drop(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(bytes_are_those_counted),
                                              cmocka_unit_test(many_engines_are_sampled)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed != 0 || da__alloc_live() != 0;
}
