/* Planning a step's exchange: whom this engine reads and who reads it, by closed-form intersections of index sets along each
 * axis. A message's content is the product of the matches along the base axes, so that one mechanism serves every slice,
 * transpose, broadcast, halo and redistribution, for every axis map.
 *
 * Both ends compute the same lists: matches(needs of the reader, indices of the owner), in the order of the base axes. */
#include "needs.h"

#include <string.h>

/* ---- small parts ---- */

static void choices_free(struct da__choices *c)
{
    for (int64_t i = 0; i < c->n; i++)
        da__matches_free(&c->list[i]);
    da__free(c->coord);
    da__free(c->list);
    memset(c, 0, sizeof *c);
}

static void fetch_free(struct da__fetch *f)
{
    for (int64_t i = 0; f->piece != NULL && i < f->npieces; i++) {
        for (int b = 0; !f->piece[i].borrowed && f->piece[i].axis != NULL && b < f->base_ndim; b++)
            da__matches_free(&f->piece[i].axis[b]);
        da__free(f->piece[i].axis);
    }
    da__free(f->piece);
    for (int b = 0; b < f->base_ndim; b++) {
        choices_free(&f->own[b]);
        choices_free(&f->give[b]);
        da__free(f->segment[b]);
    }
}

void da__exchange_free(struct da__exchange *x)
{
    for (int i = 0; x->fetch != NULL && i < x->ninputs; i++)
        fetch_free(&x->fetch[i]);
    da__messages_free(&x->receive);
    da__messages_free(&x->send);
    da__free(x->fetch);
    memset(x, 0, sizeof *x);
}

void da__planning_free(struct da__planning *g)
{
    da__ledger_free(&g->receive);
    da__ledger_free(&g->send);
}

/* `at`: the place of the first of the owned indices in the owner's part. */
static da_status choices_add(struct da__choices *c, int coord, const struct da__index_set *needs,
                             const struct da__index_set *owned, int64_t at)
{
    struct da__match_list list;
    da__matches_init(&list);
    da_status status = da__set_intersect(needs, owned, &list);
    if (status != DA_OK || list.nelem == 0) {
        da__matches_free(&list);
        return status;
    }
    for (int i = 0; i < list.n; i++)
        list.m[i].b += at;
    int64_t coord_cap = c->cap;
    if (!da__grow((void **)&c->coord, &coord_cap, c->n + 1, sizeof *c->coord) ||
        !da__grow((void **)&c->list, &c->cap, c->n + 1, sizeof *c->list)) {
        da__matches_free(&list);
        return DA_ERR_MEMORY;
    }
    c->coord[c->n] = coord;
    c->list[c->n++] = list;
    return DA_OK;
}

/* An engine's place among those that a distribution is made of, also where it is none of them. */
static int64_t place_of(const struct da__dist *d, int engine)
{
    const struct da__run *e = d->engines.run;
    bool line = d->engines.nruns == 1 && e->reps == 1 && e->step > 0;
    return (line ? da__floor_div(engine - e->start, e->step) : engine) - d->offset;
}

/* The coordinates of the copy that an engine reads where a distribution has replicas: its own if it holds one, else spread
 * over the copies by where it would be if there were more of them. Only replica dimensions are set. */
void da__replica_for(const struct da__dist *d, int engine, int *coord)
{
    int own[DA_MAX_NDIM];
    bool used[DA_MAX_NDIM] = {false};
    for (int k = 0; k < d->ndim; k++)
        if (d->axis_grid[k] >= 0)
            used[d->axis_grid[k]] = true;
    bool holds = da__dist_coords(d, engine, own);
    int64_t place = place_of(d, engine);
    for (int g = 0; g < d->ngrid; g++) {
        int64_t stride = d->grid_stride[g] > 0 ? d->grid_stride[g] : 1;
        if (!used[g])
            coord[g] =
                holds ? own[g] : (int)da__floor_mod(da__floor_div(place, stride), d->grid[g]);
    }
}

bool da__reads_replica(const struct da__dist *d, int engine, const int *mine)
{
    int coord[DA_MAX_NDIM];
    for (int g = 0; g < d->ngrid; g++)
        coord[g] = mine[g];
    da__replica_for(d, engine, coord);
    for (int g = 0; g < d->ngrid; g++)
        if (coord[g] != mine[g])
            return false;
    return true;
}

/* ---- reading ---- */

