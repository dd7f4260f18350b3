#!/bin/bash
# Compiles the sources, tests among them, for arm64 by Debian's cross-compiler: tools/arm64.sh [FILE.cc ...]
#
# Nothing is linked: that they compile without what is x86's is what is shown. Headers of libraries are this machine's,
# those of protobuf messages what `./bazelw build //...` wrote.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
compiler=aarch64-linux-gnu-g++
command -v $compiler >/dev/null || { echo "tools/arm64.sh: wants g++-aarch64-linux-gnu" >&2 && exit 2; }
generated=$(readlink -e bazel-bin) || { echo "tools/arm64.sh: wants ./bazelw build //... first" >&2 && exit 2; }
(($#)) || mapfile -t -- < <(git ls-files '*.cc' ':!examples')
(($#)) || set -- "${MAPFILE[@]}"
export compiler generated
# shellcheck disable=SC2016
printf '%s\0' "$@" | nice xargs -0 -P "$(nproc)" -I{} bash -c '
  said=$($compiler -std=c++20 -O1 -fopenmp -c -o /dev/null -iquote . -iquote "$generated" -I "$generated" \
    -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include/eigen3 "$1" 2>&1) ||
    { printf "%s\n" "$said" && exit 1; }' bash {} && echo "arm64: $# files compile"
