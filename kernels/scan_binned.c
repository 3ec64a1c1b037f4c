/* Reproducible running sums: element i is the sum of bins of the elements 0 … i, rounded once. */
#include "binned.h"
#include "fold.h"

#include <math.h>

__extension__ typedef unsigned __int128 uint128;
__extension__ typedef __int128 int128;

enum { ALL_BITS = DA__BINS * DA__BIN_WIDTH, MOST_ROWS = 64 };

/* A sum and what it comes to: top * 2^ALL_BITS + rest of its lowest units. */
struct running {
    struct da__binned *sum;
    int64_t top;
    uint128 rest;
    double scale, magnet[DA__BINS];
    int limit;
};

static void begin(struct running *r, struct da__binned *sum)
{
    *r = (struct running){
        .sum = sum, .scale = da__binned_scale(sum->low), .limit = da__binned_limit(sum->low)};
    for (int k = 0; k < DA__BINS; k++)
        r->magnet[k] = da__binned_magnet(k);
    int64_t carry = 0;
    da__binned_settle(sum);
    for (int k = DA__BINS - 1; k >= 0; k--) {
        int64_t v = sum->digit[k] + carry;
        r->rest |= (uint128)(uint64_t)(v & DA__BIN_MASK) << (DA__BINS - 1 - k) * DA__BIN_WIDTH;
        carry = sum->carry[k] + (v >> DA__BIN_WIDTH);
    }
    r->top = carry;
}

/* Takes a finite element within the limit. */
static inline void take(struct running *r, double x)
{
    int64_t count[DA__BINS];
    x *= r->scale;
    for (int k = 0; k < DA__BINS; k++) {
        double near = x + r->magnet[k];
        count[k] = (int64_t)(da__double_bits(near) - da__double_bits(r->magnet[k]));
        r->sum->digit[k] += count[k];
        x -= near - r->magnet[k];
    }
    const int128 unit = (int128)1 << DA__BIN_WIDTH;
    int128 more = (count[0] * unit + count[1]) * unit + count[2] + (int128)r->rest;
    r->top += (int64_t)(more >> ALL_BITS);
    r->rest = (uint128)more & (((uint128)1 << ALL_BITS) - 1);
}

/* The value, where it has between 64 and ALL_BITS bits; da__binned_end's elsewhere. */
static inline double value(const struct running *r)
{
    bool negative = r->top < 0;
    uint128 rest = negative ? ((uint128)1 << ALL_BITS) - r->rest : r->rest;
    uint64_t high = (uint64_t)(rest >> 64);
    if ((r->top != 0 && r->top != -1) || high == 0 || r->sum->low < 2 || rest >> ALL_BITS != 0)
        return da__binned_end(r->sum);
    int shift = __builtin_clzll(high);
    rest <<= shift;
    high = (uint64_t)(rest >> 64);
    int64_t near = (int64_t)(high >> 1 | (high & 1) | ((uint64_t)rest != 0));
    double x = (double)near * da__power_of_two(65 - shift + DA__BIN_WIDTH * r->sum->low - 1074);
    return negative ? -x : x;
}

/* One element: true where it is in r, else it is in the sum, and r has to begin anew. */
static inline bool took(struct running *r, double x)
{
    if (da__biased_exponent(x) <= r->limit && r->sum->odd == 0) {
        da__binned_expect(r->sum, 1);
        take(r, x);
        return true;
    }
    da__binned_take(r->sum, x, 1);
    return false;
}

static inline void run_line(struct da__binned *sum, bool narrow, int64_t n, const char *in,
                            int64_t in_step, char *out, int64_t out_step)
{
    struct running r;
    begin(&r, sum);
    for (int64_t i = 0; i < n; i++, in += in_step, out += out_step) {
        float f;
        double x;
        if (narrow) {
            memcpy(&f, in, sizeof f);
            x = (double)f;
        } else
            memcpy(&x, in, sizeof x);
        if (took(&r, x))
            x = value(&r);
        else {
            begin(&r, sum);
            x = da__binned_end(sum);
        }
        f = (float)x;
        memcpy(out, narrow ? (const void *)&f : (const void *)&x, narrow ? sizeof f : sizeof x);
    }
}

static int parts_of(da_dtype dtype)
{
    return da__dtype(dtype)->kind == 'c' ? 2 : 1;
}

_Static_assert(sizeof(struct da__binned2) <= DA__SCAN_STATE_MOST, "callers have room");

size_t da__scan_binned_nbytes(da_dtype dtype)
{
    return da__red_state_nbytes(DA__RED_REPRODUCIBLE_SUM, dtype);
}

void da__scan_binned_join(da_dtype dtype, int64_t nlines, void *into, const void *from)
{
    da__red_join(DA__RED_REPRODUCIBLE_SUM, dtype, nlines, into, from);
}

void da__scan_binned_total(da_dtype dtype, const struct da__scan_lines *l, void *state)
{
    const struct da__fold *fold = da__fold_find(DA__RED_REPRODUCIBLE_SUM, dtype);
    int64_t nbytes = (int64_t)fold->state_nbytes, item = (int64_t)da__dtype_nbytes(dtype);
    bool along = l->in_step == item || l->n == 1;
    for (int64_t k = 0; along && k < l->nlines; k++)
        fold->along((char *)state + k * nbytes, l->n, l->in + k * l->in_line, false, 0, 0);
    for (int64_t i = 0; !along && i < l->n; i++) {
        const char *row = l->in + i * l->in_step;
        if (l->in_line == item)
            fold->across(state, nbytes, l->nlines, row, false, 0, 0);
        else
            for (int64_t k = 0; k < l->nlines; k++)
                fold->along((char *)state + k * nbytes, 1, row + k * l->in_line, false, 0, 0);
    }
}

void da__scan_binned_run(da_dtype dtype, const struct da__scan_lines *l, void *state)
{
    int parts = parts_of(dtype);
    int64_t part = (int64_t)da__dtype_nbytes(dtype) / parts;
    bool narrow = part == (int64_t)sizeof(float), side_by_side = l->in_line < l->in_step;
    int64_t rows = side_by_side ? MOST_ROWS : l->n;
    struct da__binned *sum = state;
    for (int64_t i = 0; i < l->n; i += rows)
        for (int64_t k = 0; k < l->nlines * parts; k++) {
            int64_t m = l->n - i < rows ? l->n - i : rows, line = k / parts, at = k % parts * part;
            const char *in = l->in + i * l->in_step + line * l->in_line + at;
            char *out = l->out + i * l->out_step + line * l->out_line + at;
            if (narrow)
                run_line(&sum[k], true, m, in, l->in_step, out, l->out_step);
            else
                run_line(&sum[k], false, m, in, l->in_step, out, l->out_step);
        }
}
