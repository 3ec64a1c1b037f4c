/* Engines as threads of one process: messages are matched in the receiver's mailbox and copied
 * once.
 *
 * A mailbox holds, by lane, either messages that nobody has asked for or receives that nobody has
 * served; whoever comes second takes the other out of the lane, under the mailbox's lock, and
 * copies, without it. Messages up to EAGER_BYTES are copied into the mailbox, so that their sends
 * are done at once; the buffer of a longer one stays the sender's until then.
 *
 * Rules between threads. A flight belongs to the endpoint that started it, which alone frees it,
 * once its state says that it has landed; an eager message belongs to the mailbox. `state` is
 * stored last, with release order, by the thread that copied. `touching` counts the copies under
 * way in an engine's buffers: its endpoint does not close before they are over.
 *
 * Without memory an engine must still be heard, if only to say so: each has a few spare flights,
 * which it alone takes and whoever frees them gives back. */
#include "transport.h"

#include "backoff.h"
#include "ending.h"
#include "lanes.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define EAGER_BYTES 4096
#define LONGEST_SLEEP_NS 10000000
#define NSPARES 16       /* of an engine */
#define SPARE_BYTES 1024 /* and what a message in one of them may hold */
#define LINE 64

enum state { IN_FLIGHT, LANDED, TOO_LONG, PEER_LEFT };

/* One message or one receive. */
struct flight {
    struct da__lane_item lane; /* of the receiver's mailbox; must be first */
    bool is_send, is_eager;
    int owner;        /* the engine whose request it serves */
    int spare;        /* which of the hub's spares it is, or -1 */
    const void *from; /* a message's bytes */
    void *to;         /* a receive's */
    int64_t nbytes;   /* length or capacity */
    int64_t landed;   /* bytes, written before `state` */
    _Atomic enum state state;
    struct flight *older, *newer; /* its endpoint's open flights */
    unsigned char copy[];         /* of an eager message */
};

#define SPARE_STRIDE ((sizeof(struct flight) + SPARE_BYTES + LINE - 1) / LINE * LINE)

struct mailbox {
    _Alignas(LINE) pthread_mutex_t lock;
    pthread_cond_t news_came;
    struct da__lanes lanes;
    bool ready;                               /* the members above need closing */
    _Alignas(LINE) atomic_uint_fast64_t news; /* flights of this engine that others finished */
    atomic_int asleep;
    atomic_int touching;
    atomic_bool left;
};

struct hub {
    int n;
    atomic_int open;
    struct mailbox *box;
    unsigned char *spare; /* NSPARES for each engine, SPARE_STRIDE apart */
    atomic_bool *taken;   /* per spare */
};

struct door {
    struct da__endpoint base; /* must be first */
    struct hub *hub;
    struct mailbox *box;
    struct flight *open;
    uint_fast64_t seen; /* news known before the caller's latest tests */
};

/* ---- finishing flights -------------------------------------------------------------------------
 */

/* Wakes an engine. It counts itself asleep before it looks at `news` a last time, and here the
 * order is the reverse, so one of the two sees the other. */
static void tell(struct mailbox *b)
{
    atomic_fetch_add(&b->news, 1);
    if (atomic_load(&b->asleep)) {
        pthread_mutex_lock(&b->lock);
        pthread_cond_signal(&b->news_came);
        pthread_mutex_unlock(&b->lock);
    }
}

/* The owner may free the flight as soon as `state` is stored. */
static void finish(struct mailbox *owner, struct flight *f, int64_t landed, enum state state)
{
    f->landed = landed;
    atomic_store_explicit(&f->state, state, memory_order_release);
    tell(owner);
}

static enum state copy_over(void *to, int64_t capacity, const void *from, int64_t nbytes)
{
    if (nbytes > capacity)
        return TOO_LONG;
    if (nbytes && to) /* nowhere to: the message is not wanted */
        memcpy(to, from, (size_t)nbytes);
    return LANDED;
}

static void drop_copy_hold(struct mailbox *b)
{
    atomic_fetch_sub_explicit(&b->touching, 1, memory_order_release);
}

static da_status outcome(struct door *d, const struct flight *f, enum state state, int64_t nbytes)
{
    static const char *const verb[] = {"receive from", "send to"};
    if (state == TOO_LONG && !f->is_send)
        return da__fail(&d->base.error, DA_ERR_TRANSPORT,
                        "receive from engine %d, tag %d: a message of %lld bytes does not fit %lld",
                        f->lane.peer, f->lane.tag, (long long)nbytes, (long long)f->nbytes);
    if (state == PEER_LEFT)
        return da__fail(&d->base.error, DA_ERR_TRANSPORT,
                        "%s an engine that left, tag %d, %lld bytes", verb[f->is_send], f->lane.tag,
                        (long long)f->nbytes);
    return DA_OK;
}

