/* Sending and receiving single messages of a run so that the pattern holds whatever fails. */
#include "message.h"

#include <string.h>

#include "backoff.h"

int da__message_tag(int step)
{
    return DA__TAG_DATA + step % 1024;
}

char *da__message_room(struct da__execution *r, int64_t nbytes)
{
    char *block = da__pool_get(r->engine->pool, DA__MESSAGE_HEADER + nbytes);
    if (block == NULL) {
        da__run_fail(r, DA_ERR_MEMORY, "no memory for a message of %lld bytes", (long long)nbytes);
        return NULL;
    }
    memset(block, 0, DA__MESSAGE_HEADER);
    return block + DA__MESSAGE_HEADER;
}

void da__message_put(struct da__execution *r, char *data)
{
    if (data != NULL)
        da__pool_put(r->engine->pool, data - DA__MESSAGE_HEADER);
}

void da__message_send(struct da__execution *r, int to, int tag, char *data, int64_t nbytes)
{
    if (data == NULL || da__run_failed(r)) {
        da__message_put(r, data);
        da__run_send(r, to, tag, r->void_header, DA__MESSAGE_HEADER, NULL);
        return;
    }
    char *block = data - DA__MESSAGE_HEADER;
    da__run_send(r, to, tag, block, DA__MESSAGE_HEADER + nbytes, block);
}

void da__message_expect(struct da__execution *r, int from, int tag, int64_t capacity,
                        struct da__incoming *in)
{
    *in = (struct da__incoming){.from = from, .capacity = capacity};
    if (!da__run_failed(r))
        in->data = da__message_room(r, capacity);
    struct da__endpoint *e = r->engine->endpoint;
    da_status status =
        e->ops->irecv(e, from, tag, in->data != NULL ? in->data - DA__MESSAGE_HEADER : NULL,
                      DA__MESSAGE_HEADER + capacity, &in->request);
    if (status != DA_OK)
        da__run_fail(r, status, "receiving from engine %d failed", from);
}

static void await(struct da__execution *r, struct da__incoming *in)
{
    struct da__endpoint *e = r->engine->endpoint;
    int64_t since = da__now_ns();
    while (!in->request.done) {
        da_status status = e->ops->test(e, &in->request);
        if (status != DA_OK) {
            da__run_fail(r, status, "receiving from engine %d failed", in->from);
            in->request.done = true;
        }
        da__run_poll(r);
        if (!in->request.done)
            e->ops->wait_a_while(e, da__now_ns() - since);
    }
}

char *da__message_take(struct da__execution *r, struct da__incoming *in, int64_t *nbytes)
{
    await(r, in);
    char *data = in->data;
    in->data = NULL;
    if (data == NULL) {
        da__run_fail(r, DA_ERR_TRANSPORT, "a message from engine %d is lost", in->from);
        return NULL;
    }
    int64_t sent = DA_OK, length = in->request.nbytes - DA__MESSAGE_HEADER;
    if (length >= 0)
        memcpy(&sent, data - DA__MESSAGE_HEADER, sizeof sent);
    if (length < 0 || sent != DA_OK || (nbytes == NULL && length != in->capacity))
        da__run_fail(r, DA_ERR_TRANSPORT, "engine %d could not send its part", in->from);
    if (da__run_failed(r)) {
        da__message_put(r, data);
        return NULL;
    }
    if (nbytes != NULL)
        *nbytes = length;
    return data;
}
