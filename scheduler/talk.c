/* The messages of one call of the user's function: buffered sends, receives that end when an engine fails, joins over all engines. */
#include "talk.h"

#include <stdio.h>
#include <string.h>

#include "backoff.h"
#include "message.h"

/* Words of the tree, and of the header in front of a message: what it is, and numbers. */
enum { WORD_KIND, WORD_SENT, WORD_RECEIVED, WORD_NBYTES = WORD_SENT };
enum { THROUGH = 1, ABORTED, MESSAGE, END };
enum { WORDS_NBYTES = DA__TALK_WORDS * (int)sizeof(int64_t) };

static struct da__endpoint *endpoint(const struct da_engine *t)
{
    return t->r->engine->endpoint;
}

/* ---- the tree ---- */

static void start(struct da_engine *t, int to, int tag, const int64_t *word,
                  struct da__request *request)
{
    if (endpoint(t)->ops->isend(endpoint(t), to, tag, word, WORDS_NBYTES, request) != DA_OK)
        da__run_fail(t->r, DA_ERR_TRANSPORT, "sending to engine %d failed", to);
    t->r->engine->control_messages++;
}

static void say_up(struct da_engine *t, int64_t kind)
{
    if (t->said_up)
        return;
    t->said_up = true;
    t->said[WORD_KIND] = kind;
    t->said[WORD_SENT] = t->sent;
    t->said[WORD_RECEIVED] = t->received;
    if (t->has_parent)
        start(t, t->link[t->nlinks - 1].engine, DA__TAG_TALK, t->said, &t->up);
}

static void say_down(struct da_engine *t, int64_t kind)
{
    if (t->said_down)
        return;
    t->said_down = true;
    t->verdict[WORD_KIND] = kind;
    for (int k = 0; k < t->nlinks - t->has_parent; k++)
        start(t, t->link[k].engine, DA__TAG_TALK, t->verdict, &t->down[k]);
}

/* Everybody hears of it at once, whether or not others have said anything yet. */
static void abort_call(struct da_engine *t)
{
    t->aborted = true;
    say_up(t, ABORTED);
    say_down(t, ABORTED);
}

/* Takes up what neighbours in the tree have said. */
static void listen(struct da_engine *t)
{
    for (int k = 0; k < t->nlinks; k++) {
        struct da__talk_link *l = &t->link[k];
        bool parent = t->has_parent && k == t->nlinks - 1;
        if (l->told)
            continue;
        if (!l->request.done && endpoint(t)->ops->test(endpoint(t), &l->request) != DA_OK) {
            l->request.done = true;
            l->word[WORD_KIND] = ABORTED;
        }
        if (!l->request.done)
            continue;
        l->told = true;
        if (l->word[WORD_KIND] != THROUGH)
            abort_call(t);
        else if (!parent) {
            t->sent += l->word[WORD_SENT];
            t->received += l->word[WORD_RECEIVED];
        }
    }
}

static void wait_for(struct da_engine *t, int64_t since)
{
    da__run_poll(t->r);
    endpoint(t)->ops->wait_a_while(endpoint(t), da__now_ns() - since);
}

static void wait_links(struct da_engine *t, int first, int n)
{
    int64_t since = da__now_ns();
    for (int k = first; k < first + n;) {
        listen(t);
        if (t->link[k].told)
            k++;
        else
            wait_for(t, since);
    }
}

void da__talk_begin(struct da_engine *t, struct da__execution *r, int step, const char *name,
                    bool talks)
{
    memset(t, 0, sizeof *t);
    t->r = r;
    t->step = step;
    t->name = name;
    t->talks = talks;
    t->up.done = true;
    if (!talks)
        return;
    int rank = r->engine->rank, size = r->engine->size, child;
    while ((child = da__tree_child(rank, size, t->nlinks)) >= 0)
        t->link[t->nlinks++].engine = child;
    t->has_parent = rank > 0;
    if (t->has_parent)
        t->link[t->nlinks++].engine = da__tree_parent(rank);
    for (int k = 0; k < t->nlinks; k++) {
        struct da__talk_link *l = &t->link[k];
        t->down[k].done = true;
        if (endpoint(t)->ops->irecv(endpoint(t), l->engine, DA__TAG_TALK, l->word, WORDS_NBYTES,
                                    &l->request) != DA_OK) {
            l->request.done = true;
            l->word[WORD_KIND] = ABORTED;
        }
    }
    if (da__run_failed(r))
        abort_call(t);
}

