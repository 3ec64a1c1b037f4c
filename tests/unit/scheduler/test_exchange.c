/* The exchange plans of all engines of a step, put together: what owners pack is what readers unpack, every element arrives
 * once and in its place, for random maps, grids, engine subsets and views. Independent of any transport. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "engine.h"

static uint64_t state;

static int64_t draw(int64_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return below > 0 ? (int64_t)((state >> 33) % (uint64_t)below) : 0;
}

/* ---- random distributions ---- */

struct lists {
    int64_t bounds[16], nelem[16], item[64];
    const int64_t *list[16];
};

static void draw_lists(struct lists *l, int64_t extent, int parts, struct da__map_spec *m)
{
    for (int64_t i = 0; i < extent; i++)
        l->item[i] = i;
    for (int64_t i = extent - 1; i > 0; i--) {
        int64_t j = draw(i + 1), t = l->item[i];
        l->item[i] = l->item[j];
        l->item[j] = t;
    }
    int64_t left = extent, *at = l->item;
    for (int k = 0; k < parts; k++) {
        l->nelem[k] = k + 1 == parts ? left : draw(left + 1);
        l->list[k] = at;
        at += l->nelem[k];
        left -= l->nelem[k];
    }
    *m = (struct da__map_spec){
        .kind = 'u', .nlists = parts, .list_nelem = l->nelem, .list = l->list};
}

static void draw_bounds(struct lists *l, int64_t extent, int parts, struct da__map_spec *m)
{
    l->bounds[0] = 0;
    l->bounds[parts] = extent;
    for (int k = 1; k < parts; k++)
        l->bounds[k] = l->bounds[k - 1] + draw(extent - l->bounds[k - 1] + 1);
    *m = (struct da__map_spec){.kind = 'b', .nbounds = parts + 1, .bounds = l->bounds};
}

