/* The worker pool: threads that wait at a gate, enter it while there is work, and share chunks by
 * ranges.
 *
 * A run's chunks are cut into a range for each thread, one behind the other. A thread begins with
 * its own: over the steps of a loop it meets the same part of the arrays, which lies in its cache
 * and, first touched by it, in its memory node. When its range is out it takes chunks from the one
 * with most left, and stays there until that is out. Chunks of a range are handed out by an atomic
 * counter, so owner and helpers need no other agreement. A run in order has one range for all.
 *
 * The gate is one word: the run's number, whether it is open, and how many workers are inside. The
 * caller opens it, works along, closes it when the chunks are out and waits only for workers that
 * are inside. One that wakes up late finds the gate closed and is never waited for. A worker looks
 * for the next run for a moment, then sleeps on a condition; the caller wakes at most FANOUT
 * sleepers and each worker that enters wakes as many while chunks remain, so a run costs the caller
 * little and a short run wakes few. */
#include "workers.h"

#include "backoff.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#define LINE 64
#define FANOUT 2

/* The gate's bits: run number << 32 | open | workers inside. */
#define GATE_OPEN (UINT64_C(1) << 31)
#define GATE_INSIDE (GATE_OPEN - 1)

struct worker {
    struct da__workers *pool;
    pthread_t thread;
    int id, cpu; /* cpu -1: not bound */
};

/* Chunks next … end - 1 are not taken yet; `next` may run past the end. */
struct range {
    _Alignas(LINE) _Atomic int64_t next;
    int64_t end;
};

struct da__workers {
    _Alignas(LINE) _Atomic uint64_t gate;
    _Alignas(LINE) atomic_int asleep;
    atomic_bool stopping;
    /* The run, written while the gate is closed and nobody inside. */
    struct range *range; /* room for one a thread */
    int nranges;
    void (*body)(void *self, int64_t chunk, int thread);
    void *self;
    pthread_mutex_t lock;
    pthread_cond_t opened;
    int nworkers; /* running ones, beside the caller */
    struct worker *worker;
};

static uint64_t run_number(uint64_t gate)
{
    return gate >> 32;
}

/* ---- waking and sleeping -----------------------------------------------------------------------
 */

/* A sleeper counts itself asleep before it looks at the gate a last time, and the caller opens the
 * gate before it looks for sleepers, so one of the two sees the other. */
static void wake(struct da__workers *w, int64_t most)
{
    int asleep = atomic_load(&w->asleep);
    if (!asleep || most <= 0)
        return;
    pthread_mutex_lock(&w->lock);
    for (int64_t i = 0; i < most && i < asleep; i++)
        pthread_cond_signal(&w->opened);
    pthread_mutex_unlock(&w->lock);
}

static bool has_news(struct da__workers *w, uint64_t last_run)
{
    uint64_t gate = atomic_load(&w->gate);
    return ((gate & GATE_OPEN) && run_number(gate) != last_run) || atomic_load(&w->stopping);
}

static void sleep_until_news(struct da__workers *w, uint64_t last_run)
{
    pthread_mutex_lock(&w->lock);
    atomic_fetch_add(&w->asleep, 1);
    while (!has_news(w, last_run))
        pthread_cond_wait(&w->opened, &w->lock);
    atomic_fetch_sub(&w->asleep, 1);
    pthread_mutex_unlock(&w->lock);
}

static void await_news(struct da__workers *w, uint64_t last_run)
{
    int64_t start = da__now_ns();
    while (!has_news(w, last_run)) {
        int64_t idle = da__now_ns() - start;
        if (idle >= DA__YIELD_NS) {
            sleep_until_news(w, last_run);
            return;
        }
        da__back_off(idle);
    }
}

/* ---- a worker's life ---------------------------------------------------------------------------
 */

