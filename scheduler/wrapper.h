/* What transports that stand before another one share: an endpoint in front of an endpoint, and records of the requests that
 * are open through it. Private to scheduler. */
#ifndef DA_WRAPPER_H
#define DA_WRAPPER_H

#include "transport.h"

/* One message or one receive. */
struct da__passing {
    bool is_send, is_spare;
    int peer, tag;
    int64_t nbytes; /* length or capacity */
    struct da__passing *older, *newer;
};
struct da__wrapper {
    struct da__endpoint base;
    struct da__endpoint *inner; /* owned */
    size_t record_nbytes;
    struct da__passing *open, *spare;
    unsigned char *spares;
};

/* An endpoint of `nbytes` (its type begins with a struct da__wrapper, the rest is zero) before `inner`, which it owns from then
 * on; NULL: no memory. Records have `record_nbytes` and begin with a struct da__passing. */
struct da__wrapper *da__wrapper_open(size_t nbytes, size_t record_nbytes,
                                     struct da__endpoint *inner,
                                     const struct da__endpoint_ops *ops);
void da__wrapper_close(struct da__wrapper *w); /* inner too */
void da__wrapper_free(struct da__wrapper *w);  /* leaves inner alone */
/* A record, zero behind what the arguments say; a few are there without memory, as an engine must be heard if only to say that
 * it has none. NULL: no memory, noted as the endpoint's error. */
void *da__wrapper_take(struct da__wrapper *w, bool is_send, int peer, int tag, int64_t nbytes);
void da__wrapper_give(struct da__wrapper *w, struct da__passing *p);
/* Takes over the inner endpoint's words for a failure; returns `status`. */
da_status da__wrapper_failed(struct da__wrapper *w, da_status status);
void da__wrapper_end_job(struct da__endpoint *e, int code);

/* Both take `inner` over where they succeed. Holds messages back as `network` says. */
struct da__network;
da_status da__delay_open(const struct da__network *network, struct da__endpoint *inner,
                         struct da__endpoint **out, struct da__error *err);
/* Ends the job with a report where this engine has waited for others that long. */
da_status da__watch_open(int64_t limit_ns, struct da__endpoint *inner, struct da__endpoint **out,
                         struct da__error *err);
/* Puts before *endpoint what DISTARRAY_NETWORK and DISTARRAY_STALL ask for. */
da_status da__wrap_from_environment(struct da__endpoint **endpoint, struct da__error *err);

#endif
