/* The sweep of a kernel step: its part of the space box by box, operands read where they lie. Boxes whose operands are here run at
 * once, the others when their messages are in. Where partial results are joined, boxes follow one another in a fixed order. */
#include "engine.h"

#include <stdatomic.h>
#include <string.h>

#include "backoff.h"

struct sweep {
    struct da__execution *r;
    int step;
    const struct da__step *s;
    const struct da__step_plan *sp;
    struct da__strided *input, *output, *reduction;
    void **part; /* per output: a temporary that is copied to its place at the end, or NULL */
    const void **param;
    char **chunk_state;  /* per reduction: accumulator arrays one after the other */
    struct box_run *box; /* those that run now */
    int64_t nboxes;
    bool *done; /* per box */
    int64_t scratch_nbytes;
    bool measured;           /* what the chunks cost */
    _Atomic int64_t busy_ns; /* of all threads */
};
/* A box that runs: chunks first … first + chunks.n - 1 of the batch. */
struct box_run {
    int64_t box, first;
    int64_t segment[DA_MAX_NDIM], low[DA_MAX_NDIM], shape[DA_MAX_NDIM];
    struct da__chunks chunks;
};

/* ---- one box of affine indices ---- */

static const char *piece_data(const struct da__execution *r, const struct da__fetch *f,
                              const struct da__piece *piece)
{
    return piece->region != NULL ? da__region_data(r, piece->region) : r->data[f->value];
}

/* An operand, of whose strides only those of the space's axes count: rooms for all axes are long. */
static void take_operand(struct da__strided *out, const struct da__strided *from, int ndim)
{
    out->data = from->data;
    for (int k = 0; k < ndim; k++)
        out->stride[k] = from->stride[k];
}

/* Input i of the box at local positions `at`. */
static void place_input(const struct sweep *w, const struct box_run *box, int i, const int64_t *at,
                        struct da__strided *out)
{
    const struct da__fetch *f = &w->sp->exchange.fetch[i];
    const struct da__view *v = &w->s->input[i].view;
    take_operand(out, &w->input[i], w->s->ndim);
    if (f->mode == DA__FETCH_BOXES) {
        const struct da__piece *piece = da__box_piece(v, f, box->segment);
        out->data = (char *)piece_data(w->r, f, piece) +
                    da__box_place(v, f, piece, box->segment, at, out->stride);
        return;
    }
    for (int k = 0; k < w->s->ndim; k++)
        out->data += at[k] * out->stride[k];
}

/* Runs one box of affine indices; local positions start at `at`. */
static void run_box(const struct sweep *w, const struct box_run *box, const int64_t *at,
                    const int64_t *extent, const int64_t *start, const int64_t *step, int64_t chunk,
                    char *scratch)
{
    const struct da__step *s = w->s;
    const struct da__body *b = &s->body;
    char *end = scratch + w->scratch_nbytes;
    struct da__strided *operand =
        (struct da__strided *)(void *)end; /* room behind the kernel's own scratch */
    struct da__sweep sweep;                /* long: what is used is set */
    sweep.ndim = s->ndim;
    sweep.param = w->param;
    struct da__strided *input = operand, *output = input + b->ninputs,
                       *reduction = output + b->noutputs;
    for (int k = 0; k < s->ndim; k++) {
        sweep.extent[k] = extent[k];
        sweep.index_start[k] = start[k];
        sweep.index_step[k] = step[k];
        sweep.index_shape[k] = s->shape[k];
    }
    for (int i = 0; i < b->ninputs; i++)
        place_input(w, box, i, at, &input[i]);
    for (int i = 0; i < b->noutputs; i++) {
        take_operand(&output[i], &w->output[i], s->ndim);
        for (int k = 0; k < s->ndim; k++)
            output[i].data += at[k] * output[i].stride[k];
    }
    for (int i = 0; i < b->nreductions; i++) {
        const struct da__reduce_plan *rp = &w->sp->reduce[i];
        take_operand(&reduction[i], &w->reduction[i], s->ndim);
        reduction[i].data =
            w->chunk_state[i] +
            (box->chunks.split_reduced ? chunk * rp->nstates * rp->state_nbytes : 0);
        for (int k = 0; k < s->ndim; k++)
            reduction[i].data += at[k] * reduction[i].stride[k];
    }
    sweep.input = input;
    sweep.output = output;
    sweep.reduction = reduction;
    da__kernel_run(da__tier_kernel(w->sp), &sweep, scratch);
}

