/* Arrays side by side: concat, stack and meshgrid as nodes. */
#include "deferred.h"
#include "infer.h"
#include "node.h"

#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

static da_array *first_poison(struct da__graph *g, int64_t n, da_array *const *x)
{
    for (int64_t k = 0; k < n; k++)
        if (x[k]->kind == DA__NODE_POISON)
            return da__node_again(g, x[k]);
    return NULL;
}

/* ---- sizes that data decide ---- */

static bool any_unsized(int64_t n, da_array *const *x)
{
    for (int64_t k = 0; k < n; k++)
        if (x[k]->unsized)
            return true;
    return false;
}

/* axis NULL: None. */
static da_array *join_later(struct da__graph *g, const char *name, int64_t n, da_array *const *x,
                            const int64_t *axis)
{
    struct da__later c;
    da__later_begin(&c, name);
    da__later_arrays(&c, "arrays", n, x);
    if (axis != NULL)
        da__later_int(&c, "axis", *axis);
    else
        da__later_none(&c, "axis");
    return da__later_defer(g, &c);
}

static da_dtype joined_dtype(int64_t n, da_array *const *x)
{
    uint32_t dtypes = 0;
    for (int64_t i = 0; i < n; i++)
        dtypes |= UINT32_C(1) << x[i]->dtype;
    return da__promote_all(dtypes);
}

/* ---- concat ---- */

static da_status joined_extent(const char *what, int64_t n, da_array *const *x, int axis,
                               int64_t *extent, struct da__error *err)
{
    *extent = 0;
    for (int64_t i = 0; i < n; i++) {
        if (x[i]->shape[axis] == DA__UNSIZED) {
            *extent = DA__UNSIZED;
            return DA_OK;
        }
        if (!da__add_i64(*extent, x[i]->shape[axis], extent))
            return da__fail(err, DA_ERR_SHAPE, "%s: the result has more than 2^63 elements", what);
    }
    return DA_OK;
}

/* All have the first one's dimensions and, but for `axis` (-1: all of them), its extents. What data decide may be any, so the first known
 * extent counts. */
static da_status joined_shape(const char *what, int64_t n, da_array *const *x, int axis,
                              int64_t *shape, struct da__error *err)
{
    int64_t first[DA_MAX_NDIM] = {0};
    bool unsized = false;
    memcpy(shape, x[0]->shape, (size_t)x[0]->ndim * sizeof *shape);
    for (int64_t i = 0; i < n; i++) {
        if (x[i]->ndim != x[0]->ndim)
            return da__fail(err, DA_ERR_SHAPE,
                            "%s: array 0 has %d dimension(s), and array %lld has %d", what,
                            x[0]->ndim, (long long)i, x[i]->ndim);
        for (int k = 0; k < x[0]->ndim; k++) {
            int64_t extent = x[i]->shape[k];
            if (k == axis || extent == DA__UNSIZED)
                continue;
            if (shape[k] == DA__UNSIZED) {
                first[k] = i;
                shape[k] = extent;
            } else if (shape[k] != extent) {
                return da__fail(
                    err, DA_ERR_SHAPE,
                    "%s: along axis %d array %lld has %lld elements, and array %lld has %lld", what,
                    k, (long long)first[k], (long long)shape[k], (long long)i, (long long)extent);
            }
        }
    }
    if (axis >= 0)
        DA_TRY(joined_extent(what, n, x, axis, &shape[axis], err));
    for (int k = 0; k < x[0]->ndim; k++)
        unsized |= shape[k] == DA__UNSIZED;
    if (!unsized && da__nelem(x[0]->ndim, shape) < 0)
        return da__fail(err, DA_ERR_SHAPE, "%s: the result has more than 2^63 elements", what);
    return DA_OK;
}

/* Where the arrays' other axes lie alike, so do the result's, and the joined axis is split evenly over the engines that
 * held it; *out stays NULL where they do not. Constants and arrays without elements have no say. */
static da_status common_dist(int64_t n, da_array *const *x, int axis, int64_t extent,
                             const struct da__dist **out)
{
    const struct da__dist *first = NULL, *rest = NULL;
    bool alike = true;
    da_status status = DA_OK;
    for (int64_t i = 0; i < n && alike && status == DA_OK; i++) {
        const struct da__dist *own = NULL;
        if (x[i]->dist == NULL || x[i]->kind == DA__NODE_CONSTANT || x[i]->kind == DA__NODE_INDEX ||
            x[i]->dist == first || da__nelem(x[i]->ndim, x[i]->shape) == 0)
            continue;
        status = da__dist_reduce(x[i]->dist, (uint32_t)1 << axis, true, &own);
        if (status == DA_OK && first != NULL)
            alike = da__dist_equal(own, rest);
        if (first == NULL) {
            first = x[i]->dist;
            rest = da__dist_keep(own);
        }
        da__dist_drop(own);
    }
    if (status == DA_OK && alike && first != NULL)
        status = da__dist_join(first, axis, extent, out);
    da__dist_drop(rest);
    return status;
}

