#include "heads/linear/linear.h"

#include "absl/strings/str_cat.h"
#include "heads/linear/linear.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Head>> LinearHeadPlugin::Create(const LinearHead& config,
                                                               const BuildContext& context) {
  FieldChecker check;
  const FlowType& input = context.input;
  CheckFlow(input, {FlowType::Kind::kVector}, "takes a vector; it is given", check);
  check.Extent("output", config.output());
  if (!check.ok()) return check.status();

  auto head = std::make_unique<LinearHeadPlugin>();
  head->output_ = FlowType::Vector(config.output());
  head->layer_ =
      LinearLayer::Declare(head->parameters(), "0", input.features, config.output(), config.bias());
  return head;
}

Prediction LinearHeadPlugin::Forward(Tape& tape, Var h, const Batch&, const ForwardContext&) {
  return {.value = layer_(tape, h)};
}

PRETEXT_REGISTER_HEAD(LinearHeadPlugin, LinearHead);

}  // namespace pretext
