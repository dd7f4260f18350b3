// Mlp: a multi-layer perceptron (Hinton and Salakhutdinov 2006, "Reducing the dimensionality of
// data with neural networks", its encoder half).
//
//   h = f'(W_k f(… f(norm(W_1 x + b_1)) …) + b_k)
//
// of the flattened sample x; norm is optional, f' the code's activation.
//
// Input: image C×H×W or vector. Output: vector D = code. Parameters: "0.weight" [hidden_1, C·H·W],
// "0.bias", "0.norm.weight", "0.norm.bias", "1.weight" …
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/layers/mlp.h"
#include "core/plugin/plugin.h"

namespace pretext {

class Mlp;  // the config, mlp.proto

class MlpEncoder : public Encoder {
 public:
  // Faults: a width outside 1 … 2^24, dropout outside [0, 1), an input that
  // is neither an image nor a vector.
  static absl::StatusOr<std::unique_ptr<Encoder>> Create(const Mlp& config,
                                                         const BuildContext& context);

  // The layers of a config over `input` numbers.
  static MlpOptions OptionsOf(const Mlp& config, int64_t input);

  FlowType output() const override { return output_; }
  Var Forward(Tape& tape, Var x, const Batch& batch, const ForwardContext& context) override;
  bool drops() const override { return drops_; }

 private:
  FlowType output_;
  MlpLayers layers_;
  bool drops_ = false;
};

}  // namespace pretext
