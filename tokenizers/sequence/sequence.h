// A text that a user typed, as a sequence for an encoder.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/flow/batch.h"
#include "core/plugin/tokenizer.h"

namespace pretext {

// Appends the ids of a text in which special tokens may be written out: "a [MASK] of water". They
// are told by their exact text; what else stands in brackets is text like any other. Ill-formed
// UTF-8 is replaced.
void EncodeMarked(const Tokenizer& tokenizer, std::string_view text, std::vector<int32_t>& ids);

// [CLS] text [SEP] and padding to `length` tokens (at least 2); what is too long is cut off at the
// end. Its targets are the places of [MASK], with the id of [MASK]: what stood there is not known.
Sample TextSample(const Tokenizer& tokenizer, std::string_view text, int64_t length);

}  // namespace pretext
