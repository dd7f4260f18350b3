// RandomApply: all of its augmentations, one after another, or none
// (torchvision.transforms.RandomApply).
//
// Input and output: the same type, since they may be left out. Draws: one, for whether to act; then
// what the augmentations draw. In evaluation: what the augmentations do there, unless they never
// act.
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

  RandomApplyAugmentation(const FlowType& output, float probability, AugmentationChain chain)
      : output_(output), probability_(probability), chain_(std::move(chain)) {}

  FlowType output() const override { return output_; }
  bool is_random() const override {
    return probability_ > 0 && (probability_ < 1 || chain_.is_random());
  }
  void Apply(Sample& sample, Random& random) const override;
  void ApplyInEvaluation(Sample& sample) const override;

 private:
  const FlowType output_;
  const float probability_;
  const AugmentationChain chain_;
};

}  // namespace pretext
