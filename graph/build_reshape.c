/* The same elements in C order under another shape, and what stands on that: tile and repeat. Where only axes of extent 1
 * come and go it is a view; else a routine moves the elements. */
#include "deferred.h"
#include "infer.h"
#include "routine.h"

#include <stdio.h>
#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

/* ---- the shape ---- */

/* "(5,3)", "(5,)", as NumPy says it in this message. */
static const char *tight_text(int ndim, const int64_t *shape, char *buf, size_t size)
{
    size_t at = (size_t)snprintf(buf, size, "(");
    for (int k = 0; k < ndim && at < size; k++)
        at += (size_t)snprintf(buf + at, size - at, k + 1 < ndim || ndim == 1 ? "%lld," : "%lld",
                               (long long)shape[k]);
    if (at < size)
        snprintf(buf + at, size - at, ")");
    return buf;
}

/* The shape with the one -1 filled in. */
static da_status resolve_shape(const da_array *x, int ndim, const int64_t *shape, int64_t *out,
                               struct da__error *err)
{
    int unknown = -1;
    int64_t total = da__nelem(x->ndim, x->shape);
    if (ndim < 0 || ndim > DA_MAX_NDIM)
        return da__fail(err, DA_ERR_SHAPE, "da_reshape: %d dimensions, at most %d are possible",
                        ndim, DA_MAX_NDIM);
    for (int k = 0; k < ndim; k++) {
        out[k] = shape[k];
        if (shape[k] < -1)
            return da__fail(err, DA_ERR_SHAPE, "da_reshape: axis %d has extent %lld", k,
                            (long long)shape[k]);
        if (shape[k] == -1 && unknown >= 0)
            return da__fail(
                err, DA_ERR_SHAPE,
                "da_reshape: can only specify one unknown dimension, axes %d and %d are -1",
                unknown, k);
        if (shape[k] == -1)
            unknown = k;
    }
    if (unknown >= 0) {
        out[unknown] = 1;
        int64_t known = da__nelem(ndim, out);
        out[unknown] = known > 0 && total % known == 0 ? total / known : -1;
    }
    char text[256];
    if ((unknown >= 0 && out[unknown] < 0) || da__nelem(ndim, out) != total)
        return da__fail(err, DA_ERR_SHAPE,
                        "da_reshape: cannot reshape array of size %lld into shape %s",
                        (long long)total, tight_text(ndim, shape, text, sizeof text));
    return DA_OK;
}

/* What is known of a reshape before the array's size is: the shape that the call names, and the distribution where it names one.
 * distribute_as has the same parameters. */
da_status da__tell_reshape(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg, struct da__inferred *out,
                           struct da__error *err)
{
    int64_t known[DA_MAX_NDIM] = {0};
    int unknown = 0;
    if (arg[1].nints < 0 || arg[1].nints > DA_MAX_NDIM)
        return da__fail(err, DA_ERR_SHAPE, "da_%s: %lld dimensions, at most %d are possible",
                        c->name, (long long)arg[1].nints, DA_MAX_NDIM);
    out->dtype = arg[0].operand.array->dtype;
    out->ndim = (int)arg[1].nints;
    for (int k = 0; k < out->ndim; k++) {
        out->shape[k] = arg[1].ints[k] == -1 ? DA__UNSIZED : arg[1].ints[k];
        known[k] = arg[1].ints[k] == -1 ? 1 : arg[1].ints[k];
        unknown += arg[1].ints[k] == -1;
        if (arg[1].ints[k] < -1)
            return da__fail(err, DA_ERR_SHAPE, "da_%s: axis %d has extent %lld", c->name, k,
                            (long long)arg[1].ints[k]);
    }
    if (unknown > 1)
        return da__fail(err, DA_ERR_SHAPE,
                        "da_%s: can only specify one unknown dimension, %d are -1", c->name,
                        unknown);
    if (da__nelem(out->ndim, known) < 0)
        return da__fail(err, DA_ERR_SHAPE, "da_%s: the result has more than 2^63 elements",
                        c->name);
    if (unknown > 0 || arg[2].kind == DA__ARG_NONE)
        return DA_OK;
    da_status status = da__spec_dist(g, out->ndim, out->shape, arg[2].dist, &out->dist, err);
    if (status != DA_OK)
        da__error_prefix(err, "da_%s", c->name);
    return status;
}

