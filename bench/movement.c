/* What moving elements costs: redistribution between maps, an array with its transpose, strided slices that do not meet, and a
 * stencil of slices. Run it under mpirun; times are the best of a few rounds. */
#include <distarray/distarray.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct workload {
    const char *name, *text;
    int64_t shape[2];
    int ndim;
    const char *from, *to; /* distributions of x, and of the result where it is redistributed */
};

static da_array *begin(da_context *ctx, const struct workload *w, da_array *x)
{
    if (w->to != NULL)
        return da_redistribute(x, &(da_distribution){.text = w->to});
    return da_eval(ctx, w->text, 1, &(da_named){.name = "x", .array = x});
}

/* Seconds of the best round; negative where a call failed. */
static double best_of(da_context *ctx, const struct workload *w)
{
    double best = 1e9;
    da_scope_push(ctx);
    da_array *x = da_full(ctx, ((da_extents){w->ndim, w->shape}), 1.5, DA_FLOAT64,
                          &(da_distribution){.text = w->from});
    x = da_add(x, da_full(ctx, ((da_extents){w->ndim, w->shape}), 0.5, DA_FLOAT64,
                          &(da_distribution){.text = w->from}));
    da_keep(x);
    if (da_compute(ctx, x) != DA_OK)
        best = -1;
    for (int i = 0; i < ROUNDS && best > 0; i++) {
        da_scope_push(ctx);
        da_array *y = begin(ctx, w, x);
        double start = now();
        if (da_compute(ctx, y) != DA_OK)
            best = -1;
        double took = now() - start;
        best = took < best ? took : best;
        da_scope_pop(ctx);
    }
    if (best < 0)
        fprintf(stderr, "movement: %s: %s\n", w->name, da_error_message(ctx));
    da_drop(x);
    da_scope_pop(ctx);
    return best;
}

int main(int argc, char **argv)
{
    static const struct workload all[] = {
        {"block to cyclic, 4e7", NULL, {40000000}, 1, "b", "c"},
        {"cyclic to block, 4e7", NULL, {40000000}, 1, "c", "b"},
        {"columns to rows, 8000x8000", NULL, {8000, 8000}, 2, "n,b", "b,n"},
        {"x + transpose(x), 8000x8000", "x + matrix_transpose(x)", {8000, 8000}, 2, "b,n", NULL},
        {"x[::3] + x[1::3], 4e7", "x[:-1:3] + x[1::3]", {40000000}, 1, "b", NULL},
        {"stencil of slices, 4000x4000",
         "(x[:-2,1:-1] + x[2:,1:-1] + x[1:-1,:-2] + x[1:-1,2:]) * 0.25",
         {4000, 4000},
         2,
         "b,n",
         NULL},
        {"the same on a grid",
         "(x[:-2,1:-1] + x[2:,1:-1] + x[1:-1,:-2] + x[1:-1,2:]) * 0.25",
         {4000, 4000},
         2,
         "b,b",
         NULL},
        {"x * 2 + 1, 4e7, nothing moves", "x * 2 + 1", {40000000}, 1, "b", NULL}};
    da_context *ctx = da_init(&argc, &argv);
    if (ctx == NULL)
        return 1;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        double seconds = best_of(ctx, &all[i]);
        if (seconds < 0)
            break;
        printf("%-34s %8.1f ms\n", all[i].name, 1e3 * seconds);
        fflush(stdout);
    }
    return da_finalize(ctx);
}
