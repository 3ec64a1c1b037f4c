/* Sizes that data decide: which arrays must be computed first, and inferring anew what waited for them. */
#include "deferred.h"

#include "node.h"

#include <string.h>

static da_status no_memory(struct da__error *err)
{
    return da__fail(err, DA_ERR_MEMORY, "out of memory while inferring sizes");
}

/* The call that a node waits with, made again: its inputs have sizes now. */
static da_status infer_again(da_array *a, struct da__error *err)
{
    struct da__graph *g = a->graph;
    const struct da__deferred *d = a->u.deferred;
    if (da__scope_push(g) != DA_OK)
        return no_memory(err);
    da_array *b = d->call->build(g, d->call, d->arg);
    const struct da__error *e = da__node_error(b);
    bool fits = e != NULL || (b->ndim == a->ndim && b->dtype == a->dtype);
    for (int k = 0; e == NULL && fits && k < a->ndim; k++)
        fits = a->shape[k] == DA__UNSIZED || a->shape[k] == b->shape[k];
    if (e != NULL)
        da__fail(err, e->status, "%s", e->text);
    else if (!fits)
        da__fail(err, DA_ERR_SHAPE,
                 "da_%s: the result has another shape than its inputs' sizes let expect: compute "
                 "them first",
                 d->call->name);
    else
        da__node_become(a, b);
    da__scope_pop(g);
    return err->status;
}

static bool list(struct da__need *need, da_array *a)
{
    if (!da__grow((void **)&need->node, &need->cap, need->n + 1, sizeof(da_array *)))
        return false;
    need->node[need->n++] = a;
    return true;
}

/* One pass over all nodes below the targets, inputs first: what waits and what not is known of the inputs when a node is met. Nodes
 * that were inferred anew may have new inputs, which the next pass meets. */
static da_status pass(const struct da__order *order, bool *waits, struct da__need *need,
                      bool *again, struct da__error *err)
{
    for (int64_t i = 0; i < order->n; i++) {
        da_array *a = order->node[i];
        for (int k = 0; k < a->nin; k++)
            waits[i] |= waits[da__order_find(order, a->in[k])];
        bool ready = !waits[i];
        if (a->kind == DA__NODE_DEFERRED) {
            waits[i] = true;
            if (ready)
                DA_TRY(infer_again(a, err));
            *again |= ready;
        } else if (a->unsized) {
            waits[i] = true;
            if (ready && !list(need, a))
                return no_memory(err);
        }
    }
    return DA_OK;
}

da_status da__graph_size(struct da__graph *g, int ntargets, da_array *const *target,
                         struct da__need *need, struct da__error *err)
{
    bool again = da__graph_waits(g);
    struct da__error own;
    da__error_clear(&own);
    err = err != NULL ? err : &own;
    *need = (struct da__need){0};
    while (again) {
        struct da__order order;
        if (da__order_make(ntargets, target, &order) != DA_OK)
            return no_memory(err);
        bool *waits = da__calloc((size_t)order.n + 1, sizeof *waits);
        again = false;
        need->n = 0;
        da_status status = waits != NULL ? pass(&order, waits, need, &again, err) : no_memory(err);
        da__free(waits);
        da__order_free(&order);
        if (status != DA_OK) {
            da__free(need->node);
            *need = (struct da__need){0};
            return status;
        }
    }
    return DA_OK;
}
