/* The tree between master and engines: commands down, reports up, agreement both ways. Binomial, so that every engine has at
 * most log2(engines) neighbours and the master's work does not grow with their number. */
#include "engine.h"

#include <string.h>

enum { FIRST_MESSAGE = DA__COMMAND_ROOM + 8 }; /* a command up to this length is one message */

int da__tree_parent(int rank)
{
    return rank == 0 ? -1 : rank & (rank - 1);
}

/* Children are rank + 1, rank + 2, rank + 4, … as far as rank's lowest set bit and the size allow: ascending, and each child's
 * subtree is the range of ranks up to the next child. */
int da__tree_child(int rank, int size, int k)
{
    if (k >= 31 || (rank != 0 && (1 << k) >= (rank & -rank)))
        return -1;
    int64_t child = (int64_t)rank + ((int64_t)1 << k);
    return child < size ? (int)child : -1;
}

static da_status send_wait(struct da__engine *e, int to, int tag, const void *data, int64_t nbytes)
{
    struct da__request request;
    e->control_messages++;
    DA_TRY(e->endpoint->ops->isend(e->endpoint, to, tag, data, nbytes, &request));
    return da__wait_all(e->endpoint, 1, &request);
}

static da_status receive_wait(struct da__engine *e, int from, int tag, void *data, int64_t capacity,
                              int64_t *nbytes)
{
    struct da__request request;
    DA_TRY(e->endpoint->ops->irecv(e->endpoint, from, tag, data, capacity, &request));
    DA_TRY(da__wait_all(e->endpoint, 1, &request));
    if (nbytes != NULL)
        *nbytes = request.nbytes;
    return DA_OK;
}

/* The first message begins with the command's length; what does not fit follows in a second one. */
da_status da__command_send(struct da__engine *e, const void *data, int64_t nbytes)
{
    if (e->size == 1)
        return DA_OK;
    char first[FIRST_MESSAGE];
    int64_t head = nbytes < FIRST_MESSAGE - 8 ? nbytes : FIRST_MESSAGE - 8;
    memcpy(first, &nbytes, 8);
    memcpy(first + 8, data, (size_t)head);
    int nchildren = 0;
    while (da__tree_child(e->rank, e->size, nchildren) >= 0)
        nchildren++;
    for (int k = nchildren - 1; k >= 0; k--) { /* the largest subtree first */
        int child = da__tree_child(e->rank, e->size, k);
        DA_TRY(send_wait(e, child, DA__TAG_DOWN, first, head + 8));
        if (nbytes > head)
            DA_TRY(
                send_wait(e, child, DA__TAG_DOWN_MORE, (const char *)data + head, nbytes - head));
    }
    return DA_OK;
}

bool da__command_reserve(struct da__engine *e, int64_t nbytes)
{
    return da__grow((void **)&e->command.data, &e->command.cap, nbytes, 1);
}

da_status da__command_receive(struct da__engine *e)
{
    struct da__bytes *out = &e->command;
    char first[FIRST_MESSAGE];
    int64_t got, nbytes;
    DA_TRY(receive_wait(e, da__tree_parent(e->rank), DA__TAG_DOWN, first, FIRST_MESSAGE, &got));
    if (got < 8)
        return DA_ERR_TRANSPORT;
    memcpy(&nbytes, first, 8);
    if (nbytes < got - 8 || nbytes > out->cap)
        return DA_ERR_TRANSPORT;
    out->nbytes = nbytes;
    out->at = 0;
    out->failed = false;
    memcpy(out->data, first + 8, (size_t)(got - 8));
    if (nbytes > got - 8)
        DA_TRY(receive_wait(e, da__tree_parent(e->rank), DA__TAG_DOWN_MORE, out->data + got - 8,
                            nbytes - (got - 8), NULL));
    return da__command_send(e, out->data, out->nbytes);
}

/* The better account of what went wrong: a cause before its consequences, then the lower engine. */
static void join_failure(struct da__error *into, const struct da__error *from)
{
    if (from->status == DA_OK)
        return;
    bool consequence = into->status == DA_ERR_TRANSPORT && from->status != DA_ERR_TRANSPORT;
    bool cause = into->status != DA_ERR_TRANSPORT && from->status == DA_ERR_TRANSPORT;
    if (into->status == DA_OK || consequence || (!cause && from->engine < into->engine))
        *into = *from;
}

da_status da__report_up(struct da__engine *e, struct da__report *report)
{
    for (int k = 0, child; (child = da__tree_child(e->rank, e->size, k)) >= 0; k++) {
        struct da__report theirs;
        DA_TRY(receive_wait(e, child, DA__TAG_UP, &theirs, sizeof theirs, NULL));
        join_failure(&report->failure, &theirs.failure);
        report->messages += theirs.messages;
        report->message_bytes += theirs.message_bytes;
        report->control_messages += theirs.control_messages;
        if (theirs.largest_bytes > report->largest_bytes)
            report->largest_bytes = theirs.largest_bytes;
        if (theirs.peak_bytes > report->peak_bytes)
            report->peak_bytes = theirs.peak_bytes;
        if (theirs.sort_share > report->sort_share)
            report->sort_share = theirs.sort_share;
    }
    if (e->rank > 0)
        DA_TRY(send_wait(e, da__tree_parent(e->rank), DA__TAG_UP, report, sizeof *report));
    return DA_OK;
}

da_status da__engine_agree(struct da__engine *e, da_status mine, struct da__error *err)
{
    struct da__error all = {.engine = -1}, theirs;
    if (mine != DA_OK) {
        if (err != NULL && err->status != DA_OK)
            all = *err;
        all.status = mine;
        if (all.engine < 0)
            all.engine = e->rank;
    }
    for (int k = 0, child; (child = da__tree_child(e->rank, e->size, k)) >= 0; k++) {
        DA_TRY(receive_wait(e, child, DA__TAG_AGREE_UP, &theirs, sizeof theirs, NULL));
        join_failure(&all, &theirs);
    }
    if (e->rank > 0) {
        DA_TRY(send_wait(e, da__tree_parent(e->rank), DA__TAG_AGREE_UP, &all, sizeof all));
        DA_TRY(
            receive_wait(e, da__tree_parent(e->rank), DA__TAG_AGREE_DOWN, &all, sizeof all, NULL));
    }
    for (int k = 0, child; (child = da__tree_child(e->rank, e->size, k)) >= 0; k++)
        DA_TRY(send_wait(e, child, DA__TAG_AGREE_DOWN, &all, sizeof all));
    if (all.status != DA_OK && err != NULL)
        *err = all;
    return all.status;
}