/* Goes inside, unless the gate is closed or the run is one that this worker has seen the end of. */
static bool enter(struct da__workers *w, uint64_t *last_run)
{
    uint64_t gate = atomic_load(&w->gate);
    while ((gate & GATE_OPEN) && run_number(gate) != *last_run) {
        if (atomic_compare_exchange_weak(&w->gate, &gate, gate + 1)) {
            *last_run = run_number(gate);
            return true;
        }
    }
    return false;
}

static int64_t left_in(const struct range *r)
{
    int64_t left = r->end - atomic_load_explicit(&r->next, memory_order_relaxed);
    return left > 0 ? left : 0;
}

static int64_t chunks_left(const struct da__workers *w)
{
    int64_t left = 0;
    for (int i = 0; i < w->nranges; i++)
        left += left_in(&w->range[i]);
    return left;
}

static struct range *fullest(const struct da__workers *w)
{
    struct range *best = NULL;
    int64_t most = 0;
    for (int i = 0; i < w->nranges; i++) {
        int64_t left = left_in(&w->range[i]);
        if (left > most) {
            best = &w->range[i];
            most = left;
        }
    }
    return best;
}

/* A chunk of the range that the thread is at, or of one that it goes on to; -1: all are taken. */
static int64_t take_chunk(struct da__workers *w, struct range **at)
{
    while (*at) {
        int64_t chunk = atomic_fetch_add_explicit(&(*at)->next, 1, memory_order_relaxed);
        if (chunk < (*at)->end)
            return chunk;
        *at = fullest(w);
    }
    return -1;
}

static struct range *own_range(struct da__workers *w, int id)
{
    return id < w->nranges ? &w->range[id] : fullest(w);
}

static void work_inside(struct da__workers *w, int id)
{
    struct range *at = own_range(w, id);
    int64_t left = chunks_left(w);
    if (left > 1)
        wake(w, left - 1 < FANOUT ? left - 1 : FANOUT);
    for (int64_t chunk = take_chunk(w, &at); chunk >= 0; chunk = take_chunk(w, &at))
        w->body(w->self, chunk, id);
    atomic_fetch_sub(&w->gate, 1);
}

void da__workers_bind(int cpu)
{
    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

static void *live(void *self)
{
    const struct worker *me = self;
    struct da__workers *w = me->pool;
    uint64_t last_run = 0;
    da__workers_bind(me->cpu);
    while (!atomic_load(&w->stopping)) {
        if (enter(w, &last_run))
            work_inside(w, me->id);
        else
            await_news(w, last_run);
    }
    return NULL;
}

/* ---- starting and stopping ---------------------------------------------------------------------
 */

/* Signals are the program's: its own threads take them. */
static int start_thread(struct worker *me)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&me->thread, NULL, live, me);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static struct da__workers *make_pool(int nthreads)
{
    struct da__workers *w = da__alloc_aligned(sizeof *w, LINE);
    if (!w)
        return NULL;
    memset((void *)w, 0, sizeof *w);
    w->worker = da__calloc((size_t)nthreads, sizeof *w->worker);
    w->range = da__alloc_aligned((size_t)nthreads * sizeof *w->range, LINE);
    if (!w->worker || !w->range) {
        da__free(w->range);
        da__free(w->worker);
        da__free(w);
        return NULL;
    }
    memset((void *)w->range, 0, (size_t)nthreads * sizeof *w->range);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->opened, NULL);
    return w;
}

da_status da__workers_start(int nthreads, const int *cpu, struct da__workers **out,
                            struct da__error *err)
{
    *out = NULL;
    if (nthreads < 1)
        return da__fail(err, DA_ERR_ARGUMENT, "workers: %d threads, must be at least 1", nthreads);
    struct da__workers *w = make_pool(nthreads);
    if (!w)
        return da__fail(err, DA_ERR_MEMORY, "workers: no memory for %d threads", nthreads);
    for (int i = 1; i < nthreads; i++) {
        struct worker *me = &w->worker[w->nworkers];
        *me = (struct worker){.pool = w, .id = i, .cpu = cpu ? cpu[i] : -1};
        int rc = start_thread(me);
        if (rc != 0) {
            da__workers_stop(w);
            return da__fail(err, DA_ERR_MEMORY, "workers: thread %d of %d could not start: %s", i,
                            nthreads, strerror(rc));
        }
        w->nworkers++;
    }
    *out = w;
    return DA_OK;
}

