/* How an idle thread waits: it spins while an answer may come at once, yields while it may come
 * soon, then sleeps ever longer. */
#ifndef DA_BACKOFF_H
#define DA_BACKOFF_H

#include <stdint.h>

/* Up to here an idle thread spins, and up to here it yields; past both it should sleep. */
#define DA__SPIN_NS 5000
#define DA__YIELD_NS 100000

int64_t da__now_ns(void); /* the monotonic clock */

/* Tells the processor that this is a waiting loop. */
static inline void da__pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* One step of waiting for a thread that has been idle for `idle_ns` and that nobody can wake. The
 * sleep is an eighth of the time already waited, at most a millisecond, so that looking late costs
 * little of what the wait costs anyhow. */
void da__back_off(int64_t idle_ns);
#endif
