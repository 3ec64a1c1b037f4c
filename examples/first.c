/* The first program: on how many days was it more than 2 K warmer than the place's mean? Reads air.h5, writes hot.npy, both
 * in the working folder. */
#include <distarray/distarray.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    da_context *ctx = da_init(&argc, &argv);   /* engines serve in here and exit */
    da_array *t = da_load(ctx, "air.h5:/t2m"); /* deferred; block on the first axis by default */
    da_array *anom = da_subtract(t, da_mean(t, DA_AXES(0), DA_KEEPDIMS));
    da_array *hot =
        da_sum(da_greater(anom, 2.0), DA_AXES(0), 0); /* scalars are as easy as arrays */
    da_array *out = da_save(hot, "hot.npy");          /* deferred too, so that the run can stream */
    if (da_compute(ctx, out) != DA_OK)
        fprintf(stderr, "%s\n", da_error_message(ctx));
    return da_finalize(ctx);
}
