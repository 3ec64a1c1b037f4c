/* The memory pool: alignment, waste, reuse, accounts, budget and a random run against plain
 * bookkeeping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "pool.h"

#define MIB ((int64_t)1 << 20)

static struct da__pool *open_pool(int64_t budget)
{
    struct da__pool *p;
    assert_int_equal(da__pool_open(budget, &p), DA_OK);
    return p;
}

static void blocks_are_aligned_and_apart(void **state)
{
    (void)state;
    static const int64_t sizes[] = {0,    1,      63,      64,  65,      511,     512,        513,
                                    4096, 100000, MIB - 1, MIB, MIB + 1, 2 * MIB, 5 * MIB + 3};
    enum { N = sizeof sizes / sizeof *sizes };
    struct da__pool *p = open_pool(0);
    unsigned char *block[N];
    for (int i = 0; i < N; i++) {
        block[i] = da__pool_get(p, sizes[i]);
        assert_non_null(block[i]);
        assert_int_equal((uintptr_t)block[i] % 64, 0);
        memset(block[i], i + 1, (size_t)sizes[i]);
    }
    for (int i = 0; i < N; i++) {
        for (int64_t k = 0; k < sizes[i]; k++)
            if (block[i][k] != i + 1)
                fail_msg("block of %lld bytes was overwritten at %lld", (long long)sizes[i],
                         (long long)k);
    }
    da__pool_put(p, NULL);
    da__pool_close(p);
}

static void waste_is_at_most_an_eighth(void **state)
{
    (void)state;
    int64_t last = 0;
    for (int64_t nbytes = 1; nbytes < INT64_MAX / 16; nbytes += 1 + nbytes / 37) {
        for (int64_t near = nbytes - 1; near <= nbytes + 1; near++) {
            int64_t cost = da__pool_footprint(near);
            int64_t slack = 64 + (near > MIB ? 4096 : near < 512 ? 64 : 0);
            assert_true(cost >= near + 64);
            assert_true(cost - slack <= near + near / 8);
        }
        assert_true(da__pool_footprint(nbytes) >= last);
        last = da__pool_footprint(nbytes);
    }
    assert_true(da__pool_footprint(INT64_MAX) == INT64_MAX);
}

static void what_comes_back_is_reused(void **state)
{
    (void)state;
    struct da__pool *p = open_pool(0);
    static const int64_t sizes[] = {100, 5000, MIB, 3 * MIB};
    for (int i = 0; i < 4; i++) {
        void *first = da__pool_get(p, sizes[i]);
        da__pool_put(p, first);
        int64_t blocks = da__alloc_live();
        assert_ptr_equal(da__pool_get(p, sizes[i] - 1), first);
        assert_int_equal(da__alloc_live(), blocks);
        da__pool_put(p, first);
    }
    assert_int_equal(da__pool_live(p), 0);
    da__pool_close(p);
}

static void accounts(void **state)
{
    (void)state;
    int64_t blocks = da__alloc_live();
    struct da__pool *p = open_pool(0);
    int64_t a = da__pool_footprint(1000), b = da__pool_footprint(2 * MIB);
    void *x = da__pool_get(p, 1000), *y = da__pool_get(p, 2 * MIB);
    assert_int_equal(da__pool_live(p), a + b);
    da__pool_put(p, y);
    assert_int_equal(da__pool_live(p), a);
    assert_int_equal(da__pool_peak(p), a + b);
    da__pool_reset_peak(p);
    assert_int_equal(da__pool_peak(p), a);
    da__pool_put(p, x);
    assert_int_equal(da__alloc_live(), blocks + 3);
    da__pool_trim(p);
    assert_int_equal(da__alloc_live(), blocks + 1);
    da__pool_close(p);
    da__pool_close(NULL);
    assert_int_equal(da__alloc_live(), blocks);
}

static void close_frees_what_is_still_out(void **state)
{
    (void)state;
    int64_t blocks = da__alloc_live();
    struct da__pool *p = open_pool(0);
    for (int i = 0; i < 50; i++) {
        void *block = da__pool_get(p, i * 70000);
        assert_non_null(block);
        if (i % 3 == 0)
            da__pool_put(p, block);
    }
    da__pool_close(p);
    assert_int_equal(da__alloc_live(), blocks);
}

/* The budget holds for live and cached blocks together: a large block drives the cached small ones
 * out. */
static void the_budget_is_kept(void **state)
{
    (void)state;
    int64_t one = da__pool_footprint(MIB), large = da__pool_footprint(4 * MIB);
    struct da__pool *p = open_pool(large);
    void *block[8];
    int n = 0;
    while (n < 8 && (block[n] = da__pool_get(p, MIB)))
        n++;
    assert_int_equal(n, large / one);
    assert_null(da__pool_get(p, MIB));
    assert_int_equal(da__pool_live(p), n * one);
    for (int i = 0; i < n; i++)
        da__pool_put(p, block[i]);
    int64_t blocks = da__alloc_live();
    assert_null(da__pool_get(p, 5 * MIB));
    assert_int_equal(da__alloc_live(), blocks);
    void *big = da__pool_get(p, 4 * MIB);
    assert_non_null(big);
    assert_int_equal(da__alloc_live(), blocks - n + 1);
    assert_null(da__pool_get(p, 0));
    da__pool_put(p, big);
    da__pool_close(p);
}