static da_array *reshape_later(struct da__graph *g, da_array *x, int ndim, const int64_t *shape,
                               const struct da__dist_spec *spec)
{
    struct da__later c;
    if (x->ndim == 1 && ndim == 1 && shape[0] == -1 && spec == NULL)
        return da__node_again(g, x);
    da__later_begin(&c, "reshape");
    da__later_array(&c, "x", x);
    da__later_ints(&c, "shape", ndim, shape);
    if (spec != NULL)
        da__later_dist(&c, "dist", spec);
    return da__later_defer(g, &c);
}

/* ---- the node ---- */

static bool same_shape(const da_array *x, int ndim, const int64_t *shape)
{
    if (x->ndim != ndim)
        return false;
    for (int k = 0; k < ndim; k++)
        if (x->shape[k] != shape[k])
            return false;
    return true;
}

/* The view that only drops and adds axes of extent 1; false: there is none. */
static bool axes_of_one(const da_array *x, int ndim, const int64_t *shape, struct da__view *v)
{
    da__view_identity(x->ndim, v);
    if (same_shape(x, ndim, shape))
        return true;
    v->ndim = ndim;
    int t = 0;
    for (int b = 0; b < x->ndim; b++) {
        v->axis[b] = -1;
        if (x->shape[b] == 1)
            continue;
        while (t < ndim && shape[t] == 1)
            t++;
        if (t == ndim || shape[t] != x->shape[b])
            return false;
        v->axis[b] = t++;
    }
    while (t < ndim && shape[t] == 1)
        t++;
    return t == ndim;
}

/* The distribution asked for, or else one under which little moves. */
static da_status choose_dist(struct da__graph *g, const da_array *x, int ndim, const int64_t *shape,
                             const struct da__dist_spec *spec, const struct da__dist **out,
                             struct da__error *err)
{
    if (spec != NULL || x->dist == NULL)
        return da__spec_dist(g, ndim, shape, spec, out, err);
    return da__dist_reshape(x->dist, ndim, shape, out);
}

static da_array *reshaped(struct da__graph *g, da_array *x, int ndim, const int64_t *shape,
                          const struct da__dist *dist)
{
    da_array *a;
    if (x->kind == DA__NODE_CONSTANT) {
        a = da__node_new(g, DA__NODE_CONSTANT, x->dtype, ndim, shape, dist);
        if (a == NULL)
            return da__node_no_memory(g);
        memcpy(a->u.constant, x->u.constant, sizeof a->u.constant);
        return a;
    }
    a = da__routine_node(g, DA__ROUTINE_RESHAPE, x->dtype, ndim, shape, dist, 1, 0, NULL);
    if (a == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, x);
    return a;
}

da_array *da__make_reshape(struct da__graph *g, da_array *x, int ndim, const int64_t *shape,
                           const struct da__dist_spec *spec)
{
    struct da__error err = {.engine = -1};
    struct da__view v;
    int64_t full[DA_MAX_NDIM];
    const struct da__dist *dist = NULL;
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return reshape_later(g, x, ndim, shape, spec);
    if (resolve_shape(x, ndim, shape, full, &err) != DA_OK)
        return poison(g, &err);
    if (axes_of_one(x, ndim, full, &v)) {
        da_array *a = da__make_view(g, x, &v, ndim, full);
        return spec != NULL ? da__make_redistribute(g, a, spec) : a;
    }
    if (choose_dist(g, x, ndim, full, spec, &dist, &err) != DA_OK) {
        da__error_prefix(&err, "da_reshape");
        return poison(g, &err);
    }
    if (x->kind == DA__NODE_ROUTINE && x->op == DA__ROUTINE_RESHAPE)
        x = x->in[0]; /* elements keep their order: the shape between does not matter */
    da_array *a = axes_of_one(x, ndim, full, &v)
                      ? da__make_redistribute_to(g, da__make_view(g, x, &v, ndim, full), dist)
                      : reshaped(g, x, ndim, full, dist);
    da__dist_drop(dist);
    return a;
}

da_array *da__make_flatten(struct da__graph *g, da_array *x)
{
    return da__make_reshape(g, x, 1, (const int64_t[]){-1}, NULL);
}

/* ---- tile and repeat: a view that reads x several times, reshaped ---- */

/* The view under construction, and the shape that joins its axes to the result's. */
struct copies {
    const char *what;
    struct da__view view;
    int ndim, result_ndim;
    int64_t shape[DA_MAX_NDIM], result[DA_MAX_NDIM];
    struct da__error err;
};

