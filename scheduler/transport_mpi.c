/* Engines as MPI processes: every message is a sequence of MPI messages of at most PIECE bytes
 * under its own tag.
 *
 * Protocol. A message shorter than PIECE is one MPI message. A longer one starts with a full piece,
 * then its length (one int64), then the rest in pieces, the last one short. So a receiver that only
 * knows its capacity posts one piece; a short one is the whole message, a full one says that the
 * length follows, and the length says what else to post. Nothing is probed, packed or cancelled,
 * and messages below PIECE cost one MPI message and no more.
 *
 * Order. MPI matches by order of posting, so a receive posts its pieces only when every earlier
 * receive of its lane has posted all of its own. A receive with less capacity than PIECE needs one
 * piece, so its successor need not wait. Sends post all pieces at once. Receives keep at most
 * WINDOW pieces posted: where MPI copies a piece while posting it, as in shared memory, this bounds
 * the time of one call. */
#include "transport.h"

#include "backoff.h"
#include "ending.h"
#include "lanes.h"
#include "launch.h"

#include <mpi.h>
#include <stdlib.h>

#define PIECE ((int64_t)1 << 20)
#define WINDOW 4
#define NSPARES 16 /* flights that are there without memory, so that an engine can always say so */

enum stage { WAITS, FIRST_PIECE, LENGTH, REST, COMPLETE };

/* One message or one receive. */
struct flight {
    struct da__lane_item lane; /* must be first */
    bool is_send, in_lane;
    bool is_spare;
    enum stage stage; /* of a receive */
    da_status status;
    unsigned char *data;
    int64_t nbytes;         /* of the message; of a receive, its capacity */
    int64_t length;         /* the length message */
    int64_t posted, landed; /* a receive's bytes */
    int first, nreq; /* a send's requests first … nreq-1 are open; a receive's are a ring from
                        `first` on */
    struct flight *older, *newer; /* its endpoint's open flights */
    MPI_Request req[];
};

struct mpi_endpoint {
    struct da__endpoint base; /* must be first */
    MPI_Comm comm;
    bool finalizes;
    bool broken;                 /* MPI failed: nothing more is expected to complete */
    struct da__lanes lanes;      /* receives that have, or may get, pieces to post */
    int64_t pieces, pieces_seen; /* completed ever, and when the caller last had nothing to do */
    int64_t moved_ns;            /* when `pieces` was last seen to grow */
    struct flight *open;
    uint8_t *sink;         /* one piece: where unwanted messages go */
    unsigned char *spares; /* one block for all */
    struct flight *spare;  /* the free ones, linked by `older` */
};

/* ---- errors ------------------------------------------------------------------------------------
 */

static da_status mpi_failed(struct mpi_endpoint *m, const char *call, const struct flight *f,
                            int rc)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int len = 0;
    MPI_Error_string(rc, text, &len);
    m->broken = true;
    return da__fail(&m->base.error, DA_ERR_TRANSPORT, "%s, engine %d, tag %d, %lld bytes: %s", call,
                    f->lane.peer, f->lane.tag, (long long)f->nbytes, text);
}

static da_status too_long(struct mpi_endpoint *m, const struct flight *f)
{
    return da__fail(&m->base.error, DA_ERR_TRANSPORT,
                    "receive from engine %d, tag %d: a message does not fit %lld bytes",
                    f->lane.peer, f->lane.tag, (long long)f->nbytes);
}

/* ---- flights -----------------------------------------------------------------------------------
 */

#define SPARE_STRIDE ((sizeof(struct flight) + WINDOW * sizeof(MPI_Request) + 63) / 64 * 64)

static bool make_spares(struct mpi_endpoint *m)
{
    m->spares = da__alloc_aligned(NSPARES * SPARE_STRIDE, 64);
    for (size_t i = 0; m->spares && i < NSPARES; i++) {
        struct flight *f = (struct flight *)(void *)(m->spares + i * SPARE_STRIDE);
        f->older = m->spare;
        m->spare = f;
    }
    return m->spares != NULL;
}

static struct flight *take_spare(struct mpi_endpoint *m, int64_t nreq)
{
    struct flight *f = nreq <= WINDOW ? m->spare : NULL;
    if (f)
        m->spare = f->older;
    return f;
}

