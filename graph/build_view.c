/* Views as nodes: slices, permutations, new and broadcast axes. No view moves data; its natural owners are its base's. */
#include "deferred.h"
#include "node.h"

#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

static bool same_shape(const da_array *x, int ndim, const int64_t *shape)
{
    if (x->ndim != ndim)
        return false;
    for (int k = 0; k < ndim; k++)
        if (x->shape[k] != shape[k])
            return false;
    return true;
}

static da_array *constant_view(struct da__graph *g, const da_array *x, const struct da__view *v,
                               int ndim, const int64_t *shape)
{
    struct da__error err = {.engine = -1};
    const struct da__dist *dist = NULL;
    da_status status = x->dist != NULL && x->ndim > 0
                           ? da__dist_view(x->dist, v, shape, &dist)
                           : da__spec_dist(g, ndim, shape, NULL, &dist, &err);
    if (status != DA_OK)
        return poison(g, &err);
    da_array *a = da__node_new(g, DA__NODE_CONSTANT, x->dtype, ndim, shape, dist);
    da__dist_drop(dist);
    if (a == NULL)
        return da__node_no_memory(g);
    memcpy(a->u.constant, x->u.constant, sizeof a->u.constant);
    return a;
}

/* The view's elements as an array of their own, under the view's owners. */
static da_array *stored_view(struct da__graph *g, da_array *x)
{
    da_array *a = da__node_new(g, DA__NODE_COPY, x->dtype, x->ndim, x->shape, x->dist);
    if (a == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, x);
    return a;
}

da_array *da__make_view(struct da__graph *g, da_array *x, const struct da__view *v, int ndim,
                        const int64_t *shape)
{
    if (x->kind == DA__NODE_POISON || (da__view_is_identity(v) && same_shape(x, ndim, shape)))
        return da__node_again(g, x);
    if (x->kind == DA__NODE_CONSTANT)
        return constant_view(g, x, v, ndim, shape);
    struct da__view *own = da__alloc(sizeof *own);
    if (own == NULL)
        return da__node_no_memory(g);
    da_array *base = x;
    *own = *v;
    if (x->kind ==
        DA__NODE_VIEW) { /* a view of a view is one view, or else the inner one is stored */
        bool one = da__view_compose(x->u.view, v, own);
        base = one ? x->in[0] : stored_view(g, x);
        if (base->kind == DA__NODE_POISON) {
            da__free(own);
            return base;
        }
    }
    da__view_simplify(own, shape);
    const struct da__dist *dist = NULL;
    da_array *a = NULL;
    if (da__dist_view(base->dist, own, shape, &dist) == DA_OK)
        a = da__node_new(g, DA__NODE_VIEW, x->dtype, ndim, shape, dist);
    da__dist_drop(dist);
    if (a == NULL) {
        da__free(own);
        return da__node_no_memory(g);
    }
    a->u.view = own;
    a->generated = da__node_moves_nothing(base);
    da__node_add_input(a, base);
    return a;
}

static da_array *defer_index(struct da__graph *g, da_array *x, int nitems,
                             const struct da__index_item *item)
{
    struct da__later c;
    if (nitems == 0)
        return da__node_again(g, x);
    da__later_begin(&c, "slice");
    da__later_array(&c, "x", x);
    return da__later_defer_index(g, &c, nitems, item);
}

da_array *da__make_index_basic(struct da__graph *g, da_array *x, int nitems,
                               const struct da__index_item *item)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return defer_index(g, x, nitems, item);
    struct da__error err = {.engine = -1};
    struct da__view v;
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    if (da__index_resolve(x->ndim, x->shape, nitems, item, &v, &ndim, shape, &err) != DA_OK) {
        da__error_prefix(&err, "da_index");
        return poison(g, &err);
    }
    return da__make_view(g, x, &v, ndim, shape);
}

