#include "tokenizers/sequence/sequence.h"

#include <algorithm>

#include "base/check/check.h"

namespace pretext {

void EncodeMasked(const Tokenizer& tokenizer, std::string_view text, std::vector<int32_t>& ids) {
  const int32_t mask = tokenizer.special().mask;
  const std::string_view name = tokenizer.Token(mask);
  for (size_t begin = 0;;) {
    const size_t end = text.find(name, begin);
    tokenizer.Encode(text.substr(begin, end - begin), ids);
    if (end == std::string_view::npos) return;
    ids.push_back(mask);
    begin = end + name.size();
  }
}

MaskedText ReadMaskedText(const Tokenizer& tokenizer, std::string_view text, int64_t length) {
  PRETEXT_CHECK(length >= 2, "[CLS] and [SEP]");
  const Tokenizer::SpecialIds special = tokenizer.special();
  MaskedText result;
  Sample& sample = result.sample;
  sample.type = FlowType::Tokens(length, tokenizer.vocabulary_size());
  sample.tokens.push_back(special.cls);
  EncodeMasked(tokenizer, text, sample.tokens);
  result.tokens = static_cast<int64_t>(sample.tokens.size()) + 1;
  result.masks = std::count(sample.tokens.begin(), sample.tokens.end(), special.mask);
  sample.tokens.resize(std::min<int64_t>(sample.tokens.size(), length - 1));
  sample.tokens.push_back(special.sep);
  sample.length = static_cast<int32_t>(sample.tokens.size());
  for (int32_t i = 0; i < sample.length; ++i) {
    if (sample.tokens[i] == special.mask) sample.targets.push_back({i, special.mask});
  }
  sample.tokens.resize(length, special.pad);
  return result;
}

}  // namespace pretext
