#!/bin/bash
# Formats every C++, proto and BUILD file of the repository in place, as the lint tests want them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

git ls-files -z '*.h' '*.cc' '*.proto' | xargs -0 clang-format-14 -i --style=file

buildifier=${PRETEXT_BUILDIFIER:-$HOME/.cache/pretext/npm/node_modules/@bazel/buildifier/buildifier-linux_amd64}
if [[ -x $buildifier ]]; then
  git ls-files -z WORKSPACE '*BUILD' '*.bzl' | xargs -0 "$buildifier"
else
  echo "No buildifier in $buildifier: BUILD files left as they are (./bazelw test fetches it with npm)." >&2
fi
