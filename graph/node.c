/* The graph: nodes, who owns them, and the buffers that dropped nodes leave behind. */
#include "deferred.h"
#include "node.h"
#include "user.h"

#include <string.h>

struct default_dist {
    const struct da__dist *dist;
    int ndim;
    int64_t shape[DA_MAX_NDIM];
};

/* Nodes come from slabs by number of dimensions: building a graph must cost less than computing it. Sanitizers want to see
 * every node as a block of its own. */
#if defined(__SANITIZE_ADDRESS__)
enum { SLAB_NODES = 1 };
#else
enum { SLAB_NODES = 64 };
#endif
enum { SLAB_NDIM = 8 };
struct slab {
    struct slab *next;
};

struct da__graph {
    struct slab *slabs;
    da_array *spare[SLAB_NDIM + 1]; /* freed nodes, chained through `next` */
    int nengines;
    bool reproducible;
    void *owner;
    uint64_t next_id, next_buffer;
    int64_t epoch, live;
    int64_t waiting;       /* nodes that wait for a size */
    da_array *first;       /* all nodes, newest first */
    da_array **scope_item; /* the handles of all open scopes */
    int64_t nscope_items, scope_items_cap;
    int64_t *scope_start; /* where each scope begins among them */
    int64_t nscopes, scopes_cap;
    uint64_t *dead;
    int64_t ndead, dead_cap;
    da_array *no_memory;
    struct da__error no_memory_error;
    struct default_dist recent[4];
    int next_recent;
    da__import import;
    da__export export;
    void *hooks_self;
    struct da__users users;
};

static size_t node_nbytes(int ndim)
{
    return sizeof(da_array) + (size_t)ndim * sizeof(int64_t);
}

static da_array *fill_slab(struct da__graph *g, int ndim)
{
    struct slab *slab = da__alloc(sizeof *slab + SLAB_NODES * node_nbytes(ndim));
    if (slab == NULL)
        return NULL;
    slab->next = g->slabs;
    g->slabs = slab;
    char *at = (char *)(slab + 1);
    for (int i = 0; i < SLAB_NODES; i++, at += node_nbytes(ndim)) {
        da_array *a = (da_array *)(void *)at;
        a->next = g->spare[ndim];
        g->spare[ndim] = a;
    }
    return g->spare[ndim];
}

static da_array *node_take(struct da__graph *g, int ndim)
{
    if (SLAB_NODES == 1 || ndim > SLAB_NDIM)
        return da__calloc(1, node_nbytes(ndim));
    da_array *a = g->spare[ndim] != NULL ? g->spare[ndim] : fill_slab(g, ndim);
    if (a == NULL)
        return NULL;
    g->spare[ndim] = a->next;
    memset(a, 0, sizeof *a);
    return a;
}

static void node_return(struct da__graph *g, da_array *a)
{
    if (SLAB_NODES == 1 || a->ndim > SLAB_NDIM) {
        da__free(a);
        return;
    }
    a->next = g->spare[a->ndim];
    g->spare[a->ndim] = a;
}

static da_array *node_alloc(struct da__graph *g, int ndim)
{
    da_array *a = node_take(g, ndim);
    if (a == NULL)
        return NULL;
    a->graph = g;
    a->id = ++g->next_id;
    a->ndim = ndim;
    a->shape = (int64_t *)(a + 1);
    a->in = a->few;
    a->next = g->first;
    if (g->first != NULL)
        g->first->previous = a;
    g->first = a;
    g->live++;
    return a;
}

static void unlink_node(struct da__graph *g, da_array *a)
{
    if (a->previous != NULL)
        a->previous->next = a->next;
    else
        g->first = a->next;
    if (a->next != NULL)
        a->next->previous = a->previous;
    a->previous = a->next = NULL;
    g->live--;
}

