#include "pipelines/train/metrics_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

// The first steps look collapsed whatever follows.
constexpr int64_t kSettled = 100;

}  // namespace

bool MetricsLog::IsDue(int64_t step) const {
  return step % parts_.config->train().log_every() == 0 || step == plan_.total_steps;
}

void MetricsLog::Add(const UpdateFigures& figures) {
  last_ = figures;
  sums_.loss += figures.loss_sum;
  sums_.weight += figures.weight;
  sums_.items += figures.items;
  sums_.seconds += figures.seconds;
}

double MetricsLog::loss() const {
  return sums_.weight > 0 ? sums_.loss / sums_.weight : shown_loss_;
}

double MetricsLog::items_per_second() const {
  return sums_.seconds > 0 ? static_cast<double>(sums_.items) / sums_.seconds
                           : shown_items_per_second_;
}

void MetricsLog::Warn(int64_t step) {
  if (step < kSettled) return;
  for (const std::string& warning : Monitor().Warnings(last_.metrics)) {
    if (std::find(warnings_.begin(), warnings_.end(), warning) != warnings_.end()) continue;
    warnings_.push_back(warning);
    progress_.Say(absl::StrCat("warning: ", warning));
  }
}

absl::Status MetricsLog::WriteLine(const Cursor& cursor) {
  shown_loss_ = sums_.weight > 0 ? sums_.loss / sums_.weight : 0;  // 0 of nothing
  shown_items_per_second_ =
      sums_.seconds > 0 ? static_cast<double>(sums_.items) / sums_.seconds : 0;
  sums_ = {};
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
  return metrics_.Log(cursor.step, plan_.Epochs(cursor.batches), "", scalars);
}

absl::Status MetricsLog::WriteEvaluation(const Cursor& cursor, const Figures& figures) {
  return metrics_.Log(cursor.step, plan_.Epochs(cursor.batches), "eval", figures.values);
}

}  // namespace pretext
