/* Placeholder of the scan routine while it is being written. */
#include "routine.h"

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    (void)step, (void)own, (void)operand;
    da__run_fail(r, DA_ERR_UNSUPPORTED, "scan is not there yet");
}

const struct da__routine_ops da__scan_routine = {.run = run};
