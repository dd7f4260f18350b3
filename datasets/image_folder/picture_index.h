// What the pictures of a folder are, found by decoding each of them once and then remembered: a
// later start looks at the sizes and times of the files alone.
#pragma once

#include <string>
#include <vector>

#include "base/file/file_rights.h"
#include "datasets/image_folder/picture_loader.h"

namespace pretext {

// Where caches of pictures are.
struct PictureCache {
  std::string directory;
  FileRights rights = FileRights::kPrivate;
};

// All that the results depend on: the target, and each file's path, size and time.
std::string PictureKey(const std::vector<std::string>& paths, const PictureTarget& target);

// The file for what was made from `key`.
std::string PictureCachePath(const PictureCache& cache, const std::string& what,
                             const std::string& key);

// LoadPictures without pixels, or what it gave for the same files before. A cache that cannot be
// read or written is no error: the pictures are looked at again.
std::vector<LoadedPicture> IndexPictures(const std::vector<std::string>& paths,
                                         const PictureTarget& target, const PictureCache& cache);

}  // namespace pretext
