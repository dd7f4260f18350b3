// Deterministic changes of a text, of single bytes and of whole tokens.
#pragma once

#include <string>
#include <vector>

#include "base/random/random.h"

namespace pretext::testing {

class Mutator {
 public:
  // `words` stand in for tokens of the text; `texts` are cut up and spliced into it.
  Mutator(std::vector<std::string> words, std::vector<std::string> texts);

  // `text` after one to four changes: every other time of nothing but numbers, so that the text
  // stays right and its values go wrong. The same for the same stream.
  std::string Mutate(const std::string& text, Random& random) const;

 private:
  std::string MutateNumber(const std::string& text, Random& random) const;
  std::string MutateBytes(std::string text, Random& random) const;
  std::string MutateTokens(const std::string& text, Random& random) const;
  std::string Splice(const std::string& text, Random& random) const;

  const std::vector<std::string> words_;
  const std::vector<std::string> texts_;
};

// Words, strings, symbols and runs of white space; joined again they are `text`.
std::vector<std::string> Tokens(const std::string& text);

}  // namespace pretext::testing
