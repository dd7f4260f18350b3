// Augmentation: a random change of a sample, made anew for every view of every epoch.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/random/random.h"
#include "core/flow/batch.h"
#include "core/flow/flow_type.h"
#include "core/plugin/build_context.h"

namespace pretext {

// Registers with PRETEXT_REGISTER_AUGMENTATION(Class, ConfigMessage); has
//   static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const ConfigMessage& config,
//                                                               const BuildContext& context);
// The framework calls Apply for many samples at once, one thread a sample.
class Augmentation {
 public:
  virtual ~Augmentation() = default;

  // The type of a sample after it (a resize changes it); BuildContext::input is the type before.
  virtual FlowType output() const = 0;

  // Whether, as the first of a chain, it takes its part from the picture as it is, where the
  // dataset has it (Sample::source), in place of the values. Those after it are given values alone.
  virtual bool takes_source() const { return false; }

  // False: Apply does the same to a sample in every view, whatever it draws.
  virtual bool is_random() const { return true; }

  // Changes the sample in place. Thread-safe; all randomness comes from `random`, whose stream is
  // keyed by (seed, epoch, sample, view and place in the chain).
  virtual void Apply(Sample& sample, Random& random) const = 0;

  // What of it remains in evaluation, where nothing is random: a resize or a normalisation, without
  // which the encoder would be given another size or scale than it was trained on. Thread-safe.
  virtual void ApplyInEvaluation(Sample&) const {}
};

// Whether the chain's first does. One that could not be built is null.
inline bool TakesSource(const std::vector<const Augmentation*>& chain) {
  return !chain.empty() && chain.front() != nullptr && chain.front()->takes_source();
}

}  // namespace pretext