struct da__graph *da__graph_new(int nengines)
{
    struct da__graph *g = da__calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->nengines = nengines;
    g->no_memory = node_alloc(g, 0);
    if (g->no_memory == NULL || da__scope_push(g) != DA_OK) {
        da__graph_free(g);
        return NULL;
    }
    g->no_memory->kind = DA__NODE_POISON;
    g->no_memory->refs = 1;
    g->no_memory->u.error = &g->no_memory_error;
    g->no_memory_error.engine = -1;
    da__fail(&g->no_memory_error, DA_ERR_MEMORY, "out of memory while building the graph");
    return g;
}

static void free_file(struct da__node_file *f)
{
    if (f == NULL)
        return;
    da__free(f->path);
    da__free(f->dataset);
    da__free(f);
}

static void free_call(struct da__node_call *c)
{
    if (c == NULL)
        return;
    da__free(c->object);
    da__free(c->data);
    da__free(c);
}

static void free_attributes(da_array *a)
{
    switch (a->kind) {
    case DA__NODE_POISON:
        if (a->u.error != &a->graph->no_memory_error)
            da__free(a->u.error);
        break;
    case DA__NODE_VIEW:
    case DA__NODE_ASSIGN:
        da__free(a->u.view);
        break;
    case DA__NODE_ROUTINE:
        da__free(a->u.ints);
        break;
    case DA__NODE_DEFERRED:
        da__deferred_free(a->u.deferred);
        break;
    case DA__NODE_APPLY:
        da__apply_free(a->u.apply);
        break;
    case DA__NODE_LOAD:
    case DA__NODE_SAVE:
        free_file(a->u.file);
        break;
    case DA__NODE_CALL:
        free_call(a->u.call);
        break;
    default:
        break;
    }
    memset(&a->u, 0, sizeof a->u);
}

/* A name that cannot be remembered stays on the engines until they stop: a leak, no failure. */
static void bury(struct da__graph *g, uint64_t buffer)
{
    if (buffer == 0)
        return;
    if (da__grow((void **)&g->dead, &g->dead_cap, g->ndead + 1, sizeof *g->dead))
        g->dead[g->ndead++] = buffer;
}

static int waits(const da_array *a)
{
    return a->kind == DA__NODE_DEFERRED || a->unsized;
}

bool da__graph_waits(const struct da__graph *g)
{
    return g->waiting > 0;
}

static void free_node(da_array *a)
{
    struct da__graph *g = a->graph;
    g->waiting -= waits(a);
    bury(g, a->kind == DA__NODE_LEAF ? a->buffer : 0);
    free_attributes(a);
    da__dist_drop(a->dist);
    da__free(a->name);
    da__free(a->reach);
    if (a->in != a->few)
        da__free(a->in);
    node_return(g, a);
}

/* Lets references go; nodes that nobody holds any more are chained through `next` instead of recursing. */
static void release(da_array *a)
{
    if (--a->refs > 0)
        return;
    unlink_node(a->graph, a);
    da_array *todo = a;
    while (todo != NULL) {
        da_array *dead = todo;
        todo = dead->next;
        for (int k = 0; k < dead->nin; k++) {
            da_array *in = dead->in[k];
            if (--in->refs > 0)
                continue;
            unlink_node(in->graph, in);
            in->next = todo;
            todo = in;
        }
        free_node(dead);
    }
}

void da__graph_free(struct da__graph *g)
{
    if (g == NULL)
        return;
    while (g->nscopes > 0)
        da__scope_pop(g);
    while (g->first != NULL) { /* kept handles that the program never dropped */
        da_array *a = g->first;
        unlink_node(g, a);
        free_node(a);
    }
    for (int i = 0; i < 4; i++)
        da__dist_drop(g->recent[i].dist);
    while (g->slabs != NULL) {
        struct slab *slab = g->slabs;
        g->slabs = slab->next;
        da__free(slab);
    }
    da__users_free(&g->users);
    da__free(g->scope_item);
    da__free(g->scope_start);
    da__free(g->dead);
    da__free(g);
}

