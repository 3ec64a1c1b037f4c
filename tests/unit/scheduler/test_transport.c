/* The message scenarios over both transports: virtual engines as threads, and MPI when started by
 * mpirun or with --mpi. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "launch.h"
#include "message_scenarios.h"

/* ---- running them ------------------------------------------------------------------------------
 */

static struct da__endpoint *over_mpi; /* NULL: virtual engines */

struct part {
    struct da__endpoint *e;
    scenario *run;
};

static void *run_part(void *self)
{
    struct part *p = self;
    p->run(p->e);
    p->e->ops->close(p->e);
    return NULL;
}

static void run_virtual(int n, scenario *run)
{
    struct da__endpoint *e[8];
    struct part part[8];
    pthread_t thread[8];
    int64_t blocks = da__alloc_live();
    assert_int_equal(da__virtual_open(n, e, NULL), DA_OK);
    for (int i = 0; i < n; i++) {
        assert_int_equal(e[i]->rank, i);
        assert_int_equal(e[i]->size, n);
        part[i] = (struct part){e[i], run};
        assert_int_equal(pthread_create(&thread[i], NULL, run_part, &part[i]), 0);
    }
    for (int i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(da__alloc_live(), blocks);
}

static void run_everywhere(scenario *run)
{
    static const int counts[] = {1, 2, 3, 4, 7};
    atomic_store(&failures, 0);
    if (over_mpi) {
        run(over_mpi);
    } else {
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            run_virtual(counts[i], run);
    }
    assert_int_equal(atomic_load(&failures), 0);
}

#define SCENARIO(name)                                                                             \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        run_everywhere(name);                                                                      \
    }
SCENARIO(ring)
SCENARIO(all_to_all)
SCENARIO(tags_out_of_order)
SCENARIO(order_within_a_tag)
SCENARIO(many_open_requests)
SCENARIO(shorter_than_capacity)
SCENARIO(counters)
SCENARIO(waiting_costs_little)
SCENARIO(wrong_arguments)
SCENARIO(too_long)

/* ---- virtual engines only ----------------------------------------------------------------------
 */

/* Engine 0 leaves with messages and receives open on both sides: the others' fail, its eager
 * messages still arrive, and nothing leaks. */
static void one_leaves(struct da__endpoint *e)
{
    static unsigned char large[5][100000];
    unsigned char small[10] = {42}, in[10] = {0};
    struct da__request r[3];
    if (e->rank == 0) {
        for (int i = 1; i < e->size; i++) {
            CHECK(e->ops->isend(e, i, 0, small, 10, &r[0]) == DA_OK && r[0].done);
            CHECK(e->ops->isend(e, i, 1, large[0], 100000, &r[1]) == DA_OK);
            CHECK(e->ops->irecv(e, i, 5, small, 10, &r[2]) == DA_OK);
        }
        return;
    }
    da_status large_sent = e->ops->isend(e, 0, 2, large[e->rank], 100000, &r[0]);
    da_status never_sent = e->ops->irecv(e, 0, 3, in, 10, &r[1]);
    CHECK((large_sent ? large_sent : wait_one(e, &r[0])) == DA_ERR_TRANSPORT);
    CHECK((never_sent ? never_sent : wait_one(e, &r[1])) == DA_ERR_TRANSPORT);
    CHECK(strstr(e->error.text, "left") != NULL);
    CHECK(e->ops->irecv(e, 0, 0, in, 10, &r[2]) == DA_OK && wait_one(e, &r[2]) == DA_OK &&
          in[0] == 42);
}

static void test_one_leaves(void **state)
{
    (void)state;
    atomic_store(&failures, 0);
    for (int i = 0; i < 50; i++)
        run_virtual(2 + i % 3, one_leaves);
    assert_int_equal(atomic_load(&failures), 0);
}

/* Without memory a few messages travel all the same, a long one as the sender's; one too many says
 * so, and what was received makes room again. */
