/* Masks as indices: x[mask] is x[nonzero(mask)], and x[mask] = value a choice or a scatter. */
#include "select.h"

#include "deferred.h"
#include "infer.h"

#include <string.h>

enum { MOST_ITEMS = 2 * DA_MAX_NDIM + 1 }; /* every axis, as many new ones, one ellipsis */

static da_array *fail(struct da__graph *g, const char *name, struct da__error *err)
{
    da__error_prefix(err, "da_%s", name);
    return da__make_poison(g, err);
}

static bool is_mask(const struct da__select *s, int item)
{
    const struct da__index_item *i = &s->item[item];
    return i->kind == DA__INDEX_ARRAY && i->start >= 0 && i->start < s->n &&
           s->index[i->start]->dtype == DA_BOOL;
}

static bool any_mask(const struct da__select *s)
{
    for (int k = 0; k < s->nitems; k++)
        if (is_mask(s, k))
            return true;
    return false;
}

/* ---- waiting for sizes ---- */

static da_array *defer(struct da__graph *g, const char *name, const struct da__select *s)
{
    struct da__later c;
    da__later_begin(&c, name);
    da__later_array(&c, "x", s->x);
    if (s->value != NULL)
        da__later_operand(&c, "value", s->value);
    da__later_arrays(&c, "indices", s->n, s->index);
    return da__later_defer_index(g, &c, s->nitems, s->item);
}

da_array *da__defer_take(struct da__graph *g, da_array *x, da_array *index, int64_t axis)
{
    struct da__later c;
    da__later_begin(&c, "take");
    da__later_array(&c, "x", x);
    da__later_array(&c, "indices", index);
    da__later_int(&c, "axis", axis);
    return da__later_defer(g, &c);
}

/* Masks are looked at when their size and x's are known; the value's may be found out later. */
static bool masks_wait(const struct da__select *s)
{
    for (int k = 0; k < s->nitems; k++)
        if (is_mask(s, k) && (s->x->unsized || s->index[s->item[k].start]->unsized))
            return true;
    return false;
}

static bool any_unsized(const struct da__select *s)
{
    bool unsized =
        s->x->unsized || (s->value != NULL && s->value->array != NULL && s->value->array->unsized);
    for (int k = 0; k < s->n; k++)
        unsized |= s->index[k]->unsized;
    return unsized;
}

/* ---- masks as index arrays ---- */

/* How many axes of x an item takes; an ellipsis takes what is left. */
static int width_of(const struct da__select *s, int item)
{
    enum da__index_kind kind = s->item[item].kind;
    if (kind == DA__INDEX_NEWAXIS || kind == DA__INDEX_ELLIPSIS)
        return 0;
    return is_mask(s, item) ? s->index[s->item[item].start]->ndim : 1;
}

static da_status check_mask(const struct da__select *s, const da_array *mask, int axis,
                            struct da__error *err)
{
    char own[128], other[128];
    bool fits = axis >= 0 && axis + mask->ndim <= s->x->ndim;
    for (int k = 0; fits && k < mask->ndim; k++)
        fits = mask->shape[k] == s->x->shape[axis + k];
    if (!fits)
        return da__fail(err, DA_ERR_INDEX,
                        "the mask's shape %s is not that of the axes from %d on of %s",
                        da__shape_text(mask->ndim, mask->shape, other, sizeof other), axis,
                        da__shape_text(s->x->ndim, s->x->shape, own, sizeof own));
    return DA_OK;
}

static da_status check_masks(const struct da__select *s, struct da__error *err)
{
    int used = 0, axis = 0;
    for (int k = 0; k < s->nitems; k++)
        used += width_of(s, k);
    for (int k = 0; k < s->nitems; k++) {
        if (is_mask(s, k))
            DA_TRY(check_mask(s, s->index[s->item[k].start], axis, err));
        axis += s->item[k].kind == DA__INDEX_ELLIPSIS ? s->x->ndim - used : width_of(s, k);
    }
    return DA_OK;
}

