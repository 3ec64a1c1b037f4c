#!/usr/bin/env bash
# The code is laid out as .clang-format says. Skipped where clang-format is absent.
. "$(dirname "$0")/common.sh" "$@"

command -v clang-format >/dev/null || {
    echo "skipped: clang-format is not installed"
    exit 77
}
report "laid out otherwise than .clang-format says:" < <(
    sources -name '*.[ch]' | xargs clang-format --dry-run 2>&1 | grep -E '^[^ ].*warning:' | cut -d: -f1-2 | head -20)
verdict
