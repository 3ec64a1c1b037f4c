/* Distributions as bytes, for shipping. What is read is checked in full: whoever gets one may rely
 * on every invariant. */
#include "dist.h"
#include "map.h"
#include "padding.h"

/* ---- writing ---- */

static void put_padding(const struct da__padding *p, struct da__bytes *out)
{
    const int64_t word[] = {p->left, p->right, p->first, p->last, p->periodic, p->ncuts};
    da__put_bytes(out, word, sizeof word);
    da__put_bytes(out, p->cut, (size_t)p->ncuts * sizeof *p->cut);
}

static void put_map(const struct da__map *m, struct da__bytes *out)
{
    const int64_t word[] = {m->kind,  m->parts, m->size,           m->start,          m->step,
                            m->count, m->block, m->bounds != NULL, m->padding != NULL};
    da__put_bytes(out, word, sizeof word);
    if (m->bounds != NULL)
        da__put_bytes(out, m->bounds, sizeof *m->bounds * ((size_t)m->parts + 1));
    if (m->padding != NULL)
        put_padding(m->padding, out);
    for (int p = 0; m->lists != NULL && p < m->parts; p++)
        da__put_i64(out, da__lists_count(m->lists, p));
    if (m->lists != NULL)
        da__put_bytes(out, m->lists->index, sizeof *m->lists->index * (size_t)m->size);
}

da_status da__dist_write(const struct da__dist *d, struct da__bytes *out)
{
    da__put_i32(out, d->ndim);
    da__put_i32(out, d->ngrid);
    da__put_i64(out, d->offset);
    for (int g = 0; g < d->ngrid; g++) {
        da__put_i64(out, d->grid[g]);
        da__put_i64(out, d->grid_stride[g]);
    }
    da__put_i64(out, d->engines.nruns);
    da__put_bytes(out, d->engines.run, sizeof *d->engines.run * (size_t)d->engines.nruns);
    for (int k = 0; k < d->ndim; k++) {
        da__put_i32(out, d->axis_grid[k]);
        put_map(&d->map[k], out);
    }
    return out->failed ? DA_ERR_MEMORY : DA_OK;
}

/* ---- reading ---- */

static bool in_range(int64_t x, int64_t lo, int64_t hi)
{
    return lo <= x && x <= hi;
}

/* Whether that many words are still to be read: asked before memory is had for them. */
static bool has_words(const struct da__bytes *in, int64_t n)
{
    return !in->failed && n >= 0 && n <= (in->nbytes - in->at) / (int64_t)sizeof(int64_t);
}

/* An engine set's run: ids are ints, the invariant of runs holds. */
static bool run_is_valid(const struct da__run *run)
{
    if (!in_range(run->start, 0, INT32_MAX) || !in_range(run->count, 1, INT32_MAX) ||
        !in_range(run->reps, 1, INT32_MAX) || !in_range(run->step, -INT32_MAX, INT32_MAX) ||
        !in_range(run->stride, -INT32_MAX, INT32_MAX) || run->step == 0)
        return false;
    int64_t inner = run->step * (run->count - 1), outer = run->stride * (run->reps - 1);
    int64_t hull = inner < 0 ? -inner : inner,
            stride = run->stride < 0 ? -run->stride : run->stride;
    if (run->reps > 1 && stride <= hull)
        return false;
    return in_range(run->start + inner, 0, INT32_MAX) &&
           in_range(run->start + outer, 0, INT32_MAX) &&
           in_range(run->start + inner + outer, 0, INT32_MAX);
}

static da_status get_engines(struct da__bytes *in, struct da__dist *d)
{
    int64_t nruns = da__get_i64(in);
    if (!in_range(nruns, 1, INT32_MAX) || !has_words(in, nruns * 5))
        return DA_ERR_FORMAT;
    for (int64_t k = 0; k < nruns; k++) {
        struct da__run run;
        da__get_bytes(in, &run, sizeof run);
        if (!run_is_valid(&run))
            return DA_ERR_FORMAT;
        DA_TRY(da__set_push(&d->engines, run));
        if (d->engines.nelem > INT32_MAX)
            return DA_ERR_FORMAT;
    }
    return DA_OK;
}

