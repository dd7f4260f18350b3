// Pictures as the encoder's dataset would have given them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/flow/batch.h"
#include "datasets/image_folder/picture_loader.h"
#include "datasets/image_scaling/image_scaling.h"
#include "pipelines/encoder/trained_encoder.h"

namespace pretext {

class PictureSamples {
 public:
  // InvalidArgument where the encoder does not take pictures, or nothing says how a file becomes
  // its input.
  static absl::StatusOr<PictureSamples> Create(const TrainedEncoder& trained);

  const FlowType& type() const { return type_; }

  // Sample i of bytes [N, C, H, W].
  void FromBytes(const uint8_t* pixels, Sample& sample) const;
  // Of values [C, H, W] in [0, 1], as bytes / 255.
  void FromUnit(const float* pixels, Sample& sample) const;
  // Appends a sample for each file that can be read, and its place in `paths` to `read`. `faults`,
  // one a path, says of each other what is wrong, which begins with the path. On all threads.
  void FromFiles(const std::vector<std::string>& paths, std::vector<Sample>& samples,
                 std::vector<size_t>& read, std::vector<absl::Status>& faults) const;

 private:
  FlowType type_;
  PictureTarget target_;
  PixelScale scale_;
};

}  // namespace pretext
