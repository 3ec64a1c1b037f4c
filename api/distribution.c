/* Public descriptions of distributions, as structs or text, turned into internal ones. */
#include "api.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void da__spec_free(struct da__spec *own)
{
    da__free(own->map);
    da__free(own->number);
    da__free(own->list);
    da__free(own->list_nelem);
    da__free(own->small);
    memset(own, 0, sizeof *own);
}

/* ---- reading the text ---- */

/* No part of a text can hold more items than it has characters, so every list is as long as the text and never moves. */
struct reader {
    const char *text, *at;
    struct da__spec *own;
    int64_t nnumbers;
    int nlists, nsmall;
    struct da__error *err;
};

static da_status expected(struct reader *r, const char *what)
{
    return da__fail(r->err, DA_ERR_FORMAT, "distribution \"%.200s\": column %d: expected %s",
                    r->text, (int)(r->at - r->text) + 1, what);
}

static bool take(struct reader *r, char c)
{
    while (*r->at == ' ')
        r->at++;
    if (*r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_word(struct reader *r, const char *word)
{
    while (*r->at == ' ')
        r->at++;
    size_t n = strlen(word);
    if (strncmp(r->at, word, n) != 0 || isalnum((unsigned char)r->at[n]))
        return false;
    r->at += n;
    return true;
}

static da_status read_number(struct reader *r, int64_t *out)
{
    while (*r->at == ' ')
        r->at++;
    if (!isdigit((unsigned char)*r->at))
        return expected(r, "a number");
    int64_t value = 0;
    for (; isdigit((unsigned char)*r->at); r->at++)
        if (!da__mul_i64(value, 10, &value) || !da__add_i64(value, *r->at - '0', &value))
            return expected(r, "a number that fits 64 bits");
    *out = value;
    return DA_OK;
}

/* "[0, 3, 10]", also empty. */
static da_status read_list(struct reader *r, const int64_t **list, int64_t *nelem)
{
    if (!take(r, '['))
        return expected(r, "\"[\"");
    *list = &r->own->number[r->nnumbers];
    *nelem = 0;
    if (take(r, ']'))
        return DA_OK;
    do {
        DA_TRY(read_number(r, &r->own->number[r->nnumbers]));
        r->nnumbers++;
        ++*nelem;
    } while (take(r, ','));
    return take(r, ']') ? DA_OK : expected(r, "\",\" or \"]\"");
}

static da_status read_lists(struct reader *r, struct da__map_spec *map)
{
    if (!take(r, '['))
        return expected(r, "\"[\" and one index list per engine");
    int first = r->nlists;
    do {
        DA_TRY(read_list(r, &r->own->list[r->nlists], &r->own->list_nelem[r->nlists]));
        r->nlists++;
    } while (take(r, ','));
    if (!take(r, ']'))
        return expected(r, "\",\" or \"]\"");
    map->nlists = r->nlists - first;
    map->list = &r->own->list[first];
    map->list_nelem = &r->own->list_nelem[first];
    return DA_OK;
}

static da_status read_map(struct reader *r, struct da__map_spec *map)
{
    *map = (struct da__map_spec){0};
    while (*r->at == ' ')
        r->at++;
    if (*r->at == '\0' || strchr("nbcu", *r->at) == NULL)
        return expected(r, "a map: n, b, c or u");
    map->kind = *r->at++;
    if (map->kind == 'u')
        return read_lists(r, map);
    if (map->kind == 'b' && *r->at == '[')
        DA_TRY(read_list(r, &map->bounds, &map->nbounds));
    if (map->kind == 'b' && take(r, '('))
        return da__padding_read(&r->at, map)
                   ? DA_OK
                   : expected(r, "padding, as in \"b(pad=1, boundary=[2,0], periodic)\"");
    if (map->kind == 'c' && take(r, '(')) {
        DA_TRY(read_number(r, &map->block));
        return take(r, ')') ? DA_OK : expected(r, "\")\"");
    }
    return DA_OK;
}

/* Numbers apart by `separator`, as ints. */
static da_status read_small(struct reader *r, char separator, const int **list, int *n)
{
    *list = &r->own->small[r->nsmall];
    *n = 0;
    do {
        int64_t value;
        DA_TRY(read_number(r, &value));
        if (value > INT32_MAX)
            return expected(r, "a smaller number");
        r->own->small[r->nsmall++] = (int)value;
        ++*n;
    } while (take(r, separator));
    return DA_OK;
}

static da_status read_text(struct reader *r)
{
    struct da__dist_spec *spec = &r->own->spec;
    spec->map = r->own->map;
    do
        DA_TRY(read_map(r, &r->own->map[spec->nmaps++]));
    while (take(r, ','));
    if (take_word(r, "grid"))
        DA_TRY(read_small(r, 'x', &spec->grid, &spec->ngrid));
    if (take_word(r, "engines"))
        DA_TRY(read_small(r, ',', &spec->engines, &spec->nengines));
    while (*r->at == ' ')
        r->at++;
    return *r->at == '\0' ? DA_OK : expected(r, "\",\", \"grid\", \"engines\" or the end");
}

static da_status from_text(const char *text, struct da__spec *own, struct da__error *err)
{
    size_t n = strlen(text) + 1;
    struct reader r = {.text = text, .at = text, .own = own, .err = err};
    own->map = da__calloc(n, sizeof *own->map);
    own->number = da__calloc(n, sizeof *own->number);
    own->list = da__calloc(n, sizeof *own->list);
    own->list_nelem = da__calloc(n, sizeof *own->list_nelem);
    own->small = da__calloc(n, sizeof *own->small);
    if (!own->map || !own->number || !own->list || !own->list_nelem || !own->small)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for a distribution's text");
    return read_text(&r);
}

/* ---- the struct ---- */

static da_status check_struct(const da_distribution *d, struct da__error *err)
{
    if (d->nmaps < 0 || d->ngrid < 0 || d->nengines < 0)
        return da__fail(err, DA_ERR_DISTRIBUTION,
                        "a distribution with %d maps, %d grid extents, %d engines", d->nmaps,
                        d->ngrid, d->nengines);
    if ((d->nmaps > 0 && d->map == NULL) || (d->ngrid > 0 && d->grid == NULL) ||
        (d->nengines > 0 && d->engines == NULL))
        return da__fail(err, DA_ERR_DISTRIBUTION,
                        "a distribution's maps, grid or engines are NULL");
    for (int k = 0; k < d->nmaps; k++) {
        const da_axis_map *m = &d->map[k];
        if (m->nbounds < 0 || m->nlists < 0 || (m->nbounds > 0 && m->bounds == NULL) ||
            (m->nlists > 0 && (m->list == NULL || m->list_nelem == NULL)) || m->ncuts < 0 ||
            (m->ncuts > 0 && m->cut == NULL))
            return da__fail(
                err, DA_ERR_DISTRIBUTION,
                "map %d of a distribution: bounds, lists or widths are NULL or negative in number",
                k);
    }
    return DA_OK;
}

static da_status from_struct(const da_distribution *d, struct da__spec *own, struct da__error *err)
{
    DA_TRY(check_struct(d, err));
    own->map = da__calloc((size_t)d->nmaps + 1, sizeof *own->map);
    if (own->map == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for %d maps", d->nmaps);
    for (int k = 0; k < d->nmaps; k++) {
        const da_axis_map *m = &d->map[k];
        own->map[k] = (struct da__map_spec){
            .kind = m->kind,
            .block = m->block,
            .nbounds = m->nbounds,
            .bounds = m->bounds,
            .nlists = m->nlists,
            .list_nelem = m->list_nelem,
            .list = m->list,
            .padding = {m->padding[0], m->padding[1]},
            .boundary = {m->boundary[0], m->boundary[1]},
            .periodic = m->periodic != 0,
            .ncuts = m->ncuts,
            .cut = m->cut,
        };
    }
    own->spec = (struct da__dist_spec){.nmaps = d->nmaps,
                                       .map = own->map,
                                       .ngrid = d->ngrid,
                                       .grid = d->grid,
                                       .nengines = d->nengines,
                                       .engines = d->engines};
    return DA_OK;
}

/* ---- both ---- */

da_status da__spec_make(const da_distribution *dist, struct da__spec *own,
                        const struct da__dist_spec **spec, struct da__error *err)
{
    memset(own, 0, sizeof *own);
    *spec = NULL;
    if (dist == NULL)
        return DA_OK;
    DA_TRY(dist->text != NULL ? from_text(dist->text, own, err) : from_struct(dist, own, err));
    *spec = &own->spec;
    return DA_OK;
}

da_status da_distribution_check(const char *text, char *message, size_t nbytes)
{
    struct da__error err = {.engine = -1};
    struct da__spec own;
    const struct da__dist_spec *spec;
    const da_distribution dist = {.text = text != NULL ? text : ""};
    da_status status = da__spec_make(&dist, &own, &spec, &err);
    da__spec_free(&own);
    if (message != NULL && nbytes > 0)
        snprintf(message, nbytes, "%s", err.text);
    return status;
}
