// Images of random pixels, uniform in [0, 1), as a dataset for timing: a shape without its files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/plugin/plugin.h"

namespace pretext {

class RandomImages;  // the config, random_images.proto

class RandomImagesDataset : public Dataset {
 public:
  // Faults: extents that are not positive.
  static absl::StatusOr<std::unique_ptr<Dataset>> Create(const RandomImages& config,
                                                         const BuildContext& context);
  RandomImagesDataset(FlowType type, int64_t samples) : type_(type), samples_(samples) {}

  FlowType type() const override { return type_; }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split split) const override { return split == Split::kTrain ? samples_ : 0; }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override;
  std::string Summary() const override;

 private:
  const FlowType type_;
  const int64_t samples_;
};

}  // namespace pretext