static const struct da__dist *draw_dist(int ndim, const int64_t *shape, int nengines)
{
    struct lists lists[3];
    struct da__map_spec map[3] = {{0}};
    int grid[3] = {1, 1, 1}, engines[8], room = nengines;
    for (int k = 0; k < ndim; k++) {
        int64_t kind = draw(5);
        int parts = kind == 0 ? 1 : 1 + (int)draw(room);
        grid[k] = parts;
        room /= parts;
        if (kind == 0)
            map[k].kind = 'n';
        else if (kind == 1)
            map[k].kind = 'b';
        else if (kind == 2)
            draw_bounds(&lists[k], shape[k], parts, &map[k]);
        else if (kind == 3)
            map[k] = (struct da__map_spec){.kind = 'c', .block = 1 + draw(4)};
        else
            draw_lists(&lists[k], shape[k], parts, &map[k]);
    }
    int n = 0;
    for (int e = 0; e < nengines; e++)
        engines[n++] = e;
    while (n > 1 && n > grid[0] * grid[1] * grid[2] &&
           draw(2)) { /* some subset that is still large enough */
        int gone = (int)draw(n);
        memmove(engines + gone, engines + gone + 1, (size_t)(n - gone - 1) * sizeof *engines);
        n--;
    }
    struct da__dist_spec spec = {
        .nmaps = ndim, .map = map, .ngrid = ndim, .grid = grid, .nengines = n, .engines = engines};
    const struct da__dist *d = NULL;
    struct da__error err = {.engine = -1};
    if (da__dist_make(ndim, shape, &spec, nengines, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    return d;
}

/* ---- a program of one copying step ---- */

static struct da__program *one_step(const struct da__dist *from, int base_ndim, const int64_t *base,
                                    const struct da__dist *to, int ndim, const int64_t *shape,
                                    int ninputs, const struct da__view *v)
{
    struct da__program *p = da__program_new();
    p->value = da__calloc(2, sizeof *p->value);
    p->step = da__calloc(1, sizeof *p->step);
    p->dist = da__calloc(2, sizeof *p->dist);
    p->dist[0] = from;
    p->dist[1] = to;
    p->ndists = 2;
    p->nvalues = 2;
    p->nsteps = 1;
    p->nslots = 2;
    int64_t *first = da__calloc(4, sizeof *first), *second = da__calloc(4, sizeof *second),
            *space = da__calloc(4, sizeof *space);
    memcpy(first, base, (size_t)base_ndim * sizeof *base);
    memcpy(second, shape, (size_t)ndim * sizeof *shape);
    memcpy(space, shape, (size_t)ndim * sizeof *shape);
    p->value[0] = (struct da__value){.kind = DA__VALUE_INPUT,
                                     .slot = 0,
                                     .dtype = DA_INT64,
                                     .ndim = base_ndim,
                                     .shape = first,
                                     .dist = 0};
    p->value[1] = (struct da__value){.kind = DA__VALUE_OUTPUT,
                                     .slot = 1,
                                     .dtype = DA_INT64,
                                     .ndim = ndim,
                                     .shape = second,
                                     .dist = 1};
    struct da__step *s = &p->step[0];
    s->ndim = ndim;
    s->shape = space;
    s->dist = 1;
    s->input = da__calloc((size_t)ninputs, sizeof *s->input);
    s->body.insn = da__calloc((size_t)ninputs, sizeof *s->body.insn);
    for (int i = 0; i < ninputs; i++) { /* each is read by an instruction of its own */
        s->input[i].view = v[i];
        s->body.insn[s->body.ninsns++] = (struct da__insn){.op = DA__OP_NEGATIVE,
                                                           .compute = DA_INT64,
                                                           .result = DA_INT64,
                                                           .arg = {DA__REF(DA__REF_INPUT, i)}};
    }
    s->output = da__calloc(1, sizeof *s->output);
    s->output[0] = 1;
    s->noutputs = s->body.noutputs = 1;
    s->ninputs = s->body.ninputs = ninputs;
    s->body.input_dtype = da__calloc((size_t)ninputs, 1);
    memset(s->body.input_dtype, DA_INT64, (size_t)ninputs);
    s->body.output = da__calloc(1, sizeof *s->body.output);
    s->body.output[0] = DA__REF(DA__REF_INPUT, 0);
    return p;
}

/* The engine's part of the base: element at global index i has the value of its C-order position. */
static int64_t *make_part(const struct da__dist *d, int engine, const int64_t *base)
{
    int64_t shape[DA_MAX_NDIM], nelem = da__dist_local_shape(d, engine, shape);
    int64_t *part = calloc((size_t)nelem + 1, sizeof *part);
    struct da__index_set set[3];
    for (int k = 0; k < d->ndim && nelem > 0; k++)
        assert_int_equal(da__dist_local_set(d, engine, k, &set[k]), DA_OK);
    for (int64_t i = 0; i < nelem; i++) {
        int64_t rest = i, value = 0, scale = 1;
        for (int k = d->ndim - 1; k >= 0; k--) {
            value += scale * da__set_get(&set[k], rest % shape[k]);
            scale *= base[k];
            rest /= shape[k];
        }
        part[i] = value;
    }
    for (int k = 0; k < d->ndim && nelem > 0; k++)
        da__set_free(&set[k]);
    return part;
}

static const struct da__message *message_of(const struct da__messages *list, int engine)
{
    for (int i = 0; i < list->n; i++)
        if (list->message[i].engine == engine)
            return &list->message[i];
    return NULL;
}

/* What one engine sends another one, by the sender's plan; the reader's must say the same. */
static char *carry(const struct da__program *p, const struct da__message *from,
                   const struct da__message *to, int owner, int64_t *const *part)
{
    char *packed = calloc(1, (size_t)from->nbytes);
    assert_int_equal(from->nbytes, to->nbytes);
    assert_int_equal(from->nregions, to->nregions);
    for (int k = 0; k < from->nregions; k++) {
        const struct da__region *r = from->region[k], *there = to->region[k];
        const struct da__dist *d = p->dist[p->value[r->value].dist];
        struct da__match_axis axis[DA_MAX_NDIM];
        int64_t shape[DA_MAX_NDIM], stride[DA_MAX_NDIM];
        assert_int_equal(r->value, there->value);
        assert_int_equal(r->at, there->at);
        assert_int_equal(r->nbytes, there->nbytes);
        da__dist_local_shape(d, owner, shape);
        da__strides_c(d->ndim, shape, 8, stride);
        for (int b = 0; b < d->ndim; b++)
            axis[b] = (struct da__match_axis){r->axis[b].m, r->axis[b].n, r->stride[b], stride[b]};
        da__copy_matched(d->ndim, axis, 8, packed + DA__MESSAGE_HEADER + r->at, (char *)part[owner],
                         false);
    }
    return packed;
}

static const char *piece_data(const struct da__piece *piece, char *const *message,
                              const int64_t *part)
{
    return piece->region == NULL
               ? (const char *)part
               : message[piece->region->message] + DA__MESSAGE_HEADER + piece->region->at;
}

/* Where an engine finds element `at` (local positions) of an input: in place, gathered, or in a box. */
typedef int64_t (*look)(const void *self, const int64_t *at);

/* Every element of the reader's part of the space has the value of the base element that the view names. */
static void check_reader(const struct da__program *p, int input, int engine, look get,
                         const void *self)
{
    const struct da__step *s = &p->step[0];
    const struct da__view *v = &s->input[input].view;
    int64_t shape[DA_MAX_NDIM], nelem = da__dist_local_shape(p->dist[1], engine, shape);
    struct da__index_set set[3];
    for (int k = 0; k < s->ndim && nelem > 0; k++)
        assert_int_equal(da__dist_local_set(p->dist[1], engine, k, &set[k]), DA_OK);
    for (int64_t i = 0; i < nelem; i++) {
        int64_t rest = i, index[3] = {0}, at[3] = {0};
        for (int k = s->ndim - 1; k >= 0; k--) {
            at[k] = rest % shape[k];
            index[k] = da__set_get(&set[k], at[k]);
            rest /= shape[k];
        }
        int64_t want = 0;
        for (int b = 0; b < v->base_ndim; b++) {
            int64_t way = v->axis[b] >= 0 ? v->step[b] * index[v->axis[b]] : 0;
            if (v->period[b] > 0)
                way = da__floor_mod(v->phase[b] + way, v->period[b]);
            want = want * p->value[0].shape[b] + v->offset[b] + way;
        }
        assert_int_equal(get(self, at), want);
    }
    for (int k = 0; k < s->ndim && nelem > 0; k++)
        da__set_free(&set[k]);
}

struct strided {
    int ndim;
    const char *data;
    const int64_t *stride;
};

static int64_t look_strided(const void *self, const int64_t *at)
{
    const struct strided *x = self;
    int64_t place = 0, got;
    for (int k = 0; k < x->ndim; k++)
        place += at[k] * x->stride[k];
    memcpy(&got, x->data + place, sizeof got);
    return got;
}

struct boxed {
    const struct da__step *s;
    int input;
    const struct da__fetch *f;
    const struct da__boxes *boxes;
    char *const *message;
    const int64_t *part;
};

/* Through the first element of its box and the box's strides. */
static int64_t look_boxed(const void *self, const int64_t *at)
{
    const struct boxed *x = self;
    const struct da__view *v = &x->s->input[x->input].view;
    int64_t segment[3] = {0}, begin[3] = {0}, stride[DA_MAX_NDIM] = {0}, got;
    for (int a = 0; a < x->s->ndim; a++) {
        while (x->boxes->begin[a][segment[a] + 1] <= at[a])
            segment[a]++;
        begin[a] = x->boxes->begin[a][segment[a]];
    }
    const struct da__piece *piece = da__box_piece(v, x->f, segment);
    int64_t place = da__box_place(v, x->f, piece, segment, begin, stride);
    for (int a = 0; a < x->s->ndim; a++)
        place += (at[a] - begin[a]) * stride[a];
    memcpy(&got, piece_data(piece, x->message, x->part) + place, sizeof got);
    return got;
}

static void check_gathered(const struct da__program *p, int input, int engine,
                           const struct da__fetch *f, char *const *message, int64_t *part)
{
    char *temp = malloc((size_t)f->temp_nbytes + 8);
    memset(temp, 0xff, (size_t)f->temp_nbytes + 8);
    for (int64_t i = 0; i < f->npieces; i++) {
        struct da__match_axis axis[DA_MAX_NDIM];
        for (int b = 0; b < f->base_ndim; b++)
            axis[b] = (struct da__match_axis){f->piece[i].axis[b].m, f->piece[i].axis[b].n,
                                              f->temp_stride[b], f->piece[i].stride[b]};
        da__copy_matched(f->base_ndim, axis, 8, temp,
                         (char *)(uintptr_t)piece_data(&f->piece[i], message, part), false);
    }
    struct strided all = {p->step[0].ndim, temp, f->stride};
    check_reader(p, input, engine, look_strided, &all);
    free(temp);
}

/* One engine's inputs: as they are gathered, and in the boxes that they are read in. Returns how many are read in boxes. */
static int check_engine(const struct da__program *p, int engine, struct da__exchange *x,
                        char *const *message, int64_t *part)
{
    const struct da__step *s = &p->step[0];
    int64_t shape[DA_MAX_NDIM];
    int nboxed = 0;
    for (int i = 0; i < s->ninputs; i++) {
        const struct da__fetch *f = &x->fetch[i];
        if (f->mode == DA__FETCH_GATHER)
            check_gathered(p, i, engine, f, message, part);
        struct strided own = {s->ndim, (const char *)part + f->offset, f->stride};
        if (f->mode == DA__FETCH_IN_PLACE)
            check_reader(p, i, engine, look_strided, &own);
    }
    if (da__dist_local_shape(p->dist[1], engine, shape) == 0)
        return 0;
    struct da__boxes boxes;
    assert_int_equal(da__boxes_plan(s, shape, x, &boxes), DA_OK);
    for (int i = 0; i < s->ninputs; i++) {
        struct boxed in = {s, i, &x->fetch[i], &boxes, message, part};
        if (x->fetch[i].mode != DA__FETCH_BOXES)
            continue;
        check_reader(p, i, engine, look_boxed, &in);
        nboxed++;
    }
    da__boxes_free(&boxes);
    return nboxed;
}

static int exchange_all(struct da__program *p, int nengines)
{
    struct da__exchange x[8];
    struct da__planning g[8] = {{.nmessages = 0}};
    int64_t *part[8];
    int nboxed = 0;
    for (int e = 0; e < nengines; e++) {
        assert_int_equal(da__exchange_plan(p, 0, e, &g[e], &x[e]), DA_OK);
        part[e] = make_part(p->dist[0], e, p->value[0].shape);
    }
    for (int e = 0; e < nengines; e++) {
        char *message[8] = {NULL};
        for (int i = 0; i < x[e].receive.n; i++) {
            const struct da__message *to = &x[e].receive.message[i],
                                     *from = message_of(&x[to->engine].send, e);
            assert_non_null(from);
            message[i] = carry(p, from, to, to->engine, part);
        }
        for (int i = 0; i < x[e].send.n; i++)
            assert_non_null(message_of(&x[x[e].send.message[i].engine].receive, e));
        nboxed += check_engine(p, e, &x[e], message, part[e]);
        for (int i = 0; i < x[e].receive.n; i++)
            free(message[i]);
    }
    for (int e = 0; e < nengines; e++) {
        da__exchange_free(&x[e]);
        da__planning_free(&g[e]);
        free(part[e]);
    }
    return nboxed;
}

/* Makes a base axis a rolled one, over all of it or a part, as often as a step may go round without meeting itself. */
static void draw_roll(int64_t base, struct da__view *v, int b, int64_t *extent)
{
    if (v->axis[b] < 0 || base == 0 || draw(3) > 0)
        return;
    int64_t size = 1 + draw(3) % base;
    v->offset[b] = draw(3) ? 0 : draw(base);
    v->period[b] = draw(3) ? base - v->offset[b] : 1 + draw(base - v->offset[b]);
    v->phase[b] = draw(v->period[b]);
    v->step[b] = draw(2) ? size : -size;
    *extent = draw(3) ? (v->period[b] - 1) / size + 1 : draw((v->period[b] - 1) / size + 2);
}

/* A random view of a base array, by basic indexing and permuting; its shape. */
static int draw_view(int base_ndim, const int64_t *base, struct da__view *v, int64_t *shape)
{
    struct da__index_item item[4];
    int n = 0, ndim;
    for (int b = 0; b < base_ndim; b++) {
        if (draw(5) == 0 && n < 3)
            item[n++] = (struct da__index_item){.kind = DA__INDEX_NEWAXIS};
        if (draw(5) == 0 && base[b] > 0)
            item[n++] = (struct da__index_item){.kind = DA__INDEX_INT, .start = draw(base[b])};
        else {
            int64_t step = draw(2) ? 1 : draw(4) - 2;
            item[n++] = (struct da__index_item){.kind = DA__INDEX_SLICE,
                                                .has_step = true,
                                                .step = step != 0 ? step : 3,
                                                .has_start = draw(2) != 0,
                                                .start = draw(base[b] + 1),
                                                .has_stop = draw(3) == 0,
                                                .stop = draw(base[b] + 1)};
        }
        if (n >= 3)
            break;
    }
    struct da__error err = {.engine = -1};
    assert_int_equal(da__index_resolve(base_ndim, base, n, item, v, &ndim, shape, &err), DA_OK);
    if (ndim >= 2 && draw(2)) { /* transpose the first two axes */
        int64_t t = shape[0];
        shape[0] = shape[1];
        shape[1] = t;
        for (int b = 0; b < base_ndim; b++)
            v->axis[b] = v->axis[b] == 0 ? 1 : v->axis[b] == 1 ? 0 : v->axis[b];
    }
    for (int k = 0; k < ndim; k++) { /* broadcast an axis that no base axis names */
        bool named = false;
        for (int b = 0; b < base_ndim; b++)
            named = named || v->axis[b] == k;
        if (!named)
            shape[k] = 1 + draw(4);
    }
    for (int b = 0; b < base_ndim; b++)
        if (v->axis[b] >= 0)
            draw_roll(base[b], v, b, &shape[v->axis[b]]);
    return ndim;
}

/* The same view, shifted by as much as fits, as stencils have it. */
static int shifted(int base_ndim, const int64_t *base, const int64_t *shape, struct da__view *v)
{
    int n = 1 + (int)draw(4);
    for (int i = 1; i < n; i++) {
        v[i] = v[0];
        for (int b = 0; b < base_ndim; b++) {
            if (v[i].period[b] > 0) {
                v[i].phase[b] = draw(v[i].period[b]);
                continue;
            }
            int64_t far = v[i].axis[b] >= 0 ? v[i].step[b] * (shape[v[i].axis[b]] - 1) : 0;
            int64_t low = far < 0 ? -far : 0, high = base[b] - 1 - (far > 0 ? far : 0);
            if (high >= low && base[b] > 0)
                v[i].offset[b] = low + draw(high - low + 1);
        }
    }
    return n;
}

static void test_random_exchanges(void **unused)
{
    (void)unused;
    int nboxed = 0;
    for (int round = 0; round < 3000; round++) {
        state = (uint64_t)round * 7919 + 1;
        int nengines = 1 + (int)draw(8), base_ndim = (int)draw(4);
        int64_t base[3] = {0}, shape[DA_MAX_NDIM];
        for (int k = 0; k < base_ndim; k++)
            base[k] = draw(12) == 0 ? 0 : 1 + draw(14);
        struct da__view v[4];
        int ndim = draw_view(base_ndim, base, &v[0], shape);
        if (ndim > 3)
            continue;
        int ninputs = da__nelem(ndim, shape) > 0 ? shifted(base_ndim, base, shape, v) : 1;
        const struct da__dist *from = draw(6) == 0 ? NULL : draw_dist(base_ndim, base, nengines),
                              *to = draw_dist(ndim, shape, nengines);
        if (from == NULL) /* replicas are read where they are nearest */
            assert_int_equal(da__dist_replicated(base_ndim, base, nengines, &from), DA_OK);
        struct da__program *p = one_step(from, base_ndim, base, to, ndim, shape, ninputs, v);
        nboxed += exchange_all(p, nengines);
        da__program_free(p);
    }
    assert_true(nboxed > 1000);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The plan of one engine in the middle for u[1:-1] read by u[:-2]-like neighbours, over `nengines`. */
static double halo_time(int nengines)
{
    int64_t n = (int64_t)1000000 * nengines, m = n - 1;
    const struct da__dist *from = NULL, *to = NULL;
    struct da__view v;
    assert_int_equal(da__dist_make(1, &n, NULL, nengines, &from, NULL), DA_OK);
    assert_int_equal(da__dist_make(1, &m, NULL, nengines, &to, NULL), DA_OK);
    da__view_identity(1, &v);
    v.offset[0] = 1;
    struct da__program *p = one_step(from, 1, &n, to, 1, &m, 1, &v);
    double best = 1;
    for (int round = 0; round < 200; round++) {
        struct da__exchange x;
        struct da__planning g = {.nmessages = 0};
        double start = seconds();
        assert_int_equal(da__exchange_plan(p, 0, nengines / 2, &g, &x), DA_OK);
        double took = seconds() - start;
        best = took < best ? took : best;
        assert_in_range(x.send.n, 1, 2);
        da__exchange_free(&x);
        da__planning_free(&g);
    }
    da__program_free(p);
    return best;
}

/* Nothing in a plan may grow with the number of engines; the factor is generous, since this runs beside other tests. */
static void test_plans_do_not_grow_with_engines(void **unused)
{
    (void)unused;
    double few = halo_time(4), many = halo_time(4096);
    print_message("plan of one engine: %.2f us of 4 engines, %.2f us of 4096\n", 1e6 * few,
                  1e6 * many);
    assert_true(many < 4 * few + 5e-6);
}

/* Unfolding a step that reads a value and both of its neighbours, for an engine in the middle. */
static double unfold_time(int nengines)
{
    int64_t n = (int64_t)1000000 * nengines;
    double best = 1;
    for (int round = 0; round < 300; round++) {
        const struct da__dist *from = NULL, *to = NULL;
        struct da__view v[3];
        assert_int_equal(da__dist_make(1, &n, NULL, nengines, &from, NULL), DA_OK);
        assert_int_equal(da__dist_make(1, &n, NULL, nengines, &to, NULL), DA_OK);
        for (int i = 0; i < 3; i++) {
            da__view_identity(1, &v[i]);
            v[i].period[0] = n;
            v[i].phase[0] = (n - 1 + i) % n;
        }
        struct da__plan *plan = NULL;
        struct da__program *p = one_step(from, 1, &n, to, 1, &n, 3, v);
        da__program_index(p);
        double start = seconds();
        assert_int_equal(da__plan_make(p, nengines / 2, &plan), DA_OK);
        double took = seconds() - start;
        best = took < best ? took : best;
        assert_int_equal(plan->nmessages, 2);
        assert_int_equal(plan->step[0].exchange.send.n, 2);
        assert_int_equal(plan->step[0].boxes.n, 3);
        da__plan_free(plan);
    }
    return best;
}

static void test_unfolding_costs_what_neighbours_cost(void **unused)
{
    (void)unused;
    double few = unfold_time(4), many = unfold_time(4096);
    print_message("unfolding: %.2f us of 4 engines, %.2f us of 4096\n", 1e6 * few, 1e6 * many);
    assert_true(many < 2 * few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_exchanges),
                                       cmocka_unit_test(test_plans_do_not_grow_with_engines),
                                       cmocka_unit_test(test_unfolding_costs_what_neighbours_cost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
