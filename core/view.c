/* Affine views: how an iteration space reads a base array. */
#include "da_core.h"

void da__view_identity(int ndim, struct da__view *v)
{
    *v = (struct da__view){.ndim = ndim, .base_ndim = ndim};
    for (int b = 0; b < ndim; b++) {
        v->axis[b] = b;
        v->step[b] = 1;
    }
}

void da__view_broadcast(int base_ndim, const int64_t *base, int ndim, const int64_t *shape,
                        struct da__view *v)
{
    *v = (struct da__view){.ndim = ndim, .base_ndim = base_ndim};
    for (int b = 0; b < base_ndim; b++) {
        int k = b + ndim - base_ndim;
        bool repeated = base[b] != shape[k];
        v->axis[b] = repeated ? -1 : k;
        v->step[b] = repeated ? 0 : 1;
    }
}

void da__view_compose(const struct da__view *inner, const struct da__view *outer,
                      struct da__view *out)
{
    struct da__view v = {.ndim = outer->ndim, .base_ndim = inner->base_ndim};
    for (int b = 0; b < inner->base_ndim; b++) {
        int k = inner->axis[b];
        v.axis[b] = k < 0 ? -1 : outer->axis[k];
        v.offset[b] = inner->offset[b] + (k < 0 ? 0 : inner->step[b] * outer->offset[k]);
        v.step[b] = v.axis[b] < 0 ? 0 : inner->step[b] * outer->step[k];
    }
    *out = v;
}

bool da__view_is_identity(const struct da__view *v)
{
    if (v->ndim != v->base_ndim)
        return false;
    for (int b = 0; b < v->base_ndim; b++) {
        if (v->axis[b] != b || v->offset[b] != 0 || v->step[b] != 1)
            return false;
    }
    return true;
}

bool da__view_equal(const struct da__view *a, const struct da__view *b)
{
    if (a->ndim != b->ndim || a->base_ndim != b->base_ndim)
        return false;
    for (int k = 0; k < a->base_ndim; k++) {
        if (a->axis[k] != b->axis[k] || a->offset[k] != b->offset[k])
            return false;
        if (a->axis[k] >= 0 && a->step[k] != b->step[k])
            return false;
    }
    return true;
}
