// VisionTransformer (Dosovitskiy et al. 2021, "An image is worth 16×16 words: transformers for
// image recognition at scale", section 3.1).
//
//   x = [class; patches Eᵀ + e] + positions
//   h = LayerNorm(layers(x))                       core/layers/transformer.h, pre-normalisation
//
// Input: image C×H×W, of L = (H / P)(W / P) patches. Output: vector D (`pooled`), or sequence
// (c + L)×D, the class token first (c = 1 with it). Of a masked image only the kept patches go
// through the layers (He et al. 2021, "Masked autoencoders are scalable vision learners", section
// 3): sequence (c + K)×D, in their order. In evaluation, where nothing is masked, of whole ones.
//
// Images of another size are taken too (Accepts) where h is a vector: positions are interpolated
// (core/layers/patch_positions.h). Patches, positions and stochastic depth are as in timm.
//
// Parameters bear timm's names (timm/models/vision_transformer.py):
//
//   "cls_token" [1, 1, D], "pos_embed" [1, c + L, D] (LEARNED)
//   "patch_embed.proj.weight" [D, C, P, P], "patch_embed.proj.bias"
//   "blocks.0.norm1.weight" …, "blocks.0.attn.qkv.weight", "blocks.0.attn.proj.weight",
//   "ls1.gamma", "norm2", "mlp.fc1", "mlp.fc2", "ls2.gamma"
//   "norm.weight"
//
// The first two are embeddings by role: decayed, as DINO's and MAE's code decays them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/layers/patch_positions.h"
#include "core/layers/transformer.h"
#include "core/plugin/plugin.h"

namespace pretext {

class VisionTransformer;  // the config, vision_transformer.proto

// Of the layer normalisations of timm's vision transformers.
inline constexpr float kTimmEpsilon = 1e-6f;

class VisionTransformerEncoder : public Encoder {
 public:
  // Faults: a patch that does not divide the image, or is not the masks'; extents, counts and
  // probabilities out of range, heads that do not divide the width; CLS without a class token;
  // SIN_COS with a width that 4 does not divide; an input that is no image.
  static absl::StatusOr<std::unique_ptr<Encoder>> Create(const VisionTransformer& config,
                                                         const BuildContext& context);

  FlowType output() const override { return output_; }
  Var Forward(Tape& tape, Var x, const Batch& batch, const ForwardContext& context) override;
  absl::Status Accepts(const FlowType& input) const override;
  Var Pool(Tape& tape, Var h, const Batch& batch) override;
  bool has_checkpoints() const override { return true; }
  bool drops() const override { return drops_; }
  // timm's.
  std::vector<ForeignNames> foreign_names() const override { return foreign_names_; }

 private:
  void Declare(const VisionTransformer& config);
  PatchGrid GridOf(int64_t height, int64_t width) const {
    return {height / patch_, width / patch_};
  }
  Var PositionsOn(Tape& tape, const PatchGrid& grid) const;
  // Rows [N·tokens, D] as [N, D].
  Var PoolRows(Tape& tape, Var rows, int64_t samples, int64_t tokens) const;

  FlowType input_, output_;
  int64_t patch_ = 1, width_ = 0;
  int64_t prefix_ = 0;  // c
  bool cls_ = false, pooled_ = false;
  PatchGrid grid_;
  Parameter* class_token_ = nullptr;  // or null
  Parameter* positions_ = nullptr;    // null: fixed
  PositionWiseLayer embed_;
  float dropout_ = 0;
  TransformerLayers layers_;
  bool drops_ = false;
  std::vector<ForeignNames> foreign_names_;
  FixedPositions fixed_;
};

}  // namespace pretext
