/* Random distributions over every map, grid and subset of engines, and random views. After cmocka. */
#ifndef DA_TESTS_RANDOM_DIST_H
#define DA_TESTS_RANDOM_DIST_H

#include "da_core.h"

enum { MOST_DIMS = 3, MOST_ENGINES = 12, MOST_EXTENT = 14 };

static uint64_t random_state;

static int64_t draw(int64_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((random_state >> 33) % (uint64_t)below);
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
    struct da__dist_spec spec = {
        .nmaps = ndim, .map = map, .ngrid = ndim, .grid = grid, .nengines = n, .engines = engine};
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

#endif
