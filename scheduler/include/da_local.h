/* What the user's functions on local parts are given: the parts, and the engine with its messages. The public accessors are thin
 * over this. */
#ifndef DA_LOCAL_H
#define DA_LOCAL_H

#include "da_core.h"

struct da_engine;

/* One argument on this engine. */
struct da_part {
    void *data; /* NULL where nothing lies here */
    da_dtype dtype;
    int ndim;
    bool writable;
    int64_t shape[DA_MAX_NDIM], stride[DA_MAX_NDIM]; /* of the part; bytes */
    int64_t global[DA_MAX_NDIM];
    const struct da__index_set *index; /* per axis */
    const struct da__dist *dist;
    int engine;
    int64_t nelem;
};
typedef da_status (*da__user_local_fn)(struct da_engine *engine, int nlocals,
                                       const struct da_part *const *local, const void *data,
                                       size_t nbytes);

int64_t da__part_index(const struct da_part *x, int axis, int64_t position);
int64_t da__part_position(const struct da_part *x, int axis, int64_t index);
/* The engine `offset` coordinates further along the axis; -1: there is none, or this one has no part. */
int da__part_neighbour(const struct da_part *x, int axis, int offset);

/* Messages of a call (talk.c). After a failure all of them fail at once. */
int da__talk_rank(const struct da_engine *t);
int da__talk_count(const struct da_engine *t);
da_status da__talk_fail(struct da_engine *t, da_status status, const char *text);
da_status da__talk_send(struct da_engine *t, int to, const void *data, int64_t nbytes);
da_status da__talk_receive(struct da_engine *t, int from, void *data, int64_t nbytes);
da_status da__talk_join(struct da_engine *t, void *state, int64_t nbytes,
                        void (*combine)(void *state, const void *other, const void *data),
                        const void *data);

#endif
