/* What kernels offers: pure functions on local memory. They cannot fail, allocate nothing, know no messages and
 * keep no state; whoever calls them brings the memory.
 *
 * Reading order: the body of a fused kernel, running it, reductions, copying, sorting, running sums. */
#ifndef DA_KERNELS_H
#define DA_KERNELS_H

#include "da_core.h"

/* ---- the body of a fused kernel ---------------------------------------------------------------- */

/* What an instruction can name. A reference is kind << 24 | number. */
enum da__ref_kind {
    DA__REF_INSN,  /* the result of an earlier instruction           */
    DA__REF_INPUT, /* an array read through strides                  */
    DA__REF_PARAM, /* a scalar given at run time                     */
    DA__REF_INDEX  /* the global index along an iteration axis, int64 */
};
typedef int32_t da__ref;
#define DA__REF(kind, number) ((da__ref)(((int32_t)(kind) << 24) | (int32_t)(number)))
#define DA__REF_KIND(ref) ((enum da__ref_kind)((ref) >> 24))
#define DA__REF_NUMBER(ref) ((ref)&0xffffff)

/* A function of the user's: what a program and its engines know of it. Immutable, shared by reference count (graph/user.c); the
 * addresses are those of the process that runs it. */
enum da__user_kind {
    DA__USER_STRIP,     /* entry 0: n elements of one result                                    */
    DA__USER_REDUCTION, /* entries: identity, accumulate, combine, finish                       */
    DA__USER_LOCAL      /* entry 0: the parts of arrays that an engine has                      */
};
enum { DA__USER_ENTRIES = 4, DA__USER_INPUTS = 3 };
struct da__user_entry {
    char *object;       /* the shared object that holds it, as the loader names it (owned) */
    int64_t offset;     /* in the object */
    void (*call)(void); /* NULL: not looked up, or not here */
};
struct da__user {
    int refs; /* atomic; da__user_keep/drop */
    enum da__user_kind kind;
    char *name; /* owned */
    int nentries;
    struct da__user_entry entry[DA__USER_ENTRIES];
    int nin; /* STRIP, REDUCTION: operands and their dtypes; LOCAL: arguments */
    da_dtype in[DA__USER_INPUTS], out;
    int64_t state_nbytes; /* REDUCTION: of a state, a multiple of 16 */
    char *intents;        /* LOCAL: a letter per argument, "ruw" (owned) */
    bool talks;           /* LOCAL: it exchanges messages */
    void *data;           /* argument bytes, copied (owned) */
    int64_t nbytes;
};
/* step[k]: 1, or 0 where operand k is one element for all. `out` may be the very place of an operand of its dtype. */
typedef void (*da__user_strip_fn)(int64_t n, void *out, const void *const *in, const int64_t *step,
                                  const void *data);
typedef void (*da__user_identity_fn)(void *state, const void *data);
typedef void (*da__user_accumulate_fn)(void *state, int64_t n, const void *x, int64_t step,
                                       const void *data);
typedef void (*da__user_combine_fn)(void *state, const void *other, const void *data);
typedef void (*da__user_finish_fn)(const void *state, void *out, const void *data);

/* One elementwise operation. Of a function of the user's (DA__OP_USER…) `compute` is its number in the program. Arguments have the dtype da__op_input_dtype(op, k, compute); casts are instructions
 * (DA__OP_ASTYPE: compute is the source's dtype, result the target's). */
struct da__insn {
    uint16_t op; /* enum da__op_id */
    uint8_t compute, result;
    da__ref arg[3];
};
struct da__body_reduction {
    uint16_t red;    /* enum da__red_id */
    uint8_t compute; /* the dtype of the reduced value */
    uint8_t user;    /* DA__RED_USER: its number in the program */
    da__ref value;
    uint32_t mask; /* bit k: iteration axis k is reduced */
};
/* A straight-line program over one element of the iteration space; no order among elements is promised. */
struct da__body {
    int ninputs, nparams, ninsns, noutputs, nreductions;
    uint8_t *input_dtype;
    uint8_t *param_dtype;
    struct da__insn *insn;
    da__ref *output; /* what is stored, each in its own dtype */
    struct da__body_reduction *reduction;
    struct da__user *const
        *user; /* the program's, borrowed; NULL: not known yet (while graphs are worked on) */
};
da_dtype da__body_dtype(const struct da__body *b, da__ref ref);

