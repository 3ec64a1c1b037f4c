/* A team of engines for tests of io: threads of this process, or the processes of mpirun where it
 * started us. */
#ifndef DA_TEST_PEERS_H
#define DA_TEST_PEERS_H

#include "da_io.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef DA_HAVE_MPI
#include <mpi.h>
#endif

#define TEAM_MAX 8

struct team {
    int size;
    pthread_barrier_t barrier;
    da_status status[TEAM_MAX];
    struct da__error error[TEAM_MAX];
    atomic_int failures;
    void (*body)(struct da__io_peers *peers, void *arg);
    void *arg;
};
struct member {
    struct team *team;
    int rank;
    struct da__io_peers peers;
};

static atomic_int *team_failures; /* of the team that runs now */

/* An expectation inside a body: counted, never jumps, so that the others do not wait for ever. */
#define EXPECT(what)                                                                               \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #what);                    \
            atomic_fetch_add(team_failures, 1);                                                    \
        }                                                                                          \
    } while (0)
#define EXPECT_OK(call, err)                                                                       \
    do {                                                                                           \
        da_status expect_ok_ = (call);                                                             \
        if (expect_ok_ != DA_OK) {                                                                 \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, (err)->text);            \
            atomic_fetch_add(team_failures, 1);                                                    \
        }                                                                                          \
    } while (0)

static inline da_status thread_agree(void *self, da_status mine, struct da__error *err)
{
    struct member *m = self;
    struct team *t = m->team;
    da_status worst = DA_OK;
    t->status[m->rank] = mine;
    t->error[m->rank] = *err;
    pthread_barrier_wait(&t->barrier);
    for (int r = t->size - 1; r >= 0; r--) {
        if (t->status[r] != DA_OK) {
            worst = t->status[r];
            *err = t->error[r];
        }
    }
    pthread_barrier_wait(&t->barrier);
    return worst;
}

static inline void *run_member(void *arg)
{
    struct member *m = arg;
    m->team->body(&m->peers, m->team->arg);
    return NULL;
}

static inline int run_threads(int size, void (*body)(struct da__io_peers *peers, void *arg),
                              void *arg)
{
    struct team team = {.size = size, .body = body, .arg = arg};
    struct member member[TEAM_MAX];
    pthread_t thread[TEAM_MAX];
    team_failures = &team.failures;
    pthread_barrier_init(&team.barrier, NULL, (unsigned)size);
    for (int r = 0; r < size; r++) {
        member[r] = (struct member){&team, r, {r, size, NULL, thread_agree, &member[r]}};
        pthread_create(&thread[r], NULL, run_member, &member[r]);
    }
    for (int r = 0; r < size; r++)
        pthread_join(thread[r], NULL);
    pthread_barrier_destroy(&team.barrier);
    return team.failures;
}

#ifdef DA_HAVE_MPI
static inline da_status mpi_agree(void *self, da_status mine, struct da__error *err)
{
    MPI_Comm comm = *(MPI_Comm *)self;
    int size, status[64], own = mine;
    MPI_Comm_size(comm, &size);
    MPI_Allgather(&own, 1, MPI_INT, status, 1, MPI_INT, comm);
    for (int r = 0; r < size; r++) {
        if (status[r] != DA_OK) {
            MPI_Bcast(err, (int)sizeof *err, MPI_BYTE, r, comm);
            return (da_status)status[r];
        }
    }
    return DA_OK;
}

static inline int run_processes(void (*body)(struct da__io_peers *peers, void *arg), void *arg)
{
    MPI_Comm comm;
    atomic_int failures = 0;
    struct da__io_peers peers = {0};
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_rank(comm, &peers.rank);
    MPI_Comm_size(comm, &peers.size);
    peers.comm = peers.self = &comm;
    peers.agree = mpi_agree;
    team_failures = &failures;
    body(&peers, arg);
    int mine = failures, all = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, comm);
    MPI_Comm_free(&comm);
    return all;
}
#endif

static inline bool under_mpirun(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") != NULL;
}

/* Runs the body on every engine; returns the number of expectations that failed. */
static inline int run_team(int size, void (*body)(struct da__io_peers *peers, void *arg), void *arg)
{
#ifdef DA_HAVE_MPI
    if (under_mpirun())
        return run_processes(body, arg);
#endif
    return run_threads(size, body, arg);
}

/* ---- one engine alone --------------------------------------------------------------------------
 */

static const struct da__io_peers alone = {.size = 1};

/* ---- a folder for the test's files, removed with them -------------------------------------------
 */

static inline char *make_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *path = malloc(4096);
    snprintf(path, 4096, "%s/da_io_XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(path) == NULL)
        abort();
    return path;
}

static inline void remove_folder(char *path)
{
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command) != 0)
        fprintf(stderr, "%s stays\n", path);
    free(path);
}

/* "folder/name" in a buffer of the caller. */
static inline const char *in_folder(const char *folder, const char *name, char *buf, size_t size)
{
    if ((size_t)snprintf(buf, size, "%s/%s", folder, name) >= size)
        abort();
    return buf;
}

static inline void *read_whole(const char *path, long *n)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return NULL;
    fseek(f, 0, SEEK_END);
    *n = ftell(f);
    rewind(f);
    char *data = malloc((size_t)*n + 1);
    if (fread(data, 1, (size_t)*n, f) != (size_t)*n)
        abort();
    fclose(f);
    return data;
}

static inline void write_whole(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(data, 1, n, f) != n || fclose(f) != 0)
        abort();
}

/* Hidden and other entries of a folder, to see that nothing is left behind. */
static inline int count_entries(const char *folder)
{
    int n = -2; /* . and .. */
    DIR *d = opendir(folder);
    if (d == NULL)
        abort();
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

#endif
