/* Between the files of matrix products. Private to kernels. */
#ifndef DA_KERNELS_MATMUL_H
#define DA_KERNELS_MATMUL_H

#include "da_kernels.h"

/* Own loops of one dtype. */
struct da__products {
    void (*product)(const struct da__matmul *p);
    void (*join)(int64_t n, void *into, const void *from);
};
const struct da__products *da__products_find(da_dtype dtype);
const struct da__products *da__products_find_avx2(da_dtype dtype);
const struct da__products *da__products_find_avx512(da_dtype dtype);

/* gemm_blas.c. False: not a dtype of BLAS, or an extent that its integers do not hold. */
bool da__blas_product(const struct da__blas *blas, const struct da__matmul *p);

#endif
