/* Arranges the box of a sweep for the machine: orders and joins its axes, cuts it into tiles, walks
 * the tiles. */
#include "kernel.h"

/* Where an operand is sparse along the last axis and dense along another one, a tile takes a square
 * of both: a cache line that is read for one element serves the whole tile. From ACROSS_MIN elements
 * of the last axis on; ALONG_NBYTES of the operand's own dense axis are aimed at. */
enum { ACROSS_MIN = 64, ALONG_MIN = 4, ALONG_NBYTES = 512, ROWS_MIN = 32, COLS_UNIT = 16 };
/* Rows of a tile that accumulators take together. */
enum { FOLDED_ROWS = 8, STATES_MAX = 16384 };

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

/* Axis a belongs inside axis b: the first operand that tells them apart has the smaller steps along
 * a. */
static bool inside(const struct da__kernel *k, const struct da__sweep *s, int a, int b)
{
    const struct da__strided *group[3] = {s->output, s->input, s->reduction};
    int n[3] = {k->noutputs, k->ninputs, k->nreductions};
    for (int g = 0; g < 3; g++)
        for (int i = 0; i < n[g]; i++) {
            int64_t x = magnitude(group[g][i].stride[a]), y = magnitude(group[g][i].stride[b]);
            if (x != y && x != 0 && y != 0)
                return x < y;
        }
    return false;
}

/* The axes of more than one position, outermost first. Returns their number, or -1 for an empty
 * box. */
static int order_axes(const struct da__kernel *k, const struct da__sweep *s, int *axis)
{
    int n = 0;
    for (int a = 0; a < s->ndim; a++) {
        if (s->extent[a] <= 0)
            return -1;
        if (s->extent[a] == 1)
            continue;
        int at = n++;
        for (; at > 0 && inside(k, s, axis[at - 1], a); at--)
            axis[at] = axis[at - 1];
        axis[at] = a;
    }
    return n;
}

static void place_strided(struct da__operand *o, const struct da__strided *from, int64_t nbytes,
                          int n, const int *axis)
{
    o->base = from->data;
    o->offset = 0;
    o->nbytes = nbytes;
    for (int i = 0; i < n; i++)
        o->stride[i] = from->stride[axis[i]];
}

static void place_index(struct da__operand *o, const struct da__sweep *s, int which, int n,
                        const int *axis)
{
    o->base = NULL;
    o->offset = s->index_start[which];
    o->nbytes = 0;
    for (int i = 0; i < n; i++)
        o->stride[i] = axis[i] == which ? s->index_step[which] : 0;
}

/* The index in C order over the axes in `mask`; 0 for an empty mask. */
static void place_flat(struct da__operand *o, const struct da__sweep *s, uint32_t mask, int n,
                       const int *axis)
{
    int64_t weight[DA_MAX_NDIM], product = 1;
    o->base = NULL;
    o->offset = 0;
    o->nbytes = 0;
    for (int a = s->ndim - 1; a >= 0; a--) {
        bool reduced = mask >> a & 1;
        weight[a] = reduced ? product : 0;
        if (reduced) {
            o->offset += product * s->index_start[a];
            product *= s->index_shape[a];
        }
    }
    for (int i = 0; i < n; i++)
        o->stride[i] = weight[axis[i]] * s->index_step[axis[i]];
}

static void place_operands(struct da__running *run, const struct da__sweep *s, int n,
                           const int *axis)
{
    const struct da__kernel *k = run->k;
    for (int i = 0; i < k->noutputs; i++)
        place_strided(&run->output[i], &s->output[i], 0, n, axis);
    for (int i = 0; i < k->ninputs; i++)
        place_strided(&run->input[i], &s->input[i], k->value[i].nbytes, n, axis);
    for (int i = 0; i < k->nreductions; i++)
        place_strided(&run->accumulator[i], &s->reduction[i], 0, n, axis);
    for (int i = 0; i < k->nindices; i++)
        place_index(&run->index[i], s, k->index_axis[i], n, axis);
    for (int i = 0; i < k->nreductions; i++)
        place_flat(&run->flat[i], s, k->reduction_indexed[i] ? k->reduction_mask[i] : 0, n, axis);
    for (int i = 0; i < k->nsteps; i++)
        if (k->step[i].kind == DA__STEP_STORE)
            run->output[k->step[i].number].nbytes = k->value[k->step[i].value].nbytes;
}

static bool joinable(const struct da__running *run, int outer, int inner)
{
    for (int i = 0; i < run->noperands; i++) {
        const struct da__operand *o = &run->operand[i];
        if (o->stride[outer] != o->stride[inner] * run->box.extent[inner])
            return false;
    }
    return true;
}