/* ---- flights -----------------------------------------------------------------------------------
 */

static struct flight *take_spare(struct door *d, int *which)
{
    for (int i = 0; i < NSPARES; i++) {
        int at = d->base.rank * NSPARES + i;
        if (!atomic_load_explicit(&d->hub->taken[at], memory_order_acquire)) {
            atomic_store_explicit(&d->hub->taken[at], true, memory_order_relaxed);
            *which = at;
            return (struct flight *)(void *)(d->hub->spare + (size_t)at * SPARE_STRIDE);
        }
    }
    return NULL;
}

static void free_flight(struct hub *hub, struct flight *f)
{
    if (f->spare < 0)
        da__free(f);
    else
        atomic_store_explicit(&hub->taken[f->spare], false, memory_order_release);
}

/* Puts a new flight into a lane of `b`, whose lock is held. A long message in a spare is not
 * copied: it stays the sender's, like one that was never eager. */
static struct flight *put_in_lane(struct door *d, struct mailbox *b, const struct flight *model,
                                  size_t ncopy)
{
    int spare = -1;
    struct flight *f = da__alloc(sizeof *f + ncopy);
    if (!f)
        f = take_spare(d, &spare);
    if (!f)
        return NULL;
    *f = *model;
    f->spare = spare;
    if (spare >= 0 && ncopy > SPARE_BYTES) {
        ncopy = 0;
        f->is_eager = false;
    }
    if (ncopy)
        memcpy(f->copy, model->from, ncopy);
    if (f->is_eager)
        f->from = f->copy;
    da__lanes_push(&b->lanes, &f->lane);
    return f;
}

static void open_request(struct door *d, struct flight *f, struct da__request *r)
{
    f->older = d->open;
    if (d->open)
        d->open->newer = f;
    d->open = f;
    *r = (struct da__request){.impl = f};
}

static void close_request(struct door *d, struct flight *f, struct da__request *r)
{
    if (f->newer)
        f->newer->older = f->older;
    else
        d->open = f->older;
    if (f->older)
        f->older->newer = f->newer;
    free_flight(d->hub, f);
    r->done = true;
    r->impl = NULL;
}

/* Takes the counterpart of a new flight out of its lane, where one waits. */
static struct flight *take_match(struct hub *hub, struct mailbox *b, const struct flight *f)
{
    struct flight *other = (struct flight *)da__lanes_first(&b->lanes, f->lane.peer, f->lane.tag);
    if (!other || other->is_send == f->is_send)
        return NULL;
    da__lanes_remove(&b->lanes, &other->lane);
    if (!other->is_eager)
        atomic_fetch_add_explicit(&hub->box[other->owner].touching, 1, memory_order_relaxed);
    return other;
}

static da_status no_memory(struct door *d, const char *what, int64_t nbytes)
{
    return da__fail(&d->base.error, DA_ERR_MEMORY, "%s: no memory for a message of %lld bytes",
                    what, (long long)nbytes);
}

static da_status peer_left(struct door *d, const char *what, int peer, int tag)
{
    return da__fail(&d->base.error, DA_ERR_TRANSPORT, "%s: engine %d has left, tag %d", what, peer,
                    tag);
}

/* ---- the interface -----------------------------------------------------------------------------
 */

static da_status virtual_isend(struct da__endpoint *e, int to, int tag, const void *data,
                               int64_t nbytes, struct da__request *r)
{
    struct door *d = (struct door *)e;
    DA_TRY(da__transport_begin(e, "send", to, tag, nbytes, r));
    struct mailbox *b = &d->hub->box[to];
    bool eager = nbytes <= EAGER_BYTES;
    struct flight model = {.lane = {.peer = e->rank, .tag = tag},
                           .is_send = true,
                           .is_eager = eager,
                           .owner = e->rank,
                           .from = data,
                           .nbytes = nbytes,
                           .state = IN_FLIGHT};
    struct flight *queued = NULL;
    pthread_mutex_lock(&b->lock);
    bool left = atomic_load(&b->left);
    struct flight *receive = left ? NULL : take_match(d->hub, b, &model);
    if (!receive && !left)
        queued = put_in_lane(d, b, &model, eager ? (size_t)nbytes : 0);
    eager = queued && queued->is_eager; /* an eager one may be gone once the lock is */
    pthread_mutex_unlock(&b->lock);
    if (left)
        return peer_left(d, "send", to, tag);
    if (receive) {
        enum state state = copy_over(receive->to, receive->nbytes, data, nbytes);
        finish(b, receive, nbytes, state);
        drop_copy_hold(b);
    } else if (!queued) {
        return no_memory(d, "send", nbytes);
    } else if (!eager) {
        open_request(d, queued, r);
    }
    da__count_sent(e, nbytes);
    return DA_OK;
}

