/* The nodes of a pipeline as a table: what is nested is flattened, ids get their meaning, and
 * inputs come before readers. Worklists instead of recursion: pipelines may be deep. */
#include "json_load.h"

#include <stdlib.h>
#include <string.h>

/* ---- items ---- */

static da_status add_item(struct da__loader *l, json_t *object, int64_t parent, int64_t position)
{
    if (l->nitems >= DA__MAX_TEXT_NODES)
        return da__fail(l->err, DA_ERR_FORMAT, "%s: more than %d nodes", l->source,
                        DA__MAX_TEXT_NODES);
    if (!da__grow((void **)&l->item, &l->items_cap, l->nitems + 1, sizeof *l->item))
        return da__json_no_memory(l);
    int64_t item = l->nitems++;
    l->item[item] = (struct da__item){
        .object = object, .parent = parent, .position = position, .first_result = -1};
    if (json_is_object(object))
        return DA_OK;
    return da__item_fail(l, item, NULL, DA_ERR_FORMAT, "a node is an object, not %s",
                         da__json_what(object));
}

/* Nodes nested in "in" become items of their own, right behind each other. */
static da_status add_nested(struct da__loader *l, int64_t item)
{
    json_t *in = json_object_get(l->item[item].object, "in"), *value;
    size_t k;
    l->item[item].first_child = l->nitems;
    if (in == NULL)
        return DA_OK;
    if (!json_is_array(in))
        return da__item_fail(l, item, &(struct da__place){.key = "in"}, DA_ERR_FORMAT,
                             "a list of inputs is wanted, not %s", da__json_what(in));
    json_array_foreach(in, k, value) if (json_is_object(value) && !da__json_is_complex(value))
        DA_TRY(add_item(l, value, item, (int64_t)k));
    return DA_OK;
}

/* ---- ids ---- */

static da_status add_id(struct da__loader *l, const char *id, int64_t item, int64_t result)
{
    if (!da__grow((void **)&l->id, &l->ids_cap, l->nids + 1, sizeof *l->id))
        return da__json_no_memory(l);
    l->id[l->nids++] = (struct da__id){id, item, result};
    return DA_OK;
}

static da_status add_id_of(struct da__loader *l, int64_t item, const struct da__place *place,
                           const json_t *object, int64_t result)
{
    const json_t *id = json_object_get(object, "id");
    struct da__place at = {.up = place, .key = "id"};
    if (id == NULL)
        return DA_OK;
    if (!json_is_string(id))
        return da__item_fail(l, item, &at, DA_ERR_FORMAT, "an id is a string, not %s",
                             da__json_what(id));
    if (json_string_length(id) == 0)
        return da__item_fail(l, item, &at, DA_ERR_FORMAT, "the id is empty");
    return add_id(l, json_string_value(id), item, result);
}

/* A kernel's values bear ids of their own. */
static da_status add_kernel_ids(struct da__loader *l, int64_t item)
{
    static const char *const key[] = {"outputs", "reductions"};
    int64_t result = 0;
    for (int k = 0; k < 2; k++) {
        json_t *list = json_object_get(l->item[item].object, key[k]), *value;
        struct da__place place = {.key = key[k]};
        size_t i;
        json_array_foreach(list, i, value)
        {
            struct da__place at = {.up = &place, .index = (int64_t)i};
            DA_TRY(add_id_of(l, item, &at, value, result++));
        }
    }
    return DA_OK;
}

static bool is_kernel(const struct da__item *item)
{
    const char *op = json_string_value(json_object_get(item->object, "op"));
    return op != NULL && strcmp(op, "kernel") == 0;
}

static int compare_ids(const void *a, const void *b)
{
    const struct da__id *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order != 0 ? order : (x->item > y->item) - (x->item < y->item);
}

