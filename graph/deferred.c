/* Remembering a call over unsized arrays: copies of its arguments, and the node that stands for its result. */
#include "deferred.h"

#include "node.h"

#include <string.h>

/* ---- arguments by name ---- */

void da__later_begin(struct da__later *c, const char *name)
{
    memset(c, 0, sizeof *c);
    c->call = da__callable_find(name);
}

static struct da__arg *later_arg(struct da__later *c, const char *param, enum da__arg_kind kind)
{
    for (int k = 0; k < c->call->nparams; k++)
        if (strcmp(c->call->param[k].name, param) == 0) {
            c->arg[k].kind = kind;
            return &c->arg[k];
        }
    return &c->nowhere;
}

void da__later_operand(struct da__later *c, const char *param, const struct da__operand *x)
{
    later_arg(c, param, DA__ARG_OPERAND)->operand = *x;
}

void da__later_array(struct da__later *c, const char *param, da_array *x)
{
    da__later_operand(c, param, &(struct da__operand){.array = x});
}

void da__later_arrays(struct da__later *c, const char *param, int64_t n, da_array *const *x)
{
    struct da__arg *a = later_arg(c, param, DA__ARG_ARRAYS);
    a->narrays = n;
    a->arrays = x;
}

void da__later_ints(struct da__later *c, const char *param, int64_t n, const int64_t *v)
{
    struct da__arg *a = later_arg(c, param, DA__ARG_INTS);
    a->nints = n;
    a->ints = v;
}

void da__later_int(struct da__later *c, const char *param, int64_t v)
{
    later_arg(c, param, DA__ARG_INT)->operand.scalar =
        (struct da__scalar){.kind = DA__SCALAR_INT, .i = v, .re = (double)v};
}

void da__later_number(struct da__later *c, const char *param, double v)
{
    later_arg(c, param, DA__ARG_NUMBER)->operand.scalar =
        (struct da__scalar){.kind = DA__SCALAR_FLOAT, .re = v};
}

void da__later_flag(struct da__later *c, const char *param, bool v)
{
    later_arg(c, param, DA__ARG_BOOL)->flag = v;
}

void da__later_dtype(struct da__later *c, const char *param, da_dtype v)
{
    if (v != DA_DTYPE_DEFAULT)
        later_arg(c, param, DA__ARG_DTYPE)->dtype = v;
}

void da__later_none(struct da__later *c, const char *param)
{
    later_arg(c, param, DA__ARG_NONE)->flag = true;
}

void da__later_text(struct da__later *c, const char *param, enum da__arg_kind kind, const char *v)
{
    if (v != NULL)
        later_arg(c, param, kind)->text = v;
}

void da__later_dist(struct da__later *c, const char *param, const struct da__dist_spec *v)
{
    later_arg(c, param, DA__ARG_DIST)->dist = v;
}

static struct da__raw list_of(int n, const struct da__raw *item)
{
    struct da__raw r = {.kind = DA__RAW_LIST};
    r.u.list.n = n;
    r.u.list.item = item;
    return r;
}

void da__later_pairs(struct da__later *c, const char *param, int n, const int64_t *const *v,
                     struct da__raw *raw)
{
    struct da__raw *all = raw++, *side = raw;
    raw += 2;
    *all = list_of(2, side);
    for (int s = 0; s < 2; s++, raw += n) {
        side[s] = list_of(n, raw);
        for (int k = 0; k < n; k++) {
            raw[k] = (struct da__raw){.kind = DA__RAW_SCALAR};
            raw[k].u.scalar =
                (struct da__scalar){.kind = DA__SCALAR_INT, .i = v[s][k], .re = (double)v[s][k]};
        }
    }
    later_arg(c, param, DA__ARG_DATA)->data = all;
}

da_array *da__later_defer(struct da__graph *g, const struct da__later *c)
{
    return da__defer(g, c->call, c->arg);
}

void da__index_text(int nitems, const struct da__index_item *item, struct da__text *t)
{
    for (int k = 0; k < nitems; k++) {
        const struct da__index_item *i = &item[k];
        da__text_add(t, k > 0 ? ", " : "");
        if (i->kind == DA__INDEX_ARRAY)
            da__text_add(t, "@%lld", (long long)i->start);
        else if (i->kind == DA__INDEX_ELLIPSIS)
            da__text_add(t, "...");
        else if (i->kind == DA__INDEX_NEWAXIS)
            da__text_add(t, "None");
        else if (i->kind == DA__INDEX_INT)
            da__text_add(t, "%lld", (long long)i->start);
        if (i->kind != DA__INDEX_SLICE)
            continue;
        if (i->has_start)
            da__text_add(t, "%lld", (long long)i->start);
        da__text_add(t, ":");
        if (i->has_stop)
            da__text_add(t, "%lld", (long long)i->stop);
        if (i->has_step)
            da__text_add(t, ":%lld", (long long)i->step);
    }
}

