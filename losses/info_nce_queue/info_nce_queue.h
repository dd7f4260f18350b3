// InfoNceQueue: MoCo's loss (He et al. 2020, "Momentum contrast for unsupervised visual
// representation learning", equation 1 and algorithm 1), the mean over pairs of a view v of the
// prediction q and another view t of the target k, all of them of length 1 here:
//
//   s = q_vn·k_tn / τ
//   L = 1/(P N) Σ_{(v,t), t≠v} Σ_n [ log( exp(s) + Σ_j exp(q_vn·m_j / τ) ) - s ]
//
// m [K, D] the queue. Negatives are the queue's rows alone, not the batch's. After the step the
// keys enter it: those of every view that was a key, view after view. All pairs see the queue as it
// was before the step. So does the authors' symmetric demonstration (whose loss is the sum over the
// two pairs, twice this). solo-learn keeps a queue for
// each view; lightly's second pair sees the first pair's keys, other views of its own samples among
// its negatives. A batch of another size needs no care: the queue goes round its end.
//
// Prediction and target: vectors of D. Gradient: to the prediction alone. Buffers: "queue" [K, D],
// at first random directions, and "queue_place" [2].
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"
#include "losses/queue/embedding_queue.h"

namespace pretext {

class InfoNceQueue;  // the config, info_nce_queue.proto

class InfoNceQueueLoss : public Loss {
 public:
  // Faults: rows below 1 or too many, a temperature below 1e-4, no target, no two views that
  // differ, a prediction that is not a vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const InfoNceQueue& config,
                                                      const BuildContext& context);
  struct Options {
    int64_t rows, features;
    float temperature;
    bool symmetric;
  };
  explicit InfoNceQueueLoss(const Options& options);

  void BeginStep(const RunPosition&) override { queue_.Forget(); }
  // Metric: "accuracy", how often the own key is nearer than the whole queue.
  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  bool takes_target() const override { return true; }
  void AfterStep() override { queue_.Enter(); }

  // ln(1 + K): all similarities the same.
  std::optional<double> Chance(int64_t samples, int64_t views) const override;
  // The own key the same, the queue at right angles.
  std::optional<double> Floor(int64_t samples, int64_t views) const override;

 private:
  const Options options_;
  EmbeddingQueue queue_;
};

}  // namespace pretext
