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
                                    const struct da__view *v)
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
    s->input = da__calloc(1, sizeof *s->input);
    s->input[0].view = *v;
    s->output = da__calloc(1, sizeof *s->output);
    s->output[0] = 1;
    s->noutputs = s->ninputs = s->body.noutputs = s->body.ninputs = 1;
    s->body.input_dtype = da__calloc(1, 1);
    s->body.input_dtype[0] = DA_INT64;
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

static void axes_of(const struct da__fetch *f, const struct da__piece *piece, bool owner,
                    struct da__pack_axis *axis)
{
    for (int b = 0; b < f->base_ndim; b++)
        axis[b] = (struct da__pack_axis){.m = piece->axis[b]->m,
                                         .n = piece->axis[b]->n,
                                         .side_b = owner,
                                         .stride = owner ? f->base_stride[b] : f->temp_stride[b]};
}

static const struct da__peer *peer_of(const struct da__peers *peers, int engine)
{
    for (int i = 0; i < peers->n; i++)
        if (peers->peer[i].engine == engine)
            return &peers->peer[i];
    return NULL;
}

static void carry(const struct da__fetch *reader, const struct da__piece *to,
                  const struct da__fetch *owner, const struct da__piece *from, const int64_t *part,
                  char *temp)
{
    struct da__pack_axis axis[DA_MAX_NDIM];
    assert_int_equal(to->nbytes, from->nbytes);
    char *packed = malloc((size_t)from->nbytes);
    axes_of(owner, from, true, axis);
    assert_int_equal(da__pack(owner->base_ndim, axis, 8, (const char *)part, packed), from->nbytes);
    axes_of(reader, to, false, axis);
    assert_int_equal(da__unpack(reader->base_ndim, axis, 8, temp, packed), to->nbytes);
    free(packed);
}

/* Every element of the reader's part of the space has the value of the base element that the view names. */
static void check_reader(const struct da__program *p, int engine, const struct da__fetch *f,
                         const char *data)
{
    const struct da__step *s = &p->step[0];
    const struct da__view *v = &s->input[0].view;
    int64_t shape[DA_MAX_NDIM], nelem = da__dist_local_shape(p->dist[1], engine, shape);
    struct da__index_set set[3];
    for (int k = 0; k < s->ndim && nelem > 0; k++)
        assert_int_equal(da__dist_local_set(p->dist[1], engine, k, &set[k]), DA_OK);
    for (int64_t i = 0; i < nelem; i++) {
        int64_t rest = i, index[3] = {0}, at = f->offset;
        for (int k = s->ndim - 1; k >= 0; k--) {
            index[k] = da__set_get(&set[k], rest % shape[k]);
            at += rest % shape[k] * f->stride[k];
            rest /= shape[k];
        }
        int64_t want = 0, got;
        for (int b = 0; b < v->base_ndim; b++) {
            int64_t way = v->axis[b] >= 0 ? v->step[b] * index[v->axis[b]] : 0;
            if (v->period[b] > 0)
                way = da__floor_mod(v->phase[b] + way, v->period[b]);
            want = want * p->value[0].shape[b] + v->offset[b] + way;
        }
        memcpy(&got, data + at, sizeof got);
        assert_int_equal(got, want);
    }
    for (int k = 0; k < s->ndim && nelem > 0; k++)
        da__set_free(&set[k]);
}

static void exchange_all(struct da__program *p, int nengines)
{
    struct da__exchange x[8];
    int64_t *part[8];
    for (int e = 0; e < nengines; e++) {
        assert_int_equal(da__exchange_plan(p, &p->step[0], e, &x[e]), DA_OK);
        part[e] = make_part(p->dist[0], e, p->value[0].shape);
    }
    for (int e = 0; e < nengines; e++) {
        const struct da__fetch *f = &x[e].fetch[0];
        char *temp = malloc((size_t)f->temp_nbytes + 8);
        memset(temp, 0xff, (size_t)f->temp_nbytes + 8);
        for (int i = 0; i < x[e].receive.n; i++) {
            const struct da__peer *to = &x[e].receive.peer[i],
                                  *from = peer_of(&x[to->engine].send, e);
            assert_non_null(from);
            assert_int_equal(from->nbytes, to->nbytes);
            assert_int_equal(from->npieces, 1);
            carry(f, &to->piece[0], &x[to->engine].fetch[0], &from->piece[0], part[to->engine],
                  temp);
        }
        for (int i = 0; i < x[e].send.n; i++)
            assert_non_null(peer_of(&x[x[e].send.peer[i].engine].receive, e));
        for (int i = 0; i < x[e].self.n; i++)
            for (int k = 0; k < x[e].self.peer[i].npieces; k++)
                carry(f, &x[e].self.peer[i].piece[k], f, &x[e].self.peer[i].piece[k], part[e],
                      temp);
        check_reader(p, e, f, f->in_place ? (const char *)part[e] : temp);
        free(temp);
    }
    for (int e = 0; e < nengines; e++) {
        da__exchange_free(&x[e]);
        free(part[e]);
    }
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

static void test_random_exchanges(void **unused)
{
    (void)unused;
    for (int round = 0; round < 3000; round++) {
        state = (uint64_t)round * 7919 + 1;
        int nengines = 1 + (int)draw(8), base_ndim = (int)draw(4);
        int64_t base[3] = {0}, shape[DA_MAX_NDIM];
        for (int k = 0; k < base_ndim; k++)
            base[k] = draw(12) == 0 ? 0 : 1 + draw(14);
        struct da__view v;
        int ndim = draw_view(base_ndim, base, &v, shape);
        if (ndim > 3)
            continue;
        const struct da__dist *from = draw(6) == 0 ? NULL : draw_dist(base_ndim, base, nengines),
                              *to = draw_dist(ndim, shape, nengines);
        if (from == NULL) /* replicas are read where they are nearest */
            assert_int_equal(da__dist_replicated(base_ndim, base, nengines, &from), DA_OK);
        struct da__program *p = one_step(from, base_ndim, base, to, ndim, shape, &v);
        exchange_all(p, nengines);
        da__program_free(p);
    }
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
    struct da__program *p = one_step(from, 1, &n, to, 1, &m, &v);
    double best = 1;
    for (int round = 0; round < 200; round++) {
        struct da__exchange x;
        double start = seconds();
        assert_int_equal(da__exchange_plan(p, &p->step[0], nengines / 2, &x), DA_OK);
        double took = seconds() - start;
        best = took < best ? took : best;
        assert_in_range(x.send.n, 1, 2);
        da__exchange_free(&x);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_exchanges),
                                       cmocka_unit_test(test_plans_do_not_grow_with_engines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
