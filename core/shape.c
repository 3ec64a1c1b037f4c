/* Shapes: sizes, broadcasting, axes and how they are written. */
#include "da_core.h"

#include <stdio.h>

int64_t da__nelem(int ndim, const int64_t *shape)
{
    int64_t nelem = 1;
    bool overflow = false;
    for (int k = 0; k < ndim; k++) {
        if (shape[k] == 0)
            return 0;
        overflow = overflow || !da__mul_i64(nelem, shape[k], &nelem);
    }
    return overflow ? -1 : nelem;
}

static da_status broadcast_error(int ndim, const int64_t *shape, int other_ndim,
                                 const int64_t *other, int axis, const char *what,
                                 struct da__error *err)
{
    char a[160], b[160];
    return da__fail(err, DA_ERR_SHAPE, "%s%sshapes %s and %s do not broadcast at axis %d",
                    what != NULL ? what : "", what != NULL ? ": " : "",
                    da__shape_text(ndim, shape, a, sizeof a),
                    da__shape_text(other_ndim, other, b, sizeof b), axis);
}

da_status da__broadcast(int *ndim, int64_t *shape, int other_ndim, const int64_t *other,
                        const char *what, struct da__error *err)
{
    int64_t out[DA_MAX_NDIM];
    int wide = *ndim > other_ndim ? *ndim : other_ndim;
    for (int k = 0; k < wide; k++) {
        int ka = k - (wide - *ndim), kb = k - (wide - other_ndim);
        int64_t a = ka >= 0 ? shape[ka] : 1, b = kb >= 0 ? other[kb] : 1;
        if (a != b && a != 1 && b != 1)
            return broadcast_error(*ndim, shape, other_ndim, other, k, what, err);
        out[k] = a == 1 ? b : a;
    }
    for (int k = 0; k < wide; k++)
        shape[k] = out[k];
    *ndim = wide;
    return DA_OK;
}

da_status da__axis(int64_t axis, int ndim, const char *what, int *out, struct da__error *err)
{
    if (axis < -(int64_t)ndim || axis >= ndim)
        return da__fail(err, DA_ERR_ARGUMENT, "%s%saxis %lld is out of range for %d dimension%s",
                        what != NULL ? what : "", what != NULL ? ": " : "", (long long)axis, ndim,
                        ndim == 1 ? "" : "s");
    *out = (int)(axis < 0 ? axis + ndim : axis);
    return DA_OK;
}

char *da__shape_text(int ndim, const int64_t *shape, char *buf, size_t size)
{
    size_t at = 0;
    if (size == 0)
        return buf;
    buf[0] = '\0';
    for (int k = 0; k < ndim && at < size; k++) {
        int n = snprintf(buf + at, size - at, "%s%lld", k == 0 ? "(" : ", ", (long long)shape[k]);
        at += (size_t)n;
    }
    if (at < size)
        snprintf(buf + at, size - at, "%s", ndim == 0 ? "()" : ndim == 1 ? ",)" : ")");
    return buf;
}

void da__strides_c(int ndim, const int64_t *shape, int64_t itemsize, int64_t *strides)
{
    int64_t stride = itemsize;
    for (int k = ndim - 1; k >= 0; k--) {
        strides[k] = stride;
        /* Only a shape without elements can overflow here, and its strides are never used. */
        if (!da__mul_i64(stride, shape[k], &stride))
            stride = 0;
    }
}
