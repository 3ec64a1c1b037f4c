/* What a choice of owners costs: bytes that travel, and how unevenly elements lie. By index arithmetic on a bounded number of
 * engines, so that it takes as long for a hundred thousand of them as for a hundred. Private to graph. */
#ifndef DA_COST_H
#define DA_COST_H

#include "da_graph.h"

/* Engines that are looked at where there are more of them, and no product form says it for all. */
enum { DA__COST_SAMPLE = 64 };

/* The bytes that a space lying as `space` says receives from other engines to read, through `v`, a value of `item` bytes per
 * element that lies as `base` says: over all engines, what they need less what they hold. Exact up to DA__COST_SAMPLE engines,
 * or engines along each dimension of a grid that both share; an estimate from that many beyond. */
da_status da__cost_read(const struct da__dist *base, size_t item, const struct da__view *v,
                        const struct da__dist *space, double *nbytes);
/* The elements of the engine that has most. */
double da__cost_most(const struct da__dist *d);
/* Bytes that one operation on one element is worth: what a fully loaded engine computes while it could have received them.
 * docs/decisions.md says where the number comes from. */
#define DA__COST_PER_OPERATION 1.0
/* Both as one number: the bytes, and the busiest engine's `nops` operations per element. */
static inline double da__cost_total(double nbytes, double most, double nops)
{
    return nbytes + DA__COST_PER_OPERATION * nops * most;
}
/* Two distributions of the same template over the same grid that differ in where a view starts only: to bring one's elements
 * under the other moves the same bytes either way. False where that is not seen at once. */
bool da__dist_shifted(const struct da__dist *a, const struct da__dist *b);

#endif
