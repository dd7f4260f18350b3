// Swav: swapped assignments between views (Caron et al. 2020, "Unsupervised learning of visual
// features by contrasting cluster assignments", equations 1 to 4 and appendix A), the mean over
// pairs of a view v and a target view t:
//
//   s_v = z_v Cᵀ                                     z, C of rows of length 1
//   Q_t = Sinkhorn(s_t / ε)                          losses/swav/sinkhorn.h, no gradient
//   L   = -1/(P N) Σ_{(v,t), t≠v} Σ_n Σ_k Q_tnk log softmax(s_vn / τ)_k
//
// Views that are no target views (small crops) predict, and are not predicted. Codes are of the
// target's vectors where there is a teacher or a predictor, else of the prediction's own.
//
// Parameter: "prototypes" [K, D], directions drawn at random; after each step put back to length 1,
// as the authors and lightly do before each pass (solo-learn divides by the length within the pass:
// the same directions of descent at first order). Frozen, they stay as they are. Buffers, with
// queue_rows: "queue.T" [rows, D] and "queue.T_place" of the T-th target view; it fills from the
// first step on and is used when it is full and the epoch has come. solo-learn's is used from its
// epoch on, full or not; the authors' fills only from then on.
//
// Prediction: vector D. Gradient: to prediction and prototypes.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"
#include "losses/queue/embedding_queue.h"

namespace pretext {

class Swav;  // the config, swav.proto

class SwavLoss : public Loss {
 public:
  struct Options {
    int64_t prototypes, features, targets;  // K, D, V'
    float temperature, epsilon;
    int64_t rounds;
    int64_t queue_rows = 0;
    double queue_start_epoch = 0;
  };
  // Faults: a number of prototypes, rounds or queue rows out of its range, a temperature or ε that
  // is not at least 1e-4, a negative epoch, no two views that differ, a target view that is not
  // given to the encoder, a target of another width, a prediction that is not a vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const Swav& config,
                                                      const BuildContext& context);
  explicit SwavLoss(const Options& options);

  void BeginStep(const RunPosition& position) override;
  // Metric: "used_prototypes", the exponential of the entropy of all codes' mean: 1 to K.
  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  bool takes_target() const override { return true; }
  // The codes are made of the prediction itself, and no gradient goes through them.
  bool stops_gradient() const override { return true; }
  void AfterStep() override;
  // One sample would have to use all prototypes equally.
  int64_t least_samples() const override { return 2; }
  std::string Unreached(double epochs, double samples) const override;

  // ln K: all prototypes as likely.
  std::optional<double> Chance(int64_t samples, int64_t views) const override;

 private:
  Tensor Codes(const std::vector<Tensor>& targets) const;

  const Options options_;
  Parameter* prototypes_;
  std::vector<EmbeddingQueue> queues_;  // one a target view
  bool epoch_has_come_ = false;
};

}  // namespace pretext
