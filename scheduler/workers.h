/* The worker pool of one engine: a thread per granted core beside the engine's own, and chunks of work that they share.
 * The calling thread works too. */
#ifndef DA_WORKERS_H
#define DA_WORKERS_H

#include "da_core.h"

struct da__workers;
/* nthreads counts the calling thread: 1 starts none. cpu[i] (or NULL) is the core worker i is bound to, for i >= 1: the calling thread is the
 * program's, so its binding stays as it is. */
da_status da__workers_start(int nthreads, const int *cpu, struct da__workers **out,
                            struct da__error *err);
/* Binds the calling thread. A refusal is not missed: binding is advice. */
void da__workers_bind(int cpu);
void da__workers_stop(struct da__workers *w);
int da__workers_count(const struct da__workers *w);
/* Runs body(self, chunk, thread) for every chunk in 0 … nchunks-1 and returns when all are done. `thread` is 0 for the caller.
 * Each thread begins with a range of chunks of its own, the same one in every run of as many chunks, and then helps the others.
 * `poll` (may be NULL) is called by the calling thread between its chunks and while it waits for the others.
 * A body must not call this again, and one thread at a time may. */
void da__workers_run(struct da__workers *w, int64_t nchunks,
                     void (*body)(void *self, int64_t chunk, int thread), void *self,
                     void (*poll)(void *), void *poll_self);
/* Likewise, but no chunk is begun before all below it have begun: for bodies that wait for what earlier chunks give. */
void da__workers_run_in_order(struct da__workers *w, int64_t nchunks,
                              void (*body)(void *self, int64_t chunk, int thread), void *self,
                              void (*poll)(void *), void *poll_self);
#endif
