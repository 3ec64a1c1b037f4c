/* One engine: its door to the others, its threads, memory and arrays, and the programs it knows. Private to scheduler. */
#ifndef DA_ENGINE_H
#define DA_ENGINE_H

#include "compiled.h"
#include "da_graph.h"
#include "exchange.h"
#include "pool.h"
#include "topology.h"
#include "transport.h"
#include "workers.h"

/* Tags. Data messages carry the step's number, so that traces read well; order between two engines is kept per tag. */
enum {
    DA__TAG_DOWN = 1,
    DA__TAG_DOWN_MORE,
    DA__TAG_UP,
    DA__TAG_AGREE_UP,
    DA__TAG_AGREE_DOWN,
    DA__TAG_COMBINE_UP,
    DA__TAG_COMBINE_DOWN,
    DA__TAG_TALK,
    DA__TAG_DATA = 16
};

/* Every data message begins with this many bytes: an int64 status, DA_OK or the sender is void (it failed, nothing follows). */
enum { DA__MESSAGE_HEADER = 64 };

/* ---- arrays on this engine, by name (buffers.c) ---- */

struct da__buffer {
    uint64_t name;
    void *data; /* the engine's part, C order, from the pool */
    int64_t nbytes;
};
struct da__buffers {
    struct da__buffer *slot; /* open addressing; name 0: free */
    int64_t nslots, count;
};
void da__buffers_free(struct da__buffers *b, struct da__pool *pool);
struct da__buffer *da__buffers_find(struct da__buffers *b, uint64_t name); /* NULL: none */
bool da__buffers_add(struct da__buffers *b, uint64_t name, void *data, int64_t nbytes);
void da__buffers_drop(struct da__buffers *b, struct da__pool *pool, uint64_t name);

/* The replica that an engine reads: its own where it holds one, else spread by engine number. Fills the coordinates along the
 * replica dimensions of `d`. */
void da__replica_for(const struct da__dist *d, int engine, int *coord);
/* Whether that replica is the one of the engine at coordinates `mine`. */
bool da__reads_replica(const struct da__dist *d, int engine, const int *mine);

/* ---- plans: what a program means on this engine (unfold.c, exchange.h) ---- */

/* A partial output on this engine: where the elements of the step's part lie in the output's part. */
struct da__part_plan {
    int base_ndim;
    struct da__match_list *
        axis; /* per axis of the output: a: positions along the space's axis, b: in the output; owned */
    bool empty;  /* nothing of it lies here: the output is the base */
    bool takes;  /* the base's memory becomes the output's */
    bool direct; /* one stride per axis: the kernel writes in place; else into a temporary first */
    int64_t offset, stride[DA_MAX_NDIM]; /* direct: bytes, strides per axis of the space */
    int64_t out_shape[DA_MAX_NDIM], out_stride[DA_MAX_NDIM];
    bool slabs; /* what is not overwritten are slabs beside low … high-1 of each axis */
    int64_t low[DA_MAX_NDIM], high[DA_MAX_NDIM];
};

struct da__local { /* a value's or space's part on this engine */
    bool member;
    int64_t shape[DA_MAX_NDIM];
    int64_t nelem, nbytes;
};
struct da__reduce_plan {
    int64_t nstates;                           /* on this engine */
    int64_t state_nbytes, stride[DA_MAX_NDIM]; /* accumulator strides per iteration axis, bytes */
    int group_rank, group_size; /* among the engines along the reduced grid dimensions */
    int parent,
        nchildren; /* engines next to this one in the group's binomial tree; parent -1: the root */
    int child[31];
    uint32_t group_key; /* reductions of a level with equal keys share their messages */
};
struct da__step_plan {
    struct da__local space;
    struct da__exchange exchange;
    int ready; /* the step after which all that it sends exists; -1: from the beginning */
    int nspent;
    int64_t spent_cap;
    int *spent; /* the program's messages that nobody reads after this step; owned */
    struct da__boxes boxes;
    int copies; /* the input that the step only copies to its output; -1: it computes */
    struct da__kernel *kernel; /* owned, NULL where this engine has no part */
    struct da__tier *tier;     /* owned: whether it is compiled; with the kernel */
    struct da__pace *pace; /* owned: what its elements cost; NULL where reductions fix the cuts */
    int64_t scratch_nbytes;
    bool needs_index; /* boxes are cut so that global indices are affine */
    struct da__index_set
        *index; /* per iteration axis, owned (kernel steps that need it, calls, loads, saves) */
    struct da__reduce_plan *reduce; /* owned */
    struct da__part_plan *part;     /* per output where the step has partial ones; owned */
    bool writes;                    /* SAVE: the first replica writes */
    void *own;                      /* ROUTINE: its plan */
    int64_t most_chunks;            /* with accumulators of their own, in any box */
};
/* Partial outputs (part.c). */
da_status da__part_plan(const struct da__program *p, const struct da__step *s, int engine, int k,
                        struct da__part_plan *out);
