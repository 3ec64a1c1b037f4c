/* When two distributions are the same: equal maps, on the same engines. Equality and hash read the
 * same normal form. */
#include "dist.h"
#include "map.h"

#include <stdlib.h>

/* One dimension of the grid that has more than one coordinate, seen from the engines. */
struct dim {
    int axis; /* array axis, or ndim for replicas */
    int64_t size;
    int64_t stride; /* in engine ids, or in places of the engine set where those are irregular */
};

/* Which engine holds which coordinates. Axes come in order, then replica dimensions by descending
 * stride, with those joined that go on where the next one ends. */
struct layout {
    int ndims;
    struct dim dim[DA_MAX_NDIM];
    bool regular; /* engine id = first + sum of coordinate * stride */
    int64_t first;
};

static int compare_dims(const void *x, const void *y)
{
    const struct dim *p = x, *q = y;
    if (p->axis != q->axis)
        return p->axis - q->axis;
    return (p->stride < q->stride) - (p->stride > q->stride);
}

static void join_replicas(struct layout *l, int ndim)
{
    int kept = 0;
    for (int k = 0; k < l->ndims; k++) {
        struct dim *last = kept > 0 ? &l->dim[kept - 1] : NULL;
        const struct dim *next = &l->dim[k];
        if (last != NULL && last->axis == ndim && next->axis == ndim &&
            last->stride == next->stride * next->size) {
            last->size *= next->size;
            last->stride = next->stride;
        } else {
            l->dim[kept++] = *next;
        }
    }
    l->ndims = kept;
}

/* The engine at coordinates given as one number, the first dimension slowest. */
static int64_t engine_at(const struct da__dist *d, const struct layout *places, int64_t number)
{
    int64_t place = d->offset;
    for (int k = places->ndims - 1; k >= 0; k--) {
        place += number % places->dim[k].size * places->dim[k].stride;
        number /= places->dim[k].size;
    }
    return da__set_get(&d->engines, place);
}

/* An irregular engine set may still be regular on the places in use. Strides are in places on
 * entry. */
static bool make_regular(const struct da__dist *d, struct layout *l)
{
    int64_t start, step, total = 1;
    bool affine = da__set_is_affine(&d->engines, &start, &step);
    struct layout r = *l;
    r.first = engine_at(d, l, 0);
    for (int k = l->ndims - 1; k >= 0; k--) {
        r.dim[k].stride = engine_at(d, l, total) - r.first;
        total *= l->dim[k].size;
    }
    for (int64_t number = 0; !affine && number < total; number++) {
        int64_t engine = r.first, rest = number;
        for (int k = r.ndims - 1; k >= 0; k--) {
            engine += rest % r.dim[k].size * r.dim[k].stride;
            rest /= r.dim[k].size;
        }
        if (engine != engine_at(d, l, number))
            return false;
    }
    r.regular = true;
    *l = r;
    return true;
}

static struct layout layout_of(const struct da__dist *d)
{
    struct layout l = {0};
    for (int g = 0; g < d->ngrid; g++) {
        if (d->grid[g] == 1)
            continue;
        int axis = 0;
        while (axis < d->ndim && d->axis_grid[axis] != g)
            axis++;
        l.dim[l.ndims++] = (struct dim){axis, d->grid[g], d->grid_stride[g]};
    }
    qsort(l.dim, (size_t)l.ndims, sizeof *l.dim, compare_dims);
    make_regular(d, &l);
    join_replicas(&l, d->ndim);
    return l;
}

static bool same_dims(const struct layout *x, const struct layout *y)
{
    if (x->ndims != y->ndims || x->regular != y->regular || x->first != y->first)
        return false;
    for (int k = 0; k < x->ndims; k++) {
        if (x->dim[k].axis != y->dim[k].axis || x->dim[k].size != y->dim[k].size ||
            (x->regular && x->dim[k].stride != y->dim[k].stride))
            return false;
    }
    return true;
}

static int64_t layout_nelem(const struct layout *l)
{
    int64_t n = 1;
    for (int k = 0; k < l->ndims; k++)
        n *= l->dim[k].size;
    return n;
}

bool da__dist_equal(const struct da__dist *a, const struct da__dist *b)
{
    if (a == b)
        return true;
    if (a->ndim != b->ndim)
        return false;
    for (int k = 0; k < a->ndim; k++) {
        if (!da__map_equal(&a->map[k], &b->map[k]))
            return false;
    }
    struct layout x = layout_of(a), y = layout_of(b);
    if (!same_dims(&x, &y))
        return false;
    int64_t n = x.regular ? 0 : layout_nelem(&x);
    for (int64_t number = 0; number < n; number++) {
        if (engine_at(a, &x, number) != engine_at(b, &y, number))
            return false;
    }
    return true;
}

void da__dist_hash(const struct da__dist *d, struct da__hash *h)
{
    da__hash_i64(h, d->ndim);
    for (int k = 0; k < d->ndim; k++)
        da__map_hash(&d->map[k], h);
    struct layout l = layout_of(d);
    da__hash_i64(h, l.ndims);
    da__hash_i64(h, l.regular ? 1 : 0);
    da__hash_i64(h, l.first);
    for (int k = 0; k < l.ndims; k++) {
        da__hash_i64(h, l.dim[k].axis);
        da__hash_i64(h, l.dim[k].size);
        da__hash_i64(h, l.regular ? l.dim[k].stride : 0);
    }
    int64_t n = l.regular ? 0 : layout_nelem(&l);
    for (int64_t number = 0; number < n; number++)
        da__hash_i64(h, engine_at(d, &l, number));
}