/* What the engines at coordinate `part` give of base axis b to a reader that stores the part `reader` itself (or -1). */
static da_status add_share(const struct da__dist *base, int b, int part, int reader,
                           const struct da__index_set *needs, int coord, struct da__choices *out)
{
    struct da__index_set given;
    int64_t at = 0;
    da__set_init(&given);
    da_status status = da__map_share(&base->map[b], part, reader, &given, &at);
    if (status == DA_OK)
        status = choices_add(out, coord, needs, &given, at);
    da__set_free(&given);
    return status;
}

/* The owners of what this engine needs along base axis b, and itself where halos of its part may hold it. */
static da_status own_choices(const struct da__dist *base, int b, int reader,
                             const struct da__needs *needs, struct da__choices *out)
{
    struct da__parts parts = da__owners_of(base, b, needs);
    bool seen = reader < 0;
    for (int64_t i = 0; i < da__parts_count(&parts); i++) {
        int part = da__parts_get(&parts, i);
        if (part < 0)
            continue;
        seen = seen || part == reader;
        DA_TRY(add_share(base, b, part, reader, &needs->all, part, out));
    }
    return seen ? DA_OK : add_share(base, b, reader, reader, &needs->all, reader, out);
}

/* Goes through the product of the choices along all base axes. */
static bool next_choice(int n, int64_t *at, const struct da__choices *choices)
{
    for (int b = n - 1; b >= 0; b--) {
        if (++at[b] < choices[b].n)
            return true;
        at[b] = 0;
    }
    return false;
}

/* Goes through the pieces of an input: their owner, and its choice along each base axis. */
struct pieces {
    const struct da__dist *base;
    const struct da__fetch *f;
    int64_t at[DA_MAX_NDIM];
    int coord[DA_MAX_NDIM];
    const struct da__match_list *axis[DA_MAX_NDIM];
    int owner;
};

static void piece_up(struct pieces *it)
{
    for (int b = 0; b < it->f->base_ndim; b++) {
        it->axis[b] = &it->f->own[b].list[it->at[b]];
        if (it->base->axis_grid[b] >= 0)
            it->coord[it->base->axis_grid[b]] = it->f->own[b].coord[it->at[b]];
    }
    it->owner = da__dist_engine(it->base, it->coord);
}

static void pieces_begin(struct pieces *it, const struct da__dist *base, int engine,
                         const struct da__fetch *f)
{
    *it = (struct pieces){.base = base, .f = f};
    da__replica_for(base, engine, it->coord);
    piece_up(it);
}

static bool pieces_next(struct pieces *it)
{
    if (!next_choice(it->f->base_ndim, it->at, it->f->own))
        return false;
    piece_up(it);
    return true;
}

static da_status need_owners(const struct da__program *p, int step, int engine,
                             const struct da__fetch *f, struct da__planning *g)
{
    struct pieces it;
    pieces_begin(&it, p->dist[p->value[f->value].dist], engine, f);
    do {
        if (it.owner != engine)
            DA_TRY(da__ledger_need(&g->receive, step, f->value, it.owner, f->base_ndim, f->item,
                                   it.axis));
    } while (pieces_next(&it));
    return DA_OK;
}

/* Where the elements of one owner are once they are here. */
static da_status place_piece(const struct pieces *it, int engine, int step,
                             const struct da__ledger *l, struct da__piece *piece)
{
    const struct da__fetch *f = it->f;
    piece->axis = da__calloc((size_t)f->base_ndim + 1, sizeof *piece->axis);
    if (piece->axis == NULL)
        return DA_ERR_MEMORY;
    if (it->owner == engine) {
        piece->borrowed = true;
        piece->stride = f->base_stride;
        for (int b = 0; b < f->base_ndim; b++)
            piece->axis[b] = *it->axis[b];
        return DA_OK;
    }
    struct da__region *r = da__ledger_find(l, f->value, it->owner, it->axis);
    if (r == NULL)
        return DA_ERR_INTERNAL;
    r->last_step = step;
    piece->region = r;
    piece->stride = r->stride;
    for (int b = 0; b < f->base_ndim; b++)
        DA_TRY(da__region_matches(&r->axis[b], it->axis[b], &piece->axis[b]));
    return DA_OK;
}

