/* Indices in an expression: u[1:-1, ::2, ..., 3, None], and index arrays among them. */
#include "expr_parser.h"

static da_status expect(struct da__parser *p, const char *sign)
{
    return da__parse_at(p, sign) ? da__parse_advance(p) : da__parse_expected(p, sign);
}

/* ---- indices ---- */

struct index_list {
    struct da__index_item *item;
    int64_t n, cap, narrays, arrays_cap;
    da_array **array;
};

static da_status index_part(struct da__parser *p, const struct da__raw *r, bool *has,
                            int64_t *value)
{
    *has = r->kind != DA__RAW_NONE;
    if (!*has)
        return DA_OK;
    if (r->kind != DA__RAW_SCALAR || r->u.scalar.kind != DA__SCALAR_INT)
        return da__fail(
            p->err, DA_ERR_INDEX,
            "column %d: %s in an index; integers, arrays of them, slices, ... and None are "
            "offered",
            r->column, da__raw_what(r));
    *value = r->u.scalar.i;
    return DA_OK;
}

/* One bound of a slice, which may be left out. */
static da_status slice_bound(struct da__parser *p, bool *has, int64_t *value)
{
    struct da__raw r;
    if (da__parse_at(p, ":") || da__parse_at(p, ",") || da__parse_at(p, "]"))
        return DA_OK;
    DA_TRY(da__parse(p, 0, &r));
    return index_part(p, &r, has, value);
}

/* What follows the first ":" of a slice. */
static da_status parse_slice(struct da__parser *p, struct da__index_item *item)
{
    item->kind = DA__INDEX_SLICE;
    DA_TRY(expect(p, ":"));
    DA_TRY(slice_bound(p, &item->has_stop, &item->stop));
    if (!da__parse_at(p, ":"))
        return DA_OK;
    DA_TRY(da__parse_advance(p));
    return slice_bound(p, &item->has_step, &item->step);
}

static da_status add_array(struct da__parser *p, struct index_list *list, da_array *array)
{
    if (!da__parse_room(p, (void **)&list->array, list->narrays, &list->arrays_cap,
                        sizeof(da_array *)))
        return da__parse_no_memory(p);
    list->item[list->n - 1] =
        (struct da__index_item){.kind = DA__INDEX_ARRAY, .start = list->narrays};
    list->array[list->narrays++] = array;
    return DA_OK;
}

static da_status single_index(struct da__parser *p, const struct da__raw *r,
                              struct index_list *list)
{
    if (!da__parse_room(p, (void **)&list->item, list->n, &list->cap, sizeof *list->item))
        return da__parse_no_memory(p);
    struct da__index_item *item = &list->item[list->n++];
    bool has;
    if (r->kind == DA__RAW_ARRAY)
        return add_array(p, list, r->u.array);
    if (r->kind == DA__RAW_SCALAR &&
        r->u.scalar.kind == DA__SCALAR_BOOL) /* a mask of all or none */
        return add_array(p, list, da__make_full(p->g, 0, NULL, r->u.scalar, DA_BOOL, NULL));
    *item = (struct da__index_item){.kind = DA__INDEX_INT};
    DA_TRY(index_part(p, r, &has, &item->start));
    if (!has)
        item->kind = DA__INDEX_NEWAXIS;
    return DA_OK;
}

static da_status parse_index_item(struct da__parser *p, struct index_list *list)
{
    if (!da__parse_room(p, (void **)&list->item, list->n, &list->cap, sizeof *list->item))
        return da__parse_no_memory(p);
    struct da__index_item *item = &list->item[list->n];
    *item = (struct da__index_item){0};
    if (da__parse_at(p, "...")) {
        item->kind = DA__INDEX_ELLIPSIS;
        list->n++;
        return da__parse_advance(p);
    }
    struct da__raw r = {0};
    if (!da__parse_at(p, ":")) {
        DA_TRY(da__parse(p, 0, &r));
        if (!da__parse_at(p, ":"))
            return single_index(p, &r, list);
    }
    list->n++;
    DA_TRY(index_part(p, &r, &item->has_start, &item->start));
    return parse_slice(p, item);
}

da_status da__parse_subscript(struct da__parser *p, struct da__raw *x)
{
    struct index_list list = {0};
    int column = p->token.column;
    if (x->kind != DA__RAW_ARRAY)
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: %s cannot be indexed", column,
                        da__raw_what(x));
    DA_TRY(da__parse_advance(p));
    if (da__parse_at(p, "]"))
        return da__parse_expected(p, "an index");
    while (!da__parse_at(p, "]")) {
        DA_TRY(parse_index_item(p, &list));
        if (list.n > 4 * DA_MAX_NDIM)
            return da__fail(p->err, DA_ERR_INDEX, "column %d: more than %d indices", column,
                            4 * DA_MAX_NDIM);
        if (da__parse_at(p, ","))
            DA_TRY(da__parse_advance(p));
        else if (!da__parse_at(p, "]"))
            return da__parse_expected(p, "\",\" or \"]\"");
    }
    DA_TRY(da__parse_advance(p));
    return da__parse_built(
        p, da__make_get(p->g, x->u.array, (int)list.n, list.item, (int)list.narrays, list.array),
        column, x);
}