/* One affine stretch of local positions along an axis. */
struct stretch {
    int64_t at, extent, start, step;
};

/* The n-th affine stretch of an index set within positions [low, high); false: no more. `base` is the position of run r, rep q. */
struct stretches {
    const struct da__index_set *set;
    int64_t low, high;
    int run;
    int64_t rep, base;
};

static bool next_stretch(struct stretches *it, struct stretch *out)
{
    while (it->run < it->set->nruns) {
        const struct da__run *run = &it->set->run[it->run];
        if (it->rep >= run->reps || it->base >= it->high) {
            it->run++;
            it->rep = 0;
            if (it->base >= it->high)
                return false;
            continue;
        }
        int64_t first = it->base > it->low ? it->base : it->low;
        int64_t last = it->base + run->count < it->high ? it->base + run->count : it->high;
        int64_t start = run->start + it->rep * run->stride + (first - it->base) * run->step;
        it->base += run->count;
        it->rep++;
        if (first >= last)
            continue;
        *out = (struct stretch){first, last - first, start, run->step};
        return true;
    }
    return false;
}

/* The product of affine stretches of all axes within [low, high) of each. */
static void run_stretches(const struct sweep *w, const struct box_run *box, const int64_t *low,
                          const int64_t *high, int64_t chunk, char *scratch)
{
    int ndim = w->s->ndim;
    int64_t at[DA_MAX_NDIM], extent[DA_MAX_NDIM], start[DA_MAX_NDIM], step[DA_MAX_NDIM];
    if (!w->sp->needs_index) {
        for (int k = 0; k < ndim; k++) {
            at[k] = low[k];
            extent[k] = high[k] - low[k];
            start[k] = step[k] = 0;
        }
        run_box(w, box, at, extent, start, step, chunk, scratch);
        return;
    }
    struct stretches it[DA_MAX_NDIM];
    struct stretch now[DA_MAX_NDIM];
    for (int k = 0; k < ndim; k++) {
        it[k] = (struct stretches){.set = &w->sp->index[k], .low = low[k], .high = high[k]};
        if (!next_stretch(&it[k], &now[k]))
            return;
    }
    for (int k = ndim; k >= 0;) {
        for (int a = 0; a < ndim; a++) {
            at[a] = now[a].at;
            extent[a] = now[a].extent;
            start[a] = now[a].start;
            step[a] = now[a].step;
        }
        run_box(w, box, at, extent, start, step, chunk, scratch);
        for (k = ndim - 1; k >= 0 && !next_stretch(&it[k], &now[k]); k--) {
            it[k] = (struct stretches){.set = &w->sp->index[k], .low = low[k], .high = high[k]};
            next_stretch(&it[k], &now[k]);
        }
    }
}

/* ---- batches of boxes ---- */

static void run_chunk(void *self, int64_t index, int thread)
{
    struct sweep *w = self;
    int64_t begin = w->measured ? da__now_ns() : 0;
    int64_t lo = 0, hi = w->nboxes; /* box[lo].first <= index < box[hi].first */
    while (hi - lo > 1) {
        int64_t mid = lo + (hi - lo) / 2;
        *(w->box[mid].first <= index ? &lo : &hi) = mid;
    }
    const struct box_run *box = &w->box[lo];
    int64_t low[DA_MAX_NDIM], high[DA_MAX_NDIM], chunk = index - box->first;
    for (int k = 0; k < w->s->ndim; k++) {
        low[k] = box->low[k];
        high[k] = box->low[k] + box->shape[k];
    }
    if (box->chunks.n > 1) {
        int a = box->chunks.axis;
        int64_t each = box->chunks.each, left = box->shape[a] - chunk * each;
        low[a] += chunk * each;
        high[a] = low[a] + (left < each ? left : each);
    }
    run_stretches(w, box, low, high, chunk,
                  (char *)w->r->engine->scratch + thread * w->r->engine->scratch_stride);
    if (w->measured)
        atomic_fetch_add_explicit(&w->busy_ns, da__now_ns() - begin, memory_order_relaxed);
}

