/* The engines that work on one file: agreement, and a number that names their run. */
#include "format.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef DA_HAVE_MPI
#include <mpi.h>
#endif

da_status da__agree(const struct da__io_peers *peers, da_status mine, struct da__error *err)
{
    struct da__error own;
    memset(&own, 0, sizeof own);
    if (peers->agree == NULL)
        return mine;
    return peers->agree(peers->self, mine, err != NULL ? err : &own);
}

/* When this process started, in ticks since boot: tells it from earlier ones of the same id. */
static uint64_t start_time(void)
{
    FILE *f = fopen("/proc/self/stat", "r");
    char line[1024];
    uint64_t ticks = 0;
    if (f == NULL)
        return 0;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = '\0';
    char *after_name = strrchr(line, ')'); /* the name may hold anything; field 3 follows it */
    if (after_name != NULL)
        sscanf(after_name + 1,
               " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu",
               &ticks);
    return ticks;
}

static uint64_t process_token(void)
{
    char host[256] = "";
    struct da__hash h = da__hash_init();
    gethostname(host, sizeof host - 1);
    da__hash_bytes(&h, host, strlen(host));
    da__hash_i64(&h, (int64_t)getpid());
    da__hash_i64(&h, (int64_t)start_time());
    return h.lo ^ h.hi;
}

da_status da__run_token(const struct da__io_peers *peers, uint64_t *token, struct da__error *err)
{
    *token = process_token();
    if (peers->comm == NULL)
        return DA_OK;
#ifdef DA_HAVE_MPI
    int rc = MPI_Bcast(token, 1, MPI_UINT64_T, 0, *(const MPI_Comm *)peers->comm);
    if (rc != MPI_SUCCESS)
        return da__fail(err, DA_ERR_TRANSPORT, "naming a temporary file: MPI_Bcast failed (%d)",
                        rc);
    return DA_OK;
#else
    return da__fail(err, DA_ERR_UNSUPPORTED, "this build has no MPI");
#endif
}
