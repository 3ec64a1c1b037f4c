/* Unfolding: what each step of a program means on this engine, by index arithmetic alone. Done once per program; a replay
 * reuses the plan. */
#include "routine.h"

#include <string.h>

/* Chunks aim at this many elements: some 100 µs of work. Fixed, so that the order in which partial results are joined does not
 * depend on the number of threads. */
enum { CHUNK_ELEMENTS = 1 << 18, CHUNK_LEAST = 1 << 15, CHUNKS_AIMED = 16 };
enum { MOST_STATE_BYTES = 4 << 20, SPLIT_KEPT_STATES = 4096 };

static void local_of(const struct da__dist *d, int engine, size_t item, struct da__local *out)
{
    out->member = da__dist_has(d, engine);
    out->nelem = da__dist_local_shape(d, engine, out->shape);
    out->nbytes = out->nelem * (int64_t)item;
}

/* ---- reductions ---- */

/* The engine at `rank` of the group that shares this engine's coordinates outside the reduced dimensions. */
static int group_engine(const struct da__dist *d, const int *coord, const bool *reduced, int rank)
{
    int at[DA_MAX_NDIM];
    for (int g = d->ngrid - 1; g >= 0; g--) {
        at[g] = coord[g];
        if (reduced[g]) {
            at[g] = rank % d->grid[g];
            rank /= d->grid[g];
        }
    }
    return da__dist_engine(d, at);
}

static void plan_tree(const struct da__dist *d, int engine, uint32_t mask,
                      struct da__reduce_plan *r)
{
    int coord[DA_MAX_NDIM];
    bool reduced[DA_MAX_NDIM] = {false};
    r->parent = -1;
    r->group_size = 1;
    if (!da__dist_coords(d, engine, coord))
        return;
    struct da__hash h = da__hash_init();
    for (int k = 0; k < d->ndim; k++)
        if ((mask >> k & 1) && d->axis_grid[k] >= 0)
            reduced[d->axis_grid[k]] = true;
    for (int g = 0; g < d->ngrid; g++)
        if (reduced[g]) {
            r->group_size *= d->grid[g];
            r->group_rank = r->group_rank * d->grid[g] + coord[g];
        }
    if (r->group_size == 1)
        return;
    if (r->group_rank > 0)
        r->parent = group_engine(d, coord, reduced, da__tree_parent(r->group_rank));
    for (int k = 0, child; (child = da__tree_child(r->group_rank, r->group_size, k)) >= 0; k++)
        r->child[r->nchildren++] = group_engine(d, coord, reduced, child);
    da__hash_i64(&h, r->group_size); /* equal on all members: the grid, not the coordinates */
    for (int g = 0; g < d->ngrid; g++) {
        da__hash_i64(&h, reduced[g] ? d->grid[g] : 0);
        da__hash_i64(&h, d->grid_stride[g]);
    }
    da__hash_i64(&h, d->offset);
    for (int i = 0; i < d->engines.nruns; i++) {
        da__hash_i64(&h, d->engines.run[i].start);
        da__hash_i64(&h, d->engines.run[i].step);
        da__hash_i64(&h, d->engines.run[i].count);
    }
    r->group_key = (uint32_t)(h.lo ^ h.hi) | 1;
}

static void plan_reduction(const struct da__program *p, const struct da__step *s, int engine,
                           const struct da__local *space, int k, struct da__reduce_plan *r)
{
    const struct da__body_reduction *b = &s->body.reduction[k];
    r->state_nbytes = (int64_t)da__user_red_state_nbytes(
        da__body_red_user(&s->body, k), (enum da__red_id)b->red, (da_dtype)b->compute);
    r->nstates = space->member ? 1 : 0;
    int64_t stride = r->state_nbytes;
    for (int a = s->ndim - 1; a >= 0; a--) {
        if (b->mask >> a & 1)
            continue;
        r->stride[a] = stride;
        stride *= space->shape[a];
        r->nstates *= space->shape[a];
    }
    plan_tree(p->dist[s->dist], engine, b->mask, r);
}

/* ---- chunks ---- */

