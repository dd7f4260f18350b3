#include "pipelines/assembly/data_checks.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/text/counted.h"
#include "core/plugin/dataset.h"
#include "core/plugin/field_checker.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/assembly/run_length.h"
#include "pipelines/initialize/initialization.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/source_map.h"

namespace pretext {
namespace {

absl::Status CheckBatches(const Assembled& parts, int64_t samples) {
  const Pipeline::Train& train = parts.config->train();
  if (LengthOfRun(*parts.config, samples).batches_per_epoch == 0) {
    FieldChecker check;
    check.That(false, "batch_size",
               absl::StrCat(Counted(train.batch_size()), " is more than the ", Counted(samples),
                            " training samples; make it smaller, or set drop_last: false"));
    return check.status();
  }
  const int64_t rest = samples % train.batch_size();
  if (train.drop_last() || rest == 0) return absl::OkStatus();
  return CheckBatch(parts, rest, "drop_last", "an epoch's last batch");
}

absl::Status CheckWarmup(const Pipeline& config, int64_t samples) {
  const RunLength length = LengthOfRun(config, samples);
  FieldChecker check;
  check.That(
      length.batches_per_epoch == 0 || length.warmup_steps <= length.steps,
      config.schedule().has_warmup_epochs() ? "warmup_epochs" : "warmup_steps",
      absl::StrCat("takes ", Counted(length.warmup_steps), " steps of the training's ",
                   Counted(length.steps), ", so that the learning rate would never be reached"));
  return check.status();
}

}  // namespace

absl::Status CheckAgainstData(const Assembled& parts, std::vector<std::string>* warnings) {
  const Pipeline& config = *parts.config;
  const int64_t samples = parts.dataset->size(Split::kTrain);
  SourceMap map = *parts.places;
  map.AddFaults("train", CheckBatches(parts, samples));
  map.AddFaults("schedule", CheckWarmup(config, samples));
  if (parts.initialization != nullptr) {
    map.AddFaults("", parts.initialization->Check(*parts.dataset));
  }
  if (!map.ok()) return map.status();

  const Pipeline::Evaluate& evaluate = config.evaluate();
  const int64_t limit = evaluate.max_train_samples();
  const int64_t neighbours = limit > 0 ? std::min(limit, samples) : samples;
  const bool classified =
      evaluate.classify() && parts.dataset->labelled() && !parts.sample.is(FlowType::Kind::kTokens);
  for (const Pipeline::Knn& knn : evaluate.knn()) {
    if (!classified || knn.k() <= neighbours) continue;
    warnings->push_back(
        absl::StrCat("k-NN with k = ", knn.k(), " asks all of the ", Counted(neighbours),
                     " training samples for their votes",
                     knn.temperature() > 0 ? "" : ": it finds the commonest class"));
  }
  if (parts.dataset->size(Split::kTest) == 0) {
    warnings->push_back(
        "there is no test split, so that nothing is measured but the training loss");
  }
  return absl::OkStatus();
}

}  // namespace pretext
