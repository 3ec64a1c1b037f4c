/* Views, casts and redistribution as exported functions. */
#include "api.h"

/* ---- indexing ---- */

da_array *da_index(da_array *x, const char *index)
{
    struct da__graph *g;
    da_array *bad;
    if (!da__api_array(x, &g, &bad))
        return bad;
    if (index == NULL)
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_index: the index is NULL");
    struct da__index_item item[DA__MAX_ITEMS];
    struct da__error err = {.engine = -1};
    int n;
    if (da__index_parse(index, DA__MAX_ITEMS, item, &n, &err) != DA_OK) {
        da__error_prefix(&err, "da_index");
        return da__make_poison(g, &err);
    }
    return da__make_index_basic(g, x, n, item);
}

da_item da_at(int64_t i)
{
    return (da_item){.kind = DA_ITEM_INT, .has = DA_HAS_START, .start = i};
}

da_item da_range(int64_t start, int64_t stop)
{
    return (da_item){
        .kind = DA_ITEM_SLICE, .has = DA_HAS_START | DA_HAS_STOP, .start = start, .stop = stop};
}

da_item da_range_step(int64_t start, int64_t stop, int64_t step)
{
    return (da_item){.kind = DA_ITEM_SLICE,
                     .has = DA_HAS_START | DA_HAS_STOP | DA_HAS_STEP,
                     .start = start,
                     .stop = stop,
                     .step = step};
}

da_item da_whole(void)
{
    return (da_item){.kind = DA_ITEM_SLICE};
}

da_item da_ellipsis(void)
{
    return (da_item){.kind = DA_ITEM_ELLIPSIS};
}

da_item da_newaxis(void)
{
    return (da_item){.kind = DA_ITEM_NEWAXIS};
}

static bool item_of(const da_item *in, struct da__index_item *out)
{
    static const enum da__index_kind kinds[] = {
        [DA_ITEM_INT] = DA__INDEX_INT,
        [DA_ITEM_SLICE] = DA__INDEX_SLICE,
        [DA_ITEM_ELLIPSIS] = DA__INDEX_ELLIPSIS,
        [DA_ITEM_NEWAXIS] = DA__INDEX_NEWAXIS,
    };
    if (in->kind < DA_ITEM_INT || in->kind > DA_ITEM_NEWAXIS)
        return false;
    *out = (struct da__index_item){
        .kind = kinds[in->kind],
        .has_start = (in->has & DA_HAS_START) != 0,
        .has_stop = (in->has & DA_HAS_STOP) != 0,
        .has_step = (in->has & DA_HAS_STEP) != 0,
        .start = in->start,
        .stop = in->stop,
        .step = in->step,
    };
    return true;
}

bool da__api_items(struct da__graph *g, const char *what, int n, const da_item *item,
                   struct da__index_item *out, da_array **bad)
{
    if (n < 0 || n > DA__MAX_ITEMS || (n > 0 && item == NULL)) {
        *bad = da__api_poison(g, DA_ERR_ARGUMENT,
                              "da_%s: %d items, which must be 0 to %d and not NULL", what, n,
                              DA__MAX_ITEMS);
        return false;
    }
    for (int k = 0; k < n; k++)
        if (!item_of(&item[k], &out[k])) {
            *bad = da__api_poison(g, DA_ERR_ARGUMENT, "da_%s: %d is no kind of item", what,
                                  item[k].kind);
            return false;
        }
    return true;
}

da_array *da_slice(da_array *x, int n, const da_item *item)
{
    struct da__graph *g;
    da_array *bad;
    struct da__index_item list[DA__MAX_ITEMS];
    if (!da__api_array(x, &g, &bad) || !da__api_items(g, "slice", n, item, list, &bad))
        return bad;
    return da__make_index_basic(g, x, n, list);
}

/* ---- axes ---- */

