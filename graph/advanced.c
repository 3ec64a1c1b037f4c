/* NumPy's indexing by arrays: the result's shape, and for each base axis what its index is. */
#include "advanced.h"

enum { MOST_ITEMS = 2 * DA_MAX_NDIM + 1 }; /* every axis, as many new ones, one ellipsis */

/* Index arrays replaced by whole slices, the expression is basic: what that gives, and what belongs to arrays in it. */
struct plain {
    struct da__index_item item[MOST_ITEMS];
    struct da__view view;
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    int array[DA_MAX_NDIM];         /* per base axis: the array, or -1 */
    bool is_array[2 * DA_MAX_NDIM]; /* per axis of the basic result */
    int before;                     /* its axes that come before the first advanced item */
    bool apart;                     /* advanced items are not all neighbours */
};

static da_status check_items(int nitems, const struct da__index_item *item, int narrays,
                             struct da__error *err)
{
    if (nitems > MOST_ITEMS)
        return da__fail(err, DA_ERR_INDEX, "too many indices: %d", nitems);
    for (int a = 0; a < narrays; a++) {
        bool used = false;
        for (int k = 0; k < nitems; k++)
            used |= item[k].kind == DA__INDEX_ARRAY && item[k].start == a;
        if (!used)
            return da__fail(err, DA_ERR_INDEX, "the index does not name index array %d", a);
    }
    for (int k = 0; k < nitems; k++)
        if (item[k].kind == DA__INDEX_ARRAY && (item[k].start < 0 || item[k].start >= narrays))
            return da__fail(err, DA_ERR_INDEX, "index array %lld is named, and there are %d",
                            (long long)item[k].start, narrays);
    return DA_OK;
}

/* Which axes belong to arrays, and whether what NumPy counts as advanced items stands together. */
static void find_arrays(int base_ndim, int nitems, const struct da__index_item *item,
                        struct plain *p)
{
    int used = 0, at = 0, axis = 0, kept = 0;
    enum { NONE, INSIDE, BEHIND } state = NONE;
    for (int k = 0; k < nitems; k++)
        used += item[k].kind != DA__INDEX_NEWAXIS && item[k].kind != DA__INDEX_ELLIPSIS;
    for (int b = 0; b < base_ndim; b++)
        p->array[b] = -1;
    for (int k = 0; k < nitems; k++) {
        enum da__index_kind kind = item[k].kind;
        bool advanced = kind == DA__INDEX_ARRAY || kind == DA__INDEX_INT;
        if (advanced && state == NONE)
            p->before = kept;
        p->apart |= advanced && state == BEHIND;
        state = advanced ? INSIDE : state == INSIDE ? BEHIND : state;
        if (kind == DA__INDEX_ARRAY) {
            p->array[at] = (int)item[k].start;
            p->is_array[axis] = true;
        }
        int wide = kind == DA__INDEX_ELLIPSIS ? base_ndim - used : 1;
        at += kind == DA__INDEX_NEWAXIS ? 0 : wide;
        axis += kind == DA__INDEX_INT ? 0 : wide;
        kept += advanced ? 0 : wide;
    }
}

static da_status resolve_plain(int base_ndim, const int64_t *base, int nitems,
                               const struct da__index_item *item, struct plain *p,
                               struct da__error *err)
{
    for (int k = 0; k < nitems; k++) {
        p->item[k] = item[k];
        if (item[k].kind == DA__INDEX_ARRAY)
            p->item[k] = (struct da__index_item){.kind = DA__INDEX_SLICE};
    }
    DA_TRY(da__index_resolve(base_ndim, base, nitems, p->item, &p->view, &p->ndim, p->shape, err));
    find_arrays(base_ndim, nitems, item, p);
    return DA_OK;
}

static void set_rules(const struct plain *p, const int *place, struct da__advanced *out)
{
    for (int b = 0; b < out->base_ndim; b++) {
        int64_t *rule = &out->rule[3 * b];
        int axis = p->view.axis[b];
        rule[0] = p->array[b] >= 0 ? -2 : axis < 0 ? -1 : place[axis];
        rule[1] = p->array[b] >= 0 ? p->array[b] : p->view.offset[b];
        rule[2] = rule[0] < 0 ? 0 : p->view.step[b];
    }
}

da_status da__advanced_resolve(int base_ndim, const int64_t *base, int nitems,
                               const struct da__index_item *item, int narrays,
                               const struct da__extents *array, struct da__advanced *out,
                               struct da__error *err)
{
    struct plain p = {.ndim = 0};
    int64_t common[DA_MAX_NDIM];
    int place[DA_MAX_NDIM] = {0}, kept = 0;
    *out = (struct da__advanced){.base_ndim = base_ndim};
    DA_TRY(check_items(nitems, item, narrays, err));
    DA_TRY(resolve_plain(base_ndim, base, nitems, item, &p, err));
    for (int a = 0; a < narrays; a++)
        DA_TRY(da__broadcast(&out->ncommon, common, array[a].ndim, array[a].shape, "index arrays",
                             err));
    for (int k = 0; k < p.ndim; k++)
        kept += !p.is_array[k];
    out->ndim = kept + out->ncommon;
    if (out->ndim > DA_MAX_NDIM)
        return da__fail(err, DA_ERR_INDEX,
                        "the result would have %d dimensions, at most %d are possible", out->ndim,
                        DA_MAX_NDIM);
    out->first = p.apart ? 0 : p.before;
    kept = 0;
    for (int k = 0; k < p.ndim; k++) {
        if (p.is_array[k])
            continue;
        place[k] = kept < out->first ? kept : kept + out->ncommon;
        out->shape[place[k]] = p.shape[k];
        kept++;
    }
    for (int k = 0; k < out->ncommon; k++)
        out->shape[out->first + k] = common[k];
    set_rules(&p, place, out);
    return DA_OK;
}

void da__advanced_view(const struct da__advanced *a, const struct da__extents *array,
                       struct da__view *view, int64_t *shape)
{
    int shift = a->first + a->ncommon - array->ndim;
    *view = (struct da__view){.ndim = a->ndim, .base_ndim = array->ndim};
    for (int k = 0; k < a->ndim; k++)
        shape[k] = 1;
    for (int k = 0; k < array->ndim; k++) {
        view->axis[k] = shift + k;
        view->step[k] = 1;
        shape[shift + k] = array->shape[k];
    }
}
