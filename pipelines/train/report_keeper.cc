#include "pipelines/train/report_keeper.h"

#include <omp.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file/folder.h"
#include "pipelines/report/report.h"
#include "pipelines/report_data/report_data_file.h"
#include "pipelines/run/projector.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

// What was gathered on the way may cost this share of the time between.
constexpr double kShare = 0.02;

void AddConfusion(const Evaluation::Answers& answers, ReportData& data) {
  if (answers.labels.empty()) return;
  int32_t most = 0;
  for (const auto* labels : {&answers.labels, &answers.answers})
    most = std::max(most, *std::max_element(labels->begin(), labels->end()));
  // Of more classes the counts would be larger than all else in the file.
  constexpr int32_t kMost = 1000;
  if (most >= kMost) return;
  const int32_t classes = most + 1;
  std::vector<int64_t> counts(static_cast<size_t>(classes) * classes);
  for (size_t i = 0; i < answers.labels.size(); ++i)
    ++counts[static_cast<size_t>(answers.labels[i]) * classes + answers.answers[i]];
  data.mutable_confusion()->set_figure(answers.figure);
  data.mutable_confusion()->set_classes(classes);
  data.mutable_confusion()->mutable_count()->Add(counts.begin(), counts.end());
}

}  // namespace

ReportKeeper::ReportKeeper(Assembled& parts, const TrainPlan& plan, std::string machine)
    : parts_(parts), plan_(plan), machine_(std::move(machine)) {}

void ReportKeeper::AddFacts(ReportData& data) const {
  data.set_machine(machine_);
  data.set_threads(omp_get_max_threads());
}

absl::Status ReportKeeper::Gather(const Cursor& cursor, const Evaluation& evaluation,
                                  const Work& work) {
  const auto& output = parts_.config->output();
  if (!output.report() && !output.tensorboard()) return absl::OkStatus();
  const absl::Time start = absl::Now();
  const bool last = cursor.step == plan_.total_steps;
  if (!last && took_ > kShare * (start - last_)) return absl::OkStatus();
  absl::StatusOr<GatheredReport> gathered =
      GatherReportData(parts_, {.samples = output.report_samples(),
                                .tensorboard = output.tensorboard(),
                                .counts = evaluation.counts(),
                                .work = work});
  if (!gathered.ok()) return gathered.status();
  last_ = absl::Now();
  took_ = last_ - start;
  ReportData& data = gathered->data;
  AddFacts(data);
  AddConfusion(evaluation.answers(), data);
  data.set_step(cursor.step);
  data.set_seconds(absl::ToDoubleSeconds(took_));
  gathered_ = *std::move(gathered);
  return absl::OkStatus();
}

absl::Status ReportKeeper::WriteTensorBoard(const GatheredReport& gathered, const RunDirectory& run,
                                            RunMetrics& metrics) {
  const ReportData& data = gathered.data;
  absl::Status status = metrics.LogPictures(data.step(), gathered.pictures);
  const Features& h = gathered.h;
  if (!status.ok() || h.count == 0 || data.map().index_size() != h.count) return status;
  ProjectorPoints points{.count = h.count, .width = h.width, .values = h.values.data()};
  points.index.assign(data.map().index().begin(), data.map().index().end());
  points.text.assign(data.map().text().begin(), data.map().text().end());
  for (const int32_t label : data.map().label()) {
    points.label.push_back(label >= 0 && label < data.class_name_size() ? data.class_name(label)
                           : label >= 0                                 ? absl::StrCat(label)
                                                                        : "");
  }
  points.sprite = data.map().sheet();
  points.cell_width = data.map().cell_width();
  points.cell_height = data.map().cell_height();
  return WriteProjector(run.tensorboard_path(), points);
}

absl::Status ReportKeeper::Write(const RunDirectory& run, RunMetrics& metrics) {
  if (!gathered_.has_value()) return absl::OkStatus();
  const auto& output = parts_.config->output();
  absl::Status status;
  if (output.report()) status = WriteReportData(run.path(), gathered_->data);
  if (status.ok() && output.tensorboard()) status = WriteTensorBoard(*gathered_, run, metrics);
  gathered_.reset();
  return status;
}

absl::StatusOr<bool> ReportKeeper::RemoveOldPage(const RunDirectory& run) const {
  if (parts_.config->output().report()) return false;
  const absl::StatusOr<PathKind> there = KindOfPath(run.report_path());
  if (!there.ok()) return there.status();
  if (*there == PathKind::kNothing) return false;
  if (absl::Status gone = RemoveAll(run.report_path()); !gone.ok()) return gone;
  return true;
}

absl::Status ReportKeeper::WritePage(const RunDirectory& run) {
  if (!parts_.config->output().report()) return absl::OkStatus();
  const absl::StatusOr<PathKind> there = KindOfPath(ReportDataPath(run.path()));
  if (!there.ok()) return there.status();
  if (*there == PathKind::kNothing) {
    ReportData facts;
    AddFacts(facts);
    facts.set_features(parts_.encoder->features());
    if (absl::Status s = WriteReportData(run.path(), facts); !s.ok()) return s;
  }
  return WriteReport(run.path());
}

}  // namespace pretext
