/* Between the variants of compress.c. Private to kernels. */
#ifndef DA_COMPRESS_H
#define DA_COMPRESS_H

#include "da_kernels.h"

const struct da__compressing *da__compressing_of(void);
const struct da__compressing *da__compressing_of_avx2(void);
const struct da__compressing *da__compressing_of_avx512(void);

#endif
