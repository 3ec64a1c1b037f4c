/* What scheduler offers to the api: engines that are started, run programs and are stopped. */
#ifndef DA_SCHEDULER_H
#define DA_SCHEDULER_H

#include "da_graph.h"

struct da__runtime_options {
    int engines; /* virtual engines when MPI does not give them; 0: DISTARRAY_ENGINES, else 1 */
    int threads; /* per engine; 0: DISTARRAY_THREADS, else the granted cores shared among this process' engines */
    int64_t memory;       /* bytes per engine; 0: DISTARRAY_MEMORY, else no budget */
    const char *passes;   /* "-fuse"; NULL: DISTARRAY_PASSES */
    const void *mpi_comm; /* an MPI_Comm* of the program; NULL: world where a launcher started us */
    bool no_mpi;          /* never start MPI: virtual engines only */
    int plan_engines; /* graphs are built and explained for that many engines without having them; computing is refused then */
    bool reproducible; /* sums are reproducible ones; false: as DISTARRAY_REPRODUCIBLE says */
};
struct da__runtime;

/* Starts the engines. Returns on every rank: where *out is NULL with DA_OK, this rank was an engine, served, and the master has
 * finalized: nothing is left to do. On the master *out is the runtime. */
da_status da__runtime_open(const struct da__runtime_options *options, struct da__runtime **out,
                           struct da__error *err);
void da__runtime_close(struct da__runtime *rt);
struct da__graph *da__runtime_graph(struct da__runtime *rt);
int da__runtime_nengines(const struct da__runtime *rt);
int da__runtime_nthreads(const struct da__runtime *rt);
bool da__runtime_is_mpi(const struct da__runtime *rt);

/* Materializes the targets, and every kept array on the way. A failing run leaves all arrays as they were. */
da_status da__runtime_compute(struct da__runtime *rt, int ntargets, da_array *const *target,
                              struct da__error *err);
/* Finds out the sizes that data decide below the targets, by computing what others wait for; afterwards no extent of theirs is
 * unsized. */
da_status da__runtime_size(struct da__runtime *rt, int ntargets, da_array *const *target,
                           struct da__error *err);
/* The whole array, C order, into the master's memory (computes it first where needed). */
da_status da__runtime_gather(struct da__runtime *rt, da_array *a, void *out, struct da__error *err);
/* What engine 0 stores of an array (computes it first where needed); NULL where that is nothing. */
da_status da__runtime_local(struct da__runtime *rt, da_array *a, const void **data,
                            struct da__error *err);
/* Data of the master's memory as an array (copied); distributed as `spec` says. Poisoned on error. */
da_array *da__runtime_import(struct da__runtime *rt, const void *data, da_dtype dtype, int ndim,
                             const int64_t *shape, const struct da__dist_spec *spec);
/* The program of the targets as it would run, or as it is after the pass `last_pass` (NULL: all of them), and what it binds.
 * The caller frees both. */
da_status da__runtime_plan(struct da__runtime *rt, int ntargets, da_array *const *target,
                           const char *last_pass, struct da__program **out,
                           struct da__binding *bind, struct da__error *err);

/* Counters since the start or the last reset, over all engines (as the engines reported with their last run). */
struct da__counters {
    int64_t runs, programs_shipped, cache_hits;
    int64_t messages, message_bytes; /* array data between engines */
    int64_t largest_message;         /* bytes of array data in one of them */
    int64_t control_messages;        /* programs, completion, agreement */
    int64_t kernel_sweeps;           /* kernel steps run, per program, not per engine */
    int64_t peak_bytes;              /* the largest pool peak of an engine */
    int64_t live_bytes;              /* pool bytes of arrays and temporaries now, engine 0 */
    int64_t
        sort_share; /* the most elements that an engine got when a line was shared out for sorting */
    int64_t
        compiled; /* chains of operations that this process has as machine code, since the start */
    int64_t compiling; /* likewise: that wait for it */
};
void da__runtime_counters(const struct da__runtime *rt, struct da__counters *out);
void da__runtime_reset_counters(struct da__runtime *rt);
/* What would each of `engines` engines do: steps, fused or why not, messages and bytes. Text for people. */
da_status da__runtime_explain(struct da__runtime *rt, int ntargets, da_array *const *target,
                              struct da__text *out, struct da__error *err);

/* The cores, caches and NUMA nodes inside the launcher's grant, as text for people. Needs no runtime. */
da_status da__runtime_machine(struct da__text *out, struct da__error *err);

#endif
