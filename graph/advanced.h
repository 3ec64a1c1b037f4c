/* NumPy's indexing by arrays: inference alone, of shapes and of where each index comes from. Private to graph. */
#ifndef DA_ADVANCED_H
#define DA_ADVANCED_H

#include "da_graph.h"

struct da__extents {
    int ndim;
    const int64_t *shape; /* an extent may be DA__UNSIZED */
};
/* How the result of an index expression reads its base. */
struct da__advanced {
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    int first, ncommon; /* the axes that the index arrays' common shape takes in the result */
    int base_ndim;
    int64_t rule[3 * DA_MAX_NDIM]; /* attributes of the routines gather and scatter */
};
/* Resolves items, some of which name one of `narrays` index arrays of those shapes. Needs no node, so that it can be asked again once
 * extents are known. Where an index array is present, ints are index arrays of shape () too, as NumPy has it: if all of
 * these items are neighbours, their common shape takes their place in the result, else it comes first. */
da_status da__advanced_resolve(int base_ndim, const int64_t *base, int nitems,
                               const struct da__index_item *item, int narrays,
                               const struct da__extents *array, struct da__advanced *out,
                               struct da__error *err);
/* How an index array of that shape is seen in a space of the result's number of dimensions, in which it broadcasts to the result. */
void da__advanced_view(const struct da__advanced *a, const struct da__extents *array,
                       struct da__view *view, int64_t *shape);

#endif
