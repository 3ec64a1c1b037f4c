/* NumPy's indexing: resolving its basic form against a shape, and reading its text. */
#include "da_core.h"

#include <ctype.h>
#include <string.h>

/* ---- resolving ---- */

/* A bound as Python clamps it: negative ones count from the end, and what is outside goes to the
 * nearest of lo, hi. */
static int64_t clamp_bound(int64_t bound, int64_t extent, int64_t lo, int64_t hi)
{
    if (bound < 0)
        bound = bound < -extent ? lo : bound + extent;
    return bound < lo ? lo : bound > hi ? hi : bound;
}

int64_t da__slice_resolve(int64_t extent, const struct da__index_item *slice, int64_t *start,
                          int64_t *step)
{
    int64_t by = slice->has_step ? slice->step : 1;
    if (by == INT64_MIN)
        by = -INT64_MAX; /* selects the same, and can be negated */
    int64_t lo = by > 0 ? 0 : -1;
    int64_t hi = by > 0 ? extent : extent - 1;
    int64_t from = by > 0 ? lo : hi, to = by > 0 ? hi : lo;
    if (slice->has_start)
        from = clamp_bound(slice->start, extent, lo, hi);
    if (slice->has_stop)
        to = clamp_bound(slice->stop, extent, lo, hi);
    *start = from;
    *step = by;
    if (by > 0)
        return to > from ? (to - from - 1) / by + 1 : 0;
    return from > to ? (from - to - 1) / -by + 1 : 0;
}

/* What resolving builds up: the view and the shape, and the next base axis. */
struct resolver {
    const int64_t *base;
    struct da__view *view;
    int64_t *shape;
    int at;   /* next base axis */
    int ndim; /* axes of the result so far */
};

static da_status resolve_int(struct resolver *r, int64_t index, struct da__error *err)
{
    int b = r->at++;
    int64_t extent = r->base[b];
    if (index < -extent || index >= extent)
        return da__fail(err, DA_ERR_INDEX, "index %lld is out of bounds for axis %d of size %lld",
                        (long long)index, b, (long long)extent);
    r->view->axis[b] = -1;
    r->view->offset[b] = index < 0 ? index + extent : index;
    r->view->step[b] = 0;
    return DA_OK;
}

static da_status resolve_slice(struct resolver *r, const struct da__index_item *item,
                               struct da__error *err)
{
    if (item->has_step && item->step == 0)
        return da__fail(err, DA_ERR_ARGUMENT, "the slice step of axis %d is zero", r->at);
    int b = r->at++, k = r->ndim++;
    int64_t start, step;
    int64_t count = da__slice_resolve(r->base[b], item, &start, &step);
    r->shape[k] = count;
    r->view->axis[b] = k;
    /* A step that is never taken is 1: equal views look equal, and steps of views of views cannot
     * overflow. */
    r->view->offset[b] = count > 0 ? start : 0;
    r->view->step[b] = count > 1 ? step : 1;
    return DA_OK;
}

static da_status resolve_all(struct resolver *r, int naxes, struct da__error *err)
{
    const struct da__index_item all = {.kind = DA__INDEX_SLICE};
    for (; naxes > 0; naxes--)
        DA_TRY(resolve_slice(r, &all, err));
    return DA_OK;
}

static da_status count_items(int base_ndim, int nitems, const struct da__index_item *item,
                             int *nused, struct da__error *err)
{
    int used = 0, ellipses = 0, ints = 0, fresh = 0;
    for (int k = 0; k < nitems; k++) {
        ints += item[k].kind == DA__INDEX_INT;
        used += item[k].kind == DA__INDEX_INT || item[k].kind == DA__INDEX_SLICE;
        ellipses += item[k].kind == DA__INDEX_ELLIPSIS;
        fresh += item[k].kind == DA__INDEX_NEWAXIS;
    }
    if (ellipses > 1)
        return da__fail(err, DA_ERR_INDEX, "an index can have only one ellipsis, not %d", ellipses);
    if (used > base_ndim)
        return da__fail(err, DA_ERR_INDEX, "too many indices: %d for %d dimension%s", used,
                        base_ndim, base_ndim == 1 ? "" : "s");
    if (base_ndim - ints + fresh > DA_MAX_NDIM)
        return da__fail(err, DA_ERR_INDEX,
                        "the result would have %d dimensions, at most %d are possible",
                        base_ndim - ints + fresh, DA_MAX_NDIM);
    *nused = used;
    return DA_OK;
}

