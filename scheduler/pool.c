/* The memory pool of one engine: size classes with free lists, a least-recently-used cache, and
 * accounts.
 *
 * Every block has a header of one cache line in front. Classes are the multiples of 64 up to 512
 * bytes, then eight to the octave, so a block is at most an eighth larger than asked for. Blocks
 * above HUGE_BYTES are mappings of their own, asked to be made of huge pages; each goes with a
 * small record from da__alloc, so that allocation tests see them too. Their headers lie at
 * different lines of the first page: arrays that are read together would otherwise share their low
 * address bits and compete for the same cache sets (measured: 7 to 10 % of the time of a
 * seven-array expression over cached tiles).
 *
 * live + cached never exceeds the budget. Without one, no fresh block is had while that would take
 * it over twice the mark: the largest peak of live of late, which sinks by a share with every run.
 * So a small run between large ones does not cost the large ones their memory, and what is not
 * needed any more goes. What returned longest ago is given to the system first. */
#include "pool.h"

#include <string.h>
#include <sys/mman.h>

#define LINE 64
#define HUGE_BYTES ((int64_t)1 << 20)
#define HUGE_PAGE ((size_t)2 << 20)
#define PAGE ((int64_t)4096)
#define LARGEST_PAGE ((size_t)65536)
#define LARGEST ((int64_t)1 << 60)
#define MARK_SHARE 32                    /* of the mark, that a run takes off it */
#define NSMALL 8                         /* classes 64, 128, … 512 */
#define NCLASSES (NSMALL + 8 * (60 - 9)) /* and eight for each octave up to LARGEST */

/* Under AddressSanitizer what lies in the cache, and what lies between a request and its class, is
 * out of bounds. */
#if defined(__has_feature)
#define HAS_ASAN __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#else
#define HAS_ASAN 0
#endif
#if HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, nbytes) ((void)(at), (void)(nbytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, nbytes) ((void)(at), (void)(nbytes))
#endif

struct block {
    struct block *older, *newer; /* in the list of live or of cached blocks */
    struct block *below, *above; /* in the free stack of its class */
    void *record;                /* huge blocks only */
    int cls;
};
_Static_assert(sizeof(struct block) <= LINE, "the header is one cache line");

struct list {
    struct block *oldest, *newest;
};

struct da__pool {
    int64_t budget;
    int64_t live, peak, cached; /* footprints */
    int64_t mark;               /* the largest peak of earlier runs, sinking */
    struct list out, back;
    unsigned nmapped;
    struct block *free_stack[NCLASSES];
};

/* ---- size classes ------------------------------------------------------------------------------
 */

static int class_of(int64_t nbytes)
{
    if (nbytes <= 512)
        return nbytes <= 0 ? 0 : (int)((nbytes - 1) / 64);
    int octave = 63 - __builtin_clzll(
                          (unsigned long long)(nbytes - 1)); /* 2^octave < nbytes <= 2^(octave+1) */
    int eighth = (int)((nbytes - 1) >> (octave - 3)) - 8;
    return NSMALL + 8 * (octave - 9) + eighth;
}

static int64_t class_nbytes(int cls)
{
    if (cls < NSMALL)
        return 64 * (int64_t)(cls + 1);
    int octave = 9 + (cls - NSMALL) / 8;
    return (int64_t)(9 + (cls - NSMALL) % 8) << (octave - 3);
}

/* What a block of a class takes from the system, header included. */
static int64_t class_footprint(int cls)
{
    int64_t nbytes = class_nbytes(cls) + LINE;
    return class_nbytes(cls) > HUGE_BYTES ? (nbytes + PAGE - 1) / PAGE * PAGE : nbytes;
}

int64_t da__pool_footprint(int64_t nbytes)
{
    return nbytes > LARGEST ? INT64_MAX : class_footprint(class_of(nbytes));
}

static void *data_of(struct block *b)
{
    return (unsigned char *)b + LINE;
}

/* ---- blocks and the system ---------------------------------------------------------------------
 */

/* Mappings begin and end at multiples of the largest page size in use; what lies past the footprint
 * is never touched. */
static size_t mapped_nbytes(size_t nbytes)
{
    return (nbytes + LARGEST_PAGE - 1) / LARGEST_PAGE * LARGEST_PAGE;
}

