// A trained VisionTransformer's positions, for those that say it in other terms.
#pragma once

#include "core/layers/patch_positions.h"
#include "core/plugin/export.h"
#include "encoders/vision_transformer/vision_transformer.pb.h"

namespace pretext {

inline PatchGrid PatchGridOf(const TrainedPart& part) {
  const auto& config = static_cast<const VisionTransformer&>(*part.config);
  return {part.input.height / config.patch(), part.input.width / config.patch()};
}

// [c + L, D], learnt or fixed.
inline Tensor TrainedPositions(const TrainedPart& part) {
  const auto& config = static_cast<const VisionTransformer&>(*part.config);
  const PatchGrid grid = PatchGridOf(part);
  const Tensor learnt = part.Find("pos_embed");
  if (!learnt.defined()) return SinCosPositions(grid, config.width(), config.class_token());
  return learnt.Reshaped({grid.patches() + (config.class_token() ? 1 : 0), config.width()});
}

}  // namespace pretext
