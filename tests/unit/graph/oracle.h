/* A slow evaluator of nodes over whole arrays, element by element: what any dump or program must
 * agree with. */
#ifndef DA_TEST_ORACLE_H
#define DA_TEST_ORACLE_H

#include <stdlib.h>
#include <string.h>

#include "da_graph.h"

/* `leaf` gives the data of a leaf; the result is malloc'd. */
typedef const void *(*oracle_leaf)(void *self, const da_array *a);

static void *oracle(const da_array *a, oracle_leaf leaf, void *self);

static int64_t oracle_offset(int ndim, const int64_t *shape, const int64_t *index)
{
    int64_t at = 0;
    for (int k = 0; k < ndim; k++)
        at = at * shape[k] + index[k];
    return at;
}

static bool oracle_next(int ndim, const int64_t *shape, int64_t *index)
{
    for (int k = ndim - 1; k >= 0; k--) {
        if (++index[k] < shape[k])
            return true;
        index[k] = 0;
    }
    return false;
}

static void oracle_elementwise(const da_array *a, char *out, oracle_leaf leaf, void *self)
{
    char *in[3] = {NULL};
    struct da__view v[3];
    int64_t index[DA_MAX_NDIM] = {0}, nelem = da__nelem(a->ndim, a->shape);
    for (int k = 0; k < a->nin; k++) {
        in[k] = oracle(a->in[k], leaf, self);
        da__view_broadcast(a->in[k]->ndim, a->in[k]->shape, a->ndim, a->shape, &v[k]);
    }
    for (int64_t i = 0; i < nelem; i++, oracle_next(a->ndim, a->shape, index)) {
        _Alignas(16) char cast[3][16];
        const void *arg[3];
        for (int k = 0; k < a->nin; k++) {
            int64_t at[DA_MAX_NDIM];
            da_dtype from = a->in[k]->dtype,
                     to = a->op == DA__OP_ASTYPE
                              ? from
                              : da__op_input_dtype((enum da__op_id)a->op, k, a->compute);
            for (int b = 0; b < v[k].base_ndim; b++)
                at[b] =
                    v[k].offset[b] + (v[k].axis[b] < 0 ? 0 : v[k].step[b] * index[v[k].axis[b]]);
            const void *element =
                in[k] +
                (size_t)oracle_offset(a->in[k]->ndim, a->in[k]->shape, at) * da__dtype_nbytes(from);
            if (from == to)
                memcpy(cast[k], element, da__dtype_nbytes(from));
            else
                da__strip(DA__OP_ASTYPE, from, to, 1, cast[k], &element, 0);
            arg[k] = cast[k];
        }
        da__strip((enum da__op_id)a->op, a->compute, a->dtype, 1,
                  out + (size_t)i * da__dtype_nbytes(a->dtype), arg, 0);
    }
    for (int k = 0; k < a->nin; k++)
        free(in[k]);
}

