/* Indexing by arrays of integers as exported functions. */
#include "api.h"

/* Two arrays of one context. */
static bool pair_of(const char *what, da_array *x, da_array *indices, struct da__graph **g,
                    da_array **bad)
{
    da_array *both[] = {x, indices};
    return da__api_list(what, 2, both, g, bad);
}

da_array *da_take(da_array *x, da_array *indices, int axis)
{
    struct da__graph *g;
    da_array *bad;
    return pair_of("take", x, indices, &g, &bad) ? da__make_take(g, x, indices, axis) : bad;
}

da_array *da_take_along_axis(da_array *x, da_array *indices, int axis)
{
    struct da__graph *g;
    da_array *bad;
    return pair_of("take_along_axis", x, indices, &g, &bad)
               ? da__make_take_along_axis(g, x, indices, axis)
               : bad;
}

da_item da_by(da_array *indices)
{
    return (da_item){.kind = DA_ITEM_ARRAY, .array = indices};
}

/* Items with their arrays apart, as graph wants them. */
struct items {
    int n;
    struct da__index_item item[DA__MAX_ITEMS];
    da_array *array[DA__MAX_ITEMS];
};

static bool read_items(struct da__graph *g, const char *what, int n, const da_item *item,
                       struct items *out, da_array **bad)
{
    da_item plain[DA__MAX_ITEMS];
    struct da__graph *own;
    out->n = 0;
    for (int k = 0; k < n && n <= DA__MAX_ITEMS && item != NULL; k++)
        plain[k] = item[k].kind == DA_ITEM_ARRAY ? da_whole() : item[k];
    if (!da__api_items(g, what, n, item != NULL ? plain : NULL, out->item, bad))
        return false;
    for (int k = 0; k < n; k++)
        if (item[k].kind == DA_ITEM_ARRAY) {
            out->item[k] = (struct da__index_item){.kind = DA__INDEX_ARRAY, .start = out->n};
            out->array[out->n++] = item[k].array;
        }
    if (out->n == 0)
        return true;
    if (!da__api_list(what, out->n, out->array, &own, bad))
        return false;
    if (own != g)
        *bad = da__api_poison(g, DA_ERR_ARGUMENT, "da_%s: the arrays belong to two contexts", what);
    return own == g;
}

da_array *da_get_items(da_array *x, int n, const da_item *item)
{
    struct da__graph *g;
    da_array *bad;
    struct items items;
    if (!da__api_array(x, &g, &bad) || !read_items(g, "get_items", n, item, &items, &bad))
        return bad;
    return da__make_get(g, x, n, items.item, items.n, items.array);
}

da_array *da_put_items(da_array *x, da_operand value, int n, const da_item *item)
{
    struct da__graph *g;
    da_array *bad;
    struct items items;
    const da_operand both[2] = {da_operand_array(x), value};
    struct da__operand operand[2];
    if (!da__api_operands("put_items", 2, both, operand, &g, &bad) ||
        !read_items(g, "put_items", n, item, &items, &bad))
        return bad;
    return da__make_put(g, x, &operand[1], n, items.item, items.n, items.array);
}
