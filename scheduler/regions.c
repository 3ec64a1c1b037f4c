/* Regions: products of positions that travel once and serve all operands and later steps that need them. Owner and reader build
 * them from the same needs in the same order, so that nothing has to be agreed upon. */
#include "exchange.h"

#include "engine.h"

#include <string.h>

/* A region of at least this size that lies dense in the owner's part is sent from there. */
enum { BARE_NBYTES = 1 << 20 };

/* ---- positions along one axis ---- */

/* An element that is needed twice, in both halos, makes no line. */
static bool is_line(const struct da__match_list *l)
{
    return l->n == 1 && l->m[0].reps == 1 && (l->m[0].count == 1 || l->m[0].step_b != 0);
}

static bool same_positions(const struct da__match_list *x, const struct da__match_list *y)
{
    if (x->n != y->n || x->nelem != y->nelem)
        return false;
    for (int i = 0; i < x->n; i++) {
        const struct da__match *p = &x->m[i], *q = &y->m[i];
        if (p->b != q->b || p->count != q->count || p->reps != q->reps ||
            (p->count > 1 && p->step_b != q->step_b) || (p->reps > 1 && p->stride_b != q->stride_b))
            return false;
    }
    return true;
}

static void match_hull(const struct da__match *m, int64_t *low, int64_t *high)
{
    int64_t inner = m->step_b * (m->count - 1), outer = m->stride_b * (m->reps - 1);
    *low = m->b + (inner < 0 ? inner : 0) + (outer < 0 ? outer : 0);
    *high = m->b + (inner > 0 ? inner : 0) + (outer > 0 ? outer : 0);
}

/* The progression through all positions of both lists. */
struct line {
    int64_t low, high, step; /* step 0: a single position */
};

static void line_add(struct line *line, const struct da__match_list *l)
{
    for (int i = 0; i < l->n; i++) {
        const struct da__match *m = &l->m[i];
        int64_t low, high;
        match_hull(m, &low, &high);
        if (line->high < line->low)
            *line = (struct line){low, high, 0};
        int64_t apart = low - line->low;
        line->step = da__gcd(line->step, apart);
        if (m->count > 1)
            line->step = da__gcd(line->step, m->step_b);
        if (m->reps > 1)
            line->step = da__gcd(line->step, m->stride_b);
        line->low = low < line->low ? low : line->low;
        line->high = high > line->high ? high : line->high;
    }
}

static int64_t line_nelem(const struct line *line)
{
    return line->step == 0 ? 1 : (line->high - line->low) / line->step + 1;
}

static bool line_holds(const struct da__match *line, const struct da__match_list *l)
{
    int64_t step = line->count > 1 ? line->step_b : 1, last = line->b + step * (line->count - 1);
    for (int i = 0; i < l->n; i++) {
        const struct da__match *m = &l->m[i];
        int64_t low, high;
        match_hull(m, &low, &high);
        if (low < line->b || high > last || (low - line->b) % step != 0 ||
            (m->count > 1 && m->step_b % step != 0) || (m->reps > 1 && m->stride_b % step != 0))
            return false;
    }
    return true;
}

static bool axis_holds(const struct da__match_list *region, const struct da__match_list *need)
{
    return is_line(region) ? line_holds(&region->m[0], need) : same_positions(region, need);
}

/* ---- one region ---- */

static void region_free(struct da__region *r)
{
    for (int b = 0; r != NULL && b < r->base_ndim; b++)
        da__matches_free(&r->axis[b]);
    da__free(r);
}

static struct da__region *region_new(int value, int engine, int base_ndim)
{
    size_t nbytes = sizeof(struct da__region) +
                    (size_t)base_ndim * (sizeof(struct da__match_list) + sizeof(int64_t));
    struct da__region *r = da__calloc(1, nbytes);
    if (r == NULL)
        return NULL;
    *r = (struct da__region){.value = value, .engine = engine, .base_ndim = base_ndim};
    r->axis = (struct da__match_list *)(void *)(r + 1);
    r->stride = (int64_t *)(void *)(r->axis + base_ndim);
    return r;
}

