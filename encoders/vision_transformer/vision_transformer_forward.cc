// VisionTransformer: what it computes.
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/ops/basic.h"
#include "core/ops/patches.h"
#include "encoders/vision_transformer/vision_transformer.h"

namespace pretext {

Var VisionTransformerEncoder::PositionsOn(Tape& tape, const PatchGrid& grid) const {
  const Var table = positions_ == nullptr
                        ? tape.Constant(fixed_.Of(grid_, width_, prefix_ > 0))
                        : Reshape(tape, tape.Use(*positions_), {prefix_ + grid_.patches(), width_});
  return ResizePositions(tape, table, prefix_ > 0, grid_, grid);
}

Var VisionTransformerEncoder::Forward(Tape& tape, Var x, const Batch& batch,
                                      const ForwardContext& context) {
  const int64_t samples = x.dim(0);
  const PatchGrid grid = GridOf(x.dim(2), x.dim(3));
  Tensor kept;  // undefined: all patches
  if (batch.masked_positions.defined())
    kept = KeptPatches(batch.masked_positions, samples, grid.patches());
  const int64_t read = kept.defined() ? kept.size() / samples : grid.patches();
  TokenBatch tokens{.samples = samples, .tokens = prefix_ + read};
  TokenPlaces places = TokenPlaces::Of(samples * tokens.tokens);
  for (int64_t n = 0; n < samples; ++n) {
    if (prefix_ > 0) places.Set(n * tokens.tokens, kToken, 0);
    for (int64_t k = 0; k < read; ++k) {
      const int64_t row = n * read + k;
      const int64_t patch = kept.defined() ? kept.ints()[row] % grid.patches() : k;
      places.Set(n * tokens.tokens + prefix_ + k, row, prefix_ + patch);
    }
  }
  Var h = embed_(tape, PatchRows(tape, x, patch_, kept), Var(), read, Tensor(), context);
  h = PlaceTokens(tape, h, class_token_ == nullptr ? Var() : tape.Use(*class_token_),
                  PositionsOn(tape, grid), places);
  if (dropout_ > 0 && context.drops()) {  // of whole samples: its streams count by sample
    h = Dropout(tape, Reshape(tape, h, {samples, tokens.tokens * width_}), dropout_, context, 0);
    h = Reshape(tape, h, {samples * tokens.tokens, width_});
  }
  const Tensor rows = pooled_ && cls_ ? FirstRows(tokens) : Tensor();
  h = layers_.Forward(tape, h, tokens, rows, context);
  if (rows.defined()) return h;
  if (pooled_) return PoolRows(tape, h, samples, tokens.tokens);
  return Reshape(tape, h, {samples, tokens.tokens, width_});
}

absl::Status VisionTransformerEncoder::Accepts(const FlowType& input) const {
  const auto takes = [](const auto&... what) {
    return absl::InvalidArgumentError(absl::StrCat("takes ", what...));
  };
  if (!pooled_) {
    return takes("that alone, since its h is a sequence of patches: set pooled: true, or end all ",
                 "groups alike");
  }
  if (!input.is(FlowType::Kind::kImage) || input.channels != input_.channels)
    return takes("pictures of as many channels, ", input_.channels);
  if (input.height % patch_ != 0 || input.width % patch_ != 0) {
    return takes("pictures of any size that its patch, ", patch_,
                 ", divides: crop to such a height and width");
  }
  if (input.masked && input.patch != patch_)
    return takes("masked patches of its own size, ", patch_, ", alone: set the masking's patch so");
  return absl::OkStatus();
}

Var VisionTransformerEncoder::PoolRows(Tape& tape, Var rows, int64_t samples,
                                       int64_t tokens) const {
  const TokenBatch all{.samples = samples, .tokens = tokens};
  if (cls_) return Rows(tape, rows, FirstRows(all));
  if (prefix_ == 0) return MeanOverTokens(tape, rows, all);
  Tensor patches = Tensor::Uninitialized({samples * (tokens - 1)}, DType::kInt32);
  int32_t* next = patches.ints();
  for (int64_t row = 0; row < samples * tokens; ++row) {
    if (row % tokens != 0) *next++ = static_cast<int32_t>(row);
  }
  return MeanOverTokens(tape, Rows(tape, rows, patches),
                        {.samples = samples, .tokens = tokens - 1});
}

Var VisionTransformerEncoder::Pool(Tape& tape, Var h, const Batch&) {
  if (pooled_) return h;
  const int64_t samples = h.dim(0), tokens = h.dim(1);
  return PoolRows(tape, Reshape(tape, h, {samples * tokens, width_}), samples, tokens);
}

}  // namespace pretext
