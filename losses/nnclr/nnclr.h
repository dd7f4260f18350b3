// Nnclr: nearest-neighbour contrastive learning (Dwibedi et al. 2021, "With a little help from my
// friends: nearest-neighbor contrastive learning of visual representations", equations 2 to 4), the
// mean over pairs of a view v of the prediction p and another view t of the target z:
//
//   L = -1/(P N) Σ_{(v,t), t≠v} Σ_n log [ exp(m_tn·p_vn / τ) / Σ_i exp(m_tn·p_vi / τ) ]
//
// p_vn, z_tn of length 1 here; m_tn the row of the queue [K, D] with the largest product with z_tn.
// As solo-learn has it; lightly compares m and p as NT-Xent does, with negatives of both. After the
// step the first target view's z enter the queue, one view of each sample, as in the paper's
// algorithm and in both.
//
// Prediction and target: vectors of D. Gradient: to the prediction alone. Buffers: "queue" [K, D],
// at first random directions, and "queue_place" [2].
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"
#include "losses/queue/embedding_queue.h"

namespace pretext {

class Nnclr;  // the config, nnclr.proto

class NnclrLoss : public Loss {
 public:
  // Faults: rows below 1 or too many, a temperature below 1e-4, no target, no two views that
  // differ, a prediction that is not a vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const Nnclr& config,
                                                      const BuildContext& context);
  NnclrLoss(int64_t rows, int64_t features, float temperature);

  void BeginStep(const RunPosition&) override { queue_.Forget(); }
  // Metrics: "accuracy", how often the neighbour's own prediction is the nearest; and
  // "neighbour_cosine", how near the neighbours are.
  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  bool takes_target() const override { return true; }
  void AfterStep() override { queue_.Enter(); }
  int64_t least_samples() const override { return 2; }

  // ln N: all similarities the same.
  std::optional<double> Chance(int64_t samples, int64_t views) const override;
  // The own neighbour the same, the others at right angles.
  std::optional<double> Floor(int64_t samples, int64_t views) const override;

 private:
  const float temperature_;
  EmbeddingQueue queue_;
};

}  // namespace pretext
