/* Products as routines: where operands are wanted, and how a product reads as a call. */
#include "product.h"
#include "routine.h"
#include "text.h"

static da_status input_dist(struct da__graph *g, const da_array *a, int k,
                            const struct da__dist **out)
{
    (void)g;
    return da__factor_dist(a->u.ints->v, a->dist, a->in, k, out);
}

static bool is_matmul(const int64_t *attribute)
{
    return attribute[DA__PRODUCT_K] == 1 && attribute[DA__PRODUCT_M] <= 1 &&
           attribute[DA__PRODUCT_N] <= 1;
}

static const char *op(const int64_t *attribute)
{
    return is_matmul(attribute) ? "matmul" : "tensordot";
}

/* One operand's summed axes, of a product without batch axes. */
static void write_axes(struct da__text *t, const int64_t *attribute, int side)
{
    int ndim = (int)(attribute[DA__PRODUCT_M + side] + attribute[DA__PRODUCT_K]);
    struct da__factor f = da__factor_of(attribute, ndim, side);
    int64_t axis[DA_MAX_NDIM];
    for (int k = 0; k < f.nk; k++)
        axis[k] = f.k + k;
    da__json_ints(t, f.nk, axis);
}

static void write(struct da__text *t, const int64_t *attribute)
{
    if (attribute[DA__PRODUCT_ORDERED])
        da__text_add(t, "\"reproducible\":true,");
    if (!is_matmul(attribute)) {
        da__text_add(t, "\"axes\":[");
        write_axes(t, attribute, 0);
        da__text_add(t, ",");
        write_axes(t, attribute, 1);
        da__text_add(t, "],");
        return;
    }
    for (int side = 0; side < 2; side++)
        if (attribute[DA__PRODUCT_TRANSPOSED + side])
            da__text_add(t, "\"transpose%d\":true,", side + 1);
}

const struct da__routine_rules da__matmul_rules = {
    .input_dist = input_dist, .op = op, .write = write};