da_array *da_permute_dims(da_array *x, da_axes axes)
{
    struct da__graph *g;
    da_array *bad;
    int64_t list[DA_MAX_NDIM];
    if (!da__api_array(x, &g, &bad) || !da__api_axes(g, "permute_dims", axes, list, &bad))
        return bad;
    if (axes.n == 0 && x->ndim > 0) /* inside, no axes mean all of them reversed */
        return da__api_poison(g, DA_ERR_ARGUMENT,
                              "da_permute_dims: 0 axes for an array of %d dimensions", x->ndim);
    return da__make_permute(g, x, axes.n < 0 ? 0 : axes.n, list);
}

da_array *da_matrix_transpose(da_array *x)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_array(x, &g, &bad) ? da__make_matrix_transpose(g, x) : bad;
}

da_array *da_expand_dims(da_array *x, int axis)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_array(x, &g, &bad) ? da__make_expand_dims(g, x, axis) : bad;
}

da_array *da_squeeze(da_array *x, da_axes axes)
{
    struct da__graph *g;
    da_array *bad;
    int64_t list[DA_MAX_NDIM];
    if (!da__api_array(x, &g, &bad) || !da__api_axes(g, "squeeze", axes, list, &bad))
        return bad;
    int n = axes.n;
    if (n < 0 && x->unsized)
        return da__api_poison(
            g, DA_ERR_STATE,
            "da_squeeze: which axes have one element is known only once the array "
            "is computed: compute it first, or name the axes");
    if (n < 0) {
        n = 0;
        for (int k = 0; k < x->ndim; k++)
            if (x->shape[k] == 1)
                list[n++] = k;
    }
    return da__make_squeeze(g, x, n, list);
}

da_array *da_flip(da_array *x, da_axes axes)
{
    struct da__graph *g;
    da_array *bad;
    int64_t list[DA_MAX_NDIM];
    if (!da__api_array(x, &g, &bad) || !da__api_axes(g, "flip", axes, list, &bad))
        return bad;
    return da__make_flip(g, x, axes.n, list);
}

da_array *da_moveaxis(da_array *x, da_axes source, da_axes destination)
{
    struct da__graph *g;
    da_array *bad;
    int64_t from[DA_MAX_NDIM], to[DA_MAX_NDIM];
    if (!da__api_array(x, &g, &bad) || !da__api_axes(g, "moveaxis", source, from, &bad) ||
        !da__api_axes(g, "moveaxis", destination, to, &bad))
        return bad;
    if (source.n < 0 || source.n != destination.n)
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_moveaxis: %d source axes and %d destinations",
                              source.n, destination.n);
    return da__make_moveaxis(g, x, source.n, from, to);
}

/* ---- other shapes ---- */

da_array *da_reshape(da_array *x, da_extents shape)
{
    struct da__graph *g;
    da_array *bad;
    if (!da__api_array(x, &g, &bad) || !da__api_extents(g, "reshape", shape, &bad))
        return bad;
    return da__make_reshape(g, x, shape.n, shape.extent, NULL);
}

da_array *da_flatten(da_array *x)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_array(x, &g, &bad) ? da__make_flatten(g, x) : bad;
}

da_array *da_tile(da_array *x, da_extents repetitions)
{
    struct da__graph *g;
    da_array *bad;
    if (!da__api_array(x, &g, &bad) || !da__api_extents(g, "tile", repetitions, &bad))
        return bad;
    return da__make_tile(g, x, repetitions.n, repetitions.extent);
}

da_array *da_repeat(da_array *x, int64_t repeats, int axis)
{
    struct da__graph *g;
    da_array *bad;
    int64_t along = axis;
    return da__api_array(x, &g, &bad) ? da__make_repeat(g, x, repeats, &along) : bad;
}

da_array *da_repeat_each(da_array *x, da_array *repeats, int axis)
{
    struct da__graph *g;
    da_array *bad, *both[] = {x, repeats};
    int64_t along = axis;
    return da__api_list("repeat_each", 2, both, &g, &bad)
               ? da__make_repeat_each(g, x, repeats, &along)
               : bad;
}

/* ---- broadcasting ---- */

