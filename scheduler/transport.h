/* Messages between engines: one small interface, two implementations (MPI; threads of one process), and two that stand before
 * either of them: one delays, one watches (wrapper.h).
 *
 * Point to point and nonblocking only; trees are built above it. Between two engines, messages of one tag arrive in the
 * order sent. A receive names its source and tag and a capacity; the message may be shorter; into NULL it is thrown away. One thread per engine calls
 * its endpoint. Messages may be longer than 2^31 bytes; they travel in pieces of at most 1 MiB. */
#ifndef DA_TRANSPORT_H
#define DA_TRANSPORT_H

#include "da_core.h"

struct da__endpoint; /* one engine's door to the others */

struct da__request {
    bool done;
    int64_t nbytes; /* of the message, once a receive is done */
    void *impl;     /* NULL once done */
};

struct da__endpoint_ops {
    da_status (*isend)(struct da__endpoint *e, int to, int tag, const void *data, int64_t nbytes,
                       struct da__request *r);
    da_status (*irecv)(struct da__endpoint *e, int from, int tag, void *data, int64_t capacity,
                       struct da__request *r);
    da_status (*test)(
        struct da__endpoint *e,
        struct da__request *r); /* sets r->done; the buffer is the caller's again then */
    void (*wait_a_while)(
        struct da__endpoint *e,
        int64_t idle_ns); /* backs off: spin, yield, then sleep (or until something arrives) */
    void (*close)(struct da__endpoint *e);
    void (*end_job)(struct da__endpoint *e,
                    int code); /* ends all engines at once; does not return */
};
/* What an engine is at, for whoever reports that it waits: set by the engine, read by transport_watch.c. */
struct da__doing {
    const char *what; /* lasts as long as the endpoint */
    int step;         /* of the program; -1: none */
    bool idle;        /* nothing was asked of it: waiting then is not stalling */
};
struct da__endpoint {
    const struct da__endpoint_ops *ops;
    int rank, size;
    int max_tag;      /* tags 0 … max_tag are legal */
    const void *comm; /* MPI_Comm* for parallel files, or NULL */
    int64_t sent_messages, sent_bytes, received_messages, received_bytes;
    struct da__error error; /* the first failure of this endpoint, in words */
    struct da__doing doing;
};

/* A call that fails leaves its request done; a failed request reports its status once, from irecv or from test. A message
 * longer than its receive's capacity breaks the protocol: the receive fails, and what follows under that tag is undefined.
 * Over MPI that is no protection: Open MPI 4.1 tells of it only after its rendezvous has written past the buffer. */

/* Waits for all of them, testing in turn and backing off; gives the first failure, also only once all are done. */
da_status da__wait_all(struct da__endpoint *e, int n, struct da__request *r);

/* For the implementations: starts a request after checking its arguments (`nbytes` is a length or a capacity), and counts a
 * message that was accepted or has arrived. */
da_status da__transport_begin(struct da__endpoint *e, const char *what, int peer, int tag,
                              int64_t nbytes, struct da__request *r);
void da__count_sent(struct da__endpoint *e, int64_t nbytes);
void da__count_received(struct da__endpoint *e, int64_t nbytes);

/* `n` engines in this process: fills endpoint[0 … n-1]; each may be used by another thread. */
da_status da__virtual_open(int n, struct da__endpoint **endpoint, struct da__error *err);
/* True where the environment says that a launcher (mpirun, srun with PMI) started this process as one of several, or MPI
 * is initialised already. Reads the environment only; MPI is not started. */
bool da__mpi_launched(void);
/* Initialises MPI (FUNNELED) unless the program did, duplicates the communicator (NULL: world). Close finalizes what open initialised. */
da_status da__mpi_open(const void *mpi_comm, struct da__endpoint **endpoint, struct da__error *err);

#endif
