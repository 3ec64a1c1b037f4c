/* Messages of every length in every order: what a transport promises, checked byte by byte. */
#include "message_scenarios.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

atomic_int failures;

/* ---- contents ----------------------------------------------------------------------------------
 */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x7FB5D329728EA185);
    x ^= x >> 27;
    return x * UINT64_C(0x81DADEF4BC2DD44D) ^ x >> 33;
}

static uint64_t name_of(int from, int to, int serial)
{
    return mix((uint64_t)from << 40 ^ (uint64_t)to << 20 ^ (uint64_t)serial ^ UINT64_C(0x5bd1e995));
}

static void fill(unsigned char *at, int64_t nbytes, uint64_t name)
{
    for (int64_t i = 0; i < nbytes; i += 8) {
        uint64_t word = name + (uint64_t)i * UINT64_C(0x9E3779B97F4A7C15);
        memcpy(at + i, &word, (size_t)(nbytes - i < 8 ? nbytes - i : 8));
    }
}

static bool holds(const unsigned char *at, int64_t nbytes, uint64_t name)
{
    for (int64_t i = 0; i < nbytes; i += 8) {
        uint64_t word = name + (uint64_t)i * UINT64_C(0x9E3779B97F4A7C15);
        if (memcmp(at + i, &word, (size_t)(nbytes - i < 8 ? nbytes - i : 8)) != 0)
            return false;
    }
    return true;
}

unsigned char *new_bytes(int64_t nbytes)
{
    return malloc((size_t)(nbytes ? nbytes : 1));
}

da_status wait_one(struct da__endpoint *e, struct da__request *r)
{
    return da__wait_all(e, 1, r);
}

/* ---- scenarios ---------------------------------------------------------------------------------
 */

static const int64_t lengths[] = {
    0,     1,       8,   255,     256,     257,         4095,        4096,    4097,
    65536, MIB - 1, MIB, MIB + 1, 2 * MIB, 2 * MIB + 3, 3 * MIB - 1, 3 * MIB, 4 * MIB + 17};
#define NLENGTHS ((int)(sizeof lengths / sizeof *lengths))

/* Everyone passes to the right what it got from the left, n times round. */
void ring(struct da__endpoint *e)
{
    int right = (e->rank + 1) % e->size, left = (e->rank + e->size - 1) % e->size;
    for (int k = 0; k < NLENGTHS; k++) {
        int64_t nbytes = lengths[k];
        unsigned char *out = new_bytes(nbytes), *in = new_bytes(nbytes);
        fill(out, nbytes, name_of(e->rank, 0, k));
        for (int step = 0; step < e->size; step++) {
            struct da__request r[2];
            CHECK(e->ops->irecv(e, left, k, in, nbytes, &r[0]) == DA_OK);
            CHECK(e->ops->isend(e, right, k, out, nbytes, &r[1]) == DA_OK);
            CHECK(da__wait_all(e, 2, r) == DA_OK);
            CHECK(r[0].done && r[1].done && r[0].nbytes == nbytes);
            memcpy(out, in, (size_t)nbytes);
        }
        CHECK(holds(out, nbytes, name_of(e->rank, 0, k)));
        free(out);
        free(in);
    }
}

static int64_t random_length(int from, int to, int round)
{
    uint64_t x = name_of(from, to, 1000 + round);
    return (int64_t)(mix(x) % (uint64_t)(x % 3 ? 5 * MIB : 3000));
}

