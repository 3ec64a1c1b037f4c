/* Weighing where steps are computed: candidates are the owners of what they read, of who reads them, and balanced ones; the price
 * is the bytes that move and the work of the busiest engine. */
#include "layout.h"
#include "cost.h"

#include <string.h>

/* ---- who reads what ---- */

da_status da__readers_make(const struct da__program *p, struct da__readers *out)
{
    size_t ninputs = 0;
    for (int i = 0; i < p->nsteps; i++)
        ninputs += (size_t)p->step[i].ninputs;
    out->start = da__calloc((size_t)p->nvalues + 2, sizeof *out->start);
    out->step = da__calloc(ninputs + 1, sizeof *out->step);
    out->input = da__calloc(ninputs + 1, sizeof *out->input);
    if (out->start == NULL || out->step == NULL || out->input == NULL) {
        da__readers_free(out);
        return DA_ERR_MEMORY;
    }
    for (int i = 0; i < p->nsteps; i++)
        for (int k = 0; k < p->step[i].ninputs; k++)
            out->start[p->step[i].input[k].value + 2]++;
    for (int v = 0; v < p->nvalues; v++)
        out->start[v + 2] += out->start[v + 1];
    for (int i = 0; i < p->nsteps; i++)
        for (int k = 0; k < p->step[i].ninputs; k++) {
            int at = out->start[p->step[i].input[k].value + 1]++;
            out->step[at] = i;
            out->input[at] = k;
        }
    return DA_OK;
}

void da__readers_free(struct da__readers *r)
{
    da__free(r->start);
    da__free(r->step);
    da__free(r->input);
    *r = (struct da__readers){0};
}

/* ---- what may move ---- */

/* NULL: the value may lie elsewhere. */
static const char *value_fixed(const struct da__program *p, const struct da__readers *r, int value)
{
    const struct da__value *v = &p->value[value];
    if (v->kind == DA__VALUE_OUTPUT)
        return "its result is wanted as it was asked for";
    if (v->unsized)
        return "its size is known in the run only";
    for (int at = r->start[value]; at < r->start[value + 1]; at++) {
        const struct da__step *s = &p->step[r->step[at]];
        int k = r->input[at];
        if (s->kind == DA__STEP_SAVE)
            return "it is saved as it lies";
        if (da__step_is_base(s, k))
            return "an update writes into its result";
        if (s->kind == DA__STEP_ROUTINE && da__routine_reads_raw(s->routine, k))
            return "a routine reads its result as it lies";
    }
    return NULL;
}

const char *da__layout_fixed(const struct da__program *p, const struct da__readers *r, int step)
{
    const struct da__step *s = &p->step[step];
    if (s->kind != DA__STEP_KERNEL)
        return "no kernel";
    if (s->part != NULL)
        return "it writes a part of an array";
    if (s->body.ninsns + s->body.nreductions == 0)
        return "an explicit redistribution";
    if (da__dist_padded(p->dist[s->dist]))
        return "it fills halos";
    for (int k = 0; k < s->ninputs; k++)
        if (p->value[s->input[k].value].unsized)
            return "its size is known in the run only";
    for (int k = 0; k < s->noutputs; k++) {
        const char *why = value_fixed(p, r, s->output[k]);
        if (why != NULL)
            return why;
    }
    for (int k = 0; k < s->body.nreductions; k++) {
        const char *why = value_fixed(p, r, s->reduction[k].value);
        if (why != NULL)
            return why;
    }
    return NULL;
}

/* ---- edges ---- */

static bool inside(const struct da__layout_group *g, int step)
{
    return step >= 0 && (g->group != NULL ? g->group[step] : step) == g->number;
}

/* The same region is fetched once; edges just added are looked through, so that adding many stays linear. */
static da_status add_edge(struct da__layout_group *g, const struct da__layout_edge *e)
{
    enum { LOOKED_THROUGH = 32 };
    int64_t first = g->nedges > LOOKED_THROUGH ? g->nedges - LOOKED_THROUGH : 0;
    for (int64_t i = first; i < g->nedges; i++) {
        const struct da__layout_edge *o = &g->edge[i];
        if (o->leaves == e->leaves && o->value == e->value && o->other_dist == e->other_dist &&
            da__view_equal(o->view, e->view))
            return DA_OK;
    }
    if (!da__grow((void **)&g->edge, &g->cap, g->nedges + 1, sizeof *g->edge))
        return DA_ERR_MEMORY;
    g->edge[g->nedges++] = *e;
    return DA_OK;
}

/* What a function on parts reads stays where it is, whatever its own space. */
static bool reads_parts(const struct da__step *s)
{
    return s->kind == DA__STEP_ROUTINE && s->routine == DA__ROUTINE_APPLY;
}

