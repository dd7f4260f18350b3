// OneOf: one of several chains of augmentations, by weight.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "augmentations/chain/chain.h"
#include "augmentations/one_of/one_of.pb.h"
#include "core/augmentation.h"

namespace pretext {

class OneOfAugmentation : public Augmentation {
 public:
  struct Choice {
    double bound;  // The probability of this choice or one before it.
    AugmentationChain chain;
  };

  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const OneOf& config,
                                                              const BuildContext& context);

  explicit OneOfAugmentation(std::vector<Choice> choices) : choices_(std::move(choices)) {}

  FlowType output() const override { return choices_.front().chain.output(); }
  void Apply(Sample& sample, Random& random) const override;
  // The first choice's.
  void ApplyInEvaluation(Sample& sample) const override {
    choices_.front().chain.ApplyInEvaluation(sample);
  }

 private:
  const std::vector<Choice> choices_;  // Those of weight above 0.
};

}  // namespace pretext
