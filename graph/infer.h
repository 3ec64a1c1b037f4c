/* What is known of a call's result before the sizes of its arrays are. Private to graph. */
#ifndef DA_INFER_H
#define DA_INFER_H

#include "da_graph.h"

struct da__inferred {
    da_dtype dtype;
    int ndim;
    int64_t shape[DA_MAX_NDIM];  /* DA__UNSIZED where data decide */
    const struct da__dist *dist; /* counted for the caller; NULL where an extent is unsized */
};
/* What calls tell of themselves, beside their builders: shapes that the call names, or that its arrays have among them. A dist that the call does not
 * name stays NULL. */
da_status da__tell_concat(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg, struct da__inferred *out,
                          struct da__error *err);
da_status da__tell_stack(struct da__graph *g, const struct da__callable *c,
                         const struct da__arg *arg, struct da__inferred *out,
                         struct da__error *err);
da_status da__tell_reshape(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg, struct da__inferred *out,
                           struct da__error *err);
da_status da__tell_repeat(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg, struct da__inferred *out,
                          struct da__error *err);
da_status da__tell_extract(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg, struct da__inferred *out,
                           struct da__error *err);
da_status da__tell_get(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg,
                       struct da__inferred *out, struct da__error *err);
/* By making the call with stand-ins for the unsized arrays. */
da_status da__infer_by_trial(struct da__graph *g, const struct da__callable *c,
                             const struct da__arg *arg, struct da__inferred *out,
                             struct da__error *err);

/* No distribution where an extent is unsized, else the default one if there is none yet. */
da_status da__settle_dist(struct da__graph *g, struct da__inferred *out, struct da__error *err);

/* DA_ERR_MEMORY may leave `err` empty. */
da_status da__infer(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg,
                    struct da__inferred *out, struct da__error *err);

#endif