static da_status get_grid(struct da__bytes *in, struct da__dist *d)
{
    d->offset = da__get_i64(in);
    for (int g = 0; g < d->ngrid; g++) {
        int64_t size = da__get_i64(in), stride = da__get_i64(in);
        if (!in_range(size, 1, INT32_MAX) || !in_range(stride, 1, INT32_MAX))
            return DA_ERR_FORMAT;
        d->grid[g] = (int)size;
        d->grid_stride[g] = stride;
    }
    DA_TRY(get_engines(in, d));
    int64_t span = 0; /* what the dimensions behind can add up to */
    for (int g = d->ngrid - 1; g >= 0; g--) {
        if (d->grid[g] > 1 && d->grid_stride[g] <= span)
            return DA_ERR_FORMAT;
        span += (d->grid[g] - 1) * d->grid_stride[g];
        if (span > INT32_MAX)
            return DA_ERR_FORMAT;
    }
    bool fits = in_range(d->offset, 0, INT32_MAX) && d->offset + span < d->engines.nelem;
    return fits ? DA_OK : DA_ERR_FORMAT;
}

static bool alignment_is_valid(const struct da__map *m)
{
    int64_t last;
    if (m->size < 0 || m->count < 0 || m->step == 0)
        return false;
    if (m->count == 0)
        return m->start == 0 && m->step == 1;
    return da__mul_i64(m->step, m->count - 1, &last) && da__add_i64(last, m->start, &last) &&
           in_range(m->start, 0, m->size - 1) && in_range(last, 0, m->size - 1);
}

static bool fits_grid(const struct da__dist *d, int axis, const struct da__map *m)
{
    int g = d->axis_grid[axis];
    if (m->kind == DA__MAP_N || g == -1)
        return g == -1 && m->parts == 1;
    if (!in_range(g, 0, d->ngrid - 1) || m->parts != d->grid[g])
        return false;
    for (int k = 0; k < axis; k++) {
        if (d->axis_grid[k] == g)
            return false;
    }
    return true;
}

static da_status get_bounds(struct da__bytes *in, struct da__map *m)
{
    int64_t n = (int64_t)m->parts + 1, before = 0;
    if (!has_words(in, n))
        return DA_ERR_FORMAT;
    struct da__bytes ahead = *in;
    for (int64_t k = 0; k < n; k++) {
        int64_t bound = da__get_i64(&ahead);
        if (bound < before || (k == 0 && bound != 0) || (k == n - 1 && bound != m->size))
            return DA_ERR_FORMAT;
        before = bound;
    }
    int64_t *bounds = da__calloc((size_t)n, sizeof *bounds);
    if (bounds == NULL)
        return DA_ERR_MEMORY;
    da__get_bytes(in, bounds, sizeof *bounds * (size_t)n);
    m->bounds = da__bounds_make(bounds, n);
    da__free(bounds);
    return m->bounds != NULL ? DA_OK : DA_ERR_MEMORY;
}

static da_status get_padding(struct da__bytes *in, struct da__map *m)
{
    int64_t word[6];
    da__get_bytes(in, word, sizeof word);
    for (int k = 0; k < 4; k++) {
        if (in->failed || !in_range(word[k], 0, m->size))
            return DA_ERR_FORMAT;
    }
    int64_t n = word[5];
    bool fits = m->kind == DA__MAP_B && da__map_is_whole(m) && in_range(word[4], 0, 1) &&
                (n == 0 || (n == m->parts - 1 && word[0] == 0 && word[1] == 0));
    if (!fits || !has_words(in, n))
        return DA_ERR_FORMAT;
    int64_t *cut = da__calloc((size_t)n, sizeof *cut);
    if (cut == NULL)
        return DA_ERR_MEMORY;
    da__get_bytes(in, cut, (size_t)n * sizeof *cut);
    da_status status = DA_OK;
    for (int64_t k = 0; k < n; k++)
        status = in_range(cut[k], 0, m->size) ? status : DA_ERR_FORMAT;
    struct da__map_spec spec = {.padding = {word[0], word[1]},
                                .boundary = {word[2], word[3]},
                                .periodic = word[4] != 0,
                                .ncuts = n,
                                .cut = cut};
    if (status == DA_OK && !da__padding_make(&spec, m->parts, &m->padding))
        status = DA_ERR_MEMORY;
    da__free(cut);
    if (status == DA_OK && (m->padding == NULL || da__padding_check(m, "", NULL) != DA_OK))
        status = DA_ERR_FORMAT;
    return status;
}

