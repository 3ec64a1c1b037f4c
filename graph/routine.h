/* What each routine of routines.def asks of the values it works on. Private to graph. */
#ifndef DA_ROUTINE_H
#define DA_ROUTINE_H

#include "node.h"

/* Where an entry is NULL, the values lie as the nodes' distributions say. Distributions are counted for the caller. */
struct da__routine_rules {
    /* The distribution under which the routine reads raw input k. */
    da_status (*input_dist)(struct da__graph *g, const da_array *a, int k,
                            const struct da__dist **out);
    /* The distribution under which it makes its result; a copy brings it to the node's. */
    da_status (*output_dist)(struct da__graph *g, const da_array *a, const struct da__dist **out);
    /* The space the step works over is that of input `space` - 1; 0: the output's. */
    int space;
    /* Where it works where that input's distribution has no say in it. */
    da_status (*space_dist)(struct da__graph *g, const da_array *a, const struct da__dist **out);
};
const struct da__routine_rules *da__routine_rules(enum da__routine_id id);

/* Where SCATTER works: build_get.c. */
da_status da__scatter_space(struct da__graph *g, const da_array *a, const struct da__dist **out);

/* A node of a routine with room for `nin` inputs and its attributes copied, owned by the innermost scope; NULL: no memory. */
da_array *da__routine_node(struct da__graph *g, enum da__routine_id id, da_dtype dtype, int ndim,
                           const int64_t *shape, const struct da__dist *dist, int nin,
                           int nattributes, const int64_t *attribute);

#endif
