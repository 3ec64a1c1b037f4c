/* The distribution of an elementwise result: its operands', and where they disagree the one under which the fewest bytes move. */
#include "cost.h"
#include "node.h"

#include <string.h>

static bool is_covering(const struct da__dist *d, int ndim, const int64_t *shape)
{
    if (d->ndim != ndim)
        return false;
    for (int k = 0; k < ndim; k++)
        if (d->map[k].count != shape[k])
            return false;
    return true;
}

/* The operand whose owners the result inherits where nothing speaks for another: data before what is computed anywhere, then the
 * largest; ties go to the first. */
static const da_array *natural_operand(int nin, da_array *const *in)
{
    const da_array *best = NULL;
    int64_t best_nelem = -1;
    bool best_is_data = false;
    for (int k = 0; k < nin; k++) {
        if (in[k]->dist == NULL)
            continue;
        bool is_data = !da__node_moves_nothing(in[k]);
        int64_t nelem = da__nelem(in[k]->ndim, in[k]->shape);
        if (best != NULL && (best_is_data && !is_data))
            continue;
        if (best == NULL || is_data != best_is_data || nelem > best_nelem) {
            best = in[k];
            best_nelem = nelem;
            best_is_data = is_data;
        }
    }
    return best;
}

/* An operand's owners on the result's shape. */
static da_status projected(const da_array *a, int ndim, const int64_t *shape,
                           const struct da__dist **out)
{
    if (!is_covering(a->dist, ndim, shape))
        return da__dist_broadcast(a->dist, ndim, shape, out);
    *out = da__dist_keep(a->dist);
    return DA_OK;
}

/* Whether the operand may decide: data whose owners are not seen to be as good as the natural one's. One that is broadcast
 * decides only where no operand has the result's shape. */
static bool is_rival(const da_array *a, const da_array *natural, int ndim, const int64_t *shape)
{
    if (a == natural || a->dist == NULL || a->dist == natural->dist || a->ndim == 0 ||
        da__node_moves_nothing(a))
        return false;
    if (is_covering(natural->dist, ndim, shape) && !is_covering(a->dist, ndim, shape))
        return false;
    return !da__dist_shifted(a->dist, natural->dist) && !da__dist_equal(a->dist, natural->dist);
}

/* What computing the result under `d` costs. */
static da_status cost_under(const struct da__dist *d, int nin, da_array *const *in, int ndim,
                            const int64_t *shape, double *cost)
{
    double nbytes = 0;
    for (int k = 0; k < nin; k++) {
        struct da__view v;
        double more;
        if (in[k]->dist == NULL || in[k]->dist == d || da__node_moves_nothing(in[k]))
            continue;
        da__view_broadcast(in[k]->ndim, in[k]->shape, ndim, shape, &v);
        DA_TRY(da__cost_read(in[k]->dist, da__dtype_nbytes(in[k]->dtype), &v, d, &more));
        nbytes += more;
    }
    *cost = da__cost_total(nbytes, da__cost_most(d), 1);
    return DA_OK;
}

/* Replaces *best, the natural choice, by a rival's owners where those cost less. */
static da_status choose(int nin, da_array *const *in, const da_array *natural, int ndim,
                        const int64_t *shape, const struct da__dist **best)
{
    double least = -1;
    for (int k = 0; k < nin; k++) {
        const struct da__dist *d = NULL;
        double cost;
        if (!is_rival(in[k], natural, ndim, shape))
            continue;
        if (least < 0)
            DA_TRY(cost_under(*best, nin, in, ndim, shape, &least));
        DA_TRY(projected(in[k], ndim, shape, &d));
        da_status status = cost_under(d, nin, in, ndim, shape, &cost);
        if (status == DA_OK && cost < least) {
            const struct da__dist *worse = *best;
            *best = d;
            d = worse;
            least = cost;
        }
        da__dist_drop(d);
        DA_TRY(status);
    }
    return DA_OK;
}

/* ---- between shifted views of one template ---- */

/* How many indices of the template one engine has in a row, about: views further apart than that have no middle, as whoever lies
 * there would hold nothing of either. 0: it has no order. */
