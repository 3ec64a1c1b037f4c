/* Boxes of a dense array in a file: cuts a box into runs of bytes, reads near runs together, and
 * puts them in C order. */
#include "format.h"

#include <string.h>

#define STAGE_BYTES (1 << 20) /* what is read together at most */
#define RUN_BYTES (1 << 18)   /* a run as long as this is read on its own */
#define PAGE_BYTES 4096
#define MAX_LEVELS (DA_MAX_NDIM + 1)

/* A box as nested loops in the order of the file: level 0 is the slowest, the last one steps by one
 * element. */
struct level {
    int64_t count;
    int64_t file, memory; /* stride_bytes */
};
struct plan {
    int n;
    struct level level[MAX_LEVELS];
    int64_t offset; /* of the box's first element in the file */
};

/* Adds a faster level, joined with the one before where both together are one even stride on both
 * sides. */
static void push_level(struct plan *p, struct level l)
{
    struct level *last = p->n > 0 ? &p->level[p->n - 1] : NULL;
    if (last != NULL && last->file == l.count * l.file && last->memory == l.count * l.memory) {
        *last = (struct level){last->count * l.count, l.file, l.memory};
        return;
    }
    p->level[p->n++] = l;
}

static void make_plan(const struct da__dense *d, const int64_t *start, const int64_t *count,
                      struct plan *p)
{
    int64_t file[DA_MAX_NDIM], memory[DA_MAX_NDIM], stride = d->itemsize;
    for (int i = 0; i < d->ndim; i++) {
        int axis = d->fortran ? i : d->ndim - 1 - i;
        file[axis] = stride;
        stride *= d->shape[axis];
    }
    da__strides_c(d->ndim, count, d->itemsize, memory);
    *p = (struct plan){.offset = d->offset};
    for (int i = 0; i < d->ndim; i++) {
        int axis = d->fortran ? d->ndim - 1 - i : i;
        p->offset += start[axis] * file[axis];
        if (count[axis] > 1)
            push_level(p, (struct level){count[axis], file[axis], memory[axis]});
    }
    if (p->n == 0 || p->level[p->n - 1].file != d->itemsize)
        p->level[p->n++] = (struct level){1, d->itemsize, d->itemsize};
}

/* Moves to the next index of levels [0, n); false after the last one. */
static bool next_index(const struct plan *p, int n, int64_t *index, int64_t *file, int64_t *memory)
{
    for (int l = n - 1; l >= 0; l--) {
        const struct level *v = &p->level[l];
        *file += v->file;
        *memory += v->memory;
        if (++index[l] < v->count)
            return true;
        *file -= v->count * v->file;
        *memory -= v->count * v->memory;
        index[l] = 0;
    }
    return false;
}

/* Bytes of the file from the first to the last element of levels [from, n). */
static int64_t span(const struct plan *p, int from, int64_t itemsize)
{
    int64_t nbytes = itemsize;
    for (int l = from; l < p->n; l++)
        nbytes += (p->level[l].count - 1) * p->level[l].file;
    return nbytes;
}

da_status da__box_write(const struct da__dense *d, const int64_t *start, const int64_t *count,
                        const void *data, struct da__error *err)
{
    struct plan p;
    int64_t index[MAX_LEVELS] = {0}, memory = 0;
    make_plan(d, start, count, &p);
    int64_t file = p.offset, nbytes = span(&p, p.n - 1, d->itemsize);
    do
        DA_TRY(da__pwrite_all(d->fd, d->path, (const uint8_t *)data + memory, nbytes, file, err));
    while (next_index(&p, p.n - 1, index, &file, &memory));
    return DA_OK;
}

/* How a box is read: levels before `split` one by one, the rest `rows` indices of `split` at a time
 * with one pread. */
struct reading {
    const struct da__dense *d;
    struct plan plan;
    int split;
    int64_t rows;
    int64_t inner; /* bytes of the file that one index of `split` spans */
    bool direct;   /* straight into the caller's memory */
    uint8_t *stage;
    uint8_t *out;
};

/* Takes in slower levels as long as what lies between their indices costs less than another call.
 */
static void choose_split(struct reading *r)
{
    const struct plan *p = &r->plan;
    int64_t itemsize = r->d->itemsize;
    const struct level *last = &p->level[p->n - 1];
    r->split = p->n - 1;
    r->inner = itemsize;
    r->direct = last->memory == itemsize;
    while (r->split > 0) {
        int64_t all = span(p, r->split, itemsize), step = p->level[r->split - 1].file;
        if (all > STAGE_BYTES || (r->direct && all >= RUN_BYTES) ||
            step > (4 * all > PAGE_BYTES ? 4 * all : PAGE_BYTES))
            break;
        r->split--;
        r->inner = all;
        r->direct = false;
    }
    const struct level *s = &p->level[r->split];
    int64_t fit = r->inner < STAGE_BYTES ? (STAGE_BYTES - r->inner) / s->file + 1 : 1;
    r->rows = r->direct || fit > s->count ? s->count : fit;
}

