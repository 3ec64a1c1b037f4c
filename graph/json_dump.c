/* The deferred graph as JSON: every node once, inputs first, in a form that da__pipeline_load reads
 * back as the same graph. */
#include "deferred.h"
#include "node.h"
#include "routine.h"
#include "text.h"

#include <string.h>

struct dump {
    struct da__graph *g;
    struct da__order order;
    char **id;
    bool *is_target, *is_read; /* per node; is_read: some line names it */
    struct da__text *t;
    struct da__error *err;
};

void da__json_type(struct da__text *t, da_dtype dtype, int ndim, const int64_t *shape)
{
    da__text_add(t, "\"dtype\":\"%s\",\"shape\":[", da__dtype(dtype)->name);
    for (int k = 0; k < ndim; k++) {
        da__text_add(t, k > 0 ? "," : "");
        da__text_add(t, shape[k] == DA__UNSIZED ? "null" : "%lld", (long long)shape[k]);
    }
    da__text_add(t, "]");
}

/* ---- data of leaves ---- */

/* Brackets open where an index along an axis is 0 and close where it is the last. */
static void write_nested(struct da__text *t, da_dtype dtype, int ndim, const int64_t *shape,
                         const char *data)
{
    int64_t index[DA_MAX_NDIM] = {0}, nelem = da__nelem(ndim, shape);
    size_t nbytes = da__dtype_nbytes(dtype);
    for (int64_t i = 0; i < nelem; i++, data += nbytes) {
        int first = ndim; /* the outermost axis that starts anew here */
        while (first > 0 && index[first - 1] == 0)
            first--;
        da__text_add(t, i > 0 ? "," : "");
        for (int k = first; k < ndim; k++)
            da__text_add(t, "[");
        da__json_element(t, data, dtype);
        for (int k = ndim - 1; k >= 0; k--) {
            if (++index[k] < shape[k])
                break;
            index[k] = 0;
            da__text_add(t, "]");
        }
    }
}

/* Nested lists cannot say the shape of an array without elements. */
const char *da__json_leaf_op(int ndim, const int64_t *shape)
{
    return da__nelem(ndim, shape) == 0 ? "full" : "array";
}

da_status da__json_data(struct da__graph *g, da_array *leaf, struct da__text *t,
                        struct da__error *err)
{
    int64_t nelem = da__nelem(leaf->ndim, leaf->shape), nbytes;
    if (nelem == 0) {
        static const uint8_t zero[16];
        da__text_add(t, "\"fill_value\":");
        da__json_element(t, zero, leaf->dtype);
        da__text_add(t, ",");
        return DA_OK;
    }
    if (!da__mul_i64(nelem, (int64_t)da__dtype_nbytes(leaf->dtype), &nbytes) ||
        nbytes > DA__MAX_EMBEDDED)
        return da__fail(err, DA_ERR_UNSUPPORTED,
                        "the array %s has %lld bytes, and a dump holds at most %d of one array: "
                        "save it to a file and load it from there",
                        leaf->name != NULL ? leaf->name : "in memory", (long long)nbytes,
                        DA__MAX_EMBEDDED);
    void *data = da__alloc_aligned((size_t)nbytes + 64, 64);
    if (data == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for %lld bytes of a dump",
                        (long long)nbytes);
    da_status status = da__graph_export(g, leaf, data, err);
    if (status == DA_OK) {
        da__text_add(t, "\"data\":");
        write_nested(t, leaf->dtype, leaf->ndim, leaf->shape, data);
        da__text_add(t, ",");
    }
    da__free(data);
    return status;
}

/* ---- scalars: constants that are written as numbers among their reader's inputs ---- */

static bool is_scalar(const struct dump *d, const da_array *a)
{
    if (a->kind != DA__NODE_CONSTANT || a->ndim > 0 || a->dist != NULL || a->name != NULL)
        return false;
    uint64_t big;
    memcpy(&big, a->u.constant, sizeof big);
    int64_t at = da__order_find(&d->order, a);
    return !(at >= 0 && d->is_target[at]) && (a->dtype != DA_UINT64 || big <= INT64_MAX);
}

