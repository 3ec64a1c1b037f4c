/* Where a mask is true, and where values belong in a sorted array. */
#include "deferred.h"
#include "infer.h"
#include "node.h"
#include "routine.h"

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

/* ---- nonzero ---- */

da_array *da__make_flatnonzero(struct da__graph *g, da_array *x)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return da__defer_ints(g, "flatnonzero", x, "", -1, NULL);
    int64_t unsized = DA__UNSIZED;
    da_array *mask = da__make_astype(g, x, DA_BOOL);
    if (mask->kind == DA__NODE_POISON)
        return mask;
    da_array *a = da__routine_node(g, DA__ROUTINE_NONZERO, DA_INT64, 1, &unsized, NULL, 1, 0, NULL);
    if (a == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, mask);
    return a;
}

static da_array *with_int(struct da__graph *g, enum da__op_id op, da_array *x, int64_t i)
{
    struct da__operand in[2] = {{.array = x},
                                {.scalar = {.kind = DA__SCALAR_INT, .i = i, .re = (double)i}}};
    return da__make_elementwise(g, op, 2, in);
}

static da_array *defer_nonzero(struct da__graph *g, da_array *x, int64_t axis)
{
    struct da__later c;
    da__later_begin(&c, "nonzero");
    da__later_array(&c, "x", x);
    da__later_int(&c, "axis", axis);
    return da__later_defer(g, &c);
}

da_array *da__make_nonzero(struct da__graph *g, da_array *x, int64_t axis)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    struct da__error err = {.engine = -1};
    int at;
    if (x->ndim == 0) {
        da__fail(&err, DA_ERR_SHAPE, "da_nonzero: the array has no axes");
        return poison(g, &err);
    }
    if (da__axis(axis, x->ndim, "da_nonzero", &at, &err) != DA_OK)
        return poison(g, &err);
    if (x->unsized)
        return defer_nonzero(g, x, at);
    int64_t inner = 1;
    for (int k = at + 1; k < x->ndim; k++)
        inner *= x->shape[k] > 0 ? x->shape[k] : 1;
    da_array *flat = da__make_flatnonzero(g, x);
    if (inner > 1)
        flat = with_int(g, DA__OP_FLOOR_DIVIDE, flat, inner);
    return at > 0 ? with_int(g, DA__OP_REMAINDER, flat, x->shape[at] > 0 ? x->shape[at] : 1) : flat;
}

/* ---- extract ---- */

/* axis NULL: left out. */
static da_array *selection_later(struct da__graph *g, const char *name, da_array *condition,
                                 da_array *x, const int64_t *axis)
{
    struct da__later c;
    da__later_begin(&c, name);
    da__later_array(&c, "condition", condition);
    da__later_array(&c, "x", x);
    if (axis != NULL)
        da__later_int(&c, "axis", *axis);
    return da__later_defer(g, &c);
}

/* The mask comes to the elements, unless these are computed wherever they are read. */
static da_status extract_space(struct da__graph *g, const da_array *a, const struct da__dist **out)
{
    (void)g;
    if (da__node_moves_nothing(a->in[1]) && a->in[0]->dist != NULL)
        *out = da__dist_keep(a->in[0]->dist);
    return DA_OK;
}

const struct da__routine_rules da__extract_rules = {.space = 2, .space_dist = extract_space};

static bool same_shape(const da_array *x, const da_array *y)
{
    bool same = x->ndim == y->ndim;
    for (int k = 0; same && k < x->ndim; k++)
        same = x->shape[k] == y->shape[k];
    return same;
}

da_array *da__make_extract(struct da__graph *g, da_array *condition, da_array *x)
{
    struct da__error err = {.engine = -1};
    char own[128], other[128];
    int64_t unsized = DA__UNSIZED;
    if (condition->kind == DA__NODE_POISON || x->kind == DA__NODE_POISON)
        return da__node_again(g, condition->kind == DA__NODE_POISON ? condition : x);
    if (condition->unsized || x->unsized)
        return selection_later(g, "extract", condition, x, NULL);
    if (!same_shape(condition, x)) {
        da__fail(&err, DA_ERR_SHAPE, "da_extract: the condition has the shape %s, the array %s",
                 da__shape_text(condition->ndim, condition->shape, own, sizeof own),
                 da__shape_text(x->ndim, x->shape, other, sizeof other));
        return poison(g, &err);
    }
    da_array *mask = da__make_astype(g, condition, DA_BOOL);
    if (mask->kind == DA__NODE_POISON)
        return mask;
    da_array *a = da__routine_node(g, DA__ROUTINE_EXTRACT, x->dtype, 1, &unsized, NULL, 2, 0, NULL);
    if (a == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, mask);
    da__node_add_input(a, x);
    return a;
}

da_status da__tell_extract(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg, struct da__inferred *out,
                           struct da__error *err)
{
    (void)g, (void)c, (void)err;
    out->dtype = arg[1].operand.array->dtype;
    out->ndim = 1;
    out->shape[0] = DA__UNSIZED;
    return DA_OK;
}

