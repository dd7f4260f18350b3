// An augmentation of images that acts with a probability, and leaves the sample as it is otherwise.
//
// The first draw is for whether to act; those of Change follow only when it does.
#pragma once

#include "core/plugin/augmentation.h"

namespace pretext {

class OccasionalAugmentation : public Augmentation {
 public:
  // probability: in [0, 1]. `type`: of the samples before and after.
  OccasionalAugmentation(const FlowType& type, float probability)
      : type_(type), probability_(probability) {}

  FlowType output() const final { return type_; }
  bool is_random() const final {
    return probability_ > 0 && (probability_ < 1 || change_is_random());
  }
  void Apply(Sample& sample, Random& random) const final {
    if (random.Bernoulli(probability_)) Change(sample, random);
  }

 private:
  // What it does when it acts; whether that is another thing every time.
  virtual void Change(Sample& sample, Random& random) const = 0;
  virtual bool change_is_random() const { return true; }

  const FlowType type_;
  const float probability_;
};

}  // namespace pretext
