/* Products on an engine: the plan, and the panels of operands that go round along the grid. Private to scheduler. */
#ifndef DA_MATMUL_H
#define DA_MATMUL_H

#include "group.h"
#include "routine.h"

/* Where an operand's elements for a range of k come from. */
enum da__side_mode {
    DA__SIDE_LOCAL,    /* all of them lie here                                                    */
    DA__SIDE_GATHERED, /* they are few: all parts are gathered first                              */
    DA__SIDE_RING /* owners' panels go round along a dimension of the grid, from each engine to the one before it */
};
/* One operand on this engine: `nmatrices` matrices of `kept` rows (or columns) times k. */
struct da__side {
    enum da__side_mode mode;
    int value, dim; /* dim: of the operand's grid, that splits k; -1: none */
    bool k_slow;    /* in memory the elements of one k are neighbours */
    int64_t nmatrices, kept, inner,
        nk; /* inner: elements of k per index of its first axis; nk: own indices of that axis */
    const struct da__map *map; /* of the first axis k; NULL: there is none */
    int part;
    struct da__group ring;
    int64_t part_nbytes; /* GATHERED */
};
struct da__gemm {
    bool member, joins, ordered; /* ordered: every sum goes by ascending k */
    da_dtype dtype;
    int64_t item, m, n, nk,
        nmatrices; /* nk: indices of the first axis k that this engine sums over */
    int nbatch;
    int64_t batch[DA_MAX_NDIM],
        step[2][DA_MAX_NDIM]; /* local extents, and matrices from one to the next */
    struct da__side side[2];
    struct da__group join;
    int64_t width, start; /* of panels: the most indices; where this engine begins */
    int out;
};
/* Indices k … k+n-1 of the first axis k: in one part of each operand. */
struct da__panel {
    int64_t k, n;
    int owner[2];
};
da_status da__gemm_plan(const struct da__program *p, const struct da__step *s, int engine,
                        void **own);
void da__gemm_free(void *own);
void da__gemm_traffic(const void *own, struct da__traffic *out);
/* The panel behind the first `done` indices in this engine's order. */
void da__gemm_panel(const struct da__gemm *p, int64_t done, struct da__panel *out);
/* Bytes of an operand's elements for n indices. */
int64_t da__side_nbytes(const struct da__gemm *p, const struct da__side *s, int64_t n);

/* ---- panels on their way (matmul_panels.c) ---- */

enum { DA__PANELS_AHEAD = 3 };
/* A panel of one operand that others own. */
struct da__slot {
    enum { DA__SLOT_AWAY, DA__SLOT_POSTED, DA__SLOT_HERE } state;
    struct da__request request;
    char *data;  /* room for the widest panel; NULL: no memory */
    int leaving; /* messages that pass it on */
};
struct da__panels {
    struct da__execution *r;
    const struct da__gemm *p;
    int tag;
    int64_t opened, sent[2], used; /* panels begun, passed on, and done with */
    int64_t done;                  /* indices of panels begun */
    struct da__panel panel[DA__PANELS_AHEAD];
    struct da__slot slot[2][DA__PANELS_AHEAD];
    const char *own[2];
    char *gathered[2];
    bool moving;
};
/* An operand's elements of a panel. */
struct da__piece_of {
    const char *data;
    int64_t ld, matrix; /* elements from one row to the next, and from one matrix to the next */
};
void da__panels_start(struct da__panels *w, struct da__execution *r, int step,
                      const struct da__gemm *p);
/* The next panel, once its elements are here; NULL: there are no more. */
const struct da__panel *da__panels_next(struct da__panels *w);
void da__panels_used(struct da__panels *w); /* the panel is done with */
void da__panels_poll(void *w);
void da__panels_end(struct da__panels *w);
void da__panel_piece(const struct da__panels *w, const struct da__panel *panel, int side,
                     struct da__piece_of *out);

#endif
