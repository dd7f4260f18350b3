// MaskedPatchError: the mean squared error at the masked patches (He et al. 2021, "Masked
// autoencoders are scalable vision learners", section 3; facebookresearch/mae, models_mae.py,
// forward_loss).
//
//   L = 1/(M E) Σ_m Σ_e (z_me - t_me)²         t = (x - mean(x)) / √(var(x) + ε) by patch
//
// over the M masked patches of all rows, of E = P·P·C numbers; var is unbiased (over E - 1).
// Without `normalize` t = x. Prediction: sequence (L - K)×E, as MaeDecoder gives it. Target: the
// picture of that view, after its augmentations, in MAE's order (row, column, channel). Weight: M.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class MaskedPatchError;  // the config, masked_patch_error.proto

class MaskedPatchErrorLoss : public Loss {
 public:
  // Faults: pictures without masked patches, a prediction that is not of these, ε not above 0.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const MaskedPatchError& config,
                                                      const BuildContext& context);

  MaskedPatchErrorLoss(int64_t patch, bool normalize, double epsilon)
      : patch_(patch), normalize_(normalize), epsilon_(epsilon) {}

  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  bool by_sample() const override { return true; }

 private:
  // t of patch `number` (row·L + patch) of pictures [R, C, H, W].
  void Target(const Tensor& pictures, int64_t number, float* target) const;

  const int64_t patch_;
  const bool normalize_;
  const double epsilon_;
};

}  // namespace pretext
