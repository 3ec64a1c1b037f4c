/* Elementwise operators, casts and reductions as nodes: their inference. */
#include "deferred.h"
#include "node.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    if (err->status == DA_OK)
        return da__node_no_memory(g);
    return da__make_poison(g, err);
}

/* As poison, for messages that begin with an operator's plain name: the user called "da_" and that. Formatting names only here
 * keeps building fast. */
static da_array *poison_operator(struct da__graph *g, const char *name, struct da__error *err)
{
    size_t n = strlen(name);
    if (err->status != DA_OK && strncmp(err->text, name, n) == 0) {
        char text[sizeof err->text];
        memcpy(text, err->text, sizeof text);
        snprintf(err->text, sizeof err->text, "da_%.*s", (int)sizeof text - 4, text);
    }
    return poison(g, err);
}

da_array *da__make_scalar(struct da__graph *g, const struct da__scalar *s, da_dtype dtype,
                          const char *what)
{
    uint8_t bytes[16] = {0};
    if (!da__scalar_store(s, dtype, bytes)) {
        struct da__error err = {.engine = -1};
        if (s->kind == DA__SCALAR_INT)
            da__fail(&err, DA_ERR_DTYPE, "da_%s: the integer %lld does not fit %s", what,
                     (long long)s->i, da__dtype(dtype)->name);
        else
            da__fail(&err, DA_ERR_DTYPE, "da_%s: a scalar of that kind cannot become %s", what,
                     da__dtype(dtype)->name);
        return da__make_poison(g, &err);
    }
    da_array *a = da__node_new(g, DA__NODE_CONSTANT, dtype, 0, NULL, NULL);
    if (a == NULL)
        return da__node_no_memory(g);
    memcpy(a->u.constant, bytes, sizeof bytes);
    return a;
}

static da_array *first_poison(struct da__graph *g, int nin, const struct da__operand *in)
{
    for (int k = 0; k < nin; k++)
        if (in[k].array != NULL && in[k].array->kind == DA__NODE_POISON)
            return da__node_again(g, in[k].array);
    return NULL;
}

/* Broadcasts all operands together. */
static da_status broadcast_all(const char *what, int nin, da_array *const *in, int *ndim,
                               int64_t *shape, struct da__error *err)
{
    *ndim = 0;
    for (int k = 0; k < nin; k++)
        DA_TRY(da__broadcast(ndim, shape, in[k]->ndim, in[k]->shape, what, err));
    if (da__nelem(*ndim, shape) < 0)
        return da__fail(err, DA_ERR_SHAPE, "%s: the result has more than 2^63 elements", what);
    return DA_OK;
}

static da_array *defer_elementwise(struct da__graph *g, enum da__op_id op, int nin,
                                   const struct da__operand *in, da_dtype attr)
{
    struct da__later c;
    da__later_begin(&c, da__op_info(op)->name);
    for (int k = 0; k < nin; k++)
        da__later_operand(&c, c.call->param[k].name, &in[k]);
    da__later_dtype(&c, "dtype", attr);
    return da__later_defer(g, &c);
}

static bool any_unsized(int nin, const struct da__operand *in)
{
    for (int k = 0; k < nin; k++)
        if (in[k].array != NULL && in[k].array->unsized)
            return true;
    return false;
}

/* What an operator computes with and makes, and its operands as nodes. */
struct typed {
    da_dtype compute, result;
    da_array *node[3];
};

static da_status infer_types(enum da__op_id op, int nin, const struct da__operand *in,
                             da_dtype attr, struct typed *t, struct da__error *err)
{
    struct da__operand_type type[3];
    for (int k = 0; k < nin; k++) {
        type[k].weak = in[k].array == NULL;
        type[k].dtype = type[k].weak ? DA_BOOL : in[k].array->dtype;
        type[k].kind = in[k].scalar.kind;
    }
    return da__op_infer(op, nin, type, attr, &t->compute, &t->result, err);
}

