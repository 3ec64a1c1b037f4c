/* Intersection of index sets with any number of runs.
 *
 * Few runs: every pair. Many: a sweep over the runs in order of their lowest indices meets only
 * pairs whose hulls overlap. Where even those are more than the sets have elements (scattered
 * lists), the elements are sorted and merged. */
#include "intersect.h"

#include <stdlib.h>

/* Up to this many pairs of runs a plain double loop is fastest. */
enum { FEW_PAIRS = 256 };

static int64_t run_nelem(const struct da__run *run)
{
    return run->count * run->reps;
}

static da_status meet_all_pairs(const struct da__index_set *a, const struct da__index_set *b,
                                struct da__match_list *out)
{
    int64_t at_a = 0;
    for (int i = 0; i < a->nruns; i++) {
        int64_t at_b = 0;
        for (int j = 0; j < b->nruns; j++) {
            DA_TRY(da__run_meet(&a->run[i], at_a, &b->run[j], at_b, out));
            at_b += run_nelem(&b->run[j]);
        }
        at_a += run_nelem(&a->run[i]);
    }
    return DA_OK;
}

/* ---- sweep over hulls ---- */

struct hull {
    int64_t low, high;
    const struct da__run *run;
    int64_t at; /* the run's first position in its set */
    int side;   /* 0: a, 1: b */
};

struct sweep {
    struct hull *hull; /* of both sets, by lowest index */
    int64_t n;
    int64_t *active[2]; /* hulls of each side that may reach further */
};

static int compare_hulls(const void *x, const void *y)
{
    const struct hull *p = x, *q = y;
    if (p->low != q->low)
        return p->low < q->low ? -1 : 1;
    if (p->side != q->side)
        return p->side - q->side;
    return (p->at > q->at) - (p->at < q->at);
}

static void add_hulls(struct sweep *w, const struct da__index_set *s, int side)
{
    int64_t at = 0;
    for (int k = 0; k < s->nruns; k++) {
        const struct da__run *run = &s->run[k];
        int64_t inner = run->step * (run->count - 1), outer = run->stride * (run->reps - 1);
        int64_t low = run->start + (inner < 0 ? inner : 0) + (outer < 0 ? outer : 0);
        int64_t high = run->start + (inner > 0 ? inner : 0) + (outer > 0 ? outer : 0);
        w->hull[w->n++] = (struct hull){low, high, run, at, side};
        at += run_nelem(run);
    }
}

static void sweep_free(struct sweep *w)
{
    da__free(w->hull);
    da__free(w->active[0]);
    da__free(w->active[1]);
}

static da_status sweep_make(struct sweep *w, const struct da__index_set *a,
                            const struct da__index_set *b)
{
    *w = (struct sweep){0};
    w->hull = da__calloc((size_t)a->nruns + (size_t)b->nruns, sizeof *w->hull);
    w->active[0] = da__calloc((size_t)a->nruns, sizeof *w->active[0]);
    w->active[1] = da__calloc((size_t)b->nruns, sizeof *w->active[1]);
    if (w->hull == NULL || w->active[0] == NULL || w->active[1] == NULL) {
        sweep_free(w);
        return DA_ERR_MEMORY;
    }
    add_hulls(w, a, 0);
    add_hulls(w, b, 1);
    qsort(w->hull, (size_t)w->n, sizeof *w->hull, compare_hulls);
    return DA_OK;
}

/* Goes through the overlapping pairs, up to `limit`. `out` == NULL: only counts them. */
static da_status sweep_pairs(struct sweep *w, int64_t limit, struct da__match_list *out,
                             int64_t *npairs)
{
    int64_t nactive[2] = {0, 0};
    *npairs = 0;
    for (int64_t k = 0; k < w->n && *npairs <= limit; k++) {
        const struct hull *h = &w->hull[k];
        int64_t *others = w->active[1 - h->side];
        int64_t kept = 0;
        for (int64_t j = 0; j < nactive[1 - h->side]; j++) {
            const struct hull *other = &w->hull[others[j]];
            if (other->high < h->low)
                continue; /* left behind for good */
            others[kept++] = others[j];
            ++*npairs;
            const struct hull *a = h->side == 0 ? h : other, *b = h->side == 0 ? other : h;
            if (out != NULL)
                DA_TRY(da__run_meet(a->run, a->at, b->run, b->at, out));
        }
        nactive[1 - h->side] = kept;
        w->active[h->side][nactive[h->side]++] = k;
    }
    return DA_OK;
}

