// SupCon: the supervised contrastive loss (Khosla et al. 2020, equation 2, L_out), the mean over
// the rows that have positives.
//
//   s_ij = cos(z_i, z_j) / τ
//   L    = mean_i [ log Σ_{j≠i} exp(s_ij) - 1/|P(i)| Σ_{p∈P(i)} s_ip ]
//
// P(i): the other rows of row i's label, its own other views among them. A sample of unknown label
// (-1) has only its own views. Without any positive in the batch the loss is 0. The reference
// implementation multiplies by τ / 0.07, by default 1. Prediction: vector D, of any length. One
// view or more. Gradient: to the prediction.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class SupCon;  // the config, sup_con.proto

class SupConLoss : public Loss, private LossOfBlocks {
 public:
  // Faults: a temperature below 1e-4, a dataset without labels, a prediction that is not a vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const SupCon& config,
                                                      const BuildContext& context);
  explicit SupConLoss(float temperature) : temperature_(temperature) {}

  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  int64_t least_samples() const override { return 2; }
  const LossOfBlocks* of_blocks() const override { return this; }

  // ln(R - 1): all similarities the same.
  std::optional<double> Chance(int64_t samples, int64_t views) const override;

 private:
  LossResult ComputeBlock(Tape& tape, const Prediction& prediction, const Batch& batch,
                          int64_t samples, BlockMember& member) const override;

  const float temperature_;
  std::vector<int32_t> classes_;  // of the batch's samples; kept for its memory
};

}  // namespace pretext
