// Sketch: z = W h / |W h|, for losses of directions.
//
// Input: vector D. Output: vector of `output` features, of length 1. Parameters: "0.weight"
// [output, D].
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/layers/linear.h"
#include "core/plugin/plugin.h"

namespace custom {

class Sketch;  // the config, sketch.proto

class SketchHead : public pretext::Head {
 public:
  // Faults: a width out of range, an input that is no vector.
  static absl::StatusOr<std::unique_ptr<pretext::Head>> Create(
      const Sketch& config, const pretext::BuildContext& context);

  pretext::FlowType output() const override { return output_; }
  pretext::Prediction Forward(pretext::Tape& tape, pretext::Var h, const pretext::Batch& batch,
                              const pretext::ForwardContext& context) override;

 private:
  pretext::FlowType output_;
  pretext::LinearLayer layer_;
};

}  // namespace custom
