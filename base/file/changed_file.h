// What is said of a file that is no longer what it was when it was looked at.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace pretext {

inline absl::Status ChangedWhileUsed(const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": the file changed while it was being used"));
}

}  // namespace pretext
