/* Drawing random graphs: what the gen_*.c files share. */
#ifndef DA_TEST_GEN_H
#define DA_TEST_GEN_H

#include "plan.h"

/* A graph being drawn: every node is built at once, so that its shape and dtype are known; a size that depends on data
 * is found out by computing. */
struct gen {
    uint64_t state;
    struct plan *plan;
    struct da__runtime *rt;
    da_array *array[PLAN_NODES];
    da_array *lazy[PLAN_NODES]; /* the same, but nothing is computed where a size depends on data */
    bool read[PLAN_NODES];
    bool big; /* leaves of thousands of elements, so that tiles and messages are cut */
};

/* ---- chance (gen_chance.c) ---- */
uint64_t gen_bits(struct gen *g);
int64_t gen_below(struct gen *g, int64_t n);                   /* 0 … n-1 */
int64_t gen_between(struct gen *g, int64_t low, int64_t high); /* both included */
bool gen_percent(struct gen *g, int percent);
double gen_unit(struct gen *g);
void gen_shuffle(struct gen *g, int64_t n, int64_t *v);
da_dtype gen_dtype(struct gen *g);
/* One element: mostly small, at times special (NaN, infinities, -0.0, the dtype's extremes). */
void gen_element(struct gen *g, da_dtype dtype, void *out);
/* Random data of a leaf; a leaf has specials or has none. */
void gen_data(struct gen *g, da_dtype dtype, int64_t n, void *out);
struct da__scalar gen_scalar(struct gen *g);

/* ---- nodes ---- */
/* Starts a node of that callable; all its parameters are left out. */
struct plan_node *gen_node(struct gen *g, const char *op);
void gen_set_operand(struct plan_node *n, const char *param, int node);
void gen_set_int(struct plan_node *n, const char *param, int64_t value);
void gen_set_number(struct plan_node *n, const char *param, struct da__scalar value);
void gen_set_ints(struct plan_node *n, const char *param, int count, const int64_t *value);
void gen_set_dtype(struct plan_node *n, const char *param, da_dtype dtype);
void gen_set_flag(struct plan_node *n, const char *param, bool flag);
/* Builds the node begun last. Its index; -1 with *why filled where the library refuses it. */
int gen_finish(struct gen *g, struct da__error *why);
int gen_pick(struct gen *g); /* an existing node, recent and unread ones more often */

/* ---- kinds of nodes; each gives what gen_finish gives, or -2 where nothing suits ---- */
int gen_leaf(struct gen *g, struct da__error *why); /* gen_leaf.c */
int gen_shape(struct gen *g, int64_t *shape);       /* of a new leaf; its number of dimensions */
/* The distribution of a leaf, at times the default. */
void gen_set_dist(struct gen *g, struct plan_node *n, int ndim, const int64_t *shape);
int gen_random(struct gen *g, struct da__error *why); /* gen_random.c: a leaf of random numbers */
int gen_permutation(struct gen *g, struct da__error *why); /* of a node, or of indices */
/* A leaf from memory of exactly that dtype and shape. */
int gen_array(struct gen *g, da_dtype dtype, int ndim, const int64_t *shape, struct da__error *why);
/* One with these elements, which it takes over. */
int gen_given(struct gen *g, da_dtype dtype, int ndim, const int64_t *shape, void *data,
              struct da__error *why);
int gen_get(struct gen *g, struct da__error *why);         /* gen_get.c */
int gen_elementwise(struct gen *g, struct da__error *why); /* gen_op.c */
int gen_astype(struct gen *g, struct da__error *why);
int gen_reduction(struct gen *g, struct da__error *why);    /* gen_reduce.c */
int gen_view(struct gen *g, struct da__error *why);         /* gen_view.c */
int gen_shift(struct gen *g, struct da__error *why);        /* gen_shift.c */
int gen_reshape(struct gen *g, struct da__error *why);      /* gen_reshape.c */
int gen_slice(struct gen *g, int x, struct da__error *why); /* a slice of any kind of node x */
int gen_join(struct gen *g, struct da__error *why);         /* gen_join.c */
/* A leaf of that dtype that broadcasts to the shape. */
int gen_spread(struct gen *g, da_dtype dtype, int ndim, const int64_t *shape,
               struct da__error *why);
int gen_along(struct gen *g, struct da__error *why);        /* gen_along.c */
int gen_redistribute(struct gen *g, struct da__error *why); /* gen_dist.c */
int gen_rebalance(struct gen *g, struct da__error *why);    /* gen_place.c */
int gen_distribute_as(struct gen *g, struct da__error *why);
int gen_mask(struct gen *g, struct da__error *why); /* gen_mask.c */
/* A leaf of that dtype; a bool one has some, few, all or no true elements. */
int gen_truths(struct gen *g, da_dtype dtype, int ndim, const int64_t *shape,
               struct da__error *why);
int gen_choice(struct gen *g, struct da__error *why);  /* gen_choice.c */
int gen_product(struct gen *g, struct da__error *why); /* gen_product.c */
int gen_user(struct gen *g, struct da__error *why); /* gen_user.c: functions of the program's own */
bool gen_register(struct da__runtime *rt);          /* registers them; false: refused */
const struct da__callable *gen_callable(const char *name); /* theirs too */
/* A random distribution of a shape; NULL for the default. */
struct plan_dist *gen_dist(struct gen *g, int ndim, const int64_t *shape);

/* Draws a whole graph into `plan` on the runtime. False: the library refused a node, the last one of the plan. */
bool gen_graph(uint64_t seed, struct da__runtime *rt, struct plan *plan, struct da__error *why);
/* Other values for the scalars among the operands, of the same kinds; false where there are none. */
bool gen_other_scalars(uint64_t seed, struct plan *plan);

#endif
