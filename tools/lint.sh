#!/bin/bash
# Lint of one package: the files are the arguments, paths from the root of the repository.
# clang-format comes from the distribution, buildifier from bazelw.
set -u

status=0
fail() {
  echo "$*"
  status=1
}

for file; do
  case $file in
    *.h | *.cc | *.proto)
      clang-format-14 --style=file:.clang-format --dry-run -Werror --ferror-limit=3 "$file" || status=1
      ;;
    *)
      # Called BUILD whatever the overlay's name, so that buildifier knows what it reads.
      ../buildifier/buildifier --mode=check --lint=warn "$file" || status=1
      ;;
  esac
done

((status == 0)) || echo "Fix the formatting of the whole tree with: tools/format.sh"
exit "$status"
