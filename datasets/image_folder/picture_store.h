// The pixels of pictures, held in memory or in a mapped cache file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/cache_file/cache_file.h"
#include "datasets/image_folder/picture_index.h"

namespace pretext {

class PictureStore {
 public:
  // How pictures are held.
  struct Form {
    PictureTarget target;
    bool own_size = false;  // as they are; else at the target's size
  };

  PictureStore() = default;  // holds none
  // Rows of the target's shape that were made already.
  PictureStore(std::vector<uint8_t> rows, int64_t row_size);

  // Decodes all into memory. `pictures` are of the files, all of which can be read.
  static absl::StatusOr<PictureStore> InMemory(const std::vector<std::string>& paths,
                                               const std::vector<LoadedPicture>& pictures,
                                               const Form& form);
  // Maps the cache file, made first where there is none that is whole and of these files.
  static absl::StatusOr<PictureStore> InCache(const std::vector<std::string>& paths,
                                              const std::vector<LoadedPicture>& pictures,
                                              const Form& form, const CacheDirectory& cache);

  bool mapped() const { return file_ != nullptr; }
  bool empty() const { return begins_.empty(); }
  // Planar bytes: C x H x W.
  const uint8_t* pixels(int64_t i) const { return data_ + begins_[static_cast<size_t>(i)]; }

 private:
  std::vector<uint8_t> memory_;
  std::unique_ptr<CacheFile> file_;
  const uint8_t* data_ = nullptr;
  std::vector<int64_t> begins_;
};

// Of all pixels.
int64_t BytesOf(const std::vector<LoadedPicture>& pictures, const PictureStore::Form& form);

}  // namespace pretext