static void check_spares(struct da__endpoint **e)
{
    struct da__request r, longer;
    unsigned char sent = 0, got = 0, text[2000] = {1}, copy[2000] = {0};
    assert_int_equal(e[0]->ops->isend(e[0], 1, 1, text, sizeof text, &longer), DA_OK);
    assert_false(longer.done);
    int n = 0;
    while (e[0]->ops->isend(e[0], 1, 0, &sent, 1, &r) == DA_OK)
        sent = (unsigned char)++n;
    assert_true(r.done && n > 4);
    for (int i = 0; i < n; i++) {
        assert_int_equal(e[1]->ops->irecv(e[1], 0, 0, &got, 1, &r), DA_OK);
        assert_true(r.done && got == i);
    }
    assert_int_equal(e[1]->ops->irecv(e[1], 0, 1, copy, sizeof copy, &r), DA_OK);
    assert_int_equal(e[0]->ops->test(e[0], &longer), DA_OK);
    assert_true(longer.done && copy[0] == 1);
    assert_int_equal(e[0]->ops->isend(e[0], 1, 0, &sent, 1, &r), DA_OK);
}

/* Every allocation fails in turn; what was opened is closed again, and a receive that cannot be
 * queued says so. */
static void test_no_memory(void **state)
{
    (void)state;
    int64_t blocks = da__alloc_live();
    struct da__endpoint *e[3];
    da_status status = DA_ERR_MEMORY;
    for (int n = 1; status == DA_ERR_MEMORY; n++) {
        struct da__error err = {.engine = -1};
        da__alloc_fail_at(n, false);
        status = da__virtual_open(3, e, &err);
        da__alloc_fail_at(0, false);
        if (status != DA_OK)
            assert_int_equal(da__alloc_live(), blocks);
    }
    assert_int_equal(status, DA_OK);
    struct da__request r;
    unsigned char byte = 0;
    da__alloc_fail_at(1, true);
    check_spares(e);
    while ((status = e[2]->ops->irecv(e[2], 0, 0, &byte, 1, &r)) == DA_OK)
        assert_false(r.done);
    assert_int_equal(status, DA_ERR_MEMORY);
    da__alloc_fail_at(0, false);
    assert_true(r.done);
    for (int i = 0; i < 3; i++)
        e[i]->ops->close(e[i]);
    assert_int_equal(da__alloc_live(), blocks);
    assert_int_equal(da__virtual_open(0, e, NULL), DA_ERR_ARGUMENT);
}

