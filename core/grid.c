/* Choosing a grid: the factorisation of the number of engines that mirrors the shape best.
 *
 * A grid costs the sum of parts / extent over its axes, which is (up to a factor) the surface of a
 * block over its volume: what a halo exchange moves per element computed. The cheapest
 * factorisation into any number of axes is found by dynamic programming over the divisors, axis by
 * axis. */
#include "grid.h"

struct chooser {
    int naxes;
    int axis[DA_MAX_NDIM];
    int64_t most[DA_MAX_NDIM]; /* parts an axis can have */
    double extent[DA_MAX_NDIM];
    int64_t *divisor; /* of the product under trial, ascending */
    int64_t ndivisors, cap;
    double *cost; /* [axis][divisor]: cheapest way to split axes axis … into divisor parts */
};

static const double impossible = 1e300;

static bool find_divisors(struct chooser *c, int64_t product)
{
    c->ndivisors = 0;
    for (int64_t d = 1; d <= product; d++) {
        if (d > product / d) { /* the large ones mirror the small ones */
            int64_t small = c->ndivisors;
            for (int64_t k = small - 1; k >= 0; k--) {
                int64_t large = product / c->divisor[k];
                if (large == c->divisor[k])
                    continue;
                if (!DA__PUSH(c->divisor, c->ndivisors, c->cap))
                    return false;
                c->divisor[c->ndivisors++] = large;
            }
            break;
        }
        if (product % d != 0)
            continue;
        if (!DA__PUSH(c->divisor, c->ndivisors, c->cap))
            return false;
        c->divisor[c->ndivisors++] = d;
    }
    return true;
}

static int64_t place_of(const struct chooser *c, int64_t divisor)
{
    int64_t k = 0;
    while (c->divisor[k] != divisor)
        k++;
    return k;
}

/* The cheapest split of axes from `a` on into divisor number `d`, and how many parts axis `a` gets
 * in it. */
static double best_split(const struct chooser *c, int a, int64_t d, int64_t *parts)
{
    double best = impossible;
    const double *after = c->cost + (a + 1) * c->ndivisors;
    int64_t product = c->divisor[d];
    for (int64_t k = 0; k <= d && c->divisor[k] <= c->most[a]; k++) {
        if (product % c->divisor[k] != 0)
            continue;
        double cost =
            (double)c->divisor[k] / c->extent[a] + after[place_of(c, product / c->divisor[k])];
        if (cost < best * (1 - 1e-12)) { /* ties up to rounding: the first */
            best = cost;
            *parts = c->divisor[k];
        }
    }
    return best;
}

/* False where the product cannot be reached. */
static bool split(struct chooser *c, int *grid)
{
    int64_t n = c->ndivisors;
    for (int64_t d = 0; d < n; d++)
        c->cost[c->naxes * n + d] = d == 0 ? 0 : impossible;
    for (int a = c->naxes - 1; a >= 0; a--) {
        int64_t parts;
        for (int64_t d = 0; d < n; d++)
            c->cost[a * n + d] = best_split(c, a, d, &parts);
    }
    if (c->cost[n - 1] >= impossible)
        return false;
    int64_t rest = c->divisor[n - 1];
    for (int a = 0; a < c->naxes; a++) {
        int64_t parts = 1;
        best_split(c, a, place_of(c, rest), &parts);
        grid[c->axis[a]] = (int)parts;
        rest /= parts;
    }
    return true;
}

/* Whether the product's prime factors leave hope: none is larger than every axis' limit. */
static bool hopeful(const struct chooser *c, int64_t product)
{
    int64_t most = 1;
    for (int a = 0; a < c->naxes; a++)
        most = c->most[a] > most ? c->most[a] : most;
    for (int64_t p = 2; p * p <= product; p++) {
        while (product % p == 0)
            product /= p;
    }
    return product <= most;
}

static da_status choose(struct chooser *c, int64_t engines, int *grid)
{
    int64_t product = 1;
    for (int a = 0; a < c->naxes && product < engines; a++) {
        if (!da__mul_i64(product, c->most[a], &product))
            product = engines;
    }
    for (product = product < engines ? product : engines; product > 0; product--) {
        if (!hopeful(c, product))
            continue;
        if (!find_divisors(c, product))
            return DA_ERR_MEMORY;
        da__free(c->cost);
        c->cost = da__calloc((size_t)(c->naxes + 1) * (size_t)c->ndivisors, sizeof *c->cost);
        if (c->cost == NULL)
            return DA_ERR_MEMORY;
        if (split(c, grid))
            return DA_OK;
    }
    return DA_ERR_INTERNAL; /* a product of 1 always splits */
}

da_status da__grid_choose(int ndim, const int64_t *shape, const int64_t *narrowest, int64_t engines,
                          int *grid)
{
    struct chooser c = {0};
    for (int k = 0; k < ndim; k++) {
        if (grid[k] > 0) {
            engines /= grid[k];
            continue;
        }
        int64_t extent = shape[k] > 0 ? shape[k] : 1;
        c.axis[c.naxes] = k;
        c.extent[c.naxes] = (double)extent;
        int64_t most = extent > narrowest[k] ? extent / narrowest[k] : 1;
        c.most[c.naxes++] = most < INT32_MAX ? most : INT32_MAX;
    }
    if (c.naxes == 0)
        return DA_OK;
    da_status status = choose(&c, engines > 0 ? engines : 1, grid);
    da__free(c.divisor);
    da__free(c.cost);
    return status;
}
