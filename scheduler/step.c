/* Running one kernel step on this engine: messages out, messages in, then the sweep over its part. */
#include "routine.h"

#include <string.h>

/* ---- the exchange ---- */

static void pack_axes(const struct da__fetch *f, const struct da__piece *piece, bool owner_side,
                      struct da__pack_axis *axis)
{
    for (int b = 0; b < f->base_ndim; b++)
        axis[b] =
            (struct da__pack_axis){.m = piece->axis[b]->m,
                                   .n = piece->axis[b]->n,
                                   .side_b = owner_side,
                                   .stride = owner_side ? f->base_stride[b] : f->temp_stride[b]};
}

/* Packs what one peer needs into one message; a failed engine sends the header alone, marked void. */
static void send_peer(struct da__execution *r, const struct da__step_plan *sp,
                      const struct da__peer *peer, int tag)
{
    char *message = da__run_failed(r) ? NULL : da__pool_get(r->engine->pool, peer->nbytes);
    if (message == NULL) {
        if (!da__run_failed(r))
            da__run_fail(r, DA_ERR_MEMORY, "no memory for a message of %lld bytes",
                         (long long)peer->nbytes);
        da__run_send(r, peer->engine, tag, r->void_header, DA__MESSAGE_HEADER, NULL);
        return;
    }
    memset(message, 0, DA__MESSAGE_HEADER);
    char *at = message + DA__MESSAGE_HEADER;
    for (int i = 0; i < peer->npieces; i++) {
        const struct da__piece *piece = &peer->piece[i];
        const struct da__fetch *f = &sp->exchange.fetch[piece->input];
        struct da__pack_axis axis[DA_MAX_NDIM];
        pack_axes(f, piece, true, axis);
        at += da__pack(f->base_ndim, axis, f->item, r->data[f->value], at);
    }
    da__run_send(r, peer->engine, tag, message, peer->nbytes, message);
}

static void unpack_peer(const struct da__step_plan *sp, const struct da__peer *peer,
                        const char *packed, void *const *temp)
{
    for (int i = 0; i < peer->npieces; i++) {
        const struct da__piece *piece = &peer->piece[i];
        const struct da__fetch *f = &sp->exchange.fetch[piece->input];
        struct da__pack_axis axis[DA_MAX_NDIM];
        pack_axes(f, piece, false, axis);
        packed += da__unpack(f->base_ndim, axis, f->item, temp[piece->input], packed);
    }
}

/* Elements of the engine's own part that go to a temporary: packed and unpacked through a small block, piece by piece. */
static void copy_own(struct da__execution *r, const struct da__step_plan *sp, void *const *temp)
{
    for (int k = 0; k < sp->exchange.self.n; k++)
        for (int i = 0; i < sp->exchange.self.peer[k].npieces; i++) {
            const struct da__piece *piece = &sp->exchange.self.peer[k].piece[i];
            const struct da__fetch *f = &sp->exchange.fetch[piece->input];
            struct da__pack_axis from[DA_MAX_NDIM], to[DA_MAX_NDIM];
            char *packed = da__pool_get(r->engine->pool, piece->nbytes);
            if (packed == NULL) {
                da__run_fail(r, DA_ERR_MEMORY, "no memory for %lld bytes of a copy",
                             (long long)piece->nbytes);
                return;
            }
            pack_axes(f, piece, true, from);
            pack_axes(f, piece, false, to);
            da__pack(f->base_ndim, from, f->item, r->data[f->value], packed);
            da__unpack(f->base_ndim, to, f->item, temp[piece->input], packed);
            da__pool_put(r->engine->pool, packed);
        }
}

struct incoming {
    struct da__request request;
    char *block;
};