static da_status add_readers(struct da__layout_group *g, struct da__layout_edge e)
{
    const struct da__readers *r = g->readers;
    e.leaves = true;
    for (int at = r->start[e.value]; at < r->start[e.value + 1]; at++) {
        if (inside(g, r->step[at]) || reads_parts(&g->p->step[r->step[at]]))
            continue;
        e.other = r->step[at];
        e.other_dist = g->p->step[e.other].dist;
        e.view = &g->p->step[e.other].input[r->input[at]].view;
        DA_TRY(add_edge(g, &e));
    }
    return DA_OK;
}

da_status da__layout_add(struct da__layout_group *g, int step)
{
    const struct da__step *s = &g->p->step[step];
    g->ndim = s->ndim;
    g->shape = s->shape;
    g->dist = s->dist;
    g->nops += s->body.ninsns + s->body.nreductions;
    for (int k = 0; k < s->ninputs && !reads_parts(s); k++) {
        const struct da__value *v = &g->p->value[s->input[k].value];
        struct da__layout_edge e = {.value = s->input[k].value,
                                    .other = v->producer,
                                    .other_dist = v->dist,
                                    .view = &s->input[k].view};
        if (!inside(g, v->producer))
            DA_TRY(add_edge(g, &e));
    }
    for (int k = 0; k < s->noutputs && s->kind != DA__STEP_ROUTINE; k++)
        DA_TRY(add_readers(g, (struct da__layout_edge){.value = s->output[k]}));
    for (int k = 0; k < s->body.nreductions; k++)
        DA_TRY(add_readers(g, (struct da__layout_edge){.value = s->reduction[k].value,
                                                       .reduced = true,
                                                       .mask = s->body.reduction[k].mask,
                                                       .keepdims = s->reduction[k].keepdims}));
    return DA_OK;
}

void da__layout_group_free(struct da__layout_group *g)
{
    da__free(g->edge);
    g->edge = NULL;
    g->nedges = g->cap = g->nops = 0;
}

/* ---- prices ---- */

/* Partial results that go up and finished ones that come down the tree, where the reduced axes are split. */
static double joined_bytes(const struct da__layout_group *g, const struct da__layout_edge *e,
                           const struct da__dist *d)
{
    const struct da__value *v = &g->p->value[e->value];
    double members = 1, kept = 1;
    for (int k = 0; k < d->ndim; k++)
        if (d->axis_grid[k] >= 0) {
            if (e->mask >> k & 1)
                members *= d->grid[d->axis_grid[k]];
            else
                kept *= d->grid[d->axis_grid[k]];
        }
    double copies = (double)da__dist_nengines(d) / (members * kept);
    return 2 * (members - 1) * copies * (double)da__nelem(v->ndim, v->shape) *
           (double)da__dtype_nbytes(v->dtype);
}

static da_status edge_bytes(const struct da__layout_group *g, const struct da__layout_edge *e,
                            const struct da__dist *d, double *nbytes)
{
    const struct da__dist *other = g->p->dist[e->other_dist], *reduced = NULL;
    size_t item = da__dtype_nbytes(g->p->value[e->value].dtype);
    if (!e->leaves)
        return da__cost_read(other, item, e->view, d, nbytes);
    if (!e->reduced)
        return da__cost_read(d, item, e->view, other, nbytes);
    DA_TRY(da__dist_reduce(d, e->mask, e->keepdims, &reduced));
    da_status status = da__cost_read(reduced, item, e->view, other, nbytes);
    da__dist_drop(reduced);
    *nbytes += joined_bytes(g, e, d);
    return status;
}

static da_status price(const struct da__layout_group *g, struct da__candidate *c)
{
    c->nbytes = 0;
    for (int64_t i = 0; i < g->nedges; i++) {
        double nbytes = 0;
        DA_TRY(edge_bytes(g, &g->edge[i], c->dist, &nbytes));
        c->nbytes += nbytes;
    }
    c->most = da__cost_most(c->dist);
    c->cost = da__cost_total(c->nbytes, c->most, g->nops > 0 ? g->nops : 1);
    return DA_OK;
}

/* ---- candidates ---- */

/* Takes `d` over; it has no halos, as it is a view, or where a kernel computes. */
static da_status suggest(const struct da__layout_group *g, struct da__layout *out,
                         const struct da__dist *d, const char *from, int number)
{
    bool known = out->n == DA__MOST_CANDIDATES;
    for (int k = 0; k < out->n && !known; k++)
        known = da__dist_equal(out->candidate[k].dist, d);
    if (known) {
        da__dist_drop(d);
        return DA_OK;
    }
    struct da__candidate *c = &out->candidate[out->n++];
    *c = (struct da__candidate){.dist = d, .from = from, .number = number};
    DA_TRY(price(g, c));
    if (c->cost < out->candidate[out->best].cost)
        out->best = out->n - 1;
    return DA_OK;
}

