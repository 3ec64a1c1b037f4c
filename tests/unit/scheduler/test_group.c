/* Collective operations over engines that are threads: results by rank order, message counts, sparse exchanges, and members
 * that fail: nobody hangs, nothing is left over. */
#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "group.h"
#include "message.h"

/* Checks run in threads that cmocka does not know: the first one that fails is remembered. */
static atomic_int first_bad_line;
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        int none_ = 0;                                                                             \
        if (!(condition))                                                                          \
            atomic_compare_exchange_strong(&first_bad_line, &none_, __LINE__);                     \
    } while (0)

enum { MOST = 13, NROUNDS = 12 };

/* ---- engines ---- */

struct world;
struct member {
    struct world *world;
    struct da__engine engine;
    struct da__execution r;
};
struct world {
    int n;
    int failing; /* this engine fails before it begins; -1: none */
    int poor;    /* this engine has a small memory */
    int64_t budget;
    const struct da__dist *dist;
    void (*act)(struct member *m);
};

static void begin_run(struct member *m)
{
    memset(&m->engine.failure, 0, sizeof m->engine.failure);
    m->r = (struct da__execution){.engine = &m->engine};
    int64_t code = DA_ERR_TRANSPORT;
    memcpy(m->r.void_header, &code, sizeof code);
}

/* All messages of the run are gone, and so is its memory. */
static void end_run(struct member *m)
{
    while (m->r.nsends > 0) {
        da__run_poll(&m->r);
        if (m->r.nsends > 0)
            m->engine.endpoint->ops->wait_a_while(m->engine.endpoint, 1000);
    }
    da__free(m->r.send);
    CHECK(da__pool_live(m->engine.pool) == 0);
}

static void *live(void *self)
{
    struct member *m = self;
    begin_run(m);
    if (m->engine.rank == m->world->failing)
        da__run_fail(&m->r, DA_ERR_IO, "told to fail");
    m->world->act(m);
    end_run(m);
    return NULL;
}

/* Runs `act` on n engines; twice over the same endpoints where somebody fails: the second time, nobody does. */
static void run_world(struct world *w, void (*act)(struct member *m),
                      void (*after)(struct member *m))
{
    struct da__endpoint *endpoint[MOST];
    struct member member[MOST];
    struct da__error err = {.engine = -1};
    assert_int_equal(da__virtual_open(w->n, endpoint, &err), DA_OK);
    memset(member, 0, sizeof member);
    for (int turn = 0; turn < (after != NULL ? 2 : 1); turn++) {
        pthread_t thread[MOST];
        w->act = turn == 0 ? act : after;
        for (int i = 0; i < w->n; i++) {
            struct member *m = &member[i];
            m->world = w;
            m->engine.endpoint = endpoint[i];
            m->engine.rank = i;
            m->engine.size = w->n;
            m->engine.data_messages = 0;
            int64_t budget = turn == 0 && i == w->poor ? w->budget : 0;
            assert_int_equal(da__pool_open(budget, &m->engine.pool), DA_OK);
            assert_int_equal(pthread_create(&thread[i], NULL, live, m), 0);
        }
        for (int i = 0; i < w->n; i++) {
            pthread_join(thread[i], NULL);
            da__pool_close(member[i].engine.pool);
        }
        w->failing = -1;
    }
    for (int i = 0; i < w->n; i++)
        endpoint[i]->ops->close(endpoint[i]);
    if (atomic_load(&first_bad_line) != 0)
        fail_msg("%d engines: line %d", w->n, atomic_load(&first_bad_line));
}

static struct world world_of(int n)
{
    return (struct world){.n = n, .failing = -1, .poor = -1};
}

/* ---- joins that do not commute ---- */

/* x -> a x + b modulo 2^64; joined: one after the other. */
struct affine {
    uint64_t a, b;
};
enum { NSTATES = 3 };

static struct affine affine_of(int who, int k)
{
    return (struct affine){(uint64_t)(2 * who + 3 + k), (uint64_t)(7 * who + 11 * k + 1)};
}

static struct affine then(struct affine first, struct affine second)
{
    return (struct affine){second.a * first.a, second.a * first.b + second.b};
}

static void join_affine(void *self, void *into, const void *from, bool from_earlier)
{
    struct affine *x = into;
    const struct affine *y = from;
    for (int k = 0; k < *(int *)self; k++)
        x[k] = from_earlier ? then(y[k], x[k]) : then(x[k], y[k]);
}

static int log2_up(int n)
{
    int k = 0;
    while ((1 << k) < n)
        k++;
    return k;
}

/* The join of ranks first … last-1 of a group. */
static void expect_join(const struct da__group *g, int last, int k, struct affine got)
{
    struct affine all = {1, 0};
    for (int i = 0; i < last; i++)
        all = then(all, affine_of(da__group_engine(g, i), k));
    CHECK(all.a == got.a && all.b == got.b);
}

