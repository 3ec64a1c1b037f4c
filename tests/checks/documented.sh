#!/usr/bin/env bash
# Every public prototype has a comment right above it; every folder tells what it is.
. "$(dirname "$0")/common.sh" "$@"

for header in "$root"/api/include/distarray/*.h "$root"/core/include/distarray/*.h; do
    report "a public function without a comment right above it:" < <(
        awk -v file="$header" '/^DA_API |^typedef .*\(\*/ { if (before !~ /\*\/ *$/) print file ":" FNR ": " $0 } { before = $0 }' "$header")
    report "a public header that does not say its job first:" < <(head -n 1 "$header" | grep -v '^/\* ' | sed "s@^@$header: @")
done
for folder in $rooms tools examples docs; do
    [ -s "$root/$folder/README.md" ] || report "a folder without a README:" <<<"$folder"
done
report "a source file that does not say its job first:" < <(
    for f in $(sources -name '*.[ch]' -o -name '*.inc' -o -name '*.def'); do head -n 1 "$f" | grep -q '^/\* ' || echo "$f"; done)
verdict
