/* Special and random values of every dtype, and which dtypes an operator takes. */
#ifndef DA_TEST_VALUES_H
#define DA_TEST_VALUES_H

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

static inline double float_value(uint64_t *seed, int i)
{
    if (i < NSPECIAL)
        return special[i];
    return i % 2 ? (random_unit(seed) - 0.5) * 4 : (random_unit(seed) - 0.5) * 60;
}

static inline int64_t integer_value(uint64_t *seed, int i, int bits)
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
static inline void fill(da_dtype dtype, void *out, uint64_t seed)
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
static inline bool takes(enum da__op_id op, da_dtype dtype)
{
    if (da__op_info(op)->rule >= DA__RULE_DRAW_INT64)
        return false;
    static const char kinds[] = "biufc";
    static const unsigned flags[] = {DA__TAKES_BOOL, DA__TAKES_INT, DA__TAKES_INT, DA__TAKES_FLOAT,
                                     DA__TAKES_COMPLEX};
    return (da__op_info(op)->takes & flags[strchr(kinds, da__dtype(dtype)->kind) - kinds]) != 0;
}

static inline da_dtype result_of(enum da__op_id op, da_dtype compute)
{
    enum da__dtype_rule rule = da__op_info(op)->rule;
    if (rule == DA__RULE_BOOL || rule == DA__RULE_LOGICAL)
        return DA_BOOL;
    return rule == DA__RULE_REAL_PART ? da__dtype_real_of(compute) : compute;
}

#endif
