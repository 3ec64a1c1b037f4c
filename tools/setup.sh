#!/usr/bin/env bash
# Sees to the Debian packages that building and testing need: installs what is missing as root, otherwise tells the command.
set -eu

packages="cmake gcc make git pkg-config libopenmpi-dev openmpi-bin libhdf5-openmpi-dev libhwloc-dev libjansson-dev libopenblas-dev libcmocka-dev python3-numpy python3-h5py clang-format clang-tidy"
optional="libsleef-dev" # without it the C library computes, one element at a time

command -v dpkg-query >/dev/null || {
    echo "setup: this is not Debian; needed are the equivalents of: $packages" >&2
    exit 0
}
missing=""
for p in $packages; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q "install ok installed" || missing="$missing $p"
done
for p in $optional; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q "install ok installed" && continue
    [ "$(id -u)" -eq 0 ] && apt-get install -y --no-install-recommends "$p" >/dev/null 2>&1 || echo "setup: going without $p" >&2
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "setup: packages are missing; as root: apt-get install -y$missing" >&2
    exit 1
fi
echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
    apt-get update >/dev/null
    apt-get install -y --no-install-recommends $missing >/dev/null
}
