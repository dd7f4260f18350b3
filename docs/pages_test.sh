#!/bin/bash
# Follows a page: runs its commands (the indented lines that begin with `pretext`) one after another in a folder with the data
# that it speaks of. The arguments: the program, the generator of the data, the page, and what must be there at the end.
set -eu
program=$(readlink -f "$1")
generator=$(readlink -f "$2")
page=$(readlink -f "$3")
shift 3
cd "$TEST_TMPDIR"
export XDG_CACHE_HOME=$TEST_TMPDIR/cache
"$generator" .
pretext() { "$program" "$@"; }
begun=$SECONDS
count=0
while IFS= read -r command; do
  # A night is not what a test has.
  command=${command/--hours 8/--hours 0.003}
  echo "$ $command"
  eval "$command" || { echo "status $? of: $command"; exit 1; }
  count=$((count + 1))
done < <(sed -nE 's/^    (pretext .*)$/\1/p' "$page")
echo "$count commands in $((SECONDS - begun)) seconds"
[[ $count -ge 4 ]] || { echo "the page has too few commands"; exit 1; }
for file; do
  [[ -s $file ]] || { echo "$file is not there"; exit 1; }
done