static int64_t stretch_of(const struct da__map *m)
{
    if (m->kind == DA__MAP_C)
        return m->block;
    return m->kind == DA__MAP_B && m->parts > 0 ? m->size / m->parts : 0;
}

/* Where the operands' views of d's template begin, per axis: least and greatest. Returns whether they differ along an axis that is
 * split. */
static bool find_reach(const struct da__dist *d, int nin, da_array *const *in, int64_t *reach)
{
    bool spread = false;
    for (int k = 0; k < d->ndim; k++)
        reach[2 * k] = reach[2 * k + 1] = d->map[k].start;
    for (int i = 0; i < nin; i++) {
        if (in[i]->dist == NULL || da__node_moves_nothing(in[i]) ||
            !da__dist_shifted(in[i]->dist, d))
            continue;
        for (int k = 0; k < d->ndim; k++) {
            const int64_t *own = in[i]->reach;
            int64_t lo = own != NULL ? own[2 * k] : in[i]->dist->map[k].start;
            int64_t hi = own != NULL ? own[2 * k + 1] : in[i]->dist->map[k].start;
            reach[2 * k] = lo < reach[2 * k] ? lo : reach[2 * k];
            reach[2 * k + 1] = hi > reach[2 * k + 1] ? hi : reach[2 * k + 1];
        }
    }
    for (int k = 0; k < d->ndim; k++) {
        if (d->axis_grid[k] < 0 || reach[2 * k + 1] - reach[2 * k] > stretch_of(&d->map[k]))
            reach[2 * k] = reach[2 * k + 1] = d->map[k].start;
        spread |= reach[2 * k] < reach[2 * k + 1];
    }
    return spread;
}

/* The middle of an axis' reach; of two the one nearer to where the result would lie without this. */
static int64_t middle(const int64_t *reach, int64_t start)
{
    int64_t span = reach[1] - reach[0], low = reach[0] + span / 2;
    return span % 2 != 0 && start > low ? low + 1 : low;
}

/* Moves *d into the middle of the views that the operands are. */
static da_status center(int nin, da_array *const *in, const struct da__dist **d, int64_t **out)
{
    int64_t reach[2 * DA_MAX_NDIM];
    if (nin == 1 && in[0]->reach == NULL)
        return DA_OK;
    if (!find_reach(*d, nin, in, reach))
        return DA_OK;
    size_t nbytes = 2 * (size_t)(*d)->ndim * sizeof *reach;
    if ((*out = da__alloc(nbytes)) == NULL)
        return DA_ERR_MEMORY;
    memcpy(*out, reach, nbytes);
    for (int k = 0; k < (*d)->ndim; k++) {
        const struct da__dist *moved = NULL;
        struct da__map m = (*d)->map[k];
        m.start = middle(&reach[2 * k], m.start);
        if (reach[2 * k] == reach[2 * k + 1] || m.start == (*d)->map[k].start)
            continue;
        m.padding = NULL;
        DA_TRY(da__dist_with_map(*d, k, &m, &moved));
        da__dist_drop(*d);
        *d = moved;
    }
    return DA_OK;
}

da_status da__result_dist(struct da__graph *g, int nin, da_array *const *in, int ndim,
                          const int64_t *shape, const struct da__dist **out, int64_t **reach,
                          struct da__error *err)
{
    const da_array *natural = natural_operand(nin, in);
    *reach = NULL;
    if (natural == NULL || (natural->dist->ndim == 0 && !is_covering(natural->dist, ndim, shape)))
        return da__spec_dist(g, ndim, shape, NULL, out, err);
    const struct da__dist *d = NULL;
    DA_TRY(projected(natural, ndim, shape, &d));
    da_status status = DA_OK;
    if (!da__node_moves_nothing(natural)) {
        status = choose(nin, in, natural, ndim, shape, &d);
        if (status == DA_OK)
            status = center(nin, in, &d, reach);
    }
    if (status != DA_OK) {
        da__dist_drop(d);
        da__free(*reach);
        *reach = NULL;
        return status;
    }
    *out = d;
    return DA_OK;
}
