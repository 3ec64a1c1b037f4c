/* What graph offers: lazy nodes and their inference, the program with its passes, JSON and DOT.
 *
 * Reading order: the graph and its scopes, nodes, building, callables (one table for JSON, expressions and the command line),
 * the program, lowering and passes, text forms. No threads, no messages, no array data here (small host arrays apart,
 * which only pass through). */
#ifndef DA_GRAPH_H
#define DA_GRAPH_H

#include "da_core.h"
#include "da_io.h"
#include "da_kernels.h"

typedef struct da_array da_array;
struct da__graph;

/* ---- nodes ------------------------------------------------------------------------------------- */

enum da__node_kind {
    DA__NODE_POISON,   /* a wrong call; carries the cause                                        */
    DA__NODE_LEAF,     /* has data on the engines under a buffer name                            */
    DA__NODE_CONSTANT, /* one value everywhere                                                   */
    DA__NODE_INDEX,    /* the global index along one axis, int64                                 */
    DA__NODE_ELEMENTWISE, /* op                                                                     */
    DA__NODE_REDUCE,  /* red                                                                    */
    DA__NODE_VIEW,    /* an affine view of its input                                            */
    DA__NODE_COPY,    /* its input under another distribution (redistribute)                    */
    DA__NODE_LOAD,    /* a file region                                                          */
    DA__NODE_SAVE,    /* its input, also written to a file                                      */
    DA__NODE_CALL,    /* filled by a C function (from_function)                                 */
    DA__NODE_CONCAT,  /* its inputs one after the other along an axis                           */
    DA__NODE_ASSIGN,  /* its first input with a part replaced by the second                     */
    DA__NODE_ROUTINE, /* a row of routines.def: what is no fused kernel                         */
    DA__NODE_APPLY, /* the user's function on the parts of its inputs: no array, RESULT nodes read it */
    DA__NODE_RESULT, /* what an APPLY node's function made of its argument u.axis; -1: that it was called */
    DA__NODE_DEFERRED /* a call over arrays whose size data decide: inferred once it is known   */
};

/* Operations that are no fused kernel, from routines.def. */
enum da__routine_id {
#define DA__ROUTINE(id, ...) DA__ROUTINE_##id,
#include "routines.def"
#undef DA__ROUTINE
    DA__NROUTINES
};
const char *da__routine_name(enum da__routine_id id);
bool da__routine_reads_raw(enum da__routine_id id,
                           int input); /* it moves that input's elements itself */
/* An extent that depends on data: known once the array is computed. */
enum { DA__UNSIZED = -1 };

/* A file that a load reads or a save writes. */
struct da__node_file {
    char *path, *dataset;       /* owned; dataset may be NULL */
    int64_t start[DA_MAX_NDIM]; /* load: the part that is read; its extents are the node's shape */
};
/* Fills `count` elements along the last axis, starting at the global `index` and going on by `step` along it. */
typedef void (*da__fill)(int ndim, const int64_t *index, int64_t step, int64_t count, void *out,
                         const void *data);
struct da__node_call {
    char *object; /* the shared object that holds the function, "" for the program itself (owned) */
    int64_t
        offset; /* of the function inside it: engines in other processes find it by both        */
    void *data; /* argument bytes, copied (owned) */
    int64_t nbytes;
};

