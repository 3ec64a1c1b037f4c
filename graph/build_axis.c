/* Views and selections by where elements stand: roll, diagonal, tril and triu as nodes. */
#include "deferred.h"
#include "node.h"

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

/* ---- roll ---- */

/* The sum of all shifts of an axis of n elements, 0 … n-1. */
static int64_t total_shift(int64_t n, int nshifts, const int64_t *shifts)
{
    int64_t sum = 0;
    for (int k = 0; k < nshifts && n > 0; k++) {
        int64_t shift = da__floor_mod(shifts[k], n);
        sum = sum >= n - shift ? sum - (n - shift) : sum + shift;
    }
    return sum;
}

static void roll_axis(struct da__view *v, int axis, int64_t extent, int64_t shift)
{
    if (shift == 0)
        return;
    v->period[axis] = extent;
    v->phase[axis] = extent - shift;
}

static da_array *rolled_flat(struct da__graph *g, da_array *x, int nshifts, const int64_t *shifts)
{
    struct da__view v;
    if (x->ndim == 0)
        return da__node_again(g, x);
    da_array *flat = da__make_flatten(g, x);
    if (flat->kind == DA__NODE_POISON)
        return flat;
    da__view_identity(1, &v);
    roll_axis(&v, 0, flat->shape[0], total_shift(flat->shape[0], nshifts, shifts));
    return da__make_reshape(g, da__make_view(g, flat, &v, 1, flat->shape), x->ndim, x->shape, NULL);
}

static da_array *roll_later(struct da__graph *g, da_array *x, int nshifts, const int64_t *shifts,
                            int naxes, const int64_t *axes)
{
    struct da__later c;
    da__later_begin(&c, "roll");
    da__later_array(&c, "x", x);
    da__later_ints(&c, "shift", nshifts, shifts);
    if (naxes >= 0)
        da__later_ints(&c, "axis", naxes, axes);
    return da__later_defer(g, &c);
}

da_array *da__make_roll(struct da__graph *g, da_array *x, int nshifts, const int64_t *shifts,
                        int naxes, const int64_t *axes)
{
    struct da__error err = {.engine = -1};
    struct da__view v;
    int64_t sum[DA_MAX_NDIM] = {0};
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return roll_later(g, x, nshifts, shifts, naxes, axes);
    if (naxes < 0)
        return rolled_flat(g, x, nshifts, shifts);
    if (nshifts != naxes && nshifts != 1 && naxes != 1)
        da__fail(&err, DA_ERR_ARGUMENT, "da_roll: %d shifts for %d axes", nshifts, naxes);
    int n = nshifts == 0 || naxes == 0 ? 0 : nshifts > naxes ? nshifts : naxes, axis;
    for (int k = 0; k < n && err.status == DA_OK; k++) {
        if (da__axis(axes[naxes == 1 ? 0 : k], x->ndim, "da_roll", &axis, &err) != DA_OK)
            break;
        const int64_t both[] = {sum[axis], shifts[nshifts == 1 ? 0 : k]};
        sum[axis] = total_shift(x->shape[axis], 2, both);
    }
    if (err.status != DA_OK)
        return poison(g, &err);
    da__view_identity(x->ndim, &v);
    for (int k = 0; k < x->ndim; k++)
        roll_axis(&v, k, x->shape[k], sum[k]);
    return da__make_view(g, x, &v, x->ndim, x->shape);
}

/* ---- diagonals ---- */

