/* The table of routines: what is no fused kernel. */
#include "routine.h"
#include "text.h"

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
    static const struct da__routine_rules none = {.space = 0}, nonzero = {.space = 1};
    static const struct da__routine_rules scatter = {
        .input_dist = as_the_result, .space = 2, .space_dist = da__scatter_space};
    static const struct da__routine_rules *const rules[DA__NROUTINES] = {
        [DA__ROUTINE_SCATTER] = &scatter,         [DA__ROUTINE_SCAN] = &da__scan_rules,
        [DA__ROUTINE_SORT] = &da__sort_rules,     [DA__ROUTINE_NONZERO] = &nonzero,
        [DA__ROUTINE_SEARCH] = &da__search_rules, [DA__ROUTINE_EXTRACT] = &da__extract_rules,
        [DA__ROUTINE_REPEAT] = &da__repeat_rules, [DA__ROUTINE_MATMUL] = &da__matmul_rules,
    };
    return rules[id] != NULL ? rules[id] : &none;
}

const char *da__routine_op(enum da__routine_id id, const int64_t *attribute)
{
    const struct da__routine_rules *rules = da__routine_rules(id);
    return rules->op != NULL ? rules->op(attribute) : table[id].name;
}

void da__routine_write(struct da__text *t, enum da__routine_id id, int n, const int64_t *attribute)
{
    const struct da__routine_rules *rules = da__routine_rules(id);
    if (rules->write != NULL) {
        rules->write(t, attribute);
        return;
    }
    if (n == 0)
        return;
    da__text_add(t, "\"attributes\":");
    da__json_ints(t, n, attribute);
    da__text_add(t, ",");
}

da_status da__routine_dist(struct da__graph *g, const da_array *x, const struct da__dist **out,
                           struct da__error *err)
{
    if (x->dist == NULL)
        return da__spec_dist(g, x->ndim, x->shape, NULL, out, err);
    *out = da__dist_keep(x->dist);
    return DA_OK;
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
