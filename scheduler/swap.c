/* The exchange whose pattern only the data know: parcels, the telling of their sizes, and their way. */
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "message.h"

/* ---- parcels ---- */

void da__parcels_free(struct da__execution *r, struct da__parcels *p)
{
    for (int i = 0; i < p->n; i++)
        da__message_put(r, p->parcel[i].data);
    da__pool_put(r->engine->pool, p->parcel);
    da__pool_put(r->engine->pool, p->slot);
    *p = (struct da__parcels){.n = 0};
}

static void enter_slot(struct da__parcels *p, int i)
{
    int64_t mask = p->nslots - 1, at = p->parcel[i].engine & mask;
    while (p->slot[at] != 0)
        at = (at + 1) & mask;
    p->slot[at] = i + 1;
}

static struct da__parcel *find(const struct da__parcels *p, int engine)
{
    int64_t mask = p->nslots - 1;
    for (int64_t at = engine & mask; p->nslots > 0 && p->slot[at] != 0; at = (at + 1) & mask)
        if (p->parcel[p->slot[at] - 1].engine == engine)
            return &p->parcel[p->slot[at] - 1];
    return NULL;
}

/* Twice the room for parcels, and four slots each. */
static bool more_parcels(struct da__execution *r, struct da__parcels *p)
{
    int64_t cap = p->cap == 0 ? 8 : 2 * p->cap, nslots = 4 * cap;
    struct da__parcel *parcel = da__pool_get(r->engine->pool, cap * (int64_t)sizeof *parcel);
    int *slot = da__pool_get(r->engine->pool, nslots * (int64_t)sizeof *slot);
    if (parcel == NULL || slot == NULL) {
        da__pool_put(r->engine->pool, parcel);
        da__pool_put(r->engine->pool, slot);
        da__run_fail(r, DA_ERR_MEMORY, "no memory for %lld messages", (long long)cap);
        return false;
    }
    if (p->n > 0)
        memcpy(parcel, p->parcel, (size_t)p->n * sizeof *parcel);
    memset(slot, 0, (size_t)nslots * sizeof *slot);
    da__pool_put(r->engine->pool, p->parcel);
    da__pool_put(r->engine->pool, p->slot);
    p->parcel = parcel;
    p->slot = slot;
    p->cap = cap;
    p->nslots = nslots;
    for (int i = 0; i < p->n; i++)
        enter_slot(p, i);
    return true;
}

/* Takes `parcel` over; on failure it is given back. */
static bool add_parcel(struct da__execution *r, struct da__parcels *p, struct da__parcel parcel)
{
    if (p->n == p->cap && !more_parcels(r, p)) {
        da__message_put(r, parcel.data);
        return false;
    }
    p->parcel[p->n++] = parcel;
    enter_slot(p, p->n - 1);
    return true;
}

static bool lengthen(struct da__execution *r, struct da__parcel *parcel, int64_t nbytes)
{
    int64_t need = parcel->nbytes + nbytes;
    if (need > parcel->cap) {
        int64_t cap = need > 2 * parcel->cap ? need : 2 * parcel->cap;
        char *data = da__message_room(r, cap);
        if (data == NULL)
            return false;
        if (parcel->nbytes > 0)
            memcpy(data, parcel->data, (size_t)parcel->nbytes);
        da__message_put(r, parcel->data);
        parcel->data = data;
        parcel->cap = cap;
    }
    parcel->nbytes = need;
    return true;
}

char *da__parcel_room(struct da__execution *r, struct da__parcels *p, int engine, int64_t nbytes)
{
    struct da__parcel *parcel = find(p, engine);
    if (parcel == NULL) {
        char *data = da__message_room(r, nbytes);
        if (data == NULL ||
            !add_parcel(r, p,
                        (struct da__parcel){
                            .engine = engine, .nbytes = nbytes, .cap = nbytes, .data = data}))
            return NULL;
        return data;
    }
    return lengthen(r, parcel, nbytes) ? parcel->data + parcel->nbytes - nbytes : NULL;
}

/* ---- who sends how much ---- */

/* What one engine has for another one. */
struct notice {
    int from, to;
    int64_t nbytes;
};
enum { MAX_ROUNDS = 31 };
/* All memory of the telling is had before its first message: an engine that fails does so before anybody relies on it, and
 * after the last round all engines have failed or none has. */
struct telling {
    struct da__execution *r;
    int tag, nrounds;
    int64_t n, most; /* at most `most` notices travel in a message */
    struct notice
        *held; /* room for one per engine, which is what the pattern brings together at most */
    char *out[MAX_ROUNDS];
    struct da__incoming in[MAX_ROUNDS];
};

static void tell_begin(struct telling *t, struct da__execution *r, int tag,
                       const struct da__parcels *out)
{
    int size = r->engine->size, rank = r->engine->rank;
    *t = (struct telling){.r = r, .tag = tag, .most = size / 2};
    int64_t most_nbytes = t->most * (int64_t)sizeof(struct notice);
    if (!da__run_failed(r)) {
        t->held = da__pool_get(r->engine->pool, size * (int64_t)sizeof *t->held);
        if (t->held == NULL)
            da__run_fail(r, DA_ERR_MEMORY, "no memory to tell %d engines of messages", size);
    }
    for (int64_t far = 1; far < size; far *= 2, t->nrounds++) {
        int from = (int)((rank + size - far) % size);
        if (!da__run_failed(r))
            t->out[t->nrounds] = da__message_room(r, most_nbytes);
        da__message_expect(r, from, tag, most_nbytes, &t->in[t->nrounds]);
    }
    for (int i = 0; i < out->n && !da__run_failed(r); i++)
        if (out->parcel[i].nbytes > 0)
            t->held[t->n++] = (struct notice){rank, out->parcel[i].engine, out->parcel[i].nbytes};
}

