/* Panels of operands on their way. Along a dimension of the grid each panel goes from its owner to the engine before it, and on from
 * there until all have it (van de Geijn and Watts 1997: SUMMA with pipelined broadcasts): an engine sends and receives every panel at
 * most once. Some panels are under way while one is multiplied. Panels travel bare; a message of no bytes is a void one. */
#include "matmul.h"

#include "backoff.h"
#include "message.h"

#include <string.h>

static struct da__slot *slot_of(struct da__panels *w, int which, int64_t number)
{
    return &w->slot[which][number % DA__PANELS_AHEAD];
}

/* ---- what lies here ---- */

static void own_piece(const struct da__panels *w, const struct da__side *s, const char *base,
                      int64_t nk, int64_t first, struct da__piece_of *out)
{
    int64_t row = s->k_slow ? s->kept : 1;
    out->data = base != NULL ? base + first * s->inner * row * w->p->item : NULL;
    out->ld = s->k_slow ? s->kept : nk * s->inner;
    out->matrix = s->kept * nk * s->inner;
}

void da__panel_piece(const struct da__panels *w, const struct da__panel *panel, int which,
                     struct da__piece_of *out)
{
    const struct da__side *s = &w->p->side[which];
    int owner = panel->owner[which];
    if (s->mode == DA__SIDE_LOCAL) {
        own_piece(w, s, w->own[which], s->nk, panel->k, out);
        return;
    }
    if (s->mode == DA__SIDE_RING && owner != s->ring.rank) {
        const struct da__slot *slot = &w->slot[which][panel - w->panel];
        own_piece(w, s, slot->data, panel->n, 0, out);
        return;
    }
    const char *base =
        s->mode == DA__SIDE_RING ? w->own[which] : w->gathered[which] + owner * s->part_nbytes;
    own_piece(w, s, base, da__map_local_count(s->map, owner),
              da__map_local_of(s->map, owner, panel->k), out);
}

/* ---- passing on ---- */

/* The own elements of a panel, one after the other; NULL: no memory, and the run has failed. */
static char *packed(struct da__panels *w, const struct da__side *s,
                    const struct da__piece_of *piece, int64_t n)
{
    int64_t nbytes = da__side_nbytes(w->p, s, n), item = w->p->item;
    char *to = da__run_room(w->r, nbytes);
    int64_t rows = s->k_slow ? n * s->inner : s->kept, row = s->k_slow ? s->kept : n * s->inner;
    const int64_t shape[3] = {s->nmatrices, rows, row};
    const int64_t from[3] = {piece->matrix * item, piece->ld * item, item},
                  into[3] = {rows * row * item, row * item, item};
    if (to != NULL)
        da__copy_strided(3, shape, (size_t)item, to, into, piece->data, from);
    return to;
}

static void send_own(struct da__panels *w, int which, const struct da__panel *panel, int to)
{
    const struct da__side *s = &w->p->side[which];
    struct da__piece_of piece;
    int64_t nbytes = da__side_nbytes(w->p, s, panel->n);
    da__panel_piece(w, panel, which, &piece);
    if ((s->k_slow && s->nmatrices == 1) || panel->n == s->nk) {
        da__run_lend(w->r, to, w->tag, piece.data, nbytes, s->value);
        return;
    }
    char *block = packed(w, s, &piece, panel->n);
    if (block != NULL)
        da__run_share(w->r, to, w->tag, block, nbytes, block, NULL);
    else
        da__run_share(w->r, to, w->tag, w->r->void_header, 0, NULL, NULL);
}

static void pass_on(struct da__panels *w, int which, int64_t number)
{
    const struct da__side *s = &w->p->side[which];
    const struct da__panel *panel = &w->panel[number % DA__PANELS_AHEAD];
    struct da__slot *slot = slot_of(w, which, number);
    int64_t nbytes = da__side_nbytes(w->p, s, panel->n);
    if (s->mode != DA__SIDE_RING || nbytes == 0)
        return;
    int next = (s->ring.rank + s->ring.size - 1) % s->ring.size;
    if (panel->owner[which] == next)
        return;
    int to = da__group_engine(&s->ring, next);
    if (da__run_failed(w->r))
        da__run_share(w->r, to, w->tag, w->r->void_header, 0, NULL, NULL);
    else if (panel->owner[which] == s->ring.rank)
        send_own(w, which, panel, to);
    else
        da__run_share(w->r, to, w->tag, slot->data, nbytes, NULL, &slot->leaving);
}

/* ---- coming in ---- */

static void expect(struct da__panels *w, int which, int64_t number)
{
    const struct da__side *s = &w->p->side[which];
    const struct da__panel *panel = &w->panel[number % DA__PANELS_AHEAD];
    struct da__slot *slot = slot_of(w, which, number);
    int64_t nbytes = da__side_nbytes(w->p, s, panel->n);
    slot->state = DA__SLOT_HERE;
    if (s->mode != DA__SIDE_RING || nbytes == 0 || panel->owner[which] == s->ring.rank)
        return;
    struct da__endpoint *e = w->r->engine->endpoint;
    int from = da__group_engine(&s->ring, (s->ring.rank + 1) % s->ring.size);
    slot->request = (struct da__request){.done = false};
    slot->state = DA__SLOT_POSTED;
    da_status status = e->ops->irecv(e, from, w->tag, slot->data, nbytes, &slot->request);
    if (status != DA_OK)
        da__run_fail(w->r, status, "receiving from engine %d failed", from);
}

