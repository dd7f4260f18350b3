#include "pipelines/new_plugin/templates/encoder/sketch/sketch.h"

#include "core/ops/basic.h"
#include "pipelines/new_plugin/templates/encoder/sketch/sketch.pb.h"

namespace custom {

using pretext::FlowType;

absl::StatusOr<std::unique_ptr<pretext::Encoder>> SketchEncoder::Create(
    const Sketch& config, const pretext::BuildContext& context) {
  pretext::FieldChecker check;
  // An input of no kind is not known yet: what can be checked without it is.
  pretext::CheckFlow(context.input, {FlowType::Kind::kImage, FlowType::Kind::kVector},
                     "takes images or vectors; it is given", check);
  check.Extent("code", config.code());
  if (!check.ok()) return check.status();

  auto encoder = std::make_unique<SketchEncoder>();
  encoder->output_ = FlowType::Vector(config.code());
  // Declared, not allocated: parameters get memory when the whole pipeline is right.
  encoder->layer_ = pretext::LinearLayer::Declare(encoder->parameters(), "0", context.input.size(),
                                                  config.code());
  return encoder;
}

pretext::Var SketchEncoder::Forward(pretext::Tape& tape, pretext::Var x, const pretext::Batch&,
                                    const pretext::ForwardContext&) {
  return pretext::Activate(tape, layer_(tape, pretext::Flatten(tape, x)),
                           pretext::Activation::kTanh);
}

PRETEXT_REGISTER_ENCODER(SketchEncoder, Sketch);

}  // namespace custom