/* Axes made non-negative and checked for repeats. */
static da_status resolve_axes(const char *what, int ndim, int naxes, const int64_t *axes, int *out,
                              struct da__error *err)
{
    bool seen[DA_MAX_NDIM] = {false};
    if (naxes > DA_MAX_NDIM)
        return da__fail(err, DA_ERR_ARGUMENT, "%s: %d axes are more than %d", what, naxes,
                        DA_MAX_NDIM);
    for (int k = 0; k < naxes; k++) {
        DA_TRY(da__axis(axes[k], ndim, what, &out[k], err));
        if (seen[out[k]])
            return da__fail(err, DA_ERR_ARGUMENT, "%s: axis %d is named twice", what, out[k]);
        seen[out[k]] = true;
    }
    return DA_OK;
}

/* order[k]: the axis of x that becomes axis k. */
static da_array *permuted(struct da__graph *g, da_array *x, const int *order)
{
    struct da__view v;
    int64_t shape[DA_MAX_NDIM];
    da__view_identity(x->ndim, &v);
    for (int k = 0; k < x->ndim; k++) {
        v.axis[order[k]] = k;
        shape[k] = x->shape[order[k]];
    }
    return da__make_view(g, x, &v, x->ndim, shape);
}

da_array *da__make_permute(struct da__graph *g, da_array *x, int naxes, const int64_t *axes)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return da__defer_ints(g, "permute_dims", x, "axes", naxes > 0 ? naxes : -1, axes);
    struct da__error err = {.engine = -1};
    int order[DA_MAX_NDIM];
    if (naxes == 0)
        for (int k = 0; k < x->ndim; k++)
            order[k] = x->ndim - 1 - k;
    else if (naxes != x->ndim)
        da__fail(&err, DA_ERR_ARGUMENT, "da_permute_dims: %d axes for an array of %d dimensions",
                 naxes, x->ndim);
    else
        resolve_axes("da_permute_dims", x->ndim, naxes, axes, order, &err);
    return err.status != DA_OK ? poison(g, &err) : permuted(g, x, order);
}

da_array *da__make_matrix_transpose(struct da__graph *g, da_array *x)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return da__defer_ints(g, "matrix_transpose", x, "", -1, NULL);
    if (x->ndim < 2) {
        struct da__error err = {.engine = -1};
        da__fail(&err, DA_ERR_SHAPE, "da_matrix_transpose: needs at least 2 dimensions, not %d",
                 x->ndim);
        return poison(g, &err);
    }
    int order[DA_MAX_NDIM];
    for (int k = 0; k < x->ndim; k++)
        order[k] = k;
    order[x->ndim - 2] = x->ndim - 1;
    order[x->ndim - 1] = x->ndim - 2;
    return permuted(g, x, order);
}

static da_array *defer_moveaxis(struct da__graph *g, da_array *x, int n, const int64_t *source,
                                const int64_t *destination)
{
    struct da__later c;
    da__later_begin(&c, "moveaxis");
    da__later_array(&c, "x", x);
    da__later_ints(&c, "source", n, source);
    da__later_ints(&c, "destination", n, destination);
    return da__later_defer(g, &c);
}

da_array *da__make_moveaxis(struct da__graph *g, da_array *x, int n, const int64_t *source,
                            const int64_t *destination)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return defer_moveaxis(g, x, n, source, destination);
    struct da__error err = {.engine = -1};
    int from[DA_MAX_NDIM], to[DA_MAX_NDIM], order[DA_MAX_NDIM];
    if (resolve_axes("da_moveaxis", x->ndim, n, source, from, &err) != DA_OK ||
        resolve_axes("da_moveaxis", x->ndim, n, destination, to, &err) != DA_OK)
        return poison(g, &err);
    bool moved[DA_MAX_NDIM] = {false};
    for (int k = 0; k < x->ndim; k++)
        order[k] = -1;
    for (int k = 0; k < n; k++) {
        order[to[k]] = from[k];
        moved[from[k]] = true;
    }
    int next = 0;
    for (int k = 0; k < x->ndim; k++) {
        if (order[k] >= 0)
            continue;
        while (moved[next])
            next++;
        order[k] = next++;
    }
    return permuted(g, x, order);
}

