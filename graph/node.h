/* What the builders share: making nodes, poison, scopes. Private to graph. */
#ifndef DA_NODE_H
#define DA_NODE_H

#include "da_graph.h"

/* A node with its shape, owned by the innermost scope, counting `dist` anew; NULL: no memory. */
da_array *da__node_new(struct da__graph *g, enum da__node_kind kind, da_dtype dtype, int ndim,
                       const int64_t *shape, const struct da__dist *dist);
void da__node_add_input(da_array *a, da_array *in); /* up to three, or as many as reserved */
bool da__node_reserve(da_array *a, int nin);        /* before the first input; false: no memory */
/* The same handle once more, owned by the innermost scope too. */
da_array *da__node_again(struct da__graph *g, da_array *a);
/* A deferred node becomes what `b` is, which a scope of its own holds and its caller lets go afterwards. Where a's distribution was
 * known already and b's is another, a becomes a copy of b. */
void da__node_become(da_array *a, da_array *b);
const char *da__deferred_name(const da_array *a); /* the callable that a deferred node waits with */
/* The graph's own poisoned node for when memory ran out. */
da_array *da__node_no_memory(struct da__graph *g);
/* The default distribution of a shape, borrowed from the graph's small cache; NULL: no memory. */
const struct da__dist *da__default_dist(struct da__graph *g, int ndim, const int64_t *shape,
                                        struct da__error *err);
/* The distribution a spec asks for (counted for the caller), the default where spec is NULL. */
da_status da__spec_dist(struct da__graph *g, int ndim, const int64_t *shape,
                        const struct da__dist_spec *spec, const struct da__dist **out,
                        struct da__error *err);
/* The operand is computed wherever it is read: constants, indices and what is made of them alone. */
static inline bool da__node_moves_nothing(const da_array *a)
{
    return a->generated || a->kind == DA__NODE_CONSTANT || a->kind == DA__NODE_INDEX;
}
/* The distribution of an elementwise result of `shape`, counted for the caller: where operands disagree, the one under which the
 * fewest bytes move (build_dist.c); in the middle of operands that are shifted views of one template. *reach is the node's (owned
 * by the caller), NULL where no operand is shifted. */
da_status da__result_dist(struct da__graph *g, int nin, da_array *const *in, int ndim,
                          const int64_t *shape, const struct da__dist **out, int64_t **reach,
                          struct da__error *err);
/* Where every engine's part is one box of consecutive indices, as files want it. */
bool da__dist_is_boxes(const struct da__dist *d);
/* da__make_index, in errors under another name. */
da_array *da__make_index_for(struct da__graph *g, const char *what, int axis, int ndim,
                             const int64_t *shape, const struct da__dist_spec *spec);
/* What was computed from padded parts, under the padded distribution that was asked for. */
da_array *da__make_padded(struct da__graph *g, da_array *a, const struct da__dist_spec *spec);
/* The node of an elementwise operation on these inputs, its shape and distribution inferred, without its operation; NULL: err says
 * why, or there is no memory. */
da_array *da__elementwise_node(struct da__graph *g, const char *what, int nin,
                               da_array *const *node, da_dtype result, struct da__error *err);
/* The same of a reduction over the axes in the mask. */
da_array *da__reduce_node(struct da__graph *g, da_array *x, uint32_t mask, bool keepdims,
                          da_dtype result, struct da__error *err);
da_status da__axes_mask(const char *what, int ndim, int naxes, const int64_t *axes, uint32_t *mask,
                        struct da__error *err);
void da__apply_free(struct da__apply *apply);
/* var and std by reproducible sums, in `result` (build_reproducible.c). */
da_array *da__make_reproducible_var(struct da__graph *g, enum da__red_id red, da_array *x,
                                    int naxes, const int64_t *axes, bool keepdims,
                                    double correction, da_dtype result);
/* A scalar as a constant node of `dtype`; poisoned where it does not fit. */
da_array *da__make_scalar(struct da__graph *g, const struct da__scalar *s, da_dtype dtype,
                          const char *what);

#endif
