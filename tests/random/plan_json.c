/* Plans as pipelines in the project's JSON. */
#include "plan.h"

#include "text.h"

static void scalar_json(const struct da__scalar *s, struct da__text *t)
{
    switch (s->kind) {
    case DA__SCALAR_BOOL:
        da__text_add(t, s->i != 0 ? "true" : "false");
        break;
    case DA__SCALAR_INT:
        da__text_add(t, "%lld", (long long)s->i);
        break;
    case DA__SCALAR_FLOAT:
        da__json_real(t, s->re, false);
        break;
    case DA__SCALAR_COMPLEX:
        da__text_add(t, "{\"re\":");
        da__json_real(t, s->re, false);
        da__text_add(t, ",\"im\":");
        da__json_real(t, s->im, false);
        da__text_add(t, "}");
        break;
    }
}

static bool is_padded(const struct da__map_spec *m)
{
    return m->periodic || m->ncuts > 0 ||
           m->padding[0] + m->padding[1] + m->boundary[0] + m->boundary[1] > 0;
}

static void padding_json(const struct plan_dist *d, int k, struct da__text *t)
{
    const struct da__map_spec *m = &d->map[k];
    if (m->ncuts > 0) {
        da__text_add(t, ",\"cuts\":");
        da__json_ints(t, m->ncuts, d->cut[k]);
    } else {
        da__text_add(t, ",\"padding\":[%lld,%lld]", (long long)m->padding[0],
                     (long long)m->padding[1]);
    }
    da__text_add(t, ",\"boundary\":[%lld,%lld],\"periodic\":%s", (long long)m->boundary[0],
                 (long long)m->boundary[1], m->periodic ? "true" : "false");
}

static void lists_json(const struct plan_dist *d, int k, struct da__text *t)
{
    da__text_add(t, "{\"u\":[");
    for (int i = 0; i < d->map[k].nlists; i++) {
        da__text_add(t, i > 0 ? "," : "");
        da__json_ints(t, d->list_nelem[k][i], d->list[k][i]);
    }
    da__text_add(t, "]");
}

static void map_json(const struct plan_dist *d, int k, struct da__text *t)
{
    const struct da__map_spec *m = &d->map[k];
    bool padded = is_padded(m);
    if (m->kind == 'u') {
        lists_json(d, k, t);
    } else if (m->kind == 'c' && (m->block > 0 || m->step != 0)) {
        da__text_add(t, "{\"c\":%lld", (long long)(m->block > 0 ? m->block : 1));
    } else if (m->kind == 'b' && m->nbounds > 0) {
        da__text_add(t, "{\"b\":");
        da__json_ints(t, m->nbounds, d->bounds[k]);
    } else if (m->kind == 'b' && (padded || m->step != 0)) {
        da__text_add(t, m->step != 0 ? "{\"b\":\"even\"" : "{\"b\":null");
    } else {
        da__text_add(t, "\"%c\"", m->kind);
        return;
    }
    if (padded)
        padding_json(d, k, t);
    if (m->step != 0)
        da__text_add(t, ",\"template\":[%lld,%lld,%lld]", (long long)m->size, (long long)m->start,
                     (long long)m->step);
    da__text_add(t, "}");
}

static void small_ints(struct da__text *t, const char *key, int n, const int *v)
{
    da__text_add(t, ",\"%s\":[", key);
    for (int k = 0; k < n; k++)
        da__text_add(t, k > 0 ? ",%d" : "%d", v[k]);
    da__text_add(t, "]");
}

void plan_dist_json(const struct plan_dist *d, struct da__text *t)
{
    da__text_add(t, "{\"maps\":[");
    for (int k = 0; k < d->nmaps; k++) {
        da__text_add(t, k > 0 ? "," : "");
        map_json(d, k, t);
    }
    da__text_add(t, "]");
    if (d->ngrid > 0)
        small_ints(t, "grid", d->ngrid, d->grid);
    if (d->nengines > 0)
        small_ints(t, "engines", d->nengines, d->engines);
    if (d->nreplicas > 0)
        small_ints(t, "replicas", d->nreplicas, d->replicas);
    if (d->nstrides > 0) {
        da__text_add(t, ",\"strides\":");
        da__json_ints(t, d->nstrides, d->strides);
    }
    if (d->offset > 0)
        da__text_add(t, ",\"offset\":%lld", (long long)d->offset);
    da__text_add(t, "}");
}

/* Brackets open where an index along an axis is 0 and close where it is the last. */
static void data_json(const struct plan_node *n, struct da__text *t)
{
    const char *at = n->data;
    int64_t nelem = da__nelem(n->ndim, n->shape);
    for (int64_t i = 0; i < nelem; i++, at += da__dtype_nbytes(n->dtype)) {
        da__text_add(t, i > 0 ? "," : "");
        int64_t inner = 1;
        for (int k = n->ndim - 1; k >= 0; k--) {
            inner *= n->shape[k];
            da__text_add(t, i % inner == 0 ? "[" : "");
        }
        da__json_element(t, at, n->dtype);
        inner = 1;
        for (int k = n->ndim - 1; k >= 0; k--) {
            inner *= n->shape[k];
            da__text_add(t, i % inner == inner - 1 ? "]" : "");
        }
    }
}

