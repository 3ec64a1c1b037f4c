/* Transposes planes with the loops of the best instruction set there is. */
#include "squares.h"
#include "variant.h"

/* Elements are only moved: whatever loops do it, the result is the same, and DISTARRAY_ISA need not be read for every plane. */
bool da__transpose(int64_t n, int64_t m, size_t item, char *dst, int64_t dst_stride,
                   const char *src, int64_t src_stride)
{
    static da__plane_fn *const *const table[DA__NISAS] = DA__VARIANTS(da__planes);
    if (item > 16 || table[DA__BASELINE][item] == NULL)
        return false;
    table[da__isa_machine()][item](n, m, dst, dst_stride, src, src_stride);
    return true;
}
