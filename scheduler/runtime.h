/* The master's side: engines started, the cache, counters. Private to scheduler. */
#ifndef DA_RUNTIME_H
#define DA_RUNTIME_H

#include <pthread.h>

#include "cache.h"
#include "da_scheduler.h"
#include "engine.h"
#include "recipes.h"

struct da__runtime {
    struct da__graph *graph;
    struct da__engine *engine;      /* the master is engine 0 */
    struct da__endpoint **endpoint; /* of this process: one, or all virtual engines' */
    pthread_t *thread;              /* of virtual engines 1 … */
    int nthreads_started, nendpoints;
    bool is_mpi;
    bool serving; /* other engines wait for commands */
    char *passes;
    struct da__cache cache;
    struct da__recipes recipes;
    struct da__signature signature; /* reused for every run */
    void *recalled;                 /* room of a recalled run, likewise */
    int64_t recalled_cap;
    struct da__compiler *compiler;
    int64_t next_program;
    struct da__counters counters;
    struct da__bytes command; /* reused for every run */
    int64_t reserved;         /* the longest command that every engine has room for */
    struct da__bytes key;     /* likewise, of the program that is looked up */
};
/* Sends a command, obeys it here and gathers the reports; the run's failure goes to err. */
da_status da__runtime_command(struct da__runtime *rt, struct da__error *err);
void da__command_start(struct da__runtime *rt, enum da__command_kind kind);
/* Ships a program (its bytes follow the id); the master unfolds its own copy. */
da_status da__runtime_ship(struct da__runtime *rt, const struct da__program *p, int64_t id,
                           struct da__error *err);

#endif
