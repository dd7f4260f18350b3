#include "datasets/cache_file/cache_directory.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/file/folder.h"
#include "base/file/folder_path.h"

namespace pretext {
namespace {

// Whether files can be made in a folder, or in that which it would be made in.
bool CanWriteBelow(std::string folder) {
  for (absl::StatusOr<PathKind> kind = KindOfPath(folder); kind.ok(); kind = KindOfPath(folder)) {
    if (*kind == PathKind::kFolder) return access(folder.c_str(), W_OK | X_OK) == 0;
    if (*kind != PathKind::kNothing || folder == ParentOf(folder)) return false;
    folder = ParentOf(folder);
  }
  return false;
}

// The first of the user's that can be written to; where none can, the first.
std::string DefaultCacheDirectory() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  std::vector<std::string> folders;
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty())
    folders.push_back(cache + "/pretext");
  if (const std::string home = variable("HOME"); !home.empty())
    folders.push_back(home + "/.cache/pretext");
  const std::string temporary = variable("TMPDIR");
  folders.push_back((temporary.empty() ? "/tmp" : temporary) + "/pretext-cache");
  const auto found = std::find_if(folders.begin(), folders.end(), CanWriteBelow);
  return found == folders.end() ? folders.front() : *found;
}

}  // namespace

CacheDirectory CacheDirectoryFor(const std::string& asked, const BuildContext& context,
                                 FieldChecker& check) {
  if (asked.empty()) return {DefaultCacheDirectory(), FileRights::kPrivate};
  const std::string path = context.Resolve(asked);
  if (context.run_directory.empty()) check.Nested("cache_directory", CheckFolderPath(path));
  return {path, FileRights::kUmask};
}

}  // namespace pretext
