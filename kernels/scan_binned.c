/* Reproducible running sums: element i is the sum of bins of the elements 0 … i, rounded once. */
#include "binned.h"
#include "fold.h"

#include <math.h>

__extension__ typedef __int128 int128;

enum { ALL_BITS = DA__BINS * DA__BIN_WIDTH, MOST_ROWS = 64, BLOCK = 1 << 16 };

/* What a sum comes to, top * 2^ALL_BITS + rest of its lowest units, and what its digits have got since that was found. */
struct running {
    int64_t top, digit[DA__BINS];
    da__uint128 rest;
    double scale;
    int limit, low;
};

static struct running begin(struct da__binned *sum)
{
    struct running r = {.scale = da__binned_scale(sum->low), .low = sum->low};
    r.limit = sum->odd == 0 ? da__binned_limit(sum->low)
                            : -1; /* nothing goes on from what is not finite */
    int64_t carry = 0;
    da__binned_settle(sum);
    for (int k = DA__BINS - 1; k >= 0; k--) {
        int64_t v = sum->digit[k] + carry;
        r.rest |= (da__uint128)(uint64_t)(v & DA__BIN_MASK) << (DA__BINS - 1 - k) * DA__BIN_WIDTH;
        carry = sum->carry[k] + (v >> DA__BIN_WIDTH);
    }
    r.top = carry;
    return r;
}

static void end(const struct running *r, struct da__binned *sum, int64_t count)
{
    da__binned_expect(sum, count);
    for (int k = 0; k < DA__BINS; k++)
        sum->digit[k] += r->digit[k];
}

/* Takes a finite element within the limit. */
static inline void take(struct running *r, double x)
{
    int64_t count[DA__BINS];
    x *= r->scale;
    for (int k = 0; k < DA__BINS; k++) {
        double magnet = da__binned_magnet(k), near = x + magnet;
        count[k] = (int64_t)(da__double_bits(near) - da__double_bits(magnet));
        r->digit[k] += count[k];
        x -= near - magnet;
    }
    const int128 unit = (int128)1 << DA__BIN_WIDTH;
    int128 more = (count[0] * unit + count[1]) * unit + count[2] + (int128)r->rest;
    r->top += (int64_t)(more >> ALL_BITS);
    r->rest = (da__uint128)more & (((da__uint128)1 << ALL_BITS) - 1);
}

/* The usual case, a value of 64 to ALL_BITS bits that is a normal number, by a 63-bit integer whose last bit says whether more follows. */
static inline double value(const struct running *r)
{
    enum { LEAST = 2 }; /* `low` of sums whose values that long are normal */
    bool negative = r->top < 0;
    da__uint128 rest = negative ? ((da__uint128)1 << ALL_BITS) - r->rest : r->rest;
    uint64_t high = (uint64_t)(rest >> 64);
    if ((r->top != 0 && r->top != -1) || high == 0 || r->low < LEAST || rest >> ALL_BITS != 0)
        return da__binned_round(r->top, r->rest, r->low);
    int shift = __builtin_clzll(high);
    rest <<= shift;
    high = (uint64_t)(rest >> 64);
    int64_t near = (int64_t)(high >> 1 | (high & 1) | ((uint64_t)rest != 0));
    double x = (double)near * da__power_of_two(65 - shift + DA__BIN_WIDTH * r->low - 1074);
    return negative ? -x : x;
}

static inline double load(bool narrow, const char *in)
{
    float f;
    double x;
    memcpy(&f, in, sizeof f);
    if (narrow)
        return (double)f;
    memcpy(&x, in, sizeof x);
    return x;
}

static inline void store(bool narrow, char *out, double x)
{
    float f = (float)x;
    memcpy(out, narrow ? (const void *)&f : (const void *)&x, narrow ? sizeof f : sizeof x);
}

/* Elements up to the first one that the sum does not take as it is; returns how many. */
static inline int64_t run_block(struct da__binned *sum, bool narrow, int64_t n, const char *in,
                                int64_t in_step, char *out, int64_t out_step)
{
    struct running r = begin(sum);
    int64_t i = 0;
    for (; i < n; i++) {
        double x = load(narrow, in + i * in_step);
        if (da__biased_exponent(x) > r.limit)
            break;
        take(&r, x);
        store(narrow, out + i * out_step, value(&r));
    }
    end(&r, sum, i);
    return i;
}

static inline void run_line(struct da__binned *state, bool narrow, int64_t n, const char *in,
                            int64_t in_step, char *out, int64_t out_step)
{
    struct da__binned sum = *state; /* not beside the states of other threads */
    for (int64_t i = 0; i < n;) {
        int64_t m = n - i < BLOCK ? n - i : BLOCK;
        int64_t done =
            run_block(&sum, narrow, m, in + i * in_step, in_step, out + i * out_step, out_step);
        i += done;
        if (done == m)
            continue;
        da__binned_take(&sum, load(narrow, in + i * in_step), 1);
        store(narrow, out + i * out_step, da__binned_end(&sum));
        i++;
    }
    *state = sum;
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
