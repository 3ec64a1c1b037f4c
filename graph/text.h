/* What the text forms share: memory that goes in one piece, values read from text, binding them to
 * a callable's parameters, expressions, and writing JSON. Private to graph. */
#ifndef DA_TEXT_H
#define DA_TEXT_H

#include "da_graph.h"

/* Bounds on what a text may ask for, so that hostile input ends in an error and not in swap. */
enum {
    DA__MAX_TEXT_NODES = 1000000, /* nodes of a pipeline            */
    DA__MAX_LITERAL = 1 << 20,    /* numbers in one literal array   */
    DA__MAX_EMBEDDED = 1 << 20,   /* bytes of a leaf in a dump      */
    DA__MAX_NESTING = 128         /* of parentheses and calls       */
};
#define DA__MAX_TEXT_NBYTES ((size_t)256 << 20)

/* ---- memory that is freed together -------------------------------------------------------------
 */

struct da__arena {
    void *first;
    size_t left; /* in the newest block */
    char *at;
};
void *da__arena_alloc(struct da__arena *a, size_t nbytes); /* zeroed; NULL: no memory */
char *da__arena_copy(struct da__arena *a, const char *text, size_t length);
void da__arena_free(struct da__arena *a);

/* ---- values read from text ---------------------------------------------------------------------
 */

enum da__raw_kind {
    DA__RAW_NONE,   /* None, null              */
    DA__RAW_SCALAR, /* a number or a truth value */
    DA__RAW_ARRAY,
    DA__RAW_LIST, /* a list or a tuple       */
    DA__RAW_TEXT,
    DA__RAW_DTYPE, /* float32 as a word       */
    DA__RAW_DIST
};
/* What an expression or a JSON value means before a callable's parameter says what it should be. */
struct da__raw {
    enum da__raw_kind kind;
    int column; /* of an expression, 1 is the first; 0: none */
    union {
        struct da__scalar scalar;
        da_array *array;
        struct {
            int64_t n;
            const struct da__raw *item;
        } list;
        const char *text;
        da_dtype dtype;
        const struct da__dist_spec *dist;
    } u;
};
const char *da__raw_what(const struct da__raw *r); /* "a number", "a list", … for messages */

struct da__keyword {
    const char *name;
    struct da__raw value;
};
/* Where a call goes wrong: the positional value or the keyword, -1 for none. */
struct da__culprit {
    int positional, keyword;
};
/* Gives every parameter of `c` its value, positional ones first, and calls its builder. `folder` is
 * what file names are relative to (NULL: as they are). The result may be poisoned. NULL: err says
 * why and `culprit` where. */
da_array *da__bind_call(struct da__graph *g, const struct da__callable *c, int npositional,
                        const struct da__raw *positional, int nkeywords,
                        const struct da__keyword *keyword, const char *folder,
                        struct da__arena *arena, struct da__culprit *culprit,
                        struct da__error *err);
/* `file` under `folder`, absolute names as they are. */
const char *da__resolve_file(const char *folder, const char *file, struct da__arena *arena);
/* ", did you mean …" of the nearest callable, or "". */
const char *da__near_callable(const char *name, char *buf, size_t size);
/* " (did you mean "…"?)", or "". */
const char *da__near_text(const char *word, const char *const *candidate, int n, char *buf,
                          size_t size);

/* ---- literal arrays ----------------------------------------------------------------------------
 */

/* Nested lists of equal lengths as C-order elements in the arena. dtype: DA_DTYPE_DEFAULT for
 * NumPy's choice. */
struct da__literal {
    da_dtype dtype;
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    void *data;
};
da_status da__literal_read(const struct da__raw *r, da_dtype dtype, struct da__arena *arena,
                           struct da__literal *out, struct da__error *err);
/* "nan", "inf", "-inf" and "Infinity" as a number. */
bool da__number_word(const char *text, struct da__scalar *out);
/* strtod with a point for the point, whatever the program's locale. `digits` is changed on the way.
 */
double da__real_of_text(char *digits, char **end);

/* ---- expressions -------------------------------------------------------------------------------
 */

