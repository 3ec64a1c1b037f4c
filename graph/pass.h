/* The passes' functions and what they share. Private to graph. */
#ifndef DA_PASS_H
#define DA_PASS_H

#include "program.h"

da_status da__pass_prune(struct da__program *p);
da_status da__pass_cse(struct da__program *p);
da_status da__pass_views(struct da__program *p);
da_status da__pass_layout(struct da__program *p);
da_status da__pass_fuse(struct da__program *p);
da_status da__pass_merge(struct da__program *p);
da_status da__pass_broadcast(struct da__program *p);
da_status da__pass_schedule(struct da__program *p);

/* Replaces each group of kernel steps over one space by one step: group[i] is the step's group, by the index of one of its
 * members (group[i] == i: alone or the name of a group). Dependencies between different groups lead to higher levels; steps end up sorted
 * by level. */
da_status da__merge_groups(struct da__program *p, const int *group, const int *level);
/* Whether step `reader` reads value `v` only elementwise: in place, in the producer's space. */
bool da__reads_in_place(const struct da__program *p, const struct da__step *reader, int value);
/* The position of an elementwise output among a step's outputs, -1: it is a reduction's. */
int da__output_position(const struct da__step *s, int value);

#endif
