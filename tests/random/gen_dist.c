/* Random distributions: every map, halos, grids given and chosen, subsets of the engines. */
#include "gen.h"

#include <stdlib.h>

static int compare(const void *x, const void *y)
{
    const int64_t *p = x, *q = y;
    return (*p > *q) - (*p < *q);
}

/* Ascending bounds from 0 to extent; parts may be empty. */
static void draw_bounds(struct gen *g, int64_t extent, int parts, int64_t *bounds)
{
    for (int k = 1; k < parts; k++)
        bounds[k] = gen_between(g, 0, extent);
    bounds[0] = 0;
    bounds[parts] = extent;
    qsort(bounds, (size_t)parts + 1, sizeof *bounds, compare);
}

/* A permutation cut at random. */
static void draw_lists(struct gen *g, struct plan_dist *d, int axis, int64_t extent, int parts)
{
    int64_t bounds[PLAN_ENGINES + 1];
    d->indices[axis] = test_alloc((size_t)extent * sizeof(int64_t));
    for (int64_t i = 0; i < extent; i++)
        d->indices[axis][i] = i;
    gen_shuffle(g, extent, d->indices[axis]);
    draw_bounds(g, extent, parts, bounds);
    d->map[axis].nlists = parts;
    for (int k = 0; k < parts; k++) {
        d->list[axis][k] = d->indices[axis] + bounds[k];
        d->list_nelem[axis][k] = bounds[k + 1] - bounds[k];
    }
}

/* Halos that the shortest block can hold. */
static void draw_padding(struct gen *g, struct plan_dist *d, int axis, int64_t extent, int parts)
{
    struct da__map_spec *m = &d->map[axis];
    int64_t most = extent / parts;
    for (int k = 0; k < parts && m->nbounds > 0; k++) {
        int64_t block = d->bounds[axis][k + 1] - d->bounds[axis][k];
        most = block < most ? block : most;
    }
    most = most < 3 ? most : 3;
    for (int side = 0; side < 2; side++) {
        m->padding[side] = gen_between(g, 0, most);
        m->boundary[side] = gen_percent(g, 80) ? 0 : gen_between(g, 0, most / 2);
    }
    m->periodic = gen_percent(g, 40);
}

static void draw_map(struct gen *g, struct plan_dist *d, int axis, int64_t extent, int parts)
{
    static const char kinds[] = "bbbccu";
    d->map[axis] = (struct da__map_spec){.kind = 'n'};
    if (parts == 1 && gen_percent(g, 70))
        return;
    d->map[axis].kind = kinds[gen_below(g, (int64_t)sizeof kinds - 1)];
    if (d->map[axis].kind == 'b' && gen_percent(g, 40)) {
        d->map[axis].nbounds = parts + 1;
        draw_bounds(g, extent, parts, d->bounds[axis]);
    } else if (d->map[axis].kind == 'c') {
        d->map[axis].block = gen_percent(g, 40) ? 0 : gen_between(g, 1, 5);
    } else if (d->map[axis].kind == 'u') {
        draw_lists(g, d, axis, extent, parts);
    }
    if (d->map[axis].kind == 'b' && gen_percent(g, 30))
        draw_padding(g, d, axis, extent, parts);
}

static int draw_engines(struct gen *g, struct plan_dist *d)
{
    int total = g->plan->engines;
    int64_t id[PLAN_ENGINES];
    if (gen_percent(g, 70))
        return total;
    for (int k = 0; k < total; k++)
        id[k] = k;
    gen_shuffle(g, total, id);
    d->nengines = (int)gen_between(g, 1, total);
    for (int k = 0; k < d->nengines; k++)
        d->engines[k] = (int)id[k];
    return d->nengines;
}

struct plan_dist *gen_dist(struct gen *g, int ndim, const int64_t *shape)
{
    if (gen_percent(g, 30))
        return NULL;
    struct plan_dist *d = test_alloc(sizeof *d);
    int left = draw_engines(g, d);
    if (gen_percent(g, 10))
        return d;
    bool grid = ndim > 0 && gen_percent(g, 60);
    d->nmaps = grid || gen_percent(g, 80) ? ndim : (int)gen_between(g, 0, ndim);
    int64_t order[PLAN_DIMS];
    for (int k = 0; k < d->nmaps; k++)
        order[k] = k;
    gen_shuffle(g, d->nmaps, order);
    for (int i = 0; i < d->nmaps; i++) {
        int axis = (int)order[i];
        int parts = gen_percent(g, 50) ? left : (int)gen_between(g, 1, left);
        draw_map(g, d, axis, shape[axis], parts);
        d->grid[axis] = d->map[axis].kind == 'n' ? 1 : parts;
        left /= d->grid[axis];
    }
    if (grid)
        d->ngrid = ndim;
    return d;
}

int gen_redistribute(struct gen *g, struct da__error *why)
{
    int x = gen_pick(g);
    struct plan_node *n = gen_node(g, "redistribute");
    gen_set_operand(n, "x", x);
    struct plan_arg *a = plan_arg(n, "dist");
    a->kind = DA__ARG_DIST;
    a->dist = gen_dist(g, g->plan->node[x].ndim, g->plan->node[x].shape);
    if (a->dist == NULL)
        a->dist = test_alloc(sizeof *a->dist);
    return gen_finish(g, why);
}
