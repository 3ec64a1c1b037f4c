/* Running sums and products on the engines: what every line of this engine's part comes to, a scan of that over the engines
 * along the axis, then the running values from there on. Long lines are cut into pieces that are treated the same way; where an engine
 * has whole lines, threads take pieces in order and hand on what they come to, so that a piece is read from memory but once. */
#include "backoff.h"
#include "group.h"
#include "routine.h"

#include <stdatomic.h>
#include <string.h>

/* Attributes, as routines.def lists them. */
enum { AXIS, OPERATION, INITIAL };
enum { SUM, PRODUCT, REPRODUCIBLE_SUM };
/* Pieces and groups depend on shapes alone, so that the order of adding up does not depend on threads. */
/* PIECE: of four a quarter of the second-level cache; no power of two, so that they do not compete for the same lines of it. */
enum { PIECE = (1 << 13) + 320, ENOUGH_LINES = 64, SIDE_BY_SIDE = 512 };
/* Lines, or pieces of one line, that the kernel adds up at a time. */
enum { TOGETHER = 4 };

/* What is done with each piece. */
enum pass { TOTALS, VALUES, BOTH };
struct scan {
    struct da__execution *r;
    bool product, binned;
    da_dtype from, result;
    int64_t outer, inner, n,
        first; /* first: of the result, where its elements begin behind the identity */
    int64_t nlines, npieces, ngroups, group_lines;
    int64_t piece_n, together; /* elements of all pieces but the last; pieces in a chunk */
    const char *in;
    char *out;
    int64_t state_nbytes;
    char *state; /* npieces times nlines */
    char *carry; /* per line: what comes before the piece whose turn it is */
    enum pass what;
    bool earlier;          /* pieces go on from a state, the first one too */
    _Atomic int64_t *turn; /* per group of lines: the piece whose turn it is */
};

/* The states of n lines joined with those behind them. */
static void join_states(const struct scan *s, int64_t n, void *into, const void *from)
{
    if (s->binned)
        da__scan_binned_join(s->result, n, into, from);
    else
        da__scan_join(s->product, s->result, n, into, from);
}

/* States of all lines as they travel: whether they stand for any element, then the states. */
struct travelling {
    int64_t begun, spare;
    char state[];
};

static void lay_out(struct scan *s, const struct da__local *in, const struct da__local *out,
                    int ndim, int axis)
{
    s->outer = s->inner = 1;
    for (int k = 0; k < ndim; k++) {
        s->outer *= k < axis ? out->shape[k] : 1;
        s->inner *= k > axis ? out->shape[k] : 1;
    }
    s->n = in->shape[axis];
    s->first = out->shape[axis] - s->n;
    s->nlines = s->outer * s->inner;
    s->together = s->nlines == 1 ? TOGETHER : 1;
    s->piece_n = s->nlines == 1 ? PIECE : TOGETHER * PIECE / (s->nlines + 1) + 1;
    if (s->nlines >= ENOUGH_LINES || s->n < 2 * s->piece_n)
        s->piece_n = s->n > 0 ? s->n : 1;
    s->npieces = s->n > 0 ? da__ceil_div(s->n, s->piece_n) : 1;
    if (s->inner > 1) { /* lines side by side, of one outer index */
        s->group_lines = SIDE_BY_SIDE;
        s->ngroups = s->outer * da__ceil_div(s->inner, SIDE_BY_SIDE);
    } else { /* lines one after the other */
        s->group_lines = s->n < PIECE ? PIECE / (s->n + 1) + 1 : TOGETHER;
        s->ngroups = s->nlines > 0 ? da__ceil_div(s->outer, s->group_lines) : 0;
    }
}

/* The lines of a group: the first one's outer and inner index, and their number. */
struct lines {
    int64_t outer, inner, n;
};

static struct lines lines_of(const struct scan *s, int64_t group)
{
    struct lines g = {0};
    if (s->inner > 1) {
        int64_t per_outer = da__ceil_div(s->inner, s->group_lines);
        g.outer = group / per_outer;
        g.inner = group % per_outer * s->group_lines;
        g.n = s->inner - g.inner;
    } else {
        g.outer = group * s->group_lines;
        g.n = s->outer - g.outer;
    }
    g.n = g.n < s->group_lines ? g.n : s->group_lines;
    return g;
}

static char *state_of(const struct scan *s, int64_t piece, const struct lines *g)
{
    return s->state + (piece * s->nlines + g->outer * s->inner + g->inner) * s->state_nbytes;
}

