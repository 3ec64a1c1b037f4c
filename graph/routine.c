/* The table of routines: what is no fused kernel. */
#include "routine.h"

#include <string.h>

struct routine {
    const char *name;
    unsigned raw;
};
static const struct routine table[] = {
#define DA__ROUTINE(id, name, raw, doc) {name, raw},
#include "routines.def"
#undef DA__ROUTINE
};

const char *da__routine_name(enum da__routine_id id)
{
    return table[id].name;
}

bool da__routine_reads_raw(enum da__routine_id id, int input)
{
    return input < 32 && (table[id].raw >> input & 1);
}

/* What is updated lies as the result does. */
static da_status as_the_result(struct da__graph *g, const da_array *a, int k,
                               const struct da__dist **out)
{
    (void)g, (void)k;
    *out = da__dist_keep(a->dist);
    return DA_OK;
}

const struct da__routine_rules *da__routine_rules(enum da__routine_id id)
{
    static const struct da__routine_rules rules[DA__NROUTINES] = {
        [DA__ROUTINE_SCATTER] = {.input_dist = as_the_result,
                                 .space = 2,
                                 .space_dist = da__scatter_space},
        [DA__ROUTINE_NONZERO] = {.space = 1},
    };
    return &rules[id];
}

da_array *da__routine_node(struct da__graph *g, enum da__routine_id id, da_dtype dtype, int ndim,
                           const int64_t *shape, const struct da__dist *dist, int nin,
                           int nattributes, const int64_t *attribute)
{
    da_array *a = da__node_new(g, DA__NODE_ROUTINE, dtype, ndim, shape, dist);
    if (a == NULL)
        return NULL;
    a->op = (int)id;
    size_t nbytes = (size_t)nattributes * sizeof *attribute;
    a->u.ints = da__alloc(sizeof *a->u.ints + nbytes);
    if (a->u.ints == NULL || !da__node_reserve(a, nin))
        return NULL;
    a->u.ints->n = nattributes;
    if (nattributes > 0)
        memcpy(a->u.ints->v, attribute, nbytes);
    return a;
}
