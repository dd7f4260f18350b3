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

#include "core/ops/residual.h"
#include "core/ops/sequence.h"

namespace pretext {

// How the parameters of a layer are called.
struct TransformerNames {
  const char* layers = "layers";  // and ".i." after it
  const char* attention_in = "attention.in";
  const char* attention_out = "attention.out";
  const char* attention_norm = "attention_norm";
  const char* attention_scale = "attention_scale";
  const char* hidden = "feed_forward.in";
  const char* out = "feed_forward.out";
  const char* norm = "feed_forward_norm";
  const char* scale = "feed_forward_scale";
  const char* final_norm = "final_norm";

  // Those of timm's vision transformer: "blocks.0.attn.qkv.weight".
  static TransformerNames Vision() {
    return {"blocks",  "attn.qkv", "attn.proj", "norm1",     "ls1.gamma",
            "mlp.fc1", "mlp.fc2",  "norm2",     "ls2.gamma", "norm"};
  }
};

struct TransformerOptions {
  int64_t layers = 0, width = 0, heads = 1;  // heads divide the width
  int64_t feed_forward = 0;                  // F
  Activation activation = Activation::kGelu;
  bool pre_norm = false;
  float epsilon = 1e-12f;  // of the normalisations
  float dropout = 0, attention_dropout = 0;
  // With pre-normalisation only: γ at first, of each sublayer, 0: none (Touvron et al. 2021, "Going
  // deeper with image transformers"); how often a sublayer of the last layer is left out of a
  // sample, rising from 0 in the first by equal steps (Huang et al. 2016, "Deep networks with
  // stochastic depth").
  float layer_scale = 0, drop_path = 0;
  float initial_deviation = 0.02f;   // of the weights' truncated normals; biases are 0
  bool xavier = false;               // Initializer::Xavier instead
  uint32_t first_dropout_layer = 0;  // numbers the masks' streams; three a layer, then two a layer
  TransformerNames names = {};
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
  // each with its bias, and, with pre-normalisation, "final_norm.weight"; with layer scale
  // "attention_scale" and "feed_forward_scale" [D]; or by other names of the options.
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
    ResidualBranch attention_branch, feed_forward_branch;
  };

  Layer Declare(ParameterSet& set, const TransformerOptions& options, int64_t number) const;
  Var Run(Tape& tape, const Layer& layer, Var x, const TokenBatch& tokens, const Tensor& rows,
          const ForwardContext& context) const;

  bool pre_norm_ = false;
  std::vector<Layer> layers_;
  LayerNormLayer final_norm_;
};

}  // namespace pretext
