/* Random arrays as exported functions. */
#include "api.h"

/* What the creating calls share: their context's graph, and the arguments as graph wants them. */
struct drawing {
    struct da__graph *g;
    struct da__spec own;
    struct da__draw draw;
};

static bool start(const char *what, da_context *ctx, da_extents shape, uint64_t seed,
                  uint64_t stream, da_dtype dtype, const da_distribution *dist, struct drawing *d,
                  da_array **bad)
{
    const struct da__dist_spec *spec;
    if (!da__api_graph(ctx, &d->g, bad) || !da__api_extents(d->g, what, shape, bad) ||
        !da__api_spec(d->g, what, dist, &d->own, &spec, bad))
        return false;
    d->draw = (struct da__draw){.ndim = shape.n,
                                .shape = shape.extent,
                                .seed = (int64_t)seed,
                                .stream = (int64_t)stream,
                                .dtype = dtype,
                                .spec = spec};
    return true;
}

static da_array *end(struct drawing *d, da_array *a)
{
    da__spec_free(&d->own);
    return a;
}

da_array *da_uniform(da_context *ctx, da_extents shape, double low, double high, uint64_t seed,
                     uint64_t stream, da_dtype dtype, const da_distribution *dist)
{
    struct drawing d;
    da_array *bad;
    return start("uniform", ctx, shape, seed, stream, dtype, dist, &d, &bad)
               ? end(&d, da__make_uniform(d.g, low, high, &d.draw))
               : bad;
}

da_array *da_normal(da_context *ctx, da_extents shape, double mean, double std, uint64_t seed,
                    uint64_t stream, da_dtype dtype, const da_distribution *dist)
{
    struct drawing d;
    da_array *bad;
    return start("normal", ctx, shape, seed, stream, dtype, dist, &d, &bad)
               ? end(&d, da__make_normal(d.g, mean, std, &d.draw))
               : bad;
}

da_array *da_exponential(da_context *ctx, da_extents shape, double scale, uint64_t seed,
                         uint64_t stream, da_dtype dtype, const da_distribution *dist)
{
    struct drawing d;
    da_array *bad;
    return start("exponential", ctx, shape, seed, stream, dtype, dist, &d, &bad)
               ? end(&d, da__make_exponential(d.g, scale, &d.draw))
               : bad;
}

da_array *da_integers(da_context *ctx, da_extents shape, int64_t low, int64_t high, int endpoint,
                      uint64_t seed, uint64_t stream, da_dtype dtype, const da_distribution *dist)
{
    struct drawing d;
    da_array *bad;
    return start("integers", ctx, shape, seed, stream, dtype, dist, &d, &bad)
               ? end(&d, da__make_integers(d.g, low, high, endpoint != 0, &d.draw))
               : bad;
}

da_array *da_integers_unsigned(da_context *ctx, da_extents shape, uint64_t low, uint64_t high,
                               int endpoint, uint64_t seed, uint64_t stream, da_dtype dtype,
                               const da_distribution *dist)
{
    struct drawing d;
    da_array *bad;
    return start("integers_unsigned", ctx, shape, seed, stream, dtype, dist, &d, &bad)
               ? end(&d, da__make_unsigned_integers(d.g, low, high, endpoint != 0, &d.draw))
               : bad;
}

da_array *da_permutation(da_context *ctx, int64_t n, uint64_t seed, uint64_t stream,
                         const da_distribution *dist)
{
    struct drawing d;
    da_array *bad;
    da_extents shape = {1, &n};
    return start("permutation", ctx, shape, seed, stream, DA_INT64, dist, &d, &bad)
               ? end(&d, da__make_permutation(d.g, n, d.draw.seed, d.draw.stream, d.draw.spec))
               : bad;
}

da_array *da_shuffle(da_array *x, int axis, uint64_t seed, uint64_t stream)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_array(x, &g, &bad) ? da__make_shuffle(g, x, axis, (int64_t)seed, (int64_t)stream)
                                      : bad;
}