struct da__deferred; /* a callable and its arguments, private to graph (deferred.h) */
/* A call of the user's function on parts. */
struct da__apply {
    struct da__user *user; /* the graph's, borrowed */
    void *data;            /* argument bytes, copied (owned) */
    int64_t nbytes;
    /* Per argument: the input that it is, or -1 for one that is only written; and, where it is written, what comes out. */
    struct da__apply_argument {
        int input, ndim;
        da_dtype dtype;
        const struct da__dist *dist; /* counted; NULL: it is only read */
        int64_t shape[DA_MAX_NDIM];
    } argument[];
};
/* Attributes of a routine; what they mean is in its row of routines.def. */
struct da__ints {
    int n;
    int64_t v[];
};
/* Immutable for the user; `state` below is what computing changes. */
struct da_array {
    struct da__graph *graph;
    uint64_t id; /* serial, unique in the graph */
    enum da__node_kind kind;
    int op; /* enum da__op_id or enum da__red_id */
    da_dtype dtype, compute;
    int ndim;
    int64_t *shape; /* inside the node's block */
    bool unsized;   /* some extent is DA__UNSIZED; `dist` is NULL then */
    const struct da__dist
        *dist; /* counted; NULL for constants and index nodes, which live everywhere */
    int nin;
    da_array **in; /* counted; `few`, or owned where there are more */
    da_array *few[3];
    union {
        uint8_t constant[16]; /* CONSTANT: one element of dtype */
        int axis;             /* INDEX, CONCAT */
        struct {
            uint32_t mask;
            bool keepdims;
            double correction;
            struct da__user *user; /* DA__RED_USER; the graph's, borrowed */
        } reduce;
        struct da__user *user;   /* ELEMENTWISE by DA__OP_USER…: the graph's, borrowed */
        struct da__apply *apply; /* APPLY; owned */
        struct da__view *view;   /* VIEW; ASSIGN: how the part's space lies in the whole; owned */
        struct da__ints *ints;   /* ROUTINE: its attributes, owned */
        struct da__node_file *file;    /* LOAD, SAVE, owned */
        struct da__node_call *call;    /* CALL, owned */
        struct da__deferred *deferred; /* DEFERRED, owned */
        struct da__error *error;       /* POISON, owned (the graph's own where memory ran out) */
    } u;
    char *name; /* the user's label in dumps, may be NULL (owned) */
    int64_t *
        reach; /* ELEMENTWISE over shifted views of one template: the least and the greatest start of
                       each axis (owned, 2 * ndim); NULL: `dist` says it all */
    /* state */
    int refs;   /* scopes, keepers and readers */
    int kept;   /* keepers */
    bool saved; /* SAVE: the file has been written */
    bool
        generated; /* from indices and constants alone: whoever reads it can compute it where it is read */
    uint64_t buffer;           /* LEAF: the name of its parts on the engines */
    int64_t mark, mark_epoch;  /* scratch of a traversal */
    da_array *previous, *next; /* the graph's list of live nodes */
};

/* ---- the graph and its scopes ------------------------------------------------------------------ */

struct da__graph *da__graph_new(int nengines); /* NULL: no memory */
void da__graph_free(struct da__graph *g);      /* nodes still kept are freed too */
int da__graph_nengines(const struct da__graph *g);
/* Sums that are described from now on are reproducible ones (docs/decisions.md); returns what was said before. */
bool da__graph_set_reproducible(struct da__graph *g, bool on);
bool da__graph_reproducible(const struct da__graph *g);
void da__graph_set_owner(struct da__graph *g, void *context); /* the da_context, for the api */
void *da__graph_owner(const struct da__graph *g);
da_status da__scope_push(struct da__graph *g);
da_status da__scope_pop(struct da__graph *g);
void da__node_keep(da_array *a); /* the caller's until da__node_drop */
void da__node_drop(da_array *a); /* iterative */
/* The leaf's data are wanted no more: names to free on the engines with the next message. */
int64_t da__graph_take_dead(struct da__graph *g,
                            const uint64_t **names); /* there until the next node goes */
uint64_t da__graph_new_buffer(struct da__graph *g);
/* A computed node becomes a leaf: it lets its inputs go. */
void da__node_computed(da_array *a, uint64_t buffer);
/* Starts a traversal: marks of nodes whose mark_epoch differs from the result are stale. */
int64_t da__graph_epoch(struct da__graph *g);
/* Hooks of the runtime, so that text forms can bring data in and out: arrays from memory, and a leaf's data to memory. */
typedef da_array *(*da__import)(void *self, const void *data, da_dtype dtype, int ndim,
                                const int64_t *shape, const struct da__dist_spec *spec);
typedef da_status (*da__export)(void *self, da_array *a, void *out, struct da__error *err);
void da__graph_set_data_hooks(struct da__graph *g, da__import import, da__export export,
                              void *self);
bool da__graph_can_import(const struct da__graph *g);
da_array *da__graph_import(struct da__graph *g, const void *data, da_dtype dtype, int ndim,
                           const int64_t *shape, const struct da__dist_spec *spec);
da_status da__graph_export(struct da__graph *g, da_array *a, void *out, struct da__error *err);
/* Sizes that data decide. A program needs every size, so before it is lowered da__graph_size infers anew, in place and inputs
 * first, what was waiting for sizes that are known by now. What has to be computed before more can be known is listed in `need`
 * (the caller frees it); an empty list: everything below the targets has its size. Runs nothing, and is quick where nothing waits. */
struct da__need {
    int n;
    int64_t cap;
    da_array **node;
};
da_status da__graph_size(struct da__graph *g, int ntargets, da_array *const *target,
                         struct da__need *need, struct da__error *err);
bool da__graph_waits(const struct da__graph *g); /* some node waits for a size */
/* Gives an unsized result of a routine its extent, and the default distribution. */
da_status da__node_size(da_array *a, int64_t extent, struct da__error *err);
/* Whether the callable may be given arrays whose size is not known yet. */
bool da__takes_unsized(const char *callable);
/* The first cause in a poisoned node; NULL where it is sound. */
const struct da__error *da__node_error(const da_array *a);
int64_t da__graph_live_nodes(const struct da__graph *g);

