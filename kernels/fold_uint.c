/* The reductions of unsigned integers. */
#include "fold.h"
#include <math.h>

#define FN(name) DA__PASTE(name, SUFFIX)
#define TRUTH(x) ((x) != 0)
#define WIDE uint64_t
#define NARROW uint32_t
#define WIDE_DTYPE DA_UINT64

#define T uint8_t
#define SUFFIX uint8
#define DTYPE DA_UINT8
#define LOWEST 0
#define HIGHEST UINT8_MAX
#include "fold_real.inc"
#include "fold_order.inc"
#include "fold_int.inc"
#include "fold_spread.inc"
#include "fold_table.inc"

#define T uint16_t
#define SUFFIX uint16
#define DTYPE DA_UINT16
#undef LOWEST
#undef HIGHEST
#define LOWEST 0
#define HIGHEST UINT16_MAX
#include "fold_real.inc"
#include "fold_order.inc"
#include "fold_int.inc"
#include "fold_spread.inc"
#include "fold_table.inc"

#define T uint32_t
#define SUFFIX uint32
#define DTYPE DA_UINT32
#undef LOWEST
#undef HIGHEST
#define LOWEST 0
#define HIGHEST UINT32_MAX
#include "fold_real.inc"
#include "fold_order.inc"
#include "fold_int.inc"
#include "fold_spread.inc"
#include "fold_table.inc"

#define T uint64_t
#define SUFFIX uint64
#define DTYPE DA_UINT64
#undef LOWEST
#undef HIGHEST
#define LOWEST 0
#define HIGHEST UINT64_MAX
#include "fold_real.inc"
#include "fold_order.inc"
#include "fold_int.inc"
#include "fold_spread.inc"
#include "fold_table.inc"
