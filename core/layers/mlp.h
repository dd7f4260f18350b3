// A stack of linear layers, all but the last with normalisation, an activation and dropout after
// them: what the MLP encoder, the MLP decoder and the projection MLP share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/autograd/forward_context.h"
#include "core/layers/linear.h"
#include "core/ops/batch_norm.h"
#include "core/ops/sequence.h"

namespace pretext {

// Between a hidden linear layer and its activation.
enum class MlpNormalization : uint8_t {
  kNone,
  kBatch,  // BatchNorm over the rows; the linear layer has no bias, which the mean would remove
  kLayer,  // LayerNorm over the features
};

struct MlpOptions {
  std::vector<int64_t> widths;                // input, hidden ..., output: at least two
  Activation activation = Activation::kRelu;  // after every hidden layer
  Activation output_activation = Activation::kIdentity;
  MlpNormalization normalization = MlpNormalization::kNone;  // of every hidden layer
  bool output_batch_norm = false;                            // BatchNorm without β of the output
  bool output_norm_scale = true;                             // which has a γ
  float norm_epsilon = 1e-5f;
  float norm_momentum = 0.1f;        // of BatchNorm's running statistics
  float dropout = 0;                 // after every hidden activation
  uint32_t first_dropout_layer = 0;  // numbers the masks' streams
};

class MlpLayers {
 public:
  MlpLayers() = default;
  // Declares "0.weight", "0.bias", "0.norm.weight" ..., "1.weight" ... in `set`.
  MlpLayers(ParameterSet& set, MlpOptions options);

  // x [R, widths.front()] -> [R, widths.back()]
  Var Forward(Tape& tape, Var x, const ForwardContext& context) const;

 private:
  struct Layer {
    LinearLayer linear;
    BatchNormLayer batch_norm;  // one of the two, or none
    LayerNormLayer layer_norm;
  };

  MlpOptions options_;
  std::vector<Layer> layers_;
};

}  // namespace pretext