static int64_t clamped(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* The two axes, made non-negative and checked. */
static da_status two_axes(const da_array *x, int64_t axis1, int64_t axis2, int *first, int *second,
                          struct da__error *err)
{
    if (x->ndim < 2)
        return da__fail(err, DA_ERR_SHAPE,
                        "da_diagonal: an array of %d dimension(s) has no diagonal", x->ndim);
    DA_TRY(da__axis(axis1, x->ndim, "da_diagonal", first, err));
    DA_TRY(da__axis(axis2, x->ndim, "da_diagonal", second, err));
    if (*first == *second)
        return da__fail(err, DA_ERR_ARGUMENT, "da_diagonal: axis1 and axis2 are both axis %d",
                        *first);
    return DA_OK;
}

static da_array *diagonal_later(struct da__graph *g, da_array *x, int64_t offset, int64_t axis1,
                                int64_t axis2)
{
    struct da__later c;
    da__later_begin(&c, "diagonal");
    da__later_array(&c, "x", x);
    da__later_int(&c, "offset", offset);
    da__later_int(&c, "axis1", axis1);
    da__later_int(&c, "axis2", axis2);
    return da__later_defer(g, &c);
}

da_array *da__make_diagonal(struct da__graph *g, da_array *x, int64_t offset, int64_t axis1,
                            int64_t axis2)
{
    struct da__error err = {.engine = -1};
    struct da__view v;
    int64_t shape[DA_MAX_NDIM];
    int one, two, next = 0;
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized)
        return diagonal_later(g, x, offset, axis1, axis2);
    if (two_axes(x, axis1, axis2, &one, &two, &err) != DA_OK)
        return poison(g, &err);
    offset = clamped(offset, -x->shape[one], x->shape[two]);
    int64_t down = offset < 0 ? -offset : 0, right = offset > 0 ? offset : 0;
    int64_t rows = x->shape[one] - down, columns = x->shape[two] - right;
    int64_t count = rows < columns ? rows : columns;
    da__view_identity(x->ndim, &v);
    v.ndim = x->ndim - 1;
    for (int b = 0; b < x->ndim; b++) {
        if (b == one || b == two)
            continue;
        v.axis[b] = next;
        shape[next++] = x->shape[b];
    }
    v.axis[one] = v.axis[two] = next;
    v.offset[one] = count > 0 ? down : 0;
    v.offset[two] = count > 0 ? right : 0;
    shape[next] = count;
    return da__make_view(g, x, &v, v.ndim, shape);
}

static da_array *triangle_later(struct da__graph *g, da_array *x, bool upper, int64_t k)
{
    struct da__later c;
    da__later_begin(&c, upper ? "triu" : "tril");
    da__later_array(&c, "x", x);
    da__later_int(&c, "k", k);
    return da__later_defer(g, &c);
}

/* The row index of a column and the column index of a row broadcast to the whole: nothing lies in memory. */
da_array *da__make_triangle(struct da__graph *g, da_array *x, bool upper, int64_t k)
{
    struct da__error err = {.engine = -1};
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->ndim < 2) {
        da__fail(&err, DA_ERR_SHAPE, "da_%s: an array of %d dimension(s) has no triangle",
                 upper ? "triu" : "tril", x->ndim);
        return poison(g, &err);
    }
    if (x->unsized)
        return triangle_later(g, x, upper, k);
    int64_t nrows = x->shape[x->ndim - 2], ncols = x->shape[x->ndim - 1];
    int64_t column[] = {nrows, 1}, row[] = {ncols}, diagonal = clamped(k, -nrows, ncols);
    struct da__operand sum[] = {{.array = da__make_index(g, 0, 2, column, NULL)},
                                {.scalar = {DA__SCALAR_INT, diagonal, (double)diagonal, 0}}};
    struct da__operand order[] = {{.array = da__make_index(g, 0, 1, row, NULL)},
                                  {.array = da__make_elementwise(g, DA__OP_ADD, 2, sum)}};
    enum da__op_id op = upper ? DA__OP_GREATER_EQUAL : DA__OP_LESS_EQUAL;
    struct da__operand choice[] = {{.array = da__make_elementwise(g, op, 2, order)},
                                   {.array = x},
                                   {.scalar = {.kind = DA__SCALAR_BOOL}}};
    return da__make_elementwise(g, DA__OP_WHERE, 3, choice);
}
