/* Where products are computed. A product's engines form a grid whose dimensions split the batch axes, the rows or the columns
 * of the result; a dimension that splits none of these may split k for both operands (then partial sums are joined), and one that
 * splits the columns (rows) may split k for the first (second) operand, whose panels then go round along it. Candidates keep an operand
 * where it lies, or spread the result over all engines; the cheapest one wins. */
#include "product.h"

#include "cost.h"

#include <math.h>
#include <string.h>

/* Bytes that one multiplication and addition is worth, as DA__COST_PER_OPERATION; matrix products run near a core's peak. */
static const double COST_PER_MADD = 1.0 / 16;

struct candidate {
    const struct da__dist *c;
    int split[2];
};
struct placing {
    struct da__graph *g;
    int64_t *attribute;
    int ndim;
    const int64_t *shape;
    da_array *const *in;
    struct candidate best;
    double least; /* -1: none yet */
};

struct da__factor da__factor_of(const int64_t *attribute, int ndim, int side)
{
    struct da__factor f = {.nk = (int)attribute[DA__PRODUCT_K],
                           .nkept = (int)attribute[DA__PRODUCT_M + side]};
    f.nbatch = ndim - f.nk - f.nkept;
    bool kept_first = (side == 0) != (attribute[DA__PRODUCT_TRANSPOSED + side] != 0);
    f.kept = f.nbatch + (kept_first ? 0 : f.nk);
    f.k = f.nbatch + (kept_first ? f.nkept : 0);
    return f;
}

/* The result's first axis of those that operand `side` keeps. */
static int kept_in_result(const int64_t *attribute, int side)
{
    return (int)(attribute[DA__PRODUCT_BATCH] + (side == 0 ? 0 : attribute[DA__PRODUCT_M]));
}

/* ---- where operands lie ---- */

/* Whether the operand's first axis k already lies split over that dimension of the grid; `blocks`: in ascending blocks. */
static bool has_split(const int64_t *attribute, const struct da__dist *c, const da_array *x,
                      int side, int dim, bool blocks)
{
    int k = da__factor_of(attribute, x->ndim, side).k;
    if (x->dist == NULL || !da__dist_same_grid(x->dist, c) || x->dist->axis_grid[k] != dim)
        return false;
    return !blocks || (x->dist->map[k].kind == DA__MAP_B && da__map_ascends(&x->dist->map[k]));
}

/* The map of axis k over dimension `dim`: the operand's own, where partial sums are joined that of the operand that has one. */
static struct da__map split_map(const int64_t *attribute, const struct da__dist *c,
                                da_array *const *in, int side, int dim)
{
    bool joined = attribute[DA__PRODUCT_SPLIT + 1 - side] == dim;
    int first = joined ? 0 : side, last = joined ? 1 : side;
    for (int s = first; s <= last; s++)
        if (has_split(attribute, c, in[s], s, dim, !joined))
            return in[s]->dist->map[da__factor_of(attribute, in[s]->ndim, s).k];
    int k = da__factor_of(attribute, in[side]->ndim, side).k;
    return da__map_blocks(c->grid[dim], in[side]->shape[k]);
}

da_status da__factor_dist(const int64_t *attribute, const struct da__dist *c, da_array *const *in,
                          int side, const struct da__dist **out)
{
    const da_array *x = in[side];
    struct da__factor f = da__factor_of(attribute, x->ndim, side);
    struct da__map map[DA_MAX_NDIM];
    int dim[DA_MAX_NDIM], batch = (int)attribute[DA__PRODUCT_BATCH] - f.nbatch;
    for (int k = 0; k < x->ndim; k++) {
        int from = k < f.nbatch ? batch + k
                   : k >= f.kept && k < f.kept + f.nkept
                       ? kept_in_result(attribute, side) + k - f.kept
                       : -1;
        bool follows = from >= 0 && c->map[from].count == x->shape[k];
        dim[k] = follows ? c->axis_grid[from] : -1;
        map[k] = follows ? c->map[from] : da__map_blocks(1, x->shape[k]);
    }
    int split = (int)attribute[DA__PRODUCT_SPLIT + side];
    if (split >= 0) {
        dim[f.k] = split;
        map[f.k] = split_map(attribute, c, in, side, split);
    }
    return da__dist_on_grid(c, x->ndim, dim, map, out);
}

/* ---- prices ---- */