/* Python's arithmetic on scalars. `op` is the elementwise row that the operator symbol names. */
da_status da__scalar_op(enum da__op_id op, int nin, const struct da__scalar *in,
                        struct da__scalar *out, struct da__error *err);

/* What names mean in an expression. */
struct da__names {
    da_array *(*find)(void *self, const char *name);
    /* The nearest name, or NULL. */
    const char *(*nearest)(void *self, const char *name);
    void *self;
    const char *folder; /* for file names in calls */
};
/* The text's value, or NULL with an error that starts "column 5: ". Scalars become 0-d arrays. */
da_array *da__eval_names(struct da__graph *g, const char *text, const struct da__names *names,
                         struct da__error *err);
/* Calls back for each word that could be an array's name. */
da_status da__expr_words(const char *text, da_status (*each)(void *self, const char *word),
                         void *self, struct da__error *err);

/* ---- writing JSON ------------------------------------------------------------------------------
 */

void da__json_string(struct da__text *t, const char *s);
/* The shortest decimal that reads back the same; floats always bear a point or an exponent,
 * non-finite ones are strings. */
void da__json_real(struct da__text *t, double x, bool single);
/* One element: bool, int, float, or {"re":…,"im":…}. */
void da__json_element(struct da__text *t, const void *element, da_dtype dtype);
void da__json_ints(struct da__text *t, int64_t n, const int64_t *v);
/* {"maps": …}: the shortest form that makes the same distribution again; one that cannot be said so
 * gets "align" or "replicas", which are for people. */
da_status da__json_dist(struct da__text *t, const struct da__dist *d, int nengines);
/* The same of a description. */
void da__json_spec(struct da__text *t, const struct da__dist_spec *spec);
/* "axis":[…],"offset":[…],"step":[…], and "period" and "phase" where something wraps. */
void da__json_view(struct da__text *t, const struct da__view *v);
/* A view of ints and slices in the order of its base's axes, with elements, as an index: "1:9:2, 3". */
void da__json_index(struct da__text *t, const struct da__view *v, const int64_t *shape);
/* `start` and `shape` as "0:10, 5:7". */
void da__json_region(struct da__text *t, int ndim, const int64_t *start, const int64_t *shape);
/* A file's name, absolute so that the dump can be loaded from anywhere. */
void da__json_file(struct da__text *t, const char *path);

/* The op of a leaf's node: "array", or "full" where it has no elements. */
const char *da__json_leaf_op(int ndim, const int64_t *shape);
/* "data":[[…]] of an array whose data are at hand; an error where they are more than a dump embeds.
 */
da_status da__json_data(struct da__graph *g, da_array *leaf, struct da__text *t,
                        struct da__error *err);
/* "dtype":…,"shape":[…] */
/* A node of zeros of that type, which stands for an array that a call only writes. */
da_status da__json_blank(struct da__text *t, da_dtype dtype, int ndim, const int64_t *shape,
                         const struct da__dist *dist, int nengines);
/* Which result of a call of the user's function it is, and the call's data, each with a comma behind it. */
void da__json_call_attributes(struct da__text *t, int output, int64_t nbytes, const void *data);
void da__json_type(struct da__text *t, da_dtype dtype, int ndim, const int64_t *shape);

/* ---- nodes below targets -----------------------------------------------------------------------
 */

/* Every node once, inputs before readers, in the order that targets meet them. */
struct da__order {
    int64_t n, cap;
    da_array **node;
    int64_t table_size; /* a power of two */
    struct da__order_slot {
        const da_array *node;
        int64_t position;
    } * table;
};
da_status da__order_make(int ntargets, da_array *const *target, struct da__order *out);
void da__order_free(struct da__order *o);
int64_t da__order_find(const struct da__order *o, const da_array *a); /* -1: not there */
/* Names: the user's where they are unique, n1, n2, … else; NULL for nodes that are neither wanted
 * nor also wanted (both NULL: all are). Freed by da__ids_free. */
char **da__order_ids(const struct da__order *o, const bool *wanted, const bool *also);
void da__ids_free(char **id, int64_t n);

#endif
