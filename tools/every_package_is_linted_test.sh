#!/bin/bash
# The argument is a file that lists the packages without a lint test.
if [[ -s $1 ]]; then
  echo "No lint test in these packages; use the macros of tools/cc.bzl and tools/plugin.bzl, or call lint() of tools/lint.bzl:"
  cat "$1"
  exit 1
fi