/* Copies a message that was there before its receive, and lets it go. */
static da_status land(struct door *d, const struct flight *receive, struct flight *message,
                      struct da__request *r)
{
    int64_t nbytes = message->nbytes;
    enum state state = copy_over(receive->to, receive->nbytes, message->from, nbytes);
    if (message->is_eager) {
        free_flight(d->hub, message);
    } else {
        struct mailbox *sender = &d->hub->box[message->owner];
        finish(sender, message, nbytes, LANDED);
        drop_copy_hold(sender);
    }
    r->nbytes = nbytes;
    DA_TRY(outcome(d, receive, state, nbytes));
    da__count_received(&d->base, nbytes);
    return DA_OK;
}

static da_status virtual_irecv(struct da__endpoint *e, int from, int tag, void *data,
                               int64_t capacity, struct da__request *r)
{
    struct door *d = (struct door *)e;
    DA_TRY(da__transport_begin(e, "receive", from, tag, capacity, r));
    struct flight model = {.lane = {.peer = from, .tag = tag},
                           .owner = e->rank,
                           .to = data,
                           .nbytes = capacity,
                           .state = IN_FLIGHT};
    struct flight *queued = NULL;
    pthread_mutex_lock(&d->box->lock);
    struct flight *message = take_match(d->hub, d->box, &model);
    /* An engine leaves first and cleans this mailbox after, so a receive queued now is seen there.
     */
    bool left = !message && from != e->rank && atomic_load(&d->hub->box[from].left);
    if (!message && !left)
        queued = put_in_lane(d, d->box, &model, 0);
    pthread_mutex_unlock(&d->box->lock);
    if (left)
        return peer_left(d, "receive", from, tag);
    if (message)
        return land(d, &model, message, r);
    if (!queued)
        return no_memory(d, "receive", capacity);
    open_request(d, queued, r);
    return DA_OK;
}

static da_status virtual_test(struct da__endpoint *e, struct da__request *r)
{
    struct door *d = (struct door *)e;
    struct flight *f = r->impl;
    if (r->done)
        return DA_OK;
    enum state state = atomic_load_explicit(&f->state, memory_order_acquire);
    if (state == IN_FLIGHT)
        return DA_OK;
    r->nbytes = f->landed;
    da_status status = outcome(d, f, state, f->landed);
    if (status == DA_OK && !f->is_send)
        da__count_received(e, f->landed);
    close_request(d, f, r);
    return status;
}

static struct timespec deadline_in(int64_t ns)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t sum = t.tv_nsec + ns;
    t.tv_sec += sum / 1000000000;
    t.tv_nsec = sum % 1000000000;
    return t;
}

/* Sleeps until there is news, or for a while. `asleep` is set before the last look at `news`. */
static void sleep_until_news(struct door *d, int64_t ns)
{
    struct mailbox *b = d->box;
    struct timespec deadline = deadline_in(ns);
    pthread_mutex_lock(&b->lock);
    atomic_store(&b->asleep, 1);
    int rc = 0;
    while (rc == 0 && atomic_load(&b->news) == d->seen)
        rc = pthread_cond_timedwait(&b->news_came, &b->lock, &deadline);
    atomic_store(&b->asleep, 0);
    pthread_mutex_unlock(&b->lock);
}

/* `seen` was read before the caller's tests, so news that came during or after them is not slept
 * over. */
static void virtual_wait_a_while(struct da__endpoint *e, int64_t idle_ns)
{
    struct door *d = (struct door *)e;
    if (atomic_load(&d->box->news) == d->seen) {
        if (idle_ns < DA__YIELD_NS)
            da__back_off(idle_ns);
        else
            sleep_until_news(d, LONGEST_SLEEP_NS);
    }
    d->seen = atomic_load(&d->box->news);
}

/* ---- leaving -----------------------------------------------------------------------------------
 */

static bool concerns(const struct da__lane_item *item, void *rank)
{
    const struct flight *f = (const struct flight *)item;
    return item->peer == *(const int *)rank && !f->is_eager;
}

static bool every(const struct da__lane_item *item, void *unused)
{
    (void)item;
    (void)unused;
    return true;
}

/* Flights of the leaving engine are freed with its open ones; flights of others that wait for it
 * have failed. */
