// VisionTransformer by timm's names, which are its own.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/plugin/export.h"
#include "core/plugin/export_names.h"
#include "encoders/vision_transformer/trained_positions.h"
#include "encoders/vision_transformer/vision_transformer.h"

namespace pretext {
namespace {

absl::StatusOr<ForeignModel> NamedByTimm(const TrainedPart& part) {
  const auto& config = static_cast<const VisionTransformer&>(*part.config);
  if (config.epsilon() != kTimmEpsilon || config.activation() != GELU) {
    return absl::InvalidArgumentError(absl::StrCat(
        "timm's vision transformers have ε 1e-6 and GELU, and create_model no plain argument for "
        "others; this encoder's epsilon is ",
        JsonFloat(config.epsilon()), ", its activation ",
        ActivationFunction_Name(config.activation()), ". --format onnx holds it"));
  }
  ForeignModel model;
  // A name that timm knows; all that makes it this model is in the arguments.
  model.architecture = "vit_tiny_patch16_224";
  model.tensors = part.Named("timm");
  if (!part.Find("pos_embed").defined()) {
    const Tensor fixed = TrainedPositions(part);
    model.tensors.push_back({"pos_embed", fixed.Reshaped({1, fixed.dim(0), fixed.dim(1)})});
  }
  const auto truth = [](bool value) { return value ? "true" : "false"; };
  std::vector<std::string> arguments = {
      absl::StrCat("\"img_size\": [", part.input.height, ", ", part.input.width, "]"),
      absl::StrCat("\"patch_size\": ", config.patch()),
      absl::StrCat("\"in_chans\": ", part.input.channels),
      absl::StrCat("\"embed_dim\": ", config.width()),
      absl::StrCat("\"depth\": ", config.layers()),
      absl::StrCat("\"num_heads\": ", config.heads()),
      absl::StrCat("\"mlp_ratio\": ", JsonFloat(config.mlp_ratio())),
      absl::StrCat("\"class_token\": ", truth(config.class_token())),
      absl::StrCat("\"global_pool\": ",
                   config.pooling() == VisionTransformer::CLS ? "\"token\"" : "\"avg\""),
      "\"fc_norm\": false"};
  if (config.layer_scale() > 0)
    arguments.push_back(absl::StrCat("\"init_values\": ", JsonFloat(config.layer_scale())));
  model.config = {{"num_features", absl::StrCat(config.width())},
                  {"model_args", absl::StrCat("{", absl::StrJoin(arguments, ", "), "}")}};
  model.reading = "timm.VisionTransformer";
  return model;
}

PRETEXT_REGISTER_EXPORT(VisionTransformer, "timm", NamedByTimm);

}  // namespace
}  // namespace pretext
