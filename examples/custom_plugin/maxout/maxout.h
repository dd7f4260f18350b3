// Maxout encoder: h = W z_k + b of hidden layers z_i, u = max over k < K of (W_i z_(i-1) + b_i) at
// row u·K + k (Goodfellow et al. 2013, equations 1 and 2).
//
// Input: image C×H×W or vector. Output: vector D = code. Parameters: "0.weight" [hidden_1·K,
// C·H·W], "0.bias", "1.weight" …
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/layers/linear.h"
#include "core/plugin/plugin.h"

namespace custom {

class Maxout;  // the config, maxout.proto

class MaxoutEncoder : public pretext::Encoder {
 public:
  // Faults: a width or a number of pieces out of range, an input that is neither
  // an image nor a vector.
  static absl::StatusOr<std::unique_ptr<pretext::Encoder>> Create(
      const Maxout& config, const pretext::BuildContext& context);

  pretext::FlowType output() const override { return output_; }
  pretext::Var Forward(pretext::Tape& tape, pretext::Var x, const pretext::Batch& batch,
                       const pretext::ForwardContext& context) override;

 private:
  pretext::FlowType output_;
  int64_t pieces_ = 0;
  std::vector<pretext::LinearLayer> layers_;
};

}  // namespace custom