/* The view names every axis of the space that has more than one index: its value is not broadcast. */
static bool fills_space(const struct da__layout_group *g, const struct da__view *v)
{
    for (int k = 0; k < g->ndim; k++) {
        bool named = g->shape[k] <= 1;
        for (int b = 0; b < v->base_ndim && !named; b++)
            named = v->axis[b] == k && v->step[b] != 0;
        if (!named)
            return false;
    }
    return true;
}

/* The reader's owners on the value's shape, where it reads the value element for element, be it in another order of axes; NULL in
 * *out otherwise. */
static da_status pulled_back(const struct da__layout_group *g, const struct da__layout_edge *e,
                             const struct da__dist **out)
{
    const struct da__value *value = &g->p->value[e->value];
    const struct da__step *reader = &g->p->step[e->other];
    struct da__view back = {.ndim = value->ndim, .base_ndim = reader->ndim};
    bool named[DA_MAX_NDIM] = {false};
    *out = NULL;
    if (e->reduced || reader->ndim != value->ndim)
        return DA_OK;
    for (int b = 0; b < value->ndim; b++) {
        int k = e->view->axis[b];
        if (k < 0 || named[k] || e->view->offset[b] != 0 || e->view->step[b] != 1 ||
            e->view->period[b] != 0 || reader->shape[k] != value->shape[b])
            return DA_OK;
        named[k] = true;
        back.axis[k] = b;
        back.step[k] = 1;
    }
    return da__dist_view(g->p->dist[e->other_dist], &back, value->shape, out);
}

static da_status suggest_edge(const struct da__layout_group *g, const struct da__layout_edge *e,
                              struct da__layout *out)
{
    const struct da__dist *d = NULL;
    if (!e->leaves) {
        if (!fills_space(g, e->view))
            return DA_OK;
        DA_TRY(da__dist_view(g->p->dist[e->other_dist], e->view, g->shape, &d));
        return suggest(g, out, d, "the owners of value", e->value);
    }
    DA_TRY(pulled_back(g, e, &d));
    return d != NULL ? suggest(g, out, d, "the owners of step", e->other) : DA_OK;
}

/* Blocks over the largest set of engines that the program speaks of. */
static da_status suggest_balanced(const struct da__layout_group *g, struct da__layout *out)
{
    const struct da__dist *widest = NULL, *d = NULL;
    for (int i = 0; i < g->p->ndists; i++)
        if (widest == NULL || g->p->dist[i]->engines.nelem > widest->engines.nelem)
            widest = g->p->dist[i];
    if (widest == NULL || g->ndim == 0)
        return DA_OK;
    DA_TRY(da__dist_balanced(widest, g->ndim, g->shape, &d));
    return suggest(g, out, d, "balanced blocks", -1);
}

/* Nothing moves, and no engine has more than its share: no choice is better. */
static bool is_ideal(const struct da__layout_group *g, const struct da__candidate *c)
{
    int64_t engines = 1;
    for (int i = 0; i < g->p->ndists; i++)
        if (g->p->dist[i]->engines.nelem > engines)
            engines = g->p->dist[i]->engines.nelem;
    return c->nbytes == 0 && c->most <= (double)da__ceil_div(da__nelem(g->ndim, g->shape), engines);
}

da_status da__layout_weigh(struct da__layout_group *g, struct da__layout *out)
{
    *out = (struct da__layout){0};
    DA_TRY(suggest(g, out, da__dist_keep(g->p->dist[g->dist]), "as it lies", -1));
    if (is_ideal(g, &out->candidate[0]))
        return DA_OK;
    for (int64_t i = 0; i < g->nedges && out->n < DA__MOST_CANDIDATES - 1; i++)
        DA_TRY(suggest_edge(g, &g->edge[i], out));
    return suggest_balanced(g, out);
}

void da__layout_free(struct da__layout *l)
{
    for (int k = 0; k < l->n; k++)
        da__dist_drop(l->candidate[k].dist);
    *l = (struct da__layout){0};
}

da_status da__layout_explain(const struct da__program *p, struct da__layout *out)
{
    struct da__readers readers = {0};
    memset(out, 0, (size_t)p->nsteps * sizeof *out);
    DA_TRY(da__readers_make(p, &readers));
    da_status status = DA_OK;
    for (int i = 0; i < p->nsteps && status == DA_OK; i++) {
        struct da__layout_group g = {.p = p, .readers = &readers, .number = i};
        status = da__layout_add(&g, i);
        if (status == DA_OK)
            status = da__layout_weigh(&g, &out[i]);
        out[i].fixed = da__layout_fixed(p, &readers, i);
        da__layout_group_free(&g);
    }
    da__readers_free(&readers);
    for (int i = 0; i < p->nsteps && status != DA_OK; i++)
        da__layout_free(&out[i]);
    return status;
}
