/* When two maps are the same: both are brought to a normal form, which is compared and hashed.
 *
 * Maps in which every coordinate owns one interval (blocks of any kind, views of them, cyclic maps
 * that do not come round) are compared by the intervals, whatever they were made from. */
#include "map.h"
#include "padding.h"

enum form {
    FORM_EVEN,      /* balanced blocks of a whole axis, one natural coordinate, or nothing at all */
    FORM_INTERVALS, /* one interval per coordinate */
    FORM_ALIGNED,   /* a view of balanced blocks, too many to go through: (size, start, step) */
    FORM_CYCLIC,    /* (block, start, step), reduced */
    FORM_LISTS      /* lists seen through (start, step) */
};

/* Up to this many coordinates a view of balanced blocks is compared by its intervals. */
enum { FEW_PARTS = 64 };

struct normal {
    enum form form;
    int parts;
    int64_t count;
    int64_t block, start, step; /* what the form names; block is the size of FORM_ALIGNED */
    struct da__map map;         /* reduced where it is cyclic */
};

/* ---- intervals ---- */

/* A reduced cyclic map has template indices beyond its size, so it is not asked for owners. */
static int64_t first_owner(const struct da__map *m)
{
    return m->kind == DA__MAP_C ? m->start / m->block % m->parts : da__map_owner(m, 0);
}

/* The interval that a coordinate owns, for a (reduced) map in which each owns one; empty ones are 0
 * … 0. */
static void interval_of(const struct da__map *m, int part, int64_t *lo, int64_t *hi)
{
    *lo = *hi = 0;
    if (m->count == 1 || (m->kind == DA__MAP_C && m->step == 0)) {
        *hi = first_owner(m) == part ? m->count : 0; /* one coordinate owns all */
    } else if (m->kind == DA__MAP_B) {
        da__map_pull(m, da__map_bound(m, part), da__map_bound(m, part + 1), lo, hi);
    } else if (m->kind == DA__MAP_C) {
        int64_t last = m->start + m->step * (m->count - 1);
        int64_t low = da__floor_div(m->step > 0 ? m->start : last, m->block);
        int64_t block = low + da__floor_mod(part - low, m->parts);
        da__map_pull(m, block * m->block, (block + 1) * m->block, lo, hi);
    }
    if (*lo == *hi)
        *lo = *hi = 0;
}

static bool intervals_are_even(const struct da__map *m)
{
    const struct da__map even = {
        .kind = DA__MAP_B, .parts = m->parts, .size = m->count, .step = 1, .count = m->count};
    for (int p = 0; p < m->parts; p++) {
        int64_t lo, hi, even_lo, even_hi;
        interval_of(m, p, &lo, &hi);
        interval_of(&even, p, &even_lo, &even_hi);
        if (lo != even_lo || hi != even_hi)
            return false;
    }
    return true;
}

/* ---- normal forms ---- */

struct da__map da__map_reduced(const struct da__map *m)
{
    struct da__map r = *m;
    int64_t period = m->block * m->parts;
    r.start = da__floor_mod(m->start, period);
    r.step = da__floor_mod(m->step, period);
    int64_t g = da__gcd(m->block, r.step);
    r.block /= g;
    r.start /= g;
    r.step /= g;
    period /= g;
    if (r.step > period - r.step)
        r.step -= period;
    return r;
}

static bool comes_round(const struct da__map *m)
{
    int64_t reach;
    if (!da__mul_i64(m->step, m->count - 1, &reach) || !da__add_i64(reach, m->start, &reach))
        return true;
    int64_t a = m->start / m->block, b = da__floor_div(reach, m->block);
    return (a < b ? b - a : a - b) >= m->parts;
}

static struct normal cyclic_normal(const struct da__map *m)
{
    struct da__map r = da__map_reduced(m);
    struct normal n = {FORM_CYCLIC, m->parts, m->count, r.block, r.start, r.step, r};
    if (r.step == 0 || !comes_round(&r))
        n.form = FORM_INTERVALS;
    return n;
}

static struct normal normal_of(const struct da__map *m)
{
    struct normal n = {FORM_EVEN, m->parts, m->count, 0, 0, 0, *m};
    bool whole_block = m->kind == DA__MAP_B && m->bounds == NULL && da__map_is_whole(m);
    bool natural = m->kind != DA__MAP_U || (m->lists->natural && m->step > 0);
    if (m->count == 0 || (m->parts == 1 && natural) || whole_block)
        return n;
    if (m->kind == DA__MAP_C) {
        n = cyclic_normal(m);
    } else if (m->kind == DA__MAP_B && m->bounds == NULL && m->parts > FEW_PARTS) {
        n.form = FORM_ALIGNED;
        n.block = m->size;
        n.start = m->start;
        n.step = m->step;
    } else if (m->count == 1 || m->kind == DA__MAP_B) {
        n.form = FORM_INTERVALS;
    } else {
        n.form = FORM_LISTS;
        n.start = m->start;
        n.step = m->step;
    }
    if (n.form == FORM_INTERVALS) {
        n.block = n.start = n.step = 0;
        n.form = intervals_are_even(&n.map) ? FORM_EVEN : FORM_INTERVALS;
    }
    return n;
}

static bool intervals_equal(const struct da__map *a, const struct da__map *b)
{
    for (int p = 0; p < a->parts; p++) {
        int64_t alo, ahi, blo, bhi;
        interval_of(a, p, &alo, &ahi);
        interval_of(b, p, &blo, &bhi);
        if (alo != blo || ahi != bhi)
            return false;
    }
    return true;
}

static bool same_parameters(const struct da__map *a, const struct da__map *b)
{
    return a->kind == b->kind && a->parts == b->parts && a->size == b->size &&
           a->start == b->start && a->step == b->step && a->count == b->count &&
           a->block == b->block && a->bounds == b->bounds && a->lists == b->lists;
}

bool da__map_equal(const struct da__map *a, const struct da__map *b)
{
    if (!da__padding_equal(a->padding, b->padding))
        return false;
    if (same_parameters(a, b))
        return true;
    if (a->parts != b->parts || a->count != b->count)
        return false;
    struct normal x = normal_of(a), y = normal_of(b);
    if (x.form != y.form || x.block != y.block || x.start != y.start || x.step != y.step)
        return false;
    if (x.form == FORM_INTERVALS)
        return intervals_equal(&x.map, &y.map);
    return x.form != FORM_LISTS || a->lists == b->lists ||
           da__hash_equal(a->lists->hash, b->lists->hash);
}

void da__map_hash(const struct da__map *m, struct da__hash *h)
{
    struct normal n = normal_of(m);
    const int64_t word[] = {n.form, n.parts, n.count, n.block, n.start, n.step};
    for (size_t k = 0; k < sizeof word / sizeof *word; k++)
        da__hash_i64(h, word[k]);
    for (int p = 0; p < n.parts && n.form == FORM_INTERVALS; p++) {
        int64_t lo, hi;
        interval_of(&n.map, p, &lo, &hi);
        da__hash_i64(h, lo);
        da__hash_i64(h, hi);
    }
    if (n.form == FORM_LISTS) {
        da__hash_i64(h, (int64_t)m->lists->hash.lo);
        da__hash_i64(h, (int64_t)m->lists->hash.hi);
    }
    da__padding_hash(m->padding, h);
}
