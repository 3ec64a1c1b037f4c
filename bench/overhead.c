/* What the library costs besides the arithmetic: building a node, and computing an already seen program on tiny arrays. */
#include <distarray/distarray.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NODES = 100000, ROUNDS = 21, COMPUTES = 200 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *sample, int n)
{
    qsort(sample, (size_t)n, sizeof *sample, ascending);
    return sample[n / 2];
}

/* Alternating binary operators with arrays and scalars on a small array; nothing is computed. */
static double build_nodes(da_context *ctx, da_array *x)
{
    da_scope_push(ctx);
    double start = now();
    da_array *y = x;
    for (int i = 0; i < NODES / 2; i++)
        y = da_add(da_multiply(y, x), x);
    double seconds = now() - start;
    da_scope_pop(ctx);
    return seconds / NODES;
}

/* Ten kernel steps: each reads the mean that the step before has finished. */
static da_array *ten_steps(da_array *x)
{
    da_array *y = x;
    for (int i = 0; i < 9; i++)
        y = da_subtract(y, da_mean(y, DA_ALL_AXES, 0));
    return da_sum(y, DA_ALL_AXES, 0);
}

static double compute_seen(da_context *ctx, da_array *x)
{
    double total = 0;
    for (int i = 0; i < COMPUTES; i++) {
        da_scope_push(ctx);
        da_array *y = ten_steps(x);
        double start = now();
        if (da_compute(ctx, y) != DA_OK) {
            fprintf(stderr, "overhead: %s\n", da_error_message(ctx));
            exit(1);
        }
        total += now() - start;
        da_scope_pop(ctx);
    }
    return total / COMPUTES;
}

int main(int argc, char **argv)
{
    da_context *ctx = da_init(&argc, &argv);
    da_array *x = da_keep(da_linspace(ctx, 0, 1, 16, 1, DA_FLOAT64, NULL));
    double node[ROUNDS], compute[ROUNDS];
    if (da_compute(ctx, x) != DA_OK) {
        fprintf(stderr, "overhead: %s\n", da_error_message(ctx));
        return 1;
    }
    compute_seen(ctx, x);
    for (int i = 0; i < ROUNDS; i++) {
        node[i] = build_nodes(ctx, x);
        compute[i] = compute_seen(ctx, x);
    }
    double node_ns = 1e9 * median(node, ROUNDS), compute_us = 1e6 * median(compute, ROUNDS);
    printf("engines %d, threads %d\n", da_engines(ctx), da_threads(ctx));
    printf("build a node:                                    %8.1f ns   (median of %d rounds of %d "
           "nodes)\n",
           node_ns, ROUNDS, NODES);
    printf(
        "compute a seen program of 10 steps, 16 elements: %8.1f us   (median of %d rounds of %d)\n",
        compute_us, ROUNDS, COMPUTES);
    da_drop(x);
    return da_finalize(ctx);
}
