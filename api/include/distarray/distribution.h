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
} da_axis_map;

/* A description that is handed to calls by pointer and read there; nothing of it is kept. A NULL pointer, or all zeros,
 * means the default: block on the first axis, over all engines.
 * Either `text` is given, as "b, n, c(4)", "b[0,3,10], n", "u[[0,5],[1,2,3,4]]", each optionally followed by " grid 2x1x2"
 * and " engines 0,1,2"; or the other members are. Fewer maps than axes: the others are whole.
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