void da__workers_stop(struct da__workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    atomic_store(&w->stopping, true);
    pthread_cond_broadcast(&w->opened);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->nworkers; i++)
        pthread_join(w->worker[i].thread, NULL);
    pthread_cond_destroy(&w->opened);
    pthread_mutex_destroy(&w->lock);
    da__free(w->range);
    da__free(w->worker);
    da__free(w);
}

int da__workers_count(const struct da__workers *w)
{
    return w->nworkers + 1;
}

/* ---- running -----------------------------------------------------------------------------------
 */

static void run_alone(int64_t nchunks, void (*body)(void *self, int64_t chunk, int thread),
                      void *self, void (*poll)(void *), void *poll_self)
{
    for (int64_t chunk = 0; chunk < nchunks; chunk++) {
        if (poll && chunk)
            poll(poll_self);
        body(self, chunk, 0);
    }
}

/* Nobody enters any more; waits for those inside. */
static void close_gate(struct da__workers *w, void (*poll)(void *), void *poll_self)
{
    uint64_t gate = atomic_fetch_and(&w->gate, ~GATE_OPEN);
    if (!(gate & GATE_INSIDE))
        return;
    int64_t start = da__now_ns();
    while (atomic_load(&w->gate) & GATE_INSIDE) {
        if (poll)
            poll(poll_self);
        da__back_off(da__now_ns() - start);
    }
}

/* Ranges of equal numbers of chunks, the first ones one longer where that does not come out even. */
static void cut_ranges(struct da__workers *w, int64_t nchunks, int nranges)
{
    int64_t each = nchunks / nranges, longer = nchunks % nranges, next = 0;
    for (int i = 0; i < nranges; i++) {
        atomic_store_explicit(&w->range[i].next, next, memory_order_relaxed);
        next += each + (i < longer);
        w->range[i].end = next;
    }
    w->nranges = nranges;
}

static void run_together(struct da__workers *w, int64_t nchunks, int nranges,
                         void (*body)(void *self, int64_t chunk, int thread), void *self,
                         void (*poll)(void *), void *poll_self)
{
    cut_ranges(w, nchunks, nranges);
    w->body = body;
    w->self = self;
    uint64_t run = run_number(atomic_load_explicit(&w->gate, memory_order_relaxed)) + 1;
    /* Number 0 would be taken for a run already seen by a worker that has seen none. */
    atomic_store(&w->gate, (run & UINT32_MAX ? run & UINT32_MAX : 1) << 32 | GATE_OPEN);
    wake(w, nchunks - 1 < FANOUT ? nchunks - 1 : FANOUT);
    struct range *at = own_range(w, 0);
    for (int64_t chunk = take_chunk(w, &at); chunk >= 0; chunk = take_chunk(w, &at)) {
        body(self, chunk, 0);
        if (poll)
            poll(poll_self);
    }
    close_gate(w, poll, poll_self);
}

void da__workers_run(struct da__workers *w, int64_t nchunks,
                     void (*body)(void *self, int64_t chunk, int thread), void *self,
                     void (*poll)(void *), void *poll_self)
{
    int nthreads = w->nworkers + 1;
    if (nchunks <= 1 || nthreads == 1)
        run_alone(nchunks, body, self, poll, poll_self);
    else
        run_together(w, nchunks, nchunks < nthreads ? (int)nchunks : nthreads, body, self, poll,
                     poll_self);
}

void da__workers_run_in_order(struct da__workers *w, int64_t nchunks,
                              void (*body)(void *self, int64_t chunk, int thread), void *self,
                              void (*poll)(void *), void *poll_self)
{
    if (nchunks <= 1 || w->nworkers == 0)
        run_alone(nchunks, body, self, poll, poll_self);
    else
        run_together(w, nchunks, 1, body, self, poll, poll_self);
}
