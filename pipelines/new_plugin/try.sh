#!/bin/bash
# Shows that what `pretext new` writes outside of this repository is whole: a package of each kind, in one workspace that
# is made for the first of them, is built and tested there, the pipelines beside them are validated, and one is trained for
# some steps.
#
#   pipelines/new_plugin/try.sh [OPTION_OF_BAZEL...]
set -euo pipefail
root=$(readlink -f "$(dirname "$(readlink -f "$0")")/../..")
scratch=$(mktemp -d)
workspace=$scratch/workspace
bazelw() { (cd "$workspace" && ./bazelw --output_base="$scratch/bazel" --max_idle_secs=60 "$@"); }
finish() {
  [[ ! -e $workspace/bazelw ]] || bazelw shutdown || true
  chmod -R u+w "$scratch" && rm -rf "$scratch"
}
trap finish EXIT

(cd "$root" && ./bazelw build "$@" //:pretext)
kinds=$(ls "$root/pipelines/new_plugin/templates")
for kind in encoder $kinds; do
  name=${kind}_tried
  [[ ! -e $workspace/$name ]] || continue
  "$root/bazel-bin/pretext" new "$kind" "$name" --out "$workspace" --pretext "$root"
done

# Each has its own test and the conformance test of its kind.
bazelw test "$@" //... 2>&1 | tee "$scratch/log"
for kind in $kinds; do
  for test in test conformance_test; do
    grep -qE "^//${kind}_tried:${kind}_tried_$test +(\(cached\) )?PASSED" "$scratch/log" || {
      echo "$kind: no ${test} of it has passed"
      exit 1
    }
  done
done

# As is said where the workspace is there already.
for kind in $kinds; do
  [[ $kind == encoder ]] || sed -i "s|^ *\"//encoder_tried\",|&\n\"//${kind}_tried\",|" "$workspace/BUILD"
done
bazelw build "$@" //:pretext
pretext() { (cd "$workspace" && bazel-bin/pretext "$@"); }
for kind in $kinds; do
  pretext validate "${kind}_tried.textproto"
done
pretext train encoder_tried.textproto --override 'train { steps: 20 }' --override "output { directory: '$scratch/run' }"
echo "packages of all kinds, built, tested and validated in a workspace of their own"