/* Whether the reader's scalars, written as numbers, would become the same constants again. */
static bool takes_numbers(const struct dump *d, const da_array *a)
{
    struct da__operand_type type[3] = {{0}};
    struct da__scalar s;
    da_dtype compute, result;
    enum da__op_id op = (enum da__op_id)a->op;
    if (a->kind != DA__NODE_ELEMENTWISE || op == DA__OP_ASTYPE || da__op_is_user(a->op))
        return false;
    for (int k = 0; k < a->nin; k++) {
        type[k].weak = is_scalar(d, a->in[k]);
        type[k].dtype = a->in[k]->dtype;
        if (!type[k].weak)
            continue;
        da__scalar_load(a->in[k]->u.constant, a->in[k]->dtype, &s);
        type[k].kind = s.kind;
        if (a->in[k]->dtype != da__op_input_dtype(op, k, a->compute))
            return false;
    }
    return da__op_infer(op, a->nin, type, DA_DTYPE_DEFAULT, &compute, &result, NULL) == DA_OK &&
           compute == a->compute && result == a->dtype;
}

static void find_read(struct dump *d)
{
    for (int64_t i = 0; i < d->order.n; i++) {
        const da_array *a = d->order.node[i];
        bool numbers = takes_numbers(d, a);
        if (a->kind == DA__NODE_RESULT) /* it is written with the call's inputs */
            continue;
        for (int k = 0; k < a->nin; k++)
            if (!(numbers && is_scalar(d, a->in[k])))
                d->is_read[da__order_find(&d->order, a->in[k])] = true;
    }
}

/* ---- one node ---- */

static void write_scalar(struct da__text *t, const struct da__scalar *s)
{
    uint8_t bytes[16];
    bool big = s->kind == DA__SCALAR_INT && s->i < 0 && s->re > 0; /* beyond int64 */
    da_dtype dtype = big ? DA_UINT64 : da__scalar_dtype(s->kind);
    da__scalar_store(s, dtype, bytes);
    da__json_element(t, bytes, dtype);
}

/* A deferred call's inputs are its arguments in their order, numbers among them. */
static void write_arguments(struct dump *d, const struct da__deferred *call)
{
    const char *comma = "";
    da__text_add(d->t, "\"in\":[");
    for (int k = 0; k < call->call->nparams; k++) {
        const struct da__arg *arg = &call->arg[k];
        bool operand = arg->kind == DA__ARG_OPERAND;
        int64_t n = operand ? 1 : arg->narrays;
        for (int64_t i = 0; i < n; i++, comma = ",") {
            const da_array *x = operand ? arg->operand.array : arg->arrays[i];
            da__text_add(d->t, "%s", comma);
            if (x == NULL)
                write_scalar(d->t, &arg->operand.scalar);
            else
                da__json_string(d->t, d->id[da__order_find(&d->order, x)]);
        }
    }
    da__text_add(d->t, "],");
}

/* The arguments of the call that it is a result of; an array that is only written is said by its type. */
static da_status write_call_inputs(struct dump *d, const da_array *a)
{
    const da_array *call = a->in[0];
    const struct da__apply *apply = call->u.apply;
    da__text_add(d->t, "\"in\":[");
    for (int k = 0; k < apply->user->nin; k++) {
        const struct da__apply_argument *arg = &apply->argument[k];
        da__text_add(d->t, k > 0 ? "," : "");
        if (arg->input >= 0)
            da__json_string(d->t, d->id[da__order_find(&d->order, call->in[arg->input])]);
        else
            DA_TRY(da__json_blank(d->t, arg->dtype, arg->ndim, arg->shape, arg->dist,
                                  da__graph_nengines(d->g)));
    }
    da__text_add(d->t, "],");
    da__json_call_attributes(d->t, a->u.axis, apply->nbytes, apply->data);
    return DA_OK;
}

