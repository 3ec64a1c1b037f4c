/* Which program a deferred graph became, and how to bind it, by the graph's signature. Private to scheduler. */
#ifndef DA_RECIPES_H
#define DA_RECIPES_H

#include "da_graph.h"

struct da__recipe_slot {
    int node; /* position in the signature */
    bool output;
    const struct da__dist *dist; /* counted; where a result lies that had no owners before */
};
struct da__recipe_use {
    int node, param;
    da_dtype dtype;
};
struct da__recipe {
    struct da__hash hash;
    uint8_t *key;
    int64_t key_nbytes;
    int ndists, nslots, nuses, nparams;
    const struct da__dist **dist; /* counted */
    struct da__recipe_slot *slot;
    struct da__recipe_use *use;
    struct da__param *param; /* those that no constant gives stay as they are */
    int64_t cached;          /* position of the program in the cache */
};
struct da__recipes {
    struct da__recipe *entry;
    int64_t count, cap;
    int *slot; /* hash table: position + 1 */
    int64_t nslots;
};
/* The recipe of an equal graph; NULL: not there. */
const struct da__recipe *da__recipes_find(const struct da__recipes *r,
                                          const struct da__signature *s);
/* Remembers what lowering made of the graph; where there is no memory, or what it made cannot be told from the signature alone,
 * nothing is remembered. */
void da__recipes_add(struct da__recipes *r, const struct da__signature *s,
                     const struct da__program *lowered, const struct da__binding *bind,
                     const bool *is_output, int64_t cached);
void da__recipes_clear(struct da__recipes *r);
/* Parameters and binding of a graph that has this recipe. False: its scalars agree with each other in another way; nothing is bound
 * then. `param` has room for the recipe's parameters, `is_output` and the lists of `bind` for its slots. */
bool da__recipe_bind(const struct da__recipe *r, const struct da__signature *s, struct da__graph *g,
                     struct da__param *param, struct da__binding *bind, bool *is_output);

#endif