struct da__users *da__graph_users(struct da__graph *g)
{
    return &g->users;
}

int da__graph_nengines(const struct da__graph *g)
{
    return g->nengines;
}

bool da__graph_set_reproducible(struct da__graph *g, bool on)
{
    bool before = g->reproducible;
    g->reproducible = on;
    return before;
}

bool da__graph_reproducible(const struct da__graph *g)
{
    return g->reproducible;
}

void da__graph_set_owner(struct da__graph *g, void *context)
{
    g->owner = context;
}

void *da__graph_owner(const struct da__graph *g)
{
    return g->owner;
}

int64_t da__graph_live_nodes(const struct da__graph *g)
{
    return g->live - 1; /* the graph's own poisoned node does not count */
}

int64_t da__graph_epoch(struct da__graph *g)
{
    return ++g->epoch;
}

void da__graph_set_data_hooks(struct da__graph *g, da__import import, da__export export, void *self)
{
    g->import = import;
    g->export = export;
    g->hooks_self = self;
}

bool da__graph_can_import(const struct da__graph *g)
{
    return g->import != NULL;
}

da_array *da__graph_import(struct da__graph *g, const void *data, da_dtype dtype, int ndim,
                           const int64_t *shape, const struct da__dist_spec *spec)
{
    if (g->import != NULL)
        return g->import(g->hooks_self, data, dtype, ndim, shape, spec);
    struct da__error err = {.engine = -1};
    da__fail(&err, DA_ERR_STATE, "array data need a running context");
    return da__make_poison(g, &err);
}

da_status da__graph_export(struct da__graph *g, da_array *a, void *out, struct da__error *err)
{
    if (g->export == NULL)
        return da__fail(err, DA_ERR_STATE, "array data need a running context");
    return g->export(g->hooks_self, a, out, err);
}

/* ---- scopes ---- */

da_status da__scope_push(struct da__graph *g)
{
    if (!da__grow((void **)&g->scope_start, &g->scopes_cap, g->nscopes + 1, sizeof *g->scope_start))
        return DA_ERR_MEMORY;
    g->scope_start[g->nscopes++] = g->nscope_items;
    return DA_OK;
}

da_status da__scope_pop(struct da__graph *g)
{
    if (g->nscopes == 0)
        return DA_ERR_STATE;
    int64_t start = g->scope_start[--g->nscopes];
    while (g->nscope_items > start)
        release(g->scope_item[--g->nscope_items]);
    return DA_OK;
}

static bool scope_add(struct da__graph *g, da_array *a)
{
    if (!da__grow((void **)&g->scope_item, &g->scope_items_cap, g->nscope_items + 1,
                  sizeof *g->scope_item))
        return false;
    g->scope_item[g->nscope_items++] = a;
    a->refs++;
    return true;
}

void da__node_keep(da_array *a)
{
    if (a == a->graph->no_memory)
        return;
    a->refs++;
    a->kept++;
}

void da__node_drop(da_array *a)
{
    if (a->kept == 0)
        return;
    a->kept--;
    release(a);
}

/* ---- making nodes ---- */

da_array *da__node_no_memory(struct da__graph *g)
{
    return g->no_memory;
}

/* Halos come about where an array is made or redistributed under a padded distribution. What is computed lies as the cores
 * of its operands do: nothing is computed twice. */
static bool may_be_padded(enum da__node_kind kind)
{
    return kind == DA__NODE_LEAF || kind == DA__NODE_COPY || kind == DA__NODE_CONSTANT ||
           kind == DA__NODE_INDEX;
}

static bool drop_padding(da_array *a)
{
    const struct da__dist *core = NULL, *padded = a->dist;
    if (!da__dist_padded(padded))
        return true;
    if (da__dist_unpadded(padded, &core) != DA_OK)
        return false;
    a->dist = core;
    da__dist_drop(padded);
    return true;
}

