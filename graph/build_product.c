/* Products of matrices, and sums of products over any axes, as nodes: their inference. */
#include "product.h"
#include "routine.h"

#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

static da_array *first_poison(struct da__graph *g, da_array *x1, da_array *x2)
{
    if (x1->kind == DA__NODE_POISON)
        return da__node_again(g, x1);
    return x2->kind == DA__NODE_POISON ? da__node_again(g, x2) : NULL;
}

static da_status mismatch(const char *what, const da_array *x1, const da_array *x2, int axis1,
                          int axis2, struct da__error *err)
{
    char a[160], b[160];
    return da__fail(err, DA_ERR_SHAPE,
                    "%s: shapes %s and %s do not multiply: axis %d of the first has %lld elements, "
                    "axis %d of the second %lld",
                    what, da__shape_text(x1->ndim, x1->shape, a, sizeof a),
                    da__shape_text(x2->ndim, x2->shape, b, sizeof b), axis1,
                    (long long)x1->shape[axis1], axis2, (long long)x2->shape[axis2]);
}

/* Extents that must agree; what data decide may be any. */
static bool differ(int64_t extent1, int64_t extent2)
{
    return extent1 != extent2 && extent1 != DA__UNSIZED && extent2 != DA__UNSIZED;
}

/* ---- the node ---- */

da_status da__product_broadcast(int *ndim, int64_t *shape, int other_ndim, const int64_t *other,
                                const char *what, struct da__error *err)
{
    int64_t sized[DA_MAX_NDIM];
    for (int k = 0; k < other_ndim; k++) {
        int own = k + *ndim - other_ndim;
        int64_t *extent = own >= 0 ? &shape[own] : NULL;
        sized[k] = other[k];
        if (extent == NULL)
            continue;
        if (*extent == DA__UNSIZED && other[k] != 1)
            *extent = other[k];
        else if (other[k] == DA__UNSIZED && *extent != 1)
            sized[k] = *extent;
    }
    return da__broadcast(ndim, shape, other_ndim, sized, what, err);
}

da_status da__product_shape(const char *what, const int64_t *attribute, da_array *const *x,
                            int *ndim, int64_t *shape, struct da__error *err)
{
    struct da__factor f[2];
    *ndim = 0;
    for (int side = 0; side < 2; side++) {
        f[side] = da__factor_of(attribute, x[side]->ndim, side);
        DA_TRY(da__product_broadcast(ndim, shape, f[side].nbatch, x[side]->shape, what, err));
    }
    for (int k = 0; k < f[0].nk; k++)
        if (differ(x[0]->shape[f[0].k + k], x[1]->shape[f[1].k + k]))
            return mismatch(what, x[0], x[1], f[0].k + k, f[1].k + k, err);
    if (*ndim + f[0].nkept + f[1].nkept > DA_MAX_NDIM)
        return da__fail(err, DA_ERR_SHAPE, "%s: the result has %d dimensions, more than %d", what,
                        *ndim + f[0].nkept + f[1].nkept, DA_MAX_NDIM);
    for (int side = 0; side < 2; side++)
        for (int k = 0; k < f[side].nkept; k++)
            shape[(*ndim)++] = x[side]->shape[f[side].kept + k];
    if (!x[0]->unsized && !x[1]->unsized && da__nelem(*ndim, shape) < 0)
        return da__fail(err, DA_ERR_SHAPE, "%s: the result has more than 2^63 elements", what);
    return DA_OK;
}

/* The attributes but for the splits are the caller's. */
static da_array *product(struct da__graph *g, const char *what, int64_t *attribute, da_array *x1,
                         da_array *x2)
{
    struct da__error err = {.engine = -1};
    da_array *x[2] = {x1, x2};
    const struct da__dist *dist = NULL;
    int64_t shape[DA_MAX_NDIM];
    int ndim;
    attribute[DA__PRODUCT_SPLIT] = attribute[DA__PRODUCT_SPLIT + 1] = -1;
    if (da__product_shape(what, attribute, x, &ndim, shape, &err) != DA_OK)
        return poison(g, &err);
    da_dtype dtype = da__promote(x1->dtype, x2->dtype);
    for (int side = 0; side < 2; side++) {
        x[side] = da__make_astype(g, x[side], dtype);
        if (x[side]->kind == DA__NODE_POISON)
            return x[side];
    }
    char kind = da__dtype(dtype)->kind;
    attribute[DA__PRODUCT_ORDERED] = da__graph_reproducible(g) && (kind == 'f' || kind == 'c');
    if (attribute[DA__PRODUCT_ORDERED] && attribute[DA__PRODUCT_K] > 0 &&
        (attribute[DA__PRODUCT_M] == 0 || attribute[DA__PRODUCT_N] == 0))
        return da__make_summed_product(g, attribute, x[0], x[1], dtype);
    if (da__product_place(g, attribute, ndim, shape, x, &dist, &err) != DA_OK)
        return poison(g, &err);
    da_array *a = da__routine_node(g, DA__ROUTINE_MATMUL, dtype, ndim, shape, dist, 2,
                                   DA__PRODUCT_NATTRIBUTES, attribute);
    da__dist_drop(dist);
    if (a == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, x[0]);
    da__node_add_input(a, x[1]);
    return a;
}

