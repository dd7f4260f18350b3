// Patches: an image as a bag of its patches (the first layer of a vision transformer, Dosovitskiy
// et al. 2021, and nothing behind it).
//
//   h = mean over patches p of tanh(W p + b)
//
// Input: image C×H×W, H and W at least `size`. Output: vector D = width in [-1, 1]. Parameters:
// "patches.weight" [D, C, size, size], "patches.bias" [D].
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/layers/convolution.h"
#include "core/plugin/plugin.h"

namespace pretext {

class Patches;  // the config, patches.proto

class PatchesEncoder : public Encoder {
 public:
  // Faults: a size or a width outside its range, an image smaller than a patch, no image.
  static absl::StatusOr<std::unique_ptr<Encoder>> Create(const Patches& config,
                                                         const BuildContext& context);

  FlowType output() const override { return output_; }
  Var Forward(Tape& tape, Var x, const Batch& batch, const ForwardContext& context) override;

 private:
  FlowType output_;
  ConvLayer layer_;
};

}  // namespace pretext
