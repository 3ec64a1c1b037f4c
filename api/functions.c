/* Functions of the program's own: registering and calling them, and what they ask of their parts and engines. */
#include "api.h"

#include <string.h>

#include "da_local.h"

/* ---- registering -------------------------------------------------------------------------------- */

static da_status enter(da_context *ctx, struct da__registration *r, const void *data, size_t nbytes)
{
    struct da__error err = {.engine = -1};
    da_status status = da__api_running(ctx, "da_register");
    if (status != DA_OK)
        return status;
    if (nbytes > INT32_MAX)
        return da__api_fail(ctx, DA_ERR_ARGUMENT, "da_register: %zu bytes of data", nbytes);
    r->data = data;
    r->nbytes = (int64_t)nbytes;
    return da__register(ctx->graph, r, &err) == DA_OK ? DA_OK : da__api_failed(ctx, &err);
}

da_status da_register_elementwise(da_context *ctx, const char *name,
                                  da_elementwise_function function, int ninputs,
                                  const da_dtype *inputs, da_dtype result, const void *data,
                                  size_t nbytes)
{
    struct da__registration r = {.kind = DA__USER_STRIP,
                                 .name = name,
                                 .nentries = 1,
                                 .entry = {(void (*)(void))function},
                                 .nin = inputs != NULL ? ninputs : 0,
                                 .out = result};
    for (int k = 0; k < r.nin && k < DA__USER_INPUTS; k++)
        r.in[k] = inputs[k];
    return enter(ctx, &r, data, nbytes);
}

da_status da_register_reduction(da_context *ctx, const char *name, const da_reduction *reduction,
                                const void *data, size_t nbytes)
{
    static const da_reduction none;
    const da_reduction *from = reduction != NULL ? reduction : &none;
    struct da__registration r = {
        .kind = DA__USER_REDUCTION,
        .name = name,
        .nentries = 4,
        .entry = {(void (*)(void))from->identity, (void (*)(void))from->accumulate,
                  (void (*)(void))from->combine, (void (*)(void))from->finish},
        .nin = 1,
        .in = {from->input},
        .out = from->result,
        .state_nbytes = from->state_nbytes};
    return enter(ctx, &r, data, nbytes);
}

da_status da_register(da_context *ctx, const char *name, da_local_function function,
                      const char *intents, int flags)
{
    struct da__registration r = {.kind = DA__USER_LOCAL,
                                 .name = name,
                                 .nentries = 1,
                                 .entry = {(void (*)(void))function},
                                 .intents = intents != NULL ? intents : "",
                                 .talks = (flags & DA_TALKS) != 0};
    if ((flags & ~DA_TALKS) != 0 && da__api_running(ctx, "da_register") == DA_OK)
        return da__api_fail(ctx, DA_ERR_ARGUMENT, "da_register: flags %d are not known", flags);
    return enter(ctx, &r, NULL, 0);
}

/* ---- calling ------------------------------------------------------------------------------------ */

da_array *da_call(da_context *ctx, const char *name, int n, const da_operand *operand)
{
    struct da__operand in[DA__USER_INPUTS];
    struct da__graph *g;
    da_array *bad;
    if (!da__api_graph(ctx, &g, &bad))
        return bad;
    if (n < 1 || n > DA__USER_INPUTS || operand == NULL)
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_call: %d operands are not 1 to %d", n,
                              DA__USER_INPUTS);
    bool scalars = true;
    for (int k = 0; k < n; k++)
        scalars = scalars && operand[k].kind != DA_OPERAND_ARRAY;
    for (int k = 0; k < n && scalars; k++) {
        in[k].array = NULL;
        if (!da__api_scalar(g, "call", &operand[k], &in[k].scalar, &bad))
            return bad;
    }
    if (!scalars && !da__api_operands("call", n, operand, in, &g, &bad))
        return bad;
    if (g != ctx->graph)
        return da__api_poison(ctx->graph, DA_ERR_ARGUMENT,
                              "da_call: the operands belong to another context");
    return da__make_user_elementwise(g, name, n, in);
}

da_array *da_reduce(da_array *x, const char *name, da_axes axes, int flags)
{
    struct da__graph *g;
    da_array *bad;
    int64_t list[DA_MAX_NDIM];
    if (!da__api_array_for("sum", x, &g, &bad) || !da__api_axes(g, "reduce", axes, list, &bad))
        return bad;
    if ((flags & ~DA_KEEPDIMS) != 0)
        return da__api_poison(g, DA_ERR_ARGUMENT,
                              "da_reduce: flags %d are not known; there is DA_KEEPDIMS", flags);
    return da__make_user_reduce(g, name, x, axes.n, list, (flags & DA_KEEPDIMS) != 0);
}

