/* Boxes: an engine's part of a space, cut per axis where some input passes from one owner's elements to another's, so that kernels
 * read operands where they lie: in the engine's own part, or in the message that brought them. */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

/* Boxes are worth while if there are few of them, or if they are large on average. */
enum { FEW_BOXES = 64, BOX_ELEMENTS = 4096, MOST_STRETCHES = 4096 };

/* Consecutive positions of an iteration axis that have one owner and one stride. */
struct stretch {
    int64_t begin;
    struct da__segment where;
};
struct stretches {
    int64_t n, cap;
    struct stretch *s;
};

static da_status add_match(const struct da__match *m, int choice, int match, struct stretches *out)
{
    for (int64_t q = 0; q < m->reps; q++) {
        if (!da__grow((void **)&out->s, &out->cap, out->n + 1, sizeof *out->s))
            return DA_ERR_MEMORY;
        int64_t begin = m->a + q * m->stride_a;
        out->s[out->n++] = (struct stretch){begin, {choice, match, q, begin}};
    }
    return DA_OK;
}

static int by_begin(const void *x, const void *y)
{
    const struct stretch *p = x, *q = y;
    return (p->begin > q->begin) - (p->begin < q->begin);
}

static da_status find_stretches(const struct da__choices *c, struct stretches *out)
{
    for (int64_t i = 0; i < c->n; i++)
        for (int j = 0; j < c->list[i].n; j++)
            DA_TRY(add_match(&c->list[i].m[j], (int)i, j, out));
    qsort(out->s, (size_t)out->n, sizeof *out->s, by_begin);
    return DA_OK;
}

/* How many stretches a base axis has; negative where positions of one owner are not consecutive, or there are too many. */
static int64_t count_stretches(const struct da__choices *c)
{
    int64_t n = 0;
    for (int64_t i = 0; i < c->n; i++)
        for (int j = 0; j < c->list[i].n; j++) {
            const struct da__match *m = &c->list[i].m[j];
            n += m->reps;
            if ((m->count > 1 && m->step_a != 1) || n > MOST_STRETCHES)
                return -1;
        }
    return n;
}

/* How many boxes an input alone cuts the space into; negative: it cannot be read in boxes. */
static int64_t own_boxes(const struct da__view *v, const struct da__fetch *f)
{
    int64_t product = 1;
    for (int b = 0; b < f->base_ndim; b++) {
        int64_t n = count_stretches(&f->own[b]);
        if (n < 0)
            return -1;
        product *= v->axis[b] >= 0 ? n : 1;
        if (product > (int64_t)1 << 40)
            return -1;
    }
    return product;
}

/* ---- cuts ---- */

/* The positions at which inputs in boxes cut an axis, begin[0] = 0 … begin[n] = extent. */
static int compare_positions(const void *x, const void *y)
{
    int64_t p = *(const int64_t *)x, q = *(const int64_t *)y;
    return (p > q) - (p < q);
}

static da_status cut_axis(const struct da__step *s, const struct da__exchange *x, int axis,
                          int64_t extent, struct da__boxes *out)
{
    int64_t n = 0, cap = 0, *begin = NULL;
    for (int i = 0; i < x->ninputs; i++) {
        const struct da__fetch *f = &x->fetch[i];
        for (int b = 0; f->mode == DA__FETCH_BOXES && b < f->base_ndim; b++)
            for (int64_t c = 0; s->input[i].view.axis[b] == axis && c < f->own[b].n; c++) {
                const struct da__match_list *l = &f->own[b].list[c];
                for (int j = 0; j < l->n; j++)
                    for (int64_t q = 0; q < l->m[j].reps; q++) {
                        if (!da__grow((void **)&begin, &cap, n + 3, sizeof *begin)) {
                            da__free(begin);
                            return DA_ERR_MEMORY;
                        }
                        begin[n++] = l->m[j].a + q * l->m[j].stride_a;
                    }
            }
    }
    if (!da__grow((void **)&begin, &cap, n + 2, sizeof *begin)) {
        da__free(begin);
        return DA_ERR_MEMORY;
    }
    begin[n++] = 0;
    qsort(begin, (size_t)n, sizeof *begin, compare_positions);
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || begin[i] != begin[kept - 1])
            begin[kept++] = begin[i];
    begin[kept] = extent;
    da__free(out->begin[axis]);
    out->begin[axis] = begin;
    out->nsegments[axis] = kept;
    return DA_OK;
}

static da_status cut(const struct da__step *s, const int64_t *shape, const struct da__exchange *x,
                     struct da__boxes *out)
{
    out->n = 1;
    for (int a = 0; a < s->ndim; a++) {
        DA_TRY(cut_axis(s, x, a, shape[a], out));
        out->n = out->n > (int64_t)1 << 40 ? out->n : out->n * out->nsegments[a];
    }
    return DA_OK;
}

