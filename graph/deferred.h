/* Calls over arrays whose size data decide: what such a call is remembered by. Private to graph. */
#ifndef DA_DEFERRED_H
#define DA_DEFERRED_H

#include "infer.h"
#include "text.h"

/* A callable with copies of its arguments. Arrays among them are the node's inputs, which keep their places when they get their
 * sizes, so that the same call can be made again. */
struct da__deferred {
    const struct da__callable *call;
    struct da__arena arena;
    struct da__arg *arg;
};
void da__deferred_free(struct da__deferred *d);

/* The node of a call over unsized arrays. Its dtype, its number of dimensions and those extents that do not depend on data are
 * inferred by making the call with stand-ins for the unsized arrays. */
da_array *da__defer(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg);
/* Some array among the arguments is unsized. */
bool da__args_unsized(const struct da__callable *c, const struct da__arg *arg);
/* Arguments by their parameters' names, for builders that defer. */
struct da__later {
    const struct da__callable *call;
    struct da__arg arg[12];
    struct da__arg nowhere; /* what parameters that the callable does not have are set to */
};
void da__later_begin(struct da__later *c, const char *name);
void da__later_array(struct da__later *c, const char *param, da_array *x);
void da__later_operand(struct da__later *c, const char *param, const struct da__operand *x);
void da__later_arrays(struct da__later *c, const char *param, int64_t n, da_array *const *x);
void da__later_ints(struct da__later *c, const char *param, int64_t n, const int64_t *v);
void da__later_int(struct da__later *c, const char *param, int64_t v);
void da__later_number(struct da__later *c, const char *param, double v);
void da__later_flag(struct da__later *c, const char *param, bool v);
void da__later_dtype(struct da__later *c, const char *param, da_dtype v);
void da__later_none(struct da__later *c, const char *param); /* None was said */
/* TEXT and FILE; NULL: left out. */
void da__later_text(struct da__later *c, const char *param, enum da__arg_kind kind, const char *v);
void da__later_dist(struct da__later *c, const char *param, const struct da__dist_spec *v);
/* DATA: a list of two lists of `n` ints each. The items stand in `raw`, which has 2 * n + 3 of them. */
void da__later_pairs(struct da__later *c, const char *param, int n, const int64_t *const *v,
                     struct da__raw *raw);
da_array *da__later_defer(struct da__graph *g, const struct da__later *c);
/* The same where the builder knows what comes out: the distribution is settled here. */
da_array *da__later_defer_as(struct da__graph *g, const struct da__later *c,
                             const struct da__inferred *in);
/* NumPy's notation of the items, which da__index_parse reads back. */
void da__index_text(int nitems, const struct da__index_item *item, struct da__text *t);
/* With the parameter "index" in NumPy's notation, as da__index_parse reads it back. */
da_array *da__later_defer_index(struct da__graph *g, struct da__later *c, int nitems,
                                const struct da__index_item *item);
/* repeat by a number or an array; axis NULL: left out (build_repeat.c). */
da_array *da__repeat_later(struct da__graph *g, da_array *x, const struct da__operand *repeats,
                           const int64_t *axis);
/* A call of one array and a list of ints (left out for n < 0). */
da_array *da__defer_ints(struct da__graph *g, const char *name, da_array *x, const char *param,
                         int64_t n, const int64_t *v);

#endif
