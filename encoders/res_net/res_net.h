// ResNet-18, -34, -50 and -101 (He et al. 2015; the last two with the stride in the 3×3
// convolution, "v1.5", as torchvision has them).
//
//   stem     x = ReLU(BN(conv(x))), with the IMAGENET stem then max pooling
//   stages   four of blocks, each y = ReLU(F(x) + s(x)); s is the identity, or a 1×1 convolution
//            with BN where the shape changes; the first block of stages 2 to 4 halves the image
//   h        the average over positions
//
// Input: image C×H×W. Output: vector of 8 · width (18, 34) or 32 · width (50, 101).
//
// Parameters bear torchvision's names: "conv1.weight", "bn1.weight", "layer1.0.conv1.weight", …
// "layer2.0.downsample.0.weight", …
//
// Batch normalisation: training takes the statistics of the batch (of all views together or of each
// apart: the trainer's choice, ForwardContext::batch_norm; SimCLR's paper takes all views together,
// its section 2.2 "global BN"), evaluation the running ones. In bfloat16, on a processor with
// matrix units, evaluation folds them into the weights of blocks of 32 channels and more
// (core/layers/folded_convolution.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/layers/convolution.h"
#include "core/plugin/plugin.h"

namespace pretext {

class ResNet;  // the config, res_net.proto

class ResNetEncoder : public Encoder {
 public:
  // Faults: a depth other than 18, 34, 50, 101; a width outside 1 … 2^24; momentum outside (0, 1];
  // epsilon not above 0; an input that is no image.
  static absl::StatusOr<std::unique_ptr<Encoder>> Create(const ResNet& config,
                                                         const BuildContext& context);

  FlowType output() const override { return FlowType::Vector(features_); }
  Var Forward(Tape& tape, Var x, const Batch& batch, const ForwardContext& context) override;
  // Pictures of as many channels, of any size: the last image is averaged.
  absl::Status Accepts(const FlowType& input) const override;
  std::string chosen() const override { return chosen_; }
  bool has_checkpoints() const override { return true; }
  bool drops() const override { return false; }
  std::vector<ForeignNames> foreign_names() const override { return foreign_names_; }

 private:
  struct ConvNorm {
    ConvLayer conv;
    BatchNormLayer norm;
  };
  // The convolutions of F, all but the last followed by ReLU, and of s if it is not the identity.
  struct Block {
    std::vector<ConvNorm> path;
    std::vector<ConvNorm> shortcut;  // none or one
  };

  struct Builder;
  struct FoldedBlock;

  Var Stem(Tape& tape, Var x, const ForwardContext& context) const;
  static Var Apply(const Block& block, Tape& tape, Var x, const ForwardContext& context);
  Var Evaluate(Tape& tape, Var x, const ForwardContext& context) const;
  // The first of the blocks whose normalisations evaluation folds into their convolutions; all
  // after it are too.
  size_t FirstFolded(Precision precision) const;
  // Those blocks for images of this size.
  std::vector<FoldedBlock> Fold(size_t first, int64_t height, int64_t width) const;

  ConvNorm stem_;
  bool stem_pools_ = false;
  std::vector<Block> blocks_;
  int64_t features_ = 0;
  std::string chosen_;
  std::vector<ForeignNames> foreign_names_;
};

}  // namespace pretext
