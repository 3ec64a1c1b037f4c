/* Dtypes against NumPy's own answers, and scalars stored and loaded. */
#include <complex.h>

#include "core_test.h"

/* numpy.promote_types of every pair, in the order of da_dtype. */
static const unsigned char promotion[DA_NDTYPES][DA_NDTYPES] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
    {1, 1, 2, 3, 4, 2, 3, 4, 10, 9, 10, 11, 12},
    {2, 2, 2, 3, 4, 2, 3, 4, 10, 9, 10, 11, 12},
    {3, 3, 3, 3, 4, 3, 3, 4, 10, 10, 10, 12, 12},
    {4, 4, 4, 4, 4, 4, 4, 4, 10, 10, 10, 12, 12},
    {5, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
    {6, 3, 3, 3, 4, 6, 6, 7, 8, 9, 10, 11, 12},
    {7, 4, 4, 4, 4, 7, 7, 7, 8, 10, 10, 12, 12},
    {8, 10, 10, 10, 10, 8, 8, 8, 8, 10, 10, 12, 12},
    {9, 9, 9, 10, 10, 9, 9, 10, 10, 9, 10, 11, 12},
    {10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 12, 12},
    {11, 11, 11, 12, 12, 11, 11, 12, 12, 11, 12, 11, 12},
    {12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12},
};

/* numpy.dtype(name): kind, itemsize, and str without the byte order. */
static const struct {
    const char *name;
    char kind;
    size_t nbytes;
    const char *npy;
} facts[DA_NDTYPES] = {
    {"bool", 'b', 1, "b1"},         {"int8", 'i', 1, "i1"},    {"int16", 'i', 2, "i2"},
    {"int32", 'i', 4, "i4"},        {"int64", 'i', 8, "i8"},   {"uint8", 'u', 1, "u1"},
    {"uint16", 'u', 2, "u2"},       {"uint32", 'u', 4, "u4"},  {"uint64", 'u', 8, "u8"},
    {"float32", 'f', 4, "f4"},      {"float64", 'f', 8, "f8"}, {"complex64", 'c', 8, "c8"},
    {"complex128", 'c', 16, "c16"},
};

static void promotes_as_numpy(void **state)
{
    (void)state;
    for (int a = 0; a < DA_NDTYPES; a++) {
        for (int b = 0; b < DA_NDTYPES; b++)
            assert_int_equal(da__promote((da_dtype)a, (da_dtype)b), promotion[a][b]);
    }
}

/* numpy.result_type, where promoting pairs one after the other depends on their order and where it does not. */
static void many_promote_as_numpy(void **state)
{
    static const struct {
        da_dtype in[4];
        int n;
        da_dtype want;
    } cases[] = {
        {{DA_INT16, DA_UINT16, DA_FLOAT32}, 3, DA_FLOAT32},
        {{DA_INT8, DA_UINT16, DA_FLOAT32}, 3, DA_FLOAT32},
        {{DA_INT16, DA_UINT16, DA_COMPLEX64}, 3, DA_COMPLEX64},
        {{DA_INT8, DA_UINT16, DA_COMPLEX64}, 3, DA_COMPLEX64},
        {{DA_BOOL, DA_INT8, DA_UINT8, DA_FLOAT32}, 4, DA_FLOAT32},
        {{DA_INT16, DA_UINT16, DA_INT32, DA_FLOAT32}, 4, DA_FLOAT64},
        {{DA_INT16, DA_UINT16, DA_FLOAT32, DA_COMPLEX64}, 4, DA_COMPLEX64},
        {{DA_INT16, DA_FLOAT64, DA_COMPLEX64}, 3, DA_COMPLEX128},
        {{DA_INT8, DA_UINT8, DA_UINT16}, 3, DA_INT32},
        {{DA_INT64, DA_UINT64, DA_FLOAT32}, 3, DA_FLOAT64},
        {{DA_INT64, DA_UINT64, DA_COMPLEX64}, 3, DA_COMPLEX128},
        {{DA_BOOL, DA_UINT64, DA_INT8}, 3, DA_FLOAT64},
    };
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        uint32_t set = 0;
        for (int i = 0; i < cases[k].n; i++)
            set |= UINT32_C(1) << cases[k].in[i];
        assert_int_equal(da__promote_all(set), cases[k].want);
    }
    for (int a = 0; a < DA_NDTYPES; a++)
        for (int b = 0; b < DA_NDTYPES; b++)
            assert_int_equal(da__promote_all(UINT32_C(1) << a | UINT32_C(1) << b), promotion[a][b]);
    assert_int_equal(da__promote_all(0), DA_BOOL);
}

