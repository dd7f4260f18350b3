// Programs of the benchmarks, run by the shell.
#pragma once

#include <string>

namespace pretext {

// A word as the shell reads it back.
std::string Quoted(const std::string& word);

// What a command of the shell prints; its errors go to ours. A command that fails is named and
// gives what it printed before.
std::string OutputOf(const std::string& command);

// The folder of the benchmarks' binaries: bench/compare/compare lies in it, bench/nt_xent/nt_xent …
std::string BinariesBesideThis();

// The root of the repository, under `bazel run`.
std::string WorkspaceRoot();

}  // namespace pretext
