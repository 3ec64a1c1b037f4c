/* What several engines do together inside a routine: scans and sums in logarithmically many messages, and exchanges whose
 * pattern only the data know. Private to scheduler.
 *
 * All members call, also those whose run has failed (a failed member takes part with void messages, and every member's run fails
 * with it: what they return then is not to be used, but no one waits for ever). Tags are the step's, so calls of one step
 * happen in the same order on all members. */
#ifndef DA_GROUP_H
#define DA_GROUP_H

#include "engine.h"

/* Some engines in an order: those that share this engine's coordinates outside some dimensions of a distribution's grid, in C
 * order of these dimensions; or all engines of the run. */
struct da__group {
    int size, rank;              /* rank -1: this engine is no member */
    const struct da__dist *dist; /* borrowed; NULL: all engines */
    int coord[DA_MAX_NDIM];
    uint32_t dims; /* grid dimensions that vary within the group */
};
void da__group_all(const struct da__execution *r, struct da__group *g);
/* `grid_dims`: a bit per dimension that varies within the group. An engine that is no member takes no part in anything. */
void da__group_along(const struct da__dist *d, uint32_t grid_dims, int engine, struct da__group *g);
int da__group_engine(const struct da__group *g, int rank);

/* Every member calls the operations below, in the same order; one whose run has failed takes part with void messages, and so
 * hands the failure on. Results are undefined then.
 *
 * into := into joined with what comes after it, or before it where `from_earlier`: n states of any layout. */
typedef void (*da__join)(void *self, void *into, const void *from, bool from_earlier);
/* before := the join of all lower ranks' `mine`; on rank 0 it stays as it was (the caller puts the identity there). Needs no
 * commutativity, but associativity. O(log size) messages of nbytes. */
void da__group_scan(struct da__execution *r, int step, const struct da__group *g, int64_t nbytes,
                    const void *mine, void *before, da__join join, void *self);
/* state := the join of all ranks' states in rank order, the same on all members. O(log size) messages. */
void da__group_all_join(struct da__execution *r, int step, const struct da__group *g,
                        int64_t nbytes, void *state, da__join join, void *self);
/* What that sends and receives on this member. */
void da__group_all_join_traffic(const struct da__group *g, int64_t nbytes, struct da__traffic *out);
/* all[k*nbytes] := rank k's `mine`. O(log size) messages, O(size * nbytes) bytes. */
void da__group_gather(struct da__execution *r, int step, const struct da__group *g, int64_t nbytes,
                      const void *mine, void *all);
void da__group_gather_traffic(const struct da__group *g, int64_t nbytes, struct da__traffic *out);

/* One packed message to or from one engine. */
struct da__parcel {
    int engine;
    int64_t nbytes, cap;
    char *data; /* 64-byte aligned, with room for the message's header in front */
};
struct da__parcels {
    int n;
    int64_t cap;
    struct da__parcel *parcel; /* in the order begun, or by sender; each engine at most once */
    int *slot;                 /* hash table over engines: position + 1 */
    int64_t nslots;
};
void da__parcels_free(struct da__execution *r, struct da__parcels *p);
/* Lengthens the parcel for an engine by `nbytes` and gives the place to write them to (valid until its next lengthening); parcels are
 * begun as needed. NULL: no memory, and the run has failed. */
char *da__parcel_room(struct da__execution *r, struct da__parcels *p, int engine, int64_t nbytes);
/* Takes all parcels of `out` to their engines (over all engines of the run, this one too) and gives the ones for this engine in ascending
 * order of the sender. `out` is empty afterwards; empty parcels do not travel. Who sends how much is told along a
 * dissemination pattern of O(log size) messages; data travel directly, one message per pair that shares data. False: the
 * run has failed, here or elsewhere; `in` is empty then. */
bool da__swap(struct da__execution *r, int step, struct da__parcels *out, struct da__parcels *in);

#endif
