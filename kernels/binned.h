/* Sums whose bits depend on the set of elements alone: each element is split, without rounding error, into multiples of three fixed
 * units, and integers count these (the bins of Demmel and Nguyen, Parallel Reproducible Summation, IEEE Transactions on Computers
 * 64(7), 2015, and of ReproBLAS; here the bins are integers, as the digits of Neal's accumulators, Fast exact summation using small
 * and large superaccumulators, 2015). */
#ifndef DA_BINNED_H
#define DA_BINNED_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bin k of all numbers counts units of 2^(WIDTH*k - 1074). A sum keeps the three bins from `low` on: the highest is the one that
 * the largest element so far reaches. What an element has below is rounded to the lowest unit, halves to even. */
enum { DA__BINS = 3, DA__BIN_WIDTH = 40 };
struct da__binned {
    int64_t digit[DA__BINS],
        carry[DA__BINS]; /* the highest bin first; carries are of 2^WIDTH units */
    int32_t pending;     /* elements since digits were last made small */
    int16_t low;
    uint16_t odd; /* DA__BINNED_…: elements that are not finite */
};
struct da__binned2 {
    struct da__binned re, im;
};
enum { DA__BINNED_PLUS = 1, DA__BINNED_MINUS = 2, DA__BINNED_NAN = 4 };
enum {
    DA__BINNED_MOST = 1 << 21
}; /* elements that digits stand for sure, with as many joined to them */

#define DA__BIN_MASK ((INT64_C(1) << DA__BIN_WIDTH) - 1)

static inline uint64_t da__double_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double da__power_of_two(int exponent) /* a normal number's */
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Elements are scaled so that the three units are always the same. Adding 1.5 * 2^52 units rounds to whole units, and the bits of what
 * comes out count them. */
enum { DA__BINNED_EXPONENT = -74 }; /* of the scaled lowest unit */
static inline double da__binned_scale(int low)
{
    return da__power_of_two(1074 + DA__BINNED_EXPONENT - DA__BIN_WIDTH * low);
}
static inline double da__binned_magnet(int bin)
{
    return 1.5 * da__power_of_two(52 + DA__BINNED_EXPONENT + DA__BIN_WIDTH * (DA__BINS - 1 - bin));
}

/* The largest biased exponent that a sum takes as it is. */
static inline int da__binned_limit(int low)
{
    int limit = DA__BIN_WIDTH * (low + DA__BINS) - 52;
    return limit < 2046 ? limit : 2046;
}

static inline int da__biased_exponent(double x)
{
    return (int)(da__double_bits(x) >> 52 & 2047);
}

static inline void da__binned_settle(struct da__binned *s)
{
    for (int k = 0; k < DA__BINS; k++) {
        s->carry[k] += s->digit[k] >> DA__BIN_WIDTH;
        s->digit[k] &= DA__BIN_MASK;
    }
    s->pending = 1;
}

/* Room for `count` more elements, at most DA__BINNED_MOST. */
static inline void da__binned_expect(struct da__binned *s, int64_t count)
{
    if (s->pending + count > DA__BINNED_MOST)
        da__binned_settle(s);
    s->pending += (int32_t)count;
}

static inline void da__binned_raise(struct da__binned *s, int low)
{
    int by = low - s->low;
    for (int k = DA__BINS - 1; k >= 0 && by > 0; k--) {
        s->digit[k] = k >= by ? s->digit[k - by] : 0;
        s->carry[k] = k >= by ? s->carry[k - by] : 0;
    }
    s->low = (int16_t)(by > 0 ? low : s->low);
}

/* Raises the sum so that it takes elements of that exponent. */
static inline void da__binned_reach(struct da__binned *s, int biased)
{
    if (biased > da__binned_limit(s->low))
        da__binned_raise(s, (biased + 52 - DA__BIN_WIDTH * DA__BINS + DA__BIN_WIDTH - 1) /
                                DA__BIN_WIDTH);
}

/* `count` (at most DA__BINNED_MOST) elements x. */
static inline void da__binned_take(struct da__binned *s, double x, int64_t count)
{
    int biased = da__biased_exponent(x);
    if (biased > da__binned_limit(s->low)) {
        if (biased == 2047) {
            s->odd |= (uint16_t)(x != x  ? DA__BINNED_NAN
                                 : x > 0 ? DA__BINNED_PLUS
                                         : DA__BINNED_MINUS);
            return;
        }
        da__binned_reach(s, biased);
    }
    da__binned_expect(s, count);
    x *= da__binned_scale(s->low);
    for (int k = 0; k < DA__BINS; k++) {
        double magnet = da__binned_magnet(k), near = x + magnet;
        s->digit[k] += (int64_t)(da__double_bits(near) - da__double_bits(magnet)) * count;
        x -= near - magnet;
    }
}

void da__binned_join(struct da__binned *into, const struct da__binned *from);
/* The sum, rounded once to the nearest double. */
double da__binned_end(const struct da__binned *s);
/* The same of a sum as top * 2^120 + rest of its lowest units. */
__extension__ typedef unsigned __int128 da__uint128;
double da__binned_round(int64_t top, da__uint128 rest, int low);

#endif
