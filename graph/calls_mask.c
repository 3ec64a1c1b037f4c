/* What the table's callables about masks and sorted arrays do with their parameters. */
#include "calls.h"

#include "node.h"

#include <string.h>

da_array *da__call_flatnonzero(struct da__graph *g, const struct da__callable *c,
                               const struct da__arg *arg)
{
    (void)c;
    return da__make_flatnonzero(g, da__arg_array(g, &arg[0]));
}

da_array *da__call_nonzero(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg)
{
    (void)c;
    return da__make_nonzero(g, da__arg_array(g, &arg[0]), arg[1].operand.scalar.i);
}

da_array *da__call_extract(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg)
{
    (void)c;
    return da__make_extract(g, da__arg_array(g, &arg[0]), da__arg_array(g, &arg[1]));
}

da_array *da__call_repeat_index(struct da__graph *g, const struct da__callable *c,
                                const struct da__arg *arg)
{
    (void)c;
    return da__make_repeat_index(g, da__arg_array(g, &arg[0]));
}

da_array *da__call_compress(struct da__graph *g, const struct da__callable *c,
                            const struct da__arg *arg)
{
    (void)c;
    return da__make_compress(g, da__arg_array(g, &arg[0]), da__arg_array(g, &arg[1]),
                             da__arg_given(&arg[2]) ? &arg[2].operand.scalar.i : NULL);
}

da_array *da__call_searchsorted(struct da__graph *g, const struct da__callable *c,
                                const struct da__arg *arg)
{
    const char *side = da__arg_given(&arg[2]) ? arg[2].text : "left";
    bool right = strcmp(side, "right") == 0;
    if (!right && strcmp(side, "left") != 0) {
        struct da__error err = {.engine = -1};
        da__fail(&err, DA_ERR_ARGUMENT, "da_%s: side is \"%s\", not \"left\" or \"right\"", c->name,
                 side);
        return da__make_poison(g, &err);
    }
    return da__make_searchsorted(g, da__arg_array(g, &arg[0]), da__arg_array(g, &arg[1]), right);
}