static da_status place_pieces(const struct da__program *p, int step, int engine,
                              struct da__fetch *f, const struct da__ledger *l)
{
    int64_t n = 1, at = 0;
    for (int b = 0; b < f->base_ndim; b++)
        n *= f->own[b].n;
    f->piece = da__calloc((size_t)n + 1, sizeof *f->piece);
    if (f->piece == NULL)
        return DA_ERR_MEMORY;
    f->npieces = n;
    struct pieces it;
    pieces_begin(&it, p->dist[p->value[f->value].dist], engine, f);
    do
        DA_TRY(place_piece(&it, engine, step, l, &f->piece[at++]));
    while (pieces_next(&it));
    return DA_OK;
}

/* One run of positions 0, 1, 2, … on the reader's side over the whole need. */
static bool is_plain(const struct da__choices *c, int64_t extent)
{
    if (c->n != 1 || c->list[0].n != 1)
        return false;
    const struct da__match *m = &c->list[0].m[0];
    return m->a == 0 && m->reps == 1 && m->count == extent && (m->step_a == 1 || m->count == 1);
}

/* Reads the engine's own part where it lies, if one stride per axis suffices. */
static void settle_in_place(const struct da__step_input *in, int engine,
                            const struct da__dist *base, const int64_t *extent, struct da__fetch *f)
{
    int coord[DA_MAX_NDIM];
    if (!da__dist_coords(base, engine, coord))
        return;
    for (int b = 0; b < f->base_ndim; b++) {
        if (!is_plain(&f->own[b], extent[b]))
            return;
        if (base->axis_grid[b] >= 0 && f->own[b].coord[0] != coord[base->axis_grid[b]])
            return;
    }
    f->mode = DA__FETCH_IN_PLACE;
    for (int b = 0; b < f->base_ndim; b++) {
        const struct da__match *m = &f->own[b].list[0].m[0];
        f->offset += m->b * f->base_stride[b];
        if (in->view.axis[b] >= 0) /* a diagonal goes on along both of its base axes */
            f->stride[in->view.axis[b]] += m->step_b * f->base_stride[b];
    }
}

static da_status plan_reading(const struct da__program *p, int step, int engine, int input,
                              struct da__planning *g, struct da__exchange *x)
{
    const struct da__step *s = &p->step[step];
    const struct da__step_input *in = &s->input[input];
    const struct da__dist *space = p->dist[s->dist], *base = p->dist[p->value[in->value].dist];
    struct da__fetch *f = &x->fetch[input];
    int coord[DA_MAX_NDIM];
    int64_t extent[DA_MAX_NDIM], nelem = 1, space_shape[DA_MAX_NDIM];
    if (!da__dist_coords(space, engine, coord) ||
        da__dist_local_shape(space, engine, space_shape) == 0)
        return DA_OK;
    for (int b = 0; b < f->base_ndim; b++) {
        struct da__needs needs;
        int axis = in->view.axis[b], part = axis >= 0 ? da__dist_part(space, coord, axis) : 0;
        da_status status =
            da__needs_of(&in->view, space, b, part, axis >= 0 ? s->shape[axis] : 1, &needs);
        if (status == DA_OK)
            status = own_choices(base, b, da__dist_reader(base, b, space, axis, part), &needs,
                                 &f->own[b]);
        extent[b] = needs.all.nelem;
        nelem *= extent[b];
        da__needs_free(&needs);
        DA_TRY(status);
    }
    if (nelem == 0)
        return DA_OK;
    settle_in_place(in, engine, base, extent, f);
    if (f->mode == DA__FETCH_IN_PLACE)
        return DA_OK;
    f->mode = DA__FETCH_GATHER;
    da__strides_c(f->base_ndim, extent, (int64_t)f->item, f->temp_stride);
    f->temp_nbytes = nelem * (int64_t)f->item;
    for (int b = 0; b < f->base_ndim; b++)
        if (in->view.axis[b] >= 0)
            f->stride[in->view.axis[b]] += f->temp_stride[b];
    return need_owners(p, step, engine, f, g);
}

/* ---- giving ---- */

/* What this engine, at coordinate `mine`, gives to the readers at coordinate `part`. */
static da_status give_choice(const struct da__step *s, const struct da__step_input *in,
                             const struct da__dist *space, const struct da__dist *base, int b,
                             int mine, int part, struct da__choices *out)
{
    struct da__needs needs;
    int axis = in->view.axis[b], reader = da__dist_reader(base, b, space, axis, part);
    da_status status =
        da__needs_of(&in->view, space, b, part, axis >= 0 ? s->shape[axis] : 1, &needs);
    if (status == DA_OK)
        status = add_share(base, b, mine, reader, &needs.all, part, out);
    da__needs_free(&needs);
    return status;
}