/* ---- compress ---- */

/* Elements of x in C order: index arrays for all axes from flat indices. Those beyond x stay beyond it. */
static da_array *take_flat(struct da__graph *g, da_array *x, da_array *flat)
{
    struct da__index_item item[DA_MAX_NDIM];
    da_array *index[DA_MAX_NDIM];
    int64_t inner = 1;
    for (int k = x->ndim - 1; k >= 0; k--) {
        int64_t extent = x->shape[k] > 0 ? x->shape[k] : 1;
        index[k] = inner > 1 ? with_int(g, DA__OP_FLOOR_DIVIDE, flat, inner) : flat;
        if (k > 0)
            index[k] = with_int(g, DA__OP_REMAINDER, index[k], extent);
        item[k] = (struct da__index_item){.kind = DA__INDEX_ARRAY, .start = k};
        inner *= extent;
    }
    return da__make_get(g, x, x->ndim, item, x->ndim, index);
}

da_array *da__make_compress(struct da__graph *g, da_array *condition, da_array *x,
                            const int64_t *axis)
{
    if (condition->kind == DA__NODE_POISON || x->kind == DA__NODE_POISON)
        return da__node_again(g, condition->kind == DA__NODE_POISON ? condition : x);
    struct da__error err = {.engine = -1};
    int at;
    if (condition->ndim != 1)
        da__fail(&err, DA_ERR_SHAPE, "da_compress: the condition has %d dimensions, not 1",
                 condition->ndim);
    else if (axis != NULL)
        da__axis(*axis, x->ndim, "da_compress", &at, &err);
    if (err.status != DA_OK)
        return poison(g, &err);
    if (condition->unsized || x->unsized)
        return selection_later(g, "compress", condition, x, axis);
    bool whole = condition->shape[0] == da__nelem(x->ndim, x->shape);
    if (whole && (axis == NULL || x->ndim == 1))
        return da__make_extract(g, da__make_reshape(g, condition, x->ndim, x->shape, NULL), x);
    da_array *flat = da__make_flatnonzero(g, condition);
    if (axis != NULL || x->ndim == 1)
        return da__make_take(g, x, flat, axis != NULL ? at : 0);
    if (x->ndim == 0)
        return da__make_take(g, da__make_expand_dims(g, x, 0), flat, 0);
    return take_flat(g, x, flat);
}

/* ---- searchsorted ---- */

/* The sorted array is searched in blocks over all engines. */
static da_status search_input_dist(struct da__graph *g, const da_array *a, int k,
                                   const struct da__dist **out)
{
    struct da__error err = {.engine = -1};
    return da__spec_dist(g, 1, a->in[k]->shape, NULL, out, &err);
}

static void write_side(struct da__text *t, const int64_t *attribute)
{
    da__text_add(t, "\"side\":\"%s\",", attribute[0] != 0 ? "right" : "left");
}

const struct da__routine_rules da__search_rules = {.input_dist = search_input_dist,
                                                   .write = write_side};

static da_array *defer_search(struct da__graph *g, da_array *x1, da_array *x2, bool right)
{
    struct da__later c;
    da__later_begin(&c, "searchsorted");
    da__later_array(&c, "x1", x1);
    da__later_array(&c, "x2", x2);
    da__later_text(&c, "side", DA__ARG_TEXT, right ? "right" : "left");
    return da__later_defer(g, &c);
}

da_array *da__make_searchsorted(struct da__graph *g, da_array *x1, da_array *x2, bool right)
{
    if (x1->kind == DA__NODE_POISON || x2->kind == DA__NODE_POISON)
        return da__node_again(g, x1->kind == DA__NODE_POISON ? x1 : x2);
    struct da__error err = {.engine = -1};
    if (x1->ndim != 1) {
        da__fail(&err, DA_ERR_SHAPE, "da_searchsorted: x1 has %d dimensions, not 1", x1->ndim);
        return poison(g, &err);
    }
    if (x1->unsized || x2->unsized)
        return defer_search(g, x1, x2, right);
    da_dtype dtype = da__promote(x1->dtype, x2->dtype);
    da_array *sorted = da__make_astype(g, x1, dtype), *values = da__make_astype(g, x2, dtype);
    if (sorted->kind == DA__NODE_POISON || values->kind == DA__NODE_POISON)
        return sorted->kind == DA__NODE_POISON ? sorted : values;
    const struct da__dist *dist = values->dist != NULL ? da__dist_keep(values->dist) : NULL;
    if (dist == NULL && da__spec_dist(g, x2->ndim, x2->shape, NULL, &dist, &err) != DA_OK)
        return poison(g, &err);
    int64_t side = right;
    da_array *a =
        da__routine_node(g, DA__ROUTINE_SEARCH, DA_INT64, x2->ndim, x2->shape, dist, 2, 1, &side);
    da__dist_drop(dist);
    if (a == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, sorted);
    da__node_add_input(a, values);
    return a;
}