/* Bytes that go round along the grid: each engine gets of the panels those that others have. */
static double ring_bytes(const da_array *x, const struct da__dist *d, int dim)
{
    bool used[DA_MAX_NDIM] = {false};
    double replicas = 1;
    for (int k = 0; k < d->ndim; k++)
        if (d->axis_grid[k] >= 0)
            used[d->axis_grid[k]] = true;
    for (int g = 0; g < d->ngrid; g++)
        replicas *= used[g] ? 1 : d->grid[g];
    return replicas * (d->grid[dim] - 1) * (double)da__nelem(x->ndim, x->shape) *
           (double)da__dtype_nbytes(x->dtype);
}

static da_status operand_price(const struct placing *p, const struct candidate *t, int side,
                               double *nbytes)
{
    const da_array *x = p->in[side];
    const struct da__dist *d = NULL;
    struct da__view same;
    double moved = 0;
    int split = t->split[side];
    DA_TRY(da__factor_dist(p->attribute, t->c, p->in, side, &d));
    da__view_identity(x->ndim, &same);
    da_status status = DA_OK;
    if (x->dist != NULL && !da__node_moves_nothing(x))
        status = da__cost_read(x->dist, da__dtype_nbytes(x->dtype), &same, d, &moved);
    if (split >= 0 && t->split[1 - side] != split)
        moved += ring_bytes(x, d, split);
    *nbytes += moved;
    da__dist_drop(d);
    return status;
}

static da_status price(const struct placing *p, const struct candidate *t, double *out)
{
    double nbytes = 0, most = da__cost_most(t->c), madds = most;
    const da_array *a = p->in[0];
    struct da__factor f = da__factor_of(p->attribute, a->ndim, 0);
    for (int k = 0; k < f.nk; k++)
        madds *= (double)a->shape[f.k + k];
    p->attribute[DA__PRODUCT_SPLIT] = t->split[0];
    p->attribute[DA__PRODUCT_SPLIT + 1] = t->split[1];
    DA_TRY(operand_price(p, t, 0, &nbytes));
    DA_TRY(operand_price(p, t, 1, &nbytes));
    if (t->split[0] >= 0 && t->split[0] == t->split[1]) {
        double parts = t->c->grid[t->split[0]];
        madds /= parts;
        nbytes += (double)da__dist_nengines(t->c) * most * ceil(log2(parts)) *
                  (double)da__dtype_nbytes(a->dtype);
    }
    *out = nbytes + COST_PER_MADD * madds;
    return DA_OK;
}

/* Takes the candidate's distribution over. */
static da_status consider(struct placing *p, const struct da__dist *c, int split1, int split2)
{
    struct candidate t = {.c = c, .split = {split1, split2}};
    double cost;
    da_status status = price(p, &t, &cost);
    if (status == DA_OK && (p->least < 0 || cost < p->least)) {
        da__dist_drop(p->best.c);
        p->best = t;
        p->least = cost;
    } else
        da__dist_drop(c);
    return status;
}

/* ---- candidates ---- */

/* The result beside an operand that stays: batch axes and its own axes lie as its; `other` is the dimension that splits the first of the
 * other operand's axes, -1: none. */
static da_status beside(const struct placing *p, int side, int other, const struct da__dist **out)
{
    const da_array *x = p->in[side], *y = p->in[1 - side];
    const struct da__dist *d = x->dist;
    struct da__factor f = da__factor_of(p->attribute, x->ndim, side),
                      fy = da__factor_of(p->attribute, y->ndim, 1 - side);
    struct da__map map[DA_MAX_NDIM];
    int dim[DA_MAX_NDIM], batch = (int)p->attribute[DA__PRODUCT_BATCH] - f.nbatch;
    for (int k = 0; k < p->ndim; k++) {
        dim[k] = -1;
        map[k] = da__map_blocks(1, p->shape[k]);
    }
    for (int k = 0; k < f.nbatch + f.nkept; k++) {
        int from = k < f.nbatch ? k : f.kept + k - f.nbatch;
        int to = k < f.nbatch ? batch + k : kept_in_result(p->attribute, side) + k - f.nbatch;
        if (p->shape[to] != x->shape[from])
            continue;
        dim[to] = d->axis_grid[from];
        map[to] = d->map[from];
    }
    if (other >= 0) {
        int to = kept_in_result(p->attribute, 1 - side);
        bool own = y->dist != NULL && da__dist_same_grid(y->dist, d) &&
                   y->dist->axis_grid[fy.kept] == other;
        dim[to] = other;
        map[to] = own ? y->dist->map[fy.kept] : da__map_blocks(d->grid[other], p->shape[to]);
    }
    return da__dist_on_grid(d, p->ndim, dim, map, out);
}

