/* What hwloc says, against what the kernel says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "topology.h"

static void cores_are_in_the_grant(void **state)
{
    (void)state;
    cpu_set_t set;
    struct da__topology t;
    struct da__error err = {.engine = -1};
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    assert_int_equal(da__topology_read(&t, &err), DA_OK);
    assert_true(t.ncores >= 1);
    assert_true(t.ncores <= CPU_COUNT(&set));
    for (int i = 0; i < t.ncores; i++) {
        assert_true(CPU_ISSET((size_t)t.cpu[i], &set));
        for (int k = 0; k < i; k++)
            assert_int_not_equal(t.cpu[k], t.cpu[i]);
    }
    assert_true(t.nnuma >= 1);
    assert_true(t.l1 >= 0 && t.l2 >= 0 && t.l3 >= 0);
    assert_true(t.l1 == 0 || t.l2 == 0 || t.l1 <= t.l2);
    da__topology_free(&t);
    assert_null(t.cpu);
}

static void a_binding_narrows_the_grant(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    int last = CPU_SETSIZE - 1;
    while (!CPU_ISSET((size_t)last, &before))
        last--;
    CPU_ZERO(&one);
    CPU_SET((size_t)last, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    struct da__topology t;
    da_status status = da__topology_read(&t, NULL);
    sched_setaffinity(0, sizeof before, &before);
    assert_int_equal(status, DA_OK);
    assert_int_equal(t.ncores, 1);
    assert_int_equal(t.cpu[0], last);
    da__topology_free(&t);
}

static void text(void **state)
{
    (void)state;
    int cpu[] = {0, 1, 2, 5, 8, 9};
    struct da__topology t = {.ncores = 6, .cpu = cpu, .l1 = 48 << 10, .l2 = 3 << 19, .nnuma = 2};
    char buf[200], tiny[10];
    assert_string_equal(da__topology_text(&t, buf, sizeof buf),
                        "6 cores (cpu 0-2,5,8-9), L1 48 KiB, L2 1.5 MiB, 2 NUMA nodes");
    assert_string_equal(da__topology_text(&t, tiny, sizeof tiny), "6 cores (");
    t = (struct da__topology){.ncores = 1, .cpu = cpu + 3, .nnuma = 1};
    assert_string_equal(da__topology_text(&t, buf, sizeof buf), "1 core (cpu 5), 1 NUMA node");
}

static void no_memory(void **state)
{
    (void)state;
    int64_t blocks = da__alloc_live();
    struct da__topology t;
    struct da__error err = {.engine = -1};
    da__alloc_fail_at(1, true);
    assert_int_equal(da__topology_read(&t, &err), DA_ERR_MEMORY);
    da__alloc_fail_at(0, false);
    assert_non_null(strstr(err.text, "topology"));
    assert_null(t.cpu);
    assert_int_equal(da__alloc_live(), blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cores_are_in_the_grant),
        cmocka_unit_test(a_binding_narrows_the_grant),
        cmocka_unit_test(text),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