static void inputs_json(const struct plan_node *n, struct da__text *t)
{
    const char *comma = ",\"in\":[";
    for (int k = 0; k < n->call->nparams; k++) {
        for (int i = 0; i < n->arg[k].nlist; i++) {
            da__text_add(t, "%s\"n%d\"", comma, n->arg[k].list[i]);
            comma = ",";
        }
        if (n->arg[k].kind != DA__ARG_OPERAND)
            continue;
        da__text_add(t, "%s", comma);
        if (n->arg[k].node >= 0)
            da__text_add(t, "\"n%d\"", n->arg[k].node);
        else
            scalar_json(&n->arg[k].scalar, t);
        comma = ",";
    }
    da__text_add(t, comma[1] == '\0' ? "]" : "");
}

void plan_pairs(const struct plan_arg *a, struct da__text *t)
{
    da__text_add(t, "[");
    da__json_ints(t, a->nints / 2, a->ints);
    da__text_add(t, ",");
    da__json_ints(t, a->nints / 2, a->ints + a->nints / 2);
    da__text_add(t, "]");
}

static void attribute_json(const struct plan_node *n, const struct plan_arg *a, struct da__text *t)
{
    switch (a->kind) {
    case DA__ARG_INTS:
        da__json_ints(t, a->nints, a->ints);
        break;
    case DA__ARG_INT:
    case DA__ARG_NUMBER:
        scalar_json(&a->scalar, t);
        break;
    case DA__ARG_BOOL:
        da__text_add(t, a->flag ? "true" : "false");
        break;
    case DA__ARG_DTYPE:
        da__text_add(t, "\"%s\"", da__dtype(a->dtype)->name);
        break;
    case DA__ARG_TEXT:
        da__json_string(t, a->text);
        break;
    case DA__ARG_DIST:
        plan_dist_json(a->dist, t);
        break;
    case DA__ARG_DATA:
        if (plan_is(n, "tensordot"))
            plan_pairs(a, t);
        else if (plan_is(n, "full"))
            da__json_element(t, n->data, n->dtype);
        else
            data_json(n, t);
        break;
    default:
        da__text_add(t, "null");
        break;
    }
}

/* Literals cannot say every empty shape, so an empty array is written as a full one. */
static void node_json(const struct plan_node *n, int i, struct da__text *t)
{
    bool empty = plan_is(n, "array") && da__nelem(n->ndim, n->shape) == 0;
    da__text_add(t, "    {\"id\":\"n%d\",\"op\":\"%s\"", i, empty ? "full" : n->call->name);
    if (empty)
        da__text_add(t, ",\"fill_value\":false");
    inputs_json(n, t);
    for (int k = 0; k < n->call->nparams; k++) {
        const struct plan_arg *a = &n->arg[k];
        if (a->kind == DA__ARG_OPERAND || a->kind == DA__ARG_ARRAYS ||
            (a->kind == DA__ARG_NONE && !a->flag) || (a->kind == DA__ARG_DATA && empty))
            continue;
        if (a->kind == DA__ARG_DIST && a->dist == NULL)
            continue;
        da__text_add(t, ",\"%s\":", n->call->param[k].name);
        attribute_json(n, a, t);
    }
    if (plan_is(n, "array")) {
        da__text_add(t, ",\"shape\":");
        da__json_ints(t, n->ndim, n->shape);
    }
    da__text_add(t, "}");
}

static void expr_or_node_json(const struct plan_node *n, int i, struct da__text *t)
{
    struct da__text expr = {0};
    if (plan_expr(n, i, &expr))
        da__text_add(t, "    {\"id\":\"n%d\",\"expr\":\"%s\"}", i, expr.s);
    else
        node_json(n, i, t);
    da__text_free(&expr);
}

void plan_json(const struct plan *p, bool exprs, struct da__text *t)
{
    const char *comma = "";
    da__text_add(t, "{ \"distarray\": 1,\n  \"nodes\": [\n");
    for (int i = 0; i < p->nnodes; i++) {
        (exprs ? expr_or_node_json : node_json)(&p->node[i], i, t);
        da__text_add(t, i + 1 < p->nnodes ? ",\n" : "\n");
    }
    da__text_add(t, "  ],\n  \"outputs\": [");
    for (int i = 0; i < p->nnodes; i++)
        if (p->node[i].target) {
            da__text_add(t, "%s\"n%d\"", comma, i);
            comma = ",";
        }
    da__text_add(t, "] }\n");
}
