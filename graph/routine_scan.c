/* cumulative_sum and cumulative_prod: inference, and where the routine wants the array: with the axis in ascending blocks. */
#include "deferred.h"
#include "routine.h"
#include "text.h"

/* As routines.def lists them. */
enum { AXIS, OPERATION, INITIAL, NATTRIBUTES };
enum { SUM, PRODUCT, REPRODUCIBLE_SUM };

static da_status output_dist(struct da__graph *g, const da_array *a, const struct da__dist **out)
{
    (void)g;
    return da__dist_ascending(a->dist, (int)a->u.ints->v[AXIS], out);
}

/* Element i of the input stands beside element i of the result, or beside element i + 1 where that begins with the identity. */
static da_status input_dist(struct da__graph *g, const da_array *a, int k,
                            const struct da__dist **out)
{
    int axis = (int)a->u.ints->v[AXIS];
    const struct da__dist *d = NULL;
    (void)k;
    DA_TRY(output_dist(g, a, &d));
    if (!a->u.ints->v[INITIAL]) {
        *out = d;
        return DA_OK;
    }
    struct da__map behind = da__map_view(&d->map[axis], 1, 1, a->shape[axis] - 1);
    da_status status = da__dist_with_map(d, axis, &behind, out);
    da__dist_drop(d);
    return status;
}

static const char *op(const int64_t *attribute)
{
    return attribute[OPERATION] == PRODUCT ? "cumulative_prod" : "cumulative_sum";
}

static void write(struct da__text *t, const int64_t *attribute)
{
    da__text_add(t, "\"axis\":%lld,\"include_initial\":%s,", (long long)attribute[AXIS],
                 attribute[INITIAL] ? "true" : "false");
    if (attribute[OPERATION] == REPRODUCIBLE_SUM)
        da__text_add(t, "\"reproducible\":true,");
}

const struct da__routine_rules da__scan_rules = {
    .input_dist = input_dist, .output_dist = output_dist, .op = op, .write = write};

/* The result's dtype, and x as it is read: cast first where NumPy would. */
static da_array *typed(struct da__graph *g, da_array *x, bool product, da_dtype dtype,
                       const char *what, da_dtype *result, struct da__error *err)
{
    da_dtype compute;
    if (dtype == DA_BOOL) {
        da__fail(err, DA_ERR_DTYPE, "%s: bools do not add up or multiply to bools", what);
        return NULL;
    }
    if (da__red_infer(product ? DA__RED_PROD : DA__RED_SUM, x->dtype, dtype, &compute, result,
                      err) != DA_OK) {
        da__error_prefix(err, "%s", what);
        return NULL;
    }
    return *result == da__scan_result(x->dtype) ? x : da__make_astype(g, x, *result);
}

/* As x; along the axis one index more, in blocks over the same coordinates, where the result begins with the identity. */
static da_status result_dist(struct da__graph *g, const da_array *x, int axis, bool initial,
                             const struct da__dist **out, struct da__error *err)
{
    const struct da__dist *d = NULL;
    DA_TRY(da__routine_dist(g, x, &d, err));
    if (!initial) {
        *out = d;
        return DA_OK;
    }
    struct da__map longer = da__map_blocks(d->map[axis].parts, x->shape[axis] + 1);
    if (d->map[axis].kind == DA__MAP_N)
        longer.kind = DA__MAP_N;
    da_status status = da__dist_with_map(d, axis, &longer, out);
    da__dist_drop(d);
    return status;
}

static da_array *scan_along(struct da__graph *g, da_array *x, int axis, bool product,
                            da_dtype result, bool initial, struct da__error *err)
{
    const struct da__dist *dist = NULL;
    char kind = da__dtype(result)->kind;
    bool reproducible = da__graph_reproducible(g) && (kind == 'f' || kind == 'c');
    int64_t attribute[NATTRIBUTES] = {axis,
                                      product        ? PRODUCT
                                      : reproducible ? REPRODUCIBLE_SUM
                                                     : SUM,
                                      initial};
    int64_t shape[DA_MAX_NDIM];
    for (int k = 0; k < x->ndim; k++)
        shape[k] = x->shape[k];
    if (initial && (!da__add_i64(shape[axis], 1, &shape[axis]) || da__nelem(x->ndim, shape) < 0)) {
        da__fail(err, DA_ERR_SHAPE, "the result has more than 2^63 elements");
        return da__make_poison(g, err);
    }
    if (result_dist(g, x, axis, initial, &dist, err) != DA_OK)
        return err->status != DA_OK ? da__make_poison(g, err) : da__node_no_memory(g);
    da_array *a = da__routine_node(g, DA__ROUTINE_SCAN, result, x->ndim, shape, dist, 1,
                                   NATTRIBUTES, attribute);
    da__dist_drop(dist);
    if (a == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, x);
    return a;
}

da_array *da__make_scan(struct da__graph *g, da_array *x, const int64_t *axis, bool product,
                        da_dtype dtype, bool include_initial)
{
    const char *what = product ? "da_cumulative_prod" : "da_cumulative_sum";
    struct da__error err = {.engine = -1};
    da_dtype result;
    int at = 0;
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized) {
        struct da__later c;
        da__later_begin(&c, what + 3);
        da__later_array(&c, "x", x);
        if (axis != NULL)
            da__later_int(&c, "axis", *axis);
        da__later_dtype(&c, "dtype", dtype);
        da__later_flag(&c, "include_initial", include_initial);
        if (!product)
            da__later_flag(&c, "reproducible", da__graph_reproducible(g));
        return da__later_defer(g, &c);
    }
    if (axis != NULL && da__axis(*axis, x->ndim, what, &at, &err) != DA_OK)
        return da__make_poison(g, &err);
    if (axis == NULL && x->ndim > 1) /* NumPy: along all elements in C order */
        x = da__make_flatten(g, x);
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    da_array *cast = typed(g, x, product, dtype, what, &result, &err);
    if (cast == NULL)
        return da__make_poison(g, &err);
    if (cast->ndim == 0 && cast->kind != DA__NODE_POISON) /* NumPy: a line of one element */
        cast = da__make_expand_dims(g, cast, 0);
    if (cast->kind == DA__NODE_POISON)
        return da__node_again(g, cast);
    return scan_along(g, cast, at, product, result, include_initial, &err);
}
