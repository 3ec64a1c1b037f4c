/* Weighing where a group of steps over one space is computed: what they read from other steps, who reads them, and the distributions
 * that these suggest. Private to graph. */
#ifndef DA_LAYOUT_H
#define DA_LAYOUT_H

#include "program.h"

/* Who reads a value: entries start[v] … start[v+1] - 1. */
struct da__readers {
    int *start, *step, *input;
};
da_status da__readers_make(const struct da__program *p, struct da__readers *out);
void da__readers_free(struct da__readers *r);

/* NULL: the step may be computed elsewhere; else why it may not. */
const char *da__layout_fixed(const struct da__program *p, const struct da__readers *r, int step);

/* One edge between the group and the rest: a value read through a view. */
struct da__layout_edge {
    bool leaves;      /* the group makes the value, another step reads it */
    int value, other; /* the step on the other side, -1: an input of the run */
    int other_dist;   /* of the value read, or of the reader's space */
    const struct da__view *view;
    bool reduced; /* leaving: the value is a reduction's over these axes of the group's space */
    uint32_t mask;
    bool keepdims;
};
struct da__layout_group {
    const struct da__program *p;
    const struct da__readers *readers;
    const int *group; /* per step: its group's number; NULL: every step is one */
    int number;
    int ndim, dist, nops;
    const int64_t *shape;
    struct da__layout_edge *edge;
    int64_t nedges, cap;
};
/* Adds a step of the group: its operations and the edges that lead outside. */
da_status da__layout_add(struct da__layout_group *g, int step);
/* Fills candidates, cheapest marked; each distribution is counted. Nothing is looked for where no choice could save anything. */
da_status da__layout_weigh(struct da__layout_group *g, struct da__layout *out);
void da__layout_group_free(struct da__layout_group *g);

#endif
