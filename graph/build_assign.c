/* Assignment without changing anything: set_slice and set_where give new arrays. */
#include "deferred.h"
#include "node.h"

#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

/* The value as an array of `dtype`. Scalars become what NumPy's assignment makes of them: an int must fit, a float is truncated,
 * a complex number does not become real. */
static da_array *cast_value(struct da__graph *g, const char *what, const struct da__operand *value,
                            da_dtype dtype)
{
    const struct da__scalar *s = &value->scalar;
    uint8_t element[16];
    if (value->array != NULL)
        return da__make_astype(g, value->array, dtype);
    char kind = da__dtype(dtype)->kind;
    bool must_fit = (s->kind == DA__SCALAR_INT && (kind == 'i' || kind == 'u')) ||
                    (s->kind == DA__SCALAR_COMPLEX && kind != 'c');
    if (must_fit || da__scalar_store(s, dtype, element))
        return da__make_scalar(g, s, dtype, what);
    return da__make_astype(g, da__make_scalar(g, s, da__scalar_dtype(s->kind), what), dtype);
}

/* NumPy drops leading axes of extent 1 that the part does not have. */
static da_array *without_leading(struct da__graph *g, da_array *value, int ndim)
{
    int64_t axes[DA_MAX_NDIM];
    int n = 0;
    while (value->ndim - n > ndim && value->shape[n] == 1) {
        axes[n] = n;
        n++;
    }
    return n > 0 ? da__make_squeeze(g, value, n, axes) : value;
}

static bool same_shape(const da_array *x, int ndim, const int64_t *shape)
{
    bool same = x->ndim == ndim;
    for (int k = 0; same && k < ndim; k++)
        same = x->shape[k] == shape[k];
    return same;
}

/* The value in the part's shape; poisoned where it does not broadcast. */
static da_array *spread_value(struct da__graph *g, const char *what, da_array *value, int ndim,
                              const int64_t *shape)
{
    value = without_leading(g, value, ndim);
    if (value->kind == DA__NODE_POISON || same_shape(value, ndim, shape))
        return value;
    bool fits = value->ndim <= ndim;
    for (int b = 0; fits && b < value->ndim; b++)
        fits = value->shape[b] == 1 || value->shape[b] == shape[b + ndim - value->ndim];
    if (fits)
        return da__make_broadcast_to(g, value, ndim, shape);
    struct da__error err = {.engine = -1};
    char from[200], to[200];
    da__fail(&err, DA_ERR_SHAPE, "%s: the value's shape %s does not broadcast to %s", what,
             da__shape_text(value->ndim, value->shape, from, sizeof from),
             da__shape_text(ndim, shape, to, sizeof to));
    return poison(g, &err);
}

/* Axes of the part in the order of the whole's, without those of extent 1 that the whole does not have: what the value is turned
 * into, so that an index of ints and slices says the part. Fills how the turned part lies in the whole. */
static da_array *in_order(struct da__graph *g, da_array *value, const struct da__view *v,
                          struct da__view *part)
{
    struct da__view turn = {.base_ndim = v->ndim};
    int64_t shape[DA_MAX_NDIM];
    for (int k = 0; k < v->ndim; k++)
        turn.axis[k] = -1;
    *part = *v;
    for (int b = 0; b < v->base_ndim; b++) {
        int axis = v->axis[b];
        if (axis < 0)
            continue;
        shape[turn.ndim] = value->shape[axis];
        turn.axis[axis] = part->axis[b] = turn.ndim++;
        turn.step[axis] = 1;
    }
    part->ndim = turn.ndim;
    return da__make_view(g, value, &turn, turn.ndim, shape);
}

da_array *da__make_assign(struct da__graph *g, const char *what, da_array *x, da_array *value,
                          const struct da__view *v, int ndim, const int64_t *shape)
{
    struct da__error err = {.engine = -1};
    if (x->kind == DA__NODE_POISON || value->kind == DA__NODE_POISON)
        return da__node_again(g, x->kind == DA__NODE_POISON ? x : value);
    value = spread_value(g, what, value, ndim, shape);
    if (value->kind == DA__NODE_POISON)
        return value;
    if (da__nelem(ndim, shape) == 0)
        return da__node_again(g, x);
    const struct da__dist *dist = x->dist;
    if (dist == NULL && da__spec_dist(g, x->ndim, x->shape, NULL, &dist, &err) != DA_OK)
        return poison(g, &err);
    struct da__view *part = da__alloc(sizeof *part);
    da_array *a = NULL, *from = part != NULL ? in_order(g, value, v, part) : NULL;
    if (part != NULL && from->kind != DA__NODE_POISON)
        a = da__node_new(g, DA__NODE_ASSIGN, x->dtype, x->ndim, x->shape, dist);
    if (x->dist == NULL)
        da__dist_drop(dist);
    if (a == NULL) {
        da__free(part);
        return da__node_no_memory(g);
    }
    a->u.view = part;
    da__node_add_input(a, x);
    da__node_add_input(a, from);
    return a;
}

