#include "heads/mae_decoder/mae_decoder.h"

#include "absl/strings/str_cat.h"
#include "core/ops/patches.h"
#include "core/plugin/transformer_fields.h"
#include "heads/mae_decoder/mae_decoder.pb.h"

namespace pretext {
namespace {

void CheckFields(const MaeDecoder& config, FieldChecker& check) {
  check.InRange("layers", config.layers(), 1, kMostTransformerLayers);
  const bool width = check.Extent("width", config.width());
  if (width)
    check.That(config.width() % 4 == 0, "width",
               absl::StrCat("must be a multiple of 4, for its positions; it is ", config.width()));
  CheckHeads(config, width, check);
  CheckMlpRatio(config, width, check);
  check.Positive("epsilon", config.epsilon());
  check.Positive("initial_deviation", config.initial_deviation());
}

void CheckShapes(const FlowType& input, const FlowType& view, FieldChecker& check) {
  using Kind = FlowType::Kind;
  check.Shape(input.is(Kind::kNothing) || input.is(Kind::kSequence),
              absl::StrCat("takes a sequence, features for each patch that was read; the "
                           "encoder gives ",
                           input.ToString(), ". VisionTransformer gives one with pooled: false"));
  CheckMaskedPatches(view, "rebuilds", check);
  if (!input.is(Kind::kSequence) || !view.masked_patches()) return;
  check.Shape(
      input.tokens == view.kept || input.tokens == view.kept + 1,
      absl::StrCat("takes features of the ", view.kept, " patches that are kept of ", view.tokens,
                   ", with a class token or without; the encoder gives ", input.ToString()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Head>> MaeDecoderHead::Create(const MaeDecoder& config,
                                                             const BuildContext& context) {
  FieldChecker check;
  const FlowType &input = context.input, &view = context.view;
  CheckShapes(input, view, check);
  CheckFields(config, check);
  if (!check.ok()) return check.status();
  auto head = std::make_unique<MaeDecoderHead>();
  if (!view.is(FlowType::Kind::kImage) || !input.is(FlowType::Kind::kSequence)) return head;
  const int64_t pixels = view.patch * view.patch * view.channels;
  head->output_ = FlowType::Sequence(view.tokens - view.kept, pixels);
  head->grid_ = {view.height / view.patch, view.width / view.patch};
  head->prefix_ = input.tokens - view.kept;
  head->width_ = config.width();
  head->Declare(config, input.features, pixels);
  return head;
}

void MaeDecoderHead::Declare(const MaeDecoder& config, int64_t features, int64_t pixels) {
  ParameterSet& set = parameters();
  const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
    return LinearLayer{
        set.Add(name + ".weight", Role::kWeight, {out, in}, Initializer::Xavier(in, out)),
        set.Add(name + ".bias", Role::kBias, {out}, Initializer::Constant(0))};
  };
  embed_ = linear("decoder_embed", features, width_);
  mask_token_ = set.Add("mask_token", Role::kEmbedding, {1, 1, width_},
                        Initializer::Normal(config.initial_deviation()));
  TransformerOptions options = PatchTransformer(config);
  options.xavier = true;
  options.names = TransformerNames::Vision();
  options.names.layers = "decoder_blocks";
  options.names.final_norm = "decoder_norm";
  layers_ = TransformerLayers(set, options);
  pixels_ = linear("decoder_pred", width_, pixels);

  // In the same file as an encoder with timm's names. Positions are fixed: made anew.
  foreign_names_ = {OwnNames("timm", set, {"decoder_pos_embed"})};
}

Prediction MaeDecoderHead::Forward(Tape& tape, Var h, const Batch& batch,
                                   const ForwardContext& context) {
  const int64_t samples = h.dim(0), read = h.dim(1), patches = grid_.patches();
  const int64_t length = prefix_ + patches;
  // sample·L + patch; of whole pictures, as in evaluation, none.
  const Tensor masked = batch.masked_positions.defined()
                            ? batch.masked_positions
                            : Tensor::Uninitialized({0}, DType::kInt32);
  TokenPlaces places = TokenPlaces::Of(samples * length);
  Tensor rows = Tensor::Uninitialized({masked.size()}, DType::kInt32);  // of these, with prefixes
  int64_t m = 0;
  for (int64_t n = 0; n < samples; ++n) {
    int64_t from = n * read;
    if (prefix_ > 0) places.Set(n * length, from++, 0);
    for (int64_t p = 0; p < patches; ++p) {
      const int64_t row = n * length + prefix_ + p;
      const bool is_masked = m < masked.size() && masked.ints()[m] == n * patches + p;
      if (is_masked) rows.ints()[m++] = static_cast<int32_t>(row);
      places.Set(row, is_masked ? kToken : from++, prefix_ + p);
    }
  }
  Var x = embed_(tape, Reshape(tape, h, {samples * read, h.dim(2)}));
  x = PlaceTokens(tape, x, tape.Use(*mask_token_),
                  tape.Constant(positions_.Of(grid_, width_, prefix_ > 0)), places);
  x = layers_.Forward(tape, x, {.samples = samples, .tokens = length}, rows, context);
  const Var z = pixels_(tape, x);
  return {.value = Reshape(tape, z, {samples, masked.size() / samples, z.dim(1)})};
}

PRETEXT_REGISTER_HEAD(MaeDecoderHead, MaeDecoder);

}  // namespace pretext