da_array *da_broadcast_to(da_array *x, da_extents shape)
{
    struct da__graph *g;
    da_array *bad;
    if (!da__api_array(x, &g, &bad) || !da__api_extents(g, "broadcast_to", shape, &bad))
        return bad;
    return da__make_broadcast_to(g, x, shape.n, shape.extent);
}

void da_broadcast_arrays(int n, da_array *const *x, da_array **out)
{
    int ndim = 0;
    int64_t shape[DA_MAX_NDIM];
    struct da__graph *g = NULL;
    struct da__error err = {.engine = -1};
    da_array *bad = NULL;
    for (int k = 0; k < n && bad == NULL; k++) {
        struct da__graph *own;
        if (!da__api_array(x[k], &own, &bad))
            break;
        bad = NULL;
        g = g != NULL ? g : own;
        if (x[k]->kind == DA__NODE_POISON)
            bad = x[k];
        else if (da__broadcast(&ndim, shape, x[k]->ndim, x[k]->shape, "da_broadcast_arrays",
                               &err) != DA_OK)
            bad = da__make_poison(g, &err);
        else if (own != g)
            bad = da__api_poison(g, DA_ERR_ARGUMENT,
                                 "da_broadcast_arrays: the arrays belong to two contexts");
    }
    for (int k = 0; k < n; k++)
        out[k] = bad != NULL ? bad : da__make_broadcast_to(g, x[k], ndim, shape);
}

/* ---- copies ---- */

da_array *da_astype(da_array *x, da_dtype dtype)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_array(x, &g, &bad) ? da__make_astype(g, x, dtype) : bad;
}

da_array *da_redistribute(da_array *x, const da_distribution *dist)
{
    struct da__graph *g;
    da_array *bad;
    struct da__spec own;
    const struct da__dist_spec *spec;
    if (!da__api_array(x, &g, &bad) || !da__api_spec(g, "redistribute", dist, &own, &spec, &bad))
        return bad;
    da_array *a = da__make_redistribute(g, x, spec);
    da__spec_free(&own);
    return a;
}

static bool same_shape(const da_array *x, const da_array *y)
{
    if (x->ndim != y->ndim)
        return false;
    for (int k = 0; k < x->ndim; k++)
        if (x->shape[k] != y->shape[k])
            return false;
    return true;
}

da_array *da_redistribute_like(da_array *x, const da_array *like)
{
    struct da__graph *g, *other;
    da_array *bad;
    if (!da__api_array(x, &g, &bad) || !da__api_array((da_array *)like, &other, &bad))
        return bad;
    if (x->kind == DA__NODE_POISON || like->kind == DA__NODE_POISON)
        return x->kind == DA__NODE_POISON ? x : (da_array *)like;
    if (g != other)
        return da__api_poison(g, DA_ERR_ARGUMENT,
                              "da_redistribute_like: the arrays belong to two contexts");
    if (!same_shape(x, like)) {
        char a[256], b[256];
        return da__api_poison(g, DA_ERR_SHAPE, "da_redistribute_like: shapes %s and %s differ",
                              da__shape_text(x->ndim, x->shape, a, sizeof a),
                              da__shape_text(like->ndim, like->shape, b, sizeof b));
    }
    return like->dist != NULL ? da__make_redistribute_to(g, x, like->dist) : x;
}

da_array *da_rebalance(da_array *x)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_array(x, &g, &bad) ? da__make_rebalance(g, x) : bad;
}

da_array *da_distribute_as(da_array *x, da_extents shape, const da_distribution *dist)
{
    struct da__graph *g;
    da_array *bad;
    struct da__spec own;
    const struct da__dist_spec *spec;
    if (!da__api_array(x, &g, &bad) || !da__api_extents(g, "distribute_as", shape, &bad) ||
        !da__api_spec(g, "distribute_as", dist, &own, &spec, &bad))
        return bad;
    da_array *a = da__make_distribute_as(g, x, shape.n, shape.extent, spec);
    da__spec_free(&own);
    return a;
}
