/* Arrays from nothing: constants, ranges and indices. Ranges are expressions over the global index, so they fuse into
 * whatever uses them and never lie in memory. */
#include "node.h"
#include "user.h"

#include <math.h>
#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

static da_status check_new(const char *what, int ndim, const int64_t *shape, da_dtype dtype,
                           struct da__error *err)
{
    if (ndim < 0 || ndim > DA_MAX_NDIM)
        return da__fail(err, DA_ERR_SHAPE, "%s: %d dimensions are not between 0 and %d", what, ndim,
                        DA_MAX_NDIM);
    for (int k = 0; k < ndim; k++)
        if (shape[k] < 0)
            return da__fail(err, DA_ERR_SHAPE, "%s: extent %lld of axis %d is negative", what,
                            (long long)shape[k], k);
    int64_t nelem = da__nelem(ndim, shape), nbytes;
    if (nelem < 0 || !da__mul_i64(nelem, 16, &nbytes))
        return da__fail(err, DA_ERR_SHAPE, "%s: the array has too many elements", what);
    if (!da__dtype_valid((int)dtype))
        return da__fail(err, DA_ERR_DTYPE, "%s: %d is no dtype", what, (int)dtype);
    return DA_OK;
}

/* A node of a new array under the distribution that `spec` asks for; NULL with err filled. */
static da_array *new_array(struct da__graph *g, enum da__node_kind kind, const char *what,
                           da_dtype dtype, int ndim, const int64_t *shape,
                           const struct da__dist_spec *spec, struct da__error *err)
{
    const struct da__dist *dist = NULL;
    if (check_new(what, ndim, shape, dtype, err) != DA_OK)
        return NULL;
    if (da__spec_dist(g, ndim, shape, spec, &dist, err) != DA_OK) {
        da__error_prefix(err, "%s", what);
        return NULL;
    }
    da_array *a = da__node_new(g, kind, dtype, ndim, shape, dist);
    da__dist_drop(dist);
    return a;
}

da_array *da__make_padded(struct da__graph *g, da_array *a, const struct da__dist_spec *spec)
{
    for (int k = 0; spec != NULL && k < spec->nmaps; k++) {
        const struct da__map_spec *m = &spec->map[k];
        if (m->periodic || m->ncuts > 0 || m->padding[0] > 0 || m->padding[1] > 0 ||
            m->boundary[0] > 0 || m->boundary[1] > 0)
            return da__make_redistribute(g, a, spec);
    }
    return a;
}

da_array *da__make_full(struct da__graph *g, int ndim, const int64_t *shape,
                        struct da__scalar value, da_dtype dtype, const struct da__dist_spec *spec)
{
    struct da__error err = {.engine = -1};
    uint8_t bytes[16] = {0};
    if (dtype == DA_DTYPE_DEFAULT)
        dtype = da__scalar_dtype(value.kind);
    da_array *a = new_array(g, DA__NODE_CONSTANT, "da_full", dtype, ndim, shape, spec, &err);
    if (a == NULL)
        return poison(g, &err);
    if (!da__scalar_store(&value, dtype, bytes)) {
        da__fail(&err, DA_ERR_DTYPE, "da_full: the value does not fit %s", da__dtype(dtype)->name);
        return poison(g, &err);
    }
    memcpy(a->u.constant, bytes, sizeof bytes);
    return a;
}

da_array *da__make_index(struct da__graph *g, int axis, int ndim, const int64_t *shape,
                         const struct da__dist_spec *spec)
{
    return da__make_index_for(g, "index", axis, ndim, shape, spec);
}

da_array *da__make_index_for(struct da__graph *g, const char *what, int axis, int ndim,
                             const int64_t *shape, const struct da__dist_spec *spec)
{
    struct da__error err = {.engine = -1};
    if (axis < 0 || axis >= ndim)
        da__fail(&err, DA_ERR_ARGUMENT, "da_index: axis %d of %d dimensions", axis, ndim);
    da_array *a = err.status == DA_OK
                      ? new_array(g, DA__NODE_INDEX, what, DA_INT64, ndim, shape, spec, &err)
                      : NULL;
    if (a == NULL)
        return poison(g, &err);
    a->u.axis = axis;
    return a;
}