static da_array *defer_expand_dims(struct da__graph *g, da_array *x, int64_t axis)
{
    struct da__later c;
    da__later_begin(&c, "expand_dims");
    da__later_array(&c, "x", x);
    da__later_int(&c, "axis", axis);
    return da__later_defer(g, &c);
}

da_array *da__make_expand_dims(struct da__graph *g, da_array *x, int64_t axis)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return defer_expand_dims(g, x, axis);
    struct da__error err = {.engine = -1};
    int at;
    if (x->ndim == DA_MAX_NDIM)
        da__fail(&err, DA_ERR_SHAPE, "da_expand_dims: the result has more than %d dimensions",
                 DA_MAX_NDIM);
    else
        da__axis(axis, x->ndim + 1, "da_expand_dims", &at, &err);
    if (err.status != DA_OK)
        return poison(g, &err);
    struct da__view v;
    int64_t shape[DA_MAX_NDIM];
    da__view_identity(x->ndim, &v);
    v.ndim = x->ndim + 1;
    shape[at] = 1;
    for (int b = 0; b < x->ndim; b++) {
        v.axis[b] = b < at ? b : b + 1;
        shape[v.axis[b]] = x->shape[b];
    }
    return da__make_view(g, x, &v, x->ndim + 1, shape);
}

da_array *da__make_squeeze(struct da__graph *g, da_array *x, int naxes, const int64_t *axes)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return da__defer_ints(g, "squeeze", x, "axis", naxes, axes);
    struct da__error err = {.engine = -1};
    int list[DA_MAX_NDIM];
    bool gone[DA_MAX_NDIM] = {false};
    if (resolve_axes("da_squeeze", x->ndim, naxes, axes, list, &err) != DA_OK)
        return poison(g, &err);
    for (int k = 0; k < naxes; k++) {
        gone[list[k]] = true;
        if (x->shape[list[k]] != 1) {
            da__fail(&err, DA_ERR_SHAPE, "da_squeeze: axis %d has %lld elements, not 1", list[k],
                     (long long)x->shape[list[k]]);
            return poison(g, &err);
        }
    }
    struct da__view v;
    int64_t shape[DA_MAX_NDIM];
    int ndim = 0;
    da__view_identity(x->ndim, &v);
    for (int b = 0; b < x->ndim; b++) {
        v.axis[b] = gone[b] ? -1 : ndim;
        if (!gone[b])
            shape[ndim++] = x->shape[b];
    }
    v.ndim = ndim;
    return da__make_view(g, x, &v, ndim, shape);
}

da_array *da__make_flip(struct da__graph *g, da_array *x, int naxes, const int64_t *axes)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return da__defer_ints(g, "flip", x, "axis", naxes, axes);
    struct da__error err = {.engine = -1};
    int list[DA_MAX_NDIM];
    int n = naxes;
    if (naxes < 0)
        for (n = 0; n < x->ndim; n++)
            list[n] = n;
    else if (resolve_axes("da_flip", x->ndim, naxes, axes, list, &err) != DA_OK)
        return poison(g, &err);
    struct da__view v;
    da__view_identity(x->ndim, &v);
    for (int k = 0; k < n; k++) {
        int64_t extent = x->shape[list[k]];
        v.step[list[k]] = -1;
        v.offset[list[k]] = extent > 0 ? extent - 1 : 0;
    }
    return da__make_view(g, x, &v, x->ndim, x->shape);
}