static void move_axis(struct da__running *run, int to, int from)
{
    run->box.extent[to] = run->box.extent[from];
    for (int i = 0; i < run->noperands; i++)
        run->operand[i].stride[to] = run->operand[i].stride[from];
}

/* Two neighbours that every operand walks as one become one. */
static void join_axes(struct da__running *run)
{
    struct da__box *box = &run->box;
    int kept = 0;
    for (int i = 0; i < box->ndim; i++) {
        if (kept > 0 && joinable(run, kept - 1, i)) {
            int64_t extent = box->extent[kept - 1] * box->extent[i];
            move_axis(run, kept - 1, i);
            box->extent[kept - 1] = extent;
        } else {
            move_axis(run, kept++, i);
        }
    }
    box->ndim = kept;
}

/* The axis along which some input that is sparse along the last axis is dense, and the bytes of its
 * items; or -1. */
static int transposed_axis(const struct da__running *run, int64_t *item)
{
    const struct da__box *box = &run->box;
    int last = box->ndim - 1;
    if (last < 1 || box->extent[last] < ACROSS_MIN)
        return -1;
    for (int i = 0; i < run->k->ninputs; i++) {
        const int64_t *stride = run->input[i].stride;
        int64_t nearest = magnitude(stride[last]);
        int dense = -1;
        for (int a = 0; a < last; a++)
            if (stride[a] != 0 && magnitude(stride[a]) < nearest && box->extent[a] >= ALONG_MIN) {
                nearest = magnitude(stride[a]);
                dense = a;
            }
        *item = run->input[i].nbytes;
        if (dense >= 0)
            return dense;
    }
    return -1;
}

/* The axis moves to the place before the last one. */
static void move_to_rows(struct da__running *run, int dense)
{
    struct da__box *box = &run->box;
    int last = box->ndim - 1;
    int64_t extent = box->extent[dense];
    for (int i = 0; i < run->noperands; i++) {
        int64_t *stride = run->operand[i].stride, moved = stride[dense];
        for (int a = dense; a < last - 1; a++)
            stride[a] = stride[a + 1];
        stride[last - 1] = moved;
    }
    for (int a = dense; a < last - 1; a++)
        box->extent[a] = box->extent[a + 1];
    box->extent[last - 1] = extent;
}

static void cut_blocks(struct da__running *run, int dense, int64_t item)
{
    struct da__box *box = &run->box;
    int last = box->ndim - 1;
    int64_t limit = run->k->block_nelem, rows = ALONG_NBYTES / item;
    move_to_rows(run, dense);
    for (int a = 0; a < last - 1; a++)
        box->chunk[a] = 1;
    rows = rows < ROWS_MIN ? ROWS_MIN : rows;
    rows = rows < limit / ROWS_MIN ? rows : limit / ROWS_MIN;
    rows = rows < box->extent[last - 1] ? rows : box->extent[last - 1];
    int64_t cols = limit / rows / COLS_UNIT * COLS_UNIT;
    cols = cols < box->extent[last] ? cols : box->extent[last];
    box->chunk[last] = cols;
    box->chunk[last - 1] = rows;
    box->first = last - 1;
    run->reg_nbytes = run->k->block_nbytes;
}

/* Whether accumulators along the last axis take the positions of the axis before it, several at once. */
static bool folds_rows(const struct da__running *run)
{
    const struct da__box *box = &run->box;
    int last = box->ndim - 1;
    bool any = false;
    if (last < 1 || box->extent[last] < ACROSS_MIN || box->extent[last - 1] < FOLDED_ROWS)
        return false;
    for (int32_t i = 0; i < run->k->nsteps; i++) {
        const struct da__step *s = &run->k->step[i];
        if (s->kind != DA__STEP_FOLD)
            continue;
        const int64_t *stride = run->accumulator[s->number].stride;
        if (stride[last] == 0 || stride[last - 1] != 0)
            return false;
        any = any || s->fold->rows != NULL;
    }
    return any;
}

static void cut_folded_rows(struct da__running *run)
{
    struct da__box *box = &run->box;
    int last = box->ndim - 1;
    int64_t cols = run->k->block_nelem / FOLDED_ROWS;
    for (int a = 0; a < last - 1; a++)
        box->chunk[a] = 1;
    box->chunk[last - 1] = FOLDED_ROWS;
    box->chunk[last] = cols < box->extent[last] ? cols : box->extent[last];
    box->first = last - 1;
    box->in_order = box->extent[last] <= STATES_MAX;
    run->reg_nbytes = run->k->block_nbytes;
}

