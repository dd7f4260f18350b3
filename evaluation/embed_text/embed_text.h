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
  int64_t length = 128;  // the most tokens the encoder takes; what is longer is cut off at the end
  int64_t batch_size = 64;  // texts at once
};

struct TextVectors {
  Features features;  // one row a text, Encoder::Pool of h in evaluation mode; no labels
  int64_t cut = 0;    // texts that were too long
};

// An error when there is no text, or a vector is not finite (it names the text by its number).
absl::StatusOr<TextVectors> EmbedTexts(Encoder& encoder, const Tokenizer& tokenizer,
                                       const std::vector<std::string>& texts,
                                       const EmbedTextOptions& options);

}  // namespace pretext
