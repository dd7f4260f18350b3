// Transformer: BERT's encoder (Devlin et al. 2018, section 3; Vaswani et al. 2017, section 3).
//
//   embeddings   x = dropout(LayerNorm(token[id] + position[l] + segment[s]))
//   each layer   x = LayerNorm(x + dropout(attention(x) Woᵀ + bo))
//                x = LayerNorm(x + dropout(f(x W1ᵀ + b1) W2ᵀ + b2))
//
// With PRE normalisation (Xiong et al. 2020, "On layer normalization in the transformer
// architecture", figure 1b) the embeddings are not normalised, each sublayer g is
// x = x + dropout(g(LayerNorm(x))), and the last x is normalised.
//
// Input: tokens L. Output: sequence L×D, or vector D when pooled. Padding is attended to by nobody;
// h at padding is finite and means nothing. With ForwardContext::masked_only, and for CLS pooling,
// the last layer is computed at the rows that are read: attention still sees all tokens, so these
// rows are the same.
//
// Parameters (but for the first three with their biases):
//
//   "token_embedding", "position_embedding", "segment_embedding"
//   "embedding_norm.weight"              POST
//   "layers.0.attention.in.weight"       [3·D, D]: queries, keys, values
//   "layers.0.attention.out.weight"      [D, D]
//   "layers.0.attention_norm.weight"     [D]
//   "layers.0.feed_forward.in.weight"    [F, D]
//   "layers.0.feed_forward.out.weight"   [D, F]
//   "layers.0.feed_forward_norm.weight"  [D]; layers.1 … likewise
//   "final_norm.weight"                  PRE
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/ops/sequence.h"
#include "core/plugin/plugin.h"

namespace pretext {

class Transformer;  // the config, transformer.proto

class TransformerEncoder : public Encoder {
 public:
  // Faults: extents and counts out of range, heads that do not divide the width, a vocabulary or
  // positions fewer than the dataset's, probabilities outside [0, 1), an input other than tokens.
  static absl::StatusOr<std::unique_ptr<Encoder>> Create(const Transformer& config,
                                                         const BuildContext& context);

  FlowType output() const override { return output_; }
  Var Forward(Tape& tape, Var x, const Batch& batch, const ForwardContext& context) override;
  Var Pool(Tape& tape, Var h, const Batch& batch) override;
  Parameter* token_embedding() override { return tables_.token; }

 private:
  struct Layer {
    SelfAttention attention;
    SublayerLayer attention_out, feed_forward;
    LayerNormLayer attention_norm, feed_forward_norm;  // PRE; POST has them in the sublayers
  };

  void Declare(const Transformer& config, int64_t vocabulary, int64_t positions);
  Layer DeclareLayer(const Transformer& config, int64_t number);
  // positions: undefined, or the rows to compute.
  Var RunLayer(Tape& tape, const Layer& layer, Var x, const TokenBatch& tokens,
               const Tensor& positions, const ForwardContext& context) const;
  Var PoolRows(Tape& tape, Var rows, const TokenBatch& tokens) const;

  FlowType output_;
  int64_t width_ = 0;
  bool pre_norm_ = false, cls_ = false, pooled_ = false;
  EmbeddingTables tables_;
  LayerNormLayer embedding_norm_, final_norm_;
  DropoutLayer embedding_dropout_;
  std::vector<Layer> layers_;
};

}  // namespace pretext
