#!/bin/bash
# Lint of one package; the arguments are its files, as paths from the root of the repository.
# clang-format comes from the distribution, buildifier from bazelw.
set -u

# Warnings about rules that a later Bazel wants loaded; and that a macro takes a name, which ours for a package do not.
not_for_us="-native-cc-binary,-native-cc-library,-native-cc-proto,-native-cc-test,-native-proto,-native-proto-info"
not_for_us+=",-native-proto-lang-toolchain,-native-sh-binary,-native-sh-test,-unnamed-macro"

# Prints each line of a comment that is longer than a line of code may be (clang-format leaves comments as they are, so
# that equations and tables keep their shape), and each line that ends in a space.
untidy_comments() {
  LC_ALL=C.UTF-8 grep -nE '[[:space:]]$' "$@" /dev/null | sed -E 's/^([^:]*:[0-9]+):.*/\1: a space at the end of the line/'
  LC_ALL=C.UTF-8 grep -nE '^.{101}' "$@" /dev/null | LC_ALL=C.UTF-8 grep -E '^[^:]*:[0-9]+:.*//.*' |
    LC_ALL=C.UTF-8 grep -vE 'https?://[^ ]*$' | sed -E 's/^([^:]*:[0-9]+):.*/\1: a comment beyond 100 columns/'
}

# Prints each message, enum and field of a proto file that no comment precedes.
undocumented_fields() {
  awk '
    /^ *(message|enum|oneof) / || /^ *[A-Za-z_.][A-Za-z_.<>, ]* [a-z_0-9]+ *= *[0-9]+/ {
      if ($0 !~ /\/\// && previous !~ /^ *\/\//)
        printf "%s:%d: no comment says what this is: %s\n", FILENAME, FNR, $0
    }
    { previous = $0 }' "$1"
}

code=()
build=()
headers=()
protos=()
for file; do
  case $file in
    *.h) headers+=("$file") code+=("$file") ;;
    *.cc | *_test.proto) code+=("$file") ;;
    *.proto) protos+=("$file") code+=("$file") ;;
    *BUILD | *.bzl) build+=("$file") ;;
  esac
done

findings=$(
  {
    ((${#code[@]})) && clang-format-14 --style=file:.clang-format --dry-run --Werror --ferror-limit=3 "${code[@]}"
    ((${#build[@]})) && ../buildifier/buildifier --mode=check --lint=warn --warnings="$not_for_us" "${build[@]}"
    ((${#code[@]})) && untidy_comments "${code[@]}"
    ((${#code[@]})) && awk -f tools/arrows.awk "${code[@]}"
    for file in "${headers[@]}"; do
      grep -q '^//' "$file" || echo "$file:1: no comment says what this header is for"
    done
    for file in "${protos[@]}"; do
      undocumented_fields "$file"
    done
  } 2>&1
)
if [[ $findings ]]; then
  echo "$findings"
  echo "Formatting is fixed for the whole tree by: tools/format.sh"
  exit 1
fi
