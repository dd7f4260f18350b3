// Dino: self-distillation (Caron et al. 2021, "Emerging properties in self-supervised vision
// transformers", equations 1 to 4 and algorithm 1), the mean over pairs of a view v of the
// student's scores s and another view t of the teacher's scores g:
//
//   P_t = softmax((g_t - c) / τ_t)
//   L   = -1/(P N) Σ_{(v,t), t≠v} Σ_n Σ_k P_tnk log softmax(s_vn / τ_s)_k
//
// After the step c becomes m c + (1 - m) · the mean of the teacher's scores over all its rows of
// the step. The authors' and solo-learn's temperature rises from epoch to epoch; here it does from
// step to step.
//
// Prediction and target: vectors of K scores. Views that the teacher does not see (small crops)
// predict, and are not predicted. Gradient: to the prediction alone. Buffer: "center" [K], at first
// 0; frozen it stays as it is.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class Dino;  // the config, dino.proto

class DinoLoss : public Loss {
 public:
  struct Options {
    int64_t scores;  // K
    float student_temperature;
    RampSchedule teacher_temperature;
    float center_momentum;
    bool center;
  };
  // Faults: a temperature below 1e-4 (or, the teacher's, beyond 100), a momentum outside [0, 1), no
  // target, no two views that differ, a prediction that is not a vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const Dino& config,
                                                      const BuildContext& context);
  explicit DinoLoss(const Options& options);

  void BeginStep(const RunPosition& position) override;
  // Metrics: "teacher_entropy", the mean of P's, ln K where the teacher says nothing and 0 where it
  // says one thing; "teacher_temperature"; "used_scores", the exponential of the entropy of P's
  // mean: 1, where the teacher says the same of every sample, to K.
  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  bool takes_target() const override { return true; }
  void AfterStep() override;
  std::vector<std::pair<std::string, RampSchedule>> ramps() const override {
    return {{"teacher_temperature", options_.teacher_temperature}};
  }

  // ln K: all scores the same.
  std::optional<double> Chance(int64_t samples, int64_t views) const override;
  std::optional<double> Floor(int64_t, int64_t) const override { return 0.0; }

 private:
  const Options options_;
  Buffer* center_ = nullptr;  // null without
  float temperature_;         // the teacher's
  Tensor sum_;                // [K] of the teacher's scores since the step began
  int64_t rows_ = 0;          // of it
};

}  // namespace pretext
