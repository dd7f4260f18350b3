#include "base/file/aside.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file/folder.h"

namespace pretext {

std::string AsideName(const std::string& path) {
  static std::atomic<int> number{0};
  constexpr size_t kLongest = 200;  // of the at most 255 bytes of a name
  const std::string name = std::filesystem::path(path).filename().string().substr(0, kLongest);
  return absl::StrCat(ParentOf(path), "/.", name, ".", getpid(), "-", number++, ".part");
}

}  // namespace pretext
