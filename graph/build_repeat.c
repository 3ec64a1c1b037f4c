/* Each element repeated as often as a count of its own says: the counts give the indices to take, whose number data decide. */
#include "deferred.h"
#include "infer.h"
#include "routine.h"

#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

/* ---- the indices ---- */

/* The counts are read in blocks over all engines, so that the engines' lists follow each other. */
static da_status counts_dist(struct da__graph *g, const da_array *a, const struct da__dist **out)
{
    struct da__error err = {.engine = -1};
    return da__spec_dist(g, 1, a->in[0]->shape, NULL, out, &err);
}

const struct da__routine_rules da__repeat_rules = {.space = 1, .space_dist = counts_dist};

/* NumPy takes what casts safely to int64. */
static da_status check_counts(const da_array *counts, struct da__error *err)
{
    if (da__promote(counts->dtype, DA_INT64) != DA_INT64)
        return da__fail(err, DA_ERR_DTYPE, "da_repeat: repeats are %s, which is not safely int64",
                        da__dtype(counts->dtype)->name);
    if (counts->ndim > 1)
        return da__fail(err, DA_ERR_SHAPE, "da_repeat: repeats have %d dimensions, not 1",
                        counts->ndim);
    return DA_OK;
}

da_array *da__make_repeat_index(struct da__graph *g, da_array *counts)
{
    struct da__error err = {.engine = -1};
    int64_t unsized = DA__UNSIZED;
    if (counts->kind == DA__NODE_POISON)
        return da__node_again(g, counts);
    if (check_counts(counts, &err) != DA_OK)
        return poison(g, &err);
    if (counts->ndim == 0)
        counts = da__make_expand_dims(g, counts, 0);
    if (counts->unsized) {
        struct da__later c;
        da__later_begin(&c, "repeat_index");
        da__later_array(&c, "counts", counts);
        return da__later_defer(g, &c);
    }
    da_array *whole = da__make_astype(g, counts, DA_INT64);
    if (whole->kind == DA__NODE_POISON)
        return whole;
    da_array *a = da__routine_node(g, DA__ROUTINE_REPEAT, DA_INT64, 1, &unsized, NULL, 1, 0, NULL);
    if (a == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, whole);
    return a;
}

/* ---- repeat ---- */

da_array *da__repeat_later(struct da__graph *g, da_array *x, const struct da__operand *repeats,
                           const int64_t *axis)
{
    struct da__later c;
    da__later_begin(&c, "repeat");
    da__later_array(&c, "x", x);
    da__later_operand(&c, "repeats", repeats);
    if (axis != NULL)
        da__later_int(&c, "axis", *axis);
    return da__later_defer(g, &c);
}

da_array *da__make_repeat_each(struct da__graph *g, da_array *x, da_array *counts,
                               const int64_t *axis)
{
    struct da__error err = {.engine = -1};
    int along = 0;
    if (x->kind == DA__NODE_POISON || counts->kind == DA__NODE_POISON)
        return da__node_again(g, x->kind == DA__NODE_POISON ? x : counts);
    if (check_counts(counts, &err) != DA_OK ||
        (axis != NULL && da__axis(*axis, x->ndim, "da_repeat", &along, &err) != DA_OK))
        return poison(g, &err);
    if (x->unsized || counts->unsized)
        return da__repeat_later(g, x, &(struct da__operand){.array = counts}, axis);
    if (axis == NULL)
        x = da__make_flatten(g, x);
    if (x->kind == DA__NODE_POISON)
        return x;
    int64_t n = x->shape[along];
    if (counts->ndim == 0 || counts->shape[0] == 1)
        counts = da__make_broadcast_to(g, counts, 1, &n);
    else if (counts->shape[0] != n) {
        da__fail(&err, DA_ERR_SHAPE, "da_repeat: %lld repeats for %lld elements along axis %d",
                 (long long)counts->shape[0], (long long)n, along);
        return poison(g, &err);
    }
    return da__make_take(g, x, da__make_repeat_index(g, counts), along);
}

/* What a number of repeats makes of an axis before the array's size is known. */
static da_status tell_extent(const struct da__scalar *repeats, int64_t *extent,
                             struct da__error *err)
{
    if (repeats->kind > DA__SCALAR_INT)
        return da__fail(err, DA_ERR_ARGUMENT, "da_repeat: repeats is no integer");
    if (repeats->i < 0)
        return da__fail(err, DA_ERR_ARGUMENT,
                        "da_repeat: repeats may not contain negative values: %lld",
                        (long long)repeats->i);
    if (*extent != DA__UNSIZED && !da__mul_i64(*extent, repeats->i, extent))
        return da__fail(err, DA_ERR_SHAPE, "da_repeat: the result has more than 2^63 elements");
    return DA_OK;
}

da_status da__tell_repeat(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg, struct da__inferred *out,
                          struct da__error *err)
{
    const da_array *x = arg[0].operand.array;
    bool flat = arg[2].kind == DA__ARG_NONE;
    int along = 0;
    (void)g, (void)c;
    out->dtype = x->dtype;
    out->ndim = flat ? 1 : x->ndim;
    if (!flat) {
        DA_TRY(da__axis(arg[2].operand.scalar.i, x->ndim, "da_repeat", &along, err));
        memcpy(out->shape, x->shape, (size_t)x->ndim * sizeof *x->shape);
    } else {
        out->shape[0] = x->unsized ? DA__UNSIZED : da__nelem(x->ndim, x->shape);
    }
    if (arg[1].operand.array != NULL)
        out->shape[along] = DA__UNSIZED;
    else
        DA_TRY(tell_extent(&arg[1].operand.scalar, &out->shape[along], err));
    return DA_OK;
}
