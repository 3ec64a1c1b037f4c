/* Distributions: how an array's index space is owned by engines. */
#ifndef DISTARRAY_DISTRIBUTION_H
#define DISTARRAY_DISTRIBUTION_H

#include <distarray/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How one axis is split over the engines along it. Zeros are defaults. */
typedef struct da_axis_map {
    char kind;       /* 'n' whole, 'b' block, 'c' cyclic and block-cyclic, 'u' unstructured */
    int64_t block;   /* 'c': the block size; 0: 1 */
    int64_t nbounds; /* 'b': the number of bounds; 0: balanced blocks */
    const int64_t
        *bounds; /* 'b': ascending, from 0 to the extent; one more than engines along the axis */
    int nlists;  /* 'u': one list per engine along the axis */
    const int64_t *list_nelem; /* 'u': how many indices each list holds */
    const int64_t *const
        *list; /* 'u': the indices that each one owns, in local order; every index exactly once */
    int64_t padding[2];  /* 'b': widths of the halos towards the left and the right neighbour */
    int64_t boundary[2]; /* 'b': widths at both ends of the axis */
    int periodic;        /* 'b': not 0: the ends are neighbours, their halos wrap around */
    int64_t ncuts;       /* 'b': 0, or one less than engines along the axis: … */
    const int64_t *cut;  /* … the widths on both sides of each cut, instead of `padding` */
} da_axis_map;

/* Padding: an engine of a padded 'b' axis stores, beside the block that it owns (the core), copies of the elements next to it:
 * halos. Reading them costs no message, so a stencil over a padded array sends nothing. An element has one owner all the same;
 * sums count it once, files have it once. Arrays are immutable, so a halo is never out of date. What is computed from padded
 * arrays is not padded, unless it is redistributed again.
 * `boundary` at an end that is not periodic marks elements of the array itself, the outermost ones of the core, as the
 * Distributed Array Protocol does; on a periodic axis it is the width of the halo that wraps around, by default that of
 * `padding`. A halo is at most as wide as the block of the neighbour that it copies. */

/* A description that is handed to calls by pointer and read there; nothing of it is kept. A NULL pointer, or all zeros,
 * means the default: block on the first axis, over all engines.
 * Either `text` is given, as "b, n, c(4)", "b[0,3,10], n", "u[[0,5],[1,2,3,4]]", each optionally followed by " grid 2x1x2"
 * and " engines 0,1,2"; or the other members are. Padding stands in parentheses behind a "b": "b(pad=1)",
 * "b[0,3,10](pad=[1,2], boundary=2)", "b(pad=1, periodic)"; one number stands for both sides. Fewer maps than axes: the others are whole.
 * grid: engines along each array axis; left out: chosen by the library. engines: the set of those that take
 * part; left out: all. */
typedef struct da_distribution {
    const char *text;
    int nmaps;
    const da_axis_map *map;
    int ngrid;
    const int *grid;
    int nengines;
    const int *engines;
} da_distribution;

/* Checks a distribution's text alone, without an array: DA_OK, or DA_ERR_FORMAT with a message in `message` (nbytes of
 * room, may be NULL). */
DA_API da_status da_distribution_check(const char *text, char *message, size_t nbytes);

#ifdef __cplusplus
}
/* A distribution by its text, as an argument: da_zeros(ctx, DA_SHAPE(8, 8), DA_FLOAT64, DA_DIST("b,b")). */
struct da_dist_argument {
    da_distribution value;
    explicit da_dist_argument(const char *text) : value()
    {
        value.text = text;
    }
    operator const da_distribution *() const
    {
        return &value;
    }
};
#define DA_DIST(text) da_dist_argument(text)
#else
#define DA_DIST(text_) (&(const da_distribution){.text = (text_)})
#endif
#endif