static uint32_t reduced_anywhere(const struct da__step *s)
{
    uint32_t mask = 0;
    for (int k = 0; k < s->body.nreductions; k++)
        mask |= s->body.reduction[k].mask;
    return mask;
}

static int widest_axis(const struct da__step *s, const int64_t *shape, uint32_t among)
{
    int best = -1;
    for (int a = 0; a < s->ndim; a++)
        if ((among >> a & 1) && (best < 0 || shape[a] > shape[best]))
            best = a;
    return best;
}

/* Chunks of many positions begin at whole cache lines of any dtype that runs along their axis: two chunks that share lines of
 * a transposed operand would both read them. */
static int64_t whole_lines(int64_t each)
{
    enum { UNIT = 64 };
    return each >= UNIT / 2 ? (each + UNIT / 2) / UNIT * UNIT : each;
}

/* As earlier sweeps measured it. In the first one few elements are not worth waking threads for; of more, each thread gets
 * several chunks, so that uneven ones even out. */
static int64_t chunks_wanted(const struct da__step *s, const struct da__step_plan *sp,
                             int64_t nelem)
{
    if (s->body.nreductions > 0)
        return nelem / CHUNK_ELEMENTS;
    int64_t measured = da__pace_chunks(sp->pace, nelem);
    if (measured > 0 && nelem < (int64_t)CHUNKS_AIMED * CHUNK_LEAST)
        return measured; /* larger arrays: finer cuts share lines of transposed operands */
    int64_t each = nelem / CHUNKS_AIMED;
    each = each < CHUNK_LEAST ? CHUNK_LEAST : each > CHUNK_ELEMENTS ? CHUNK_ELEMENTS : each;
    return nelem / each;
}

void da__chunks_of(const struct da__step *s, const struct da__step_plan *sp, const int64_t *shape,
                   struct da__chunks *out)
{
    *out = (struct da__chunks){.n = 1, .each = INT64_MAX};
    int64_t wanted = chunks_wanted(s, sp, da__nelem(s->ndim, shape));
    if (wanted < 2 || s->ndim == 0)
        return;
    uint32_t all = s->ndim == 32 ? UINT32_MAX : ((uint32_t)1 << s->ndim) - 1,
             reduced = reduced_anywhere(s);
    int64_t states = 0, state_nbytes = 0;
    for (int k = 0; k < s->body.nreductions; k++) {
        states += sp->reduce[k].nstates;
        state_nbytes += sp->reduce[k].nstates * sp->reduce[k].state_nbytes;
    }
    int axis = -1;
    for (int a = 0; a < s->ndim && axis < 0;
         a++) /* the outermost that is long enough: chunks stay contiguous */
        if (shape[a] >= 4)
            axis = a;
    if (axis < 0)
        axis = widest_axis(s, shape, all);
    int kept = widest_axis(s, shape, all & ~reduced);
    if ((reduced >> axis & 1) && states > SPLIT_KEPT_STATES && kept >= 0 && shape[kept] >= 4)
        axis = kept;
    out->axis = axis;
    out->split_reduced = reduced >> axis & 1;
    if (out->split_reduced && wanted * state_nbytes > MOST_STATE_BYTES)
        wanted = MOST_STATE_BYTES / state_nbytes;
    if (wanted < 1)
        wanted = 1;
    out->each = whole_lines((shape[axis] + wanted - 1) / wanted);
    out->n = (shape[axis] + out->each - 1) / out->each;
    if (out->split_reduced && out->n > wanted) {
        out->each = (shape[axis] + wanted - 1) / wanted;
        out->n = (shape[axis] + out->each - 1) / out->each;
    }
}

/* The largest number of chunks with accumulators of their own that a box has. */
static void measure_chunks(const struct da__step *s, struct da__step_plan *sp)
{
    if (s->body.nreductions == 0)
        return;
    for (int64_t i = 0; i < sp->boxes.n; i++) {
        int64_t segment[DA_MAX_NDIM], shape[DA_MAX_NDIM];
        struct da__chunks c;
        da__box_segments(&sp->boxes, s->ndim, i, segment);
        for (int a = 0; a < s->ndim; a++)
            shape[a] = sp->boxes.begin[a][segment[a] + 1] - sp->boxes.begin[a][segment[a]];
        da__chunks_of(s, sp, shape, &c);
        if (c.split_reduced && c.n > sp->most_chunks)
            sp->most_chunks = c.n;
    }
}