da_status da__index_resolve(int base_ndim, const int64_t *base, int nitems,
                            const struct da__index_item *item, struct da__view *view, int *ndim,
                            int64_t *shape, struct da__error *err)
{
    int nused = 0;
    DA_TRY(count_items(base_ndim, nitems, item, &nused, err));
    *view = (struct da__view){.base_ndim = base_ndim};
    struct resolver r = {.base = base, .view = view, .shape = shape};
    for (int k = 0; k < nitems; k++) {
        switch (item[k].kind) {
        case DA__INDEX_INT:
            DA_TRY(resolve_int(&r, item[k].start, err));
            break;
        case DA__INDEX_SLICE:
            DA_TRY(resolve_slice(&r, &item[k], err));
            break;
        case DA__INDEX_ELLIPSIS:
            DA_TRY(resolve_all(&r, base_ndim - nused, err));
            break;
        case DA__INDEX_NEWAXIS:
            r.shape[r.ndim++] = 1;
            break;
        case DA__INDEX_ARRAY:
            return da__fail(err, DA_ERR_INDEX, "index arrays are not offered here");
        }
    }
    DA_TRY(resolve_all(&r, base_ndim - r.at, err)); /* axes that no item names are taken whole */
    view->ndim = *ndim = r.ndim;
    return DA_OK;
}

/* ---- reading ---- */

struct reader {
    const char *text, *at;
    struct da__error *err;
};

static void skip_space(struct reader *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
}

static da_status syntax_error(const struct reader *r, const char *expected)
{
    char found[16] = "the end";
    if (*r->at != '\0') {
        memcpy(found, "'x'", 4);
        found[1] = *r->at;
    }
    return da__fail(r->err, DA_ERR_FORMAT, "index \"%s\", column %d: expected %s, found %s",
                    r->text, (int)(r->at - r->text) + 1, expected, found);
}

static bool accept(struct reader *r, const char *word)
{
    size_t length = strlen(word);
    skip_space(r);
    if (strncmp(r->at, word, length) != 0)
        return false;
    if (isalpha((unsigned char)word[0]) &&
        (isalnum((unsigned char)r->at[length]) || r->at[length] == '_'))
        return false;
    r->at += length;
    return true;
}

/* An optional integer: `found` tells. */
static da_status read_int(struct reader *r, bool *found, int64_t *out)
{
    skip_space(r);
    const char *start = r->at;
    bool minus = *r->at == '-';
    int64_t value = 0;
    *found = false;
    if (*r->at == '-' || *r->at == '+') {
        r->at++;
        skip_space(r);
        if (!isdigit((unsigned char)*r->at))
            return syntax_error(r, "an integer");
    }
    for (; isdigit((unsigned char)*r->at); r->at++) {
        int digit = *r->at - '0';
        *found = true;
        if (!da__mul_i64(value, 10, &value) ||
            !da__add_i64(value, minus ? -digit : digit, &value)) {
            r->at = start;
            return syntax_error(r, "an integer of 64 bits");
        }
    }
    *out = value;
    return DA_OK;
}

static da_status read_slice_or_int(struct reader *r, struct da__index_item *item)
{
    DA_TRY(read_int(r, &item->has_start, &item->start));
    if (!accept(r, ":")) {
        item->kind = DA__INDEX_INT;
        return item->has_start ? DA_OK : syntax_error(r, "an integer, a slice, '...' or None");
    }
    item->kind = DA__INDEX_SLICE;
    DA_TRY(read_int(r, &item->has_stop, &item->stop));
    if (accept(r, ":"))
        DA_TRY(read_int(r, &item->has_step, &item->step));
    return DA_OK;
}

static da_status read_array_number(struct reader *r, struct da__index_item *item)
{
    bool found;
    item->kind = DA__INDEX_ARRAY;
    DA_TRY(read_int(r, &found, &item->start));
    return found && item->start >= 0 ? DA_OK : syntax_error(r, "the number of an index array");
}

static da_status read_item(struct reader *r, struct da__index_item *item)
{
    *item = (struct da__index_item){.kind = DA__INDEX_ELLIPSIS};
    if (accept(r, "..."))
        return DA_OK;
    item->kind = DA__INDEX_NEWAXIS;
    if (accept(r, "None") || accept(r, "newaxis"))
        return DA_OK;
    if (accept(r, "@"))
        return read_array_number(r, item);
    return read_slice_or_int(r, item);
}

da_status da__index_parse(const char *text, int cap, struct da__index_item *item, int *nitems,
                          struct da__error *err)
{
    struct reader r = {text, text, err};
    *nitems = 0;
    skip_space(&r);
    while (*r.at != '\0') {
        if (*nitems == cap)
            return da__fail(err, DA_ERR_INDEX, "index \"%s\" has more than %d items", text, cap);
        DA_TRY(read_item(&r, &item[(*nitems)++]));
        bool comma = accept(&r, ",");
        skip_space(&r);
        if (!comma && *r.at != '\0')
            return syntax_error(&r, "',' or the end");
    }
    return DA_OK;
}