static void oracle_reduce(const da_array *a, char *out, oracle_leaf leaf, void *self)
{
    const da_array *x = a->in[0];
    struct da__insn cast = {.op = DA__OP_ASTYPE,
                            .compute = (uint8_t)x->dtype,
                            .result = (uint8_t)a->compute,
                            .arg = {DA__REF(DA__REF_INPUT, 0)}};
    bool casts = x->dtype != a->compute;
    uint8_t dtype = (uint8_t)x->dtype;
    struct da__body_reduction red = {.red = (uint16_t)a->op,
                                     .compute = (uint8_t)a->compute,
                                     .mask = a->u.reduce.mask,
                                     .value = casts ? DA__REF(DA__REF_INSN, 0)
                                                    : DA__REF(DA__REF_INPUT, 0)};
    struct da__body body = {.ninputs = 1,
                            .input_dtype = &dtype,
                            .ninsns = casts,
                            .insn = &cast,
                            .nreductions = 1,
                            .reduction = &red};
    void *memory = aligned_alloc(64, (da__kernel_nbytes(&body) + 127) / 64 * 64);
    struct da__kernel *kernel = da__kernel_plan(&body, memory);
    void *scratch = aligned_alloc(64, (da__kernel_scratch_nbytes(kernel) + 127) / 64 * 64);
    size_t nbytes = da__red_state_nbytes((enum da__red_id)a->op, a->compute);
    int64_t nstates = da__nelem(a->ndim, a->shape), count = 1, stride = (int64_t)nbytes;
    char *state = aligned_alloc(64, ((size_t)nstates * nbytes + 127) / 64 * 64),
         *data = oracle(x, leaf, self);
    struct da__strided in = {.data = data}, acc = {.data = state};
    struct da__sweep s = {.ndim = x->ndim, .input = &in, .reduction = &acc};
    da__red_zero((enum da__red_id)a->op, a->compute, nstates, state);
    da__strides_c(x->ndim, x->shape, (int64_t)da__dtype_nbytes(x->dtype), in.stride);
    for (int k = x->ndim - 1; k >= 0; k--) {
        s.extent[k] = s.index_shape[k] = x->shape[k];
        s.index_step[k] = 1;
        if (a->u.reduce.mask >> k & 1) {
            count *= x->shape[k];
            continue;
        }
        acc.stride[k] = stride;
        stride *= x->shape[k];
    }
    if (da__nelem(x->ndim, x->shape) > 0)
        da__kernel_run(kernel, &s, scratch);
    da__red_end((enum da__red_id)a->op, a->compute, a->dtype, nstates, state, count,
                a->u.reduce.correction, out);
    free(memory);
    free(scratch);
    free(state);
    free(data);
}

static void oracle_view(const da_array *a, char *out, oracle_leaf leaf, void *self)
{
    const da_array *x = a->in[0];
    const struct da__view *v = a->u.view;
    char *data = oracle(x, leaf, self);
    size_t nbytes = da__dtype_nbytes(a->dtype);
    int64_t index[DA_MAX_NDIM] = {0}, at[DA_MAX_NDIM], nelem = da__nelem(a->ndim, a->shape);
    for (int64_t i = 0; i < nelem; i++, oracle_next(a->ndim, a->shape, index)) {
        for (int b = 0; b < v->base_ndim; b++)
            at[b] = v->offset[b] + (v->axis[b] < 0 ? 0 : v->step[b] * index[v->axis[b]]);
        memcpy(out + (size_t)i * nbytes,
               data + (size_t)oracle_offset(x->ndim, x->shape, at) * nbytes, nbytes);
    }
    free(data);
}

static void *oracle(const da_array *a, oracle_leaf leaf, void *self)
{
    size_t nbytes = da__dtype_nbytes(a->dtype);
    int64_t nelem = da__nelem(a->ndim, a->shape), index[DA_MAX_NDIM] = {0};
    char *out = calloc((size_t)nelem + 1, nbytes);
    switch (a->kind) {
    case DA__NODE_LEAF:
        memcpy(out, leaf(self, a), (size_t)nelem * nbytes);
        break;
    case DA__NODE_CONSTANT:
        for (int64_t i = 0; i < nelem; i++)
            memcpy(out + (size_t)i * nbytes, a->u.constant, nbytes);
        break;
    case DA__NODE_INDEX:
        for (int64_t i = 0; i < nelem; i++, oracle_next(a->ndim, a->shape, index))
            memcpy(out + (size_t)i * nbytes, &index[a->u.axis], nbytes);
        break;
    case DA__NODE_ELEMENTWISE:
        oracle_elementwise(a, out, leaf, self);
        break;
    case DA__NODE_REDUCE:
        oracle_reduce(a, out, leaf, self);
        break;
    case DA__NODE_VIEW:
        oracle_view(a, out, leaf, self);
        break;
    case DA__NODE_COPY:
    case DA__NODE_SAVE:
        free(out);
        return oracle(a->in[0], leaf, self);
    default:
        abort();
    }
    return out;
}

#endif
