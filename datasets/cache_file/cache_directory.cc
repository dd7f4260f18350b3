#include "datasets/cache_file/cache_directory.h"

#include <cstdlib>

#include "base/file/folder_path.h"

namespace pretext {
namespace {

std::string DefaultCacheDirectory() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty())
    return cache + "/pretext";
  if (const std::string home = variable("HOME"); !home.empty()) return home + "/.cache/pretext";
  const std::string temporary = variable("TMPDIR");
  return (temporary.empty() ? "/tmp" : temporary) + "/pretext-cache";
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
