/* From bound arguments to the builders of products. */
#include "calls.h"

da_array *da__call_matmul(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg)
{
    (void)c;
    bool before = da__call_reproducible(g, &arg[4]);
    da_array *a = da__make_matmul(g, da__arg_array(g, &arg[0]), da__arg_array(g, &arg[1]),
                                  da__arg_given(&arg[2]) && arg[2].flag,
                                  da__arg_given(&arg[3]) && arg[3].flag);
    da__graph_set_reproducible(g, before);
    return a;
}

da_array *da__call_dot(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg)
{
    (void)c;
    return da__make_dot(g, da__arg_array(g, &arg[0]), da__arg_array(g, &arg[1]), false);
}

da_array *da__call_inner(struct da__graph *g, const struct da__callable *c,
                         const struct da__arg *arg)
{
    (void)c;
    return da__make_dot(g, da__arg_array(g, &arg[0]), da__arg_array(g, &arg[1]), true);
}

da_array *da__call_outer(struct da__graph *g, const struct da__callable *c,
                         const struct da__arg *arg)
{
    (void)c;
    return da__make_outer(g, da__arg_array(g, &arg[0]), da__arg_array(g, &arg[1]));
}

da_array *da__call_vecdot(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg)
{
    (void)c;
    return da__make_vecdot(g, da__arg_array(g, &arg[0]), da__arg_array(g, &arg[1]),
                           da__arg_given(&arg[2]) ? arg[2].operand.scalar.i : -1);
}

/* ---- tensordot ---- */

static bool is_int(const struct da__raw *r)
{
    return r->kind == DA__RAW_SCALAR && r->u.scalar.kind == DA__SCALAR_INT;
}

/* An int, or a list of ints, as axes. */
static bool axis_list(const struct da__raw *r, int *n, int64_t *axis)
{
    if (is_int(r)) {
        *n = 1;
        *axis = r->u.scalar.i;
        return true;
    }
    if (r->kind != DA__RAW_LIST || r->u.list.n > DA_MAX_NDIM)
        return false;
    *n = (int)r->u.list.n;
    for (int k = 0; k < *n; k++) {
        if (!is_int(&r->u.list.item[k]))
            return false;
        axis[k] = r->u.list.item[k].u.scalar.i;
    }
    return true;
}

/* The last n axes of x1 and the first n of x2. */
static bool counted_axes(int64_t n, int *count, int64_t *axes1, int64_t *axes2)
{
    if (n < 0 || n > DA_MAX_NDIM)
        return false;
    *count = (int)n;
    for (int64_t k = 0; k < n; k++) {
        axes1[k] = k - n;
        axes2[k] = k;
    }
    return true;
}

static da_array *bad_axes(struct da__graph *g, const struct da__callable *c, const char *why)
{
    struct da__error err = {.engine = -1};
    da__fail(&err, DA_ERR_ARGUMENT, "da_%s: axes: %s", c->name, why);
    return da__make_poison(g, &err);
}

da_array *da__call_tensordot(struct da__graph *g, const struct da__callable *c,
                             const struct da__arg *arg)
{
    const struct da__raw *r = da__arg_given(&arg[2]) ? arg[2].data : NULL;
    int64_t axes1[DA_MAX_NDIM], axes2[DA_MAX_NDIM];
    int n = 0, n2 = 0;
    if (r == NULL || is_int(r)) {
        if (!counted_axes(r != NULL ? r->u.scalar.i : 2, &n, axes1, axes2))
            return bad_axes(g, c, "a number of axes is from 0 to 32");
    } else {
        bool lists = r->kind == DA__RAW_LIST && r->u.list.n == 2 &&
                     axis_list(&r->u.list.item[0], &n, axes1) &&
                     axis_list(&r->u.list.item[1], &n2, axes2);
        if (!lists || n != n2)
            return bad_axes(g, c, "wanted is a number, or two lists of as many axes");
    }
    bool before = da__call_reproducible(g, &arg[3]);
    da_array *a = da__make_tensordot(g, da__arg_array(g, &arg[0]), da__arg_array(g, &arg[1]), n,
                                     axes1, axes2);
    da__graph_set_reproducible(g, before);
    return a;
}
