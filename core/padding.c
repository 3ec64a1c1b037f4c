/* Halos of block maps: their widths, checks, and what a coordinate stores beyond what it owns.
 *
 * A coordinate owns its block, the core, and stores around it copies of its neighbours' elements. In local order these are
 * the left halo, the core, the right halo. Every element has one owner whatever the halos are; a halo only spares messages. */
#include "padding.h"
#include "map.h"

#include <string.h>

/* ---- making ---- */

static bool is_even(const struct da__map_spec *s)
{
    for (int64_t k = 1; k < s->ncuts; k++)
        if (s->cut[k] != s->cut[0])
            return false;
    return true;
}

bool da__padding_make(const struct da__map_spec *s, int parts, const struct da__padding **out)
{
    struct da__padding p = {.refs = 1,
                            .left = s->padding[0],
                            .right = s->padding[1],
                            .first = s->boundary[0],
                            .last = s->boundary[1],
                            .periodic = s->periodic};
    int64_t ncuts = s->ncuts;
    *out = NULL;
    if (ncuts > 0 && is_even(s)) {
        p.left = p.right = s->cut[0];
        ncuts = 0;
    }
    if (p.periodic && p.first == 0 && p.last == 0) {
        p.first = p.left;
        p.last = p.right;
    }
    if (ncuts > 0 || parts == 1)
        p.left = p.right = 0;
    p.ncuts = (int)ncuts;
    if (ncuts == 0 && (p.left | p.right | p.first | p.last) == 0 && !p.periodic)
        return true;
    struct da__padding *own = da__alloc(sizeof *own + (size_t)ncuts * sizeof *own->cut);
    if (own == NULL)
        return false;
    *own = p;
    if (ncuts > 0)
        memcpy(own->cut, s->cut, (size_t)ncuts * sizeof *own->cut);
    *out = own;
    return true;
}

static int *refs_of(const struct da__padding *p)
{
    return (int *)(uintptr_t)&p->refs;
}

void da__padding_keep(const struct da__padding *p)
{
    if (p != NULL)
        __atomic_add_fetch(refs_of(p), 1, __ATOMIC_RELAXED);
}

void da__padding_drop(const struct da__padding *p)
{
    if (p != NULL && __atomic_sub_fetch(refs_of(p), 1, __ATOMIC_ACQ_REL) == 0)
        da__free((void *)(uintptr_t)p);
}

bool da__padding_equal(const struct da__padding *a, const struct da__padding *b)
{
    if (a == NULL || b == NULL || a == b)
        return a == b;
    return a->left == b->left && a->right == b->right && a->first == b->first &&
           a->last == b->last && a->periodic == b->periodic && a->ncuts == b->ncuts &&
           memcmp(a->cut, b->cut, (size_t)a->ncuts * sizeof *a->cut) == 0;
}

void da__padding_hash(const struct da__padding *p, struct da__hash *h)
{
    if (p == NULL)
        return;
    const int64_t word[] = {p->left, p->right, p->first, p->last, p->periodic, p->ncuts};
    for (size_t k = 0; k < sizeof word / sizeof *word; k++)
        da__hash_i64(h, word[k]);
    da__hash_bytes(h, p->cut, (size_t)p->ncuts * sizeof *p->cut);
}

/* ---- widths ---- */

void da__map_padding(const struct da__map *m, int part, int64_t *left, int64_t *right)
{
    const struct da__padding *p = m->padding;
    *left = *right = 0;
    if (p == NULL)
        return;
    *left = part == 0 ? p->first : p->ncuts > 0 ? p->cut[part - 1] : p->left;
    *right = part == m->parts - 1 ? p->last : p->ncuts > 0 ? p->cut[part] : p->right;
}

void da__map_padding_spec(const struct da__map *m, struct da__map_spec *out)
{
    const struct da__padding *p = m->padding;
    if (p == NULL)
        return;
    out->padding[0] = p->left;
    out->padding[1] = p->right;
    out->boundary[0] = p->first;
    out->boundary[1] = p->last;
    out->periodic = p->periodic;
    out->ncuts = p->ncuts;
    out->cut = p->ncuts > 0 ? p->cut : NULL;
}

bool da__map_periodic(const struct da__map *m)
{
    return m->padding != NULL && m->padding->periodic;
}

