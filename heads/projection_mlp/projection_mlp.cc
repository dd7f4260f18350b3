#include "heads/projection_mlp/projection_mlp.h"

#include "absl/strings/str_cat.h"
#include "core/plugin/batch_norm_fields.h"
#include "heads/projection_mlp/projection_mlp.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Head>> ProjectionMlpHead::Create(const ProjectionMlp& config,
                                                                const BuildContext& context) {
  using Kind = FlowType::Kind;
  FieldChecker check;
  const FlowType& input = context.input;
  CheckFlow(input, {Kind::kVector}, "takes a vector; it is given", check);
  check.Count("layers", config.layers());
  if (config.hidden() != 0) check.Extent("hidden", config.hidden());
  check.Extent("output", config.output());
  const bool hidden = config.layers() > 1;
  if (!hidden) check.Unread(config, {"hidden"}, "one layer has no hidden ones");
  CheckBatchNorm(config, hidden || config.output_norm(), check);
  if (!config.output_norm()) {
    check.Unread(config, {"output_norm_scale"}, "the output is not normalised (output_norm)");
  }
  if (!check.ok()) return check.status();

  auto head = std::make_unique<ProjectionMlpHead>();
  head->output_ = FlowType::Vector(config.output());
  head->layers_ = MlpLayers(head->parameters(), OptionsOf(config, input.features));
  return head;
}

MlpOptions ProjectionMlpHead::OptionsOf(const ProjectionMlp& config, int64_t features) {
  MlpOptions options{
      .widths = {features},
      .normalization = config.hidden_norm() ? MlpNormalization::kBatch : MlpNormalization::kNone,
      .output_batch_norm = config.output_norm(),
      .output_norm_scale = config.output_norm_scale(),
      .norm_epsilon = config.norm_epsilon(),
      .norm_momentum = config.norm_momentum()};
  const int64_t hidden = config.hidden() == 0 ? features : config.hidden();
  for (int i = 0; i + 1 < config.layers(); ++i) options.widths.push_back(hidden);
  options.widths.push_back(config.output());
  return options;
}

Prediction ProjectionMlpHead::Forward(Tape& tape, Var h, const Batch&,
                                      const ForwardContext& context) {
  return {.value = layers_.Forward(tape, h, context)};
}

PRETEXT_REGISTER_HEAD(ProjectionMlpHead, ProjectionMlp);

}  // namespace pretext
