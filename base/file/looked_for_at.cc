#include "base/file/looked_for_at.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"

namespace pretext {

std::string LookedForAt(const std::string& path) {
  if (path.empty() || path[0] == '/') return "";
  const std::unique_ptr<char, void (*)(void*)> folder(getcwd(nullptr, 0), std::free);
  if (folder == nullptr) return "";
  return absl::StrCat(" (looked for at ", folder.get(), "/", path,
                      ": a relative path starts where the command was run)");
}

}  // namespace pretext
