#!/usr/bin/env bash
# The shared library exports what its headers declare, and nothing else.
. "$(dirname "$0")/common.sh" "$@"

exported=$(nm -D --defined-only "$build/api/libdistarray.so" | awk '{print $3}' | grep -v -E '^(__asan|__odr_asan|__ubsan|__tsan|___asan)' | sort -u)
declared=$(cat "$root"/api/include/distarray/*.h | tr '\n' ' ' | grep -oE 'DA_API [^;]*' | grep -oE 'da_[a-z0-9_]+\(' | tr -d '(' | sort -u)
[ -n "$exported" ] || { echo "no exported symbols were found"; exit 1; }
[ -n "$declared" ] || { echo "no declared functions were found"; exit 1; }

report "exported, but not named da_…:" < <(grep -v '^da_[a-z0-9]' <<<"$exported")
report "exported, but in no public header:" < <(comm -23 <(echo "$exported") <(echo "$declared"))
report "declared, but not exported:" < <(comm -13 <(echo "$exported") <(echo "$declared"))
report "not hidden in the static library's objects:" < <(
    readelf -Ws "$build/api/libdistarray.a" | awk '$5 == "GLOBAL" && $6 == "DEFAULT" && $7 != "UND" {print $8}' |
        grep -E '^(da__|[^d]|d[^a])' | sort -u)
verdict
