// DinoHead: DINO's projection head (Caron et al. 2021, "Emerging properties in self-supervised
// vision transformers", section 3.1 and appendix C).
//
//   u = W_l f(… f(W_1 h + b_1)) + b_l     f = GELU, or GELU(BN(x)) with hidden_norm
//   z = V̄ u/|u|                           V̄_k = V_k / |V_k|: weight norm, its gain fixed at 1
//
// so each of the K scores is a cosine, in [-1, 1]. Input: vector. Output: vector of K. Parameters,
// named as facebookresearch/dino's: "mlp.0.weight" [hidden, D], "mlp.0.bias", "mlp.2.weight" …
// (with hidden_norm "mlp.1.weight", "mlp.3.weight" …; with one layer "mlp.weight"), and
// "last_layer.weight_v" [K, bottleneck]. Theirs has "last_layer.weight_g" too, all 1. Initially:
// normal weights of deviation 0.02 and biases 0, the last layer uniform (their code's). For the
// first epoch they hold the last layer fast: freeze "head.last_layer" for it.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/layers/linear.h"
#include "core/ops/batch_norm.h"
#include "core/plugin/plugin.h"

namespace pretext {

class DinoHead;  // the config, dino.proto

class DinoHeadPlugin : public Head {
 public:
  // Faults: a number of layers or a width below 1 or too large, momentum outside (0, 1], epsilon
  // not above 0, an input that is no vector.
  static absl::StatusOr<std::unique_ptr<Head>> Create(const DinoHead& config,
                                                      const BuildContext& context);
  DinoHeadPlugin(const DinoHead& config, int64_t features);

  FlowType output() const override { return output_; }
  Prediction Forward(Tape& tape, Var h, const Batch& batch, const ForwardContext& context) override;

 private:
  struct Layer {
    LinearLayer linear;
    BatchNormLayer norm;  // of none in the last, and without hidden_norm
  };

  FlowType output_;
  std::vector<Layer> layers_;
  Parameter* directions_;  // V
};

}  // namespace pretext