/* ---- building ---------------------------------------------------------------------------------- */

/* Every builder returns a handle that the innermost scope owns, never NULL; a wrong call gives a poisoned one. Poisoned
 * inputs give their cause on. `what` in messages is the operator's name with the prefix "da_". */

/* An operand: an array, or a Python-like scalar. */
struct da__operand {
    da_array *array; /* NULL: the scalar */
    struct da__scalar scalar;
};
da_array *da__make_poison(struct da__graph *g, const struct da__error *err);
da_array *da__make_elementwise(struct da__graph *g, enum da__op_id op, int nin,
                               const struct da__operand *in);
da_array *da__make_astype(struct da__graph *g, da_array *x, da_dtype dtype);
/* naxes < 0: all axes. correction: var and std only. dtype: sum, prod, mean; DA_DTYPE_DEFAULT for NumPy's choice.
 * argmin and argmax take all axes or one. */
da_array *da__make_reduce(struct da__graph *g, enum da__red_id red, da_array *x, int naxes,
                          const int64_t *axes, bool keepdims, double correction, da_dtype dtype);
da_array *da__make_index_basic(struct da__graph *g, da_array *x, int nitems,
                               const struct da__index_item *item);
/* NumPy's indexing by `n` arrays of integers, or masks: an item of kind ARRAY names one of them by its number. No arrays: as index_basic.
 * Owners: where index arrays address whole axes only and telling every engine all indices is cheaper than moving what they name,
 * the base's; else those of the first index array that is split; else the base's; else the default. */
da_array *da__make_get(struct da__graph *g, da_array *x, int nitems,
                       const struct da__index_item *item, int n, da_array *const *index);
/* x with the elements that the items name replaced by the value, which is cast to x's dtype and broadcast; of places named twice
 * the last value in C order stays. The result lies as x does. */
da_array *da__make_put(struct da__graph *g, da_array *x, const struct da__operand *value,
                       int nitems, const struct da__index_item *item, int n,
                       da_array *const *index);
/* x[:, …, index], the indices' shape in place of the axis. */
da_array *da__make_take(struct da__graph *g, da_array *x, da_array *index, int64_t axis);
/* Along the axis the elements that the indices, of as many dimensions as x, name; other axes broadcast together. */
da_array *da__make_take_along_axis(struct da__graph *g, da_array *x, da_array *index, int64_t axis);
/* The routines under all of these, with their attributes (routines.def), checked: `index` are int64 and broadcast to the space, which
 * is `shape`, or the shape of the values (of x's dtype). */
da_array *da__make_gather(struct da__graph *g, da_array *x, int n, da_array *const *index, int ndim,
                          const int64_t *shape, const int64_t *rule);
da_array *da__make_scatter(struct da__graph *g, da_array *x, da_array *value, int n,
                           da_array *const *index, const int64_t *rule);
da_array *da__make_permute(struct da__graph *g, da_array *x, int naxes,
                           const int64_t *axes); /* naxes 0: reversed */
da_array *da__make_expand_dims(struct da__graph *g, da_array *x, int64_t axis);
da_array *da__make_squeeze(struct da__graph *g, da_array *x, int naxes, const int64_t *axes);
da_array *da__make_flip(struct da__graph *g, da_array *x, int naxes,
                        const int64_t *axes); /* naxes < 0: all */
da_array *da__make_matrix_transpose(struct da__graph *g, da_array *x);
da_array *da__make_moveaxis(struct da__graph *g, da_array *x, int n, const int64_t *source,
                            const int64_t *destination);
da_array *da__make_broadcast_to(struct da__graph *g, da_array *x, int ndim, const int64_t *shape);
/* Rolled by shifts that may have any sign and size; one shift or one axis goes with all of the others, and repeated axes add up.
 * naxes < 0: as if flattened. */
da_array *da__make_roll(struct da__graph *g, da_array *x, int nshifts, const int64_t *shifts,
                        int naxes, const int64_t *axes);
/* The diagonal `offset` of two axes as the last one, as NumPy's. */
da_array *da__make_diagonal(struct da__graph *g, da_array *x, int64_t offset, int64_t axis1,
                            int64_t axis2);
/* Zeros above (lower) or below (upper) the k-th diagonal of the last two axes. */
da_array *da__make_triangle(struct da__graph *g, da_array *x, bool upper, int64_t k);
/* One after the other along an existing axis; flat: all of them flattened. Any number of them, linear in it. */
enum { DA__MAX_INPUTS = 1 << 20 };
da_array *da__make_concat(struct da__graph *g, int64_t n, da_array *const *x, int64_t axis,
                          bool flat);
