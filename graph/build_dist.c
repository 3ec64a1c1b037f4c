/* The distribution of an elementwise result: its operands', and where they disagree the one under which the fewest bytes move. */
#include "cost.h"
#include "node.h"

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

da_status da__result_dist(struct da__graph *g, int nin, da_array *const *in, int ndim,
                          const int64_t *shape, const struct da__dist **out, struct da__error *err)
{
    const da_array *natural = natural_operand(nin, in);
    if (natural == NULL || (natural->dist->ndim == 0 && !is_covering(natural->dist, ndim, shape)))
        return da__spec_dist(g, ndim, shape, NULL, out, err);
    const struct da__dist *d = NULL;
    DA_TRY(projected(natural, ndim, shape, &d));
    if (!da__node_moves_nothing(natural)) {
        da_status status = choose(nin, in, natural, ndim, shape, &d);
        if (status != DA_OK) {
            da__dist_drop(d);
            return status;
        }
    }
    *out = d;
    return DA_OK;
}
