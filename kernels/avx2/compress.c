/* The loops of compress.c for processors with AVX2. */
#define DA__FOR_AVX2 1
#include "../variant.h"
#ifdef DA__HAVE_X86
#include "avx2.h"
#include "../compress.c"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int da__empty; /* a translation unit must not be empty */
#endif
