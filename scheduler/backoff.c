/* Waiting without a signal to wait for: spin, yield, sleep. */
#include "backoff.h"

#include <sched.h>
#include <time.h>

#define LONGEST_SLEEP_NS 1000000

int64_t da__now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void da__back_off(int64_t idle_ns)
{
    if (idle_ns < DA__SPIN_NS) {
        da__pause();
    } else if (idle_ns < DA__YIELD_NS) {
        sched_yield();
    } else {
        int64_t ns = idle_ns / 8;
        struct timespec t = {.tv_nsec = ns < LONGEST_SLEEP_NS ? ns : LONGEST_SLEEP_NS};
        nanosleep(&t, NULL);
    }
}
