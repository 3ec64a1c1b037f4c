/* Affine views that come from text: the one place where outside numbers become a view, so they are
 * checked here. */
#include "calls.h"

/* The base index stays inside its extent for every index of the iteration axis; nothing overflows
 * on the way. */
static bool stays_inside(int64_t offset, int64_t step, int64_t count, int64_t extent)
{
    int64_t span, last;
    if (!da__mul_i64(step, count - 1, &span) || !da__add_i64(offset, span, &last))
        return false;
    return offset >= 0 && offset < extent && last >= 0 && last < extent;
}

/* Where few indices bound nothing, a step must still be small enough to be multiplied. */
static bool is_moderate(int64_t step)
{
    return step >= -INT32_MAX && step <= INT32_MAX;
}

static da_status check_axis(int b, const struct da__view *v, const int64_t *shape, int64_t extent,
                            bool empty, struct da__error *err)
{
    int axis = v->axis[b];
    int64_t count = axis >= 0 ? shape[axis] : 1;
    if ((empty || count <= 1) && !is_moderate(v->step[b]))
        return da__fail(err, DA_ERR_INDEX, "step[%d] is %lld", b, (long long)v->step[b]);
    if (empty && !is_moderate(v->offset[b]))
        return da__fail(err, DA_ERR_INDEX, "offset[%d] is %lld", b, (long long)v->offset[b]);
    if (!empty && !stays_inside(v->offset[b], v->step[b], count, extent))
        return da__fail(err, DA_ERR_INDEX,
                        "offset %lld and step %lld over %lld indices leave axis %d of extent %lld",
                        (long long)v->offset[b], (long long)v->step[b], (long long)count, b,
                        (long long)extent);
    return DA_OK;
}

static da_status check_shape(int64_t ndim, const int64_t *shape, bool *empty, struct da__error *err)
{
    if (ndim > DA_MAX_NDIM)
        return da__fail(err, DA_ERR_SHAPE, "shape has %lld entries, at most %d are possible",
                        (long long)ndim, DA_MAX_NDIM);
    *empty = false;
    for (int64_t k = 0; k < ndim; k++) {
        if (shape[k] < 0)
            return da__fail(err, DA_ERR_SHAPE, "shape[%lld] is negative", (long long)k);
        *empty |= shape[k] == 0;
    }
    if (da__nelem((int)ndim, shape) < 0)
        return da__fail(err, DA_ERR_SHAPE, "the view has more than 2^63 elements");
    return DA_OK;
}

da_status da__view_read(int base_ndim, const int64_t *base, const struct da__arg *shape,
                        const struct da__arg *axis, const struct da__arg *offset,
                        const struct da__arg *step, struct da__view *out, struct da__error *err)
{
    bool empty = false;
    DA_TRY(check_shape(shape->nints, shape->ints, &empty, err));
    if (axis->nints != base_ndim || offset->nints != base_ndim || step->nints != base_ndim)
        return da__fail(
            err, DA_ERR_ARGUMENT,
            "axis, offset and step have %lld, %lld and %lld entries for an array of %d dimensions",
            (long long)axis->nints, (long long)offset->nints, (long long)step->nints, base_ndim);
    *out = (struct da__view){.ndim = (int)shape->nints, .base_ndim = base_ndim};
    for (int b = 0; b < base_ndim; b++) {
        if (axis->ints[b] < -1 || axis->ints[b] >= out->ndim)
            return da__fail(err, DA_ERR_ARGUMENT, "axis[%d] is %lld in a space of %d dimensions", b,
                            (long long)axis->ints[b], out->ndim);
        out->axis[b] = (int)axis->ints[b];
        out->offset[b] = offset->ints[b];
        out->step[b] = step->ints[b];
        DA_TRY(check_axis(b, out, shape->ints, base[b], empty, err));
    }
    return DA_OK;
}
