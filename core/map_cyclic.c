/* What a coordinate of a cyclic axis owns, and in which local order, in closed form.
 *
 * Ownership repeats after a cycle of indices. Where a cycle holds at most two of a coordinate's indices, or all blocks are
 * hit alike, two-level runs say the set in ascending order. Else a cycle is a list of stretches of different lengths, and no
 * two levels can repeat a list: then the local order is by stretch, each with its repetitions. A set has as many
 * runs as a cycle has stretches, at most |step| + 2 or the block size, whichever is less (after what both have in common has
 * been divided out), and making it takes time in proportion to that: never to the number of blocks or elements. */
#include "map.h"

#include <stdlib.h>

/* A reduced map, seen with a positive step: `down` says that its indices run against those of the
 * map. */
struct cyclic {
    int64_t start, step, count; /* index i is template index start + step * i */
    int64_t block, period;
    int64_t low;         /* the coordinate's first template index */
    int64_t cycle;       /* ownership repeats after this many indices */
    int64_t first, hits; /* template indices first + k * gcd, k < hits, are those of block `low`
                            that the view hits */
    bool down;
};

/* Collects the runs of a coordinate in ascending order of the map's indices. */
struct collector {
    const struct cyclic *c;
    struct da__index_set *out;
};

/* `run` has positive steps. */
static da_status collect(const struct collector *to, struct da__run run)
{
    if (run.count <= 0 || run.reps <= 0)
        return DA_OK;
    if (to->c->down)
        run.start =
            to->c->count - 1 - run.start - run.step * (run.count - 1) - run.stride * (run.reps - 1);
    return da__set_push(to->out, run);
}

static struct cyclic cyclic_of(const struct da__map *m, int part)
{
    struct cyclic c = {.start = m->start, .step = m->step, .count = m->count, .block = m->block};
    if (m->step < 0) {
        c.down = true;
        c.step = -m->step;
        c.start = m->start + m->step * (m->count - 1);
    }
    c.period = m->block * m->parts;
    c.low = part * m->block;
    int64_t g = da__gcd(c.step, c.period);
    c.cycle = c.period / g;
    c.first = c.low + da__floor_mod(c.start - c.low, g);
    c.hits = c.first < c.low + c.block ? (c.low + c.block - 1 - c.first) / g + 1 : 0;
    return c;
}

/* The first index whose template index is congruent to t modulo the period. */
static int64_t index_of_residue(const struct cyclic *c, int64_t t)
{
    int64_t g = c->period / c->cycle;
    /* step / g times the index is (t - start) / g modulo the cycle */
    int64_t want = da__floor_mod((t - c->start) / g, c->cycle);
    return da__mul_mod(want, da__inverse_mod(c->step / g, c->cycle), c->cycle);
}

/* How often index i, i + cycle, … comes before the end. */
static int64_t repeats(const struct cyclic *c, int64_t i)
{
    return i < c->count ? (c->count - 1 - i) / c->cycle + 1 : 0;
}

/* ---- few indices in a cycle ---- */

/* At most two indices in a cycle: one two-level run, and the index that a partial last cycle may
 * add. */
static da_status few_in_cycle(const struct cyclic *c, const struct collector *to)
{
    int64_t i = index_of_residue(c, c->first);
    if (c->hits == 1)
        return collect(to, (struct da__run){i, c->cycle, repeats(c, i), 0, 1});
    int64_t j = index_of_residue(c, c->first + c->period / c->cycle);
    if (j < i) {
        int64_t t = i;
        i = j;
        j = t;
    }
    int64_t both = repeats(c, j), odd = repeats(c, i) - both;
    struct da__run pairs = {i, j - i, 2, c->cycle, both},
                   last = {i + both * c->cycle, 1, odd, 0, 1};
    if (to->c->down) {
        DA_TRY(collect(to, last));
        return collect(to, pairs);
    }
    DA_TRY(collect(to, pairs));
    return collect(to, last);
}

/* ---- blocks that are all hit alike ---- */

/* The step divides the period: every block is hit in the same way. A partial block, whole ones, a
 * partial one. */
static da_status equal_blocks(const struct cyclic *c, const struct collector *to)
{
    int64_t at = (c->first - c->start) / c->step;
    at += c->cycle *
          da__ceil_div(1 - c->hits - at, c->cycle); /* the first block that reaches index 0 */
    struct da__run head = {0, 1, 0, 0, 1};
    if (at < 0) {
        head.count = at + c->hits < c->count ? at + c->hits : c->count;
        at += c->cycle;
    }
    int64_t whole = c->count - c->hits - at >= 0 ? (c->count - c->hits - at) / c->cycle + 1 : 0;
    struct da__run body = {at, 1, c->hits, c->cycle, whole};
    struct da__run tail = {at + whole * c->cycle, 1, c->count - at - whole * c->cycle, 0, 1};
    DA_TRY(collect(to, c->down ? tail : head));
    DA_TRY(collect(to, body));
    return collect(to, c->down ? head : tail);
}

/* ---- stretches in a cycle ---- */

/* The map over one cycle of its indices. */
static struct da__map one_cycle(const struct da__map *r, int64_t cycle)
{
    struct da__map m = *r;
    m.count = cycle;
    return m;
}

