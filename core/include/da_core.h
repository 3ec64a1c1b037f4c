/* What core offers to the other rooms: the words everyone speaks.
 *
 * Reading order: errors, memory, arithmetic, dtypes, operators, shapes, views, index sets, axis maps,
 * distributions, text. Nothing here knows nodes, files or messages. Functions that can fail return a
 * da_status and, where they take one, fill an error record; the others cannot fail. */
#ifndef DA_CORE_H
#define DA_CORE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <distarray/types.h>

/* ---- errors ------------------------------------------------------------------------------------ */

#define DA__ERROR_TEXT 512

/* The first cause of a failure. `engine` is -1 until an engine reports it. */
struct da__error {
    da_status status;
    int engine;
    char text[DA__ERROR_TEXT];
};

/* An empty record, without clearing room that nobody reads. */
static inline void da__error_clear(struct da__error *err)
{
    err->status = DA_OK;
    err->engine = -1;
    err->text[0] = '\0';
}
/* Records the first failure only (a record that already holds one stays as it is); returns `status`.
 * `err` may be NULL. The text is one line and gives the operation and the numbers. */
da_status da__fail(struct da__error *err, da_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "text: " in front of a recorded failure. */
void da__error_prefix(struct da__error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *da__status_name(da_status status); /* "shape", "memory", … from status.def */
const char *da__status_text(da_status status); /* a short sentence */

#define DA_TRY(call)                                                                               \
    do {                                                                                           \
        da_status da_try_ = (call);                                                                \
        if (da_try_ != DA_OK)                                                                      \
            return da_try_;                                                                        \
    } while (0)

/* ---- memory ------------------------------------------------------------------------------------ */

/* Counted allocation; every allocation of the library goes through here so that tests can count blocks
 * and let the n-th one fail. All return NULL on failure. */
void *da__alloc(size_t nbytes);                /* uninitialised */
void *da__calloc(size_t count, size_t nbytes); /* zeroed, overflow checked */
void *da__realloc(void *block, size_t nbytes);
void *da__alloc_aligned(size_t nbytes, size_t alignment); /* also freed by da__free */
void da__free(void *block);
char *da__strdup(const char *text);
int64_t da__alloc_live(void); /* blocks now allocated in this process */
/* The n-th allocation from now fails (1 = the next one), and every later one too when `forever`; 0 switches
 * it off. Process-wide: the one piece of global state, for tests. */
void da__alloc_fail_at(int64_t n, bool forever);

/* A growing array: `DA__PUSH(vector.item, vector.count, vector.cap)` makes room for one more; false: no memory. */
bool da__grow_more(void **items, int64_t *cap, int64_t need, size_t item_nbytes);
static inline bool da__grow(void **items, int64_t *cap, int64_t need, size_t item_nbytes)
{
    return need <= *cap || da__grow_more(items, cap, need, item_nbytes);
}
/* `cap` is an int64_t lvalue, `items` a pointer lvalue. */
#define DA__PUSH(items, count, cap)                                                                \
    da__grow((void **)&(items), &(cap), (int64_t)(count) + 1, sizeof *(items))

/* ---- checked arithmetic ------------------------------------------------------------------------ */

bool da__mul_i64(int64_t a, int64_t b, int64_t *out); /* false on overflow */
bool da__add_i64(int64_t a, int64_t b, int64_t *out);
bool da__mul_size(size_t a, size_t b, size_t *out);
int64_t da__gcd(int64_t a, int64_t b);
int64_t da__ceil_div(int64_t a, int64_t b);  /* b > 0, any sign of a */
int64_t da__floor_div(int64_t a, int64_t b); /* b != 0 */
int64_t da__floor_mod(int64_t a, int64_t b);
int64_t da__mul_mod(int64_t a, int64_t b, int64_t m); /* 0 <= a, b < m; no overflow */
int64_t da__inverse_mod(int64_t a, int64_t m);        /* of coprime a and m > 0; in 0 … m-1 */

/* A 128-bit structural hash, built up word by word (not cryptographic). */
struct da__hash {
    uint64_t lo, hi;
};
struct da__hash da__hash_init(void);
void da__hash_bytes(struct da__hash *h, const void *data, size_t nbytes);
void da__hash_i64(struct da__hash *h, int64_t value);
bool da__hash_equal(struct da__hash a, struct da__hash b);

/* ---- dtypes ------------------------------------------------------------------------------------ */

struct da__dtype_info {
    const char *name; /* "float64" */
    const char *npy;  /* NumPy's type string without byte order: "f8", "b1", "c16" */
    size_t nbytes;
    char kind; /* 'b' bool, 'i' int, 'u' unsigned, 'f' float, 'c' complex */
    size_t align;
};
const struct da__dtype_info *da__dtype(da_dtype dtype);
size_t da__dtype_nbytes(da_dtype dtype);
bool da__dtype_find(
    const char *name,
    da_dtype *out); /* "float64", also "f8", "<f8", "float", "int", "bool", "complex" */
bool da__dtype_valid(int dtype);
/* NumPy's promotion of two array dtypes (uint64 with a signed int gives float64). */
da_dtype da__promote(da_dtype a, da_dtype b);
/* NumPy's promotion of any number of array dtypes, given as the bits 1 << dtype. Not the pairs' one after the other: int16, uint16
 * and float32 give float32. No bits: bool. */
da_dtype da__promote_all(uint32_t dtypes);
da_dtype da__dtype_real_of(da_dtype dtype);    /* complex64 -> float32, others themselves */
da_dtype da__dtype_complex_of(da_dtype dtype); /* float32 -> complex64, others complex128 */
da_dtype da__dtype_float_of(
    da_dtype dtype); /* the dtype of float functions: bool and ints -> float64 (as DESIGN) */

/* A Python-like scalar: weak in promotion, its kind only matters. */
enum da__scalar_kind { DA__SCALAR_BOOL, DA__SCALAR_INT, DA__SCALAR_FLOAT, DA__SCALAR_COMPLEX };
struct da__scalar {
    enum da__scalar_kind kind;
    int64_t i;     /* bool and int; a uint64 above INT64_MAX is its bits, with re > 0 to tell */
    double re, im; /* float and complex; also set for bool and int */
};
/* The dtype an array dtype takes when it meets a weak scalar: uint8 with an int stays uint8, int32 with a float gives
 * float64, float32 with a complex gives complex64. */
da_dtype da__promote_weak(da_dtype array, enum da__scalar_kind kind);
da_dtype da__scalar_dtype(enum da__scalar_kind kind); /* bool, int64, float64, complex128 */
/* The scalar as one element of `dtype` (16 bytes suffice). False where an int does not fit an integer dtype
 * or the kind does not (a float into an int). */
bool da__scalar_store(const struct da__scalar *s, da_dtype dtype, void *out);
void da__scalar_load(const void *element, da_dtype dtype, struct da__scalar *out);

/* ---- operators: ops.def ------------------------------------------------------------------------ */

/* Ids of all operators: elementwise (DA__OP_ADD …) and reductions (DA__RED_SUM …), from ops.def. */
enum da__op_id {
#define DA__ELEMENTWISE(id, ...) DA__OP_##id,
#define DA__REDUCTION(id, ...)
#include "ops.def"
#undef DA__ELEMENTWISE
#undef DA__REDUCTION
    DA__NELEMENTWISE,
    /* Behind the table: a function of the user's, by its number of operands. No name, no loop of ours, no dtype rule. */
    DA__OP_USER1 = DA__NELEMENTWISE,
    DA__OP_USER2,
    DA__OP_USER3,
    DA__OP_END
};
static inline bool da__op_is_user(int op)
{
    return op >= DA__NELEMENTWISE;
}
enum da__red_id {
#define DA__ELEMENTWISE(id, ...)
#define DA__REDUCTION(id, ...) DA__RED_##id,
#include "ops.def"
#undef DA__ELEMENTWISE
#undef DA__REDUCTION
    DA__NREDUCTIONS,
    DA__RED_USER = DA__NREDUCTIONS /* behind the table: a reduction of the user's */
};

/* How the dtypes of an elementwise operator's inputs become its computing dtype T and its result dtype R. */
enum da__dtype_rule {
    DA__RULE_SAME, /* T = promotion of the inputs, R = T                                   (add)        */
    DA__RULE_FLOAT, /* T = float_of(promotion), R = T                                       (sin, divide) */
    DA__RULE_BOOL, /* T = promotion, R = bool                                              (less, isnan) */
    DA__RULE_LOGICAL, /* T = promotion (the loop reads truth), R = bool                       (logical_and) */
    DA__RULE_REAL_PART, /* T = promotion, R = real_of(T)                                        (abs, real, imag) */
    DA__RULE_WHERE, /* input 0 is read as bool; T = promotion of inputs 1 and 2, R = T      (where) */
    DA__RULE_CAST, /* T = the input's dtype, R = the attribute `dtype`                     (astype) */
    /* T = int64, whatever integers the inputs are; R as named                             (random_bits) */
    DA__RULE_DRAW_INT64,
    DA__RULE_DRAW_UINT64,
    DA__RULE_DRAW_FLOAT32,
    DA__RULE_DRAW_FLOAT64
};
/* Which computing dtypes a row accepts; inputs are never cast to fit, except as the rule says. */
enum { DA__TAKES_BOOL = 1, DA__TAKES_INT = 2, DA__TAKES_FLOAT = 4, DA__TAKES_COMPLEX = 8 };
struct da__op_info {
    const char *name;   /* the array API standard's, or NumPy's for its extras */
    const char *symbol; /* Python's operator, or NULL */
    int nin;
    enum da__dtype_rule rule;
    unsigned takes; /* DA__TAKES_… */
    bool commutative;
    const char *doc; /* one line for help, man pages and docs */
};
const struct da__op_info *da__op_info(enum da__op_id op);
bool da__op_find(const char *name, enum da__op_id *out); /* by name */

/* One operand's part in inference: its dtype, or a weak scalar. */
struct da__operand_type {
    bool weak;
    da_dtype dtype;            /* where not weak */
    enum da__scalar_kind kind; /* where weak */
};
/* T and R of an operator for these inputs, NumPy's rules; error where the row does not take T. `attr_dtype` is astype's. */
da_status da__op_infer(enum da__op_id op, int nin, const struct da__operand_type *in,
                       da_dtype attr_dtype, da_dtype *compute, da_dtype *result,
                       struct da__error *err);
/* The dtype that input k is cast to before the loop runs: T, but bool for where's condition. */
da_dtype da__op_input_dtype(enum da__op_id op, int k, da_dtype compute);

struct da__red_info {
    const char *name;
    unsigned takes;
    bool has_identity;   /* an empty reduction gives it; otherwise it is an error */
    bool has_correction; /* var, std */
    const char *doc;
};
const struct da__red_info *da__red_info(enum da__red_id red);
bool da__red_find(const char *name, enum da__red_id *out);
/* Result dtype of a reduction over `in` (sum of int8 -> int64, of bool -> int64, of uint8 -> uint64, of float32 -> float32;
 * mean/var/std of ints -> float64, of complex var -> float64; argmax -> int64; any -> bool; attr_dtype overrides sum/prod/mean).
 * `compute` is the dtype elements are cast to before they enter the reduction. */
da_status da__red_infer(enum da__red_id red, da_dtype in, da_dtype attr_dtype, da_dtype *compute,
                        da_dtype *result, struct da__error *err);

/* ---- shapes ------------------------------------------------------------------------------------ */

/* The product, or -1 on overflow. */
int64_t da__nelem(int ndim, const int64_t *shape);
/* Broadcasts `shape` (in: first operand, out: result) with another one; what == the operation named in errors. */
da_status da__broadcast(int *ndim, int64_t *shape, int other_ndim, const int64_t *other,
                        const char *what, struct da__error *err);
/* An axis of -ndim … ndim-1 made non-negative; error naming `what` otherwise. */
da_status da__axis(int64_t axis, int ndim, const char *what, int *out, struct da__error *err);
/* "(3, 4)", "(5,)", "()" as Python prints it; always terminated. */
char *da__shape_text(int ndim, const int64_t *shape, char *buf, size_t size);
void da__strides_c(int ndim, const int64_t *shape, int64_t itemsize,
                   int64_t *strides); /* C order, in bytes */

/* ---- affine views ------------------------------------------------------------------------------ */

/* How an iteration space reads a base array: for each *base* axis b,
 *     base index[b] = offset[b] + step[b] * i[axis[b]],                         axis[b] == -1: always offset[b];
 * where period[b] > 0 the way wraps around (a rolled axis):
 *     base index[b] = offset[b] + (phase[b] + step[b] * i[axis[b]]) mod period[b],     0 <= phase[b] < period[b].
 * Iteration axes that no base axis names are broadcast (or new) axes; two base axes may name the same one (diagonal).
 * No base index is read twice along a wrapped axis: |step| * (count - 1) < period. Every place on the way round exists, whether
 * the space gets there or not: 0 <= offset[b] and offset[b] + period[b] - gcd(step[b], period[b]) < the axis' extent, and the
 * gcd divides the phase. */
struct da__view {
    int ndim; /* of the iteration space */
    int base_ndim;
    int axis[DA_MAX_NDIM];
    int64_t offset[DA_MAX_NDIM];
    int64_t step[DA_MAX_NDIM];
    int64_t period[DA_MAX_NDIM], phase[DA_MAX_NDIM]; /* 0: does not wrap */
};
void da__view_identity(int ndim, struct da__view *v);
/* Reads an array of `base` shape as if broadcast to an iteration space of `shape` (which must be a broadcast of it). */
void da__view_broadcast(int base_ndim, const int64_t *base, int ndim, const int64_t *shape,
                        struct da__view *v);
/* outer ∘ inner: `inner` reads the base in some space S, `outer` reads S in a further space. False where the result is no
 * such view (a rolled slice of a rolled axis whose periods do not fit); `out` is untouched then. */
bool da__view_compose(const struct da__view *inner, const struct da__view *outer,
                      struct da__view *out);
bool da__view_wraps(const struct da__view *v); /* some axis has a period */
/* The affine stretches of base axis b over iteration indices 0 … count-1, at most two: those of stretch k are first[k] …
 * first[k]+n[k]-1, and index first[k]+j reads base index start[k] + step[b]*j. Returns how many there are (an axis without
 * a period has one, also where count is 0). */
struct da__stretch {
    int64_t first, n, start;
};
int da__view_stretches(const struct da__view *v, int b, int64_t count, struct da__stretch *out);
/* Over an iteration space of `shape`: axes that do not get round to their period's end lose it. */
void da__view_simplify(struct da__view *v, const int64_t *shape);
bool da__view_is_identity(const struct da__view *v);
bool da__view_equal(const struct da__view *a, const struct da__view *b);

/* One item of NumPy's basic indexing. */
enum da__index_kind {
    DA__INDEX_INT,
    DA__INDEX_SLICE,
    DA__INDEX_ELLIPSIS,
    DA__INDEX_NEWAXIS,
    DA__INDEX_ARRAY /* an index array: one of a list beside the items */
};
struct da__index_item {
    enum da__index_kind kind;
    bool has_start, has_stop, has_step;
    int64_t start, stop, step; /* an int index, and the number of an index array, is in start */
};
/* Resolves an index expression without arrays against a shape: the view of the base and the result's shape. */
da_status da__index_resolve(int base_ndim, const int64_t *base, int nitems,
                            const struct da__index_item *item, struct da__view *view, int *ndim,
                            int64_t *shape, struct da__error *err);
/* NumPy's text "1:-1, ::-2, ..., 3, None" to items, and "@0" for the first index array of a list; at most `cap` items. Errors
 * name the column. */
da_status da__index_parse(const char *text, int cap, struct da__index_item *item, int *nitems,
                          struct da__error *err);
/* Python's slice.indices: count of selected indices, start made definite. step != 0. */
int64_t da__slice_resolve(int64_t extent, const struct da__index_item *slice, int64_t *start,
                          int64_t *step);

/* ---- index sets -------------------------------------------------------------------------------- */

/* A two-level strided run: the indices start + r*stride + k*step for 0 <= r < reps, 0 <= k < count, in the order (r, k).
 * One level is reps == 1. Steps may be negative. This closes block, cyclic and block-cyclic pieces under slicing. */
struct da__run {
    int64_t start, step, count;
    int64_t stride, reps;
};
/* Indices along one axis, in listed order, each at most once: the concatenation of its runs. The position of an index in
 * this order is its local position on the engine that holds the set. */
struct da__index_set {
    int64_t nelem;
    int nruns, cap;
    struct da__run *run; /* owned */
};
void da__set_init(struct da__index_set *s);
void da__set_free(struct da__index_set *s);
da_status da__set_push(struct da__index_set *s,
                       struct da__run run); /* drops empty runs, normalises and joins neighbours */
da_status da__set_range(struct da__index_set *s, int64_t start, int64_t step,
                        int64_t count); /* init + push */
da_status da__set_from_list(struct da__index_set *s, const int64_t *list,
                            int64_t n); /* finds the runs */
int64_t da__set_get(const struct da__index_set *s, int64_t position);
int64_t da__set_find(const struct da__index_set *s, int64_t index); /* position, or -1 */
/* The image offset + step * i of every index, same order; step may be any non-zero number. */
da_status da__set_affine(const struct da__index_set *s, int64_t offset, int64_t step,
                         struct da__index_set *out);
bool da__set_is_affine(const struct da__index_set *s, int64_t *start,
                       int64_t *step); /* index == start + step*position */

/* Where two sets meet: positions in `a` and in `b` of the common indices, as two-level strided runs in the order of `a`'s
 * positions within one match (matches themselves may come in any order fixed by the sets alone). */
struct da__match {
    int64_t a, b; /* first positions */
    int64_t step_a, step_b, count;
    int64_t stride_a, stride_b, reps;
};
struct da__match_list {
    int64_t nelem;
    int n, cap;
    struct da__match *m; /* owned */
};
void da__matches_init(struct da__match_list *l);
void da__matches_free(struct da__match_list *l);
/* Closed form: the cost depends on the number of runs and on block sizes, never on the number of elements. */
da_status da__set_intersect(const struct da__index_set *a, const struct da__index_set *b,
                            struct da__match_list *out);

struct da__map_spec;

/* ---- axis maps --------------------------------------------------------------------------------- */

enum da__map_kind {
    DA__MAP_N, /* whole on every coordinate (parts == 1) */
    DA__MAP_B, /* block */
    DA__MAP_C, /* cyclic (block 1) and block-cyclic */
    DA__MAP_U  /* unstructured: explicit index lists */
};
/* Explicit lists, shared and immutable: the indices that each coordinate owns, in local order. */
struct da__lists;
/* Halos around the blocks of a map, shared and immutable. */
struct da__padding;

/* How one axis is split over `parts` coordinates. The axis has `count` indices; index i stands for the template index
 * start + step * i of a template of `size` indices, which is what kind, bounds, block and lists split. A whole array has
 * start 0, step 1, count == size; a view keeps its base's template and so its owners, in closed form. */
struct da__map {
    enum da__map_kind kind;
    int parts;
    int64_t size;
    int64_t start, step, count;
    int64_t block; /* C: block size >= 1 */
    const int64_t
        *bounds; /* B irregular: parts+1 ascending bounds from 0 to size; NULL: balanced */
    const struct da__lists *lists; /* U */
    const struct da__padding
        *padding; /* B: halos around the blocks of a whole axis; NULL: none. Views have none */
};
int da__map_owner(const struct da__map *m,
                  int64_t index); /* the (first) coordinate that owns an index */
int64_t da__map_local_count(const struct da__map *m, int part);
/* The indices that a coordinate owns, in local order: ascending; for `u` as listed; for views of block-cyclic axes under a step
 * that hits their blocks in changing ways by place in the cycle after which that repeats (map_cyclic.c), ascending
 * within a place. */
da_status da__map_owned(const struct da__map *m, int part, struct da__index_set *out);
/* Whether the local order of a coordinate is known to be that of the indices. */
bool da__map_in_order(const struct da__map *m, int part);
int64_t da__map_local_of(const struct da__map *m, int part,
                         int64_t index); /* position among what the part owns, or -1 */
/* How many indices from `index` on one coordinate owns, without a gap; `part` receives it. For b and c (and n) their local
 * positions go on without a gap too. */
int64_t da__map_stretch(const struct da__map *m, int64_t index, int *part);
bool da__map_equal(const struct da__map *a,
                   const struct da__map *b); /* same owners, halos and local orders */
/* The map of the view start + step * i (0 <= i < count) of this axis; lists and bounds stay shared, halos do not: what is
 * computed from a padded array lies as its cores do. */
struct da__map da__map_view(const struct da__map *m, int64_t start, int64_t step, int64_t count);
/* The coordinates that may own an index of the set, as a strided run of coordinates: exact for `b`, and for `c` where
 * a strided run of coordinates can be (few indices, or steps that a block divides or holds); a superset otherwise. Closed form (no loop over parts). */
struct da__run da__map_owners_of(const struct da__map *m, const struct da__index_set *s);

/* Padding. A coordinate of a padded block map *owns* its block, the core: everything that is computed or sent once per element
 * asks for owners. It *stores* the core with halos, copies of its neighbours' elements: memory, and what a copy under a padded
 * distribution fills, ask for what is stored. At the ends of the axis the padding is the outermost part of the core, as the
 * Distributed Array Protocol has it; on a periodic axis it is a halo that wraps around. */

/* The padding of a coordinate's block as the protocol tells it, 0 without one: towards neighbours and at the ends. */
void da__map_padding(const struct da__map *m, int part, int64_t *left, int64_t *right);
/* The padding as a specification says it, into its padding, boundary, periodic and cut (which stays the map's). */
void da__map_padding_spec(const struct da__map *m, struct da__map_spec *out);
bool da__map_periodic(const struct da__map *m);
/* The axis indices lo … hi-1 that a coordinate owns: of maps N and B. */
void da__map_block(const struct da__map *m, int part, int64_t *lo, int64_t *hi);
int64_t da__map_stored_count(const struct da__map *m, int part);
/* The indices that a coordinate stores, in local order: left halo, core, right halo; a periodic axis of few indices may have
 * some of them twice or more often. Without padding the same as da__map_owned. */
da_status da__map_stored(const struct da__map *m, int part, struct da__index_set *out);
/* Where a reader finds the indices of this axis: at coordinate `part`, those of *out, which begin at place *at of the part's
 * stored order and go on one by one. The reader stores the part `reader` itself (-1: it stores nothing that could help); over
 * all parts every index comes exactly once. Without padding the same as da__map_owned. */
da_status da__map_share(const struct da__map *m, int part, int reader, struct da__index_set *out,
                        int64_t *at);
/* The coordinates that may store an index of the set, as da__map_owners_of, but *modulo the number of parts*. */
struct da__run da__map_holders_of(const struct da__map *m, const struct da__index_set *s);
/* Owned indices of a padded block start … stop-1, as the Distributed Array Protocol counts: padding at the ends of the axis
 * is owned, padding towards a neighbour is not. */
int64_t da__owned_count(int rank, int parts, int64_t start, int64_t stop, int64_t left,
                        int64_t right);

/* ---- distributions ----------------------------------------------------------------------------- */

/* How an index space is owned by engines. Immutable, shared by reference count (atomic), no data.
 * Engines form a Cartesian grid of `ngrid` dimensions. Array axis k is split over grid dimension axis_grid[k] (-1: whole
 * everywhere, map kind N). Grid dimensions that no axis names hold *replicas*: every coordinate along them owns the same
 * elements. The engine at coordinates c is engine(offset + sum c[d] * grid_stride[d]) of the engine set. */
struct da__dist {
    int refs; /* atomic; use da__dist_keep/drop */
    int ndim;
    int ngrid;
    int grid[DA_MAX_NDIM];
    int64_t grid_stride[DA_MAX_NDIM];
    int64_t offset;
    int axis_grid[DA_MAX_NDIM];
    struct da__map *map; /* ndim maps, owned */
    struct da__index_set
        engines; /* the engine set, by runs; a position in it is what offset and grid_stride address */
};
/* What a user says of a distribution; zeros and NULLs are defaults. */
struct da__map_spec {
    char kind;       /* 'n', 'b', 'c', 'u' */
    int64_t block;   /* 'c': block size, 0 -> 1 */
    int64_t nbounds; /* 'b': irregular bounds, 0: balanced */
    const int64_t *bounds;
    int nlists; /* 'u': one list per coordinate */
    const int64_t *list_nelem;
    const int64_t *const *list;
    int64_t padding[2];  /* 'b': widths of the halos towards the left and the right neighbour */
    int64_t boundary[2]; /* 'b': widths at the ends of the axis; periodic and 0, 0: as `padding` */
    bool periodic;       /* 'b': the halos at the ends wrap around */
    int64_t ncuts;       /* 'b': 0, or parts - 1: the widths at each cut, instead of `padding` */
    const int64_t *cut;
    int64_t size, start,
        step; /* step not 0: index i lies where index start + step * i of `size` indices does, which kind,
                                  bounds, block and lists split; such a map needs a grid */
};
struct da__dist_spec {
    int nmaps; /* 0: 'b' on axis 0, 'n' on the others; fewer than ndim: the rest is 'n' */
    const struct da__map_spec *map;
    int ngrid; /* 0: chosen (balanced factorisation that mirrors the shape, never wider than an axis) */
    const int *grid; /* per array axis */
    int nengines;    /* 0: all */
    const int *engines;
    int nreplicas; /* dimensions of the grid that hold copies; 0: none, for a scalar all engines */
    const int *replicas;
    int nstrides; /* 0: grid, then replicas, last fastest; else per array axis, then per dimension of replicas: how far apart
                     neighbours are among the engines */
    const int64_t *strides;
    int64_t offset; /* of the first among the engines */
};
da_status da__dist_make(int ndim, const int64_t *shape, const struct da__dist_spec *spec,
                        int nengines_total, const struct da__dist **out, struct da__error *err);
/* Every one of `nengines` engines holds the whole. */
da_status da__dist_replicated(int ndim, const int64_t *shape, int nengines,
                              const struct da__dist **out);
/* One engine holds the whole. */
da_status da__dist_single(int ndim, const int64_t *shape, int engine, const struct da__dist **out);
/* Whether an axis has halos, and the same owners without them. */
bool da__dist_padded(const struct da__dist *d);
da_status da__dist_unpadded(const struct da__dist *d, const struct da__dist **out);
/* The coordinate along axis `axis` of a padded base at which the engines at coordinate `part` of axis `space_axis` of `space`
 * store the base, for da__map_share; -1 where that is not the same for all of them, or there is nothing to gain. */
int da__dist_reader(const struct da__dist *base, int axis, const struct da__dist *space,
                    int space_axis, int part);
/* The items of "(pad=1, boundary=[2,0], periodic)" from behind the parenthesis on, into a map's specification; *at moves behind
 * the end, or to what cannot be read (false). */
bool da__padding_read(const char **at, struct da__map_spec *out);
/* Balanced blocks of the first axis over the engines of another distribution: the default, on that set. */
da_status da__dist_balanced(const struct da__dist *engines_of, int ndim, const int64_t *shape,
                            const struct da__dist **out);
const struct da__dist *da__dist_keep(const struct da__dist *d);
void da__dist_drop(const struct da__dist *d);
bool da__dist_equal(const struct da__dist *a,
                    const struct da__dist *b); /* same owners, local orders and replicas */
void da__dist_hash(const struct da__dist *d, struct da__hash *h);
/* The distribution of a view: axes keep their owners, fixed axes pin their grid dimension, broadcast axes are whole. `shape`
 * is the view's. Diagonals (an axis read by two base axes) take the first base axis' map. */
da_status da__dist_view(const struct da__dist *base, const struct da__view *v, const int64_t *shape,
                        const struct da__dist **out);
/* The distribution of a reduction over the axes in `mask`: they go (or stay as whole axes of extent 1 with `keepdims`), their
 * grid dimensions become replicas. */
da_status da__dist_reduce(const struct da__dist *base, uint32_t mask, bool keepdims,
                          const struct da__dist **out);
/* Another extent of one axis: it is split evenly in blocks over the same grid dimension, the other axes lie as before. */
da_status da__dist_join(const struct da__dist *base, int axis, int64_t count,
                        const struct da__dist **out);
/* Same owners on a broadcast shape: axis k of the result takes the map of base axis k - (ndim - base ndim) where extents agree,
 * others are whole. */
da_status da__dist_broadcast(const struct da__dist *base, int ndim, const int64_t *shape,
                             const struct da__dist **out);
/* A distribution for the same elements in C order under another shape that moves little: axes (or groups of axes with equal
 * products) that both shapes share keep their maps, a split axis that is divided or joined with others stays split in as many
 * parts, in the same blocks where they fit; where that does not go on, balanced blocks over the base's engines. */
da_status da__dist_reshape(const struct da__dist *base, int ndim, const int64_t *shape,
                           const struct da__dist **out);

/* For operations along an axis. `extent` indices in balanced blocks, as the map of an axis. */
struct da__map da__map_blocks(int parts, int64_t extent);
/* Later coordinates own later indices, and each one has them in ascending order. */
bool da__map_ascends(const struct da__map *m);
/* The same grid with another map (of as many parts) of an axis, whose extent may change. */
da_status da__dist_with_map(const struct da__dist *base, int axis, const struct da__map *map,
                            const struct da__dist **out);
/* Another array over the same grid: axis k of map[k] (kept) over grid dimension axis_grid[k], or whole where that is -1. */
da_status da__dist_on_grid(const struct da__dist *grid_of, int ndim, const int *axis_grid,
                           const struct da__map *map, const struct da__dist **out);
/* Whether both lie over the same engines in the same grid. */
bool da__dist_same_grid(const struct da__dist *a, const struct da__dist *b);
/* The same grid, and the axis ascends. */
da_status da__dist_ascending(const struct da__dist *base, int axis, const struct da__dist **out);
/* Only the first n of the copies that lie along grid dimension `dim`, which no axis names. */
da_status da__dist_fewer_copies(const struct da__dist *base, int dim, int n,
                                const struct da__dist **out);
/* The axis is whole and in order everywhere; the engines along it share the longest other axis instead. Where that one is
 * split already, all engines of the grid share it, or, where a grid has gaps, the longest axis that is not split; with no such
 * axis they hold replicas. */
da_status da__dist_whole(const struct da__dist *base, int axis, const struct da__dist **out);

/* The engine's coordinates; false where it is not one of the distribution's engines. */
bool da__dist_coords(const struct da__dist *d, int engine, int *coord);
int da__dist_engine(const struct da__dist *d, const int *coord);
int64_t da__dist_nengines(const struct da__dist *d); /* product of the grid */
bool da__dist_has(const struct da__dist *d, int engine);
/* Extents of what the engine stores (halos included), local C order; all zero where it holds nothing. Returns the number of elements. */
int64_t da__dist_local_shape(const struct da__dist *d, int engine, int64_t *shape);
da_status da__dist_local_set(const struct da__dist *d, int engine, int axis,
                             struct da__index_set *out);
int da__dist_part(const struct da__dist *d, const int *coord,
                  int axis); /* coordinate along an axis' grid dimension, 0 for whole */
/* Compact bytes for shipping: append to a growing buffer, read back. */
struct da__bytes;
da_status da__dist_write(const struct da__dist *d, struct da__bytes *out);
da_status da__dist_read(struct da__bytes *in, const struct da__dist **out);
/* "b,n,c(4) grid 2x1x2" for messages and explain. */
char *da__dist_text(const struct da__dist *d, char *buf, size_t size);
/* The lists of a 'u' map, for dumps: coordinate's list length and entries. */
int64_t da__lists_count(const struct da__lists *l, int part);
int64_t da__lists_get(const struct da__lists *l, int part, int64_t position);

/* ---- bytes: a growing buffer for shipping ------------------------------------------------------ */

struct da__bytes {
    uint8_t *data; /* owned when writing */
    int64_t nbytes, cap;
    int64_t at;     /* read position */
    bool failed;    /* out of memory, or read past the end; sticky */
    bool no_memory; /* reading failed for want of memory, not for what the bytes say */
};
void da__bytes_free(struct da__bytes *b);
void da__put_bytes(struct da__bytes *b, const void *data, size_t nbytes);
void *da__put_room(struct da__bytes *b,
                   size_t nbytes); /* for the caller to fill; NULL: no memory */
void da__put_i64(struct da__bytes *b, int64_t v);
void da__put_i32(struct da__bytes *b, int32_t v);
void da__put_f64(struct da__bytes *b, double v);
void da__put_text(struct da__bytes *b, const char *text); /* NULL allowed */
void da__get_bytes(struct da__bytes *b, void *out, size_t nbytes);
int64_t da__get_i64(struct da__bytes *b);
int32_t da__get_i32(struct da__bytes *b);
double da__get_f64(struct da__bytes *b);
const char *da__get_text(
    struct da__bytes *b); /* points into the buffer; NULL where NULL was put or the read failed */

/* ---- text -------------------------------------------------------------------------------------- */

/* A growing string. Appending after a failed allocation does nothing; `failed` tells. */
struct da__text {
    char *s;
    size_t len, cap;
    bool failed;
};
void da__text_free(struct da__text *t);
void da__text_add(struct da__text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The candidate nearest to `word` (edit distance at most 2 and less than its length), or NULL: "did you mean". */
const char *da__near(const char *word, const char *const *candidates, int n);

#endif
