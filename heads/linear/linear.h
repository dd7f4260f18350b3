// LinearHead: z = W h + b. Input: vector. Output: vector of `output` features. Parameters:
// "0.weight" [output, D], "0.bias"; PyTorch's default initialisation.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/layers/linear.h"
#include "core/plugin/plugin.h"

namespace pretext {

class LinearHead;  // the config, linear.proto

class LinearHeadPlugin : public Head {
 public:
  // Faults: a width outside 1 … 2^24, an input that is no vector.
  static absl::StatusOr<std::unique_ptr<Head>> Create(const LinearHead& config,
                                                      const BuildContext& context);

  FlowType output() const override { return output_; }
  Prediction Forward(Tape& tape, Var h, const Batch& batch, const ForwardContext& context) override;

 private:
  FlowType output_;
  LinearLayer layer_;
};

}  // namespace pretext
