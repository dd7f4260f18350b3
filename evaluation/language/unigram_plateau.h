// Where a masked language model has learnt the frequencies of tokens, and nothing of the context.
#pragma once

namespace pretext {

// A loss that differs from the unigram's by less than this share of it is on its plateau.
inline constexpr double kUnigramPlateau = 0.03;

}  // namespace pretext