static void poll_step(void *self)
{
    const struct sweep *w = self;
    da__tier_poll(w->sp->tier);
    da__run_poll(w->r);
    da__transfer_poll(w->r, w->step);
}

static void measure_box(const struct sweep *w, int64_t i, struct box_run *out)
{
    const struct da__boxes *b = &w->sp->boxes;
    out->box = i;
    da__box_segments(b, w->s->ndim, i, out->segment);
    for (int a = 0; a < w->s->ndim; a++) {
        out->low[a] = b->begin[a][out->segment[a]];
        out->shape[a] = b->begin[a][out->segment[a] + 1] - out->low[a];
    }
    da__chunks_of(w->s, w->sp, out->shape, &out->chunks);
}

/* Accumulators of chunks beside the first one. */
static void zero_chunks(const struct sweep *w, int64_t nchunks)
{
    for (int k = 0; k < w->s->body.nreductions; k++) {
        const struct da__reduce_plan *rp = &w->sp->reduce[k];
        const struct da__body_reduction *b = &w->s->body.reduction[k];
        da__user_red_zero(da__body_red_user(&w->s->body, k), (enum da__red_id)b->red,
                          (da_dtype)b->compute, (nchunks - 1) * rp->nstates,
                          w->chunk_state[k] + rp->nstates * rp->state_nbytes);
    }
}

static void join_chunks(const struct sweep *w, int64_t nchunks)
{
    for (int k = 0; k < w->s->body.nreductions; k++) {
        const struct da__reduce_plan *rp = &w->sp->reduce[k];
        const struct da__body_reduction *b = &w->s->body.reduction[k];
        for (int64_t c = 1; c < nchunks; c++)
            da__user_red_join(da__body_red_user(&w->s->body, k), (enum da__red_id)b->red,
                              (da_dtype)b->compute, rp->nstates, w->chunk_state[k],
                              w->chunk_state[k] + c * rp->nstates * rp->state_nbytes);
    }
}

static void run_batch(struct sweep *w)
{
    const struct box_run *last = &w->box[w->nboxes - 1];
    int64_t nchunks = last->first + last->chunks.n;
    bool split = w->nboxes == 1 && last->chunks.split_reduced && nchunks > 1;
    if (split)
        zero_chunks(w, nchunks);
    if (nchunks == 1)
        run_chunk(w, 0, 0);
    else
        da__workers_run(w->r->engine->workers, nchunks, run_chunk, w, poll_step, w);
    if (split)
        join_chunks(w, nchunks);
    for (int64_t i = 0; i < w->nboxes; i++)
        w->done[w->box[i].box] = true;
    w->nboxes = 0;
}

/* ---- which boxes can run ---- */

/* Whether the box reads messages of this step, and whether all it reads is here. */
static void look_at(const struct sweep *w, const int64_t *segment, bool *waits, bool *here)
{
    *waits = false;
    *here = true;
    for (int i = 0; i < w->s->ninputs; i++) {
        const struct da__fetch *f = &w->sp->exchange.fetch[i];
        if (f->mode != DA__FETCH_BOXES)
            continue;
        const struct da__region *region = da__box_piece(&w->s->input[i].view, f, segment)->region;
        if (region == NULL)
            continue;
        *waits = *waits || region->step == w->step;
        *here = *here && da__region_here(w->r, region);
    }
}

