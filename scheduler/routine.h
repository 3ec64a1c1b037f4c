/* Routines on an engine: what is no fused kernel. Private to scheduler. */
#ifndef DA_ROUTINE_STEP_H
#define DA_ROUTINE_STEP_H

#include <string.h>

#include "engine.h"

/* One routine of routines.def. `own` is what it plans for this engine once per program and keeps (NULL where it has no plan). */
struct da__routine_ops {
    da_status (*plan)(const struct da__program *p, const struct da__step *s, int engine,
                      void **own); /* may be NULL */
    /* Called on every engine, whether or not it has a part and whether or not the run has failed: a failed engine keeps the
     * message pattern. `operand[k]` is input k over this engine's part of the step's space (data, and bytes per space axis);
     * for inputs that the routine reads as they lie, look at r->data[s->input[k].value], this engine's part in C order (NULL: none).
     * The result goes to da__run_value(r, s->output[0]). */
    void (*run)(struct da__execution *r, int step, void *own, const struct da__strided *operand);
    void (*free)(void *own);
    /* Adds what this engine sends and receives in a run; NULL: only data tell. */
    void (*traffic)(const void *own, struct da__traffic *out);
};
const struct da__routine_ops *da__routine_ops(enum da__routine_id id);
/* A temporary of this run from the pool; NULL and a failed run where there is no memory. The caller gives it back with da__pool_put. */
void *da__run_room(struct da__execution *r, int64_t nbytes);

/* Runs that may be as short as one element: sizes that are common are constants. */
static inline void da__copy_item(char *to, const char *from, int64_t nbytes)
{
    switch (nbytes) {
    case 1:
        *to = *from;
        break;
    case 4:
        memcpy(to, from, 4);
        break;
    case 8:
        memcpy(to, from, 8);
        break;
    case 16:
        memcpy(to, from, 16);
        break;
    default:
        memcpy(to, from, (size_t)nbytes);
    }
}

extern const struct da__routine_ops da__reshape_routine, da__gather_routine, da__scatter_routine,
    da__scan_routine, da__sort_routine, da__nonzero_routine, da__search_routine,
    da__extract_routine, da__repeat_routine, da__matmul_routine, da__apply_routine;

#endif
