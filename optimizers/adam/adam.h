// Adam (Kingma and Ba 2015, algorithm 1). Weight decay is L2 in the gradient; AdamW has the
// decoupled kind.
//
//   g += λ w
//   m = β1 m + (1 - β1) g
//   v = β2 v + (1 - β2) g²
//   w -= η (m / (1 - β1^t)) / (√(v / (1 - β2^t)) + ε)
//
// λ by role: weights and embeddings decay, others only with decay_everything. Steps t from 1.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"
#include "optimizers/adam_family/adam_family.h"

namespace pretext {

class Adam;  // the config, adam.proto

class AdamOptimizer : public AdamFamily {
 public:
  // Faults: a rate or epsilon that is not above 0, a negative decay, betas outside [0, 1).
  static absl::StatusOr<std::unique_ptr<Optimizer>> Create(const Adam& config,
                                                           const BuildContext& context);
  using AdamFamily::AdamFamily;
};

}  // namespace pretext
