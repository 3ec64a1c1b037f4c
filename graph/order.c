/* The nodes below some targets, each once, inputs first; and names for them. Iterative: graphs may
 * be deep. */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash_pointer(const void *p)
{
    uint64_t h = (uint64_t)(uintptr_t)p;
    h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static struct da__order_slot *find_slot(const struct da__order *o, const da_array *a)
{
    uint64_t mask = (uint64_t)o->table_size - 1;
    for (uint64_t k = hash_pointer(a) & mask;; k = (k + 1) & mask)
        if (o->table[k].node == a || o->table[k].node == NULL)
            return &o->table[k];
}

int64_t da__order_find(const struct da__order *o, const da_array *a)
{
    if (o->table_size == 0)
        return -1;
    const struct da__order_slot *s = find_slot(o, a);
    return s->node != NULL ? s->position : -1;
}

/* The table stays at most half full. */
static bool make_room(struct da__order *o, int64_t used)
{
    if (2 * (used + 1) <= o->table_size)
        return true;
    struct da__order bigger = *o;
    bigger.table_size = o->table_size == 0 ? 64 : 2 * o->table_size;
    bigger.table = da__calloc((size_t)bigger.table_size, sizeof *bigger.table);
    if (bigger.table == NULL)
        return false;
    for (int64_t k = 0; k < o->table_size; k++)
        if (o->table[k].node != NULL)
            *find_slot(&bigger, o->table[k].node) = o->table[k];
    da__free(o->table);
    *o = bigger;
    return true;
}

struct visit {
    da_array *node;
    int next_input;
};
struct walk {
    struct da__order *order;
    struct visit *stack;
    int64_t depth, cap;
    int64_t seen; /* in the table, placed (position >= 0) or still open (-1) */
};

static bool enter(struct walk *w, da_array *a)
{
    if (!make_room(w->order, w->seen))
        return false;
    struct da__order_slot *s = find_slot(w->order, a);
    if (s->node != NULL)
        return true;
    if (!da__grow((void **)&w->stack, &w->cap, w->depth + 1, sizeof *w->stack))
        return false;
    *s = (struct da__order_slot){a, -1};
    w->seen++;
    w->stack[w->depth++] = (struct visit){a, 0};
    return true;
}

static bool place(struct walk *w, da_array *a)
{
    struct da__order *o = w->order;
    if (!da__grow((void **)&o->node, &o->cap, o->n + 1, sizeof(da_array *)))
        return false;
    find_slot(o, a)->position = o->n;
    o->node[o->n++] = a;
    return true;
}

static bool walk_from(struct walk *w, da_array *target)
{
    if (!enter(w, target))
        return false;
    while (w->depth > 0) {
        struct visit *v = &w->stack[w->depth - 1];
        if (v->next_input < v->node->nin) {
            if (!enter(w, v->node->in[v->next_input++]))
                return false;
            continue;
        }
        if (!place(w, v->node))
            return false;
        w->depth--;
    }
    return true;
}

da_status da__order_make(int ntargets, da_array *const *target, struct da__order *out)
{
    *out = (struct da__order){0};
    struct walk w = {.order = out};
    bool ok = true;
    for (int k = 0; ok && k < ntargets; k++)
        ok = walk_from(&w, target[k]);
    da__free(w.stack);
    if (!ok)
        da__order_free(out);
    return ok ? DA_OK : DA_ERR_MEMORY;
}

void da__order_free(struct da__order *o)
{
    da__free(o->node);
    da__free(o->table);
    *o = (struct da__order){0};
}

/* ---- names ---- */

static int compare_names(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    return strcmp(x, y);
}

static bool name_taken(const char *const *sorted, int64_t n, const char *name)
{
    return bsearch(&name, sorted, (size_t)n, sizeof *sorted, compare_names) != NULL;
}

/* The first node of a name gets it: later ones are found taken because the name's slot is already
 * used up. */
static char *next_free_id(const char *const *sorted, int64_t n, int64_t *number)
{
    char text[32];
    do {
        snprintf(text, sizeof text, "n%lld", (long long)++*number);
    } while (name_taken(sorted, n, text));
    return da__strdup(text);
}

static int64_t collect_names(const struct da__order *o, const char **name)
{
    int64_t n = 0;
    for (int64_t k = 0; k < o->n; k++)
        if (o->node[k]->name != NULL && o->node[k]->name[0] != '\0')
            name[n++] = o->node[k]->name;
    qsort(name, (size_t)n, sizeof *name, compare_names);
    return n;
}

static bool is_first_of_name(const char *const *sorted, int64_t n, const char *name, bool *used)
{
    const char *const *at = bsearch(&name, sorted, (size_t)n, sizeof *sorted, compare_names);
    while (at > sorted && strcmp(at[-1], name) == 0)
        at--;
    bool first = !used[at - sorted];
    used[at - sorted] = true;
    return first;
}

char **da__order_ids(const struct da__order *o, const bool *wanted, const bool *also)
{
    size_t n = (size_t)o->n + 1;
    char **id = da__calloc(n, sizeof *id);
    const char **name = da__calloc(n, sizeof *name);
    bool *used = da__calloc(n, sizeof *used);
    bool ok = id != NULL && name != NULL && used != NULL;
    int64_t nnames = ok ? collect_names(o, name) : 0, number = 0;
    for (int64_t k = 0; ok && k < o->n; k++) {
        const char *own = o->node[k]->name;
        if (wanted != NULL && !wanted[k] && !also[k])
            continue;
        bool named = own != NULL && own[0] != '\0' && is_first_of_name(name, nnames, own, used);
        id[k] = named ? da__strdup(own) : next_free_id(name, nnames, &number);
        ok = id[k] != NULL;
    }
    da__free(used);
    da__free(name);
    if (!ok) {
        da__ids_free(id, o->n);
        id = NULL;
    }
    return id;
}

void da__ids_free(char **id, int64_t n)
{
    for (int64_t k = 0; id != NULL && k < n; k++)
        da__free(id[k]);
    da__free(id);
}
