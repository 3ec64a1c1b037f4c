/* Running the passes of passes.def: switches, order, verification. */
#include "pass.h"

#include <string.h>

struct pass {
    struct da__pass_info info;
    da_status (*run)(struct da__program *p);
};
static const struct pass pass_table[] = {
#define DA__PASS(name, function, reason) {{#name, reason}, function},
#include "passes.def"
#undef DA__PASS
};

int da__npasses(void)
{
    return (int)(sizeof pass_table / sizeof pass_table[0]);
}

const struct da__pass_info *da__pass_info(int i)
{
    return &pass_table[i].info;
}

/* "-fuse,-cse": a name with a minus is off, "-all" is all of them; scheduling cannot be done without. */
bool da__pass_on(const char *passes, const char *name)
{
    bool on = true;
    for (const char *s = passes; s != NULL && *s != '\0';) {
        size_t n = strcspn(s, ", ");
        if (n > 1 && (*s == '-' || *s == '+')) {
            bool named = n - 1 == strlen(name) && strncmp(s + 1, name, n - 1) == 0;
            bool all = n - 1 == 3 && strncmp(s + 1, "all", 3) == 0;
            if (named || all)
                on = *s == '+';
        }
        s += n;
        s += strspn(s, ", ");
    }
    return on || strcmp(name, "schedule") == 0;
}

static da_status run_pass(const struct pass *pass, struct da__program *p, struct da__error *err)
{
    da_status status = pass->run != NULL ? pass->run(p) : DA_OK;
    if (status != DA_OK || p->failed)
        return da__fail(err, status != DA_OK ? status : DA_ERR_MEMORY, "pass %s ran out of memory",
                        pass->info.name);
    da__program_index(p);
#ifndef NDEBUG
    struct da__error broken = {.engine = -1};
    if (da__program_verify(p, &broken) != DA_OK)
        return da__fail(err, broken.status == DA_ERR_MEMORY ? DA_ERR_MEMORY : DA_ERR_INTERNAL,
                        "after pass %s: %s", pass->info.name, broken.text);
#endif
    return DA_OK;
}

da_status da__optimize(struct da__program *p, const char *passes,
                       void (*after)(void *self, const char *pass, const struct da__program *p),
                       void *self, struct da__error *err)
{
    da__program_index(p);
    for (int i = 0; i < da__npasses(); i++) {
        if (!da__pass_on(passes, pass_table[i].info.name))
            continue;
        DA_TRY(run_pass(&pass_table[i], p, err));
        if (after != NULL)
            after(self, pass_table[i].info.name, p);
    }
    return DA_OK;
}
