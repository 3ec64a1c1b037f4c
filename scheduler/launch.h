/* What the environment says about how this process was started. */
#ifndef DA_LAUNCH_H
#define DA_LAUNCH_H

#include <stdbool.h>

/* Knows mpirun (Open MPI, MPICH, MVAPICH) and srun with PMI or PMIx. A batch job's shell alone,
 * where only the variables of Slurm are set, is one process. */
bool da__launched_as_one_of_several(void);
#endif
