#!/bin/bash
# Kills trainings at random moments and lets them go on, and compares what they leave: tools/kill.sh [KILLS [SEED]].
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
nice ./bazelw test //tests/kill:kill_test //tests/processes:kill_processes_test --cache_test_results=no --test_output=all --test_timeout=7200 \
  --test_env=PRETEXT_KILLS="${1:-200}" --test_env=PRETEXT_KILL_SEED="${2:-1}" 2>&1 | grep -E '^//|kills|FAIL|Failure|run [0-9]+|OK'
