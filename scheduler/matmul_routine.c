/* Products on the engines: panel by panel the result's part grows by a local product that is cut into blocks for the threads;
 * where k itself is split, partial sums are joined at the end. */
#include "matmul.h"

#include <string.h>

/* Multiplications of one block: so that messages get on meanwhile, or that threads share evenly. */
enum { TALKING_BLOCK = 1 << 26, SILENT_BLOCK = 1 << 30, SMALLEST_BLOCK = 1 << 20, SHORTEST = 128 };
enum { BLOCKS_PER_THREAD = 4 };
/* A small result of long sums: k is cut, too, by shapes alone. */
enum { SMALL_RESULT = 1 << 12, LONG_SUM = 1 << 15, MOST_CUTS = 64 };

struct work {
    struct da__panels panels;
    const struct da__gemm *p;
    struct da__blas blas;
    char *out, *partial; /* partial: results of the cuts of k, one after the other */
    struct da__piece_of piece[2];
    int64_t nk, nrows, ncolumns, cuts, most_cuts; /* of one panel */
    bool add;
};

/* Which matrices of the operands make the result's number `matrix`. */
static void find_matrices(const struct da__gemm *p, int64_t matrix, int64_t *of)
{
    of[0] = of[1] = 0;
    for (int b = p->nbatch - 1; b >= 0; b--) {
        int64_t i = matrix % p->batch[b];
        matrix /= p->batch[b];
        of[0] += i * p->step[0][b];
        of[1] += i * p->step[1][b];
    }
}

static void run_block(void *self, int64_t chunk, int thread)
{
    const struct work *w = self;
    const struct da__gemm *p = w->p;
    int64_t cut = chunk % w->cuts, column = chunk / w->cuts % w->ncolumns;
    int64_t row = chunk / w->cuts / w->ncolumns % w->nrows;
    int64_t matrix = chunk / w->cuts / w->ncolumns / w->nrows, of[2];
    int64_t i = row * p->m / w->nrows, j = column * p->n / w->ncolumns, k = cut * w->nk / w->cuts;
    const struct da__side *a = &p->side[0], *b = &p->side[1];
    const struct da__piece_of *pa = &w->piece[0], *pb = &w->piece[1];
    find_matrices(p, matrix, of);
    char *out = w->cuts > 1 ? w->partial + cut * p->nmatrices * p->m * p->n * p->item : w->out;
    struct da__matmul x = {
        .dtype = p->dtype,
        .trans_a = a->k_slow,
        .trans_b = !b->k_slow,
        .add = w->add && w->cuts == 1,
        .ordered = p->ordered,
        .m = (row + 1) * p->m / w->nrows - i,
        .n = (column + 1) * p->n / w->ncolumns - j,
        .k = (cut + 1) * w->nk / w->cuts - k,
        .lda = pa->ld,
        .ldb = pb->ld,
        .ldc = p->n,
        .a = pa->data +
             (of[0] * pa->matrix + (a->k_slow ? k * pa->ld + i : i * pa->ld + k)) * p->item,
        .b = pb->data +
             (of[1] * pb->matrix + (b->k_slow ? k * pb->ld + j : j * pb->ld + k)) * p->item,
        .c = out + ((matrix * p->m + i) * p->n + j) * p->item};
    (void)thread;
    da__matmul_run(&w->blas, &x);
}

/* Blocks of the result of about equal sides. */
static void cut_result(struct work *w, int nthreads)
{
    const struct da__gemm *p = w->p;
    double all = (double)p->nmatrices * (double)p->m * (double)p->n * (double)w->nk;
    double wanted = all / (w->panels.moving ? TALKING_BLOCK : SILENT_BLOCK);
    double fair = nthreads > 1 ? BLOCKS_PER_THREAD * nthreads : 1;
    fair = fair < all / SMALLEST_BLOCK ? fair : all / SMALLEST_BLOCK;
    wanted = (wanted > fair ? wanted : fair) / (double)p->nmatrices;
    w->nrows = w->ncolumns = 1;
    while ((double)w->nrows * (double)w->ncolumns < wanted) {
        bool rows = p->m / w->nrows >= p->n / w->ncolumns;
        if ((rows ? p->m / w->nrows : p->n / w->ncolumns) < 2 * SHORTEST)
            break;
        *(rows ? &w->nrows : &w->ncolumns) *= 2;
    }
    w->cuts = w->nk / LONG_SUM;
    w->cuts = w->cuts < 1 ? 1 : w->cuts > w->most_cuts ? w->most_cuts : w->cuts;
}

static void multiply(struct work *w, const struct da__panel *panel)
{
    const struct da__gemm *p = w->p;
    struct da__workers *workers = w->panels.r->engine->workers;
    da__panel_piece(&w->panels, panel, 0, &w->piece[0]);
    da__panel_piece(&w->panels, panel, 1, &w->piece[1]);
    w->nk = panel->n * p->side[0].inner;
    cut_result(w, da__workers_count(workers));
    da__workers_run(workers, p->nmatrices * w->nrows * w->ncolumns * w->cuts, run_block, w,
                    da__panels_poll, &w->panels);
    int64_t nelem = p->nmatrices * p->m * p->n;
    if (w->cuts > 1 && !w->add)
        memset(w->out, 0, (size_t)(nelem * p->item));
    for (int64_t k = 0; k < w->cuts && w->cuts > 1; k++)
        da__matmul_join(p->dtype, nelem, w->out, w->partial + k * nelem * p->item);
    w->add = true;
}

static void join(void *self, void *into, const void *from, bool from_earlier)
{
    const struct da__gemm *p = self;
    (void)from_earlier; /* sums of two do not care */
    da__matmul_join(p->dtype, p->nmatrices * p->m * p->n, into, from);
}

/* Room for results of parts of long sums. */
static void get_room(struct work *w, struct da__execution *r)
{
    const struct da__gemm *p = w->p;
    int64_t nelem = p->nmatrices * p->m * p->n;
    int64_t most = p->width < p->nk ? p->width : p->nk;
    double sum = (double)most * (double)p->side[0].inner;
    w->most_cuts = 1;
    if (p->ordered || nelem == 0 || nelem > SMALL_RESULT || sum < 2 * LONG_SUM)
        return;
    w->most_cuts = MOST_CUTS;
    w->partial = da__run_room(r, MOST_CUTS * nelem * p->item);
}

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    struct da__gemm *p = own;
    struct work w = {.p = p};
    const struct da__panel *panel;
    (void)operand;
    if (!p->member)
        return;
    int64_t nelem = p->nmatrices * p->m * p->n;
    char kind = da__dtype(p->dtype)->kind;
    w.out = da__run_value(r, p->out);
    get_room(&w, r);
    if ((kind == 'f' || kind == 'c') && nelem > 0 && !p->ordered)
        da__blas_open(&w.blas);
    da__panels_start(&w.panels, r, step, p);
    while ((panel = da__panels_next(&w.panels)) != NULL) {
        if (!da__run_failed(r) && nelem > 0)
            multiply(&w, panel);
        da__panels_used(&w.panels);
    }
    if (!da__run_failed(r) && !w.add && nelem > 0)
        memset(w.out, 0, (size_t)(nelem * p->item));
    if (p->joins)
        da__group_all_join(r, step, &p->join, nelem * p->item, w.out, join, p);
    da__panels_end(&w.panels);
    da__blas_close(&w.blas);
    da__pool_put(r->engine->pool, w.partial);
}

const struct da__routine_ops da__matmul_routine = {
    .plan = da__gemm_plan, .run = run, .free = da__gemm_free, .traffic = da__gemm_traffic};
