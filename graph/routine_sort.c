/* sort and argsort: inference, and where the routine wants the array: with the axis whole on each engine, or, where there is
 * nothing but that axis, in ascending blocks. */
#include "deferred.h"
#include "routine.h"
#include "text.h"

/* As routines.def lists them. */
enum { AXIS, DESCENDING, INDICES, NATTRIBUTES };

/* Elements beside one line along the axis, or none. */
static bool is_one_line(const struct da__dist *d, int axis)
{
    for (int k = 0; k < d->ndim; k++)
        if (k != axis && d->map[k].count != 1)
            return false;
    return true;
}

/* The result lies as the input. */
static da_status sort_dist(struct da__graph *g, const da_array *a, const struct da__dist **out)
{
    (void)g;
    int axis = (int)a->u.ints->v[AXIS];
    return is_one_line(a->dist, axis) ? da__dist_ascending(a->dist, axis, out)
                                      : da__dist_whole(a->dist, axis, out);
}

static da_status input_dist(struct da__graph *g, const da_array *a, int k,
                            const struct da__dist **out)
{
    (void)k;
    return sort_dist(g, a, out);
}

static const char *op(const int64_t *attribute)
{
    return attribute[INDICES] ? "argsort" : "sort";
}

static void write(struct da__text *t, const int64_t *attribute)
{
    da__text_add(t, "\"axis\":%lld,\"descending\":%s,", (long long)attribute[AXIS],
                 attribute[DESCENDING] ? "true" : "false");
}

const struct da__routine_rules da__sort_rules = {
    .input_dist = input_dist, .output_dist = sort_dist, .op = op, .write = write};

da_array *da__make_sort(struct da__graph *g, da_array *x, int64_t axis, bool descending,
                        bool indices)
{
    const char *what = indices ? "da_argsort" : "da_sort";
    struct da__error err = {.engine = -1};
    const struct da__dist *dist = NULL;
    int64_t attribute[NATTRIBUTES] = {[DESCENDING] = descending, [INDICES] = indices};
    int at;
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (x->unsized) {
        struct da__later c;
        da__later_begin(&c, indices ? "argsort" : "sort");
        da__later_array(&c, "x", x);
        da__later_int(&c, "axis", axis);
        da__later_flag(&c, "descending", descending);
        return da__later_defer(g, &c);
    }
    if (x->ndim == 0)
        da__fail(&err, DA_ERR_ARGUMENT, "%s: an array of 0 dimensions has no axis to sort along",
                 what);
    else
        da__axis(axis, x->ndim, what, &at, &err);
    if (err.status != DA_OK || da__routine_dist(g, x, &dist, &err) != DA_OK)
        return da__make_poison(g, &err);
    attribute[AXIS] = at;
    da_array *a = da__routine_node(g, DA__ROUTINE_SORT, indices ? DA_INT64 : x->dtype, x->ndim,
                                   x->shape, dist, 1, NATTRIBUTES, attribute);
    da__dist_drop(dist);
    if (a == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, x);
    return a;
}
