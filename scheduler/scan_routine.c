/* Running sums and products on the engines: what every line of this engine's part comes to, a scan of that over the engines
 * along the axis, then the running values from there on. Long lines are cut into pieces that are treated the same way. */
#include "group.h"
#include "routine.h"

#include <string.h>

/* Attributes, as routines.def lists them. */
enum { AXIS, OPERATION, INITIAL };
enum { SUM, PRODUCT, REPRODUCIBLE_SUM };
/* Pieces and groups depend on shapes alone, so that the order of adding up does not depend on threads. */
enum { PIECE = 1 << 16, MOST_PIECES = 1 << 10, ENOUGH_LINES = 64, SIDE_BY_SIDE = 512 };

struct scan {
    struct da__execution *r;
    bool product, binned;
    da_dtype from, result;
    int64_t outer, inner, n,
        first; /* first: of the result, where its elements begin behind the identity */
    int64_t nlines, npieces, ngroups, group_lines;
    const char *in;
    char *out;
    int64_t state_nbytes;
    char *state;         /* npieces times nlines */
    bool store, earlier; /* earlier: pieces go on from a state, the first one too */
};

/* states[l] joined with those behind them. */
static void join_states(const struct scan *s, void *into, const void *from)
{
    if (s->binned)
        da__scan_binned_join(s->result, s->nlines, into, from);
    else
        da__scan_join(s->product, s->result, s->nlines, into, from);
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
    s->npieces = s->nlines < ENOUGH_LINES ? s->n / PIECE : 1;
    s->npieces = s->npieces < 1 ? 1 : s->npieces > MOST_PIECES ? MOST_PIECES : s->npieces;
    if (s->inner > 1) { /* lines side by side, of one outer index */
        s->group_lines = SIDE_BY_SIDE;
        s->ngroups = s->outer * da__ceil_div(s->inner, SIDE_BY_SIDE);
    } else { /* lines one after the other */
        s->group_lines = s->n < PIECE ? PIECE / (s->n + 1) + 1 : 1;
        s->ngroups = da__ceil_div(s->outer, s->group_lines);
    }
}

/* One group of lines in one piece. */
static void run_chunk(void *self, int64_t chunk, int thread)
{
    const struct scan *s = self;
    int64_t piece = chunk / s->ngroups, group = chunk % s->ngroups, outer, inner = 0;
    int64_t low = piece * s->n / s->npieces, high = (piece + 1) * s->n / s->npieces, nlines;
    int64_t n_out = s->n + s->first, a = (int64_t)da__dtype_nbytes(s->from),
            b = (int64_t)da__dtype_nbytes(s->result);
    (void)thread;
    if (s->inner > 1) {
        int64_t per_outer = da__ceil_div(s->inner, s->group_lines);
        outer = group / per_outer;
        inner = group % per_outer * s->group_lines;
        nlines = s->inner - inner;
    } else {
        outer = group * s->group_lines;
        nlines = s->outer - outer;
    }
    struct da__scan_lines l = {.n = high - low,
                               .nlines = nlines < s->group_lines ? nlines : s->group_lines,
                               .in = s->in + ((outer * s->n + low) * s->inner + inner) * a,
                               .in_step = s->inner * a,
                               .in_line = s->inner > 1 ? a : s->n * a,
                               .out = s->out +
                                      ((outer * n_out + s->first + low) * s->inner + inner) * b,
                               .out_step = s->inner * b,
                               .out_line = s->inner > 1 ? b : n_out * b};
    char *state = s->state + (piece * s->nlines + outer * s->inner + inner) * s->state_nbytes;
    if (s->binned && (!s->store || (!s->earlier && piece == 0)))
        memset(state, 0, (size_t)(l.nlines * s->state_nbytes));
    if (s->binned && s->store)
        da__scan_binned_run(s->result, &l, state);
    else if (s->binned)
        da__scan_binned_total(s->result, &l, state);
    else if (s->store)
        da__scan_run(s->product, s->from, s->result, &l, state, s->earlier || piece > 0);
    else
        da__scan_total(s->product, s->from, s->result, &l, state, false);
}

static void poll_run(void *self)
{
    da__run_poll(self);
}

static void run_all(struct scan *s, bool store)
{
    s->store = store;
    if (s->n > 0 && s->nlines > 0 && !da__run_failed(s->r))
        da__workers_run(s->r->engine->workers, s->npieces * s->ngroups, run_chunk, s, poll_run,
                        s->r);
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
        join_states(s, a->state, b->state);
    else
        memcpy(a->state, b->state, (size_t)(s->nlines * s->state_nbytes));
    a->begun = true;
}

/* The states of pieces become what comes before them: on this engine, and on those before it along the axis. */
static void turn_states(struct scan *s, struct travelling *before, struct travelling *piece)
{
    size_t nbytes = (size_t)(s->nlines * s->state_nbytes);
    s->earlier = before->begun;
    for (int64_t k = 0; k < s->npieces && s->n > 0; k++) {
        char *state = s->state + k * (int64_t)nbytes;
        piece->begun = true;
        memcpy(piece->state, state, nbytes);
        memcpy(state, before->state, nbytes);
        join(s, before, piece, false);
    }
}

/* What comes before this engine's elements: in `before`; all of its own come to `mine`. */
static void find_states(struct scan *s, int step, const struct da__group *g)
{
    struct da__execution *r = s->r;
    int64_t nbytes = (int64_t)sizeof(struct travelling) + s->nlines * s->state_nbytes;
    struct travelling *mine = da__run_room(r, nbytes), *before = da__run_room(r, nbytes);
    run_all(s, false);
    if (!da__run_failed(r)) {
        *mine = (struct travelling){.begun = false};
        *before = (struct travelling){.begun = false};
        for (int64_t k = 0; k < s->npieces && s->n > 0; k++) {
            const char *state = s->state + k * s->nlines * s->state_nbytes;
            if (mine->begun)
                join_states(s, mine->state, state);
            else
                memcpy(mine->state, state, (size_t)(s->nlines * s->state_nbytes));
            mine->begun = true;
        }
    }
    da__group_scan(r, step, g, nbytes, mine, before, join, s);
    if (!da__run_failed(r))
        turn_states(s, before, mine);
    da__pool_put(r->engine->pool, mine);
    da__pool_put(r->engine->pool, before);
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
    if (g.size > 1 || s.npieces > 1)
        find_states(&s, step, &g);
    run_all(&s, true);
    if (!da__run_failed(r))
        write_initial(&s);
    da__pool_put(r->engine->pool, s.state);
}

const struct da__routine_ops da__scan_routine = {.run = run};
