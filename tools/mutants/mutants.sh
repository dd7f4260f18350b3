#!/bin/bash
# Plants faults, one at a time, and says which of them no test notices:
#
#   tools/mutants/mutants.sh [NAME ...]       without names: all of mutants.txt
#
# Works in a copy of what is committed. Exit status 1 when a fault survives its tests, or can no longer be planted.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 2
list=$PWD/tools/mutants/mutants.txt
copy=$(mktemp -d)
trap 'git worktree remove --force "$copy/pretext"; rm -rf "$copy"' EXIT
git worktree add -q --detach "$copy/pretext" HEAD || exit 2
cd "$copy/pretext" || exit 2

planted=0
survivors=0
while IFS='|' read -r name file edit target; do
  [[ $name && $name != \#* ]] || continue
  if (($#)) && [[ " $* " != *" $name "* ]]; then continue; fi
  ((planted += 1))
  sed -i -E "$edit" "$file"
  if git diff --quiet; then
    echo "$name: $file has no place for it"
    ((survivors += 1))
  # shellcheck disable=SC2086 # several targets
  elif ./bazelw test --test_output=summary $target >"$copy/log" 2>&1; then
    echo "$name: survives $target"
    ((survivors += 1))
  elif ! grep -qE '^//.* FAILED in|^//.* TIMEOUT in' "$copy/log"; then
    echo "$name: does not build"
    ((survivors += 1))
  else
    echo "$name: caught"
  fi
  git checkout -q .
done <"$list"
echo "$planted planted, $survivors survived"
((survivors == 0))