/* Side by side along a new axis. */
da_array *da__make_stack(struct da__graph *g, int64_t n, da_array *const *x, int64_t axis);
/* Vector k of n, spread over the grid of all; matrix: indexing "ij", else "xy". */
da_array *da__make_mesh(struct da__graph *g, int n, da_array *const *x, bool matrix, int64_t k);
/* All n of them. */
void da__make_meshgrid(struct da__graph *g, int n, da_array *const *x, bool matrix, da_array **out);
/* x with the part that the index names replaced by the value, cast to x's dtype and broadcast to the part. */
da_array *da__make_set_slice(struct da__graph *g, da_array *x, const struct da__operand *value,
                             int nitems, const struct da__index_item *item);
/* The same for a part said by a view, in whose space the value is broadcast: every place it names is another one. */
da_array *da__make_assign(struct da__graph *g, const char *what, da_array *x, da_array *value,
                          const struct da__view *v, int ndim, const int64_t *shape);
/* x where the mask is false, the value cast to x's dtype where it is true; both broadcast to x. */
da_array *da__make_set_where(struct da__graph *g, da_array *x, const struct da__operand *mask,
                             const struct da__operand *value);
/* Any affine view: `v` reads x in a space of `shape`. */
da_array *da__make_view(struct da__graph *g, da_array *x, const struct da__view *v, int ndim,
                        const int64_t *shape);
/* One extent may be -1. spec NULL: a distribution under which little moves. A view where only axes of extent 1 change. */
da_array *da__make_reshape(struct da__graph *g, da_array *x, int ndim, const int64_t *shape,
                           const struct da__dist_spec *spec);
da_array *da__make_flatten(struct da__graph *g, da_array *x); /* to one dimension */
da_array *da__make_tile(struct da__graph *g, da_array *x, int n, const int64_t *repetitions);
/* Each element along the axis (NULL: of the flattened array) as often as its count says: integers of one dimension, or one for all. */
da_array *da__make_repeat_each(struct da__graph *g, da_array *x, da_array *counts,
                               const int64_t *axis);
/* Each index of the 1-d counts as often as its count says; unsized. */
da_array *da__make_repeat_index(struct da__graph *g, da_array *counts);
da_array *da__make_repeat(struct da__graph *g, da_array *x, int64_t repeats,
                          const int64_t *axis); /* axis NULL: of the flattened array */
da_array *da__make_redistribute(struct da__graph *g, da_array *x, const struct da__dist_spec *spec);
da_array *da__make_redistribute_to(struct da__graph *g, da_array *x, const struct da__dist *dist);
/* The default, balanced distribution over all engines of the context. */
da_array *da__make_rebalance(struct da__graph *g, da_array *x);
/* The same elements in C order under another shape (one extent may be -1) and distribution; spec NULL: the default. */
da_array *da__make_distribute_as(struct da__graph *g, da_array *x, int ndim, const int64_t *shape,
                                 const struct da__dist_spec *spec);
/* Sorted along an axis, or (`indices`) where along it the sorted elements come from, int64. Stable; NaNs last. */
da_array *da__make_sort(struct da__graph *g, da_array *x, int64_t axis, bool descending,
                        bool indices);
/* Running sums or products along an axis (NULL: the only one). dtype as of sums. include_initial: one element more, the
 * identity, in front. */
da_array *da__make_scan(struct da__graph *g, da_array *x, const int64_t *axis, bool product,
                        da_dtype dtype, bool include_initial);
/* Creation. spec NULL: the default distribution. */
/* The global index along `axis` of an array of `shape`, int64. */
da_array *da__make_index(struct da__graph *g, int axis, int ndim, const int64_t *shape,
                         const struct da__dist_spec *spec);
da_array *da__make_full(struct da__graph *g, int ndim, const int64_t *shape,
                        struct da__scalar value, da_dtype dtype, const struct da__dist_spec *spec);
da_array *da__make_arange(struct da__graph *g, struct da__scalar start, struct da__scalar stop,
                          struct da__scalar step, da_dtype dtype, const struct da__dist_spec *spec);
da_array *da__make_linspace(struct da__graph *g, double start, double stop, int64_t num,
                            bool endpoint, da_dtype dtype, const struct da__dist_spec *spec);
da_array *da__make_eye(struct da__graph *g, int64_t nrows, int64_t ncols, int64_t k, da_dtype dtype,
                       const struct da__dist_spec *spec);