/* A mask of 0 dimensions takes no axis: x gets one of extent 1 for it, whose one index is named or not. `added` has room. */
static da_array *with_new_axes(struct da__graph *g, const struct da__select *s, int64_t *added,
                               int *nadded)
{
    da_array *x = s->x;
    int used = 0, axis = 0;
    for (int k = 0; k < s->nitems; k++)
        used += width_of(s, k);
    *nadded = 0;
    for (int k = 0; k < s->nitems && x->kind != DA__NODE_POISON; k++) {
        int width = s->item[k].kind == DA__INDEX_ELLIPSIS ? s->x->ndim - used : width_of(s, k);
        if (is_mask(s, k) && width == 0) {
            x = da__make_expand_dims(g, x, axis);
            added[(*nadded)++] = axis;
            width = 1;
        }
        axis += width;
    }
    return x;
}

/* The items with one index array per axis of each mask; there is room for them. */
static void expand(struct da__graph *g, const struct da__select *s, da_array *x,
                   struct da__index_item *item, da_array **index, struct da__select *out)
{
    *out = (struct da__select){.x = x, .value = s->value, .item = item, .index = index};
    for (int k = 0; k < s->nitems; k++) {
        struct da__index_item i = s->item[k];
        if (i.kind != DA__INDEX_ARRAY) {
            item[out->nitems++] = i;
            continue;
        }
        da_array *array = s->index[i.start];
        bool mask = is_mask(s, k), point = mask && array->ndim == 0;
        int n = mask && !point ? array->ndim : 1;
        for (int axis = 0; axis < n; axis++) {
            index[out->n] = point  ? da__make_flatnonzero(g, array)
                            : mask ? da__make_nonzero(g, array, axis)
                                   : array;
            item[out->nitems++] =
                (struct da__index_item){.kind = DA__INDEX_ARRAY, .start = out->n++};
        }
    }
}

static da_array *build(struct da__graph *g, const struct da__select *s, int nadded,
                       const int64_t *added)
{
    if (s->value == NULL)
        return da__make_get(g, s->x, s->nitems, s->item, s->n, s->index);
    da_array *a = da__make_put(g, s->x, s->value, s->nitems, s->item, s->n, s->index);
    return nadded > 0 ? da__make_squeeze(g, a, nadded, added) : a;
}

static da_array *with_expanded(struct da__graph *g, const char *name, const struct da__select *s)
{
    struct da__error err = {.engine = -1};
    size_t room = (size_t)s->nitems + 1;
    int64_t added[MOST_ITEMS];
    int nadded = 0;
    for (int k = 0; k < s->nitems; k++)
        room += (size_t)width_of(s, k);
    if (check_masks(s, &err) != DA_OK)
        return fail(g, name, &err);
    if (s->nitems > MOST_ITEMS) {
        da__fail(&err, DA_ERR_INDEX, "too many indices: %d", s->nitems);
        return fail(g, name, &err);
    }
    da_array *x = with_new_axes(g, s, added, &nadded);
    if (x->kind == DA__NODE_POISON)
        return x;
    struct da__index_item *item = da__calloc(room, sizeof *item);
    da_array **index = da__calloc(room, sizeof(da_array *));
    struct da__select out;
    da_array *a = NULL;
    if (item != NULL && index != NULL) {
        expand(g, s, x, item, index, &out);
        a = build(g, &out, nadded, added);
    }
    da__free(item);
    da__free(index);
    return a != NULL ? a : da__node_no_memory(g);
}

/* ---- what is known before sizes are ---- */

/* Inference by trial of the call with index arrays in place of the masks, which need not fit stand-ins. */
static da_status tell_expanded(struct da__graph *g, const struct da__callable *c,
                               const struct da__arg *arg, const struct da__select *s,
                               struct da__inferred *out, struct da__error *err)
{
    size_t room = (size_t)s->nitems + 1;
    int64_t added[MOST_ITEMS];
    int nadded = 0;
    struct da__arg own[3] = {arg[0], arg[1], arg[2]};
    struct da__select expanded;
    struct da__text t = {0};
    for (int k = 0; k < s->nitems; k++)
        room += (size_t)width_of(s, k);
    struct da__index_item *item = da__calloc(room, sizeof *item);
    da_array **index = da__calloc(room, sizeof(da_array *));
    da_status status = DA_ERR_MEMORY;
    if (item != NULL && index != NULL) {
        own[0].operand.array = with_new_axes(g, s, added, &nadded);
        expand(g, s, own[0].operand.array, item, index, &expanded);
        da__index_text(expanded.nitems, item, &t);
        own[1].arrays = index;
        own[1].narrays = expanded.n;
        own[2].text = t.s;
        const struct da__error *bad = da__node_error(own[0].operand.array);
        if (bad != NULL)
            status = da__fail(err, bad->status, "%s", bad->text);
        else if (!t.failed)
            status = da__infer_by_trial(g, c, own, out, err);
    }
    da__text_free(&t);
    da__free(item);
    da__free(index);
    return status;
}

