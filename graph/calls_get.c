/* The callables that index by arrays. */
#include "calls.h"

static da_array *fail(struct da__graph *g, const struct da__callable *c, struct da__error *err)
{
    da__error_prefix(err, "da_%s", c->name);
    return da__make_poison(g, err);
}

/* Of an array of one dimension there is one axis only. */
da_array *da__call_take(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    struct da__error err = {.engine = -1};
    da_array *x = da__arg_array(g, &arg[0]);
    if (arg[2].kind == DA__ARG_NONE && da__node_error(x) == NULL && x->ndim != 1) {
        da__fail(&err, DA_ERR_ARGUMENT, "axis is missing for an array of %d dimensions", x->ndim);
        return fail(g, c, &err);
    }
    int64_t axis = arg[2].kind == DA__ARG_NONE ? 0 : arg[2].operand.scalar.i;
    return da__make_take(g, x, da__arg_array(g, &arg[1]), axis);
}

da_array *da__call_take_along_axis(struct da__graph *g, const struct da__callable *c,
                                   const struct da__arg *arg)
{
    (void)c;
    int64_t axis = arg[2].kind == DA__ARG_NONE ? -1 : arg[2].operand.scalar.i;
    return da__make_take_along_axis(g, da__arg_array(g, &arg[0]), da__arg_array(g, &arg[1]), axis);
}

enum { MOST_ITEMS = 2 * DA_MAX_NDIM + 1 };

static da_status read_items(const struct da__arg *arrays, const struct da__arg *index,
                            struct da__index_item *item, int *nitems, struct da__error *err)
{
    if (arrays->narrays > MOST_ITEMS)
        return da__fail(err, DA_ERR_INDEX, "%lld index arrays", (long long)arrays->narrays);
    return da__index_parse(index->text, MOST_ITEMS, item, nitems, err);
}

da_array *da__call_get(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg)
{
    struct da__error err = {.engine = -1};
    struct da__index_item item[MOST_ITEMS];
    int nitems = 0;
    if (read_items(&arg[1], &arg[2], item, &nitems, &err) != DA_OK)
        return fail(g, c, &err);
    return da__make_get(g, da__arg_array(g, &arg[0]), nitems, item, (int)arg[1].narrays,
                        arg[1].arrays);
}

da_array *da__call_put(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg)
{
    struct da__error err = {.engine = -1};
    struct da__index_item item[MOST_ITEMS];
    int nitems = 0;
    if (read_items(&arg[2], &arg[3], item, &nitems, &err) != DA_OK)
        return fail(g, c, &err);
    return da__make_put(g, da__arg_array(g, &arg[0]), &arg[1].operand, nitems, item,
                        (int)arg[2].narrays, arg[2].arrays);
}

/* ---- the routines themselves, as dumps have them ---- */

static da_status check_rules(const da_array *x, const struct da__arg *arrays,
                             const struct da__arg *attributes, struct da__error *err)
{
    if (arrays->narrays > MOST_ITEMS)
        return da__fail(err, DA_ERR_INDEX, "%lld index arrays", (long long)arrays->narrays);
    if (da__node_error(x) == NULL && attributes->nints != 3 * x->ndim)
        return da__fail(err, DA_ERR_ARGUMENT,
                        "attributes has %lld entries, three per axis of %d are wanted",
                        (long long)attributes->nints, x->ndim);
    return DA_OK;
}

da_array *da__call_gather(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg)
{
    struct da__error err = {.engine = -1};
    da_array *x = da__arg_array(g, &arg[0]);
    if (arg[2].nints > DA_MAX_NDIM)
        da__fail(&err, DA_ERR_SHAPE, "shape has %lld entries, at most %d are possible",
                 (long long)arg[2].nints, DA_MAX_NDIM);
    else
        check_rules(x, &arg[1], &arg[3], &err);
    if (err.status != DA_OK)
        return fail(g, c, &err);
    return da__make_gather(g, x, (int)arg[1].narrays, arg[1].arrays, (int)arg[2].nints, arg[2].ints,
                           arg[3].ints);
}

da_array *da__call_scatter(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg)
{
    struct da__error err = {.engine = -1};
    da_array *x = da__arg_array(g, &arg[0]);
    if (check_rules(x, &arg[2], &arg[3], &err) != DA_OK)
        return fail(g, c, &err);
    return da__make_scatter(g, x, da__arg_array(g, &arg[1]), (int)arg[2].narrays, arg[2].arrays,
                            arg[3].ints);
}
