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

/* A wrapped axis: every place on the way round exists, as da_core.h wants it, and no index overflows. */
static da_status check_wrapped(int b, const struct da__view *v, int64_t count, int64_t extent,
                               struct da__error *err)
{
    int64_t period = v->period[b], phase = v->phase[b], step = v->step[b], way;
    if (step == 0 || step <= -period || step >= period ||
        !da__mul_i64(step < 0 ? -step : step, count - 1, &way) || way >= period)
        return da__fail(err, DA_ERR_INDEX,
                        "step %lld over %lld indices goes round a period of %lld more than once",
                        (long long)step, (long long)count, (long long)period);
    int64_t unit = da__gcd(step, period);
    if (phase % unit != 0)
        return da__fail(err, DA_ERR_INDEX, "phase[%d] is %lld and no multiple of %lld", b,
                        (long long)phase, (long long)unit);
    if (v->offset[b] < 0 || v->offset[b] >= extent || period - unit >= extent - v->offset[b])
        return da__fail(err, DA_ERR_INDEX,
                        "offset %lld and a period of %lld leave axis %d of extent %lld",
                        (long long)v->offset[b], (long long)period, b, (long long)extent);
    return DA_OK;
}

static da_status check_axis(int b, struct da__view *v, const int64_t *shape, int64_t extent,
                            bool empty, struct da__error *err)
{
    int axis = v->axis[b];
    int64_t count = axis >= 0 ? shape[axis] : 1;
    if (v->period[b] < 0 || v->phase[b] < 0 || (v->phase[b] > 0 && v->phase[b] >= v->period[b]))
        return da__fail(err, DA_ERR_INDEX, "phase[%d] is %lld in a period of %lld", b,
                        (long long)v->phase[b], (long long)v->period[b]);
    if (count > 1 && v->period[b] > 0)
        return check_wrapped(b, v, count, extent, err);
    if (!da__add_i64(v->offset[b], v->phase[b], &v->offset[b])) /* one place on the way round */
        return da__fail(err, DA_ERR_INDEX, "offset[%d] is %lld", b, (long long)v->offset[b]);
    v->period[b] = v->phase[b] = 0;
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

static da_status check_lists(int base_ndim, const struct da__view_lists *l, struct da__error *err)
{
    if (l->naxis != base_ndim || l->noffset != base_ndim || l->nstep != base_ndim)
        return da__fail(
            err, DA_ERR_ARGUMENT,
            "axis, offset and step have %lld, %lld and %lld entries for an array of %d dimensions",
            (long long)l->naxis, (long long)l->noffset, (long long)l->nstep, base_ndim);
    bool none = l->nperiod == 0 && l->nphase == 0;
    if (!none && (l->nperiod != base_ndim || l->nphase != base_ndim))
        return da__fail(err, DA_ERR_ARGUMENT,
                        "period and phase have %lld and %lld entries for an array of %d dimensions",
                        (long long)l->nperiod, (long long)l->nphase, base_ndim);
    return DA_OK;
}

da_status da__view_read(int base_ndim, const int64_t *base, const struct da__view_lists *l,
                        struct da__view *out, struct da__error *err)
{
    bool empty = false;
    DA_TRY(check_shape(l->nshape, l->shape, &empty, err));
    DA_TRY(check_lists(base_ndim, l, err));
    *out = (struct da__view){.ndim = (int)l->nshape, .base_ndim = base_ndim};
    for (int b = 0; b < base_ndim; b++) {
        if (l->axis[b] < -1 || l->axis[b] >= out->ndim)
            return da__fail(err, DA_ERR_ARGUMENT, "axis[%d] is %lld in a space of %d dimensions", b,
                            (long long)l->axis[b], out->ndim);
        out->axis[b] = (int)l->axis[b];
        out->offset[b] = l->offset[b];
        out->step[b] = l->step[b];
        out->period[b] = l->nperiod > 0 ? l->period[b] : 0;
        out->phase[b] = l->nperiod > 0 ? l->phase[b] : 0;
        DA_TRY(check_axis(b, out, l->shape, base[b], empty, err));
    }
    return DA_OK;
}

da_status da__view_is_place(const struct da__view *v, const int64_t *shape, struct da__error *err)
{
    bool named[DA_MAX_NDIM] = {false};
    for (int b = 0; b < v->base_ndim; b++) {
        int axis = v->axis[b];
        if (axis < 0)
            continue;
        if (named[axis] || v->period[b] != 0 || v->step[b] == 0)
            return da__fail(err, DA_ERR_INDEX, "axis %d is no slice of the whole", axis);
        named[axis] = true;
    }
    for (int k = 0; k < v->ndim; k++)
        if (!named[k] && shape[k] > 1)
            return da__fail(err, DA_ERR_INDEX, "axis %d has no place in the whole", k);
    return DA_OK;
}
