// Texts of others inside lines of ours.
#pragma once

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"

namespace pretext {

// A space in the place of each control character: one line, whatever is quoted in it.
inline std::string OnOneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c); }, ' ');
  return text;
}

}  // namespace pretext
