#include "heads/dino/dino.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/ops/basic.h"
#include "core/plugin/batch_norm_fields.h"
#include "heads/dino/dino.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Head>> DinoHeadPlugin::Create(const DinoHead& config,
                                                             const BuildContext& context) {
  FieldChecker check;
  CheckFlow(context.input, {FlowType::Kind::kVector}, "takes a vector; it is given", check);
  check.Count("layers", config.layers());
  check.Extent("hidden", config.hidden());
  check.Extent("bottleneck", config.bottleneck());
  check.Extent("output", config.output());
  const bool hidden = config.layers() > 1;
  if (!hidden) check.Unread(config, {"hidden", "hidden_norm"}, "one layer has no hidden ones");
  CheckBatchNorm(config, hidden && config.has_hidden_norm(), check);
  if (!check.ok()) return check.status();
  return std::make_unique<DinoHeadPlugin>(config, context.input.features);
}

DinoHeadPlugin::DinoHeadPlugin(const DinoHead& config, int64_t features)
    : output_(FlowType::Vector(config.output())) {
  int place = 0;  // in their sequence of modules
  for (int i = 0; i < config.layers(); ++i) {
    const bool last = i + 1 == config.layers();
    const std::string name = config.layers() == 1 ? "mlp" : absl::StrCat("mlp.", place);
    Layer layer;
    layer.linear = LinearLayer::Declare(parameters(), name, i == 0 ? features : config.hidden(),
                                        last ? config.bottleneck() : config.hidden());
    layer.linear.weight->initializer = Initializer::Normal(0.02f);
    layer.linear.bias->initializer = Initializer::Constant(0);
    if (!last && config.hidden_norm()) {
      layer.norm =
          DeclareBatchNorm(parameters(), absl::StrCat("mlp.", ++place), config.hidden(), config);
      parameters().AddBatchStatistics(/*positions=*/1);
    }
    place += 2;
    layers_.push_back(layer);
  }
  directions_ =
      parameters().Add("last_layer.weight_v", Role::kWeight, {config.output(), config.bottleneck()},
                       Initializer::FanIn(config.bottleneck()));
}

Prediction DinoHeadPlugin::Forward(Tape& tape, Var h, const Batch&, const ForwardContext& context) {
  Var x = h;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const Activation activation =
        i + 1 == layers_.size() ? Activation::kIdentity : Activation::kGelu;
    if (layer.norm.running_mean != nullptr) {
      x = BatchNorm(tape, layer.linear(tape, x), layer.norm, context, activation);
    } else {
      x = layer.linear(tape, x, activation);
    }
  }
  const Var directions = NormalizeRows(tape, tape.Use(*directions_));
  return {.value =
              MatMul(tape, NormalizeRows(tape, x), Transpose::kNo, directions, Transpose::kYes)};
}

PRETEXT_REGISTER_HEAD(DinoHeadPlugin, DinoHead);

}  // namespace pretext
