/* Distributions as short text, for messages and explain: "b,n,c(4) grid 2x1x2". */
#include "padding.h"

#include <stdio.h>

/* More bounds than this are only counted. */
enum { MANY_BOUNDS = 9 };

struct line {
    char *buf;
    size_t size, at;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *format, ...)
{
    va_list args;
    if (l->at >= l->size)
        return;
    va_start(args, format);
    int n = vsnprintf(l->buf + l->at, l->size - l->at, format, args);
    va_end(args);
    l->at += n > 0 ? (size_t)n : 0;
}

static void add_bounds(struct line *l, const struct da__map *m)
{
    if (m->parts + 1 > MANY_BOUNDS) {
        add(l, "(%d bounds)", m->parts + 1);
        return;
    }
    for (int p = 0; p <= m->parts; p++)
        add(l, "%s%lld", p == 0 ? "(" : ",", (long long)m->bounds[p]);
    add(l, ")");
}

static void add_pair(struct line *l, const char *before, const char *name, int64_t a, int64_t b)
{
    if (a == b)
        add(l, "%s%s=%lld", before, name, (long long)a);
    else
        add(l, "%s%s=[%lld,%lld]", before, name, (long long)a, (long long)b);
}

static void add_padding(struct line *l, const struct da__padding *p)
{
    const char *before = "(";
    if (p->ncuts > 0)
        add(l, "(%d widths", p->ncuts);
    else if (p->left + p->right > 0)
        add_pair(l, "(", "pad", p->left, p->right);
    if (p->ncuts > 0 || p->left + p->right > 0)
        before = ",";
    if (p->first + p->last > 0) {
        add_pair(l, before, "boundary", p->first, p->last);
        before = ",";
    }
    add(l, "%s)", !p->periodic ? "" : before[0] == '(' ? "(periodic" : ",periodic");
}

static void add_map(struct line *l, const struct da__map *m)
{
    add(l, "%c", "nbcu"[m->kind]);
    if (m->kind == DA__MAP_C && m->block > 1)
        add(l, "(%lld)", (long long)m->block);
    if (m->bounds != NULL)
        add_bounds(l, m);
    if (m->padding != NULL)
        add_padding(l, m->padding);
    bool whole = m->start == 0 && m->step == 1 && m->count == m->size;
    if (m->kind != DA__MAP_N && !whole)
        add(l, "[%lld::%lld]", (long long)m->start, (long long)m->step);
}

char *da__dist_text(const struct da__dist *d, char *buf, size_t size)
{
    struct line l = {buf, size, 0};
    int64_t split = 1;
    add(&l, "%s", d->ndim == 0 ? "scalar" : "");
    for (int k = 0; k < d->ndim; k++) {
        add(&l, "%s", k > 0 ? "," : "");
        add_map(&l, &d->map[k]);
        split *= d->map[k].parts;
    }
    int64_t nengines = da__dist_nengines(d);
    for (int k = 0; k < d->ndim && split > 1; k++)
        add(&l, "%s%d", k == 0 ? " grid " : "x", d->map[k].parts);
    if (nengines > split)
        add(&l, " in %lld copies", (long long)(nengines / split));
    if (nengines == 1)
        add(&l, " on engine %lld", (long long)da__set_get(&d->engines, d->offset));
    return buf;
}
