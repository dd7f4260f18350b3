// What a path's name ends in.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace pretext {

// From the last dot of the last name on, ".png"; empty without one.
inline absl::string_view ExtensionOf(absl::string_view path) {
  const size_t slash = path.rfind('/'), dot = path.rfind('.');
  const bool of_folder = slash != absl::string_view::npos && dot < slash;
  return dot == absl::string_view::npos || of_folder ? absl::string_view() : path.substr(dot);
}

}  // namespace pretext