/* Random arrays: elements of the operators random_… (ops.def) at the global index in C order. */
struct da__draw {
    int ndim;
    const int64_t *shape;
    int64_t seed, stream; /* 64 bits, whatever their sign */
    da_dtype dtype;
    const struct da__dist_spec *spec;
};
/* In [low, high); float64 in steps of 2^-53, float32 of 2^-24, of the range. */
da_array *da__make_uniform(struct da__graph *g, double low, double high, const struct da__draw *d);
/* float32: float64's numbers, rounded. */
da_array *da__make_normal(struct da__graph *g, double mean, double std, const struct da__draw *d);
da_array *da__make_exponential(struct da__graph *g, double scale, const struct da__draw *d);
/* From low up to high, which is one of them only where `endpoint` says so. */
da_array *da__make_integers(struct da__graph *g, int64_t low, int64_t high, bool endpoint,
                            const struct da__draw *d);
/* The same over uint64, which is the default dtype. */
da_array *da__make_unsigned_integers(struct da__graph *g, uint64_t low, uint64_t high,
                                     bool endpoint, const struct da__draw *d);
/* 0 … n-1 in random order, int64; any element on its own, from its index. */
da_array *da__make_permutation(struct da__graph *g, int64_t n, int64_t seed, int64_t stream,
                               const struct da__dist_spec *spec);
/* x along the axis in the order of da__make_permutation. */
da_array *da__make_shuffle(struct da__graph *g, da_array *x, int64_t axis, int64_t seed,
                           int64_t stream);
da_array *da__make_from_function(struct da__graph *g, da__fill fill, const void *data,
                                 int64_t nbytes, int ndim, const int64_t *shape, da_dtype dtype,
                                 const struct da__dist_spec *spec);
/* A leaf whose data already lie on the engines as buffer `name` under `dist` (counted anew). */
da_array *da__make_leaf(struct da__graph *g, uint64_t name, da_dtype dtype, int ndim,
                        const int64_t *shape, const struct da__dist *dist);
/* decode: NULL, or "cf": packed values become float64 raw*scale + offset, fill values NaN. nitems < 0: all of it. dtype: cast on load. */
da_array *da__make_load(struct da__graph *g, const char *path, const char *dataset,
                        const char *decode, int nitems, const struct da__index_item *item,
                        da_dtype dtype, const struct da__dist_spec *spec);
da_array *da__make_save(struct da__graph *g, da_array *x, const char *path, const char *dataset);
/* Where x is true, as C-order flat indices in ascending order: int64, its extent unsized until it is computed. */
da_array *da__make_flatnonzero(struct da__graph *g, da_array *x);
/* The indices along one axis of the true elements, in C order; unsized. */
da_array *da__make_nonzero(struct da__graph *g, da_array *x, int64_t axis);
/* The elements of x, in C order, where the condition, of x's shape, is true; unsized. */
da_array *da__make_extract(struct da__graph *g, da_array *condition, da_array *x);
/* The elements of x along the axis (NULL: of all of x in C order) where the 1-d condition is true, which may be shorter. */
da_array *da__make_compress(struct da__graph *g, da_array *condition, da_array *x,
                            const int64_t *axis);
/* Where x2 would be inserted into the ascending 1-d x1, before (or `right` after) equal elements: int64, of x2's shape. */
da_array *da__make_searchsorted(struct da__graph *g, da_array *x1, da_array *x2, bool right);
/* Products. Matrices are the last two axes, of one dimension the only one (a row, then a column, that the result lacks); axes before
 * them broadcast. `transpose`: the last two axes of that operand stand exchanged in memory. NumPy's promotion; of bools a sum
 * is "or". */
da_array *da__make_matmul(struct da__graph *g, da_array *x1, da_array *x2, bool transpose1,
                          bool transpose2);
/* Summed over n pairs of axes; the others of x1, then of x2, are the result's. */
da_array *da__make_tensordot(struct da__graph *g, da_array *x1, da_array *x2, int n,
                             const int64_t *axes1, const int64_t *axes2);
/* Sums of conj(x1) * x2 along an axis, -1 … -min(ndim), of both; other axes broadcast. */
da_array *da__make_vecdot(struct da__graph *g, da_array *x1, da_array *x2, int64_t axis);
da_array *da__make_outer(struct da__graph *g, da_array *x1, da_array *x2); /* flattened */
/* NumPy's: over the last axis of x1 and the last but one (`inner`: the last) of x2; of 0 dimensions the product. */
da_array *da__make_dot(struct da__graph *g, da_array *x1, da_array *x2, bool inner);
void da__node_set_name(da_array *a, const char *name);

/* ---- functions of the user's ---- */

