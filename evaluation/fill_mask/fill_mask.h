// What a masked language model puts in the place of [MASK].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/encoder.h"
#include "core/plugin/head.h"
#include "core/plugin/tokenizer.h"

namespace pretext {

struct Guess {
  int32_t id = 0;
  std::string token;  // as the vocabulary has it
  double probability = 0;
};

// The scores of a masked language model's rows over the encoder's vocabulary, [M, K].
Tensor TokenScores(const Prediction& prediction);

// The `top` likeliest of the first `count` ids by their scores [count], best first; of equal ones
// the lower id. Probabilities are those among these ids.
std::vector<Guess> BestGuesses(const float* scores, int64_t count, int64_t top,
                               const Tokenizer& tokenizer);

struct FilledMasks {
  // For every mask within the length, in order: the likeliest tokens, best first.
  std::vector<std::vector<Guess>> masks;
  int64_t cut_off = 0;  // masks beyond the length, the last ones of the text
  int64_t tokens = 0;   // of the whole text, [CLS] and [SEP] included
};

// For every [MASK] in the text, the `top` likeliest tokens of the whole vocabulary, in evaluation
// mode. `length`: the most tokens the encoder takes. Errors: a head that gives no token scores; a
// text without [MASK], or with all of them beyond the length; top below 1.
absl::StatusOr<FilledMasks> FillMask(Encoder& encoder, Head& head, const Tokenizer& tokenizer,
                                     std::string_view text, int64_t length, int64_t top,
                                     Precision precision = Precision::kFloat32);

}  // namespace pretext
