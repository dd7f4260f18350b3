#include "pipelines/run/run_metrics.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/file/file_writer.h"
#include "base/file/read_file.h"
#include "base/json/json.h"
#include "evaluation/figures/figures.h"

namespace pretext {
namespace {

using google::protobuf::Struct;

// The group of an evaluation's figures.
constexpr char kEvaluation[] = "eval";

// The step of a metrics line, which starts {"step":N, — or -1.
int64_t StepOf(absl::string_view line) {
  constexpr char kStart[] = "{\"step\":";
  if (!absl::StartsWith(line, kStart)) return -1;
  const size_t end = line.find_first_of(",}", sizeof(kStart) - 1);
  int64_t step = -1;
  if (end == absl::string_view::npos ||
      !absl::SimpleAtoi(line.substr(sizeof(kStart) - 1, end - sizeof(kStart) + 1), &step)) {
    return -1;
  }
  return step;
}

std::string Tag(const std::string& group, const std::string& name) {
  return absl::StrCat(group.empty() ? "train" : group, "/", name);
}

// Of a tag.
std::string Describe(absl::string_view tag) {
  return absl::ConsumePrefix(&tag, "eval/") ? DescribeFigure(tag) : "";
}

// The scalars of a line, as TensorBoard calls them.
RunMetrics::Scalars Tagged(absl::string_view line) {
  RunMetrics::Scalars tagged;
  Struct object;
  if (!google::protobuf::util::JsonStringToMessage(std::string(line), &object).ok()) return tagged;
  for (const auto& [key, value] : object.fields()) {
    const bool beside = object.fields().count("eval") != 0;  // what a group has beside it
    if (value.has_number_value() && key != "step" && key != "epoch" && !beside) {
      tagged.emplace_back(Tag("", key), value.number_value());
    }
    for (const auto& [name, figure] : value.struct_value().fields()) {
      if (figure.has_number_value()) tagged.emplace_back(Tag(key, name), figure.number_value());
    }
  }
  return tagged;
}

}  // namespace

absl::StatusOr<RunMetrics::Kept> RunMetrics::Read(const std::string& path, int64_t step) {
  Kept kept;
  const absl::StatusOr<std::string> metrics = ReadFile(path);
  if (absl::IsNotFound(metrics.status())) return kept;
  if (!metrics.ok()) return metrics.status();
  for (const absl::string_view line : absl::StrSplit(*metrics, '\n')) {
    const int64_t at = StepOf(line);
    if (at < 0 || !absl::EndsWith(line, "}")) continue;
    const bool evaluation = absl::StrContains(line, "\"eval\":{");
    kept.any_evaluated |= evaluation;
    if (at > step) continue;
    absl::StrAppend(&kept.text, line, "\n");
    if (at != step) continue;
    absl::StrAppend(&kept.last, line, "\n");
    kept.evaluated |= evaluation;
  }
  kept.whole = kept.text == *metrics;
  return kept;
}

absl::Status RunMetrics::GoOnAfter(int64_t step, bool tensorboard) {
  const absl::StatusOr<Kept> kept = Read(step);
  if (!kept.ok()) return kept.status();
  if (!kept->whole) {
    const absl::Status written = WriteFileAtomically(run_.metrics_path(), kept->text);
    if (!written.ok()) return written;
  }
  const absl::StatusOr<Kept> times = Read(run_.times_path(), step);
  if (!times.ok()) return times.status();
  if (!times->whole) {
    const absl::Status written = WriteFileAtomically(run_.times_path(), times->text);
    if (!written.ok()) return written;
  }
  history_ = RunHistory::Parse(kept->text + times->text);
  if (!tensorboard) return absl::OkStatus();
  if (absl::Status s = tensorboard_.Open(run_.tensorboard_path(), step); !s.ok()) return s;
  for (const absl::string_view line : absl::StrSplit(kept->last, '\n', absl::SkipEmpty())) {
    if (absl::Status s = tensorboard_.Write(step, Tagged(line), Describe); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status RunMetrics::Log(int64_t step, double epoch, const std::string& group,
                             const Scalars& scalars, const Scalars& beside, const Scalars& times) {
  JsonObject values;
  JsonObject line;
  line.Add("step", step).Add("epoch", epoch);
  for (const auto& [name, value] : beside) line.Add(name, value);
  Scalars tagged;
  for (const auto& [name, value] : scalars) {
    (group.empty() ? line : values).Add(name, value);
    tagged.emplace_back(Tag(group, name), value);
  }
  if (!group.empty()) line.Add(group, values);
  const auto at = static_cast<double>(step);
  if (group == kEvaluation) {
    history_.Add({.step = at, .epoch = epoch, .scalars = beside, .evaluation = scalars});
  } else {
    Scalars all = beside;
    if (group.empty()) all.insert(all.end(), scalars.begin(), scalars.end());
    history_.Add({.step = at, .epoch = epoch, .scalars = std::move(all), .evaluation = {}});
  }
  absl::Status status = AppendToFile(run_.metrics_path(), line.text() + "\n");
  if (status.ok() && !times.empty()) {
    JsonObject time_line;
    time_line.Add("step", step).Add("epoch", epoch);
    for (const auto& [name, value] : times) {
      time_line.Add(name, value);
      if (group.empty()) tagged.emplace_back(Tag(group, name), value);
    }
    history_.Add({.step = at, .epoch = epoch, .scalars = times, .evaluation = {}});
    status = AppendToFile(run_.times_path(), time_line.text() + "\n");
  }
  if (!status.ok()) return status;
  return tensorboard_.is_open() ? tensorboard_.Write(step, tagged, Describe) : absl::OkStatus();
}

absl::Status RunMetrics::LogPictures(int64_t step,
                                     const std::vector<TensorBoardWriter::Picture>& pictures) {
  if (pictures.empty() || !tensorboard_.is_open()) return absl::OkStatus();
  return tensorboard_.Write(step, pictures);
}

absl::Status RunMetrics::Flush() {
  const absl::Status status = FlushFile(run_.metrics_path());
  return status.ok() ? FlushFile(run_.times_path()) : status;
}

}  // namespace pretext
