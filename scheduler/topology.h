/* What hwloc tells of the machine inside the launcher's grant. The only file that includes hwloc.h is topology.c. */
#ifndef DA_TOPOLOGY_H
#define DA_TOPOLOGY_H

#include "da_core.h"

struct da__topology {
    int ncores;         /* cores this process may use */
    int machine_cores;  /* cores there are, granted or not */
    int *cpu;           /* their first processing units (OS index), owned */
    int64_t l1, l2, l3; /* data cache bytes, 0: unknown */
    int nnuma;
};
da_status da__topology_read(struct da__topology *t, struct da__error *err);
void da__topology_free(struct da__topology *t);
char *da__topology_text(const struct da__topology *t, char *buf, size_t size);
#endif
