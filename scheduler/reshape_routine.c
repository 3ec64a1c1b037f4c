/* Reshape on an engine: the same elements in C order under another shape and other owners. Both ends walk their own part in
 * ascending flat order and find the other side's owners in closed form; a message holds what two engines share in that order,
 * so that nothing needs to be told. The cost is that of an engine's own runs. */
#include <string.h>

#include "flat.h"
#include "message.h"
#include "routine.h"

/* What this engine shares with one owner of the other side. */
struct peer {
    int engine; /* for sends: the first of the replicas that hold the same elements */
    int64_t nelem;
    int ntargets; /* sends: the replicas that read this engine */
    int64_t targets_cap;
    int *target;
    char *at; /* while packing and unpacking */
    char *data;
    struct da__incoming in;
};
struct peers {
    int n;
    int64_t cap;
    struct peer *peer;
    int *slot; /* hash table over engines: position + 1 */
    int64_t nslots;
    int last; /* found last */
};
struct plan {
    int engine;
    int64_t item;
    bool gives; /* somebody else reads this engine */
    struct da__flat_part from, to;
    struct peers send, receive;
};

/* ---- peers ---- */

static void free_peers(struct peers *p)
{
    for (int i = 0; i < p->n; i++)
        da__free(p->peer[i].target);
    da__free(p->peer);
    da__free(p->slot);
}

static int64_t slot_of(const struct peers *p, int engine)
{
    int64_t at = (int64_t)((uint32_t)engine * 2654435761u) & (p->nslots - 1);
    while (p->slot[at] != 0 && p->peer[p->slot[at] - 1].engine != engine)
        at = (at + 1) & (p->nslots - 1);
    return at;
}

/* NULL: not there. */
static struct peer *find_peer(struct peers *p, int engine)
{
    if (p->n > 0 && p->peer[p->last].engine == engine)
        return &p->peer[p->last];
    if (p->nslots == 0)
        return NULL;
    int at = p->slot[slot_of(p, engine)];
    if (at == 0)
        return NULL;
    p->last = at - 1;
    return &p->peer[p->last];
}

static struct peer *add_peer(struct peers *p, int engine)
{
    if (!DA__PUSH(p->peer, p->n, p->cap))
        return NULL;
    if (2 * (p->n + 1) > p->nslots) {
        int64_t nslots = p->nslots > 0 ? 2 * p->nslots : 16;
        int *slot = da__calloc((size_t)nslots, sizeof *slot);
        if (slot == NULL)
            return NULL;
        da__free(p->slot);
        p->slot = slot;
        p->nslots = nslots;
        for (int i = 0; i < p->n; i++)
            p->slot[slot_of(p, p->peer[i].engine)] = i + 1;
    }
    p->slot[slot_of(p, engine)] = p->n + 1;
    p->last = p->n;
    p->peer[p->n] = (struct peer){.engine = engine};
    return &p->peer[p->n++];
}

/* ---- the plan ---- */

static bool is_replica_dim(const struct da__dist *d, int g)
{
    for (int k = 0; k < d->ndim; k++)
        if (d->axis_grid[k] == g)
            return false;
    return true;
}

/* The engines among the replicas at `coord` of the result that read this engine. */
static da_status find_targets(struct plan *p, const int *coord, struct peer *peer)
{
    const struct da__dist *to = p->to.flat.dist;
    int at[DA_MAX_NDIM];
    memcpy(at, coord, sizeof at);
    for (int g = 0; g >= 0;) {
        int engine = da__dist_engine(to, at);
        if (engine != p->engine && da__reads_replica(p->from.flat.dist, engine, p->from.coord)) {
            if (!DA__PUSH(peer->target, peer->ntargets, peer->targets_cap))
                return DA_ERR_MEMORY;
            peer->target[peer->ntargets++] = engine;
            p->gives = true;
        }
        for (g = to->ngrid - 1; g >= 0; g--) {
            if (!is_replica_dim(to, g))
                continue;
            if (++at[g] < to->grid[g])
                break;
            at[g] = 0;
        }
    }
    return DA_OK;
}

/* A part in ascending flat order, by pieces that have one owner on the other side. */
struct pairing {
    struct da__flat_walk walk;
    struct da__flat_finder finder;
    struct da__interval run;
};

static void pair_begin(const struct da__flat_part *part, const struct da__flat_part *other,
                       struct pairing *w)
{
    w->run.count = 0;
    da__flat_walk_begin(part, &w->walk);
    da__flat_finder_begin(other, &w->finder);
}

/* The piece's owner on the other side is w->finder.engine. False: there are no more. */
static bool pair_next(struct pairing *w, struct da__interval *piece)
{
    while (w->run.count == 0)
        if (!da__flat_walk_next(&w->walk, &w->run))
            return false;
    int64_t n = da__flat_find(&w->finder, w->run.start);
    *piece = w->run;
    piece->count = n < w->run.count ? n : w->run.count;
    w->run.start += piece->count;
    w->run.local += piece->count;
    w->run.count -= piece->count;
    return true;
}

static da_status plan_sends(struct plan *p)
{
    struct pairing w;
    struct da__interval piece;
    pair_begin(&p->from, &p->to, &w);
    while (pair_next(&w, &piece)) {
        struct peer *peer = find_peer(&p->send, w.finder.engine);
        if (peer == NULL) {
            peer = add_peer(&p->send, w.finder.engine);
            if (peer == NULL)
                return DA_ERR_MEMORY;
            DA_TRY(find_targets(p, w.finder.coord, peer));
        }
        peer->nelem += piece.count;
    }
    return DA_OK;
}

