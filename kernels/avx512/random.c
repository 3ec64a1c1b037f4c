/* The loops of random.c for processors with AVX-512. */
#define DA__AVX512 1
#include "../variant.h"
#ifdef DA__HAVE_AVX2
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl"))),                 \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,avx512vl")
#endif
#include "../random.c"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int da__empty; /* a translation unit must not be empty */
#endif
