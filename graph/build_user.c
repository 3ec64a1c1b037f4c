/* Elementwise operators and reductions of the user's as nodes: their inference. */
#include "deferred.h"
#include "node.h"
#include "user.h"

#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

/* The function of that name and kind; NULL: err says what is wrong. */
static struct da__registered *find(struct da__graph *g, const char *name, enum da__user_kind kind,
                                   struct da__error *err)
{
    static const char *const what[] = {[DA__USER_STRIP] = "an elementwise function",
                                       [DA__USER_REDUCTION] = "a reduction",
                                       [DA__USER_LOCAL] = "a function on local parts"};
    struct da__registered *r = da__registered_find(g, name != NULL ? name : "");
    if (r == NULL)
        da__fail(err, DA_ERR_ARGUMENT, "no function \"%.80s\" is registered",
                 name != NULL ? name : "");
    else if (r->user->kind != kind)
        da__fail(err, DA_ERR_ARGUMENT, "\"%s\" is registered as %s, not as %s", name,
                 what[r->user->kind], what[kind]);
    else
        return r;
    return NULL;
}

/* Arrays go where NumPy's promotion leads them; nothing is lost on the way. */
static da_status check_dtype(const struct da__user *u, int k, da_dtype dtype, struct da__error *err)
{
    if (da__promote(dtype, u->in[k]) == u->in[k])
        return DA_OK;
    return da__fail(err, DA_ERR_DTYPE, "%s: operand %d is %s, which does not become %s", u->name, k,
                    da__dtype(dtype)->name, da__dtype(u->in[k])->name);
}

/* ---- elementwise ---- */

static da_array *elementwise(struct da__graph *g, const struct da__registered *r,
                             const struct da__operand *in)
{
    struct da__user *u = r->user;
    struct da__error err = {.engine = -1};
    da_array *node[DA__USER_INPUTS];
    for (int k = 0; k < u->nin; k++) {
        node[k] = in[k].array;
        if (node[k] == NULL)
            node[k] = da__make_scalar(g, &in[k].scalar, u->in[k], u->name);
        else if (node[k]->kind != DA__NODE_POISON &&
                 check_dtype(u, k, node[k]->dtype, &err) != DA_OK)
            return poison(g, &err);
        if (node[k]->kind == DA__NODE_POISON)
            return da__node_again(g, node[k]);
    }
    da_array *a = da__elementwise_node(g, u->name, u->nin, node, u->out, &err);
    if (a == NULL)
        return poison(g, &err);
    a->op = DA__OP_USER1 + u->nin - 1;
    a->compute = u->out;
    a->u.user = u;
    return a;
}

da_array *da__make_user_elementwise(struct da__graph *g, const char *name, int nin,
                                    const struct da__operand *in)
{
    struct da__error err = {.engine = -1};
    struct da__registered *r = find(g, name, DA__USER_STRIP, &err);
    if (r != NULL && nin != r->user->nin) {
        da__fail(&err, DA_ERR_ARGUMENT, "%s: takes %d operands, not %d", name, r->user->nin, nin);
        r = NULL;
    }
    if (r == NULL)
        return poison(g, &err);
    struct da__arg arg[DA__USER_INPUTS] = {{.kind = DA__ARG_NONE}};
    for (int k = 0; k < nin; k++)
        arg[k] = (struct da__arg){.kind = DA__ARG_OPERAND, .operand = in[k]};
    return da__call_user_elementwise(g, &r->callable, arg);
}

da_array *da__call_user_elementwise(struct da__graph *g, const struct da__callable *c,
                                    const struct da__arg *arg)
{
    const struct da__registered *r = (const struct da__registered *)(const void *)c;
    struct da__operand in[DA__USER_INPUTS];
    if (da__args_unsized(c, arg))
        return da__defer(g, c, arg);
    for (int k = 0; k < c->nparams; k++)
        in[k] = arg[k].operand;
    return elementwise(g, r, in);
}

/* ---- reductions ---- */

static da_array *reduce(struct da__graph *g, const struct da__registered *r, da_array *x, int naxes,
                        const int64_t *axes, bool keepdims)
{
    struct da__user *u = r->user;
    struct da__error err = {.engine = -1};
    uint32_t mask;
    da_array *a = NULL;
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    if (check_dtype(u, 0, x->dtype, &err) == DA_OK &&
        da__axes_mask(u->name, x->ndim, naxes, axes, &mask, &err) == DA_OK)
        a = da__reduce_node(g, x, mask, keepdims, u->out, &err);
    if (a == NULL)
        return poison(g, &err);
    a->op = DA__RED_USER;
    a->compute = u->in[0];
    a->u.reduce.user = u;
    return a;
}

da_array *da__make_user_reduce(struct da__graph *g, const char *name, da_array *x, int naxes,
                               const int64_t *axes, bool keepdims)
{
    struct da__error err = {.engine = -1};
    const struct da__registered *r = find(g, name, DA__USER_REDUCTION, &err);
    if (r == NULL)
        return poison(g, &err);
    if (!x->unsized)
        return reduce(g, r, x, naxes, axes, keepdims);
    struct da__arg arg[3] = {{.kind = DA__ARG_OPERAND, .operand = {.array = x}},
                             {.kind = naxes >= 0 ? DA__ARG_INTS : DA__ARG_NONE,
                              .nints = naxes >= 0 ? naxes : 0,
                              .ints = axes},
                             {.kind = DA__ARG_BOOL, .flag = keepdims}};
    return da__defer(g, &r->callable, arg);
}

da_array *da__call_user_reduce(struct da__graph *g, const struct da__callable *c,
                               const struct da__arg *arg)
{
    const struct da__registered *r = (const struct da__registered *)(const void *)c;
    struct da__error err = {.engine = -1};
    bool all = !da__arg_given(&arg[1]);
    if (da__args_unsized(c, arg))
        return da__defer(g, c, arg);
    if (!all && arg[1].nints > DA_MAX_NDIM) {
        da__fail(&err, DA_ERR_SHAPE, "%s: axis has %lld entries", c->name, (long long)arg[1].nints);
        return poison(g, &err);
    }
    return reduce(g, r, da__arg_array(g, &arg[0]), all ? -1 : (int)arg[1].nints, arg[1].ints,
                  da__arg_given(&arg[2]) && arg[2].flag);
}
