// What the pictures of a folder are, found by decoding each of them once and then remembered: a
// later start looks at the sizes and times of the files alone.
#pragma once

#include <string>
#include <vector>

#include "datasets/cache_file/cache_directory.h"
#include "datasets/image_folder/picture_loader.h"

namespace pretext {

// All that the results depend on: the target, and each file's path, size and time.
std::string PictureKey(const std::vector<std::string>& paths, const PictureTarget& target);

// The file for what was made from `key`.
std::string PictureCachePath(const CacheDirectory& cache, const std::string& what,
                             const std::string& key);

// LoadPictures without pixels, or what it gave for the same files before. A cache that cannot be
// read or written is no error: the pictures are looked at again; and so they are where one of them
// could not be read for another reason than its bytes.
std::vector<LoadedPicture> IndexPictures(const std::vector<std::string>& paths,
                                         const PictureTarget& target, const CacheDirectory& cache);

}  // namespace pretext
