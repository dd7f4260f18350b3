// MaeDecoder: the pixels of the masked patches (He et al. 2021, "Masked autoencoders are scalable
// vision learners", section 3; facebookresearch/mae, models_mae.py).
//
//   x = [W h at the kept places; mask token at the others] + fixed positions
//   z = W' LayerNorm(layers(x)) at the masked places            core/layers/transformer.h, pre-norm
//
// Input: sequence (c + K)×D of an encoder that reads the K kept patches of L, with a class token
// (c = 1) or without. Output: sequence (L - K)×(P·P·C), each patch in MAE's order (row, column,
// channel). The last layer is computed at the masked places alone, with attention to all: the same
// values.
//
// Parameters bear the names of MAE's code: "decoder_embed.weight" [D', D], "mask_token" [1, 1, D'],
// "decoder_blocks.0.norm1.weight" …, "decoder_norm.weight", "decoder_pred.weight" [P·P·C, D'].
// Initial weights are its too: U(±√(6 / (in + out))), biases 0.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/layers/linear.h"
#include "core/layers/patch_positions.h"
#include "core/layers/transformer.h"
#include "core/plugin/plugin.h"

namespace pretext {

class MaeDecoder;  // the config, mae_decoder.proto

class MaeDecoderHead : public Head {
 public:
  // Faults: pictures without masked patches, an encoder that gives no sequence, or one of other
  // places than the kept ones; extents out of range, a width that heads or 4 do not divide.
  static absl::StatusOr<std::unique_ptr<Head>> Create(const MaeDecoder& config,
                                                      const BuildContext& context);

  FlowType output() const override { return output_; }
  Prediction Forward(Tape& tape, Var h, const Batch& batch, const ForwardContext& context) override;
  // facebookresearch/mae's, in whose files the encoder's are timm's.
  std::vector<ForeignNames> foreign_names() const override { return foreign_names_; }

 private:
  void Declare(const MaeDecoder& config, int64_t features, int64_t pixels);

  FlowType output_;
  PatchGrid grid_;
  int64_t prefix_ = 0;  // c
  int64_t width_ = 0;
  LinearLayer embed_, pixels_;
  Parameter* mask_token_ = nullptr;
  TransformerLayers layers_;
  std::vector<ForeignNames> foreign_names_;
  FixedPositions positions_;
};

}  // namespace pretext
