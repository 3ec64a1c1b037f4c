/* Collective operations over some engines in O(log size) messages each. Which states are joined with which depends on ranks
 * alone, so that results never depend on timing. */
#include "group.h"

#include <string.h>

#include "message.h"

/* ---- groups ---- */

void da__group_all(const struct da__execution *r, struct da__group *g)
{
    *g = (struct da__group){.size = r->engine->size, .rank = r->engine->rank};
}

void da__group_along(const struct da__dist *d, uint32_t grid_dims, int engine, struct da__group *g)
{
    *g = (struct da__group){.rank = -1, .dist = d, .dims = grid_dims};
    if (!da__dist_coords(d, engine, g->coord))
        return;
    g->size = 1;
    g->rank = 0;
    for (int k = 0; k < d->ngrid; k++)
        if (grid_dims >> k & 1) {
            g->size *= d->grid[k];
            g->rank = g->rank * d->grid[k] + g->coord[k];
        }
}

int da__group_engine(const struct da__group *g, int rank)
{
    if (g->dist == NULL)
        return rank;
    int coord[DA_MAX_NDIM];
    memcpy(coord, g->coord, sizeof coord);
    for (int k = g->dist->ngrid - 1; k >= 0; k--)
        if (g->dims >> k & 1) {
            coord[k] = rank % g->dist->grid[k];
            rank /= g->dist->grid[k];
        }
    return da__dist_engine(g->dist, coord);
}

/* ---- one state to or from one rank ---- */

static void send_state(struct da__execution *r, const struct da__group *g, int rank, int tag,
                       const void *state, int64_t nbytes)
{
    char *data = da__run_failed(r) ? NULL : da__message_room(r, nbytes);
    if (data != NULL && nbytes > 0)
        memcpy(data, state, (size_t)nbytes);
    da__message_send(r, da__group_engine(g, rank), tag, data, nbytes);
}

static char *receive_state(struct da__execution *r, const struct da__group *g, int rank, int tag,
                           int64_t nbytes)
{
    struct da__incoming in;
    da__message_expect(r, da__group_engine(g, rank), tag, nbytes, &in);
    return da__message_take(r, &in, NULL);
}

static void copy_state(void *to, const void *from, int64_t nbytes)
{
    if (nbytes > 0)
        memcpy(to, from, (size_t)nbytes);
}

/* A copy that the operation may change; NULL: the run has failed. */
static char *own_copy(struct da__execution *r, const void *state, int64_t nbytes)
{
    char *copy = da__run_failed(r) ? NULL : da__message_room(r, nbytes);
    if (copy != NULL)
        copy_state(copy, state, nbytes);
    return copy;
}

/* ---- scan: in round k each rank passes on the join of 2^k neighbours (Hillis and Steele 1986) ---- */

void da__group_scan(struct da__execution *r, int step, const struct da__group *g, int64_t nbytes,
                    const void *mine, void *before, da__join join, void *self)
{
    int tag = da__message_tag(step);
    char *recent = g->size > 1 ? own_copy(r, mine, nbytes) : NULL;
    for (int far = 1; far < g->size && g->rank >= 0; far *= 2) {
        if (g->rank + far < g->size)
            send_state(r, g, g->rank + far, tag, recent, nbytes);
        if (g->rank < far)
            continue;
        char *earlier = receive_state(r, g, g->rank - far, tag, nbytes);
        if (earlier == NULL)
            continue;
        if (far == 1)
            copy_state(before, earlier, nbytes);
        else
            join(self, before, earlier, true);
        join(self, recent, earlier, true);
        da__message_put(r, earlier);
    }
    da__message_put(r, recent);
}

/* ---- all-join: recursive doubling among a power of two of ranks, which stand for pairs at the low end ---- */

/* *state := the join of a lower rank's and a higher rank's state; the one that came is given back. The lower one always takes
 * up the higher one, so that both ends get the same bits. */
static void join_pair(struct da__execution *r, char **state, char *other, bool other_earlier,
                      da__join join, void *self)
{
    char *low = other_earlier ? other : *state, *high = other_earlier ? *state : other;
    join(self, low, high, false);
    *state = low;
    da__message_put(r, high);
}

/* The rank that leads position `place` of the power of two, and back. */
static int leader_at(int place, int extra)
{
    return place < extra ? 2 * place : place + extra;
}