da_array *da__later_defer_index(struct da__graph *g, struct da__later *c, int nitems,
                                const struct da__index_item *item)
{
    struct da__text t = {0};
    da__index_text(nitems, item, &t);
    da__later_text(c, "index", DA__ARG_TEXT, t.s);
    da_array *a = t.failed ? da__node_no_memory(g) : da__later_defer(g, c);
    da__text_free(&t);
    return a;
}

da_array *da__defer_ints(struct da__graph *g, const char *name, da_array *x, const char *param,
                         int64_t n, const int64_t *v)
{
    struct da__later c;
    da__later_begin(&c, name);
    da__later_array(&c, "x", x);
    if (n >= 0)
        da__later_ints(&c, param, n, v);
    return da__later_defer(g, &c);
}

/* ---- copies of arguments ---- */

/* n items of `item` bytes in the arena; NULL stays NULL. */
static bool copy_items(struct da__arena *arena, const void **items, int64_t n, size_t item)
{
    if (*items == NULL)
        return true;
    void *copy = da__arena_alloc(arena, (size_t)n * item + 1);
    if (copy != NULL && n > 0)
        memcpy(copy, *items, (size_t)n * item);
    *items = copy;
    return copy != NULL;
}
#define COPY_ITEMS(arena, items, n) copy_items(arena, (const void **)&(items), n, sizeof *(items))

static bool copy_map(struct da__arena *arena, struct da__map_spec *m)
{
    if (!COPY_ITEMS(arena, m->bounds, m->nbounds) || !COPY_ITEMS(arena, m->cut, m->ncuts) ||
        !COPY_ITEMS(arena, m->list_nelem, m->nlists))
        return false;
    const int64_t **list = da__arena_alloc(arena, (size_t)m->nlists * sizeof *list + 1);
    for (int k = 0; list != NULL && k < m->nlists; k++) {
        list[k] = m->list[k];
        if (!COPY_ITEMS(arena, list[k], m->list_nelem[k]))
            return false;
    }
    m->list = m->nlists > 0 ? list : NULL;
    return list != NULL;
}

static bool copy_dist(struct da__arena *arena, const struct da__dist_spec **spec)
{
    if (*spec == NULL)
        return true;
    struct da__dist_spec *copy = da__arena_alloc(arena, sizeof *copy);
    struct da__map_spec *map =
        da__arena_alloc(arena, (size_t)(*spec)->nmaps * sizeof(struct da__map_spec) + 1);
    if (copy == NULL || map == NULL)
        return false;
    *copy = **spec;
    for (int k = 0; k < copy->nmaps; k++) {
        map[k] = copy->map[k];
        if (!copy_map(arena, &map[k]))
            return false;
    }
    copy->map = map;
    *spec = copy;
    return COPY_ITEMS(arena, copy->grid, copy->ngrid) &&
           COPY_ITEMS(arena, copy->engines, copy->nengines) &&
           COPY_ITEMS(arena, copy->replicas, copy->nreplicas) &&
           COPY_ITEMS(arena, copy->strides, copy->nstrides);
}

/* A list's items in the arena, and one level below them theirs: more than lists of lists no deferred call takes. */
static bool copy_data(struct da__arena *arena, const struct da__raw **data)
{
    if (*data == NULL)
        return true;
    if (!COPY_ITEMS(arena, *data, 1) || (*data)->kind != DA__RAW_LIST)
        return *data != NULL;
    struct da__raw *top = da__arena_alloc(arena, sizeof *top);
    struct da__raw *item = da__arena_alloc(arena, (size_t)(*data)->u.list.n * sizeof *item + 1);
    if (top == NULL || item == NULL)
        return false;
    for (int64_t k = 0; k < (*data)->u.list.n; k++) {
        item[k] = (*data)->u.list.item[k];
        if (item[k].kind == DA__RAW_LIST &&
            !COPY_ITEMS(arena, item[k].u.list.item, item[k].u.list.n))
            return false;
    }
    *top = **data;
    top->u.list.item = item;
    *data = top;
    return true;
}

static bool copy_arg(struct da__arena *arena, struct da__arg *a)
{
    if (a->text != NULL)
        a->text = da__arena_copy(arena, a->text, strlen(a->text));
    bool text = a->text != NULL || (a->kind != DA__ARG_TEXT && a->kind != DA__ARG_FILE);
    return text && COPY_ITEMS(arena, a->ints, a->nints) && copy_data(arena, &a->data) &&
           copy_items(arena, (const void **)&a->arrays, a->narrays, sizeof(da_array *)) &&
           copy_dist(arena, &a->dist);
}

static struct da__deferred *deferred_new(const struct da__callable *c, const struct da__arg *arg)
{
    struct da__deferred *d = da__calloc(1, sizeof *d);
    size_t n = (size_t)c->nparams;
    bool ok = d != NULL && (d->arg = da__arena_alloc(&d->arena, n * sizeof *arg + 1)) != NULL;
    for (size_t k = 0; ok && k < n; k++) {
        d->arg[k] = arg[k];
        ok = copy_arg(&d->arena, &d->arg[k]);
    }
    if (!ok) {
        da__deferred_free(d);
        return NULL;
    }
    d->call = c;
    return d;
}

