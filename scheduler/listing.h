/* Elements that data choose, listed in C order by the engines that have them, become an array in balanced blocks. Private to
 * scheduler. */
#ifndef DA_LISTING_H
#define DA_LISTING_H

#include "routine.h"

/* What an engine contributes: n elements of `item` bytes and, as long as order is to be made, their flat indices in the step's space. Where
 * `item` is 0 the flat indices themselves are what is listed. From the run's temporaries. */
struct da__listing {
    int64_t n, item;
    int64_t *flat;
    char *data;
    bool
        follows; /* by what the space's distribution owns, however it is written: the engines' lists follow each other */
};

/* The true elements of the step's space: x where there is one, of `item` bytes, else (8 bytes) their flat indices become the step's result,
 * which is unsized. Where the parts of all engines follow each other in C order, elements go to their places without their indices. All
 * engines of the run call this. */
void da__listing_of_mask(struct da__execution *r, int step, const struct da__strided *mask,
                         const struct da__strided *x, int64_t item);
/* The engines' lists in C order, one after the other, become the step's result, which is unsized; they are given back. All engines of the
 * run call this. */
void da__listing_place(struct da__execution *r, int step, struct da__listing *mine);

#endif