/* The stretch of one owner's indices around index i, within a cycle. */
static void stretch_around(const struct da__map *once, int64_t i, int64_t *lo, int64_t *hi)
{
    int64_t low = da__floor_div(once->start + once->step * i, once->block) * once->block;
    da__map_pull(once, low, low + once->block, lo, hi);
}

/* Indices lo … hi-1 of each cycle. */
static da_status push_stretch(const struct cyclic *c, int64_t lo, int64_t hi,
                              struct da__index_set *out)
{
    int64_t cycles = c->count / c->cycle, rest = c->count % c->cycle;
    int64_t more = rest <= lo ? 0 : rest < hi ? rest - lo : hi - lo;
    if (more == hi - lo)
        return da__set_push(out, (struct da__run){lo, 1, hi - lo, c->cycle, cycles + 1});
    DA_TRY(da__set_push(out, (struct da__run){lo, 1, hi - lo, c->cycle, cycles}));
    return da__set_push(out, (struct da__run){lo + cycles * c->cycle, 1, more, 0, 1});
}

/* The step is at most a block long: the coordinate's blocks one by one, in the order in which a cycle comes to them. */
static da_status by_block(const struct cyclic *c, const struct da__map *once, int64_t low,
                          struct da__index_set *out)
{
    int64_t first = once->start, last = once->start + once->step * (once->count - 1);
    int64_t lowest = first < last ? first : last, highest = first < last ? last : first;
    int64_t q = da__ceil_div(lowest - once->block + 1 - low, c->period);
    int64_t end = da__floor_div(highest - low, c->period) + 1;
    for (int64_t n = end - q, k = 0; k < n; k++) {
        int64_t at = low + (once->step > 0 ? q + k : end - 1 - k) * c->period, lo, hi;
        da__map_pull(once, at, at + once->block, &lo, &hi);
        if (lo < hi)
            DA_TRY(push_stretch(c, lo, hi, out));
    }
    return DA_OK;
}

static int compare_indices(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The step is longer than a block: no two neighbours lie in one, and each index of a cycle is a stretch. */
static da_status by_index(const struct cyclic *c, const struct da__map *r,
                          struct da__index_set *out)
{
    int64_t *index = da__alloc((size_t)c->hits * sizeof *index);
    if (index == NULL)
        return DA_ERR_MEMORY;
    int64_t g = c->period / c->cycle;
    int64_t unit = da__inverse_mod(da__floor_mod(r->step / g, c->cycle), c->cycle);
    for (int64_t k = 0; k < c->hits; k++)
        index[k] = da__mul_mod(
            da__floor_mod((c->low + da__floor_mod(r->start - c->low, g) + k * g - r->start) / g,
                          c->cycle),
            unit, c->cycle);
    qsort(index, (size_t)c->hits, sizeof *index, compare_indices);
    da_status status = DA_OK;
    for (int64_t k = 0; k < c->hits && status == DA_OK; k++)
        status = push_stretch(c, index[k], index[k] + 1, out);
    da__free(index);
    return status;
}

/* ---- which order it is ---- */

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

static bool goes_by_stretch(const struct cyclic *c)
{
    return c->hits > 2 && c->period % c->step != 0;
}

da_status da__cyclic_owned(const struct da__map *m, int part, struct da__index_set *out)
{
    struct da__map r = da__map_reduced(m);
    if (r.step == 0 || r.parts == 1)
        return r.start / r.block % r.parts == part
                   ? da__set_push(out, (struct da__run){0, 1, m->count, 0, 1})
                   : DA_OK;
    struct cyclic c = cyclic_of(&r, part);
    struct collector to = {&c, out};
    if (c.count == 0 || c.hits == 0)
        return DA_OK;
    if (c.hits <= 2)
        return few_in_cycle(&c, &to);
    if (!goes_by_stretch(&c))
        return equal_blocks(&c, &to);
    struct da__map once = one_cycle(&r, c.cycle);
    return magnitude(r.step) <= r.block ? by_block(&c, &once, c.low, out) : by_index(&c, &r, out);
}

bool da__cyclic_ascends(const struct da__map *m, int part)
{
    struct da__map r = da__map_reduced(m);
    if (r.step == 0 || r.parts == 1)
        return true;
    struct cyclic c = cyclic_of(&r, part);
    return c.count <= c.cycle || !goes_by_stretch(&c);
}

/* What stands earlier in a cycle comes first: as often as there are whole cycles, and once more where the last, partial one
 * has it. */
int64_t da__cyclic_place(const struct da__map *m, int part, int64_t index, int64_t *end)
{
    struct da__map r = da__map_reduced(m);
    *end = m->count;
    if (r.step == 0 || r.parts == 1)
        return index;
    struct cyclic c = cyclic_of(&r, part);
    if (c.count <= c.cycle || !goes_by_stretch(&c))
        return da__cyclic_count(m, part, index);
    struct da__map once = one_cycle(&r, c.cycle);
    int64_t cycles = c.count / c.cycle, rest = c.count % c.cycle;
    int64_t before = index / c.cycle, lo, hi;
    stretch_around(&once, index % c.cycle, &lo, &hi);
    *end = before * c.cycle + hi;
    return cycles * da__cyclic_count(m, part, lo) +
           da__cyclic_count(m, part, lo < rest ? lo : rest) + before * (hi - lo) +
           (index % c.cycle - lo);
}
