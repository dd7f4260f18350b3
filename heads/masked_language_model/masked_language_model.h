// MaskedLanguageModel: scores of the vocabulary at the masked positions (Devlin et al. 2018,
// section 3.1 and its code's get_masked_lm_output).
//
//   t = LayerNorm(f(h Wᵀ + b))
//   score(k) = t · E_k + c_k        E the encoder's token embedding
//
// Input: sequence L×D from an encoder with a token embedding [K, D]. Output: token scores, t [M, D]
// beside the decoder; the scores themselves are left to the loss, which takes them in the numbers
// of E: rounded to bfloat16 in a pass of that precision. Parameters: "dense.weight" [D, D],
// "dense.bias", "norm.weight", "norm.bias", "decoder.bias" [K], at first 0.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/layers/linear.h"
#include "core/ops/sequence.h"
#include "core/plugin/plugin.h"

namespace pretext {

class MaskedLanguageModel;  // the config, masked_language_model.proto

class MaskedLanguageModelHead : public Head {
 public:
  // Faults: no token is masked, an encoder that gives no sequence, has no token embedding, or one
  // of another width; numbers out of range.
  static absl::StatusOr<std::unique_ptr<Head>> Create(const MaskedLanguageModel& config,
                                                      const BuildContext& context);

  FlowType output() const override { return output_; }
  // h: [R, L, D], or [M, D] at the masked positions.
  Prediction Forward(Tape& tape, Var h, const Batch& batch, const ForwardContext& context) override;
  Tensor RowsRead(const Batch& batch) const override { return batch.masked_positions; }
  // HuggingFace's BertForMaskedLM (transformers, modeling_bert.py).
  std::vector<ForeignNames> foreign_names() const override { return foreign_names_; }

 private:
  FlowType output_;
  Activation activation_ = Activation::kGelu;
  LinearLayer dense_;
  LayerNormLayer norm_;
  Parameter* decoder_bias_ = nullptr;
  Parameter* embedding_ = nullptr;  // the encoder's
  std::vector<ForeignNames> foreign_names_;
};

}  // namespace pretext
