#!/usr/bin/env bash
# The manual pages are well formed and know every command and option that --help knows.
. "$(dirname "$0")/common.sh" "$@"

if command -v mandoc >/dev/null; then
    report "mandoc:" < <(mandoc -T lint -W warning "$root"/man/*.[0-9] 2>&1 | sed "s@mandoc: @@")
fi
page=$(sed 's/\\-/-/g; s/\\&//g' "$root/man/da.1")
commands=$("$build/tools/da" --help | awk '/^  [a-z]/ && $1 != "da" {print $1}')
[ "$(wc -w <<<"$commands")" -ge 7 ] || { echo "da --help lists no commands"; exit 1; }
for command in $commands; do
    grep -qw "$command" <<<"$page" || report "da.1 does not know:" <<<"$command"
    for flag in $("$build/tools/da" "$command" --help | awk '/^  -/ {print $1}'); do
        grep -q -- "Fl ${flag#-}" <<<"$page" || report "da.1 does not know:" <<<"$command $flag"
        grep -q -- "$flag" "$root/tools/da.bash-completion" || report "the bash completion does not know:" <<<"$command $flag"
    done
done
verdict
