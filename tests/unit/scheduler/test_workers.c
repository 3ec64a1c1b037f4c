/* Worker pools of several sizes: every chunk runs exactly once, on legal threads, and results are
 * seen by the caller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "workers.h"

static const int sizes[] = {1, 2, 3, 5, 8};
#define NSIZES (sizeof sizes / sizeof *sizes)

struct job {
    int nthreads;
    int64_t nchunks;
    int *times;          /* per chunk; plain on purpose: a race would show under TSan */
    int64_t *per_thread; /* chunks done, per thread */
    atomic_int bad_threads;
    atomic_int inside; /* bodies now running */
    int polls;
    int64_t pause_ns;
};

static void count_chunk(void *self, int64_t chunk, int thread)
{
    struct job *j = self;
    if (thread < 0 || thread >= j->nthreads) {
        atomic_fetch_add(&j->bad_threads, 1);
        return;
    }
    atomic_fetch_add(&j->inside, 1);
    j->times[chunk]++;
    j->per_thread[thread]++;
    if (j->pause_ns) {
        struct timespec t = {.tv_nsec = j->pause_ns};
        nanosleep(&t, NULL);
    }
    atomic_fetch_sub(&j->inside, 1);
}

static void count_poll(void *self)
{
    ((struct job *)self)->polls++;
}

static void run_and_check(struct da__workers *w, int64_t nchunks, int64_t pause_ns, bool poll)
{
    struct job j = {.nthreads = da__workers_count(w), .nchunks = nchunks, .pause_ns = pause_ns};
    j.times = calloc((size_t)nchunks + 1, sizeof *j.times);
    j.per_thread = calloc((size_t)j.nthreads, sizeof *j.per_thread);
    da__workers_run(w, nchunks, count_chunk, &j, poll ? count_poll : NULL, &j);
    int64_t sum = 0;
    assert_int_equal(atomic_load(&j.inside), 0);
    assert_int_equal(atomic_load(&j.bad_threads), 0);
    for (int64_t i = 0; i < nchunks; i++)
        assert_int_equal(j.times[i], 1);
    for (int i = 0; i < j.nthreads; i++)
        sum += j.per_thread[i];
    assert_int_equal(sum, nchunks);
    if (poll && nchunks > 1) /* after each of the caller's own chunks; alone, in between them */
        assert_true(j.nthreads > 1 ? j.polls >= j.per_thread[0] : j.polls == nchunks - 1);
    free(j.times);
    free(j.per_thread);
}

static void every_chunk_runs_once(void **state)
{
    (void)state;
    static const int64_t nchunks[] = {0, 1, 2, 3, 7, 64, 1000};
    for (size_t s = 0; s < NSIZES; s++) {
        struct da__workers *w;
        int64_t blocks = da__alloc_live();
        assert_int_equal(da__workers_start(sizes[s], NULL, &w, NULL), DA_OK);
        assert_int_equal(da__workers_count(w), sizes[s]);
        for (size_t k = 0; k < sizeof nchunks / sizeof *nchunks; k++)
            for (int poll = 0; poll < 2; poll++)
                run_and_check(w, nchunks[k], 0, poll);
        da__workers_stop(w);
        assert_int_equal(da__alloc_live(), blocks);
    }
}

/* Short runs back to back, where late workers meet the gate of a later run; now and then a pause
 * lets them all sleep. */
static void many_short_runs(void **state)
{
    (void)state;
    for (size_t s = 0; s < NSIZES; s++) {
        struct da__workers *w;
        assert_int_equal(da__workers_start(sizes[s], NULL, &w, NULL), DA_OK);
        for (int i = 0; i < 3000; i++) {
            if (i % 300 == 299) {
                struct timespec t = {.tv_nsec = 1000000};
                nanosleep(&t, NULL);
            }
            run_and_check(w, 2 + i % 9, 0, i % 2);
        }
        da__workers_stop(w);
    }
}

