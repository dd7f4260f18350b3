#include "pipelines/assembly/build_model.h"

#include "pipelines/assembly/freeze.h"
#include "pipelines/assembly/model_flow.h"
#include "pipelines/assembly/roles.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

absl::StatusOr<Model> BuildModel(const Assembled& parts) {
  const Pipeline& config = *parts.config;
  BuildContext context = EncoderContext(parts);
  const BuildContext before_encoder = context;
  PartsAgain maker;
  Model model;
  model.groups = parts.groups;
  MakeEncoderAndHead(config, maker, context, model.encoder, model.head);
  MakePredictor(config, maker, context, model.predictor);
  if (!maker.status().ok()) return maker.status();
  if (config.has_teacher()) {
    absl::StatusOr<std::unique_ptr<MomentumTeacher>> teacher = BuildTeacher(config, before_encoder);
    if (!teacher.ok()) return teacher.status();
    model.teacher = *std::move(teacher);
  }
  DescribeViews(model, context);
  maker.Make(model.loss, config.loss(), "loss", context);
  maker.Make(model.optimizer, config.optimizer(), "optimizer", context);
  if (!maker.status().ok()) return maker.status();
  if (const absl::Status status = Freeze(config, model); !status.ok()) return status;
  return model;
}

}  // namespace pretext
