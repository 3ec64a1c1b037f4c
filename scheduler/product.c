/* The static part of indexing by arrays: packing and unpacking what each dynamic position stands for. */
#include "indexing.h"

#include <string.h>

void da__product_make(const struct da__indexing *ix, const struct da__match_list *const *list,
                      const int64_t *stride, struct da__product *out)
{
    *out = (struct da__product){.nbytes = ix->item, .item = ix->item};
    for (int b = 0; b < ix->base_ndim; b++) {
        if (ix->is_dynamic[b])
            continue;
        const struct da__match_list *l = list[b];
        int64_t axis = ix->rule[3 * b],
                apart[2] = {axis >= 0 ? stride[axis] : 0, ix->base_stride[b]};
        for (int side = 0; side < 2; side++) {
            out->axis[side][out->n] = (struct da__pack_axis){
                .m = l->m, .n = l->n, .side_b = side == 1, .stride = apart[side]};
            if (l->n > 0)
                out->at[side] += (side == 1 ? l->m[0].b : l->m[0].a) * apart[side];
        }
        out->n++;
        out->nbytes *= l->nelem;
    }
    out->single = out->nbytes == ix->item;
}

/* One element each; constants let the compiler move whole words. */
#define PACK_ITEMS(size)                                                                           \
    for (int64_t i = 0; i < n; i++)                                                                \
    memcpy(packed + i * (size), memory + offset[i], (size))
#define UNPACK_ITEMS(size)                                                                         \
    for (int64_t i = 0; i < n; i++)                                                                \
    memcpy(memory + offset[i], packed + i * (size), (size))

static void pack_items(int64_t item, int64_t n, const int64_t *offset, const char *memory,
                       char *packed)
{
    switch (item) {
    case 1:
        PACK_ITEMS(1);
        break;
    case 2:
        PACK_ITEMS(2);
        break;
    case 4:
        PACK_ITEMS(4);
        break;
    case 8:
        PACK_ITEMS(8);
        break;
    default:
        PACK_ITEMS(16);
        break;
    }
}

static void unpack_items(int64_t item, int64_t n, const int64_t *offset, char *memory,
                         const char *packed)
{
    switch (item) {
    case 1:
        UNPACK_ITEMS(1);
        break;
    case 2:
        UNPACK_ITEMS(2);
        break;
    case 4:
        UNPACK_ITEMS(4);
        break;
    case 8:
        UNPACK_ITEMS(8);
        break;
    default:
        UNPACK_ITEMS(16);
        break;
    }
}

void da__product_pack(const struct da__product *p, int side, int64_t n, const int64_t *offset,
                      const char *memory, char *packed)
{
    if (p->single) {
        pack_items(p->item, n, offset, memory + p->at[side], packed);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        packed += da__pack(p->n, p->axis[side], (size_t)p->item, memory + offset[i], packed);
}

void da__product_unpack(const struct da__product *p, int side, int64_t n, const int64_t *offset,
                        char *memory, const char *packed)
{
    if (p->single) {
        unpack_items(p->item, n, offset, memory + p->at[side], packed);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        packed += da__unpack(p->n, p->axis[side], (size_t)p->item, memory + offset[i], packed);
}
