/* Plans: copying, building with the library, pruning. */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void *test_alloc(size_t nbytes)
{
    void *block = calloc(1, nbytes + 16);
    if (block == NULL) {
        fprintf(stderr, "random_graphs: out of memory\n");
        exit(2);
    }
    return block;
}

/* ---- distributions ---- */

struct plan_dist *plan_dist_copy(const struct plan_dist *d)
{
    if (d == NULL)
        return NULL;
    struct plan_dist *copy = test_alloc(sizeof *copy);
    *copy = *d;
    for (int k = 0; k < d->nmaps; k++) {
        if (d->indices[k] == NULL)
            continue;
        int64_t n = 0;
        for (int i = 0; i < d->map[k].nlists; i++)
            n += d->list_nelem[k][i];
        copy->indices[k] = test_alloc((size_t)n * sizeof(int64_t));
        memcpy(copy->indices[k], d->indices[k], (size_t)n * sizeof(int64_t));
        for (int i = 0; i < d->map[k].nlists; i++)
            copy->list[k][i] = copy->indices[k] + (d->list[k][i] - d->indices[k]);
    }
    return copy;
}

void plan_dist_free(struct plan_dist *d)
{
    for (int k = 0; d != NULL && k < d->nmaps; k++)
        free(d->indices[k]);
    free(d);
}

/* Points the maps at this copy's storage; the spec lives as long as `d`. */
struct da__dist_spec plan_dist_spec(const struct plan_dist *d)
{
    struct plan_dist *own = (struct plan_dist *)(uintptr_t)d;
    for (int k = 0; k < d->nmaps; k++) {
        own->map[k].bounds = own->map[k].nbounds > 0 ? own->bounds[k] : NULL;
        own->map[k].cut = own->map[k].ncuts > 0 ? own->cut[k] : NULL;
        own->map[k].list_nelem = own->map[k].nlists > 0 ? own->list_nelem[k] : NULL;
        own->map[k].list = own->map[k].nlists > 0 ? own->list[k] : NULL;
    }
    return (struct da__dist_spec){.nmaps = d->nmaps,
                                  .map = d->map,
                                  .ngrid = d->ngrid,
                                  .grid = d->grid,
                                  .nengines = d->nengines,
                                  .engines = d->engines,
                                  .nreplicas = d->nreplicas,
                                  .replicas = d->replicas,
                                  .nstrides = d->nstrides,
                                  .strides = d->strides,
                                  .offset = d->offset};
}

/* ---- plans ---- */

static size_t data_nbytes(const struct plan_node *n)
{
    int64_t nelem = plan_is(n, "full") ? 1 : da__nelem(n->ndim, n->shape);
    return (size_t)nelem * da__dtype_nbytes(n->dtype);
}

static void node_free(struct plan_node *n)
{
    free(n->data);
    for (int k = 0; k < PLAN_ARGS; k++)
        plan_dist_free(n->arg[k].dist);
    memset(n, 0, sizeof *n);
}

void plan_free(struct plan *p)
{
    for (int i = 0; i < p->nnodes; i++)
        node_free(&p->node[i]);
    p->nnodes = 0;
}

void plan_copy(const struct plan *from, struct plan *to)
{
    *to = *from;
    for (int i = 0; i < from->nnodes; i++) {
        const struct plan_node *n = &from->node[i];
        if (n->data != NULL) {
            to->node[i].data = test_alloc(data_nbytes(n));
            memcpy(to->node[i].data, n->data, data_nbytes(n));
        }
        for (int k = 0; k < PLAN_ARGS; k++)
            to->node[i].arg[k].dist = plan_dist_copy(n->arg[k].dist);
    }
}

struct plan_arg *plan_arg(struct plan_node *n, const char *name)
{
    for (int k = 0; k < n->call->nparams; k++)
        if (strcmp(n->call->param[k].name, name) == 0)
            return &n->arg[k];
    return NULL;
}

bool plan_is(const struct plan_node *n, const char *op)
{
    return strcmp(n->call->name, op) == 0;
}

int *plan_input(struct plan_node *n, int k)
{
    for (int i = 0; i < n->call->nparams; i++) {
        struct plan_arg *a = &n->arg[i];
        if (a->kind == DA__ARG_OPERAND && a->node >= 0 && k-- == 0)
            return &a->node;
        if (a->kind == DA__ARG_ARRAYS && k < a->nlist)
            return &a->list[k];
        k -= a->kind == DA__ARG_ARRAYS ? a->nlist : 0;
    }
    return NULL;
}

