#include "encoders/vision_transformer/vision_transformer.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/plugin/transformer_fields.h"
#include "encoders/vision_transformer/vision_transformer.pb.h"

namespace pretext {
namespace {

// The whole part, as timm takes it; a float's 0.7 is a little less than seven tenths.
void CheckPatch(const VisionTransformer& config, const FlowType& input, FieldChecker& check) {
  if (!check.Extent("patch", config.patch()) || !input.is(FlowType::Kind::kImage)) return;
  check.That(input.height % config.patch() == 0 && input.width % config.patch() == 0, "patch",
             absl::StrCat("must divide the image, ", input.height, "×", input.width, "; it is ",
                          config.patch()));
  check.That(!input.masked || input.patch == config.patch(), "patch",
             absl::StrCat("is ", config.patch(), ", but patches of ", input.patch,
                          " are masked; they must be the same"));
}

void CheckFields(const VisionTransformer& config, FieldChecker& check) {
  check.InRange("layers", config.layers(), 1, kMostTransformerLayers);
  const bool width = check.Extent("width", config.width());
  CheckHeads(config, width, check);
  CheckMlpRatio(config, width, check);
  check.That(config.pooling() != VisionTransformer::CLS || config.class_token(), "pooling",
             "is CLS, and there is no class token: set class_token: true, or pooling: MEAN");
  if (config.positions() == VisionTransformer::SIN_COS && width)
    check.That(
        config.width() % 4 == 0, "width",
        absl::StrCat("must be a multiple of 4 for positions: SIN_COS; it is ", config.width()));
  check.NotNegative("layer_scale", config.layer_scale());
  check.InHalfOpenRange("drop_path", config.drop_path(), 0, 1);
  if (config.layers() == 1)
    check.Unread(config, {"drop_path"}, "the first layer is never left out, and is the only one");
  check.InHalfOpenRange("dropout", config.dropout(), 0, 1);
  check.InHalfOpenRange("attention_dropout", config.attention_dropout(), 0, 1);
  check.Positive("epsilon", config.epsilon());
  check.Positive("initial_deviation", config.initial_deviation());
}

// Its own names; of parameters that are not allocated yet, without the part's before them.
}  // namespace

absl::StatusOr<std::unique_ptr<Encoder>> VisionTransformerEncoder::Create(
    const VisionTransformer& config, const BuildContext& context) {
  FieldChecker check;
  const FlowType& input = context.input;
  check.Shape(input.is(FlowType::Kind::kNothing) || input.is(FlowType::Kind::kImage),
              absl::StrCat("takes images; it is given ", input.ToString()));
  CheckPatch(config, input, check);
  CheckFields(config, check);
  if (!check.ok()) return check.status();

  auto encoder = std::make_unique<VisionTransformerEncoder>();
  encoder->input_ = input;
  encoder->patch_ = config.patch();
  encoder->width_ = config.width();
  encoder->prefix_ = config.class_token() ? 1 : 0;
  encoder->cls_ = config.pooling() == VisionTransformer::CLS;
  encoder->pooled_ = config.pooled();
  encoder->grid_ = encoder->GridOf(input.height, input.width);
  const int64_t read = input.masked ? input.kept : encoder->grid_.patches();
  encoder->output_ = config.pooled() ? FlowType::Vector(config.width())
                                     : FlowType::Sequence(encoder->prefix_ + read, config.width());
  encoder->Declare(config);
  std::vector<std::string> unused;
  if (encoder->positions_ == nullptr) unused = {"pos_embed"};  // fixed: made anew
  ForeignNames names = OwnNames("timm", encoder->parameters(), unused);
  names.settings = {{"num_heads", {absl::StrCat(config.heads())}, "heads"}};
  if (config.activation() != GELU)
    names.otherwise.push_back("activation is not GELU here, and it is in timm");
  if (config.epsilon() != kTimmEpsilon) {
    names.otherwise.push_back(
        absl::StrCat("epsilon is ", config.epsilon(), " here, and ", kTimmEpsilon, " in timm"));
  }
  encoder->foreign_names_ = {std::move(names)};
  return encoder;
}

void VisionTransformerEncoder::Declare(const VisionTransformer& config) {
  ParameterSet& set = parameters();
  const float deviation = config.initial_deviation();
  const auto embedding = [&](const char* name, int64_t rows) {
    return set.Add(name, Role::kEmbedding, {1, rows, width_},
                   Initializer::TruncatedNormal(deviation));
  };
  const int64_t pixels = input_.channels * patch_ * patch_;
  const bool xavier = config.initialization() == VisionTransformer::XAVIER;
  if (config.class_token()) class_token_ = embedding("cls_token", 1);
  if (config.positions() == VisionTransformer::LEARNED)
    positions_ = embedding("pos_embed", prefix_ + grid_.patches());
  embed_.weight = set.Add(
      "patch_embed.proj.weight", Role::kWeight, {width_, input_.channels, patch_, patch_},
      xavier ? Initializer::Xavier(pixels, width_) : Initializer::TruncatedNormal(deviation));
  embed_.bias = set.Add("patch_embed.proj.bias", Role::kBias, {width_}, Initializer::Constant(0));
  dropout_ = config.dropout();
  drops_ = config.dropout() > 0 || config.attention_dropout() > 0 || config.drop_path() > 0;
  TransformerOptions options = PatchTransformer(config);
  options.dropout = config.dropout();
  options.attention_dropout = config.attention_dropout();
  options.layer_scale = config.layer_scale();
  options.drop_path = config.drop_path();
  options.initial_deviation = deviation;
  options.xavier = xavier;
  options.first_dropout_layer = 1;
  options.names = TransformerNames::Vision();
  layers_ = TransformerLayers(set, options);
}

PRETEXT_REGISTER_ENCODER(VisionTransformerEncoder, VisionTransformer);

}  // namespace pretext
