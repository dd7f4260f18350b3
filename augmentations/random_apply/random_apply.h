// RandomApply: all of its augmentations, one after another, or none
// (torchvision.transforms.RandomApply).
//
// Input and output: the same type, since they may be left out. Draws: one, for whether to act; then
// what the augmentations draw. In evaluation the sample stays as it is.
#pragma once

#include <memory>
#include <utility>

#include "augmentations/chain/chain.h"
#include "augmentations/random_apply/random_apply.pb.h"
#include "core/plugin/augmentation.h"

namespace pretext {

class RandomApplyAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const RandomApply& config,
                                                              const BuildContext& context);

  RandomApplyAugmentation(float probability, AugmentationChain chain)
      : probability_(probability), chain_(std::move(chain)) {}

  FlowType output() const override { return chain_.output(); }
  void Apply(Sample& sample, Random& random) const override;

 private:
  const float probability_;
  const AugmentationChain chain_;
};

}  // namespace pretext
