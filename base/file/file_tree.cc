#include "base/file/file_tree.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/file/file_calls.h"

namespace pretext {
namespace {

constexpr char kListed[] = "cannot be listed";

bool IsFolder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

bool IsLink(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
}

bool FileTree::EnterFirst(const std::string& folder) {
  struct stat info;
  // What cannot be looked at cannot be listed either: let that say so.
  return stat(folder.c_str(), &info) != 0 || entered_.insert({info.st_dev, info.st_ino}).second;
}

absl::Status FileTree::List(const std::string& folder, const Visit& visit) {
  DIR* const opened = opendir(folder.c_str());
  if (opened == nullptr) return FileError(errno, folder, kListed);
  const char* const slash = folder.back() == '/' ? "" : "/";
  int error = 0;
  while (!ended_) {
    errno = 0;
    const dirent* entry = readdir(opened);
    if (entry == nullptr) {
      error = errno;
      break;
    }
    if (entry->d_name[0] == '.') continue;
    const std::string path = absl::StrCat(folder, slash, entry->d_name);
    // Most file systems say here what an entry is, which saves looking at each.
    const bool told = entry->d_type != DT_UNKNOWN;
    if (told ? entry->d_type == DT_DIR : IsFolder(path) && !IsLink(path)) {
      folders_.insert(path);
    } else if ((!told || entry->d_type == DT_LNK) && IsFolder(path)) {
      links_.insert(path);
    } else {
      ended_ = !visit(path);
    }
  }
  closedir(opened);
  return error == 0 ? absl::OkStatus() : FileError(error, folder, kListed);
}

absl::Status FileTree::Walk(const std::string& folder, const Visit& visit) {
  folders_ = {folder};
  links_.clear();
  ended_ = false;
  while (!ended_ && (!folders_.empty() || !links_.empty())) {
    const bool link = folders_.empty();
    std::set<std::string>& from = link ? links_ : folders_;
    // The same way first, whatever the order in which the file system lists them.
    const std::string path = std::move(from.extract(from.begin()).value());
    if (!EnterFirst(path)) {
      if (link) repeated_.push_back(path);
      continue;
    }
    if (auto status = List(path, visit); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ListFilesBelow(const std::string& folder, std::vector<std::string>& files) {
  files.clear();
  const absl::Status status = FileTree().Walk(folder, [&](const std::string& path) {
    files.push_back(path);
    return true;
  });
  std::sort(files.begin(), files.end());
  return status;
}

}  // namespace pretext
