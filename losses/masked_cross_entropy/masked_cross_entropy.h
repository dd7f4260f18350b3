// MaskedCrossEntropy: the cross-entropy at the masked positions (Devlin et al. 2018, appendix A.2),
// in nats, the mean over the M of them.
//
//   L = -1/M Σ_m log softmax(t_m Wᵀ + c)[id_m]
//
// t [M, D] is the head's, W [K, D] and c [K] are its decoder, id_m is the token that was masked.
// Gradients with respect to t, W and c. The scores [M, K] are formed a block at a time
// (kernels/softmax_cross_entropy). A batch without masked positions
// has loss 0 and weight 0. Metric: "accuracy", the share of positions where the token has the
// highest score. Chance: ln K.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class MaskedCrossEntropy;  // the config, masked_cross_entropy.proto

class MaskedCrossEntropyLoss : public Loss {
 public:
  // Faults: a head that does not give token scores.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const MaskedCrossEntropy& config,
                                                      const BuildContext& context);

  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  bool by_sample() const override { return true; }
  std::optional<double> Chance(int64_t samples, int64_t views) const override;

 private:
  int64_t vocabulary_ = 0;
};

}  // namespace pretext
