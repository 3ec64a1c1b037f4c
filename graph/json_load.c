/* Reading a pipeline: the text's frame, then its nodes in an order in which inputs come first, then
 * its outputs. */
#include "json_load.h"

#include <string.h>

static da_status parse_text(struct da__loader *l, const char *text, size_t nbytes)
{
    json_error_t e;
    if (nbytes > DA__MAX_TEXT_NBYTES)
        return da__fail(l->err, DA_ERR_FORMAT,
                        "%s: %zu bytes are more than a pipeline may have (%zu)", l->source, nbytes,
                        DA__MAX_TEXT_NBYTES);
    l->root = json_loadb(text, nbytes, JSON_REJECT_DUPLICATES, &e);
    if (l->root == NULL && json_error_code(&e) == json_error_out_of_memory)
        return da__json_no_memory(l);
    if (l->root == NULL)
        return da__fail(l->err, DA_ERR_FORMAT, "%s: line %d, column %d: %s", l->source, e.line,
                        e.column, e.text);
    if (!json_is_object(l->root))
        return da__fail(l->err, DA_ERR_FORMAT, "%s: a pipeline is an object, not %s", l->source,
                        da__json_what(l->root));
    return DA_OK;
}

static da_status check_version(const struct da__loader *l)
{
    const json_t *version = json_object_get(l->root, "distarray");
    struct da__place at = {.key = "distarray"};
    if (version == NULL)
        return da__place_fail(
            l, NULL, DA_ERR_FORMAT,
            "\"distarray\": 1 is missing; it says that this is a pipeline and which version");
    if (!json_is_integer(version))
        return da__place_fail(l, &at, DA_ERR_FORMAT, "the version is an integer, not %s",
                              da__json_what(version));
    if (json_integer_value(version) != 1)
        return da__place_fail(l, &at, DA_ERR_UNSUPPORTED,
                              "version %lld is not known; this library reads version 1",
                              (long long)json_integer_value(version));
    return DA_OK;
}

static da_status check_type(const struct da__loader *l, const char *key, json_type type,
                            const char *what)
{
    const json_t *j = json_object_get(l->root, key);
    if (j == NULL || json_typeof(j) == type)
        return DA_OK;
    return da__place_fail(l, &(struct da__place){.key = key}, DA_ERR_FORMAT, "%s is wanted, not %s",
                          what, da__json_what(j));
}

static da_status check_frame(const struct da__loader *l)
{
    static const char *const known[] = {"distarray", "nodes",   "outputs", "stage",
                                        "unfused",   "comment", "$schema"};
    const int nknown = (int)(sizeof known / sizeof *known);
    const char *key;
    json_t *value;
    json_object_foreach(l->root, key, value)
    {
        bool found = false;
        for (int k = 0; !found && k < nknown; k++)
            found = strcmp(key, known[k]) == 0;
        char near[64];
        if (!found)
            return da__place_fail(l, NULL, DA_ERR_FORMAT, "unknown key \"%s\"%s", key,
                                  da__near_text(key, known, nknown, near, sizeof near));
    }
    DA_TRY(check_version(l));
    if (json_object_get(l->root, "nodes") == NULL)
        return da__place_fail(l, NULL, DA_ERR_FORMAT, "\"nodes\" is missing");
    DA_TRY(check_type(l, "nodes", JSON_ARRAY, "a list of nodes"));
    DA_TRY(check_type(l, "outputs", JSON_ARRAY, "a list of ids"));
    DA_TRY(check_type(l, "unfused", JSON_ARRAY, "a list"));
    return check_type(l, "stage", JSON_STRING, "a string");
}

/* ---- the result ---- */

/* A node is held without being kept: keeping would make every named node a result of a run that
 * passes through it. */
static void hold(da_array *a)
{
    a->refs++;
}

static void let_go(da_array *a)
{
    a->kept++; /* da__node_drop gives back one keeper with its reference */
    da__node_drop(a);
}

static da_status add_node(const struct da__loader *l, struct da__pipeline *p, const char *id,
                          da_array *a)
{
    char *copy = da__strdup(id);
    if (copy == NULL)
        return da__json_no_memory(l);
    hold(a);
    p->id[p->nnodes] = copy;
    p->node[p->nnodes++] = a;
    return DA_OK;
}

static da_status add_output(const struct da__loader *l, struct da__pipeline *p, const char *id,
                            da_array *a)
{
    char *copy = da__strdup(id);
    if (copy == NULL)
        return da__json_no_memory(l);
    da__node_keep(a);
    p->output_id[p->noutputs] = copy;
    p->output[p->noutputs++] = a;
    return DA_OK;
}