static void write_inputs(struct dump *d, const da_array *a)
{
    if (a->kind == DA__NODE_DEFERRED) {
        write_arguments(d, a->u.deferred);
        return;
    }
    if (a->nin == 0)
        return;
    bool numbers = takes_numbers(d, a);
    da__text_add(d->t, "\"in\":[");
    for (int k = 0; k < a->nin; k++) {
        da__text_add(d->t, k > 0 ? "," : "");
        if (numbers && is_scalar(d, a->in[k]))
            da__json_element(d->t, a->in[k]->u.constant, a->in[k]->dtype);
        else
            da__json_string(d->t, d->id[da__order_find(&d->order, a->in[k])]);
    }
    da__text_add(d->t, "],");
}

/* All axes are said by null: argmin takes all or one. */
static bool reduces_all(const da_array *a)
{
    for (int k = 0; k < a->in[0]->ndim; k++)
        if (!(a->u.reduce.mask >> k & 1))
            return false;
    return a->in[0]->ndim != 1;
}

static void write_axes(struct da__text *t, int ndim, uint32_t mask)
{
    const char *comma = "";
    da__text_add(t, "[");
    for (int k = 0; k < ndim; k++)
        if (mask >> k & 1) {
            da__text_add(t, "%s%d", comma, k);
            comma = ",";
        }
    da__text_add(t, "]");
}

static void write_reduce(struct da__text *t, const da_array *a)
{
    da__text_add(t, "\"axis\":");
    if (reduces_all(a))
        da__text_add(t, "null");
    else
        write_axes(t, a->in[0]->ndim, a->u.reduce.mask);
    da__text_add(t, ",\"keepdims\":%s,", a->u.reduce.keepdims ? "true" : "false");
    if (da__red_info((enum da__red_id)a->op)->has_correction) {
        da__text_add(t, "\"correction\":");
        da__json_real(t, a->u.reduce.correction, false);
        da__text_add(t, ",");
    }
}

static void write_file(struct da__text *t, const da_array *a)
{
    da__text_add(t, "\"file\":");
    da__json_file(t, a->u.file->path);
    if (a->u.file->dataset != NULL) {
        da__text_add(t, ",\"dataset\":");
        da__json_string(t, a->u.file->dataset);
    }
    if (a->kind == DA__NODE_LOAD && a->ndim > 0) {
        da__text_add(t, ",\"index\":");
        da__json_region(t, a->ndim, a->u.file->start, a->shape);
    }
    da__text_add(t, ",");
}

static void write_ints_of(struct da__text *t, const struct da__raw *list)
{
    da__text_add(t, "[");
    for (int64_t k = 0; k < list->u.list.n; k++) {
        da__text_add(t, k > 0 ? "," : "");
        write_scalar(t, &list->u.list.item[k].u.scalar);
    }
    da__text_add(t, "]");
}

/* Numbers, lists of them, and lists of such lists. */
static void write_data(struct da__text *t, const struct da__raw *r)
{
    if (r->kind != DA__RAW_LIST) {
        write_scalar(t, &r->u.scalar);
        return;
    }
    da__text_add(t, "[");
    for (int64_t k = 0; k < r->u.list.n; k++) {
        const struct da__raw *item = &r->u.list.item[k];
        da__text_add(t, k > 0 ? "," : "");
        if (item->kind == DA__RAW_LIST)
            write_ints_of(t, item);
        else
            write_scalar(t, &item->u.scalar);
    }
    da__text_add(t, "]");
}

