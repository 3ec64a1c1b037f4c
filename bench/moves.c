/* Workloads that move data, as array expressions: the same as the hand-written programs of bench/reference, line for line in what
 * they print: a repetition's seconds, and a sum of the result to compare.
 *
 * usage: bench_moves transpose|redistribute|stride|jacobi|sort [SIZE] [REPETITIONS] */
#include <distarray/distarray.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEPS = 50 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A workload: its input, kept; one repetition, whose result is kept; where it ends. */
struct workload {
    const char *name;
    int64_t size;
    da_array *(*input)(da_context *ctx, int64_t n);
    da_array *(*run)(da_context *ctx, da_array *input); /* NULL: failed */
};

static da_array *computed(da_context *ctx, da_array *a)
{
    da_keep(a);
    if (da_compute(ctx, a) == DA_OK)
        return a;
    da_drop(a);
    return NULL;
}

static da_array *index_along(da_context *ctx, int64_t n, int axis)
{
    da_array *i = da_arange(ctx, 0, n, 1, DA_FLOAT64, NULL);
    return axis == 0 ? da_expand_dims(i, 1) : i;
}

static da_array *transpose_input(da_context *ctx, int64_t n)
{
    da_array *i = index_along(ctx, n, 0), *j = index_along(ctx, n, 1);
    return da_redistribute(da_add(da_remainder(i, 1000.0), da_multiply(j, 1e-3)), DA_DIST("b,n"));
}

static da_array *transpose_run(da_context *ctx, da_array *a)
{
    return computed(ctx, da_add(a, da_matrix_transpose(a)));
}

static da_array *redistribute_input(da_context *ctx, int64_t n)
{
    return index_along(ctx, n, 1);
}

static da_array *redistribute_run(da_context *ctx, da_array *block)
{
    da_array *cyclic = da_keep(da_redistribute(block, DA_DIST("c")));
    da_array *back = computed(ctx, da_redistribute(cyclic, DA_DIST("b")));
    da_drop(cyclic);
    return back;
}

/* x and y as the two rows of one array. */
static da_array *stride_input(da_context *ctx, int64_t n)
{
    da_array *i = da_arange(ctx, 0, n, 1, DA_FLOAT64, NULL);
    da_array *scale = da_expand_dims(da_linspace(ctx, 1, 1e-3, 2, 1, DA_FLOAT64, NULL), 1);
    return da_redistribute(da_multiply(i, scale), DA_DIST("n,b"));
}

static da_array *stride_run(da_context *ctx, da_array *xy)
{
    return computed(ctx, da_add(da_index(xy, "0, ::3"), da_index(xy, "1, 1::3")));
}

static da_array *jacobi_input(da_context *ctx, int64_t n)
{
    da_array *i = index_along(ctx, n, 0), *j = index_along(ctx, n, 1);
    return da_redistribute(da_remainder(da_multiply(i, j), 1000.0), DA_DIST("b,n"));
}

static da_array *jacobi_step(da_array *u)
{
    da_array *columns = da_add(da_index(u, ":-2, 1:-1"), da_index(u, "2:, 1:-1"));
    da_array *sum = da_add(da_add(columns, da_index(u, "1:-1, :-2")), da_index(u, "1:-1, 2:"));
    return da_set_index(u, da_multiply(sum, 0.25), "1:-1, 1:-1");
}

static da_array *jacobi_run(da_context *ctx, da_array *start)
{
    da_array *u = da_keep(start);
    for (int step = 0; step < STEPS; step++) {
        da_scope_push(ctx);
        da_replace(&u, jacobi_step(u));
        da_status status = da_compute(ctx, u);
        da_scope_pop(ctx);
        if (status != DA_OK) {
            da_drop(u);
            return NULL;
        }
    }
    return u;
}

/* Numbers that come again only after all have been there. */
static da_array *sort_input(da_context *ctx, int64_t n)
{
    da_array *i = da_arange(ctx, 0, n, 1, DA_INT64, NULL);
    da_array *low = da_remainder(da_multiply(i, 7919), 1000003);
    da_array *high = da_remainder(da_multiply(i, 104729), 999983);
    return da_add(da_divide(low, 7.0), da_multiply(high, 1e-7));
}

static da_array *sort_run(da_context *ctx, da_array *x)
{
    return computed(ctx, da_sort(x, 0, 0));
}

static const struct workload workloads[] = {
    {"transpose", 8000, transpose_input, transpose_run},
    {"redistribute", 40000000, redistribute_input, redistribute_run},
    {"stride", 60000000, stride_input, stride_run},
    {"jacobi", 4000, jacobi_input, jacobi_run},
    {"sort", 20000000, sort_input, sort_run},
};

static int fail(da_context *ctx, const char *name)
{
    fprintf(stderr, "moves: %s: %s\n", name, da_error_message(ctx));
    da_finalize(ctx);
    return 1;
}

static int measure(da_context *ctx, const struct workload *w, int64_t size, int repetitions)
{
    da_array *input = computed(ctx, w->input(ctx, size));
    double sum;
    if (input == NULL)
        return fail(ctx, w->name);
    for (int k = 0; k <= repetitions; k++) { /* the first one warms up */
        da_scope_push(ctx);
        double start = now();
        da_array *result = w->run(ctx, input);
        if (result == NULL)
            return fail(ctx, w->name);
        if (k > 0)
            printf("%s %.6f\n", w->name, now() - start);
        if (k == repetitions) {
            if (da_get_double(ctx, da_sum(result, DA_ALL_AXES, 0), &sum) != DA_OK)
                return fail(ctx, w->name);
            printf("%s sum %.10e\n", w->name, sum);
        }
        da_drop(result);
        da_scope_pop(ctx);
    }
    da_drop(input);
    return da_finalize(ctx);
}

int main(int argc, char **argv)
{
    da_context *ctx = da_init(&argc, &argv);
    int repetitions = argc > 3 ? atoi(argv[3]) : 3;
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        if (argc > 1 && strcmp(argv[1], workloads[i].name) == 0)
            return measure(ctx, &workloads[i], argc > 2 ? atoll(argv[2]) : workloads[i].size,
                           repetitions);
    fprintf(stderr,
            "usage: bench_moves transpose|redistribute|stride|jacobi|sort [SIZE] [REPETITIONS]\n");
    da_finalize(ctx);
    return 2;
}
