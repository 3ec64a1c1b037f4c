#!/usr/bin/env bash
# Every row of ops.def has its exported function, its documented prototype and, where its operands may be scalars, its macro.
. "$(dirname "$0")/common.sh" "$@"

names()
{
    tr '\n' ' ' <"$root/core/include/ops.def" | sed 's@/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/@ @g' | grep -oE "$1\\([A-Z0-9_]+, +\"[a-z0-9_]+\"" | grep -oE '"[a-z0-9_]+"' | tr -d '"'
}
elementwise=$(names DA__ELEMENTWISE)
reductions=$(names DA__REDUCTION)
[ "$(wc -w <<<"$elementwise")" -ge 70 ] && [ "$(wc -w <<<"$reductions")" -ge 12 ] || { echo "the rows of ops.def were not found"; exit 1; }

exported=$(nm -D --defined-only "$build/api/libdistarray.so" | awk '{print $3}')
headers=$(cat "$root"/api/include/distarray/*.h)
for name in $elementwise $reductions; do
    grep -qx "da_$name" <<<"$exported" || report "no exported function:" <<<"da_$name"
    grep -qE "^DA_API da_array \*da_$name\(" <<<"$headers" || report "no prototype:" <<<"da_$name"
done
for name in $elementwise; do
    [ "$name" = astype ] || grep -qE "^#define da_$name\(" <<<"$headers" || report "no macro for operands:" <<<"da_$name"
done
verdict
