#include "datasets/text/text_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/file/file_tree.h"
#include "base/file/folder.h"
#include "base/file/looked_for_at.h"

namespace pretext {
namespace {

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

}  // namespace

absl::StatusOr<std::vector<TextFile>> ListTextFiles(const std::string& path) {
  std::vector<TextFile> files;
  if (const auto kind = KindOfPath(path); !kind.ok() || *kind != PathKind::kFolder) {
    if (absl::Status status = AddFile(path, &files); !status.ok()) return status;
    return files;
  }
  std::vector<std::string> paths;
  if (absl::Status status = ListFilesBelow(path, paths); !status.ok()) return status;
  for (const std::string& file : paths) {
    if (absl::Status status = AddFile(file, &files); !status.ok()) return status;
  }
  if (files.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": the folder has no files with anything in them"));
  }
  return files;
}

}  // namespace pretext
