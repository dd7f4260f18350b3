// AdamW: Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).
//
//   w -= η λ w
//   m = β1 m + (1 - β1) g
//   v = β2 v + (1 - β2) g²
//   w -= η (m / c1) / (√(v / c2) + ε)     c = 1 - β^t, or 1 without bias correction
//
// λ by role: weights and embeddings decay, others only with decay_everything. Steps t from 1.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"
#include "optimizers/adam_family/adam_family.h"

namespace pretext {

class AdamW;  // the config, adam_w.proto

class AdamWOptimizer : public AdamFamily {
 public:
  // Faults: a rate or epsilon that is not above 0, a negative decay, betas outside [0, 1).
  static absl::StatusOr<std::unique_ptr<Optimizer>> Create(const AdamW& config,
                                                           const BuildContext& context);
  using AdamFamily::AdamFamily;
};

}  // namespace pretext
