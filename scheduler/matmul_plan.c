/* What a product means on this engine: its part of the result, which k it sums over, and from whom panels come. */
#include "matmul.h"

/* As routines.def lists the attributes. */
enum { BATCH, M, N, K, TRANSPOSED, SPLIT = TRANSPOSED + 2, ORDERED = SPLIT + 2 };
/* A panel's bytes of both operands; fewer columns than that make products slow. */
enum { PANEL_BYTES = 8 << 20, NARROWEST = 32 };
/* Operands whose parts are so small are gathered at once: a message takes longer to begin than to arrive. */
enum { GATHER_BYTES = 1 << 12 };

static int64_t product_of(const int64_t *shape, int first, int n)
{
    int64_t nelem = da__nelem(n, shape + first);
    return nelem < 0 ? 0 : nelem; /* too many only where another axis has none */
}

int64_t da__side_nbytes(const struct da__gemm *p, const struct da__side *s, int64_t n)
{
    const int64_t extent[] = {s->nmatrices, s->kept, s->inner, n};
    return product_of(extent, 0, 4) * p->item;
}

static void plan_side(const struct da__program *program, const struct da__step *s, int engine,
                      int which, struct da__gemm *p)
{
    struct da__side *side = &p->side[which];
    const struct da__value *v = &program->value[s->input[which].value];
    const struct da__dist *d = program->dist[v->dist];
    int64_t shape[DA_MAX_NDIM], stride = 1;
    int nk = (int)s->attribute[K], nkept = (int)s->attribute[M + which];
    int nbatch = v->ndim - nk - nkept;
    bool kept_first = (which == 0) != (s->attribute[TRANSPOSED + which] != 0);
    int kept = nbatch + (kept_first ? 0 : nk), k = nbatch + (kept_first ? nkept : 0);
    int coord[DA_MAX_NDIM] = {0};
    da__dist_coords(d, engine, coord);
    da__dist_local_shape(d, engine, shape);
    side->value = s->input[which].value;
    side->k_slow = !kept_first;
    side->nmatrices = product_of(shape, 0, nbatch);
    side->kept = product_of(shape, kept, nkept);
    side->inner = product_of(shape, k + 1, nk > 0 ? nk - 1 : 0);
    side->nk = nk > 0 ? shape[k] : 1;
    if (nk > 0) {
        side->map = &d->map[k];
        side->part = da__dist_part(d, coord, k);
        side->dim = d->axis_grid[k];
    }
    for (int b = nbatch - 1; b >= 0; b--) { /* a broadcast axis has one matrix for all */
        p->step[which][p->nbatch - nbatch + b] = v->shape[b] == 1 ? 0 : stride;
        stride *= shape[b];
    }
}

/* Bytes of an operand per index of the first axis k, on an engine with an average share: the same for all engines, so that they agree
 * on what goes round and in which panels. */
static double bytes_per_index(const struct da__program *program, const struct da__step *s,
                              const struct da__gemm *p, int which)
{
    const struct da__value *v = &program->value[s->input[which].value];
    const struct da__map *map = program->dist[v->dist]->map;
    double parts = 1;
    for (int k = 0; k < v->ndim; k++)
        parts *= &map[k] != p->side[which].map ? map[k].parts : 1;
    int64_t count = p->side[which].map->count;
    return count > 0
               ? (double)da__nelem(v->ndim, v->shape) / (double)count / parts * (double)p->item
               : 0;
}

/* The engines that share all but the range of k. By the operand's own grid: of equal distributions a program keeps one, so that the
 * dimensions of the result's grid may be other ones than when it was placed. */
static void engines_along_k(const struct da__program *program, const struct da__side *side,
                            int engine, struct da__group *out)
{
    const struct da__dist *d = program->dist[program->value[side->value].dist];
    da__group_along(d, side->dim >= 0 ? (uint32_t)1 << side->dim : 0, engine, out);
}

/* Parts that go round, along a dimension of the result's grid. Returns the bytes per index that do. */
static double plan_ring(const struct da__program *program, const struct da__step *s, int engine,
                        struct da__gemm *p, int which)
{
    struct da__side *side = &p->side[which];
    int64_t most = 0;
    if (side->map == NULL || side->map->parts == 1)
        return 0;
    engines_along_k(program, side, engine, &side->ring);
    for (int k = 0; k < side->map->parts; k++) {
        int64_t n = da__map_local_count(side->map, k);
        most = n > most ? n : most;
    }
    double row = bytes_per_index(program, s, p, which);
    bool few = row * (double)most <= GATHER_BYTES;
    side->part_nbytes = da__side_nbytes(p, side, most);
    side->mode = few ? DA__SIDE_GATHERED : DA__SIDE_RING;
    return few ? 0 : row;
}

