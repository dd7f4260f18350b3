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

// For every [MASK] in the text, in order, the `top` likeliest tokens, best first, of the whole
// vocabulary, in evaluation mode. `length`: the most tokens the encoder takes. Errors: a head that
// gives no token scores; a text without [MASK], or whose [MASK] lies beyond the length; top
// below 1.
absl::StatusOr<std::vector<std::vector<Guess>>> FillMask(Encoder& encoder, Head& head,
                                                         const Tokenizer& tokenizer,
                                                         std::string_view text, int64_t length,
                                                         int64_t top);

}  // namespace pretext