/* ---- steps ---- */

static bool body_needs_index(const struct da__body *b)
{
    for (int i = 0; i < b->ninsns; i++)
        for (int k = 0; k < da__op_info((enum da__op_id)b->insn[i].op)->nin; k++)
            if (DA__REF_KIND(b->insn[i].arg[k]) == DA__REF_INDEX)
                return true;
    for (int i = 0; i < b->noutputs; i++)
        if (DA__REF_KIND(b->output[i]) == DA__REF_INDEX)
            return true;
    for (int i = 0; i < b->nreductions; i++)
        if (DA__REF_KIND(b->reduction[i].value) == DA__REF_INDEX ||
            b->reduction[i].red == DA__RED_ARGMIN || b->reduction[i].red == DA__RED_ARGMAX)
            return true;
    return false;
}

/* The input that a step only copies, each element to one place, halos of an axis that it lacks included; -1: it computes. */
static int copied_input(const struct da__step *s, const int64_t *stored)
{
    const struct da__body *b = &s->body;
    if (b->ninsns > 0 || b->nreductions > 0 || b->noutputs != 1 ||
        DA__REF_KIND(b->output[0]) != DA__REF_INPUT)
        return -1;
    int input = DA__REF_NUMBER(b->output[0]), named[DA_MAX_NDIM] = {0};
    const struct da__view *v = &s->input[input].view;
    for (int k = 0; k < v->base_ndim; k++)
        if (v->axis[k] >= 0)
            named[v->axis[k]]++;
    for (int a = 0; a < s->ndim; a++)
        if (named[a] > 1 || (named[a] == 0 && (s->shape[a] != 1 || stored[a] > 1)))
            return -1;
    return input;
}

static da_status plan_parts(const struct da__program *p, const struct da__step *s, int engine,
                            struct da__step_plan *sp)
{
    if (s->part == NULL)
        return DA_OK;
    sp->part = da__calloc((size_t)s->noutputs + 1, sizeof *sp->part);
    if (sp->part == NULL)
        return DA_ERR_MEMORY;
    for (int k = 0; k < s->noutputs; k++)
        if (s->part[k].on)
            DA_TRY(da__part_plan(p, s, engine, k, &sp->part[k]));
    return DA_OK;
}

static da_status plan_kernel(const struct da__program *p, const struct da__step *s, int engine,
                             struct da__step_plan *sp)
{
    sp->needs_index = body_needs_index(&s->body);
    sp->reduce = da__calloc((size_t)s->body.nreductions + 1, sizeof *sp->reduce);
    void *memory = da__alloc_aligned(da__kernel_nbytes(&s->body), 64);
    sp->tier = da__tier_new();
    sp->pace = s->body.nreductions == 0 ? da__pace_new() : NULL;
    if (sp->reduce == NULL || sp->tier == NULL || memory == NULL ||
        (sp->pace == NULL && s->body.nreductions == 0)) {
        da__free(memory);
        return DA_ERR_MEMORY;
    }
    sp->kernel = da__kernel_plan(&s->body, memory);
    sp->scratch_nbytes = (int64_t)da__kernel_scratch_nbytes(sp->kernel);
    for (int k = 0; k < s->body.nreductions; k++)
        plan_reduction(p, s, engine, &sp->space, k, &sp->reduce[k]);
    sp->most_chunks = 1;
    sp->copies = copied_input(s, sp->space.shape);
    if (sp->copies >= 0 && sp->exchange.fetch[sp->copies].mode != DA__FETCH_GATHER)
        sp->copies = -1; /* where it lies here already, the sweep copies it */
    if (sp->space.nelem > 0 && sp->copies < 0) {
        DA_TRY(da__boxes_plan(s, sp->space.shape, &sp->exchange, &sp->boxes));
        measure_chunks(s, sp);
    }
    return plan_parts(p, s, engine, sp);
}

