// A picture of a folder as it is: its file, or its pixels where they are held.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/flow/picture_source.h"
#include "datasets/image_folder/picture_loader.h"
#include "datasets/image_scaling/image_scaling.h"

namespace pretext {

// By how much both sides of a JPEG may be divided while it is decoded when the box becomes an image
// of that size: 1, 2, 4 or 8, so that the box still has twice as many pixels each way, as Pillow's
// thumbnails do (its reducing_gap of 2).
int ReductionFor(const CropBox& box, int height, int width);

class FolderPicture : public PictureSource {
 public:
  // The picture's size is given, as it was found to be. Of `bytes`, its file, and `pixels`, C x H x
  // W, one is empty; target, scale and pixels outlive it.
  FolderPicture(const std::string& path, int height, int width, std::string bytes,
                const uint8_t* pixels, const PictureTarget& target, const PixelScale& scale);

  int height() const override { return height_; }
  int width() const override { return width_; }

 private:
  std::string name() const override { return path_; }
  absl::Status MakeCrop(const CropBox& box, int height, int width, Interpolation interpolation,
                        std::vector<float>& values) override;
  absl::Status MakeWhole(std::vector<float>& values) override;
  // The picture with its sides divided, or with at least what the target needs (0); it stays with
  // the thread until it decodes another one.
  absl::StatusOr<const Picture*> Decode(int reduction) const;

  const std::string& path_;
  const int height_, width_;
  const std::string bytes_;
  const uint8_t* const pixels_;
  const PictureTarget& target_;
  const PixelScale& scale_;
  const uint64_t serial_;  // no other has it: what a thread has decoded is known by it
};

}  // namespace pretext
