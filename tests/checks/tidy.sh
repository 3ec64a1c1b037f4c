#!/usr/bin/env bash
# No unfinished words, no paths of one machine, no overgrown functions or files.
. "$(dirname "$0")/common.sh" "$@"

all=$(sources -name '*.[ch]' -o -name '*.inc' -o -name '*.def' -o -name '*.md' -o -name '*.txt' -o -name '*.json' -o -name '*.sh' -o -name '*.in' | grep -v '/tests/checks/')
code=$(sources -name '*.[ch]' -o -name '*.inc')
report "unfinished by its own words:" < <(echo "$all" | xargs grep -nE '\b(TODO|FIXME|XXX|HACK|not (yet )?implemented|unimplemented)\b')
report "a path of one machine:" < <(echo "$all" | xargs grep -nE '(/wor[k]/|/home/[a-z]|/root/)')
report "a function of more than 100 lines:" < <(
    echo "$code" | grep '\.c$' | xargs awk 'FNR == 1 { s = 0 } /^\{/ { s = FNR } /^\}/ { if (s && FNR - s > 100) print FILENAME ":" s ": " FNR - s " lines"; s = 0 }')
report "a file of more than 800 lines:" < <(echo "$code" | xargs wc -l | awk '$2 != "total" && $1 > 800 { print $2 ": " $1 " lines" }')
report "a tab or a blank at the end of a line:" < <(echo "$code" | xargs grep -nE "$(printf '\t')| +\$")
verdict