/* Of which stretch of each of its base axes the segments are. */
static da_status tie_segments(const struct da__view *v, const struct da__boxes *boxes,
                              struct da__fetch *f)
{
    for (int b = 0; b < f->base_ndim; b++) {
        struct stretches st = {0};
        int64_t n = v->axis[b] >= 0 ? boxes->nsegments[v->axis[b]] : 1, k = 0;
        f->segment[b] = da__calloc((size_t)n + 1, sizeof *f->segment[b]);
        da_status status = f->segment[b] != NULL ? find_stretches(&f->own[b], &st) : DA_ERR_MEMORY;
        for (int64_t i = 0; i < n && status == DA_OK; i++) {
            int64_t begin = v->axis[b] >= 0 ? boxes->begin[v->axis[b]][i] : 0;
            while (k + 1 < st.n && st.s[k + 1].begin <= begin)
                k++;
            f->segment[b][i] = st.s[k].where;
        }
        da__free(st.s);
        DA_TRY(status);
    }
    return DA_OK;
}

/* ---- planning ---- */

static bool worth_while(int64_t nboxes, int64_t nelem)
{
    return nboxes <= FEW_BOXES || nelem / nboxes >= BOX_ELEMENTS;
}

/* The input in boxes that alone makes most of them, or -1. */
static int finest(const struct da__step *s, const struct da__exchange *x)
{
    int best = -1;
    int64_t most = 0;
    for (int i = 0; i < x->ninputs; i++) {
        int64_t n =
            x->fetch[i].mode == DA__FETCH_BOXES ? own_boxes(&s->input[i].view, &x->fetch[i]) : 0;
        if (n > most) {
            most = n;
            best = i;
        }
    }
    return best;
}

da_status da__boxes_plan(const struct da__step *s, const int64_t *shape, struct da__exchange *x,
                         struct da__boxes *out)
{
    int64_t nelem = da__nelem(s->ndim, shape);
    memset(out, 0, sizeof *out);
    for (int i = 0; i < x->ninputs; i++) {
        struct da__fetch *f = &x->fetch[i];
        if (f->mode == DA__FETCH_GATHER) {
            int64_t n = own_boxes(&s->input[i].view, f);
            f->mode = n > 0 && worth_while(n, nelem) ? DA__FETCH_BOXES : DA__FETCH_GATHER;
        }
    }
    DA_TRY(cut(s, shape, x, out));
    for (int i; !worth_while(out->n, nelem) && (i = finest(s, x)) >= 0;) {
        x->fetch[i].mode = DA__FETCH_GATHER;
        DA_TRY(cut(s, shape, x, out));
    }
    for (int i = 0; i < x->ninputs; i++)
        if (x->fetch[i].mode == DA__FETCH_BOXES)
            DA_TRY(tie_segments(&s->input[i].view, out, &x->fetch[i]));
    return DA_OK;
}

void da__boxes_free(struct da__boxes *b)
{
    for (int a = 0; a < DA_MAX_NDIM; a++)
        da__free(b->begin[a]);
}

/* ---- using them ---- */

void da__box_segments(const struct da__boxes *b, int ndim, int64_t i, int64_t *segment)
{
    for (int a = ndim - 1; a >= 0; a--) {
        segment[a] = i % b->nsegments[a];
        i /= b->nsegments[a];
    }
}

static const struct da__segment *segment_of(const struct da__view *v, const struct da__fetch *f,
                                            int b, const int64_t *segment)
{
    return &f->segment[b][v->axis[b] >= 0 ? segment[v->axis[b]] : 0];
}

const struct da__piece *da__box_piece(const struct da__view *v, const struct da__fetch *f,
                                      const int64_t *segment)
{
    int64_t at = 0;
    for (int b = 0; b < f->base_ndim; b++)
        at = at * f->own[b].n + segment_of(v, f, b, segment)->choice;
    return &f->piece[at];
}

int64_t da__box_place(const struct da__view *v, const struct da__fetch *f,
                      const struct da__piece *piece, const int64_t *segment, const int64_t *at,
                      int64_t *stride)
{
    int64_t place = 0;
    for (int b = 0; b < f->base_ndim; b++) {
        const struct da__segment *g = segment_of(v, f, b, segment);
        const struct da__match *m = &piece->axis[b].m[g->match];
        int64_t position = m->b + g->rep * m->stride_b;
        if (v->axis[b] >= 0) {
            position += m->step_b * (at[v->axis[b]] - g->begin);
            stride[v->axis[b]] += m->step_b * piece->stride[b];
        }
        place += position * piece->stride[b];
    }
    return place;
}
