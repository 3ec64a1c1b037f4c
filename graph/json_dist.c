/* Distributions from JSON and to JSON. Written is the shortest form that makes the same distribution again; views' owners name
 * the template that they stand for, copies and unusual grids their strides. */
#include "json_load.h"

#include <string.h>

/* ---- reading ---- */

struct reader {
    struct da__loader *l;
    int64_t item;
    bool derived;
};

static da_status fail(const struct reader *r, const struct da__place *place, const char *what,
                      const json_t *j)
{
    return da__item_fail(r->l, r->item, place, DA_ERR_FORMAT, "%s is wanted, not %s", what,
                         da__json_what(j));
}

/* A list of ints of any length in the arena. */
static da_status read_ints(const struct reader *r, const struct da__place *place, const json_t *j,
                           int64_t *n, int64_t **out)
{
    if (!json_is_array(j))
        return fail(r, place, "a list of integers", j);
    *n = (int64_t)json_array_size(j);
    *out = da__arena_alloc(&r->l->arena, (size_t)*n * sizeof **out);
    int count;
    if (*out == NULL)
        return da__json_no_memory(r->l);
    if (*n > INT32_MAX)
        return da__item_fail(r->l, r->item, place, DA_ERR_FORMAT, "the list is too long");
    return da__json_int_list(r->l, r->item, place, j, (int)*n, *out, &count);
}

static da_status read_lists(const struct reader *r, const struct da__place *place, const json_t *j,
                            struct da__map_spec *out)
{
    if (!json_is_array(j))
        return fail(r, place, "a list of index lists", j);
    size_t n = json_array_size(j);
    int64_t *nelem = da__arena_alloc(&r->l->arena, n * sizeof *nelem);
    const int64_t **list = da__arena_alloc(&r->l->arena, n * sizeof *list);
    if (nelem == NULL || list == NULL || n > INT32_MAX)
        return da__json_no_memory(r->l);
    for (size_t k = 0; k < n; k++) {
        struct da__place at = {.up = place, .index = (int64_t)k};
        int64_t *entries = NULL;
        DA_TRY(read_ints(r, &at, json_array_get(j, k), &nelem[k], &entries));
        list[k] = entries;
    }
    out->nlists = (int)n;
    out->list_nelem = nelem;
    out->list = list;
    return DA_OK;
}

static da_status read_letter(const struct reader *r, const struct da__place *place, const json_t *j,
                             struct da__map_spec *out)
{
    const char *text = json_string_value(j);
    if (strlen(text) != 1 || strchr("nbc", text[0]) == NULL)
        return da__item_fail(r->l, r->item, place, DA_ERR_DISTRIBUTION,
                             "no map \"%s\"; there are \"n\", \"b\", \"c\" and {\"u\": [lists]}",
                             text);
    out->kind = text[0];
    return DA_OK;
}

/* One width for both sides, or [left, right]. */
static da_status read_pair(const struct reader *r, const struct da__place *place, const json_t *j,
                           int64_t *out)
{
    int n = 0;
    if (json_is_integer(j)) {
        out[0] = out[1] = json_integer_value(j);
        return DA_OK;
    }
    if (!json_is_array(j) || json_array_size(j) != 2)
        return fail(r, place, "a width or [left, right]", j);
    return da__json_int_list(r->l, r->item, place, j, 2, out, &n);
}

static da_status read_bounds(const struct reader *r, const struct da__place *place,
                             const json_t *value, struct da__map_spec *out)
{
    int64_t *bounds;
    if (json_is_null(value) ||
        (json_is_string(value) && strcmp(json_string_value(value), "even") == 0))
        return DA_OK;
    DA_TRY(read_ints(r, place, value, &out->nbounds, &bounds));
    out->bounds = bounds;
    return out->nbounds >= 2 ? DA_OK
                             : da__item_fail(r->l, r->item, place, DA_ERR_DISTRIBUTION,
                                             "at least two bounds are needed");
}

static da_status read_flag(const struct reader *r, const struct da__place *place,
                           const json_t *value, bool *out)
{
    if (!json_is_boolean(value))
        return fail(r, place, "true or false", value);
    *out = json_is_true(value);
    return DA_OK;
}

