// Whether something is at a path, where it does not matter why it cannot be told.
#pragma once

#include <string>

#include "base/file/folder.h"

namespace pretext {

// Something, of whatever kind, or of that one; false where it cannot be looked at.
inline bool IsThere(const std::string& path) {
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  return kind.ok() && *kind != PathKind::kNothing;
}
inline bool IsThere(const std::string& path, PathKind wanted) {
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  return kind.ok() && *kind == wanted;
}

}  // namespace pretext