static void table_is_numpys(void **state)
{
    (void)state;
    for (int d = 0; d < DA_NDTYPES; d++) {
        const struct da__dtype_info *row = da__dtype((da_dtype)d);
        assert_string_equal(row->name, facts[d].name);
        assert_string_equal(row->npy, facts[d].npy);
        assert_int_equal(row->kind, facts[d].kind);
        assert_int_equal(row->nbytes, facts[d].nbytes);
        assert_int_equal(da__dtype_nbytes((da_dtype)d), facts[d].nbytes);
    }
    assert_false(da__dtype_valid(-1));
    assert_false(da__dtype_valid(DA_NDTYPES));
    assert_true(da__dtype_valid(DA_COMPLEX128));
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        da_dtype dtype;
    } row[] = {{"float64", DA_FLOAT64}, {"f8", DA_FLOAT64},         {"<f8", DA_FLOAT64},
               {"|b1", DA_BOOL},        {"float", DA_FLOAT64},      {"int", DA_INT64},
               {"bool", DA_BOOL},       {"complex", DA_COMPLEX128}, {"=u2", DA_UINT16},
               {"c8", DA_COMPLEX64},    {"<c16", DA_COMPLEX128},    {"int8", DA_INT8}};
    da_dtype dtype;
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        assert_true(da__dtype_find(row[k].name, &dtype));
        assert_int_equal(dtype, row[k].dtype);
    }
    static const char *const unknown[] = {"", "<", ">f8", "float16", "f8 ", "F8", "<int8"};
    for (size_t k = 0; k < sizeof unknown / sizeof *unknown; k++)
        assert_false(da__dtype_find(unknown[k], &dtype));
}

static void relatives(void **state)
{
    (void)state;
    assert_int_equal(da__dtype_real_of(DA_COMPLEX64), DA_FLOAT32);
    assert_int_equal(da__dtype_real_of(DA_COMPLEX128), DA_FLOAT64);
    assert_int_equal(da__dtype_real_of(DA_INT8), DA_INT8);
    assert_int_equal(da__dtype_complex_of(DA_FLOAT32), DA_COMPLEX64);
    assert_int_equal(da__dtype_complex_of(DA_COMPLEX64), DA_COMPLEX64);
    assert_int_equal(da__dtype_complex_of(DA_INT8), DA_COMPLEX128);
    assert_int_equal(da__dtype_float_of(DA_BOOL), DA_FLOAT64);
    assert_int_equal(da__dtype_float_of(DA_UINT64), DA_FLOAT64);
    assert_int_equal(da__dtype_float_of(DA_FLOAT32), DA_FLOAT32);
    assert_int_equal(da__dtype_float_of(DA_COMPLEX64), DA_COMPLEX64);
}

static void weak_scalars(void **state)
{
    (void)state;
    for (int d = 0; d < DA_NDTYPES; d++) {
        da_dtype dtype = (da_dtype)d;
        char kind = facts[d].kind;
        bool exact = kind == 'b' || kind == 'i' || kind == 'u';
        assert_int_equal(da__promote_weak(dtype, DA__SCALAR_BOOL), dtype);
        assert_int_equal(da__promote_weak(dtype, DA__SCALAR_INT), kind == 'b' ? DA_INT64 : dtype);
        assert_int_equal(da__promote_weak(dtype, DA__SCALAR_FLOAT), exact ? DA_FLOAT64 : dtype);
        da_dtype want = dtype == DA_FLOAT32 || dtype == DA_COMPLEX64 ? DA_COMPLEX64 : DA_COMPLEX128;
        assert_int_equal(da__promote_weak(dtype, DA__SCALAR_COMPLEX), want);
    }
}