da_array *da__node_new(struct da__graph *g, enum da__node_kind kind, da_dtype dtype, int ndim,
                       const int64_t *shape, const struct da__dist *dist)
{
    da_array *a = node_alloc(g, ndim);
    if (a == NULL)
        return NULL;
    a->kind = kind;
    a->dtype = a->compute = dtype;
    for (int k = 0; k < ndim; k++) {
        a->shape[k] = shape[k];
        a->unsized |= shape[k] == DA__UNSIZED;
    }
    a->dist = dist != NULL ? da__dist_keep(dist) : NULL;
    if (dist != NULL && !may_be_padded(kind) && !drop_padding(a)) {
        unlink_node(g, a);
        a->kind = DA__NODE_CONSTANT;
        free_node(a);
        return NULL;
    }
    g->waiting += waits(a);
    if (scope_add(g, a))
        return a;
    unlink_node(g, a);
    free_node(a); /* nothing attached yet */
    return NULL;
}

bool da__node_reserve(da_array *a, int nin)
{
    enum { FEW = sizeof a->few / sizeof a->few[0] };
    if (nin <= FEW)
        return true;
    da_array **in = da__alloc((size_t)nin * sizeof(da_array *));
    if (in != NULL)
        a->in = in;
    return in != NULL;
}

void da__node_add_input(da_array *a, da_array *in)
{
    a->in[a->nin++] = in;
    in->refs++;
}

da_array *da__node_again(struct da__graph *g, da_array *a)
{
    if (a == g->no_memory || scope_add(g, a))
        return a;
    return g->no_memory;
}

da_array *da__make_poison(struct da__graph *g, const struct da__error *err)
{
    struct da__error *copy = da__alloc(sizeof *copy);
    da_array *a = copy != NULL ? da__node_new(g, DA__NODE_POISON, DA_BOOL, 0, NULL, NULL) : NULL;
    if (a == NULL) {
        da__free(copy);
        return g->no_memory;
    }
    *copy = *err;
    a->u.error = copy;
    return a;
}

const struct da__error *da__node_error(const da_array *a)
{
    return a->kind == DA__NODE_POISON ? a->u.error : NULL;
}

void da__node_set_name(da_array *a, const char *name)
{
    da__free(a->name);
    a->name = name != NULL ? da__strdup(name) : NULL;
}

static void drop_inputs(int nin, da_array *const *in)
{
    for (int k = 0; k < nin; k++)
        release(in[k]);
}

/* A copy of `from` under a's own distribution, where it has one already. */
static void become_copy(da_array *a, da_array *from)
{
    a->kind = DA__NODE_COPY;
    a->nin = 0;
    a->in = a->few;
    da__node_add_input(a, from);
    if (a->dist == NULL && from->dist != NULL)
        a->dist = da__dist_keep(from->dist);
}

/* What `from` holds becomes a's, and `from` an empty node that only its scope knows. */
static void become_moved(da_array *a, da_array *from)
{
    a->kind = from->kind;
    a->op = from->op;
    a->compute = from->compute;
    a->u = from->u;
    a->nin = from->nin;
    memcpy(a->few, from->few, sizeof a->few);
    a->in = from->in == from->few ? a->few : from->in;
    a->reach = from->reach;
    from->reach = NULL;
    const struct da__dist *dist =
        a->dist; /* equal, but attributes name dimensions of its own grid */
    a->dist = from->dist;
    from->dist = dist;
    memset(&from->u, 0, sizeof from->u);
    from->kind = DA__NODE_CONSTANT;
    from->nin = 0;
    from->in = from->few;
    from->unsized = false;
}

