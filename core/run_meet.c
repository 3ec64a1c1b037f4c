/* Where two two-level runs meet, in closed form.
 *
 * Two progressions meet where a linear congruence holds. Two periodic patterns of blocks meet block
 * by block, and the relative offset of two blocks decides how: all pairs of blocks at one offset
 * form one two-level match, and the pairs at an offset are again the solutions of a congruence. So
 * it suffices to go through the offsets at which blocks touch, or through the blocks of the sparser
 * side, whichever is less. */
#include "intersect.h"

/* A run in ascending order of its blocks. */
struct blocks {
    int64_t n;          /* number of blocks */
    int64_t low, width; /* of block 0: its lowest index, and highest - lowest + 1 */
    int64_t period;     /* from one block to the next, > 0 */
    int64_t start;      /* of block 0: its first index in listed order */
    int64_t step, count;
    int64_t at, at_step; /* position of `start`, and from block to block */
};

struct meeting {
    struct da__match_list *out;
    bool swapped; /* the left side is b */
};

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

static int64_t min_of(int64_t x, int64_t y)
{
    return x < y ? x : y;
}

static int64_t max_of(int64_t x, int64_t y)
{
    return x > y ? x : y;
}

static struct blocks blocks_of(const struct da__run *run, int64_t at)
{
    bool down = run->reps > 1 && run->stride < 0;
    struct blocks s = {
        .n = run->reps,
        .width = magnitude(run->step) * (run->count - 1) + 1,
        .start = run->start + (down ? run->stride * (run->reps - 1) : 0),
        .step = run->step,
        .count = run->count,
        .at = at + (down ? run->count * (run->reps - 1) : 0),
        .at_step = down ? -run->count : run->count,
    };
    s.period = run->reps > 1 ? magnitude(run->stride) : s.width;
    s.low = s.start + (s.step < 0 ? s.step * (s.count - 1) : 0);
    return s;
}

/* A progression as blocks of one index. */
static struct blocks singles_of(const struct blocks *line)
{
    bool down = line->step < 0;
    return (struct blocks){
        .n = line->count,
        .low = line->low,
        .width = 1,
        .period = magnitude(line->step),
        .start = line->low,
        .step = 1,
        .count = 1,
        .at = line->at + (down ? line->count - 1 : 0),
        .at_step = down ? -1 : 1,
    };
}

/* Blocks r … r + n - 1. */
static struct blocks part_of(const struct blocks *s, int64_t r, int64_t n)
{
    struct blocks part = *s;
    part.n = n;
    part.low += r * s->period;
    part.start += r * s->period;
    part.at += r * s->at_step;
    return part;
}

static int64_t high_of(const struct blocks *s)
{
    return s->low + (s->n - 1) * s->period + s->width - 1;
}

/* The blocks that touch lo … hi; false where there are none. */
static bool clip(struct blocks *s, int64_t lo, int64_t hi)
{
    int64_t first = max_of(0, da__ceil_div(lo - (s->width - 1) - s->low, s->period));
    int64_t last = min_of(s->n - 1, da__floor_div(hi - s->low, s->period));
    if (first > last)
        return false;
    *s = part_of(s, first, last - first + 1);
    return true;
}

/* ---- block with block ---- */

/* Where the first blocks of two sides meet: a progression, positions within the blocks. */
static bool lines_meet(const struct blocks *a, const struct blocks *b, struct da__match *m)
{
    int64_t lo = max_of(a->low, b->low);
    int64_t hi = min_of(a->low + a->width, b->low + b->width) - 1;
    int64_t da = magnitude(a->step), db = magnitude(b->step);
    int64_t g = da__gcd(da, db), period = db / g;
    if (lo > hi || (b->start - a->start) % g != 0)
        return false;
    /* i with start_a + i * step_a in lo … hi and congruent to b's indices */
    int64_t first = a->step > 0 ? da__ceil_div(lo - a->start, da) : da__ceil_div(a->start - hi, da);
    int64_t last =
        a->step > 0 ? da__floor_div(hi - a->start, da) : da__floor_div(a->start - lo, da);
    int64_t want = da__floor_mod((b->start - a->start) / g, period);
    int64_t i0 = da__mul_mod(want, da__inverse_mod(a->step / g, period), period);
    first += da__floor_mod(i0 - first, period);
    if (first > last)
        return false;
    *m = (struct da__match){
        .a = first,
        .b = (a->start + first * a->step - b->start) / b->step,
        .count = (last - first) / period + 1,
        .step_a = period,
        .step_b = (a->step < 0) == (b->step < 0) ? da / g : -(da / g),
        .reps = 1,
    };
    return true;
}

