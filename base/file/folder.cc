#include "base/file/folder.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/file/file_calls.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;

constexpr char kLookedAt[] = "cannot be looked at";

absl::Status StatusOf(int error, absl::string_view path, absl::string_view doing) {
  return error == 0 ? absl::OkStatus() : FileError(error, path, doing);
}

// Of an exchange that the file system, or the kernel, does not have.
bool Lacking(int error) { return error == EINVAL || error == ENOSYS || error == ENOTSUP; }

}  // namespace

absl::StatusOr<PathKind> KindOfPath(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return PathKind::kNothing;
    return FileError(errno, path, kLookedAt);
  }
  if (S_ISREG(info.st_mode)) return PathKind::kFile;
  return S_ISDIR(info.st_mode) ? PathKind::kFolder : PathKind::kOther;
}

std::string ParentOf(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

absl::Status MakeFolders(const std::string& path, FileRights rights) {
  // From the first that is missing.
  std::vector<std::string> missing;
  for (fs::path at(path); !at.empty(); at = at.parent_path()) {
    const absl::StatusOr<PathKind> kind = KindOfPath(at.string());
    if (!kind.ok()) return kind.status();
    if (*kind == PathKind::kFolder) break;
    // "a/" has the parent "a", which is the same folder.
    if (at.has_filename()) missing.push_back(at.string());
    if (at == at.parent_path()) break;
  }
  std::reverse(missing.begin(), missing.end());
  for (const std::string& folder : missing) {
    const int error = file_calls::MakeFolder(folder, FolderMode(rights));
    if (error != 0) return FileError(error, folder, "the folder cannot be made");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator at(path, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  if (error) return FileError(error.value(), path, "cannot be listed");
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status RemoveAll(const std::string& path) {
  return StatusOf(file_calls::Remove(path), path, "cannot be removed");
}

absl::Status FlushFolder(const std::string& path) {
  return StatusOf(file_calls::FlushFolder(path), path, "cannot be flushed");
}

std::string OldFolder(const std::string& path) { return path + ".old"; }

std::string WholeFolder(const std::string& path) {
  const auto is_folder = [](const std::string& at) {
    const absl::StatusOr<PathKind> kind = KindOfPath(at);
    return kind.ok() && *kind == PathKind::kFolder;
  };
  return !is_folder(path) && is_folder(OldFolder(path)) ? OldFolder(path) : path;
}

absl::Status ReplaceFolder(const std::string& aside, const std::string& path,
                           const std::string& old_to) {
  constexpr char kDoing[] = "cannot be put in its place";
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  if (!kind.ok()) return kind.status();
  const std::string old = OldFolder(path);
  std::string left = old;  // what is to go
  int error = 0;
  if (*kind == PathKind::kNothing) {
    error = file_calls::Rename(aside, path);
  } else if (error = file_calls::Exchange(aside, path); error == 0) {
    left = aside;
  } else if (Lacking(error)) {
    error = file_calls::Remove(old);
    if (error == 0) error = file_calls::Rename(path, old);
    if (error == 0) error = file_calls::Rename(aside, path);
  }
  if (error != 0) return FileError(error, path, kDoing);
  error = file_calls::FlushFolder(ParentOf(path));
  if (error != 0) return FileError(error, path, kDoing);
  if (*kind != PathKind::kNothing && !old_to.empty()) {
    error = file_calls::Remove(old_to);
    if (error == 0) error = file_calls::Rename(left, old_to);
    if (error == 0) error = file_calls::FlushFolder(ParentOf(old_to));
    if (error != 0) return FileError(error, old_to, kDoing);
  }
  // The new one is in its place: what cannot be removed is no fault of it.
  file_calls::Remove(left);
  if (left != old) file_calls::Remove(old);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> FreeBytes(const std::string& path) {
  struct statvfs info;
  for (std::string at = path.empty() ? "." : path;; at = ParentOf(at)) {
    if (statvfs(at.c_str(), &info) == 0) {
      return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
    }
    if ((errno != ENOENT && errno != ENOTDIR) || at == ParentOf(at)) {
      return FileError(errno, path, kLookedAt);
    }
  }
}

}  // namespace pretext
