/* An endpoint in front of an endpoint: identity and errors of the inner one, and records of open requests. */
#include "wrapper.h"

#include "network.h"

#include <stdlib.h>
#include <string.h>

enum { NSPARES = 32, ALIGN = 16 };

static size_t record_stride(const struct da__wrapper *w)
{
    return (w->record_nbytes + ALIGN - 1) / ALIGN * ALIGN;
}

struct da__wrapper *da__wrapper_open(size_t nbytes, size_t record_nbytes,
                                     struct da__endpoint *inner, const struct da__endpoint_ops *ops)
{
    struct da__wrapper *w = da__calloc(1, nbytes);
    if (w == NULL)
        return NULL;
    w->record_nbytes = record_nbytes;
    w->spares = da__calloc(NSPARES, record_stride(w));
    if (w->spares == NULL) {
        da__free(w);
        return NULL;
    }
    for (size_t i = 0; i < NSPARES; i++) {
        struct da__passing *p = (struct da__passing *)(void *)(w->spares + i * record_stride(w));
        p->older = w->spare;
        w->spare = p;
    }
    w->base = *inner;
    w->base.ops = ops;
    w->inner = inner;
    return w;
}

void da__wrapper_close(struct da__wrapper *w)
{
    w->inner->ops->close(w->inner); /* first: it may still work for open requests */
    da__wrapper_free(w);
}

void da__wrapper_free(struct da__wrapper *w)
{
    while (w->open != NULL)
        da__wrapper_give(w, w->open);
    da__free(w->spares);
    da__free(w);
}

void *da__wrapper_take(struct da__wrapper *w, bool is_send, int peer, int tag, int64_t nbytes)
{
    struct da__passing *p = da__alloc(w->record_nbytes);
    bool is_spare = p == NULL;
    if (is_spare) {
        p = w->spare;
        if (p == NULL) {
            da__fail(&w->base.error, DA_ERR_MEMORY, "no memory for a message of %lld bytes",
                     (long long)nbytes);
            return NULL;
        }
        w->spare = p->older;
    }
    memset((void *)p, 0, w->record_nbytes);
    *p = (struct da__passing){.is_send = is_send,
                              .is_spare = is_spare,
                              .peer = peer,
                              .tag = tag,
                              .nbytes = nbytes,
                              .older = w->open};
    if (w->open != NULL)
        w->open->newer = p;
    w->open = p;
    return p;
}

void da__wrapper_give(struct da__wrapper *w, struct da__passing *p)
{
    if (p->newer != NULL)
        p->newer->older = p->older;
    else
        w->open = p->older;
    if (p->older != NULL)
        p->older->newer = p->newer;
    if (p->is_spare) {
        p->older = w->spare;
        w->spare = p;
    } else {
        da__free(p);
    }
}

da_status da__wrapper_failed(struct da__wrapper *w, da_status status)
{
    if (w->base.error.status == DA_OK)
        w->base.error = w->inner->error;
    w->inner->error = (struct da__error){.engine = -1};
    return status;
}

void da__wrapper_end_job(struct da__endpoint *e, int code)
{
    struct da__wrapper *w = (struct da__wrapper *)e;
    w->inner->ops->end_job(w->inner, code);
}

/* ---- what the environment asks for ---- */

static da_status read_limit(const char *text, int64_t *limit_ns, struct da__error *err)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0) || seconds > 1e9)
        return da__fail(err, DA_ERR_ARGUMENT, "DISTARRAY_STALL=%.60s: not a number of seconds",
                        text);
    *limit_ns = (int64_t)(seconds * 1e9);
    return DA_OK;
}

static const char *asked(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? text : NULL;
}

da_status da__wrap_from_environment(struct da__endpoint **endpoint, struct da__error *err)
{
    const char *text = asked("DISTARRAY_NETWORK"), *stall = asked("DISTARRAY_STALL");
    struct da__network network;
    int64_t limit_ns = 0;
    if (text != NULL)
        DA_TRY(da__network_read(text, &network, err));
    if (stall != NULL)
        DA_TRY(read_limit(stall, &limit_ns, err));
    if (text != NULL)
        DA_TRY(da__delay_open(&network, *endpoint, endpoint, err));
    return limit_ns > 0 ? da__watch_open(limit_ns, *endpoint, endpoint, err) : DA_OK;
}