/* All to all, itself included, of random lengths that the receiver does not know. */
void all_to_all(struct da__endpoint *e)
{
    int n = e->size;
    unsigned char **in = calloc((size_t)n, sizeof *in), **out = calloc((size_t)n, sizeof *out);
    struct da__request *r = calloc(2 * (size_t)n, sizeof *r);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < n; i++) {
            int64_t nbytes = random_length(e->rank, i, round);
            in[i] = new_bytes(5 * MIB);
            out[i] = new_bytes(nbytes);
            fill(out[i], nbytes, name_of(e->rank, i, round));
            if (round == 0)
                CHECK(e->ops->irecv(e, i, 3, in[i], 5 * MIB, &r[i]) == DA_OK);
            CHECK(e->ops->isend(e, i, 3, out[i], nbytes, &r[n + i]) == DA_OK);
        }
        for (int i = 0; round == 1 && i < n; i++)
            CHECK(e->ops->irecv(e, i, 3, in[i], 5 * MIB, &r[i]) == DA_OK);
        CHECK(da__wait_all(e, 2 * n, r) == DA_OK);
        for (int i = 0; i < n; i++) {
            CHECK(r[i].nbytes == random_length(i, e->rank, round));
            CHECK(holds(in[i], r[i].nbytes, name_of(i, e->rank, round)));
            free(in[i]);
            free(out[i]);
        }
    }
    free(in);
    free(out);
    free(r);
}

/* Tags are asked for in the reverse of the order in which they are sent, each waited for alone. */
void tags_out_of_order(struct da__endpoint *e)
{
    enum { NTAGS = 18 };
    int right = (e->rank + 1) % e->size, left = (e->rank + e->size - 1) % e->size;
    unsigned char *out[NTAGS], *in = new_bytes(5 * MIB);
    struct da__request sent[NTAGS], r;
    for (int tag = 0; tag < NTAGS; tag++) {
        out[tag] = new_bytes(lengths[tag % NLENGTHS]);
        fill(out[tag], lengths[tag % NLENGTHS], name_of(e->rank, right, tag));
        CHECK(e->ops->isend(e, right, tag, out[tag], lengths[tag % NLENGTHS], &sent[tag]) == DA_OK);
    }
    for (int tag = NTAGS - 1; tag >= 0; tag--) {
        CHECK(e->ops->irecv(e, left, tag, in, 5 * MIB, &r) == DA_OK);
        /* Sends need progress of their own while this waits, as everyone waits for everyone. */
        while (!r.done) {
            CHECK(e->ops->test(e, &r) == DA_OK);
            for (int i = 0; i < NTAGS; i++)
                CHECK(e->ops->test(e, &sent[i]) == DA_OK);
        }
        CHECK(r.nbytes == lengths[tag % NLENGTHS]);
        CHECK(holds(in, r.nbytes, name_of(left, e->rank, tag)));
    }
    CHECK(da__wait_all(e, NTAGS, sent) == DA_OK);
    for (int tag = 0; tag < NTAGS; tag++)
        free(out[tag]);
    free(in);
}

/* Messages of one tag, short and long mixed, into receives of small and of large capacity: they
 * arrive in order. The last receive is waited for first, so that it has to pull the ones in front
 * of it. */
void order_within_a_tag(struct da__endpoint *e)
{
    enum { NMESSAGES = 60 };
    int right = (e->rank + 1) % e->size, left = (e->rank + e->size - 1) % e->size;
    unsigned char *out[NMESSAGES], *in[NMESSAGES];
    struct da__request r[2 * NMESSAGES];
    for (int late = 0; late < 2; late++) {
        for (int pass = 0; pass < 2; pass++) {
            for (int i = 0; i < NMESSAGES; i++) {
                int64_t nbytes = i % 4 == 3 ? lengths[i % NLENGTHS] : i * 13;
                int64_t capacity = i % 3 == 0 ? nbytes : nbytes + (i % 3) * 700 * 1024;
                if (pass == late) {
                    in[i] = new_bytes(capacity);
                    CHECK(e->ops->irecv(e, left, 7, in[i], capacity, &r[i]) == DA_OK);
                } else {
                    out[i] = new_bytes(nbytes);
                    fill(out[i], nbytes, name_of(e->rank, right, i));
                    CHECK(e->ops->isend(e, right, 7, out[i], nbytes, &r[NMESSAGES + i]) == DA_OK);
                }
            }
        }
        while (!r[NMESSAGES - 1].done) {
            CHECK(e->ops->test(e, &r[NMESSAGES - 1]) == DA_OK);
            for (int i = 0; i < NMESSAGES; i++)
                CHECK(e->ops->test(e, &r[NMESSAGES + i]) == DA_OK);
        }
        CHECK(da__wait_all(e, 2 * NMESSAGES, r) == DA_OK);
        for (int i = 0; i < NMESSAGES; i++) {
            CHECK(r[i].nbytes == (i % 4 == 3 ? lengths[i % NLENGTHS] : i * 13));
            CHECK(holds(in[i], r[i].nbytes, name_of(left, e->rank, i)));
            free(in[i]);
            free(out[i]);
        }
    }
}