/* Sends the notices whose remaining way has this round's bit, keeps the others. */
static void pass_on(struct telling *t, int round)
{
    int64_t size = t->r->engine->size, rank = t->r->engine->rank, kept = 0, n = 0;
    struct notice *message = (struct notice *)(void *)t->out[round];
    for (int64_t i = 0; i < t->n && !da__run_failed(t->r); i++) {
        int64_t way = (t->held[i].to - rank + size) % size;
        if (way >> round & 1)
            message[n++] = t->held[i];
        else
            t->held[kept++] = t->held[i];
    }
    t->n = kept;
    int to = (int)((rank + ((int64_t)1 << round)) % size);
    da__message_send(t->r, to, t->tag, t->out[round], n * (int64_t)sizeof *message);
}

static void take_up(struct telling *t, int round)
{
    int64_t nbytes = 0;
    char *data = da__message_take(t->r, &t->in[round], &nbytes);
    if (data != NULL && nbytes > 0)
        memcpy(t->held + t->n, data, (size_t)nbytes);
    t->n += nbytes / (int64_t)sizeof *t->held;
    da__message_put(t->r, data);
}

static int by_sender(const void *a, const void *b)
{
    const struct notice *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* A notice travels the binary digits of its way around the ring of engines (Bruck et al. 1997). Afterwards `held` are the
 * notices for this engine in ascending order of the sender; false: all engines have failed. */
static bool tell(struct telling *t, struct da__execution *r, int tag, const struct da__parcels *out)
{
    tell_begin(t, r, tag, out);
    for (int k = 0; k < t->nrounds; k++) {
        pass_on(t, k);
        take_up(t, k);
    }
    if (da__run_failed(r))
        return false;
    if (t->n > 0)
        qsort(t->held, (size_t)t->n, sizeof *t->held, by_sender);
    return true;
}

/* ---- the data ---- */

/* Sends everything but the parcel for this engine itself, which stays in `out`. */
static void send_parcels(struct da__execution *r, int tag, struct da__parcels *out)
{
    for (int i = 0; i < out->n; i++) {
        struct da__parcel *p = &out->parcel[i];
        if (p->engine == r->engine->rank || p->nbytes == 0)
            continue;
        da__message_send(r, p->engine, tag, p->data, p->nbytes);
        p->data = NULL;
    }
}

/* The parcel of one notice: moved where it is this engine's own. */
static void take_parcel(struct da__execution *r, const struct notice *notice,
                        struct da__incoming *incoming, struct da__parcels *out,
                        struct da__parcels *in)
{
    struct da__parcel p = {.engine = notice->from, .nbytes = notice->nbytes, .cap = notice->nbytes};
    if (notice->from == r->engine->rank) {
        struct da__parcel *own = find(out, r->engine->rank);
        p.data = own->data;
        own->data = NULL;
    } else
        p.data = da__message_take(r, incoming, NULL);
    if (p.data != NULL)
        add_parcel(r, in, p);
}

/* Without memory to remember all receives, the messages are thrown away one by one. */
static void drain(struct da__execution *r, int tag, const struct telling *t)
{
    for (int64_t i = 0; i < t->n; i++) {
        struct da__incoming incoming;
        if (t->held[i].from == r->engine->rank)
            continue;
        da__message_expect(r, t->held[i].from, tag, t->held[i].nbytes, &incoming);
        da__message_take(r, &incoming, NULL);
    }
}

static void deliver(struct da__execution *r, int tag, const struct telling *t,
                    struct da__parcels *out, struct da__parcels *in)
{
    struct da__incoming *incoming =
        da__pool_get(r->engine->pool, (t->n + 1) * (int64_t)sizeof *incoming);
    if (incoming == NULL)
        da__run_fail(r, DA_ERR_MEMORY, "no memory for %lld messages", (long long)t->n);
    for (int64_t i = 0; i < t->n && incoming != NULL; i++)
        if (t->held[i].from != r->engine->rank)
            da__message_expect(r, t->held[i].from, tag, t->held[i].nbytes, &incoming[i]);
    send_parcels(r, tag, out);
    if (incoming == NULL)
        drain(r, tag, t);
    for (int64_t i = 0; i < t->n && incoming != NULL; i++)
        take_parcel(r, &t->held[i], &incoming[i], out, in);
    da__pool_put(r->engine->pool, incoming);
}

bool da__swap(struct da__execution *r, int step, struct da__parcels *out, struct da__parcels *in)
{
    struct telling t;
    int tag = da__message_tag(step);
    *in = (struct da__parcels){.n = 0};
    if (tell(&t, r, tag, out))
        deliver(r, tag, &t, out, in);
    da__pool_put(r->engine->pool, t.held);
    da__parcels_free(r, out);
    if (da__run_failed(r))
        da__parcels_free(r, in);
    return !da__run_failed(r);
}
