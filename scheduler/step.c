/* Running one step on this engine: inputs that are gathered, the sweep or the copy, routines. */
#include "routine.h"

#include <string.h>

#include "backoff.h"

/* ---- gathering ---- */

/* Copies a piece to where its elements belong: `stride` bytes per base axis from `to` on. */
static void copy_piece(struct da__execution *r, const struct da__fetch *f,
                       const struct da__piece *piece, char *to, const int64_t *stride)
{
    struct da__copy_job job = {.ndim = f->base_ndim, .item = f->item, .a = to};
    job.b = piece->region != NULL ? (char *)da__region_data(r, piece->region)
                                  : (char *)r->data[f->value];
    for (int b = 0; b < f->base_ndim; b++)
        job.axis[b] = (struct da__match_axis){piece->axis[b].m, piece->axis[b].n, stride[b],
                                              piece->stride[b]};
    da__run_copy(r, &job);
}

/* What is here already first, then what comes in. False: the run has failed. */
static bool gather_pieces(struct da__execution *r, int step, const struct da__fetch *f, char *to,
                          const int64_t *stride)
{
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < f->npieces; i++) {
            const struct da__region *region = f->piece[i].region;
            bool comes = region != NULL && region->step == step;
            if (comes != (pass == 1))
                continue;
            for (int64_t since = da__now_ns();
                 comes && !da__region_here(r, region) && !da__run_failed(r);)
                if (!da__transfer_poll(r, step))
                    da__transfer_idle(r, since);
            if (da__run_failed(r))
                return false;
            copy_piece(r, f, &f->piece[i], to, stride);
        }
    return true;
}

/* Inputs that cannot be read where they lie; `temp` has room for one pointer each. False: the run has failed. */
static bool gather_inputs(struct da__execution *r, int step, void **temp)
{
    const struct da__exchange *x = &r->plan->step[step].exchange;
    if (temp == NULL)
        return false;
    memset(temp, 0, (size_t)(x->ninputs + 1) * sizeof *temp);
    for (int i = 0; i < x->ninputs && !da__run_failed(r); i++) {
        const struct da__fetch *f = &x->fetch[i];
        if (f->mode != DA__FETCH_GATHER)
            continue;
        temp[i] = da__run_room(r, f->temp_nbytes);
        if (temp[i] != NULL)
            gather_pieces(r, step, f, temp[i], f->temp_stride);
    }
    return !da__run_failed(r);
}

static void *make_temporaries(struct da__execution *r, int step)
{
    int n = r->plan->step[step].exchange.ninputs;
    return da__run_room(r, (n + 1) * (int64_t)sizeof(void *));
}

static void release_temporaries(struct da__execution *r, int step, void **temp)
{
    for (int i = 0; temp != NULL && i < r->plan->step[step].exchange.ninputs; i++)
        da__pool_put(r->engine->pool, temp[i]);
    da__pool_put(r->engine->pool, temp);
}

/* ---- kernels ---- */

/* A step that only moves elements: what comes in is unpacked straight into the output. */
static void run_copy(struct da__execution *r, int step)
{
    const struct da__step *s = &r->plan->program->step[step];
    const struct da__step_plan *sp = &r->plan->step[step];
    const struct da__fetch *f = &sp->exchange.fetch[sp->copies];
    const struct da__view *v = &s->input[sp->copies].view;
    struct da__strided out = {.data = NULL};
    void *part = NULL;
    int64_t stride[DA_MAX_NDIM];
    if (s->part != NULL && s->part[0].on) {
        if (!da__part_bind(r, step, 0, &out, &part))
            return;
    } else {
        out.data = da__run_value(r, s->output[0]);
        da__strides_c(s->ndim, sp->space.shape, (int64_t)f->item, out.stride);
    }
    for (int b = 0; b < f->base_ndim; b++)
        stride[b] = v->axis[b] >= 0 ? out.stride[v->axis[b]] : 0;
    if (out.data != NULL)
        gather_pieces(r, step, f, out.data, stride);
    if (part != NULL)
        da__part_finish(r, step, 0, part);
}

void da__run_kernel(struct da__execution *r, int step, void **state)
{
    const struct da__step_plan *sp = &r->plan->step[step];
    da__run_bases(r, step);
    if (sp->copies >= 0 && !da__run_failed(r))
        run_copy(r, step);
    else if (!da__run_failed(r) && sp->space.member) {
        void **temp = make_temporaries(r, step);
        if (gather_inputs(r, step, temp))
            da__run_sweep(r, step, temp, state);
        release_temporaries(r, step, temp);
    }
    da__run_bases_end(r, step);
}

/* ---- routines ---- */

const struct da__routine_ops *da__routine_ops(enum da__routine_id id)
{
    static const struct da__routine_ops *const table[DA__NROUTINES] = {
        [DA__ROUTINE_RESHAPE] = &da__reshape_routine, [DA__ROUTINE_GATHER] = &da__gather_routine,
        [DA__ROUTINE_SCATTER] = &da__scatter_routine, [DA__ROUTINE_SCAN] = &da__scan_routine,
        [DA__ROUTINE_SORT] = &da__sort_routine,       [DA__ROUTINE_NONZERO] = &da__nonzero_routine,
        [DA__ROUTINE_SEARCH] = &da__search_routine,   [DA__ROUTINE_EXTRACT] = &da__extract_routine,
        [DA__ROUTINE_REPEAT] = &da__repeat_routine,   [DA__ROUTINE_MATMUL] = &da__matmul_routine,
        [DA__ROUTINE_APPLY] = &da__apply_routine};
    return table[id];
}

void *da__run_room(struct da__execution *r, int64_t nbytes)
{
    void *room = da__pool_get(r->engine->pool, nbytes);
    if (room == NULL)
        da__run_fail(r, DA_ERR_MEMORY, "no memory for %lld bytes of a temporary",
                     (long long)nbytes);
    return room;
}

void da__run_routine(struct da__execution *r, int step)
{
    const struct da__step *s = &r->plan->program->step[step];
    const struct da__step_plan *sp = &r->plan->step[step];
    int n = sp->exchange.ninputs;
    void **temp = make_temporaries(r, step);
    struct da__strided *operand = da__run_room(r, (n + 1) * (int64_t)sizeof *operand);
    gather_inputs(r, step, temp);
    for (int i = 0; i < n && !da__run_failed(r); i++) {
        const struct da__fetch *f = &sp->exchange.fetch[i];
        operand[i] = (struct da__strided){.data = temp[i]};
        if (f->mode == DA__FETCH_IN_PLACE && r->data[f->value] != NULL)
            operand[i].data = (char *)r->data[f->value] + f->offset;
        memcpy(operand[i].stride, f->stride, sizeof f->stride);
    }
    da__transfer_wait(r, step); /* the routine's own messages follow under the same tag */
    da__routine_ops(s->routine)->run(r, step, sp->own, operand);
    da__pool_put(r->engine->pool, operand);
    release_temporaries(r, step, temp);
}
