#include "tokenizers/sequence/sequence.h"

#include <algorithm>

#include "base/check/check.h"

namespace pretext {

void EncodeMarked(const Tokenizer& tokenizer, std::string_view text, std::vector<int32_t>& ids) {
  const Tokenizer::SpecialIds special = tokenizer.special();
  const int32_t marks[] = {special.mask, special.cls, special.sep, special.pad, special.unknown};
  std::string_view rest = text;
  while (!rest.empty()) {
    // The first of the marks, and how far it is.
    size_t nearest = std::string_view::npos;
    int32_t found = -1;
    for (const int32_t id : marks) {
      const size_t at = rest.find(tokenizer.Token(id));
      if (at < nearest) {
        nearest = at;
        found = id;
      }
    }
    tokenizer.Encode(rest.substr(0, nearest), ids);
    if (found < 0) return;
    ids.push_back(found);
    rest.remove_prefix(nearest + tokenizer.Token(found).size());
  }
}

Sample TextSample(const Tokenizer& tokenizer, std::string_view text, int64_t length) {
  PRETEXT_CHECK(length >= 2, "[CLS] and [SEP]");
  const Tokenizer::SpecialIds special = tokenizer.special();
  Sample sample;
  sample.type = FlowType::Tokens(length, tokenizer.vocabulary_size());
  sample.tokens.push_back(special.cls);
  EncodeMarked(tokenizer, text, sample.tokens);
  sample.tokens.resize(std::min<int64_t>(sample.tokens.size(), length - 1));
  sample.tokens.push_back(special.sep);
  sample.length = static_cast<int32_t>(sample.tokens.size());
  for (int32_t i = 0; i < sample.length; ++i) {
    if (sample.tokens[i] == special.mask) sample.targets.push_back({i, special.mask});
  }
  sample.tokens.resize(length, special.pad);
  return sample;
}

}  // namespace pretext
