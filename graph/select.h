/* Masks among index arrays, and index arrays whose size data decide. Private to graph. */
#ifndef DA_SELECT_H
#define DA_SELECT_H

#include "node.h"

/* A call of get, or of put where `value` is there. */
struct da__select {
    da_array *x;
    const struct da__operand *value; /* NULL: get */
    int nitems;
    const struct da__index_item *item;
    int n;
    da_array *const *index;
};
/* The call with each mask replaced by the index arrays of its true elements, or waiting for sizes; what assigns to a mask as a whole
 * is a choice between x and the value. NULL: nothing of that kind, the call can be built as it is. */
da_array *da__select(struct da__graph *g, const char *name, const struct da__select *s);
da_array *da__defer_take(struct da__graph *g, da_array *x, da_array *index, int64_t axis);

#endif
