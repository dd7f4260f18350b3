#include "pipelines/assembly/build_model.h"

#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"
#include "pipelines/assembly/freeze.h"
#include "pipelines/assembly/roles.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

absl::StatusOr<Model> BuildModel(const Assembled& parts) {
  const Pipeline& config = *parts.config;
  BuildContext context{.input = parts.view,
                       .sample = parts.sample,
                       .view = parts.view,
                       .views = parts.views(),
                       .labelled = parts.dataset->labelled(),
                       .tokenizer = parts.dataset->tokenizer()};
  const BuildContext before_encoder = context;
  absl::Status status;
  const auto build = [&](auto& part, const google::protobuf::Any& any) {
    if (!status.ok()) return;
    using Base = typename std::decay_t<decltype(part)>::element_type;
    absl::StatusOr<std::unique_ptr<Base>> built = Registry<Base>::Create(any, context);
    if (built.ok()) {
      part = *std::move(built);
    } else {
      status = built.status();
    }
  };
  Model model;
  model.groups = parts.groups;
  build(model.encoder, config.encoder());
  if (!status.ok()) return status;
  context.input = model.encoder->output();
  context.token_embedding = model.encoder->token_embedding();
  context.sample.range.reset();  // as Assemble has it
  build(model.head, config.head());
  if (!status.ok()) return status;
  context.sample = parts.sample;
  context.input = model.head->output();
  if (config.has_teacher() || config.has_predictor()) context.target = context.input;
  if (config.has_predictor()) {
    build(model.predictor, config.predictor());
    if (!status.ok()) return status;
    context.input = model.predictor->output();
  }
  if (config.has_teacher()) {
    absl::StatusOr<std::unique_ptr<MomentumTeacher>> teacher = BuildTeacher(config, before_encoder);
    if (!teacher.ok()) return teacher.status();
    model.teacher = *std::move(teacher);
  }
  DescribeViews(model, context);
  build(model.loss, config.loss());
  build(model.optimizer, config.optimizer());
  if (status.ok()) status = Freeze(config, model);
  if (!status.ok()) return status;
  return model;
}

}  // namespace pretext
