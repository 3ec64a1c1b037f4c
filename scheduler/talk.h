/* The messages of one call of the user's function. Private to scheduler.
 *
 * Only the function knows who sends what to whom, and it may fail anywhere, so the call ends with a round over the tree of engines:
 * up, each engine says once that its subtree is through, with how many messages it has sent and received, or that something failed;
 * down, the root says how it ended. Whoever waits for a message listens to both, so that nobody waits for a failed engine. Where all
 * messages sent were received nothing is left; else every pair of engines takes the rest off the line. */
#ifndef DA_TALK_H
#define DA_TALK_H

#include "da_local.h"
#include "engine.h"

enum { DA__TALK_LINKS = 32, DA__TALK_WORDS = 8 };

struct da__talk_link {
    int engine;
    bool posted, told; /* told: its word has come */
    struct da__request request;
    int64_t word[DA__TALK_WORDS];
};
struct da_engine {
    struct da__execution *r;
    int step;
    const char *name; /* of the function */
    bool talks;
    int nlinks; /* children, then the parent */
    bool has_parent;
    struct da__talk_link link[DA__TALK_LINKS];
    bool said_up, said_down, aborted;
    int64_t sent, received; /* by this engine, and what children have told of theirs */
    int64_t said[DA__TALK_WORDS], verdict[DA__TALK_WORDS];
    struct da__request up, down[DA__TALK_LINKS];
    /* A receive that was begun when the call was aborted. */
    bool pending;
    int pending_from;
    struct da__request pending_request;
    int64_t pending_header[DA__TALK_WORDS];
};
/* On every engine, also where the run has failed. */
void da__talk_begin(struct da_engine *t, struct da__execution *r, int step, const char *name,
                    bool talks);
void da__talk_end(struct da_engine *t);

#endif