/* [size, start, step] */
static da_status read_template(struct reader *r, const struct da__place *place, const json_t *j,
                               struct da__map_spec *out)
{
    int64_t n, *number;
    DA_TRY(read_ints(r, place, j, &n, &number));
    if (n != 3 || number[2] == 0)
        return da__item_fail(r->l, r->item, place, DA_ERR_DISTRIBUTION,
                             "a template is [size, start, step] with a step that is not 0");
    out->size = number[0];
    out->start = number[1];
    out->step = number[2];
    r->derived = true;
    return DA_OK;
}

/* What stands behind a map's letter: null, "even" or bounds, a block size, lists. */
static da_status read_letter_value(const struct reader *r, const struct da__place *place,
                                   const json_t *value, struct da__map_spec *out)
{
    out->kind = place->key[0];
    if (out->kind == 'u')
        return read_lists(r, place, value, out);
    if (out->kind == 'b')
        return read_bounds(r, place, value, out);
    if (!json_is_integer(value) || json_integer_value(value) < 1)
        return da__item_fail(r->l, r->item, place, DA_ERR_DISTRIBUTION,
                             "a block size is a positive integer");
    out->block = json_integer_value(value);
    return DA_OK;
}

/* Beside the letter: the template, and for blocks their padding. */
static da_status read_map_key(struct reader *r, const struct da__place *at, const json_t *value,
                              bool block, struct da__map_spec *out)
{
    static const char *const known[] = {"b", "template", "padding", "boundary", "cuts", "periodic"};
    char near[64];
    int64_t *cut;
    if (strcmp(at->key, "template") == 0)
        return read_template(r, at, value, out);
    if (strlen(at->key) == 1 && strchr("bcu", at->key[0]) != NULL)
        return read_letter_value(r, at, value, out);
    if (!block)
        return da__item_fail(
            r->l, r->item, at, DA_ERR_DISTRIBUTION,
            "no map \"%s\"; there are {\"b\": bounds}, {\"c\": block} and {\"u\": lists}", at->key);
    if (strcmp(at->key, "padding") == 0)
        return read_pair(r, at, value, out->padding);
    if (strcmp(at->key, "boundary") == 0)
        return read_pair(r, at, value, out->boundary);
    if (strcmp(at->key, "periodic") == 0)
        return read_flag(r, at, value, &out->periodic);
    if (strcmp(at->key, "cuts") != 0)
        return da__item_fail(r->l, r->item, at->up, DA_ERR_FORMAT, "unknown key \"%s\"%s", at->key,
                             da__near_text(at->key, known, 6, near, sizeof near));
    DA_TRY(read_ints(r, at, value, &out->ncuts, &cut));
    out->cut = cut;
    return DA_OK;
}

/* {"b": bounds, "padding": …, "boundary": …, "cuts": […], "periodic": true}, {"c": 4}, {"u": lists}, each with a template or
 * without. */
static da_status read_map_object(struct reader *r, const struct da__place *place, json_t *j,
                                 struct da__map_spec *out)
{
    const char *key;
    json_t *value;
    bool block = json_object_get(j, "b") != NULL;
    size_t letters = 0;
    json_object_foreach(j, key, value) letters += strlen(key) == 1;
    size_t beside = json_object_get(j, "template") != NULL;
    if (letters > 1 || (!block && json_object_size(j) != 1 + beside))
        return da__item_fail(r->l, r->item, place, DA_ERR_DISTRIBUTION,
                             "a map is a letter, or an object with one letter as key");
    json_object_foreach(j, key, value)
    {
        struct da__place at = {.up = place, .key = key};
        DA_TRY(read_map_key(r, &at, value, block, out));
    }
    return DA_OK;
}

static da_status read_maps(struct reader *r, const struct da__place *place, const json_t *j,
                           struct da__dist_spec *out)
{
    if (!json_is_array(j))
        return fail(r, place, "a list of maps", j);
    size_t n = json_array_size(j);
    if (n > DA_MAX_NDIM)
        return da__item_fail(r->l, r->item, place, DA_ERR_DISTRIBUTION,
                             "%zu maps, at most %d are possible", n, DA_MAX_NDIM);
    struct da__map_spec *map = da__arena_alloc(&r->l->arena, n * sizeof *map);
    if (map == NULL)
        return da__json_no_memory(r->l);
    out->nmaps = (int)n;
    out->map = map;
    for (size_t k = 0; k < n; k++) {
        json_t *value = json_array_get(j, k);
        struct da__place at = {.up = place, .index = (int64_t)k};
        if (json_is_string(value))
            DA_TRY(read_letter(r, &at, value, &map[k]));
        else if (!json_is_object(value))
            return fail(r, &at, "a map such as \"b\" or {\"c\": 4}", value);
        else
            DA_TRY(read_map_object(r, &at, value, &map[k]));
    }
    return DA_OK;
}