static da_status make_room(const struct da__loader *l, struct da__pipeline *p)
{
    size_t nnodes = (size_t)l->nids + 1,
           noutputs =
               json_array_size(json_object_get(l->root, "outputs")) + (size_t)l->nresults + 1;
    p->id = da__calloc(nnodes, sizeof *p->id);
    p->node = da__calloc(nnodes, sizeof *p->node);
    p->output = da__calloc(noutputs, sizeof *p->output);
    p->output_id = da__calloc(noutputs, sizeof *p->output_id);
    bool ok = p->id != NULL && p->node != NULL && p->output != NULL && p->output_id != NULL;
    return ok ? DA_OK : da__json_no_memory(l);
}

static da_status named_outputs(const struct da__loader *l, json_t *outputs, struct da__pipeline *p)
{
    json_t *value;
    size_t k;
    json_array_foreach(outputs, k, value)
    {
        struct da__place list = {.key = "outputs"}, at = {.up = &list, .index = (int64_t)k};
        const struct da__id *id =
            json_is_string(value) ? da__id_find(l, json_string_value(value)) : NULL;
        char near[96];
        if (!json_is_string(value))
            return da__place_fail(l, &at, DA_ERR_FORMAT, "an id is wanted, not %s",
                                  da__json_what(value));
        if (id == NULL)
            return da__place_fail(l, &at, DA_ERR_FORMAT, "no node \"%s\"%s",
                                  json_string_value(value),
                                  da__id_near(l, json_string_value(value), near, sizeof near));
        DA_TRY(add_output(l, p, id->id, da__id_array(l, id)));
    }
    return DA_OK;
}

/* Without "outputs": whatever no other node reads. */
static da_status unread_outputs(const struct da__loader *l, struct da__pipeline *p)
{
    bool *read = da__calloc((size_t)l->nitems + 1, sizeof *read);
    da_status status = read != NULL ? DA_OK : da__json_no_memory(l);
    for (int64_t k = 0; status == DA_OK && k < l->nneeds; k++)
        read[l->need[k]] = true;
    for (int64_t item = 0; status == DA_OK && item < l->nitems; item++) {
        const struct da__item *it = &l->item[item];
        for (int64_t r = 0; status == DA_OK && !read[item] && r < it->nresults; r++) {
            da_array *a = l->result[it->first_result + r];
            status = add_output(l, p, a->name != NULL ? a->name : "", a);
        }
    }
    da__free(read);
    return status;
}

static da_status fill(const struct da__loader *l, struct da__pipeline *p)
{
    json_t *outputs = json_object_get(l->root, "outputs");
    DA_TRY(make_room(l, p));
    for (int64_t k = 0; k < l->nids; k++)
        DA_TRY(add_node(l, p, l->id[k].id, da__id_array(l, &l->id[k])));
    return outputs != NULL ? named_outputs(l, outputs, p) : unread_outputs(l, p);
}

static da_status load(struct da__loader *l, const char *text, size_t nbytes, int ndefines,
                      const struct da__define *define, struct da__pipeline *p)
{
    DA_TRY(parse_text(l, text, nbytes));
    DA_TRY(check_frame(l));
    DA_TRY(da__json_define(l, ndefines, define));
    DA_TRY(da__items_collect(l));
    DA_TRY(da__items_order(l));
    for (int64_t k = 0; k < l->norder; k++)
        DA_TRY(da__item_build(l, l->order[k]));
    return fill(l, p);
}

static void free_loader(struct da__loader *l)
{
    json_decref(l->root);
    da__free(l->item);
    da__free(l->id);
    da__free(l->need);
    da__free(l->order);
    da__free(l->result);
    da__arena_free(&l->arena);
}

da_status da__pipeline_load(struct da__graph *g, const char *text, size_t nbytes,
                            const char *source, const char *folder, int ndefines,
                            const struct da__define *define, struct da__pipeline **out,
                            struct da__error *err)
{
    struct da__error own = {.engine = -1};
    struct da__loader l = {
        .g = g, .source = source, .folder = folder, .err = err != NULL ? err : &own};
    struct da__pipeline *p = da__calloc(1, sizeof *p);
    *out = NULL;
    if (p == NULL || da__scope_push(g) != DA_OK) { /* what has no id goes with the scope */
        da__free(p);
        return da__json_no_memory(&l);
    }
    da_status status = load(&l, text, nbytes, ndefines, define, p);
    if (status == DA_OK)
        *out = p;
    else
        da__pipeline_free(p);
    free_loader(&l);
    da__scope_pop(g);
    return status;
}

void da__pipeline_free(struct da__pipeline *p)
{
    if (p == NULL)
        return;
    for (int k = 0; k < p->nnodes; k++) {
        da__free(p->id[k]);
        let_go(p->node[k]);
    }
    for (int k = 0; k < p->noutputs; k++) {
        da__free(p->output_id[k]);
        da__node_drop(p->output[k]);
    }
    da__free(p->id);
    da__free(p->node);
    da__free(p->output);
    da__free(p->output_id);
    da__free(p);
}
