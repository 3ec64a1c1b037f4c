/* One run of a program on one engine: steps in order, level by level. Whatever fails, the message pattern is kept: what a
 * failed engine owes the others travels as void. */
#include "backoff.h"
#include "engine.h"

#include <stdio.h>
#include <string.h>

void da__run_fail(struct da__execution *r, da_status status, const char *format, ...)
{
    if (r->engine->failure.status != DA_OK)
        return;
    char text[DA__ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    da__fail(&r->engine->failure, status, "%s", text);
    r->engine->failure.engine = r->engine->rank;
    int64_t code = status;
    memcpy(r->void_header, &code, sizeof code);
}

bool da__run_failed(const struct da__execution *r)
{
    return r->engine->failure.status != DA_OK;
}

/* What a message held is free again. */
static void let_go(struct da__execution *r, const struct da__send *s)
{
    da__pool_put(r->engine->pool, s->block);
    if (s->leaving != NULL)
        --*s->leaving;
    if (s->value < 0 || --r->plan->lent[s->value] > 0)
        return;
    da__pool_put(r->engine->pool, r->plan->parting[s->value]);
    r->plan->parting[s->value] = NULL;
}

void da__run_poll(struct da__execution *r)
{
    struct da__endpoint *e = r->engine->endpoint;
    int64_t kept = 0;
    for (int64_t i = 0; i < r->nsends; i++) {
        struct da__send *s = &r->send[i];
        if (!s->request.done && e->ops->test(e, &s->request) != DA_OK) {
            da__run_fail(r, DA_ERR_TRANSPORT, "a message could not be sent");
            s->request.done = true;
        }
        if (s->request.done)
            let_go(r, s);
        else
            r->send[kept++] = *s;
    }
    r->nsends = kept;
}

/* Starts a message of `s`; `payload` of its bytes are array data. */
static void start_send(struct da__execution *r, struct da__send s, int to, int tag,
                       const void *data, int64_t nbytes, int64_t payload)
{
    struct da__endpoint *e = r->engine->endpoint;
    da_status status = e->ops->isend(e, to, tag, data, nbytes, &s.request);
    r->engine->data_messages++;
    r->engine->data_bytes += payload;
    if (payload > r->engine->largest_bytes)
        r->engine->largest_bytes = payload;
    if (status == DA_ERR_MEMORY && nbytes > DA__MESSAGE_HEADER) { /* the peer hears of it instead */
        da__run_fail(r, status, "no memory to send %lld bytes to engine %d", (long long)nbytes, to);
        let_go(r, &s);
        s = (struct da__send){.value = -1};
        status = e->ops->isend(e, to, tag, r->void_header, DA__MESSAGE_HEADER, &s.request);
    }
    if (status != DA_OK) {
        da__run_fail(r, status, "sending to engine %d failed", to);
        let_go(r, &s);
        return;
    }
    if (!s.request.done &&
        !da__grow((void **)&r->send, &r->sends_cap, r->nsends + 1, sizeof *r->send)) {
        da__wait_all(e, 1, &s.request); /* cannot be remembered: wait for it */
    }
    if (s.request.done)
        let_go(r, &s);
    else
        r->send[r->nsends++] = s;
}

void da__run_send(struct da__execution *r, int to, int tag, const void *data, int64_t nbytes,
                  void *block)
{
    start_send(r, (struct da__send){.block = block, .value = -1}, to, tag, data, nbytes,
               nbytes - DA__MESSAGE_HEADER);
}

void da__run_lend(struct da__execution *r, int to, int tag, const void *data, int64_t nbytes,
                  int value)
{
    r->plan->lent[value]++;
    start_send(r, (struct da__send){.value = value}, to, tag, data, nbytes, nbytes);
}

void da__run_share(struct da__execution *r, int to, int tag, const void *data, int64_t nbytes,
                   void *block, int *leaving)
{
    if (leaving != NULL)
        ++*leaving;
    start_send(r, (struct da__send){.block = block, .value = -1, .leaving = leaving}, to, tag, data,
               nbytes, nbytes);
}

void da__run_release(struct da__execution *r, int value)
{
    if (r->plan->lent[value] > 0)
        r->plan->parting[value] = r->data[value];
    else
        da__pool_put(r->engine->pool, r->data[value]);
    r->data[value] = NULL;
}

void *da__run_value(struct da__execution *r, int value)
{
    if (r->data[value] != NULL || da__run_failed(r))
        return r->data[value];
    const struct da__local *local = &r->plan->value[value];
    r->data[value] = da__pool_get(r->engine->pool, local->nbytes);
    if (r->data[value] == NULL)
        da__run_fail(r, DA_ERR_MEMORY, "no memory for %lld bytes of an array",
                     (long long)local->nbytes);
    return r->data[value];
}

static void release_values(struct da__execution *r, int step)
{
    const struct da__program *p = r->plan->program;
    const struct da__step *s = &p->step[step];
    for (int k = 0; k < s->ninputs; k++) {
        int v = s->input[k].value;
        if (p->value[v].kind == DA__VALUE_TEMP && p->value[v].last_step == step)
            da__run_release(r, v);
    }
}

/* Steps of one level, then their reductions together. Returns the first step after it. */
static int run_level(struct da__execution *r, int first)
{
    const struct da__program *p = r->plan->program;
    int last = first;
    while (last < p->nsteps && p->step[last].level == p->step[first].level)
        last++;
    void **state = r->plan->state; /* of the level's reductions in their order */
    int64_t nstates = 0;
    for (int i = first; i < last; i++) {
        r->engine->endpoint->doing = (struct da__doing){da__step_name(&p->step[i]), i, false};
        da__transfer_start(r, i);
        switch (p->step[i].kind) {
        case DA__STEP_KERNEL:
            memset(state + nstates, 0, (size_t)p->step[i].body.nreductions * sizeof *state);
            da__run_kernel(r, i, state + nstates);
            nstates += p->step[i].body.nreductions;
            break;
        case DA__STEP_LOAD:
        case DA__STEP_SAVE:
            da__run_file(r, i);
            break;
        case DA__STEP_CALL:
            da__run_call(r, i);
            break;
        case DA__STEP_ROUTINE:
            da__run_routine(r, i);
            break;
        }
        da__transfer_end(r, i);
        release_values(r, i);
        da__run_poll(r);
    }
    r->engine->endpoint->doing = (struct da__doing){"joining partial results", -1, false};
    da__run_combine(r, first, last, state);
    return last;
}

static bool bind_inputs(struct da__execution *r)
{
    const struct da__program *p = r->plan->program;
    for (int i = 0; i < p->nvalues; i++) {
        if (p->value[i].kind != DA__VALUE_INPUT || !r->plan->value[i].member)
            continue;
        struct da__buffer *b = da__buffers_find(&r->engine->buffers, r->slot[p->value[i].slot]);
        if (b == NULL || b->nbytes != r->plan->value[i].nbytes) {
            da__run_fail(r, DA_ERR_INTERNAL, "array %llu is not on this engine",
                         (unsigned long long)r->slot[p->value[i].slot]);
            return false;
        }
        r->data[i] = b->data;
    }
    return true;
}

/* Nothing is called, on any engine's part, of what is not here. */
static void check_users(struct da__execution *r)
{
    const struct da__program *p = r->plan->program;
    for (int i = 0; i < p->nusers; i++) {
        const struct da__user_entry *missing = da__user_missing(p->user[i]);
        if (missing != NULL)
            da__run_fail(r, DA_ERR_ARGUMENT,
                         "%s: %s is not loaded here, so its function cannot be called",
                         p->user[i]->name, missing->object);
    }
}

const struct da__dist *da__run_unsized_dist(struct da__execution *r, int value)
{
    const struct da__dist *d = NULL;
    struct da__error err = {.engine = -1};
    if (da__dist_make(1, &r->extent[value], NULL, r->engine->size, &d, &err) != DA_OK) {
        da__run_fail(r, DA_ERR_MEMORY, "no memory for a distribution");
        return NULL;
    }
    return d;
}

/* A result whose size the run has found out: its part's bytes, and the size noted by slot for the master. */
static bool settle_unsized(struct da__execution *r, int value, struct da__local *local)
{
    struct da__engine *e = r->engine;
    const struct da__value *v = &r->plan->program->value[value];
    if (!da__grow((void **)&e->extent, &e->extents_cap, v->slot + 1, sizeof *e->extent)) {
        da__run_fail(r, DA_ERR_MEMORY, "no memory for the size of an array");
        return false;
    }
    const struct da__dist *d = da__run_unsized_dist(r, value);
    if (d == NULL)
        return false;
    local->member = da__dist_has(d, e->rank);
    local->nelem = da__dist_local_shape(d, e->rank, local->shape);
    local->nbytes = local->nelem * (int64_t)da__dtype_nbytes(v->dtype);
    da__dist_drop(d);
    e->extent[v->slot] = r->extent[value];
    return true;
}

static void settle_output(struct da__execution *r, int value)
{
    const struct da__value *v = &r->plan->program->value[value];
    struct da__local local = r->plan->value[value];
    if (da__run_failed(r) || (v->unsized && !settle_unsized(r, value, &local)))
        return;
    if (local.member && r->data[value] == NULL) { /* an empty part */
        r->data[value] = da__pool_get(r->engine->pool, local.nbytes);
        if (r->data[value] == NULL)
            da__run_fail(r, DA_ERR_MEMORY, "no memory for an array");
    }
    if (!local.member || r->data[value] == NULL)
        return;
    if (da__buffers_add(&r->engine->buffers, r->slot[v->slot], r->data[value], local.nbytes))
        r->data[value] = NULL; /* the engine's now */
    else
        da__run_fail(r, DA_ERR_MEMORY, "no memory to register an array");
}

/* Results become arrays under their names, unless this engine failed; temporaries go. */
static void settle_values(struct da__execution *r)
{
    const struct da__program *p = r->plan->program;
    for (int i = 0; i < p->nvalues; i++) {
        if (p->value[i].kind == DA__VALUE_OUTPUT)
            settle_output(r, i);
        if (p->value[i].kind != DA__VALUE_INPUT)
            da__run_release(r, i);
    }
}

void da__run_program(struct da__engine *e, const struct da__plan *plan, const uint64_t *slot,
                     const uint8_t *param)
{
    struct da__execution r = {.engine = e,
                              .plan = plan,
                              .slot = slot,
                              .param = param,
                              .data = plan->data,
                              .extent = plan->extent};
    int64_t code = DA_ERR_TRANSPORT;
    memcpy(r.void_header, &code, sizeof code);
    memset(r.data, 0, (size_t)plan->program->nvalues * sizeof *r.data);
    memset(plan->progress, 0, (size_t)plan->program->nsteps * sizeof *plan->progress);
    memset(plan->arrival, 0, (size_t)plan->nmessages * sizeof *plan->arrival);
    bind_inputs(&r);
    check_users(&r);
    for (int i = 0; i < plan->program->nsteps;)
        i = run_level(&r, i);
    if (r.nsends > 0)
        e->endpoint->doing = (struct da__doing){"sending the last messages", -1, false};
    for (int64_t since = r.nsends > 0 ? da__now_ns() : 0; r.nsends > 0;)
        da__transfer_idle(&r, since);
    settle_values(&r);
    da__free(r.send);
}
