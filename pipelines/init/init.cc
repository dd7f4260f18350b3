#include "pipelines/init/init.h"

#include <omp.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/description.h"
#include "pipelines/init/proposal.h"
#include "pipelines/init/step_time.h"

namespace pretext {
namespace {

constexpr double kSecondsToMeasure = 3;  // for each architecture that is tried
constexpr double kMostHours = 1e5;

}  // namespace

absl::StatusOr<Proposed> ProposePipeline(const InitOptions& options) {
  if (!(options.hours > 0 && options.hours <= kMostHours)) {
    return absl::InvalidArgumentError(absl::StrCat("--hours is a number above 0 and at most ",
                                                   kMostHours, "; it is ", options.hours));
  }
  const absl::StatusOr<DataFacts> facts = LookAtData(options.data);
  if (!facts.ok()) return facts.status();
  const absl::StatusOr<Method> method = ChooseMethod(options.method, *facts);
  if (!method.ok()) return method.status();
  const int64_t batch = BatchSize(*method, *facts);
  const std::vector<Architecture> architectures = Architectures(*method, *facts);
  Proposed proposed;
  absl::Status last;
  for (size_t i = 0; i < architectures.size(); ++i) {
    Timing timing{.threads = omp_get_max_threads()};
    Length length{.batch_size = batch, .epochs = 1, .steps_per_epoch = 1};
    const auto text = [&] {
      return PipelineText(options.name, *method, *facts, architectures[i], length, timing,
                          options.hours);
    };
    const absl::StatusOr<double> seconds = MeasureStep(text(), facts->samples, kSecondsToMeasure);
    if (!seconds.ok()) {
      last = seconds.status();
      continue;
    }
    timing.step_seconds = *seconds;
    timing.data_seconds = facts->seconds_to_read * static_cast<double>(batch);
    length = ChooseLength(*method, *facts, timing, options.hours);
    proposed.text = text();
    // One that learns more is worth it where its epochs fit; else the next, which costs less.
    if (!length.cut) break;
  }
  if (proposed.text.empty()) return last;
  const auto parts = Assemble(LoadPipelineText("the proposal", proposed.text));
  if (!parts.ok()) return parts.status();
  for (const std::string& line : facts->found) absl::StrAppend(&proposed.summary, line, "\n");
  return proposed;
}

}  // namespace pretext
