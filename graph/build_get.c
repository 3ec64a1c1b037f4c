/* Indexing by arrays as nodes: gather and scatter, and what NumPy builds on them: take, take_along_axis, get and put. */
#include "advanced.h"
#include "select.h"
#include "routine.h"

#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

static da_array *poison_of(struct da__graph *g, const char *what, struct da__error *err)
{
    if (err->status != DA_OK)
        da__error_prefix(err, "da_%s", what);
    return poison(g, err);
}

static da_array *first_poison(int n, da_array *const *a)
{
    for (int k = 0; k < n; k++)
        if (a[k]->kind == DA__NODE_POISON)
            return a[k];
    return NULL;
}

/* ---- distributions ---- */

static bool splits(const struct da__dist *d)
{
    for (int k = 0; k < d->ndim; k++)
        if (d->axis_grid[k] >= 0 && d->grid[d->axis_grid[k]] > 1)
            return true;
    return false;
}

/* An index expression over nodes: the space that it spans, and what is read where. */
struct selection {
    da_array *base;
    int n;
    da_array *const *index; /* int64, each broadcasts to the space */
    int ndim;
    const int64_t *shape;
    const int64_t *rule; /* per base axis: axis, offset, step */
};

/* The owners of the base's axes that the space follows; grid dimensions of those that index arrays address hold copies. `moves`:
 * such an axis is split, so that elements move all the same. */
static da_status base_owners(const struct selection *s, bool *moves, const struct da__dist **out)
{
    const struct da__dist *base = s->base->dist, *rest = NULL;
    struct da__view v = {.ndim = s->ndim};
    uint32_t mask = 0;
    *moves = false;
    for (int b = 0; b < base->ndim; b++) {
        const int64_t *rule = &s->rule[3 * b];
        if (rule[0] == -2) {
            mask |= (uint32_t)1 << b;
            *moves |= base->axis_grid[b] >= 0 && base->grid[base->axis_grid[b]] > 1;
            continue;
        }
        v.axis[v.base_ndim] = (int)rule[0];
        v.offset[v.base_ndim] = rule[1];
        v.step[v.base_ndim++] = rule[2];
    }
    DA_TRY(da__dist_reduce(base, mask, false, &rest));
    da_status status = da__dist_view(rest, &v, s->shape, out);
    da__dist_drop(rest);
    return status;
}

/* The first index array whose owners split the space; *out stays NULL where there is none. */
static da_status index_owners(const struct selection *s, const struct da__dist **out)
{
    for (int k = 0; k < s->n; k++) {
        if (s->index[k]->dist == NULL)
            continue;
        DA_TRY(da__dist_broadcast(s->index[k]->dist, s->ndim, s->shape, out));
        if (splits(*out))
            return DA_OK;
        da__dist_drop(*out);
        *out = NULL;
    }
    return DA_OK;
}

/* Whether telling all engines all indices takes fewer bytes than moving what the indices name: per index, 8 bytes to each engine
 * against the elements along the axes that no index array spans. */
static bool telling_is_cheaper(const struct selection *s, int nengines)
{
    int64_t nbytes = (int64_t)da__dtype_nbytes(s->base->dtype);
    for (int b = 0; b < s->base->ndim; b++) {
        int64_t axis = s->rule[3 * b];
        bool spanned = axis < 0;
        for (int k = 0; k < s->n && !spanned; k++) {
            int own = (int)axis - (s->ndim - s->index[k]->ndim);
            spanned = own >= 0 && s->index[k]->shape[own] != 1;
        }
        if (!spanned && !da__mul_i64(nbytes, s->shape[axis], &nbytes))
            return true;
    }
    return (int64_t)sizeof(int64_t) * s->n * nengines < nbytes;
}

/* The space's natural distribution, counted for the caller: the base's static axes where index arrays address whole axes only and
 * telling the indices is cheap; else the owners of the first index array that is split; else the base's static axes; else
 * the default. */
static da_status natural_dist(struct da__graph *g, const struct selection *s,
                              const struct da__dist **out, struct da__error *err)
{
    const struct da__dist *index = NULL, *base = NULL;
    bool moves = true, by_base = false;
    da_status status = index_owners(s, &index);
    if (status == DA_OK && s->base->dist != NULL) {
        status = base_owners(s, &moves, &base);
        by_base = status == DA_OK && splits(base);
    }
    if (status == DA_OK && by_base && index != NULL)
        by_base = !moves && telling_is_cheaper(s, da__graph_nengines(g));
    *out = NULL;
    if (status == DA_OK && (by_base || index != NULL))
        *out = da__dist_keep(by_base ? base : index);
    else if (status == DA_OK)
        status = da__spec_dist(g, s->ndim, s->shape, NULL, out, err);
    da__dist_drop(index);
    da__dist_drop(base);
    return status;
}

