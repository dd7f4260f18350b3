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

// In bytes, what a thread keeps that makes samples of pictures like this one (FolderPicture): those
// that it decoded, at each part of its size that crops may be of, and the part that is resized, in
// floats. `held`: its pixels are; `crops`: these are taken, and not the picture as a whole alone.
double KeptByThread(const LoadedPicture& picture, const ImageShape& target, bool held, bool crops);

// The file of a picture as it was found to be; DataLoss where it was changed since.
absl::StatusOr<std::string> ReadFound(const std::string& path, const LoadedPicture& found);

class FolderPicture : public PictureSource {
 public:
  // `found` is what the picture was found to be. Of `bytes`, its file, and `pixels`, C x H x W, one
  // is empty. All but `bytes` outlives it.
  FolderPicture(const std::string& path, const LoadedPicture& found, std::string bytes,
                const uint8_t* pixels, const PictureTarget& target, const PixelScale& scale);

  int height() const override { return found_.height; }
  int width() const override { return found_.width; }

 private:
  std::string name() const override { return path_; }
  absl::Status MakeCrop(const CropBox& box, int height, int width, Interpolation interpolation,
                        std::vector<float>& values) override;
  absl::Status MakeWhole(std::vector<float>& values) override;
  // The file with its sides divided where its format lets it; what was made stays with the thread
  // until it decodes another one.
  absl::StatusOr<const Picture*> Decode(int reduction);

  const std::string& path_;
  const LoadedPicture& found_;
  std::string bytes_;
  const uint8_t* const pixels_;
  const PictureTarget& target_;
  const PixelScale& scale_;
  const uint64_t serial_;  // no other has it: what a thread has decoded is known by it
};

}  // namespace pretext