static da_status get_lists(struct da__bytes *in, struct da__map *m)
{
    if (!has_words(in, m->parts))
        return DA_ERR_FORMAT;
    int64_t total = 0;
    da_status status = DA_ERR_MEMORY;
    int64_t *nelem = da__calloc((size_t)m->parts, sizeof *nelem), *index = NULL;
    const int64_t **list = da__calloc((size_t)m->parts, sizeof *list);
    if (nelem == NULL || list == NULL)
        goto done;
    da__get_bytes(in, nelem, sizeof *nelem * (size_t)m->parts);
    status = DA_ERR_FORMAT;
    for (int p = 0; p < m->parts; p++) {
        if (nelem[p] < 0 || !da__add_i64(total, nelem[p], &total))
            goto done;
    }
    if (total != m->size || !has_words(in, total))
        goto done;
    status = DA_ERR_MEMORY;
    index = da__calloc((size_t)total, sizeof *index);
    if (index == NULL)
        goto done;
    da__get_bytes(in, index, sizeof *index * (size_t)total);
    total = 0;
    for (int p = 0; p < m->parts; p++) {
        list[p] = index + total;
        total += nelem[p];
    }
    status = da__lists_make(m->size, m->parts, nelem, list, "lists", &m->lists, NULL);
    if (status == DA_ERR_DISTRIBUTION)
        status = DA_ERR_FORMAT;
done:
    da__free(nelem);
    da__free(list);
    da__free(index);
    return status;
}

static da_status get_map(struct da__bytes *in, struct da__dist *d, int axis)
{
    int64_t word[9];
    d->axis_grid[axis] = da__get_i32(in);
    da__get_bytes(in, word, sizeof word);
    if (in->failed || !in_range(word[0], DA__MAP_N, DA__MAP_U) || !in_range(word[1], 1, INT32_MAX))
        return DA_ERR_FORMAT;
    struct da__map m = {.kind = (enum da__map_kind)word[0],
                        .parts = (int)word[1],
                        .size = word[2],
                        .start = word[3],
                        .step = word[4],
                        .count = word[5],
                        .block = word[6]};
    bool irregular = word[7] != 0;
    if (!alignment_is_valid(&m) || !fits_grid(d, axis, &m) ||
        !in_range(m.block, 1, DA__MAX_PERIOD / m.parts) || (irregular && m.kind != DA__MAP_B))
        return DA_ERR_FORMAT;
    da_status status = irregular ? get_bounds(in, &m) : DA_OK;
    if (status == DA_OK && word[8] != 0)
        status = get_padding(in, &m);
    if (status == DA_OK && m.kind == DA__MAP_U)
        status = get_lists(in, &m);
    d->map[axis] = m; /* what it shares is dropped with the distribution */
    return status;
}

static da_status get_dist(struct da__bytes *in, int ngrid, struct da__dist *d)
{
    d->ngrid = ngrid;
    DA_TRY(get_grid(in, d));
    for (int k = 0; k < d->ndim; k++)
        DA_TRY(get_map(in, d, k));
    return in->failed ? DA_ERR_FORMAT : DA_OK;
}

da_status da__dist_read(struct da__bytes *in, const struct da__dist **out)
{
    int32_t ndim = da__get_i32(in), ngrid = da__get_i32(in);
    if (in->failed || !in_range(ndim, 0, DA_MAX_NDIM) || !in_range(ngrid, 0, DA_MAX_NDIM))
        return DA_ERR_FORMAT;
    struct da__dist *d = da__dist_alloc(ndim);
    if (d == NULL)
        return DA_ERR_MEMORY;
    da_status status = get_dist(in, ngrid, d);
    if (status != DA_OK) {
        da__dist_drop(d);
        return status;
    }
    *out = d;
    return DA_OK;
}
