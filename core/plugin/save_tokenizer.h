// A tokenizer in files: what it was read from or has learnt, and how it is to be used.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/plugin/tokenizer.h"

namespace pretext {

// What a tokenizer is too whose options go into a file beside its vocabulary, so that nobody uses
// the one without the others.
class OptionsBesideVocabulary {
 public:
  virtual ~OptionsBesideVocabulary() = default;
  // The paths that may be beside a vocabulary at this path, that of its options the first.
  virtual std::vector<std::string> PathsBeside(const std::string& vocabulary) const = 0;
  // What is to be written there, by path: the options, and what another program needs with them.
  virtual std::map<std::string, std::string> FilesBeside(const std::string& vocabulary) const = 0;
};

// InvalidArgument where one of the files beside is at its place and no vocabulary at `path`: it is
// another's, and would be gone.
absl::Status CheckOptionsAreFree(const Tokenizer& tokenizer, const std::string& path);

// Writes Tokenizer::Serialize to `path`, and what belongs beside it (beside a device or a pipe
// there is no place for that).
absl::Status SaveTokenizer(const Tokenizer& tokenizer, const std::string& path);

}  // namespace pretext
