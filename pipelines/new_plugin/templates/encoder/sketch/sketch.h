// Sketch: h = tanh(W x + b), W of shape [D, C·H·W].
//
// Input: image C×H×W or vector. Output: vector D = code, within [-1, 1]. Parameters: "0.weight",
// "0.bias".
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/layers/linear.h"
#include "core/plugin/plugin.h"

namespace custom {

class Sketch;  // the config, sketch.proto

class SketchEncoder : public pretext::Encoder {
 public:
  // Faults: a width out of range, an input that is neither an image nor a vector.
  static absl::StatusOr<std::unique_ptr<pretext::Encoder>> Create(
      const Sketch& config, const pretext::BuildContext& context);

  pretext::FlowType output() const override { return output_; }
  pretext::Var Forward(pretext::Tape& tape, pretext::Var x, const pretext::Batch& batch,
                       const pretext::ForwardContext& context) override;

 private:
  pretext::FlowType output_;
  pretext::LinearLayer layer_;
};

}  // namespace custom
