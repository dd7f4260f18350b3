// The files of a folder and of the folders inside it.
//
// Links to folders are followed. A folder is entered once, whichever way leads to it, its own path
// before a link: so links that lead round in a circle end, and no file is found twice through
// folders. What has a name with a leading dot is left out.
#pragma once

#include <sys/types.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace pretext {

bool IsLink(const std::string& path);

class FileTree {
 public:
  // Told the path of what is no folder: a file, a device, a link to nowhere. False ends the walk.
  using Visit = std::function<bool(const std::string& path)>;

  // Visits what is below the folder. Errors name the path of a folder that cannot be listed.
  absl::Status Walk(const std::string& folder, const Visit& visit);

  // The folder counts as entered: links to it are not followed. False where it did already, by
  // whatever path.
  bool EnterFirst(const std::string& folder);

  // The links that were not followed, as they lead to a folder that was entered already.
  const std::vector<std::string>& repeated() const { return repeated_; }

 private:
  absl::Status List(const std::string& folder, const Visit& visit);

  std::set<std::pair<dev_t, ino_t>> entered_;
  std::set<std::string> folders_, links_;  // still to be walked
  std::vector<std::string> repeated_;
  bool ended_ = false;
};

// All of them, sorted by their paths.
absl::Status ListFilesBelow(const std::string& folder, std::vector<std::string>& files);

}  // namespace pretext
