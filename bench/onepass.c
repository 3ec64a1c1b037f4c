/* Memory and sweeps: a chain of 12 elementwise operations with 5 reductions is one kernel step, whatever the size; and the
 * statistics of one array take two sweeps. Prints what the counters say and checks it.
 *
 * usage: bench_onepass [ELEMENTS]      100,000,000 float64 when left out (0.8 GB, the input is all that lies in memory) */
#include <distarray/distarray.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Twelve operations, none of which can be left out. */
static da_array *chain(da_array *x)
{
    da_array *a = da_add(da_multiply(x, 2.0), 1.0);
    da_array *b = da_subtract(da_multiply(a, x), 3.0);
    da_array *c = da_sqrt(da_add(da_square(b), 1.0));
    da_array *d = da_divide(c, da_add(da_abs(a), 1.0));
    return da_maximum(da_minimum(d, b), da_negative(a));
}

static int fail(da_context *ctx, const char *what)
{
    fprintf(stderr, "onepass: %s %s\n", what, da_error_message(ctx));
    da_finalize(ctx);
    return 1;
}

int main(int argc, char **argv)
{
    da_context *ctx = da_init(&argc, &argv);
    int64_t n = argc > 1 ? atoll(argv[1]) : 100000000;
    da_counters input, c;
    da_array *x = da_keep(da_linspace(ctx, -1, 1, n, 1, DA_FLOAT64, NULL));
    if (da_compute(ctx, x) != DA_OK)
        return fail(ctx, "input:");
    da_counters_get(ctx, &input);
    da_counters_reset(ctx);

    da_array *y = chain(x);
    da_array *result[5] = {da_sum(y, DA_ALL_AXES, 0), da_mean(y, DA_ALL_AXES, 0),
                           da_var(y, DA_ALL_AXES, 0, 0), da_min(y, DA_ALL_AXES, 0),
                           da_argmax(y, DA_ALL_AXES, 0)};
    double start = now();
    if (da_compute_all(ctx, 5, result) != DA_OK)
        return fail(ctx, "chain:");
    double seconds = now() - start;
    da_counters_get(ctx, &c);
    printf("%lld float64 on %d engine(s) of %d thread(s)\n", (long long)n, da_engines(ctx),
           da_threads(ctx));
    printf("12 elementwise operations and 5 reductions: %lld kernel step, %.3f s, %.1f ns an "
           "element\n",
           (long long)c.kernel_sweeps, seconds, 1e9 * seconds / (double)n);
    printf("memory of an engine: input %.1f MiB, peak of the run %.1f MiB\n",
           (double)input.live_bytes / 1048576, (double)c.peak_bytes / 1048576);
    if (c.kernel_sweeps != 1 || c.peak_bytes > input.live_bytes + (4 << 20))
        return fail(ctx, "chain: not one step, or a temporary was made");

    da_counters_reset(ctx);
    da_array *d = da_subtract(x, da_mean(x, DA_ALL_AXES, 0));
    da_array *statistics[5] = {da_sum(da_multiply(d, d), DA_ALL_AXES, 0),
                               da_mean(x, DA_ALL_AXES, 0), da_var(x, DA_ALL_AXES, 0, 0),
                               da_min(x, DA_ALL_AXES, 0), da_max(x, DA_ALL_AXES, 0)};
    start = now();
    if (da_compute_all(ctx, 5, statistics) != DA_OK)
        return fail(ctx, "statistics:");
    seconds = now() - start;
    da_counters_get(ctx, &c);
    printf("sum((x-mean(x))**2), mean, var, min, max: %lld sweeps, %lld messages (%d engines: one "
           "a tree edge, up and down, a level), %.3f s\n",
           (long long)c.kernel_sweeps, (long long)c.messages, da_engines(ctx), seconds);
    if (c.kernel_sweeps > 2 || c.messages > 2 * 2 * (da_engines(ctx) - 1))
        return fail(ctx, "statistics: too many sweeps or messages");
    da_drop(x);
    return da_finalize(ctx);
}