static da_status read_small_ints(const struct reader *r, const struct da__place *place,
                                 const json_t *j, int *n, const int **out)
{
    int64_t count, *wide;
    DA_TRY(read_ints(r, place, j, &count, &wide));
    int *narrow = da__arena_alloc(&r->l->arena, (size_t)count * sizeof *narrow);
    if (narrow == NULL)
        return da__json_no_memory(r->l);
    for (int64_t k = 0; k < count; k++) {
        struct da__place at = {.up = place, .index = k};
        if (wide[k] < 0 || wide[k] > INT32_MAX)
            return da__item_fail(r->l, r->item, &at, DA_ERR_DISTRIBUTION, "%lld is out of range",
                                 (long long)wide[k]);
        narrow[k] = (int)wide[k];
    }
    *n = (int)count;
    *out = narrow;
    return DA_OK;
}

/* How many copies, or copies along each dimension that holds some. */
static da_status read_replicas(struct reader *r, const struct da__place *place, const json_t *j,
                               struct da__dist_spec *out)
{
    r->derived = true;
    if (!json_is_integer(j))
        return read_small_ints(r, place, j, &out->nreplicas, &out->replicas);
    int *one = da__arena_alloc(&r->l->arena, sizeof *one);
    if (one == NULL)
        return da__json_no_memory(r->l);
    if (json_integer_value(j) < 1 || json_integer_value(j) > INT32_MAX)
        return da__item_fail(r->l, r->item, place, DA_ERR_DISTRIBUTION, "%lld is out of range",
                             (long long)json_integer_value(j));
    *one = (int)json_integer_value(j);
    out->nreplicas = 1;
    out->replicas = one;
    return DA_OK;
}

static da_status read_strides(struct reader *r, const struct da__place *place, const json_t *j,
                              struct da__dist_spec *out)
{
    int64_t n, *stride;
    r->derived = true;
    DA_TRY(read_ints(r, place, j, &n, &stride));
    out->nstrides = (int)n;
    out->strides = stride;
    return DA_OK;
}

static da_status read_offset(struct reader *r, const struct da__place *place, const json_t *j,
                             struct da__dist_spec *out)
{
    r->derived = true;
    if (!json_is_integer(j))
        return fail(r, place, "an integer", j);
    out->offset = json_integer_value(j);
    return DA_OK;
}

static da_status read_key(struct reader *r, const struct da__place *at, const json_t *value,
                          struct da__dist_spec *out)
{
    static const char *const known[] = {"maps", "grid", "engines", "replicas", "strides", "offset"};
    char near[64];
    if (strcmp(at->key, "maps") == 0)
        return read_maps(r, at, value, out);
    if (strcmp(at->key, "grid") == 0)
        return read_small_ints(r, at, value, &out->ngrid, &out->grid);
    if (strcmp(at->key, "engines") == 0)
        return read_small_ints(r, at, value, &out->nengines, &out->engines);
    if (strcmp(at->key, "replicas") == 0)
        return read_replicas(r, at, value, out);
    if (strcmp(at->key, "strides") == 0)
        return read_strides(r, at, value, out);
    if (strcmp(at->key, "offset") == 0)
        return read_offset(r, at, value, out);
    return da__item_fail(r->l, r->item, at->up, DA_ERR_FORMAT, "unknown key \"%s\"%s", at->key,
                         da__near_text(at->key, known, 6, near, sizeof near));
}

da_status da__json_dist_read(struct da__loader *l, int64_t item, const struct da__place *place,
                             json_t *j, struct da__dist_spec *out, bool *derived)
{
    struct reader r = {l, item, false};
    const char *key;
    json_t *value;
    *out = (struct da__dist_spec){0};
    if (!json_is_object(j))
        return fail(&r, place, "a distribution {\"maps\": […]}", j);
    if (json_object_get(j, "maps") == NULL)
        return da__item_fail(l, item, place, DA_ERR_FORMAT, "\"maps\" is missing");
    json_object_foreach(j, key, value)
    {
        struct da__place at = {.up = place, .key = key};
        DA_TRY(read_key(&r, &at, value, out));
    }
    *derived = r.derived;
    return DA_OK;
}

