/* Scenarios that every transport must pass: each engine runs them on its own endpoint, at the same
 * time. */
#ifndef MESSAGE_SCENARIOS_H
#define MESSAGE_SCENARIOS_H

#include <stdatomic.h>
#include <stdio.h>

#include "transport.h"

/* Scenarios run in threads, where cmocka's assertions must not: they count failures instead. */
extern atomic_int failures;
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            atomic_fetch_add(&failures, 1);                                                        \
            fprintf(stderr, "%s:%d: engine %d of %d: %s: %s\n", __FILE__, __LINE__, e->rank,       \
                    e->size, #condition, e->error.text);                                           \
        }                                                                                          \
    } while (0)

#define MIB ((int64_t)1 << 20)

typedef void scenario(struct da__endpoint *e);
scenario ring, all_to_all, tags_out_of_order, order_within_a_tag, many_open_requests,
    shorter_than_capacity, counters, waiting_costs_little, wrong_arguments, too_long;

unsigned char *new_bytes(int64_t nbytes);
da_status wait_one(struct da__endpoint *e, struct da__request *r);
#endif
