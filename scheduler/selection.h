/* What a mask chooses of an engine's part, in the order of the part: counted first, then written to wherever it belongs, by chunks on all
 * threads. Private to scheduler. */
#ifndef DA_SELECTION_H
#define DA_SELECTION_H

#include "routine.h"

struct da__selection {
    struct da__execution *r;
    const struct da__step *s;
    const struct da__step_plan *sp;
    const struct da__strided *mask, *x; /* borrowed; x NULL: none */
    const struct da__compressing *loops;
    bool plain;                  /* mask and x lie in C order without gaps: one line */
    int64_t stride[DA_MAX_NDIM]; /* of flat indices in the step's space */
    int64_t item;                /* bytes of what is written: elements of x, or flat indices */
    bool flats;
    int64_t n, nchunks;
    int64_t *before; /* per chunk: how many are chosen in those before it; owned */
    const struct da__span *to;
    int64_t nto, room_nbytes;
    char *room; /* per thread */
};
/* Chosen elements begin … end-1 go to `to`. */
struct da__span {
    int64_t begin, end;
    char *to;
};
/* Counts. x NULL: the flat indices of true elements are what is wanted. Without a part, or in a failed run, nothing is chosen. */
void da__selection_open(struct da__selection *l, struct da__execution *r, int step,
                        const struct da__strided *mask, const struct da__strided *x, int64_t item);
/* Writes elements of x, or (`flats`) flat indices: all of them, to ascending stretches. */
void da__selection_write(struct da__selection *l, bool flats, const struct da__span *to,
                         int64_t nto);
void da__selection_close(struct da__selection *l);

#endif
