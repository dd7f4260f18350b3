// What the command line does with text: learning a vocabulary, and tokens as an array.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/plugin/dataset.h"
#include "core/plugin/tokenizer.h"
#include "datasets/text/document_reader.h"
#include "datasets/text/inspect.h"

namespace pretext {

// The files of several paths, in their order (ListTextFiles), looked through (InspectCorpus). An
// error if there is nothing in them.
absl::StatusOr<Corpus> OpenCorpus(const std::vector<std::string>& paths);

// Lets the tokenizer learn from a corpus, without the documents that a split of that fraction holds
// out (IsHeldOut).
absl::StatusOr<DocumentReader::Counts> TrainTokenizer(const std::vector<TextFile>& files,
                                                      const DocumentOptions& options,
                                                      double held_out, Tokenizer& tokenizer);

// Writes the sequences of a split as an int32 array [N, L] in a .npy file: each row as
// Dataset::Read gives it, padding included.
absl::Status ExportTokens(const Dataset& dataset, Split split, const std::string& path);

}  // namespace pretext
