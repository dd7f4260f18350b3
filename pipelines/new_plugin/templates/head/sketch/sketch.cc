#include "pipelines/new_plugin/templates/head/sketch/sketch.h"

#include "core/ops/basic.h"
#include "pipelines/new_plugin/templates/head/sketch/sketch.pb.h"

namespace custom {

using pretext::FlowType;

absl::StatusOr<std::unique_ptr<pretext::Head>> SketchHead::Create(
    const Sketch& config, const pretext::BuildContext& context) {
  pretext::FieldChecker check;
  pretext::CheckFlow(context.input, {FlowType::Kind::kVector}, "takes a vector; the encoder gives",
                     check);
  check.Extent("output", config.output());
  if (!check.ok()) return check.status();

  auto head = std::make_unique<SketchHead>();
  head->output_ = FlowType::Vector(config.output());
  head->layer_ = pretext::LinearLayer::Declare(head->parameters(), "0", context.input.features,
                                               config.output(), /*bias=*/false);
  return head;
}

pretext::Prediction SketchHead::Forward(pretext::Tape& tape, pretext::Var h, const pretext::Batch&,
                                        const pretext::ForwardContext&) {
  return {.value = pretext::NormalizeRows(tape, layer_(tape, h))};
}

PRETEXT_REGISTER_HEAD(SketchHead, Sketch);

}  // namespace custom