/* ---- running it -------------------------------------------------------------------------------- */

/* The frozen form: kernels chosen, registers assigned. Lives in memory the caller brings; the body may go. */
struct da__kernel;
size_t da__kernel_nbytes(const struct da__body *b);
struct da__kernel *da__kernel_plan(const struct da__body *b, void *memory);
/* Scratch for one running thread: registers that fit the first-level cache; 64-byte aligned. */
size_t da__kernel_scratch_nbytes(const struct da__kernel *k);

struct da__strided {
    char *data;                  /* the element at local position 0 */
    int64_t stride[DA_MAX_NDIM]; /* bytes per iteration axis; 0: broadcast */
};
/* One box of the iteration space. Reductions add to accumulators that the caller has set to zero (da__red_zero):
 * `reduction[r].data` with byte strides per iteration axis, 0 along reduced axes. */
struct da__sweep {
    int ndim;
    int64_t extent[DA_MAX_NDIM];
    int64_t index_start[DA_MAX_NDIM]; /* the global index at local position i is start + step*i */
    int64_t index_step[DA_MAX_NDIM];
    int64_t index_shape
        [DA_MAX_NDIM]; /* global extents: argmin's index is C order over the reduced axes */
    const struct da__strided *input;
    const void *const *param; /* one element each, of its dtype */
    const struct da__strided *output;
    const struct da__strided *reduction;
};
void da__kernel_run(const struct da__kernel *k, const struct da__sweep *s, void *scratch);

/* ---- reductions -------------------------------------------------------------------------------- */

/* A partial result is a state of fixed size (16-byte aligned arrays of them). States join in index order: `into` stands
 * for elements that come before those of `from` (argmin takes the smaller index on ties, so it holds for any order). */
size_t da__red_state_nbytes(enum da__red_id red, da_dtype compute);
void da__red_zero(enum da__red_id red, da_dtype compute, int64_t n, void *state);
void da__red_join(enum da__red_id red, da_dtype compute, int64_t n, void *into, const void *from);
/* What the user sees: n results, contiguous, of dtype `result`. `count` is the number of elements each state stands for. */
void da__red_end(enum da__red_id red, da_dtype compute, da_dtype result, int64_t n,
                 const void *state, int64_t count, double correction, void *out);

/* The same for reduction k of a body, which may be the user's (user NULL: it is ours). */
const struct da__user *da__body_red_user(const struct da__body *b, int k);
size_t da__user_red_state_nbytes(const struct da__user *u, enum da__red_id red, da_dtype compute);
void da__user_red_zero(const struct da__user *u, enum da__red_id red, da_dtype compute, int64_t n,
                       void *state);
void da__user_red_join(const struct da__user *u, enum da__red_id red, da_dtype compute, int64_t n,
                       void *into, const void *from);
void da__user_red_end(const struct da__user *u, enum da__red_id red, da_dtype compute,
                      da_dtype result, int64_t n, const void *state, int64_t count,
                      double correction, void *out);

/* ---- elementwise on contiguous arrays ---------------------------------------------------------- */

/* The strip loop of one operator: n elements, stride 0 or one element per operand (bit k of `scalars`: operand k is one
 * element). For constant folding and tests; the tile machine uses the same loops. */
void da__strip(enum da__op_id op, da_dtype compute, da_dtype result, int64_t n, void *out,
               const void *const *in, unsigned scalars);

/* ---- random bits ------------------------------------------------------------------------------- */

/* Block `number` of Philox4x32-10: 128 bits for the counter (number, stream) and the key `seed`. */
void da__philox(uint64_t number, uint64_t seed, uint64_t stream, uint64_t *block);

/* ---- searching --------------------------------------------------------------------------------- */

/* out[i] := base + how many of the n ascending elements (NaN last) are less than value[i], or, with `right`, not greater. */
void da__search(da_dtype dtype, bool right, int64_t n, const void *sorted, int64_t count,
                const void *value, int64_t base, int64_t *out);

