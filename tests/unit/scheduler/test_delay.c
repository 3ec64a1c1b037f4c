/* The delaying transport over threads: the scenarios of every transport, and that what it was asked for happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "backoff.h"
#include "message_scenarios.h"
#include "network.h"
#include "wrapper.h"

#define MS INT64_C(1000000)

static const char *asked; /* the network of the test that runs */

/* ---- engines behind that network ---- */

struct part {
    struct da__endpoint *e;
    scenario *run;
};

static void *run_part(void *self)
{
    struct part *p = self;
    p->run(p->e);
    p->e->ops->close(p->e);
    return NULL;
}

static void open_network(int n, struct da__endpoint **e)
{
    struct da__network network;
    assert_int_equal(da__network_read(asked, &network, NULL), DA_OK);
    assert_int_equal(da__virtual_open(n, e, NULL), DA_OK);
    for (int i = 0; i < n; i++)
        assert_int_equal(da__delay_open(&network, e[i], &e[i], NULL), DA_OK);
}

static void run_engines(int n, scenario *run)
{
    struct da__endpoint *e[8];
    struct part part[8];
    pthread_t thread[8];
    int64_t blocks = da__alloc_live();
    atomic_store(&failures, 0);
    open_network(n, e);
    for (int i = 0; i < n; i++) {
        part[i] = (struct part){e[i], run};
        assert_int_equal(pthread_create(&thread[i], NULL, run_part, &part[i]), 0);
    }
    for (int i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(atomic_load(&failures), 0);
    assert_int_equal(da__alloc_live(), blocks);
}

/* ---- the scenarios ---- */

#define SCENARIO(name)                                                                             \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        asked = "delay=50us,jitter=200us,rate=20Gbit,reorder=0.3,seed=3";                          \
        run_engines(1, name);                                                                      \
        run_engines(3, name);                                                                      \
    }
SCENARIO(ring)
SCENARIO(all_to_all)
SCENARIO(tags_out_of_order)
SCENARIO(order_within_a_tag)
SCENARIO(many_open_requests)
SCENARIO(shorter_than_capacity)
SCENARIO(counters)
SCENARIO(waiting_costs_little)
SCENARIO(wrong_arguments)
SCENARIO(too_long)

/* ---- what was asked for ---- */

/* There and back: twice the delay, whatever is late besides. The send of a long message is not done before it is there. */
static void takes_long(struct da__endpoint *e)
{
    enum { NBYTES = 100000 };
    unsigned char *out = new_bytes(NBYTES), *in = new_bytes(NBYTES);
    struct da__request r;
    int other = 1 - e->rank;
    memset(out, 5, NBYTES);
    int64_t start = da__now_ns();
    for (int turn = 0; turn < 2; turn++) {
        if (turn == e->rank)
            CHECK(e->ops->isend(e, other, 1, out, 8, &r) == DA_OK && r.done);
        else
            CHECK(e->ops->irecv(e, other, 1, in, 8, &r) == DA_OK && wait_one(e, &r) == DA_OK);
    }
    if (e->rank == 0)
        CHECK(da__now_ns() - start >= 2 * 20 * MS);
    start = da__now_ns();
    CHECK(e->ops->isend(e, other, 2, out, NBYTES, &r) == DA_OK && !r.done);
    struct da__request got;
    CHECK(e->ops->irecv(e, other, 2, in, NBYTES, &got) == DA_OK);
    CHECK(wait_one(e, &r) == DA_OK && da__now_ns() - start >= 20 * MS);
    CHECK(wait_one(e, &got) == DA_OK && memcmp(in, out, NBYTES) == 0);
    free(out);
    free(in);
}

static void test_delay(void **state)
{
    (void)state;
    asked = "delay=20ms";
    run_engines(2, takes_long);
}

/* The receiver's clock starts when the message was sent: a receive that is posted late does not wait again. */
static void is_not_paid_twice(struct da__endpoint *e)
{
    unsigned char byte = 7;
    struct da__request r;
    struct timespec t = {.tv_nsec = 250 * MS};
    if (e->rank == 0) {
        CHECK(e->ops->isend(e, 1, 0, &byte, 1, &r) == DA_OK && r.done);
        CHECK(e->ops->irecv(e, 1, 1, &byte, 1, &r) == DA_OK && wait_one(e, &r) == DA_OK);
        return;
    }
    nanosleep(&t, NULL);
    CHECK(e->ops->irecv(e, 0, 0, &byte, 1, &r) == DA_OK);
    while (!r.done && e->ops->test(e, &r) == DA_OK)
        continue;
    int64_t start = da__now_ns();
    CHECK(wait_one(e, &r) == DA_OK && byte == 7);
    CHECK(da__now_ns() - start < 150 * MS);
    CHECK(e->ops->isend(e, 0, 1, &byte, 1, &r) == DA_OK && wait_one(e, &r) == DA_OK);
}

static void test_not_paid_twice(void **state)
{
    (void)state;
    asked = "delay=200ms";
    run_engines(2, is_not_paid_twice);
}