/* Scalars become constants. Returns the one that is poisoned, NULL: none. */
static da_array *make_operands(struct da__graph *g, enum da__op_id op, int nin,
                               const struct da__operand *in, struct typed *t)
{
    for (int k = 0; k < nin; k++) {
        t->node[k] = in[k].array;
        if (t->node[k] == NULL)
            t->node[k] = da__make_scalar(g, &in[k].scalar, da__op_input_dtype(op, k, t->compute),
                                         da__op_info(op)->name);
        if (t->node[k]->kind == DA__NODE_POISON)
            return t->node[k];
    }
    return NULL;
}

static da_array *make_operator(struct da__graph *g, enum da__op_id op, int nin,
                               const struct typed *t, int ndim, const int64_t *shape,
                               const struct da__dist *dist)
{
    da_array *a = da__node_new(g, DA__NODE_ELEMENTWISE, t->result, ndim, shape, dist);
    if (a == NULL)
        return NULL;
    a->op = (int)op;
    a->compute = t->compute;
    a->generated = true;
    for (int k = 0; k < nin; k++) {
        a->generated &= da__node_moves_nothing(t->node[k]);
        da__node_add_input(a, t->node[k]);
    }
    return a;
}

da_array *da__elementwise_node(struct da__graph *g, const char *what, int nin,
                               da_array *const *node, da_dtype result, struct da__error *err)
{
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    const struct da__dist *dist = NULL;
    int64_t *reach = NULL;
    if (broadcast_all(what, nin, node, &ndim, shape, err) != DA_OK ||
        da__result_dist(g, nin, node, ndim, shape, &dist, &reach, err) != DA_OK)
        return NULL;
    da_array *a = da__node_new(g, DA__NODE_ELEMENTWISE, result, ndim, shape, dist);
    da__dist_drop(dist);
    if (a == NULL) {
        da__free(reach);
        return NULL;
    }
    a->reach = reach;
    a->generated = true;
    for (int k = 0; k < nin; k++) {
        a->generated &= da__node_moves_nothing(node[k]);
        da__node_add_input(a, node[k]);
    }
    return a;
}

/* Where all operands that hold data lie alike, and the others are single constants, so does the result: one of those operands.
 * NULL: it takes a closer look. Most operators of most programs need none, and describing must cost less than computing. */
static const da_array *alike(int nin, const struct da__operand *in)
{
    const da_array *first = NULL;
    for (int k = 0; k < nin; k++) {
        const da_array *a = in[k].array;
        if (a == NULL || (a->kind == DA__NODE_CONSTANT && a->ndim == 0 && a->dist == NULL))
            continue;
        if (a->dist == NULL || a->reach != NULL || da__node_moves_nothing(a) ||
            (first != NULL &&
             (a->dist != first->dist || a->ndim != first->ndim ||
              memcmp(a->shape, first->shape, (size_t)a->ndim * sizeof *a->shape) != 0)))
            return NULL;
        first = a;
    }
    return first;
}

static da_array *elementwise_any(struct da__graph *g, enum da__op_id op, int nin,
                                 const struct da__operand *in, da_dtype attr)
{
    da_array *bad = first_poison(g, nin, in);
    if (bad != NULL)
        return bad;
    if (any_unsized(nin, in))
        return defer_elementwise(g, op, nin, in, attr);
    struct da__error err = {.engine = -1};
    const char *what = da__op_info(op)->name;
    struct typed t;
    if (infer_types(op, nin, in, attr, &t, &err) != DA_OK)
        return poison_operator(g, what, &err);
    if ((bad = make_operands(g, op, nin, in, &t)) != NULL)
        return bad;
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    const struct da__dist *dist = NULL;
    int64_t *reach = NULL;
    if (broadcast_all(what, nin, t.node, &ndim, shape, &err) != DA_OK ||
        da__result_dist(g, nin, t.node, ndim, shape, &dist, &reach, &err) != DA_OK)
        return poison_operator(g, what, &err);
    da_array *a = make_operator(g, op, nin, &t, ndim, shape, dist);
    da__dist_drop(dist);
    if (a == NULL) {
        da__free(reach);
        return da__node_no_memory(g);
    }
    a->reach = reach;
    return a;
}

