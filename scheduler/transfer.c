/* Messages of steps: receives and sends begin as soon as what they carry exists, steps ahead of their turn while buffers are few;
 * what came in stays until the last step that reads it. Whatever fails, every message is sent (void) and received. */
#include "engine.h"

#include <string.h>

#include "backoff.h"
#include "message.h"

/* How many steps ahead of their turn messages are begun. */
enum { AHEAD_STEPS = 64 };
/* Copies of at least this size are shared by threads, in chunks of about that size. */
enum { CHUNK_BYTES = 1 << 20, MOST_CHUNKS = 256, WHOLE = 64 };

/* ---- copying with all threads ---- */

/* What an axis can be cut into without cutting a match: matches, repetitions, or positions. */
static int64_t units_of(const struct da__match_axis *axis)
{
    return axis->n != 1 ? axis->n : axis->m[0].reps > 1 ? axis->m[0].reps : axis->m[0].count;
}

struct copying {
    const struct da__copy_job *job;
    int cut; /* axis */
    int64_t units, nchunks;
    int64_t whole; /* units that stay together: positions in the same cache lines */
};

/* The first unit of a chunk. */
static int64_t first_unit(const struct copying *c, int64_t chunk)
{
    return chunk == c->nchunks ? c->units : chunk * c->units / c->nchunks / c->whole * c->whole;
}

static void copy_chunk(void *self, int64_t chunk, int thread)
{
    (void)thread;
    const struct copying *c = self;
    const struct da__copy_job *job = c->job;
    if (c->nchunks == 1) {
        da__copy_matched(job->ndim, job->axis, job->item, job->a, job->b, job->to_b);
        return;
    }
    struct da__match_axis axis[DA_MAX_NDIM];
    memcpy(axis, job->axis, (size_t)job->ndim * sizeof *axis);
    int64_t first = first_unit(c, chunk), last = first_unit(c, chunk + 1);
    struct da__match m = axis[c->cut].m[0];
    if (axis[c->cut].n > 1) {
        axis[c->cut].m += first;
        axis[c->cut].n = (int)(last - first);
    } else {
        bool blocks = m.reps > 1;
        m.a += first * (blocks ? m.stride_a : m.step_a);
        m.b += first * (blocks ? m.stride_b : m.step_b);
        *(blocks ? &m.reps : &m.count) = last - first;
        axis[c->cut].m = &m;
    }
    da__copy_matched(job->ndim, axis, job->item, job->a, job->b, job->to_b);
}

static void poll_run(void *self)
{
    da__run_poll(self);
}

void da__run_copy(struct da__execution *r, const struct da__copy_job *job)
{
    struct copying c = {.job = job, .nchunks = 1, .whole = 1};
    int64_t nbytes = (int64_t)job->item;
    for (int k = 0; k < job->ndim; k++) {
        int64_t nelem = 0;
        for (int i = 0; i < job->axis[k].n; i++)
            nelem += job->axis[k].m[i].count * job->axis[k].m[i].reps;
        nbytes *= nelem;
        if (nelem > 0 && c.units < MOST_CHUNKS && units_of(&job->axis[k]) > c.units) {
            c.cut = k;
            c.units = units_of(&job->axis[k]);
        }
    }
    if (nbytes == 0)
        return;
    const struct da__match_axis *cut = &job->axis[c.cut];
    if (cut->n == 1 && cut->m[0].reps == 1 && c.units >= 4 * WHOLE)
        c.whole = WHOLE;
    c.nchunks = nbytes / CHUNK_BYTES;
    c.nchunks = c.nchunks > MOST_CHUNKS ? MOST_CHUNKS : c.nchunks;
    c.nchunks = c.nchunks > c.units / c.whole ? c.units / c.whole : c.nchunks;
    c.nchunks = c.nchunks < 1 ? 1 : c.nchunks;
    if (c.nchunks == 1)
        copy_chunk(&c, 0, 0);
    else
        da__workers_run(r->engine->workers, c.nchunks, copy_chunk, &c, poll_run, r);
}

/* ---- sending ---- */

static const char *region_begin(const struct da__execution *r, const struct da__region *region,
                                const int64_t *stride)
{
    const char *at = r->data[region->value];
    for (int b = 0; b < region->base_ndim; b++)
        at += region->axis[b].m[0].b * stride[b];
    return at;
}

