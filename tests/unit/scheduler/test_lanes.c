/* Lanes against a slow model: a plain list searched from its start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lanes.h"

#define NITEMS 3000

struct thing {
    struct da__lane_item lane;
    int serial;
    bool queued;
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static struct thing *oldest(struct thing *t, int n, int peer, int tag)
{
    for (int i = 0; i < n; i++)
        if (t[i].queued && t[i].lane.peer == peer && t[i].lane.tag == tag)
            return &t[i];
    return NULL;
}

static void order_holds_in_every_lane(void **state)
{
    (void)state;
    struct thing *t = calloc(NITEMS, sizeof *t);
    struct da__lanes l;
    uint32_t seed = 5;
    int n = 0;
    assert_int_equal(da__lanes_open(&l), DA_OK);
    while (n < NITEMS) {
        int peer = (int)(next_random(&seed) % 7), tag = (int)(next_random(&seed) % 90);
        if (next_random(&seed) % 5 < 3) {
            t[n] = (struct thing){.lane = {.peer = peer, .tag = tag}, .serial = n, .queued = true};
            da__lanes_push(&l, &t[n++].lane);
            continue;
        }
        struct thing *want = oldest(t, n, peer, tag);
        assert_ptr_equal(da__lanes_first(&l, peer, tag), want ? &want->lane : NULL);
        if (want) {
            da__lanes_remove(&l, &want->lane);
            want->queued = false;
        }
    }
    size_t queued = 0;
    for (int i = 0; i < n; i++)
        queued += t[i].queued;
    assert_int_equal(l.nitems, queued);
    da__lanes_close(&l);
    free(t);
}

static bool from_peer(const struct da__lane_item *item, void *peer)
{
    return item->peer == *(int *)peer;
}

static void taking_by_a_condition_leaves_the_rest_in_order(void **state)
{
    (void)state;
    struct thing t[600];
    struct da__lanes l;
    assert_int_equal(da__lanes_open(&l), DA_OK);
    for (int i = 0; i < 600; i++) {
        t[i] = (struct thing){.lane = {.peer = i % 3, .tag = i % 2}, .serial = i};
        da__lanes_push(&l, &t[i].lane);
    }
    int peer = 1, ntaken = 0, last[2] = {-1, -1};
    for (struct da__lane_item *i = da__lanes_take(&l, from_peer, &peer); i; i = i->next, ntaken++) {
        assert_int_equal(i->peer, 1);
        assert_true(((struct thing *)i)->serial > last[i->tag]);
        last[i->tag] = ((struct thing *)i)->serial;
    }
    assert_int_equal(ntaken, 200);
    assert_int_equal(l.nitems, 400);
    for (int i = 0; i < 600; i++) {
        if (i % 3 == 1)
            continue;
        assert_ptr_equal(da__lanes_first(&l, i % 3, i % 2), &t[i].lane);
        da__lanes_remove(&l, &t[i].lane);
    }
    assert_null(da__lanes_first(&l, 1, 1));
    da__lanes_close(&l);
}

static void a_table_that_cannot_grow_still_works(void **state)
{
    (void)state;
    struct thing t[200];
    struct da__lanes l;
    da__alloc_fail_at(1, true);
    assert_int_equal(da__lanes_open(&l), DA_ERR_MEMORY);
    da__alloc_fail_at(0, false);
    assert_int_equal(da__lanes_open(&l), DA_OK);
    da__alloc_fail_at(1, true);
    for (int i = 0; i < 200; i++) {
        t[i] = (struct thing){.lane = {.peer = i, .tag = 1}};
        da__lanes_push(&l, &t[i].lane);
    }
    da__alloc_fail_at(0, false);
    for (int i = 0; i < 200; i++)
        assert_ptr_equal(da__lanes_first(&l, i, 1), &t[i].lane);
    da__lanes_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_holds_in_every_lane),
        cmocka_unit_test(taking_by_a_condition_leaves_the_rest_in_order),
        cmocka_unit_test(a_table_that_cannot_grow_still_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