/* The arrays, at least one and of one dimension or more, along an axis that exists. */
static da_array *joined(struct da__graph *g, const char *what, int64_t n, da_array *const *x,
                        int axis)
{
    struct da__error err = {.engine = -1};
    int64_t shape[DA_MAX_NDIM];
    const struct da__dist *dist = NULL;
    if (joined_shape(what, n, x, axis, shape, &err) != DA_OK)
        return poison(g, &err);
    da_dtype dtype = joined_dtype(n, x);
    if (n == 1)
        return da__node_again(g, x[0]);
    if (common_dist(n, x, axis, shape[axis], &dist) != DA_OK)
        return da__node_no_memory(g);
    if (dist == NULL && da__spec_dist(g, x[0]->ndim, shape, NULL, &dist, &err) != DA_OK)
        return poison(g, &err);
    da_array *a = da__node_new(g, DA__NODE_CONCAT, dtype, x[0]->ndim, shape, dist);
    da__dist_drop(dist);
    if (a == NULL || !da__node_reserve(a, (int)n))
        return da__node_no_memory(g);
    a->u.axis = axis;
    for (int64_t i = 0; i < n; i++)
        da__node_add_input(a, x[i]);
    return a;
}

/* Each array flattened, then joined. */
static da_array *joined_flat(struct da__graph *g, int64_t n, da_array *const *x)
{
    da_array **flat = da__calloc((size_t)n, sizeof(da_array *));
    if (flat == NULL)
        return da__node_no_memory(g);
    for (int64_t i = 0; i < n; i++)
        flat[i] = da__make_flatten(g, x[i]);
    da_array *a = first_poison(g, n, flat);
    if (a == NULL)
        a = joined(g, "da_concat", n, flat, 0);
    da__free(flat);
    return a;
}

static da_status check_count(const char *what, int64_t n, struct da__error *err)
{
    if (n <= 0)
        return da__fail(err, DA_ERR_ARGUMENT, "%s: there are no arrays to join", what);
    if (n > DA__MAX_INPUTS)
        return da__fail(err, DA_ERR_ARGUMENT, "%s: %lld arrays are more than %d", what,
                        (long long)n, DA__MAX_INPUTS);
    return DA_OK;
}

da_array *da__make_concat(struct da__graph *g, int64_t n, da_array *const *x, int64_t axis,
                          bool flat)
{
    struct da__error err = {.engine = -1};
    int at;
    if (check_count("da_concat", n, &err) != DA_OK)
        return poison(g, &err);
    da_array *bad = first_poison(g, n, x);
    if (bad != NULL)
        return bad;
    if (any_unsized(n, x))
        return join_later(g, "concat", n, x, flat ? NULL : &axis);
    if (flat)
        return joined_flat(g, n, x);
    if (x[0]->ndim == 0)
        da__fail(&err, DA_ERR_SHAPE,
                 "da_concat: arrays of 0 dimensions have no axis to join along");
    else
        da__axis(axis, x[0]->ndim, "da_concat", &at, &err);
    return err.status != DA_OK ? poison(g, &err) : joined(g, "da_concat", n, x, at);
}

da_status da__tell_concat(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg, struct da__inferred *out,
                          struct da__error *err)
{
    int64_t n = arg[0].narrays;
    da_array *const *x = arg[0].arrays;
    bool given = arg[1].kind != DA__ARG_NONE;
    int axis;
    (void)g;
    (void)c;
    DA_TRY(check_count("da_concat", n, err));
    out->dtype = joined_dtype(n, x);
    if (!given && arg[1].flag) { /* some array is unsized, so all of them flattened are */
        out->ndim = 1;
        out->shape[0] = DA__UNSIZED;
        return DA_OK;
    }
    if (x[0]->ndim == 0)
        return da__fail(err, DA_ERR_SHAPE,
                        "da_concat: arrays of 0 dimensions have no axis to join along");
    DA_TRY(da__axis(given ? arg[1].operand.scalar.i : 0, x[0]->ndim, "da_concat", &axis, err));
    out->ndim = x[0]->ndim;
    return joined_shape("da_concat", n, x, axis, out->shape, err);
}

/* ---- stack ---- */

static da_status check_stack(int64_t n, da_array *const *x, struct da__error *err)
{
    char a[256], b[256];
    DA_TRY(check_count("da_stack", n, err));
    for (int64_t i = 1; i < n; i++) {
        bool same = x[i]->ndim == x[0]->ndim;
        for (int k = 0; same && k < x[0]->ndim; k++)
            same = x[i]->shape[k] == x[0]->shape[k];
        if (!same)
            return da__fail(err, DA_ERR_SHAPE, "da_stack: array 0 has the shape %s, array %lld %s",
                            da__shape_text(x[0]->ndim, x[0]->shape, a, sizeof a), (long long)i,
                            da__shape_text(x[i]->ndim, x[i]->shape, b, sizeof b));
    }
    if (x[0]->ndim == DA_MAX_NDIM)
        return da__fail(err, DA_ERR_SHAPE, "da_stack: the result has more than %d dimensions",
                        DA_MAX_NDIM);
    return DA_OK;
}

