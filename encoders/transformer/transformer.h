// Transformer: BERT's encoder (Devlin et al. 2018, section 3).
//
//   x = dropout(LayerNorm(token[id] + position[l] + segment[s]))
//   h = layers(x)                                                  core/layers/transformer.h
//
// With PRE normalisation the embeddings are not normalised.
//
// Input: tokens L. Output: sequence L×D, or vector D when pooled. Padding is attended to by nobody;
// h at padding is finite and means nothing. With Batch::read_rows, and for CLS pooling,
// the last layer is computed at the rows that are read: attention still sees all tokens, so these
// rows are the same.
//
// Parameters (but for the first three with their biases):
//
//   "token_embedding", "position_embedding", "segment_embedding"
//   "embedding_norm.weight"              POST
//   "layers.0.attention.in.weight" …     of the layers, as core/layers/transformer.h has them
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/layers/transformer.h"
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
  bool has_checkpoints() const override { return true; }
  bool drops() const override { return drops_; }
  std::vector<ForeignNames> foreign_names() const override { return foreign_names_; }

 private:
  void Declare(const Transformer& config, int64_t vocabulary, int64_t positions);
  Var PoolRows(Tape& tape, Var rows, const TokenBatch& tokens) const;

  FlowType output_;
  int64_t width_ = 0;
  bool cls_ = false, pooled_ = false;
  EmbeddingTables tables_;
  LayerNormLayer embedding_norm_;
  DropoutLayer embedding_dropout_;
  TransformerLayers layers_;
  bool drops_ = false;
  std::vector<ForeignNames> foreign_names_;
};

}  // namespace pretext