/* ---- gather and scatter ---- */

static bool stays_inside(const int64_t *rule, int64_t count, int64_t extent)
{
    int64_t span, last;
    if (rule[0] >= 0 && rule[2] == 0)
        return false;
    if (count == 0) /* nothing is read, but nothing may overflow either */
        return rule[1] >= 0 && rule[1] <= extent && rule[2] >= -INT32_MAX && rule[2] <= INT32_MAX;
    if (!da__mul_i64(rule[0] < 0 ? 0 : rule[2], count - 1, &span) ||
        !da__add_i64(rule[1], span, &last))
        return false;
    return rule[1] >= 0 && rule[1] < extent && last >= 0 && last < extent;
}

static bool has_unsized(int ndim, const int64_t *shape)
{
    for (int k = 0; k < ndim; k++)
        if (shape[k] == DA__UNSIZED)
            return true;
    return false;
}

/* Extents that are not known yet are not looked at. */
static da_status check_rules(const struct selection *s, struct da__error *err)
{
    bool empty = da__nelem(s->ndim, s->shape) == 0;
    for (int b = 0; b < s->base->ndim; b++) {
        const int64_t *rule = &s->rule[3 * b];
        if (rule[0] < -2 || rule[0] >= s->ndim)
            return da__fail(err, DA_ERR_ARGUMENT, "base axis %d follows axis %lld of %d", b,
                            (long long)rule[0], s->ndim);
        if (rule[0] == -2 && (rule[1] < 0 || rule[1] >= s->n))
            return da__fail(err, DA_ERR_ARGUMENT, "base axis %d follows index array %lld of %d", b,
                            (long long)rule[1], s->n);
        int64_t count = empty ? 0 : rule[0] < 0 ? 1 : s->shape[rule[0]];
        if (count != DA__UNSIZED && s->base->shape[b] != DA__UNSIZED && rule[0] > -2 &&
            !stays_inside(rule, count, s->base->shape[b]))
            return da__fail(err, DA_ERR_INDEX,
                            "offset %lld and step %lld over %lld indices leave axis %d of extent "
                            "%lld",
                            (long long)rule[1], (long long)rule[2], (long long)count, b,
                            (long long)s->base->shape[b]);
    }
    return DA_OK;
}

static da_status check_index(const struct selection *s, int k, struct da__error *err)
{
    const da_array *index = s->index[k];
    char from[128], to[128];
    int shift = s->ndim - index->ndim;
    bool fits = shift >= 0;
    for (int a = 0; fits && a < index->ndim; a++)
        fits = index->shape[a] == 1 || index->shape[a] == s->shape[a + shift];
    if (index->dtype != DA_INT64)
        return da__fail(err, DA_ERR_DTYPE, "index array %d is %s, not int64", k,
                        da__dtype(index->dtype)->name);
    if (!fits)
        return da__fail(err, DA_ERR_SHAPE, "index array %d of shape %s does not broadcast to %s", k,
                        da__shape_text(index->ndim, index->shape, from, sizeof from),
                        da__shape_text(s->ndim, s->shape, to, sizeof to));
    return DA_OK;
}

static da_status check_selection(const struct selection *s, struct da__error *err)
{
    for (int k = 0; k < s->ndim; k++)
        if (s->shape[k] < 0 && s->shape[k] != DA__UNSIZED)
            return da__fail(err, DA_ERR_SHAPE, "extent %lld of axis %d is negative",
                            (long long)s->shape[k], k);
    if (!has_unsized(s->ndim, s->shape) && da__nelem(s->ndim, s->shape) < 0)
        return da__fail(err, DA_ERR_SHAPE, "the result has more than 2^63 elements");
    for (int k = 0; k < s->n; k++)
        DA_TRY(check_index(s, k, err));
    return check_rules(s, err);
}

