/* Workloads of one engine, as array expressions; bench/reference/kernels*.c and peers.py compute the same. */
#include "workload.h"

#include <math.h>
#include <stddef.h>

enum { ESCAPE_STEPS = 50, SMALL_REPEATS = 1000 };

/* ---- passes over memory ------------------------------------------------------------------------ */

/* n values in [0, 1) without a pattern that a branch predictor learns. */
static da_array *scattered(da_context *ctx, int64_t n, double factor)
{
    da_array *i = da_arange(ctx, 0, n, 1, DA_FLOAT64, NULL);
    da_array *t = da_multiply(i, factor);
    return da_subtract(t, da_floor(t));
}

static const double golden = 0.6180339887498949, silver = 0.4142135623730951,
                    bronze = 0.3027756377319946;

static struct arrays vector_input(da_context *ctx, int64_t n)
{
    return one(scattered(ctx, n, golden));
}

static struct arrays vectors_input(da_context *ctx, int64_t n)
{
    return kept((struct arrays){
        {scattered(ctx, n, golden), scattered(ctx, n, silver), scattered(ctx, n, bronze)}});
}

static struct arrays copy_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_positive(in.a[0]));
}

static struct arrays triad_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_add(in.a[0], da_multiply(in.a[1], 3.0)));
}

static struct arrays sum_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_sum(in.a[0], DA_ALL_AXES, 0));
}

static struct arrays polynomial_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    da_array *x = in.a[0], *z = in.a[1];
    da_array *y = da_multiply(da_add(da_multiply(x, 2.0), 1.0), x);
    return one(da_add(da_multiply(da_subtract(y, 3.0), x), z));
}

/* ---- Black and Scholes ------------------------------------------------------------------------- */

static struct arrays options_input(da_context *ctx, int64_t n)
{
    return kept((struct arrays){{
        da_add(da_multiply(scattered(ctx, n, golden), 90.0), 10.0), /* price */
        da_add(da_multiply(scattered(ctx, n, silver), 90.0), 10.0), /* strike */
        da_add(da_multiply(scattered(ctx, n, bronze), 9.0), 1.0),   /* years */
    }});
}

static da_array *normal_cdf(da_array *d)
{
    return da_add(da_multiply(da_erf(da_multiply(d, M_SQRT1_2)), 0.5), 0.5);
}

static struct arrays options_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    const double rate = 0.1, volatility = 0.2;
    da_array *price = in.a[0], *strike = in.a[1], *years = in.a[2];
    da_array *spread = da_multiply(da_sqrt(years), volatility);
    da_array *drift = da_multiply(years, rate + volatility * volatility / 2);
    da_array *d1 = da_divide(da_add(da_log(da_divide(price, strike)), drift), spread);
    da_array *d2 = da_subtract(d1, spread);
    da_array *present = da_multiply(strike, da_exp(da_multiply(years, -rate)));
    da_array *call =
        da_subtract(da_multiply(price, normal_cdf(d1)), da_multiply(present, normal_cdf(d2)));
    return kept((struct arrays){{call, da_subtract(da_add(call, present), price)}});
}

/* ---- statistics -------------------------------------------------------------------------------- */

static struct arrays deviations_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    da_array *d = da_subtract(in.a[0], da_mean(in.a[0], DA_ALL_AXES, 0));
    return one(da_sum(da_square(d), DA_ALL_AXES, 0));
}

static struct arrays statistics_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    da_array *x = in.a[0];
    return kept((struct arrays){{da_mean(x, DA_ALL_AXES, 0), da_std(x, DA_ALL_AXES, 0, 0),
                                 da_min(x, DA_ALL_AXES, 0), da_max(x, DA_ALL_AXES, 0)}});
}

/* n/2 columns. */
static struct arrays matrix_input(da_context *ctx, int64_t n)
{
    da_array *i = index_along(ctx, n, 0), *j = index_along(ctx, n / 2, 1);
    return one(da_remainder(da_add(da_multiply(i, golden), da_multiply(j, silver)), 1.0));
}

static struct arrays axis0_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_sum(in.a[0], DA_AXES(0), 0));
}

static struct arrays axis1_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_sum(in.a[0], DA_AXES(1), 0));
}

/* ---- computing much on little memory ----------------------------------------------------------- */

/* How many of ESCAPE_STEPS steps each point of the plane stays within radius 2, all points taking all steps. */
static struct arrays mandelbrot_run(da_context *ctx, struct arrays in)
{
    (void)in;
    const int64_t n = 2000;
    da_array *cr = da_linspace(ctx, -2.0, 0.5, n, 1, DA_FLOAT64, NULL);
    da_array *ci = da_expand_dims(da_linspace(ctx, -1.25, 1.25, n, 1, DA_FLOAT64, NULL), 1);
    da_array *x = da_add(da_multiply(ci, 0.0), da_multiply(cr, 0.0)), *y = x;
    da_array *steps = da_astype(x, DA_INT32);
    for (int k = 0; k < ESCAPE_STEPS; k++) {
        da_array *xx = da_square(x), *yy = da_square(y);
        da_array *inside = da_less_equal(da_add(xx, yy), 4.0);
        da_array *next = da_add(da_subtract(xx, yy), cr);
        y = da_where(inside, da_add(da_multiply(da_multiply(x, y), 2.0), ci), y);
        x = da_where(inside, next, x);
        steps = da_add(steps, inside);
    }
    return one(steps);
}

