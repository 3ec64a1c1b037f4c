/* The short way of a graph that was computed before: from its signature to the program's number, its parameters and its binding. A
 * 128-bit hash finds, a full comparison decides. */
#include "recipes.h"

#include <string.h>

enum {
    MOST_RECIPES = 4096, /* known at a time; then all are forgotten */
    MOST_PARAMS = 64     /* they are compared pair by pair */
};

static struct da__hash hash_of(const struct da__bytes *key)
{
    struct da__hash h = da__hash_init();
    da__hash_bytes(&h, key->data, (size_t)key->nbytes);
    return h;
}

static bool matches(const struct da__recipe *r, struct da__hash h, const struct da__signature *s)
{
    if (!da__hash_equal(r->hash, h) || r->key_nbytes != s->key.nbytes || r->ndists != s->ndists ||
        memcmp(r->key, s->key.data, (size_t)s->key.nbytes) != 0)
        return false;
    for (int i = 0; i < s->ndists; i++)
        if (r->dist[i] != s->dist[i] && !da__dist_equal(r->dist[i], s->dist[i]))
            return false;
    return true;
}

const struct da__recipe *da__recipes_find(const struct da__recipes *r,
                                          const struct da__signature *s)
{
    if (r->nslots == 0)
        return NULL;
    struct da__hash h = hash_of(&s->key);
    uint64_t mask = (uint64_t)r->nslots - 1;
    for (uint64_t at = h.lo & mask; r->slot[at] != 0; at = (at + 1) & mask)
        if (matches(&r->entry[r->slot[at] - 1], h, s))
            return &r->entry[r->slot[at] - 1];
    return NULL;
}

static void free_recipe(struct da__recipe *r)
{
    for (int i = 0; r->dist != NULL && i < r->ndists; i++)
        da__dist_drop(r->dist[i]);
    for (int i = 0; r->slot != NULL && i < r->nslots; i++)
        da__dist_drop(r->slot[i].dist);
    da__free(r->key);
    da__free(r->dist);
    da__free(r->slot);
    da__free(r->use);
    da__free(r->param);
}

void da__recipes_clear(struct da__recipes *r)
{
    for (int64_t i = 0; i < r->count; i++)
        free_recipe(&r->entry[i]);
    da__free(r->entry);
    da__free(r->slot);
    memset(r, 0, sizeof *r);
}

/* Lowering numbers the nodes as the signature does; -1 where it has not met the node. */
static int position(const struct da__signature *s, const da_array *a)
{
    bool met = a->mark >= 0 && a->mark < s->nnodes && s->node[a->mark] == a;
    return met ? (int)a->mark : -1;
}

static bool describe(struct da__recipe *r, const struct da__signature *s,
                     const struct da__program *lowered, const struct da__binding *bind,
                     const bool *is_output)
{
    bool told = true;
    memcpy(r->key, s->key.data, (size_t)s->key.nbytes);
    for (int i = 0; i < s->ndists; i++)
        r->dist[i] = da__dist_keep(s->dist[i]);
    for (int i = 0; i < bind->nslots; i++) {
        da_array *a = bind->node[i];
        r->slot[i] = (struct da__recipe_slot){
            position(s, a), is_output[i],
            is_output[i] && a->dist != NULL ? da__dist_keep(a->dist) : NULL};
        told = told && r->slot[i].node >= 0;
    }
    for (int i = 0; i < bind->nuses; i++) {
        const struct da__param_use *u = &bind->use[i];
        r->use[i] = (struct da__recipe_use){position(s, u->node), u->param, u->dtype};
        told = told && r->use[i].node >= 0;
    }
    if (r->nparams > 0)
        memcpy(r->param, lowered->param, (size_t)r->nparams * sizeof *r->param);
    return told;
}

