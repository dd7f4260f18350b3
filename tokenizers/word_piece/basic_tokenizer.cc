#include "tokenizers/word_piece/basic_tokenizer.h"

#include <algorithm>

namespace pretext {
namespace {

using CodePoints = std::vector<int32_t>;

// Calls use(begin, end) with every maximal run of code points without word separators.
template <typename Use>
void ForEachRun(const CodePoints& text, Use&& use) {
  for (size_t begin = 0; begin < text.size();) {
    if (IsWordSeparator(text[begin])) {
      ++begin;
      continue;
    }
    size_t end = begin;
    while (end < text.size() && !IsWordSeparator(text[end])) ++end;
    use(begin, end);
    begin = end;
  }
}

}  // namespace

std::string BasicTokenizerOptions::Fingerprint() const {
  static const char* const kForms[] = {"none", "nfc", "nfd", "nfkc", "nfkd"};
  std::string text = "basic 1";
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
    } else if (options.clean ? IsBertWhitespace(c) : IsWordSeparator(c)) {
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
    if (options_.clean) {
      if (c == 0 || c == kReplacementCharacter || IsBertControl(c)) continue;
      if (IsBertWhitespace(c)) {
        text.push_back(' ');
        continue;
      }
    }
    if (options_.split_cjk && IsCjkIdeograph(c)) {
      text.insert(text.end(), {' ', c, ' '});
    } else {
      text.push_back(c);
    }
  }
  Normalize(options_.normalization, &text);

  std::vector<std::string> words;
  ForEachRun(text, [&](size_t begin, size_t end) {
    CodePoints word(text.begin() + begin, text.begin() + end);
    if (options_.lower_case) LowerCase(&word);
    if (options_.strip_accents) {
      Normalize(Normalization::kNfd, &word);
      RemoveNonspacingMarks(&word);
    }
    // A punctuation character ends the word before it and is one itself. Separators can only be
    // here if a compatibility form put them in.
    size_t start = 0;
    const auto finish = [&](size_t at) {
      if (at > start) words.push_back(EncodeUtf8(word.data() + start, at - start));
    };
    for (size_t i = 0; i < word.size(); ++i) {
      const bool separator = IsWordSeparator(word[i]);
      if (!separator && !IsBertPunctuation(word[i])) continue;
      finish(i);
      if (!separator) words.push_back(EncodeUtf8(&word[i], 1));
      start = i + 1;
    }
    finish(word.size());
  });
  return words;
}

}  // namespace pretext