/* A group of lines in one piece, or (`together`) whole pieces of the only line as lines beside each other. */
static void walk(const struct scan *s, const struct lines *g, int64_t piece, bool together,
                 bool store)
{
    int64_t low = piece * s->piece_n, n = s->n - low < s->piece_n ? s->n - low : s->piece_n;
    int64_t n_out = s->n + s->first, a = (int64_t)da__dtype_nbytes(s->from),
            b = (int64_t)da__dtype_nbytes(s->result);
    int64_t apart = together ? s->piece_n : s->inner > 1 ? 1 : s->n;
    int64_t apart_out = together ? s->piece_n : s->inner > 1 ? 1 : n_out;
    struct da__scan_lines l = {
        .n = n,
        .nlines = together ? s->together : g->n,
        .in = s->in + ((g->outer * s->n + low) * s->inner + g->inner) * a,
        .in_step = s->inner * a,
        .in_line = apart * a,
        .out = s->out + ((g->outer * n_out + s->first + low) * s->inner + g->inner) * b,
        .out_step = s->inner * b,
        .out_line = apart_out * b};
    char *state = state_of(s, piece, g);
    bool goes_on = s->earlier || piece > 0;
    if (s->binned && (!store || !goes_on))
        memset(state, 0, (size_t)(l.nlines * s->state_nbytes));
    if (s->binned && store)
        da__scan_binned_run(s->result, &l, state);
    else if (s->binned)
        da__scan_binned_total(s->result, &l, state);
    else if (store)
        da__scan_run(s->product, s->from, s->result, &l, state, goes_on);
    else
        da__scan_total(s->product, s->from, s->result, &l, state, false);
}

static void walk_pieces(const struct scan *s, const struct lines *g, int64_t first, int64_t end,
                        bool store)
{
    bool whole = end - first == s->together && end * s->piece_n <= s->n;
    if (s->together > 1 && whole && (!store || s->earlier || first > 0)) {
        walk(s, g, first, true, store);
        return;
    }
    for (int64_t piece = first; piece < end; piece++)
        walk(s, g, piece, false, store);
}

/* The state of a piece becomes what comes before it; `carry` goes on. */
static void turn_state(struct scan *s, int64_t piece, const struct lines *g)
{
    char *state = state_of(s, piece, g), total[DA__SCAN_STATE_MOST];
    char *carry = s->carry + (g->outer * s->inner + g->inner) * s->state_nbytes;
    size_t nbytes = (size_t)s->state_nbytes;
    for (int64_t k = 0; k < g->n; k++, state += nbytes, carry += nbytes) {
        memcpy(total, state, nbytes);
        memcpy(state, carry, nbytes);
        if (piece > 0 || s->earlier)
            join_states(s, 1, carry, total);
        else
            memcpy(carry, total, nbytes);
    }
}

/* Chunks are taken in order, so whoever has the turn is at work. */
static void await_turn(const struct scan *s, int64_t group, int64_t piece)
{
    if (atomic_load_explicit(&s->turn[group], memory_order_acquire) == piece)
        return;
    int64_t start = da__now_ns();
    while (atomic_load_explicit(&s->turn[group], memory_order_acquire) != piece)
        da__back_off(da__now_ns() - start);
}

/* One group of lines in a few pieces. */
static void run_chunk(void *self, int64_t chunk, int thread)
{
    struct scan *s = self;
    int64_t group = chunk % s->ngroups, first = chunk / s->ngroups * s->together;
    int64_t end = s->npieces - first < s->together ? s->npieces : first + s->together;
    struct lines g = lines_of(s, group);
    (void)thread;
    if (s->what != VALUES)
        walk_pieces(s, &g, first, end, false);
    if (s->what == BOTH) {
        await_turn(s, group, first);
        for (int64_t piece = first; piece < end; piece++)
            turn_state(s, piece, &g);
        atomic_store_explicit(&s->turn[group], end, memory_order_release);
    }
    if (s->what != TOTALS)
        walk_pieces(s, &g, first, end, true);
}

static void poll_run(void *self)
{
    da__run_poll(self);
}

static void run_all(struct scan *s, enum pass what)
{
    s->what = what;
    if (s->n > 0 && s->nlines > 0 && !da__run_failed(s->r))
        da__workers_run_in_order(s->r->engine->workers,
                                 da__ceil_div(s->npieces, s->together) * s->ngroups, run_chunk, s,
                                 poll_run, s->r);
}

