/* Joins and updates: kernels that write parts of one array, each over the part's own space and on the part's owners. */
#include "lower.h"

/* Begins a step over a part of the value; false: no memory. */
static bool start_part(struct da__lowering *l, struct da__step_builder *b, const da_array *a,
                       const struct da__dist *whole, const struct da__view *v, int ndim,
                       const int64_t *shape)
{
    const struct da__dist *d = NULL;
    if (whole == NULL || da__dist_view(whole, v, shape, &d) != DA_OK) {
        l->program->failed = true;
        return false;
    }
    da__builder_start(b, l->program, ndim, shape, da__program_add_dist(l->program, d), a->id);
    b->share = l->share;
    da__dist_drop(d);
    return true;
}

/* The elements of `from`, which has the part's shape, go where `v` says; the rest of `value` is `base`. */
static void write_part(struct da__lowering *l, const da_array *a, const da_array *from,
                       const struct da__dist *whole, const struct da__view *v, int value, int base)
{
    struct da__step_builder b;
    if (!start_part(l, &b, a, whole, v, from->ndim, from->shape))
        return;
    da__ref ref = da__lower_operand(l, &b, from, from->ndim, from->shape, a->dtype);
    da__builder_part(&b, ref, value, base, v);
    da__builder_finish(&b);
}

/* A further state of an array that is written part by part. */
static int next_state(struct da__lowering *l, const da_array *a, const struct da__dist *d)
{
    int dist = d != NULL ? da__program_add_dist(l->program, d) : -1;
    return da__program_add_value(l->program, DA__VALUE_TEMP, a->dtype, a->ndim, a->shape, dist,
                                 a->id);
}

void da__lower_concat(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted)
{
    const struct da__dist *d = da__lower_dist(l, a);
    int axis = a->u.axis, base = -1, last = a->nin - 1;
    struct da__view v;
    e->value = da__lower_result(l, a, wanted);
    while (last > 0 && da__nelem(a->in[last]->ndim, a->in[last]->shape) == 0)
        last--;
    da__view_identity(a->ndim, &v);
    for (int k = 0; k <= last; k++) {
        const da_array *from = a->in[k];
        bool empty = da__nelem(from->ndim, from->shape) == 0;
        if (k < last && empty)
            continue;
        int value = k == last ? e->value : next_state(l, a, d);
        write_part(l, a, from, d, &v, value, base);
        v.offset[axis] += from->shape[axis];
        base = value;
    }
}

void da__lower_assign(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted)
{
    const struct da__dist *d = da__lower_dist(l, a);
    const da_array *from = a->in[1];
    bool all = da__view_is_identity(a->u.view);
    for (int k = 0; all && k < a->ndim; k++)
        all = from->shape[k] == a->shape[k];
    if (all) { /* nothing is left of the old array */
        e->value = da__lower_result(l, a, wanted);
        da__lower_copy(l, from, a, d, e->value);
        return;
    }
    int base = da__lower_stored(l, a->in[0], d);
    e->value = da__lower_result(l, a, wanted);
    write_part(l, a, a->in[1], d, a->u.view, e->value, base);
}