/* Thousands of open requests with one tag each, sends first and receives in a scattered order. */
void many_open_requests(struct da__endpoint *e)
{
    enum { N = 2003, STRIDE = 700 };
    struct da__request *r = calloc(2 * N, sizeof *r);
    int64_t *out = calloc(N, sizeof *out), *in = calloc(N, sizeof *in);
    int right = (e->rank + 1) % e->size, left = (e->rank + e->size - 1) % e->size;
    for (int i = 0; i < N; i++) {
        out[i] = (int64_t)name_of(e->rank, right, i);
        CHECK(e->ops->isend(e, right, i, &out[i], 8, &r[N + i]) == DA_OK);
    }
    for (int i = 0; i < N; i++) {
        int tag = (int)((int64_t)i * STRIDE % N);
        CHECK(e->ops->irecv(e, left, tag, &in[tag], 8, &r[i]) == DA_OK);
    }
    CHECK(da__wait_all(e, 2 * N, r) == DA_OK);
    for (int i = 0; i < N; i++)
        CHECK(in[i] == (int64_t)name_of(left, e->rank, i));
    free(r);
    free(out);
    free(in);
}

void shorter_than_capacity(struct da__endpoint *e)
{
    int right = (e->rank + 1) % e->size, left = (e->rank + e->size - 1) % e->size;
    unsigned char *out = new_bytes(5 * MIB), *in = new_bytes(6 * MIB);
    for (int k = 0; k < NLENGTHS; k++) {
        struct da__request r[2];
        fill(out, lengths[k], name_of(e->rank, right, k));
        memset(in, 0xA5, (size_t)(6 * MIB));
        CHECK(e->ops->irecv(e, left, 0, in, 6 * MIB, &r[0]) == DA_OK);
        CHECK(e->ops->isend(e, right, 0, out, lengths[k], &r[1]) == DA_OK);
        CHECK(da__wait_all(e, 2, r) == DA_OK);
        CHECK(r[0].nbytes == lengths[k]);
        CHECK(holds(in, lengths[k], name_of(left, e->rank, k)));
        CHECK(in[lengths[k]] == 0xA5);
    }
    free(out);
    free(in);
}

void counters(struct da__endpoint *e)
{
    int right = (e->rank + 1) % e->size, left = (e->rank + e->size - 1) % e->size;
    int64_t messages = e->sent_messages, bytes = e->sent_bytes;
    int64_t got_messages = e->received_messages, got_bytes = e->received_bytes;
    unsigned char *out = new_bytes(3 * MIB), *in = new_bytes(3 * MIB);
    memset(out, 1, (size_t)(3 * MIB));
    static const int64_t size[] = {0, 100, 3 * MIB};
    for (int k = 0; k < 3; k++) {
        struct da__request r[2];
        CHECK(e->ops->isend(e, right, 0, out, size[k], &r[1]) == DA_OK);
        CHECK(e->ops->irecv(e, left, 0, in, 3 * MIB, &r[0]) == DA_OK);
        CHECK(da__wait_all(e, 2, r) == DA_OK);
    }
    CHECK(e->sent_messages - messages == 3 && e->sent_bytes - bytes == 3 * MIB + 100);
    CHECK(e->received_messages - got_messages == 3 &&
          e->received_bytes - got_bytes == 3 * MIB + 100);
    free(out);
    free(in);
}