/* n elements, each a fixed number of bytes so that the compiler makes loads and stores of the
 * copies. */
static void copy_run(uint8_t *to, int64_t to_step, const uint8_t *from, int64_t from_step,
                     int64_t n, int64_t itemsize)
{
#define COPY(size)                                                                                 \
    case size:                                                                                     \
        for (int64_t i = 0; i < n; i++)                                                            \
            memcpy(to + i * to_step, from + i * from_step, size);                                  \
        break;
    if (to_step == itemsize && from_step == itemsize) {
        memcpy(to, from, (size_t)(n * itemsize));
        return;
    }
    switch (itemsize) {
        COPY(1)
        COPY(2)
        COPY(4)
        COPY(8)
        COPY(16)
    }
#undef COPY
}

/* Spreads the staged rows; the innermost loop is the level with the smallest step in memory. */
static void scatter(const struct reading *r, int64_t rows, int64_t memory)
{
    struct plan p = {.n = 0};
    int64_t index[MAX_LEVELS] = {0}, file = 0;
    for (int l = r->split; l < r->plan.n; l++)
        p.level[p.n++] = r->plan.level[l];
    p.level[0].count = rows;
    int fastest = p.n - 1;
    for (int l = 0; l < p.n; l++) {
        if (p.level[l].count > 1 && p.level[l].memory < p.level[fastest].memory)
            fastest = l;
    }
    struct level run = p.level[fastest];
    p.level[fastest] = p.level[p.n - 1];
    do
        copy_run(r->out + memory, run.memory, r->stage + file, run.file, run.count, r->d->itemsize);
    while (next_index(&p, p.n - 1, index, &file, &memory));
}

static da_status read_rows(const struct reading *r, int64_t file, int64_t memory,
                           struct da__error *err)
{
    const struct level *s = &r->plan.level[r->split];
    for (int64_t row = 0; row < s->count; row += r->rows) {
        int64_t rows = s->count - row < r->rows ? s->count - row : r->rows;
        int64_t nbytes = (rows - 1) * s->file + r->inner;
        int64_t to = memory + row * s->memory;
        DA_TRY(da__pread_all(r->d->fd, r->d->path, r->direct ? r->out + to : r->stage, nbytes,
                             file + row * s->file, err));
        if (!r->direct)
            scatter(r, rows, to);
    }
    return DA_OK;
}

da_status da__box_read(const struct da__dense *d, const int64_t *start, const int64_t *count,
                       void *out, struct da__error *err)
{
    struct reading r = {.d = d, .out = out};
    int64_t index[MAX_LEVELS] = {0}, memory = 0;
    da_status status;
    make_plan(d, start, count, &r.plan);
    choose_split(&r);
    if (!r.direct) {
        int64_t nbytes = (r.rows - 1) * r.plan.level[r.split].file + r.inner;
        r.stage = da__alloc((size_t)nbytes);
        if (r.stage == NULL)
            return da__fail(err, DA_ERR_MEMORY, "%s: no memory to read %lld bytes", d->path,
                            (long long)nbytes);
    }
    int64_t file = r.plan.offset;
    do
        status = read_rows(&r, file, memory, err);
    while (status == DA_OK && next_index(&r.plan, r.split, index, &file, &memory));
    da__free(r.stage);
    return status;
}

void da__swap_bytes(void *data, int64_t nelem, da_dtype dtype)
{
    bool pair = da__dtype(dtype)->kind == 'c';
    size_t nbytes = da__dtype_nbytes(dtype) / (pair ? 2 : 1);
    int64_t n = pair ? 2 * nelem : nelem;
    uint8_t *at = data;
#define SWAP(bits)                                                                                 \
    case bits / 8:                                                                                 \
        for (int64_t i = 0; i < n; i++, at += bits / 8) {                                          \
            uint##bits##_t word;                                                                   \
            memcpy(&word, at, sizeof word);                                                        \
            word = __builtin_bswap##bits(word);                                                    \
            memcpy(at, &word, sizeof word);                                                        \
        }                                                                                          \
        break;
    switch (nbytes) {
        SWAP(16)
        SWAP(32)
        SWAP(64)
    }
#undef SWAP
}

void da__normalise_bool(void *data, int64_t nelem)
{
    uint8_t *at = data;
    for (int64_t i = 0; i < nelem; i++)
        at[i] = at[i] != 0;
}