da_array *da__make_stack(struct da__graph *g, int64_t n, da_array *const *x, int64_t axis)
{
    struct da__error err = {.engine = -1};
    int at;
    da_array *bad = first_poison(g, n, x);
    if (bad != NULL)
        return bad;
    if (any_unsized(n, x))
        return join_later(g, "stack", n, x, &axis);
    if (check_stack(n, x, &err) != DA_OK ||
        da__axis(axis, x[0]->ndim + 1, "da_stack", &at, &err) != DA_OK)
        return poison(g, &err);
    da_array **thick = da__calloc((size_t)n, sizeof(da_array *));
    if (thick == NULL)
        return da__node_no_memory(g);
    for (int64_t i = 0; i < n; i++)
        thick[i] = da__make_expand_dims(g, x[i], at);
    da_array *a = first_poison(g, n, thick);
    if (a == NULL)
        a = joined(g, "da_stack", n, thick, at);
    da__free(thick);
    return a;
}

da_status da__tell_stack(struct da__graph *g, const struct da__callable *c,
                         const struct da__arg *arg, struct da__inferred *out, struct da__error *err)
{
    int64_t n = arg[0].narrays, shape[DA_MAX_NDIM];
    da_array *const *x = arg[0].arrays;
    int at;
    (void)g;
    (void)c;
    DA_TRY(check_count("da_stack", n, err));
    DA_TRY(joined_shape("da_stack", n, x, -1, shape, err));
    if (x[0]->ndim == DA_MAX_NDIM)
        return da__fail(err, DA_ERR_SHAPE, "da_stack: the result has more than %d dimensions",
                        DA_MAX_NDIM);
    DA_TRY(da__axis(arg[1].kind != DA__ARG_NONE ? arg[1].operand.scalar.i : 0, x[0]->ndim + 1,
                    "da_stack", &at, err));
    out->dtype = joined_dtype(n, x);
    out->ndim = x[0]->ndim + 1;
    for (int k = 0; k < out->ndim; k++)
        out->shape[k] = k == at ? n : shape[k < at ? k : k - 1];
    return DA_OK;
}

/* ---- meshgrid ---- */

static da_array *check_mesh(struct da__graph *g, int n, da_array *const *x)
{
    struct da__error err = {.engine = -1};
    da_array *bad = first_poison(g, n, x);
    if (bad != NULL)
        return bad;
    if (n > DA_MAX_NDIM)
        da__fail(&err, DA_ERR_SHAPE, "da_meshgrid: %d arrays give more than %d dimensions", n,
                 DA_MAX_NDIM);
    for (int k = 0; k < n; k++)
        if (x[k]->ndim > 1)
            da__fail(&err, DA_ERR_SHAPE, "da_meshgrid: array %d has %d dimensions, not one", k,
                     x[k]->ndim);
    return err.status != DA_OK ? poison(g, &err) : NULL;
}

/* The axis along which array k varies. */
static int mesh_axis(int n, bool matrix, int k)
{
    return !matrix && n > 1 && k < 2 ? 1 - k : k;
}

static da_array *mesh_later(struct da__graph *g, int n, da_array *const *x, bool matrix, int k)
{
    struct da__later c;
    da__later_begin(&c, "meshgrid");
    da__later_arrays(&c, "arrays", n, x);
    da__later_int(&c, "output", k);
    da__later_text(&c, "indexing", DA__ARG_TEXT, matrix ? "ij" : "xy");
    return da__later_defer(g, &c);
}

da_array *da__make_mesh(struct da__graph *g, int n, da_array *const *x, bool matrix, int64_t k)
{
    struct da__error err = {.engine = -1};
    int64_t shape[DA_MAX_NDIM] = {0};
    struct da__view v = {.ndim = n};
    da_array *bad = check_mesh(g, n, x);
    if (bad != NULL)
        return bad;
    if (k < 0 || k >= n)
        da__fail(&err, DA_ERR_ARGUMENT, "da_meshgrid: there is no output %lld of %d", (long long)k,
                 n);
    else if (any_unsized(n, x))
        return mesh_later(g, n, x, matrix, (int)k);
    for (int i = 0; i < n; i++)
        shape[mesh_axis(n, matrix, i)] = x[i]->ndim > 0 ? x[i]->shape[0] : 1;
    if (err.status == DA_OK && da__nelem(n, shape) < 0)
        da__fail(&err, DA_ERR_SHAPE, "da_meshgrid: the results have more than 2^63 elements");
    if (err.status != DA_OK)
        return poison(g, &err);
    v.base_ndim = x[k]->ndim;
    v.axis[0] = mesh_axis(n, matrix, (int)k);
    v.step[0] = 1;
    return da__make_view(g, x[k], &v, n, shape);
}

void da__make_meshgrid(struct da__graph *g, int n, da_array *const *x, bool matrix, da_array **out)
{
    for (int k = 0; k < n; k++)
        out[k] = da__make_mesh(g, n, x, matrix, k);
}
