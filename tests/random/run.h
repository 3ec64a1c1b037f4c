/* Running plans: on which engines, with which passes, by which way, and what came out against the oracle. */
#ifndef DA_TEST_RUN_H
#define DA_TEST_RUN_H

#include "oracle.h"
#include "plan.h"

enum { RUN_PASSES = 128, RUN_RUNTIMES = 12 };

/* Runtimes that stay open, by what they were opened with; the one used longest ago makes room. */
struct session {
    struct session_slot {
        struct da__runtime *rt;
        int engines, threads;
        char passes[RUN_PASSES];
        int64_t used;
    } slot[RUN_RUNTIMES];
    int64_t clock;
    bool reproducible; /* runtimes have that mode */
};
/* NULL, with the reason printed, where it does not open. */
struct da__runtime *session_get(struct session *s, int engines, int threads, const char *passes);
void session_close(struct session *s);

enum run_way {
    RUN_BUILD,       /* the nodes as they are                                         */
    RUN_PIPELINE,    /* written as a pipeline, loaded                                 */
    RUN_EXPRESSIONS, /* the same, operations as expressions                           */
    RUN_DUMP,        /* built, the deferred graph dumped, loaded                      */
    RUN_PROGRAM,     /* built, optimized with a check after each pass, dumped, loaded */
    RUN_NWAYS
};
extern const char *const run_way_name[RUN_NWAYS];
struct how {
    enum run_way way;
    int engines, threads;
    bool dists; /* the plan's distributions; without them any number of engines does */
    char passes[RUN_PASSES];
};
struct failure {
    int node; /* the one whose value is wrong, -1: the run itself */
    char text[1200];
};
/* What nodes of a plan were in an earlier run, to be the same bit by bit in later ones (any NaN is as good as another). */
struct answers {
    struct answer {
        void *data; /* NULL: not known yet */
        size_t nbytes;
    } node[PLAN_NODES];
};
void answers_forget(struct answers *a);
/* Runs a plan that the oracle has been told of. False: something is wrong, and *f says what. */
bool run_plan(const struct plan *p, const struct how *h, struct session *s, struct oracle *o,
              struct failure *f);
/* Loads a pipeline and checks its outputs. */
bool run_text(const char *json, size_t length, struct da__runtime *rt, struct oracle *o,
              struct failure *f);
/* Tells the oracle of the plan. */
bool run_tell(const struct plan *p, struct oracle *o, struct failure *f);

#endif