/* Boxes run one by one, those without messages first, so that what is added up is added in one order. */
static void run_in_order(struct sweep *w)
{
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < w->sp->boxes.n; i++) {
            bool waits, here;
            measure_box(w, i, w->box);
            look_at(w, w->box->segment, &waits, &here);
            if (waits != (pass == 1))
                continue;
            for (int64_t since = da__now_ns(); !here && !da__run_failed(w->r);) {
                if (da__transfer_poll(w->r, w->step))
                    look_at(w, w->box->segment, &waits, &here);
                else
                    da__transfer_idle(w->r, since);
            }
            if (da__run_failed(w->r))
                return;
            w->nboxes = 1;
            w->box->first = 0;
            run_batch(w);
        }
}

/* Boxes run as soon as they can, those that can together. */
static void run_as_ready(struct sweep *w, int64_t room)
{
    int64_t left = w->sp->boxes.n, first = 0, since = 0; /* 0: not waiting */
    while (left > 0 && !da__run_failed(w->r)) {
        while (w->done[first])
            first++;
        for (int64_t i = first; i < w->sp->boxes.n && w->nboxes < room; i++) {
            if (w->done[i])
                continue;
            bool waits, here;
            struct box_run *box = &w->box[w->nboxes];
            measure_box(w, i, box);
            look_at(w, box->segment, &waits, &here);
            if (!here)
                continue;
            box->first = w->nboxes > 0 ? box[-1].first + box[-1].chunks.n : 0;
            w->nboxes++;
        }
        left -= w->nboxes;
        if (w->nboxes > 0) {
            run_batch(w);
            since = 0;
        } else if (!da__transfer_poll(w->r, w->step)) {
            since = since != 0 ? since : da__now_ns();
            da__transfer_idle(w->r, since);
        }
    }
}

/* ---- operands ---- */

/* Zeroed accumulators: one array per reduction, and one per chunk where chunks cut a reduced axis. */
static bool make_states(const struct sweep *w)
{
    for (int k = 0; k < w->s->body.nreductions; k++) {
        const struct da__reduce_plan *rp = &w->sp->reduce[k];
        const struct da__body_reduction *b = &w->s->body.reduction[k];
        int64_t n = w->sp->most_chunks * rp->nstates;
        w->chunk_state[k] = da__pool_get(w->r->engine->pool, n * rp->state_nbytes);
        if (w->chunk_state[k] == NULL) {
            da__run_fail(w->r, DA_ERR_MEMORY, "no memory for %lld partial results", (long long)n);
            return false;
        }
        da__user_red_zero(da__body_red_user(&w->s->body, k), (enum da__red_id)b->red,
                          (da_dtype)b->compute, rp->nstates, w->chunk_state[k]);
    }
    return true;
}

/* Room for each thread: the kernel's scratch and the operands of a box. */
static bool make_scratch(const struct sweep *w)
{
    struct da__engine *e = w->r->engine;
    int noperands = w->s->body.ninputs + w->s->body.noutputs + w->s->body.nreductions;
    int64_t need = w->scratch_nbytes + noperands * (int64_t)sizeof(struct da__strided);
    need = (need + 63) / 64 * 64;
    if (need <= e->scratch_stride)
        return true;
    void *scratch = da__alloc_aligned((size_t)(need * e->nthreads), 64);
    if (scratch == NULL) {
        da__run_fail(w->r, DA_ERR_MEMORY, "no memory for %lld bytes of scratch",
                     (long long)(need * e->nthreads));
        return false;
    }
    da__free(e->scratch);
    e->scratch = scratch;
    e->scratch_stride = need;
    return true;
}

