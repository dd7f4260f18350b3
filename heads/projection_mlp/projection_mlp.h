// ProjectionMlp: SimCLR's projection head (Chen et al. 2020, "A simple framework for contrastive
// learning of visual representations", section 2.1 and appendix B.5).
//
//   z = W_k f(… W_2 f(W_1 h)) + b_k        f(x) = ReLU(BN(x)); without hidden_norm ReLU(x + b)
//
// Input: vector. Output: vector of `output` features. Parameters: "0.weight" [hidden, D],
// "0.norm.weight", "0.norm.bias", … "k.weight", "k.bias"; with output_norm "k.norm.weight" instead
// of the bias, and without output_norm_scale neither. PyTorch's default initialisation. Statistics
// over all views' rows or each view's apart: the trainer's choice (ForwardContext::batch_norm).
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/layers/mlp.h"
#include "core/plugin/plugin.h"

namespace pretext {

class ProjectionMlp;  // the config, projection_mlp.proto

class ProjectionMlpHead : public Head {
 public:
  // Faults: layers or a width below 1 or too large, hidden below 0, momentum outside (0, 1],
  // epsilon not above 0, an output's scale taken away that has no normalisation, an input that is
  // no vector.
  static absl::StatusOr<std::unique_ptr<Head>> Create(const ProjectionMlp& config,
                                                      const BuildContext& context);

  // The layers of a config over h of `features`.
  static MlpOptions OptionsOf(const ProjectionMlp& config, int64_t features);

  FlowType output() const override { return output_; }
  Prediction Forward(Tape& tape, Var h, const Batch& batch, const ForwardContext& context) override;

 private:
  FlowType output_;
  MlpLayers layers_;
};

}  // namespace pretext
