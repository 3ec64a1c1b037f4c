/* From bound arguments to the builders of joins, rolls, diagonals and assignments. */
#include "calls.h"

#include <string.h>

static int64_t int_or(const struct da__arg *arg, int64_t otherwise)
{
    return da__arg_given(arg) ? arg->operand.scalar.i : otherwise;
}

/* Lists that a builder takes by an int's length; longer ones are no sensible axes or shifts either. */
static bool is_long(const struct da__arg *arg)
{
    return arg->nints > DA__MAX_INPUTS;
}

da_array *da__call_roll(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    if (is_long(&arg[1]) || is_long(&arg[2])) {
        struct da__error err = {.engine = -1};
        da__fail(&err, DA_ERR_ARGUMENT, "da_%s: more than %d shifts or axes", c->name,
                 DA__MAX_INPUTS);
        return da__make_poison(g, &err);
    }
    return da__make_roll(g, da__arg_array(g, &arg[0]), (int)arg[1].nints, arg[1].ints,
                         da__arg_given(&arg[2]) ? (int)arg[2].nints : -1, arg[2].ints);
}

da_array *da__call_diagonal(struct da__graph *g, const struct da__callable *c,
                            const struct da__arg *arg)
{
    (void)c;
    return da__make_diagonal(g, da__arg_array(g, &arg[0]), int_or(&arg[1], 0), int_or(&arg[2], 0),
                             int_or(&arg[3], 1));
}

da_array *da__call_concat(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg)
{
    (void)c;
    bool flat = !da__arg_given(&arg[1]) && arg[1].flag;
    return da__make_concat(g, arg[0].narrays, arg[0].arrays, int_or(&arg[1], 0), flat);
}

da_array *da__call_stack(struct da__graph *g, const struct da__callable *c,
                         const struct da__arg *arg)
{
    (void)c;
    return da__make_stack(g, arg[0].narrays, arg[0].arrays, int_or(&arg[1], 0));
}

da_array *da__call_meshgrid(struct da__graph *g, const struct da__callable *c,
                            const struct da__arg *arg)
{
    const char *indexing = da__arg_given(&arg[2]) ? arg[2].text : "xy";
    bool matrix = strcmp(indexing, "ij") == 0;
    struct da__error err = {.engine = -1};
    if (!matrix && strcmp(indexing, "xy") != 0)
        da__fail(&err, DA_ERR_ARGUMENT, "da_%s: the indexing is \"%.20s\", not \"xy\" or \"ij\"",
                 c->name, indexing);
    else if (arg[0].narrays > DA_MAX_NDIM)
        da__fail(&err, DA_ERR_SHAPE, "da_%s: %lld arrays give more than %d dimensions", c->name,
                 (long long)arg[0].narrays, DA_MAX_NDIM);
    if (err.status != DA_OK)
        return da__make_poison(g, &err);
    return da__make_mesh(g, (int)arg[0].narrays, arg[0].arrays, matrix, arg[1].operand.scalar.i);
}

da_array *da__call_tril(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    (void)c;
    return da__make_triangle(g, da__arg_array(g, &arg[0]), false, int_or(&arg[1], 0));
}

da_array *da__call_triu(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    (void)c;
    return da__make_triangle(g, da__arg_array(g, &arg[0]), true, int_or(&arg[1], 0));
}

da_array *da__call_set_slice(struct da__graph *g, const struct da__callable *c,
                             const struct da__arg *arg)
{
    struct da__error err = {.engine = -1};
    struct da__index_item *item = NULL;
    int nitems = 0;
    da_array *a;
    if (da__items_parse(arg[2].text, &item, &nitems, &err) == DA_OK) {
        a = da__make_set_slice(g, da__arg_array(g, &arg[0]), &arg[1].operand, nitems, item);
    } else {
        da__error_prefix(&err, "da_%s: index", c->name);
        a = da__make_poison(g, &err);
    }
    da__free(item);
    return a;
}

da_array *da__call_set_where(struct da__graph *g, const struct da__callable *c,
                             const struct da__arg *arg)
{
    (void)c;
    return da__make_set_where(g, da__arg_array(g, &arg[0]), &arg[1].operand, &arg[2].operand);
}
