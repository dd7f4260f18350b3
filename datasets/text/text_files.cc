#include "datasets/text/text_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/file/looked_for_at.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;

absl::Status AddFile(const std::string& path, std::vector<TextFile>* files) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || access(path.c_str(), R_OK) != 0) {
    const int error = errno;
    return absl::ErrnoToStatus(
        error, absl::StrCat(path, ": cannot be read. Check the path and its permissions",
                            LookedForAt(path)));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is neither a file nor a folder. Copy it to a file first."));
  }
  if (info.st_size > 0) {
    files->push_back({path, info.st_size});
  }
  return absl::OkStatus();
}

bool Hidden(const fs::path& path) { return path.filename().native()[0] == '.'; }

}  // namespace

absl::StatusOr<std::vector<TextFile>> ListTextFiles(const std::string& path) {
  std::vector<TextFile> files;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    absl::Status status = AddFile(path, &files);
    if (!status.ok()) return status;
    return files;
  }
  fs::recursive_directory_iterator at(path, error);
  const fs::recursive_directory_iterator end;
  while (!error && at != end) {
    if (Hidden(at->path())) {
      at.disable_recursion_pending();
    } else if (!at->is_directory(error)) {
      absl::Status status = AddFile(at->path(), &files);
      if (!status.ok()) return status;
    }
    if (!error) at.increment(error);
  }
  if (error) {
    return absl::ErrnoToStatus(error.value(), absl::StrCat(path, ": the folder cannot be listed"));
  }
  if (files.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": the folder has no files with anything in them"));
  }
  std::sort(files.begin(), files.end(),
            [](const TextFile& a, const TextFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace pretext