/* A deferred call's other arguments; its dtype is written with the type of its result. */
static void write_parameters(struct da__text *t, const struct da__deferred *call)
{
    for (int k = 0; k < call->call->nparams; k++) {
        const struct da__arg *arg = &call->arg[k];
        if (arg->kind == DA__ARG_NONE && arg->flag) /* None was said */
            da__text_add(t, "\"%s\":null,", call->call->param[k].name);
        if (arg->kind == DA__ARG_NONE || arg->kind == DA__ARG_OPERAND ||
            arg->kind == DA__ARG_ARRAYS || arg->kind == DA__ARG_DTYPE)
            continue;
        da__text_add(t, "\"%s\":", call->call->param[k].name);
        if (arg->kind == DA__ARG_INTS)
            da__json_ints(t, arg->nints, arg->ints);
        else if (arg->kind == DA__ARG_INT || arg->kind == DA__ARG_NUMBER)
            write_scalar(t, &arg->operand.scalar);
        else if (arg->kind == DA__ARG_BOOL)
            da__text_add(t, arg->flag ? "true" : "false");
        else if (arg->kind == DA__ARG_DIST)
            da__json_spec(t, arg->dist);
        else if (arg->kind == DA__ARG_DATA)
            write_data(t, arg->data);
        else if (arg->kind == DA__ARG_FILE)
            da__json_file(t, arg->text);
        else
            da__json_string(t, arg->text);
        da__text_add(t, ",");
    }
}

static da_status write_attributes(struct dump *d, da_array *a)
{
    switch (a->kind) {
    case DA__NODE_DEFERRED:
        write_parameters(d->t, a->u.deferred);
        break;
    case DA__NODE_LEAF:
        return da__json_data(d->g, a, d->t, d->err);
    case DA__NODE_CONSTANT:
        da__text_add(d->t, "\"fill_value\":");
        da__json_element(d->t, a->u.constant, a->dtype);
        da__text_add(d->t, ",");
        break;
    case DA__NODE_INDEX:
        da__text_add(d->t, "\"axis\":%d,", a->u.axis);
        break;
    case DA__NODE_REDUCE:
        write_reduce(d->t, a);
        break;
    case DA__NODE_VIEW:
        da__json_view(d->t, a->u.view);
        da__text_add(d->t, ",");
        break;
    case DA__NODE_CONCAT:
        da__text_add(d->t, "\"axis\":%d,", a->u.axis);
        break;
    case DA__NODE_ASSIGN:
        da__text_add(d->t, "\"index\":");
        da__json_index(d->t, a->u.view, a->in[1]->shape);
        da__text_add(d->t, ",");
        break;
    case DA__NODE_LOAD:
    case DA__NODE_SAVE:
        write_file(d->t, a);
        break;
    case DA__NODE_CALL:
        da__text_add(d->t, "\"object\":");
        da__json_string(d->t, a->u.call->object);
        da__text_add(d->t, ",\"offset\":%lld,\"nbytes\":%lld,", (long long)a->u.call->offset,
                     (long long)a->u.call->nbytes);
        break;
    case DA__NODE_ROUTINE:
        da__routine_write(d->t, (enum da__routine_id)a->op, a->u.ints->n, a->u.ints->v);
        break;
    default:
        break;
    }
    return DA_OK;
}

static const char *op_name(const da_array *a)
{
    static const char *const name[] = {
        [DA__NODE_POISON] = "poison",     [DA__NODE_CONSTANT] = "full",
        [DA__NODE_INDEX] = "index",       [DA__NODE_VIEW] = "view",
        [DA__NODE_COPY] = "redistribute", [DA__NODE_LOAD] = "load",
        [DA__NODE_SAVE] = "save",         [DA__NODE_CALL] = "from_function",
        [DA__NODE_CONCAT] = "concat",     [DA__NODE_ASSIGN] = "set_slice"};
    if (a->kind == DA__NODE_LEAF)
        return da__json_leaf_op(a->ndim, a->shape);
    if (a->kind == DA__NODE_ROUTINE)
        return da__routine_op((enum da__routine_id)a->op, a->u.ints->v);
    if (a->kind == DA__NODE_ELEMENTWISE)
        return da__node_op_name(a);
    if (a->kind == DA__NODE_DEFERRED)
        return da__deferred_name(a);
    if (a->kind == DA__NODE_RESULT)
        return a->in[0]->u.apply->user->name;
    if (a->kind == DA__NODE_APPLY)
        return a->u.apply->user->name;
    return a->kind == DA__NODE_REDUCE ? da__node_op_name(a) : name[a->kind];
}