static bool make_slots(struct da__recipes *r)
{
    int64_t nslots = r->nslots > 0 ? 2 * r->nslots : 64;
    int *slot = da__calloc((size_t)nslots, sizeof *slot);
    if (slot == NULL)
        return false;
    for (int64_t i = 0; i < r->count; i++) {
        uint64_t at = r->entry[i].hash.lo & (uint64_t)(nslots - 1);
        while (slot[at] != 0)
            at = (at + 1) & (uint64_t)(nslots - 1);
        slot[at] = (int)i + 1;
    }
    da__free(r->slot);
    r->slot = slot;
    r->nslots = nslots;
    return true;
}

void da__recipes_add(struct da__recipes *r, const struct da__signature *s,
                     const struct da__program *lowered, const struct da__binding *bind,
                     const bool *is_output, int64_t cached)
{
    if (bind->folded || bind->nsaves > 0 || lowered->nlowered > MOST_PARAMS)
        return;
    if (r->count >= MOST_RECIPES)
        da__recipes_clear(r);
    if (!da__grow((void **)&r->entry, &r->cap, r->count + 1, sizeof *r->entry) ||
        (2 * (r->count + 1) > r->nslots && !make_slots(r)))
        return;
    struct da__recipe e = {.hash = hash_of(&s->key),
                           .key_nbytes = s->key.nbytes,
                           .ndists = s->ndists,
                           .nslots = bind->nslots,
                           .nuses = bind->nuses,
                           .nparams = lowered->nlowered,
                           .cached = cached};
    e.key = da__alloc((size_t)e.key_nbytes);
    e.dist = da__calloc((size_t)e.ndists, sizeof(struct da__dist *));
    e.slot = da__calloc((size_t)e.nslots, sizeof *e.slot);
    e.use = da__calloc((size_t)e.nuses, sizeof *e.use);
    e.param = da__calloc((size_t)e.nparams, sizeof *e.param);
    if (e.key == NULL || e.dist == NULL || e.slot == NULL || e.use == NULL || e.param == NULL ||
        !describe(&e, s, lowered, bind, is_output)) {
        free_recipe(&e);
        return;
    }
    r->entry[r->count++] = e;
    uint64_t mask = (uint64_t)r->nslots - 1, at = e.hash.lo & mask;
    while (r->slot[at] != 0)
        at = (at + 1) & mask;
    r->slot[at] = (int)r->count;
}

/* ---- binding ---- */

/* Equal scalars share a parameter, so which of them are equal is structure. */
static bool fill_params(const struct da__recipe *r, const struct da__signature *s,
                        struct da__param *param)
{
    bool given[MOST_PARAMS] = {false};
    if (r->nparams > 0)
        memcpy(param, r->param, (size_t)r->nparams * sizeof *param);
    for (int i = 0; i < r->nuses; i++) {
        const struct da__recipe_use *u = &r->use[i];
        uint8_t bytes[16];
        da__param_cast(s->node[u->node], u->dtype, bytes);
        if (given[u->param] && memcmp(param[u->param].bytes, bytes, sizeof bytes) != 0)
            return false;
        memcpy(param[u->param].bytes, bytes, sizeof bytes);
        given[u->param] = true;
    }
    for (int i = 0; i < r->nparams; i++)
        for (int j = 0; j < i; j++)
            if (param[i].dtype == param[j].dtype &&
                memcmp(param[i].bytes, param[j].bytes, sizeof param[i].bytes) == 0)
                return false;
    return true;
}

bool da__recipe_bind(const struct da__recipe *r, const struct da__signature *s, struct da__graph *g,
                     struct da__param *param, struct da__binding *bind, bool *is_output)
{
    if (!fill_params(r, s, param))
        return false;
    bind->nslots = r->nslots;
    for (int i = 0; i < r->nslots; i++) {
        da_array *a = s->node[r->slot[i].node];
        bind->node[i] = a;
        bind->buffer[i] = r->slot[i].output ? da__graph_new_buffer(g) : a->buffer;
        is_output[i] = r->slot[i].output;
        if (a->dist == NULL && r->slot[i].dist != NULL)
            a->dist = da__dist_keep(r->slot[i].dist);
    }
    return true;
}
