/* Between the files of the sort routine. */
#ifndef DA_SORT_ROUTINE_H
#define DA_SORT_ROUTINE_H

#include "routine.h"

/* What a sort step is about on this engine. */
struct da__sorting {
    struct da__execution *r;
    int step, axis;
    bool descending, indices;
    da_dtype dtype;
    int64_t item; /* bytes of an element */
    const struct da__dist *dist;
    const struct da__local *local; /* this engine's part, of input and result alike */
    const char *in;
    char *out; /* int64 positions where `indices` */
};

/* Sorts one line on all threads, from `from` to `line` (which may be the same); `position` may be NULL, is sorted in place. A
 * failure is the run's (sort_long.c). */
void da__sort_long_line(struct da__sorting *s, int64_t n, const void *from, void *line,
                        int64_t *position);
/* One line over several engines (sort_spread.c). All engines of the run call this. */
void da__sort_spread(struct da__sorting *s);

#endif