/* ---- writing ---- */

/* What specs of a distribution are made of; lists are copied, freed by free_spec. */
struct written {
    struct da__map_spec map[DA_MAX_NDIM];
    int grid[DA_MAX_NDIM];
    int *holders; /* engines that hold anything */
    int *engines; /* all that offset and strides count along */
    int copies, nreplicas, replicas[DA_MAX_NDIM];
    int64_t strides[2 * DA_MAX_NDIM];
};

static bool is_whole_map(const struct da__map *m)
{
    return m->kind == DA__MAP_N || (m->start == 0 && m->step == 1 && m->count == m->size);
}

static void free_spec(struct written *w, int ndim)
{
    for (int k = 0; k < ndim; k++) {
        for (int i = 0; w->map[k].list != NULL && i < w->map[k].nlists; i++)
            da__free((void *)(uintptr_t)w->map[k].list[i]);
        da__free((void *)(uintptr_t)w->map[k].list);
        da__free((void *)(uintptr_t)w->map[k].list_nelem);
    }
    da__free(w->holders);
    da__free(w->engines);
}

static da_status copy_lists(const struct da__map *m, struct da__map_spec *out)
{
    int64_t *nelem = da__calloc((size_t)m->parts + 1, sizeof *nelem);
    int64_t **list = da__calloc((size_t)m->parts + 1, sizeof *list);
    out->nlists = m->parts;
    out->list_nelem = nelem;
    out->list = (const int64_t *const *)list;
    if (nelem == NULL || list == NULL)
        return DA_ERR_MEMORY;
    for (int part = 0; part < m->parts; part++) {
        nelem[part] = da__lists_count(m->lists, part);
        list[part] = da__alloc((size_t)(nelem[part] + 1) * sizeof **list);
        if (list[part] == NULL)
            return DA_ERR_MEMORY;
        for (int64_t i = 0; i < nelem[part]; i++)
            list[part][i] = da__lists_get(m->lists, part, i);
    }
    return DA_OK;
}

static da_status spec_of_map(const struct da__map *m, struct da__map_spec *out)
{
    static const char letter[] = {
        [DA__MAP_N] = 'n', [DA__MAP_B] = 'b', [DA__MAP_C] = 'c', [DA__MAP_U] = 'u'};
    out->kind = letter[m->kind];
    if (m->kind == DA__MAP_C)
        out->block = m->block;
    if (m->kind == DA__MAP_B && m->bounds != NULL) {
        out->nbounds = m->parts + 1;
        out->bounds = m->bounds;
    }
    if (!is_whole_map(m)) {
        out->size = m->size;
        out->start = m->start;
        out->step = m->step;
    }
    da__map_padding_spec(m, out);
    return m->kind == DA__MAP_U ? copy_lists(m, out) : DA_OK;
}

/* The engines in the order of the grid of the array's axes, last axis fastest. */
static int *engine_list(const struct da__dist *d, int64_t n)
{
    int *engine = da__alloc((size_t)(n + 1) * sizeof *engine);
    int coord[DA_MAX_NDIM] = {0};
    for (int64_t i = 0; engine != NULL && i < n; i++) {
        engine[i] = da__dist_engine(d, coord);
        for (int k = d->ngrid - 1; k >= 0 && ++coord[k] == d->grid[k]; k--)
            coord[k] = 0;
    }
    return engine;
}

static bool makes_same(const struct da__dist *d, const struct da__dist_spec *spec, int nengines)
{
    int64_t shape[DA_MAX_NDIM];
    const struct da__dist *again = NULL;
    for (int k = 0; k < d->ndim; k++)
        shape[k] = d->map[k].count;
    bool same = da__dist_make(d->ndim, shape, spec, nengines, &again, NULL) == DA_OK &&
                da__dist_equal(d, again);
    da__dist_drop(again);
    return same;
}

/* The whole engine set, ascending as it is. */
static int *engine_set(const struct da__dist *d)
{
    int *engine = da__alloc((size_t)(d->engines.nelem + 1) * sizeof *engine);
    for (int64_t i = 0; engine != NULL && i < d->engines.nelem; i++)
        engine[i] = (int)da__set_get(&d->engines, i);
    return engine;
}

