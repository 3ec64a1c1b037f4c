/* Counted and fault-injectable allocation, and the growing of arrays. */
#include "da_core.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Process-wide on purpose: tests count the blocks of the whole library and make the n-th allocation
 * fail. */
static _Atomic int64_t live_blocks;
static _Atomic int64_t fail_countdown; /* 0: off; n: the n-th allocation from now fails */
static _Atomic bool fail_forever;      /* the countdown stays at 1 once it got there */

int64_t da__alloc_live(void)
{
    return atomic_load_explicit(&live_blocks, memory_order_relaxed);
}

void da__alloc_fail_at(int64_t n, bool forever)
{
    atomic_store(&fail_forever, forever);
    atomic_store(&fail_countdown, n);
}

static bool must_fail(void)
{
    int64_t n = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
    while (n > 0) {
        int64_t next = n > 1 ? n - 1 : (atomic_load(&fail_forever) ? 1 : 0);
        if (atomic_compare_exchange_weak(&fail_countdown, &n, next))
            return n == 1;
    }
    return false;
}

static void *counted(void *block)
{
    if (block != NULL)
        atomic_fetch_add_explicit(&live_blocks, 1, memory_order_relaxed);
    return block;
}

void *da__alloc(size_t nbytes)
{
    if (must_fail())
        return NULL;
    return counted(malloc(nbytes != 0 ? nbytes : 1));
}

void *da__calloc(size_t count, size_t nbytes)
{
    size_t total;
    if (!da__mul_size(count, nbytes, &total) || must_fail())
        return NULL;
    return counted(calloc(1, total != 0 ? total : 1));
}

void *da__realloc(void *block, size_t nbytes)
{
    if (block == NULL)
        return da__alloc(nbytes);
    if (must_fail())
        return NULL;
    return realloc(block, nbytes != 0 ? nbytes : 1);
}

void *da__alloc_aligned(size_t nbytes, size_t alignment)
{
    void *block = NULL;
    if (must_fail())
        return NULL;
    if (alignment < sizeof(void *))
        alignment = sizeof(void *);
    if (posix_memalign(&block, alignment, nbytes != 0 ? nbytes : 1) != 0)
        return NULL;
    return counted(block);
}

void da__free(void *block)
{
    if (block == NULL)
        return;
    atomic_fetch_sub_explicit(&live_blocks, 1, memory_order_relaxed);
    free(block);
}

char *da__strdup(const char *text)
{
    size_t nbytes = strlen(text) + 1;
    char *copy = da__alloc(nbytes);
    if (copy != NULL)
        memcpy(copy, text, nbytes);
    return copy;
}

bool da__grow_more(void **items, int64_t *cap, int64_t need, size_t item_nbytes)
{
    int64_t wanted = *cap < INT64_MAX / 2 ? 2 * *cap : need;
    if (wanted < need)
        wanted = need;
    if (wanted < 8)
        wanted = 8;
    size_t nbytes;
    if (!da__mul_size((size_t)wanted, item_nbytes, &nbytes))
        return false;
    /* `items` is some typed pointer seen as void *: copied as bytes, so that no aliasing rule is
     * broken. */
    void *block;
    memcpy(&block, items, sizeof block);
    block = da__realloc(block, nbytes);
    if (block == NULL)
        return false;
    memcpy(items, &block, sizeof block);
    *cap = wanted;
    return true;
}
