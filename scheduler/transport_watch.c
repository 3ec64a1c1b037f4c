/* A watchman before any transport: where this engine has waited for others longer than it should, it says for what, and the job
 * ends instead of hanging.
 *
 * An engine waits from its first wait_a_while after something last came or left; one that was not asked for anything (it
 * listens for the next command, be it to stop) does not count. At the limit each engine reports once. A while later the job ends: the master
 * does it, others only if it has not, so that all can report and the master's unfinished files go. A long computation on one
 * engine is a long wait for the others: the limit has to be above that. */
#include "backoff.h"
#include "da_io.h"
#include "engine.h"
#include "wrapper.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND_NS INT64_C(1000000000)
#define MASTER_GRACE_NS SECOND_NS /* between a report and the end */
#define GRACE_NS (3 * SECOND_NS)
#define MOST_LISTED 16

struct watched {
    struct da__passing passing; /* must be first */
    struct da__request inner;
    int64_t since;
};

struct watching {
    struct da__wrapper w; /* must be first */
    int64_t limit_ns;
    int64_t waits_since, waited_last; /* 0: does not wait */
    bool reported;
};

/* ---- the report ---- */

static const char *tag_name(int tag)
{
    static const char *const name[DA__TAG_DATA] = {
        [DA__TAG_DOWN] = "a command",       [DA__TAG_DOWN_MORE] = "the rest of a command",
        [DA__TAG_UP] = "a report",          [DA__TAG_AGREE_UP] = "agreement",
        [DA__TAG_AGREE_DOWN] = "agreement", [DA__TAG_COMBINE_UP] = "partial results",
        [DA__TAG_COMBINE_DOWN] = "results",
    };
    return tag < DA__TAG_DATA && name[tag] != NULL ? name[tag] : "data";
}

static void list_request(const struct watched *f, int64_t now, struct da__text *out)
{
    const struct da__passing *p = &f->passing;
    da__text_add(out, "    %s engine %d: %s, tag %d", p->is_send ? "send to" : "receive from",
                 p->peer, tag_name(p->tag), p->tag);
    if (p->tag >= DA__TAG_DATA)
        da__text_add(out, " (step %d)", p->tag - DA__TAG_DATA);
    da__text_add(out, ", %s%lld bytes, for %.1f s\n", p->is_send ? "" : "at most ",
                 (long long)p->nbytes, (double)(now - f->since) / 1e9);
}

static void list_requests(const struct watching *w, int64_t now, struct da__text *out)
{
    int64_t n = 0, nbytes = 0;
    for (const struct da__passing *p = w->w.open; p != NULL; p = p->older) {
        nbytes += p->nbytes;
        if (n++ < MOST_LISTED)
            list_request((const struct watched *)p, now, out);
    }
    if (n > MOST_LISTED)
        da__text_add(out, "    and %lld more\n", (long long)(n - MOST_LISTED));
    da__text_add(out, "    in all %lld request%s, %lld bytes\n", (long long)n, n == 1 ? "" : "s",
                 (long long)nbytes);
}

/* In one piece, so that the reports of several engines do not mix. */
static void report(const struct watching *w, int64_t now)
{
    const struct da__endpoint *e = &w->w.base;
    struct da__text text = {0};
    da__text_add(&text, "distarray: engine %d of %d has waited %.1f s", e->rank, e->size,
                 (double)(now - w->waits_since) / 1e9);
    if (e->doing.what != NULL && e->doing.step >= 0)
        da__text_add(&text, " in step %d (%s)", e->doing.step, e->doing.what);
    else if (e->doing.what != NULL)
        da__text_add(&text, " while %s", e->doing.what);
    da__text_add(&text, " for:\n");
    list_requests(w, now, &text);
    fputs(text.failed ? "distarray: an engine has waited too long\n" : text.s, stderr);
    da__text_free(&text);
}

static void end_job(struct watching *w)
{
    struct da__endpoint *e = &w->w.base;
    fprintf(stderr,
            "distarray: engine %d: the run stalls: nothing has come for more than %g s "
            "(DISTARRAY_STALL); the job ends\n",
            e->rank, (double)w->limit_ns / 1e9);
    da__unfinished_remove();
    e->ops->end_job(e, EXIT_FAILURE);
}

/* ---- watching ---- */

