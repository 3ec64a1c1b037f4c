/* Chains of fused kernels as machine code: what is compiled, how the code is called, and the module that makes it.
 * The module (kernels/compiled/) is loaded at run time where it was built; without it the tile machine runs everything. */
#ifndef DA_COMPILED_H
#define DA_COMPILED_H

#include "da_kernels.h"

/* ---- a chain: operations of a body that are compiled together ---------------------------------- */

enum da__chain_arg_kind {
    DA__ARG_UNIFORM, /* one element for the whole run */
    DA__ARG_ARRAY,
    DA__ARG_TILE, /* an array that was written right before */
    DA__ARG_INDEX /* int64 numbers in even steps, or an array of them */
};
struct da__chain_arg {
    uint8_t dtype, kind;
};
/* Operands are numbered: arguments first, then the results of the operations. */
struct da__chain_insn {
    uint16_t op;
    uint8_t compute, result;
    int32_t arg[3];
};
/* Sizes, strides and scalars are no part of it, so that one compilation serves all runs. */
struct da__chain {
    int32_t nargs, ninsns, nouts;
    int32_t nsums; /* the last outputs, float64, are sums or stored as the call says */
    struct da__chain_arg *arg;
    struct da__chain_insn *insn;
    int32_t *out; /* results that are stored */
};
/* Whether the operator may be part of a chain. What calls a function of libm, or divides integers, stays a strip loop: vector
 * registers gain nothing there, and only the very same function gives the same bits. */
bool da__op_compiles(enum da__op_id op, da_dtype compute);
/* Vector mathematics in chains: the function V f(V) or V f(V, V) of vectors of 16, 32 or 64 bytes, which gives the bits of the strip
 * loop; NULL: the operator has none. */
typedef void da__block_fn(void);
typedef da__block_fn *da__block_find_fn(unsigned vector_nbytes, enum da__op_id op,
                                        da_dtype compute);
da__block_find_fn da__block_find;

/* ---- calling it ---------------------------------------------------------------------------------- */

/* Code works on `width` elements at once, a power of two; that many of the widest dtype fill at most so many bytes. */
enum { DA__CHAIN_NBYTES = 256 };

/* An operand in memory: arguments, then outputs. Element i of row r lies at at + r*row + i*step; a step of 0 means that `width`
 * elements lie at `at` that stand for any. To an index, r*row_more + i*more is added. Uniform ones have `at` only. Of an output that may
 * be a sum, element i lies at at + r*row + (i*8 & more), and what is there is added where the bits of row_more are set. */
struct da__chain_operand {
    char *at;
    int64_t step, row, more, row_more;
};
/* nrows rows of n elements each, n >= width. Unless n is a multiple of the width some elements are computed twice, so that then no
 * output may lie in an argument's place. */
typedef void da__chain_fn(const struct da__chain_operand *operand, int64_t nrows, int64_t n);

/* ---- kernels with chains ----------------------------------------------------------------------- */

/* The frozen form with chains in place of single operations. `base` is the plan without: where there are reductions the tiles
 * are the same, so that both add up in one order. Nothing runs before all chains have their code. */
size_t da__kernel_chains_nbytes(const struct da__body *b);
struct da__kernel *da__kernel_plan_chains(const struct da__body *b, const struct da__kernel *base,
                                          void *memory);
int32_t da__kernel_nchains(const struct da__kernel *k);
const struct da__chain *da__kernel_chain(const struct da__kernel *k, int32_t i);
void da__kernel_set_code(struct da__kernel *k, int32_t i, da__chain_fn *fn, int64_t width);

/* ---- the module ---------------------------------------------------------------------------------- */

/* `version` is the library's; another one's module is not used. One thread at a time may be in these functions. */
struct da__compiled_module {
    const char *version;
    size_t state_nbytes;
    /* Fills the zeroed state: code for the processor `cpu` (NULL: this one's), which finds vector mathematics by `find`. */
    bool (*open)(void *state, const char *cpu, da__block_find_fn *find);
    /* The code of a chain, valid until `close`; NULL where that fails. `room` has room_nbytes(s) bytes, for the call. */
    size_t (*room_nbytes)(const struct da__chain *s);
    da__chain_fn *(*compile)(void *state, const struct da__chain *s, void *room, int64_t *width);
    void (*close)(void *state);
};
#define DA__COMPILED_FILE "libdistarray_compiled.so"
#define DA__COMPILED_ENTRY "da_compiled_module"
typedef const struct da__compiled_module *da__compiled_entry(void);

#endif