static da_array *elementwise(struct da__graph *g, enum da__op_id op, int nin,
                             const struct da__operand *in, da_dtype attr)
{
    struct typed t;
    const da_array *like = alike(nin, in);
    if (like == NULL || infer_types(op, nin, in, attr, &t, NULL) != DA_OK)
        return elementwise_any(g, op, nin, in, attr); /* which also tells what is wrong */
    da_array *bad = make_operands(g, op, nin, in, &t);
    if (bad != NULL)
        return bad;
    da_array *a = make_operator(g, op, nin, &t, like->ndim, like->shape, like->dist);
    return a != NULL ? a : da__node_no_memory(g);
}

/* x**2 is square(x), as in NumPy: the exact product, and far quicker than a power. */
static bool is_square(enum da__op_id op, const struct da__operand *in)
{
    if (op != DA__OP_POW || in[0].array == NULL || in[1].array != NULL ||
        in[0].array->dtype == DA_BOOL)
        return false;
    const struct da__scalar *exponent = &in[1].scalar;
    bool two = exponent->kind != DA__SCALAR_COMPLEX && exponent->kind != DA__SCALAR_BOOL &&
               exponent->re == 2;
    return two && da__promote_weak(in[0].array->dtype, exponent->kind) == in[0].array->dtype;
}

da_array *da__make_elementwise(struct da__graph *g, enum da__op_id op, int nin,
                               const struct da__operand *in)
{
    if (nin != da__op_info(op)->nin) {
        struct da__error err = {.engine = -1};
        da__fail(&err, DA_ERR_ARGUMENT, "da_%s: takes %d operands, not %d", da__op_info(op)->name,
                 da__op_info(op)->nin, nin);
        return da__make_poison(g, &err);
    }
    if (is_square(op, in))
        return elementwise(g, DA__OP_SQUARE, 1, in, DA_DTYPE_DEFAULT);
    return elementwise(g, op, nin, in, DA_DTYPE_DEFAULT);
}

da_array *da__make_astype(struct da__graph *g, da_array *x, da_dtype dtype)
{
    if (x->kind == DA__NODE_POISON || x->dtype == dtype)
        return da__node_again(g, x);
    if (!da__dtype_valid((int)dtype)) {
        struct da__error err = {.engine = -1};
        da__fail(&err, DA_ERR_DTYPE, "da_astype: %d is no dtype", (int)dtype);
        return da__make_poison(g, &err);
    }
    struct da__operand in = {.array = x};
    return elementwise(g, DA__OP_ASTYPE, 1, &in, dtype);
}

/* ---- reductions ---- */

da_status da__axes_mask(const char *what, int ndim, int naxes, const int64_t *axes, uint32_t *mask,
                        struct da__error *err)
{
    *mask = 0;
    if (naxes < 0)
        *mask = ndim == 32 ? UINT32_MAX : ((uint32_t)1 << ndim) - 1;
    for (int k = 0; k < naxes; k++) {
        int axis;
        DA_TRY(da__axis(axes[k], ndim, what, &axis, err));
        if (*mask >> axis & 1)
            return da__fail(err, DA_ERR_ARGUMENT, "%s: axis %d is named twice", what, axis);
        *mask |= (uint32_t)1 << axis;
    }
    return DA_OK;
}

static bool is_arg_reduction(enum da__red_id red)
{
    return red == DA__RED_ARGMIN || red == DA__RED_ARGMAX;
}

static da_status check_reduction(enum da__red_id red, const char *what, const da_array *x,
                                 int naxes, uint32_t mask, double correction, struct da__error *err)
{
    if (is_arg_reduction(red) && naxes >= 0 && naxes != 1)
        return da__fail(err, DA_ERR_ARGUMENT, "%s: takes one axis or all, not %d", what, naxes);
    if (!da__red_info(red)->has_identity)
        for (int k = 0; k < x->ndim; k++)
            if ((mask >> k & 1) && x->shape[k] == 0)
                return da__fail(err, DA_ERR_SHAPE,
                                "%s: axis %d has no elements, and %s of nothing has no value", what,
                                k, da__red_info(red)->name);
    if (!isfinite(correction))
        return da__fail(err, DA_ERR_ARGUMENT, "%s: the correction is not finite", what);
    return DA_OK;
}

