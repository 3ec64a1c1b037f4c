/* Functions of the user's, by name. Private to graph. */
#ifndef DA_USERS_H
#define DA_USERS_H

#include "calls.h"

/* A function with what JSON and expressions call it by. */
struct da__registered {
    struct da__callable callable; /* the first member: its builder finds the rest */
    struct da__callable_param param[DA__USER_INPUTS];
    struct da__user *user; /* counted */
};
struct da__users {
    int n;
    int64_t cap;
    struct da__registered **item; /* owned */
};
struct da__users *da__graph_users(struct da__graph *g);
void da__users_free(struct da__users *users);
struct da__registered *da__registered_find(struct da__graph *g, const char *name);

/* An unowned copy of the function's place: the object that holds it and the offset there. */
bool da__user_entry_of(void (*function)(void), struct da__user_entry *out);

/* The builders of their callables. */
DA__BUILDER(da__call_user_elementwise);
DA__BUILDER(da__call_user_reduce);
DA__BUILDER(da__call_apply);

#endif
