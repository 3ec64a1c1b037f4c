/* The elements where a mask of the same shape is true: each engine compresses its own part, and only what is chosen travels, to the blocks
 * of the result. */
#include "listing.h"

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    const struct da__program *p = r->plan->program;
    int64_t item = (int64_t)da__dtype_nbytes(p->value[p->step[step].output[0]].dtype);
    (void)own;
    da__listing_of_mask(r, step, &operand[0], &operand[1], item);
}

const struct da__routine_ops da__extract_routine = {.run = run};
