/* JSON values as what binding wants: numbers, texts, lists, complex numbers, distributions. */
#include "json_load.h"

#include <string.h>

bool da__json_is_complex(const json_t *j)
{
    return json_is_object(j) &&
           (json_object_get(j, "re") != NULL || json_object_get(j, "im") != NULL);
}

da_status da__json_text(const struct da__loader *l, int64_t item, const char *key, bool required,
                        const char **out)
{
    const json_t *j = json_object_get(l->item[item].object, key);
    *out = NULL;
    if (j == NULL && required)
        return da__item_fail(l, item, NULL, DA_ERR_FORMAT, "\"%s\" is missing", key);
    if (j == NULL)
        return DA_OK;
    if (!json_is_string(j))
        return da__item_fail(l, item, &(struct da__place){.key = key}, DA_ERR_FORMAT,
                             "a string is wanted, not %s", da__json_what(j));
    *out = json_string_value(j);
    return DA_OK;
}

static struct da__scalar int_scalar(int64_t i)
{
    return (struct da__scalar){.kind = DA__SCALAR_INT, .i = i, .re = (double)i};
}

static da_status real_part(const struct da__loader *l, int64_t item, const struct da__place *place,
                           const json_t *j, const char *key, double *out)
{
    const json_t *part = json_object_get(j, key);
    struct da__place at = {.up = place, .key = key};
    struct da__scalar word;
    if (part == NULL)
        return da__item_fail(l, item, place, DA_ERR_FORMAT,
                             "a complex number has \"re\" and \"im\"");
    if (json_is_number(part)) {
        *out = json_number_value(part);
        return DA_OK;
    }
    if (!json_is_string(part) || !da__number_word(json_string_value(part), &word))
        return da__item_fail(l, item, &at, DA_ERR_FORMAT, "a number is wanted, not %s",
                             da__json_what(part));
    *out = word.re;
    return DA_OK;
}

static da_status complex_raw(const struct da__loader *l, int64_t item,
                             const struct da__place *place, const json_t *j, struct da__raw *out)
{
    out->kind = DA__RAW_SCALAR;
    out->u.scalar = (struct da__scalar){.kind = DA__SCALAR_COMPLEX};
    if (json_object_size(j) != 2)
        return da__item_fail(l, item, place, DA_ERR_FORMAT,
                             "a complex number has \"re\" and \"im\"");
    DA_TRY(real_part(l, item, place, j, "re", &out->u.scalar.re));
    return real_part(l, item, place, j, "im", &out->u.scalar.im);
}

/* What needs no list: numbers, truth values, strings, null, complex numbers. */
static da_status plain_raw(const struct da__loader *l, int64_t item, const struct da__place *place,
                           const json_t *j, struct da__raw *out)
{
    *out = (struct da__raw){.kind = DA__RAW_SCALAR};
    switch (json_typeof(j)) {
    case JSON_INTEGER:
        out->u.scalar = int_scalar(json_integer_value(j));
        return DA_OK;
    case JSON_REAL:
        out->u.scalar = (struct da__scalar){.kind = DA__SCALAR_FLOAT, .re = json_real_value(j)};
        return DA_OK;
    case JSON_TRUE:
    case JSON_FALSE:
        out->u.scalar = int_scalar(json_is_true(j));
        out->u.scalar.kind = DA__SCALAR_BOOL;
        return DA_OK;
    case JSON_STRING:
        out->kind = DA__RAW_TEXT;
        out->u.text = json_string_value(j);
        return DA_OK;
    case JSON_NULL:
        out->kind = DA__RAW_NONE;
        return DA_OK;
    default:
        break;
    }
    if (da__json_is_complex(j))
        return complex_raw(l, item, place, j, out);
    return da__item_fail(l, item, place, DA_ERR_FORMAT, "%s means nothing here", da__json_what(j));
}

static struct da__raw *list_raw(struct da__loader *l, const json_t *j, struct da__raw *out)
{
    size_t n = json_array_size(j);
    struct da__raw *items = da__arena_alloc(&l->arena, n * sizeof *items);
    *out = (struct da__raw){.kind = DA__RAW_LIST};
    out->u.list.n = (int64_t)n;
    out->u.list.item = items;
    return items;
}

struct level {
    const json_t *list;
    struct da__raw *items;
    size_t next;
    struct da__place place;
};

/* Nested lists by a stack of one level per dimension. */
da_status da__json_raw(struct da__loader *l, int64_t item, const struct da__place *place,
                       const json_t *j, struct da__raw *out)
{
    struct level stack[DA_MAX_NDIM];
    int depth = 0;
    if (!json_is_array(j))
        return plain_raw(l, item, place, j, out);
    stack[0] = (struct level){.list = j, .items = list_raw(l, j, out), .place = {.up = place}};
    while (depth >= 0) {
        struct level *at = &stack[depth];
        if (at->items == NULL)
            return da__json_no_memory(l);
        if (at->next == json_array_size(at->list)) {
            depth--;
            continue;
        }
        const json_t *value = json_array_get(at->list, at->next);
        struct da__raw *raw = &at->items[at->next];
        at->place.index = (int64_t)at->next++;
        if (!json_is_array(value)) {
            DA_TRY(plain_raw(l, item, &at->place, value, raw));
            continue;
        }
        if (++depth == DA_MAX_NDIM)
            return da__item_fail(l, item, place, DA_ERR_FORMAT,
                                 "lists are nested deeper than %d levels", DA_MAX_NDIM);
        stack[depth] = (struct level){
            .list = value, .items = list_raw(l, value, raw), .place = {.up = &at->place}};
    }
    return DA_OK;
}

da_status da__json_int_list(const struct da__loader *l, int64_t item, const struct da__place *place,
                            const json_t *j, int cap, int64_t *out, int *n)
{
    size_t count = json_is_array(j) ? json_array_size(j) : 1;
    if (count > (size_t)cap)
        return da__item_fail(l, item, place, DA_ERR_FORMAT, "%zu entries, at most %d are possible",
                             count, cap);
    for (size_t k = 0; k < count; k++) {
        const json_t *value = json_is_array(j) ? json_array_get(j, k) : j;
        struct da__place at = {.up = place, .index = (int64_t)k};
        if (!json_is_integer(value))
            return da__item_fail(l, item, json_is_array(j) ? &at : place, DA_ERR_FORMAT,
                                 "an integer is wanted, not %s", da__json_what(value));
        out[k] = json_integer_value(value);
    }
    *n = (int)count;
    return DA_OK;
}

da_status da__json_keys(const struct da__loader *l, int64_t item, const struct da__place *place,
                        json_t *object, int n, const char *const *known)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        bool found = false;
        for (int k = 0; !found && k < n; k++)
            found = strcmp(key, known[k]) == 0;
        char near[64];
        if (!found)
            return da__item_fail(l, item, place, DA_ERR_FORMAT, "unknown key \"%s\"%s", key,
                                 da__near_text(key, known, n, near, sizeof near));
    }
    return DA_OK;
}
