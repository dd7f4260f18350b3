// Which picture files a folder has, and the classes they are in.
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

  void Add(const PassedOver& more);
  // "4 GIF, 2 TIFF, 3 files that are no pictures, 1 link that leads round (PATH)"; or nothing.
  std::string ToString() const;
};

struct PictureFiles {
  std::vector<PictureFile> files;
  PassedOver passed_over;
};

// An error unless the folder can be listed.
absl::Status CheckFolder(const std::string& directory);

// The names of the folders inside `directory`, and of links to folders, sorted by their bytes;
// hidden ones are left out. Errors: it is absent, no folder, or cannot be listed; or there are
// folders and, beside them, pictures, which have no class.
absl::StatusOr<std::vector<std::string>> ListClasses(const std::string& directory);

// The parts of a data set that has a folder for each, and nothing else: train (or training), test
// (testing), val (valid, validation), in any case of letters.
struct Parts {
  std::string train, test;  // Names of folders; empty unless both are there.
  std::string unused;       // The third.
};
// Where both test and val are there, `test` is test, unless it alone has no class folders.
Parts FindParts(const std::string& directory, const std::vector<std::string>& classes);

// An error that names every class without pictures; without classes, a folder without pictures.
absl::Status CheckPictures(const std::string& directory, const std::vector<std::string>& classes);

// All pictures below `directory`, sorted by path within their class: PNG, JPEG, WebP and BMP by
// their first bytes, and whatever has a name that ends like theirs or cannot be opened, so that
// reading them tells what is wrong. Links to folders are followed, each folder once a class; hidden
// files and folders are left out. With classes, those of the folder classes[label] have that label,
// and no class may be without pictures if `every_class`; without, labels are -1. Errors: nothing
// found, a folder that cannot be listed.
absl::StatusOr<PictureFiles> ListPictures(const std::string& directory,
                                          const std::vector<std::string>& classes,
                                          bool every_class);

}  // namespace pretext
