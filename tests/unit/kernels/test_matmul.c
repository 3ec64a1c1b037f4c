/* Products of matrices of every dtype, by own loops and by a BLAS if there is one, against sums of products one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "da_kernels.h"

enum { MOST = 160, ROOM = 16 * MOST * MOST };

/* Small whole numbers: every order of adding up gives the same in every dtype, apart from those that wrap, which do so alike. */
static int64_t number(int64_t i)
{
    return (i * 7 + i / 3) % 5 - 1;
}

static void fill(da_dtype dtype, int64_t n, char *out)
{
    size_t item = da__dtype_nbytes(dtype);
    for (int64_t i = 0; i < n; i++) {
        int64_t v = dtype == DA_BOOL ? number(i) > 1 : number(i);
        char kind = da__dtype(dtype)->kind;
        struct da__scalar s = {.kind = DA__SCALAR_FLOAT, .re = (double)v};
        if (kind == 'f' || kind == 'c') {
            da__scalar_store(&s, dtype, out + (size_t)i * item);
        } else { /* two's complement, low bytes first */
            memcpy(out + (size_t)i * item, &v, item);
        }
    }
}

static double as_number(da_dtype dtype, const char *at)
{
    struct da__scalar s;
    da__scalar_load(at, dtype, &s);
    return s.re;
}

/* What the whole number v is in the dtype. */
static double wrapped(da_dtype dtype, int64_t v)
{
    char element[16] = {0}, kind = da__dtype(dtype)->kind;
    if (kind == 'f' || kind == 'c')
        return (double)v;
    if (kind == 'b')
        return v != 0;
    memcpy(element, &v, da__dtype_nbytes(dtype));
    return as_number(dtype, element);
}

static void check_product(const struct da__blas *blas, struct da__matmul p)
{
    static char a[ROOM], b[ROOM], c[ROOM];
    size_t item = da__dtype_nbytes(p.dtype);
    p.lda = (p.trans_a ? p.m : p.k) + 1;
    p.ldb = (p.trans_b ? p.k : p.n) + 2;
    p.ldc = p.n + 3;
    p.a = a;
    p.b = b;
    p.c = c;
    fill(p.dtype, (p.trans_a ? p.k : p.m) * p.lda, a);
    fill(p.dtype, (p.trans_b ? p.n : p.k) * p.ldb, b);
    fill(p.dtype, p.m * p.ldc, c);
    da__matmul_run(blas, &p);
    bool is_bool = p.dtype == DA_BOOL;
    for (int64_t i = 0; i < p.m; i++)
        for (int64_t j = 0; j < p.ldc; j++) {
            int64_t at = i * p.ldc + j, sum = 0;
            bool outside = j >= p.n;
            if (p.add || outside)
                sum = is_bool ? number(at) > 1 : number(at);
            for (int64_t l = 0; l < p.k && !outside; l++) {
                int64_t x = number(p.trans_a ? l * p.lda + i : i * p.lda + l);
                int64_t y = number(p.trans_b ? j * p.ldb + l : l * p.ldb + j);
                sum += is_bool ? x > 1 && y > 1 : x * y;
            }
            double got = as_number(p.dtype, c + (size_t)at * item), want = wrapped(p.dtype, sum);
            if (got != want)
                fail_msg("%s %lldx%lldx%lld, transposed %d %d, add %d: (%lld, %lld) is %g, not %g",
                         da__dtype(p.dtype)->name, (long long)p.m, (long long)p.n, (long long)p.k,
                         p.trans_a, p.trans_b, p.add, (long long)i, (long long)j, got, want);
        }
}

static void check_all(const struct da__blas *blas)
{
    static const int64_t shape[][3] = {{1, 1, 1}, {3, 5, 7},    {1, 9, 4},
                                       {8, 1, 6}, {4, 64, 129}, {37, 130, 131},
                                       {5, 3, 0}, {0, 4, 2},    {150, 17, 1}};
    for (int dtype = 0; dtype <= DA_COMPLEX128; dtype++)
        for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
            for (int how = 0; how < 8; how++)
                check_product(blas, (struct da__matmul){.dtype = (da_dtype)dtype,
                                                        .trans_a = how & 1,
                                                        .trans_b = how >> 1 & 1,
                                                        .add = how >> 2 & 1,
                                                        .m = shape[i][0],
                                                        .n = shape[i][1],
                                                        .k = shape[i][2]});
}

static void own_loops_multiply(void **state)
{
    (void)state;
    const struct da__blas none = {.library = NULL};
    check_all(&none);
}

static void a_blas_multiplies(void **state)
{
    (void)state;
    struct da__blas blas;
    if (!da__blas_open(&blas))
        skip();
    check_all(&blas);
    da__blas_close(&blas);
    assert_null(blas.library);
}

static void parts_are_joined(void **state)
{
    (void)state;
    uint8_t narrow[2] = {250, 3}, more[2] = {10, 4};
    double wide[2] = {0.5, -1}, other[2] = {1, 2};
    uint8_t truth[3] = {0, 1, 0}, also[3] = {1, 1, 0};
    da__matmul_join(DA_UINT8, 2, narrow, more);
    da__matmul_join(DA_FLOAT64, 2, wide, other);
    da__matmul_join(DA_BOOL, 3, truth, also);
    assert_true(narrow[0] == 4 && narrow[1] == 7);
    assert_true(wide[0] == 1.5 && wide[1] == 1);
    assert_true(truth[0] == 1 && truth[1] == 1 && truth[2] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_loops_multiply),
        cmocka_unit_test(a_blas_multiplies),
        cmocka_unit_test(parts_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