/* What a program registers under a name. */
struct da__registration {
    enum da__user_kind kind;
    const char *name;
    int nentries;
    void (*entry[DA__USER_ENTRIES])(void);
    int nin; /* STRIP: operands */
    da_dtype in[DA__USER_INPUTS], out;
    size_t state_nbytes;
    const char *intents;
    bool talks;
    const void *data;
    int64_t nbytes;
};
/* Names are identifiers that no callable, dtype or constant has, and are registered once. */
da_status da__register(struct da__graph *g, const struct da__registration *r,
                       struct da__error *err);
/* The callable of that name: one of ours, or one that the program registered; NULL: none. */
const struct da__callable *da__callable_in(struct da__graph *g, const char *name);
/* The registered function of a callable or a name; NULL: it is ours, or there is none. */
struct da__user *da__user_of(struct da__graph *g, const char *name);
da_array *da__make_user_elementwise(struct da__graph *g, const char *name, int nin,
                                    const struct da__operand *in);
/* naxes < 0: all axes. */
da_array *da__make_user_reduce(struct da__graph *g, const char *name, da_array *x, int naxes,
                               const int64_t *axes, bool keepdims);
/* The results per argument go to result[0 … n-1] (NULL for those that are only read). Returns the first of them, or, where there is
 * none, a 0-d int64: on how many engines the function was called. Poisoned on error, with all results. */
da_array *da__make_apply(struct da__graph *g, const char *name, int n, da_array *const *array,
                         const void *data, int64_t nbytes, da_array **result);
struct da__user *da__user_keep(struct da__user *u);
void da__user_drop(struct da__user *u);
void da__user_write(const struct da__user *u, struct da__bytes *out);
struct da__user *da__user_read(struct da__bytes *in); /* NULL: the reading has failed */
/* What operations are called in dumps: the user's names for the user's. */
const char *da__node_op_name(const da_array *a); /* ELEMENTWISE, REDUCE */

/* ---- the program ------------------------------------------------------------------------------- */

/* What a compute runs: a list of steps over values. Scale-free: nothing in it grows with engines or elements. */
enum da__step_kind {
    DA__STEP_KERNEL,
    DA__STEP_LOAD,
    DA__STEP_SAVE,
    DA__STEP_CALL,
    DA__STEP_ROUTINE
};

enum da__value_kind {
    DA__VALUE_TEMP,  /* lives inside the run            */
    DA__VALUE_INPUT, /* a leaf's buffer, bound by slot  */
    DA__VALUE_OUTPUT /* becomes a leaf, bound by slot   */
};
struct da__value {
    enum da__value_kind kind;
    int slot; /* INPUT, OUTPUT: position among the run's buffer names */
    da_dtype dtype;
    int ndim;
    int64_t *shape; /* owned */
    int dist;       /* index into the program's distributions */
    uint64_t node;  /* the node it came from, for dumps */
    int producer;   /* step, or -1; kept by da__program_index */
    int nreaders;   /* inputs of steps that read it */
    bool unsized;   /* axis 0 has fewer elements than `shape` says: how many, the run finds out */
    int last_step;  /* after which a TEMP can go */
};
struct da__step_input {
    int value;
    struct da__view view; /* of the value by the step's iteration space */
};
struct da__step_reduction {
    int value; /* where the finished result goes */
    bool keepdims;
    double correction;
    int64_t count; /* elements per result */
};
/* An output that the step writes only a part of: the rest comes from `base`, one of the step's inputs, whose memory is taken over
 * where nobody else reads it; -1: the rest is written by later steps. Each element of the step's space lies in the output where `view` says,
 * no two at one place; the step's distribution is the view's of the output's, so that an engine writes its own elements only. */
