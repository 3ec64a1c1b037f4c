/* Axis maps as index sets: what a coordinate owns, and which coordinates may own a set. */
#include "map.h"

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
        status = da__cyclic_owned(m, part, out);
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

/* Up to this many indices are asked for their owners one by one. */
enum { FEW = 64 };

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

/* The coordinates that a few indices meet, one by one: their first, last and common distance. */
static struct da__run owners_of_few(const struct da__map *m, const struct da__run *run)
{
    int64_t first = da__map_owner(m, run->start), low = first, high = first, step = 0;
    for (int64_t r = 0; r < run->reps; r++)
        for (int64_t k = 0; k < run->count; k++) {
            int64_t p = da__map_owner(m, run->start + r * run->stride + k * run->step);
            low = p < low ? p : low;
            high = p > high ? p : high;
            step = da__gcd(step, p < first ? first - p : p - first);
        }
    return coordinates(low, step > 0 ? step : 1, step > 0 ? (high - low) / step + 1 : 1);
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
        return run->count <= FEW / run->reps ? owners_of_few(m, run) : coordinates(0, 1, m->parts);
    if (run->count == 1)
        return coordinates(first / m->block % m->parts, 1, 1);
    if (step % m->block == 0)
        return wrapped_owners(first / m->block, step / m->block, run->count, m->parts);
    if ((step < 0 ? -step : step) > m->block) {
        struct da__run once = {run->start, run->step, run->count, 0, 1};
        return run->count <= FEW ? owners_of_few(m, &once) : coordinates(0, 1, m->parts);
    }
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
