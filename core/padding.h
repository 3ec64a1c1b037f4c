/* Between the files of maps: the halos of block maps, shared and immutable. */
#ifndef DA_CORE_PADDING_H
#define DA_CORE_PADDING_H

#include "da_core.h"

/* Widths of halos. Towards neighbours: `left` and `right`, or `cut[c]` on both sides of the cut between parts c and c + 1.
 * At the ends of the axis: `first` and `last`, which are part of the axis unless it is periodic. */
struct da__padding {
    int refs; /* atomic */
    int64_t left, right, first, last;
    bool periodic;
    int ncuts; /* 0: the same everywhere */
    int64_t cut[];
};
/* The padding that a specification asks for, NULL where it asks for none (or there is no memory: false). The specification is
 * checked by da__padding_check. */
bool da__padding_make(const struct da__map_spec *s, int parts, const struct da__padding **out);
/* Whether a block map with this padding has blocks that hold the halos of their neighbours; `what` names the axis. */
da_status da__padding_check(const struct da__map *m, const char *what, struct da__error *err);
bool da__padding_equal(const struct da__padding *a, const struct da__padding *b);
void da__padding_hash(const struct da__padding *p, struct da__hash *h);
void da__padding_keep(const struct da__padding *p);
void da__padding_drop(const struct da__padding *p);

#endif
