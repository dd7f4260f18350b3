// Sentence vectors: texts through an encoder of tokens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/encoder.h"
#include "core/plugin/tokenizer.h"
#include "evaluation/features/features.h"

namespace pretext {

struct EmbedTextOptions {
  int64_t length = 128;  // the most tokens the encoder takes, [CLS] and [SEP] included: at least 3
  int64_t batch_size = 64;  // sequences at once
  Precision precision = Precision::kFloat32;
};

// Of the texts that vectors were made of.
struct EmbeddedTexts {
  int64_t split = 0;    // that were longer than the encoder takes
  int64_t tokens = 0;   // of all, without [CLS] and [SEP]
  int64_t unknown = 0;  // of them, [UNK]
};

struct TextVectors : EmbeddedTexts {
  // One row a text, Encoder::Pool of h in evaluation mode; no labels. A text that is longer than
  // the encoder takes is split into parts of that length, and its row is the mean of theirs,
  // weighted by their tokens.
  Features features;
};

// The name of a special token in a text is text ("[MASK]" too). An error when there is no text, or
// a vector is not finite (it names the text by its number).
absl::StatusOr<TextVectors> EmbedTexts(Encoder& encoder, const Tokenizer& tokenizer,
                                       const std::vector<std::string>& texts,
                                       const EmbedTextOptions& options);

// h of every token, [CLS] and [SEP] included, of an encoder that gives a sequence. A text that is
// longer than the encoder takes is split as above, its parts one after the other.
struct TokenVectors : EmbeddedTexts {
  int64_t width = 0;          // D
  std::vector<int64_t> rows;  // tokens of each text
  std::vector<int32_t> ids;   // of all texts' tokens
  std::vector<float> values;  // [sum of rows, D]
};
absl::StatusOr<TokenVectors> EmbedTokens(Encoder& encoder, const Tokenizer& tokenizer,
                                         const std::vector<std::string>& texts,
                                         const EmbedTextOptions& options);

}  // namespace pretext
