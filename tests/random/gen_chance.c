/* Random numbers, dtypes, elements and scalars. */
#include "gen.h"

#include <math.h>
#include <string.h>

/* Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014). */
uint64_t gen_bits(struct gen *g)
{
    uint64_t x = g->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

int64_t gen_below(struct gen *g, int64_t n)
{
    return (int64_t)(gen_bits(g) % (uint64_t)n);
}

int64_t gen_between(struct gen *g, int64_t low, int64_t high)
{
    return low + gen_below(g, high - low + 1);
}

bool gen_percent(struct gen *g, int percent)
{
    return gen_below(g, 100) < percent;
}

double gen_unit(struct gen *g)
{
    return (double)(gen_bits(g) >> 11) * 0x1p-53;
}

void gen_shuffle(struct gen *g, int64_t n, int64_t *v)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = gen_below(g, i + 1), t = v[i];
        v[i] = v[j];
        v[j] = t;
    }
}

/* All thirteen; the common ones more often. */
da_dtype gen_dtype(struct gen *g)
{
    static const da_dtype common[] = {DA_FLOAT64, DA_FLOAT64, DA_FLOAT64, DA_INT64,
                                      DA_FLOAT32, DA_INT32,   DA_BOOL};
    if (gen_percent(g, 45))
        return common[gen_below(g, (int64_t)(sizeof common / sizeof *common))];
    return (da_dtype)gen_below(g, DA_NDTYPES);
}

static int64_t integer_value(struct gen *g, int bits, bool is_signed, bool specials)
{
    if (specials && gen_percent(g, 15)) {
        int64_t low = is_signed ? (bits == 64 ? INT64_MIN : -((int64_t)1 << (bits - 1))) : 0;
        int64_t high = (int64_t)((is_signed ? (uint64_t)INT64_MAX : UINT64_MAX) >> (64 - bits));
        int64_t extreme[] = {low, low + 1, high, high - 1, -1, 0};
        return extreme[gen_below(g, 6)];
    }
    if (specials && gen_percent(g, 15))
        return (int64_t)gen_bits(g);
    return is_signed ? gen_between(g, -9, 20) : gen_between(g, 0, 30);
}

static double real_value(struct gen *g, bool single, bool specials)
{
    static const double special[] = {
        (double)NAN, (double)INFINITY, -(double)INFINITY, 0.0,    -0.0, 5e-324,
        1e300,       -1e300,           2147483648.0,      1.9e19, 0.5,  -2.5};
    static const double small[] = {(double)NAN,
                                   (double)INFINITY,
                                   -(double)INFINITY,
                                   0.0,
                                   -0.0,
                                   1e-45,
                                   3e38,
                                   -3e38,
                                   2147483648.0,
                                   1.9e19,
                                   0.5,
                                   -2.5};
    if (specials && gen_percent(g, 12))
        return (single ? small : special)[gen_below(g, 12)];
    if (gen_percent(g, 40))
        return (double)gen_between(g, -8, 8) / 2;
    return (gen_unit(g) - 0.5) * (gen_percent(g, 10) ? 200 : 6);
}

static void element(struct gen *g, da_dtype dtype, bool specials, void *out)
{
    const struct da__dtype_info *info = da__dtype(dtype);
    bool single = dtype == DA_FLOAT32 || dtype == DA_COMPLEX64;
    int64_t n = integer_value(g, info->nbytes < 8 ? (int)(8 * info->nbytes) : 64, info->kind == 'i',
                              specials);
    double x[2] = {real_value(g, single, specials), real_value(g, single, specials)};
    float y[2] = {(float)x[0], (float)x[1]};
    if (info->kind == 'b')
        *(uint8_t *)out = (uint8_t)(n & 1);
    else if (info->kind == 'f' || info->kind == 'c')
        memcpy(out, single ? (const void *)y : (const void *)x, info->nbytes);
    else
        memcpy(out, &n, info->nbytes);
}

void gen_element(struct gen *g, da_dtype dtype, void *out)
{
    element(g, dtype, gen_percent(g, 15), out);
}

void gen_data(struct gen *g, da_dtype dtype, int64_t n, void *out)
{
    bool specials = gen_percent(g, 30);
    size_t nbytes = da__dtype_nbytes(dtype);
    for (int64_t i = 0; i < n; i++)
        element(g, dtype, specials, (char *)out + (size_t)i * nbytes);
}

struct da__scalar gen_scalar(struct gen *g)
{
    static const enum da__scalar_kind kinds[] = {
        DA__SCALAR_INT,   DA__SCALAR_INT,   DA__SCALAR_INT,  DA__SCALAR_FLOAT,
        DA__SCALAR_FLOAT, DA__SCALAR_FLOAT, DA__SCALAR_BOOL, DA__SCALAR_COMPLEX};
    struct da__scalar s = {.kind = kinds[gen_below(g, 8)]};
    if (s.kind == DA__SCALAR_BOOL)
        s.i = gen_below(g, 2);
    else if (s.kind == DA__SCALAR_INT)
        s.i = gen_percent(g, 90) ? gen_between(g, -3, 12) : integer_value(g, 64, true, true);
    else
        s.re = real_value(g, true, gen_percent(g, 20));
    if (s.kind == DA__SCALAR_COMPLEX)
        s.im = real_value(g, true, gen_percent(g, 20));
    if (s.kind == DA__SCALAR_BOOL || s.kind == DA__SCALAR_INT)
        s.re = (double)s.i;
    return s;
}
