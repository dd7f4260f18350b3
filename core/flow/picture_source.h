// A picture of its own size, as a dataset hands it to what cuts a part out of it.
//
// An augmentation that takes its part from the picture as it is (Augmentation::takes_source) loses
// nothing to a copy that was made smaller first, and needs no more of it decoded than the part and
// its size ask for. It serves one sample on one thread.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/flow/batch.h"
#include "kernels/image/resize.h"

namespace pretext {

class PictureSource {
 public:
  virtual ~PictureSource() = default;

  // Of the picture, upright.
  virtual int height() const = 0;
  virtual int width() const = 0;

  // values (C x height x width of the dataset's channels, in its scale) = the box, resized,
  // antialiased. After a failure, which status() says, they are zeros.
  void Crop(const CropBox& box, int height, int width, Interpolation interpolation,
            std::vector<float>& values);
  // The sample as the dataset gives it where nothing is cut out: cut and resized by its rule.
  void Whole(std::vector<float>& values);

  // The first failure, by name: a file that is gone or damaged, or for which there is no memory.
  const absl::Status& status() const { return status_; }

 private:
  // What messages call the picture.
  virtual std::string name() const = 0;
  virtual absl::Status MakeCrop(const CropBox& box, int height, int width,
                                Interpolation interpolation, std::vector<float>& values) = 0;
  virtual absl::Status MakeWhole(std::vector<float>& values) = 0;
  void Make(absl::FunctionRef<absl::Status()> make, std::vector<float>& values);

  absl::Status status_;
};

// Makes the values of a fetched sample, if they are not there yet.
absl::Status MakeValues(Sample& sample);

}  // namespace pretext