/* 8 Mbit a second are 1,000 bytes a millisecond: a link's messages queue, links do not share. */
static void fills_links(struct da__endpoint *e)
{
    enum { N = 5, NBYTES = 5000 };
    static unsigned char out[NBYTES];
    unsigned char *in = new_bytes(3 * N * NBYTES);
    struct da__request r[6 * N];
    int n = 0;
    int64_t start = da__now_ns();
    for (int k = 0; k < N; k++)
        for (int peer = 0; peer < e->size; peer++) {
            if (peer == e->rank)
                continue;
            CHECK(e->ops->irecv(e, peer, k, in + n * NBYTES / 2, NBYTES, &r[n]) == DA_OK);
            CHECK(e->ops->isend(e, peer, k, out, NBYTES, &r[n + 1]) == DA_OK);
            n += 2;
        }
    CHECK(da__wait_all(e, n, r) == DA_OK);
    CHECK(da__now_ns() - start >= N * 5 * MS);
    free(in);
}

static void test_rate(void **state)
{
    (void)state;
    asked = "rate=8Mbit";
    run_engines(3, fills_links);
}

/* Streams of numbered messages; the order in which engine 1 sees them, over all streams. */
enum { NSTREAMS = 8, NEACH = 12, NALL = NSTREAMS * NEACH };
static int seen[NALL];

static void sees_in_some_order(struct da__endpoint *e)
{
    int out[NALL], in[NALL], n = 0;
    struct da__request r[NALL];
    for (int k = 0; k < NALL && e->rank == 0; k++) {
        out[k] = k;
        CHECK(e->ops->isend(e, 1, k % NSTREAMS, &out[k], sizeof out[k], &r[k]) == DA_OK);
    }
    if (e->rank == 0)
        return;
    for (int k = 0; k < NALL; k++)
        CHECK(e->ops->irecv(e, 0, k % NSTREAMS, &in[k], sizeof in[k], &r[k]) == DA_OK);
    for (bool noted[NALL] = {false}; n < NALL;) {
        for (int k = 0; k < NALL; k++) {
            CHECK(e->ops->test(e, &r[k]) == DA_OK);
            if (!r[k].done || noted[k])
                continue;
            noted[k] = true;
            seen[n++] = in[k];
            CHECK(in[k] == k);
        }
        e->ops->wait_a_while(e, 0);
    }
}

/* Messages that came after one which was sent later; in one stream there must be none. */
static int count_overtaken(void)
{
    int n = 0, latest = -1, last[NSTREAMS];
    memset(last, -1, sizeof last);
    for (int k = 0; k < NALL; k++) {
        n += seen[k] < latest;
        latest = seen[k] > latest ? seen[k] : latest;
        assert_true(seen[k] > last[seen[k] % NSTREAMS]);
        last[seen[k] % NSTREAMS] = seen[k];
    }
    return n;
}

static void test_reorder(void **state)
{
    (void)state;
    static const char *const network[] = {"delay=1ms,reorder=0.3,seed=1",
                                          "delay=1ms,reorder=0.3,seed=2", "jitter=5ms,seed=3"};
    for (int k = 0; k < 3; k++) {
        asked = network[k];
        run_engines(2, sees_in_some_order);
        assert_true(count_overtaken() > 3);
    }
}

/* Which messages are held back follows from the seed: held ones come 8 ms after all others. */
static void test_seed_decides(void **state)
{
    (void)state;
    static const char *const network[] = {"delay=10ms,reorder=0.3,seed=5",
                                          "delay=10ms,reorder=0.3,seed=5",
                                          "delay=10ms,reorder=0.3,seed=6"};
    bool late[3][NALL] = {{false}};
    for (int k = 0; k < 3; k++) {
        asked = network[k];
        run_engines(2, sees_in_some_order);
        int first_late = 1;
        while (first_late < NALL && seen[first_late] > seen[first_late - 1])
            first_late++;
        for (int i = first_late; i < NALL; i++)
            late[k][seen[i]] = true;
        assert_true(first_late < NALL);
    }
    assert_memory_equal(late[0], late[1], sizeof late[0]);
    assert_memory_not_equal(late[0], late[2], sizeof late[0]);
}

/* Engine 0 leaves while messages of every kind are under way. */
static void leaves_early(struct da__endpoint *e)
{
    static unsigned char large[3][100000];
    unsigned char small[10] = {42}, in[10] = {0};
    struct da__request r[3];
    int other = 1 - e->rank;
    if (e->rank == 0) {
        CHECK(e->ops->isend(e, other, 0, small, 10, &r[0]) == DA_OK && r[0].done);
        CHECK(e->ops->isend(e, other, 1, large[0], 100000, &r[1]) == DA_OK && !r[1].done);
        CHECK(e->ops->irecv(e, other, 5, small, 10, &r[2]) == DA_OK);
        return;
    }
    CHECK(e->ops->irecv(e, other, 0, in, 10, &r[0]) == DA_OK && wait_one(e, &r[0]) == DA_OK);
    CHECK(in[0] == 42);
    da_status never = e->ops->irecv(e, other, 3, in, 10, &r[1]);
    CHECK((never != DA_OK ? never : wait_one(e, &r[1])) == DA_ERR_TRANSPORT);
    CHECK(strstr(e->error.text, "left") != NULL);
}