static void fill_grid(const struct da__dist *d, struct written *w)
{
    bool named[DA_MAX_NDIM] = {false};
    w->copies = 1;
    for (int k = 0; k < d->ndim; k++) {
        int g = d->axis_grid[k];
        w->grid[k] = d->map[k].parts;
        w->strides[k] = g >= 0 ? d->grid_stride[g] : 0;
        if (g >= 0)
            named[g] = true;
    }
    for (int g = 0; g < d->ngrid; g++)
        if (!named[g] && d->grid[g] > 1) {
            w->replicas[w->nreplicas] = d->grid[g];
            w->strides[d->ndim + w->nreplicas++] = d->grid_stride[g];
            w->copies *= d->grid[g];
        }
}

/* Tries the forms from the shortest on; the last one says everything. */
static bool find_spec(const struct da__dist *d, const struct written *w, struct da__dist_spec *spec,
                      int nengines)
{
    *spec = (struct da__dist_spec){.nmaps = d->ndim, .map = w->map};
    if (makes_same(d, spec, nengines))
        return true;
    spec->ngrid = d->ndim;
    spec->grid = w->grid;
    if (w->copies > 1) {
        spec->nreplicas = 1;
        spec->replicas = &w->copies;
    }
    if (makes_same(d, spec, nengines))
        return true;
    spec->nengines = (int)da__dist_nengines(d);
    spec->engines = w->holders;
    if (makes_same(d, spec, nengines))
        return true;
    spec->nreplicas = w->nreplicas;
    spec->replicas = w->replicas;
    spec->nstrides = d->ndim + w->nreplicas;
    spec->strides = w->strides;
    spec->offset = d->offset;
    spec->nengines = 0;
    spec->engines = NULL;
    if (makes_same(d, spec, nengines))
        return true;
    spec->nengines = (int)d->engines.nelem;
    spec->engines = w->engines;
    return makes_same(d, spec, nengines);
}

static void write_pair(struct da__text *t, const char *key, const int64_t *pair)
{
    if (pair[0] != 0 || pair[1] != 0)
        da__text_add(t, ",\"%s\":[%lld,%lld]", key, (long long)pair[0], (long long)pair[1]);
}

static void write_padding(struct da__text *t, const struct da__map_spec *spec)
{
    write_pair(t, "padding", spec->padding);
    write_pair(t, "boundary", spec->boundary);
    if (spec->ncuts > 0) {
        da__text_add(t, ",\"cuts\":");
        da__json_ints(t, spec->ncuts, spec->cut);
    }
    da__text_add(t, spec->periodic ? ",\"periodic\":true" : "");
}

static void write_template(struct da__text *t, int64_t size, int64_t start, int64_t step)
{
    da__text_add(t, ",\"template\":[%lld,%lld,%lld]", (long long)size, (long long)start,
                 (long long)step);
}

static void write_map_value(struct da__text *t, const struct da__map *m)
{
    if (m->kind == DA__MAP_C)
        da__text_add(t, "{\"c\":%lld", (long long)m->block);
    else if (m->kind == DA__MAP_U)
        da__text_add(t, "{\"u\":[");
    else
        da__text_add(t, "{\"b\":");
    if (m->kind == DA__MAP_B && m->bounds != NULL)
        da__json_ints(t, m->parts + 1, m->bounds);
    else if (m->kind == DA__MAP_B)
        da__text_add(t, is_whole_map(m) ? "null" : "\"even\"");
    struct da__map_spec spec = {.kind = 'b'};
    da__map_padding_spec(m, &spec);
    write_padding(t, &spec);
    for (int part = 0; m->kind == DA__MAP_U && part < m->parts; part++) {
        da__text_add(t, part > 0 ? ",[" : "[");
        for (int64_t i = 0; i < da__lists_count(m->lists, part); i++)
            da__text_add(t, i > 0 ? ",%lld" : "%lld", (long long)da__lists_get(m->lists, part, i));
        da__text_add(t, "]");
    }
    if (m->kind == DA__MAP_U)
        da__text_add(t, "]");
}

static void write_map(struct da__text *t, const struct da__map *m)
{
    bool whole = is_whole_map(m);
    if (m->kind == DA__MAP_N)
        da__text_add(t, "\"n\"");
    else if (whole && m->kind == DA__MAP_B && m->bounds == NULL && m->padding == NULL)
        da__text_add(t, "\"b\"");
    else if (whole && m->kind == DA__MAP_C && m->block == 1)
        da__text_add(t, "\"c\"");
    else {
        write_map_value(t, m);
        if (!whole)
            write_template(t, m->size, m->start, m->step);
        da__text_add(t, "}");
    }
}