/* Chunks that take long are shared, also after everybody went to sleep. */
static void others_help(void **state)
{
    (void)state;
    struct da__workers *w;
    assert_int_equal(da__workers_start(4, NULL, &w, NULL), DA_OK);
    for (int round = 0; round < 3; round++) {
        struct timespec t = {.tv_nsec = 5000000};
        int times[40] = {0};
        int64_t per_thread[4] = {0};
        struct job j = {.nthreads = 4,
                        .nchunks = 40,
                        .times = times,
                        .per_thread = per_thread,
                        .pause_ns = 2000000};
        nanosleep(&t, NULL);
        da__workers_run(w, 40, count_chunk, &j, NULL, NULL);
        for (int i = 0; i < 4; i++)
            assert_true(per_thread[i] > 0);
    }
    da__workers_stop(w);
}

static void remember_thread(void *self, int64_t chunk, int thread)
{
    pthread_t *who = self;
    (void)chunk;
    assert_int_equal(thread, 0);
    *who = pthread_self();
}

static void one_chunk_stays_with_the_caller(void **state)
{
    (void)state;
    struct da__workers *w;
    assert_int_equal(da__workers_start(3, NULL, &w, NULL), DA_OK);
    for (int i = 0; i < 100; i++) {
        pthread_t who;
        memset(&who, 0, sizeof who);
        da__workers_run(w, 1, remember_thread, &who, NULL, NULL);
        assert_true(pthread_equal(who, pthread_self()));
    }
    da__workers_stop(w);
}

struct places {
    cpu_set_t set[8];
    sigset_t mask[8];
    bool seen[8];
    atomic_int entered;
};

/* Holds each thread until all have come, so that every one gets a chunk. */
static void note_place(void *self, int64_t chunk, int thread)
{
    struct places *p = self;
    (void)chunk;
    pthread_getaffinity_np(pthread_self(), sizeof p->set[thread], &p->set[thread]);
    pthread_sigmask(SIG_BLOCK, NULL, &p->mask[thread]);
    p->seen[thread] = true;
    atomic_fetch_add(&p->entered, 1);
    while (atomic_load(&p->entered) < 3)
        sched_yield();
}

static void workers_are_bound_and_take_no_signals(void **state)
{
    (void)state;
    cpu_set_t mine, after;
    pthread_getaffinity_np(pthread_self(), sizeof mine, &mine);
    int first = 0;
    while (!CPU_ISSET((size_t)first, &mine))
        first++;
    int cpu[3] = {first, first, 1 << 20 /* refused, and not missed */};
    struct da__workers *w;
    struct places p = {.seen = {false}};
    assert_int_equal(da__workers_start(3, cpu, &w, NULL), DA_OK);
    da__workers_run(w, 3, note_place, &p, NULL, NULL);
    da__workers_stop(w);
    assert_true(p.seen[0] && p.seen[1] && p.seen[2]);
    assert_int_equal(CPU_COUNT(&p.set[1]), 1);
    assert_true(CPU_ISSET((size_t)first, &p.set[1]));
    assert_true(CPU_EQUAL(&p.set[2], &mine));
    assert_true(CPU_EQUAL(&p.set[0], &mine));
    assert_true(sigismember(&p.mask[1], SIGINT));
    assert_false(sigismember(&p.mask[0], SIGINT));
    pthread_getaffinity_np(pthread_self(), sizeof after, &after);
    assert_true(CPU_EQUAL(&after, &mine));
}

/* What chunks see of each other: threads that have begun, chunks that have, and the first one of each thread. */
struct shares {
    atomic_int threads;
    _Atomic int64_t begun, out_of_order;
    int64_t first[4];
    bool seen[4];
};

/* Holds each thread in its first chunk until all have come. */
static void note_share(void *self, int64_t chunk, int thread)
{
    struct shares *p = self;
    int64_t before = atomic_fetch_add(&p->begun, 1);
    if (before <
        chunk - 3) /* but for one in the hands of each other thread, all before have begun */
        atomic_fetch_add(&p->out_of_order, 1);
    if (p->seen[thread])
        return;
    p->seen[thread] = true;
    p->first[thread] = chunk;
    atomic_fetch_add(&p->threads, 1);
    while (atomic_load(&p->threads) < 4)
        sched_yield();
}

/* Whoever comes last finds chunks left: the others are held by then. */
static void each_thread_begins_with_its_share(void **state)
{
    (void)state;
    static const int64_t begin[4] = {0, 11, 22, 32};
    struct da__workers *w;
    assert_int_equal(da__workers_start(4, NULL, &w, NULL), DA_OK);
    for (int round = 0; round < 200; round++) {
        struct shares p = {.seen = {false}};
        da__workers_run(w, 42, note_share, &p, NULL, NULL);
        assert_int_equal(atomic_load(&p.begun), 42);
        for (int i = 0; i < 4; i++)
            assert_int_equal(p.first[i], begin[i]);
    }
    da__workers_stop(w);
}

