// RandomErasing: erases a random rectangle of an image, with a probability.
#pragma once

#include <array>
#include <memory>

#include "augmentations/image_sample/image_sample.h"
#include "augmentations/random_erasing/random_erasing.pb.h"
#include "core/augmentation.h"

namespace pretext {

class RandomErasingAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const RandomErasing& config,
                                                              const BuildContext& context);

  RandomErasingAugmentation(const FlowType& type, float probability, const BoxRange& range,
                            const std::array<float, 3>& value, bool noise)
      : type_(type), probability_(probability), range_(range), value_(value), noise_(noise) {}

  FlowType output() const override { return type_; }
  void Apply(Sample& sample, Random& random) const override;

 private:
  const FlowType type_;
  const float probability_;
  const BoxRange range_;
  const std::array<float, 3> value_;  // By channel.
  const bool noise_;
};

}  // namespace pretext
