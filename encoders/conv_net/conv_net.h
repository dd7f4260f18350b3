// ConvNet: a plain convolutional network.
//
//   x ← f(BN(x * w))        for each convolution; without batch_norm f(x * w + b)
//   h = f'(W x + b)         of the flattened (or averaged) image, f' the code's activation
//
// Input: image C×H×W. Output: vector of `code` features, or of the last image's. Parameters:
// "conv0.weight" [O, C, K, K], "conv0.bias" or "norm0.weight", "norm0.bias" …, "code.weight",
// "code.bias"; PyTorch's default initialisation.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/layers/convolution.h"
#include "core/layers/linear.h"
#include "core/plugin/plugin.h"

namespace pretext {

class ConvNet;  // the config, conv_net.proto

class ConvNetEncoder : public Encoder {
 public:
  // Faults: no channels, sizes outside 1 … 2^24, padding below 0 or not below the kernel, neither
  // one stride nor one for each convolution, an image that has become smaller than the kernel,
  // momentum outside (0, 1], epsilon not above 0, an input that is no image.
  static absl::StatusOr<std::unique_ptr<Encoder>> Create(const ConvNet& config,
                                                         const BuildContext& context);

  // Of a convolution: the config gives one for each, one for all, or none for 2.
  static int64_t StrideOf(const ConvNet& config, int layer);

  FlowType output() const override { return output_; }
  Var Forward(Tape& tape, Var x, const Batch& batch, const ForwardContext& context) override;
  bool drops() const override { return false; }

 private:
  struct Layer {
    ConvLayer conv;
    BatchNormLayer norm;  // scale is null without
  };

  FlowType output_;
  std::vector<Layer> layers_;
  Activation activation_ = Activation::kRelu;
  bool average_pool_ = false;
  LinearLayer code_;  // weight is null without
  Activation code_activation_ = Activation::kIdentity;
};

}  // namespace pretext