da_array *da__make_broadcast_to(struct da__graph *g, da_array *x, int ndim, const int64_t *shape)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized && ndim >= 0)
        return da__defer_ints(g, "broadcast_to", x, "shape", ndim, shape);
    struct da__error err = {.engine = -1};
    char from[256], to[256];
    da__shape_text(x->ndim, x->shape, from, sizeof from);
    bool fits = ndim >= 0 && ndim <= DA_MAX_NDIM && ndim >= x->ndim;
    for (int k = 0; fits && k < ndim; k++)
        fits = shape[k] >= 0;
    for (int b = 0; fits && b < x->ndim; b++)
        fits = x->shape[b] == 1 || x->shape[b] == shape[b + ndim - x->ndim];
    if (!fits) {
        bool printable = ndim >= 0 && ndim <= DA_MAX_NDIM;
        da__fail(&err, DA_ERR_SHAPE, "da_broadcast_to: shape %s does not broadcast to %s", from,
                 printable ? da__shape_text(ndim, shape, to, sizeof to)
                           : "a shape of that many dimensions");
        return poison(g, &err);
    }
    if (da__nelem(ndim, shape) < 0) {
        da__fail(&err, DA_ERR_SHAPE, "da_broadcast_to: the result has more than 2^63 elements");
        return poison(g, &err);
    }
    struct da__view v;
    da__view_broadcast(x->ndim, x->shape, ndim, shape, &v);
    return da__make_view(g, x, &v, ndim, shape);
}

da_array *da__make_redistribute_to(struct da__graph *g, da_array *x, const struct da__dist *dist)
{
    if (x->kind == DA__NODE_POISON || (x->dist != NULL && da__dist_equal(x->dist, dist)))
        return da__node_again(g, x);
    da_array *a = da__node_new(g, DA__NODE_COPY, x->dtype, x->ndim, x->shape, dist);
    if (a == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, x);
    return a;
}

static da_array *redistributed(struct da__graph *g, da_array *x, const struct da__dist_spec *spec,
                               const char *what)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized) {
        static const struct da__dist_spec blocks = {0};
        struct da__later c;
        da__later_begin(&c, "redistribute");
        da__later_array(&c, "x", x);
        da__later_dist(&c, "dist", spec != NULL ? spec : &blocks);
        return da__later_defer(g, &c);
    }
    struct da__error err = {.engine = -1};
    const struct da__dist *dist = NULL;
    if (da__spec_dist(g, x->ndim, x->shape, spec, &dist, &err) != DA_OK) {
        da__error_prefix(&err, "%s", what);
        return poison(g, &err);
    }
    da_array *a = da__make_redistribute_to(g, x, dist);
    da__dist_drop(dist);
    return a;
}

da_array *da__make_redistribute(struct da__graph *g, da_array *x, const struct da__dist_spec *spec)
{
    return redistributed(g, x, spec, "da_redistribute");
}

da_array *da__make_rebalance(struct da__graph *g, da_array *x)
{
    return redistributed(g, x, NULL, "da_rebalance");
}

static da_array *distribute_later(struct da__graph *g, da_array *x, int ndim, const int64_t *shape,
                                  const struct da__dist_spec *spec)
{
    struct da__later c;
    da__later_begin(&c, "distribute_as");
    da__later_array(&c, "x", x);
    da__later_ints(&c, "shape", ndim, shape);
    if (spec != NULL)
        da__later_dist(&c, "dist", spec);
    return da__later_defer(g, &c);
}

da_array *da__make_distribute_as(struct da__graph *g, da_array *x, int ndim, const int64_t *shape,
                                 const struct da__dist_spec *spec)
{
    static const struct da__dist_spec balanced = {0};
    const struct da__dist_spec *wanted = spec != NULL ? spec : &balanced;
    if (x->kind != DA__NODE_POISON && x->unsized)
        return distribute_later(g, x, ndim, shape, spec);
    if (x->kind == DA__NODE_POISON || same_shape(x, ndim, shape))
        return redistributed(g, x, wanted, "da_distribute_as");
    da_array *a = da__make_reshape(g, x, ndim, shape, wanted);
    const struct da__error *why = da__node_error(a);
    if (why == NULL || why->status == DA_ERR_MEMORY)
        return a;
    struct da__error err = *why;
    da__error_prefix(&err, "da_distribute_as");
    return poison(g, &err);
}