/* ---- matmul ---- */

/* What a view that only exchanges the last two axes reads, so that nothing is copied for it; else x. */
static da_array *untransposed(da_array *x, bool *transposed)
{
    const struct da__view *v = x->kind == DA__NODE_VIEW ? x->u.view : NULL;
    if (v == NULL || x->ndim < 2 || v->base_ndim != x->ndim)
        return x;
    for (int k = 0; k < x->ndim; k++) {
        int axis = k < x->ndim - 2 ? k : 2 * x->ndim - 3 - k;
        if (v->axis[k] != axis || v->offset[k] != 0 || v->step[k] != 1 || v->period[k] != 0 ||
            x->in[0]->shape[k] != x->shape[axis])
            return x;
    }
    *transposed = !*transposed;
    return x->in[0];
}

da_array *da__make_matmul(struct da__graph *g, da_array *x1, da_array *x2, bool transpose1,
                          bool transpose2)
{
    struct da__error err = {.engine = -1};
    da_array *bad = first_poison(g, x1, x2);
    if (bad != NULL)
        return bad;
    if (x1->ndim == 0 || x2->ndim == 0) {
        da__fail(&err, DA_ERR_SHAPE,
                 "da_matmul: the %s operand has 0 dimensions; da_multiply multiplies by a scalar",
                 x1->ndim == 0 ? "first" : "second");
        return poison(g, &err);
    }
    transpose1 = transpose1 && x1->ndim > 1;
    transpose2 = transpose2 && x2->ndim > 1;
    x1 = untransposed(x1, &transpose1);
    x2 = untransposed(x2, &transpose2);
    int batch1 = x1->ndim > 2 ? x1->ndim - 2 : 0, batch2 = x2->ndim > 2 ? x2->ndim - 2 : 0;
    int64_t attribute[DA__PRODUCT_NATTRIBUTES] = {[DA__PRODUCT_BATCH] =
                                                      batch1 > batch2 ? batch1 : batch2,
                                                  [DA__PRODUCT_M] = x1->ndim > 1,
                                                  [DA__PRODUCT_N] = x2->ndim > 1,
                                                  [DA__PRODUCT_K] = 1,
                                                  [DA__PRODUCT_TRANSPOSED] = transpose1,
                                                  [DA__PRODUCT_TRANSPOSED + 1] = transpose2};
    if (x1->unsized || x2->unsized)
        return da__matmul_later(g, attribute, x1, x2);
    return product(g, "da_matmul", attribute, x1, x2);
}

/* ---- tensordot ---- */

struct pairs {
    int n, axis[2][DA_MAX_NDIM];
};

static da_status check_pairs(const char *what, int n, da_array *const *x,
                             const int64_t *const *axes, struct pairs *out, struct da__error *err)
{
    *out = (struct pairs){.n = n};
    for (int side = 0; side < 2; side++) {
        bool seen[DA_MAX_NDIM] = {false};
        if (n < 0 || n > x[side]->ndim)
            return da__fail(err, DA_ERR_ARGUMENT, "%s: %d axes of an array of %d dimension%s", what,
                            n, x[side]->ndim, x[side]->ndim == 1 ? "" : "s");
        for (int k = 0; k < n; k++) {
            int *axis = &out->axis[side][k];
            DA_TRY(da__axis(axes[side][k], x[side]->ndim, what, axis, err));
            if (seen[*axis])
                return da__fail(err, DA_ERR_ARGUMENT, "%s: axis %d is named twice", what, *axis);
            seen[*axis] = true;
        }
    }
    for (int k = 0; k < n; k++)
        if (differ(x[0]->shape[out->axis[0][k]], x[1]->shape[out->axis[1][k]]))
            return mismatch(what, x[0], x[1], out->axis[0][k], out->axis[1][k], err);
    return DA_OK;
}

/* Pairs in the order of the first operand's axes: sums do not ask. */
static void sort_pairs(struct pairs *p)
{
    for (int i = 1; i < p->n; i++)
        for (int k = i; k > 0 && p->axis[0][k] < p->axis[0][k - 1]; k--)
            for (int side = 0; side < 2; side++) {
                int axis = p->axis[side][k];
                p->axis[side][k] = p->axis[side][k - 1];
                p->axis[side][k - 1] = axis;
            }
}

static bool run_from(const int *axis, int n, int first)
{
    for (int k = 0; k < n; k++)
        if (axis[k] != first + k)
            return false;
    return true;
}

/* The operand with its summed axes together at one end: as it is where they are, else permuted to the end that the other
 * operand's begin at. */
