/* A step's exchange on one engine: what its inputs are made of, which regions of arrays travel, and the boxes that the engine's
 * part is cut into, so that operands are read where they lie. Private to scheduler. */
#ifndef DA_EXCHANGE_H
#define DA_EXCHANGE_H

#include "da_graph.h"

/* ---- regions: what travels (regions.c) ---- */

/* Elements of one value that an engine gives another one: a product of positions along the value's axes. It travels dense, in C
 * order, once; whoever reads some of it later reads it there. Both ends compute the same regions in the same order. */
struct da__region {
    int value, engine; /* the other end */
    int base_ndim;
    int step, message;           /* of which step, and which of its messages */
    int64_t at, nbytes;          /* in the message, behind the header */
    struct da__match_list *axis; /* a: position in the region, b: in the owner's part; owned */
    int64_t *stride;             /* bytes per axis of the region; in the same block as `axis` */
    int last_step;               /* that reads it here */
};
/* All regions between this engine and another one for one step. A single region that lies dense in the owner's part travels bare:
 * without a header, straight from where it lies; a void message is shorter than it. */
struct da__message {
    int engine;
    int64_t nbytes; /* header included */
    bool bare;
    int nregions;
    int64_t regions_cap;
    struct da__region **region; /* owned */
};
struct da__messages {
    int n;
    int64_t cap;
    struct da__message *message;
    int *slot; /* hash table over engines: position + 1 */
    int nslots;
};
void da__messages_free(struct da__messages *m);

/* Regions of a program so far in one direction: a value's region that an earlier step has brought is not fetched again. */
struct da__region_group {
    int value, engine;
    int step;        /* the last one that added regions */
    int nearlier, n; /* regions of earlier steps, and of all */
    int64_t cap;
    struct da__region **region; /* those of earlier steps belong to their messages */
};
struct da__ledger {
    int n;
    int64_t cap;
    struct da__region_group *group;
    int *slot; /* hash table over (value, engine): position + 1 */
    int nslots;
    int *touched; /* groups of the step that is planned, in order */
    int ntouched;
    int64_t touched_cap;
};
void da__ledger_free(struct da__ledger *l);
/* Adds what `axis` selects (b: positions in the owner's part) to what travels with step `step`, unless it does already. */
da_status da__ledger_need(struct da__ledger *l, int step, int value, int engine, int base_ndim,
                          size_t item, const struct da__match_list *const *axis);
/* Puts the step's regions into messages; they belong to these from then on. */
da_status da__ledger_close(struct da__ledger *l, const struct da__program *p, int this_engine,
                           bool receiving, struct da__messages *out);
/* The region that holds what `axis` selects, which da__ledger_need has been told of. */
struct da__region *da__ledger_find(const struct da__ledger *l, int value, int engine,
                                   const struct da__match_list *const *axis);
/* Matches of reader positions (a) with positions in the owner's part (b), turned into positions in the region's axis. */
da_status da__region_matches(const struct da__match_list *region, const struct da__match_list *need,
                             struct da__match_list *out);

/* ---- inputs (exchange.c) ---- */

/* Coordinates along one axis, each with where its indices meet ours. */
struct da__choices {
    int64_t n, cap;
    int *coord;
    struct da__match_list *list;
};
/* A product of choices, one per base axis: elements of one input that have one owner. */
struct da__piece {
    const struct da__region *region; /* they come in; NULL: the engine's own part */
    struct da__match_list
        *axis; /* a: local positions of the reader, b: in the own part or in the region; owned */
    bool borrowed;         /* the lists are the choices' */
    const int64_t *stride; /* bytes per base axis of where they lie */
};
enum da__fetch_mode {
    DA__FETCH_NOTHING,  /* the body does not read it, or this engine has no part of the space */
    DA__FETCH_IN_PLACE, /* one stride per axis in the engine's own part */
    DA__FETCH_BOXES,    /* one stride per axis in each box: read where the pieces lie */
    DA__FETCH_GATHER /* copied into a dense temporary over its base axes, or straight to the output of a pure copy */
};
struct da__fetch {
    enum da__fetch_mode mode;
    int value, base_ndim;
    size_t item;
    int64_t offset;              /* in place: bytes to the element at local position 0 */
    int64_t stride[DA_MAX_NDIM]; /* bytes per iteration axis: in place, or of the temporary */
    int64_t temp_nbytes, temp_stride[DA_MAX_NDIM];
    int64_t base_stride[DA_MAX_NDIM];     /* bytes per base axis of the value's part */
    struct da__choices own[DA_MAX_NDIM];  /* whom this engine reads, per base axis */
    struct da__choices give[DA_MAX_NDIM]; /* who reads this engine; while planning */
    int64_t npieces;                      /* the product of the choices, last axis fastest */
    struct da__piece *piece;
    /* BOXES, per base axis: which match each segment of its iteration axis lies in */
    struct da__segment *segment[DA_MAX_NDIM];
};
struct da__exchange {
    int ninputs;
    struct da__fetch *fetch;
    struct da__messages receive, send;
    int first; /* receive message k is the program's message first + k on this engine */
};
/* What a program has moved so far, while its steps are planned in order. */
struct da__planning {
    struct da__ledger receive, send;
    int nmessages;
};
void da__planning_free(struct da__planning *g);
da_status da__exchange_plan(const struct da__program *p, int step, int engine,
                            struct da__planning *g, struct da__exchange *out);
void da__exchange_free(struct da__exchange *x);

/* ---- boxes (boxes.c) ---- */

/* What a segment of an iteration axis is of, along one base axis of an input: repetition `rep` of a match of a choice, which
 * begins at iteration position `begin`. */
struct da__segment {
    int choice, match;
    int64_t rep, begin;
};
/* The engine's part of a step's space, cut per axis where an input passes to another owner. */
struct da__boxes {
    int64_t n;
    int64_t nsegments[DA_MAX_NDIM];
    int64_t *begin[DA_MAX_NDIM]; /* nsegments + 1 positions each; owned */
};
/* Cuts the space and settles which inputs are read in boxes and which are gathered. */
da_status da__boxes_plan(const struct da__step *s, const int64_t *shape, struct da__exchange *x,
                         struct da__boxes *out);
void da__boxes_free(struct da__boxes *b);
/* The segment of each axis that makes box i. */
void da__box_segments(const struct da__boxes *b, int ndim, int64_t i, int64_t *segment);
/* The piece of an input that a box lies in. */
const struct da__piece *da__box_piece(const struct da__view *v, const struct da__fetch *f,
                                      const int64_t *segment);
/* Where the element of that piece for local positions `at` of the box lies, and its strides per iteration axis: in bytes
 * from the beginning of the own part, or of the region. */
int64_t da__box_place(const struct da__view *v, const struct da__fetch *f,
                      const struct da__piece *piece, const int64_t *segment, const int64_t *at,
                      int64_t *stride);

#endif
