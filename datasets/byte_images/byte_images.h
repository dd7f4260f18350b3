// Images of one size as bytes in memory, in a training and a test split:
// what datasets of pictures share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/flow/batch.h"
#include "core/flow/picture_preparation.h"
#include "core/plugin/dataset.h"
#include "datasets/image_scaling/image_scaling.h"

namespace pretext {

// "50,000 + 10,000 images 3×32×32, 10 classes, pixel mean 0.4914 0.4822 0.4465, deviation …";
// classes 0: "no labels".
std::string ImagesSummary(int64_t train, int64_t test, const FlowType& type, int64_t classes,
                          const PixelStatistics& statistics);

// How a picture becomes an image of that type, where it is cropped to fit and lies on white.
// Without statistics: nothing where the scaling depends on them.
std::optional<PicturePreparation> PreparationOf(const FlowType& type, const ImageScaling& scaling,
                                                PixelStatistics statistics);

class ByteImages {
 public:
  struct Part {
    std::vector<uint8_t> pixels;  // N x C x H x W
    std::vector<int32_t> labels;  // N, or none
  };

  // What Set will hold of so many pictures. `test` 0: that fraction of the training images.
  static DatasetExtent Extent(const FlowType& type, int64_t train, int64_t test, double held_out);

  // `type` is an image. Where there is no test part, that fraction of the training images becomes
  // the test split, chosen by the seed, of each class its share.
  void Set(const FlowType& type, Part train, Part test, double held_out, uint64_t held_out_seed,
           const ImageScaling& scaling);

  // Before Set: scaled as another data's pictures, in place of by the statistics of these
  // (Dataset::PrepareAs).
  absl::Status PrepareAs(const ImageScaling& scaling, const PicturePreparation& preparation);

  int64_t size(Split split) const { return static_cast<int64_t>(rows_[At(split)].size()); }
  void Read(Split split, int64_t index, Sample& sample) const;
  SampleSum Sum(Split split, int64_t index) const;
  int32_t Label(Split split, int64_t index) const { return LabelOf(Row(split, index)); }

  // How a picture becomes such an image, where it is cropped to fit and lies on white. Nothing
  // before Set where the scaling depends on the pixels.
  std::optional<PicturePreparation> preparation(const FlowType& type,
                                                const ImageScaling& scaling) const {
    return PreparationOf(type, scaling, statistics_);
  }

  std::string Summary(int64_t classes) const {
    return ImagesSummary(size(Split::kTrain), size(Split::kTest), type_, classes, statistics_);
  }

 private:
  static int At(Split split) { return split == Split::kTrain ? 0 : 1; }
  int64_t Row(Split split, int64_t index) const {
    return rows_[At(split)][static_cast<size_t>(index)];
  }
  int32_t LabelOf(int64_t row) const {
    return images_.labels.empty() ? -1 : images_.labels[static_cast<size_t>(row)];
  }

  FlowType type_;
  Part images_;                   // training images, then test images
  std::vector<int64_t> rows_[2];  // by split: where its images lie
  PixelStatistics statistics_;    // of the training split
  std::optional<PixelScale> given_;
  PixelScale scale_;
};

}  // namespace pretext
