#include "tokenizers/word_piece/basic_tokenizer.h"

#include "tokenizers/word_piece/bert_characters.h"

namespace pretext {
namespace {

using CodePoints = std::vector<int32_t>;

}  // namespace

std::string BasicTokenizerOptions::Fingerprint() const {
  static const char* const kForms[] = {"none", "nfc", "nfd", "nfkc", "nfkd"};
  std::string text = "basic 2";
  if (lower_case) text += " lower_case";
  if (strip_accents) text += " strip_accents";
  if (split_cjk) text += " split_cjk";
  if (clean) text += " clean";
  return text + " " + kForms[static_cast<int>(normalization)];
}

BasicTokenizer::BasicTokenizer(const BasicTokenizerOptions& options) : options_(options) {
  for (int c = 0; c < 256; ++c) {
    class_[c] = kLetter;
    if (c >= 0x80) {
      class_[c] = kOther;
    } else if (IsBertWhitespace(c) && !(options.clean && IsBertControl(c))) {
      class_[c] = kSpace;
    } else if (options.clean && IsBertControl(c)) {
      class_[c] = kOther;
    } else if (IsBertPunctuation(c)) {
      class_[c] = kPunctuation;
    } else if (options.lower_case && c >= 'A' && c <= 'Z') {
      class_[c] = kUpper;
    }
  }
}

std::vector<std::string> BasicTokenizer::Tokenize(std::string_view text) const {
  std::vector<std::string> words;
  std::string scratch;
  Scan(
      text, scratch, [&](std::string_view word) { words.emplace_back(word); },
      [&](std::string_view chunk) {
        for (std::string& word : TokenizeChunk(chunk)) words.push_back(std::move(word));
      });
  return words;
}

std::vector<std::string> BasicTokenizer::TokenizeChunk(std::string_view chunk) const {
  std::string repaired;
  if (ValidUtf8Prefix(chunk) != chunk.size()) {
    int64_t replaced = 0;
    repaired = chunk;
    RepairUtf8(&repaired, &replaced);
    chunk = repaired;
  }
  CodePoints raw;
  DecodeUtf8(chunk, &raw);
  CodePoints text;
  text.reserve(raw.size() + 2);
  for (const int32_t c : raw) {
    if (options_.clean && IsBertControl(c)) continue;
    if (options_.split_cjk && IsBertIdeograph(c)) {
      text.insert(text.end(), {' ', c, ' '});
    } else {
      text.push_back(c);
    }
  }
  Normalize(options_.normalization, &text);
  if (options_.strip_accents) BertStripAccents(&text);
  if (options_.lower_case) BertLowerCase(&text);

  std::vector<std::string> words;
  size_t start = 0;
  const auto finish = [&](size_t at) {
    if (at > start) words.push_back(EncodeUtf8(text.data() + start, at - start));
    start = at + 1;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsBertPunctuation(text[i])) {
      finish(i);
      words.push_back(EncodeUtf8(&text[i], 1));
    } else if (IsBertWhitespace(text[i])) {
      finish(i);
    }
  }
  finish(text.size());
  return words;
}

}  // namespace pretext
