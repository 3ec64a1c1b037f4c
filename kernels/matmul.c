/* Products of matrices: BLAS where there is one and the dtype is its, own loops elsewhere. */
#include "matmul.h"

#include "variant.h"

static const struct da__products *own(da_dtype dtype)
{
    static const struct da__products *(*const find[DA__NISAS])(da_dtype) =
        DA__VARIANTS(da__products_find);
    return find[da__isa_best()](dtype);
}

void da__matmul_run(const struct da__blas *blas, const struct da__matmul *p)
{
    if (p->m <= 0 || p->n <= 0)
        return;
    /* gcc 12 makes products and sums of complex numbers one operation where it may, told not to or not. */
    if (p->ordered && da__dtype(p->dtype)->kind == 'c')
        da__products_find(p->dtype)->product(p);
    else if (p->ordered || !da__blas_product(blas, p))
        own(p->dtype)->product(p);
}

void da__matmul_join(da_dtype dtype, int64_t n, void *into, const void *from)
{
    own(dtype)->join(n, into, from);
}
