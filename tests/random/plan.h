/* A random graph as data, apart from the library's nodes: it can be built anew on any runtime, written as a pipeline, cut
 * smaller, and handed to the oracle. */
#ifndef DA_TEST_PLAN_H
#define DA_TEST_PLAN_H

#include "da_scheduler.h"

enum {
    PLAN_ARGS = 8,   /* parameters of a callable            */
    PLAN_LIST = 6,   /* arrays in a list                    */
    PLAN_DIMS = 5,   /* dimensions of an array              */
    PLAN_NODES = 40, /* nodes of a plan                     */
    PLAN_ENGINES = 8,
    PLAN_COPIES = 2, /* dimensions of replicas             */
    PLAN_TEXT = 160, /* an index expression                 */
    PLAN_ELEMENTS = 20000
};

/* A distribution's description with its own storage. */
struct plan_dist {
    int nmaps, ngrid, nengines, nreplicas, nstrides;
    struct da__map_spec map[PLAN_DIMS];
    int grid[PLAN_DIMS], engines[PLAN_ENGINES], replicas[PLAN_COPIES];
    int64_t strides[PLAN_DIMS + PLAN_COPIES], offset;
    int64_t bounds[PLAN_DIMS][PLAN_ENGINES + 1], cut[PLAN_DIMS][PLAN_ENGINES];
    int64_t list_nelem[PLAN_DIMS][PLAN_ENGINES];
    const int64_t *list[PLAN_DIMS][PLAN_ENGINES];
    int64_t *indices[PLAN_DIMS]; /* owned; what the lists point into */
};

/* A parameter's value. The data of "array" and "full" are in the node; the pairs of axes of "tensordot" are in `ints`, the first operand's
 * before the second's. */
struct plan_arg {
    enum da__arg_kind kind;
    int node;  /* OPERAND: the node, or -1: the scalar */
    int nlist; /* ARRAYS */
    int list[PLAN_LIST];
    struct da__scalar scalar; /* also INT and NUMBER */
    int nints;
    int64_t ints[PLAN_DIMS + 1];
    bool flag; /* also NONE: None is said */
    da_dtype dtype;
    char text[PLAN_TEXT];
    struct plan_dist *dist; /* owned */
};

struct plan_node {
    const struct da__callable *call;
    struct plan_arg arg[PLAN_ARGS];
    void *data;               /* owned; DA__ARG_DATA's elements, of the node's dtype */
    bool target, kept, early; /* early: computed before the targets */
    da_dtype dtype;           /* what the library infers */
    int ndim;
    int64_t shape[PLAN_DIMS];
};

struct plan {
    int engines;
    int nnodes;
    struct plan_node node[PLAN_NODES];
};

void plan_free(struct plan *p);
void plan_copy(const struct plan *from, struct plan *to); /* `to` is overwritten, not freed */
/* The parameter `name` of a node's callable; NULL: it has none. */
struct plan_arg *plan_arg(struct plan_node *n, const char *name);
bool plan_is(const struct plan_node *n, const char *op);
/* The k-th node that node n reads, 0, 1, …; NULL: there are no more. */
int *plan_input(struct plan_node *n, int k);
/* "[[1,0],[0,2]]", the pairs of axes. */
void plan_pairs(const struct plan_arg *a, struct da__text *t);
/* Builds node i into array[i]; `dists`: under the plan's distributions, else the default ones. */
void plan_build_node(const struct plan *p, int i, struct da__runtime *rt, bool dists,
                     da_array **array);
/* The pipeline, one node a line; the results are the targets. `exprs`: nodes as expressions where they can be said so. */
void plan_json(const struct plan *p, bool exprs, struct da__text *t);
/* Node i as an expression; false (and a text to throw away) where there is none. */
bool plan_expr(const struct plan_node *n, int i, struct da__text *t);
/* Nodes that no target, kept or early node needs go. */
void plan_prune(struct plan *p);

struct plan_dist *plan_dist_copy(const struct plan_dist *d);
void plan_dist_free(struct plan_dist *d);
struct da__dist_spec plan_dist_spec(const struct plan_dist *d);
void plan_dist_json(const struct plan_dist *d, struct da__text *t);

/* The test's own memory; it gives up where there is none. */
void *test_alloc(size_t nbytes);

#endif