static da_array *routine_of(struct da__graph *g, enum da__routine_id id, const struct selection *s,
                            da_array *value, const struct da__dist *dist)
{
    const da_array *out = value != NULL ? s->base : NULL;
    da_array *a = da__routine_node(g, id, s->base->dtype, out != NULL ? out->ndim : s->ndim,
                                   out != NULL ? out->shape : s->shape, dist, s->n + 2,
                                   3 * s->base->ndim, s->rule);
    if (a == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, s->base);
    if (value != NULL)
        da__node_add_input(a, value);
    for (int k = 0; k < s->n; k++)
        da__node_add_input(a, s->index[k]);
    return a;
}

static da_array *gather(struct da__graph *g, const struct selection *s, const char *what)
{
    struct da__error err = {.engine = -1};
    const struct da__dist *dist = NULL;
    if (check_selection(s, &err) != DA_OK || natural_dist(g, s, &dist, &err) != DA_OK)
        return poison_of(g, what, &err);
    da_array *a = routine_of(g, DA__ROUTINE_GATHER, s, NULL, dist);
    da__dist_drop(dist);
    return a;
}

da_array *da__make_gather(struct da__graph *g, da_array *x, int n, da_array *const *index, int ndim,
                          const int64_t *shape, const int64_t *rule)
{
    da_array *bad = x->kind == DA__NODE_POISON ? x : first_poison(n, index);
    const struct selection s = {x, n, index, ndim, shape, rule};
    return bad != NULL ? da__node_again(g, bad) : gather(g, &s, "gather");
}

da_array *da__make_scatter(struct da__graph *g, da_array *x, da_array *value, int n,
                           da_array *const *index, const int64_t *rule)
{
    struct da__error err = {.engine = -1};
    const struct da__dist *dist = NULL;
    const struct selection s = {x, n, index, value->ndim, value->shape, rule};
    da_array *bad = x->kind == DA__NODE_POISON       ? x
                    : value->kind == DA__NODE_POISON ? value
                                                     : first_poison(n, index);
    if (bad != NULL)
        return da__node_again(g, bad);
    if (value->dtype != x->dtype)
        da__fail(&err, DA_ERR_DTYPE, "the values are %s, not %s", da__dtype(value->dtype)->name,
                 da__dtype(x->dtype)->name);
    else if (check_selection(&s, &err) == DA_OK)
        dist = x->dist != NULL ? da__dist_keep(x->dist) : NULL;
    if (err.status == DA_OK && dist == NULL)
        da__spec_dist(g, x->ndim, x->shape, NULL, &dist, &err);
    if (dist == NULL)
        return poison_of(g, "scatter", &err);
    da_array *a = routine_of(g, DA__ROUTINE_SCATTER, &s, value, dist);
    da__dist_drop(dist);
    return a;
}

/* ---- index arrays as the user gives them ---- */

static da_status check_dtype(const da_array *index, int k, struct da__error *err)
{
    char kind = da__dtype(index->dtype)->kind;
    if (kind == 'i' || kind == 'u')
        return DA_OK;
    if (kind == 'b')
        return da__fail(err, DA_ERR_UNSUPPORTED,
                        "index array %d is bool; masks are not offered as indices here", k);
    return da__fail(err, DA_ERR_DTYPE, "index array %d is %s, not of integers", k,
                    da__dtype(index->dtype)->name);
}

/* The arrays as int64, each seen in the space that the expression spans; `out` has room for them. */
static da_status see_indices(struct da__graph *g, const struct da__advanced *a, int n,
                             da_array *const *index, da_array **out, struct da__error *err)
{
    for (int k = 0; k < n; k++) {
        struct da__view view;
        int64_t shape[DA_MAX_NDIM];
        da_array *whole =
            index[k]->dtype == DA_INT64 ? index[k] : da__make_astype(g, index[k], DA_INT64);
        if (whole->kind != DA__NODE_POISON) {
            const struct da__extents extents = {whole->ndim, whole->shape};
            da__advanced_view(a, &extents, &view, shape);
            whole = da__make_view(g, whole, &view, a->ndim, shape);
        }
        if (whole->kind == DA__NODE_POISON)
            return da__fail(err, whole->u.error->status, "%s", whole->u.error->text);
        out[k] = whole;
    }
    return DA_OK;
}