/* The padding that lies outside of the core: at the ends of an axis that is not periodic it is inside. */
static void halo(const struct da__map *m, int part, int64_t *left, int64_t *right)
{
    da__map_padding(m, part, left, right);
    if (da__map_periodic(m))
        return;
    if (part == 0)
        *left = 0;
    if (part == m->parts - 1)
        *right = 0;
}

/* ---- checks ---- */

static int64_t block_of(const struct da__map *m, int part)
{
    part = (int)da__floor_mod(part, m->parts);
    return da__map_bound(m, part + 1) - da__map_bound(m, part);
}

static da_status check_part(const struct da__map *m, int part, const char *what,
                            struct da__error *err)
{
    int64_t left, right;
    da__map_padding(m, part, &left, &right);
    bool inside_left = part == 0 && !m->padding->periodic;
    bool inside_right = part == m->parts - 1 && !m->padding->periodic;
    int64_t before = block_of(m, inside_left ? part : part - 1);
    int64_t behind = block_of(m, inside_right ? part : part + 1);
    if (left > before)
        return da__fail(err, DA_ERR_DISTRIBUTION,
                        "%s: padding of %lld to the left of part %d is wider than the block of "
                        "%lld that holds it",
                        what, (long long)left, part, (long long)before);
    if (right > behind)
        return da__fail(err, DA_ERR_DISTRIBUTION,
                        "%s: padding of %lld to the right of part %d is wider than the block of "
                        "%lld that holds it",
                        what, (long long)right, part, (long long)behind);
    if (inside_left && inside_right && left > before - right)
        return da__fail(err, DA_ERR_DISTRIBUTION,
                        "%s: boundary padding of %lld and %lld is more than the %lld indices of "
                        "the axis",
                        what, (long long)left, (long long)right, (long long)before);
    return DA_OK;
}

da_status da__padding_check(const struct da__map *m, const char *what, struct da__error *err)
{
    if (m->size > INT64_MAX / 4) /* so that halos and cores can be added up */
        return da__fail(err, DA_ERR_DISTRIBUTION, "%s: padding for an extent of %lld", what,
                        (long long)m->size);
    /* Balanced blocks with the same widths everywhere: the shortest neighbours are at the end. */
    bool even = m->bounds == NULL && m->padding->ncuts == 0;
    for (int part = 0; part < m->parts; part++) {
        if (even && part == 1 && part < m->parts - 2)
            part = m->parts - 2;
        DA_TRY(check_part(m, part, what, err));
    }
    return DA_OK;
}

/* ---- what is stored ---- */

int64_t da__map_stored_count(const struct da__map *m, int part)
{
    int64_t left, right;
    halo(m, part, &left, &right);
    return left + da__map_local_count(m, part) + right;
}

/* Up to three intervals in local order; `at` is the place of the first one. `once`: without the second copy of an index that
 * lies in both halos, or in a halo of its own core; the places stay contiguous. */
static da_status stored_set(const struct da__map *m, int part, bool once, struct da__index_set *out,
                            int64_t *at)
{
    int64_t left, right, lo = da__map_bound(m, part), hi = da__map_bound(m, part + 1);
    halo(m, part, &left, &right);
    int64_t before = part > 0 ? lo : m->size, behind = part < m->parts - 1 ? hi : 0;
    *at = 0;
    if (once && m->parts == 1) {
        *at = left;
        left = right = 0;
    }
    if (once && m->parts == 2) { /* one neighbour on both sides of a periodic axis */
        int64_t room = block_of(m, part + 1) - left;
        right = right < room ? right : room;
    }
    da_status status = da__set_range(out, before - left, 1, left);
    if (status == DA_OK)
        status = da__set_push(out, (struct da__run){lo, 1, hi - lo, 0, 1});
    if (status == DA_OK)
        status = da__set_push(out, (struct da__run){behind, 1, right, 0, 1});
    if (status != DA_OK)
        da__set_free(out);
    return status;
}

da_status da__map_stored(const struct da__map *m, int part, struct da__index_set *out)
{
    int64_t at;
    return m->padding == NULL ? da__map_owned(m, part, out) : stored_set(m, part, false, out, &at);
}

