#!/usr/bin/env bash
# Installs into an empty prefix and builds a program against it, by pkg-config and by CMake, shared and static.
# Arguments: the source folder, the build folder, the version, the C compiler.
set -eu
root=$1 build=$2 version=$3 compiler=$4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix

cmake --install "$build" --prefix "$prefix" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
lib=$(dirname "$(find "$prefix" -name libdistarray.so)")

for file in bin/da share/man/man1/da.1 share/man/man3/distarray.3 share/bash-completion/completions/da \
    include/distarray/distarray.h include/distarray/types.h include/distarray/mpi.h \
    "${lib#"$prefix"/}"/{libdistarray.a,libdistarray.so.0,pkgconfig/distarray.pc,cmake/distarray/distarray-config.cmake}; do
    [ -e "$prefix/$file" ] || { echo "not installed: $file"; exit 1; }
done
stray=$(find "$prefix/include" -name '*.h' | grep -v '/distarray/' || true)
[ -z "$stray" ] || { echo "internal headers were installed: $stray"; exit 1; }

# The installed command finds the installed library.
"$prefix/bin/da" --version | grep -qF "$version"
"$prefix/bin/da" eval 'sum(arange(5))' | grep -qx 10

# pkg-config, outside the tree and after the installed tree was moved
mv "$prefix" "$scratch/moved"
lib=$scratch/moved${lib#"$prefix"}
prefix=$scratch/moved
mkdir "$scratch/program"
cp "$root/tests/install/program.c" "$scratch/program"
cd "$scratch/program"
export PKG_CONFIG_PATH=$lib/pkgconfig
# shellcheck disable=SC2046
"$compiler" -std=c11 program.c $(pkg-config --cflags --libs distarray) -Wl,-rpath,"$lib" -o by_pkg_config
./by_pkg_config
modules=$(sed -n 's/^Requires.private: //p' "$lib/pkgconfig/distarray.pc")
private=$(sed -n 's/^Libs.private: //p' "$lib/pkgconfig/distarray.pc")
# shellcheck disable=SC2046,SC2086
"$compiler" -std=c11 program.c -I"$prefix/include" "$lib/libdistarray.a" $(pkg-config --libs $modules) $private -o by_archive
./by_archive

# CMake
sed "s/@PROJECT_VERSION@/$version/" "$root/tests/install/CMakeLists.txt.in" >CMakeLists.txt
cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$compiler" >"$scratch/log" 2>&1 &&
    cmake --build build >>"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
./build/with_shared
./build/with_static