static struct flight *open_flight(struct mpi_endpoint *m, int peer, int tag, void *data,
                                  int64_t nbytes, int64_t nreq)
{
    struct flight *f =
        nreq > INT32_MAX ? NULL : da__alloc(sizeof *f + (size_t)nreq * sizeof *f->req);
    bool is_spare = !f;
    if (!f)
        f = take_spare(m, nreq);
    if (!f) {
        da__fail(&m->base.error, DA_ERR_MEMORY, "no memory for a message of %lld bytes",
                 (long long)nbytes);
        return NULL;
    }
    *f = (struct flight){.lane = {.peer = peer, .tag = tag},
                         .is_spare = is_spare,
                         .data = data,
                         .nbytes = nbytes,
                         .older = m->open};
    for (int64_t i = 0; i < nreq; i++)
        f->req[i] = MPI_REQUEST_NULL;
    if (m->open)
        m->open->newer = f;
    m->open = f;
    return f;
}

static void free_flight(struct mpi_endpoint *m, struct flight *f)
{
    if (f->newer)
        f->newer->older = f->older;
    else
        m->open = f->older;
    if (f->older)
        f->older->newer = f->newer;
    if (f->is_spare) {
        f->older = m->spare;
        m->spare = f;
    } else {
        da__free(f);
    }
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- sending -----------------------------------------------------------------------------------
 */

static da_status post_send(struct mpi_endpoint *m, struct flight *f, const void *data, int count,
                           MPI_Datatype type)
{
    int rc = MPI_Isend(data, count, type, f->lane.peer, f->lane.tag, m->comm, &f->req[f->nreq]);
    if (rc != MPI_SUCCESS)
        return mpi_failed(m, "MPI_Isend", f, rc);
    f->nreq++;
    return DA_OK;
}

static da_status post_message(struct mpi_endpoint *m, struct flight *f)
{
    int64_t at = smaller(f->nbytes, PIECE);
    DA_TRY(post_send(m, f, f->data, (int)at, MPI_BYTE));
    if (at < PIECE)
        return DA_OK;
    f->length = f->nbytes;
    DA_TRY(post_send(m, f, &f->length, 1, MPI_INT64_T));
    for (; at < f->nbytes; at += PIECE)
        DA_TRY(post_send(m, f, f->data + at, (int)smaller(f->nbytes - at, PIECE), MPI_BYTE));
    return DA_OK;
}

static da_status mpi_isend(struct da__endpoint *e, int to, int tag, const void *data,
                           int64_t nbytes, struct da__request *r)
{
    struct mpi_endpoint *m = (struct mpi_endpoint *)e;
    DA_TRY(da__transport_begin(e, "send", to, tag, nbytes, r));
    int64_t nreq = nbytes < PIECE ? 1 : 2 + (nbytes - 1) / PIECE;
    /* MPI only reads through this pointer. */
    struct flight *f = open_flight(m, to, tag, (void *)(uintptr_t)data, nbytes, nreq);
    if (!f)
        return DA_ERR_MEMORY;
    f->is_send = true;
    /* After a failure the flight stays open until close: MPI may still read pieces that were
     * posted. */
    DA_TRY(post_message(m, f));
    *r = (struct da__request){.impl = f};
    da__count_sent(e, nbytes);
    return DA_OK;
}

/* Pieces complete nearly in order, so looking at the oldest open one suffices. */
static da_status advance_send(struct mpi_endpoint *m, struct flight *f)
{
    while (f->first < f->nreq) {
        int done;
        int rc = MPI_Test(&f->req[f->first], &done, MPI_STATUS_IGNORE);
        if (rc != MPI_SUCCESS)
            return mpi_failed(m, "MPI_Test of a send", f, rc);
        if (!done)
            return DA_OK;
        f->first++;
        m->pieces++;
    }
    f->stage = COMPLETE;
    return DA_OK;
}

/* ---- receiving ---------------------------------------------------------------------------------
 */

static da_status post_receive(struct mpi_endpoint *m, struct flight *f, void *data, int count,
                              MPI_Datatype type)
{
    int at = (f->first + f->nreq) % WINDOW;
    int rc = MPI_Irecv(data, count, type, f->lane.peer, f->lane.tag, m->comm, &f->req[at]);
    if (rc != MPI_SUCCESS)
        return mpi_failed(m, "MPI_Irecv", f, rc);
    f->nreq++;
    return DA_OK;
}

static da_status post_first_piece(struct mpi_endpoint *m, struct flight *f)
{
    f->stage = FIRST_PIECE;
    return post_receive(m, f, f->data ? f->data : m->sink, (int)smaller(f->nbytes, PIECE),
                        MPI_BYTE);
}

static da_status post_rest(struct mpi_endpoint *m, struct flight *f)
{
    while (f->nreq < WINDOW && f->posted < f->length) {
        int64_t nbytes = smaller(f->length - f->posted, PIECE);
        uint8_t *to = f->data ? f->data + f->posted : m->sink;
        DA_TRY(post_receive(m, f, to, (int)nbytes, MPI_BYTE));
        f->posted += nbytes;
    }
    return DA_OK;
}

/* Completes the oldest posted piece, if it has come. `count` is in bytes. */
static da_status test_piece(struct mpi_endpoint *m, struct flight *f, bool *came, int *count)
{
    MPI_Status status;
    int done;
    int rc = MPI_Test(&f->req[f->first], &done, &status);
    *came = done != 0;
    if (rc != MPI_SUCCESS) {
        int class = MPI_ERR_OTHER;
        MPI_Error_class(rc, &class);
        return class == MPI_ERR_TRUNCATE ? too_long(m, f)
                                         : mpi_failed(m, "MPI_Test of a receive", f, rc);
    }
    if (!done)
        return DA_OK;
    MPI_Get_count(&status, MPI_BYTE, count);
    f->first = (f->first + 1) % WINDOW;
    f->nreq--;
    m->pieces++;
    return DA_OK;
}

/* What a piece that has come means: for the first one, whether the message goes on. */
static da_status take_piece(struct mpi_endpoint *m, struct flight *f, int count)
{
    if (f->stage == FIRST_PIECE) {
        f->landed = f->length = f->posted = count;
        if (count < PIECE) {
            f->stage = COMPLETE;
            return DA_OK;
        }
        f->stage = LENGTH;
        return post_receive(m, f, &f->length, 1, MPI_INT64_T);
    }
    if (f->stage == LENGTH) {
        if (f->length > f->nbytes)
            return too_long(m, f);
        f->stage = REST;
    } else {
        f->landed += count;
    }
    if (f->landed == f->length)
        f->stage = COMPLETE;
    return DA_OK;
}

static bool has_posted_all(const struct flight *f)
{
    return f->status != DA_OK || f->stage == COMPLETE ||
           (f->stage == REST && f->posted == f->length) ||
           (f->stage == FIRST_PIECE && f->nbytes < PIECE);
}

/* Gives the lane to the next receives while the one in front has nothing left to post. */
static void pass_lane(struct mpi_endpoint *m, struct flight *f)
{
    while (f && has_posted_all(f)) {
        int peer = f->lane.peer, tag = f->lane.tag;
        da__lanes_remove(&m->lanes, &f->lane);
        f->in_lane = false;
        f = (struct flight *)da__lanes_first(&m->lanes, peer, tag);
        if (f && f->stage == WAITS)
            f->status = post_first_piece(m, f);
    }
}

/* One call takes at most WINDOW pieces, and posts a new one for each, so that its time is bounded.
 */
static da_status advance_pieces(struct mpi_endpoint *m, struct flight *f)
{
    for (int i = 0; i < WINDOW && f->stage != COMPLETE; i++) {
        bool came = false;
        int count = 0;
        DA_TRY(test_piece(m, f, &came, &count));
        if (!came)
            return DA_OK;
        DA_TRY(take_piece(m, f, count));
        if (f->stage == REST)
            DA_TRY(post_rest(m, f));
    }
    return DA_OK;
}

static void advance_receive(struct mpi_endpoint *m, struct flight *f)
{
    if (f->status == DA_OK && f->stage != COMPLETE)
        f->status = advance_pieces(m, f);
    if (f->in_lane)
        pass_lane(m, f);
}

static da_status mpi_irecv(struct da__endpoint *e, int from, int tag, void *data, int64_t capacity,
                           struct da__request *r)
{
    struct mpi_endpoint *m = (struct mpi_endpoint *)e;
    DA_TRY(da__transport_begin(e, "receive", from, tag, capacity, r));
    struct flight *f = open_flight(m, from, tag, data, capacity, WINDOW);
    if (!f)
        return DA_ERR_MEMORY;
    bool free_lane = !da__lanes_first(&m->lanes, from, tag);
    if (free_lane)
        f->status = post_first_piece(m, f);
    if (!free_lane || !has_posted_all(f)) {
        da__lanes_push(&m->lanes, &f->lane);
        f->in_lane = true;
    }
    if (f->status != DA_OK) {
        da_status status = f->status;
        free_flight(m, f);
        return status;
    }
    *r = (struct da__request){.impl = f};
    return DA_OK;
}

/* ---- testing and waiting -----------------------------------------------------------------------
 */

static da_status progress(struct mpi_endpoint *m, struct flight *f)
{
    if (f->is_send) {
        f->status = advance_send(m, f);
        return f->status;
    }
    if (f->stage == WAITS) /* for the one in front, which its owner may not be testing */
        advance_receive(m, (struct flight *)da__lanes_first(&m->lanes, f->lane.peer, f->lane.tag));
    if (f->stage != WAITS)
        advance_receive(m, f);
    return f->status;
}

static da_status mpi_test(struct da__endpoint *e, struct da__request *r)
{
    struct mpi_endpoint *m = (struct mpi_endpoint *)e;
    struct flight *f = r->impl;
    if (r->done)
        return DA_OK;
    da_status status = m->broken ? DA_ERR_TRANSPORT : progress(m, f);
    if (status == DA_OK && f->stage != COMPLETE)
        return DA_OK;
    r->done = true;
    r->impl = NULL;
    if (status != DA_OK) /* the flight stays open until close: MPI may still use its pieces */
        return status;
    r->nbytes = f->is_send ? f->nbytes : f->landed;
    if (!f->is_send)
        da__count_received(e, f->landed);
    free_flight(m, f);
    return DA_OK;
}

/* MPI has no way to sleep until something comes, and its progress needs calls; testing is what the
 * caller does in between. A message of many pieces is not done for long, but while pieces come the
 * caller is not idle. */
static void mpi_wait_a_while(struct da__endpoint *e, int64_t idle_ns)
{
    struct mpi_endpoint *m = (struct mpi_endpoint *)e;
    int64_t now = da__now_ns();
    if (m->pieces != m->pieces_seen) {
        m->pieces_seen = m->pieces;
        m->moved_ns = now;
    }
    da__back_off(smaller(idle_ns, now - m->moved_ns));
}

/* ---- opening and closing -----------------------------------------------------------------------
 */

/* Lets go of what a failed run left behind; nobody waits for it. */
static void abandon(struct mpi_endpoint *m, struct flight *f)
{
    int last = f->is_send ? f->nreq : WINDOW;
    for (int i = f->is_send ? f->first : 0; i < last; i++) {
        if (f->req[i] == MPI_REQUEST_NULL)
            continue;
        if (!f->is_send)
            MPI_Cancel(&f->req[i]);
        MPI_Request_free(&f->req[i]);
    }
    free_flight(m, f);
}

static void free_endpoint(struct mpi_endpoint *m)
{
    da__lanes_close(&m->lanes);
    da__free(m->spares);
    da__free(m->sink);
    da__free(m);
}

static void mpi_close(struct da__endpoint *e)
{
    struct mpi_endpoint *m = (struct mpi_endpoint *)e;
    int finalized = 0;
    MPI_Finalized(&finalized);
    while (m->open) {
        if (finalized)
            free_flight(m, m->open);
        else
            abandon(m, m->open);
    }
    if (!finalized) {
        MPI_Comm_free(&m->comm);
        if (m->finalizes)
            MPI_Finalize();
    }
    free_endpoint(m);
}

static void mpi_end_job(struct da__endpoint *e, int code)
{
    MPI_Abort(((struct mpi_endpoint *)e)->comm, code);
    da__end_process(code);
}

static const struct da__endpoint_ops mpi_ops = {
    .isend = mpi_isend,
    .irecv = mpi_irecv,
    .test = mpi_test,
    .wait_a_while = mpi_wait_a_while,
    .close = mpi_close,
    .end_job = mpi_end_job,
};

/* What a process that is alone need not look for: other transports, and a daemon to talk to. MPI
 * starts in 45 ms instead of 390 with these. */
static const struct {
    const char *name, *value;
} singleton_default[] = {
    {"OMPI_MCA_ess_singleton_isolated", "1"},
    {"OMPI_MCA_pml", "ob1"},
    {"OMPI_MCA_btl", "self"},
};
#define NDEFAULTS (sizeof singleton_default / sizeof *singleton_default)

/* The defaults are taken back after MPI has read them, since a program may start an mpirun of its
 * own later. */
static da_status start_mpi(struct da__error *err)
{
    bool ours[NDEFAULTS] = {false};
    for (size_t i = 0; i < NDEFAULTS && !da__launched_as_one_of_several(); i++)
        ours[i] = !getenv(singleton_default[i].name) &&
                  setenv(singleton_default[i].name, singleton_default[i].value, 0) == 0;
    int provided;
    int rc = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    for (size_t i = 0; i < NDEFAULTS; i++)
        if (ours[i])
            unsetenv(singleton_default[i].name);
    return rc == MPI_SUCCESS
               ? DA_OK
               : da__fail(err, DA_ERR_TRANSPORT, "MPI_Init_thread failed with code %d", rc);
}

static da_status enter_comm(struct mpi_endpoint *m, MPI_Comm parent, struct da__error *err)
{
    int rc = MPI_Comm_dup(parent, &m->comm);
    if (rc != MPI_SUCCESS)
        return da__fail(err, DA_ERR_TRANSPORT, "MPI_Comm_dup failed with code %d", rc);
    MPI_Comm_set_errhandler(m->comm, MPI_ERRORS_RETURN);
    MPI_Comm_rank(m->comm, &m->base.rank);
    MPI_Comm_size(m->comm, &m->base.size);
    int *tag_ub, found = 0;
    MPI_Comm_get_attr(m->comm, MPI_TAG_UB, &tag_ub, &found);
    m->base.max_tag = found ? *tag_ub : 32767; /* what the standard guarantees */
    m->base.comm = &m->comm;
    return DA_OK;
}

bool da__mpi_launched(void)
{
    int initialized = 0;
    MPI_Initialized(&initialized);
    return initialized || da__launched_as_one_of_several();
}

static da_status begin_mpi(struct mpi_endpoint *m, struct da__error *err)
{
    int initialized = 0, finalized = 0;
    MPI_Initialized(&initialized);
    MPI_Finalized(&finalized);
    if (finalized)
        return da__fail(err, DA_ERR_STATE, "MPI: the program has finalized it already");
    if (initialized)
        return DA_OK;
    DA_TRY(start_mpi(err));
    m->finalizes = true;
    return DA_OK;
}

da_status da__mpi_open(const void *mpi_comm, struct da__endpoint **endpoint, struct da__error *err)
{
    *endpoint = NULL;
    struct mpi_endpoint *m = da__calloc(1, sizeof *m);
    if (m)
        m->sink = da__alloc(PIECE);
    if (!m || !m->sink || !make_spares(m) || da__lanes_open(&m->lanes) != DA_OK) {
        if (m)
            free_endpoint(m);
        return da__fail(err, DA_ERR_MEMORY, "MPI: no memory for an endpoint");
    }
    m->base.ops = &mpi_ops;
    m->base.error.engine = -1;
    da_status status = begin_mpi(m, err);
    if (status == DA_OK)
        status = enter_comm(m, mpi_comm ? *(const MPI_Comm *)mpi_comm : MPI_COMM_WORLD, err);
    if (status != DA_OK) {
        if (m->finalizes)
            MPI_Finalize();
        free_endpoint(m);
        return status;
    }
    *endpoint = &m->base;
    return DA_OK;
}