struct da__part {
    bool on;
    int base;
    struct da__view view;
};
struct da__step {
    enum da__step_kind kind;
    int level; /* steps of a level depend on earlier levels only; their partial results travel together */
    int ndim;
    int64_t *shape; /* the iteration space, owned */
    int dist;
    struct da__body body;         /* KERNEL; arrays owned by the step */
    struct da__step_input *input; /* body.ninputs of them; SAVE has one */
    int ninputs;
    int *param;  /* per body parameter: index into the program's parameters */
    int *output; /* per body output: value; LOAD and CALL have one */
    int noutputs;
    struct da__part *part; /* KERNEL: per output, or NULL where all of them are written whole */
    struct da__step_reduction *reduction;
    struct da__node_file file; /* LOAD, SAVE */
    struct da__node_call call; /* CALL */
    enum da__routine_id
        routine; /* ROUTINE: its inputs' views read values by the step's space, or are identities where the routine
                                    reads values as they lie (routines.def says which) */
    int nattributes;
    int64_t *attribute; /* ROUTINE, owned */
    uint64_t node;      /* the first node it came from, for dumps */
    int nnodes;         /* how many operations it holds */
};
struct da__param {
    da_dtype dtype;
    uint8_t bytes[16];
};
/* Why two steps that share data are not one. */
struct da__unfused {
    uint64_t producer, consumer; /* nodes */
    const char *reason;          /* static text */
};
struct da__program {
    int nvalues, nsteps, nparams, ndists, nslots, nunfused;
    int nlowered; /* the first parameters are the nodes' scalars, bound anew by each run; passes add fixed ones behind them */
    int64_t values_cap, steps_cap, params_cap, dists_cap, unfused_cap;
    struct da__value *value;
    struct da__step *step;
    struct da__param *param; /* values travel with each run; only count and dtypes are structure */
    const struct da__dist **dist; /* counted */
    struct da__unfused *unfused;
    int nusers;
    int64_t users_cap;
    struct da__user **user; /* functions of the user's that its steps call; counted */
    bool failed;            /* out of memory while building; sticky */
};
struct da__program *da__program_new(void);
void da__program_free(struct da__program *p);
/* Producers, readers and last uses anew after an edit. */
void da__program_index(struct da__program *p);
/* The names of what an instruction or a reduction does. */
const char *da__insn_name(const struct da__program *p, const struct da__insn *insn);
/* What a ROUTINE step is called: by its row, or by the name of the user's function. */
const char *da__step_routine_name(const struct da__program *p, const struct da__step *s);
const char *da__reduction_name(const struct da__program *p, const struct da__body_reduction *r);
/* The structure as bytes: the key of the cache and what is shipped. Parameters' values are left out. */
da_status da__program_write(const struct da__program *p, struct da__bytes *out);
da_status da__program_read(struct da__bytes *in, struct da__program **out);
/* Every invariant a program must hold between passes; the text says which one is broken. */
da_status da__program_verify(const struct da__program *p, struct da__error *err);

/* A constant node as a parameter of `dtype`. */
struct da__param_use {
    da_array *node;
    da_dtype dtype;
    int param;
};
void da__param_cast(const da_array *constant, da_dtype dtype, uint8_t out[16]);
/* What a run binds to the program's slots. */
struct da__binding {
    int nslots, ntargets;
    uint64_t *buffer; /* per slot: INPUT: the leaf's name; OUTPUT: a new one */
    da_array **node;  /* per slot: the node (counted by its graph, borrowed here) */
    int nsaves;
    da_array **save; /* SAVE nodes that the run writes */
    /* Which constants became which parameters; `folded`: some parameters come of operations on constants. */
    int nuses;
    struct da__param_use *use;
    bool folded;
};
void da__binding_free(struct da__binding *b);
/* Nodes to a program: one step per operation, what targets do not need is left out (pass `prune`), constants folded (`fold`). */
da_status da__lower(struct da__graph *g, int ntargets, da_array *const *target, const char *passes,
                    struct da__program **out, struct da__binding *bind, struct da__error *err);
/* What lowering goes by, the values of scalars apart: graphs of equal keys and equal distributions give the same program. Memory is
 * kept from one use to the next. */
struct da__signature {
    struct da__bytes key;
    int nnodes, ndists;
    da_array **node;              /* in the order in which lowering visits them, borrowed */
    const struct da__dist **dist; /* in order of first use, borrowed */
    struct da__signature_visit {
        da_array *node;
        int next;
    } * stack;
    int64_t nodes_cap, dists_cap, stack_cap;
};
/* False: a node below the targets is of a kind that is always lowered (files, routines, calls), or no memory. */
bool da__sign(struct da__graph *g, int ntargets, da_array *const *target, struct da__signature *s);
void da__signature_free(struct da__signature *s);
/* The passes of passes.def that are on, in order, with verify between them in debug builds. `passes` is DISTARRAY_PASSES' text ("-fuse,-cse"),
 * or NULL. `after` (may be NULL) is called after each pass, for dumps. */
da_status da__optimize(struct da__program *p, const char *passes,
                       void (*after)(void *self, const char *pass, const struct da__program *p),
                       void *self, struct da__error *err);
