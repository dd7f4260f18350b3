#!/bin/bash
# Gives every reader of files a million changed ones, in about an hour: tools/fuzz.sh [RUNS [TEST ...]]
#
# One test after the other, and each goes on from the files that led further into its reader. A file that crashes, hangs
# or breaks a promise is left in bazel-testlogs (test.outputs) or printed.
set -euo pipefail
runs=${1:-1000000}
shift || true
cd "$(dirname "${BASH_SOURCE[0]}")/.."
nice ./bazelw test --config=fuzz --keep_going --test_env=OMP_NUM_THREADS=1 --test_env=PRETEXT_FUZZ_RUNS="$runs" --test_env=PRETEXT_FUZZ_SEED \
  "${@:-//tests/fuzz:all}" 2>&1 | grep -E '^//|PASS|FAIL|FAILED|changed files|error|Failure|run [0-9]+:'
