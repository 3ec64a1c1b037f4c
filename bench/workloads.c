/* Runs one workload: the seconds of each repetition, and a sum of the results, line for line as the hand-written programs of
 * bench/reference print them.
 *
 * usage: bench_workloads NAME [SIZE] [REPETITIONS] */
#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

da_array *index_along(da_context *ctx, int64_t n, int axis)
{
    da_array *i = da_arange(ctx, 0, n, 1, DA_FLOAT64, NULL);
    return axis == 0 ? da_expand_dims(i, 1) : i;
}

static int count(struct arrays list)
{
    int n = 0;
    while (n < WORKLOAD_ARRAYS && list.a[n] != NULL)
        n++;
    return n;
}

struct arrays kept(struct arrays list)
{
    for (int i = 0; i < count(list); i++)
        da_keep(list.a[i]);
    return list;
}

static bool compute(da_context *ctx, struct arrays list)
{
    return da_compute_all(ctx, count(list), list.a) == DA_OK;
}

static void drop(struct arrays list)
{
    for (int i = 0; i < count(list); i++)
        da_drop(list.a[i]);
}

static int fail(da_context *ctx, const char *name)
{
    fprintf(stderr, "workloads: %s: %s\n", name, da_error_message(ctx));
    da_finalize(ctx);
    return 1;
}

static bool print_sum(da_context *ctx, const char *name, struct arrays result)
{
    double sum = 0;
    for (int i = 0; i < count(result); i++) {
        double part;
        da_array *wide = da_astype(result.a[i], DA_FLOAT64);
        if (da_get_double(ctx, da_sum(wide, DA_ALL_AXES, 0), &part) != DA_OK)
            return false;
        sum += part;
    }
    printf("%s sum %.10e\n", name, sum);
    return true;
}

static int measure(da_context *ctx, const struct workload *w, int64_t size, int repetitions)
{
    struct arrays input = {{NULL}};
    if (w->input != NULL)
        input = w->input(ctx, size);
    if (count(input) > 0 && !compute(ctx, input))
        return fail(ctx, w->name);
    for (int k = 0; k <= repetitions; k++) { /* the first one warms up */
        da_scope_push(ctx);
        double start = now();
        struct arrays result = w->run(ctx, input);
        if (count(result) == 0 || !compute(ctx, result))
            return fail(ctx, w->name);
        if (k > 0)
            printf("%s %.9f\n", w->name, (now() - start) / (w->repeats > 0 ? w->repeats : 1));
        if (k == repetitions && !print_sum(ctx, w->name, result))
            return fail(ctx, w->name);
        drop(result);
        da_scope_pop(ctx);
    }
    drop(input);
    return da_finalize(ctx);
}

static const struct workload *find(const char *name)
{
    const struct workload *tables[] = {moves, kernels};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct workload *w = tables[t]; w->name != NULL; w++)
            if (strcmp(w->name, name) == 0)
                return w;
    return NULL;
}

int main(int argc, char **argv)
{
    da_context *ctx = da_init(&argc, &argv);
    const struct workload *w = argc > 1 ? find(argv[1]) : NULL;
    if (w == NULL) {
        fprintf(stderr, "usage: bench_workloads NAME [SIZE] [REPETITIONS]\n");
        da_finalize(ctx);
        return 2;
    }
    return measure(ctx, w, argc > 2 ? atoll(argv[2]) : w->size, argc > 3 ? atoi(argv[3]) : 3);
}