static da_status give_choices(const struct da__step *s, const struct da__step_input *in,
                              const struct da__dist *space, const struct da__dist *base, int b,
                              int mine, const struct da__index_set *owned, struct da__choices *out)
{
    int axis = in->view.axis[b];
    struct da__parts parts;
    DA_TRY(da__readers_of(&in->view, space, b, axis >= 0 ? s->shape[axis] : 1, owned, &parts));
    bool seen = da__dist_reader(base, b, space, axis, mine) < 0;
    for (int64_t i = 0; i < da__parts_count(&parts); i++) {
        int part = da__parts_get(&parts, i);
        if (part < 0)
            continue;
        seen = seen || part == mine;
        DA_TRY(give_choice(s, in, space, base, b, mine, part, out));
    }
    /* What is sent along another axis may lie in this engine's halo along this one. */
    return seen ? DA_OK : give_choice(s, in, space, base, b, mine, mine, out);
}

static const struct da__match_list *choice_at(const struct da__choices *c, int coord)
{
    for (int64_t i = 0; i < c->n; i++)
        if (c->coord[i] == coord)
            return &c->list[i];
    return NULL;
}

/* A diagonal ties two base axes to one grid dimension: those beside `tied` follow its coordinate. False: nothing is read there. */
static bool follow_ties(const struct da__step_input *in, const struct da__dist *space,
                        const int *tied, const int *coord, const struct da__fetch *f,
                        const struct da__match_list **axis)
{
    for (int b = 0; b < f->base_ndim; b++) {
        int k = in->view.axis[b];
        if (k < 0 || space->axis_grid[k] < 0 || tied[space->axis_grid[k]] == b)
            continue;
        axis[b] = choice_at(&f->give[b], coord[space->axis_grid[k]]);
        if (axis[b] == NULL)
            return false;
    }
    return true;
}

/* Goes through the reading engines: choices along the grid dimensions that a base axis ties, all coordinates of the others. */
static da_status add_readers(const struct da__step_input *in, const struct da__dist *space,
                             const struct da__dist *base, int engine, const int *mine, int step,
                             const struct da__fetch *f, struct da__ledger *l)
{
    int tied[DA_MAX_NDIM]; /* per grid dimension of the space: the base axis, or -1 */
    int64_t at[DA_MAX_NDIM] = {0}, limit[DA_MAX_NDIM];
    const struct da__match_list *axis[DA_MAX_NDIM];
    for (int g = 0; g < space->ngrid; g++) {
        tied[g] = -1;
        limit[g] = space->grid[g];
    }
    for (int b = 0; b < f->base_ndim; b++) {
        if (f->give[b].n == 0)
            return DA_OK;
        axis[b] = &f->give[b].list[0];
        int k = in->view.axis[b];
        if (k >= 0 && space->axis_grid[k] >= 0) {
            tied[space->axis_grid[k]] = b;
            limit[space->axis_grid[k]] = f->give[b].n;
        }
    }
    for (int64_t more = 1; more;) {
        int coord[DA_MAX_NDIM];
        for (int g = 0; g < space->ngrid; g++) {
            coord[g] = (int)at[g];
            if (tied[g] >= 0) {
                coord[g] = f->give[tied[g]].coord[at[g]];
                axis[tied[g]] = &f->give[tied[g]].list[at[g]];
            }
        }
        int reader = da__dist_engine(space, coord);
        int64_t part[DA_MAX_NDIM];
        if (reader != engine && follow_ties(in, space, tied, coord, f, axis) &&
            da__reads_replica(base, reader, mine) && da__dist_local_shape(space, reader, part) > 0)
            DA_TRY(da__ledger_need(l, step, f->value, reader, f->base_ndim, f->item, axis));
        more = 0;
        for (int g = space->ngrid - 1; g >= 0 && !more; g--) {
            if (++at[g] < limit[g])
                more = 1;
            else
                at[g] = 0;
        }
    }
    return DA_OK;
}

/* Every engine of the space holds all of the value: nobody needs to be asked. */
static bool held_by_all(const struct da__dist *base, const struct da__dist *space)
{
    for (int k = 0; k < base->ndim; k++)
        if (base->axis_grid[k] >= 0)
            return false;
    int64_t engines = da__dist_nengines(base);
    if (engines == base->engines.nelem && base->engines.nruns == 1 && space->engines.nruns == 1) {
        const struct da__run *a = &base->engines.run[0], *b = &space->engines.run[0];
        return a->reps == 1 && b->reps == 1 && a->step == 1 && b->step == 1 &&
               a->start <= b->start && a->start + a->count >= b->start + b->count;
    }
    return da__dist_equal(base, space);
}

