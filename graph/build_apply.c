/* Functions of the user's on the parts of arrays, as nodes: one that is the call, and one for each result. */
#include "node.h"
#include "user.h"

#include <string.h>

void da__apply_free(struct da__apply *apply)
{
    if (apply == NULL)
        return;
    for (int k = 0; k < apply->user->nin; k++)
        da__dist_drop(apply->argument[k].dist);
    da__free(apply->data);
    da__free(apply);
}

static struct da__apply *apply_new(struct da__user *u, const void *data, int64_t nbytes)
{
    struct da__apply *a = da__calloc(1, sizeof *a + (size_t)u->nin * sizeof a->argument[0]);
    if (a == NULL)
        return NULL;
    a->user = u;
    a->nbytes = nbytes;
    a->data = da__alloc((size_t)nbytes + 1);
    if (a->data == NULL) {
        da__apply_free(a);
        return NULL;
    }
    if (nbytes > 0)
        memcpy(a->data, data, (size_t)nbytes);
    return a;
}

static da_status check(struct da__graph *g, const struct da__user *u, const char *name, int n,
                       da_array *const *array, const void *data, int64_t nbytes,
                       struct da__error *err)
{
    (void)g;
    if (u == NULL || u->kind != DA__USER_LOCAL)
        return da__fail(err, DA_ERR_ARGUMENT,
                        "no function on local parts is registered as \"%.80s\"",
                        name != NULL ? name : "");
    if (n != u->nin)
        return da__fail(err, DA_ERR_ARGUMENT, "%s: takes %d arrays, not %d", name, u->nin, n);
    if (nbytes < 0 || (nbytes > 0 && data == NULL))
        return da__fail(err, DA_ERR_ARGUMENT, "%s: no data of %lld bytes", name, (long long)nbytes);
    for (int k = 0; k < n; k++) {
        const struct da__error *e = da__node_error(array[k]);
        if (e != NULL)
            return da__fail(err, e->status, "%s", e->text);
        if (array[k]->unsized)
            return da__fail(err, DA_ERR_STATE,
                            "%s: the size of array %d is known only once it is computed: compute "
                            "it first",
                            name, k);
    }
    return DA_OK;
}

/* What comes out lies as the array does, without halos. */
static bool describe(struct da__graph *g, const da_array *x, struct da__apply_argument *out,
                     struct da__error *err)
{
    const struct da__dist *d =
        x->dist != NULL ? x->dist : da__default_dist(g, x->ndim, x->shape, err);
    out->dtype = x->dtype;
    out->ndim = x->ndim;
    if (x->ndim > 0)
        memcpy(out->shape, x->shape, (size_t)x->ndim * sizeof *x->shape);
    return d != NULL && da__dist_unpadded(d, &out->dist) == DA_OK;
}

/* The node of the call: no array itself, and never a target. */
static da_array *call_node(struct da__graph *g, struct da__user *u, da_array *const *array,
                           const void *data, int64_t nbytes, struct da__error *err)
{
    const struct da__dist *d = da__default_dist(g, 0, NULL, err);
    da_array *a = d != NULL ? da__node_new(g, DA__NODE_APPLY, DA_INT64, 0, NULL, d) : NULL;
    if (a == NULL || (a->u.apply = apply_new(u, data, nbytes)) == NULL ||
        !da__node_reserve(a, u->nin))
        return NULL;
    for (int k = 0; k < u->nin; k++) {
        struct da__apply_argument *to = &a->u.apply->argument[k];
        to->input = u->intents[k] != 'w' ? a->nin : -1;
        if (u->intents[k] != 'r' && !describe(g, array[k], to, err))
            return NULL;
        if (to->input >= 0)
            da__node_add_input(a, array[k]);
    }
    return a;
}

static da_array *result_node(struct da__graph *g, da_array *call, int argument)
{
    const struct da__apply_argument *from =
        argument >= 0 ? &call->u.apply->argument[argument] : NULL;
    da_array *a = from != NULL ? da__node_new(g, DA__NODE_RESULT, from->dtype, from->ndim,
                                              from->shape, from->dist)
                               : da__node_new(g, DA__NODE_RESULT, DA_INT64, 0, NULL, call->dist);
    if (a == NULL)
        return da__node_no_memory(g);
    a->u.axis = argument;
    da__node_add_input(a, call);
    return a;
}

static da_array *poison_all(struct da__graph *g, const struct da__user *u, int n, da_array **result,
                            struct da__error *err)
{
    da_array *bad = err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
    for (int k = 0; result != NULL && k < n; k++) {
        bool read = u != NULL && k < u->nin && u->intents != NULL && u->intents[k] == 'r';
        result[k] = read ? NULL : da__node_again(g, bad);
    }
    return bad;
}

da_array *da__make_apply(struct da__graph *g, const char *name, int n, da_array *const *array,
                         const void *data, int64_t nbytes, da_array **result)
{
    struct da__error err = {.engine = -1};
    struct da__user *u = da__user_of(g, name != NULL ? name : "");
    da_array *first = NULL;
    if (check(g, u, name, n, array, data, nbytes, &err) != DA_OK)
        return poison_all(g, u, n, result, &err);
    da_array *call = call_node(g, u, array, data, nbytes, &err);
    if (call == NULL)
        return poison_all(g, u, n, result, &err);
    for (int k = 0; k < n; k++) {
        da_array *a = u->intents[k] != 'r' ? result_node(g, call, k) : NULL;
        first = first == NULL ? a : first;
        if (result != NULL)
            result[k] = a;
    }
    return first != NULL ? first : result_node(g, call, -1);
}

/* ---- from JSON and expressions: one result of the call ---- */

static da_array *wrong(struct da__graph *g, const struct da__callable *c, const char *what)
{
    struct da__error err = {.engine = -1};
    da__fail(&err, DA_ERR_ARGUMENT, "%s: %s", c->name, what);
    return da__make_poison(g, &err);
}

static bool read_bytes(const struct da__arg *arg, uint8_t *out)
{
    for (int64_t i = 0; i < arg->nints; i++) {
        if (arg->ints[i] < 0 || arg->ints[i] > UINT8_MAX)
            return false;
        out[i] = (uint8_t)arg->ints[i];
    }
    return true;
}

da_array *da__call_apply(struct da__graph *g, const struct da__callable *c,
                         const struct da__arg *arg)
{
    const struct da__registered *r = (const struct da__registered *)(const void *)c;
    bool chosen = da__arg_given(&arg[1]);
    int64_t output = chosen ? arg[1].operand.scalar.i : 0, nbytes = arg[2].nints;
    if (arg[0].narrays != r->user->nin)
        return wrong(g, c, "another number of arrays");
    if (output < -1 || output >= r->user->nin ||
        (chosen && output >= 0 && r->user->intents[output] == 'r'))
        return wrong(g, c, "its output is the number of an array that it writes, or -1");
    da_array **result = da__calloc((size_t)r->user->nin, sizeof(da_array *));
    uint8_t *data = da__alloc((size_t)nbytes + 1);
    da_array *a = NULL;
    if (result == NULL || data == NULL)
        a = da__node_no_memory(g);
    else if (!read_bytes(&arg[2], data))
        a = wrong(g, c, "data are bytes, 0 to 255");
    else {
        a = da__make_apply(g, c->name, r->user->nin, arg[0].arrays, data, nbytes, result);
        if (chosen && a->kind == DA__NODE_RESULT)
            a = output >= 0 ? result[output] : result_node(g, a->in[0], -1);
    }
    da__free(result);
    da__free(data);
    return a;
}