static struct arrays bodies_input(da_context *ctx, int64_t n)
{
    return vectors_input(ctx, n);
}

static da_array *apart(da_array *x)
{
    return da_subtract(da_expand_dims(x, 0), da_expand_dims(x, 1));
}

/* Accelerations of unit masses, softened. */
static struct arrays bodies_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    da_array *dx = apart(in.a[0]), *dy = apart(in.a[1]), *dz = apart(in.a[2]);
    da_array *rr = da_add(da_add(da_add(da_square(dx), da_square(dy)), da_square(dz)), 1e-3);
    da_array *weight = da_divide(1.0, da_multiply(rr, da_sqrt(rr)));
    return kept((struct arrays){{da_sum(da_multiply(dx, weight), DA_AXES(1), 0),
                                 da_sum(da_multiply(dy, weight), DA_AXES(1), 0),
                                 da_sum(da_multiply(dz, weight), DA_AXES(1), 0)}});
}

/* ---- order, running sums, selection ------------------------------------------------------------ */

static struct arrays sort_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_sort(in.a[0], 0, 0));
}

static struct arrays cumulative_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_cumulative_sum(in.a[0], 0, 0));
}

static struct arrays where_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    da_array *x = in.a[0];
    return one(da_where(da_greater(x, 0.5), da_multiply(x, 2.0), da_divide(x, 2.0)));
}

static struct arrays count_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_count_nonzero(da_greater(in.a[0], 0.5), DA_ALL_AXES, 0));
}

static struct arrays mask_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_mask_get(in.a[0], da_greater(in.a[0], 0.5)));
}

/* ---- matrix products, random numbers ----------------------------------------------------------- */

static struct arrays product_input(da_context *ctx, int64_t n)
{
    da_array *a = da_reshape(scattered(ctx, n * n, golden), DA_SHAPE(n, n));
    return kept((struct arrays){{a, da_reshape(scattered(ctx, n * n, silver), DA_SHAPE(n, n))}});
}

static struct arrays product_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_matmul(in.a[0], in.a[1]));
}

enum { DRAWS = 50000000, SEED = 7 };

static struct arrays uniform_run(da_context *ctx, struct arrays in)
{
    (void)in;
    return one(da_uniform(ctx, DA_SHAPE(DRAWS), 0, 1, SEED, 0, DA_FLOAT64, NULL));
}

static struct arrays normal_run(da_context *ctx, struct arrays in)
{
    (void)in;
    return one(da_normal(ctx, DA_SHAPE(DRAWS), 0, 1, SEED, 0, DA_FLOAT64, NULL));
}

static struct arrays pi_run(da_context *ctx, struct arrays in)
{
    (void)in;
    da_array *x = da_uniform(ctx, DA_SHAPE(DRAWS), 0, 1, SEED, 0, DA_FLOAT64, NULL);
    da_array *y = da_uniform(ctx, DA_SHAPE(DRAWS), 0, 1, SEED, 1, DA_FLOAT64, NULL);
    da_array *inside = da_less(da_add(da_square(x), da_square(y)), 1.0);
    return one(da_multiply(da_mean(inside, DA_ALL_AXES, 0), 4.0));
}

/* ---- small arrays ------------------------------------------------------------------------------ */

/* Four operations on n elements, described and computed again and again. */
static struct arrays small_run(da_context *ctx, struct arrays in)
{
    da_array *result = NULL;
    for (int k = 0; k < SMALL_REPEATS; k++) {
        da_scope_push(ctx);
        da_array *sum = da_add(in.a[0], da_multiply(in.a[1], in.a[2]));
        da_replace(&result, da_multiply(da_subtract(sum, in.a[2]), 0.5));
        da_status status = da_compute(ctx, result);
        da_scope_pop(ctx);
        if (status != DA_OK) {
            da_drop(result);
            return (struct arrays){{NULL}};
        }
    }
    return (struct arrays){{result}};
}

const struct workload kernels[] = {
    {"copy", 50000000, vector_input, copy_run, 1},
    {"triad", 50000000, vectors_input, triad_run, 1},
    {"sum", 50000000, vector_input, sum_run, 1},
    {"polynomial", 50000000, vectors_input, polynomial_run, 1},
    {"black-scholes", 10000000, options_input, options_run, 1},
    {"deviations", 50000000, vector_input, deviations_run, 1},
    {"statistics", 50000000, vector_input, statistics_run, 1},
    {"axis0", 8000, matrix_input, axis0_run, 1},
    {"axis1", 8000, matrix_input, axis1_run, 1},
    {"mandelbrot", 2000, NULL, mandelbrot_run, 1},
    {"nbody", 2000, bodies_input, bodies_run, 1},
    {"sort", 20000000, vector_input, sort_run, 1},
    {"cumulative-sum", 50000000, vector_input, cumulative_run, 1},
    {"where", 50000000, vector_input, where_run, 1},
    {"count", 50000000, vector_input, count_run, 1},
    {"mask", 50000000, vector_input, mask_run, 1},
    {"matmul", 2000, product_input, product_run, 1},
    {"uniform", DRAWS, NULL, uniform_run, 1},
    {"normal", DRAWS, NULL, normal_run, 1},
    {"pi", DRAWS, NULL, pi_run, 1},
    {"small", 1000, vectors_input, small_run, SMALL_REPEATS},
    {0},
};
