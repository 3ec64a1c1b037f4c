/* The reductions of bools and signed integers. */
#include "fold.h"
#include <math.h>

#define FN(name) DA__PASTE(name, SUFFIX)
#define TRUTH(x) ((x) != 0)
#define WIDE int64_t
#define NARROW int32_t
#define WIDE_DTYPE DA_INT64

#define T uint8_t
#define SUFFIX bool8
#define DTYPE DA_BOOL
#define LOWEST 0
#define HIGHEST 1
#include "fold_real.inc"
#include "fold_order.inc"
#include "fold_int.inc"
#include "fold_spread.inc"
#include "fold_table.inc"

#define T int8_t
#define SUFFIX int8
#define DTYPE DA_INT8
#undef LOWEST
#undef HIGHEST
#define LOWEST INT8_MIN
#define HIGHEST INT8_MAX
#include "fold_real.inc"
#include "fold_order.inc"
#include "fold_int.inc"
#include "fold_spread.inc"
#include "fold_table.inc"

#define T int16_t
#define SUFFIX int16
#define DTYPE DA_INT16
#undef LOWEST
#undef HIGHEST
#define LOWEST INT16_MIN
#define HIGHEST INT16_MAX
#include "fold_real.inc"
#include "fold_order.inc"
#include "fold_int.inc"
#include "fold_spread.inc"
#include "fold_table.inc"

#define T int32_t
#define SUFFIX int32
#define DTYPE DA_INT32
#undef LOWEST
#undef HIGHEST
#define LOWEST INT32_MIN
#define HIGHEST INT32_MAX
#include "fold_real.inc"
#include "fold_order.inc"
#include "fold_int.inc"
#include "fold_spread.inc"
#include "fold_table.inc"

#define T int64_t
#define SUFFIX int64
#define DTYPE DA_INT64
#undef LOWEST
#undef HIGHEST
#define LOWEST INT64_MIN
#define HIGHEST INT64_MAX
#include "fold_real.inc"
#include "fold_order.inc"
#include "fold_int.inc"
#include "fold_spread.inc"
#include "fold_table.inc"
