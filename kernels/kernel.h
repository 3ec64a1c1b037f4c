/* The frozen kernel and the state of one run of it: shared by the plan, the arranging of boxes and
 * the machine. */
#ifndef DA_KERNEL_H
#define DA_KERNEL_H

#include "da_compiled.h"
#include "fold.h"

/* A value is an input, a parameter, an index or the result of an instruction; they are numbered in
 * this order. */
struct da__value {
    uint8_t dtype, nbytes;
    bool used;
    bool uniform; /* the same for the whole run: parameters, and what is computed from them only */
    int32_t reg;  /* where a tile of it goes unless it is used in place; -1: none */
    int32_t last; /* the last step that reads it */
};

enum da__step_kind {
    DA__STEP_INPUT,
    DA__STEP_INDEX,
    DA__STEP_PLACE, /* says where the next chain writes a result */
    DA__STEP_OP,
    DA__STEP_CHAIN,
    DA__STEP_FOLD,
    DA__STEP_STORE
};
/* What is done for every tile, in this order: inputs and indices come when they are first read,
 * folds as soon as their value is there, stores last (a result that may be computed in place needs
 * none). */
struct da__step {
    enum da__step_kind kind;
    int32_t number; /* of the input, index, chain, reduction or output; OP, PLACE: the output
                       that it may be written to, or -1 */
    int32_t value;  /* that the step makes, folds or stores */
    int32_t done;   /* OP, PLACE: the step that writes it */
    int32_t nin, arg[3];
    bool
        draws; /* random numbers, whose loop takes indices as a first one and a step, too (strips.h) */
    da__strip_fn *strip;
    const struct da__fold *fold;
    enum da__red_id red;         /* of a fold */
    bool in_chain;               /* a fold of what its chain can add up itself */
    da__fold_together *together; /* with the folds of this value that follow, `ntogether` in all */
    int32_t ntogether;
    const struct da__user *user; /* OP, FOLD: instead of our loop; NULL: ours */
};

/* Several operations in one loop over compiled code (chains.c). */
struct da__kernel_chain {
    struct da__chain what;
    int32_t *value;           /* its arguments, then its outputs */
    int32_t first_sum, nsums; /* the steps that fold what it can add up */
    da__chain_fn *fn;
    int64_t width;
};

struct da__kernel {
    int32_t ninputs, nparams, nindices, ninsns, noutputs, nreductions;
    int32_t nvalues, nregs, nsteps, nuniform; /* the first `nuniform` steps are done once per run */
    int64_t tile_nelem, block_nelem;          /* of a tile; of one that is square */
    int64_t row_nelem; /* of a tile that is a stretch of a row which all reductions run along */
    int64_t row_min;   /* shorter rows go together into one tile */
    size_t reg_nbytes, block_nbytes; /* of a register that holds it */
    struct da__value *value;
    struct da__step *step;
    struct da__kernel_chain *chain;
    int32_t nchains, max_operands; /* of one chain */
    int32_t *index_axis;           /* per index value: the caller's iteration axis */
    uint32_t *reduction_mask;
    bool *reduction_indexed;
};

/* The values that a step reads. */
const int32_t *da__step_args(const struct da__kernel *k, const struct da__step *s, int32_t *nin);

/* Everything that moves with the position in the box: outputs, inputs, accumulators and index
 * values, in this order. Of index values, `offset` is the value. Each argmin has the flat index it
 * stores as one more index value. */
struct da__operand {
    char *base;
    int64_t offset;              /* at the tile's first element */
    int64_t stride[DA_MAX_NDIM]; /* per arranged axis */
    int64_t nbytes;              /* of one element; 0: an index */
    bool even;                   /* of an index: code counts itself, `at` has its first elements */
    bool scalar, direct;         /* in a tile: one element; contiguous */
    bool rows;                   /* in a tile of two axes: contiguous along the inner one */
};

/* The box in the machine's own axes: no axis of extent 1, neighbours joined, short strides inside.
 * A tile takes `chunk` positions of each axis; tile axes are `first` and up. */
struct da__box {
    int ndim, first;
    int64_t extent[DA_MAX_NDIM], chunk[DA_MAX_NDIM];
    int64_t at[DA_MAX_NDIM];       /* the tile's first position */
    int64_t size[DA_MAX_NDIM];     /* the tile's extents */
    bool in_order;                 /* loops run as the axes lie, whatever is reduced */
    int nloops, loop[DA_MAX_NDIM]; /* axes of more than one tile, slowest first */
};

struct da__running {
    const struct da__kernel *k;
    struct da__box box;
    int noperands;
    struct da__operand *operand, *output, *input, *accumulator, *index,
        *flat; /* parts of one array */
    void **at; /* per value: its elements in this tile */
    int64_t *
        row; /* per value: bytes from one row of the tile to the next where they are not dense; 0: dense */
    bool *scalar;      /* per value: one element in a tile */
    unsigned *scalars; /* per step: its scalar arguments */
    bool sums;         /* chains add up what they can */
    char *uniform;     /* 16 bytes per value */
    struct da__chain_operand
        *lane; /* of the chain that runs, and again for what is left of a row */
    char *few; /* DA__CHAIN_NBYTES for each of them twice */
    char *reg;
    size_t reg_nbytes; /* from one register to the next */
};

/* Runs a chain on the tile, whose arguments and outputs `at`, `row` and `scalar` describe. */
void da__chain_run(struct da__running *run, const struct da__kernel_chain *s, int64_t nelem);
/* Arranges the caller's box for the operands of `run`; false where it is empty. */
bool da__box_arrange(struct da__running *run, const struct da__sweep *s);
/* The next tile's position and operand offsets; false after the last one. */
bool da__box_next(struct da__running *run);

#endif
