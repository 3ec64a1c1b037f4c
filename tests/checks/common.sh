# Sourced by the checks. A check prints what it finds and ends with `verdict`; arguments: the source folder, the build folder.
set -u
root=$1
build=$2
findings=0
export LC_ALL=C

# Reads lines and reports each as a finding under a heading.
report()
{
    local heading=$1 line
    while IFS= read -r line; do
        [ -n "$line" ] || continue
        [ "$findings" -eq 0 ] || [ "${last:-}" = "$heading" ] || echo
        [ "${last:-}" = "$heading" ] || echo "$heading"
        last=$heading
        echo "  ${line#"$root"/}"
        findings=$((findings + 1))
    done
}

verdict()
{
    [ "$findings" -eq 0 ] || { echo "$findings finding(s)"; exit 1; }
    echo "ok"
}

# The project's own sources: everything but build folders.
sources()
{
    find "$root" \( -name .git -o -name 'build*' -o -name out \) -prune -o -type f \( "$@" \) -print | sort
}

rooms="core kernels io graph scheduler api"
