/* What the files that lower nodes to steps share. Private to graph. */
#ifndef DA_LOWER_H
#define DA_LOWER_H

#include "node.h"
#include "program.h"

/* What a visited node is for its readers. */
enum da__entry_kind {
    DA__ENTRY_VALUE,
    DA__ENTRY_CONSTANT,
    DA__ENTRY_INDEX,
    DA__ENTRY_VIEW,
    DA__ENTRY_SAME
};
struct da__entry {
    enum da__entry_kind kind;
    da_array *node;
    int value;      /* VALUE; of an APPLY node its step */
    da_dtype dtype; /* CONSTANT */
    uint8_t constant[16];
};
struct da__lowering {
    struct da__graph *graph;
    struct da__program *program;
    struct da__binding *bind;
    struct da__error *err;
    int64_t epoch;
    bool fold, share;
    struct da__entry *entry;
    int64_t nentries, entries_cap;
    int64_t slots_cap, nodes_cap, saves_cap, uses_cap;
};
/* A node as an operand: where its elements come from and how they are read. */
struct da__lowered {
    const struct da__entry *entry;
    struct da__view view;
};

/* Views and saves are looked through; a view of a wrapped axis whose composition is no view has been copied before. */
struct da__lowered da__lower_resolve(struct da__lowering *l, const da_array *a);
const struct da__dist *da__lower_dist(struct da__lowering *l,
                                      const da_array *a); /* borrowed; NULL: no memory */
/* The operand as a reference of `wanted` dtype in a step over a space that its shape broadcasts to. */
da__ref da__lower_operand(struct da__lowering *l, struct da__step_builder *b, const da_array *a,
                          int ndim, const int64_t *shape, da_dtype wanted);
/* The run's next slot, bound to that buffer of the node. */
int da__lower_slot(struct da__lowering *l, uint64_t buffer, da_array *node);
/* The value a node's result goes to: an output where the user wants to keep it. */
int da__lower_result(struct da__lowering *l, da_array *a, bool wanted);
/* The number of a function of the user's in the program; -1: the lowering has failed. */
int da__lower_user(struct da__lowering *l, struct da__user *u);
/* A kernel that only copies: the operand's elements under a distribution, into `value` of the shape of `to`. */
void da__lower_copy(struct da__lowering *l, const da_array *from, const da_array *to,
                    const struct da__dist *dist, int value);
/* The operand as a value that lies in memory as it is, with its own dtype, under `dist` (NULL: as it lies, else its own
 * distribution); copied where it does not. */
int da__lower_stored(struct da__lowering *l, const da_array *a, const struct da__dist *dist);

/* Joins and updates (lower_part.c), routines (lower_routine.c). */
void da__lower_concat(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted);
void da__lower_assign(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted);
void da__lower_routine(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted);
/* Functions on local parts and their results (lower_apply.c). */
void da__lower_apply(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted);
void da__lower_result_of(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted);
/* Temporaries among shifted views of one template go where they are read (lower_align.c). */
da_status da__lower_align(struct da__program *p);

#endif