static void test_leaving(void **state)
{
    (void)state;
    asked = "delay=2ms,jitter=1ms";
    for (int k = 0; k < 20; k++)
        run_engines(2, leaves_early);
}

/* The second message of engine 0 and what follows it in its stream never come; others do. */
static void test_drop(void **state)
{
    (void)state;
    struct da__endpoint *e[2];
    struct da__request r[4];
    unsigned char out = 1, in[4] = {0};
    static const int tag[] = {0, 1, 1, 0};
    int64_t blocks = da__alloc_live();
    asked = "drop=0:2";
    open_network(2, e);
    for (int k = 0; k < 4; k++) {
        assert_int_equal(e[0]->ops->isend(e[0], 1, tag[k], &out, 1, &r[0]), DA_OK);
        assert_true(r[0].done);
    }
    for (int k = 0; k < 4; k++)
        assert_int_equal(e[1]->ops->irecv(e[1], 0, tag[k], &in[k], 1, &r[k]), DA_OK);
    assert_int_equal(da__wait_all(e[1], 1, &r[3]), DA_OK);
    struct timespec t = {.tv_nsec = 5 * MS};
    nanosleep(&t, NULL);
    for (int k = 0; k < 4; k++)
        assert_int_equal(e[1]->ops->test(e[1], &r[k]), DA_OK);
    assert_true(r[0].done && !r[1].done && !r[2].done);
    for (int i = 0; i < 2; i++)
        e[i]->ops->close(e[i]);
    assert_int_equal(da__alloc_live(), blocks);
}

/* A message that finds no memory leaves its stream in order: the next one arrives as if it had not been tried. */
static void test_no_memory(void **state)
{
    (void)state;
    struct da__endpoint *e[2];
    struct da__request r;
    unsigned char large[5000] = {9}, got[5000] = {0};
    int64_t blocks = da__alloc_live();
    asked = "delay=100us";
    open_network(2, e);
    int sent = 0;
    da__alloc_fail_at(1, true);
    while (e[0]->ops->isend(e[0], 1, 4, &sent, sizeof sent, &r) == DA_OK)
        sent++;
    da__alloc_fail_at(0, false);
    assert_true(sent >= 4 && sent < 100);
    assert_int_equal(e[0]->ops->isend(e[0], 1, 4, large, sizeof large, &r), DA_OK);
    for (int k = 0; k <= sent; k++) {
        struct da__request in;
        int value = -1;
        assert_int_equal(
            e[1]->ops->irecv(e[1], 0, 4, k < sent ? (void *)&value : got, k < sent ? 4 : 5000, &in),
            DA_OK);
        assert_int_equal(da__wait_all(e[1], 1, &in), DA_OK);
        assert_true(k < sent ? value == k : in.nbytes == 5000 && got[0] == 9);
    }
    assert_int_equal(da__wait_all(e[0], 1, &r), DA_OK);
    for (int i = 0; i < 2; i++)
        e[i]->ops->close(e[i]);
    assert_int_equal(da__alloc_live(), blocks);
}

static void test_reading(void **state)
{
    (void)state;
    static const char *const wrong[] = {"delay",     "delay=1",   "delay=-1ms", "delay=1min",
                                        "rate=0bit", "reorder=2", "drop=3",     "drop=1:0",
                                        "loss=3",    "seed=x",    "delay=1msx"};
    struct da__network n;
    assert_int_equal(
        da__network_read("delay=1.5ms,jitter=20us,rate=2Gbit,reorder=0.25,seed=9,drop=2:7", &n,
                         NULL),
        DA_OK);
    assert_true(n.delay_ns == 1500000 && n.jitter_ns == 20000 && n.bits_per_second == 2000000000);
    assert_true(n.reorder == 0.25 && n.seed == 9 && n.drop_engine == 2 && n.drop_number == 7);
    assert_int_equal(da__network_read("", &n, NULL), DA_OK);
    assert_true(n.delay_ns == 0 && n.drop_engine == -1);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        struct da__error err = {.engine = -1};
        assert_int_equal(da__network_read(wrong[k], &n, &err), DA_ERR_ARGUMENT);
        assert_non_null(strstr(err.text, "DISTARRAY_NETWORK"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_all_to_all),
        cmocka_unit_test(test_tags_out_of_order),
        cmocka_unit_test(test_order_within_a_tag),
        cmocka_unit_test(test_many_open_requests),
        cmocka_unit_test(test_shorter_than_capacity),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_waiting_costs_little),
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_not_paid_twice),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_reorder),
        cmocka_unit_test(test_seed_decides),
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