static void join(void *self, void *into, const void *from, bool from_earlier)
{
    const struct scan *s = self;
    struct travelling *a = into;
    const struct travelling *b = from;
    (void)from_earlier; /* sums and products of two do not care */
    if (!b->begun)
        return;
    if (a->begun)
        join_states(s, s->nlines, a->state, b->state);
    else
        memcpy(a->state, b->state, (size_t)(s->nlines * s->state_nbytes));
    a->begun = true;
}

/* What comes before this engine's elements: in `before`; all of its own come to `mine`. */
static void find_states(struct scan *s, int step, const struct da__group *g)
{
    struct da__execution *r = s->r;
    int64_t nbytes = (int64_t)sizeof(struct travelling) + s->nlines * s->state_nbytes;
    struct travelling *mine = da__run_room(r, nbytes), *before = da__run_room(r, nbytes);
    run_all(s, TOTALS);
    if (!da__run_failed(r)) {
        *mine = (struct travelling){.begun = false};
        memset(before, 0, (size_t)nbytes);
        for (int64_t k = 0; k < s->npieces && s->n > 0; k++) {
            const char *state = s->state + k * s->nlines * s->state_nbytes;
            if (mine->begun)
                join_states(s, s->nlines, mine->state, state);
            else
                memcpy(mine->state, state, (size_t)(s->nlines * s->state_nbytes));
            mine->begun = true;
        }
    }
    da__group_scan(r, step, g, nbytes, mine, before, join, s);
    if (!da__run_failed(r)) {
        s->earlier = before->begun;
        memcpy(s->carry, before->state, (size_t)(s->nlines * s->state_nbytes));
        for (int64_t piece = 0; piece < s->npieces && s->n > 0; piece++)
            for (int64_t group = 0; group < s->ngroups; group++) {
                struct lines lines = lines_of(s, group);
                turn_state(s, piece, &lines);
            }
    }
    da__pool_put(r->engine->pool, mine);
    da__pool_put(r->engine->pool, before);
}

/* Whole lines lie here. */
static void run_alone(struct scan *s)
{
    struct da__pool *pool = s->r->engine->pool;
    int64_t nbytes = s->ngroups * (int64_t)sizeof *s->turn;
    if (s->npieces == 1) {
        run_all(s, VALUES);
        return;
    }
    s->turn = da__run_room(s->r, nbytes);
    for (int64_t group = 0; group < s->ngroups && s->turn != NULL; group++)
        atomic_init(&s->turn[group], 0);
    run_all(s, BOTH);
    da__pool_put(pool, (void *)s->turn);
}

/* The identity in front of every line whose first element lies here. */
static void write_initial(const struct scan *s)
{
    size_t item = da__dtype_nbytes(s->result);
    for (int64_t o = 0; o < s->outer && s->first > 0; o++) {
        char *at = s->out + o * (s->n + s->first) * s->inner * (int64_t)item;
        for (int64_t k = 0; k < s->inner; k++, at += item)
            da__scan_identity(s->product, s->result, at);
    }
}

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    const struct da__program *p = r->plan->program;
    const struct da__step *st = &p->step[step];
    int in = st->input[0].value, out = st->output[0], axis = (int)st->attribute[AXIS];
    const struct da__dist *d = p->dist[p->value[out].dist];
    struct scan s = {.r = r,
                     .product = st->attribute[OPERATION] == PRODUCT,
                     .binned = st->attribute[OPERATION] == REPRODUCIBLE_SUM,
                     .from = p->value[in].dtype,
                     .result = p->value[out].dtype};
    struct da__group g = {.size = 1};
    (void)own, (void)operand;
    if (!r->plan->value[out].member)
        return;
    if (d->map[axis].parts > 1)
        da__group_along(d, (uint32_t)1 << d->axis_grid[axis], r->engine->rank, &g);
    lay_out(&s, &r->plan->value[in], &r->plan->value[out], p->value[out].ndim, axis);
    s.state_nbytes =
        (int64_t)(s.binned ? da__scan_binned_nbytes(s.result) : da__scan_state_nbytes(s.result));
    s.in = r->data[in];
    s.out = da__run_value(r, out);
    s.state = da__run_room(r, s.npieces * s.nlines * s.state_nbytes);
    s.carry = da__run_room(r, s.nlines * s.state_nbytes);
    if (g.size > 1) {
        find_states(&s, step, &g);
        run_all(&s, VALUES);
    } else
        run_alone(&s);
    if (!da__run_failed(r))
        write_initial(&s);
    da__pool_put(r->engine->pool, s.state);
    da__pool_put(r->engine->pool, s.carry);
}

const struct da__routine_ops da__scan_routine = {.run = run};
