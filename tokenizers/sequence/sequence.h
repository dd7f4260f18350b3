// A text that a user typed, as a sequence for an encoder.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/flow/batch.h"
#include "core/plugin/tokenizer.h"

namespace pretext {

// Appends the ids of a text in which [MASK] stands for the mask: "a [MASK] of water". It is told by
// its exact name; the name of any other special token is text, as it is everywhere else. Ill-formed
// UTF-8 is replaced.
void EncodeMasked(const Tokenizer& tokenizer, std::string_view text, std::vector<int32_t>& ids);

// A text with masks, as far as it fits.
struct MaskedText {
  // [CLS] text [SEP] and padding. Its targets are the places of [MASK], with the id of [MASK]: what
  // stood there is not known.
  Sample sample;
  int64_t tokens = 0;  // of the whole text with [CLS] and [SEP]
  int64_t masks = 0;   // in the whole text
};

// The sample has `length` tokens (at least 2); what is too long is cut off at the end.
MaskedText ReadMaskedText(const Tokenizer& tokenizer, std::string_view text, int64_t length);

}  // namespace pretext
