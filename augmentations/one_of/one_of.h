// OneOf: one of several chains of augmentations, by weight
// (torchvision.transforms.RandomChoice with p).
//
//   P(choice i) = weight_i / Σ_j weight_j
//
// Input: whatever the choices take. Output: what they give, the same for all. Draws: one, for the
// choice; then the choice's own. In evaluation: the first choice of a weight above 0.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "augmentations/chain/chain.h"
#include "augmentations/one_of/one_of.pb.h"
#include "core/plugin/augmentation.h"

namespace pretext {

class OneOfAugmentation : public Augmentation {
 public:
  struct Choice {
    double bound;  // The probability of this choice or one before it.
    AugmentationChain chain;
  };

  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const OneOf& config,
                                                              const BuildContext& context);

  OneOfAugmentation(const FlowType& output, std::vector<Choice> choices)
      : output_(output), choices_(std::move(choices)) {}

  FlowType output() const override { return output_; }
  bool is_random() const override {
    return choices_.size() > 1 || choices_.front().chain.is_random();
  }
  void Apply(Sample& sample, Random& random) const override;
  // The first choice's.
  void ApplyInEvaluation(Sample& sample) const override {
    choices_.front().chain.ApplyInEvaluation(sample);
  }

 private:
  const FlowType output_;
  const std::vector<Choice> choices_;  // Those of weight above 0.
};

}  // namespace pretext
