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

/* A view of `base` by four lists of ints, checked: every index it reads exists. */
da_status da__view_read(int base_ndim, const int64_t *base, const struct da__arg *shape,
                        const struct da__arg *axis, const struct da__arg *offset,
                        const struct da__arg *step, struct da__view *out, struct da__error *err);

#endif
