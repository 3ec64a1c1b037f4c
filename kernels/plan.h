/* What the two ways to freeze a body share (plan.c, chains.c). */
#ifndef DA_PLAN_H
#define DA_PLAN_H

#include "kernel.h"

struct da__planning {
    const struct da__body *b;
    struct da__kernel *k;
    int32_t *free_regs;
    int32_t nfree;
    int32_t *taken_by; /* per instruction: the one whose loop does it, too; -1: none */
};
/* Numbers values, finds out what is used and what is uniform, and adds the steps of uniform operations. */
void da__plan_begin(struct da__planning *p, const struct da__body *b, void *memory);
/* A sum of float64 by leaves, as code has them, too. */
bool da__plan_adds_up(const struct da__body_reduction *r);
int32_t da__plan_value(const struct da__kernel *k, da__ref ref);
struct da__step *da__plan_step(struct da__planning *p, enum da__step_kind kind, int32_t number,
                               int32_t value);
void da__plan_op(struct da__planning *p, int insn); /* as a strip */
int32_t da__plan_output(const struct da__body *b,
                        int insn); /* that it may be written to; -1: none */
void da__plan_folds(struct da__planning *p, int32_t value); /* once the value is there */
void da__plan_fetch(struct da__planning *p,
                    int32_t value); /* if it is an input or index that is not there yet */
/* Stores, registers by liveness, the tile's size. */
void da__plan_end(struct da__planning *p);

#endif
