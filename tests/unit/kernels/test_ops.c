/* Every operator in every dtype that its row takes, on special and random values, against NumPy. */
#include "oracle.h"
#include <math.h>
#include "da_kernels.h"

enum { NVALUES = 48 };

static const double special[] = {
    0.0,    -0.0,  1.0,      -1.0,         0.5,           -0.5,   1.5,    2.5,
    -2.5,   3.0,   -3.0,     7.0,          -7.0,          100.0,  1e10,   -1e10,
    1e-30,  1e300, INFINITY, -INFINITY,    NAN,           5e-324, 1e38,   3e38,
    -255.0, 256.0, 65536.0,  2147483648.0, -2147483649.0, 9.3e18, 1.9e19, 0.1};
enum { NSPECIAL = sizeof special / sizeof special[0] };

static double float_value(uint64_t *seed, int i)
{
    if (i < NSPECIAL)
        return special[i];
    return i % 2 ? (random_unit(seed) - 0.5) * 4 : (random_unit(seed) - 0.5) * 60;
}

static int64_t integer_value(uint64_t *seed, int i, int bits)
{
    static const int64_t small[] = {0,  1,  -1, 2,  -2, 3,  -3, 7,  -7,  8,
                                    10, 15, 16, 31, 32, 63, 64, 65, 100, -100};
    int64_t low = bits >= 64 ? INT64_MIN : -((int64_t)1 << (bits - 1));
    if (i < 20)
        return small[i];
    if (i < 24)
        return (int64_t[]){low, -(low + 1), low + 1, -(low / 2)}[i - 20];
    return (int64_t)random_bits(seed) >> random_below(seed, 60);
}

/* NVALUES elements of a dtype. */
static void fill(da_dtype dtype, void *out, uint64_t seed)
{
    const struct da__dtype_info *info = da__dtype(dtype);
    for (int i = 0; i < NVALUES; i++) {
        char *at = (char *)out + (size_t)i * info->nbytes;
        int64_t n = integer_value(&seed, i, (int)(8 * info->nbytes));
        double x = float_value(&seed, i), y = float_value(&seed, (i * 7 + 3) % NVALUES);
        float x32 = (float)x, y32 = (float)y;
        if (info->kind == 'b')
            *at = (char)(n & 1);
        else if (info->kind == 'f')
            memcpy(at, info->nbytes == 4 ? (void *)&x32 : (void *)&x, info->nbytes);
        else if (info->kind == 'c') {
            memcpy(at, info->nbytes == 8 ? (void *)&x32 : (void *)&x, info->nbytes / 2);
            memcpy(at + info->nbytes / 2, info->nbytes == 8 ? (void *)&y32 : (void *)&y,
                   info->nbytes / 2);
        } else
            memcpy(at, &n, info->nbytes);
    }
}

/* Random numbers, which test_random.c sees to, apart. */
static bool takes(enum da__op_id op, da_dtype dtype)
{
    if (da__op_info(op)->rule >= DA__RULE_DRAW_INT64)
        return false;
    static const char kinds[] = "biufc";
    static const unsigned flags[] = {DA__TAKES_BOOL, DA__TAKES_INT, DA__TAKES_INT, DA__TAKES_FLOAT,
                                     DA__TAKES_COMPLEX};
    return (da__op_info(op)->takes & flags[strchr(kinds, da__dtype(dtype)->kind) - kinds]) != 0;
}

static da_dtype result_of(enum da__op_id op, da_dtype compute)
{
    enum da__dtype_rule rule = da__op_info(op)->rule;
    if (rule == DA__RULE_BOOL || rule == DA__RULE_LOGICAL)
        return DA_BOOL;
    return rule == DA__RULE_REAL_PART ? da__dtype_real_of(compute) : compute;
}