static void test_launched(void **state)
{
    (void)state;
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE",
                                        "PMI_SIZE",
                                        "MV2_COMM_WORLD_SIZE",
                                        "PMIX_RANK",
                                        "PMI_RANK",
                                        "PMI_ID",
                                        "SLURM_STEP_NUM_TASKS",
                                        "SLURM_NTASKS"};
    static const struct {
        const char *set[4];
        bool launched;
    } cases[] = {
        {{NULL}, false},
        {{"OMPI_COMM_WORLD_SIZE", "4"}, true},
        {{"OMPI_COMM_WORLD_SIZE", "1", "PMIX_RANK", "0"}, false},
        {{"OMPI_COMM_WORLD_SIZE", "1", "SLURM_STEP_NUM_TASKS", "8"}, false},
        {{"OMPI_COMM_WORLD_SIZE", "nonsense"}, false},
        {{"PMI_SIZE", "2"}, true},
        {{"PMI_RANK", "0", "SLURM_STEP_NUM_TASKS", "1"}, false},
        {{"PMIX_RANK", "0", "SLURM_STEP_NUM_TASKS", "3"}, true},
        {{"PMIX_RANK", "2"}, true},
        {{"SLURM_NTASKS", "16"}, false},
        {{"SLURM_STEP_NUM_TASKS", "16"}, false},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            unsetenv(names[i]);
        for (int i = 0; i < 4 && cases[c].set[i]; i += 2)
            setenv(cases[c].set[i], cases[c].set[i + 1], 1);
        assert_int_equal(da__launched_as_one_of_several(), cases[c].launched);
        assert_int_equal(da__mpi_launched(), cases[c].launched);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

/* ---- MPI only ----------------------------------------------------------------------------------
 */

static void test_mpi_endpoint(void **state)
{
    (void)state;
    assert_true(da__mpi_launched());
    assert_non_null(over_mpi->comm);
    assert_true(over_mpi->max_tag >= 32767);
    if (!da__launched_as_one_of_several())
        assert_null(getenv("OMPI_MCA_btl")); /* defaults do not outlive the start */
    const char *size = getenv("OMPI_COMM_WORLD_SIZE");
    if (size)
        assert_int_equal(over_mpi->size, atoi(size));
    struct da__endpoint *second;
    assert_int_equal(da__mpi_open(over_mpi->comm, &second, NULL), DA_OK);
    assert_int_equal(second->rank, over_mpi->rank);
    second->ops->close(second);
}

/* What a broken run leaves open, close lets go of. */
static void test_mpi_close_with_open_requests(void **state)
{
    (void)state;
    int64_t blocks = da__alloc_live();
    struct da__endpoint *e;
    struct da__request r;
    unsigned char byte;
    unsigned char *large = new_bytes(3 * MIB);
    assert_int_equal(da__mpi_open(over_mpi->comm, &e, NULL), DA_OK);
    assert_int_equal(e->ops->irecv(e, e->rank, 1, &byte, 1, &r), DA_OK);
    assert_int_equal(e->ops->irecv(e, e->rank, 2, large, 3 * MIB, &r), DA_OK);
    assert_int_equal(e->ops->irecv(e, e->rank, 2, large, 3 * MIB, &r), DA_OK);
    e->ops->close(e);
    assert_int_equal(da__alloc_live(), blocks);
    free(large);
}

static int open_mpi(void **state)
{
    (void)state;
    struct da__error err = {.engine = -1};
    if (da__mpi_open(NULL, &over_mpi, &err) == DA_OK)
        return 0;
    fprintf(stderr, "%s\n", err.text);
    return -1;
}

static int close_mpi(void **state)
{
    (void)state;
    struct da__endpoint *e;
    struct da__error err = {.engine = -1};
    over_mpi->ops->close(over_mpi);
    return da__mpi_open(NULL, &e, &err) == DA_ERR_STATE ? 0 : -1;
}

#define ALL_SCENARIOS                                                                              \
    cmocka_unit_test(test_ring), cmocka_unit_test(test_all_to_all),                                \
        cmocka_unit_test(test_tags_out_of_order), cmocka_unit_test(test_order_within_a_tag),       \
        cmocka_unit_test(test_many_open_requests), cmocka_unit_test(test_shorter_than_capacity),   \
        cmocka_unit_test(test_counters), cmocka_unit_test(test_waiting_costs_little),              \
        cmocka_unit_test(test_wrong_arguments), cmocka_unit_test(test_too_long)

int main(int argc, char **argv)
{
    const struct CMUnitTest with_threads[] = {ALL_SCENARIOS, cmocka_unit_test(test_one_leaves),
                                              cmocka_unit_test(test_no_memory),
                                              cmocka_unit_test(test_launched)};
    const struct CMUnitTest with_mpi[] = {ALL_SCENARIOS, cmocka_unit_test(test_mpi_endpoint),
                                          cmocka_unit_test(test_mpi_close_with_open_requests)};
    if (da__launched_as_one_of_several() || (argc > 1 && strcmp(argv[1], "--mpi") == 0))
        return cmocka_run_group_tests_name("transport over MPI", with_mpi, open_mpi, close_mpi);
    return cmocka_run_group_tests_name("transport over threads", with_threads, NULL, NULL);
}
