/* A slow, uneven network before any transport, for tests: messages are seen only when they are due.
 *
 * The sender decides when a message is due (delay, jitter, its place in the link's queue, whether it is held back) and says so
 * in a letter of 8 bytes, which travels before the message under the same tag. Both travel at once; but a receive is done only
 * at the due time, and so is the send of a message that is too long to be buffered. Within one stream (sender, receiver, tag)
 * due times never decrease; other streams overtake. A lost message is one that is never due, and what follows in its stream
 * waits behind it.
 *
 * Decisions depend on seed, stream and the message's number in its stream, not on timing. Due times are on the machine's
 * monotonic clock, so all engines must be on one machine. */
#include "backoff.h"
#include "network.h"
#include "wrapper.h"

#include <time.h>

#define EAGER_BYTES 4096
#define LONGEST_NAP_NS 200000 /* something may arrive meanwhile */
#define SHORTEST_NAP_NS 30000 /* below it sleeping takes longer than what is waited for */
#define LEAST_HOLD_NS 200000
#define NSTREAMS 4096
#define NEVER INT64_MAX

struct flight {
    struct da__passing passing; /* must be first */
    struct da__request letter, body;
    int64_t due; /* of a receive: once the letter is there */
    bool
        stray; /* the letter is on its way, but for want of memory its message is not: the stream's next one uses it */
    bool detached; /* its request is done, the letter of the send is not */
};

/* Streams that fall into the same place share their numbers and keep their order. */
struct stream {
    uint64_t count;
    int64_t due; /* of its last message */
};

struct delaying {
    struct da__wrapper w; /* must be first */
    struct da__network network;
    int64_t nsent, nstray, ndetached;
    int64_t *link_free; /* per engine: when the link there has sent what it was given */
    struct stream *stream;
};

