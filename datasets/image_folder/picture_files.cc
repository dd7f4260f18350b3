#include "datasets/image_folder/picture_files.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;

constexpr char kKinds[] = ".png, .jpg or .jpeg";

bool IsHidden(const fs::path& path) { return path.filename().string().front() == '.'; }

bool IsPicture(const fs::path& path) {
  const std::string extension = absl::AsciiStrToLower(path.extension().string());
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

absl::Status ListFault(const std::string& directory, const std::error_code& error) {
  return absl::InvalidArgumentError(
      absl::StrCat(directory, ": cannot be listed: ", error.message()));
}

// The pictures below one folder, sorted.
absl::StatusOr<std::vector<std::string>> PicturesBelow(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator at(directory, error);
  while (!error && at != fs::recursive_directory_iterator()) {
    std::error_code unknown;  // Of a dangling link, say: it is no picture then.
    if (IsHidden(at->path())) {
      at.disable_recursion_pending();
    } else if (IsPicture(at->path()) && at->is_regular_file(unknown)) {
      paths.push_back(at->path().string());
    }
    at.increment(error);
  }
  if (error) return ListFault(directory, error);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

absl::Status CheckFolder(const std::string& directory) {
  std::error_code error;
  const fs::directory_iterator at(directory, error);
  return error ? ListFault(directory, error) : absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ListClasses(const std::string& directory) {
  std::vector<std::string> classes;
  std::string loose;
  std::error_code error;
  fs::directory_iterator at(directory, error);
  while (!error && at != fs::directory_iterator()) {
    std::error_code unknown;
    const std::string name = at->path().filename().string();
    if (!IsHidden(at->path())) {
      if (at->is_directory(unknown)) {
        classes.push_back(name);
      } else if (IsPicture(at->path())) {
        loose = std::max(loose, name);
      }
    }
    at.increment(error);
  }
  if (error) return ListFault(directory, error);
  if (!classes.empty() && !loose.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(directory, ": ", loose,
                     " lies beside folders, which are classes; move it into "
                     "one of them, or set labels: NONE"));
  }
  std::sort(classes.begin(), classes.end());
  return classes;
}

absl::StatusOr<std::vector<PictureFile>> ListPictures(const std::string& directory,
                                                      const std::vector<std::string>& classes,
                                                      bool every_class) {
  std::vector<PictureFile> files;
  const size_t folders = std::max<size_t>(classes.size(), 1);
  for (size_t i = 0; i < folders; ++i) {
    const std::string folder =
        classes.empty() ? directory : absl::StrCat(directory, "/", classes[i]);
    std::error_code unknown;
    if (!every_class && !classes.empty() && !fs::exists(folder, unknown)) continue;
    const absl::StatusOr<std::vector<std::string>> paths = PicturesBelow(folder);
    if (!paths.ok()) return paths.status();
    if (every_class && paths->empty()) {
      return absl::InvalidArgumentError(absl::StrCat(folder, ": has no pictures (", kKinds, ")"));
    }
    for (const std::string& path : *paths) {
      files.push_back({path, classes.empty() ? -1 : static_cast<int32_t>(i)});
    }
  }
  if (files.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(directory, ": has no pictures (", kKinds, ")"));
  }
  return files;
}

}  // namespace pretext