static void write_small_ints(struct da__text *t, const char *key, int n, const int *v)
{
    da__text_add(t, ",\"%s\":[", key);
    for (int k = 0; k < n; k++)
        da__text_add(t, k > 0 ? ",%d" : "%d", v[k]);
    da__text_add(t, "]");
}

static void write_maps(struct da__text *t, const struct da__dist *d)
{
    da__text_add(t, "{\"maps\":[");
    for (int k = 0; k < d->ndim; k++) {
        da__text_add(t, k > 0 ? "," : "");
        write_map(t, &d->map[k]);
    }
    da__text_add(t, "]");
}

static void write_spec(struct da__text *t, const struct da__dist_spec *spec)
{
    if (spec->ngrid > 0)
        write_small_ints(t, "grid", spec->ngrid, spec->grid);
    if (spec->nreplicas == 1)
        da__text_add(t, ",\"replicas\":%d", spec->replicas[0]);
    else if (spec->nreplicas > 1)
        write_small_ints(t, "replicas", spec->nreplicas, spec->replicas);
    if (spec->nstrides > 0) {
        da__text_add(t, ",\"strides\":");
        da__json_ints(t, spec->nstrides, spec->strides);
    }
    if (spec->offset != 0)
        da__text_add(t, ",\"offset\":%lld", (long long)spec->offset);
    if (spec->nengines > 0)
        write_small_ints(t, "engines", spec->nengines, spec->engines);
}

da_status da__json_dist(struct da__text *t, const struct da__dist *d, int nengines)
{
    struct written w = {0};
    struct da__dist_spec spec;
    da_status status = DA_OK;
    for (int k = 0; status == DA_OK && k < d->ndim; k++)
        status = spec_of_map(&d->map[k], &w.map[k]);
    fill_grid(d, &w);
    w.holders = engine_list(d, da__dist_nengines(d));
    w.engines = engine_set(d);
    if (w.holders == NULL || w.engines == NULL)
        status = DA_ERR_MEMORY;
    if (status == DA_OK && !find_spec(d, &w, &spec, nengines))
        status = DA_ERR_INTERNAL;
    if (status == DA_OK) {
        write_maps(t, d);
        write_spec(t, &spec);
        da__text_add(t, "}");
    }
    free_spec(&w, d->ndim);
    return t->failed ? DA_ERR_MEMORY : status;
}

static bool is_letter(const struct da__map_spec *m)
{
    bool padded = m->padding[0] != 0 || m->padding[1] != 0 || m->boundary[0] != 0 ||
                  m->boundary[1] != 0 || m->periodic || m->ncuts > 0;
    return m->kind == 'n' ||
           (m->kind != 'u' && m->nbounds == 0 && m->block == 0 && m->step == 0 && !padded);
}

static void write_map_spec(struct da__text *t, const struct da__map_spec *m)
{
    if (is_letter(m)) {
        da__text_add(t, "\"%c\"", m->kind);
        return;
    }
    da__text_add(t, "{\"%c\":", m->kind);
    if (m->kind == 'c')
        da__text_add(t, "%lld", m->block > 0 ? (long long)m->block : 1);
    else if (m->nbounds > 0)
        da__json_ints(t, m->nbounds, m->bounds);
    else if (m->kind == 'b')
        da__text_add(t, "null");
    for (int k = 0; k < m->nlists; k++) {
        da__text_add(t, k > 0 ? "," : "[");
        da__json_ints(t, m->list_nelem[k], m->list[k]);
    }
    da__text_add(t, m->nlists > 0 ? "]" : "");
    write_padding(t, m);
    if (m->step != 0)
        write_template(t, m->size, m->start, m->step);
    da__text_add(t, "}");
}

void da__json_spec(struct da__text *t, const struct da__dist_spec *spec)
{
    da__text_add(t, "{\"maps\":[");
    for (int k = 0; k < spec->nmaps; k++) {
        da__text_add(t, k > 0 ? "," : "");
        write_map_spec(t, &spec->map[k]);
    }
    da__text_add(t, "]");
    write_spec(t, spec);
    da__text_add(t, "}");
}
