#!/usr/bin/env bash
# clang-tidy finds nothing that .clang-tidy asks for. Skipped where it is absent.
. "$(dirname "$0")/common.sh" "$@"

command -v clang-tidy >/dev/null || {
    echo "skipped: clang-tidy is not installed"
    exit 77
}
files=$(for r in core io graph scheduler api tools; do sources -path "$root/$r/*.c"; done)
report "clang-tidy:" < <(echo "$files" | xargs -P 2 -n 16 clang-tidy -p "$build" 2>/dev/null | grep -E ' (warning|error): ')
verdict