static da_status plan_routine(const struct da__program *p, const struct da__step *s, int engine,
                              struct da__step_plan *sp)
{
    const struct da__routine_ops *ops = da__routine_ops(s->routine);
    return ops->plan != NULL ? ops->plan(p, s, engine, &sp->own) : DA_OK;
}

/* ---- messages ---- */

/* The step after which a value exists: reductions are finished with their level. */
static int exists_after(const struct da__program *p, int value)
{
    int producer = p->value[value].producer;
    if (producer < 0)
        return -1;
    for (int k = 0; k < p->step[producer].noutputs; k++)
        if (p->step[producer].output[k] == value)
            return producer;
    while (producer + 1 < p->nsteps && p->step[producer + 1].level == p->step[producer].level)
        producer++;
    return producer;
}

static void find_ready(const struct da__program *p, struct da__step_plan *sp)
{
    const struct da__messages *send = &sp->exchange.send;
    sp->ready = -1;
    for (int i = 0; i < send->n; i++)
        for (int k = 0; k < send->message[i].nregions; k++) {
            int after = exists_after(p, send->message[i].region[k]->value);
            sp->ready = after > sp->ready ? after : sp->ready;
        }
}

/* Each message goes after the last step that reads one of its regions. */
static int last_reader(const struct da__message *m, int step)
{
    for (int k = 0; k < m->nregions; k++)
        if (m->region[k]->last_step > step)
            step = m->region[k]->last_step;
    return step;
}

static da_status find_spent(struct da__plan *plan)
{
    for (int i = 0; i < plan->program->nsteps; i++) {
        const struct da__exchange *x = &plan->step[i].exchange;
        for (int k = 0; k < x->receive.n; k++) {
            struct da__step_plan *last = &plan->step[last_reader(&x->receive.message[k], i)];
            int64_t cap = last->spent_cap;
            if (!da__grow((void **)&last->spent, &cap, last->nspent + 1, sizeof *last->spent))
                return DA_ERR_MEMORY;
            last->spent_cap = cap;
            last->spent[last->nspent++] = x->first + k;
        }
    }
    return DA_OK;
}

/* The first of all replicas writes a file. */
static bool is_first_replica(const struct da__dist *d, int engine)
{
    int coord[DA_MAX_NDIM];
    bool used[DA_MAX_NDIM] = {false};
    if (!da__dist_coords(d, engine, coord))
        return false;
    for (int k = 0; k < d->ndim; k++)
        if (d->axis_grid[k] >= 0)
            used[d->axis_grid[k]] = true;
    for (int g = 0; g < d->ngrid; g++)
        if (!used[g] && coord[g] != 0)
            return false;
    return true;
}

static da_status plan_step(const struct da__program *p, int i, int engine, struct da__planning *g,
                           struct da__step_plan *sp)
{
    const struct da__step *s = &p->step[i];
    const struct da__dist *d = p->dist[s->dist];
    local_of(d, engine, 1, &sp->space);
    sp->writes = is_first_replica(d, engine);
    if (s->kind == DA__STEP_KERNEL || s->kind == DA__STEP_ROUTINE)
        DA_TRY(da__exchange_plan(p, i, engine, g, &sp->exchange));
    find_ready(p, sp);
    if (s->kind == DA__STEP_KERNEL)
        DA_TRY(plan_kernel(p, s, engine, sp));
    if (s->kind == DA__STEP_ROUTINE)
        DA_TRY(plan_routine(p, s, engine, sp));
    if (s->kind == DA__STEP_KERNEL && !sp->needs_index)
        return DA_OK;
    sp->index = da__calloc((size_t)s->ndim + 1, sizeof *sp->index);
    if (sp->index == NULL)
        return DA_ERR_MEMORY;
    for (int k = 0; k < s->ndim; k++)
        da__set_init(&sp->index[k]);
    for (int k = 0; k < s->ndim && sp->space.member; k++)
        DA_TRY(da__dist_local_set(d, engine, k, &sp->index[k]));
    return DA_OK;
}