void da__deferred_free(struct da__deferred *d)
{
    if (d == NULL)
        return;
    da__arena_free(&d->arena);
    da__free(d);
}

/* ---- the node ---- */

const char *da__deferred_name(const da_array *a)
{
    return a->u.deferred->call->name;
}

/* What may wait for sizes: whatever is built by these names gives its dtype, dimensions and known extents beforehand. Elementwise
 * operators and reductions may as well. "index", "mask_get" and others that are no callables are entry points of other names. */
static const char *const waiting[] = {"slice",
                                      "index",
                                      "redistribute",
                                      "save",
                                      "permute_dims",
                                      "flip",
                                      "expand_dims",
                                      "squeeze",
                                      "moveaxis",
                                      "matrix_transpose",
                                      "take",
                                      "get",
                                      "put",
                                      "get_items",
                                      "put_items",
                                      "mask_get",
                                      "mask_put",
                                      "astype",
                                      "flatnonzero",
                                      "nonzero",
                                      "compress",
                                      "extract",
                                      "repeat_each",
                                      "repeat_index",
                                      "searchsorted",
                                      "set_where",
                                      "sort",
                                      "argsort",
                                      "cumulative_sum",
                                      "cumulative_prod",
                                      "set_slice",
                                      "set_index",
                                      "concat",
                                      "concat_flat",
                                      "stack",
                                      "meshgrid",
                                      "unstack",
                                      "diagonal",
                                      "tril",
                                      "triu",
                                      "roll",
                                      "roll_each",
                                      "reshape",
                                      "flatten",
                                      "broadcast_to",
                                      "tile",
                                      "repeat",
                                      "rebalance",
                                      "distribute_as",
                                      "matmul",
                                      "tensordot",
                                      "vecdot",
                                      "outer",
                                      "dot",
                                      "inner",
                                      "permutation",
                                      "shuffle"};

bool da__takes_unsized(const char *callable)
{
    const struct da__callable *c = da__callable_find(callable);
    for (size_t k = 0; k < sizeof waiting / sizeof *waiting; k++)
        if (strcmp(waiting[k], callable) == 0)
            return true;
    return c != NULL && c->op >= 0;
}

bool da__args_unsized(const struct da__callable *c, const struct da__arg *arg)
{
    for (int k = 0; k < c->nparams; k++) {
        if (arg[k].operand.array != NULL && arg[k].operand.array->unsized)
            return true;
        for (int64_t i = 0; i < arg[k].narrays; i++)
            if (arg[k].arrays[i]->unsized)
                return true;
    }
    return false;
}

static void add_inputs(da_array *a, const struct da__deferred *d)
{
    for (int k = 0; k < d->call->nparams; k++) {
        if (d->arg[k].operand.array != NULL)
            da__node_add_input(a, d->arg[k].operand.array);
        for (int64_t i = 0; i < d->arg[k].narrays; i++)
            da__node_add_input(a, d->arg[k].arrays[i]);
    }
}

static int count_inputs(const struct da__callable *c, const struct da__arg *arg)
{
    int64_t n = 0;
    for (int k = 0; k < c->nparams; k++)
        n += arg[k].narrays + (arg[k].operand.array != NULL);
    return (int)n;
}

static da_array *deferred_node(struct da__graph *g, const struct da__callable *c,
                               const struct da__arg *arg, const struct da__inferred *in)
{
    struct da__deferred *d = deferred_new(c, arg);
    da_array *a = d != NULL
                      ? da__node_new(g, DA__NODE_DEFERRED, in->dtype, in->ndim, in->shape, in->dist)
                      : NULL;
    if (a == NULL || !da__node_reserve(a, count_inputs(c, arg))) {
        da__deferred_free(d);
        return da__node_no_memory(g);
    }
    a->u.deferred = d;
    add_inputs(a, d);
    return a;
}

da_array *da__defer(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg)
{
    struct da__error err = {.engine = -1};
    struct da__inferred in;
    if (da__infer(g, c, arg, &in, &err) != DA_OK)
        return err.status != DA_OK ? da__make_poison(g, &err) : da__node_no_memory(g);
    da_array *a = deferred_node(g, c, arg, &in);
    da__dist_drop(in.dist);
    return a;
}

da_array *da__later_defer_as(struct da__graph *g, const struct da__later *c,
                             const struct da__inferred *known)
{
    struct da__error err = {.engine = -1};
    struct da__inferred in = *known;
    in.dist = NULL;
    if (da__settle_dist(g, &in, &err) != DA_OK)
        return err.status != DA_OK ? da__make_poison(g, &err) : da__node_no_memory(g);
    da_array *a = deferred_node(g, c->call, c->arg, &in);
    da__dist_drop(in.dist);
    return a;
}