/* Without a budget, sizes that are not used any more do not pile up. */
static void the_cache_is_bounded(void **state)
{
    (void)state;
    struct da__pool *p = open_pool(0);
    int64_t blocks = da__alloc_live();
    for (int i = 0; i < 200; i++)
        da__pool_put(p, da__pool_get(p, 100000 + i * 1000));
    assert_true(da__alloc_live() - blocks <= 8);
    da__pool_close(p);
}

/* A run needs two large blocks, the next one a small block: the large ones stay for the run after it. */
static void small_runs_leave_the_cache(void **state)
{
    (void)state;
    struct da__pool *p = open_pool(0);
    for (int run = 0; run < 6; run++) {
        int64_t blocks = da__alloc_live();
        da__pool_reset_peak(p);
        if (run % 2 == 0) {
            void *a = da__pool_get(p, 3 * MIB), *b = da__pool_get(p, 3 * MIB);
            assert_ptr_not_equal(a, b);
            da__pool_put(p, a);
            da__pool_put(p, b);
        } else {
            da__pool_put(p, da__pool_get(p, 100000 + run));
        }
        if (run > 1)
            assert_int_equal(da__alloc_live(), blocks);
    }
    int64_t kept = da__alloc_live();
    for (int run = 0; run < 400; run++) {
        da__pool_reset_peak(p);
        da__pool_put(p, da__pool_get(p, 100000));
    }
    assert_true(da__alloc_live() <= kept - 2);
    da__pool_close(p);
}

static void no_memory_is_no_crash(void **state)
{
    (void)state;
    struct da__pool *p;
    da__alloc_fail_at(1, false);
    assert_int_equal(da__pool_open(0, &p), DA_ERR_MEMORY);
    da__alloc_fail_at(0, false);
    assert_int_equal(da__pool_open(-1, &p), DA_ERR_ARGUMENT);
    p = open_pool(0);
    int64_t blocks = da__alloc_live();
    static const int64_t sizes[] = {10, 4096, 3 * MIB};
    for (int i = 0; i < 3; i++) {
        da__alloc_fail_at(1, true);
        assert_null(da__pool_get(p, sizes[i]));
        da__alloc_fail_at(0, false);
    }
    assert_null(da__pool_get(p, -1));
    assert_null(da__pool_get(p, INT64_MAX));
    assert_null(da__pool_get(p, (int64_t)1 << 59));
    assert_int_equal(da__pool_live(p), 0);
    assert_int_equal(da__alloc_live(), blocks);
    /* A full cache is given up before the answer is no. */
    da__pool_put(p, da__pool_get(p, 1000));
    da__alloc_fail_at(1, false);
    assert_non_null(da__pool_get(p, 900000));
    da__alloc_fail_at(0, false);
    da__pool_close(p);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void random_run(void **state)
{
    (void)state;
    enum { SLOTS = 60 };
    struct {
        unsigned char *at;
        int64_t nbytes;
        unsigned char mark;
    } slot[SLOTS] = {{0}};
    struct da__pool *p = open_pool(64 * MIB);
    uint32_t seed = 77;
    int64_t live = 0, peak = 0;
    for (int i = 0; i < 20000; i++) {
        int s = (int)(next_random(&seed) % SLOTS);
        if (slot[s].at) {
            assert_int_equal(slot[s].at[0], slot[s].mark);
            assert_int_equal(slot[s].at[slot[s].nbytes - 1], slot[s].mark);
            da__pool_put(p, slot[s].at);
            slot[s].at = NULL;
            live -= da__pool_footprint(slot[s].nbytes);
        } else {
            int64_t nbytes = 1 + (int64_t)next_random(&seed) % (1 << (6 + next_random(&seed) % 17));
            int64_t cost = da__pool_footprint(nbytes);
            slot[s].at = da__pool_get(p, nbytes);
            assert_int_equal(slot[s].at != NULL, live + cost <= 64 * MIB);
            if (!slot[s].at)
                continue;
            slot[s].nbytes = nbytes;
            slot[s].mark = (unsigned char)i;
            slot[s].at[0] = slot[s].at[nbytes - 1] = (unsigned char)i;
            live += cost;
            peak = live > peak ? live : peak;
        }
        assert_int_equal(da__pool_live(p), live);
        assert_int_equal(da__pool_peak(p), peak);
    }
    da__pool_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_apart),
        cmocka_unit_test(waste_is_at_most_an_eighth),
        cmocka_unit_test(what_comes_back_is_reused),
        cmocka_unit_test(accounts),
        cmocka_unit_test(close_frees_what_is_still_out),
        cmocka_unit_test(the_budget_is_kept),
        cmocka_unit_test(the_cache_is_bounded),
        cmocka_unit_test(small_runs_leave_the_cache),
        cmocka_unit_test(no_memory_is_no_crash),
        cmocka_unit_test(random_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
