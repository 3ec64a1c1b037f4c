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
#include "random_dist.h"

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
        random_state = (uint64_t)round * 7919 + 3;
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
