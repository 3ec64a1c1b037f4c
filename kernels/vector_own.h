/* Own functions of float64 vectors where they beat SLEEF's: exp and erf. Sums of polynomials are taken in pairs, so that few
 * operations wait for one another. Included by vector.c. */
#ifndef DA_VECTOR_OWN_H
#define DA_VECTOR_OWN_H

#include "vector_erf_table.h"

typedef double reals __attribute__((vector_size(NBYTES)));
typedef int64_t longs __attribute__((vector_size(NBYTES)));

INLINE reals reals_select(longs m, reals a, reals b)
{
    return (reals)((m & (longs)a) | (~m & (longs)b));
}

/* Added to a number below 2^51 it leaves the nearest whole number in the lower bits. */
#define WHOLE 0x1.8p52

/* e^x = 2^k e^r, k whole, |r| <= log(2) / 2; e^r by a polynomial fitted at Chebyshev's points. k * LN2_HIGH is exact. The power of
 * two comes in halves: both exist where the result is subnormal or nearly too large. */
INLINE reals own_exp(reals x)
{
    const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
    reals most = (reals){0} + 710.0, least = (reals){0} - 746.0;
    reals y = reals_select((longs)(x > most), most, x);
    y = reals_select((longs)(y < least), least, y);
    reals shifted = y * 0x1.71547652b82fep+0 + WHOLE, k = shifted - WHOLE;
    reals half = k * 0.5 + WHOLE, rest = (k - (half - WHOLE)) + WHOLE;
    reals r = (y - k * ln2_high) - k * ln2_low, z = r * r, w = z * z;
    reals low = (0x1.0000000000001p-1 + r * 0x1.5555555555556p-3) +
                z * (0x1.5555555553d63p-5 + r * 0x1.11111111109b3p-7);
    reals middle = (0x1.6c16c1788bd90p-10 + r * 0x1.a01a01a7c41d5p-13) +
                   z * (0x1.a019b90d2ae7ap-16 + r * 0x1.71de0dae63bb3p-19);
    reals high = 0x1.289185613a3d6p-22 + r * 0x1.af38a9b0ec855p-26;
    reals value = 1.0 + (r + z * (low + w * (middle + w * high)));
    const longs one = (longs)((reals){0} + 1.0);
    return (value * (reals)(((longs)half << 52) + one)) * (reals)(((longs)rest << 52) + one);
}

/* Entries 2 * i + which of a table. */
INLINE reals look_up(const double *table, longs i, int which)
{
#if defined(DA__FOR_AVX512)
    return (reals)_mm512_i64gather_pd((__m512i)i, table + which, 8);
#elif defined(DA__FOR_AVX2)
    return (reals)_mm256_i64gather_pd(table + which, (__m256i)i, 8);
#else
    return (reals){table[i[0] + which], table[i[1] + which]};
#endif
}

/* From the nearest multiple r of 1/128 on by a Taylor series in d = |x| - r, whose derivatives are the slope times polynomials in r.
 * From 6 on it is 1. */
INLINE reals own_erf(reals x)
{
    const longs sign = (longs){0} + INT64_MIN;
    reals a = (reals)((longs)x & ~sign), six = (reals){0} + 6.0;
    a = reals_select((longs)(a < six), a, six); /* also where x is not a number */
    reals shifted = a * 128.0 + WHOLE, r = (shifted - WHOLE) * 0x1p-7, d = a - r, rr = r * r;
    longs at = ((longs)shifted & 1023) << 1;
    reals base = look_up(erf_at, at, 0), slope = look_up(erf_at, at, 1);
    reals c2 = (2.0 * rr - 1.0) * (1.0 / 3), c3 = r * (0.5 - rr * (1.0 / 3));
    reals c4 = 0.1 + rr * (rr * (2.0 / 15) - 0.4);
    reals c5 = r * (rr * (2.0 / 9 - rr * (2.0 / 45)) - 1.0 / 6), dd = d * d;
    reals series = (c2 + d * c3) + dd * (c4 + d * c5);
    reals value = base + slope * (d + d * (dd * series - d * r));
    value = reals_select((longs)(x == x), value, x);
    return (reals)(((longs)value & ~sign) | ((longs)x & sign));
}

#endif
