#include "pipelines/assembly/data_checks.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/text/counted.h"
#include "core/plugin/dataset.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/loss.h"
#include "core/plugin/ramp_field.h"
#include "evaluation/representation/representation.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/assembly/freeze.h"
#include "pipelines/assembly/run_length.h"
#include "pipelines/initialize/initialization.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/source_map.h"

namespace pretext {
namespace {

// An accuracy of as many samples is uncertain by ten points or more.
constexpr int64_t kFewSamples = 25;

// `exact`: there are no fewer samples.
absl::Status CheckBatches(const Assembled& parts, int64_t samples, bool exact) {
  const Pipeline::Train& train = parts.config->train();
  if (LengthOfRun(*parts.config, samples).batches_per_epoch == 0) {
    FieldChecker check;
    check.That(false, "batch_size",
               absl::StrCat(Counted(train.batch_size()), " is more than the ", Counted(samples),
                            " training samples; make it smaller, or set drop_last: false"));
    return check.status();
  }
  const int64_t batches = BatchesOfRun(*parts.config, samples);
  FieldChecker check;
  check.That(train.has_steps() || batches >= train.accumulate(), "accumulate",
             absl::StrCat("takes ", Counted(train.accumulate()), " batches for an update, and the ",
                          Counted(train.epochs()), train.epochs() == 1 ? " epoch" : " epochs",
                          " of the training have ", Counted(batches)));
  if (!check.ok()) return check.status();
  const int64_t rest = samples % train.batch_size();
  if (train.drop_last() || rest == 0 || !exact) return absl::OkStatus();
  return CheckBatch(parts, rest, "drop_last", "an epoch's last batch");
}

absl::Status CheckWarmup(const Pipeline& config, int64_t samples, bool exact) {
  // With fewer samples a warmup in epochs is shorter, and the run is not.
  if (!exact && config.schedule().has_warmup_epochs() && config.train().has_steps()) {
    return absl::OkStatus();
  }
  const RunLength length = LengthOfRun(config, samples);
  FieldChecker check;
  check.That(
      length.batches_per_epoch == 0 || length.warmup_steps <= length.steps,
      config.schedule().has_warmup_epochs() ? "warmup_epochs" : "warmup_steps",
      absl::StrCat("takes ", Counted(length.warmup_steps), " steps of the training's ",
                   Counted(length.steps), ", so that the learning rate would never be reached"));
  return check.status();
}

// A best checkpoint chosen by a loss that the evaluation cannot give.
absl::Status CheckBestLoss(const Assembled& parts) {
  const std::string& best = parts.config->checkpoints().best();
  const absl::StatusOr<std::string> chosen = FigureToChooseBy(best, FactsOfEvaluation(parts));
  const Split split = JudgedSplit(parts);
  if (best.empty() || !chosen.ok() || *chosen != FigureName("loss", split)) return absl::OkStatus();
  const HeldOutBatches held_out = BatchesOfHeldOutLoss(parts, split);
  FieldChecker check;
  check.That(held_out.enough, "best",
             absl::StrCat("asks for ", *chosen, ", and there are ", held_out.samples, " of the ",
                          parts.loss->least_samples(), " samples that the loss needs at least: ",
                          "keep more for it, as by evaluate { validation: 0.1 }"));
  return check.status();
}

// What `freeze_for` keeps from training to the run's end.
std::vector<FrozenFor> FrozenToTheEnd(const Assembled& parts, const RunLength& length) {
  std::vector<FrozenFor> frozen = FrozenForATime(*parts.config, parts, length.steps_per_epoch);
  std::erase_if(frozen, [&](const FrozenFor& each) {
    return each.parameter->frozen || each.steps < length.steps;
  });
  return frozen;
}

absl::Status CheckFreezing(const Assembled& parts, int64_t samples) {
  const RunLength length = LengthOfRun(*parts.config, samples);
  const size_t trained = parts.trained_parameters().size();
  FieldChecker check;
  check.That(trained == 0 || FrozenToTheEnd(parts, length).size() < trained, "freeze_for",
             absl::StrCat("leaves nothing to train: all parameters stay as they are for the ",
                          Counted(length.steps), " steps of the run"));
  return check.status();
}

// It may be meant so; of a run that was made shorter it may not.
void WarnOfFreezing(const Assembled& parts, int64_t samples, std::vector<std::string>* warnings) {
  const RunLength length = LengthOfRun(*parts.config, samples);
  std::set<std::string> names;
  for (const FrozenFor& frozen : FrozenToTheEnd(parts, length)) {
    if (!names.insert(frozen.name).second) continue;
    warnings->push_back(absl::StrCat("freeze_for keeps ", frozen.name, " from training for ",
                                     Counted(frozen.steps), " steps, and the run has ",
                                     Counted(length.steps), ": it is not trained at all"));
  }
}

// A ramp that does not come to its end within the run.
void WarnOfRamp(const std::string& name, const RampSchedule& ramp, const RunLength& length,
                std::vector<std::string>* warnings) {
  const int64_t steps = ramp.steps > 0 ? ramp.steps : StepsOf(ramp.epochs, length.steps_per_epoch);
  if (steps <= length.steps) return;
  warnings->push_back(absl::StrCat(name, " changes over ", Counted(steps),
                                   " steps, and the run has ", Counted(length.steps),
                                   ": it does not come to ", ramp.to));
}

// What the run is too short for: the ends of ramps, the decay, a part of the loss.
void WarnOfUnreached(const Assembled& parts, int64_t samples, std::vector<std::string>* warnings) {
  const Pipeline& config = *parts.config;
  const RunLength length = LengthOfRun(config, samples);
  // Where a ramp begins is no matter here.
  WarnOfRamp("schedule.weight_decay", ToSchedule(config.schedule().weight_decay(), 0), length,
             warnings);
  WarnOfRamp("teacher.momentum", ToSchedule(config.teacher().momentum(), 0), length, warnings);
  for (const auto& [field, ramp] : parts.loss->ramps())
    WarnOfRamp(absl::StrCat("loss.", field), ramp, length, warnings);
  if (config.schedule().decay() != Pipeline::Schedule::CONSTANT &&
      length.warmup_steps + 1 >= length.steps) {
    warnings->push_back(absl::StrCat("schedule.decay never begins: the warmup takes ",
                                     Counted(length.warmup_steps), " of the run's ",
                                     Counted(length.steps), " steps"));
  }
  const std::string of_loss = parts.loss->Unreached(
      static_cast<double>(length.steps) / length.steps_per_epoch,
      static_cast<double>(length.steps) * static_cast<double>(config.train().accumulate()) *
          static_cast<double>(config.train().batch_size()));
  if (!of_loss.empty()) warnings->push_back(absl::StrCat("loss.", of_loss));
}

// Batches at the end of the run that are too few for an update.
void WarnOfBatchesLeftOver(const Assembled& parts, int64_t samples,
                           std::vector<std::string>* warnings) {
  const Pipeline::Train& train = parts.config->train();
  if (train.has_steps()) return;
  const int64_t batches = BatchesOfRun(*parts.config, samples), left = batches % train.accumulate();
  if (left == 0) return;
  warnings->push_back(absl::StrCat(
      "the run's last ", left == 1 ? "batch" : Counted(left) + " batches", " of ", Counted(batches),
      left == 1 ? " is" : " are", " not trained on: an update takes ", Counted(train.accumulate()),
      " (train { accumulate })"));
}

// Faults of a run over so many samples, or, where that is not exact, at most so many.
void CheckNumber(const Assembled& parts, int64_t samples, bool exact, SourceMap& map) {
  map.AddFaults("train", CheckBatches(parts, samples, exact));
  map.AddFaults("schedule", CheckWarmup(*parts.config, samples, exact));
  if (exact) map.AddFaults("", CheckFreezing(parts, samples));
}

}  // namespace

absl::Status PlacedAtDataset(const Assembled& parts, const absl::Status& loaded) {
  if (!absl::IsInvalidArgument(loaded)) return loaded;
  constexpr char kValidation[] = "evaluate.validation";
  absl::string_view message = loaded.message();
  const bool validation = absl::ConsumePrefix(&message, absl::StrCat(kValidation, ": "));
  SourceMap map = *parts.places;
  map.AddFaults(validation ? kValidation : "dataset", absl::InvalidArgumentError(message));
  return map.status();
}

absl::Status CheckAgainstExtent(const Assembled& parts) {
  const DatasetExtent extent = parts.dataset->extent();
  SourceMap map = *parts.places;
  if (extent.train > 0) CheckNumber(parts, extent.train, extent.exact, map);
  return map.ok() ? absl::OkStatus() : map.status();
}

void WarnOfVotes(const Assembled& parts, std::vector<std::string>* warnings) {
  if (!IsClassified(parts)) return;
  const Pipeline::Evaluate& evaluate = parts.config->evaluate();
  const int64_t samples = parts.dataset->size(Split::kTrain), limit = evaluate.max_train_samples();
  const int64_t asked = limit > 0 ? std::min(limit, samples) : samples;
  std::vector<KnnVote> votes;
  for (const Pipeline::Knn& knn : evaluate.knn()) votes.push_back({knn.k(), knn.temperature()});
  for (std::string& hollow : HollowVotes(votes, asked)) warnings->push_back(std::move(hollow));
}

std::vector<std::string> WarningsOfParts(const Assembled& parts) {
  std::vector<std::string> warnings;
  if (parts.config->has_predictor() && !parts.loss->takes_target()) {
    warnings.emplace_back(
        "the loss looks at no target, so that the predictor is a second head behind the first, and "
        "gradients go through both");
  }
  if (parts.views() > 1 && ViewsAreAlike(parts) && !parts.encoder->drops()) {
    warnings.push_back(absl::StrCat(
        "the ", parts.views(),
        " views of a sample are the same to the encoder: no augmentation is "
        "random, and it has no dropout. Only what tells samples apart is learnt, and nothing of "
        "what views have in common. Give them augmentations that are random, or the encoder "
        "dropout"));
  }
  return warnings;
}

absl::Status CheckAgainstData(const Assembled& parts, std::vector<std::string>* warnings) {
  const Pipeline& config = *parts.config;
  const int64_t samples = parts.dataset->size(Split::kTrain);
  SourceMap map = *parts.places;
  CheckNumber(parts, samples, /*exact=*/true, map);
  if (parts.initialization != nullptr) {
    map.AddFaults("", parts.initialization->Check(*parts.dataset));
  }
  map.AddFaults("checkpoints", CheckBestLoss(parts));
  if (!map.ok()) return map.status();

  WarnOfFreezing(parts, samples, warnings);
  WarnOfBatchesLeftOver(parts, samples, warnings);
  for (std::string& hollow : WarningsOfParts(parts)) warnings->push_back(std::move(hollow));
  WarnOfUnreached(parts, samples, warnings);
  WarnOfVotes(parts, warnings);
  const Pipeline::Evaluate& evaluate = config.evaluate();
  const int64_t kept = evaluate.validation() > 0 ? parts.dataset->size(Split::kValidation) : 0;
  if (kept > 0 && kept < kFewSamples) {
    warnings->push_back(absl::StrCat(
        "validation keeps ", kept, kept == 1 ? " sample" : " samples",
        ": figures of so few are chance; a larger share, evaluate { validation: … }, would tell "
        "more"));
  }
  const HeldOutBatches held_out = BatchesOfHeldOutLoss(parts, JudgedSplit(parts));
  if (held_out.enough && held_out.smaller) {
    warnings->push_back(absl::StrCat("the held-out loss is of batches of ", Counted(held_out.batch),
                                     " samples, all that are measured, and the training's of ",
                                     Counted(config.train().batch_size()),
                                     ": the two are not to be set beside each other"));
  }
  if (parts.dataset->size(Split::kTest) == 0) {
    warnings->push_back(
        "there is no test split, so that nothing is measured but the training loss");
  }
  return absl::OkStatus();
}

}  // namespace pretext
