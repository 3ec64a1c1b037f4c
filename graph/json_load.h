/* What the files that read JSON share. Private to graph's json_*.c. */
#ifndef DA_JSON_LOAD_H
#define DA_JSON_LOAD_H

#include <jansson.h>

#include "text.h"

/* Where a value stands: "nodes[3].in[0]" is a chain from the value up to the text's top. */
struct da__place {
    const struct da__place *up;
    const char *key; /* NULL: the index */
    int64_t index;
};

/* One node to be built: an entry of "nodes", or a node nested in another one's "in". */
struct da__item {
    json_t *object;
    int64_t parent;                 /* the item that holds it, -1: an entry of "nodes" */
    int64_t position;               /* in "nodes", or in the parent's "in" */
    int64_t first_child;            /* nodes nested in its "in" follow each other */
    int64_t first_need, nneeds;     /* items whose results it reads */
    int64_t first_result, nresults; /* kernel nodes have several */
    int state;                      /* of the ordering */
};
/* What an id names. */
struct da__id {
    const char *id;
    int64_t item;
    int64_t result;
};

struct da__loader {
    struct da__graph *g;
    const char *source, *folder;
    json_t *root;
    struct da__arena arena;
    struct da__item *item;
    int64_t nitems, items_cap;
    struct da__id *id; /* sorted by id once all are known */
    int64_t nids, ids_cap;
    int64_t *need;
    int64_t nneeds, needs_cap;
    int64_t *order;
    int64_t norder, order_cap;
    da_array **result;
    int64_t nresults, results_cap;
    struct da__error *err;
};

/* "wind.json: nodes[3].in[0]: …"; `place` may be NULL. */
da_status da__place_fail(const struct da__loader *l, const struct da__place *place,
                         da_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for an item: its own place is worked out from its parents. */
da_status da__item_fail(const struct da__loader *l, int64_t item, const struct da__place *below,
                        da_status status, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
const char *da__json_what(const json_t *j); /* "a string", … */
bool da__json_is_complex(const json_t *j);  /* {"re": …, "im": …} */
da_status da__json_no_memory(const struct da__loader *l);
/* Replaces "$NAME" and "${NAME}" in every string. */
da_status da__json_define(struct da__loader *l, int ndefines, const struct da__define *define);

/* Fills l->item, l->id and l->need from "nodes", then l->order. */
da_status da__items_collect(struct da__loader *l);
da_status da__items_order(struct da__loader *l);
const struct da__id *da__id_find(const struct da__loader *l, const char *id);
const char *da__id_near(const struct da__loader *l, const char *id, char *buf, size_t size);
/* The array an id names; its item has been built. */
da_array *da__id_array(const struct da__loader *l, const struct da__id *id);

/* Builds one item; its results go to l->result. */
da_status da__item_build(struct da__loader *l, int64_t item);
da_status da__kernel_build(struct da__loader *l, int64_t item);
/* Input k of an item; *child is the next nested one. */
da_status da__item_input(struct da__loader *l, int64_t item, size_t k, json_t *value,
                         int64_t *child, struct da__raw *out);
da_status da__item_result(struct da__loader *l, int64_t item, da_array *a);
/* An object's keys are all known. */
da_status da__json_keys(const struct da__loader *l, int64_t item, const struct da__place *place,
                        json_t *object, int n, const char *const *known);
/* A string of an object or NULL with an error; `required` decides whether absence is one. */
da_status da__json_text(const struct da__loader *l, int64_t item, const char *key, bool required,
                        const char **out);
/* A JSON value as it is, for binding. Lists are followed down to numpy's depth. */
da_status da__json_raw(struct da__loader *l, int64_t item, const struct da__place *place,
                       const json_t *j, struct da__raw *out);
/* A list of ints (or one int) of at most `cap`. */
da_status da__json_int_list(const struct da__loader *l, int64_t item, const struct da__place *place,
                            const json_t *j, int cap, int64_t *out, int *n);
/* {"maps": …}; *derived: it says where a view or a reduction of something lies, on a certain number of engines. */
da_status da__json_dist_read(struct da__loader *l, int64_t item, const struct da__place *place,
                             json_t *j, struct da__dist_spec *out, bool *derived);
/* The result under the node's own "dist", "dtype" and "shape" keys: checked, redistributed where it
 * asks for that. */
da_status da__item_check(struct da__loader *l, int64_t item, const struct da__place *place,
                         json_t *object, bool dist_is_parameter, da_array **a);
/* A builder's result, its poison turned into an error of the item. */
da_status da__item_built(const struct da__loader *l, int64_t item, const struct da__place *place,
                         da_array *a);

#endif