static da_status push_match(struct da__match_list *l, struct da__match m)
{
    int64_t cap = l->cap;
    if (!da__grow((void **)&l->m, &cap, l->n + 1, sizeof *l->m))
        return DA_ERR_MEMORY;
    l->cap = (int)cap;
    l->nelem += m.count * m.reps;
    l->m[l->n++] = m;
    return DA_OK;
}

/* The need's positions as a region's axis: a line in ascending order where they are one, else in the order of the list. */
static da_status take_axis(const struct da__match_list *need, struct da__match_list *out)
{
    if (is_line(need)) {
        struct da__match m = need->m[0];
        m.a = 0;
        m.step_a = 1;
        if (m.step_b < 0) {
            m.b += m.step_b * (m.count - 1);
            m.step_b = -m.step_b;
        }
        return push_match(out, m);
    }
    for (int i = 0; i < need->n; i++) {
        struct da__match m = need->m[i];
        m.a = out->nelem;
        m.step_a = 1;
        m.stride_a = m.reps > 1 ? m.count : 0;
        DA_TRY(push_match(out, m));
    }
    return DA_OK;
}

/* The smallest product of lines around both; axes on which they agree stay as they are. */
static da_status widen(struct da__region *r, const struct da__region *other)
{
    for (int b = 0; b < r->base_ndim; b++) {
        if (same_positions(&r->axis[b], &other->axis[b]))
            continue;
        struct line line = {0, -1, 0};
        line_add(&line, &r->axis[b]);
        line_add(&line, &other->axis[b]);
        struct da__match m = {.b = line.low,
                              .step_a = 1,
                              .step_b = line.step > 0 ? line.step : 1,
                              .count = line_nelem(&line),
                              .reps = 1};
        da__matches_free(&r->axis[b]);
        DA_TRY(push_match(&r->axis[b], m));
    }
    return DA_OK;
}

/* Elements of that product; negative where they are too many to count. */
static int64_t widened_nelem(const struct da__region *r, const struct da__region *other)
{
    int64_t extent[DA_MAX_NDIM];
    for (int b = 0; b < r->base_ndim; b++) {
        struct line line = {0, -1, 0};
        extent[b] = r->axis[b].nelem;
        if (same_positions(&r->axis[b], &other->axis[b]))
            continue;
        line_add(&line, &r->axis[b]);
        line_add(&line, &other->axis[b]);
        extent[b] = line_nelem(&line);
    }
    return da__nelem(r->base_ndim, extent);
}

static int64_t region_nelem(const struct da__region *r)
{
    int64_t n = 1;
    for (int b = 0; b < r->base_ndim; b++)
        n *= r->axis[b].nelem;
    return n;
}

static bool region_holds(const struct da__region *r, const struct da__match_list *const *axis)
{
    for (int b = 0; b < r->base_ndim; b++)
        if (!axis_holds(&r->axis[b], axis[b]))
            return false;
    return true;
}

da_status da__region_matches(const struct da__match_list *region, const struct da__match_list *need,
                             struct da__match_list *out)
{
    da__matches_init(out);
    bool line = is_line(region);
    const struct da__match *whole = &region->m[0];
    int64_t step = line && whole->count > 1 ? whole->step_b : 1;
    for (int i = 0; i < need->n; i++) {
        struct da__match m = need->m[i];
        if (line) {
            m.b = (m.b - whole->b) / step;
            m.step_b = m.count > 1 ? m.step_b / step : 1;
            m.stride_b = m.reps > 1 ? m.stride_b / step : 0;
        } else {
            m.b = out->nelem;
            m.step_b = 1;
            m.stride_b = m.reps > 1 ? m.count : 0;
        }
        DA_TRY(push_match(out, m));
    }
    return DA_OK;
}

/* ---- the ledger ---- */

static uint32_t hash_of(int value, int engine)
{
    return (uint32_t)value * 2654435761u ^ (uint32_t)engine * 2246822519u;
}

static struct da__region_group *group_get(const struct da__ledger *l, int value, int engine)
{
    if (l->nslots == 0)
        return NULL;
    uint32_t mask = (uint32_t)(l->nslots - 1), at = hash_of(value, engine) & mask;
    for (; l->slot[at] != 0; at = (at + 1) & mask) {
        struct da__region_group *g = &l->group[l->slot[at] - 1];
        if (g->value == value && g->engine == engine)
            return g;
    }
    return NULL;
}

