/* The datasets of an HDF5 file: their names, the only one, and what to say when one is missing. */
#include "hdf5_parts.h"

#include <string.h>

/* How netCDF-4 marks a dimension that has no values. */
#define NO_VALUES "This is a netCDF dimension but not a netCDF variable"
#define NAMES_SHOWN 12

void da__h5_names_free(struct da__h5_names *names)
{
    for (int64_t i = 0; i < names->n; i++)
        da__free(names->name[i]);
    da__free(names->name);
    *names = (struct da__h5_names){NULL, 0, 0};
}

static bool is_bare_dimension(hid_t file, const char *name)
{
    char refused[DA__H5_REFUSED], text[sizeof NO_VALUES] = "";
    hid_t list = da__h5_inside_only(refused);
    hid_t dataset = list >= 0 ? H5Dopen2(file, name, list) : -1;
    if (dataset >= 0)
        da__h5_text_attribute(dataset, "NAME", text, sizeof text);
    da__h5_close(&dataset, H5Dclose);
    da__h5_close(&list, H5Pclose);
    return strcmp(text, NO_VALUES) == 0;
}

static herr_t take_name(hid_t file, const char *name, const H5O_info_t *info, void *self)
{
    struct da__h5_names *out = self;
    struct da__text text = {0};
    if (info->type != H5O_TYPE_DATASET || is_bare_dimension(file, name))
        return 0;
    da__text_add(&text, "/%s", name);
    bool ok =
        !text.failed && da__grow((void **)&out->name, &out->cap, out->n + 1, sizeof *out->name);
    if (!ok) {
        da__text_free(&text);
        return -1;
    }
    out->name[out->n] = text.s;
    out->n++;
    return 0;
}

da_status da__h5_names_read(hid_t file, const char *path, struct da__h5_names *out,
                            struct da__error *err)
{
    *out = (struct da__h5_names){NULL, 0, 0};
    if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, take_name, out, H5O_INFO_BASIC) >= 0)
        return DA_OK;
    da__h5_names_free(out);
    return da__h5_fail(err, DA_ERR_FORMAT, "%s: cannot list its datasets", path);
}

static void add_names(struct da__text *t, const struct da__h5_names *names)
{
    for (int64_t i = 0; i < names->n && i < NAMES_SHOWN; i++)
        da__text_add(t, "%s%s", i == 0 ? "" : ", ", names->name[i]);
    if (names->n > NAMES_SHOWN)
        da__text_add(t, " and %lld more", (long long)(names->n - NAMES_SHOWN));
}

da_status da__h5_fail_missing(hid_t file, const char *path, const char *name, struct da__error *err)
{
    struct da__h5_names names;
    struct da__text text = {0};
    DA_TRY(da__h5_names_read(file, path, &names, err));
    const char *near = da__near(name, (const char *const *)names.name, (int)names.n);
    if (near != NULL) {
        da__text_add(&text, "did you mean %s?", near);
    } else {
        da__text_add(&text, names.n == 0 ? "it has none" : "it has ");
        add_names(&text, &names);
    }
    da_status status = da__fail(err, DA_ERR_IO, "%s: no dataset %s (%s)", path, name,
                                text.failed ? "no memory to list them" : text.s);
    da__text_free(&text);
    da__h5_names_free(&names);
    return status;
}

static bool is_readable(hid_t file, const char *path, const char *name)
{
    struct da__file_info info;
    struct da__error reason = {.status = DA_OK};
    hid_t dataset = -1;
    bool ok = da__h5_open_dataset(file, path, name, &dataset, &reason) == DA_OK &&
              da__h5_info(dataset, path, name, &info, &reason) == DA_OK;
    da__h5_close(&dataset, H5Oclose);
    return ok;
}

/* The one readable dataset; a single one is taken as it is, so that opening it says why it cannot
 * be read. */
static da_status choose(hid_t file, const char *path, const struct da__h5_names *names,
                        const char **out, struct da__error *err)
{
    int64_t nreadable = 0;
    *out = names->n == 1 ? names->name[0] : NULL;
    for (int64_t i = 0; i < names->n && names->n > 1 && nreadable < 2; i++) {
        if (is_readable(file, path, names->name[i])) {
            *out = names->name[i];
            nreadable++;
        }
    }
    if (*out != NULL && nreadable < 2)
        return DA_OK;
    if (names->n == 0)
        return da__fail(err, DA_ERR_IO, "%s: has no dataset", path);
    struct da__text text = {0};
    add_names(&text, names);
    da_status status = da__fail(err, DA_ERR_ARGUMENT, "%s: which dataset? It has %s", path,
                                text.failed ? "several" : text.s);
    da__text_free(&text);
    return status;
}

static char *with_slash(const char *name)
{
    struct da__text text = {0};
    da__text_add(&text, "%s%s", name[0] == '/' ? "" : "/", name);
    if (text.failed) {
        da__text_free(&text);
        return NULL;
    }
    return text.s;
}

da_status da__h5_resolve(hid_t file, const char *path, const char *asked, char **name,
                         struct da__error *err)
{
    struct da__h5_names names = {NULL, 0, 0};
    *name = NULL;
    if (asked == NULL) {
        da_status status = da__h5_names_read(file, path, &names, err);
        if (status == DA_OK)
            status = choose(file, path, &names, &asked, err);
        if (status != DA_OK) {
            da__h5_names_free(&names);
            return status;
        }
    }
    *name = with_slash(asked);
    da__h5_names_free(&names);
    return *name != NULL ? DA_OK
                         : da__fail(err, DA_ERR_MEMORY, "%s: no memory for a dataset name", path);
}