/* ---- copying ----------------------------------------------------------------------------------- */

/* Copies a box of items of `item` bytes between two strided places that do not overlap. */
void da__copy_strided(int ndim, const int64_t *shape, size_t item, char *dst,
                      const int64_t *dst_stride, const char *src, const int64_t *src_stride);
/* One axis of a packed region: the matches along it, and the bytes from one local position to the next on this side. */
struct da__pack_axis {
    const struct da__match *m;
    int n;
    bool side_b;    /* local positions are the b side's, else the a side's */
    int64_t stride; /* bytes; 0 for a broadcast axis */
};
/* Copies the product of the axes' matches, first axis outermost, each axis in the order of its list, to or from `packed`.
 * Returns the bytes moved. Works for ndim 0 (one item). */
int64_t da__pack(int ndim, const struct da__pack_axis *axis, size_t item, const char *base,
                 char *packed);
int64_t da__unpack(int ndim, const struct da__pack_axis *axis, size_t item, char *base,
                   const char *packed);
/* One axis of a region that both sides hold in place: its matches, and the bytes from one local position to the next. */
struct da__match_axis {
    const struct da__match *m;
    int n;
    int64_t stride_a, stride_b;
};
/* Copies the product of the axes' matches from `a` to `b`, or back; the places do not overlap. */
void da__copy_matched(int ndim, const struct da__match_axis *axis, size_t item, char *a, char *b,
                      bool to_b);

/* ---- choosing by masks ------------------------------------------------------------------------- */

/* Loops over n mask bytes, `mask_step` apart; what is chosen is where they are not 0. `items`, by the bytes of an element: elements
 * `x_step` bytes apart, the chosen ones one after the other to `out`, which is written up to DA__COMPRESS_SLACK bytes behind n elements
 * at most; returns how many. `list`: the same of the numbers first, first + step, …, written up to n of them. */
enum { DA__COMPRESS_SLACK = 64 };
struct da__compressing {
    int64_t (*count)(int64_t n, const uint8_t *mask, int64_t mask_step);
    int64_t (*list)(int64_t n, const uint8_t *mask, int64_t mask_step, int64_t first, int64_t step,
                    int64_t *out);
    int64_t (*items[17])(int64_t n, const uint8_t *mask, int64_t mask_step, const char *x,
                         int64_t x_step, char *out);
};
/* Those of this machine; all instruction sets give the same. */
const struct da__compressing *da__compressing_find(void);

/* ---- sorting ----------------------------------------------------------------------------------- */

/* The order of sorting: ascending or descending, equal elements as they came, NaNs last in both directions. -0.0 equals 0.0.
 * Complex numbers by real, then imaginary part; behind them those with a NaN as imaginary part, as real part, as both, each of
 * these by the part that is none (NumPy's order). */

/* Room that sorting a line needs, 64-byte aligned. */
int64_t da__sort_scratch_nbytes(da_dtype dtype, int64_t n, bool positions);
/* Sorts n elements one after the other. `position` (NULL: none) has a number per element that goes with it. */
void da__sort_line(da_dtype dtype, bool descending, int64_t n, void *line, int64_t *position,
                   void *scratch);
/* How many elements of a sorted line come before an element, or (`right`) before or equal to it. */
int64_t da__sort_search(da_dtype dtype, bool descending, int64_t n, const void *line,
                        const void *key, bool right);

/* Two sorted stretches in one order, of equal elements the first one's ahead. */
struct da__sort_join {
    da_dtype dtype;
    bool descending;
    int64_t na, nb;
    const void *a, *b;
    const int64_t *pos_a,
        *pos_b; /* a number per element; NULL: the elements themselves are wanted */
};
/* Whether there are loops for a dtype: for numbers of 4 and 8 bytes. */
bool da__sort_joins(da_dtype dtype);
/* Elements low … high-1 of the joined order, or the numbers that go with them. */
void da__sort_join(const struct da__sort_join *j, int64_t low, int64_t high, void *out);