/* Begins to find who gives this engine what. */
static void begin_givers(const struct plan *p, struct pairing *w)
{
    pair_begin(&p->to, &p->from, w);
    da__replica_for(p->from.flat.dist, p->engine, w->finder.coord);
}

static da_status plan_receives(struct plan *p)
{
    struct pairing w;
    struct da__interval piece;
    begin_givers(p, &w);
    while (pair_next(&w, &piece)) {
        if (w.finder.engine == p->engine)
            continue;
        struct peer *peer = find_peer(&p->receive, w.finder.engine);
        if (peer == NULL)
            peer = add_peer(&p->receive, w.finder.engine);
        if (peer == NULL)
            return DA_ERR_MEMORY;
        peer->nelem += piece.count;
    }
    return DA_OK;
}

static void free_plan(void *own)
{
    struct plan *p = own;
    da__flat_part_free(&p->from);
    da__flat_part_free(&p->to);
    free_peers(&p->send);
    free_peers(&p->receive);
    da__free(p);
}

static da_status make_plan(const struct da__program *program, const struct da__step *s, int engine,
                           void **own)
{
    const struct da__value *from = &program->value[s->input[0].value];
    const struct da__value *to = &program->value[s->output[0]];
    struct plan *p = da__calloc(1, sizeof *p);
    if (p == NULL)
        return DA_ERR_MEMORY;
    p->engine = engine;
    p->item = (int64_t)da__dtype_nbytes(from->dtype);
    da_status status = da__flat_part_make(program->dist[from->dist], engine, &p->from);
    if (status == DA_OK)
        status = da__flat_part_make(program->dist[to->dist], engine, &p->to);
    if (status == DA_OK)
        status = plan_sends(p);
    if (status == DA_OK)
        status = plan_receives(p);
    if (status == DA_OK)
        *own = p;
    else
        free_plan(p);
    return status;
}

/* ---- a run ---- */

static void pack(struct da__execution *r, struct plan *p, const char *from)
{
    for (int i = 0; i < p->send.n; i++) {
        struct peer *peer = &p->send.peer[i];
        peer->data = peer->at = NULL;
        if (peer->ntargets > 0 && !da__run_failed(r))
            peer->data = peer->at = da__message_room(r, peer->nelem * p->item);
    }
    if (!p->gives || da__run_failed(r))
        return;
    struct pairing w;
    struct da__interval piece;
    pair_begin(&p->from, &p->to, &w);
    while (pair_next(&w, &piece)) {
        struct peer *peer = find_peer(&p->send, w.finder.engine);
        if (peer->at == NULL)
            continue;
        da__copy_item(peer->at, from + piece.local * p->item, piece.count * p->item);
        peer->at += piece.count * p->item;
    }
}

/* Replicas get copies; the first message takes the packed one along. */
static void send(struct da__execution *r, const struct peer *peer, int tag, int64_t item)
{
    int64_t nbytes = peer->nelem * item;
    for (int i = 1; i < peer->ntargets; i++) {
        char *copy = da__run_failed(r) ? NULL : da__message_room(r, nbytes);
        if (copy != NULL)
            memcpy(copy, peer->data, (size_t)nbytes);
        da__message_send(r, peer->target[i], tag, copy, nbytes);
    }
    if (peer->ntargets > 0)
        da__message_send(r, peer->target[0], tag, peer->data, nbytes);
}

static void unpack(struct plan *p, const char *own, char *to)
{
    struct pairing w;
    struct da__interval piece;
    begin_givers(p, &w);
    while (pair_next(&w, &piece)) {
        char *at = to + piece.local * p->item;
        int64_t nbytes = piece.count * p->item;
        if (w.finder.engine == p->engine) {
            da__copy_item(at, own + da__flat_local(&w.finder, piece.start) * p->item, nbytes);
            continue;
        }
        struct peer *peer = find_peer(&p->receive, w.finder.engine);
        da__copy_item(at, peer->at, nbytes);
        peer->at += nbytes;
    }
}

static void run_reshape(struct da__execution *r, int step, void *own,
                        const struct da__strided *operand)
{
    (void)operand;
    struct plan *p = own;
    const struct da__step *s = &r->plan->program->step[step];
    const char *from = r->data[s->input[0].value];
    int tag = da__message_tag(step);
    for (int i = 0; i < p->receive.n; i++) {
        struct peer *peer = &p->receive.peer[i];
        da__message_expect(r, peer->engine, tag, peer->nelem * p->item, &peer->in);
    }
    pack(r, p, from);
    for (int i = 0; i < p->send.n; i++)
        send(r, &p->send.peer[i], tag, p->item);
    for (int i = 0; i < p->receive.n; i++) {
        struct peer *peer = &p->receive.peer[i];
        peer->data = peer->at = da__message_take(r, &peer->in, NULL);
    }
    char *to = p->to.holds ? da__run_value(r, s->output[0]) : NULL;
    if (to != NULL && !da__run_failed(r))
        unpack(p, from, to);
    for (int i = 0; i < p->receive.n; i++)
        da__message_put(r, p->receive.peer[i].data);
}

static void count_traffic(const void *own, struct da__traffic *out)
{
    const struct plan *p = own;
    for (int i = 0; i < p->send.n; i++) {
        out->sent += p->send.peer[i].ntargets;
        out->sent_bytes += p->send.peer[i].ntargets * p->send.peer[i].nelem * p->item;
    }
    out->received += p->receive.n;
    for (int i = 0; i < p->receive.n; i++)
        out->received_bytes += p->receive.peer[i].nelem * p->item;
}

const struct da__routine_ops da__reshape_routine = {
    .plan = make_plan, .run = run_reshape, .free = free_plan, .traffic = count_traffic};