/* Every pair of values (for three inputs the third follows the pair). Writes one record. */
static void write_op(struct oracle *o, enum da__op_id op, da_dtype compute, da_dtype result)
{
    static _Alignas(16) unsigned char value[3][NVALUES * 16], in[3][NVALUES * NVALUES * 16],
        out[NVALUES * NVALUES * 16];
    const void *args[3] = {in[0], in[1], in[2]};
    int nin = da__op_info(op)->nin, n = nin == 1 ? NVALUES : NVALUES * NVALUES;
    size_t width[3] = {1, 1, 1};
    for (int k = 0; k < nin; k++) {
        da_dtype dtype = da__op_input_dtype(op, k, compute);
        width[k] = da__dtype_nbytes(dtype);
        fill(dtype, value[k], (uint64_t)(op * 100 + compute));
    }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < nin; k++) {
            int which[3] = {i % NVALUES, i / NVALUES, (i + i / NVALUES) % NVALUES};
            memcpy(in[k] + (size_t)i * width[k], value[k] + (size_t)which[k] * width[k], width[k]);
        }
    da__strip(op, compute, result, n, out, args, 0);
    fprintf(o->file, "op %s %s %s %d\n", da__op_info(op)->name, da__dtype(compute)->name,
            da__dtype(result)->name, n);
    for (int k = 0; k < nin; k++)
        fwrite(in[k], width[k], (size_t)n, o->file);
    fwrite(out, da__dtype_nbytes(result), (size_t)n, o->file);
}

static void operators_agree_with_numpy(void **state)
{
    (void)state;
    struct oracle o;
    oracle_open(&o);
    for (int op = 0; op < DA__NELEMENTWISE; op++)
        for (int dtype = 0; dtype < DA_NDTYPES; dtype++) {
            if (da__op_info(op)->rule == DA__RULE_CAST || !takes(op, dtype))
                continue;
            write_op(&o, op, dtype, result_of(op, dtype));
        }
    oracle_check(&o);
}

static void casts_agree_with_numpy(void **state)
{
    (void)state;
    struct oracle o;
    oracle_open(&o);
    for (int from = 0; from < DA_NDTYPES; from++)
        for (int to = 0; to < DA_NDTYPES; to++)
            write_op(&o, DA__OP_ASTYPE, from, to);
    oracle_check(&o);
}

/* Scalar operands and results in the place of an operand give what plain arrays give. */
static void scalars_and_places_change_nothing(void **state)
{
    (void)state;
    static _Alignas(16) unsigned char value[3][NVALUES * 16], spread[3][NVALUES * 16],
        plain[NVALUES * 16], got[NVALUES * 16];
    for (int op = 0; op < DA__NELEMENTWISE; op++)
        for (int dtype = 0; dtype < DA_NDTYPES; dtype++) {
            int nin = da__op_info(op)->nin;
            if (!takes(op, dtype))
                continue;
            da_dtype result = result_of(op, dtype);
            size_t nbytes = NVALUES * da__dtype_nbytes(result);
            for (unsigned scalars = 0; scalars < 1u << nin; scalars++) {
                const void *args[3] = {spread[0], spread[1], spread[2]}, *given[3];
                for (int k = 0; k < nin; k++) {
                    size_t width = da__dtype_nbytes(da__op_input_dtype(op, k, dtype));
                    fill(da__op_input_dtype(op, k, dtype), value[k], (uint64_t)(op + 7 * k));
                    for (int i = 0; i < NVALUES; i++) {
                        int from = (scalars >> k & 1) ? 9 : (i * (2 * k + 1)) % NVALUES;
                        memcpy(spread[k] + (size_t)i * width, value[k] + (size_t)from * width,
                               width);
                    }
                    given[k] = (scalars >> k & 1) ? value[k] + 9 * width : spread[k];
                }
                da__strip(op, dtype, result, NVALUES, plain, args, 0);
                da__strip(op, dtype, result, NVALUES, got, given, scalars);
                assert_memory_equal(plain, got, nbytes);
                if (scalars != 0 || result != da__op_input_dtype(op, 0, dtype))
                    continue;
                da__strip(op, dtype, result, NVALUES, spread[0], args, 0);
                assert_memory_equal(plain, spread[0], nbytes);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_agree_with_numpy),
        cmocka_unit_test(casts_agree_with_numpy),
        cmocka_unit_test(scalars_and_places_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
