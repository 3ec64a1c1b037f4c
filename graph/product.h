/* Sums over shared axes: which axis of each operand is which, and where operands lie. Private to graph. */
#ifndef DA_PRODUCT_H
#define DA_PRODUCT_H

#include "node.h"

/* As routines.def lists the attributes of MATMUL. */
enum {
    DA__PRODUCT_BATCH,
    DA__PRODUCT_M,
    DA__PRODUCT_N,
    DA__PRODUCT_K,
    DA__PRODUCT_TRANSPOSED,                         /* a, then b */
    DA__PRODUCT_SPLIT = DA__PRODUCT_TRANSPOSED + 2, /* a, then b */
    DA__PRODUCT_NATTRIBUTES = DA__PRODUCT_SPLIT + 2
};
/* An operand's axes: its batch axes come first. `kept` are m of a, n of b. */
struct da__factor {
    int nbatch, nkept, nk, kept, k; /* kept, k: the first axis of each group */
};
/* a's (side 0) or b's (side 1) axes. */
struct da__factor da__factor_of(const int64_t *attribute, int ndim, int side);
/* The distribution under which operand `side` is read where the result lies as `c` says. */
da_status da__factor_dist(const int64_t *attribute, const struct da__dist *c, da_array *const *in,
                          int side, const struct da__dist **out);
/* Where a product is computed: c's distribution, counted for the caller, and the split attributes. */
da_status da__product_place(struct da__graph *g, int64_t *attribute, int ndim, const int64_t *shape,
                            da_array *const *in, const struct da__dist **out,
                            struct da__error *err);

#endif
