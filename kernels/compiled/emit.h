/* The words of the emitter: a chain becomes one function over vectors of `width` elements. Private to kernels/compiled. */
#ifndef DA_EMIT_H
#define DA_EMIT_H

#include "da_compiled.h"

#include <llvm-c/Core.h>

/* A vector of elements: bools are single bits, complex numbers two vectors. */
struct value {
    LLVMValueRef re, im;
};
struct emit {
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef b;
    LLVMValueRef fn;
    unsigned width;
    da__block_find_fn *find; /* vector mathematics, on vectors of block_nbytes */
    unsigned block_nbytes;
};

char kind_of(unsigned dtype);       /* 'b', 'i', 'u', 'f', 'c' */
unsigned nbytes_of(unsigned dtype); /* of one element in memory */

/* Of an element in a vector; of complex numbers, of a part. */
LLVMTypeRef element_type(struct emit *e, unsigned dtype);
LLVMTypeRef vector_of(struct emit *e, LLVMTypeRef element);
LLVMValueRef splat(struct emit *e, LLVMValueRef scalar);
/* The same number in all elements of a vector like `like`. */
LLVMValueRef whole(struct emit *e, LLVMValueRef like, long long x);
LLVMValueRef real(struct emit *e, LLVMValueRef like, double x);
LLVMValueRef truth(struct emit *e, bool x);
/* An intrinsic on vectors of one type. */
LLVMValueRef call1(struct emit *e, const char *name, LLVMValueRef a);
LLVMValueRef call2(struct emit *e, const char *name, LLVMValueRef a, LLVMValueRef b);

/* The value of an operator in each class of computing dtypes. All operators that da__op_compiles names. */
struct value emit_bool(struct emit *e, enum da__op_id op, const struct value *x);
struct value emit_int(struct emit *e, enum da__op_id op, unsigned dtype, const struct value *x);
struct value emit_float(struct emit *e, enum da__op_id op, unsigned dtype, const struct value *x);
struct value emit_complex(struct emit *e, enum da__op_id op, unsigned dtype, const struct value *x);
struct value emit_cast(struct emit *e, unsigned from, unsigned to, struct value x);

/* By calls of vector mathematics; nothing where the operator has none. */
struct value emit_block(struct emit *e, enum da__op_id op, unsigned dtype, const struct value *x);

/* The whole function, by name: `with` has context, width and vector mathematics. `room` is the emitter's while it writes. */
size_t emit_room(const struct da__chain *s);
LLVMModuleRef emit_chain(const struct emit *with, const struct da__chain *s, const char *name,
                         void *room);
#endif
