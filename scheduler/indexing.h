/* Indexing by arrays of integers: what gather and scatter share. Private to scheduler.
 *
 * A step reads or writes the base element whose index along base axis b is affine in one iteration axis, constant, or the value of
 * an index array. Iteration axes along which some index array varies (and those that no base axis follows) are *dynamic*, and so
 * are base axes whose index depends on one; the others are *static*. Which base elements a reader and an owner share is
 * then a product: a list of dynamic positions that only the data know, times what static axes share, which both sides know in
 * closed form. So rows of a matrix are asked for once per row. */
#ifndef DA_INDEXING_H
#define DA_INDEXING_H

#include "group.h"
#include "routine.h"

/* Where an index lies on this engine along one dynamic base axis. */
struct da__finder {
    int64_t extent;      /* of the axis */
    int64_t start, step; /* step > 0: the index start + step * k lies at position k */
    int64_t *table;      /* position per index, owned; NULL: closed form */
    const struct da__map *map;
    int part;
};
/* What this engine needs along a static base axis: coordinates along the axis' grid dimension, and what is shared with each. */
struct da__shares {
    int64_t n, cap;
    int *part;
    struct da__match_list *list; /* side a: the reader's positions, side b: the owner's */
};
struct da__indexing {
    const struct da__dist *base, *space; /* borrowed from the program */
    int engine, ndim, base_ndim;
    int64_t item;
    const int64_t *rule; /* per base axis: axis, offset, step */
    int first_array;     /* the step's input that is index array 0 */
    int ndynamic;
    int dynamic[DA_MAX_NDIM];             /* dynamic iteration axes, ascending */
    bool is_dynamic[DA_MAX_NDIM];         /* per base axis */
    bool reads;                           /* this engine has a part of the space … */
    bool holds;                           /* … and of the base: */
    int own[DA_MAX_NDIM];                 /* its coordinates there */
    int64_t base_stride[DA_MAX_NDIM];     /* bytes per base axis of its part */
    struct da__finder find[DA_MAX_NDIM];  /* dynamic base axes of its part */
    struct da__shares share[DA_MAX_NDIM]; /* static base axes */
    bool
        aligned; /* every engine's elements of the space belong to its own part of the base, copies to copies */
    bool present; /* every engine of the space holds all of the base */
};
da_status da__indexing_make(const struct da__program *p, const struct da__step *s, int engine,
                            int first_array, struct da__indexing **out);
void da__indexing_free(void *indexing);
/* Turns base indices along the dynamic base axes (each as one number) into bytes from the start of this engine's part. */
void da__indexing_offsets(const struct da__indexing *ix, int64_t n, int64_t *target);

/* ---- dynamic positions ---- */

/* The dynamic positions of this engine's part of the space, grouped by the coordinates of their owners along the dynamic base axes. */
struct da__aims {
    int64_t ngroups;
    int64_t *begin;  /* per group and one more */
    int64_t *target; /* per position: the base index along the dynamic base axes as one number */
    int64_t *place;  /* per position: bytes from the first element of the space's part */
    int64_t *
        order; /* per position: its number among all engines' dynamic positions, in C order; NULL: not wanted */
};
/* `stride`: bytes per iteration axis of what the places are in. False: the run has failed, for instance by an index out of bounds. */
bool da__aims_make(struct da__execution *r, int step, const struct da__indexing *ix,
                   const struct da__strided *operand, const int64_t *stride, bool ordered,
                   struct da__aims *out);
void da__aims_free(struct da__execution *r, struct da__aims *a);
/* A group's coordinates along the dynamic base axes; other dimensions stay. */
void da__group_coords(const struct da__indexing *ix, int64_t group, int *coord);
int64_t da__group_of(const struct da__indexing *ix, const int *coord);

/* ---- the static part ---- */

/* What a dynamic position stands for between a reader and an owner. */
struct da__product {
    int n;
    bool single;    /* one element … */
    int64_t at[2];  /* … that lies so many bytes on; per side, 0: the reader's, 1: the owner's */
    int64_t nbytes; /* per dynamic position, packed */
    int64_t item;
    struct da__pack_axis axis[2][DA_MAX_NDIM];
};
/* From lists per static base axis (others are not looked at); `stride` as of da__aims_make. */
void da__product_make(const struct da__indexing *ix, const struct da__match_list *const *list,
                      const int64_t *stride, struct da__product *out);
/* The product's elements of n positions, `offset[i]` bytes from `memory` on, to `packed`, and back. */
void da__product_pack(const struct da__product *p, int side, int64_t n, const int64_t *offset,
                      const char *memory, char *packed);
void da__product_unpack(const struct da__product *p, int side, int64_t n, const int64_t *offset,
                        char *memory, const char *packed);

/* Goes through the static coordinates that this engine shares something with: `at` counts, all zero at first. Sets the
 * coordinates and the lists; false: that was the last one. */
void da__static_coords(const struct da__indexing *ix, const int64_t *at, int *coord,
                       const struct da__match_list **list);
bool da__static_next(const struct da__indexing *ix, int64_t *at);
/* The lists that this engine shares with the owner at these coordinates; false: nothing is shared. */
bool da__static_with(const struct da__indexing *ix, const int *coord,
                     const struct da__match_list **list);
bool da__static_any(const struct da__indexing *ix); /* some owner has something for this engine */

/* What this engine, an owner, shares with a reader, in memory of its own. */
struct da__guest {
    int n; /* base axes */
    struct da__match_list list[DA_MAX_NDIM];
    const struct da__match_list *of[DA_MAX_NDIM];
};
/* False: the run has failed. To be freed in any case. */
bool da__guest_make(struct da__execution *r, const struct da__indexing *ix, int reader,
                    struct da__guest *out);
void da__guest_free(struct da__guest *guest);

#endif
