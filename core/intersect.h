/* Between the files of intersection: one pair of runs, and the list of matches. */
#ifndef DA_CORE_INTERSECT_H
#define DA_CORE_INTERSECT_H

#include "da_core.h"

/* Appends a match in any orientation: it is turned so that a's positions ascend, normalised, and
 * joined to the last one where it continues it. */
da_status da__match_push(struct da__match_list *l, struct da__match m);
/* The matches of two runs that obey the invariant of index sets and begin at these positions of
 * their sets. */
da_status da__run_meet(const struct da__run *a, int64_t at_a, const struct da__run *b, int64_t at_b,
                       struct da__match_list *out);

#endif
