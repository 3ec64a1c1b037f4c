/* Copies the product of per-axis matches: into consecutive bytes, out of them, or between two strided places. */
#include "copy.h"

/* One combination of matches, one per axis, is a strided box on both sides. */
struct packing {
    int ndim;
    const struct da__pack_axis *axis;
    int64_t stride[DA_MAX_NDIM]; /* bytes between list positions in the packed region */
    int at[DA_MAX_NDIM];         /* the match that is up, per axis */
    int64_t before[DA_MAX_NDIM]; /* list positions before it */
    int64_t nbytes;
};

static int64_t match_nelem(const struct da__match *m)
{
    return m->count * m->reps;
}

static void packing_begin(struct packing *p, int ndim, const struct da__pack_axis *axis,
                          size_t item)
{
    p->ndim = ndim;
    p->axis = axis;
    p->nbytes = (int64_t)item;
    for (int k = ndim - 1; k >= 0; k--) {
        int64_t nelem = 0;
        for (int i = 0; i < axis[k].n; i++)
            nelem += match_nelem(&axis[k].m[i]);
        p->stride[k] = p->nbytes;
        p->at[k] = 0;
        p->before[k] = 0;
        p->nbytes *= nelem;
    }
}

static bool packing_next(struct packing *p)
{
    for (int k = p->ndim - 1; k >= 0; k--) {
        p->before[k] += match_nelem(&p->axis[k].m[p->at[k]]);
        if (++p->at[k] < p->axis[k].n)
            return true;
        p->at[k] = 0;
        p->before[k] = 0;
    }
    return false;
}

/* The box of the combination that is up: src strides are the local side's, dst strides the packed
 * side's. */
static void packing_box(const struct packing *p, struct da__copy_box *box, int64_t *local,
                        int64_t *packed)
{
    box->ndim = 0;
    *local = *packed = 0;
    for (int k = 0; k < p->ndim; k++) {
        const struct da__pack_axis *axis = &p->axis[k];
        const struct da__match *m = &axis->m[p->at[k]];
        int64_t first = axis->side_b ? m->b : m->a;
        int64_t step = axis->side_b ? m->step_b : m->step_a;
        int64_t stride = axis->side_b ? m->stride_b : m->stride_a;
        *local += first * axis->stride;
        *packed += p->before[k] * p->stride[k];
        da__copy_axis(box, m->reps, m->count * p->stride[k], stride * axis->stride);
        da__copy_axis(box, m->count, p->stride[k], step * axis->stride);
    }
}

int64_t da__pack(int ndim, const struct da__pack_axis *axis, size_t item, const char *base,
                 char *packed)
{
    struct packing p;
    struct da__copy_box box;
    int64_t from, to;
    packing_begin(&p, ndim, axis, item);
    if (p.nbytes == 0)
        return 0;
    do {
        packing_box(&p, &box, &from, &to);
        da__copy_arranged(&box, item, packed + to, base + from);
    } while (packing_next(&p));
    return p.nbytes;
}

int64_t da__unpack(int ndim, const struct da__pack_axis *axis, size_t item, char *base,
                   const char *packed)
{
    struct packing p;
    struct da__copy_box box;
    int64_t from, to;
    packing_begin(&p, ndim, axis, item);
    if (p.nbytes == 0)
        return 0;
    do {
        packing_box(&p, &box, &to, &from);
        for (int k = 0; k < box.ndim; k++) {
            int64_t local = box.src[k];
            box.src[k] = box.dst[k];
            box.dst[k] = local;
        }
        da__copy_arranged(&box, item, base + to, packed + from);
    } while (packing_next(&p));
    return p.nbytes;
}

/* The next combination of matches, the last axis first; false: that was all. */
static bool next_matches(int ndim, const struct da__match_axis *axis, int *at)
{
    for (int k = ndim - 1; k >= 0; k--) {
        if (++at[k] < axis[k].n)
            return true;
        at[k] = 0;
    }
    return false;
}

void da__copy_matched(int ndim, const struct da__match_axis *axis, size_t item, char *a, char *b,
                      bool to_b)
{
    int at[DA_MAX_NDIM] = {0};
    for (int k = 0; k < ndim; k++)
        if (axis[k].n == 0)
            return;
    do {
        struct da__copy_box box;
        char *from = to_b ? a : b, *to = to_b ? b : a;
        box.ndim = 0;
        for (int k = 0; k < ndim; k++) {
            const struct da__match *m = &axis[k].m[at[k]];
            int64_t sa = axis[k].stride_a, sb = axis[k].stride_b;
            int64_t first_a = m->a * sa, first_b = m->b * sb;
            from += to_b ? first_a : first_b;
            to += to_b ? first_b : first_a;
            da__copy_axis(&box, m->reps, to_b ? m->stride_b * sb : m->stride_a * sa,
                          to_b ? m->stride_a * sa : m->stride_b * sb);
            da__copy_axis(&box, m->count, to_b ? m->step_b * sb : m->step_a * sa,
                          to_b ? m->step_a * sa : m->step_b * sb);
        }
        da__copy_arranged(&box, item, to, from);
    } while (next_matches(ndim, axis, at));
}