/* ---- sorting elements ---- */

/* An index with its position, or a pair of positions. */
struct entry {
    int64_t key, value;
};

static int compare_entries(const void *x, const void *y)
{
    const struct entry *p = x, *q = y;
    return (p->key > q->key) - (p->key < q->key);
}

static struct entry *sorted_elements(const struct da__index_set *s)
{
    struct entry *e = da__calloc((size_t)s->nelem, sizeof *e);
    if (e == NULL)
        return NULL;
    int64_t at = 0;
    for (const struct da__run *run = s->run; run < s->run + s->nruns; run++) {
        for (int64_t r = 0; r < run->reps; r++) {
            for (int64_t k = 0; k < run->count; k++, at++)
                e[at] = (struct entry){run->start + r * run->stride + k * run->step, at};
        }
    }
    qsort(e, (size_t)at, sizeof *e, compare_entries);
    return e;
}

/* Leaves the pairs (position in a, position in b) of common indices in `a`, in order of a's
 * positions. */
static int64_t merge_elements(struct entry *a, int64_t na, const struct entry *b, int64_t nb)
{
    int64_t n = 0;
    for (int64_t i = 0, j = 0; i < na && j < nb;) {
        if (a[i].key < b[j].key) {
            i++;
        } else if (a[i].key > b[j].key) {
            j++;
        } else {
            a[n++] = (struct entry){a[i].value, b[j].value};
            i++; /* a's next index may be the same one: halos of a periodic axis */
        }
    }
    qsort(a, (size_t)n, sizeof *a, compare_entries);
    return n;
}

static da_status push_pairs(const struct entry *pair, int64_t n, struct da__match_list *out)
{
    for (int64_t at = 0; at < n;) {
        struct da__match m = {pair[at].key, pair[at].value, 1, 1, 1, 0, 0, 1};
        if (at + 1 < n) {
            m.step_a = pair[at + 1].key - pair[at].key;
            m.step_b = pair[at + 1].value - pair[at].value;
        }
        while (at + m.count < n && pair[at + m.count].key == m.a + m.count * m.step_a &&
               pair[at + m.count].value == m.b + m.count * m.step_b)
            m.count++;
        DA_TRY(da__match_push(out, m));
        at += m.count;
    }
    return DA_OK;
}

static da_status meet_elements(const struct da__index_set *a, const struct da__index_set *b,
                               struct da__match_list *out)
{
    da_status status = DA_ERR_MEMORY;
    struct entry *ea = sorted_elements(a), *eb = sorted_elements(b);
    if (ea != NULL && eb != NULL)
        status = push_pairs(ea, merge_elements(ea, a->nelem, eb, b->nelem), out);
    da__free(ea);
    da__free(eb);
    return status;
}

static da_status meet_many(const struct da__index_set *a, const struct da__index_set *b,
                           struct da__match_list *out)
{
    struct sweep w;
    DA_TRY(sweep_make(&w, a, b));
    int64_t elements = INT64_MAX, npairs = 0;
    da__add_i64(a->nelem, b->nelem, &elements);
    da_status status = sweep_pairs(&w, elements, NULL, &npairs);
    if (status == DA_OK && npairs <= elements)
        status = sweep_pairs(&w, elements, out, &npairs);
    else if (status == DA_OK)
        status = meet_elements(a, b, out);
    sweep_free(&w);
    return status;
}

da_status da__set_intersect(const struct da__index_set *a, const struct da__index_set *b,
                            struct da__match_list *out)
{
    da__matches_init(out);
    bool few = (int64_t)a->nruns * b->nruns <= FEW_PAIRS;
    da_status status = few ? meet_all_pairs(a, b, out) : meet_many(a, b, out);
    if (status != DA_OK)
        da__matches_free(out);
    return status;
}