void da__part_free(struct da__part_plan *part);
/* Whether the step's body reads input k, which may be there only as a base. */
bool da__body_reads(const struct da__body *b, int input);
/* What the elements of a kernel step cost, as its sweeps measure it (pace.c). */
struct da__pace *da__pace_new(void);
void da__pace_free(struct da__pace *p);
/* Whether a sweep by so many threads is to be measured. */
bool da__pace_due(struct da__pace *p, int nthreads, int64_t nelem);
void da__pace_note(struct da__pace *p, int64_t nelem,
                   int64_t busy_ns);                              /* of all threads together */
int64_t da__pace_chunks(const struct da__pace *p, int64_t nelem); /* 0: not known yet */
/* How a box is cut into chunks: along which axis, and whether each has accumulators of its own. With reductions by shapes only. */
struct da__chunks {
    int axis;
    int64_t n, each; /* their number; positions of the axis in all but the last one */
    bool split_reduced;
};
void da__chunks_of(const struct da__step *s, const struct da__step_plan *sp, const int64_t *shape,
                   struct da__chunks *out);
/* A kernel step's compiled form (tier.c). Counts the elements of a sweep, and asks for code once that is worth it. Returns the bytes
 * of scratch for a thread of this sweep. */
struct da__engine;
struct da__tier *da__tier_new(void);
void da__tier_free(struct da__tier *t);
int64_t da__tier_begin(struct da__engine *e, const struct da__body *b, int64_t nelem,
                       const struct da__step_plan *sp);
void da__tier_poll(struct da__tier *t); /* by one thread at a time: is the code there? */
const struct da__kernel *da__tier_kernel(const struct da__step_plan *sp); /* that runs now */
/* A message that comes in during a run. */
struct da__arrival {
    struct da__request request;
    char *block;
    enum { DA__AWAY, DA__POSTED, DA__HERE, DA__LOST } state;
};
struct da__plan {
    uint64_t id;
    struct da__program *program; /* owned */
    struct da__local *value;     /* per value */
    struct da__step_plan *step;
    /* Room of a run, had when the program is learned, so that a run cannot fail for want of it. */
    void **data;                   /* per value */
    int64_t *extent;               /* per value */
    void **state;                  /* accumulators of a level's reductions */
    struct da__combine_item *item; /* the reductions of a level */
    bool talks;                    /* some step sends or receives */
    int nmessages;
    struct da__arrival *arrival;   /* per message that comes in */
    struct da__progress *progress; /* per step */
    int *lent;                     /* per value: messages that leave from where it lies */
    void **parting;                /* per value: memory to give back once they have left */
};
/* How far a step's messages are. */
struct da__progress {
    int posted, sent;    /* receives and sends begun */
    int64_t ahead_bytes; /* of those begun before the step's turn */
};
/* One reduction of a level on this engine, while partial results are joined. */
struct da__combine_item {
    enum da__red_id red;
    const struct da__user *user; /* NULL: the reduction is ours */
    da_dtype compute, result;
    const struct da__reduce_plan *plan;
    const struct da__step_reduction *spec;
    void *state;
};
da_status da__plan_make(struct da__program *p, int engine,
                        struct da__plan **out); /* takes the program over, also on failure */
void da__plan_free(struct da__plan *plan);

/* What a run of a program sends and receives on one engine: array data, without headers (traffic.c). What routines tell each other
 * depends on data and is left out. */
