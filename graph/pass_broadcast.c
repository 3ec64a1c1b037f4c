/* Pass `broadcast`: what many engines read whole of one goes along a tree. A row that all engines need would leave its owner in one
 * message per reader. Instead it is copied to a few engines, from these to a few times as many, and so on; the reader reads the
 * last copies, spread over them. Every engine sends and receives in proportion to the logarithm of the number of readers,
 * and which engines have copies is decided by the distributions alone. */
#include "pass.h"

/* One engine gives a value to this many others at most before a level of copies is put between. */
enum { FANOUT = 4, LOOKED_THROUGH = 32 };

/* What a step reads of a value, without the axes along which it is broadcast. */
struct spread {
    int value, ndim;
    int64_t shape[DA_MAX_NDIM];
    int axis[DA_MAX_NDIM];       /* of the region: the step's */
    struct da__view view;        /* of the value by the region */
    const struct da__dist *last; /* where the readers are: owned */
};
/* A tree that has been made: later readers use it too. */
struct made {
    int value, copy;
    struct da__view view;
    const struct da__dist *last; /* owned */
};
struct broadcasting {
    struct da__program *p;
    struct made *made;
    int64_t nmade, cap;
};

/* ---- what is broadcast ---- */

static bool names_dim(const struct da__dist *d, int g)
{
    for (int k = 0; k < d->ndim; k++)
        if (d->axis_grid[k] == g)
            return true;
    return false;
}

static int64_t ncopies(const struct da__dist *d)
{
    int64_t n = 1;
    for (int g = 0; g < d->ngrid; g++)
        if (!names_dim(d, g))
            n *= d->grid[g];
    return n;
}

/* The region and its view of the value; returns the mask of the step's axes along which it is the same. */
static uint32_t find_region(const struct da__step *s, const struct da__step_input *in,
                            struct spread *out)
{
    int place[DA_MAX_NDIM];
    uint32_t same = 0;
    out->value = in->value;
    out->view = in->view;
    for (int k = 0; k < s->ndim; k++) {
        bool named = false;
        for (int b = 0; b < in->view.base_ndim; b++)
            named |= in->view.axis[b] == k && in->view.step[b] != 0;
        place[k] = named ? out->ndim : -1;
        if (named) {
            out->axis[out->ndim] = k;
            out->shape[out->ndim++] = s->shape[k];
        } else {
            same |= UINT32_C(1) << k;
        }
    }
    out->view.ndim = out->ndim;
    for (int b = 0; b < in->view.base_ndim; b++)
        if (in->view.axis[b] >= 0)
            out->view.axis[b] = place[in->view.axis[b]];
    return same;
}

/* From how many engines the holder of a copy gathers it: axes that are split where the value lies and whole in a copy. */
static int64_t sources(const struct da__dist *from, const struct da__dist *copy)
{
    int64_t n = 1;
    for (int k = 0; k < copy->ndim; k++)
        if (copy->axis_grid[k] < 0)
            n *= from->map[k].parts;
    return n;
}

/* Fills `out` where the input is better read from copies. */
static da_status find_spread(const struct da__program *p, const struct da__step *s, int input,
                             struct spread *out, bool *found)
{
    const struct da__step_input *in = &s->input[input];
    const struct da__value *v = &p->value[in->value];
    const struct da__dist *space = p->dist[s->dist], *from = NULL;
    *found = false;
    *out = (struct spread){0};
    if (s->kind != DA__STEP_KERNEL || v->unsized || da__step_is_base(s, input) ||
        da__dist_padded(space) || da__dist_nengines(space) <= FANOUT ||
        da__nelem(s->ndim, s->shape) == 0)
        return DA_OK;
    uint32_t same = find_region(s, in, out);
    DA_TRY(da__dist_reduce(space, same, false, &out->last));
    int64_t readers = ncopies(out->last);
    if (readers <= FANOUT)
        return DA_OK;
    DA_TRY(da__dist_view(p->dist[v->dist], &out->view, out->shape, &from));
    *found = ncopies(from) * FANOUT < readers && sources(from, out->last) <= FANOUT;
    da__dist_drop(from);
    return DA_OK;
}

/* ---- trees ---- */

/* A copy of the region under `dist`, read through `v`; its value, or -1. */
static int add_copy(struct da__program *p, const struct spread *w, uint64_t node, int value,
                    const struct da__view *v, const struct da__dist *dist)
{
    int id = da__program_add_dist(p, dist);
    if (id < 0)
        return -1;
    struct da__step_builder b;
    da__builder_start(&b, p, w->ndim, w->shape, id, node);
    da__ref ref = da__builder_input(&b, value, v);
    int copy = da__program_add_value(p, DA__VALUE_TEMP, p->value[value].dtype, w->ndim, w->shape,
                                     id, p->value[value].node);
    da__builder_output(&b, ref, copy);
    da__builder_finish(&b);
    return copy;
}

