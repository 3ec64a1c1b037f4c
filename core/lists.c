/* What maps share by reference count: explicit index lists and irregular bounds. */
#include "map.h"
#include "padding.h"

#include <string.h>

/* ---- index lists ---- */

static void lists_free(struct da__lists *l)
{
    da__free(l->begin);
    da__free(l->index);
    da__free(l->where);
    da__free(l);
}

static struct da__lists *lists_alloc(int64_t size, int parts)
{
    struct da__lists *l = da__calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    *l = (struct da__lists){.refs = 1, .parts = parts, .size = size};
    l->begin = da__calloc((size_t)parts + 1, sizeof *l->begin);
    l->index = da__calloc((size_t)size, sizeof *l->index);
    l->where = da__calloc((size_t)size, sizeof *l->where);
    if (l->begin == NULL || l->index == NULL || l->where == NULL) {
        lists_free(l);
        return NULL;
    }
    return l;
}

static da_status check_total(int64_t size, int parts, const int64_t *nelem, const char *what,
                             struct da__error *err)
{
    int64_t total = 0;
    for (int p = 0; p < parts; p++) {
        if (nelem[p] < 0 || !da__add_i64(total, nelem[p], &total))
            return da__fail(err, DA_ERR_DISTRIBUTION, "%s: list %d has %lld indices", what, p,
                            (long long)nelem[p]);
    }
    /* Too few may still be told by the missing index, too many need not be stored. */
    if (total > size)
        return da__fail(err, DA_ERR_DISTRIBUTION, "%s: the lists have %lld indices, the axis %lld",
                        what, (long long)total, (long long)size);
    return DA_OK;
}

/* Copies one list to `at`; every index is in range and new. */
static da_status fill_list(struct da__lists *l, int part, int64_t at, const int64_t *list,
                           int64_t n, const char *what, struct da__error *err)
{
    for (int64_t k = 0; k < n; k++) {
        int64_t index = list[k];
        if (index < 0 || index >= l->size)
            return da__fail(err, DA_ERR_DISTRIBUTION,
                            "%s: index %lld of list %d is outside of 0 to %lld", what,
                            (long long)index, part, (long long)l->size - 1);
        if (l->where[index] >= 0)
            return da__fail(err, DA_ERR_DISTRIBUTION, "%s: index %lld is listed twice", what,
                            (long long)index);
        l->where[index] = at + k;
        l->index[at + k] = index;
    }
    return DA_OK;
}

static da_status fill(struct da__lists *l, const int64_t *nelem, const int64_t *const *list,
                      const char *what, struct da__error *err)
{
    memset(l->where, -1, sizeof *l->where * (size_t)l->size);
    for (int p = 0; p < l->parts; p++) {
        DA_TRY(fill_list(l, p, l->begin[p], list[p], nelem[p], what, err));
        l->begin[p + 1] = l->begin[p] + nelem[p];
    }
    for (int64_t index = 0; index < l->size; index++) {
        if (l->where[index] < 0)
            return da__fail(err, DA_ERR_DISTRIBUTION, "%s: index %lld is in no list", what,
                            (long long)index);
    }
    return DA_OK;
}

static void describe(struct da__lists *l)
{
    l->natural = l->parts == 1;
    l->hash = da__hash_init();
    da__hash_bytes(&l->hash, l->begin, sizeof *l->begin * ((size_t)l->parts + 1));
    da__hash_bytes(&l->hash, l->index, sizeof *l->index * (size_t)l->size);
    for (int64_t k = 0; k < l->size && l->natural; k++)
        l->natural = l->index[k] == k;
}

da_status da__lists_make(int64_t size, int parts, const int64_t *nelem, const int64_t *const *list,
                         const char *what, const struct da__lists **out, struct da__error *err)
{
    DA_TRY(check_total(size, parts, nelem, what, err));
    struct da__lists *l = lists_alloc(size, parts);
    if (l == NULL)
        return da__fail(err, DA_ERR_MEMORY, "%s: no memory for %lld indices", what,
                        (long long)size);
    da_status status = fill(l, nelem, list, what, err);
    if (status != DA_OK) {
        lists_free(l);
        return status;
    }
    describe(l);
    *out = l;
    return DA_OK;
}

int64_t da__lists_count(const struct da__lists *l, int part)
{
    return l->begin[part + 1] - l->begin[part];
}

int64_t da__lists_get(const struct da__lists *l, int part, int64_t position)
{
    return l->index[l->begin[part] + position];
}

/* ---- bounds ---- */

/* A map points at `bound`, the count is in front of it. */
struct bounds {
    int refs; /* atomic */
    int64_t bound[];
};

static struct bounds *bounds_of(const int64_t *bound)
{
    return (struct bounds *)(uintptr_t)((const char *)bound - offsetof(struct bounds, bound));
}

const int64_t *da__bounds_make(const int64_t *bounds, int64_t n)
{
    size_t nbytes;
    if (!da__mul_size((size_t)n, sizeof *bounds, &nbytes) || nbytes > SIZE_MAX / 2)
        return NULL;
    struct bounds *b = da__alloc(sizeof *b + nbytes);
    if (b == NULL)
        return NULL;
    b->refs = 1;
    memcpy(b->bound, bounds, nbytes);
    return b->bound;
}

/* ---- sharing ---- */

void da__map_keep(const struct da__map *m)
{
    if (m->lists != NULL)
        __atomic_add_fetch(&((struct da__lists *)(uintptr_t)m->lists)->refs, 1, __ATOMIC_RELAXED);
    if (m->bounds != NULL)
        __atomic_add_fetch(&bounds_of(m->bounds)->refs, 1, __ATOMIC_RELAXED);
    da__padding_keep(m->padding);
}

void da__map_drop(const struct da__map *m)
{
    struct da__lists *lists = (struct da__lists *)(uintptr_t)m->lists;
    if (lists != NULL && __atomic_sub_fetch(&lists->refs, 1, __ATOMIC_ACQ_REL) == 0)
        lists_free(lists);
    if (m->bounds != NULL) {
        struct bounds *b = bounds_of(m->bounds);
        if (__atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL) == 0)
            da__free(b);
    }
    da__padding_drop(m->padding);
}
