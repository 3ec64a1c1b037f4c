/* The builders that the table of callables names. Private to graph. */
#ifndef DA_CALLS_H
#define DA_CALLS_H

#include "text.h"

#define DA__BUILDER(name)                                                                          \
    da_array *name(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg)
DA__BUILDER(da__call_elementwise);
DA__BUILDER(da__call_clip);
DA__BUILDER(da__call_astype);
DA__BUILDER(da__call_reduce);
#define DA__CALL(name, param, build, doc) DA__BUILDER(build);
#include "callables.def"
#undef DA__CALL

/* Where the argument (NULL: there is none) asks for it, what is built now is reproducible; returns what is to be set again. */
bool da__call_reproducible(struct da__graph *g, const struct da__arg *arg);
static inline bool da__arg_given(const struct da__arg *arg)
{
    return arg->kind != DA__ARG_NONE;
}
/* The operand as an array: scalars become 0-d. */
da_array *da__arg_array(struct da__graph *g, const struct da__arg *arg);

/* A view by lists of ints, as the callable `view` takes them. */
struct da__view_lists {
    int64_t nshape, naxis, noffset, nstep, nperiod, nphase; /* no periods: nothing wraps */
    const int64_t *shape, *axis, *offset, *step, *period, *phase;
};
/* The view of a base of that shape, checked: every index it reads exists. */
da_status da__view_read(int base_ndim, const int64_t *base, const struct da__view_lists *lists,
                        struct da__view *out, struct da__error *err);
/* Whether no two elements of the view's space lie at one place; the error names an axis. */
da_status da__view_is_place(const struct da__view *v, const int64_t *shape, struct da__error *err);
/* An index expression of any length; `item` is the caller's. */
da_status da__items_parse(const char *text, struct da__index_item **item, int *nitems,
                          struct da__error *err);

#endif
