// A stack of transformer layers over samples of L tokens, or of patches (Devlin et al. 2018,
// section 3; Vaswani et al. 2017, section 3). D features, F hidden.
//
//   each layer   x = LayerNorm(x + dropout(attention(x) Woᵀ + bo))
//                x = LayerNorm(x + dropout(f(x W1ᵀ + b1) W2ᵀ + b2))
//
// With pre-normalisation (Xiong et al. 2020, "On layer normalization in the transformer
// architecture", figure 1b) each sublayer g is x = x + dropout(g(LayerNorm(x))), and the last x is
// normalised.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ops/sequence.h"

namespace pretext {

struct TransformerOptions {
  int64_t layers = 0, width = 0, heads = 1;  // heads divide the width
  int64_t feed_forward = 0;                  // F
  Activation activation = Activation::kGelu;
  bool pre_norm = false;
  float epsilon = 1e-12f;  // of the normalisations
  float dropout = 0, attention_dropout = 0;
  float initial_deviation = 0.02f;   // of the weights' truncated normals; biases are 0
  uint32_t first_dropout_layer = 0;  // numbers the masks' streams; three a layer
};

class TransformerLayers {
 public:
  TransformerLayers() = default;
  // Declares, for each layer i, "layers.i." followed by
  //
  //   "attention.in.weight"     [3·D, D]: queries, keys, values; "attention.in.bias"
  //   "attention.out.weight"    [D, D]
  //   "attention_norm.weight"   [D]
  //   "feed_forward.in.weight"  [F, D]
  //   "feed_forward.out.weight" [D, F]
  //   "feed_forward_norm.weight" [D]
  //
  // each with its bias, and, with pre-normalisation, "final_norm.weight".
  TransformerLayers(ParameterSet& set, const TransformerOptions& options);

  // x [N·L, D] to the same. rows: undefined, or [M] int32, ascending: the rows that are read; the
  // last layer is computed at these alone, [M, D], with attention to all: the same values.
  Var Forward(Tape& tape, Var x, const TokenBatch& tokens, const Tensor& rows,
              const ForwardContext& context) const;

 private:
  struct Layer {
    SelfAttention attention;
    PositionWiseLayer attention_out, feed_forward;
    LayerNormLayer attention_norm, feed_forward_norm;  // before; after, they are in the maps
  };

  Layer Declare(ParameterSet& set, const TransformerOptions& options, int64_t number) const;
  Var Run(Tape& tape, const Layer& layer, Var x, const TokenBatch& tokens, const Tensor& rows,
          const ForwardContext& context) const;

  bool pre_norm_ = false;
  std::vector<Layer> layers_;
  LayerNormLayer final_norm_;
};

}  // namespace pretext
