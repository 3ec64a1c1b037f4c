/* Functions of the user's program in this process: by the object that holds them and their place in it. */
#include "engine.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

struct search {
    const char *object;
    void *base;
};

static int match_object(struct dl_phdr_info *info, size_t size, void *self)
{
    struct search *s = self;
    (void)size;
    Dl_info where;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        uintptr_t address = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        void *inside;
        memcpy(&inside, &address, sizeof inside);
        if (dladdr(inside, &where) != 0 && where.dli_fname != NULL &&
            strcmp(where.dli_fname, s->object) == 0) {
            s->base = where.dli_fbase;
            return 1;
        }
        return 0;
    }
    return 0;
}

void (*da__address_find(const char *object, int64_t offset))(void)
{
    struct search s = {object, NULL};
    Dl_info where;
    void (*function)(void) = NULL;
    if (object != NULL)
        dl_iterate_phdr(match_object, &s);
    if (s.base == NULL)
        return NULL;
    void *address = (char *)s.base + offset;
    if (dladdr(address, &where) != 0 && where.dli_fbase == s.base)
        memcpy(&function, &address, sizeof function);
    return function;
}

void da__user_find(struct da__user *u)
{
    for (int k = 0; k < u->nentries; k++)
        u->entry[k].call = da__address_find(u->entry[k].object, u->entry[k].offset);
}

const struct da__user_entry *da__user_missing(const struct da__user *u)
{
    for (int k = 0; k < u->nentries; k++)
        if (u->entry[k].call == NULL)
            return &u->entry[k];
    return NULL;
}