static void check_group(struct member *m, const struct da__group *g)
{
    int n = NSTATES, me = m->engine.rank, rounds = log2_up(g->size);
    struct affine mine[NSTATES], before[NSTATES], *all;
    if (g->rank >= 0)
        CHECK(da__group_engine(g, g->rank) == me);
    for (int k = 0; k < n; k++) {
        mine[k] = affine_of(me, k);
        before[k] = (struct affine){1, 0};
    }
    all = malloc((size_t)(g->size + 1) * sizeof mine);
    m->engine.data_messages = 0;
    da__group_scan(&m->r, 5, g, sizeof mine, mine, before, join_affine, &n);
    CHECK(m->engine.data_messages <= rounds);
    da__group_gather(&m->r, 5, g, sizeof mine, mine, all);
    CHECK(m->engine.data_messages <= 2 * rounds);
    m->engine.data_messages = 0;
    da__group_all_join(&m->r, 5 + 1024, g, sizeof mine, mine, join_affine, &n);
    CHECK(m->engine.data_messages <= rounds + 1);
    CHECK(!da__run_failed(&m->r));
    for (int k = 0; k < n && g->rank >= 0; k++) {
        expect_join(g, g->rank, k, before[k]);
        expect_join(g, g->size, k, mine[k]);
        for (int i = 0; i < g->size; i++) {
            struct affine want = affine_of(da__group_engine(g, i), k);
            CHECK(memcmp(&all[i * n + k], &want, sizeof want) == 0);
        }
    }
    free(all);
}

static void act_on_all(struct member *m)
{
    struct da__group g;
    da__group_all(&m->r, &g);
    CHECK(g.size == m->world->n && g.rank == m->engine.rank);
    check_group(m, &g);
}

static void all_engines(void **state)
{
    (void)state;
    for (int n = 1; n <= 9; n++) {
        struct world w = world_of(n);
        run_world(&w, act_on_all, NULL);
    }
}

/* ---- groups along grid dimensions ---- */

static void act_along(struct member *m)
{
    for (uint32_t dims = 0; dims < 8; dims++) {
        struct da__group g;
        da__group_along(m->world->dist, dims, m->engine.rank, &g);
        bool member = da__dist_has(m->world->dist, m->engine.rank);
        CHECK((g.rank >= 0) == member);
        if (member)
            CHECK(g.size == (dims & 1 ? 2 : 1) * (dims & 2 ? 3 : 1) * (dims & 4 ? 2 : 1));
        check_group(m, &g);
    }
}

static void along_dimensions(void **state)
{
    (void)state;
    int64_t shape[3] = {4, 6, 4};
    int grid[3] = {2, 3, 2}, engines[12] = {12, 3, 1, 0, 2, 4, 6, 5, 7, 11, 10, 9};
    struct da__map_spec map[3] = {{.kind = 'b'}, {.kind = 'c'}, {.kind = 'b'}};
    struct da__dist_spec spec = {
        .nmaps = 3, .map = map, .ngrid = 3, .grid = grid, .nengines = 12, .engines = engines};
    struct da__error err = {.engine = -1};
    struct world w = world_of(13);
    assert_int_equal(da__dist_make(3, shape, &spec, 13, &w.dist, &err), DA_OK);
    run_world(&w, act_along, NULL);
    da__dist_drop(w.dist);
}

/* ---- swap ---- */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x7FB5D329728EA185);
    x ^= x >> 27;
    return x * UINT64_C(0x81DADEF4BC2DD44D) ^ x >> 33;
}

/* Words that one engine has for another in a round: often none, sometimes many (more than an eager message holds). */
static int words(int round, int from, int to)
{
    uint64_t x = mix((uint64_t)(round * 10007 + from * 101 + to));
    return x % 3 != 0 ? 0 : (x >> 8) % 5 == 0 ? (int)((x >> 16) % 3000) : (int)((x >> 16) % 20);
}

static uint64_t word(int round, int from, int to, int k)
{
    return mix((uint64_t)round << 48 ^ (uint64_t)from << 40 ^ (uint64_t)to << 32 ^ (uint64_t)k);
}

/* Parcels grow bit by bit, in an order of the engine's own. */
static void fill_parcels(struct member *m, int round, struct da__parcels *out)
{
    int me = m->engine.rank, n = m->world->n;
    for (int i = 0; i < n; i++) {
        int to = (me * 5 + n - i) % n, left = words(round, me, to);
        if (left == 0 && round % 2 == 0)
            da__parcel_room(&m->r, out, to, 0); /* does not travel */
        for (int k = 0; k < left;) {
            int some = left - k < 7 ? left - k : 7;
            char *at = da__parcel_room(&m->r, out, to, some * 8);
            if (at == NULL)
                return;
            for (int j = 0; j < some; j++, k++) {
                uint64_t w = word(round, me, to, k);
                memcpy(at + 8 * j, &w, 8);
            }
        }
    }
}

