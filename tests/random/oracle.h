/* The Python process that knows what NumPy computes. */
#ifndef DA_TEST_ORACLE_H
#define DA_TEST_ORACLE_H

#include <stdio.h>
#include <sys/types.h>

#include "da_core.h"

struct answers; /* run.h */
struct oracle {
    pid_t pid;
    FILE *to, *from;
    int64_t elements, unknown; /* checked so far, and those of which nothing could be said */
    char line[1024];           /* the last answer */
    struct answers *answers;   /* of earlier runs; NULL: they may differ */
};

/* False where there is no Python or no NumPy. */
bool oracle_open(struct oracle *o, const char *python, const char *script);
void oracle_close(struct oracle *o);
/* Makes the pipeline the one that is asked about; false with o->line where NumPy refuses it. */
bool oracle_graph(struct oracle *o, const char *json, size_t length);
/* Whether that is what the node should be; false with the difference in o->line. */
bool oracle_check(struct oracle *o, const char *id, da_dtype dtype, int ndim, const int64_t *shape,
                  const void *data);
/* What the node should be: elements in C order, the caller's to free; NULL where the type is another one. */
void *oracle_value(struct oracle *o, const char *id, da_dtype dtype, int64_t nelem);

#endif
