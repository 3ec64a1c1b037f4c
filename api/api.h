/* What the entry points share: the context's insides, and turning public arguments into internal ones. Private to api. */
#ifndef DA_API_H
#define DA_API_H

#define DA_NO_SUGAR /* the functions, not the macros that wrap their operands */
#include <distarray/distarray.h>
#include "da_scheduler.h"

struct da_context {
    struct da__runtime *rt; /* NULL: did not start; `error` says why */
    struct da__graph *graph;
    struct da__error error; /* of the last call that failed */
    int64_t nscopes;        /* that the program has open */
    bool failed;            /* since the start or da_error_clear: the exit code */
};

/* Keeps a failure as the context's last one; returns its status. ctx may be NULL. */
da_status da__api_failed(da_context *ctx, const struct da__error *err);
/* A failure that the entry point itself found. */
da_status da__api_fail(da_context *ctx, da_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* DA_OK for a context that runs; otherwise its status (the cause is recorded already). */
da_status da__api_running(da_context *ctx, const char *what);

/* DA_OK where `n` arrays are there, sound, and belong to the context, which runs. */
da_status da__api_arrays(da_context *ctx, const char *what, int n, da_array *const *arrays);

/* ---- poisoned handles that no graph owns ---- */

enum da__loose_poison {
    DA__LOOSE_NO_CONTEXT, /* NULL, or one that did not start */
    DA__LOOSE_NO_ARRAY,   /* operands that are all scalars */
    DA__LOOSE_NULL_ARRAY
};
/* Immutable and everywhere the same: `graph` is NULL, which is how they are told. Never handed to another room. */
da_array *da__loose_poison(enum da__loose_poison why);

/* ---- arguments ---- */

enum {
    DA__MAX_ITEMS = 2 * DA_MAX_NDIM + 1
}; /* of an index: every axis, as many new ones, one ellipsis */

/* In all of these a false return leaves in *bad the poisoned handle to give back. */

/* The graph to describe in. */
bool da__api_graph(da_context *ctx, struct da__graph **g, da_array **bad);
/* x's graph. An array whose size is not known yet is refused where the entry point, by its callable's name ("": any), cannot
 * wait for it. */
#define da__api_array(x, g, bad) da__api_array_for(__func__, x, g, bad)
bool da__api_array_for(const char *entry, da_array *x, struct da__graph **g, da_array **bad);
/* The graph that the operands share, and the operands as graph wants them. */
bool da__api_operands(const char *what, int n, const da_operand *x, struct da__operand *out,
                      struct da__graph **g, da_array **bad);
/* An operand that must be a scalar. */
bool da__api_scalar(struct da__graph *g, const char *what, const da_operand *x,
                    struct da__scalar *out, da_array **bad);
/* Axes as graph wants them; n < 0 stays. */
bool da__api_axes(struct da__graph *g, const char *what, da_axes axes, int64_t *out,
                  da_array **bad);
bool da__api_extents(struct da__graph *g, const char *what, da_extents shape, da_array **bad);
/* An index's items as graph wants them, DA__MAX_ITEMS at most. */
bool da__api_items(struct da__graph *g, const char *what, int n, const da_item *item,
                   struct da__index_item *out, da_array **bad);
/* The graph of `n` arrays of one context, at least one of them. */
bool da__api_list(const char *what, int64_t n, da_array *const *x, struct da__graph **g,
                  da_array **bad);
/* A poisoned handle of `g`. */
da_array *da__api_poison(struct da__graph *g, da_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- distributions ---- */

/* A public description as an internal one; what its text needed is owned by `own`. */
struct da__spec {
    struct da__dist_spec spec;
    struct da__map_spec *map; /* owned, with the lists below */
    int64_t *number;          /* all numbers of the text, owned */
    const int64_t **list;     /* owned */
    int64_t *list_nelem;      /* owned */
    int *small;               /* grid, then engines; owned */
};
/* dist NULL: the default (*spec is then NULL). da__spec_free in any case. */
da_status da__spec_make(const da_distribution *dist, struct da__spec *own,
                        const struct da__dist_spec **spec, struct da__error *err);
void da__spec_free(struct da__spec *own);
/* The same for entry points that return a handle. */
bool da__api_spec(struct da__graph *g, const char *what, const da_distribution *dist,
                  struct da__spec *own, const struct da__dist_spec **spec, da_array **bad);

#endif
