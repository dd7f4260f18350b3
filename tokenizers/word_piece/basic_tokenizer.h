// BERT's basic tokenization: text to words, before any vocabulary is asked, as HuggingFace's
// tokenizers do it (BertNormalizer and BertPreTokenizer; Devlin et al. 2018).
//
//   1. clean      control characters, those for private use, U+0000 and U+FFFD are dropped,
//                 whitespace becomes a space
//   2. cjk        every CJK ideograph becomes a word of its own
//   3. normalize  to a Unicode normalization form (none: as HuggingFace)
//   4. accents    to NFD, then without the non-spacing marks
//   5. lower      character by character
//   6. split at whitespace, and at punctuation, each punctuation character a word of its own
//
// The names of special pieces are text like any other: "[MASK]" is the words "[", "mask" and "]".
// Ill-formed UTF-8 is read as U+FFFD (see RepairUtf8).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/unicode/unicode.h"

namespace pretext {

struct BasicTokenizerOptions {
  bool lower_case = true;
  bool strip_accents = true;  // BERT: wherever it lowers
  bool split_cjk = true;
  bool clean = true;
  Normalization normalization = Normalization::kNone;

  // The options in one line; changes whenever the words of some text may.
  std::string Fingerprint() const;
};

class BasicTokenizer {
 public:
  explicit BasicTokenizer(const BasicTokenizerOptions& options);

  // The words of `text`, in order.
  std::vector<std::string> Tokenize(std::string_view text) const;

  // The same in a form that can be memoized: calls on_word(std::string_view) with every finished
  // word that was found by ASCII rules alone, and on_chunk(std::string_view) with every stretch of
  // raw text that needs TokenizeChunk. A view is valid during the call only. `scratch` is the
  // caller's, reused between calls.
  template <typename OnWord, typename OnChunk>
  void Scan(std::string_view text, std::string& scratch, OnWord&& on_word,
            OnChunk&& on_chunk) const;

  // The words of a stretch of text without ASCII whitespace, by all of Unicode's rules.
  std::vector<std::string> TokenizeChunk(std::string_view chunk) const;

  const BasicTokenizerOptions& options() const { return options_; }

 private:
  // What a byte is to the ASCII rules.
  enum Class : uint8_t {
    kLetter = 0,  // or any character that is part of a word
    kUpper = 1,   // a letter to be lowered
    kPunctuation = 2,
    kSpace = 3,
    kOther = 4,  // beyond ASCII, or dropped by cleaning: its chunk goes by TokenizeChunk
  };

  BasicTokenizerOptions options_;
  std::array<Class, 256> class_;
};

template <typename OnWord, typename OnChunk>
void BasicTokenizer::Scan(std::string_view text, std::string& scratch, OnWord&& on_word,
                          OnChunk&& on_chunk) const {
  const auto class_of = [this](char c) { return class_[static_cast<unsigned char>(c)]; };
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    if (class_of(*at) == kSpace) {
      ++at;
      continue;
    }
    const char* chunk_end = at;
    bool ascii = true;
    for (; chunk_end < end && class_of(*chunk_end) != kSpace; ++chunk_end) {
      ascii &= class_of(*chunk_end) != kOther;
    }
    if (!ascii) {
      on_chunk(std::string_view(at, chunk_end - at));
      at = chunk_end;
      continue;
    }
    while (at < chunk_end) {
      if (class_of(*at) == kPunctuation) {
        on_word(std::string_view(at++, 1));
        continue;
      }
      const char* word_end = at;
      bool upper = false;
      for (; word_end < chunk_end && class_of(*word_end) != kPunctuation; ++word_end) {
        upper |= class_of(*word_end) == kUpper;
      }
      std::string_view word(at, word_end - at);
      if (upper) {
        scratch.assign(word);
        for (char& c : scratch) c = class_of(c) == kUpper ? c + ('a' - 'A') : c;
        word = scratch;
      }
      on_word(word);
      at = word_end;
    }
  }
}

}  // namespace pretext
