/* Memory that is freed in one piece: what reading a text needs until the text is done. */
#include "text.h"

#include <string.h>

enum { BLOCK_NBYTES = 16384, ALIGN = 16 };

/* Blocks form a list; the header keeps the alignment. */
union header {
    void *next;
    max_align_t align;
};

static bool add_block(struct da__arena *a, size_t nbytes)
{
    size_t size = nbytes > BLOCK_NBYTES ? nbytes : BLOCK_NBYTES;
    union header *h = size <= SIZE_MAX - sizeof *h ? da__alloc(sizeof *h + size) : NULL;
    if (h == NULL)
        return false;
    h->next = a->first;
    a->first = h;
    a->at = (char *)(h + 1);
    a->left = size;
    return true;
}

void *da__arena_alloc(struct da__arena *a, size_t nbytes)
{
    if (nbytes > SIZE_MAX - ALIGN)
        return NULL;
    nbytes = nbytes == 0 ? ALIGN : (nbytes + ALIGN - 1) / ALIGN * ALIGN;
    if (nbytes > a->left && !add_block(a, nbytes))
        return NULL;
    void *block = a->at;
    a->at += nbytes;
    a->left -= nbytes;
    return memset(block, 0, nbytes);
}

char *da__arena_copy(struct da__arena *a, const char *text, size_t length)
{
    char *copy = da__arena_alloc(a, length + 1);
    if (copy != NULL)
        memcpy(copy, text, length);
    return copy;
}

void da__arena_free(struct da__arena *a)
{
    union header *h = a->first;
    while (h != NULL) {
        union header *next = h->next;
        da__free(h);
        h = next;
    }
    *a = (struct da__arena){0};
}