static void keep_needed(struct plan *p, bool *needed)
{
    for (int i = p->nnodes - 1; i >= 0; i--) {
        struct plan_node *n = &p->node[i];
        needed[i] |= n->target || n->kept || n->early;
        for (int k = 0; needed[i] && plan_input(n, k) != NULL; k++)
            needed[*plan_input(n, k)] = true;
    }
}

void plan_prune(struct plan *p)
{
    bool needed[PLAN_NODES] = {false};
    int moved[PLAN_NODES], n = 0;
    keep_needed(p, needed);
    for (int i = 0; i < p->nnodes; i++) {
        if (!needed[i]) {
            node_free(&p->node[i]);
            continue;
        }
        for (int k = 0; plan_input(&p->node[i], k) != NULL; k++)
            *plan_input(&p->node[i], k) = moved[*plan_input(&p->node[i], k)];
        moved[i] = n;
        if (n != i) {
            p->node[n] = p->node[i];
            memset(&p->node[i], 0, sizeof p->node[i]);
        }
        n++;
    }
    p->nnodes = n;
}

/* ---- building ---- */

static struct da__arg bound(const struct plan_arg *a, bool dists, struct da__dist_spec *spec,
                            da_array **list, da_array *const *array)
{
    struct da__arg out = {.kind = a->kind,
                          .nints = a->nints,
                          .ints = a->ints,
                          .flag = a->flag,
                          .dtype = a->dtype,
                          .text = a->text};
    out.operand.scalar = a->scalar;
    if (a->kind == DA__ARG_OPERAND && a->node >= 0)
        out.operand.array = array[a->node];
    for (int k = 0; k < a->nlist; k++)
        list[k] = array[a->list[k]];
    out.arrays = list;
    out.narrays = a->nlist;
    if (a->kind == DA__ARG_DIST && dists && a->dist != NULL) {
        *spec = plan_dist_spec(a->dist);
        out.dist = spec;
    }
    return out;
}

/* The pairs of axes of "tensordot" as they are read from text: the first operand's list, and the second's. */
struct pairs {
    struct da__raw both, list[2], axis[PLAN_DIMS + 1];
};

static void make_pairs(const struct plan_arg *a, struct pairs *p)
{
    int half = a->nints / 2;
    for (int k = 0; k < a->nints; k++)
        p->axis[k] = (struct da__raw){.kind = DA__RAW_SCALAR,
                                      .u.scalar = {.kind = DA__SCALAR_INT, .i = a->ints[k]}};
    for (int k = 0; k < 2; k++) {
        p->list[k] = (struct da__raw){.kind = DA__RAW_LIST};
        p->list[k].u.list.n = half;
        p->list[k].u.list.item = p->axis + k * half;
    }
    p->both = (struct da__raw){.kind = DA__RAW_LIST};
    p->both.u.list.n = 2;
    p->both.u.list.item = p->list;
}

void plan_build_node(const struct plan *p, int i, struct da__runtime *rt, bool dists,
                     da_array **array)
{
    const struct plan_node *n = &p->node[i];
    struct da__arg arg[PLAN_ARGS] = {{0}};
    da_array *list[PLAN_ARGS][PLAN_LIST];
    struct da__dist_spec spec;
    const struct da__dist_spec *dist = NULL;
    struct da__scalar value;
    for (int k = 0; k < n->call->nparams; k++) {
        arg[k] = bound(&n->arg[k], dists, &spec, list[k], array);
        if (arg[k].dist != NULL)
            dist = arg[k].dist;
    }
    struct pairs pairs;
    if (plan_is(n, "tensordot")) {
        make_pairs(&n->arg[2], &pairs);
        arg[2].data = &pairs.both;
    }
    struct da__graph *g = da__runtime_graph(rt);
    if (plan_is(n, "array")) {
        array[i] = da__runtime_import(rt, n->data, n->dtype, n->ndim, n->shape, dist);
    } else if (plan_is(n, "full")) {
        da__scalar_load(n->data, n->dtype, &value);
        array[i] = da__make_full(g, n->ndim, n->shape, value, n->dtype, dist);
    } else {
        array[i] = n->call->build(g, n->call, arg);
    }
}