struct da__traffic {
    int64_t sent, sent_bytes, received, received_bytes;
};
da_status da__traffic_of(const struct da__program *p, int engine, struct da__traffic *out);
/* Adds the reductions of steps first … last-1, one level (combine.c). */
void da__combine_traffic(const struct da__plan *plan, int first, int last, struct da__traffic *t);

/* ---- the engine ---- */

struct da__engine {
    struct da__endpoint *endpoint;
    struct da__workers *workers;
    struct da__pool *pool;
    struct da__compiler *compiler; /* of the process */
    struct da__buffers buffers;
    struct da__plan **plan; /* by program id modulo nothing: a growing list */
    int64_t nplans, plans_cap;
    void *scratch; /* per thread, of scratch_stride bytes each */
    int64_t scratch_stride;
    int rank, size, nthreads;
    struct da__bytes command; /* received ones; those that fit need no memory */
    struct da__error failure; /* of the current run: the first cause on this engine */
    int64_t control_messages, data_messages, data_bytes; /* sent since the last report */
    int64_t sort_share;                                  /* as in the report */
    int64_t largest_bytes;                               /* of one data message */
    int64_t ahead_limit; /* bytes of messages that may be begun before their step's turn */
    int64_t *
        extent; /* by slot: extents that the last run found out; on the master they size its nodes */
    int64_t extents_cap;
};

/* ---- functions of the user's program (address.c) ---- */

/* The function at `offset` of an object that this process has loaded; NULL: it has not. */
void (*da__address_find(const char *object, int64_t offset))(void);
void da__user_find(struct da__user *u); /* looks all entries up */
/* An entry that is not here; NULL: all are. */
const struct da__user_entry *da__user_missing(const struct da__user *u);

/* ---- one run (run.c, step.c, combine.c) ---- */

struct da__send {
    struct da__request request;
    void *block;  /* back to the pool when done */
    int value;    /* that it leaves from; -1: from the block */
    int *leaving; /* counted down when done; NULL: nobody waits for it */
};
struct da__execution {
    struct da__engine *engine;
    const struct da__plan *plan;
    const uint64_t *slot;  /* buffer names */
    const uint8_t *param;  /* 16 bytes each */
    void **data;           /* per value: this engine's part, NULL: not there */
    int64_t *extent;       /* per value that is unsized: its extent along axis 0, once known */
    struct da__send *send; /* messages on their way */
    int64_t nsends, sends_cap;
    int64_t ahead_bytes; /* of messages begun before their step's turn */
    char void_header[DA__MESSAGE_HEADER];
};
/* Runs a program on this engine; the failure, if any, is in engine->failure and the message pattern was kept. */
void da__run_program(struct da__engine *e, const struct da__plan *plan, const uint64_t *slot,
                     const uint8_t *param);