static da_status emit(struct meeting *meet, struct da__match m)
{
    if (meet->swapped)
        m = (struct da__match){m.b,     m.a,        m.step_b,   m.step_a,
                               m.count, m.stride_b, m.stride_a, m.reps};
    return da__match_push(meet->out, m);
}

/* The first blocks of both sides, `reps` times at these distances in position. */
static da_status meet_first(struct meeting *meet, const struct blocks *a, const struct blocks *b,
                            int64_t stride_a, int64_t stride_b, int64_t reps)
{
    struct da__match m;
    if (!lines_meet(a, b, &m))
        return DA_OK;
    m.a += a->at;
    m.b += b->at;
    m.stride_a = stride_a;
    m.stride_b = stride_b;
    m.reps = reps;
    return emit(meet, m);
}

/* ---- pattern with pattern ---- */

/* Number of offsets of blocks to go through. */
static int64_t offsets_cost(const struct blocks *a, const struct blocks *b)
{
    return (a->width + b->width - 2) / da__gcd(a->period, b->period) + 1;
}

/* Block r of a and block q of b lie at the offset d = low_a + r * period_a - low_b - q * period_b.
 * They touch where -width_a < d < width_b; the offsets that occur are congruent modulo g = gcd of
 * the periods, and the pairs at one offset are r = r0 + t * period_b / g, q = q0 + t * period_a /
 * g. */
static da_status meet_by_offset(struct meeting *meet, const struct blocks *a,
                                const struct blocks *b)
{
    int64_t g = da__gcd(a->period, b->period);
    int64_t cycle_a = b->period / g, cycle_b = a->period / g;
    int64_t unit = da__inverse_mod(cycle_b, cycle_a);
    int64_t delta = a->low - b->low;
    int64_t d = -(a->width - 1);
    d += da__floor_mod(delta - d, g);
    int64_t r0 = da__mul_mod(da__floor_mod((d - delta) / g, cycle_a), unit, cycle_a);
    for (; d < b->width; d += g) {
        int64_t rise = d - delta; /* r * period_a - q * period_b */
        int64_t lo = max_of(0, da__ceil_div(rise, a->period));
        int64_t hi = min_of(a->n - 1, da__floor_div((b->n - 1) * b->period + rise, a->period));
        int64_t r = lo + da__floor_mod(r0 - lo, cycle_a);
        if (r <= hi) {
            struct blocks block_a = part_of(a, r, 1);
            struct blocks block_b = part_of(b, (r * a->period - rise) / b->period, 1);
            int64_t reps = (hi - r) / cycle_a + 1;
            bool repeats = reps > 1; /* else the distances mean nothing, and may not even fit */
            DA_TRY(meet_first(meet, &block_a, &block_b, repeats ? cycle_a * a->at_step : 0,
                              repeats ? cycle_b * b->at_step : 0, reps));
        }
        r0 = r0 >= cycle_a - unit ? r0 - (cycle_a - unit) : r0 + unit;
    }
    return DA_OK;
}

/* ---- progression with pattern ---- */

/* Blocks of b that lie within the progression meet it in the same way whenever they are a multiple
 * of this many blocks apart. */
static int64_t classes_of(const struct blocks *line, const struct blocks *b)
{
    return magnitude(line->step) / da__gcd(line->step, b->period);
}

static da_status meet_each_of_b(struct meeting *meet, const struct blocks *line,
                                const struct blocks *b, int64_t from, int64_t to)
{
    for (int64_t q = from; q < to; q++) {
        struct blocks block = part_of(b, q, 1);
        DA_TRY(meet_first(meet, line, &block, 0, 0, 1));
    }
    return DA_OK;
}