static bool bind_outputs(struct sweep *w)
{
    const struct da__step *s = w->s;
    for (int i = 0; i < s->noutputs; i++) {
        if (s->part != NULL && s->part[i].on) {
            if (!da__part_bind(w->r, w->step, i, &w->output[i], &w->part[i]))
                return false;
            continue;
        }
        const struct da__value *v = &w->r->plan->program->value[s->output[i]];
        w->output[i].data = da__run_value(w->r, s->output[i]);
        if (w->output[i].data == NULL)
            return false;
        da__strides_c(s->ndim, w->sp->space.shape, (int64_t)da__dtype_nbytes(v->dtype),
                      w->output[i].stride);
    }
    return true;
}

/* Where the operands lie; those in boxes are found box by box. */
static bool bind_operands(struct sweep *w, void *const *temp)
{
    const struct da__step *s = w->s;
    for (int i = 0; i < s->body.ninputs; i++) {
        const struct da__fetch *f = &w->sp->exchange.fetch[i];
        if (f->mode == DA__FETCH_IN_PLACE)
            w->input[i].data = (char *)w->r->data[f->value] + f->offset;
        if (f->mode == DA__FETCH_GATHER)
            w->input[i].data = temp[i];
        for (int k = 0; k < s->ndim; k++)
            w->input[i].stride[k] = f->mode != DA__FETCH_BOXES ? f->stride[k] : 0;
        if (f->mode == DA__FETCH_BOXES)
            w->input[i].data = NULL;
    }
    for (int i = 0; i < s->body.nreductions; i++)
        for (int k = 0; k < s->ndim; k++)
            w->reduction[i].stride[k] = w->sp->reduce[i].stride[k];
    for (int i = 0; i < s->body.nparams; i++)
        w->param[i] = w->r->param + 16 * s->param[i];
    return bind_outputs(w);
}

void da__run_sweep(struct da__execution *r, int step, void *const *temp, void **state)
{
    enum { MOST_AT_ONCE = 256 };
    const struct da__step *s = &r->plan->program->step[step];
    const struct da__step_plan *sp = &r->plan->step[step];
    int noperands = s->body.ninputs + s->body.noutputs + s->body.nreductions;
    bool ordered = s->body.nreductions > 0;
    int64_t room = ordered ? 1 : sp->boxes.n < MOST_AT_ONCE ? sp->boxes.n : MOST_AT_ONCE;
    struct sweep w = {.r = r, .step = step, .s = s, .sp = sp, .chunk_state = (char **)state};
    int64_t nbytes = noperands * (int64_t)sizeof(struct da__strided) +
                     (s->body.nparams + s->noutputs) * (int64_t)sizeof(void *) +
                     (room + 1) * (int64_t)sizeof(struct box_run) + sp->boxes.n;
    w.input = da__pool_get(r->engine->pool, nbytes);
    if (w.input == NULL) {
        da__run_fail(r, DA_ERR_MEMORY, "no memory for %d operands", noperands);
        return;
    }
    w.scratch_nbytes = da__tier_begin(r->engine, &s->body, sp->space.nelem, sp);
    w.measured = !ordered && da__pace_due(sp->pace, r->engine->nthreads, sp->space.nelem);
    w.output = w.input + s->body.ninputs;
    w.reduction = w.output + s->body.noutputs;
    w.param = (const void **)(void *)(w.reduction + s->body.nreductions);
    w.part = (void **)(w.param + s->body.nparams);
    w.box = (struct box_run *)(void *)(w.part + s->noutputs);
    w.done = (bool *)(w.box + room + 1);
    memset(w.part, 0, (size_t)s->noutputs * sizeof *w.part);
    memset(w.done, 0, (size_t)sp->boxes.n);
    if (bind_operands(&w, temp) && make_scratch(&w) && make_states(&w) && sp->space.nelem > 0) {
        if (ordered)
            run_in_order(&w);
        else
            run_as_ready(&w, room);
    }
    if (w.measured && !da__run_failed(r))
        da__pace_note(sp->pace, sp->space.nelem, atomic_load(&w.busy_ns));
    for (int i = 0; i < s->noutputs; i++)
        da__part_finish(r, step, i, w.part[i]);
    da__pool_put(r->engine->pool, w.input);
}
