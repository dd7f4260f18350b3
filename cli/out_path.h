// --out: where a command's result goes, and what it may replace there.
//
// A file that is there goes only for another of its kind: one that begins as this command's results
// do, or an empty one. What the command reads is never replaced. A device or a pipe is written
// into.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pretext {

// What a command writes to --out.
enum class Result : uint8_t { kPipeline, kSheet, kPage, kVectors, kIds, kVocabulary, kNeighbours };

// --out as it was given, or empty.
std::string OutFlag();
// The same of a command that writes a folder; InvalidArgument for -, which is standard output.
absl::StatusOr<std::string> OutFolder();

// --out for a result of that kind. `reads`: the files that the command was given to read; what is
// no file among them is passed over. InvalidArgument where there is no --out, where it is one of
// these, or holds something else than such a result; or why it cannot be written.
absl::StatusOr<std::string> OutPath(Result result, const std::vector<std::string>& reads);

// The file beside the ids of tokens at `path` that says what made them.
std::string BesideIds(const std::string& path);

// Where a command says what it wrote to --out: standard output, or standard error where what it
// wrote went to standard output itself.
std::FILE* SaidBeside(const std::string& out);

}  // namespace pretext