static int reduced_shape(const da_array *x, uint32_t mask, bool keepdims, int64_t *shape)
{
    int ndim = 0;
    for (int k = 0; k < x->ndim; k++) {
        bool gone = mask >> k & 1;
        if (!gone)
            shape[ndim++] = x->shape[k];
        else if (keepdims)
            shape[ndim++] = 1;
    }
    return ndim;
}

static da_array *defer_reduce(struct da__graph *g, enum da__red_id red, da_array *x, int naxes,
                              const int64_t *axes, bool keepdims, double correction, da_dtype dtype)
{
    struct da__later c;
    da__later_begin(&c, da__red_info(red)->name);
    da__later_array(&c, "x", x);
    if (naxes >= 0)
        da__later_ints(&c, "axis", naxes, axes);
    da__later_flag(&c, "keepdims", keepdims);
    da__later_number(&c, "correction", correction);
    da__later_dtype(&c, "dtype", dtype);
    return da__later_defer(g, &c);
}

da_array *da__reduce_node(struct da__graph *g, da_array *x, uint32_t mask, bool keepdims,
                          da_dtype result, struct da__error *err)
{
    const struct da__dist *own = NULL, *dist = NULL;
    da_array *a = NULL;
    if (x->dist != NULL)
        own = da__dist_keep(x->dist);
    else if (da__spec_dist(g, x->ndim, x->shape, NULL, &own, err) != DA_OK)
        return NULL;
    int64_t shape[DA_MAX_NDIM];
    int ndim = reduced_shape(x, mask, keepdims, shape);
    if (da__dist_reduce(own, mask, keepdims, &dist) == DA_OK)
        a = da__node_new(g, DA__NODE_REDUCE, result, ndim, shape, dist);
    da__dist_drop(own);
    da__dist_drop(dist);
    if (a == NULL)
        return NULL;
    a->u.reduce.mask = mask;
    a->u.reduce.keepdims = keepdims;
    da__node_add_input(a, x);
    return a;
}

/* What `reproducible` makes of a reduction; NULL: it stays as it is. */
static da_array *reproducible(struct da__graph *g, enum da__red_id red, da_array *x, int naxes,
                              const int64_t *axes, bool keepdims, double correction, da_dtype dtype)
{
    struct da__error none = {.engine = -1};
    da_dtype compute, result;
    if (!da__graph_reproducible(g) ||
        da__red_infer(red, x->dtype, dtype, &compute, &result, &none) != DA_OK)
        return NULL;
    char kind = da__dtype(compute)->kind;
    if (kind != 'f' && kind != 'c')
        return NULL;
    if (red == DA__RED_SUM)
        return da__make_reduce(g, DA__RED_REPRODUCIBLE_SUM, x, naxes, axes, keepdims, 0, dtype);
    if (red == DA__RED_MEAN)
        return da__make_reduce(g, DA__RED_REPRODUCIBLE_MEAN, da__make_astype(g, x, compute), naxes,
                               axes, keepdims, 0, DA_DTYPE_DEFAULT);
    if (red == DA__RED_VAR || red == DA__RED_STD)
        return da__make_reproducible_var(g, red, x, naxes, axes, keepdims, correction, result);
    return NULL;
}

da_array *da__make_reduce(struct da__graph *g, enum da__red_id red, da_array *x, int naxes,
                          const int64_t *axes, bool keepdims, double correction, da_dtype dtype)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return defer_reduce(g, red, x, naxes, axes, keepdims, correction, dtype);
    da_array *other = reproducible(g, red, x, naxes, axes, keepdims, correction, dtype);
    if (other != NULL)
        return other;
    struct da__error err = {.engine = -1};
    const char *what = da__red_info(red)->name;
    uint32_t mask;
    da_dtype compute, result;
    if (da__axes_mask(what, x->ndim, naxes, axes, &mask, &err) != DA_OK ||
        check_reduction(red, what, x, naxes, mask, correction, &err) != DA_OK ||
        da__red_infer(red, x->dtype, dtype, &compute, &result, &err) != DA_OK)
        return poison_operator(g, what, &err);
    da_array *a = da__reduce_node(g, x, mask, keepdims, result, &err);
    if (a == NULL)
        return poison(g, &err);
    a->op = (int)red;
    a->compute = compute;
    a->u.reduce.correction = correction;
    return a;
}
