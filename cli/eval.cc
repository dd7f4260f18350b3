#include <cstdio>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/json/json.h"
#include "base/text/counted.h"
#include "cli/command.h"
#include "cli/from_flags.h"
#include "cli/interruption.h"
#include "evaluation/features/encode.h"
#include "evaluation/representation/representation.h"
#include "pipelines/assembly/data_checks.h"
#include "pipelines/evaluate/evaluation.h"
#include "pipelines/evaluate/representation_options.h"
#include "pipelines/run/progress.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/trained/on_dataset.h"
#include "pipelines/trained/use_overrides.h"

ABSL_FLAG(std::string, dataset, "",
          "what it is measured on: 'dataset { … }', or a file of that, such as a pipeline");
ABSL_FLAG(std::string, features, "", "in place of a run: vectors to learn from, .npy [N, D]");
ABSL_FLAG(std::string, test, "", "beside --features: the vectors that are measured");
ABSL_FLAG(std::string, test_labels, "", "their labels, .npy [N]");
ABSL_DECLARE_FLAG(std::string, labels);
ABSL_DECLARE_FLAG(bool, json);

namespace pretext {
namespace {

Work TellOn(Progress& progress) {
  return Work([&progress](absl::string_view what, double share) {
    progress.ShowWork(absl::StrCat("evaluation: ", what), share);
    return !SignalledStop().is_made();
  });
}

absl::Status Print(const Figures& figures) {
  if (absl::GetFlag(FLAGS_json)) {
    JsonObject values;
    for (const auto& [name, value] : figures.values) values.Add(name, value);
    std::printf("%s\n",
                JsonObject().Add("samples", figures.samples).Add("eval", values).text().c_str());
  } else {
    std::printf("%s\n", FormatFigures(figures).c_str());
  }
  for (const std::string& warning : figures.warnings)
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  if (!figures.values.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "nothing could be measured: accuracies need labels and a test split");
}

// A field of a config in text, or nothing.
std::string Field(absl::string_view name, const std::string& value) {
  if (value.empty()) return "";
  return absl::StrCat(" ", name, ": \"", absl::CEscape(value), "\"");
}

constexpr char kLastWords[] = "Stopped before everything was measured; nothing was changed\n";

// What --features comes with, all of it.
std::vector<std::pair<const char*, std::string>> FeatureFlags() {
  return {{"labels", absl::GetFlag(FLAGS_labels)},
          {"test", absl::GetFlag(FLAGS_test)},
          {"test_labels", absl::GetFlag(FLAGS_test_labels)}};
}

// k-NN and probe of vectors in files.
absl::Status EvaluateFeatures() {
  if (!absl::GetFlag(FLAGS_dataset).empty()) {
    return absl::InvalidArgumentError(
        "--features are measured in place of a run on a --dataset: give one of the two");
  }
  for (const auto& [name, value] : FeatureFlags()) {
    if (value.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name,
                       " is missing: --features, --labels, --test and --test_labels go "
                       "together"));
    }
  }
  const auto over = ReadUseOverrides(Overrides(), {"evaluate"});
  if (!over.ok()) return over.status();
  const auto dataset =
      CreateFromFlags<Dataset>("pretext.Arrays",
                               absl::StrCat(Field("samples", absl::GetFlag(FLAGS_features)),
                                            Field("labels", absl::GetFlag(FLAGS_labels)),
                                            Field("test_samples", absl::GetFlag(FLAGS_test)),
                                            Field("test_labels", absl::GetFlag(FLAGS_test_labels))),
                               {{"samples", "features"},
                                {"labels", "labels"},
                                {"test_samples", "test"},
                                {"test_labels", "test_labels"}});
  if (!dataset.ok()) return dataset.status();
  if (absl::Status status = (*dataset)->Load(); !status.ok()) return status;
  Progress progress(stderr);
  FillDefaults(over->config.get());
  const RepresentationOptions options = OptionsOf(over->config->evaluate(), TellOn(progress));
  StopOnSignalsAtAnyTime(kLastWords);
  Figures figures;
  const auto train =
                 RawSplit(**dataset, {.split = Split::kTrain, .limit = options.max_train_samples}),
             held = RawSplit(**dataset, {.split = Split::kTest, .limit = options.max_test_samples});
  if (!train.ok()) return train.status();
  if (!held.ok()) return held.status();
  figures.samples = held->count;
  figures.warnings = HollowFigures(*train, *held, options);
  if (options.classify) {
    for (std::string& hollow : HollowVotes(options.knn, train->count))
      figures.warnings.push_back(std::move(hollow));
  }
  const auto scores = ScoreFeatures("", *train, *held, options);
  if (!scores.ok()) return scores.status();
  figures.values = *scores;
  return Print(figures);
}

}  // namespace

absl::Status EvalCommand(const std::vector<std::string>& arguments) {
  const bool features = !absl::GetFlag(FLAGS_features).empty();
  const size_t wanted = features ? 0 : 1;
  if (auto status = CheckArguments("eval", arguments, wanted, wanted); !status.ok()) return status;
  if (features) return EvaluateFeatures();
  for (const auto& [name, value] : FeatureFlags()) {
    if (value.empty()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--", name,
                     " goes with --features, vectors in files; what a run is measured "
                     "on is in --dataset, labels and test samples too"));
  }
  const std::string dataset = absl::GetFlag(FLAGS_dataset);
  if (dataset.empty()) {
    return absl::InvalidArgumentError(
        "--dataset is missing: 'dataset { … }', or a file of that, such as a pipeline");
  }
  absl::StatusOr<Assembled> parts = OpenOnDataset(arguments[0], dataset, Overrides());
  if (!parts.ok()) return parts.status();
  const absl::Status loaded = parts->dataset->Load();
  if (!loaded.ok()) return PlacedAtDataset(*parts, loaded);
  std::fprintf(stderr, "%s\n", parts->dataset->Summary().c_str());
  Progress progress(stderr);
  StopOnSignalsAtAnyTime(kLastWords);
  Evaluation evaluation(*parts);
  absl::StatusOr<Figures> figures = evaluation.Run(/*last=*/true, TellOn(progress));
  if (!figures.ok()) return figures.status();
  // Those of a training are said before it.
  WarnOfVotes(*parts, &figures->warnings);
  return Print(*figures);
}

}  // namespace pretext
