/* Functions of the program's own on the engines: a plate whose rim is held at fixed temperatures, relaxed until it changes no more.
 * Each engine works on its own rows and exchanges the outermost ones with its neighbours itself. Writes plate.npy. */
#include <distarray/distarray.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 32, ROUNDS = 100, MOST = 10000 };

/* Rows of the part with a row of each neighbour around them. */
static da_status with_neighbours(da_engine *engine, const da_part *u, double *row)
{
    const int64_t rows = da_part_shape(u)[0], nbytes = da_part_strides(u)[0];
    const char *first = da_part_data(u), *last = first + (rows - 1) * nbytes;
    int above = da_part_neighbour(u, 0, -1), below = da_part_neighbour(u, 0, 1);
    memcpy(row + N, first, (size_t)(rows * nbytes));
    da_status status =
        da_engine_exchange(engine, below, last, (size_t)nbytes, above, row, (size_t)nbytes);
    if (status == DA_OK)
        status = da_engine_exchange(engine, above, first, (size_t)nbytes, below,
                                    row + (rows + 1) * N, (size_t)nbytes);
    return status;
}

/* Arguments: the plate, which is updated, and what it changed by in the last round, the same number everywhere. */
static da_status relax(da_engine *engine, int n, const da_part *const *part, const void *data,
                       size_t nbytes)
{
    const da_part *u = part[0];
    double *plate = da_part_data(u), change = 0;
    const int64_t rows = da_part_shape(u)[0];
    double *row = malloc((size_t)(rows + 2) * N * sizeof *row);
    da_status status = row != NULL ? DA_OK : da_engine_fail(engine, DA_ERR_MEMORY, "no memory");
    (void)n, (void)data, (void)nbytes;
    for (int round = 0; round < ROUNDS && status == DA_OK; round++) {
        status = with_neighbours(engine, u, row);
        change = 0;
        for (int64_t i = 0; i < rows && status == DA_OK; i++) {
            const int64_t global = da_part_index(u, 0, i);
            if (global == 0 || global == N - 1)
                continue;
            const double *at = row + (i + 1) * N;
            for (int k = 1; k < N - 1; k++) {
                const double mean = (at[k - N] + at[k + N] + at[k - 1] + at[k + 1]) / 4;
                change += fabs(mean - at[k]);
                plate[i * N + k] = mean;
            }
        }
        if (status == DA_OK)
            status = da_engine_sum(engine, 1, &change);
    }
    if (status == DA_OK)
        *(double *)da_part_data(part[1]) = change;
    free(row);
    return status;
}

/* Degrees to a scale from blue (0) to red (1): an elementwise function, fused with whatever is around it. */
static void shade(int64_t n, void *out, const void *const *in, const int64_t *step,
                  const void *data)
{
    const double *x = in[0];
    float *y = out;
    (void)data;
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)(1 / (1 + exp(-0.1 * (x[i * step[0]] - 50))));
}

int main(int argc, char **argv)
{
    const da_dtype degrees[] = {DA_FLOAT64};
    da_context *ctx =
        da_init(&argc, &argv); /* the other ranks serve in here: they register nothing */
    da_register(ctx, "relax", relax, "uw", DA_TALKS);
    da_register_elementwise(ctx, "shade", shade, 1, degrees, DA_FLOAT32, NULL, 0);

    /* Rows in blocks over the engines; the first row is hot. */
    const da_item top[] = {da_at(0)};
    da_array *cold = da_zeros(ctx, DA_SHAPE(N, N), DA_FLOAT64, NULL);
    da_array *u = da_keep(da_set_slice(cold, 100, 1, top));
    da_array *scalar = da_empty(ctx, DA_SHAPE_0D, DA_FLOAT64, NULL);
    double change = INFINITY;
    int rounds = 0;
    for (; rounds < MOST && change > 1e-3; rounds += ROUNDS) {
        da_array *argument[] = {u, scalar}, *result[2];
        da_scope_push(ctx);
        da_apply(ctx, "relax", 2, argument, NULL, 0, result);
        if (da_compute(ctx, result[0], result[1]) != DA_OK ||
            da_get(ctx, result[1], &change, sizeof change) != DA_OK)
            break;
        da_replace(&u, result[0]);
        da_scope_pop(ctx);
    }
    da_operand shaded[] = {DA_OPERAND(u)};
    if (da_compute(ctx, da_save(u, "plate.npy")) != DA_OK ||
        da_compute(ctx, da_save(da_call(ctx, "shade", 1, shaded), "shade.npy")) != DA_OK)
        fprintf(stderr, "%s\n", da_error_message(ctx));
    else
        printf("%d rounds, the last one changed %.2g degrees\n", rounds, change);
    da_drop(u);
    return da_finalize(ctx);
}