static bool grow_slots(struct da__ledger *l)
{
    int nslots = l->nslots > 0 ? 2 * l->nslots : 16;
    int *slot = da__calloc((size_t)nslots, sizeof *slot);
    if (slot == NULL)
        return false;
    da__free(l->slot);
    l->slot = slot;
    l->nslots = nslots;
    for (int i = 0; i < l->n; i++) {
        uint32_t at = hash_of(l->group[i].value, l->group[i].engine) & (uint32_t)(nslots - 1);
        while (slot[at] != 0)
            at = (at + 1) & (uint32_t)(nslots - 1);
        slot[at] = i + 1;
    }
    return true;
}

static struct da__region_group *group_make(struct da__ledger *l, int value, int engine)
{
    struct da__region_group *g = group_get(l, value, engine);
    if (g != NULL)
        return g;
    if ((2 * (l->n + 1) > l->nslots && !grow_slots(l)) ||
        !da__grow((void **)&l->group, &l->cap, l->n + 1, sizeof *l->group))
        return NULL;
    uint32_t mask = (uint32_t)(l->nslots - 1), at = hash_of(value, engine) & mask;
    while (l->slot[at] != 0)
        at = (at + 1) & mask;
    l->group[l->n] = (struct da__region_group){.value = value, .engine = engine, .step = -1};
    l->slot[at] = ++l->n;
    return &l->group[l->n - 1];
}

/* Joins the new region with those of the step that it holds, or that fill a product with it. */
static da_status absorb(struct da__region_group *g, struct da__region *r)
{
    for (int i = g->nearlier; i < g->n; i++) {
        struct da__region *old = g->region[i];
        int64_t both = widened_nelem(r, old);
        if (both < 0 || both > region_nelem(r) + region_nelem(old))
            continue;
        DA_TRY(widen(r, old));
        region_free(old);
        memmove(g->region + i, g->region + i + 1, (size_t)(g->n - i - 1) * sizeof *g->region);
        g->n--;
        i = g->nearlier - 1; /* the larger one may meet others now */
    }
    return DA_OK;
}

static da_status touch(struct da__ledger *l, struct da__region_group *g, int step)
{
    if (g->step == step)
        return DA_OK;
    if (!da__grow((void **)&l->touched, &l->touched_cap, l->ntouched + 1, sizeof *l->touched))
        return DA_ERR_MEMORY;
    l->touched[l->ntouched++] = (int)(g - l->group);
    g->step = step;
    g->nearlier = g->n;
    return DA_OK;
}

da_status da__ledger_need(struct da__ledger *l, int step, int value, int engine, int base_ndim,
                          size_t item, const struct da__match_list *const *axis)
{
    struct da__region_group *g = group_make(l, value, engine);
    if (g == NULL)
        return DA_ERR_MEMORY;
    for (int i = 0; i < g->n; i++)
        if (region_holds(g->region[i], axis))
            return DA_OK;
    DA_TRY(touch(l, g, step));
    struct da__region *r = region_new(value, engine, base_ndim);
    da_status status =
        r != NULL && da__grow((void **)&g->region, &g->cap, g->n + 1, sizeof *g->region)
            ? DA_OK
            : DA_ERR_MEMORY;
    for (int b = 0; b < base_ndim && status == DA_OK; b++)
        status = take_axis(axis[b], &r->axis[b]);
    if (status == DA_OK)
        status = absorb(g, r);
    if (status != DA_OK) {
        region_free(r);
        return status;
    }
    r->step = step;
    r->nbytes = (int64_t)item; /* of one element, until the step is closed */
    g->region[g->n++] = r;
    return DA_OK;
}

struct da__region *da__ledger_find(const struct da__ledger *l, int value, int engine,
                                   const struct da__match_list *const *axis)
{
    const struct da__region_group *g = group_get(l, value, engine);
    for (int i = 0; g != NULL && i < g->n; i++)
        if (region_holds(g->region[i], axis))
            return g->region[i];
    return NULL;
}

void da__ledger_free(struct da__ledger *l)
{
    for (int k = 0; k < l->ntouched; k++) { /* a step that was not closed */
        struct da__region_group *g = &l->group[l->touched[k]];
        for (int i = g->nearlier; i < g->n; i++)
            region_free(g->region[i]);
    }
    for (int i = 0; i < l->n; i++)
        da__free(l->group[i].region);
    da__free(l->group);
    da__free(l->slot);
    da__free(l->touched);
    memset(l, 0, sizeof *l);
}

