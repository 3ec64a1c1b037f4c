/* Whether a launcher started this process as one of several, told from the environment alone. */
#include "launch.h"

#include <stdlib.h>

/* Launchers that say how many processes there are. The one nearest to the process comes first:
 * mpirun inside a job of Slurm speaks for its own processes, whatever the job is. */
static const char *const world_size[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE"};
/* Where these are set somebody listens to MPI, but only the step of the batch system may tell how
 * many there are. */
static const char *const rank_only[] = {"PMIX_RANK", "PMI_RANK", "PMI_ID"};

static bool read_count(const char *name, long *out)
{
    const char *text = getenv(name);
    if (!text || !*text)
        return false;
    char *end;
    *out = strtol(text, &end, 10);
    return *end == '\0';
}

bool da__launched_as_one_of_several(void)
{
    long n;
    for (size_t i = 0; i < sizeof world_size / sizeof *world_size; i++)
        if (read_count(world_size[i], &n))
            return n > 1;
    for (size_t i = 0; i < sizeof rank_only / sizeof *rank_only; i++) {
        long rank;
        if (read_count(rank_only[i], &rank))
            return rank > 0 || !read_count("SLURM_STEP_NUM_TASKS", &n) || n > 1;
    }
    return false;
}
