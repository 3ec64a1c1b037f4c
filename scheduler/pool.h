/* The memory pool of one engine: 64-byte aligned blocks by size class, reused instead of returned, counted, with an optional budget.
 * One thread per pool. */
#ifndef DA_POOL_H
#define DA_POOL_H

#include "da_core.h"

struct da__pool;
/* What a block of `nbytes` counts for in the budget, live and peak: its size class and header, at most an eighth and a page
 * more than asked for (INT64_MAX where no such block can be had). */
int64_t da__pool_footprint(int64_t nbytes);
da_status da__pool_open(int64_t budget_bytes /* 0: none */, struct da__pool **out);
void da__pool_close(struct da__pool *p); /* frees everything, also blocks still out */
void *
da__pool_get(struct da__pool *p,
             int64_t nbytes); /* NULL: no memory or over budget; 0 bytes gives a valid block */
void da__pool_put(struct da__pool *p, void *block); /* NULL allowed */
int64_t da__pool_live(const struct da__pool *p);    /* footprints of the blocks handed out */
int64_t da__pool_peak(const struct da__pool *p);
void da__pool_reset_peak(struct da__pool *p); /* a new run begins */
void da__pool_trim(struct da__pool *p);       /* gives cached blocks back to the system */
#endif
