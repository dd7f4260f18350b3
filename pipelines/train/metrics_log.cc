#include "pipelines/train/metrics_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/verdicts/verdicts.h"

namespace pretext {

bool MetricsLog::IsDue(int64_t step) const {
  return step % parts_.config->train().log_every() == 0 || step == plan_.total_steps;
}

void MetricsLog::Add(const UpdateFigures& figures) {
  last_ = figures;
  sums_.loss += figures.loss_sum;
  sums_.weight += figures.weight;
  sums_.items += figures.items;
  sums_.seconds += figures.seconds;
  own_seconds_ += figures.seconds;
  own_data_seconds_ += figures.data_seconds;
}

double MetricsLog::loss() const {
  return sums_.weight > 0 ? sums_.loss / sums_.weight : shown_loss_;
}

double MetricsLog::items_per_second() const {
  return sums_.seconds > 0 ? static_cast<double>(sums_.items) / sums_.seconds
                           : shown_items_per_second_;
}

void MetricsLog::Warn(int64_t step) {
  if (step < kSettledSteps) return;
  for (const std::string& warning : StepWarnings(last_.metrics, parts_.encoder->features())) {
    if (std::find(warnings_.begin(), warnings_.end(), warning) != warnings_.end()) continue;
    warnings_.push_back(warning);
    progress_.Say(absl::StrCat("warning: ", warning));
  }
}

absl::Status MetricsLog::WriteLine(const Cursor& cursor) {
  shown_loss_ = sums_.weight > 0 ? sums_.loss / sums_.weight : 0;  // 0 of nothing
  shown_items_per_second_ =
      sums_.seconds > 0 ? static_cast<double>(sums_.items) / sums_.seconds : 0;
  const double seconds = sums_.seconds;
  const double data_share = own_seconds_ > 0 ? own_data_seconds_ / own_seconds_ : 0;
  sums_ = {};
  own_seconds_ = own_data_seconds_ = 0;
  const auto& train = parts_.config->train();
  std::vector<std::pair<std::string, double>> scalars = {
      {"loss", shown_loss_},
      {"learning_rate", last_.learning_rate},
      {"items_per_second", shown_items_per_second_}};
  if (const auto chance = parts_.loss->Chance(train.batch_size(), parts_.views()))
    scalars.emplace_back("loss_chance", *chance);
  if (const auto floor = parts_.loss->Floor(train.batch_size(), parts_.views()))
    scalars.emplace_back("loss_floor", *floor);
  if (train.clip_norm() > 0) scalars.emplace_back("gradient_norm", last_.gradient_norm);
  scalars.insert(scalars.end(), last_.metrics.begin(), last_.metrics.end());
  Warn(cursor.step);
  return metrics_.Log(cursor.step, plan_.Epochs(cursor.batches), "", scalars, {},
                      {{"seconds", seconds}, {"data_share", data_share}});
}

absl::Status MetricsLog::WriteEvaluation(const Cursor& cursor, const Figures& figures) {
  const std::string name = HeldOutLossName(figures.values);
  for (const auto& figure : figures.values)
    if (figure.first == name) held_out_loss_ = figure;
  std::vector<std::pair<std::string, double>> counts = {
      {"samples", static_cast<double>(figures.samples)}};
  if (figures.loss_batch > 0)
    counts.emplace_back("loss_batch", static_cast<double>(figures.loss_batch));
  const absl::Status written =
      metrics_.Log(cursor.step, plan_.Epochs(cursor.batches), "eval", figures.values, counts,
                   {{"eval_seconds", figures.seconds}});
  if (!written.ok()) return written;
  const auto verdicts = JudgeRun({metrics_.history(), parts_.encoder->features()});
  if (!verdicts.empty()) progress_.Say(absl::StrCat("judged         ", VerdictLine(verdicts)));
  return absl::OkStatus();
}

}  // namespace pretext
