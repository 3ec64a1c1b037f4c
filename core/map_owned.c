/* Axis maps as index sets: what a coordinate owns, and which coordinates may own a set. */
#include "map.h"

/* ---- owned by a coordinate: cyclic ---- */

/* A cyclic axis seen with a positive step: `down` says that its indices run against those of the
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

/* Blocks are hit in changing ways: no two levels can say that in ascending order, so block by
 * block. */
static da_status block_by_block(const struct cyclic *c, const struct collector *to)
{
    int64_t last = c->start + c->step * (c->count - 1);
    int64_t q = da__ceil_div(c->start - c->block + 1 - c->low, c->period);
    int64_t end = da__floor_div(last - c->low, c->period) + 1;
    for (int64_t n = end - q; n > 0; n--) {
        int64_t low = c->low + (c->down ? end - 1 : q) * c->period;
        int64_t lo = da__ceil_div(low - c->start, c->step);
        int64_t hi = da__ceil_div(low + c->block - c->start, c->step);
        lo = lo < 0 ? 0 : lo;
        hi = hi > c->count ? c->count : hi;
        DA_TRY(collect(to, (struct da__run){lo, 1, hi - lo, 0, 1}));
        if (c->down)
            end--;
        else
            q++;
    }
    return DA_OK;
}

static da_status cyclic_owned(const struct da__map *m, int part, struct da__index_set *out)
{
    struct cyclic c = cyclic_of(m, part);
    struct collector to = {&c, out};
    if (c.count == 0 || c.hits == 0)
        return DA_OK;
    if (c.hits <= 2)
        return few_in_cycle(&c, &to);
    return c.period % c.step == 0 ? equal_blocks(&c, &to) : block_by_block(&c, &to);
}

/* ---- owned by a coordinate ---- */

static da_status listed_owned(const struct da__map *m, int part, struct da__index_set *out)
{
    int64_t n = da__lists_count(m->lists, part), kept = 0;
    const int64_t *list = m->lists->index + m->lists->begin[part];
    if (da__map_is_whole(m))
        return da__set_from_list(out, list, n);
    int64_t *selected = da__calloc((size_t)n, sizeof *selected);
    if (selected == NULL)
        return DA_ERR_MEMORY;
    for (int64_t k = 0; k < n; k++) {
        int64_t distance = list[k] - m->start, i = distance / m->step;
        if (distance % m->step == 0 && i >= 0 && i < m->count)
            selected[kept++] = i;
    }
    da_status status = da__set_from_list(out, selected, kept);
    da__free(selected);
    return status;
}

da_status da__map_owned(const struct da__map *m, int part, struct da__index_set *out)
{
    da_status status = DA_OK;
    int64_t lo = 0, hi = m->count;
    da__set_init(out);
    switch (m->kind) {
    case DA__MAP_B:
        da__map_pull(m, da__map_bound(m, part), da__map_bound(m, part + 1), &lo, &hi);
        return da__set_range(out, lo, 1, hi - lo);
    case DA__MAP_C:
        status = cyclic_owned(m, part, out);
        break;
    case DA__MAP_U:
        return listed_owned(m, part, out);
    case DA__MAP_N:
        return da__set_range(out, lo, 1, hi - lo);
    }
    if (status != DA_OK)
        da__set_free(out);
    return status;
}

/* ---- owners of a set ---- */

static struct da__run coordinates(int64_t first, int64_t step, int64_t count)
{
    return (struct da__run){first, step, count, 0, 1};
}

static void run_hull(const struct da__run *run, int64_t *low, int64_t *high)
{
    int64_t inner = run->step * (run->count - 1), outer = run->stride * (run->reps - 1);
    *low = run->start + (inner < 0 ? inner : 0) + (outer < 0 ? outer : 0);
    *high = run->start + (inner > 0 ? inner : 0) + (outer > 0 ? outer : 0);
}

/* All coordinates between the owners of a run's ends: owners rise, or fall, with the index. */
static struct da__run block_owners(const struct da__map *m, const struct da__run *run)
{
    int64_t low, high;
    run_hull(run, &low, &high);
    int p = da__map_owner(m, low), q = da__map_owner(m, high);
    return p <= q ? coordinates(p, 1, q - p + 1) : coordinates(q, 1, p - q + 1);
}

/* Coordinates first, first + step, … modulo parts: as they are where they do not wrap around; else
 * their residue class. */
static struct da__run wrapped_owners(int64_t first, int64_t step, int64_t n, int64_t parts)
{
    int64_t g = da__gcd(step, parts), cycle = parts / g;
    first = da__floor_mod(first, parts);
    step = da__floor_mod(step, parts);
    if (step > parts - step)
        step -= parts;
    if (n >= cycle)
        return coordinates(first % g, g, cycle);
    int64_t last = first + step * (n - 1);
    if (last >= 0 && last < parts)
        return coordinates(first, n > 1 ? step : 1, n);
    if (n == 2) {
        int64_t second = da__floor_mod(last, parts);
        return coordinates(first, second - first, 2);
    }
    return coordinates(first % g, g, cycle);
}

static struct da__run cyclic_owners(const struct da__map *m, const struct da__run *run)
{
    int64_t first = m->start + m->step * run->start, step = m->step * run->step;
    int64_t period = m->block * m->parts;
    /* Further repetitions meet the same coordinates where they are whole periods away. */
    bool same_again =
        run->reps == 1 || da__mul_mod(da__floor_mod(m->step, period),
                                      da__floor_mod(run->stride, period), period) == 0;
    if (!same_again)
        return coordinates(0, 1, m->parts);
    if (run->count == 1)
        return coordinates(first / m->block % m->parts, 1, 1);
    if (step % m->block == 0)
        return wrapped_owners(first / m->block, step / m->block, run->count, m->parts);
    if ((step < 0 ? -step : step) > m->block)
        return coordinates(0, 1, m->parts);
    int64_t last = first + step * (run->count - 1);
    int64_t low = (first < last ? first : last) / m->block,
            high = (first < last ? last : first) / m->block;
    return wrapped_owners(low, 1, high - low + 1, m->parts);
}

static struct da__run run_owners(const struct da__map *m, const struct da__run *run)
{
    if (m->kind == DA__MAP_B)
        return block_owners(m, run);
    if (m->kind == DA__MAP_C)
        return cyclic_owners(m, run);
    if (m->kind == DA__MAP_U && run->count * run->reps == 1)
        return coordinates(da__map_owner(m, run->start), 1, 1);
    return coordinates(0, 1, m->parts);
}

struct da__run da__map_owners_of(const struct da__map *m, const struct da__index_set *s)
{
    if (s->nruns == 0)
        return coordinates(0, 1, 0);
    struct da__run all = run_owners(m, &s->run[0]);
    for (int k = 1; k < s->nruns; k++) {
        struct da__run more = run_owners(m, &s->run[k]);
        int64_t low, high, more_low, more_high;
        run_hull(&all, &low, &high);
        run_hull(&more, &more_low, &more_high);
        low = more_low < low ? more_low : low;
        high = more_high > high ? more_high : high;
        all = coordinates(low, 1, high - low + 1);
    }
    return all;
}
