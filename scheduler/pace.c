/* What an element of a kernel step has cost of late, and how many chunks that makes worthwhile. For steps without reductions only:
 * where partial results are joined, cuts must not depend on time. */
#include "engine.h"

/* Work below ALONE is done before another thread has come. A chunk takes about AIMED, less where threads would have none to even
 * out with, but not less than LEAST: taking one must not count. */
static const double ALONE_NS = 20e3, LEAST_NS = 10e3, AIMED_NS = 250e3;
enum { FAIR = 8 }; /* chunks a thread */

/* Too few elements to be worth a look at the clock, and sweeps between two looks where the work stays with one thread. */
enum { UNMEASURED = 2048, SELDOM = 16 };

struct da__pace {
    double ns; /* of one thread, per element; 0: not known */
    int nthreads, rest;
};

struct da__pace *da__pace_new(void)
{
    return da__calloc(1, sizeof(struct da__pace));
}

void da__pace_free(struct da__pace *p)
{
    da__free(p);
}

bool da__pace_due(struct da__pace *p, int nthreads, int64_t nelem)
{
    p->nthreads = nthreads;
    if (nelem < UNMEASURED || nthreads < 2)
        return false;
    if (p->rest > 0) {
        p->rest--;
        return false;
    }
    return true;
}

/* A sweep that others disturbed, or that met fresh memory, says too much: what is less counts at once, what is more by and by. */
void da__pace_note(struct da__pace *p, int64_t nelem, int64_t busy_ns)
{
    double ns = (double)(busy_ns > 1 ? busy_ns : 1) / (double)nelem;
    p->ns = p->ns == 0 || ns < p->ns ? ns : p->ns + (ns - p->ns) / 4;
    p->rest = p->ns * (double)nelem < ALONE_NS ? SELDOM - 1 : 0;
}

int64_t da__pace_chunks(const struct da__pace *p, int64_t nelem)
{
    double all = p->ns * (double)nelem;
    if (p->ns == 0)
        return 0;
    if (all < ALONE_NS)
        return 1;
    double wanted = all / AIMED_NS, fair = (double)FAIR * p->nthreads, most = all / LEAST_NS;
    fair = fair < most ? fair : most;
    wanted = wanted > fair ? wanted : fair;
    return wanted < (double)nelem ? (int64_t)wanted : nelem;
}