/* Posts a receive per peer. Without memory the message is received into nothing, so that the sender gets on. */
static struct incoming *post_receives(struct da__execution *r, const struct da__step_plan *sp,
                                      int tag)
{
    const struct da__peers *peers = &sp->exchange.receive;
    if (peers->n == 0)
        return NULL;
    struct incoming *in = da__pool_get(r->engine->pool, (int64_t)peers->n * (int64_t)sizeof *in);
    if (in == NULL) /* cannot even remember them: take them one by one */
        return NULL;
    for (int i = 0; i < peers->n; i++) {
        in[i].block = da__pool_get(r->engine->pool, peers->peer[i].nbytes);
        if (in[i].block == NULL)
            da__run_fail(r, DA_ERR_MEMORY, "no memory for a message of %lld bytes",
                         (long long)peers->peer[i].nbytes);
        da_status status =
            r->engine->endpoint->ops->irecv(r->engine->endpoint, peers->peer[i].engine, tag,
                                            in[i].block, peers->peer[i].nbytes, &in[i].request);
        if (status != DA_OK)
            da__run_fail(r, status, "receiving from engine %d failed", peers->peer[i].engine);
    }
    return in;
}

static void drain_one_by_one(struct da__execution *r, const struct da__peers *peers, int tag)
{
    da__run_fail(r, DA_ERR_MEMORY, "no memory for %d messages", peers->n);
    for (int i = 0; i < peers->n; i++) {
        struct da__request request;
        if (r->engine->endpoint->ops->irecv(r->engine->endpoint, peers->peer[i].engine, tag, NULL,
                                            peers->peer[i].nbytes, &request) == DA_OK)
            da__wait_all(r->engine->endpoint, 1, &request);
    }
}

static void take_message(struct da__execution *r, const struct da__step_plan *sp,
                         const struct da__peer *peer, struct incoming *in, void *const *temp)
{
    int64_t status = DA_OK;
    if (in->block != NULL)
        memcpy(&status, in->block, sizeof status);
    if (status != DA_OK || (in->block != NULL && in->request.nbytes != peer->nbytes))
        da__run_fail(r, DA_ERR_TRANSPORT, "engine %d could not send its part", peer->engine);
    else if (in->block != NULL && !da__run_failed(r))
        unpack_peer(sp, peer, in->block + DA__MESSAGE_HEADER, temp);
    da__pool_put(r->engine->pool, in->block);
    in->block = NULL;
}

static void finish_receives(struct da__execution *r, const struct da__step_plan *sp,
                            struct incoming *in, void *const *temp)
{
    const struct da__peers *peers = &sp->exchange.receive;
    struct da__endpoint *e = r->engine->endpoint;
    int64_t idle = 0;
    for (int left = peers->n; left > 0;) {
        int before = left;
        left = 0;
        for (int i = 0; i < peers->n; i++) {
            if (in[i].block == NULL && in[i].request.done)
                continue;
            bool was_done = in[i].request.done;
            da_status status = was_done ? DA_OK : e->ops->test(e, &in[i].request);
            if (status != DA_OK) {
                da__run_fail(r, status, "receiving from engine %d failed", peers->peer[i].engine);
                in[i].request.done = true;
            }
            if (in[i].request.done)
                take_message(r, sp, &peers->peer[i], &in[i], temp);
            else
                left++;
        }
        da__run_poll(r);
        idle = left < before ? 0 : idle + 1;
        if (left > 0 && idle > 0)
            e->ops->wait_a_while(e, idle * 1000);
    }
    da__pool_put(r->engine->pool, in);
}

/* ---- the sweep ---- */

struct sweep {
    struct da__execution *r;
    const struct da__step *s;
    const struct da__step_plan *sp;
    struct da__strided *input, *output, *reduction;
    void **part; /* per output: a temporary that is copied to its place at the end, or NULL */
    const void **param;
    char **
        chunk_state; /* per reduction: nchunks accumulator arrays one after the other, or the only one */
};

