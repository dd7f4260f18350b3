#include "datasets/image_folder/picture_files.h"

#include <sys/stat.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file/file_tree.h"
#include "base/file/folder.h"
#include "base/file/mapped_file.h"
#include "base/image/image_io.h"
#include "base/text/counted.h"

namespace pretext {
namespace {

bool IsNamedLikeAPicture(const std::string& path) {
  for (const char* ending : {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib"}) {
    if (absl::EndsWithIgnoreCase(path, ending)) return true;
  }
  return false;
}

// The first bytes of a regular file; false when it cannot be opened.
bool ReadFirstBytes(const std::string& path, std::string& bytes) {
  const absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (file.ok()) bytes = std::string(file->contents().substr(0, kFormatBytes));
  return file.ok();
}

absl::Status NoPictures(const std::string& where) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": has no pictures (", kFormatsRead, ")"));
}

// The pictures below one folder of the directory, sorted; all, or the first that is found.
absl::Status FindPictures(const std::string& directory, const std::string& folder, bool all,
                          std::vector<std::string>& paths, PassedOver& passed_over) {
  FileTree tree;
  if (folder != directory) tree.EnterFirst(directory);
  const absl::Status status = tree.Walk(folder, [&](const std::string& path) {
    if (IsPicture(path, passed_over)) paths.push_back(path);
    return all || paths.empty();
  });
  if (!status.ok()) return absl::InvalidArgumentError(status.message());
  std::sort(paths.begin(), paths.end());
  passed_over.links = tree.repeated();
  return absl::OkStatus();
}

}  // namespace

bool IsPicture(const std::string& path, PassedOver& passed_over) {
  if (IsNamedLikeAPicture(path)) return true;
  struct stat info;
  std::string bytes;
  if (stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
    if (!ReadFirstBytes(path, bytes)) return true;
    const PictureFormat format = FormatOf(bytes);
    if (format.is_read) return true;
    if (!format.name.empty()) {
      ++passed_over.formats[std::string(format.name)];
      return false;
    }
  }
  if (IsLink(path) && stat(path.c_str(), &info) != 0) {
    passed_over.broken.push_back(path);
  } else {
    ++passed_over.others;
  }
  return false;
}

void PassedOver::Add(const PassedOver& more) {
  for (const auto& [name, count] : more.formats) formats[name] += count;
  others += more.others;
  links.insert(links.end(), more.links.begin(), more.links.end());
  broken.insert(broken.end(), more.broken.begin(), more.broken.end());
}

std::string PassedOver::ToString() const {
  std::vector<std::string> parts;
  for (const auto& [name, count] : formats)
    parts.push_back(absl::StrCat(Counted(count), " ", name));
  if (others > 0) {
    parts.push_back(absl::StrCat(
        Counted(others), others == 1 ? " file that is no picture" : " files that are no pictures"));
  }
  const auto add = [&](const std::vector<std::string>& paths, const char* where) {
    if (paths.empty()) return;
    const bool one = paths.size() == 1;
    parts.push_back(absl::StrCat(Counted(static_cast<int64_t>(paths.size())),
                                 one ? " link that leads" : " links that lead", where, " (",
                                 paths.front(), one ? ")" : ", …)"));
  };
  add(links, " round");
  add(broken, " nowhere");
  return absl::StrJoin(parts, ", ");
}

std::string FolderOf(const std::string& directory, const std::string& name) {
  return absl::StrCat(directory, absl::EndsWith(directory, "/") ? "" : "/", name);
}

absl::Status CheckPictures(const std::string& directory, const std::vector<std::string>& classes) {
  std::vector<std::string> empty;
  for (size_t i = 0; i < std::max<size_t>(classes.size(), 1); ++i) {
    const std::string folder = classes.empty() ? directory : FolderOf(directory, classes[i]);
    std::vector<std::string> first;
    PassedOver passed_over;
    const absl::Status status = FindPictures(directory, folder, /*all=*/false, first, passed_over);
    if (!status.ok()) return status;
    if (first.empty()) empty.push_back(folder);
  }
  if (empty.empty()) return absl::OkStatus();
  return NoPictures(absl::StrJoin(empty, ", "));
}

absl::StatusOr<PictureFiles> ListPictures(const std::string& directory,
                                          const std::vector<std::string>& classes,
                                          bool every_class) {
  PictureFiles found;
  for (size_t i = 0; i < std::max<size_t>(classes.size(), 1); ++i) {
    const std::string folder = classes.empty() ? directory : FolderOf(directory, classes[i]);
    const absl::StatusOr<PathKind> kind = KindOfPath(folder);
    if (!every_class && !classes.empty() && kind.ok() && *kind == PathKind::kNothing) continue;
    std::vector<std::string> paths;
    PassedOver passed_over;
    const absl::Status status = FindPictures(directory, folder, /*all=*/true, paths, passed_over);
    if (!status.ok()) return status;
    if (every_class && paths.empty()) return NoPictures(folder);
    found.passed_over.Add(passed_over);
    for (std::string& path : paths) {
      found.files.push_back({std::move(path), classes.empty() ? -1 : static_cast<int32_t>(i)});
    }
  }
  if (found.files.empty()) return NoPictures(directory);
  return found;
}

}  // namespace pretext