/* The readers' distribution with one copy; sets extent[g] along the dimensions that hold copies. */
static da_status first_holder(const struct da__dist *last, int *extent, const struct da__dist **out)
{
    const struct da__dist *d = da__dist_keep(last);
    for (int g = 0; g < last->ngrid; g++) {
        const struct da__dist *fewer = NULL;
        extent[g] = last->grid[g];
        if (names_dim(last, g))
            continue;
        extent[g] = 1;
        da_status status = da__dist_fewer_copies(d, g, 1, &fewer);
        da__dist_drop(d);
        DA_TRY(status);
        d = fewer;
    }
    *out = d;
    return DA_OK;
}

/* Levels of copies, each with FANOUT times as many as the one before; the reader is the last. *value becomes the last copy. */
static da_status add_tree(struct da__program *p, const struct spread *w, uint64_t node, int *value)
{
    int extent[DA_MAX_NDIM];
    const struct da__dist *d = NULL;
    struct da__view whole;
    int64_t readers = ncopies(w->last), held = 1;
    DA_TRY(first_holder(w->last, extent, &d));
    da__view_identity(w->ndim, &whole);
    for (int g = 0, from = *value; g < w->last->ngrid && held * FANOUT < readers;) {
        const struct da__dist *more = NULL;
        if (extent[g] == w->last->grid[g]) {
            g++;
            continue;
        }
        int64_t n = (int64_t)extent[g] * FANOUT, all = w->last->grid[g];
        held = held / extent[g] * (n < all ? n : all);
        extent[g] = (int)(n < all ? n : all);
        da_status status = da__dist_fewer_copies(d, g, extent[g], &more);
        da__dist_drop(d);
        DA_TRY(status);
        d = more;
        from = *value = add_copy(p, w, node, from, *value == w->value ? &w->view : &whole, d);
        if (from < 0)
            break;
    }
    da__dist_drop(d);
    return p->failed ? DA_ERR_MEMORY : DA_OK;
}

/* The tree of an earlier reader, or a new one; takes w->last over. */
static da_status copy_for(struct broadcasting *w, struct spread *of, uint64_t node, int *value)
{
    int64_t first = w->nmade > LOOKED_THROUGH ? w->nmade - LOOKED_THROUGH : 0;
    *value = of->value;
    for (int64_t i = first; i < w->nmade; i++)
        if (w->made[i].value == of->value && da__view_equal(&w->made[i].view, &of->view) &&
            da__dist_equal(w->made[i].last, of->last)) {
            *value = w->made[i].copy;
            return DA_OK;
        }
    DA_TRY(add_tree(w->p, of, node, value));
    if (!DA__PUSH(w->made, w->nmade, w->cap))
        return DA_ERR_MEMORY;
    w->made[w->nmade++] = (struct made){of->value, *value, of->view, da__dist_keep(of->last)};
    return DA_OK;
}

static da_status spread_input(struct broadcasting *w, struct da__step *s, int input)
{
    struct spread of;
    bool found;
    int value = -1;
    da_status status = find_spread(w->p, s, input, &of, &found);
    if (status == DA_OK && found)
        status = copy_for(w, &of, s->node, &value);
    da__dist_drop(of.last);
    if (status != DA_OK || value < 0 || value == of.value)
        return status;
    struct da__view *v = &s->input[input].view;
    *v = (struct da__view){.ndim = s->ndim, .base_ndim = of.ndim};
    for (int k = 0; k < of.ndim; k++) {
        v->axis[k] = of.axis[k];
        v->step[k] = 1;
    }
    s->input[input].value = value;
    return DA_OK;
}

da_status da__pass_broadcast(struct da__program *p)
{
    struct broadcasting w = {.p = p};
    struct da__step *step = p->step;
    int n = p->nsteps;
    da_status status = DA_OK;
    p->step = NULL;
    p->nsteps = 0;
    p->steps_cap = 0;
    for (int i = 0; i < n; i++) { /* copies come before who reads them */
        for (int k = 0; k < step[i].ninputs && status == DA_OK; k++)
            status = spread_input(&w, &step[i], k);
        da__program_add_step(p, &step[i]);
    }
    da__free(step);
    for (int64_t i = 0; i < w.nmade; i++)
        da__dist_drop(w.made[i].last);
    da__free(w.made);
    return status;
}
