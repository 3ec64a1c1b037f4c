/* Joining sums of bins, and what they come to. */
#include "binned.h"

#include <math.h>

void da__binned_join(struct da__binned *into, const struct da__binned *from)
{
    struct da__binned other = *from;
    int low = into->low > other.low ? into->low : other.low;
    da__binned_raise(into, low);
    da__binned_raise(&other, low);
    da__binned_expect(into, other.pending);
    for (int k = 0; k < DA__BINS; k++) {
        into->digit[k] += other.digit[k];
        into->carry[k] += other.carry[k];
    }
    into->odd |= other.odd;
}

/* top * 2^120 + rest lowest units, rounded to the nearest double: of what is below 64 bits and more only whether it is there matters. */
double da__binned_round(int64_t top, da__uint128 rest, int low)
{
    int exponent = DA__BIN_WIDTH * low - 1074;
    bool negative = top < 0;
    const da__uint128 whole = (da__uint128)1 << (DA__BINS * DA__BIN_WIDTH);
    if (negative) {
        top = rest != 0 ? -(top + 1) : -top;
        rest = rest != 0 ? whole - rest : 0;
    }
    enum { DROPPED = 63 };
    double x;
    if (top == 0)
        x = ldexp((double)rest, exponent);
    else {
        da__uint128 high = (da__uint128)(uint64_t)top << (DA__BINS * DA__BIN_WIDTH - DROPPED);
        high |= rest >> DROPPED;
        high |= (rest & (((da__uint128)1 << DROPPED) - 1)) != 0;
        x = ldexp((double)high, exponent + DROPPED);
    }
    return negative ? -x : x;
}

double da__binned_end(const struct da__binned *s)
{
    if (s->odd != 0) {
        if ((s->odd & DA__BINNED_NAN) || s->odd == (DA__BINNED_PLUS | DA__BINNED_MINUS))
            return (double)NAN;
        return s->odd == DA__BINNED_PLUS ? (double)INFINITY : -(double)INFINITY;
    }
    struct da__binned t = *s;
    da__binned_settle(&t);
    da__uint128 rest = (uint64_t)t.digit[2];
    int64_t v = t.digit[1] + t.carry[2];
    rest |= (da__uint128)(uint64_t)(v & DA__BIN_MASK) << DA__BIN_WIDTH;
    v = t.digit[0] + t.carry[1] + (v >> DA__BIN_WIDTH);
    rest |= (da__uint128)(uint64_t)(v & DA__BIN_MASK) << (2 * DA__BIN_WIDTH);
    return da__binned_round(t.carry[0] + (v >> DA__BIN_WIDTH), rest, t.low);
}
