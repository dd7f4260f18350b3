// Which picture files a folder has.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pretext {

struct PictureFile {
  std::string path;
  int32_t label = -1;
};

// What lies among the pictures and is not taken.
struct PassedOver {
  std::map<std::string, int64_t> formats;  // Pictures of formats that are not read, by their name.
  int64_t others = 0;                      // Files that are no pictures.
  std::vector<std::string> links;          // Not followed, as they lead back.
  std::vector<std::string> broken;         // Links that lead nowhere: to a folder, perhaps.

  void Add(const PassedOver& more);
  // "4 GIF, 2 TIFF, 3 files that are no pictures, 1 link that leads round (PATH)"; or nothing.
  std::string ToString() const;
};

// Whether to take a file: a PNG, JPEG, WebP or BMP by its first bytes, or what has a name that ends
// like theirs or cannot be opened, so that reading it tells what is wrong. If not, it is counted.
bool IsPicture(const std::string& path, PassedOver& passed_over);

struct PictureFiles {
  std::vector<PictureFile> files;
  PassedOver passed_over;
};

// DIRECTORY/NAME.
std::string FolderOf(const std::string& directory, const std::string& name);

// An error that names every class without pictures; without classes, a folder without pictures.
absl::Status CheckPictures(const std::string& directory, const std::vector<std::string>& classes);

// All pictures (IsPicture) below `directory`, sorted by path within their class. Links to folders
// are followed, each folder once a class; hidden files and folders are left out. With classes,
// those of the folder classes[label] have that label, and no class may be without pictures if
// `every_class`; without, labels are -1. Errors: nothing found, a folder that cannot be listed.
absl::StatusOr<PictureFiles> ListPictures(const std::string& directory,
                                          const std::vector<std::string>& classes,
                                          bool every_class);

}  // namespace pretext