da_array *da__make_leaf(struct da__graph *g, uint64_t name, da_dtype dtype, int ndim,
                        const int64_t *shape, const struct da__dist *dist)
{
    da_array *a = da__node_new(g, DA__NODE_LEAF, dtype, ndim, shape, dist);
    if (a == NULL)
        return da__node_no_memory(g);
    a->buffer = name;
    return a;
}

static struct da__operand array_operand(da_array *a)
{
    return (struct da__operand){.array = a};
}

static struct da__operand int_operand(int64_t i)
{
    return (struct da__operand){.scalar = {.kind = DA__SCALAR_INT, .i = i, .re = (double)i}};
}

static struct da__operand real_operand(double x)
{
    return (struct da__operand){.scalar = {.kind = DA__SCALAR_FLOAT, .re = x}};
}

static da_array *binary(struct da__graph *g, enum da__op_id op, da_array *x, struct da__operand y)
{
    struct da__operand in[2] = {array_operand(x), y};
    return da__make_elementwise(g, op, 2, in);
}

/* start + delta*i in `compute`, then cast: the rule of NumPy's fill loops. */
static da_array *ramp(struct da__graph *g, int64_t n, struct da__operand start,
                      struct da__operand delta, da_dtype compute, da_dtype dtype,
                      const struct da__dist_spec *spec)
{
    da_array *i = da__make_astype(g, da__make_index(g, 0, 1, &n, spec), compute);
    da_array *y = binary(g, DA__OP_ADD, binary(g, DA__OP_MULTIPLY, i, delta), start);
    return da__make_padded(g, da__make_astype(g, y, dtype), spec);
}

static bool is_int(const struct da__scalar *s)
{
    return s->kind == DA__SCALAR_INT || s->kind == DA__SCALAR_BOOL;
}

static da_status int_range_length(int64_t start, int64_t stop, int64_t step, int64_t *n,
                                  struct da__error *err)
{
    int64_t span;
    if (!da__add_i64(stop, -start, &span))
        return da__fail(err, DA_ERR_SHAPE, "da_arange: the range %lld … %lld is too long",
                        (long long)start, (long long)stop);
    *n = step > 0 ? da__ceil_div(span, step) : da__ceil_div(-span, -step);
    if (*n < 0)
        *n = 0;
    return DA_OK;
}

static da_status real_range_length(double start, double stop, double step, int64_t *n,
                                   struct da__error *err)
{
    double length = ceil((stop - start) / step);
    if (!(length < 4e18)) /* also NaN */
        return da__fail(err, DA_ERR_SHAPE,
                        "da_arange: the range %g … %g by %g has no finite length", start, stop,
                        step);
    *n = length > 0 ? (int64_t)length : 0;
    return DA_OK;
}

da_array *da__make_arange(struct da__graph *g, struct da__scalar start, struct da__scalar stop,
                          struct da__scalar step, da_dtype dtype, const struct da__dist_spec *spec)
{
    struct da__error err = {.engine = -1};
    bool whole = is_int(&start) && is_int(&stop) && is_int(&step);
    if (dtype == DA_DTYPE_DEFAULT)
        dtype = whole ? DA_INT64 : DA_FLOAT64;
    int64_t n = 0;
    if (start.kind == DA__SCALAR_COMPLEX || stop.kind == DA__SCALAR_COMPLEX ||
        step.kind == DA__SCALAR_COMPLEX)
        da__fail(&err, DA_ERR_DTYPE, "da_arange: is not defined for complex numbers");
    else if (step.re == 0)
        da__fail(&err, DA_ERR_ARGUMENT, "da_arange: the step is 0");
    else if (whole)
        int_range_length(start.i, stop.i, step.i, &n, &err);
    else
        real_range_length(start.re, stop.re, step.re, &n, &err);
    if (err.status != DA_OK)
        return poison(g, &err);
    if (whole && start.i == 0 && step.i == 1)
        return da__make_padded(g, da__make_astype(g, da__make_index(g, 0, 1, &n, spec), dtype),
                               spec);
    if (whole)
        return ramp(g, n, int_operand(start.i), int_operand(step.i), DA_INT64, dtype, spec);
    da_dtype compute = dtype == DA_FLOAT32 ? DA_FLOAT32 : DA_FLOAT64;
    return ramp(g, n, real_operand(start.re), real_operand((start.re + step.re) - start.re),
                compute, dtype, spec);
}

