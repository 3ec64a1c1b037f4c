/* Reshape over engines that are threads: random shapes, maps, grids, replicas, views and engine subsets; who sends what to whom for
 * DistArray's redistribution plans; engines that fail. Elements are their flat indices. */
#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "routine.h"

enum { MOST = 8, MOST_AXES = 5, NCASES = 3000 };

static uint64_t state;

static int64_t draw(int64_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return below > 0 ? (int64_t)((state >> 33) % (uint64_t)below) : 0;
}

/* ---- distributions ---- */

struct lists {
    int64_t bounds[16], nelem[16], item[4096];
    const int64_t *list[16];
};

static void draw_lists(struct lists *l, int64_t extent, int parts, struct da__map_spec *m)
{
    for (int64_t i = 0; i < extent; i++)
        l->item[i] = i;
    int64_t swaps = draw(2) ? extent : extent / 4; /* some lists have long runs */
    for (int64_t s = 0; s < swaps; s++) {
        int64_t i = draw(extent), j = draw(extent), t = l->item[i];
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

static const struct da__dist *made(int ndim, const int64_t *shape, const struct da__dist_spec *spec,
                                   int n)
{
    const struct da__dist *d = NULL;
    struct da__error err = {.engine = -1};
    if (da__dist_make(ndim, shape, spec, n, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    return d;
}

static const struct da__dist *draw_plain(int ndim, const int64_t *shape, int nengines)
{
    static struct lists lists[MOST_AXES];
    struct da__map_spec map[MOST_AXES] = {{0}};
    int grid[MOST_AXES] = {0}, engines[MOST], room = nengines, used = 1, n = 0;
    for (int i = 0; i < ndim; i++) {
        int k = (int)((i + draw(ndim)) % ndim); /* axes compete for engines in any order */
        k = grid[k] == 0 ? k : i;
        while (grid[k] != 0)
            k = (k + 1) % ndim;
        int64_t kind = draw(6);
        grid[k] = kind == 0 ? 1 : 1 + (int)draw(room);
        room /= grid[k];
        used *= grid[k];
        if (kind == 0)
            map[k].kind = 'n';
        else if (kind == 1)
            map[k].kind = 'b';
        else if (kind == 2)
            draw_bounds(&lists[k], shape[k], grid[k], &map[k]);
        else if (kind < 5)
            map[k] = (struct da__map_spec){.kind = 'c', .block = kind == 3 ? 1 : 1 + draw(5)};
        else
            draw_lists(&lists[k], shape[k], grid[k], &map[k]);
    }
    for (int e = 0; e < nengines; e++)
        engines[n++] = e;
    while (n > 1 && n > used && draw(2)) {
        int gone = (int)draw(n);
        memmove(engines + gone, engines + gone + 1, (size_t)(n - gone - 1) * sizeof *engines);
        n--;
    }
    struct da__dist_spec spec = {
        .nmaps = ndim, .map = map, .ngrid = ndim, .grid = grid, .nengines = n, .engines = engines};
    return made(ndim, shape, &spec, nengines);
}

/* An axis in front whose reduction leaves replicas behind. */
static const struct da__dist *draw_replicated(int ndim, const int64_t *shape, int nengines)
{
    int64_t more[MOST_AXES] = {1 + draw(4)};
    memcpy(more + 1, shape, (size_t)ndim * sizeof *shape);
    const struct da__dist *d = draw_plain(ndim + 1, more, nengines), *out = NULL;
    assert_int_equal(da__dist_reduce(d, 1, false, &out), DA_OK);
    da__dist_drop(d);
    return out;
}

/* What remains of a larger array under steps of any sign. */
static const struct da__dist *draw_view(int ndim, const int64_t *shape, int nengines)
{
    int64_t base[MOST_AXES];
    struct da__view v;
    da__view_identity(ndim, &v);
    for (int k = 0; k < ndim; k++) {
        int64_t step = 1 + draw(3), span = shape[k] > 0 ? (shape[k] - 1) * step + 1 : 0;
        int64_t before = draw(3);
        base[k] = before + span + draw(3);
        v.step[k] = draw(2) ? step : -step;
        v.offset[k] = v.step[k] > 0 || span == 0 ? before : before + span - 1;
    }
    const struct da__dist *d = draw_plain(ndim, base, nengines), *out = NULL;
    assert_int_equal(da__dist_view(d, &v, shape, &out), DA_OK);
    da__dist_drop(d);
    return out;
}

static const struct da__dist *draw_dist(int ndim, const int64_t *shape, int nengines)
{
    switch (draw(4)) {
    case 0:
        return draw_replicated(ndim, shape, nengines);
    case 1:
        return draw_view(ndim, shape, nengines);
    default:
        return draw_plain(ndim, shape, nengines);
    }
}

/* ---- shapes ---- */

static int draw_shape(int64_t *shape)
{
    int ndim = (int)draw(4);
    for (int k = 0; k < ndim; k++)
        shape[k] = draw(12) == 0 ? draw(2)
                   : ndim == 1   ? 1 + draw(90)
                                 : 1 + draw(ndim == 2 ? 30 : 9);
    return ndim;
}

/* Another shape of as many elements: prime factors thrown onto axes. */
static int draw_other(int64_t total, int64_t *shape)
{
    int ndim = 1 + (int)draw(4);
    for (int k = 0; k < ndim; k++)
        shape[k] = total == 0 ? draw(3) : 1;
    if (total == 0)
        shape[draw(ndim)] = 0;
    for (int64_t p = 2; total > 1;)
        if (total % p == 0) {
            shape[draw(ndim)] *= p;
            total /= p;
        } else
            p++;
    return ndim;
}

/* ---- one reshape on all engines ---- */

struct world {
    int n, failing; /* this engine fails before the step; -1: none */
    const struct da__dist *from, *to;
    int from_ndim, to_ndim;
    int64_t from_shape[MOST_AXES], to_shape[MOST_AXES];
};
struct member {
    struct world *world;
    struct da__engine engine;
    const char *wrong;                      /* what went wrong, checked by the main thread */
    int64_t *sent_to[MOST], nsent_to[MOST]; /* messages recorded: their elements */
    struct da__endpoint_ops ops;
    const struct da__endpoint_ops *transport;
};
static struct member member[MOST];

/* Remembers what an engine sends; elements follow the header. */
static da_status recording_isend(struct da__endpoint *e, int to, int tag, const void *data,
                                 int64_t nbytes, struct da__request *r)
{
    struct member *m = &member[e->rank];
    int64_t n = (nbytes - DA__MESSAGE_HEADER) / 8;
    free(m->sent_to[to]);
    m->sent_to[to] = malloc((size_t)n * 8 + 8);
    m->nsent_to[to] = n;
    memcpy(m->sent_to[to], (const char *)data + DA__MESSAGE_HEADER, (size_t)n * 8);
    return m->transport->isend(e, to, tag, data, nbytes, r);
}

static struct da__program *program_of(const struct world *w)
{
    struct da__program *p = da__program_new();
    p->value = da__calloc(2, sizeof *p->value);
    p->step = da__calloc(1, sizeof *p->step);
    p->dist = da__calloc(2, sizeof *p->dist);
    p->dist[0] = da__dist_keep(w->from);
    p->dist[1] = da__dist_keep(w->to);
    p->ndists = p->nvalues = p->nslots = 2;
    p->nsteps = 1;
    int64_t *shape[3];
    for (int k = 0; k < 3; k++)
        shape[k] = da__calloc(MOST_AXES, sizeof **shape);
    memcpy(shape[0], w->from_shape, sizeof w->from_shape);
    memcpy(shape[1], w->to_shape, sizeof w->to_shape);
    memcpy(shape[2], w->to_shape, sizeof w->to_shape);
    p->value[0] = (struct da__value){
        .kind = DA__VALUE_INPUT, .dtype = DA_INT64, .ndim = w->from_ndim, .shape = shape[0]};
    p->value[1] = (struct da__value){.kind = DA__VALUE_OUTPUT,
                                     .slot = 1,
                                     .dtype = DA_INT64,
                                     .ndim = w->to_ndim,
                                     .shape = shape[1],
                                     .dist = 1};
    struct da__step *s = &p->step[0];
    *s = (struct da__step){.kind = DA__STEP_ROUTINE,
                           .routine = DA__ROUTINE_RESHAPE,
                           .ndim = w->to_ndim,
                           .shape = shape[2],
                           .dist = 1,
                           .ninputs = 1,
                           .noutputs = 1};
    s->input = da__calloc(1, sizeof *s->input);
    da__view_identity(w->from_ndim, &s->input[0].view);
    s->output = da__calloc(1, sizeof *s->output);
    s->output[0] = 1;
    return p;
}

/* The engine's part: each element is its flat index. */
static int64_t *make_part(const struct da__dist *d, int engine)
{
    int64_t shape[DA_MAX_NDIM], nelem = da__dist_local_shape(d, engine, shape);
    int64_t *part = calloc((size_t)nelem + 1, sizeof *part);
    struct da__index_set set[MOST_AXES];
    for (int k = 0; k < d->ndim && nelem > 0; k++)
        da__dist_local_set(d, engine, k, &set[k]);
    for (int64_t i = 0; i < nelem; i++) {
        int64_t rest = i, scale = 1;
        for (int k = d->ndim - 1; k >= 0; k--) {
            part[i] += scale * da__set_get(&set[k], rest % shape[k]);
            scale *= d->map[k].count;
            rest /= shape[k];
        }
    }
    for (int k = 0; k < d->ndim && nelem > 0; k++)
        da__set_free(&set[k]);
    return part;
}

static void check_result(struct member *m, struct da__execution *r)
{
    const struct da__dist *to = m->world->to;
    int64_t shape[DA_MAX_NDIM], nelem = da__dist_local_shape(to, m->engine.rank, shape);
    if (m->world->failing >= 0)
        return;
    if (da__run_failed(r)) {
        m->wrong = "the run failed";
        return;
    }
    int64_t *want = make_part(to, m->engine.rank);
    if (nelem > 0 && (r->data[1] == NULL || memcmp(r->data[1], want, (size_t)nelem * 8) != 0))
        m->wrong = "elements are not where they belong";
    free(want);
}

static void run_step(struct member *m, struct da__plan *plan)
{
    struct da__execution r = {.engine = &m->engine, .plan = plan, .data = plan->data};
    int64_t code = DA_ERR_TRANSPORT;
    memcpy(r.void_header, &code, sizeof code);
    memset(&m->engine.failure, 0, sizeof m->engine.failure);
    memset(r.data, 0, 2 * sizeof *r.data);
    int64_t *part = make_part(m->world->from, m->engine.rank);
    r.data[0] = part;
    if (m->engine.rank == m->world->failing)
        da__run_fail(&r, DA_ERR_IO, "told to fail");
    da__run_routine(&r, 0);
    while (r.nsends > 0) {
        da__run_poll(&r);
        if (r.nsends > 0)
            m->engine.endpoint->ops->wait_a_while(m->engine.endpoint, 1000);
    }
    check_result(m, &r);
    da__pool_put(m->engine.pool, r.data[1]);
    da__free(r.send);
    free(part);
    if (da__pool_live(m->engine.pool) != 0)
        m->wrong = "blocks of the pool are left behind";
}

/* Twice with one plan: it is made once and reused. */
static void *live(void *self)
{
    struct member *m = self;
    struct da__plan *plan = NULL;
    if (da__plan_make(program_of(m->world), m->engine.rank, &plan) != DA_OK) {
        m->wrong = "no plan";
        return NULL;
    }
    run_step(m, plan);
    run_step(m, plan);
    da__plan_free(plan);
    return NULL;
}

static void open_members(struct world *w)
{
    struct da__endpoint *endpoint[MOST];
    struct da__error err = {.engine = -1};
    assert_int_equal(da__virtual_open(w->n, endpoint, &err), DA_OK);
    memset(member, 0, sizeof member);
    for (int i = 0; i < w->n; i++) {
        struct member *m = &member[i];
        m->world = w;
        m->engine.endpoint = endpoint[i];
        m->engine.rank = i;
        m->engine.size = w->n;
        m->transport = endpoint[i]->ops;
        m->ops = *endpoint[i]->ops;
        m->ops.isend = recording_isend;
        endpoint[i]->ops = &m->ops;
        assert_int_equal(da__pool_open(0, &m->engine.pool), DA_OK);
    }
}

static void close_members(const struct world *w)
{
    for (int i = 0; i < w->n; i++) {
        for (int to = 0; to < MOST; to++)
            free(member[i].sent_to[to]);
        da__pool_close(member[i].engine.pool);
    }
    for (int i = 0; i < w->n; i++)
        member[i].engine.endpoint->ops->close(member[i].engine.endpoint);
}

static const char *run_world(struct world *w)
{
    pthread_t thread[MOST];
    open_members(w);
    for (int i = 0; i < w->n; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, live, &member[i]), 0);
    const char *wrong = NULL;
    for (int i = 0; i < w->n; i++) {
        pthread_join(thread[i], NULL);
        wrong = wrong != NULL ? wrong : member[i].wrong;
    }
    return wrong;
}

static void run_case(struct world *w, uint64_t seed)
{
    const char *wrong = run_world(w);
    char from[128], to[128], a[256], b[256];
    if (wrong != NULL)
        fail_msg("seed %llu, %d engines, %s [%s] to %s [%s]: %s", (unsigned long long)seed, w->n,
                 da__shape_text(w->from_ndim, w->from_shape, from, sizeof from),
                 da__dist_text(w->from, a, sizeof a),
                 da__shape_text(w->to_ndim, w->to_shape, to, sizeof to),
                 da__dist_text(w->to, b, sizeof b), wrong);
    close_members(w);
}

/* ---- random cases ---- */

static void random_cases(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= NCASES; seed++) {
        state = seed * 7919;
        struct world w = {.n = 1 + (int)draw(MOST), .failing = -1};
        w.from_ndim = draw_shape(w.from_shape);
        w.to_ndim = draw_other(da__nelem(w.from_ndim, w.from_shape), w.to_shape);
        w.from = draw_dist(w.from_ndim, w.from_shape, w.n);
        if (draw(3) == 0)
            assert_int_equal(da__dist_reshape(w.from, w.to_ndim, w.to_shape, &w.to), DA_OK);
        else
            w.to = draw_dist(w.to_ndim, w.to_shape, w.n);
        if (draw(8) == 0)
            w.failing = (int)draw(w.n);
        run_case(&w, seed);
        da__dist_drop(w.from);
        da__dist_drop(w.to);
    }
}

/* ---- DistArray's plans ---- */

/* Engine `from` sends `to` the given flat intervals, and nothing else; n == 0: nothing at all. */
static void expect_sent(int from, int to, int n, const int64_t (*interval)[2])
{
    const int64_t *sent = member[from].sent_to[to];
    int64_t at = 0;
    for (int i = 0; i < n; i++)
        for (int64_t k = interval[i][0]; k < interval[i][1]; k++, at++)
            assert_true(sent != NULL && at < member[from].nsent_to[to] && sent[at] == k);
    assert_int_equal(at, member[from].nsent_to[to]);
    if (n == 0)
        assert_null(sent);
}

static struct world plan_world(const struct da__dist *from, int from_ndim,
                               const int64_t *from_shape, const struct da__dist *to, int to_ndim,
                               const int64_t *to_shape)
{
    struct world w = {
        .n = 4, .failing = -1, .from = from, .to = to, .from_ndim = from_ndim, .to_ndim = to_ndim};
    memcpy(w.from_shape, from_shape, (size_t)from_ndim * sizeof *from_shape);
    memcpy(w.to_shape, to_shape, (size_t)to_ndim * sizeof *to_shape);
    return w;
}

static const struct da__dist *blocks(int ndim, const int64_t *shape, const int *grid, int n,
                                     const int *engines)
{
    struct da__map_spec map[MOST_AXES];
    for (int k = 0; k < ndim; k++)
        map[k] = (struct da__map_spec){.kind = 'b'};
    struct da__dist_spec spec = {
        .nmaps = ndim, .map = map, .ngrid = ndim, .grid = grid, .nengines = n, .engines = engines};
    return made(ndim, shape, &spec, 4);
}

static void finish_plan(struct world *w)
{
    close_members(w);
    da__dist_drop(w->from);
    da__dist_drop(w->to);
}

static void line_to_table(void **unused)
{
    (void)unused;
    const int64_t line[] = {40}, table[] = {5, 8};
    struct world w =
        plan_world(blocks(1, line, (const int[]){2}, 2, (const int[]){1, 3}), 1, line,
                   blocks(2, table, (const int[]){2, 2}, 4, (const int[]){0, 1, 2, 3}), 2, table);
    assert_null(run_world(&w));
    expect_sent(1, 0, 3, (const int64_t[][2]){{0, 4}, {8, 12}, {16, 20}});
    expect_sent(3, 1, 1, (const int64_t[][2]){{20, 24}});
    expect_sent(3, 2, 2, (const int64_t[][2]){{24, 28}, {32, 36}});
    expect_sent(1, 2, 0, NULL);
    expect_sent(1, 3, 0, NULL);
    expect_sent(3, 0, 0, NULL);
    for (int to = 0; to < 4; to++) {
        expect_sent(0, to, 0, NULL);
        expect_sent(2, to, 0, NULL);
    }
    finish_plan(&w);
}

static void line_between_engines(void **unused)
{
    (void)unused;
    const int64_t line[] = {40}, table[] = {8, 5};
    struct world w =
        plan_world(blocks(1, line, (const int[]){2}, 2, (const int[]){1, 3}), 1, line,
                   blocks(2, table, (const int[]){2, 1}, 2, (const int[]){0, 2}), 2, table);
    assert_null(run_world(&w));
    expect_sent(1, 0, 1, (const int64_t[][2]){{0, 20}});
    expect_sent(3, 2, 1, (const int64_t[][2]){{20, 40}});
    expect_sent(1, 2, 0, NULL);
    expect_sent(3, 0, 0, NULL);
    finish_plan(&w);
}

static int64_t elements_sent(int n)
{
    int64_t sum = 0;
    for (int from = 0; from < n; from++)
        for (int to = 0; to < n; to++)
            sum += member[from].nsent_to[to];
    return sum;
}

/* Under the distribution that reshape chooses, common cases move little or nothing. */
static void natural(int from_ndim, const int64_t *from_shape, const int *grid, int to_ndim,
                    const int64_t *to_shape, int64_t most_moved)
{
    const int engines[] = {0, 1, 2, 3};
    const struct da__dist *to = NULL, *from = blocks(from_ndim, from_shape, grid, 4, engines);
    assert_int_equal(da__dist_reshape(from, to_ndim, to_shape, &to), DA_OK);
    struct world w = plan_world(from, from_ndim, from_shape, to, to_ndim, to_shape);
    assert_null(run_world(&w));
    int64_t moved = elements_sent(4), part[DA_MAX_NDIM];
    int64_t total = da__nelem(to_ndim, to_shape);
    if (moved > most_moved)
        fail_msg("%lld elements moved", (long long)moved);
    for (int e = 0; e < 4; e++)
        assert_in_range(da__dist_local_shape(to, e, part), total / 8, total / 2 - 1);
    finish_plan(&w);
}

static void little_moves(void **unused)
{
    (void)unused;
    natural(2, (const int64_t[]){16, 10}, (const int[]){4, 1}, 1, (const int64_t[]){160}, 0);
    natural(1, (const int64_t[]){160}, (const int[]){4}, 2, (const int64_t[]){16, 10}, 0);
    natural(3, (const int64_t[]){8, 6, 5}, (const int[]){4, 1, 1}, 2, (const int64_t[]){8, 30}, 0);
    natural(3, (const int64_t[]){8, 6, 5}, (const int[]){2, 2, 1}, 2, (const int64_t[]){8, 30}, 0);
    natural(3, (const int64_t[]){8, 6, 5}, (const int[]){2, 1, 2}, 2, (const int64_t[]){48, 5}, 0);
    natural(2, (const int64_t[]){17, 10}, (const int[]){4, 1}, 1, (const int64_t[]){170}, 30);
    natural(2, (const int64_t[]){12, 12}, (const int[]){2, 2}, 1, (const int64_t[]){144}, 144);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_cases), cmocka_unit_test(line_to_table),
        cmocka_unit_test(line_between_engines), cmocka_unit_test(little_moves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