/* A mapping that starts at a huge page, so that huge pages fit it. */
static void *map_aligned(size_t nbytes)
{
    nbytes = mapped_nbytes(nbytes);
    size_t span = nbytes + HUGE_PAGE;
    unsigned char *at =
        mmap(NULL, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    size_t front = (HUGE_PAGE - (uintptr_t)at % HUGE_PAGE) % HUGE_PAGE;
    if (front)
        munmap(at, front);
    if (span - front > nbytes)
        munmap(at + front + nbytes, span - front - nbytes);
    madvise(at + front, nbytes, MADV_HUGEPAGE); /* advice: a refusal costs speed only */
    return at + front;
}

/* `serial` chooses the line of the header; neighbours are seven lines apart. The page has room for
 * it and the class after. */
static struct block *new_huge_block(size_t nbytes, unsigned serial)
{
    void *record = da__alloc(1);
    unsigned char *at = record ? map_aligned(nbytes) : NULL;
    if (!at) {
        da__free(record);
        return NULL;
    }
    struct block *b = (struct block *)(void *)(at + serial * 7 % (PAGE / LINE) * LINE);
    b->record = record;
    return b;
}

static struct block *new_block(struct da__pool *p, int cls)
{
    size_t nbytes = (size_t)class_footprint(cls);
    bool huge = class_nbytes(cls) > HUGE_BYTES;
    struct block *b = huge ? new_huge_block(nbytes, p->nmapped++) : da__alloc_aligned(nbytes, LINE);
    if (!b)
        return NULL;
    if (!huge)
        b->record = NULL;
    b->cls = cls;
    return b;
}

static void give_back(struct block *b)
{
    size_t nbytes = (size_t)class_footprint(b->cls);
    ASAN_UNPOISON_MEMORY_REGION(data_of(b), (size_t)class_nbytes(b->cls));
    if (b->record) {
        da__free(b->record);
        munmap((unsigned char *)b - (uintptr_t)b % PAGE, mapped_nbytes(nbytes));
    } else {
        da__free(b);
    }
}

/* ---- lists -------------------------------------------------------------------------------------
 */

static void list_add(struct list *l, struct block *b)
{
    b->older = l->newest;
    b->newer = NULL;
    if (l->newest)
        l->newest->newer = b;
    else
        l->oldest = b;
    l->newest = b;
}

static void list_remove(struct list *l, struct block *b)
{
    if (b->older)
        b->older->newer = b->newer;
    else
        l->oldest = b->newer;
    if (b->newer)
        b->newer->older = b->older;
    else
        l->newest = b->older;
}

static void cache(struct da__pool *p, struct block *b)
{
    struct block **top = &p->free_stack[b->cls];
    b->above = NULL;
    b->below = *top;
    if (*top)
        (*top)->above = b;
    *top = b;
    list_add(&p->back, b);
    p->cached += class_footprint(b->cls);
}

static void uncache(struct da__pool *p, struct block *b)
{
    if (b->above)
        b->above->below = b->below;
    else
        p->free_stack[b->cls] = b->below;
    if (b->below)
        b->below->above = b->above;
    list_remove(&p->back, b);
    p->cached -= class_footprint(b->cls);
}

/* Gives cached blocks back, longest unused first, until at most `most` bytes are cached. */
static void shrink_cache(struct da__pool *p, int64_t most)
{
    while (p->cached > most && p->back.oldest) {
        struct block *b = p->back.oldest;
        uncache(p, b);
        give_back(b);
    }
}

/* ---- the pool ----------------------------------------------------------------------------------
 */

da_status da__pool_open(int64_t budget_bytes, struct da__pool **out)
{
    *out = NULL;
    if (budget_bytes < 0)
        return DA_ERR_ARGUMENT;
    struct da__pool *p = da__calloc(1, sizeof *p);
    if (!p)
        return DA_ERR_MEMORY;
    p->budget = budget_bytes;
    *out = p;
    return DA_OK;
}

static void give_back_all(struct list *l)
{
    struct block *newer;
    for (struct block *b = l->oldest; b; b = newer) {
        newer = b->newer;
        give_back(b);
    }
    *l = (struct list){0};
}

void da__pool_close(struct da__pool *p)
{
    if (!p)
        return;
    give_back_all(&p->out);
    give_back_all(&p->back);
    da__free(p);
}

/* What may be live and cached together. */
static int64_t most_kept(const struct da__pool *p, int64_t live)
{
    int64_t most = live > p->peak ? live : p->peak;
    most = most > p->mark ? most : p->mark;
    return p->budget ? p->budget : 2 * most;
}

/* A fresh block, after making room for it. Where the system has no memory, the cache goes and it is
 * asked once more. */
static struct block *get_fresh(struct da__pool *p, int cls, int64_t live)
{
    shrink_cache(p, most_kept(p, live) - live);
    struct block *b = new_block(p, cls);
    if (!b && p->cached) {
        shrink_cache(p, 0);
        b = new_block(p, cls);
    }
    return b;
}

void *da__pool_get(struct da__pool *p, int64_t nbytes)
{
    if (nbytes < 0 || nbytes > LARGEST)
        return NULL;
    int cls = class_of(nbytes);
    int64_t live = p->live + class_footprint(cls);
    if (p->budget && live > p->budget)
        return NULL;
    struct block *b = p->free_stack[cls];
    if (b)
        uncache(p, b);
    else
        b = get_fresh(p, cls, live);
    if (!b)
        return NULL;
    list_add(&p->out, b);
    p->live = live;
    p->peak = live > p->peak ? live : p->peak;
    ASAN_POISON_MEMORY_REGION(data_of(b), (size_t)class_nbytes(cls));
    ASAN_UNPOISON_MEMORY_REGION(data_of(b), (size_t)nbytes);
    return data_of(b);
}

void da__pool_put(struct da__pool *p, void *block)
{
    if (!block)
        return;
    struct block *b = (struct block *)(void *)((unsigned char *)block - LINE);
    list_remove(&p->out, b);
    p->live -= class_footprint(b->cls);
    cache(p, b);
    ASAN_POISON_MEMORY_REGION(block, (size_t)class_nbytes(b->cls));
}

int64_t da__pool_live(const struct da__pool *p)
{
    return p->live;
}

int64_t da__pool_peak(const struct da__pool *p)
{
    return p->peak;
}

void da__pool_reset_peak(struct da__pool *p)
{
    int64_t sunk = p->mark - (p->mark + MARK_SHARE - 1) / MARK_SHARE;
    p->mark = p->peak > sunk ? p->peak : sunk;
    p->peak = p->live;
    shrink_cache(p, most_kept(p, p->live) - p->live);
}

void da__pool_trim(struct da__pool *p)
{
    shrink_cache(p, 0);
}
