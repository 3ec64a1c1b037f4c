/* Random distributions: every map, halos, templates, grids given and chosen, subsets of the engines, replicas, strides. */
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

/* What `parts` coordinates own of an axis in blocks. */
static int64_t block_of(const struct plan_dist *d, int axis, int64_t extent, int parts, int k)
{
    if (d->map[axis].nbounds > 0)
        return d->bounds[axis][k + 1] - d->bounds[axis][k];
    return extent / parts;
}

/* A width for each cut, which the blocks on both sides can hold. */
static void draw_cuts(struct gen *g, struct plan_dist *d, int axis, int64_t extent, int parts)
{
    for (int k = 0; k + 1 < parts; k++) {
        int64_t left = block_of(d, axis, extent, parts, k),
                right = block_of(d, axis, extent, parts, k + 1), most = left < right ? left : right;
        d->cut[axis][k] = gen_between(g, 0, most < 4 ? most : 4);
    }
    d->map[axis].ncuts = parts - 1;
}

/* Halos that the shortest block can hold. */
static void draw_padding(struct gen *g, struct plan_dist *d, int axis, int64_t extent, int parts)
{
    struct da__map_spec *m = &d->map[axis];
    int64_t most = extent / parts;
    for (int k = 0; k < parts && m->nbounds > 0; k++) {
        int64_t block = block_of(d, axis, extent, parts, k);
        most = block < most ? block : most;
    }
    most = most < 3 ? most : 3;
    bool cuts = parts > 1 && gen_percent(g, 35);
    for (int side = 0; side < 2; side++) {
        m->padding[side] = cuts ? 0 : gen_between(g, 0, most);
        m->boundary[side] = gen_percent(g, 80) ? 0 : gen_between(g, 0, most / 2);
    }
    m->periodic = gen_percent(g, 40);
    if (cuts)
        draw_cuts(g, d, axis, extent, parts);
}

/* The axis as a view of a longer one, whose indices are split. Returns how many these are. */
static int64_t draw_template(struct gen *g, struct plan_dist *d, int axis, int64_t extent)
{
    struct da__map_spec *m = &d->map[axis];
    int64_t step = gen_between(g, 1, 3), before = gen_between(g, 0, 4);
    int64_t span = extent > 0 ? step * (extent - 1) : 0;
    bool down = gen_percent(g, 40);
    m->step = down ? -step : step;
    m->start = down ? before + span : before;
    m->size = before + span + 1 + gen_between(g, 0, 4);
    return m->size;
}

static void draw_map(struct gen *g, struct plan_dist *d, int axis, int64_t extent, int parts,
                     bool grid)
{
    static const char kinds[] = "bbbccu";
    d->map[axis] = (struct da__map_spec){.kind = 'n'};
    if (parts == 1 && gen_percent(g, 70))
        return;
    d->map[axis].kind = kinds[gen_below(g, (int64_t)sizeof kinds - 1)];
    bool of_template = grid && gen_percent(g, 15);
    if (of_template)
        extent = draw_template(g, d, axis, extent);
    if (d->map[axis].kind == 'b' && gen_percent(g, 40)) {
        d->map[axis].nbounds = parts + 1;
        draw_bounds(g, extent, parts, d->bounds[axis]);
    } else if (d->map[axis].kind == 'c') {
        d->map[axis].block = gen_percent(g, 40) ? 0 : gen_between(g, 1, 5);
    } else if (d->map[axis].kind == 'u') {
        draw_lists(g, d, axis, extent, parts);
    }
    if (d->map[axis].kind == 'b' && !of_template && gen_percent(g, 30))
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

/* Copies of everything along one or two further dimensions of the grid. Returns how many of `engines` are left for the axes. */
static int draw_replicas(struct gen *g, struct plan_dist *d, int engines)
{
    if (engines < 2 || !gen_percent(g, 20))
        return engines;
    d->nreplicas = gen_percent(g, 80) ? 1 : 2;
    for (int k = 0; k < d->nreplicas; k++) {
        d->replicas[k] = (int)gen_between(g, 1, engines);
        engines /= d->replicas[k];
    }
    return engines;
}

/* The grid's coordinates spread over the engines in any order of its dimensions, with gaps where there is room. */
static void draw_strides(struct gen *g, struct plan_dist *d, int engines)
{
    int n = d->ngrid + d->nreplicas;
    int64_t order[PLAN_DIMS + PLAN_COPIES], parts[PLAN_DIMS + PLAN_COPIES], span = 0, needed = 1;
    for (int k = 0; k < n; k++) {
        order[k] = k;
        parts[k] = k < d->ngrid ? d->grid[k] : d->replicas[k - d->ngrid];
        needed *= parts[k];
    }
    gen_shuffle(g, n, order);
    for (int i = 0; i < n; i++) {
        int64_t k = order[i];
        needed /= parts[k]; /* what the dimensions to come multiply a reach of this one by */
        int64_t widest = parts[k] > 1 ? (engines / needed - 1 - span) / (parts[k] - 1) : 1;
        d->strides[k] = widest > span ? gen_between(g, span + 1, widest) : span + 1;
        span += (parts[k] - 1) * d->strides[k];
    }
    d->nstrides = n;
    d->offset = gen_between(g, 0, engines - 1 - span);
}

struct plan_dist *gen_dist(struct gen *g, int ndim, const int64_t *shape)
{
    if (gen_percent(g, 30))
        return NULL;
    struct plan_dist *d = test_alloc(sizeof *d);
    int engines = draw_engines(g, d);
    if (gen_percent(g, 10))
        return d;
    int left = draw_replicas(g, d, engines);
    bool grid = ndim > 0 && gen_percent(g, 60);
    d->nmaps = grid || gen_percent(g, 80) ? ndim : (int)gen_between(g, 0, ndim);
    int64_t order[PLAN_DIMS];
    for (int k = 0; k < d->nmaps; k++)
        order[k] = k;
    gen_shuffle(g, d->nmaps, order);
    for (int i = 0; i < d->nmaps; i++) {
        int axis = (int)order[i];
        int parts = gen_percent(g, 50) ? left : (int)gen_between(g, 1, left);
        draw_map(g, d, axis, shape[axis], parts, grid);
        d->grid[axis] = d->map[axis].kind == 'n' ? 1 : parts;
        left /= d->grid[axis];
    }
    if (grid)
        d->ngrid = ndim;
    if (grid && gen_percent(g, 20))
        draw_strides(g, d, engines);
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