/* Where a step could be computed, and what that costs (pass `layout`, docs/decisions.md). */
enum { DA__MOST_CANDIDATES = 8 };
struct da__candidate {
    const struct da__dist *dist; /* counted */
    const char *from;            /* whose owners these are: static text */
    int number;                  /* of that value or step, -1: none */
    double nbytes; /* that travel into the step and to its readers, all engines together */
    double most;   /* elements of the busiest engine */
    double cost;   /* both as one number */
};
struct da__layout {
    const char *fixed; /* why there is no choice, NULL: there is */
    int n, best;       /* candidate 0 is the present one */
    struct da__candidate candidate[DA__MOST_CANDIDATES];
};
/* The choices of every step of a program; free each with da__layout_free. `out` has room for all steps. */
da_status da__layout_explain(const struct da__program *p, struct da__layout *out);
void da__layout_free(struct da__layout *l);
/* The passes' names and reasons, for help and explain. */
struct da__pass_info {
    const char *name, *reason;
};
int da__npasses(void);
const struct da__pass_info *da__pass_info(int i);
bool da__pass_on(const char *passes, const char *name);

/* ---- text forms -------------------------------------------------------------------------------- */

/* JSON of the deferred graph below the targets (DESIGN section 6); loads back. */
da_status da__graph_dump_json(struct da__graph *g, int ntargets, da_array *const *target,
                              struct da__text *out, struct da__error *err);
da_status da__graph_dump_dot(struct da__graph *g, int ntargets, da_array *const *target,
                             struct da__text *out, struct da__error *err);
/* The same forms of a program; fused steps are `kernel` nodes with their body, which load back too. */
da_status da__program_dump_json(const struct da__program *p, struct da__text *out,
                                struct da__error *err);
da_status da__program_dump_dot(const struct da__program *p, struct da__text *out,
                               struct da__error *err);
/* The program's JSON with the data of the leaves it is bound to, so that it loads back anywhere. */
da_status da__program_json(const struct da__program *p, struct da__graph *g,
                           const struct da__binding *bind, struct da__text *out,
                           struct da__error *err);

/* A loaded pipeline: its named nodes, held but not kept (a run may fuse them away), and its outputs in order, kept. Free it before
 * the graph. */
struct da__pipeline {
    int nnodes, noutputs;
    char **id;
    da_array **node;
    da_array **output;
    char **output_id;
};
struct da__define { /* -D NAME=VALUE: "${NAME}" in strings, and a bare "$NAME" as a number */
    const char *name, *value;
};
/* `source` names the text in messages ("wind.json"); files are relative to `folder`. Errors name the place: "wind.json: nodes[3].in[0]: …". */
da_status da__pipeline_load(struct da__graph *g, const char *text, size_t nbytes,
                            const char *source, const char *folder, int ndefines,
                            const struct da__define *define, struct da__pipeline **out,
                            struct da__error *err);
void da__pipeline_free(struct da__pipeline *p);

/* An expression in NumPy's notation over named arrays; errors name the column. The result is the innermost scope's, poisoned on error. */
struct da__name {
    const char *name;
    da_array *array;
};
da_array *da__eval(struct da__graph *g, const char *text, int nnames, const struct da__name *name);

/* ---- callables: what JSON's "op" and an expression's call can name -------------------------------- */

enum da__arg_kind {
    DA__ARG_NONE,    /* left out, or None (`flag` is set then) */
    DA__ARG_OPERAND, /* an array or a number */
    DA__ARG_ARRAYS,  /* a list of arrays */
    DA__ARG_INTS,    /* an int or a list of ints (axis, shape) */
    DA__ARG_INT,
    DA__ARG_NUMBER, /* int, float or complex */
    DA__ARG_BOOL,
    DA__ARG_DTYPE,
    DA__ARG_TEXT, /* an index in NumPy's notation, a dataset */
    DA__ARG_DIST,
    DA__ARG_FILE, /* a file name, already under the pipeline's folder; in `text` */
    DA__ARG_DATA  /* nested lists of numbers */
};
struct da__raw; /* a value as it was read, private to graph */
struct da__arg {
    enum da__arg_kind kind;
    struct da__operand operand; /* OPERAND; INT and NUMBER have their value in operand.scalar */
    int64_t nints;
    const int64_t *ints;
    int64_t narrays;
    da_array *const *arrays;
    bool flag;
    da_dtype dtype;
    const char *text;
    const struct da__dist_spec *dist;
    const struct da__raw *data;
};
struct da__callable_param {
    const char *name; /* the array API standard's parameter name */
    enum da__arg_kind kind;
    bool required;
};
struct da__callable {
    const char *name;
    int nparams;
    const struct da__callable_param *param;
    /* arg[k] belongs to param[k]; NONE where left out. */
    da_array *(*build)(struct da__graph *g, const struct da__callable *c,
                       const struct da__arg *arg);
    int op; /* elementwise and reductions: their row */
    const char *doc;
};
int da__ncallables(void);
const struct da__callable *da__callable(int i);
const struct da__callable *da__callable_find(const char *name); /* NULL: none */

#endif
