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
    DA__PRODUCT_ORDERED = DA__PRODUCT_SPLIT + 2,    /* every sum goes by ascending k */
    DA__PRODUCT_NATTRIBUTES
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
/* ---- sizes that data decide (build_product_later.c) ---- */

/* As da__broadcast; an unsized extent meets any, and is the other's if that is not 1. */
da_status da__product_broadcast(int *ndim, int64_t *shape, int other_ndim, const int64_t *other,
                                const char *what, struct da__error *err);
/* The result's shape, DA__UNSIZED where data decide. Unsized extents agree with all others. */
da_status da__product_shape(const char *what, const int64_t *attribute, da_array *const *x,
                            int *ndim, int64_t *shape, struct da__error *err);
/* The calls that are made again once the operands have sizes. Axes exist, and extents that are known agree. */
da_array *da__matmul_later(struct da__graph *g, const int64_t *attribute, da_array *x1,
                           da_array *x2);
da_array *da__tensordot_later(struct da__graph *g, const char *what, da_array *const *x, int n,
                              const int64_t *const *axes);
da_array *da__vecdot_later(struct da__graph *g, da_array *const *x, int64_t axis, const int *at);

/* A product of which one operand has no axes of its own, as a reproducible sum of elementwise products (build_reproducible.c). */
da_array *da__make_summed_product(struct da__graph *g, const int64_t *attribute, da_array *x1,
                                  da_array *x2, da_dtype dtype);

#endif
