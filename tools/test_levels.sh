#!/bin/bash
# Runs the tests at every instruction level that this machine has, lowest first:
#   tools/test_levels.sh [bazel test's options and targets, //... if none]
# At a level the code is compiled for it, and OpenBLAS and oneDNN are held to it (.bazelrc), so a processor with AVX-512
# tests what one without it would compute. A level that the machine lacks is named and passed over.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

targets=("$@")
[[ " $* " == *" //"* ]] || targets+=(//...)

# The level's configuration in .bazelrc, and what x86-64-v2, v3 and v4 add, as /proc/cpuinfo calls it.
levels=(
  "x86_64_v2 cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3"
  "avx2 abm avx avx2 bmi1 bmi2 f16c fma movbe"
  "avx512 avx512f avx512bw avx512cd avx512dq avx512vl"
)
flags=" $(sed -n '/^flags/{s/.*: //p;q}' /proc/cpuinfo) "

status=0
report=
for level in "${levels[@]}"; do
  read -r name needed <<<"$level"
  missing=
  for flag in $needed; do
    [[ $flags == *" $flag "* ]] || missing+=" $flag"
  done
  if [[ $missing ]]; then
    report+="$name: not run, the processor lacks$missing"$'\n'
    continue
  fi
  if ./bazelw test --config="$name" "${targets[@]}"; then
    report+="$name: passed"$'\n'
  else
    report+="$name: FAILED"$'\n'
    status=1
  fi
done
printf '\n%s' "$report"
exit $status