static da_array *grouped(struct da__graph *g, da_array *x, const struct pairs *p, int side,
                         int64_t *attribute)
{
    const int *axis = p->axis[side];
    int nkept = x->ndim - p->n;
    bool at_begin = run_from(axis, p->n, 0), at_end = run_from(axis, p->n, nkept);
    bool usual = side == 0 ? at_end : at_begin;
    attribute[DA__PRODUCT_TRANSPOSED + side] = !usual && (at_begin || at_end);
    if (at_begin || at_end)
        return x;
    int64_t order[DA_MAX_NDIM];
    bool summed[DA_MAX_NDIM] = {false};
    int to = side == 0 ? 0 : p->n, k_to = side == 0 ? nkept : 0;
    for (int k = 0; k < p->n; k++) {
        order[k_to + k] = axis[k];
        summed[axis[k]] = true;
    }
    for (int k = 0; k < x->ndim; k++)
        if (!summed[k])
            order[to++] = k;
    return da__make_permute(g, x, x->ndim, order);
}

static da_array *tensordot(struct da__graph *g, const char *what, da_array *x1, da_array *x2, int n,
                           const int64_t *axes1, const int64_t *axes2)
{
    struct da__error err = {.engine = -1};
    da_array *x[2] = {x1, x2}, *bad = first_poison(g, x1, x2);
    const int64_t *axes[2] = {axes1, axes2};
    struct pairs p;
    if (bad != NULL)
        return bad;
    if (check_pairs(what, n, x, axes, &p, &err) != DA_OK)
        return poison(g, &err);
    if (x1->unsized || x2->unsized)
        return da__tensordot_later(g, what, x, n, axes);
    sort_pairs(&p);
    int64_t attribute[DA__PRODUCT_NATTRIBUTES] = {
        [DA__PRODUCT_M] = x1->ndim - n, [DA__PRODUCT_N] = x2->ndim - n, [DA__PRODUCT_K] = n};
    for (int side = 0; side < 2; side++) {
        x[side] = grouped(g, x[side], &p, side, attribute);
        if (x[side]->kind == DA__NODE_POISON)
            return x[side];
    }
    return product(g, what, attribute, x[0], x[1]);
}

da_array *da__make_tensordot(struct da__graph *g, da_array *x1, da_array *x2, int n,
                             const int64_t *axes1, const int64_t *axes2)
{
    return tensordot(g, "da_tensordot", x1, x2, n, axes1, axes2);
}

/* ---- by operators ---- */

static da_array *binary(struct da__graph *g, enum da__op_id op, da_array *x1, da_array *x2)
{
    struct da__operand in[2] = {{.array = x1}, {.array = x2}};
    return da__make_elementwise(g, op, 2, in);
}

da_array *da__make_dot(struct da__graph *g, da_array *x1, da_array *x2, bool inner)
{
    da_array *bad = first_poison(g, x1, x2);
    if (bad != NULL)
        return bad;
    if (x1->ndim == 0 || x2->ndim == 0)
        return binary(g, DA__OP_MULTIPLY, x1, x2);
    int64_t last = -1, second = inner || x2->ndim == 1 ? -1 : -2;
    return tensordot(g, inner ? "da_inner" : "da_dot", x1, x2, 1, &last, &second);
}

da_array *da__make_vecdot(struct da__graph *g, da_array *x1, da_array *x2, int64_t axis)
{
    struct da__error err = {.engine = -1};
    da_array *x[2] = {x1, x2}, *bad = first_poison(g, x1, x2);
    int at[2];
    if (bad != NULL)
        return bad;
    for (int side = 0; side < 2; side++)
        if (da__axis(axis, x[side]->ndim, "da_vecdot", &at[side], &err) != DA_OK)
            return poison(g, &err);
    if (differ(x1->shape[at[0]], x2->shape[at[1]])) {
        mismatch("da_vecdot", x1, x2, at[0], at[1], &err);
        return poison(g, &err);
    }
    if (x1->unsized || x2->unsized)
        return da__vecdot_later(g, x, axis, at);
    for (int side = 0; side < 2; side++) {
        int64_t from = at[side], last = x[side]->ndim - 1;
        x[side] = da__make_moveaxis(g, x[side], 1, &from, &last);
    }
    da_dtype dtype = da__promote(x1->dtype, x2->dtype);
    int64_t last = -1;
    if (dtype == DA_BOOL)
        return da__make_reduce(g, DA__RED_ANY, binary(g, DA__OP_LOGICAL_AND, x[0], x[1]), 1, &last,
                               false, 0, DA_DTYPE_DEFAULT);
    if (da__dtype(x1->dtype)->kind == 'c') {
        struct da__operand in = {.array = x[0]};
        x[0] = da__make_elementwise(g, DA__OP_CONJ, 1, &in);
    }
    return da__make_reduce(g, DA__RED_SUM, binary(g, DA__OP_MULTIPLY, x[0], x[1]), 1, &last, false,
                           0, dtype);
}

da_array *da__make_outer(struct da__graph *g, da_array *x1, da_array *x2)
{
    da_array *bad = first_poison(g, x1, x2);
    if (bad != NULL)
        return bad;
    x1 = da__make_expand_dims(g, da__make_flatten(g, x1), 1);
    return binary(g, DA__OP_MULTIPLY, x1, da__make_flatten(g, x2));
}
