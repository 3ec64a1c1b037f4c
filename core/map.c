/* Axis maps: who owns an index, how many indices a coordinate owns, and where they lie. All in
 * closed form, except for views of explicit lists, which go through the list. */
#include "map.h"

bool da__map_is_whole(const struct da__map *m)
{
    return m->start == 0 && m->step == 1 && m->count == m->size;
}

/* ---- template indices ---- */

int64_t da__map_bound(const struct da__map *m, int part)
{
    if (m->bounds != NULL)
        return m->bounds[part];
    int64_t each = m->size / m->parts, longer = m->size % m->parts;
    return part * each + (part < longer ? part : longer);
}

/* The last of n ascending values that is at most x; the first is. */
static int last_at_most(const int64_t *value, int n, int64_t x)
{
    int lo = 0, hi = n; /* value[lo] <= x < value[hi] */
    while (hi - lo > 1) {
        int mid = lo + (hi - lo) / 2;
        if (value[mid] <= x)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static int owner_in_balanced_blocks(const struct da__map *m, int64_t t)
{
    int64_t each = m->size / m->parts, longer = m->size % m->parts;
    int64_t in_longer = longer * (each + 1);
    return (int)(t < in_longer ? t / (each + 1) : longer + (t - in_longer) / each);
}

int da__map_owner(const struct da__map *m, int64_t index)
{
    int64_t t = m->start + m->step * index;
    if (t < 0 || t >= m->size)
        return 0; /* an empty axis has no indices; its owner is still a coordinate */
    switch (m->kind) {
    case DA__MAP_B:
        return m->bounds != NULL ? last_at_most(m->bounds, m->parts, t)
                                 : owner_in_balanced_blocks(m, t);
    case DA__MAP_C:
        return (int)(t / m->block % m->parts);
    case DA__MAP_U:
        return last_at_most(m->lists->begin, m->parts, m->lists->where[t]);
    case DA__MAP_N:
        break;
    }
    return 0;
}

static int64_t within(int64_t x, int64_t lo, int64_t hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

void da__map_pull(const struct da__map *m, int64_t t_lo, int64_t t_hi, int64_t *lo, int64_t *hi)
{
    int64_t first, end;
    if (m->step > 0) {
        first = da__ceil_div(t_lo - m->start, m->step);
        end = da__ceil_div(t_hi - m->start, m->step);
    } else {
        first = da__floor_div(m->start - t_hi, -m->step) + 1;
        end = da__floor_div(m->start - t_lo, -m->step) + 1;
    }
    *lo = within(first, 0, m->count);
    *hi = within(end, *lo, m->count);
}

/* ---- counting ---- */

/* The sum of floor((a * i + b) / m) over 0 <= i < n, modulo 2^64 (Euclid's algorithm on the lattice
 * points below a line, as in the AtCoder library). */
static uint64_t floor_sum(uint64_t n, uint64_t m, uint64_t a, uint64_t b)
{
    typedef unsigned __int128 wide;
    uint64_t sum = 0;
    while (n > 0) {
        if (a >= m) {
            sum += (uint64_t)((wide)n * (n - 1) / 2) * (a / m);
            a %= m;
        }
        if (b >= m) {
            sum += n * (b / m);
            b %= m;
        }
        wide top = (wide)a * n + b;
        if (top < m)
            break;
        n = (uint64_t)(top / m);
        b = (uint64_t)(top % m);
        uint64_t old = m;
        m = a;
        a = old;
    }
    return sum;
}

/* How many of the axis indices 0 … n-1 a coordinate owns: those with (start + step * i - part *
 * block) mod period < block. That condition is the difference of two floors. */
int64_t da__cyclic_count(const struct da__map *m, int part, int64_t n)
{
    int64_t period = m->block * m->parts;
    uint64_t step = (uint64_t)da__floor_mod(m->step, period);
    int64_t first = da__floor_mod(m->start - part * m->block, period);
    uint64_t upper = floor_sum((uint64_t)n, (uint64_t)period, step, (uint64_t)first);
    uint64_t lower =
        floor_sum((uint64_t)n, (uint64_t)period, step, (uint64_t)(first - m->block + period));
    return (int64_t)(upper - lower + (uint64_t)n);
}

/* The axis index of a template index, or -1 where the view leaves it out. */
static int64_t axis_index(const struct da__map *m, int64_t t)
{
    int64_t distance = t - m->start;
    if (distance % m->step != 0)
        return -1;
    int64_t i = distance / m->step;
    return i >= 0 && i < m->count ? i : -1;
}

/* How many of the first n entries of a list the view selects. */
static int64_t listed_count(const struct da__map *m, int part, int64_t n)
{
    if (da__map_is_whole(m))
        return n;
    int64_t count = 0;
    for (int64_t k = 0; k < n; k++)
        count += axis_index(m, da__lists_get(m->lists, part, k)) >= 0;
    return count;
}

void da__map_block(const struct da__map *m, int part, int64_t *lo, int64_t *hi)
{
    *lo = 0;
    *hi = m->count;
    if (m->kind == DA__MAP_B)
        da__map_pull(m, da__map_bound(m, part), da__map_bound(m, part + 1), lo, hi);
}

int64_t da__map_local_count(const struct da__map *m, int part)
{
    int64_t lo, hi;
    switch (m->kind) {
    case DA__MAP_B:
        da__map_pull(m, da__map_bound(m, part), da__map_bound(m, part + 1), &lo, &hi);
        return hi - lo;
    case DA__MAP_C:
        return da__cyclic_count(m, part, m->count);
    case DA__MAP_U:
        return listed_count(m, part, da__lists_count(m->lists, part));
    case DA__MAP_N:
        break;
    }
    return m->count;
}

bool da__map_in_order(const struct da__map *m, int part)
{
    if (m->kind == DA__MAP_U)
        return m->lists->natural && m->step > 0;
    return m->kind != DA__MAP_C || da__map_is_whole(m) || da__cyclic_ascends(m, part);
}

int64_t da__map_local_of(const struct da__map *m, int part, int64_t index)
{
    int64_t lo, hi;
    if (index < 0 || index >= m->count || da__map_owner(m, index) != part)
        return -1;
    switch (m->kind) {
    case DA__MAP_B:
        da__map_pull(m, da__map_bound(m, part), da__map_bound(m, part + 1), &lo, &hi);
        return index - lo;
    case DA__MAP_C:
        if (da__map_is_whole(m))
            return index / (m->block * m->parts) * m->block + index % m->block;
        return da__cyclic_place(m, part, index, &hi);
    case DA__MAP_U:
        return listed_count(m, part,
                            m->lists->where[m->start + m->step * index] - m->lists->begin[part]);
    case DA__MAP_N:
        break;
    }
    return index;
}

/* The end of the owner's indices from `index` on, in an explicit list's map. */
static int64_t listed_end(const struct da__map *m, int part, int64_t index)
{
    int64_t begin = m->lists->begin[part], end = m->lists->begin[part + 1];
    while (++index < m->count) {
        int64_t place = m->lists->where[m->start + m->step * index];
        if (place < begin || place >= end)
            break;
    }
    return index;
}

/* The end of the indices from `index` on that lie in one block, and one by one in the owner's local order. */
static int64_t cyclic_end(const struct da__map *m, int part, int64_t index, int64_t t)
{
    int64_t lo, hi, end;
    da__map_pull(m, t - t % m->block, t - t % m->block + m->block, &lo, &hi);
    if (da__map_is_whole(m))
        return hi;
    da__cyclic_place(m, part, index, &end);
    return end < hi ? end : hi;
}

int64_t da__map_stretch(const struct da__map *m, int64_t index, int *part)
{
    int64_t lo, hi = m->count, t = m->start + m->step * index;
    *part = da__map_owner(m, index);
    if (m->parts == 1)
        return hi - index;
    if (m->kind == DA__MAP_B)
        da__map_pull(m, da__map_bound(m, *part), da__map_bound(m, *part + 1), &lo, &hi);
    else if (m->kind == DA__MAP_C)
        hi = cyclic_end(m, *part, index, t);
    else if (m->kind == DA__MAP_U)
        hi = listed_end(m, *part, index);
    return hi - index;
}

struct da__map da__map_view(const struct da__map *m, int64_t start, int64_t step, int64_t count)
{
    struct da__map view = *m;
    view.padding = NULL;
    view.count = count;
    view.start = count > 0 ? m->start + m->step * start : 0;
    view.step = count > 1 ? m->step * step : 1;
    return view;
}

int64_t da__owned_count(int rank, int parts, int64_t start, int64_t stop, int64_t left,
                        int64_t right)
{
    return stop - start - (rank > 0 ? left : 0) - (rank < parts - 1 ? right : 0);
}
