/* Uses the public headers as programs in C99, C11 and C++ do; compiled by headers.sh, never run. */
#include <distarray/distarray.h>
#include <stdio.h>

static da_array *operands(da_array *x)
{
#if defined(__cplusplus)
    const da_array *same = x;
    da_array *y = da_add(da_multiply(same, 2.0), 3u);
    y = da_where(da_greater(y, 2.0f), y, da_operand_complex(1, 2));
    y = da_add(da_add(y, true), static_cast<short>(1));
    y = da_add(da_add(3ul, y), -1ll);
#elif defined(DA_SUGAR)
    const da_array *same = x;
    const double two = 2;
    double _Complex z = 1.0;
    da_array *y = da_add(da_multiply(same, two), 3u);
    y = da_where(da_greater(y, 2.0f), y, z);
    y = da_add(da_add(y, (_Bool)1), (short)1);
    y = da_add(da_add(3ul, y), -1ll);
    y = da_add(y, da_operand_real(1));
    /* Nested deeply: the operand is written out once per level, or this would take gigabytes. */
    y = da_add(
        da_add(
            da_add(
                da_add(
                    da_add(
                        da_add(
                            da_add(
                                da_add(
                                    da_add(
                                        da_add(
                                            da_add(
                                                da_add(
                                                    da_add(
                                                        da_add(
                                                            da_add(
                                                                da_add(
                                                                    da_add(
                                                                        da_add(
                                                                            da_add(
                                                                                da_add(
                                                                                    da_add(
                                                                                        da_add(
                                                                                            da_add(
                                                                                                da_add(
                                                                                                    y,
                                                                                                    1),
                                                                                                1),
                                                                                            1),
                                                                                        1),
                                                                                    1),
                                                                                1),
                                                                            1),
                                                                        1),
                                                                    1),
                                                                1),
                                                            1),
                                                        1),
                                                    1),
                                                1),
                                            1),
                                        1),
                                    1),
                                1),
                            1),
                        1),
                    1),
                1),
            1),
        1);
#else
    da_array *y = da_add(da_operand_array(x), da_operand_real(2));
    y = da_where(da_operand_array(y), da_operand_int(1), da_operand_bool(0));
#endif
    return y;
}

int main(int argc, char **argv)
{
    da_context *ctx = da_init(&argc, &argv);
    int64_t extents[] = {3, 4};
    int axes[] = {0, -1};
    da_array *x = da_zeros(ctx, DA_SHAPE(3, 4), DA_FLOAT64, DA_DIST("b,n"));
    da_array *one = da_ones(ctx, DA_SHAPE_0D, DA_DTYPE_DEFAULT, NULL);
#if defined(__cplusplus) || defined(DA_SUGAR)
    one = da_full(ctx, DA_SHAPE_N(2, extents), 2, DA_INT8, NULL);
    one = da_arange(ctx, 0, 10, 2.5, DA_DTYPE_DEFAULT, NULL);
#endif
    da_array *y = da_sum(operands(x), DA_AXES(0, -1), DA_KEEPDIMS);
    y = da_mean(da_broadcast_to(y, DA_SHAPE_N(2, extents)), DA_AXES_N(2, axes), 0);
    y = da_max(da_index(da_sum(x, DA_ALL_AXES, DA_KEEPDIMS), "..., 0"), DA_ALL_AXES, 0);
    da_item items[] = {da_range(1, 2), da_whole()};
    y = da_slice(x, 2, items);
    da_load_options options = DA_LOAD_OPTIONS;
    options.index = "1:";
    da_array *loaded = da_load_with(ctx, "x.npy", &options);
    if (da_compute(ctx, loaded, one, y) != DA_OK)
        fprintf(stderr, "%s\n", da_error_message(ctx));
    return da_finalize(ctx);
}
