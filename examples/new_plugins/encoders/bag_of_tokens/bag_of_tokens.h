// BagOfTokens: the mean of a text's token and position embeddings, mapped once (fastText's text
// representation, Joulin et al. 2017, with positions).
//
//   h = tanh(W · 1/L Σ_l (E[token_l] + P[l]) + b)
//
// Input: tokens L; padding does not count. Output: vector D = width in [-1, 1]. Parameters:
// "token_embedding" [vocabulary, D], "position_embedding" [L, D], "out.weight" [D, D], "out.bias".
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/layers/linear.h"
#include "core/ops/sequence.h"
#include "core/plugin/plugin.h"

namespace pretext {

class BagOfTokens;  // the config, bag_of_tokens.proto

class BagOfTokensEncoder : public Encoder {
 public:
  // Faults: a width outside its range, an input that is not tokens.
  static absl::StatusOr<std::unique_ptr<Encoder>> Create(const BagOfTokens& config,
                                                         const BuildContext& context);

  FlowType output() const override { return output_; }
  Var Forward(Tape& tape, Var x, const Batch& batch, const ForwardContext& context) override;

 private:
  FlowType output_;
  EmbeddingTables tables_;
  LinearLayer out_;
};

}  // namespace pretext
