// MlpDecoder: linear layers from h back to a clean sample (Hinton and Salakhutdinov 2006, the
// decoder half).
//
//   y = f'(W_k f(… f(W_1 h + b_1) …) + b_k)        f' the output's activation
//
// Input: vector D. Output: the type of the dataset's sample, image C×H×W or vector. Parameters:
// "0.weight" [hidden_1, D], …
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/layers/mlp.h"
#include "core/plugin/plugin.h"

namespace pretext {

class MlpDecoder;  // the config, mlp_decoder.proto

class MlpDecoderHead : public Head {
 public:
  // Faults: a width outside 1 … 2^24, an h that is not a vector, samples that
  // are neither images nor vectors.
  static absl::StatusOr<std::unique_ptr<Head>> Create(const MlpDecoder& config,
                                                      const BuildContext& context);

  // The layers of a config from h of `features` to `sample` numbers.
  static MlpOptions OptionsOf(const MlpDecoder& config, int64_t features, int64_t sample);

  FlowType output() const override { return output_; }
  Prediction Forward(Tape& tape, Var h, const Batch& batch, const ForwardContext& context) override;

 private:
  FlowType output_;
  MlpLayers layers_;
};

}  // namespace pretext
