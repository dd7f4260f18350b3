#include "heads/projection_mlp/projection_mlp.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "heads/projection_mlp/projection_mlp.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Head>> ProjectionMlpHead::Create(const ProjectionMlp& config,
                                                                const BuildContext& context) {
  using Kind = FlowType::Kind;
  FieldChecker check;
  const FlowType& input = context.input;
  check.Shape(input.is(Kind::kNothing) || input.is(Kind::kVector),
              absl::StrCat("takes a vector; the encoder gives ", input.ToString()));
  check.Count("layers", config.layers());
  if (config.hidden() != 0) check.Extent("hidden", config.hidden());
  check.Extent("output", config.output());
  check.Positive("norm_momentum", config.norm_momentum());
  check.InRange("norm_momentum", config.norm_momentum(), 0, 1);
  check.Positive("norm_epsilon", config.norm_epsilon());
  if (!check.ok()) return check.status();

  auto head = std::make_unique<ProjectionMlpHead>();
  head->output_ = FlowType::Vector(config.output());
  const int64_t hidden = config.hidden() == 0 ? input.features : config.hidden();
  int64_t in = input.features;
  for (int i = 0; i < config.layers(); ++i) {
    const bool last = i + 1 == config.layers(),
               norm = last ? config.output_norm() : config.hidden_norm();
    const int64_t out = last ? config.output() : hidden;
    const std::string name = absl::StrCat(i);
    Layer layer;
    layer.linear = LinearLayer::Declare(head->parameters(), name, in, out, /*with_bias=*/!norm);
    if (norm) {
      layer.norm = BatchNormLayer::Declare(head->parameters(), name + ".norm", out, /*scale=*/1,
                                           /*with_shift=*/!last);
      layer.norm.momentum = config.norm_momentum();
      layer.norm.epsilon = config.norm_epsilon();
    }
    layer.activation = last ? Activation::kIdentity : Activation::kRelu;
    head->layers_.push_back(layer);
    in = out;
  }
  return head;
}

Prediction ProjectionMlpHead::Forward(Tape& tape, Var h, const Batch&,
                                      const ForwardContext& context) {
  Var z = h;
  for (const Layer& layer : layers_) {
    if (layer.norm.scale != nullptr) {
      z = BatchNorm(tape, layer.linear(tape, z), layer.norm, context, layer.activation);
    } else {
      z = layer.linear(tape, z, layer.activation);
    }
  }
  return {.value = z};
}

PRETEXT_REGISTER_HEAD(ProjectionMlpHead, ProjectionMlp);

}  // namespace pretext
