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
    /* What it is called and how its attributes read in JSON, each with a comma behind it; NULL: by the row's name, as numbers. */
    const char *(*op)(const int64_t *attribute);
    void (*write)(struct da__text *t, const int64_t *attribute);
    /* Where it works where that input's distribution has no say in it. */
    da_status (*space_dist)(struct da__graph *g, const da_array *a, const struct da__dist **out);
};
const struct da__routine_rules *da__routine_rules(enum da__routine_id id);
extern const struct da__routine_rules da__scan_rules, da__sort_rules, da__search_rules,
    da__extract_rules, da__repeat_rules, da__matmul_rules;

/* Where SCATTER works: build_get.c. */
da_status da__scatter_space(struct da__graph *g, const da_array *a, const struct da__dist **out);

/* A node of a routine with room for `nin` inputs and its attributes copied, owned by the innermost scope; NULL: no memory. */
da_array *da__routine_node(struct da__graph *g, enum da__routine_id id, da_dtype dtype, int ndim,
                           const int64_t *shape, const struct da__dist *dist, int nin,
                           int nattributes, const int64_t *attribute);

/* x's distribution, the default one for what lives everywhere; counted for the caller. */
da_status da__routine_dist(struct da__graph *g, const da_array *x, const struct da__dist **out,
                           struct da__error *err);
/* The name of what a routine does with these attributes, and the attributes as members of a JSON object. */
const char *da__routine_op(enum da__routine_id id, const int64_t *attribute);
void da__routine_write(struct da__text *t, enum da__routine_id id, int n, const int64_t *attribute);

#endif
