/* A product of matrices: what a C program calls is CBLAS. */
#include "onenode.h"

#include <cblas.h>

static double *a, *b, *c;

static void prepare(int64_t n)
{
    a = scattered(n * n, GOLDEN);
    b = scattered(n * n, SILVER);
    c = empty(n * n);
}

static void matmul(int64_t n)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, (int)n, (int)n, 1, a, (int)n, b,
                (int)n, 0, c, (int)n);
}

static double sum(int64_t n)
{
    return total(c, n * n);
}

const struct work products[] = {
    {"matmul", 2000, prepare, matmul, sum, 1},
    {0},
};