static da_array *all_bad(int n, da_array **result, da_array *bad)
{
    for (int k = 0; result != NULL && k < n; k++)
        result[k] = bad;
    return bad;
}

da_array *da_apply(da_context *ctx, const char *name, int n, da_array *const *array,
                   const void *data, size_t nbytes, da_array **result)
{
    struct da__graph *g, *of;
    da_array *bad;
    if (!da__api_graph(ctx, &g, &bad))
        return all_bad(n, result, bad);
    if (n < 1 || array == NULL || nbytes > INT32_MAX)
        return all_bad(n, result,
                       da__api_poison(g, DA_ERR_ARGUMENT,
                                      "da_apply: %d arrays and %zu bytes of data", n, nbytes));
    if (!da__api_list("apply", n, array, &of, &bad))
        return all_bad(n, result, bad);
    if (of != g)
        return all_bad(
            n, result,
            da__api_poison(g, DA_ERR_ARGUMENT, "da_apply: the arrays belong to another context"));
    return da__make_apply(g, name, n, array, data, (int64_t)nbytes, result);
}

/* ---- parts -------------------------------------------------------------------------------------- */

void *da_part_data(const da_part *x)
{
    return x->data;
}

da_dtype da_part_dtype(const da_part *x)
{
    return x->dtype;
}

int da_part_ndim(const da_part *x)
{
    return x->ndim;
}

const int64_t *da_part_shape(const da_part *x)
{
    return x->shape;
}

const int64_t *da_part_strides(const da_part *x)
{
    return x->stride;
}

const int64_t *da_part_global_shape(const da_part *x)
{
    return x->global;
}

int64_t da_part_size(const da_part *x)
{
    return x->nelem;
}

static bool is_axis(const da_part *x, int axis)
{
    return axis >= 0 && axis < x->ndim;
}

int64_t da_part_index(const da_part *x, int axis, int64_t position)
{
    bool there = is_axis(x, axis) && position >= 0 && position < x->index[axis].nelem;
    return there ? da__part_index(x, axis, position) : -1;
}

int64_t da_part_position(const da_part *x, int axis, int64_t index)
{
    return is_axis(x, axis) ? da__part_position(x, axis, index) : -1;
}

int da_part_nruns(const da_part *x, int axis)
{
    return is_axis(x, axis) ? x->index[axis].nruns : 0;
}

da_index_run da_part_run(const da_part *x, int axis, int k)
{
    if (k < 0 || k >= da_part_nruns(x, axis))
        return (da_index_run){.count = 0};
    const struct da__run *run = &x->index[axis].run[k];
    return (da_index_run){run->start, run->step, run->count, run->stride, run->reps};
}

int da_part_neighbour(const da_part *x, int axis, int offset)
{
    return is_axis(x, axis) ? da__part_neighbour(x, axis, offset) : -1;
}

/* ---- engines ------------------------------------------------------------------------------------ */

int da_engine_rank(const da_engine *engine)
{
    return da__talk_rank(engine);
}

int da_engine_count(const da_engine *engine)
{
    return da__talk_count(engine);
}

da_status da_engine_send(da_engine *engine, int to, const void *data, size_t nbytes)
{
    return da__talk_send(engine, to, data, (int64_t)nbytes);
}

da_status da_engine_receive(da_engine *engine, int from, void *data, size_t nbytes)
{
    return da__talk_receive(engine, from, data, (int64_t)nbytes);
}

da_status da_engine_exchange(da_engine *engine, int to, const void *out, size_t out_nbytes,
                             int from, void *in, size_t in_nbytes)
{
    da_status status = to >= 0 ? da_engine_send(engine, to, out, out_nbytes) : DA_OK;
    if (status == DA_OK && from >= 0)
        status = da_engine_receive(engine, from, in, in_nbytes);
    return status;
}

da_status da_engine_combine(da_engine *engine, void *state, size_t nbytes,
                            void (*combine)(void *state, const void *other, const void *data),
                            const void *data)
{
    return da__talk_join(engine, state, (int64_t)nbytes, combine, data);
}

static void add(void *state, const void *other, const void *data)
{
    double *x = state;
    const double *y = other;
    const int *n = data;
    for (int k = 0; k < *n; k++)
        x[k] += y[k];
}

da_status da_engine_sum(da_engine *engine, int n, double *x)
{
    size_t nbytes = n > 0 ? (size_t)n * sizeof *x : 0;
    return da__talk_join(engine, x, (int64_t)nbytes, add, &n);
}

da_status da_engine_fail(da_engine *engine, da_status status, const char *text)
{
    return da__talk_fail(engine, status, text != NULL ? text : "");
}