/* One more axis of the view, read along base axis b (-1: repeated). */
static int add_axis(struct copies *c, int b, int64_t extent)
{
    if (c->ndim == DA_MAX_NDIM) {
        da__fail(&c->err, DA_ERR_UNSUPPORTED, "%s: more than %d axes are needed on the way",
                 c->what, DA_MAX_NDIM);
        return c->ndim - 1;
    }
    if (b >= 0)
        c->view.axis[b] = c->ndim;
    c->shape[c->ndim] = extent;
    return c->ndim++;
}

/* Base axis b (-1: a new one), each element `each` times and all of it `times` times. */
static void add_copies(struct copies *c, const da_array *x, int b, int64_t times, int64_t each)
{
    int64_t extent = b >= 0 ? x->shape[b] : 1, *result = &c->result[c->result_ndim++];
    if (!da__mul_i64(extent, times, result) || !da__mul_i64(*result, each, result)) {
        da__fail(&c->err, DA_ERR_SHAPE, "%s: the result has more than 2^63 elements", c->what);
        return;
    }
    if (b >= 0 && extent == 1)
        c->view.axis[b] = -1; /* always the one element */
    if (extent == 1 || *result == 0) {
        if (b >= 0 && extent != 1)
            c->view.axis[b] = add_axis(c, b, *result);
        else
            add_axis(c, -1, *result);
        return;
    }
    if (times != 1)
        add_axis(c, -1, times);
    add_axis(c, b, extent);
    if (each != 1)
        add_axis(c, -1, each);
}

static da_array *finish_copies(struct da__graph *g, da_array *x, struct copies *c)
{
    if (c->err.status == DA_OK && da__nelem(c->result_ndim, c->result) < 0)
        da__fail(&c->err, DA_ERR_SHAPE, "%s: the result has more than 2^63 elements", c->what);
    if (c->err.status != DA_OK)
        return poison(g, &c->err);
    c->view.ndim = c->ndim;
    return da__make_reshape(g, da__make_view(g, x, &c->view, c->ndim, c->shape), c->result_ndim,
                            c->result, NULL);
}

static void begin_copies(const char *what, const da_array *x, struct copies *c)
{
    *c = (struct copies){.what = what, .err = {.engine = -1}};
    da__view_identity(x->ndim, &c->view);
}

da_array *da__make_tile(struct da__graph *g, da_array *x, int n, const int64_t *repetitions)
{
    struct copies c;
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return da__defer_ints(g, "tile", x, "repetitions", n, repetitions);
    begin_copies("da_tile", x, &c);
    if (n > DA_MAX_NDIM)
        da__fail(&c.err, DA_ERR_SHAPE, "da_tile: %d repetitions, at most %d are possible", n,
                 DA_MAX_NDIM);
    for (int k = 0; k < n && c.err.status == DA_OK; k++)
        if (repetitions[k] < 0)
            da__fail(&c.err, DA_ERR_ARGUMENT, "da_tile: repetition %lld of axis %d is negative",
                     (long long)repetitions[k], k);
    int ndim = n > x->ndim ? n : x->ndim;
    for (int k = 0; k < ndim && c.err.status == DA_OK; k++)
        add_copies(&c, x, k - (ndim - x->ndim) >= 0 ? k - (ndim - x->ndim) : -1,
                   k >= ndim - n ? repetitions[k - (ndim - n)] : 1, 1);
    return finish_copies(g, x, &c);
}

da_array *da__make_repeat(struct da__graph *g, da_array *x, int64_t repeats, const int64_t *axis)
{
    struct copies c;
    int along = 0;
    if (x->unsized) {
        const struct da__operand times = {
            .scalar = {.kind = DA__SCALAR_INT, .i = repeats, .re = (double)repeats}};
        return da__repeat_later(g, x, &times, axis);
    }
    if (axis == NULL)
        x = da__make_flatten(g, x);
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    begin_copies("da_repeat", x, &c);
    if (repeats < 0)
        da__fail(&c.err, DA_ERR_ARGUMENT,
                 "da_repeat: repeats may not contain negative values: %lld", (long long)repeats);
    if (axis != NULL)
        da__axis(*axis, x->ndim, "da_repeat", &along, &c.err);
    for (int k = 0; k < x->ndim && c.err.status == DA_OK; k++)
        add_copies(&c, x, k, 1, k == along ? repeats : 1);
    return finish_copies(g, x, &c);
}