static da_status meet_by_class(struct meeting *meet, const struct blocks *line,
                               const struct blocks *b)
{
    int64_t inside = max_of(0, da__ceil_div(line->low - b->low, b->period));
    int64_t end = da__floor_div(line->low + line->width - b->width - b->low, b->period) + 1;
    end = max_of(inside, min_of(end, b->n));
    int64_t classes = classes_of(line, b);
    int64_t shift = classes * b->period / line->step;
    DA_TRY(meet_each_of_b(meet, line, b, 0, inside));
    for (int64_t q = inside; q < end && q < inside + classes; q++) {
        struct blocks block = part_of(b, q, 1);
        DA_TRY(meet_first(meet, line, &block, shift, classes * b->at_step,
                          (end - 1 - q) / classes + 1));
    }
    return meet_each_of_b(meet, line, b, end, b->n);
}

/* Each index of the line, or each block of a pattern of single indices, for itself. */
static da_status meet_each_single(struct meeting *meet, const struct blocks *singles,
                                  const struct blocks *b)
{
    for (int64_t r = 0; r < singles->n; r++) {
        struct blocks one = part_of(singles, r, 1), block = *b;
        if (clip(&block, one.low, one.low))
            DA_TRY(meet_first(meet, &one, &block, 0, 0, 1));
    }
    return DA_OK;
}

static da_status meet_line(struct meeting *meet, const struct blocks *line,
                           const struct blocks *all_b)
{
    struct blocks b = *all_b;
    if (!clip(&b, line->low, line->low + line->width - 1))
        return DA_OK;
    struct blocks singles = singles_of(line);
    int64_t by_class = classes_of(line, &b) + 2;
    int64_t by_offset = offsets_cost(&singles, &b);
    int64_t least = min_of(min_of(by_class, by_offset), min_of(b.n, line->count));
    if (least == b.n)
        return meet_each_of_b(meet, line, &b, 0, b.n);
    if (least == by_class)
        return meet_by_class(meet, line, &b);
    if (least == by_offset)
        return meet_by_offset(meet, &singles, &b);
    return meet_each_single(meet, &singles, &b);
}

/* What meet_line costs for one block of a. */
static int64_t line_cost(const struct blocks *a, const struct blocks *b)
{
    int64_t blocks = a->width / b->period + 2;
    return min_of(min_of(classes_of(a, b) + 2, blocks), a->count);
}

static da_status meet_each_of_a(struct meeting *meet, const struct blocks *a,
                                const struct blocks *b)
{
    for (int64_t r = 0; r < a->n; r++) {
        struct blocks line = part_of(a, r, 1);
        DA_TRY(meet_line(meet, &line, b));
    }
    return DA_OK;
}

/* n * each, or a number that is never the least. */
static int64_t total_cost(int64_t n, int64_t each)
{
    int64_t total;
    return da__mul_i64(n, each, &total) ? total : INT64_MAX;
}

da_status da__run_meet(const struct da__run *run_a, int64_t at_a, const struct da__run *run_b,
                       int64_t at_b, struct da__match_list *out)
{
    struct blocks a = blocks_of(run_a, at_a), b = blocks_of(run_b, at_b);
    struct meeting meet = {out, false}, swapped = {out, true};
    int64_t lo = max_of(a.low, b.low), hi = min_of(high_of(&a), high_of(&b));
    if (lo > hi || !clip(&a, lo, hi) || !clip(&b, lo, hi))
        return DA_OK;
    if (a.n == 1)
        return meet_line(&meet, &a, &b);
    if (b.n == 1)
        return meet_line(&swapped, &b, &a);
    int64_t by_offset = offsets_cost(&a, &b);
    int64_t by_a = total_cost(a.n, line_cost(&a, &b)), by_b = total_cost(b.n, line_cost(&b, &a));
    if (by_offset <= min_of(by_a, by_b))
        return meet_by_offset(&meet, &a, &b);
    return by_a <= by_b ? meet_each_of_a(&meet, &a, &b) : meet_each_of_a(&swapped, &b, &a);
}
