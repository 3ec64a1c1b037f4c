/* What both transports share: argument checks, counters and waiting for many requests. */
#include "transport.h"

#include "backoff.h"

da_status da__transport_begin(struct da__endpoint *e, const char *what, int peer, int tag,
                              int64_t nbytes, struct da__request *r)
{
    *r = (struct da__request){.done = true};
    if (peer < 0 || peer >= e->size)
        return da__fail(&e->error, DA_ERR_ARGUMENT, "%s: engine %d is not one of %d", what, peer,
                        e->size);
    if (tag < 0 || tag > e->max_tag)
        return da__fail(&e->error, DA_ERR_ARGUMENT, "%s: tag %d is not in 0 … %d", what, tag,
                        e->max_tag);
    if (nbytes < 0)
        return da__fail(&e->error, DA_ERR_ARGUMENT, "%s: %lld bytes", what, (long long)nbytes);
    return DA_OK;
}

void da__count_sent(struct da__endpoint *e, int64_t nbytes)
{
    e->sent_messages++;
    e->sent_bytes += nbytes;
}

void da__count_received(struct da__endpoint *e, int64_t nbytes)
{
    e->received_messages++;
    e->received_bytes += nbytes;
}

/* Tests the requests from *first on that are not done; moves *first past the done ones in front.
 * Returns whether one got done. */
static bool test_round(struct da__endpoint *e, int *first, int n, struct da__request *r,
                       da_status *status)
{
    bool moved = false;
    for (int i = *first; i < n; i++) {
        if (!r[i].done) {
            da_status s = e->ops->test(e, &r[i]);
            if (*status == DA_OK)
                *status = s;
            moved |= r[i].done;
        }
        if (r[i].done && i == *first)
            ++*first;
    }
    return moved;
}

da_status da__wait_all(struct da__endpoint *e, int n, struct da__request *r)
{
    da_status status = DA_OK;
    int first = 0;
    int64_t idle_since = da__now_ns();
    while (first < n) {
        bool moved = test_round(e, &first, n, r, &status);
        if (first == n)
            break;
        int64_t now = da__now_ns();
        if (moved)
            idle_since = now;
        else
            e->ops->wait_a_while(e, now - idle_since);
    }
    return status;
}