static void doubling(struct da__execution *r, int tag, const struct da__group *g, int power,
                     int extra, int64_t nbytes, char **state, da__join join, void *self)
{
    int place = g->rank < 2 * extra ? g->rank / 2 : g->rank - extra;
    for (int far = 1; far < power; far *= 2) {
        int peer = leader_at(place ^ far, extra);
        send_state(r, g, peer, tag, *state, nbytes);
        char *other = receive_state(r, g, peer, tag, nbytes);
        if (other != NULL)
            join_pair(r, state, other, (place & far) != 0, join, self);
    }
}

void da__group_all_join(struct da__execution *r, int step, const struct da__group *g,
                        int64_t nbytes, void *state, da__join join, void *self)
{
    if (g->rank < 0 || g->size <= 1)
        return;
    int tag = da__message_tag(step), power = 1;
    while (power <= g->size / 2)
        power *= 2;
    int extra = g->size - power; /* ranks 2i and 2i+1 for i < extra act as one */
    bool paired = g->rank < 2 * extra;
    char *now = own_copy(r, state, nbytes), *other;
    if (paired && g->rank % 2 == 1) {
        send_state(r, g, g->rank - 1, tag, now, nbytes);
        da__message_put(r, now);
        now = receive_state(r, g, g->rank - 1, tag, nbytes);
    } else {
        if (paired && (other = receive_state(r, g, g->rank + 1, tag, nbytes)) != NULL)
            join_pair(r, &now, other, false, join, self);
        doubling(r, tag, g, power, extra, nbytes, &now, join, self);
        if (paired)
            send_state(r, g, g->rank + 1, tag, now, nbytes);
    }
    if (now != NULL && !da__run_failed(r))
        copy_state(state, now, nbytes);
    da__message_put(r, now);
}

void da__group_all_join_traffic(const struct da__group *g, int64_t nbytes, struct da__traffic *out)
{
    if (g->rank < 0 || g->size <= 1)
        return;
    int power = 1, rounds = 0;
    while (power <= g->size / 2) {
        power *= 2;
        rounds++;
    }
    bool paired = g->rank < 2 * (g->size - power);
    int64_t n = paired && g->rank % 2 == 1 ? 1 : rounds + (paired ? 1 : 0);
    out->sent += n;
    out->received += n;
    out->sent_bytes += n * nbytes;
    out->received_bytes += n * nbytes;
}

/* ---- gather: after k rounds each rank holds the 2^k from its own on (Bruck et al. 1997) ---- */

/* Items of ranks first, first+1, …, wrapping around, to or from a packed message. */
static void copy_items(const struct da__group *g, int64_t nbytes, int first, int n, char *all,
                       char *packed, bool to_all)
{
    for (int done = 0; done < n;) {
        int at = (first + done) % g->size, some = g->size - at < n - done ? g->size - at : n - done;
        char *a = all + at * nbytes, *p = packed + done * nbytes;
        copy_state(to_all ? a : p, to_all ? p : a, some * nbytes);
        done += some;
    }
}

void da__group_gather(struct da__execution *r, int step, const struct da__group *g, int64_t nbytes,
                      const void *mine, void *all)
{
    if (g->rank < 0)
        return;
    int tag = da__message_tag(step);
    if (!da__run_failed(r))
        copy_state((char *)all + g->rank * nbytes, mine, nbytes);
    for (int far = 1; far < g->size; far *= 2) {
        int n = far < g->size - far ? far : g->size - far;
        int to = (g->rank + g->size - far) % g->size, from = (g->rank + far) % g->size;
        char *out = da__run_failed(r) ? NULL : da__message_room(r, n * nbytes);
        if (out != NULL)
            copy_items(g, nbytes, g->rank, n, all, out, false);
        da__message_send(r, da__group_engine(g, to), tag, out, n * nbytes);
        char *in = receive_state(r, g, from, tag, n * nbytes);
        if (in != NULL)
            copy_items(g, nbytes, from, n, all, in, true);
        da__message_put(r, in);
    }
}

void da__group_gather_traffic(const struct da__group *g, int64_t nbytes, struct da__traffic *out)
{
    for (int far = 1; far < g->size && g->rank >= 0; far *= 2) {
        int n = far < g->size - far ? far : g->size - far;
        out->sent++;
        out->received++;
        out->sent_bytes += n * nbytes;
        out->received_bytes += n * nbytes;
    }
}
