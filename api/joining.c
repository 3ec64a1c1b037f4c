/* Rolls, diagonals, joins and replaced parts as exported functions. */
#include "api.h"

#include <string.h>

/* ---- the same elements elsewhere ---- */

da_array *da_roll(da_array *x, int64_t shift, da_axes axes)
{
    struct da__graph *g;
    da_array *bad;
    int64_t list[DA_MAX_NDIM];
    if (!da__api_array(x, &g, &bad) || !da__api_axes(g, "roll", axes, list, &bad))
        return bad;
    return da__make_roll(g, x, 1, &shift, axes.n, list);
}

da_array *da_roll_each(da_array *x, int n, const int64_t *shift, const int *axis)
{
    struct da__graph *g;
    da_array *bad;
    if (!da__api_array(x, &g, &bad))
        return bad;
    if (n < 0 || (n > 0 && (shift == NULL || axis == NULL)))
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_roll_each: %d rolls, or NULL for them", n);
    int64_t *list = da__calloc((size_t)n + 1, sizeof *list);
    if (list == NULL)
        return da__api_poison(g, DA_ERR_MEMORY, "da_roll_each: out of memory for %d axes", n);
    for (int k = 0; k < n; k++)
        list[k] = axis[k];
    da_array *a = da__make_roll(g, x, n, shift, n, list);
    da__free(list);
    return a;
}

da_array *da_diagonal(da_array *x, int64_t offset, int axis1, int axis2)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_array(x, &g, &bad) ? da__make_diagonal(g, x, offset, axis1, axis2) : bad;
}

da_array *da_tril(da_array *x, int64_t k)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_array(x, &g, &bad) ? da__make_triangle(g, x, false, k) : bad;
}

da_array *da_triu(da_array *x, int64_t k)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_array(x, &g, &bad) ? da__make_triangle(g, x, true, k) : bad;
}

/* ---- arrays side by side ---- */

da_array *da_concat(int n, da_array *const *x, int axis)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_list("concat", n, x, &g, &bad) ? da__make_concat(g, n, x, axis, false) : bad;
}

da_array *da_concat_flat(int n, da_array *const *x)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_list("concat_flat", n, x, &g, &bad) ? da__make_concat(g, n, x, 0, true) : bad;
}

da_array *da_stack(int n, da_array *const *x, int axis)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_list("stack", n, x, &g, &bad) ? da__make_stack(g, n, x, axis) : bad;
}

/* The axis made non-negative, where it has n indices. */
static da_array *check_unstack(struct da__graph *g, const da_array *x, int axis, int64_t n, int *at)
{
    struct da__error err = {.engine = -1};
    if (da__axis(axis, x->ndim, "da_unstack", at, &err) != DA_OK)
        return da__make_poison(g, &err);
    if (x->shape[*at] == DA__UNSIZED)
        da__fail(
            &err, DA_ERR_STATE,
            "da_unstack: the size of axis %d, and so the number of results, is known only once "
            "the array is computed: compute it first",
            *at);
    else if (x->shape[*at] != n)
        da__fail(&err, DA_ERR_SHAPE, "da_unstack: axis %d has %lld elements, not %lld", *at,
                 (long long)x->shape[*at], (long long)n);
    return err.status != DA_OK ? da__make_poison(g, &err) : NULL;
}

void da_unstack(da_array *x, int axis, int64_t n, da_array **out)
{
    struct da__graph *g;
    struct da__index_item item[DA_MAX_NDIM];
    da_array *bad = NULL;
    int at = 0;
    if (da__api_array(x, &g, &bad))
        bad = x->kind == DA__NODE_POISON ? x : check_unstack(g, x, axis, n, &at);
    for (int k = 0; k < at; k++)
        item[k] = (struct da__index_item){.kind = DA__INDEX_SLICE};
    for (int64_t i = 0; i < n; i++) {
        item[at] = (struct da__index_item){.kind = DA__INDEX_INT, .has_start = true, .start = i};
        out[i] = bad != NULL ? bad : da__make_index_basic(g, x, at + 1, item);
    }
}

void da_meshgrid(int n, da_array *const *x, const char *indexing, da_array **out)
{
    struct da__graph *g;
    da_array *bad = NULL;
    bool matrix = indexing != NULL && strcmp(indexing, "ij") == 0;
    bool sound = da__api_list("meshgrid", n, x, &g, &bad);
    if (sound && !matrix && indexing != NULL && strcmp(indexing, "xy") != 0) {
        bad = da__api_poison(g, DA_ERR_ARGUMENT,
                             "da_meshgrid: the indexing is \"%.20s\", not \"xy\" or \"ij\"",
                             indexing);
        sound = false;
    }
    if (sound)
        da__make_meshgrid(g, n, x, matrix, out);
    for (int k = 0; k < n && !sound; k++)
        out[k] = bad;
}

/* ---- arrays with parts replaced ---- */

/* x's graph and the scalars or arrays that go with x. */
static bool with_array(const char *what, da_array *x, int n, const da_operand *other,
                       struct da__operand *out, struct da__graph **g, da_array **bad)
{
    da_operand all[3] = {da_operand_array(x)};
    struct da__operand found[3];
    for (int k = 0; k < n; k++)
        all[k + 1] = other[k];
    if (!da__api_array_for(what, x, g, bad) || !da__api_operands(what, n + 1, all, found, g, bad))
        return false;
    for (int k = 0; k < n; k++)
        out[k] = found[k + 1];
    return true;
}

da_array *da_set_slice(da_array *x, da_operand value, int n, const da_item *item)
{
    struct da__graph *g;
    struct da__operand in;
    struct da__index_item list[DA__MAX_ITEMS];
    da_array *bad;
    if (!with_array("set_slice", x, 1, &value, &in, &g, &bad) ||
        !da__api_items(g, "set_slice", n, item, list, &bad))
        return bad;
    return da__make_set_slice(g, x, &in, n, list);
}

da_array *da_set_index(da_array *x, da_operand value, const char *index)
{
    struct da__graph *g;
    struct da__operand in;
    struct da__index_item list[DA__MAX_ITEMS];
    struct da__error err = {.engine = -1};
    da_array *bad;
    int n;
    if (!with_array("set_index", x, 1, &value, &in, &g, &bad))
        return bad;
    if (index == NULL)
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_set_index: the index is NULL");
    if (da__index_parse(index, DA__MAX_ITEMS, list, &n, &err) != DA_OK) {
        da__error_prefix(&err, "da_set_index");
        return da__make_poison(g, &err);
    }
    return da__make_set_slice(g, x, &in, n, list);
}

da_array *da_set_where(da_array *x, da_operand mask, da_operand value)
{
    struct da__graph *g;
    struct da__operand in[2];
    const da_operand other[] = {mask, value};
    da_array *bad;
    if (!with_array("set_where", x, 2, other, in, &g, &bad))
        return bad;
    return da__make_set_where(g, x, &in[0], &in[1]);
}
