#include "pipelines/assembly/sections.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder_path.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/ramp_field.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/source_map.h"
#include "pipelines/text/text_tree.h"

namespace pretext {
namespace {

constexpr double kLargestDecay = 1e6;
constexpr int64_t kMaxSteps = int64_t{1} << 40;
constexpr int64_t kMaxBlocks = 1024;   // a thread each, of all processes
constexpr int64_t kLongestName = 240;  // of a folder's 255, which may get a number

bool IsNameCharacter(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.'; }

// The name becomes a folder.
absl::Status CheckName(const std::string& name) {
  FieldChecker check;
  if (check.NotEmpty("name", name)) {
    check.That(std::all_of(name.begin(), name.end(), IsNameCharacter) && name[0] != '.', "name",
               absl::StrCat("must be of letters, digits, '_', '-' and '.', and not begin with '.'; "
                            "it is ",
                            Quoted(name)));
    check.That(static_cast<int64_t>(name.size()) <= kLongestName, "name",
               absl::StrCat("becomes a folder: it may have ", kLongestName, " letters; it has ",
                            name.size()));
  }
  return check.status();
}

absl::Status CheckViews(const Pipeline::Views& views) {
  FieldChecker check;
  check.InRange("count", views.count(), 1, kMaxViews);
  check.That(views.view_size() == 0 || views.view_size() == views.count(), "view",
             absl::StrCat("must be given once for each of the ", views.count(),
                          " views or not at all; it is given ", views.view_size(), " times"));
  return check.status();
}

absl::Status CheckSchedule(const Pipeline::Schedule& schedule, const Pipeline::Train& train) {
  FieldChecker check;
  if (schedule.has_weight_decay()) {
    CheckRamp("weight_decay", schedule.weight_decay(), 0, kLargestDecay, check);
  }
  if (check.InRange("final_fraction", schedule.final_fraction(), 0, 1)) {
    const bool decays = schedule.decay() != Pipeline::Schedule::CONSTANT;
    check.That(
        decays || schedule.final_fraction() == 0, "final_fraction",
        "is where a decay ends, and the learning rate is constant: add decay: COSINE or LINEAR");
  }
  if (check.NotNegative("warmup_steps", schedule.warmup_steps()) && train.has_steps()) {
    check.That(schedule.warmup_steps() <= train.steps(), "warmup_steps",
               absl::StrCat("must not be above the ", train.steps(),
                            " steps of the training; it is ", schedule.warmup_steps()));
  }
  if (check.NotNegative("warmup_epochs", schedule.warmup_epochs()) && train.has_epochs()) {
    check.That(schedule.warmup_epochs() <= train.epochs(), "warmup_epochs",
               absl::StrCat("must not be above the ", train.epochs(),
                            " epochs of the training; it is ", schedule.warmup_epochs()));
  }
  return check.status();
}

absl::Status CheckTrain(const Pipeline::Train& train, int64_t views) {
  FieldChecker check;
  check.Shape(train.length_case() != Pipeline::Train::LENGTH_NOT_SET,
              "needs epochs or steps, e.g. train { epochs: 10 }");
  if (train.has_epochs()) check.InRange("epochs", train.epochs(), 1, kMaxExtent);
  if (train.has_steps()) check.InRange("steps", train.steps(), 1, kMaxSteps);
  if (check.Extent("batch_size", train.batch_size())) {
    check.InRange("blocks", train.blocks(), 0, std::min<int64_t>(train.batch_size(), kMaxBlocks));
    check.InRange("chunk", train.chunk(), 0, train.batch_size() * views);
  }
  check.Count("accumulate", train.accumulate());
  check.NotNegative("clip_norm", train.clip_norm());
  check.NotNegative("checkpoint_every_steps", train.checkpoint_every_steps());
  check.AtLeast("log_every", train.log_every(), 1);
  check.InRange("threads", train.threads(), 0, 1024);
  check.That(train.batch_norm() != Pipeline::Train::PER_BLOCK || train.blocks() > 0, "batch_norm",
             "PER_BLOCK is of a batch in blocks, and it is taken as a whole: set train { blocks }");
  check.AtLeast("timeout_seconds", train.timeout_seconds(), 1);
  check.InRange("prefetch", train.prefetch(), 0, 64);
  return check.status();
}

absl::Status CheckEvaluate(const Pipeline::Evaluate& evaluate) {
  FieldChecker check;
  check.NotNegative("every_epochs", evaluate.every_epochs());
  for (int i = 0; i < evaluate.knn_size(); ++i) {
    check.Extent(absl::StrCat("knn[", i, "].k"), evaluate.knn(i).k());
    check.NotNegative(absl::StrCat("knn[", i, "].temperature"), evaluate.knn(i).temperature());
    for (int k = 0; k < i; ++k) {
      const bool same = evaluate.knn(k).k() == evaluate.knn(i).k() &&
                        evaluate.knn(k).temperature() == evaluate.knn(i).temperature();
      if (check.That(!same, absl::StrCat("knn[", i, "]"), absl::StrCat("is knn[", k, "] again")))
        continue;
      break;
    }
  }
  check.NotNegative("probe.l2", evaluate.probe().l2());
  check.InRange("probe.max_iterations", evaluate.probe().max_iterations(), 1, 1 << 20);
  check.NotNegative("max_train_samples", evaluate.max_train_samples());
  check.NotNegative("max_test_samples", evaluate.max_test_samples());
  check.Extent("batch_size", evaluate.batch_size());
  check.InHalfOpenRange("validation", evaluate.validation(), 0, 1);
  return check.status();
}

absl::Status CheckCheckpoints(const Pipeline::Checkpoints& checkpoints) {
  FieldChecker check;
  check.InRange("keep", checkpoints.keep(), 1, 1 << 20);
  return check.status();
}

absl::Status CheckOutput(const Pipeline::Output& output) {
  FieldChecker check;
  if (!output.directory().empty()) check.Nested("directory", CheckFolderPath(output.directory()));
  // t-SNE's time grows with their square.
  check.InRange("report_samples", output.report_samples(), 0, 2000);
  return check.status();
}

}  // namespace

void CheckSections(const Pipeline& pipeline, SourceMap* map) {
  map->AddFaults("", CheckName(pipeline.name()));
  map->AddFaults("views", CheckViews(pipeline.views()));
  map->AddFaults("schedule", CheckSchedule(pipeline.schedule(), pipeline.train()));
  const int64_t views = std::clamp(pipeline.views().count(), 1, kMaxViews);
  map->AddFaults("train", CheckTrain(pipeline.train(), views));
  CheckEvaluateSection(pipeline, map);
  map->AddFaults("checkpoints", CheckCheckpoints(pipeline.checkpoints()));
  map->AddFaults("output", CheckOutput(pipeline.output()));
}

void CheckEvaluateSection(const Pipeline& pipeline, SourceMap* map) {
  map->AddFaults("evaluate", CheckEvaluate(pipeline.evaluate()));
}

double LearningRateScale(const Pipeline& pipeline) {
  const Pipeline::Train& train = pipeline.train();
  const double ratio =
      static_cast<double>(train.batch_size()) * static_cast<double>(train.accumulate()) / 256;
  switch (pipeline.schedule().scaling()) {
    case Pipeline::Schedule::NONE:
      return 1;
    case Pipeline::Schedule::LINEAR_IN_BATCH:
      return ratio;
    case Pipeline::Schedule::SQRT_OF_BATCH:
      return std::sqrt(ratio);
  }
  return 1;
}

}  // namespace pretext