static da_status plan_giving(const struct da__program *p, int step, int engine, int input,
                             struct da__planning *g, struct da__exchange *x)
{
    const struct da__step *s = &p->step[step];
    const struct da__step_input *in = &s->input[input];
    const struct da__dist *space = p->dist[s->dist], *base = p->dist[p->value[in->value].dist];
    struct da__fetch *f = &x->fetch[input];
    int mine[DA_MAX_NDIM];
    int64_t part[DA_MAX_NDIM];
    if (!da__dist_coords(base, engine, mine) || da__dist_local_shape(base, engine, part) == 0 ||
        held_by_all(base, space))
        return DA_OK;
    for (int b = 0; b < f->base_ndim; b++) {
        struct da__index_set owned;
        da__set_init(&owned);
        int own = da__dist_part(base, mine, b);
        da_status status = da__map_owned(&base->map[b], own, &owned);
        if (status == DA_OK)
            status = give_choices(s, in, space, base, b, own, &owned, &f->give[b]);
        da__set_free(&owned);
        DA_TRY(status);
        if (f->give[b].n == 0)
            return DA_OK;
    }
    return add_readers(in, space, base, engine, mine, step, f, &g->send);
}

/* The value's elements lie on this engine exactly as the step reads them, on every engine. */
static bool reads_as_it_lies(const struct da__program *p, const struct da__step *s,
                             const struct da__step_input *in)
{
    const struct da__value *v = &p->value[in->value];
    if (v->dist != s->dist || v->ndim != s->ndim || !da__view_is_identity(&in->view))
        return false;
    for (int k = 0; k < s->ndim; k++)
        if (v->shape[k] != s->shape[k])
            return false;
    return true;
}

static da_status plan_input(const struct da__program *p, int step, int engine, int input,
                            struct da__planning *g, struct da__exchange *x)
{
    const struct da__step *s = &p->step[step];
    const struct da__value *v = &p->value[s->input[input].value];
    struct da__fetch *f = &x->fetch[input];
    int64_t local[DA_MAX_NDIM];
    f->value = s->input[input].value;
    f->base_ndim = v->ndim;
    f->item = da__dtype_nbytes(v->dtype);
    da__dist_local_shape(p->dist[v->dist], engine, local);
    da__strides_c(v->ndim, local, (int64_t)f->item, f->base_stride);
    if (s->kind == DA__STEP_KERNEL && !da__body_reads(&s->body, input))
        return DA_OK; /* only a base: its elements stay where they are */
    if (s->kind == DA__STEP_ROUTINE && da__routine_reads_raw(s->routine, input))
        return DA_OK;
    if (reads_as_it_lies(p, s, &s->input[input])) {
        f->mode = DA__FETCH_IN_PLACE;
        memcpy(f->stride, f->base_stride, sizeof f->stride);
        return DA_OK;
    }
    DA_TRY(plan_reading(p, step, engine, input, g, x));
    DA_TRY(plan_giving(p, step, engine, input, g, x));
    for (int b = 0; b < f->base_ndim; b++)
        choices_free(&f->give[b]);
    return DA_OK;
}

da_status da__exchange_plan(const struct da__program *p, int step, int engine,
                            struct da__planning *g, struct da__exchange *x)
{
    const struct da__step *s = &p->step[step];
    memset(x, 0, sizeof *x);
    x->fetch = da__calloc((size_t)s->ninputs + 1, sizeof *x->fetch);
    if (x->fetch == NULL)
        return DA_ERR_MEMORY;
    x->ninputs = s->ninputs;
    for (int i = 0; i < s->ninputs; i++)
        DA_TRY(plan_input(p, step, engine, i, g, x));
    DA_TRY(da__ledger_close(&g->receive, p, engine, true, &x->receive));
    DA_TRY(da__ledger_close(&g->send, p, engine, false, &x->send));
    for (int i = 0; i < s->ninputs; i++)
        if (x->fetch[i].mode == DA__FETCH_GATHER)
            DA_TRY(place_pieces(p, step, engine, &x->fetch[i], &g->receive));
    x->first = g->nmessages;
    g->nmessages += x->receive.n;
    return DA_OK;
}
