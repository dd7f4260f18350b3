// Which picture files a folder has, and the classes they are in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pretext {

struct PictureFile {
  std::string path;
  int32_t label = -1;
};

// An error unless the folder can be listed.
absl::Status CheckFolder(const std::string& directory);

// The names of the folders inside `directory`, sorted by their bytes; hidden ones are left out.
// Errors: it is absent, no folder, or cannot be listed; or there are folders and, beside them,
// pictures, which have no class.
absl::StatusOr<std::vector<std::string>> ListClasses(const std::string& directory);

// All .png, .jpg and .jpeg files below `directory` (in any case of letters), sorted by path within
// their class; hidden files and folders are left out, links to folders inside it not followed. With
// classes, those of the folder classes[label] have that label, and no class may be without pictures
// if `every_class`; without, labels are -1. Errors: nothing found, a folder that cannot be listed.
absl::StatusOr<std::vector<PictureFile>> ListPictures(const std::string& directory,
                                                      const std::vector<std::string>& classes,
                                                      bool every_class);

}  // namespace pretext
