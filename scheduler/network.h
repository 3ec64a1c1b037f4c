/* A network that tests ask for: how long messages take, how fast links are, what is held back or lost. Private to scheduler. */
#ifndef DA_NETWORK_H
#define DA_NETWORK_H

#include "da_core.h"

struct da__network {
    int64_t delay_ns, jitter_ns; /* every message takes delay, and up to jitter more */
    int64_t bits_per_second;     /* of each directed link; 0: any number */
    double reorder; /* the share of messages that are held back so long that others overtake them */
    uint64_t seed;
    int drop_engine; /* the drop_number-th message of that engine is lost; -1: none is */
    int64_t drop_number;
};
/* "delay=1ms,jitter=2ms,rate=1Gbit,reorder=0.3,seed=7,drop=1:40", every part optional. */
da_status da__network_read(const char *text, struct da__network *out, struct da__error *err);

#endif
