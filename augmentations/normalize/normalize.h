// Normalize: shifts and scales the channels of an image (torchvision.transforms.Normalize).
//
//   y[c, i, j] = (x[c, i, j] - mean[c]) / deviation[c]
//
// Input and output: image C×H×W of 1 or 3 channels; the result is not clipped. Draws nothing, and
// acts in evaluation too.
#pragma once

#include <array>
#include <memory>

#include "augmentations/normalize/normalize.pb.h"
#include "core/plugin/augmentation.h"

namespace pretext {

class NormalizeAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const Normalize& config,
                                                              const BuildContext& context);

  NormalizeAugmentation(const FlowType& type, const std::array<float, 3>& mean,
                        const std::array<float, 3>& deviation)
      : type_(type), mean_(mean), deviation_(deviation) {}

  FlowType output() const override { return type_; }
  bool is_random() const override { return false; }
  void Apply(Sample& sample, Random&) const override { ApplyInEvaluation(sample); }
  void ApplyInEvaluation(Sample& sample) const override;

 private:
  const FlowType type_;
  const std::array<float, 3> mean_, deviation_;  // By channel.
};

}  // namespace pretext
