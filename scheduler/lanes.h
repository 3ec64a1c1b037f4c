/* Queues by lane. A lane is all that passes from one engine under one tag; within it, order holds.
 *
 * Items are embedded in what is queued and never copied. Items of one lane leave in the order in
 * which they came; lanes do not see each other. The number of items and of lanes is unlimited, and
 * finding a lane does not depend on either. */
#ifndef DA_LANES_H
#define DA_LANES_H

#include "da_core.h"

struct da__lane_item {
    struct da__lane_item *next;
    int peer, tag;
};
struct da__lane_bucket {
    struct da__lane_item *first, *last;
};
struct da__lanes {
    struct da__lane_bucket *bucket; /* nbuckets, a power of two; owned */
    size_t nbuckets, nitems;
};
da_status da__lanes_open(struct da__lanes *l);
void da__lanes_close(struct da__lanes *l); /* the items stay their owners' */
/* The oldest item of a lane, or NULL. */
struct da__lane_item *da__lanes_first(const struct da__lanes *l, int peer, int tag);
void da__lanes_push(struct da__lanes *l, struct da__lane_item *item); /* cannot fail */
void da__lanes_remove(struct da__lanes *l, struct da__lane_item *item);
/* Takes every item that `want` accepts out of its lane; they come back chained by `next`. */
struct da__lane_item *da__lanes_take(struct da__lanes *l,
                                     bool (*want)(const struct da__lane_item *item, void *self),
                                     void *self);
#endif
