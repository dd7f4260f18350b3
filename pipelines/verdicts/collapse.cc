#include "absl/strings/str_format.h"
#include "pipelines/verdicts/judges.h"

namespace pretext {
namespace {

// h_spread is 1 for directions spread evenly. Below this all of h lies within a hundredth of one
// direction.
constexpr double kSpread = 0.01;
// h that varies along one line has an effective rank of 1, and one of two features 2 at most.
constexpr double kRank = 2;
bool FewDirections(double rank, int64_t features) {
  return rank < kRank && (features == 0 || features > 2);
}

}  // namespace

std::vector<std::string> CollapseWarnings(
    const std::vector<std::pair<std::string, double>>& metrics, int64_t features) {
  double spread = 1, rank = kRank;
  for (const auto& [name, value] : metrics) {
    if (name == "h_spread") spread = value;
    if (name == "h_effective_rank") rank = value;
  }
  if (spread < kSpread) {
    return {
        "complete collapse: h is nearly the same for every sample (h_spread below 0.01). "
        "Contrastive losses want stronger negatives (a larger batch) or a smaller learning rate"};
  }
  if (FewDirections(rank, features)) {
    return {
        "dimensional collapse: h varies in fewer than two directions (h_effective_rank below 2). "
        "Try a higher temperature, a projection head, or weaker weight decay"};
  }
  return {};
}

void JudgeCollapse(const JudgedRun& run, std::vector<Verdict>& verdicts) {
  const HistorySeries& rank = run.history.training("h_effective_rank");
  if (rank.empty() || rank.back().step < kSettledSteps) return;
  const HistorySeries& spread = run.history.training("h_spread");
  const double now = rank.back().value, at_first = rank.front().value;
  const std::string of = run.features > 0 ? absl::StrFormat(" of %d", run.features) : std::string();
  const std::string beside =
      rank.size() > 1 ? absl::StrFormat(" (%.3g at step %.0f)", at_first, rank.front().step) : "";
  if (!spread.empty() && spread.back().value < kSpread) {
    verdicts.push_back(
        {Verdict::Level::kBad, "collapse",
         absl::StrFormat("complete collapse: h_spread %.2g, 1 where samples are spread evenly",
                         spread.back().value),
         "h is nearly the same for every sample. Contrastive losses want stronger negatives (a "
         "larger batch) or a smaller learning rate."});
  } else if (FewDirections(now, run.features)) {
    verdicts.push_back(
        {Verdict::Level::kBad, "collapse",
         absl::StrFormat("dimensional collapse: effective rank %.2f%s%s", now, of, beside),
         "h varies in fewer than two directions. Try a higher temperature, a projection head, or "
         "weaker weight decay."});
  } else {
    verdicts.push_back(
        {Verdict::Level::kNote, "rank", absl::StrFormat("effective rank %.3g%s%s", now, of, beside),
         absl::StrFormat("h spreads as over %.0f directions of equal strength, measured on one "
                         "batch of at most 256 rows.",
                         now)});
  }
}

}  // namespace pretext