da_status da__tell_get(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg,
                       struct da__inferred *out, struct da__error *err)
{
    struct da__index_item item[MOST_ITEMS];
    struct da__select s = {.x = arg[0].operand.array, .item = item, .index = arg[1].arrays};
    DA_TRY(da__index_parse(arg[2].text, MOST_ITEMS, item, &s.nitems, err));
    s.n = (int)arg[1].narrays;
    if (!any_mask(&s))
        return da__infer_by_trial(g, c, arg, out, err);
    if (da__scope_push(g) != DA_OK)
        return DA_ERR_MEMORY;
    da_status status = tell_expanded(g, c, arg, &s, out, err);
    da__scope_pop(g);
    return status;
}

/* ---- assignment to a mask as a whole ---- */

/* Whether the value has no axis for the true elements, so that each gets the same. */
static bool spreads(const struct da__select *s, int rest)
{
    const da_array *v = s->value->array;
    return v == NULL || v->ndim <= rest || (v->ndim == rest + 1 && v->shape[0] == 1);
}

/* where(mask, value, x) with the mask over x's leading axes. */
static da_array *choose(struct da__graph *g, const struct da__select *s, da_array *mask)
{
    struct da__operand in[3] = {{.array = mask}, *s->value, {.array = s->x}};
    da_array *v = s->value->array;
    if (v == NULL)
        v = da__make_scalar(g, &s->value->scalar, s->x->dtype, "put");
    else if (v->ndim == s->x->ndim - mask->ndim + 1)
        v = da__make_squeeze(g, v, 1, (int64_t[]){0});
    for (int k = mask->ndim; k < s->x->ndim; k++)
        in[0].array = da__make_expand_dims(g, in[0].array, -1);
    in[1].array = da__make_astype(g, v, s->x->dtype);
    da_array *a = da__make_elementwise(g, DA__OP_WHERE, 3, in);
    bool same = a->kind == DA__NODE_POISON || a->ndim == s->x->ndim;
    for (int k = 0; same && a->kind != DA__NODE_POISON && k < a->ndim; k++)
        same = a->shape[k] == s->x->shape[k];
    if (!same) {
        struct da__error err = {.engine = -1};
        char text[128];
        da__fail(&err, DA_ERR_SHAPE, "the value's shape %s does not broadcast to the selection",
                 da__shape_text(v->ndim, v->shape, text, sizeof text));
        return fail(g, "put", &err);
    }
    return a->kind == DA__NODE_POISON || s->x->dist == NULL
               ? a
               : da__make_redistribute_to(g, a, s->x->dist);
}

da_array *da__select(struct da__graph *g, const char *name, const struct da__select *s)
{
    for (int k = 0; k < s->n; k++)
        if (s->index[k]->kind == DA__NODE_POISON)
            return da__node_again(g, s->index[k]);
    if (s->x->kind == DA__NODE_POISON)
        return da__node_again(g, s->x);
    if (!any_mask(s))
        return any_unsized(s) ? defer(g, name, s) : NULL;
    if (masks_wait(s))
        return defer(g, name, s);
    da_array *mask = s->index[s->item[0].kind == DA__INDEX_ARRAY ? s->item[0].start : 0];
    bool sized = s->value != NULL && (s->value->array == NULL || !s->value->array->unsized);
    struct da__error err = {.engine = -1};
    if (sized && s->nitems == 1 && s->n == 1 && check_masks(s, &err) == DA_OK &&
        spreads(s, s->x->ndim - mask->ndim))
        return choose(g, s, mask);
    if (err.status != DA_OK)
        return fail(g, name, &err);
    bool all = s->value == NULL && s->nitems == 1 && s->n == 1 && mask->ndim == s->x->ndim;
    if (all && mask->ndim > 0 && check_masks(s, &err) == DA_OK)
        return da__make_extract(g, mask, s->x);
    return with_expanded(g, name, s);
}
