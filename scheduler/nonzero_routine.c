/* Where a mask is true: each engine lists the flat indices of its true elements. */
#include "listing.h"

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    (void)own;
    da__listing_of_mask(r, step, operand, NULL, sizeof(int64_t));
}

const struct da__routine_ops da__nonzero_routine = {.run = run};
