/* Two operations in one loop: sums, differences and products of floats whose first result nobody else reads. */
#ifndef DA_PAIR_H
#define DA_PAIR_H

#include "kernel.h"

/* The loop of (a `first` b) `second` c, or with `behind` of c `second` (a `first` b), each rounded; operands a, b, c. NULL: no
 * such loop. */
da__strip_fn *da__pair_find_for(enum da__isa isa, enum da__op_id first, enum da__op_id second,
                                bool behind, da_dtype compute);

/* For every instruction of a body whose values are marked: the instruction that takes it in, or -1. */
void da__pair_find_all(const struct da__body *b, const struct da__value *insn_value,
                       int32_t *taken_by);

/* By the first operation, the second, and whether its first operand is c. */
enum da__pair_op { DA__PAIR_ADD, DA__PAIR_SUBTRACT, DA__PAIR_MULTIPLY, DA__NPAIR_OPS };
typedef da__strip_fn *const da__pair_table[DA__NPAIR_OPS][DA__NPAIR_OPS][2];
#define DA__PAIR_TABLE(dtype)                                                                      \
    extern da__pair_table da__pairs_##dtype;                                                       \
    extern da__pair_table da__pairs_##dtype##_avx2;                                                \
    extern da__pair_table da__pairs_##dtype##_avx512
DA__PAIR_TABLE(float32);
DA__PAIR_TABLE(float64);

#endif
