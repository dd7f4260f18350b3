// ConvDecoder: from h back to an image, the convolutional decoder of an autoencoder.
//
//   x ← f(BN(W h + b))          as an image of channels[0]
//   x ← f(BN(x *ᵀ w + b))       for each transposed convolution; the last has no BN, and the
//                               output's activation for f
//
// Each image's size is what a convolution of this kernel, stride and padding makes of the next
// one's; the last is the sample's, so that any size is rebuilt exactly. Input: vector. Output: the
// sample's image C×H×W. Parameters: "code.weight", "code.bias", "conv0.weight" [C, O, K, K],
// "conv0.bias", …, with batch_norm "norm.weight" … after the linear layer and "norm0.weight" …
// after the convolutions; PyTorch's default initialisation.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/layers/linear.h"
#include "core/ops/image.h"
#include "core/plugin/plugin.h"

namespace pretext {

class ConvDecoder;  // the config, conv_decoder.proto

class ConvDecoderHead : public Head {
 public:
  // Faults: no channels, sizes outside 1 … 2^24, padding below 0 or not below the kernel, a sample
  // too small for so many layers, momentum outside (0, 1], epsilon not above 0, an input that is no
  // vector, a sample that is no image.
  static absl::StatusOr<std::unique_ptr<Head>> Create(const ConvDecoder& config,
                                                      const BuildContext& context);

  // The images between the layers, smallest first, the sample last: one more than channels. None
  // when the sample is too small for so many layers, it alone when it is no image.
  static std::vector<FlowType> ImagesOf(const ConvDecoder& config, const FlowType& sample);

  FlowType output() const override { return output_; }
  Prediction Forward(Tape& tape, Var h, const Batch& batch, const ForwardContext& context) override;

 private:
  struct Layer {
    Parameter* weight = nullptr;
    Parameter* bias = nullptr;  // null with a norm
    ConvTransposeOptions options;
    BatchNormLayer norm;  // scale is null without
    Activation activation = Activation::kIdentity;
  };

  FlowType output_;
  FlowType smallest_;  // the image that the linear layer makes
  LinearLayer code_;
  BatchNormLayer code_norm_;  // scale is null without
  Activation code_activation_ = Activation::kIdentity;
  std::vector<Layer> layers_;
};

}  // namespace pretext
