/* A program outside the tree, as a user's: computes a sum and checks it. */
#include <distarray/distarray.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    da_context *ctx = da_init(&argc, &argv);
    da_array *x = da_arange(ctx, 0, 1000, 1, DA_FLOAT64, NULL);
    da_array *total = da_sum(da_add(da_multiply(x, 2.0), 1), DA_ALL_AXES, 0);
    double value = 0;
    if (da_get_double(ctx, total, &value) != DA_OK) {
        fprintf(stderr, "%s\n", da_error_message(ctx));
        da_finalize(ctx);
        return 1;
    }
    printf("%s: %.0f\n", da_version(), value);
    int code = da_finalize(ctx);
    return value == 1000000.0 ? code : 1;
}
