/* Unfolding: what each step of a program means on this engine, by index arithmetic alone. Done once per program; a replay
 * reuses the plan. */
#include "routine.h"

#include <string.h>

/* Chunks aim at this many elements: some 100 µs of work. Fixed, so that the order in which partial results are joined does not
 * depend on the number of threads. */
enum { CHUNK_ELEMENTS = 1 << 18, MOST_STATE_BYTES = 16 << 20, SPLIT_KEPT_STATES = 4096 };

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
    r->state_nbytes = (int64_t)da__red_state_nbytes((enum da__red_id)b->red, (da_dtype)b->compute);
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

static int widest_axis(const struct da__step *s, const struct da__local *space, uint32_t among)
{
    int best = -1;
    for (int a = 0; a < s->ndim; a++)
        if ((among >> a & 1) && (best < 0 || space->shape[a] > space->shape[best]))
            best = a;
    return best;
}

/* Along which axis the engine's part is cut into chunks, and into how many: by shapes only. */
static void plan_chunks(const struct da__step *s, struct da__step_plan *sp)
{
    const struct da__local *space = &sp->space;
    sp->nchunks = 1;
    int64_t wanted = space->nelem / CHUNK_ELEMENTS;
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
        if (space->shape[a] >= 4)
            axis = a;
    if (axis < 0)
        axis = widest_axis(s, space, all);
    int kept = widest_axis(s, space, all & ~reduced);
    if ((reduced >> axis & 1) && states > SPLIT_KEPT_STATES && kept >= 0 && space->shape[kept] >= 4)
        axis = kept;
    sp->split_axis = axis;
    sp->split_reduced = reduced >> axis & 1;
    if (sp->split_reduced && wanted * state_nbytes > MOST_STATE_BYTES)
        wanted = MOST_STATE_BYTES / state_nbytes;
    if (wanted > space->shape[axis])
        wanted = space->shape[axis];
    sp->nchunks = wanted > 1 ? wanted : 1;
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

static da_status plan_kernel(const struct da__program *p, const struct da__step *s, int engine,
                             struct da__step_plan *sp)
{
    DA_TRY(da__exchange_plan(p, s, engine, &sp->exchange));
    sp->needs_index = body_needs_index(&s->body);
    sp->reduce = da__calloc((size_t)s->body.nreductions + 1, sizeof *sp->reduce);
    void *memory = da__alloc_aligned(da__kernel_nbytes(&s->body), 64);
    if (sp->reduce == NULL || memory == NULL) {
        da__free(memory);
        return DA_ERR_MEMORY;
    }
    sp->kernel = da__kernel_plan(&s->body, memory);
    sp->scratch_nbytes = (int64_t)da__kernel_scratch_nbytes(sp->kernel);
    for (int k = 0; k < s->body.nreductions; k++)
        plan_reduction(p, s, engine, &sp->space, k, &sp->reduce[k]);
    plan_chunks(s, sp);
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

static da_status plan_routine(const struct da__program *p, const struct da__step *s, int engine,
                              struct da__step_plan *sp)
{
    const struct da__routine_ops *ops = da__routine_ops(s->routine);
    DA_TRY(da__exchange_plan(p, s, engine, &sp->exchange));
    return ops->plan != NULL ? ops->plan(p, s, engine, &sp->own) : DA_OK;
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

static da_status plan_step(const struct da__program *p, int i, int engine, struct da__step_plan *sp)
{
    const struct da__step *s = &p->step[i];
    const struct da__dist *d = p->dist[s->dist];
    local_of(d, engine, 1, &sp->space);
    sp->writes = is_first_replica(d, engine);
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
        if (plan->program->step[i].kind == DA__STEP_ROUTINE && sp->own != NULL)
            da__routine_ops(plan->program->step[i].routine)->free(sp->own);
        for (int k = 0; sp->part != NULL && k < plan->program->step[i].noutputs; k++)
            da__part_free(&sp->part[k]);
        da__free(sp->part);
        da__free(sp->kernel);
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
    return plan->extent != NULL && plan->data != NULL && plan->state != NULL && plan->item != NULL;
}

da_status da__plan_make(struct da__program *p, int engine, struct da__plan **out)
{
    struct da__plan *plan = da__calloc(1, sizeof *plan);
    if (plan == NULL) {
        da__program_free(p);
        return DA_ERR_MEMORY;
    }
    da_status status = DA_ERR_MEMORY;
    plan->program = p;
    plan->value = da__calloc((size_t)p->nvalues + 1, sizeof *plan->value);
    plan->step = da__calloc((size_t)p->nsteps + 1, sizeof *plan->step);
    if (plan->value == NULL || plan->step == NULL || !make_room(plan))
        goto done;
    for (int i = 0; i < p->nvalues; i++)
        local_of(p->dist[p->value[i].dist], engine, da__dtype_nbytes(p->value[i].dtype),
                 &plan->value[i]);
    status = DA_OK;
    for (int i = 0; i < p->nsteps && status == DA_OK; i++)
        status = plan_step(p, i, engine, &plan->step[i]);
done:
    if (status != DA_OK)
        da__plan_free(plan);
    else
        *out = plan;
    return status;
}