/* A deferred call that has a parameter "shape" says that, from which the result's follows. */
static bool says_shape(const da_array *a)
{
    const struct da__callable *c = a->kind == DA__NODE_DEFERRED ? a->u.deferred->call : NULL;
    for (int k = 0; c != NULL && k < c->nparams; k++)
        if (strcmp(c->param[k].name, "shape") == 0)
            return true;
    return false;
}

static da_status write_node(struct dump *d, int64_t i)
{
    da_array *a = d->order.node[i];
    const struct da__error *e = da__node_error(a);
    if (e != NULL)
        return da__fail(d->err, e->status, "%s", e->text);
    da__text_add(d->t, "    {\"id\":");
    da__json_string(d->t, d->id[i]);
    da__text_add(d->t, ",\"op\":\"%s\",", op_name(a));
    if (a->kind == DA__NODE_RESULT)
        DA_TRY(write_call_inputs(d, a));
    else
        write_inputs(d, a);
    DA_TRY(write_attributes(d, a));
    if (says_shape(a))
        da__text_add(d->t, "\"dtype\":\"%s\"", da__dtype(a->dtype)->name);
    else
        da__json_type(d->t, a->dtype, a->ndim, a->shape);
    bool inferred = a->kind == DA__NODE_VIEW || a->kind == DA__NODE_DEFERRED; /* from the inputs */
    if (a->dist != NULL && !inferred) {
        da__text_add(d->t, ",\"dist\":");
        DA_TRY(da__json_dist(d->t, a->dist, da__graph_nengines(d->g)));
    }
    da__text_add(d->t, "}");
    return DA_OK;
}

/* ---- all of it ---- */

static da_status write_all(struct dump *d, int ntargets, da_array *const *target)
{
    const char *comma = "";
    da__text_add(d->t, "{ \"distarray\": 1,\n  \"stage\": \"deferred\",\n  \"nodes\": [\n");
    for (int64_t i = 0; i < d->order.n; i++) {
        if (!d->is_target[i] && !d->is_read[i])
            continue;
        da__text_add(d->t, "%s", comma);
        DA_TRY(write_node(d, i));
        comma = ",\n";
    }
    da__text_add(d->t, "\n  ],\n  \"outputs\": [");
    for (int k = 0; k < ntargets; k++) {
        da__text_add(d->t, k > 0 ? "," : "");
        da__json_string(d->t, d->id[da__order_find(&d->order, target[k])]);
    }
    da__text_add(d->t, "] }\n");
    return DA_OK;
}

static da_status prepare(struct dump *d, int ntargets, da_array *const *target)
{
    DA_TRY(da__order_make(ntargets, target, &d->order));
    size_t n = (size_t)d->order.n + 1;
    d->is_target = da__calloc(n, sizeof *d->is_target);
    d->is_read = da__calloc(n, sizeof *d->is_read);
    if (d->is_target == NULL || d->is_read == NULL)
        return DA_ERR_MEMORY;
    for (int k = 0; k < ntargets; k++)
        d->is_target[da__order_find(&d->order, target[k])] = true;
    find_read(d);
    /* Numbers among inputs get no id, so that ids stay the same when the dump is loaded and dumped
     * again. */
    d->id = da__order_ids(&d->order, d->is_target, d->is_read);
    return d->id != NULL ? DA_OK : DA_ERR_MEMORY;
}

da_status da__graph_dump_json(struct da__graph *g, int ntargets, da_array *const *target,
                              struct da__text *out, struct da__error *err)
{
    struct da__error own = {.engine = -1};
    struct dump d = {.g = g, .t = out, .err = err != NULL ? err : &own};
    da_status status = prepare(&d, ntargets, target);
    if (status == DA_OK)
        status = write_all(&d, ntargets, target);
    if (status == DA_OK && out->failed)
        status = DA_ERR_MEMORY;
    if (status == DA_ERR_MEMORY)
        da__fail(d.err, status, "out of memory while dumping the graph");
    da__ids_free(d.id, d.order.n);
    da__order_free(&d.order);
    da__free(d.is_target);
    da__free(d.is_read);
    return status;
}
