#!/usr/bin/env bash
# Sees to the Debian packages that building and testing need: installs what is missing as root, otherwise tells the command.
set -eu

packages="cmake gcc make git pkg-config libopenmpi-dev openmpi-bin libhdf5-openmpi-dev libhwloc-dev libjansson-dev libopenblas-dev libcmocka-dev python3-numpy python3-h5py clang-format clang-tidy"

command -v dpkg-query >/dev/null || {
    echo "setup: this is not Debian; needed are the equivalents of: $packages" >&2
    exit 0
}
# Without them everything works: the compiled tier is not built, the C library computes functions one element at a time, and
# instructions are not counted in tests.
optional="llvm-19-dev libsleef-dev valgrind"

missing=""
wanted=""
has() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q "install ok installed"; }
for p in $packages; do
    has "$p" || missing="$missing $p"
done
for p in $optional; do
    has "$p" || wanted="$wanted $p"
done
[ -z "$missing$wanted" ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
    [ -z "$missing" ] && exit 0
    echo "setup: packages are missing; as root: apt-get install -y$missing" >&2
    exit 1
fi
echo "setup: installing$missing$wanted"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
[ -z "$missing" ] || apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
    apt-get update >/dev/null
    apt-get install -y --no-install-recommends $missing >/dev/null
}
# shellcheck disable=SC2086
[ -z "$wanted" ] || apt-get install -y --no-install-recommends $wanted >/dev/null 2>&1 ||
    echo "setup: going on without$wanted"