void da__plan_free(struct da__plan *plan)
{
    if (plan == NULL)
        return;
    for (int i = 0; plan->step != NULL && i < plan->program->nsteps; i++) {
        struct da__step_plan *sp = &plan->step[i];
        da__exchange_free(&sp->exchange);
        da__boxes_free(&sp->boxes);
        da__free(sp->spent);
        if (plan->program->step[i].kind == DA__STEP_ROUTINE && sp->own != NULL)
            da__routine_ops(plan->program->step[i].routine)->free(sp->own);
        for (int k = 0; sp->part != NULL && k < plan->program->step[i].noutputs; k++)
            da__part_free(&sp->part[k]);
        da__free(sp->part);
        da__free(sp->kernel);
        da__tier_free(sp->tier);
        da__pace_free(sp->pace);
        da__free(sp->reduce);
        for (int k = 0; sp->index != NULL && k < plan->program->step[i].ndim; k++)
            da__set_free(&sp->index[k]);
        da__free(sp->index);
    }
    da__free(plan->step);
    da__free(plan->value);
    da__free(plan->data);
    da__free(plan->extent);
    da__free(plan->state);
    da__free(plan->item);
    da__free(plan->arrival);
    da__free(plan->progress);
    da__free(plan->lent);
    da__free(plan->parting);
    da__program_free(plan->program);
    da__free(plan);
}

/* What every run of the plan needs beside the arrays themselves. */
static bool make_room(struct da__plan *plan)
{
    const struct da__program *p = plan->program;
    size_t most = 0, n = 0;
    for (int i = 0; i < p->nsteps; i++) {
        n = (i > 0 && p->step[i].level == p->step[i - 1].level ? n : 0) +
            (size_t)p->step[i].body.nreductions;
        most = n > most ? n : most;
    }
    plan->data = da__calloc((size_t)p->nvalues + 1, sizeof *plan->data);
    plan->state = da__calloc(most + 1, sizeof *plan->state);
    plan->item = da__calloc(most + 1, sizeof *plan->item);
    plan->extent = da__calloc((size_t)p->nvalues + 1, sizeof *plan->extent);
    plan->arrival = da__calloc((size_t)plan->nmessages + 1, sizeof *plan->arrival);
    plan->progress = da__calloc((size_t)p->nsteps + 1, sizeof *plan->progress);
    plan->lent = da__calloc((size_t)p->nvalues + 1, sizeof *plan->lent);
    plan->parting = da__calloc((size_t)p->nvalues + 1, sizeof *plan->parting);
    return plan->extent != NULL && plan->data != NULL && plan->state != NULL &&
           plan->item != NULL && plan->arrival != NULL && plan->progress != NULL &&
           plan->lent != NULL && plan->parting != NULL;
}

da_status da__plan_make(struct da__program *p, int engine, struct da__plan **out)
{
    struct da__plan *plan = da__calloc(1, sizeof *plan);
    if (plan == NULL) {
        da__program_free(p);
        return DA_ERR_MEMORY;
    }
    struct da__planning g = {.nmessages = 0};
    da_status status = DA_ERR_MEMORY;
    plan->program = p;
    for (int i = 0; i < p->nusers; i++)
        da__user_find(p->user[i]);
    for (int i = 0; i < p->nsteps; i++)
        p->step[i].body.user = p->user;
    plan->value = da__calloc((size_t)p->nvalues + 1, sizeof *plan->value);
    plan->step = da__calloc((size_t)p->nsteps + 1, sizeof *plan->step);
    if (plan->value == NULL || plan->step == NULL)
        goto done;
    for (int i = 0; i < p->nvalues; i++)
        local_of(p->dist[p->value[i].dist], engine, da__dtype_nbytes(p->value[i].dtype),
                 &plan->value[i]);
    status = DA_OK;
    for (int i = 0; i < p->nsteps && status == DA_OK; i++) {
        status = plan_step(p, i, engine, &g, &plan->step[i]);
        const struct da__exchange *x = &plan->step[i].exchange;
        plan->talks = plan->talks || x->send.n + x->receive.n > 0;
    }
    plan->nmessages = g.nmessages;
    if (status == DA_OK)
        status = make_room(plan) ? find_spent(plan) : DA_ERR_MEMORY;
done:
    da__planning_free(&g);
    if (status != DA_OK)
        da__plan_free(plan);
    else
        *out = plan;
    return status;
}
