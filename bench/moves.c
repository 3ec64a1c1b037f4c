/* Workloads that move data between engines, as array expressions. */
#include "workload.h"

enum { STEPS = 50 };

static struct arrays transpose_input(da_context *ctx, int64_t n)
{
    da_array *i = index_along(ctx, n, 0), *j = index_along(ctx, n, 1);
    return one(
        da_redistribute(da_add(da_remainder(i, 1000.0), da_multiply(j, 1e-3)), DA_DIST("b,n")));
}

static struct arrays transpose_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_add(in.a[0], da_matrix_transpose(in.a[0])));
}

static struct arrays redistribute_input(da_context *ctx, int64_t n)
{
    return one(index_along(ctx, n, 1));
}

/* The cyclic array is kept, so that it comes into being. */
static struct arrays redistribute_run(da_context *ctx, struct arrays in)
{
    da_array *cyclic = da_keep(da_redistribute(in.a[0], DA_DIST("c")));
    struct arrays back = one(da_redistribute(cyclic, DA_DIST("b")));
    da_status status = da_compute(ctx, back.a[0]);
    da_drop(cyclic);
    return status == DA_OK ? back : (struct arrays){{NULL}};
}

/* x and y as the two rows of one array. */
static struct arrays stride_input(da_context *ctx, int64_t n)
{
    da_array *i = da_arange(ctx, 0, n, 1, DA_FLOAT64, NULL);
    da_array *scale = da_expand_dims(da_linspace(ctx, 1, 1e-3, 2, 1, DA_FLOAT64, NULL), 1);
    return one(da_redistribute(da_multiply(i, scale), DA_DIST("n,b")));
}

static struct arrays stride_run(da_context *ctx, struct arrays in)
{
    (void)ctx;
    return one(da_add(da_index(in.a[0], "0, ::3"), da_index(in.a[0], "1, 1::3")));
}

static struct arrays jacobi_input(da_context *ctx, int64_t n)
{
    da_array *i = index_along(ctx, n, 0), *j = index_along(ctx, n, 1);
    return one(da_redistribute(da_remainder(da_multiply(i, j), 1000.0), DA_DIST("b,n")));
}

static da_array *jacobi_step(da_array *u)
{
    da_array *columns = da_add(da_index(u, ":-2, 1:-1"), da_index(u, "2:, 1:-1"));
    da_array *sum = da_add(da_add(columns, da_index(u, "1:-1, :-2")), da_index(u, "1:-1, 2:"));
    return da_set_index(u, da_multiply(sum, 0.25), "1:-1, 1:-1");
}

static struct arrays jacobi_run(da_context *ctx, struct arrays in)
{
    da_array *u = da_keep(in.a[0]);
    for (int step = 0; step < STEPS; step++) {
        da_scope_push(ctx);
        da_replace(&u, jacobi_step(u));
        da_status status = da_compute(ctx, u);
        da_scope_pop(ctx);
        if (status != DA_OK) {
            da_drop(u);
            return (struct arrays){{NULL}};
        }
    }
    return (struct arrays){{u}};
}

const struct workload moves[] = {
    {"transpose", 8000, transpose_input, transpose_run, 1},
    {"redistribute", 40000000, redistribute_input, redistribute_run, 1},
    {"stride", 60000000, stride_input, stride_run, 1},
    {"jacobi", 4000, jacobi_input, jacobi_run, 1},
    {0},
};
