/* OpenBLAS, if the machine has it: loaded when the first product is planned, since loading it takes longer than all else that a
 * program does to start. */
#include "matmul.h"

#ifdef DA__BLAS

#include <cblas.h>
#include <complex.h>
#include <dlfcn.h>
#include <limits.h>
#include <string.h>

/* Each is the address of the function of the same name. */
union address {
    void *object;
    void (*function)(void);
};

static bool find(void *library, const char *name, void (**out)(void))
{
    union address a = {.object = dlsym(library, name)};
    *out = a.function;
    return a.object != NULL;
}

bool da__blas_open(struct da__blas *out)
{
    static const char *const name[DA__BLAS_NFUNCTIONS] = {
        [DA__BLAS_SGEMM] = "cblas_sgemm", [DA__BLAS_DGEMM] = "cblas_dgemm",
        [DA__BLAS_CGEMM] = "cblas_cgemm", [DA__BLAS_ZGEMM] = "cblas_zgemm",
        [DA__BLAS_SGEMV] = "cblas_sgemv", [DA__BLAS_DGEMV] = "cblas_dgemv",
        [DA__BLAS_CGEMV] = "cblas_cgemv", [DA__BLAS_ZGEMV] = "cblas_zgemv"};
    void (*threads)(void);
    *out = (struct da__blas){.library = dlopen(DA__BLAS, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)};
    bool ok = out->library != NULL;
    for (int i = 0; i < DA__BLAS_NFUNCTIONS && ok; i++)
        ok = find(out->library, name[i], &out->function[i]);
    if (ok && find(out->library, "openblas_set_num_threads", &threads))
        ((void (*)(int))threads)(1); /* the engine's threads share the work */
    if (!ok)
        da__blas_close(out);
    return ok;
}

void da__blas_close(struct da__blas *b)
{
    if (b->library != NULL)
        dlclose(b->library);
    *b = (struct da__blas){.library = NULL};
}

/* Types of the real and of the complex functions; pointers to numbers are void in the latter. */
typedef __typeof__(cblas_sgemm) sgemm_fn;
typedef __typeof__(cblas_dgemm) dgemm_fn;
typedef __typeof__(cblas_zgemm) zgemm_fn;
typedef __typeof__(cblas_sgemv) sgemv_fn;
typedef __typeof__(cblas_dgemv) dgemv_fn;
typedef __typeof__(cblas_zgemv) zgemv_fn;

static bool fits(int64_t x)
{
    return x <= INT_MAX;
}

/* BLAS wants strides of at least a row, also where there is but one. */
static int lead(int64_t ld, int64_t row)
{
    int64_t most = ld > row ? ld : row;
    return most < 1 ? 1 : (int)most;
}

static void gemm(const struct da__blas *blas, const struct da__matmul *p)
{
    int m = (int)p->m, n = (int)p->n, k = (int)p->k;
    int lda = lead(p->lda, p->trans_a ? m : k), ldb = lead(p->ldb, p->trans_b ? k : n),
        ldc = lead(p->ldc, n);
    CBLAS_TRANSPOSE ta = p->trans_a ? CblasTrans : CblasNoTrans,
                    tb = p->trans_b ? CblasTrans : CblasNoTrans;
    double complex one = 1, keep = p->add ? 1 : 0;
    float complex one_c64 = 1, keep_c64 = p->add ? 1 : 0;
    switch (p->dtype) {
    case DA_FLOAT32:
        ((sgemm_fn *)blas->function[DA__BLAS_SGEMM])(CblasRowMajor, ta, tb, m, n, k, 1, p->a, lda,
                                                     p->b, ldb, p->add ? 1 : 0, p->c, ldc);
        break;
    case DA_FLOAT64:
        ((dgemm_fn *)blas->function[DA__BLAS_DGEMM])(CblasRowMajor, ta, tb, m, n, k, 1, p->a, lda,
                                                     p->b, ldb, p->add ? 1 : 0, p->c, ldc);
        break;
    case DA_COMPLEX64:
        ((zgemm_fn *)blas->function[DA__BLAS_CGEMM])(CblasRowMajor, ta, tb, m, n, k, &one_c64, p->a,
                                                     lda, p->b, ldb, &keep_c64, p->c, ldc);
        break;
    default:
        ((zgemm_fn *)blas->function[DA__BLAS_ZGEMM])(CblasRowMajor, ta, tb, m, n, k, &one, p->a,
                                                     lda, p->b, ldb, &keep, p->c, ldc);
    }
}

