#!/bin/bash
# docs/design.md's page "Where is what" names every room of the tree, and nothing that is not there.
# The arguments are that page and the list of packages.
set -u
page=$1
packages=$2

# A room: a folder of the top level, or one below base, core, kernels and pipelines, whose rooms the page names one by one.
rooms=$(sed -nE 's#^//((base|core|pipelines)/[a-z_]+|[a-z_]+).*#\1#p' "$packages" | grep -vxE "base|core" | sort -u)
named=$(awk '/^## /{ on = /Where is what/ } on && /^\| `/' "$page" | grep -oE '^\| `[a-z_/]+' | tr -d '|` ' | sort -u)

diff <(echo "$rooms") <(echo "$named") >"$TEST_TMPDIR/diff" && exit 0
sed -n 's|^< \(.*\)|docs/design.md does not say what is in \1/|p; s|^> \(.*\)|docs/design.md names \1/, which is not there|p' "$TEST_TMPDIR/diff"
exit 1