static double thread_cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Engines that wait for long sleep nearly all of the time. */
void waiting_costs_little(struct da__endpoint *e)
{
    unsigned char byte = 0;
    struct da__request r;
    if (e->rank == 0) {
        struct timespec t = {.tv_nsec = 400000000};
        nanosleep(&t, NULL);
        for (int i = 1; i < e->size; i++) {
            CHECK(e->ops->isend(e, i, 0, &byte, 1, &r) == DA_OK);
            CHECK(wait_one(e, &r) == DA_OK);
        }
    } else {
        double before = thread_cpu_seconds();
        CHECK(e->ops->irecv(e, 0, 0, &byte, 1, &r) == DA_OK);
        CHECK(wait_one(e, &r) == DA_OK);
        CHECK(thread_cpu_seconds() - before < 0.2);
    }
}

void wrong_arguments(struct da__endpoint *e)
{
    unsigned char byte = 0;
    struct da__request r;
    CHECK(e->ops->isend(e, e->size, 0, &byte, 1, &r) == DA_ERR_ARGUMENT && r.done);
    CHECK(strstr(e->error.text, "engine") != NULL);
    CHECK(e->ops->irecv(e, -1, 0, &byte, 1, &r) == DA_ERR_ARGUMENT && r.done);
    CHECK(e->ops->irecv(e, 0, -1, &byte, 1, &r) == DA_ERR_ARGUMENT && r.done);
    CHECK(e->ops->isend(e, 0, 0, &byte, -1, &r) == DA_ERR_ARGUMENT && r.done);
    CHECK(wait_one(e, &r) == DA_OK);
    e->error = (struct da__error){.engine = -1};
}

/* One message of `nbytes` to the right, from the left into 5 bytes: the receive fails, once; other
 * tags go on. */
static void overflow_once(struct da__endpoint *e, int tag, int64_t nbytes, bool receive_first)
{
    int right = (e->rank + 1) % e->size, left = (e->rank + e->size - 1) % e->size;
    unsigned char *out = new_bytes(nbytes), *in = new_bytes(nbytes);
    struct da__request r[2];
    da_status got = DA_OK;
    memset(out, 3, (size_t)nbytes);
    memset(in, 9, (size_t)nbytes);
    if (receive_first)
        got = e->ops->irecv(e, left, tag, in, 5, &r[0]);
    CHECK(e->ops->isend(e, right, tag, out, nbytes, &r[1]) == DA_OK);
    if (!receive_first)
        got = e->ops->irecv(e, left, tag, in, 5, &r[0]);
    da_status later = da__wait_all(e, 2, r);
    CHECK((got == DA_OK ? later : got) == DA_ERR_TRANSPORT);
    CHECK(r[0].done && r[1].done && in[5] == 9);
    CHECK(e->error.status == DA_ERR_TRANSPORT && strstr(e->error.text, "receive") != NULL);
    CHECK(wait_one(e, &r[0]) == DA_OK);
    e->error = (struct da__error){.engine = -1};
    CHECK(e->ops->isend(e, right, 1, out, 6, &r[0]) == DA_OK);
    CHECK(e->ops->irecv(e, left, 1, in, 6, &r[1]) == DA_OK);
    CHECK(da__wait_all(e, 2, r) == DA_OK && in[5] == 3);
    free(out);
    free(in);
}

/* Open MPI notices a message that is too long only after its rendezvous has written it, and may not
 * notice one from the engine itself, so there only short ones between engines are tried. */
void too_long(struct da__endpoint *e)
{
    if (e->comm && e->size == 1)
        return;
    for (int k = 0; k < 4; k++)
        overflow_once(e, 20 + k, k / 2 == 0 || e->comm ? 10 : 900000, k % 2 == 0);
}