static void strand(struct hub *hub, int rank, struct da__lane_item *chain)
{
    while (chain) {
        struct flight *f = (struct flight *)chain;
        chain = chain->next;
        if (f->is_eager)
            free_flight(hub, f);
        else if (f->owner != rank)
            finish(&hub->box[f->owner], f, 0, PEER_LEFT);
    }
}

static void clean_mailbox(struct hub *hub, int rank, int which)
{
    struct mailbox *b = &hub->box[which];
    pthread_mutex_lock(&b->lock);
    struct da__lane_item *chain =
        da__lanes_take(&b->lanes, which == rank ? every : concerns, &rank);
    pthread_mutex_unlock(&b->lock);
    strand(hub, rank, chain);
}

static void close_mailbox(struct mailbox *b)
{
    if (!b->ready)
        return;
    da__lanes_close(&b->lanes);
    pthread_cond_destroy(&b->news_came);
    pthread_mutex_destroy(&b->lock);
}

static void free_hub(struct hub *hub)
{
    for (int i = 0; i < hub->n; i++)
        close_mailbox(&hub->box[i]);
    da__free(hub->box);
    da__free(hub->spare);
    da__free(hub->taken);
    da__free(hub);
}

static void virtual_close(struct da__endpoint *e)
{
    struct door *d = (struct door *)e;
    struct hub *hub = d->hub;
    atomic_store(&d->box->left, true);
    for (int i = 0; i < hub->n; i++)
        clean_mailbox(hub, e->rank, i);
    while (atomic_load_explicit(&d->box->touching, memory_order_acquire))
        sched_yield();
    for (struct flight *f = d->open; f; f = d->open) {
        d->open = f->older;
        free_flight(hub, f);
    }
    da__free(d);
    if (atomic_fetch_sub(&hub->open, 1) == 1)
        free_hub(hub);
}

/* ---- opening -----------------------------------------------------------------------------------
 */

static void virtual_end_job(struct da__endpoint *e, int code)
{
    (void)e;
    da__end_process(code);
}

static const struct da__endpoint_ops virtual_ops = {
    .isend = virtual_isend,
    .irecv = virtual_irecv,
    .test = virtual_test,
    .wait_a_while = virtual_wait_a_while,
    .close = virtual_close,
    .end_job = virtual_end_job,
};

static da_status open_mailbox(struct mailbox *b)
{
    DA_TRY(da__lanes_open(&b->lanes));
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->news_came, &monotonic);
    pthread_condattr_destroy(&monotonic);
    b->ready = true;
    return DA_OK;
}

static struct hub *open_hub(int n)
{
    struct hub *hub = da__calloc(1, sizeof *hub);
    if (!hub)
        return NULL;
    size_t nbytes = (size_t)n * sizeof *hub->box;
    hub->box = da__alloc_aligned(nbytes, LINE);
    hub->spare = da__alloc_aligned((size_t)n * NSPARES * SPARE_STRIDE, LINE);
    hub->taken = da__calloc((size_t)n * NSPARES, sizeof *hub->taken);
    if (!hub->box || !hub->spare || !hub->taken) {
        free_hub(hub);
        return NULL;
    }
    memset((void *)hub->box, 0, nbytes);
    hub->n = n;
    for (int i = 0; i < n; i++) {
        if (open_mailbox(&hub->box[i]) != DA_OK) {
            free_hub(hub);
            return NULL;
        }
    }
    return hub;
}

static struct da__endpoint *open_door(struct hub *hub, int rank)
{
    struct door *d = da__calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->base = (struct da__endpoint){.ops = &virtual_ops,
                                    .rank = rank,
                                    .size = hub->n,
                                    .max_tag = INT32_MAX,
                                    .error = {.engine = -1}};
    d->hub = hub;
    d->box = &hub->box[rank];
    return &d->base;
}

da_status da__virtual_open(int n, struct da__endpoint **endpoint, struct da__error *err)
{
    if (n < 1)
        return da__fail(err, DA_ERR_ARGUMENT, "virtual engines: %d engines, must be at least 1", n);
    for (int i = 0; i < n; i++)
        endpoint[i] = NULL;
    struct hub *hub = open_hub(n);
    if (!hub)
        return da__fail(err, DA_ERR_MEMORY, "virtual engines: no memory for %d mailboxes", n);
    for (int i = 0; i < n; i++) {
        endpoint[i] = open_door(hub, i);
        if (!endpoint[i]) {
            while (i-- > 0) {
                da__free(endpoint[i]);
                endpoint[i] = NULL;
            }
            free_hub(hub);
            return da__fail(err, DA_ERR_MEMORY, "virtual engines: no memory for %d endpoints", n);
        }
    }
    atomic_store(&hub->open, n);
    return DA_OK;
}