/* ---- what is left on the line after a failure ---- */

static void wait_request(struct da_engine *t, struct da__request *request)
{
    int64_t since = da__now_ns();
    while (!request->done) {
        if (endpoint(t)->ops->test(endpoint(t), request) != DA_OK) {
            da__run_fail(t->r, DA_ERR_TRANSPORT, "%s: a message is lost", t->name);
            request->done = true;
        }
        if (!request->done)
            wait_for(t, since);
    }
}

/* Receives the bytes behind a header; `data` NULL: into nothing. */
static void take_bytes(struct da_engine *t, int from, void *data, int64_t nbytes)
{
    struct da__request request;
    if (nbytes == 0)
        return;
    if (endpoint(t)->ops->irecv(endpoint(t), from, da__message_tag(t->step), data, nbytes,
                                &request) != DA_OK)
        da__run_fail(t->r, DA_ERR_TRANSPORT, "receiving from engine %d failed", from);
    wait_request(t, &request);
}

/* The next header from an engine; false: it was the last one. */
static bool drain_one(struct da_engine *t, int from)
{
    int64_t word[DA__TALK_WORDS] = {0};
    if (t->pending && t->pending_from == from) {
        t->pending = false;
        wait_request(t, &t->pending_request);
        memcpy(word, t->pending_header, sizeof word);
    } else {
        struct da__request request;
        if (endpoint(t)->ops->irecv(endpoint(t), from, da__message_tag(t->step), word, WORDS_NBYTES,
                                    &request) != DA_OK)
            return false;
        wait_request(t, &request);
    }
    if (word[WORD_KIND] != MESSAGE)
        return false;
    take_bytes(t, from, NULL, word[WORD_NBYTES]);
    return true;
}

/* Every engine puts a mark behind what it has sent to each other one, which takes everything up to the mark. Only a failed call
 * pays for that. */
static void drain(struct da_engine *t)
{
    int rank = t->r->engine->rank, size = t->r->engine->size;
    int64_t mark[DA__TALK_WORDS] = {END};
    for (int far = 0; far < size; far++) {
        struct da__request request;
        start(t, (rank + far) % size, da__message_tag(t->step), mark, &request);
        while (drain_one(t, (rank + size - far) % size)) {
        }
        wait_request(t, &request);
    }
}

void da__talk_end(struct da_engine *t)
{
    int nchildren = t->nlinks - t->has_parent;
    if (!t->talks)
        return;
    if (da__run_failed(t->r))
        abort_call(t);
    wait_links(t, 0, nchildren);
    say_up(t, THROUGH);
    if (t->has_parent)
        wait_links(t, nchildren, 1);
    else if (!t->aborted && t->sent != t->received) {
        da__run_fail(t->r, DA_ERR_ARGUMENT, "%s: %lld messages were sent and %lld received",
                     t->name, (long long)t->sent, (long long)t->received);
        abort_call(t);
    }
    say_down(t, THROUGH);
    wait_request(t, &t->up);
    for (int k = 0; k < nchildren; k++)
        wait_request(t, &t->down[k]);
    if (!t->aborted)
        return;
    drain(t);
    da__run_fail(t->r, DA_ERR_TRANSPORT, "%s: another engine has failed", t->name);
}

/* ---- what functions call ---- */

int da__talk_rank(const struct da_engine *t)
{
    return t->r->engine->rank;
}

int da__talk_count(const struct da_engine *t)
{
    return t->r->engine->size;
}

da_status da__talk_fail(struct da_engine *t, da_status status, const char *text)
{
    if (status == DA_OK)
        status = DA_ERR_ARGUMENT;
    da__run_fail(t->r, status, "%s failed on engine %d: %s", t->name, da__talk_rank(t), text);
    return t->r->engine->failure.status;
}