/* ---- messages ---- */

static struct da__message *find_message(struct da__messages *p, int engine)
{
    if (2 * (p->n + 1) > p->nslots) {
        int nslots = p->nslots > 0 ? 2 * p->nslots : 16;
        int *slot = da__calloc((size_t)nslots, sizeof *slot);
        if (slot == NULL)
            return NULL;
        for (int i = 0; i < p->n; i++) {
            uint32_t at = (uint32_t)p->message[i].engine * 2654435761u & (uint32_t)(nslots - 1);
            while (slot[at] != 0)
                at = (at + 1) & (uint32_t)(nslots - 1);
            slot[at] = i + 1;
        }
        da__free(p->slot);
        p->slot = slot;
        p->nslots = nslots;
    }
    uint32_t mask = (uint32_t)(p->nslots - 1), at = (uint32_t)engine * 2654435761u & mask;
    for (; p->slot[at] != 0; at = (at + 1) & mask)
        if (p->message[p->slot[at] - 1].engine == engine)
            return &p->message[p->slot[at] - 1];
    if (!da__grow((void **)&p->message, &p->cap, p->n + 1, sizeof *p->message))
        return NULL;
    p->message[p->n] = (struct da__message){.engine = engine, .nbytes = DA__MESSAGE_HEADER};
    p->slot[at] = ++p->n;
    return &p->message[p->n - 1];
}

/* Whether the region's elements lie one behind the other in the owner's part. */
static bool is_dense(const struct da__region *r, const struct da__dist *d, int owner)
{
    int64_t shape[DA_MAX_NDIM];
    da__dist_local_shape(d, owner, shape);
    bool one = false; /* within an axis that is not whole, an outer one must be a single position */
    for (int b = r->base_ndim - 1; b >= 0; b--) {
        const struct da__match_list *l = &r->axis[b];
        if (!is_line(l) || (l->nelem > 1 && (one || l->m[0].step_b != 1)))
            return false;
        one = one || l->nelem != shape[b];
    }
    return true;
}

static da_status pack_region(struct da__region *r, struct da__messages *out)
{
    struct da__message *m = find_message(out, r->engine);
    if (m == NULL ||
        !da__grow((void **)&m->region, &m->regions_cap, m->nregions + 1, sizeof *m->region))
        return DA_ERR_MEMORY;
    int64_t item = r->nbytes, shape[DA_MAX_NDIM];
    for (int b = 0; b < r->base_ndim; b++)
        shape[b] = r->axis[b].nelem;
    da__strides_c(r->base_ndim, shape, item, r->stride);
    r->nbytes = item * region_nelem(r);
    r->message = (int)(m - out->message);
    r->at = (m->nbytes - DA__MESSAGE_HEADER + item - 1) / item * item;
    m->nbytes = DA__MESSAGE_HEADER + r->at + r->nbytes;
    m->region[m->nregions++] = r;
    return DA_OK;
}

da_status da__ledger_close(struct da__ledger *l, const struct da__program *p, int this_engine,
                           bool receiving, struct da__messages *out)
{
    for (int k = 0; k < l->ntouched; k++) {
        struct da__region_group *g = &l->group[l->touched[k]];
        for (; g->nearlier < g->n; g->nearlier++)
            DA_TRY(pack_region(g->region[g->nearlier], out));
    }
    l->ntouched = 0;
    for (int i = 0; i < out->n; i++) {
        struct da__message *m = &out->message[i];
        const struct da__region *r = m->region[0];
        m->bare =
            m->nregions == 1 && r->nbytes >= BARE_NBYTES &&
            is_dense(r, p->dist[p->value[r->value].dist], receiving ? m->engine : this_engine);
        if (m->bare)
            m->nbytes = r->nbytes;
    }
    return DA_OK;
}

void da__messages_free(struct da__messages *p)
{
    for (int i = 0; i < p->n; i++) {
        for (int k = 0; k < p->message[i].nregions; k++)
            region_free(p->message[i].region[k]);
        da__free(p->message[i].region);
    }
    da__free(p->message);
    da__free(p->slot);
    memset(p, 0, sizeof *p);
}