static struct da__scalar scalar_int(int64_t i)
{
    return (struct da__scalar){DA__SCALAR_INT, i, (double)i, 0};
}

static void integers_store_where_they_fit(void **state)
{
    (void)state;
    static const struct {
        da_dtype dtype;
        int64_t lo, hi;
    } row[] = {{DA_INT8, INT8_MIN, INT8_MAX},    {DA_INT16, INT16_MIN, INT16_MAX},
               {DA_INT32, INT32_MIN, INT32_MAX}, {DA_INT64, INT64_MIN, INT64_MAX},
               {DA_UINT8, 0, UINT8_MAX},         {DA_UINT16, 0, UINT16_MAX},
               {DA_UINT32, 0, UINT32_MAX},       {DA_UINT64, 0, INT64_MAX}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        const int64_t ends[] = {row[k].lo, row[k].hi, row[k].lo / 2, 7};
        for (int e = 0; e < 4; e++) {
            struct da__scalar s = scalar_int(ends[e]), back;
            char out[16];
            assert_true(da__scalar_store(&s, row[k].dtype, out));
            da__scalar_load(out, row[k].dtype, &back);
            assert_int_equal(back.kind, DA__SCALAR_INT);
            assert_int_equal(back.i, ends[e]);
            assert_true(back.re == (double)ends[e]);
        }
        char out[16];
        struct da__scalar below = scalar_int(row[k].lo - (row[k].lo != INT64_MIN));
        struct da__scalar above = scalar_int(row[k].hi + (row[k].hi != INT64_MAX));
        assert_int_equal(da__scalar_store(&below, row[k].dtype, out), row[k].lo == INT64_MIN);
        assert_int_equal(da__scalar_store(&above, row[k].dtype, out), row[k].hi == INT64_MAX);
    }
}

static void huge_unsigned(void **state)
{
    (void)state;
    uint64_t huge = UINT64_MAX - 5, out = 0;
    double real;
    int64_t narrow;
    struct da__scalar s;
    da__scalar_load(&huge, DA_UINT64, &s);
    assert_true(da__scalar_store(&s, DA_UINT64, &out));
    assert_int_equal(out, huge);
    assert_false(da__scalar_store(&s, DA_INT64, &narrow));
    assert_true(da__scalar_store(&s, DA_FLOAT64, &real));
    assert_true(real == (double)huge);
}

static void kinds_only_widen(void **state)
{
    (void)state;
    const struct da__scalar all[] = {{DA__SCALAR_BOOL, 1, 1, 0},
                                     {DA__SCALAR_INT, 3, 3, 0},
                                     {DA__SCALAR_FLOAT, 0, 2.5, 0},
                                     {DA__SCALAR_COMPLEX, 0, 1.5, -2}};
    for (int d = 0; d < DA_NDTYPES; d++) {
        int rank = facts[d].kind == 'b'   ? 0
                   : facts[d].kind == 'f' ? 2
                   : facts[d].kind == 'c' ? 3
                                          : 1;
        for (int k = 0; k < 4; k++) {
            char out[16];
            struct da__scalar back;
            bool stored = da__scalar_store(&all[k], (da_dtype)d, out);
            assert_int_equal(stored, k <= rank);
            if (!stored)
                continue;
            da__scalar_load(out, (da_dtype)d, &back);
            assert_int_equal(back.kind, rank);
            assert_true(back.re == all[k].re);
            assert_true(back.im == all[k].im);
        }
    }
    double complex z;
    assert_true(da__scalar_store(&all[3], DA_COMPLEX128, &z));
    assert_true(creal(z) == 1.5 && cimag(z) == -2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promotes_as_numpy),
        cmocka_unit_test(many_promote_as_numpy),
        cmocka_unit_test(table_is_numpys),
        cmocka_unit_test(names),
        cmocka_unit_test(relatives),
        cmocka_unit_test(weak_scalars),
        cmocka_unit_test(integers_store_where_they_fit),
        cmocka_unit_test(huge_unsigned),
        cmocka_unit_test(kinds_only_widen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