static void value_strides(const struct da__execution *r, int value, int64_t *stride)
{
    const struct da__value *v = &r->plan->program->value[value];
    da__strides_c(v->ndim, r->plan->value[value].shape, (int64_t)da__dtype_nbytes(v->dtype),
                  stride);
}

static void pack_region(struct da__execution *r, const struct da__region *region, char *to)
{
    const struct da__value *v = &r->plan->program->value[region->value];
    int64_t stride[DA_MAX_NDIM];
    struct da__copy_job job = {.ndim = region->base_ndim,
                               .item = da__dtype_nbytes(v->dtype),
                               .a = to,
                               .b = r->data[region->value]};
    value_strides(r, region->value, stride);
    for (int b = 0; b < region->base_ndim; b++)
        job.axis[b] = (struct da__match_axis){region->axis[b].m, region->axis[b].n,
                                              region->stride[b], stride[b]};
    da__run_copy(r, &job);
}

/* False: no memory for it now, and nothing was sent. */
static bool send_message(struct da__execution *r, const struct da__message *m, int tag)
{
    if (da__run_failed(r)) {
        da__run_send(r, m->engine, tag, r->void_header, DA__MESSAGE_HEADER, NULL);
        return true;
    }
    if (m->bare) {
        int64_t stride[DA_MAX_NDIM];
        value_strides(r, m->region[0]->value, stride);
        da__run_lend(r, m->engine, tag, region_begin(r, m->region[0], stride), m->nbytes,
                     m->region[0]->value);
        return true;
    }
    char *block = da__pool_get(r->engine->pool, m->nbytes);
    if (block == NULL)
        return false;
    memset(block, 0, DA__MESSAGE_HEADER);
    int64_t end = DA__MESSAGE_HEADER;
    for (int i = 0; i < m->nregions; i++) {
        const struct da__region *region = m->region[i];
        int64_t begin = DA__MESSAGE_HEADER + region->at;
        memset(block + end, 0, (size_t)(begin - end));
        pack_region(r, region, block + begin);
        end = begin + region->nbytes;
    }
    da__run_send(r, m->engine, tag, block, m->nbytes, block);
    return true;
}

static void send_due(struct da__execution *r, const struct da__message *m, int tag)
{
    if (send_message(r, m, tag))
        return;
    da__run_fail(r, DA_ERR_MEMORY, "no memory for a message of %lld bytes", (long long)m->nbytes);
    send_message(r, m, tag);
}

/* ---- receiving ---- */

/* Without memory the message is received into nothing, so that the sender gets on; ahead of its turn it is left for later: false. */
static bool post(struct da__execution *r, const struct da__message *m, struct da__arrival *in,
                 int tag, bool due)
{
    struct da__endpoint *e = r->engine->endpoint;
    char *block = da__run_failed(r) ? NULL : da__pool_get(r->engine->pool, m->nbytes);
    if (block == NULL && !due)
        return false;
    if (block == NULL)
        da__run_fail(r, DA_ERR_MEMORY, "no memory for a message of %lld bytes",
                     (long long)m->nbytes);
    *in = (struct da__arrival){.block = block, .state = DA__POSTED};
    da_status status = e->ops->irecv(e, m->engine, tag, block, m->nbytes, &in->request);
    if (status != DA_OK)
        da__run_fail(r, status, "receiving from engine %d failed", m->engine);
    return true;
}

static void arrived(struct da__execution *r, const struct da__message *m, struct da__arrival *in)
{
    int64_t status = DA_OK;
    if (in->block != NULL && !m->bare)
        memcpy(&status, in->block, sizeof status);
    if (in->block != NULL && status == DA_OK && in->request.nbytes == m->nbytes) {
        in->state = DA__HERE;
        return;
    }
    da__run_fail(r, DA_ERR_TRANSPORT, "engine %d could not send its part", m->engine);
    da__pool_put(r->engine->pool, in->block);
    in->block = NULL;
    in->state = DA__LOST;
}

