/* Which of the compiled instruction sets this machine runs. */
#include "variant.h"
#include <stdlib.h>
#include <string.h>

enum da__isa da__isa_machine(void)
{
#ifdef DA__HAVE_X86
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return DA__AVX512;
    if (__builtin_cpu_supports("avx2"))
        return DA__AVX2;
#endif
    return DA__BASELINE;
}

const char *da__isa_name(enum da__isa isa)
{
    static const char *const name[DA__NISAS] = {"baseline", "avx2", "avx512"};
    return name[isa];
}

enum da__isa da__isa_best(void)
{
    enum da__isa best = da__isa_machine();
    const char *most = getenv("DISTARRAY_ISA");
    for (int isa = 0; most && isa < (int)best; isa++)
        if (strcmp(most, da__isa_name((enum da__isa)isa)) == 0)
            best = (enum da__isa)isa;
    return best;
}