/* Runs one box; local positions start at `at`. */
static void run_box(const struct sweep *w, const int64_t *at, const int64_t *extent,
                    const int64_t *start, const int64_t *step, int64_t chunk, char *scratch)
{
    const struct da__step *s = w->s;
    const struct da__body *b = &s->body;
    char *end = scratch + w->sp->scratch_nbytes;
    struct da__strided *operand =
        (struct da__strided *)(void *)end; /* room behind the kernel's own scratch */
    struct da__sweep sweep = {.ndim = s->ndim, .param = w->param};
    struct da__strided *input = operand, *output = input + b->ninputs,
                       *reduction = output + b->noutputs;
    for (int k = 0; k < s->ndim; k++) {
        sweep.extent[k] = extent[k];
        sweep.index_start[k] = start[k];
        sweep.index_step[k] = step[k];
        sweep.index_shape[k] = s->shape[k];
    }
    for (int i = 0; i < b->ninputs; i++) {
        input[i] = w->input[i];
        for (int k = 0; k < s->ndim; k++)
            input[i].data += at[k] * input[i].stride[k];
    }
    for (int i = 0; i < b->noutputs; i++) {
        output[i] = w->output[i];
        for (int k = 0; k < s->ndim; k++)
            output[i].data += at[k] * output[i].stride[k];
    }
    for (int i = 0; i < b->nreductions; i++) {
        const struct da__reduce_plan *rp = &w->sp->reduce[i];
        reduction[i] = w->reduction[i];
        reduction[i].data =
            w->chunk_state[i] + (w->sp->split_reduced ? chunk * rp->nstates * rp->state_nbytes : 0);
        for (int k = 0; k < s->ndim; k++)
            reduction[i].data += at[k] * reduction[i].stride[k];
    }
    sweep.input = input;
    sweep.output = output;
    sweep.reduction = reduction;
    da__kernel_run(w->sp->kernel, &sweep, scratch);
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

/* The product of affine stretches of all axes within [low, high) of each, as boxes. */
static void run_boxes(const struct sweep *w, const int64_t *low, const int64_t *high, int64_t chunk,
                      char *scratch)
{
    int ndim = w->s->ndim;
    int64_t at[DA_MAX_NDIM] = {0}, extent[DA_MAX_NDIM] = {0}, start[DA_MAX_NDIM] = {0},
            step[DA_MAX_NDIM] = {0};
    if (!w->sp->needs_index) {
        for (int k = 0; k < ndim; k++) {
            at[k] = low[k];
            extent[k] = high[k] - low[k];
        }
        run_box(w, at, extent, start, step, chunk, scratch);
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
        run_box(w, at, extent, start, step, chunk, scratch);
        for (k = ndim - 1; k >= 0 && !next_stretch(&it[k], &now[k]); k--) {
            it[k] = (struct stretches){.set = &w->sp->index[k], .low = low[k], .high = high[k]};
            next_stretch(&it[k], &now[k]);
        }
    }
}

static void run_chunk(void *self, int64_t chunk, int thread)
{
    const struct sweep *w = self;
    const struct da__step_plan *sp = w->sp;
    int64_t low[DA_MAX_NDIM] = {0}, high[DA_MAX_NDIM];
    for (int k = 0; k < w->s->ndim; k++)
        high[k] = sp->space.shape[k];
    if (sp->nchunks > 1) {
        int64_t n = sp->space.shape[sp->split_axis], each = n / sp->nchunks, more = n % sp->nchunks;
        low[sp->split_axis] = chunk * each + (chunk < more ? chunk : more);
        high[sp->split_axis] = low[sp->split_axis] + each + (chunk < more);
    }
    run_boxes(w, low, high, chunk,
              (char *)w->r->engine->scratch + thread * w->r->engine->scratch_stride);
}

/* Zeroed accumulators: one array per reduction, or one per chunk where chunks cut a reduced axis. */
static bool make_states(struct da__execution *r, const struct da__step *s,
                        const struct da__step_plan *sp, char **state)
{
    int64_t copies = sp->split_reduced ? sp->nchunks : 1;
    for (int k = 0; k < s->body.nreductions; k++) {
        const struct da__reduce_plan *rp = &sp->reduce[k];
        state[k] = da__pool_get(r->engine->pool, copies * rp->nstates * rp->state_nbytes);
        if (state[k] == NULL) {
            da__run_fail(r, DA_ERR_MEMORY, "no memory for %lld partial results",
                         (long long)(copies * rp->nstates));
            return false;
        }
        const struct da__body_reduction *b = &s->body.reduction[k];
        da__red_zero((enum da__red_id)b->red, (da_dtype)b->compute, copies * rp->nstates, state[k]);
    }
    return true;
}

static void join_chunks(const struct da__step *s, const struct da__step_plan *sp, char **state)
{
    for (int k = 0; k < s->body.nreductions && sp->split_reduced; k++) {
        const struct da__reduce_plan *rp = &sp->reduce[k];
        const struct da__body_reduction *b = &s->body.reduction[k];
        for (int64_t c = 1; c < sp->nchunks; c++)
            da__red_join((enum da__red_id)b->red, (da_dtype)b->compute, rp->nstates, state[k],
                         state[k] + c * rp->nstates * rp->state_nbytes);
    }
}

/* Room for each thread: the kernel's scratch and the operands of a box. */
static bool make_scratch(struct da__execution *r, const struct da__step *s,
                         const struct da__step_plan *sp)
{
    struct da__engine *e = r->engine;
    int noperands = s->body.ninputs + s->body.noutputs + s->body.nreductions;
    int64_t need = sp->scratch_nbytes + noperands * (int64_t)sizeof(struct da__strided);
    need = (need + 63) / 64 * 64;
    if (need <= e->scratch_stride)
        return true;
    void *scratch = da__alloc_aligned((size_t)(need * e->nthreads), 64);
    if (scratch == NULL) {
        da__run_fail(r, DA_ERR_MEMORY, "no memory for %lld bytes of scratch",
                     (long long)(need * e->nthreads));
        return false;
    }
    da__free(e->scratch);
    e->scratch = scratch;
    e->scratch_stride = need;
    return true;
}

static void poll_run(void *self)
{
    da__run_poll(self);
}

/* Where the sweep's operands lie; `list` has room for all of them. */
static bool bind_outputs(struct da__execution *r, int step, struct sweep *w)
{
    const struct da__step *s = w->s;
    for (int i = 0; i < s->noutputs; i++) {
        if (s->part != NULL && s->part[i].on) {
            if (!da__part_bind(r, step, i, &w->output[i], &w->part[i]))
                return false;
            continue;
        }
        const struct da__value *v = &r->plan->program->value[s->output[i]];
        w->output[i].data = da__run_value(r, s->output[i]);
        if (w->output[i].data == NULL)
            return false;
        da__strides_c(s->ndim, w->sp->space.shape, (int64_t)da__dtype_nbytes(v->dtype),
                      w->output[i].stride);
    }
    return true;
}

static bool bind_operands(struct da__execution *r, int step, struct sweep *w, void *const *temp)
{
    const struct da__step *s = w->s;
    for (int i = 0; i < s->body.ninputs; i++) {
        const struct da__fetch *f = &w->sp->exchange.fetch[i];
        w->input[i].data = f->in_place ? (char *)r->data[f->value] + f->offset : temp[i];
        memcpy(w->input[i].stride, f->stride, sizeof f->stride);
    }
    for (int i = 0; i < s->body.nreductions; i++)
        memcpy(w->reduction[i].stride, w->sp->reduce[i].stride, sizeof w->reduction[i].stride);
    for (int i = 0; i < s->body.nparams; i++)
        w->param[i] = r->param + 16 * s->param[i];
    return bind_outputs(r, step, w);
}

static void compute(struct da__execution *r, int step, void *const *temp, void **state)
{
    const struct da__step *s = &r->plan->program->step[step];
    const struct da__step_plan *sp = &r->plan->step[step];
    int noperands = s->body.ninputs + s->body.noutputs + s->body.nreductions;
    struct sweep w = {.r = r, .s = s, .sp = sp};
    int64_t nbytes = noperands * (int64_t)sizeof(struct da__strided) +
                     (s->body.nparams + s->noutputs + 1) * (int64_t)sizeof(void *);
    w.input = da__pool_get(r->engine->pool, nbytes);
    if (w.input == NULL) {
        da__run_fail(r, DA_ERR_MEMORY, "no memory for %d operands", noperands);
        return;
    }
    memset(w.input, 0, (size_t)nbytes);
    w.output = w.input + s->body.ninputs;
    w.reduction = w.output + s->body.noutputs;
    w.param = (const void **)(void *)(w.reduction + s->body.nreductions);
    w.part = (void **)(w.param + s->body.nparams);
    w.chunk_state = (char **)state;
    if (bind_operands(r, step, &w, temp) && make_scratch(r, s, sp) &&
        make_states(r, s, sp, w.chunk_state) && sp->space.nelem > 0) {
        da__workers_run(r->engine->workers, sp->nchunks, run_chunk, &w, poll_run, r);
        join_chunks(s, sp, w.chunk_state);
    }
    for (int i = 0; i < s->noutputs; i++)
        da__part_finish(r, step, i, w.part[i]);
    da__pool_put(r->engine->pool, w.input);
}

static void make_temporaries(struct da__execution *r, const struct da__step_plan *sp, void **temp)
{
    for (int i = 0; i < sp->exchange.ninputs && !da__run_failed(r); i++) {
        if (sp->exchange.fetch[i].temp_nbytes == 0)
            continue;
        temp[i] = da__pool_get(r->engine->pool, sp->exchange.fetch[i].temp_nbytes);
        if (temp[i] == NULL)
            da__run_fail(r, DA_ERR_MEMORY, "no memory for %lld bytes of remote elements",
                         (long long)sp->exchange.fetch[i].temp_nbytes);
    }
}

/* Brings the inputs of a step here; `temp` has room for one pointer each. False: the run has failed. */
static bool exchange(struct da__execution *r, const struct da__step_plan *sp, int tag, void **temp)
{
    const struct da__exchange *x = &sp->exchange;
    struct incoming *in = post_receives(r, sp, tag);
    for (int i = 0; i < x->send.n; i++)
        send_peer(r, sp, &x->send.peer[i], tag);
    if (temp == NULL)
        da__run_fail(r, DA_ERR_MEMORY, "no memory for %d inputs", x->ninputs);
    else {
        memset(temp, 0, (size_t)(x->ninputs + 1) * sizeof *temp);
        make_temporaries(r, sp, temp);
        if (!da__run_failed(r))
            copy_own(r, sp, temp);
    }
    if (in != NULL)
        finish_receives(r, sp, in, temp);
    else if (x->receive.n > 0)
        drain_one_by_one(r, &x->receive, tag);
    return !da__run_failed(r);
}

static void release_temporaries(struct da__execution *r, const struct da__step_plan *sp,
                                void **temp)
{
    for (int i = 0; temp != NULL && i < sp->exchange.ninputs; i++)
        da__pool_put(r->engine->pool, temp[i]);
    da__pool_put(r->engine->pool, temp);
}

void da__run_kernel(struct da__execution *r, int step, void **state)
{
    const struct da__step_plan *sp = &r->plan->step[step];
    void **temp = da__pool_get(r->engine->pool, (sp->exchange.ninputs + 1) * (int64_t)sizeof *temp);
    bool here = exchange(r, sp, DA__TAG_DATA + step % 1024, temp);
    da__run_bases(r, step);
    if (here && sp->space.member)
        compute(r, step, temp, state);
    da__run_bases_end(r, step);
    release_temporaries(r, sp, temp);
}

/* ---- routines ---- */

const struct da__routine_ops *da__routine_ops(enum da__routine_id id)
{
    static const struct da__routine_ops *const table[DA__NROUTINES] = {
        [DA__ROUTINE_RESHAPE] = &da__reshape_routine, [DA__ROUTINE_GATHER] = &da__gather_routine,
        [DA__ROUTINE_SCATTER] = &da__scatter_routine, [DA__ROUTINE_SCAN] = &da__scan_routine,
        [DA__ROUTINE_SORT] = &da__sort_routine,       [DA__ROUTINE_NONZERO] = &da__nonzero_routine,
        [DA__ROUTINE_SEARCH] = &da__search_routine};
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
    void **temp = da__pool_get(r->engine->pool, (n + 1) * (int64_t)sizeof *temp);
    struct da__strided *operand = da__run_room(r, (n + 1) * (int64_t)sizeof *operand);
    if (exchange(r, sp, DA__TAG_DATA + step % 1024, temp))
        for (int i = 0; i < n; i++) {
            const struct da__fetch *f = &sp->exchange.fetch[i];
            operand[i].data = f->in_place && r->data[f->value] != NULL
                                  ? (char *)r->data[f->value] + f->offset
                                  : temp[i];
            memcpy(operand[i].stride, f->stride, sizeof f->stride);
        }
    da__routine_ops(s->routine)->run(r, step, sp->own, operand);
    da__pool_put(r->engine->pool, operand);
    release_temporaries(r, sp, temp);
}