da_status da__map_share(const struct da__map *m, int part, int reader, struct da__index_set *out,
                        int64_t *at)
{
    *at = 0;
    if (m->padding == NULL)
        return da__map_owned(m, part, out);
    if (part == reader)
        return stored_set(m, part, true, out, at);
    int64_t left, right, before = 0, behind = 0, lo = da__map_bound(m, part),
                         hi = da__map_bound(m, part + 1);
    if (reader >= 0) {
        halo(m, reader, &left, &right);
        before = (reader + 1) % m->parts == part ? right : 0;
        behind = (part + 1) % m->parts == reader ? left : 0;
    }
    halo(m, part, &left, &right);
    *at = left + before;
    int64_t count = hi - behind - (lo + before);
    return da__set_range(out, lo + before, 1, count > 0 ? count : 0);
}

struct da__run da__map_holders_of(const struct da__map *m, const struct da__index_set *s)
{
    struct da__run r = da__map_owners_of(m, s);
    if (m->padding == NULL || r.count == 0)
        return r;
    int64_t low = r.start - 1, high = r.start + r.step * (r.count - 1) + 1;
    if (!m->padding->periodic) {
        low = low < 0 ? 0 : low;
        high = high > m->parts - 1 ? m->parts - 1 : high;
    }
    if (high - low >= m->parts)
        return (struct da__run){0, 1, m->parts, 0, 1};
    return (struct da__run){low, 1, high - low + 1, 0, 1};
}

/* ---- distributions ---- */

bool da__dist_padded(const struct da__dist *d)
{
    for (int k = 0; k < d->ndim; k++)
        if (d->map[k].padding != NULL)
            return true;
    return false;
}

da_status da__dist_unpadded(const struct da__dist *d, const struct da__dist **out)
{
    if (!da__dist_padded(d)) {
        *out = da__dist_keep(d);
        return DA_OK;
    }
    struct da__view same;
    int64_t shape[DA_MAX_NDIM];
    for (int k = 0; k < d->ndim; k++)
        shape[k] = d->map[k].count;
    da__view_identity(d->ndim, &same);
    return da__dist_view(d, &same, shape, out);
}

static bool same_grid(const struct da__dist *a, const struct da__dist *b)
{
    if (a->ngrid != b->ngrid || a->offset != b->offset || a->engines.nruns != b->engines.nruns)
        return false;
    for (int g = 0; g < a->ngrid; g++)
        if (a->grid[g] != b->grid[g] || a->grid_stride[g] != b->grid_stride[g])
            return false;
    return memcmp(a->engines.run, b->engines.run,
                  (size_t)a->engines.nruns * sizeof *a->engines.run) == 0;
}

int da__dist_reader(const struct da__dist *base, int axis, const struct da__dist *space,
                    int space_axis, int part)
{
    if (base->map[axis].padding == NULL || space_axis < 0 || base->axis_grid[axis] < 0 ||
        base->axis_grid[axis] != space->axis_grid[space_axis] || !same_grid(base, space))
        return -1;
    return part;
}

/* ---- as text ---- */

static void skip_spaces(const char **at)
{
    *at += strspn(*at, " ");
}

static bool take(const char **at, const char *word)
{
    size_t n = strlen(word);
    skip_spaces(at);
    if (strncmp(*at, word, n) != 0)
        return false;
    *at += n;
    return true;
}

static bool take_number(const char **at, int64_t *out)
{
    skip_spaces(at);
    int64_t value = 0;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; ++*at)
        if (!da__mul_i64(value, 10, &value) || !da__add_i64(value, **at - '0', &value))
            return false;
    *out = value;
    return true;
}

/* "2" for both sides, or "[2,0]". */
static bool take_pair(const char **at, int64_t *pair)
{
    if (take(at, "["))
        return take_number(at, &pair[0]) && take(at, ",") && take_number(at, &pair[1]) &&
               take(at, "]");
    if (!take_number(at, &pair[0]))
        return false;
    pair[1] = pair[0];
    return true;
}

bool da__padding_read(const char **at, struct da__map_spec *out)
{
    do {
        if (take(at, "periodic"))
            out->periodic = true;
        else if (take(at, "pad=") ? !take_pair(at, out->padding)
                                  : !take(at, "boundary=") || !take_pair(at, out->boundary))
            return false;
    } while (take(at, ","));
    return take(at, ")");
}