static void look_for(struct da__panels *w, int which, int64_t number)
{
    const struct da__side *s = &w->p->side[which];
    struct da__slot *slot = slot_of(w, which, number);
    struct da__endpoint *e = w->r->engine->endpoint;
    if (slot->state != DA__SLOT_POSTED)
        return;
    if (!slot->request.done && e->ops->test(e, &slot->request) != DA_OK)
        slot->request = (struct da__request){.done = true};
    if (!slot->request.done)
        return;
    slot->state = DA__SLOT_HERE;
    if (slot->data == NULL ||
        slot->request.nbytes != da__side_nbytes(w->p, s, w->panel[number % DA__PANELS_AHEAD].n))
        da__run_fail(w->r, DA_ERR_TRANSPORT, "engine %d could not send its part",
                     da__group_engine(&s->ring, (s->ring.rank + 1) % s->ring.size));
}

/* Begins panels as far as there is room: a slot is free again once its panel is used and has left. */
static void open_panels(struct da__panels *w)
{
    while (w->done < w->p->nk && w->opened < w->used + DA__PANELS_AHEAD) {
        int64_t before = w->opened - DA__PANELS_AHEAD;
        for (int which = 0; which < 2; which++)
            if (w->sent[which] <= before || slot_of(w, which, w->opened)->leaving > 0)
                return;
        struct da__panel *panel = &w->panel[w->opened % DA__PANELS_AHEAD];
        da__gemm_panel(w->p, w->done, panel);
        w->done += panel->n;
        expect(w, 0, w->opened);
        expect(w, 1, w->opened);
        w->opened++;
    }
}

/* Panels leave in order, so that both ends of a pair agree which is which. */
static void progress(struct da__panels *w)
{
    for (int which = 0; which < 2; which++) {
        for (int64_t i = w->used; i < w->opened; i++)
            look_for(w, which, i);
        while (w->sent[which] < w->opened &&
               slot_of(w, which, w->sent[which])->state == DA__SLOT_HERE)
            pass_on(w, which, w->sent[which]++);
    }
    open_panels(w);
}

void da__panels_poll(void *self)
{
    struct da__panels *w = self;
    da__run_poll(w->r);
    if (w->moving)
        progress(w);
}

/* ---- from the beginning to the end ---- */

static void gather(struct da__panels *w, int which, int step)
{
    const struct da__side *s = &w->p->side[which];
    struct da__execution *r = w->r;
    int64_t nbytes = s->part_nbytes;
    char *mine = da__run_room(r, nbytes);
    w->gathered[which] = da__run_room(r, nbytes * s->ring.size);
    if (!da__run_failed(r)) {
        int64_t own = da__side_nbytes(w->p, s, s->nk);
        if (own > 0)
            memcpy(mine, w->own[which], (size_t)own);
        memset(mine + own, 0, (size_t)(nbytes - own));
    }
    da__group_gather(r, step, &s->ring, nbytes, mine, w->gathered[which]);
    da__pool_put(r->engine->pool, mine);
}

void da__panels_start(struct da__panels *w, struct da__execution *r, int step,
                      const struct da__gemm *p)
{
    *w = (struct da__panels){.r = r, .p = p, .tag = da__message_tag(step)};
    for (int which = 0; which < 2; which++) {
        const struct da__side *s = &p->side[which];
        w->own[which] = r->data[s->value];
        if (s->mode == DA__SIDE_GATHERED)
            gather(w, which, step);
        if (s->mode != DA__SIDE_RING)
            continue;
        w->moving = true;
        for (int k = 0; k < DA__PANELS_AHEAD; k++)
            w->slot[which][k].data =
                da__run_failed(r) ? NULL : da__run_room(r, da__side_nbytes(p, s, p->width));
    }
    open_panels(w);
    progress(w);
}

const struct da__panel *da__panels_next(struct da__panels *w)
{
    int64_t since = da__now_ns();
    if (w->used == w->opened && w->done == w->p->nk)
        return NULL;
    while (w->used == w->opened || slot_of(w, 0, w->used)->state != DA__SLOT_HERE ||
           slot_of(w, 1, w->used)->state != DA__SLOT_HERE) {
        struct da__endpoint *e = w->r->engine->endpoint;
        da__panels_poll(w);
        e->ops->wait_a_while(e, da__now_ns() - since);
    }
    return &w->panel[w->used % DA__PANELS_AHEAD];
}

void da__panels_used(struct da__panels *w)
{
    w->used++;
    progress(w);
}

static bool leaving(const struct da__panels *w)
{
    for (int which = 0; which < 2; which++) {
        if (w->sent[which] < w->opened)
            return true;
        for (int k = 0; k < DA__PANELS_AHEAD; k++)
            if (w->slot[which][k].leaving > 0)
                return true;
    }
    return false;
}

void da__panels_end(struct da__panels *w)
{
    struct da__endpoint *e = w->r->engine->endpoint;
    int64_t since = da__now_ns();
    while (leaving(w)) {
        da__panels_poll(w);
        progress(w);
        if (leaving(w))
            e->ops->wait_a_while(e, da__now_ns() - since);
    }
    for (int which = 0; which < 2; which++) {
        da__pool_put(w->r->engine->pool, w->gathered[which]);
        for (int k = 0; k < DA__PANELS_AHEAD; k++)
            da__pool_put(w->r->engine->pool, w->slot[which][k].data);
    }
}