static da_status sort_ids(struct da__loader *l)
{
    if (l->nids > 0)
        qsort(l->id, (size_t)l->nids, sizeof *l->id, compare_ids);
    for (int64_t k = 1; k < l->nids; k++)
        if (strcmp(l->id[k - 1].id, l->id[k].id) == 0)
            return da__item_fail(l, l->id[k].item, NULL, DA_ERR_FORMAT,
                                 "the id \"%s\" is taken by an earlier node", l->id[k].id);
    return DA_OK;
}

const struct da__id *da__id_find(const struct da__loader *l, const char *id)
{
    struct da__id key = {.id = id};
    int64_t low = 0, high = l->nids;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        int order = strcmp(l->id[middle].id, key.id);
        if (order == 0)
            return &l->id[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *da__id_near(const struct da__loader *l, const char *id, char *buf, size_t size)
{
    buf[0] = '\0';
    const char **known = da__alloc(((size_t)l->nids + 1) * sizeof *known);
    if (known == NULL)
        return buf;
    for (int64_t k = 0; k < l->nids; k++)
        known[k] = l->id[k].id;
    da__near_text(id, known, (int)l->nids, buf, size);
    da__free(known);
    return buf;
}

da_array *da__id_array(const struct da__loader *l, const struct da__id *id)
{
    return l->result[l->item[id->item].first_result + id->result];
}

/* ---- needs ---- */

static da_status add_need(struct da__loader *l, int64_t item, int64_t needed)
{
    if (!da__grow((void **)&l->need, &l->needs_cap, l->nneeds + 1, sizeof *l->need))
        return da__json_no_memory(l);
    l->need[l->nneeds++] = needed;
    l->item[item].nneeds++;
    return DA_OK;
}

struct word_reader {
    struct da__loader *l;
    int64_t item;
};

static da_status need_word(void *self, const char *word)
{
    const struct word_reader *r = self;
    const struct da__id *id = da__id_find(r->l, word);
    return id != NULL ? add_need(r->l, r->item, id->item) : DA_OK;
}

static da_status need_input(struct da__loader *l, int64_t item, size_t k, json_t *value,
                            int64_t *child)
{
    const struct da__id *id =
        json_is_string(value) ? da__id_find(l, json_string_value(value)) : NULL;
    struct da__scalar number;
    char near[96];
    if (json_is_object(value) && !da__json_is_complex(value))
        return add_need(l, item, (*child)++);
    if (!json_is_string(value) ||
        (id == NULL && da__number_word(json_string_value(value), &number)))
        return DA_OK;
    if (id != NULL)
        return add_need(l, item, id->item);
    struct da__place in = {.key = "in"}, at = {.up = &in, .index = (int64_t)k};
    return da__item_fail(l, item, &at, DA_ERR_FORMAT, "no node \"%s\"%s", json_string_value(value),
                         da__id_near(l, json_string_value(value), near, sizeof near));
}

/* What a kernel's outputs are parts of. */
static da_status need_bases(struct da__loader *l, int64_t item)
{
    json_t *list = json_object_get(l->item[item].object, "outputs"), *value;
    struct da__place outputs = {.key = "outputs"};
    char near[96];
    size_t i;
    json_array_foreach(list, i, value)
    {
        const char *name = json_string_value(json_object_get(value, "base"));
        const struct da__id *id = name != NULL ? da__id_find(l, name) : NULL;
        struct da__place output = {.up = &outputs, .index = (int64_t)i},
                         at = {.up = &output, .key = "base"};
        if (id != NULL)
            DA_TRY(add_need(l, item, id->item));
        else if (name != NULL)
            return da__item_fail(l, item, &at, DA_ERR_FORMAT, "no node \"%s\"%s", name,
                                 da__id_near(l, name, near, sizeof near));
    }
    return DA_OK;
}

static da_status find_needs(struct da__loader *l, int64_t item)
{
    json_t *in = json_object_get(l->item[item].object, "in"), *value;
    int64_t child = l->item[item].first_child;
    size_t k;
    l->item[item].first_need = l->nneeds;
    json_array_foreach(in, k, value) DA_TRY(need_input(l, item, k, value, &child));
    if (is_kernel(&l->item[item]))
        DA_TRY(need_bases(l, item));
    const char *expr = json_string_value(json_object_get(l->item[item].object, "expr"));
    if (expr == NULL)
        return DA_OK;
    struct word_reader reader = {l, item};
    /* A malformed expression is reported with its place when it is built. */
    da_status status = da__expr_words(expr, need_word, &reader, NULL);
    return status == DA_ERR_MEMORY ? da__json_no_memory(l) : DA_OK;
}

da_status da__items_collect(struct da__loader *l)
{
    json_t *nodes = json_object_get(l->root, "nodes"), *value;
    size_t k;
    json_array_foreach(nodes, k, value) DA_TRY(add_item(l, value, -1, (int64_t)k));
    for (int64_t item = 0; item < l->nitems; item++) {
        DA_TRY(add_nested(l, item));
        if (is_kernel(&l->item[item]))
            DA_TRY(add_kernel_ids(l, item));
        else
            DA_TRY(add_id_of(l, item, NULL, l->item[item].object, 0));
    }
    DA_TRY(sort_ids(l));
    for (int64_t item = 0; item < l->nitems; item++)
        DA_TRY(find_needs(l, item));
    return DA_OK;
}

/* ---- order ---- */

enum { UNSEEN, OPEN, PLACED };

struct visit {
    int64_t item, next_need;
};
struct walk {
    struct da__loader *l;
    struct visit *stack;
    int64_t depth, cap;
};

static const char *item_name(const struct da__loader *l, int64_t item)
{
    while (l->item[item].parent >= 0 && json_object_get(l->item[item].object, "id") == NULL)
        item = l->item[item].parent;
    const char *id = json_string_value(json_object_get(l->item[item].object, "id"));
    return id != NULL ? id : "a node without id";
}

static da_status report_cycle(const struct walk *w, int64_t item)
{
    struct da__text t = {0};
    int64_t first = w->depth - 1;
    while (w->stack[first].item != item)
        first--;
    const char *last = NULL;
    for (int64_t k = first; k <= w->depth; k++) {
        const char *name = item_name(w->l, k < w->depth ? w->stack[k].item : item);
        if (last == NULL || strcmp(name, last) != 0 || k == w->depth)
            da__text_add(&t, "%s%s", last != NULL ? " -> " : "", name);
        last = name;
    }
    da_status status =
        da__item_fail(w->l, item, NULL, DA_ERR_FORMAT, "the nodes need each other in a cycle: %s",
                      t.s != NULL ? t.s : "");
    da__text_free(&t);
    return status;
}

static da_status enter(struct walk *w, int64_t item)
{
    if (w->l->item[item].state == PLACED)
        return DA_OK;
    if (w->l->item[item].state == OPEN)
        return report_cycle(w, item);
    if (!da__grow((void **)&w->stack, &w->cap, w->depth + 1, sizeof *w->stack))
        return da__json_no_memory(w->l);
    w->l->item[item].state = OPEN;
    w->stack[w->depth++] = (struct visit){item, 0};
    return DA_OK;
}

static da_status walk_from(struct walk *w, int64_t start)
{
    struct da__loader *l = w->l;
    DA_TRY(enter(w, start));
    while (w->depth > 0) {
        struct visit *v = &w->stack[w->depth - 1];
        const struct da__item *item = &l->item[v->item];
        if (v->next_need < item->nneeds) {
            DA_TRY(enter(w, l->need[item->first_need + v->next_need++]));
            continue;
        }
        if (!da__grow((void **)&l->order, &l->order_cap, l->norder + 1, sizeof *l->order))
            return da__json_no_memory(l);
        l->order[l->norder++] = v->item;
        l->item[v->item].state = PLACED;
        w->depth--;
    }
    return DA_OK;
}

da_status da__items_order(struct da__loader *l)
{
    struct walk w = {.l = l};
    da_status status = DA_OK;
    for (int64_t k = 0; status == DA_OK && k < l->nitems; k++)
        status = walk_from(&w, k);
    da__free(w.stack);
    return status;
}
