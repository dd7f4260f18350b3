#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "evaluation/figures/figures.h"
#include "pipelines/verdicts/judges.h"
#include "pipelines/verdicts/trend.h"

namespace pretext {
namespace {

using Level = Verdict::Level;

// A change smaller than this share of the loss above its floor is not worth telling.
constexpr double kWorthTelling = 0.01;
// The loss of fewer held-out samples is chance.
constexpr double kFewSamples = 25;
// Time spent on samples beyond which they hold the training up: without it, it would be a third
// faster at least.
constexpr double kLoaderBound = 0.25;

// The mean training loss of the lines about a step: those that evaluations are beside.
double TrainingLossAbout(const HistorySeries& loss, double step) {
  HistorySeries before;
  for (const HistoryPoint& point : loss)
    if (point.step <= step) before.push_back(point);
  return MeanOfLast(before, kRecentLines);
}

void JudgeTrend(const RunHistory& history, double floor, std::vector<Verdict>& verdicts) {
  const Trend trend = FitTrend(history.training("loss"));
  if (!trend.known) return;
  const double scale = std::abs(trend.level - floor);
  // Of what the loss was above its floor where the window begins.
  const double at_first = scale + std::abs(trend.change) / 2;
  const auto percent = [&](double value) { return 100 * std::abs(value) / at_first; };
  const bool tells = scale > 0 && std::abs(trend.change) >= kWorthTelling * scale;
  const std::string since = absl::StrFormat("since step %.0f", trend.from_step);
  if (trend.falls() && tells) {
    verdicts.push_back(
        {Level::kNote, "trend",
         absl::StrFormat("still falling (the training loss by %.2g %% ± %.1g %s)",
                         percent(trend.change), std::max(0.1, percent(trend.error)), since),
         "The straight line through the last third of the steps falls beyond doubt: more epochs "
         "are likely to lower the loss further."});
  } else if (trend.rises() && tells) {
    verdicts.push_back(
        {Level::kBad, "trend",
         absl::StrFormat("rising (the training loss by %.2g %% ± %.1g %s)", percent(trend.change),
                         std::max(0.1, percent(trend.error)), since),
         "A smaller learning rate, a longer warmup or train { clip_norm: 1 } often helps."});
  } else if (trend.stays_within(kWorthTelling * scale)) {
    verdicts.push_back(
        {Level::kNote, "trend",
         absl::StrFormat("settled (the training loss changes by less than %.0f %% %s)",
                         100 * kWorthTelling, since),
         "More steps at this learning rate would change little."});
  }
}

// Overfit: the held-out loss was lower before, the last two times alike, while that of training
// went on falling by as much as is worth telling.
void JudgeHeldOut(const RunHistory& history, double floor, std::vector<Verdict>& verdicts) {
  if (history.evaluations().empty()) return;
  const std::string name = HeldOutLossName(history.evaluations().back().figures);
  const HistorySeries held_out = history.evaluation(name);
  const HistorySeries& loss = history.training("loss");
  if (name.empty() || held_out.empty() || loss.empty()) return;
  const std::string split = OfValidation(name) ? "validation loss" : "loss of the test split";
  const HistoryPoint best = *std::min_element(
      held_out.begin(), held_out.end(),
      [](const HistoryPoint& a, const HistoryPoint& b) { return a.value < b.value; });
  const double now = held_out.back().value;
  const double now_training = TrainingLossAbout(loss, held_out.back().step);
  const double worse = kWorthTelling * std::abs(best.value - floor);
  const size_t count = held_out.size();
  if (count >= 3 && now > best.value + worse && held_out[count - 2].value > best.value + worse) {
    const double then_training = TrainingLossAbout(loss, best.step);
    const double better = kWorthTelling * std::abs(then_training - floor);
    const double samples = history.evaluations().back().samples;
    if (now_training < then_training - better && !(samples > 0 && samples < kFewSamples)) {
      verdicts.push_back(
          {Level::kBad, "overfit",
           absl::StrFormat("overfit (the %s %.4g, %.4g at step %.0f; training %.4g, then %.4g)",
                           split, now, best.value, best.step, now_training, then_training),
           absl::StrFormat("The training samples are learnt by heart. Stop earlier, or keep the "
                           "best checkpoint (checkpoints { best: \"%s\" }); more data, stronger "
                           "augmentations, weight decay or a smaller encoder.",
                           name)});
      return;
    }
  }
  const double batch = history.evaluations().back().loss_batch;
  if (batch > 0) {
    verdicts.push_back({Level::kNote, "held_out",
                        absl::StrFormat("%s %.4g, of batches of %.0f samples", split, now, batch),
                        "The training's is of larger batches, in which there is more to tell a "
                        "sample from: the two are not to be set beside each other."});
    return;
  }
  verdicts.push_back(
      {Level::kNote, "held_out",
       absl::StrFormat("%s %.4g beside %.4g in training", split, now, now_training),
       "Training's is with dropout and of parameters on their way; both are of views "
       "as in training."});
}

}  // namespace

void JudgeLosses(const JudgedRun& run, std::vector<Verdict>& verdicts) {
  const HistorySeries& floors = run.history.training("loss_floor");
  const double floor = floors.empty() ? 0 : floors.back().value;
  JudgeTrend(run.history, floor, verdicts);
  JudgeHeldOut(run.history, floor, verdicts);
}

void JudgeLoader(const JudgedRun& run, std::vector<Verdict>& verdicts) {
  const double share = run.history.data_share();
  if (!(share >= kLoaderBound)) return;
  verdicts.push_back(
      {Level::kNote, "loader",
       absl::StrFormat("bound by its data (%.0f %% of the steps' time)", 100 * share),
       absl::StrFormat("Reading and augmenting samples takes this share; without it training would "
                       "be %.1f times as fast. Smaller pictures, cheaper augmentations or "
                       "train { prefetch } help.",
                       1 / std::max(0.01, 1 - share))});
}

}  // namespace pretext