void da__run_fail(struct da__execution *r, da_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool da__run_failed(const struct da__execution *r);
/* The sweep of a kernel step over its boxes (sweep.c): boxes whose operands are here run at once, others when their messages are in.
 * `temp` holds the gathered inputs. */
void da__run_sweep(struct da__execution *r, int step, void *const *temp, void **state);
/* state[k] receives the accumulators of the step's k-th reduction (from the pool; NULL: this engine has no part). */
void da__run_kernel(struct da__execution *r, int step, void **state);
/* The outputs of a step that writes parts: memory, and what the parts leave out. Also on engines without a part of the space. */
void da__run_bases(struct da__execution *r, int step);
/* Memory that was taken over has one owner again. */
void da__run_bases_end(struct da__execution *r, int step);
/* Where the kernel writes output k; `temp` is a temporary that da__part_finish copies to its place, or NULL. False: no memory. */
bool da__part_bind(struct da__execution *r, int step, int k, struct da__strided *out, void **temp);
void da__part_finish(struct da__execution *r, int step, int k, void *temp);
/* "kernel", "save", "sort", …: in words, for people (explain.c). */
const char *da__step_name(const struct da__step *s);
void da__run_file(struct da__execution *r, int step);
void da__run_routine(struct da__execution *r, int step);
void da__run_call(struct da__execution *r, int step);
/* Joins the accumulators of all reductions of steps first … last-1 over the engines and writes the results. `state` lists them in
 * the reductions' order; the accumulators go back to the pool. */
void da__run_combine(struct da__execution *r, int first, int last, void **state);
/* Starts a message; `block` returns to the pool once it is sent (NULL: nothing to return). */
void da__run_send(struct da__execution *r, int to, int tag, const void *data, int64_t nbytes,
                  void *block);
/* Starts a message straight from a value's part, which stays until it has left. */
void da__run_lend(struct da__execution *r, int to, int tag, const void *data, int64_t nbytes,
                  int value);
/* Starts a message without a header. `block` goes to the pool once it has left; *leaving counts messages on their way, so that memory
 * which stays the caller's is left alone meanwhile. Both may be NULL. */
void da__run_share(struct da__execution *r, int to, int tag, const void *data, int64_t nbytes,
                   void *block, int *leaving);
void da__run_poll(struct da__execution *r); /* lets finished sends go */
void da__run_release(struct da__execution *r,
                     int value); /* its memory, once nothing leaves from it */

/* Messages of steps (transfer.c). Starts those of a step, and of following ones as far as their data exist. */
void da__transfer_start(struct da__execution *r, int step);
bool da__transfer_poll(struct da__execution *r, int step); /* true: a message of the step came in */
void da__transfer_wait(struct da__execution *r, int step); /* for all of them */
void da__transfer_idle(struct da__execution *r,
                       int64_t since);                    /* backs off until something arrives */
void da__transfer_end(struct da__execution *r, int step); /* what nobody reads any more goes */
bool da__region_here(const struct da__execution *r, const struct da__region *region);
const char *da__region_data(const struct da__execution *r, const struct da__region *region);
/* Copies a product of matches with all threads. */
struct da__copy_job {
    int ndim;
    size_t item;
    char *a, *b;
    bool to_b;
    struct da__match_axis axis[DA_MAX_NDIM];
};
void da__run_copy(struct da__execution *r, const struct da__copy_job *job);
void *da__run_value(struct da__execution *r, int value); /* allocates an output's part */
/* The distribution of an unsized value whose extent is known by now, counted for the caller: the default one over all engines. NULL: no
 * memory, and the run has failed. */
const struct da__dist *da__run_unsized_dist(struct da__execution *r, int value);

/* ---- commands and agreement along a binomial tree (control.c) ---- */

enum da__command_kind {
    DA__COMMAND_PROGRAM,
    DA__COMMAND_RUN,
    DA__COMMAND_FORGET,
    DA__COMMAND_STOP,
    DA__COMMAND_RESERVE
};
enum {
    DA__COMMAND_ROOM = 4088
}; /* every engine can take commands up to this length; longer ones are announced by RESERVE */
/* What an engine tells when a run is over, joined up the tree. */
struct da__report {
    struct da__error failure;
    int64_t messages, message_bytes, largest_bytes, control_messages, peak_bytes, live_bytes;
    int64_t sort_share; /* the most elements that an engine got to merge while sorting */
};
int da__tree_parent(int rank);                 /* -1 for 0 */
int da__tree_child(int rank, int size, int k); /* the k-th child, -1: no more */
da_status da__command_send(struct da__engine *e, const void *data,
                           int64_t nbytes); /* to the children */
da_status
da__command_receive(struct da__engine *e); /* from the parent, passed on to the children */
da_status da__report_up(struct da__engine *e,
                        struct da__report *report); /* joins the children's, sends to the parent */
/* Everybody's first failure, the same on all engines; a barrier too. */
da_status da__engine_agree(struct da__engine *e, da_status mine, struct da__error *err);

bool da__command_reserve(struct da__engine *e,
                         int64_t nbytes); /* room for commands of that length; false: no memory */

/* Handles one command; false: stop. */
bool da__engine_obey(struct da__engine *e, struct da__bytes *command, struct da__report *report);
void da__engine_serve(struct da__engine *e);
da_status da__engine_open(struct da__endpoint *endpoint, int nthreads, const int *cpu,
                          int64_t memory, struct da__engine **out, struct da__error *err);
void da__engine_close(struct da__engine *e);

#endif
