#include "base/file/folder_path.h"

#include <climits>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/file/folder.h"

namespace pretext {
namespace {

// Of the system's 4096, so that there is room for the names of what the folder will hold.
constexpr size_t kLongestPath = 4000;

}  // namespace

absl::Status CheckFolderPath(const std::string& path) {
  for (const absl::string_view name : absl::StrSplit(path, '/')) {
    if (name.size() <= NAME_MAX) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": a name in it has ", name.size(), " bytes; no name may have more than ", NAME_MAX));
  }
  if (path.size() > kLongestPath) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": has ", path.size(), " bytes; a folder's path may have ", kLongestPath));
  }
  for (std::string at = path;; at = ParentOf(at)) {
    const absl::StatusOr<PathKind> kind = KindOfPath(at);
    if (!kind.ok()) return kind.status();
    if (*kind == PathKind::kFolder) return absl::OkStatus();
    if (*kind != PathKind::kNothing) {
      return absl::InvalidArgumentError(absl::StrCat(at, ": is no folder"));
    }
    if (at == ParentOf(at)) return absl::OkStatus();
  }
}

std::string RealPath(const std::string& path) {
  std::error_code error;
  // A slash at the end is an empty last name.
  std::filesystem::path real =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  if (error) return path;
  if (!real.has_filename() && real.has_relative_path()) real = real.parent_path();
  return real.string();
}

}  // namespace pretext