/* Time between waits was spent computing where it is longer than any sleep. */
static void look(struct watching *w)
{
    int64_t now = da__now_ns();
    if (w->waits_since == 0 || now - w->waited_last > SECOND_NS / 2)
        w->waits_since = now;
    w->waited_last = now;
    int64_t waited = now - w->waits_since;
    if (waited < w->limit_ns)
        return;
    if (!w->reported) {
        report(w, now);
        w->reported = true;
    }
    if (waited >= w->limit_ns + (w->w.base.rank == 0 ? MASTER_GRACE_NS : GRACE_NS))
        end_job(w);
}

static void moved(struct watching *w)
{
    w->waits_since = 0;
    w->reported = false;
}

static void watch_wait_a_while(struct da__endpoint *e, int64_t idle_ns)
{
    struct watching *w = (struct watching *)e;
    if (!e->doing.idle)
        look(w);
    w->w.inner->ops->wait_a_while(w->w.inner, idle_ns);
}

/* ---- passing on ---- */

static void finish(struct watching *w, struct watched *f, struct da__request *r)
{
    *r = (struct da__request){.done = true, .nbytes = f->inner.nbytes};
    da__wrapper_give(&w->w, &f->passing);
    moved(w);
}

static da_status watch_isend(struct da__endpoint *e, int to, int tag, const void *data,
                             int64_t nbytes, struct da__request *r)
{
    struct watching *w = (struct watching *)e;
    DA_TRY(da__transport_begin(e, "send", to, tag, nbytes, r));
    struct watched *f = da__wrapper_take(&w->w, true, to, tag, nbytes);
    if (f == NULL)
        return DA_ERR_MEMORY;
    f->since = da__now_ns();
    da_status status = w->w.inner->ops->isend(w->w.inner, to, tag, data, nbytes, &f->inner);
    if (status != DA_OK) {
        finish(w, f, r);
        return da__wrapper_failed(&w->w, status);
    }
    da__count_sent(e, nbytes);
    *r = (struct da__request){.impl = f};
    if (f->inner.done)
        finish(w, f, r);
    return DA_OK;
}

static da_status watch_irecv(struct da__endpoint *e, int from, int tag, void *data,
                             int64_t capacity, struct da__request *r)
{
    struct watching *w = (struct watching *)e;
    DA_TRY(da__transport_begin(e, "receive", from, tag, capacity, r));
    struct watched *f = da__wrapper_take(&w->w, false, from, tag, capacity);
    if (f == NULL)
        return DA_ERR_MEMORY;
    f->since = da__now_ns();
    da_status status = w->w.inner->ops->irecv(w->w.inner, from, tag, data, capacity, &f->inner);
    if (status == DA_OK && !f->inner.done) {
        *r = (struct da__request){.impl = f};
        return DA_OK;
    }
    if (status == DA_OK)
        da__count_received(e, f->inner.nbytes);
    finish(w, f, r);
    return status == DA_OK ? DA_OK : da__wrapper_failed(&w->w, status);
}

static da_status watch_test(struct da__endpoint *e, struct da__request *r)
{
    struct watching *w = (struct watching *)e;
    struct watched *f = r->impl;
    if (r->done)
        return DA_OK;
    da_status status = w->w.inner->ops->test(w->w.inner, &f->inner);
    if (!f->inner.done)
        return DA_OK;
    if (status == DA_OK && !f->passing.is_send)
        da__count_received(e, f->inner.nbytes);
    finish(w, f, r);
    return status == DA_OK ? DA_OK : da__wrapper_failed(&w->w, status);
}

static void watch_close(struct da__endpoint *e)
{
    da__wrapper_close((struct da__wrapper *)e);
}

static const struct da__endpoint_ops watch_ops = {
    .isend = watch_isend,
    .irecv = watch_irecv,
    .test = watch_test,
    .wait_a_while = watch_wait_a_while,
    .close = watch_close,
    .end_job = da__wrapper_end_job,
};

da_status da__watch_open(int64_t limit_ns, struct da__endpoint *inner, struct da__endpoint **out,
                         struct da__error *err)
{
    struct da__wrapper *w =
        da__wrapper_open(sizeof(struct watching), sizeof(struct watched), inner, &watch_ops);
    if (w == NULL)
        return da__fail(err, DA_ERR_MEMORY, "DISTARRAY_STALL: no memory for an endpoint");
    ((struct watching *)w)->limit_ns = limit_ns;
    *out = &w->base;
    return DA_OK;
}
