/* Editing programs: what lowering and the passes share. Private to graph. */
#ifndef DA_PROGRAM_H
#define DA_PROGRAM_H

#include "da_graph.h"

/* Entries are added with their parts copied; -1 after a failed allocation (and p->failed is set). */
int da__program_add_value(struct da__program *p, enum da__value_kind kind, da_dtype dtype, int ndim,
                          const int64_t *shape, int dist, uint64_t node);
int da__program_add_dist(struct da__program *p,
                         const struct da__dist *d); /* equal ones share an entry */
int da__program_add_param(struct da__program *p, da_dtype dtype,
                          const void *element); /* equal ones share an entry */
/* The same one shares an entry; a program calls 256 of them at most. */
int da__program_add_user(struct da__program *p, struct da__user *u);
/* A step taken over with all it owns; the caller's struct is void afterwards. */
int da__program_add_step(struct da__program *p, struct da__step *s);
void da__program_add_unfused(struct da__program *p, uint64_t producer, uint64_t consumer,
                             const char *reason);
void da__step_free(struct da__step *s);
/* Removes steps marked with kind < 0 by setting `dead[i]`, keeping order; indexes anew. */
void da__program_remove_steps(struct da__program *p, const bool *dead);
/* Values that nobody produces, reads or binds go; ids of the others change. */
void da__program_compact_values(struct da__program *p);
/* The output is written in part only, so it lies in memory of its own shape. */
bool da__step_is_part(const struct da__step *s, int output);
/* Input k is there only as the rest of an output that is written in part. */
bool da__step_is_base(const struct da__step *s, int input);
bool da__step_same_space(const struct da__step *a, const struct da__step *b);

/* A kernel step under construction: inputs, parameters and instructions are entered once each (value numbering). */
struct da__step_builder {
    struct da__program *program;
    struct da__step step;
    int64_t inputs_cap, input_dtypes_cap, params_cap, param_dtypes_cap, insns_cap, outputs_cap,
        output_refs_cap, parts_cap, reductions_cap, body_reductions_cap;
    int *slot; /* hash table over instructions: position + 1 */
    int nslots;
    bool share; /* equal instructions are one */
    bool failed;
};
void da__builder_start(struct da__step_builder *b, struct da__program *p, int ndim,
                       const int64_t *shape, int dist, uint64_t node);
da__ref da__builder_input(struct da__step_builder *b, int value, const struct da__view *v);
/* An input of a routine: never shared with an equal one. */
void da__builder_add_input(struct da__step_builder *b, int value, const struct da__view *v);
da__ref da__builder_param(struct da__step_builder *b, int param);
da__ref da__builder_insn(struct da__step_builder *b, const struct da__insn *insn);
da__ref da__builder_cast(struct da__step_builder *b, da__ref ref, da_dtype to);
void da__builder_output(struct da__step_builder *b, da__ref ref, int value);
/* An output of which the step writes a part (da__part); base_value -1: later steps write the rest. */
void da__builder_part(struct da__step_builder *b, da__ref ref, int value, int base_value,
                      const struct da__view *view);
/* Output k of another step over the same space, here computed by `ref`. */
void da__builder_take_output(struct da__step_builder *b, const struct da__step *s, int k,
                             da__ref ref);
void da__builder_reduction(struct da__step_builder *b, const struct da__body_reduction *body,
                           const struct da__step_reduction *r);
/* The global index along base axis `axis` of a view of an index array: an affine expression of this space's indices. */
da__ref da__builder_index(struct da__step_builder *b, const struct da__view *v, int axis);
/* Enters what another kernel step computes, read through `v` (NULL: same space); map[i] receives the reference of instruction i.
 * inputs_as (may be NULL) names, per input of `s`, a reference to use instead of reading it, or -1. */
void da__builder_inline(struct da__step_builder *b, const struct da__step *s,
                        const struct da__view *v, const da__ref *inputs_as, da__ref *map);
da__ref da__builder_mapped(struct da__step_builder *b, const struct da__step *s,
                           const struct da__view *v, const da__ref *inputs_as, const da__ref *map,
                           da__ref ref);
da_dtype da__builder_dtype(const struct da__step_builder *b, da__ref ref);
/* Hands the step to the program; its index, or -1. */
int da__builder_finish(struct da__step_builder *b);
/* Puts the step in place of step `at`. */
void da__builder_replace(struct da__step_builder *b, int at);
void da__builder_abandon(struct da__step_builder *b);

#endif
