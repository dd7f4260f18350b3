// Whether a vocabulary fits a text, by the tokens of it that are unknown.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/str_format.h"

namespace pretext {

// "25.0 % of the tokens are [UNK]", from a share on that says that the vocabulary does not fit, or
// "". Vocabularies of their own text leave some hundredths of a percent.
inline std::string TooManyUnknown(int64_t unknown, int64_t tokens) {
  constexpr double kShare = 0.01;
  if (tokens == 0) return "";
  const double share = static_cast<double>(unknown) / static_cast<double>(tokens);
  return share < kShare ? "" : absl::StrFormat("%.1f %% of the tokens are [UNK]", 100 * share);
}

}  // namespace pretext
