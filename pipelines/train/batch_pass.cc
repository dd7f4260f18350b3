#include "pipelines/train/batch_pass.h"

#include "pipelines/text/pipeline.pb.h"

namespace pretext {

LoaderOptions TrainingBatches(const Assembled& parts) {
  const auto& train = parts.config->train();
  return {.split = Split::kTrain,
          .batch_size = train.batch_size(),
          .shuffle = true,
          .drop_last = train.drop_last(),
          .seed = train.seed(),
          .prefetch = train.prefetch(),
          .views = parts.chains,
          .groups = parts.group_sizes(),
          .clean = parts.loss->needs_clean()};
}

UndividedPass::UndividedPass(Assembled& parts)
    : parts_(parts),
      loader_(*parts.dataset, TrainingBatches(parts)),
      step_(parts, parts.config->train().chunk()) {}

absl::StatusOr<StepResult> UndividedPass::Run(const ForwardContext& context, Reduction reduction,
                                              bool keep, bool /*last*/) {
  if (absl::Status status = loader_.Next(batch_); !status.ok()) return status;
  return step_.Run(batch_, context, reduction, keep);
}

}  // namespace pretext
