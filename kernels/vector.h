/* Vector mathematics: loops over whole vectors in place of calls of the C library, one table per float dtype and
 * instruction set. All instruction sets give the same bits, whatever the position in a strip. */
#ifndef DA_VECTOR_H
#define DA_VECTOR_H

#include "strips.h"

/* One operator. `block` computes one vector: V f(V) or V f(V, V), V being as wide as the registers of the instruction set
 * (128, 256 or 512 bits); callers cast it to their vector type. It gives what `strip` gives. */
struct da__vector {
    da__strip_fn *strip;
    void (*block)(void);
};

/* NULL: the operator has no vector function here, da__strip_find gives a loop of scalar values. */
const struct da__vector *da__vector_find_for(enum da__isa isa, enum da__op_id op, da_dtype compute);

/* How far a result may lie from the exact one in units in the last place, for operators that are not correctly rounded;
 * 0: correctly rounded, or (without vector mathematics) as good as the C library. Measured and documented in
 * docs/accuracy.md. Of complex operators: the distance in the plane, in units of the exact result's modulus. */
double da__vector_ulps(enum da__op_id op, da_dtype compute);

/* Indexed by enum da__op_id. */
#define DA__VECTOR_TABLE(dtype)                                                                    \
    extern const struct da__vector da__vectors_##dtype[DA__NELEMENTWISE];                          \
    extern const struct da__vector da__vectors_##dtype##_avx2[DA__NELEMENTWISE];                   \
    extern const struct da__vector da__vectors_##dtype##_avx512[DA__NELEMENTWISE]
DA__VECTOR_TABLE(float32);
DA__VECTOR_TABLE(float64);

/* Loops over complex numbers; NULL: the operator has none. */
DA__STRIP_TABLE_OF(da__vectors, complex64);
DA__STRIP_TABLE_OF(da__vectors, complex128);

#endif
