/* Random arrays: expressions over the global index in C order, so they fuse into whatever uses them and their elements depend on
 * the seed, the stream and the index alone. */
#include "deferred.h"
#include "node.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

static struct da__operand array_operand(da_array *a)
{
    return (struct da__operand){.array = a};
}

static struct da__operand int_operand(int64_t i)
{
    return (struct da__operand){.scalar = {.kind = DA__SCALAR_INT, .i = i, .re = (double)i}};
}

static struct da__operand unsigned_operand(uint64_t u)
{
    return (struct da__operand){
        .scalar = {.kind = DA__SCALAR_INT, .i = (int64_t)u, .re = (double)u}};
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

/* The index in C order of every element. */
static da_array *flat_index(struct da__graph *g, const char *what, const struct da__draw *d)
{
    static const struct da__scalar zero = {.kind = DA__SCALAR_INT};
    if (d->ndim <= 0)
        return da__make_full(g, d->ndim, d->shape, zero, DA_INT64, d->spec);
    da_array *flat = NULL;
    int64_t weight = 1;
    for (int axis = d->ndim - 1; axis >= 0; axis--) {
        if (d->shape[axis] == 1 && (axis > 0 || flat != NULL))
            continue;
        da_array *i = da__make_index_for(g, what, axis, d->ndim, d->shape, d->spec);
        if (i->kind == DA__NODE_POISON)
            return i; /* before the extents of a bad shape are multiplied */
        if (weight != 1)
            i = binary(g, DA__OP_MULTIPLY, i, int_operand(weight));
        flat = flat == NULL ? i : binary(g, DA__OP_ADD, i, array_operand(flat));
        weight *= d->shape[axis];
    }
    return flat;
}

static da_array *drawn(struct da__graph *g, enum da__op_id op, const char *what,
                       const struct da__draw *d)
{
    struct da__operand in[3] = {array_operand(flat_index(g, what, d)), int_operand(d->seed),
                                int_operand(d->stream)};
    return da__make_elementwise(g, op, 3, in);
}

static da_array *finished(struct da__graph *g, da_array *a, da_dtype dtype,
                          const struct da__draw *d)
{
    return da__make_padded(g, da__make_astype(g, a, dtype), d->spec);
}

/* DA_DTYPE_DEFAULT and float64, or float32. */
static da_dtype float_dtype(const char *what, da_dtype dtype, struct da__error *err)
{
    if (dtype != DA_DTYPE_DEFAULT && dtype != DA_FLOAT64 && dtype != DA_FLOAT32)
        da__fail(err, DA_ERR_DTYPE, "%s: the dtype is float64 or float32, not %s", what,
                 da__dtype_valid((int)dtype) ? da__dtype(dtype)->name : "an unknown one");
    return dtype == DA_FLOAT32 ? DA_FLOAT32 : DA_FLOAT64;
}

da_array *da__make_uniform(struct da__graph *g, double low, double high, const struct da__draw *d)
{
    struct da__error err = {.engine = -1};
    da_dtype dtype = float_dtype("da_uniform", d->dtype, &err);
    bool single = dtype == DA_FLOAT32;
    if (single) {
        low = (double)(float)low;
        high = (double)(float)high;
    }
    double width = single ? (double)((float)high - (float)low) : high - low;
    if (!(width >= 0 && width <= (single ? (double)HUGE_VALF : HUGE_VAL)) || isinf(width) != 0)
        da__fail(&err, DA_ERR_ARGUMENT, "da_uniform: %g to %g is no finite range", low, high);
    if (err.status != DA_OK)
        return poison(g, &err);
    if (width == 0)
        return da__make_full(g, d->ndim, d->shape, real_operand(low).scalar, dtype, d->spec);
    da_array *u =
        drawn(g, single ? DA__OP_RANDOM_UNIFORM32 : DA__OP_RANDOM_UNIFORM, "da_uniform", d);
    if (low != 0 || width != 1) { /* rounding must not reach `high` */
        double last =
            single ? (double)nextafterf((float)high, -HUGE_VALF) : nextafter(high, -HUGE_VAL);
        if (width != 1)
            u = binary(g, DA__OP_MULTIPLY, u, real_operand(width));
        if (low != 0)
            u = binary(g, DA__OP_ADD, u, real_operand(low));
        u = binary(g, DA__OP_MINIMUM, u, real_operand(last));
    }
    return finished(g, u, dtype, d);
}

da_array *da__make_normal(struct da__graph *g, double mean, double std, const struct da__draw *d)
{
    struct da__error err = {.engine = -1};
    da_dtype dtype = float_dtype("da_normal", d->dtype, &err);
    if (!(std >= 0))
        da__fail(&err, DA_ERR_ARGUMENT, "da_normal: the standard deviation %g is negative", std);
    if (err.status != DA_OK)
        return poison(g, &err);
    da_array *z = drawn(g, DA__OP_RANDOM_NORMAL, "da_normal", d);
    if (std != 1)
        z = binary(g, DA__OP_MULTIPLY, z, real_operand(std));
    if (mean != 0)
        z = binary(g, DA__OP_ADD, z, real_operand(mean));
    return finished(g, z, dtype, d);
}

da_array *da__make_exponential(struct da__graph *g, double scale, const struct da__draw *d)
{
    struct da__error err = {.engine = -1};
    da_dtype dtype = float_dtype("da_exponential", d->dtype, &err);
    if (!(scale >= 0))
        da__fail(&err, DA_ERR_ARGUMENT, "da_exponential: the scale %g is negative", scale);
    if (err.status != DA_OK)
        return poison(g, &err);
    da_array *x = drawn(g, DA__OP_RANDOM_EXPONENTIAL, "da_exponential", d);
    if (scale != 1)
        x = binary(g, DA__OP_MULTIPLY, x, real_operand(scale));
    return finished(g, x, dtype, d);
}

/* ---- integers ---- */

/* An unsigned integer beyond int64 shows by its sign. */
static bool is_big(const struct da__scalar *s)
{
    return s->i < 0 && s->re > 0;
}

static bool is_less(const struct da__scalar *a, const struct da__scalar *b)
{
    if (is_big(a) != is_big(b))
        return is_big(b);
    return is_big(a) ? (uint64_t)a->i < (uint64_t)b->i : a->i < b->i;
}

struct number_text {
    char s[24];
};
static struct number_text text_of(const struct da__scalar *s)
{
    struct number_text t;
    if (is_big(s))
        snprintf(t.s, sizeof t.s, "%llu", (unsigned long long)s->i);
    else
        snprintf(t.s, sizeof t.s, "%lld", (long long)s->i);
    return t;
}

static struct da__scalar one_less(const struct da__scalar *s)
{
    return is_big(s) ? unsigned_operand((uint64_t)s->i - 1).scalar : int_operand(s->i - 1).scalar;
}

static da_status check_integers(const struct da__scalar *low, const struct da__scalar *high,
                                bool endpoint, da_dtype dtype, struct da__error *err)
{
    uint8_t bytes[16];
    if (!da__dtype_valid((int)dtype) ||
        (da__dtype(dtype)->kind != 'i' && da__dtype(dtype)->kind != 'u'))
        return da__fail(err, DA_ERR_DTYPE, "da_integers: the dtype is no integer one");
    if (endpoint ? is_less(high, low) : !is_less(low, high))
        return da__fail(err, DA_ERR_ARGUMENT, "da_integers: no integers from %s to %s%s",
                        text_of(low).s, text_of(high).s, endpoint ? "" : ", which is left out");
    struct da__scalar last = endpoint ? *high : one_less(high);
    if (!da__scalar_store(low, dtype, bytes) || !da__scalar_store(&last, dtype, bytes))
        return da__fail(err, DA_ERR_ARGUMENT, "da_integers: %s to %s do not fit %s", text_of(low).s,
                        text_of(&last).s, da__dtype(dtype)->name);
    return DA_OK;
}

/* The upper half of (64 random bits) * (how many integers): each one's share is within 2^-64 of equal. Sums wrap, so that what is
 * beyond int64 on the way comes back. */
static da_array *integers(struct da__graph *g, struct da__scalar low, struct da__scalar high,
                          bool endpoint, const struct da__draw *d)
{
    struct da__error err = {.engine = -1};
    da_dtype dtype = d->dtype == DA_DTYPE_DEFAULT ? DA_INT64 : d->dtype;
    if (check_integers(&low, &high, endpoint, dtype, &err) != DA_OK)
        return poison(g, &err);
    uint64_t count = (uint64_t)high.i - (uint64_t)low.i + (endpoint ? 1 : 0); /* 0: 2^64 */
    da_array *x = drawn(g, DA__OP_RANDOM_BITS, "da_integers", d);
    if (count != 0)
        x = binary(g, DA__OP_MULTIPLY_HIGH, x, unsigned_operand(count));
    if (is_big(&low))
        x = binary(g, DA__OP_ADD, x, unsigned_operand((uint64_t)low.i));
    else if (low.i != 0)
        x = binary(g, DA__OP_ADD, da__make_astype(g, x, DA_INT64), int_operand(low.i));
    return finished(g, x, dtype, d);
}

da_array *da__make_integers(struct da__graph *g, int64_t low, int64_t high, bool endpoint,
                            const struct da__draw *d)
{
    return integers(g, int_operand(low).scalar, int_operand(high).scalar, endpoint, d);
}

da_array *da__make_unsigned_integers(struct da__graph *g, uint64_t low, uint64_t high,
                                     bool endpoint, const struct da__draw *d)
{
    struct da__draw own = *d;
    if (own.dtype == DA_DTYPE_DEFAULT)
        own.dtype = DA_UINT64;
    return integers(g, unsigned_operand(low).scalar, unsigned_operand(high).scalar, endpoint, &own);
}

/* ---- permutations ---- */

/* Of the stream's last block, which no array reaches. */
static int64_t permutation_key(int64_t seed, int64_t stream)
{
    uint64_t block[2];
    da__philox(UINT64_MAX, (uint64_t)seed, (uint64_t)stream, block);
    return (int64_t)block[1];
}

da_array *da__make_permutation(struct da__graph *g, int64_t n, int64_t seed, int64_t stream,
                               const struct da__dist_spec *spec)
{
    da_array *index = da__make_index_for(g, "da_permutation", 0, 1, &n, spec);
    if (index->kind == DA__NODE_POISON)
        return index;
    struct da__operand in[3] = {array_operand(index), int_operand(n),
                                int_operand(permutation_key(seed, stream))};
    return da__make_padded(g, da__make_elementwise(g, DA__OP_RANDOM_PERMUTE, 3, in), spec);
}

/* The result is as x is, whatever its size. */
static da_array *shuffle_later(struct da__graph *g, da_array *x, int64_t axis, int64_t seed,
                               int64_t stream)
{
    struct da__later c;
    struct da__inferred in = {.dtype = x->dtype, .ndim = x->ndim};
    memcpy(in.shape, x->shape, (size_t)x->ndim * sizeof *x->shape);
    da__later_begin(&c, "permutation");
    da__later_array(&c, "x", x);
    da__later_int(&c, "axis", axis);
    da__later_int(&c, "seed", seed);
    da__later_int(&c, "stream", stream);
    return da__later_defer_as(g, &c, &in);
}

da_array *da__make_shuffle(struct da__graph *g, da_array *x, int64_t axis, int64_t seed,
                           int64_t stream)
{
    struct da__error err = {.engine = -1};
    int at;
    if (x->kind == DA__NODE_POISON)
        return x;
    if (da__axis(axis, x->ndim, "da_shuffle", &at, &err) != DA_OK)
        return poison(g, &err);
    if (x->unsized)
        return shuffle_later(g, x, axis, seed, stream);
    return da__make_take(g, x, da__make_permutation(g, x->shape[at], seed, stream, NULL), at);
}