bool da__transfer_poll(struct da__execution *r, int step)
{
    const struct da__exchange *x = &r->plan->step[step].exchange;
    struct da__endpoint *e = r->engine->endpoint;
    bool news = false;
    for (int i = 0; i < x->receive.n; i++) {
        struct da__arrival *in = &r->plan->arrival[x->first + i];
        if (in->state != DA__POSTED)
            continue;
        da_status status = in->request.done ? DA_OK : e->ops->test(e, &in->request);
        if (status != DA_OK) {
            da__run_fail(r, status, "receiving from engine %d failed",
                         x->receive.message[i].engine);
            in->request.done = true;
            in->request.nbytes = -1;
        }
        if (!in->request.done)
            continue;
        arrived(r, &x->receive.message[i], in);
        news = true;
    }
    return news;
}

void da__transfer_idle(struct da__execution *r, int64_t since)
{
    da__run_poll(r);
    r->engine->endpoint->ops->wait_a_while(r->engine->endpoint, da__now_ns() - since);
}

static bool all_in(const struct da__execution *r, int step)
{
    const struct da__exchange *x = &r->plan->step[step].exchange;
    for (int i = 0; i < x->receive.n; i++)
        if (r->plan->arrival[x->first + i].state == DA__POSTED)
            return false;
    return true;
}

void da__transfer_wait(struct da__execution *r, int step)
{
    int64_t since = da__now_ns();
    while (!all_in(r, step)) {
        if (da__transfer_poll(r, step))
            since = da__now_ns();
        else
            da__transfer_idle(r, since);
    }
}

bool da__region_here(const struct da__execution *r, const struct da__region *region)
{
    const struct da__exchange *x = &r->plan->step[region->step].exchange;
    return r->plan->arrival[x->first + region->message].state == DA__HERE;
}

const char *da__region_data(const struct da__execution *r, const struct da__region *region)
{
    const struct da__exchange *x = &r->plan->step[region->step].exchange;
    bool bare = x->receive.message[region->message].bare;
    return r->plan->arrival[x->first + region->message].block +
           (bare ? 0 : DA__MESSAGE_HEADER + region->at);
}

/* ---- a step's messages ---- */

static void start_due(struct da__execution *r, int step)
{
    const struct da__exchange *x = &r->plan->step[step].exchange;
    struct da__progress *pr = &r->plan->progress[step];
    int tag = da__message_tag(step);
    for (; pr->posted < x->receive.n; pr->posted++)
        post(r, &x->receive.message[pr->posted], &r->plan->arrival[x->first + pr->posted], tag,
             true);
    for (; pr->sent < x->send.n; pr->sent++)
        send_due(r, &x->send.message[pr->sent], tag);
    r->ahead_bytes -= pr->ahead_bytes;
}

/* False: no room for more. */
static bool start_ahead(struct da__execution *r, int step, bool data_exist)
{
    const struct da__exchange *x = &r->plan->step[step].exchange;
    struct da__progress *pr = &r->plan->progress[step];
    int tag = da__message_tag(step);
    for (; pr->posted < x->receive.n; pr->posted++) {
        const struct da__message *m = &x->receive.message[pr->posted];
        if (r->ahead_bytes + m->nbytes > r->engine->ahead_limit ||
            !post(r, m, &r->plan->arrival[x->first + pr->posted], tag, false))
            return false;
        pr->ahead_bytes += m->nbytes;
        r->ahead_bytes += m->nbytes;
    }
    for (; data_exist && pr->sent < x->send.n; pr->sent++) {
        const struct da__message *m = &x->send.message[pr->sent];
        if (r->ahead_bytes + m->nbytes > r->engine->ahead_limit || !send_message(r, m, tag))
            return false;
        pr->ahead_bytes += m->nbytes;
        r->ahead_bytes += m->nbytes;
    }
    return true;
}

void da__transfer_start(struct da__execution *r, int step)
{
    const struct da__program *p = r->plan->program;
    if (!r->plan->talks)
        return;
    start_due(r, step);
    for (int i = step + 1; i < p->nsteps && i <= step + AHEAD_STEPS && !da__run_failed(r); i++)
        if (!start_ahead(r, i, r->plan->step[i].ready < step))
            break;
}

void da__transfer_end(struct da__execution *r, int step)
{
    const struct da__step_plan *sp = &r->plan->step[step];
    da__transfer_wait(r, step);
    for (int i = 0; i < sp->nspent; i++) {
        struct da__arrival *in = &r->plan->arrival[sp->spent[i]];
        da__pool_put(r->engine->pool, in->block);
        in->block = NULL;
    }
}
