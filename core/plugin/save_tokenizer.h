// A tokenizer in files: what it was read from or has learnt, and how it is to be used.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "core/plugin/tokenizer.h"

namespace pretext {

// What a tokenizer is too whose options go into a file beside its vocabulary, so that nobody uses
// the one without the others.
class OptionsBesideVocabulary {
 public:
  virtual ~OptionsBesideVocabulary() = default;
  // The path of the options of a vocabulary at this path.
  virtual std::string OptionsPath(const std::string& vocabulary) const = 0;
  virtual std::string SerializeOptions() const = 0;
};

// InvalidArgument where options are at their place and no vocabulary at `path`: they are another's,
// and would be gone.
absl::Status CheckOptionsAreFree(const Tokenizer& tokenizer, const std::string& path);

// Writes Tokenizer::Serialize to `path`, and the options beside it (beside a device or a pipe there
// is no place for them).
absl::Status SaveTokenizer(const Tokenizer& tokenizer, const std::string& path);

}  // namespace pretext