/* ---- when a message is due ---- */

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static double fraction(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

static int64_t transfer_ns(const struct da__network *n, int64_t nbytes)
{
    return n->bits_per_second > 0 ? (int64_t)((double)nbytes * 8e9 / (double)n->bits_per_second)
                                  : 0;
}

static int64_t hold_ns(const struct da__network *n)
{
    int64_t ns = 4 * (n->delay_ns + n->jitter_ns);
    return ns > LEAST_HOLD_NS ? ns : LEAST_HOLD_NS;
}

static int64_t decide(struct delaying *d, int to, int tag, int64_t nbytes)
{
    const struct da__network *n = &d->network;
    int64_t now = da__now_ns();
    uint64_t name = mix((uint64_t)to << 32 ^ (uint64_t)tag);
    struct stream *s = &d->stream[name % NSTREAMS];
    uint64_t random = mix(mix(n->seed ^ mix(name ^ (uint64_t)d->w.base.rank)) + s->count++);
    if (to == d->w.base.rank)
        return now;
    if (d->link_free[to] < now)
        d->link_free[to] = now;
    d->link_free[to] += transfer_ns(n, nbytes);
    int64_t due =
        d->link_free[to] + n->delay_ns + (int64_t)(fraction(random) * (double)n->jitter_ns);
    if (fraction(mix(random)) < n->reorder)
        due += hold_ns(n);
    if (d->w.base.rank == n->drop_engine && ++d->nsent == n->drop_number)
        due = NEVER;
    if (s->due < due)
        s->due = due;
    return s->due;
}

/* ---- letters ---- */

/* A letter of that stream whose message did not follow. */
static struct flight *find_stray(struct delaying *d, bool is_send, int peer, int tag)
{
    if (d->nstray == 0)
        return NULL;
    for (struct da__passing *p = d->w.open; p != NULL; p = p->older)
        if (((struct flight *)p)->stray && p->is_send == is_send && p->peer == peer &&
            p->tag == tag)
            return (struct flight *)p;
    return NULL;
}

/* A flight whose letter is on its way. */
static da_status begin_flight(struct delaying *d, bool is_send, int peer, int tag, int64_t nbytes,
                              struct flight **out)
{
    struct da__endpoint *inner = d->w.inner;
    struct flight *f = find_stray(d, is_send, peer, tag);
    *out = f;
    if (f != NULL) {
        f->stray = false;
        d->nstray--;
        f->passing.nbytes = nbytes;
        return DA_OK;
    }
    f = da__wrapper_take(&d->w, is_send, peer, tag, nbytes);
    if (f == NULL)
        return DA_ERR_MEMORY;
    if (is_send)
        f->due = decide(d, peer, tag, nbytes);
    da_status status =
        is_send ? inner->ops->isend(inner, peer, tag, &f->due, sizeof f->due, &f->letter)
                : inner->ops->irecv(inner, peer, tag, &f->due, sizeof f->due, &f->letter);
    if (status != DA_OK) {
        da__wrapper_give(&d->w, &f->passing);
        return da__wrapper_failed(&d->w, status);
    }
    *out = f;
    return DA_OK;
}

static da_status keep_stray(struct delaying *d, struct flight *f, da_status status)
{
    f->stray = true;
    d->nstray++;
    return da__wrapper_failed(&d->w, status);
}

/* Ends a request. A letter that is still being sent keeps its flight. */
static void finish(struct delaying *d, struct flight *f, struct da__request *r)
{
    r->done = true;
    r->impl = NULL;
    r->nbytes = f->body.nbytes;
    if (f->letter.done) {
        da__wrapper_give(&d->w, &f->passing);
        return;
    }
    f->detached = true;
    d->ndetached++;
}

static void collect_detached(struct delaying *d)
{
    struct da__passing *next;
    for (struct da__passing *p = d->ndetached > 0 ? d->w.open : NULL; p != NULL; p = next) {
        struct flight *f = (struct flight *)p;
        next = p->older;
        if (!f->detached)
            continue;
        if (d->w.inner->ops->test(d->w.inner, &f->letter) != DA_OK)
            da__wrapper_failed(&d->w, DA_ERR_TRANSPORT);
        if (f->letter.done) {
            d->ndetached--;
            da__wrapper_give(&d->w, p);
        }
    }
}

/* ---- the interface ---- */

static da_status delay_isend(struct da__endpoint *e, int to, int tag, const void *data,
                             int64_t nbytes, struct da__request *r)
{
    struct delaying *d = (struct delaying *)e;
    struct flight *f;
    DA_TRY(da__transport_begin(e, "send", to, tag, nbytes, r));
    collect_detached(d);
    DA_TRY(begin_flight(d, true, to, tag, nbytes, &f));
    da_status status = d->w.inner->ops->isend(d->w.inner, to, tag, data, nbytes, &f->body);
    if (status != DA_OK)
        return keep_stray(d, f, status);
    da__count_sent(e, nbytes);
    *r = (struct da__request){.impl = f};
    if (nbytes <= EAGER_BYTES && f->body.done)
        finish(d, f, r);
    return DA_OK;
}

static da_status delay_irecv(struct da__endpoint *e, int from, int tag, void *data,
                             int64_t capacity, struct da__request *r)
{
    struct delaying *d = (struct delaying *)e;
    struct flight *f;
    DA_TRY(da__transport_begin(e, "receive", from, tag, capacity, r));
    DA_TRY(begin_flight(d, false, from, tag, capacity, &f));
    da_status status = d->w.inner->ops->irecv(d->w.inner, from, tag, data, capacity, &f->body);
    if (status != DA_OK)
        return keep_stray(d, f, status);
    *r = (struct da__request){.impl = f};
    return DA_OK;
}

static da_status test_both(struct delaying *d, struct flight *f)
{
    struct da__endpoint *inner = d->w.inner;
    if (!f->letter.done)
        DA_TRY(inner->ops->test(inner, &f->letter));
    return f->body.done ? DA_OK : inner->ops->test(inner, &f->body);
}

static bool has_landed(const struct flight *f)
{
    return f->letter.done && f->body.done;
}

static da_status delay_test(struct da__endpoint *e, struct da__request *r)
{
    struct delaying *d = (struct delaying *)e;
    struct flight *f = r->impl;
    if (r->done)
        return DA_OK;
    da_status status = test_both(d, f);
    if (status != DA_OK) {
        finish(d, f, r);
        return da__wrapper_failed(&d->w, status);
    }
    bool buffered = f->passing.is_send && f->passing.nbytes <= EAGER_BYTES;
    if (buffered ? !f->body.done : !has_landed(f) || f->due > da__now_ns())
        return DA_OK;
    if (!f->passing.is_send)
        da__count_received(e, f->body.nbytes);
    finish(d, f, r);
    return DA_OK;
}

/* The next moment at which something that has landed is due. */
static int64_t next_due(const struct delaying *d, int64_t now)
{
    int64_t next = NEVER;
    for (const struct da__passing *p = d->w.open; p != NULL; p = p->older) {
        const struct flight *f = (const struct flight *)p;
        if (has_landed(f) && f->due > now && f->due < next)
            next = f->due;
    }
    return next;
}

static void delay_wait_a_while(struct da__endpoint *e, int64_t idle_ns)
{
    struct delaying *d = (struct delaying *)e;
    collect_detached(d);
    int64_t now = da__now_ns(), next = next_due(d, now);
    if (next == NEVER) {
        d->w.inner->ops->wait_a_while(d->w.inner, idle_ns);
        return;
    }
    int64_t ns = next - now < LONGEST_NAP_NS ? next - now : LONGEST_NAP_NS;
    if (ns < SHORTEST_NAP_NS) {
        da__back_off(DA__SPIN_NS);
        return;
    }
    struct timespec nap = {.tv_nsec = ns};
    nanosleep(&nap, NULL);
}

static void delay_close(struct da__endpoint *e)
{
    struct delaying *d = (struct delaying *)e;
    da__free(d->link_free);
    da__free(d->stream);
    da__wrapper_close(&d->w);
}

static const struct da__endpoint_ops delay_ops = {
    .isend = delay_isend,
    .irecv = delay_irecv,
    .test = delay_test,
    .wait_a_while = delay_wait_a_while,
    .close = delay_close,
    .end_job = da__wrapper_end_job,
};

da_status da__delay_open(const struct da__network *network, struct da__endpoint *inner,
                         struct da__endpoint **out, struct da__error *err)
{
    int64_t *link_free = da__calloc((size_t)inner->size, sizeof *link_free);
    struct stream *stream = da__calloc(NSTREAMS, sizeof *stream);
    struct da__wrapper *w =
        da__wrapper_open(sizeof(struct delaying), sizeof(struct flight), inner, &delay_ops);
    if (link_free == NULL || stream == NULL || w == NULL) {
        da__free(link_free);
        da__free(stream);
        if (w != NULL)
            da__wrapper_free(w);
        return da__fail(err, DA_ERR_MEMORY, "DISTARRAY_NETWORK: no memory for an endpoint");
    }
    struct delaying *d = (struct delaying *)w;
    d->network = *network;
    d->link_free = link_free;
    d->stream = stream;
    *out = &w->base;
    return DA_OK;
}