/* The dimension that splits the first of the operand's own axes that is split, -1: none. */
static int kept_split(const da_array *x, struct da__factor f)
{
    for (int k = f.kept; k < f.kept + f.nkept; k++)
        if (x->dist->axis_grid[k] >= 0)
            return x->dist->axis_grid[k];
    return -1;
}

static da_status keep_side(struct placing *p, int side)
{
    const da_array *x = p->in[side];
    if (x->dist == NULL || da__node_moves_nothing(x))
        return DA_OK;
    struct da__factor f = da__factor_of(p->attribute, x->ndim, side);
    int own = kept_split(x, f), k = f.nk > 0 ? x->dist->axis_grid[f.k] : -1, split[2];
    const struct da__dist *c = NULL;
    split[side] = k;
    split[1 - side] = f.nk > 0 ? own : -1;
    if (k < 0 || p->attribute[DA__PRODUCT_M + 1 - side] > 0) { /* panels go round */
        DA_TRY(beside(p, side, k, &c));
        DA_TRY(consider(p, c, split[0], split[1]));
    }
    if (k >= 0 && !p->attribute[DA__PRODUCT_ORDERED]) { /* partial sums are joined */
        DA_TRY(beside(p, side, -1, &c));
        return consider(p, c, k, k);
    }
    if (own < 0 || k >= 0)
        return DA_OK;
    DA_TRY(beside(p, side, -1, &c)); /* the other operand is whole everywhere */
    return consider(p, c, -1, -1);
}

/* The result in blocks along some axes over all engines; the dimensions that split rows and columns split k of the operands. */
static da_status spread(struct placing *p, int first, int second)
{
    struct da__map_spec map[DA_MAX_NDIM];
    struct da__dist_spec spec = {.nmaps = p->ndim, .map = map};
    struct da__error err = {.engine = -1};
    const struct da__dist *c = NULL;
    memset(map, 0, sizeof map);
    for (int k = 0; k < p->ndim; k++)
        map[k].kind = k == first || k == second ? 'b' : 'n';
    DA_TRY(da__dist_make(p->ndim, p->shape, &spec, da__graph_nengines(p->g), &c, &err));
    int m = kept_in_result(p->attribute, 0), n = kept_in_result(p->attribute, 1),
        split[2] = {-1, -1};
    bool has_k = p->attribute[DA__PRODUCT_K] > 0;
    if (has_k && p->attribute[DA__PRODUCT_M] > 0)
        split[1] = c->axis_grid[m];
    if (has_k && p->attribute[DA__PRODUCT_N] > 0)
        split[0] = c->axis_grid[n];
    return consider(p, c, split[0], split[1]);
}

static da_status join_all(struct placing *p)
{
    const struct da__dist *c = NULL;
    int nengines = da__graph_nengines(p->g);
    DA_TRY(da__dist_replicated(p->ndim, p->shape, nengines, &c));
    bool joins = p->attribute[DA__PRODUCT_K] > 0 && !p->attribute[DA__PRODUCT_ORDERED];
    int split = nengines > 1 && joins ? 0 : -1;
    return consider(p, c, split, split);
}

static da_status spread_all(struct placing *p)
{
    int m = kept_in_result(p->attribute, 0), n = kept_in_result(p->attribute, 1);
    bool rows = p->attribute[DA__PRODUCT_M] > 0, columns = p->attribute[DA__PRODUCT_N] > 0;
    if (rows)
        DA_TRY(spread(p, m, m));
    if (da__graph_nengines(p->g) == 1 && rows)
        return DA_OK;
    if (columns)
        DA_TRY(spread(p, n, n));
    if (rows && columns)
        DA_TRY(spread(p, m, n));
    if (p->attribute[DA__PRODUCT_BATCH] > 0)
        DA_TRY(spread(p, 0, 0));
    return join_all(p);
}

da_status da__product_place(struct da__graph *g, int64_t *attribute, int ndim, const int64_t *shape,
                            da_array *const *in, const struct da__dist **out, struct da__error *err)
{
    struct placing p = {
        .g = g, .attribute = attribute, .ndim = ndim, .shape = shape, .in = in, .least = -1};
    da_status status = keep_side(&p, 0);
    if (status == DA_OK)
        status = keep_side(&p, 1);
    if (status == DA_OK)
        status = spread_all(&p);
    if (status != DA_OK) {
        da__dist_drop(p.best.c);
        return da__fail(err, status, "no memory to place a product");
    }
    attribute[DA__PRODUCT_SPLIT] = p.best.split[0];
    attribute[DA__PRODUCT_SPLIT + 1] = p.best.split[1];
    *out = p.best.c;
    return DA_OK;
}
