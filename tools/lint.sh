#!/bin/bash
# Lint of one package; the arguments are its files, as paths from the root of the repository.
# clang-format comes from the distribution, buildifier from bazelw. Other versions of clang-format format some lines
# otherwise: where the distribution has not got this one, formatting is left unchecked, with a word.
formatter=clang-format-14
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

# One rule from a plugin's config to its class and its folder: the config Maxout of an encoder is in the folder maxout and
# its class is MaxoutEncoder; a config that ends in the kind's name, LinearHead, is in linear, its class LinearHeadPlugin.
# Prints each registration that does not follow it.
odd_names() {
  awk '
    function snake(name) {
      gsub(/[A-Z]/, "_&", name)
      return tolower(substr(name, 2))
    }
    /^PRETEXT_REGISTER_[A-Z]+\(/ {
      split($0, part, /[_(), ]+/)
      kind = substr(part[3], 1, 1) tolower(substr(part[3], 2))
      class = part[4]
      config = part[5]
      bare = config
      ending = kind
      if (sub(kind "$", "", bare)) ending = "Plugin"
      count = split(FILENAME, folder, "/")
      if (class != config ending || folder[count - 1] != snake(bare))
        printf "%s:%d: the class of the config %s is %s%s, in a folder %s\n", FILENAME, FNR, config, config, ending, snake(bare)
    }' "$1"
}

command -v $formatter >/dev/null || echo "skipped: no $formatter here, the format of C++ is left unchecked"

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
    ((${#code[@]})) && command -v $formatter >/dev/null && $formatter --style=file:.clang-format --dry-run --Werror --ferror-limit=3 "${code[@]}"
    ((${#build[@]})) && ../buildifier/buildifier --mode=check --lint=warn --warnings="$not_for_us" "${build[@]}"
    ((${#code[@]})) && untidy_comments "${code[@]}"
    ((${#code[@]})) && awk -f tools/arrows.awk "${code[@]}"
    for file in "${code[@]}"; do
      folder=$(basename "$(dirname "$file")")
      [[ $file == */$folder.cc && -e ${file%.cc}.proto ]] && odd_names "$file"
    done
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