/* Whether tiles are stretches of long rows, each of which goes into one accumulator. */
static bool takes_stretches(const struct da__running *run)
{
    const struct da__box *box = &run->box;
    int last = box->ndim - 1;
    bool along = last >= 0 && box->extent[last] > run->k->tile_nelem;
    for (int32_t i = 0; along && i < run->k->nreductions; i++)
        along = run->accumulator[i].stride[last] == 0;
    return along;
}

/* Whole inner axes while they fit, then a piece of the next one. */
static void cut_tiles(struct da__running *run)
{
    struct da__box *box = &run->box;
    int64_t item;
    box->in_order = false;
    run->reg_nbytes = run->k->reg_nbytes;
    int dense = transposed_axis(run, &item);
    if (dense >= 0) {
        cut_blocks(run, dense, item);
        return;
    }
    if (folds_rows(run)) {
        cut_folded_rows(run);
        return;
    }
    int64_t nelem = 1, row_min = run->k->row_min;
    int64_t limit = takes_stretches(run) ? run->k->row_nelem : run->k->tile_nelem;
    int a = box->ndim - 1;
    for (; a >= 0 && box->extent[a] <= limit / nelem && (nelem == 1 || nelem < row_min); a--) {
        box->chunk[a] = box->extent[a];
        nelem *= box->extent[a];
    }
    box->first = a + 1;
    if (a >= 0 && (nelem == 1 || (nelem < row_min && limit / nelem > 1))) {
        box->chunk[a] = limit / nelem;
        box->first = a--;
    }
    for (; a >= 0; a--)
        box->chunk[a] = 1;
}

/* Axes of several tiles; what the first reduction reduces runs fastest, so that its accumulators
 * stay in cache. Those of tiles that fold several rows go to the second-level cache and come back,
 * which costs less than leaving a row of memory after every tile. */
static void order_loops(struct da__running *run)
{
    struct da__box *box = &run->box;
    const int64_t *stride =
        run->k->nreductions > 0 && !box->in_order ? run->accumulator[0].stride : NULL;
    box->nloops = 0;
    for (int reduced = 0; reduced < 2; reduced++)
        for (int a = 0; a < box->ndim; a++)
            if (box->chunk[a] < box->extent[a] && (stride && stride[a] == 0) == reduced)
                box->loop[box->nloops++] = a;
}

/* Rows from this length on are worked on in place, one by one, rather than copied together first. */
enum { ROW_IN_PLACE = 32 };

/* How tiles see an operand: as one element, or in place where it lies densely in the tile's order, or row by row.
 */
static void look_at(const struct da__box *box, struct da__operand *o)
{
    int64_t dense = o->nbytes;
    bool whole = true;
    o->scalar = true;
    o->direct = o->nbytes > 0;
    for (int a = box->ndim - 1; a >= box->first; a--) {
        if (box->chunk[a] == 1)
            continue;
        o->scalar = o->scalar && o->stride[a] == 0;
        o->direct = o->direct && whole && o->stride[a] == dense;
        dense *= box->chunk[a];
        whole = whole && box->chunk[a] == box->extent[a];
    }
    int last = box->ndim - 1;
    o->rows = !o->direct && !o->scalar && o->nbytes > 0 && last >= 1 && box->first == last - 1 &&
              box->chunk[last] >= ROW_IN_PLACE && o->stride[last] == o->nbytes;
}

bool da__box_arrange(struct da__running *run, const struct da__sweep *s)
{
    int axis[DA_MAX_NDIM];
    struct da__box *box = &run->box;
    int n = order_axes(run->k, s, axis);
    if (n < 0)
        return false;
    box->ndim = n;
    for (int i = 0; i < n; i++)
        box->extent[i] = s->extent[axis[i]];
    place_operands(run, s, n, axis);
    join_axes(run);
    cut_tiles(run);
    order_loops(run);
    for (int a = 0; a < box->ndim; a++) {
        box->at[a] = 0;
        box->size[a] = box->chunk[a];
    }
    for (int i = 0; i < run->noperands; i++)
        look_at(box, &run->operand[i]);
    return true;
}

static void step_axis(struct da__running *run, int a, int64_t by)
{
    struct da__box *box = &run->box;
    box->at[a] += by;
    int64_t left = box->extent[a] - box->at[a];
    box->size[a] = left < box->chunk[a] ? left : box->chunk[a];
    for (int i = 0; i < run->noperands; i++)
        run->operand[i].offset += by * run->operand[i].stride[a];
}

bool da__box_next(struct da__running *run)
{
    struct da__box *box = &run->box;
    for (int l = box->nloops - 1; l >= 0; l--) {
        int a = box->loop[l];
        if (box->at[a] + box->chunk[a] < box->extent[a]) {
            step_axis(run, a, box->chunk[a]);
            return true;
        }
        step_axis(run, a, -box->at[a]);
    }
    return false;
}