static bool is_unsized(const struct da__operand *in)
{
    return in->array != NULL && in->array->unsized;
}

static da_array *set_slice_later(struct da__graph *g, da_array *x, const struct da__operand *value,
                                 int nitems, const struct da__index_item *item)
{
    struct da__later later;
    da__later_begin(&later, "set_slice");
    da__later_array(&later, "x", x);
    da__later_operand(&later, "value", value);
    return da__later_defer_index(g, &later, nitems, item);
}

da_array *da__make_set_slice(struct da__graph *g, da_array *x, const struct da__operand *value,
                             int nitems, const struct da__index_item *item)
{
    struct da__error err = {.engine = -1};
    struct da__view v;
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized || is_unsized(value))
        return set_slice_later(g, x, value, nitems, item);
    if (da__index_resolve(x->ndim, x->shape, nitems, item, &v, &ndim, shape, &err) != DA_OK) {
        da__error_prefix(&err, "da_set_slice");
        return poison(g, &err);
    }
    da_array *cast = cast_value(g, "set_slice", value, x->dtype);
    return da__make_assign(g, "da_set_slice", x, cast, &v, ndim, shape);
}

/* ---- set_where ---- */

/* Where a size depends on data, the call waits for it. */
static da_array *set_where_later(struct da__graph *g, da_array *x, const struct da__operand *mask,
                                 const struct da__operand *value)
{
    struct da__later later;
    da__later_begin(&later, "set_where");
    da__later_array(&later, "x", x);
    da__later_operand(&later, "mask", mask);
    da__later_operand(&later, "value", value);
    return da__later_defer(g, &later);
}

/* The mask in x's shape. */
static da_array *spread_mask(struct da__graph *g, const struct da__operand *mask, const da_array *x)
{
    da_array *a = mask->array != NULL ? da__make_astype(g, mask->array, DA_BOOL)
                                      : cast_value(g, "set_where", mask, DA_BOOL);
    if (a->kind == DA__NODE_POISON)
        return a;
    bool fits = a->ndim <= x->ndim;
    for (int b = 0; fits && b < a->ndim; b++)
        fits = a->shape[b] == 1 || a->shape[b] == x->shape[b + x->ndim - a->ndim];
    if (!fits) {
        struct da__error err = {.engine = -1};
        char from[200], to[200];
        da__fail(&err, DA_ERR_SHAPE, "da_set_where: the mask's shape %s does not broadcast to %s",
                 da__shape_text(a->ndim, a->shape, from, sizeof from),
                 da__shape_text(x->ndim, x->shape, to, sizeof to));
        return poison(g, &err);
    }
    return da__make_broadcast_to(g, a, x->ndim, x->shape);
}

da_array *da__make_set_where(struct da__graph *g, da_array *x, const struct da__operand *mask,
                             const struct da__operand *value)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized || is_unsized(mask) || is_unsized(value))
        return set_where_later(g, x, mask, value);
    struct da__operand in[] = {{.array = spread_mask(g, mask, x)}, {.array = x}, {.array = x}};
    da_array *cast = cast_value(g, "set_where", value, x->dtype);
    if (cast->kind != DA__NODE_POISON)
        cast = spread_value(g, "da_set_where", cast, x->ndim, x->shape);
    in[1].array = cast;
    da_array *a = da__make_elementwise(g, DA__OP_WHERE, 3, in);
    bool data = x->dist != NULL && x->kind != DA__NODE_CONSTANT && x->kind != DA__NODE_INDEX;
    if (data && a->kind == DA__NODE_ELEMENTWISE &&
        a->dist != x->dist) { /* it lies as x's cores do, whatever the mask's owners */
        const struct da__dist *core = NULL;
        if (da__dist_unpadded(x->dist, &core) != DA_OK)
            return da__node_no_memory(g);
        da__dist_drop(a->dist);
        a->dist = core;
    }
    return a;
}
