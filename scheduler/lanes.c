/* Queues by (engine, tag): a hash table whose buckets are lists in order of arrival. */
#include "lanes.h"

#define FIRST_BUCKETS 16

static struct da__lane_bucket *bucket_of(const struct da__lanes *l, int peer, int tag)
{
    uint64_t key = (uint64_t)(uint32_t)peer << 32 | (uint32_t)tag;
    return &l->bucket[(key * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (l->nbuckets - 1)];
}

static void append(struct da__lane_bucket *b, struct da__lane_item *item)
{
    item->next = NULL;
    if (b->last)
        b->last->next = item;
    else
        b->first = item;
    b->last = item;
}

da_status da__lanes_open(struct da__lanes *l)
{
    *l = (struct da__lanes){.nbuckets = FIRST_BUCKETS};
    l->bucket = da__calloc(l->nbuckets, sizeof *l->bucket);
    return l->bucket ? DA_OK : DA_ERR_MEMORY;
}

void da__lanes_close(struct da__lanes *l)
{
    da__free(l->bucket);
    *l = (struct da__lanes){0};
}

struct da__lane_item *da__lanes_first(const struct da__lanes *l, int peer, int tag)
{
    struct da__lane_item *item = bucket_of(l, peer, tag)->first;
    while (item && (item->peer != peer || item->tag != tag))
        item = item->next;
    return item;
}

/* Doubles the table. Buckets are emptied front to back, so lanes keep their order; without memory
 * the table just stays dense. */
static void widen(struct da__lanes *l)
{
    struct da__lanes wide = {.nbuckets = 2 * l->nbuckets, .nitems = l->nitems};
    wide.bucket = da__calloc(wide.nbuckets, sizeof *wide.bucket);
    if (!wide.bucket)
        return;
    for (size_t i = 0; i < l->nbuckets; i++) {
        struct da__lane_item *next;
        for (struct da__lane_item *item = l->bucket[i].first; item; item = next) {
            next = item->next;
            append(bucket_of(&wide, item->peer, item->tag), item);
        }
    }
    da__free(l->bucket);
    *l = wide;
}

void da__lanes_push(struct da__lanes *l, struct da__lane_item *item)
{
    if (l->nitems >= 2 * l->nbuckets)
        widen(l);
    append(bucket_of(l, item->peer, item->tag), item);
    l->nitems++;
}

/* Unlinks the item after `before` (NULL: the first one). */
static void unlink_after(struct da__lanes *l, struct da__lane_bucket *b,
                         struct da__lane_item *before)
{
    struct da__lane_item *item = before ? before->next : b->first;
    if (before)
        before->next = item->next;
    else
        b->first = item->next;
    if (b->last == item)
        b->last = before;
    item->next = NULL;
    l->nitems--;
}

void da__lanes_remove(struct da__lanes *l, struct da__lane_item *item)
{
    struct da__lane_bucket *b = bucket_of(l, item->peer, item->tag);
    struct da__lane_item *before = NULL;
    for (struct da__lane_item *i = b->first; i != item; i = i->next)
        before = i;
    unlink_after(l, b, before);
}

struct da__lane_item *da__lanes_take(struct da__lanes *l,
                                     bool (*want)(const struct da__lane_item *item, void *self),
                                     void *self)
{
    struct da__lane_bucket taken = {0};
    for (size_t i = 0; i < l->nbuckets; i++) {
        struct da__lane_item *before = NULL;
        struct da__lane_item *item = l->bucket[i].first;
        while (item) {
            struct da__lane_item *next = item->next;
            if (want(item, self)) {
                unlink_after(l, &l->bucket[i], before);
                append(&taken, item);
            } else {
                before = item;
            }
            item = next;
        }
    }
    return taken.first;
}