/* An index expression by NumPy's rules; `seen` has room for the arrays. */
static da_status select_by(struct da__graph *g, da_array *x, int nitems,
                           const struct da__index_item *item, int n, da_array *const *index,
                           struct da__advanced *a, da_array **seen, struct selection *out,
                           struct da__error *err)
{
    struct da__extents *extents = da__alloc(((size_t)n + 1) * sizeof *extents);
    if (extents == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for %d index arrays", n);
    da_status status = DA_OK;
    for (int k = 0; k < n && status == DA_OK; k++) {
        extents[k] = (struct da__extents){index[k]->ndim, index[k]->shape};
        status = check_dtype(index[k], k, err);
    }
    if (status == DA_OK)
        status = da__advanced_resolve(x->ndim, x->shape, nitems, item, n, extents, a, err);
    da__free(extents);
    if (status == DA_OK)
        status = see_indices(g, a, n, index, seen, err);
    *out = (struct selection){x, n, seen, a->ndim, a->shape, a->rule};
    return status;
}

static da_array *get(struct da__graph *g, const char *what, da_array *x, int nitems,
                     const struct da__index_item *item, int n, da_array *const *index)
{
    struct da__error err = {.engine = -1};
    struct da__advanced a;
    struct selection s;
    da_array *bad = x->kind == DA__NODE_POISON ? x : first_poison(n, index);
    if (bad != NULL)
        return da__node_again(g, bad);
    da_array **seen = da__alloc(((size_t)n + 1) * sizeof(da_array *));
    if (seen == NULL)
        return da__node_no_memory(g);
    da_array *out = select_by(g, x, nitems, item, n, index, &a, seen, &s, &err) == DA_OK
                        ? gather(g, &s, what)
                        : poison_of(g, what, &err);
    da__free(seen);
    return out;
}

da_array *da__make_get(struct da__graph *g, da_array *x, int nitems,
                       const struct da__index_item *item, int n, da_array *const *index)
{
    if (n == 0)
        return da__make_index_basic(g, x, nitems, item);
    struct da__select s = {x, NULL, nitems, item, n, index};
    da_array *later = da__select(g, "get", &s);
    return later != NULL ? later : get(g, "get_items", x, nitems, item, n, index);
}

da_array *da__make_take(struct da__graph *g, da_array *x, da_array *index, int64_t axis)
{
    struct da__index_item item[DA_MAX_NDIM];
    struct da__error err = {.engine = -1};
    int at = 0;
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (da__axis(axis, x->ndim, "da_take", &at, &err) != DA_OK)
        return poison(g, &err);
    if (x->unsized || index->unsized)
        return da__defer_take(g, x, index, at);
    for (int k = 0; k < at; k++)
        item[k] = (struct da__index_item){.kind = DA__INDEX_SLICE};
    item[at] = (struct da__index_item){.kind = DA__INDEX_ARRAY};
    return get(g, "take", x, at + 1, item, 1, &index);
}

/* ---- along an axis ---- */

static da_status along_axis(const da_array *x, const da_array *index, int axis, int64_t *shape,
                            int64_t *rule, struct da__error *err)
{
    if (index->ndim != x->ndim)
        return da__fail(err, DA_ERR_SHAPE, "the indices have %d dimensions, the array %d",
                        index->ndim, x->ndim);
    for (int b = 0; b < x->ndim; b++) {
        int64_t own = x->shape[b], other = index->shape[b];
        if (b != axis && own != other && own != 1 && other != 1) {
            char from[128], to[128];
            return da__fail(err, DA_ERR_SHAPE, "shapes %s and %s do not broadcast at axis %d",
                            da__shape_text(x->ndim, x->shape, from, sizeof from),
                            da__shape_text(index->ndim, index->shape, to, sizeof to), b);
        }
        shape[b] = b == axis || own == 1 ? other : own;
        bool fixed = own == 1 && other != 1;
        rule[3 * b] = b == axis ? -2 : fixed ? -1 : b;
        rule[3 * b + 1] = 0;
        rule[3 * b + 2] = b == axis || fixed ? 0 : 1;
    }
    return DA_OK;
}

da_array *da__make_take_along_axis(struct da__graph *g, da_array *x, da_array *index, int64_t axis)
{
    static const char what[] = "take_along_axis";
    struct da__error err = {.engine = -1};
    int64_t shape[DA_MAX_NDIM], rule[3 * DA_MAX_NDIM];
    int at = 0;
    if (x->kind == DA__NODE_POISON || index->kind == DA__NODE_POISON)
        return da__node_again(g, x->kind == DA__NODE_POISON ? x : index);
    if (da__axis(axis, x->ndim, "da_take_along_axis", &at, &err) != DA_OK)
        return poison(g, &err);
    if (check_dtype(index, 0, &err) != DA_OK ||
        along_axis(x, index, at, shape, rule, &err) != DA_OK)
        return poison_of(g, what, &err);
    da_array *whole = index->dtype == DA_INT64 ? index : da__make_astype(g, index, DA_INT64);
    if (whole->kind == DA__NODE_POISON)
        return whole;
    const struct selection s = {x, 1, &whole, x->ndim, shape, rule};
    return gather(g, &s, what);
}

/* ---- put ---- */

/* Leading axes of extent 1 that the space does not have, gone: NumPy allows them in an assignment. */
static da_array *without_leading(struct da__graph *g, da_array *value, int ndim)
{
    int64_t axes[DA_MAX_NDIM];
    int n = 0;
    for (; value->ndim - n > ndim && value->shape[n] == 1; n++)
        axes[n] = n;
    return n > 0 ? da__make_squeeze(g, value, n, axes) : value;
}

/* The value as an array of the space's shape and the base's dtype. */
static da_array *values_of(struct da__graph *g, const struct selection *s,
                           const struct da__operand *value)
{
    struct da__error err = {.engine = -1};
    char from[128], to[128];
    da_array *x = value->array != NULL
                      ? value->array
                      : da__make_scalar(g, &value->scalar, s->base->dtype, "put_items");
    if (x->kind == DA__NODE_POISON)
        return x;
    da_array *v = without_leading(g, x, s->ndim);
    int shift = s->ndim - v->ndim;
    bool fits = shift >= 0;
    for (int k = 0; fits && k < v->ndim; k++)
        fits = v->shape[k] == 1 || v->shape[k] == s->shape[k + shift];
    if (!fits) {
        da__fail(&err, DA_ERR_SHAPE, "da_put_items: the value's shape %s does not broadcast to %s",
                 da__shape_text(x->ndim, x->shape, from, sizeof from),
                 da__shape_text(s->ndim, s->shape, to, sizeof to));
        return poison(g, &err);
    }
    v = v->dtype == s->base->dtype ? v : da__make_astype(g, v, s->base->dtype);
    return da__make_broadcast_to(g, v, s->ndim, s->shape);
}

/* A value that is seen more than once along some axis. */
static bool is_spread(const da_array *value)
{
    if (value->kind != DA__NODE_VIEW)
        return value->kind == DA__NODE_CONSTANT;
    bool followed[DA_MAX_NDIM] = {false};
    for (int b = 0; b < value->u.view->base_ndim; b++)
        if (value->u.view->axis[b] >= 0)
            followed[value->u.view->axis[b]] = true;
    for (int k = 0; k < value->ndim; k++)
        if (!followed[k] && value->shape[k] != 1)
            return true;
    return false;
}

/* Values are sent from where they lie, if that is split and they are as many as the space has places; else from where the space
 * would lie if it were read. */
da_status da__scatter_space(struct da__graph *g, const da_array *a, const struct da__dist **out)
{
    struct da__error err = {.engine = -1};
    const da_array *value = a->in[1];
    const struct selection s = {a->in[0],    a->nin - 2,   a->in + 2,
                                value->ndim, value->shape, a->u.ints->v};
    if (!is_spread(value) && value->dist != NULL && splits(value->dist)) {
        *out = da__dist_keep(value->dist);
        return DA_OK;
    }
    return natural_dist(g, &s, out, &err);
}

da_array *da__make_put(struct da__graph *g, da_array *x, const struct da__operand *value,
                       int nitems, const struct da__index_item *item, int n, da_array *const *index)
{
    struct da__error err = {.engine = -1};
    struct da__advanced a;
    struct selection s;
    da_array *bad = x->kind == DA__NODE_POISON ? x : first_poison(n, index);
    if (bad == NULL && value->array != NULL)
        bad = first_poison(1, &value->array);
    if (bad != NULL)
        return da__node_again(g, bad);
    struct da__select masks = {x, value, nitems, item, n, index};
    da_array *later = da__select(g, "put", &masks);
    if (later != NULL)
        return later;
    da_array **seen = da__alloc(((size_t)n + 1) * sizeof(da_array *));
    if (seen == NULL)
        return da__node_no_memory(g);
    da_array *out = NULL;
    if (select_by(g, x, nitems, item, n, index, &a, seen, &s, &err) != DA_OK ||
        check_selection(&s, &err) != DA_OK)
        out = poison_of(g, "put_items", &err);
    else
        out = da__make_scatter(g, x, values_of(g, &s, value), n, seen, s.rule);
    da__free(seen);
    return out;
}