void da__node_become(da_array *a, da_array *b)
{
    struct da__graph *g = a->graph;
    da_array *few[3], **old = a->in == a->few ? few : a->in;
    int nold = a->nin;
    bool fresh = b->refs == 1 && b->kind != DA__NODE_LEAF; /* its scope alone knows it */
    bool same = a->dist == NULL || (b->dist != NULL && da__dist_equal(a->dist, b->dist));
    memcpy(few, a->few, sizeof few);
    g->waiting -= waits(a) + waits(b);
    free_attributes(a);
    for (int k = 0; k < a->ndim; k++)
        a->shape[k] = b->shape[k];
    a->unsized = b->unsized;
    if (fresh && same)
        become_moved(a, b);
    else
        become_copy(a, b);
    g->waiting += waits(a) + waits(b);
    drop_inputs(nold, old);
    if (old != few)
        da__free(old);
}

da_status da__node_size(da_array *a, int64_t extent, struct da__error *err)
{
    const struct da__dist *d = da__default_dist(a->graph, 1, &extent, err);
    if (d == NULL)
        return err->status != DA_OK ? err->status
                                    : da__fail(err, DA_ERR_MEMORY, "out of memory for a size");
    a->graph->waiting -= waits(a);
    a->shape[0] = extent;
    a->unsized = false;
    a->dist = da__dist_keep(d);
    a->graph->waiting += waits(a);
    return DA_OK;
}

void da__node_computed(da_array *a, uint64_t buffer)
{
    free_attributes(a);
    da__free(a->reach);
    a->reach = NULL;
    a->kind = DA__NODE_LEAF;
    a->generated = false;
    a->buffer = buffer;
    int nin = a->nin;
    a->nin = 0;
    drop_inputs(nin, a->in);
}

/* ---- buffers and distributions ---- */

uint64_t da__graph_new_buffer(struct da__graph *g)
{
    return ++g->next_buffer;
}

int64_t da__graph_take_dead(struct da__graph *g, const uint64_t **names)
{
    int64_t n = g->ndead;
    *names = g->dead;
    g->ndead = 0;
    return n;
}

static bool same_shape(int ndim, const int64_t *a, const int64_t *b)
{
    for (int k = 0; k < ndim; k++)
        if (a[k] != b[k])
            return false;
    return true;
}

const struct da__dist *da__default_dist(struct da__graph *g, int ndim, const int64_t *shape,
                                        struct da__error *err)
{
    for (int i = 0; i < 4; i++) {
        const struct default_dist *r = &g->recent[i];
        if (r->dist != NULL && r->ndim == ndim && same_shape(ndim, r->shape, shape))
            return r->dist;
    }
    const struct da__dist *d = NULL;
    if (da__dist_make(ndim, shape, NULL, g->nengines, &d, err) != DA_OK)
        return NULL;
    struct default_dist *slot = &g->recent[g->next_recent];
    g->next_recent = (g->next_recent + 1) % 4;
    da__dist_drop(slot->dist);
    slot->dist = d;
    slot->ndim = ndim;
    for (int k = 0; k < ndim; k++)
        slot->shape[k] = shape[k];
    return d;
}

da_status da__spec_dist(struct da__graph *g, int ndim, const int64_t *shape,
                        const struct da__dist_spec *spec, const struct da__dist **out,
                        struct da__error *err)
{
    if (spec != NULL)
        return da__dist_make(ndim, shape, spec, g->nengines, out, err);
    const struct da__dist *d = da__default_dist(g, ndim, shape, err);
    if (d == NULL)
        return err->status != DA_OK
                   ? err->status
                   : da__fail(err, DA_ERR_MEMORY, "out of memory for a distribution");
    *out = da__dist_keep(d);
    return DA_OK;
}

bool da__dist_is_boxes(const struct da__dist *d)
{
    for (int k = 0; k < d->ndim; k++) {
        const struct da__map *m = &d->map[k];
        bool whole = m->parts == 1 && m->kind != DA__MAP_U;
        bool block = m->kind == DA__MAP_B && m->step == 1;
        if (!whole && !block && m->kind != DA__MAP_N)
            return false;
    }
    return true;
}