static void chunks_begin_in_order(void **state)
{
    (void)state;
    struct da__workers *w;
    assert_int_equal(da__workers_start(4, NULL, &w, NULL), DA_OK);
    for (int round = 0; round < 200; round++) {
        struct shares p = {.seen = {false}};
        da__workers_run_in_order(w, 42, note_share, &p, NULL, NULL);
        assert_int_equal(atomic_load(&p.begun), 42);
        assert_int_equal(atomic_load(&p.out_of_order), 0);
        assert_true(p.first[0] < 4 && p.first[1] < 4 && p.first[2] < 4 && p.first[3] < 4);
    }
    da__workers_stop(w);
}

struct uneven {
    int nthreads;
    int64_t costly; /* chunks 0 … costly - 1 go on only when every thread has been in one of them */
    atomic_int inside;
    bool seen[8];
    atomic_bool alone;
};

static void costly_chunk(void *self, int64_t chunk, int thread)
{
    struct uneven *u = self;
    struct timespec t = {.tv_nsec = 100000};
    if (chunk >= u->costly)
        return;
    if (!u->seen[thread]) {
        u->seen[thread] = true;
        atomic_fetch_add(&u->inside, 1);
    }
    for (int i = 0; atomic_load(&u->inside) < u->nthreads && !atomic_load(&u->alone); i++) {
        if (i == 100000) /* ten seconds and more */
            atomic_store(&u->alone, true);
        nanosleep(&t, NULL);
    }
}

/* All that costs lies in one thread's share, and every thread does some of it. */
static void a_costly_share_is_everybodys(void **state)
{
    (void)state;
    for (size_t s = 1; s < NSIZES; s++)
        for (int round = 0; round < 20; round++) {
            struct da__workers *w;
            struct uneven u = {.nthreads = sizes[s], .costly = sizes[s]};
            assert_int_equal(da__workers_start(sizes[s], NULL, &w, NULL), DA_OK);
            da__workers_run(w, (int64_t)sizes[s] * sizes[s], costly_chunk, &u, NULL, NULL);
            da__workers_stop(w);
            assert_false(atomic_load(&u.alone));
        }
}

static double process_cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void idle_workers_sleep(void **state)
{
    (void)state;
    struct da__workers *w;
    struct timespec t = {.tv_nsec = 300000000};
    assert_int_equal(da__workers_start(4, NULL, &w, NULL), DA_OK);
    run_and_check(w, 20, 0, false);
    double before = process_cpu_seconds();
    nanosleep(&t, NULL);
    assert_true(process_cpu_seconds() - before < 0.1);
    da__workers_stop(w);
}

static void starting_fails_cleanly(void **state)
{
    (void)state;
    struct da__workers *w;
    int64_t blocks = da__alloc_live();
    da_status status = DA_ERR_MEMORY;
    struct da__error err = {.engine = -1};
    assert_int_equal(da__workers_start(0, NULL, &w, &err), DA_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "0 threads"));
    for (int n = 1; status == DA_ERR_MEMORY; n++) {
        da__alloc_fail_at(n, false);
        status = da__workers_start(3, NULL, &w, NULL);
        da__alloc_fail_at(0, false);
        if (status != DA_OK) {
            assert_null(w);
            assert_int_equal(da__alloc_live(), blocks);
        }
    }
    da__workers_stop(w);
    da__workers_stop(NULL);
    assert_int_equal(da__alloc_live(), blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chunk_runs_once),
        cmocka_unit_test(many_short_runs),
        cmocka_unit_test(others_help),
        cmocka_unit_test(each_thread_begins_with_its_share),
        cmocka_unit_test(chunks_begin_in_order),
        cmocka_unit_test(a_costly_share_is_everybodys),
        cmocka_unit_test(one_chunk_stays_with_the_caller),
        cmocka_unit_test(workers_are_bound_and_take_no_signals),
        cmocka_unit_test(idle_workers_sleep),
        cmocka_unit_test(starting_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
