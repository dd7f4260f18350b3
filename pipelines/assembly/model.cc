#include "pipelines/assembly/model.h"

#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"
#include "pipelines/assembly/freeze.h"
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
  build(model.encoder, config.encoder());
  if (!status.ok()) return status;
  context.input = model.encoder->output();
  context.token_embedding = model.encoder->token_embedding();
  context.sample.range.reset();  // as Assemble has it
  build(model.head, config.head());
  if (!status.ok()) return status;
  context.sample = parts.sample;
  context.input = model.head->output();
  build(model.loss, config.loss());
  build(model.optimizer, config.optimizer());
  if (status.ok()) status = Freeze(config, model.encoder->parameters(), model.head->parameters());
  if (!status.ok()) return status;
  return model;
}

}  // namespace pretext