static da_status check(struct da_engine *t, int other, int64_t nbytes)
{
    char text[128] = "";
    if (da__run_failed(t->r))
        return t->r->engine->failure.status;
    if (!t->talks)
        return da__talk_fail(t, DA_ERR_STATE, "it was registered without DA_TALKS");
    if (other < 0 || other >= da__talk_count(t))
        snprintf(text, sizeof text, "engine %d is not one of %d", other, da__talk_count(t));
    else if (nbytes < 0)
        snprintf(text, sizeof text, "a message of %lld bytes", (long long)nbytes);
    return text[0] != '\0' ? da__talk_fail(t, DA_ERR_ARGUMENT, text) : DA_OK;
}

static da_status send_block(struct da_engine *t, int to, const void *data, int64_t nbytes)
{
    struct da__pool *pool = t->r->engine->pool;
    char *block = da__pool_get(pool, nbytes);
    if (block == NULL)
        return da__talk_fail(t, DA_ERR_MEMORY, "no memory for a message");
    memcpy(block, data, (size_t)nbytes);
    da__run_share(t->r, to, da__message_tag(t->step), block, nbytes, block, NULL);
    return t->r->engine->failure.status;
}

da_status da__talk_send(struct da_engine *t, int to, const void *data, int64_t nbytes)
{
    int64_t word[DA__TALK_WORDS] = {MESSAGE, nbytes};
    DA_TRY(check(t, to, nbytes));
    DA_TRY(send_block(t, to, word, WORDS_NBYTES));
    t->sent++;
    return nbytes > 0 ? send_block(t, to, data, nbytes) : DA_OK;
}

/* The header of the next message. The call may be over before it comes. */
static da_status take_header(struct da_engine *t, int from)
{
    struct da__request *request = &t->pending_request;
    int64_t since = da__now_ns();
    if (endpoint(t)->ops->irecv(endpoint(t), from, da__message_tag(t->step), t->pending_header,
                                WORDS_NBYTES, request) != DA_OK)
        return da__talk_fail(t, DA_ERR_TRANSPORT, "a receive could not be started");
    t->pending = true;
    t->pending_from = from;
    while (!request->done && !t->aborted) {
        if (endpoint(t)->ops->test(endpoint(t), request) != DA_OK)
            return da__talk_fail(t, DA_ERR_TRANSPORT, "a message is lost");
        listen(t);
        if (!request->done && !t->aborted)
            wait_for(t, since);
    }
    if (!request->done || t->pending_header[WORD_KIND] != MESSAGE)
        return da__talk_fail(t, DA_ERR_TRANSPORT, "another engine has failed");
    t->pending = false;
    return DA_OK;
}

da_status da__talk_receive(struct da_engine *t, int from, void *data, int64_t nbytes)
{
    DA_TRY(check(t, from, nbytes));
    DA_TRY(take_header(t, from));
    int64_t comes = t->pending_header[WORD_NBYTES];
    t->received++;
    take_bytes(t, from, comes == nbytes ? data : NULL, comes);
    if (comes != nbytes) {
        char text[128];
        snprintf(text, sizeof text, "engine %d sent %lld bytes where %lld were expected", from,
                 (long long)comes, (long long)nbytes);
        return da__talk_fail(t, DA_ERR_ARGUMENT, text);
    }
    return t->r->engine->failure.status;
}

/* Up the tree and down again: children stand for the ranks behind their parent's in ascending order. */
da_status da__talk_join(struct da_engine *t, void *state, int64_t nbytes,
                        void (*combine)(void *state, const void *other, const void *data),
                        const void *data)
{
    DA_TRY(check(t, 0, nbytes));
    int nchildren = t->nlinks - t->has_parent;
    void *other = da__pool_get(t->r->engine->pool, nbytes);
    da_status status = other != NULL ? DA_OK : da__talk_fail(t, DA_ERR_MEMORY, "no memory");
    for (int k = 0; k < nchildren && status == DA_OK; k++) {
        status = da__talk_receive(t, t->link[k].engine, other, nbytes);
        if (status == DA_OK)
            combine(state, other, data);
    }
    if (status == DA_OK && t->has_parent) {
        int parent = t->link[nchildren].engine;
        status = da__talk_send(t, parent, state, nbytes);
        if (status == DA_OK)
            status = da__talk_receive(t, parent, state, nbytes);
    }
    for (int k = 0; k < nchildren && status == DA_OK; k++)
        status = da__talk_send(t, t->link[k].engine, state, nbytes);
    da__pool_put(t->r->engine->pool, other);
    return status;
}
