#!/bin/bash
# Each heading of docs/troubleshooting.md that quotes a message is a part of one that the program has. The arguments are the
# page and the program.
set -u
page=$1
program=$2
missing=0
while IFS= read -r message; do
  grep -aqF -- "$message" "$program" || { echo "no message has: $message"; missing=1; }
done < <(sed -nE 's/^### `(.*)`$/\1/p' "$page")
[[ $(grep -cE '^### `' "$page") -ge 10 ]] || { echo "the page has too few messages"; missing=1; }
exit $missing