/* A long line is shared out by buckets first: 255 sorted borders, elements of the line, tell for each element the bucket 0 … 255 that it
 * belongs to: before the first border, between two, behind the last; roughly so where many borders lie close together. Equal elements have
 * one bucket, and greater ones no earlier one. count[b] grows by what bucket b
 * gets. */
enum { DA__SORT_BUCKETS = 256 };
void da__sort_classify(da_dtype dtype, bool descending, int64_t n, const void *line,
                       const void *border, uint8_t *bucket, int64_t *count);
/* Elements of `item` bytes to their buckets in their order: the next one of bucket b goes to next[b], which moves on. */
void da__sort_share(size_t item, int64_t n, const void *line, const uint8_t *bucket, void *out,
                    int64_t *next);

/* ---- running sums and products ----------------------------------------------------------------- */

/* Many lines of n elements; bytes from one element or line to the next. */
struct da__scan_lines {
    int64_t n, nlines;
    const char *in;
    int64_t in_step, in_line;
    char *out;
    int64_t out_step, out_line;
};
/* What `from` adds up or multiplies to, where the caller names no other dtype: NumPy's. */
da_dtype da__scan_result(da_dtype from);
/* Bytes of a line's state: float32 and complex64 go on in double, integers in 64 bits. */
size_t da__scan_state_nbytes(da_dtype result);
/* state[l] joined with what line l adds up (multiplies) to; `begun` false: the states hold nothing yet. `from` is `result` or a
 * smaller integer or bool whose da__scan_result it is. */
void da__scan_total(bool product, da_dtype from, da_dtype result, const struct da__scan_lines *l,
                    void *state, bool begun);
/* The same, and every element of `out` is what its line's state was after that element. */
void da__scan_run(bool product, da_dtype from, da_dtype result, const struct da__scan_lines *l,
                  void *state, bool begun);
/* into := into joined with `from`, which stands for elements behind it. */
void da__scan_join(bool product, da_dtype result, int64_t nlines, void *into, const void *from);
enum { DA__SCAN_STATE_MOST = 128 }; /* bytes of a line's state, of any kind */
/* Reproducible sums of floats and complex numbers: states begin as zero bytes and go on whatever came before. */
size_t da__scan_binned_nbytes(da_dtype dtype);
void da__scan_binned_total(da_dtype dtype, const struct da__scan_lines *l, void *state);
void da__scan_binned_run(da_dtype dtype, const struct da__scan_lines *l, void *state);
void da__scan_binned_join(da_dtype dtype, int64_t nlines, void *into, const void *from);
/* One element of `result`: 0, or 1 of a product. */
void da__scan_identity(bool product, da_dtype result, void *out);

/* ---- products of matrices ---------------------------------------------------------------------- */

/* A BLAS that was found at run time: its functions, by address. */
enum da__blas_function {
    DA__BLAS_SGEMM,
    DA__BLAS_DGEMM,
    DA__BLAS_CGEMM,
    DA__BLAS_ZGEMM,
    DA__BLAS_SGEMV,
    DA__BLAS_DGEMV,
    DA__BLAS_CGEMV,
    DA__BLAS_ZGEMV,
    DA__BLAS_NFUNCTIONS
};
struct da__blas {
    void *library; /* NULL: there is none, own loops do its work */
    void (*function[DA__BLAS_NFUNCTIONS])(void);
};
/* Loads it into the process, where it stays, and has it use the calling thread only. False: there is none. */
bool da__blas_open(struct da__blas *out);
void da__blas_close(struct da__blas *b);
/* C := A B, or C += A B: m × k times k × n elements of one dtype in rows `ld…` elements apart; `trans`: the matrix in
 * memory is the transpose. Integers wrap; of bools a sum is "or". With k == 0 zeros. */
struct da__matmul {
    da_dtype dtype;
    bool trans_a, trans_b, add;
    bool
        ordered; /* each element of C adds its products up by ascending k, each rounded: the same bits everywhere */
    int64_t m, n, k, lda, ldb, ldc;
    const void *a, *b;
    void *c;
};
void da__matmul_run(const struct da__blas *blas, const struct da__matmul *p);
/* into[i] += from[i], in the same sense. */
void da__matmul_join(da_dtype dtype, int64_t n, void *into, const void *from);

#endif
