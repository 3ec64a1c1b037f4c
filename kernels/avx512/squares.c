/* The loops of squares.c for processors with AVX-512. */
#define DA__FOR_AVX512 1
#include "../variant.h"
#ifdef DA__HAVE_X86
#include "avx512.h"
#include "../squares.c"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int da__empty; /* a translation unit must not be empty */
#endif
