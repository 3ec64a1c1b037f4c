/* Cores, caches and memory nodes inside the launcher's grant, from hwloc. */
#include "topology.h"

#include <hwloc.h>
#include <stdlib.h>
#include <stdio.h>
#include <unistd.h>

/* Only what is asked for below; devices would cost most of the time of a discovery. */
static int load(hwloc_topology_t topology)
{
    static const hwloc_obj_type_t keep[] = {HWLOC_OBJ_CORE, HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE,
                                            HWLOC_OBJ_L3CACHE};
    hwloc_topology_set_all_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
    for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
        hwloc_topology_set_type_filter(topology, keep[i], HWLOC_TYPE_FILTER_KEEP_ALL);
    return hwloc_topology_load(topology);
}

/* The processing units that the calling thread is bound to; all allowed ones where it is not or
 * nobody can tell. */
static hwloc_cpuset_t read_grant(hwloc_topology_t topology)
{
    hwloc_cpuset_t set = hwloc_bitmap_alloc();
    if (!set)
        return NULL;
    hwloc_const_cpuset_t allowed = hwloc_topology_get_allowed_cpuset(topology);
    if (hwloc_get_cpubind(topology, set, HWLOC_CPUBIND_THREAD) == 0)
        hwloc_bitmap_and(set, set, allowed);
    if (hwloc_bitmap_iszero(set))
        hwloc_bitmap_copy(set, allowed);
    return set;
}

/* Lists, for each object of a type that has some, its first processing unit in the grant. Returns
 * how many there are. */
static int list_cpus(hwloc_topology_t topology, hwloc_obj_type_t type, hwloc_const_cpuset_t grant,
                     int *cpu)
{
    int n = 0;
    for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(topology, type, o));) {
        if (!hwloc_bitmap_intersects(o->cpuset, grant))
            continue;
        int pu = hwloc_bitmap_first(o->cpuset);
        while (!hwloc_bitmap_isset(grant, (unsigned)pu))
            pu = hwloc_bitmap_next(o->cpuset, pu);
        cpu[n++] = pu;
    }
    return n;
}

/* Virtual machines and some boards show no cores; then every processing unit is one. */
static da_status read_cores(hwloc_topology_t topology, hwloc_const_cpuset_t grant,
                            struct da__topology *t, struct da__error *err)
{
    int npu = hwloc_bitmap_weight(grant);
    t->cpu = da__calloc(npu > 0 ? (size_t)npu : 1, sizeof *t->cpu);
    if (!t->cpu)
        return da__fail(err, DA_ERR_MEMORY, "topology: no memory for %d processing units", npu);
    t->ncores = list_cpus(topology, HWLOC_OBJ_CORE, grant, t->cpu);
    if (t->ncores == 0)
        t->ncores = list_cpus(topology, HWLOC_OBJ_PU, grant, t->cpu);
    t->machine_cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    if (t->machine_cores <= 0)
        t->machine_cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
    if (t->ncores == 0)
        return da__fail(err, DA_ERR_STATE, "topology: no core is granted to this process");
    return DA_OK;
}

/* The size of the cache that serves the first granted core; containers may hide it from hwloc, and
 * then libc is asked. */
static int64_t read_cache(hwloc_topology_t topology, hwloc_const_cpuset_t grant,
                          hwloc_obj_type_t type, int name)
{
    for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(topology, type, o));)
        if (hwloc_bitmap_intersects(o->cpuset, grant) && o->attr->cache.size)
            return (int64_t)o->attr->cache.size;
    long nbytes = sysconf(name);
    return nbytes > 0 ? nbytes : 0;
}

static int count_numa(hwloc_topology_t topology, hwloc_const_cpuset_t grant)
{
    int n = 0;
    for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, o));)
        n += hwloc_bitmap_intersects(o->cpuset, grant) != 0;
    return n > 0 ? n : 1;
}

static da_status read_all(hwloc_topology_t topology, struct da__topology *t, struct da__error *err)
{
    hwloc_cpuset_t grant = read_grant(topology);
    if (!grant)
        return da__fail(err, DA_ERR_MEMORY, "topology: no memory for a set of processing units");
    da_status status = read_cores(topology, grant, t, err);
    t->l1 = read_cache(topology, grant, HWLOC_OBJ_L1CACHE, _SC_LEVEL1_DCACHE_SIZE);
    t->l2 = read_cache(topology, grant, HWLOC_OBJ_L2CACHE, _SC_LEVEL2_CACHE_SIZE);
    t->l3 = read_cache(topology, grant, HWLOC_OBJ_L3CACHE, _SC_LEVEL3_CACHE_SIZE);
    t->nnuma = count_numa(topology, grant);
    hwloc_bitmap_free(grant);
    return status;
}

da_status da__topology_read(struct da__topology *t, struct da__error *err)
{
    *t = (struct da__topology){0};
    hwloc_topology_t topology;
    setenv("HWLOC_HIDE_ERRORS", "2", 0); /* containers may lack /sys; that is dealt with */
    if (hwloc_topology_init(&topology) != 0)
        return da__fail(err, DA_ERR_MEMORY, "topology: hwloc could not start");
    da_status status = load(topology) == 0 ? read_all(topology, t, err)
                                           : da__fail(err, DA_ERR_STATE,
                                                      "topology: hwloc could not read the machine");
    hwloc_topology_destroy(topology);
    if (status != DA_OK)
        da__topology_free(t);
    return status;
}

void da__topology_free(struct da__topology *t)
{
    da__free(t->cpu);
    *t = (struct da__topology){0};
}

static void add_size(struct da__text *text, const char *name, int64_t nbytes)
{
    if (nbytes >= 1 << 20)
        da__text_add(text, ", %s %.3g MiB", name, (double)nbytes / (1 << 20));
    else if (nbytes > 0)
        da__text_add(text, ", %s %lld KiB", name, (long long)(nbytes >> 10));
}

char *da__topology_text(const struct da__topology *t, char *buf, size_t size)
{
    struct da__text text = {0};
    da__text_add(&text, "%d core%s (cpu", t->ncores, t->ncores == 1 ? "" : "s");
    for (int i = 0; i < t->ncores;) {
        int last = i;
        while (last + 1 < t->ncores && t->cpu[last + 1] == t->cpu[last] + 1)
            last++;
        da__text_add(&text, "%s%d", i ? "," : " ", t->cpu[i]);
        if (last > i)
            da__text_add(&text, "-%d", t->cpu[last]);
        i = last + 1;
    }
    da__text_add(&text, ")");
    add_size(&text, "L1", t->l1);
    add_size(&text, "L2", t->l2);
    add_size(&text, "L3", t->l3);
    da__text_add(&text, ", %d NUMA node%s", t->nnuma, t->nnuma == 1 ? "" : "s");
    snprintf(buf, size, "%s", text.s ? text.s : "");
    da__text_free(&text);
    return buf;
}