/* y += A x, where A is rows times columns, or its transpose. */
struct vector_product {
    CBLAS_TRANSPOSE trans;
    int rows, columns, ld, step_x, step_y;
    const void *a, *x;
    void *y;
};

static void gemv(const struct da__blas *blas, da_dtype dtype, const struct vector_product *v)
{
    const double complex one = 1;
    const float complex one_c64 = 1;
    switch (dtype) {
    case DA_FLOAT32:
        ((sgemv_fn *)blas->function[DA__BLAS_SGEMV])(CblasRowMajor, v->trans, v->rows, v->columns,
                                                     1, v->a, v->ld, v->x, v->step_x, 1, v->y,
                                                     v->step_y);
        break;
    case DA_FLOAT64:
        ((dgemv_fn *)blas->function[DA__BLAS_DGEMV])(CblasRowMajor, v->trans, v->rows, v->columns,
                                                     1, v->a, v->ld, v->x, v->step_x, 1, v->y,
                                                     v->step_y);
        break;
    case DA_COMPLEX64:
        ((zgemv_fn *)blas->function[DA__BLAS_CGEMV])(CblasRowMajor, v->trans, v->rows, v->columns,
                                                     &one_c64, v->a, v->ld, v->x, v->step_x,
                                                     &one_c64, v->y, v->step_y);
        break;
    default:
        ((zgemv_fn *)blas->function[DA__BLAS_ZGEMV])(CblasRowMajor, v->trans, v->rows, v->columns,
                                                     &one, v->a, v->ld, v->x, v->step_x, &one, v->y,
                                                     v->step_y);
    }
}

static void clear(const struct da__matmul *p)
{
    int64_t item = (int64_t)da__dtype_nbytes(p->dtype);
    for (int64_t i = 0; i < p->m; i++)
        memset((char *)p->c + i * p->ldc * item, 0, (size_t)(p->n * item));
}

/* One row or one column of C: a matrix is read once, and packing it would take as long as the product. */
static void vector(const struct da__blas *blas, const struct da__matmul *p)
{
    struct vector_product v = {.y = p->c};
    if (!p->add)
        clear(p);
    if (p->n == 1) {
        v.trans = p->trans_a ? CblasTrans : CblasNoTrans;
        v.rows = (int)(p->trans_a ? p->k : p->m);
        v.columns = (int)(p->trans_a ? p->m : p->k);
        v.a = p->a;
        v.ld = lead(p->lda, v.columns);
        v.x = p->b;
        v.step_x = p->trans_b ? 1 : lead(p->ldb, 1);
        v.step_y = lead(p->ldc, 1);
    } else {
        v.trans = p->trans_b ? CblasNoTrans : CblasTrans;
        v.rows = (int)(p->trans_b ? p->n : p->k);
        v.columns = (int)(p->trans_b ? p->k : p->n);
        v.a = p->b;
        v.ld = lead(p->ldb, v.columns);
        v.x = p->a;
        v.step_x = p->trans_a ? lead(p->lda, 1) : 1;
        v.step_y = 1;
    }
    gemv(blas, p->dtype, &v);
}

bool da__blas_product(const struct da__blas *blas, const struct da__matmul *p)
{
    char kind = da__dtype(p->dtype)->kind;
    if (blas->library == NULL || (kind != 'f' && kind != 'c'))
        return false;
    if (!fits(p->m) || !fits(p->n) || !fits(p->k) || !fits(p->lda) || !fits(p->ldb) ||
        !fits(p->ldc))
        return false;
    if (p->k == 0) {
        if (!p->add)
            clear(p);
    } else if (p->n == 1 || p->m == 1)
        vector(blas, p);
    else
        gemm(blas, p);
    return true;
}

#else

bool da__blas_open(struct da__blas *out)
{
    *out = (struct da__blas){.library = NULL};
    return false;
}

void da__blas_close(struct da__blas *b)
{
    (void)b;
}

bool da__blas_product(const struct da__blas *blas, const struct da__matmul *p)
{
    (void)blas, (void)p;
    return false;
}

#endif