da_array *da__make_linspace(struct da__graph *g, double start, double stop, int64_t num,
                            bool endpoint, da_dtype dtype, const struct da__dist_spec *spec)
{
    struct da__error err = {.engine = -1};
    if (dtype == DA_DTYPE_DEFAULT)
        dtype = DA_FLOAT64;
    if (num < 0) {
        da__fail(&err, DA_ERR_ARGUMENT, "da_linspace: %lld points", (long long)num);
        return poison(g, &err);
    }
    int64_t gaps = endpoint ? num - 1 : num;
    double delta = gaps > 0 ? (stop - start) / (double)gaps : 0;
    da_array *y =
        ramp(g, num, real_operand(start), real_operand(delta), DA_FLOAT64, DA_FLOAT64, spec);
    if (endpoint && num > 1) { /* the last point is exact */
        da_array *last =
            binary(g, DA__OP_EQUAL, da__make_index(g, 0, 1, &num, spec), int_operand(num - 1));
        struct da__operand in[3] = {array_operand(last), real_operand(stop), array_operand(y)};
        y = da__make_elementwise(g, DA__OP_WHERE, 3, in);
    }
    if (da__dtype_valid((int)dtype) &&
        strchr("iu", da__dtype(dtype)->kind) != NULL) { /* NumPy rounds down, not towards 0 */
        struct da__operand in = array_operand(y);
        y = da__make_elementwise(g, DA__OP_FLOOR, 1, &in);
    }
    return da__make_padded(g, da__make_astype(g, y, dtype), spec);
}

da_array *da__make_eye(struct da__graph *g, int64_t nrows, int64_t ncols, int64_t k, da_dtype dtype,
                       const struct da__dist_spec *spec)
{
    int64_t shape[2] = {nrows, ncols};
    da_array *row = da__make_index(g, 0, 2, shape, spec);
    da_array *column = da__make_index(g, 1, 2, shape, spec);
    da_array *on =
        binary(g, DA__OP_EQUAL, column, array_operand(binary(g, DA__OP_ADD, row, int_operand(k))));
    return da__make_padded(
        g, da__make_astype(g, on, dtype == DA_DTYPE_DEFAULT ? DA_FLOAT64 : dtype), spec);
}

/* ---- from a C function ---- */

/* Engines in other processes find the function by the object that holds it and its offset there. */
static struct da__node_call *call_of(da__fill fill, const void *data, int64_t nbytes,
                                     struct da__error *err)
{
    struct da__user_entry at = {.object = NULL};
    if (!da__user_entry_of((void (*)(void))fill, &at)) {
        da__fail(
            err, DA_ERR_ARGUMENT,
            "da_from_function: the function is in no loaded object, so engines cannot find it");
        return NULL;
    }
    struct da__node_call *c = da__calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->object = da__strdup(at.object);
    c->offset = at.offset;
    c->nbytes = nbytes;
    c->data = da__alloc((size_t)nbytes);
    if (c->object == NULL || c->data == NULL) {
        da__free(c->object);
        da__free(c->data);
        da__free(c);
        return NULL;
    }
    if (nbytes > 0)
        memcpy(c->data, data, (size_t)nbytes);
    return c;
}

da_array *da__make_from_function(struct da__graph *g, da__fill fill, const void *data,
                                 int64_t nbytes, int ndim, const int64_t *shape, da_dtype dtype,
                                 const struct da__dist_spec *spec)
{
    struct da__error err = {.engine = -1};
    if (fill == NULL || nbytes < 0 || (nbytes > 0 && data == NULL)) {
        da__fail(&err, DA_ERR_ARGUMENT, "da_from_function: no function, or no data for %lld bytes",
                 (long long)nbytes);
        return poison(g, &err);
    }
    da_array *a = new_array(g, DA__NODE_CALL, "da_from_function", dtype, ndim, shape, spec, &err);
    if (a == NULL)
        return poison(g, &err);
    a->u.call = call_of(fill, data, nbytes, &err);
    return a->u.call != NULL ? da__make_padded(g, a, spec) : poison(g, &err);
}
