/* Pass `schedule`: steps in the order of their levels, so that the executor finishes a level's reductions together. */
#include "pass.h"

da_status da__pass_schedule(struct da__program *p)
{
    int *group = da__alloc((size_t)(p->nsteps + 1) * sizeof *group);
    int *level = da__alloc((size_t)(p->nsteps + 1) * sizeof *level);
    da_status status = DA_ERR_MEMORY;
    if (group != NULL && level != NULL) {
        for (int i = 0; i < p->nsteps; i++) {
            group[i] = i;
            level[i] = p->step[i].level;
        }
        status = da__merge_groups(p, group, level);
    }
    da__free(group);
    da__free(level);
    return status;
}