static void check_parcels(struct member *m, int round, const struct da__parcels *in)
{
    int me = m->engine.rank, at = 0;
    for (int from = 0; from < m->world->n; from++) {
        int count = words(round, from, me);
        if (count == 0)
            continue;
        CHECK(at < in->n);
        if (at >= in->n)
            return;
        const struct da__parcel *p = &in->parcel[at++];
        CHECK(p->engine == from && p->nbytes == 8 * count && (uintptr_t)p->data % 64 == 0);
        for (int k = 0; k < count && p->nbytes == 8 * count; k++) {
            uint64_t w = word(round, from, me, k);
            CHECK(memcmp(p->data + 8 * k, &w, 8) == 0);
        }
    }
    CHECK(at == in->n);
}

static void act_swap(struct member *m)
{
    for (int round = 0; round < NROUNDS; round++) {
        struct da__parcels out = {.n = 0}, in;
        fill_parcels(m, round, &out);
        int direct = 0;
        for (int to = 0; to < m->world->n; to++)
            direct += to != m->engine.rank && words(round, m->engine.rank, to) > 0;
        m->engine.data_messages = 0;
        CHECK(da__swap(&m->r, round % 2, &out, &in));
        CHECK(m->engine.data_messages == direct + log2_up(m->world->n));
        check_parcels(m, round, &in);
        CHECK(out.n == 0);
        da__parcels_free(&m->r, &in);
    }
}

static void sparse_swaps(void **state)
{
    (void)state;
    for (int n = 1; n <= 13; n++) {
        struct world w = world_of(n);
        run_world(&w, act_swap, NULL);
    }
}

/* ---- failures ---- */

/* Whoever cannot do its part says so; the pattern stays whole. */
static void act_all_kinds(struct member *m)
{
    struct da__group g;
    struct affine mine[NSTATES] = {{1, 0}}, before[NSTATES] = {{1, 0}}, all[MOST * NSTATES];
    int n = NSTATES;
    da__group_all(&m->r, &g);
    da__group_scan(&m->r, 1, &g, sizeof mine, mine, before, join_affine, &n);
    if (m->world->failing >= 0)
        CHECK(da__run_failed(&m->r) == (m->engine.rank >= m->world->failing));
    struct da__parcels out = {.n = 0}, in;
    fill_parcels(m, 3, &out);
    bool ok = da__swap(&m->r, 1, &out, &in);
    CHECK(ok || in.n == 0);
    da__parcels_free(&m->r, &in);
    da__group_gather(&m->r, 1, &g, sizeof mine, mine, all);
    da__group_all_join(&m->r, 1, &g, sizeof mine, mine, join_affine, &n);
    if (m->world->failing >= 0)
        CHECK(!ok && da__run_failed(&m->r));
}

static void act_healthy(struct member *m)
{
    act_on_all(m);
    act_swap(m);
}

static void act_one_kind(struct member *m)
{
    struct da__group g;
    struct affine mine[NSTATES] = {{1, 0}}, all[MOST * NSTATES];
    int n = NSTATES;
    da__group_all(&m->r, &g);
    if (m->world->budget == 0)
        da__group_all_join(&m->r, 1, &g, sizeof mine, mine, join_affine, &n);
    else
        da__group_gather(&m->r, 1, &g, sizeof mine, mine, all);
    CHECK(da__run_failed(&m->r));
}

static void failing_member(void **state)
{
    (void)state;
    for (int n = 1; n <= 9; n++)
        for (int failing = 0; failing < n; failing++) {
            struct world w = world_of(n);
            w.failing = failing;
            run_world(&w, act_all_kinds, act_healthy);
            w.failing = failing;
            run_world(&w, act_one_kind, act_on_all);
            w.failing = failing;
            w.budget = 1; /* of nobody: tells act_one_kind */
            run_world(&w, act_one_kind, act_on_all);
        }
}

/* One engine runs out of memory somewhere: as its budget grows, ever later. */
static void short_of_memory(void **state)
{
    (void)state;
    for (int n = 2; n <= 7; n++)
        for (int64_t budget = 64; budget < 200000; budget = budget * 5 / 4) {
            struct world w = world_of(n);
            w.poor = (int)(budget % n);
            w.budget = budget;
            run_world(&w, act_all_kinds, act_healthy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_engines), cmocka_unit_test(along_dimensions),
        cmocka_unit_test(sparse_swaps), cmocka_unit_test(failing_member),
        cmocka_unit_test(short_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
