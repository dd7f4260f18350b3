#include "encoders/patches/patches.h"

#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "encoders/patches/patches.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Encoder>> PatchesEncoder::Create(const Patches& config,
                                                                const BuildContext& context) {
  FieldChecker check;
  const FlowType& input = context.input;
  const bool image = CheckFlow(input, {FlowType::Kind::kImage}, "takes images; it is given", check);
  if (check.Extent("size", config.size()) && image && input.is(FlowType::Kind::kImage)) {
    check.That(config.size() <= input.height && config.size() <= input.width, "size",
               absl::StrCat("is ", config.size(), ", more than the image of ", input.ToString()));
  }
  check.Extent("width", config.width());
  if (!check.ok()) return check.status();

  auto encoder = std::make_unique<PatchesEncoder>();
  encoder->output_ = FlowType::Vector(config.width()).WithRange(ValueRange{-1, 1});
  encoder->layer_ =
      ConvLayer::Declare(encoder->parameters(), "patches", input.channels, config.width(),
                         config.size(), {.stride = config.size()}, /*with_bias=*/true);
  return encoder;
}

Var PatchesEncoder::Forward(Tape& tape, Var x, const Batch&, const ForwardContext&) {
  return GlobalAveragePool(tape, layer_(tape, x, Activation::kTanh));
}

PRETEXT_REGISTER_ENCODER(PatchesEncoder, Patches);

}  // namespace pretext
