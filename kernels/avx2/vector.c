/* Vector mathematics for processors with AVX2; the build compiles this file for them. */
#define DA__FOR_AVX2 1
#include "../variant.h"
#ifdef DA__HAVE_X86
#include "../vector.c"
#else
typedef int da__empty; /* a translation unit must not be empty */
#endif