static void plan_width(struct da__gemm *p, double row)
{
    double width = row > 0 ? PANEL_BYTES / row : 0;
    p->width = row <= 0 || width >= (double)p->nk ? p->nk : (int64_t)width;
    p->width = p->width < NARROWEST ? NARROWEST : p->width;
}

/* Where one operand alone goes round, everybody begins with what it has. */
static void plan_start(struct da__gemm *p)
{
    bool first = p->side[0].mode == DA__SIDE_RING, second = p->side[1].mode == DA__SIDE_RING;
    const struct da__side *side = &p->side[first ? 0 : 1];
    int64_t low = 0, high = 0;
    if (p->ordered || first == second || !da__map_ascends(side->map) ||
        p->side[first ? 1 : 0].mode != DA__SIDE_LOCAL)
        return;
    da__map_block(side->map, side->part, &low, &high);
    p->start = low < p->nk ? low : 0;
}

da_status da__gemm_plan(const struct da__program *program, const struct da__step *s, int engine,
                        void **own)
{
    struct da__gemm *p = da__calloc(1, sizeof *p);
    if (p == NULL)
        return DA_ERR_MEMORY;
    const struct da__value *v = &program->value[s->output[0]];
    const struct da__dist *d = program->dist[v->dist];
    int64_t shape[DA_MAX_NDIM];
    *own = p;
    p->out = s->output[0];
    p->member = da__dist_has(d, engine);
    p->dtype = v->dtype;
    p->item = (int64_t)da__dtype_nbytes(v->dtype);
    p->nbatch = (int)s->attribute[BATCH];
    p->ordered = s->attribute[ORDERED] != 0;
    if (!p->member)
        return DA_OK;
    da__dist_local_shape(d, engine, shape);
    p->nmatrices = product_of(shape, 0, p->nbatch);
    p->m = product_of(shape, p->nbatch, (int)s->attribute[M]);
    p->n = product_of(shape, p->nbatch + (int)s->attribute[M], (int)s->attribute[N]);
    for (int b = 0; b < p->nbatch; b++)
        p->batch[b] = shape[b];
    plan_side(program, s, engine, 0, p);
    plan_side(program, s, engine, 1, p);
    p->joins = s->attribute[SPLIT] >= 0 && s->attribute[SPLIT] == s->attribute[SPLIT + 1];
    p->nk = p->joins || s->attribute[K] == 0 ? p->side[0].nk : p->side[0].map->count;
    if (p->joins)
        engines_along_k(program, &p->side[0], engine, &p->join);
    double row = 0;
    for (int which = 0; which < 2 && !p->joins; which++)
        row += plan_ring(program, s, engine, p, which);
    plan_width(p, row);
    plan_start(p);
    return DA_OK;
}

void da__gemm_free(void *own)
{
    da__free(own);
}

void da__gemm_panel(const struct da__gemm *p, int64_t done, struct da__panel *out)
{
    *out = (struct da__panel){.k = p->start + done, .n = p->nk - done};
    if (out->k >= p->nk)
        out->k -= p->nk;
    if (out->n > p->nk - out->k)
        out->n = p->nk - out->k;
    if (out->n > p->width)
        out->n = p->width;
    for (int which = 0; which < 2; which++) {
        const struct da__side *s = &p->side[which];
        if (s->mode == DA__SIDE_LOCAL)
            continue;
        int64_t stretch = da__map_stretch(s->map, out->k, &out->owner[which]);
        out->n = out->n < stretch ? out->n : stretch;
    }
}

static void count_panel(const struct da__gemm *p, int which, const struct da__panel *panel,
                        struct da__traffic *out)
{
    const struct da__side *s = &p->side[which];
    int64_t nbytes = da__side_nbytes(p, s, panel->n);
    if (s->mode != DA__SIDE_RING || nbytes == 0)
        return;
    if (panel->owner[which] != s->ring.rank) {
        out->received++;
        out->received_bytes += nbytes;
    }
    if (panel->owner[which] != (s->ring.rank + s->ring.size - 1) % s->ring.size) {
        out->sent++;
        out->sent_bytes += nbytes;
    }
}

void da__gemm_traffic(const void *own, struct da__traffic *out)
{
    const struct da__gemm *p = own;
    struct da__panel panel;
    if (!p->member)
        return;
    for (int which = 0; which < 2; which++)
        if (p->side[which].mode == DA__SIDE_GATHERED)
            da__group_gather_traffic(&p->side[which].ring, p->side[which].part_nbytes, out);
    bool rings = p->side[0].mode == DA__SIDE_RING || p->side[1].mode == DA__SIDE_RING;
    for (int64_t done = 0; rings && done < p->nk; done += panel.n) {
        da__gemm_panel(p, done, &panel);
        count_panel(p, 0, &panel, out);
        count_panel(p, 1, &panel, out);
    }
    if (p->joins)
        da__group_all_join_traffic(&p->join, p->nmatrices * p->m * p->n * p->item, out);
}
