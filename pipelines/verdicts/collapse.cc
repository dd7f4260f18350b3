#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
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

// Below this the squared distance of two views' z of length 1 is that of their rounding.
constexpr double kAlikeViews = 1e-10;

// Targets that are distributions (of a teacher's scores, of prototypes) use this many at least
// where they tell samples apart.
constexpr double kUsed = 1.5;
bool IsUsed(absl::string_view metric) {
  return metric == "used_scores" || metric == "used_prototypes";
}

// What the figures of a batch come to.
enum class Finding { kNone, kAlikeH, kAlikeZ, kAlikeTargets, kFewDirections };

Finding Find(double h_spread, double z_spread, double used, double rank, int64_t features) {
  // A single feature has no direction but its sign.
  if (h_spread < kSpread && features != 1) return Finding::kAlikeH;
  if (z_spread < kSpread) return Finding::kAlikeZ;
  if (used < kUsed) return Finding::kAlikeTargets;
  return FewDirections(rank, features) ? Finding::kFewDirections : Finding::kNone;
}

constexpr char kAgainstAlike[] =
    "A contrastive loss wants more negatives (a larger batch, a queue); one without negatives a "
    "predictor, a teacher, a center or a term that spreads; any of them a smaller learning rate";
constexpr char kAgainstFew[] =
    "Try a higher temperature, a projection head, or weaker weight decay";

}  // namespace

std::vector<std::string> StepWarnings(const std::vector<std::pair<std::string, double>>& metrics,
                                      int64_t features) {
  double h_spread = 1, z_spread = 1, used = kUsed, rank = kRank, alignment = 1;
  for (const auto& [name, value] : metrics) {
    if (name == "h_spread") h_spread = value;
    if (name == "z_spread") z_spread = value;
    if (IsUsed(name)) used = value;
    if (name == "h_effective_rank") rank = value;
    if (name == "alignment") alignment = value;
  }
  switch (Find(h_spread, z_spread, used, rank, features)) {
    case Finding::kNone:
      if (alignment > kAlikeViews) break;
      return {
          "the views of a sample do not differ: z of the two is the same (alignment 0), so "
          "that only what tells samples apart is learnt, and nothing of what they have in common. "
          "Give the views augmentations that are random, or the encoder dropout"};
    case Finding::kAlikeH:
      return {absl::StrCat(
          "complete collapse: h is nearly the same for every sample (h_spread below 0.01). ",
          kAgainstAlike)};
    case Finding::kAlikeZ:
      return {absl::StrCat(
          "complete collapse: z is nearly the same for every sample (z_spread below 0.01), so that "
          "there is nothing to learn from it. ",
          kAgainstAlike)};
    case Finding::kAlikeTargets:
      return {absl::StrFormat(
          "complete collapse: the targets of all samples are the same (%.2g scores or prototypes "
          "in use, by the entropy of their mean), so that there is nothing to learn from them. %s",
          used, kAgainstAlike)};
    case Finding::kFewDirections:
      return {
          absl::StrCat("dimensional collapse: h varies in fewer than two directions "
                       "(h_effective_rank below 2). ",
                       kAgainstFew)};
  }
  return {};
}

void JudgeCollapse(const JudgedRun& run, std::vector<Verdict>& verdicts) {
  const HistorySeries& rank = run.history.training("h_effective_rank");
  if (rank.empty() || rank.back().step < kSettledSteps) return;
  const auto last = [&](const char* name) {
    const HistorySeries& series = run.history.training(name);
    return series.empty() ? 1.0 : series.back().value;
  };
  const double h_spread = last("h_spread"), z_spread = last("z_spread");
  double used = kUsed;
  for (const auto& [name, series] : run.history.training()) {
    if (IsUsed(name) && !series.empty()) used = series.back().value;
  }
  const double now = rank.back().value, at_first = rank.front().value;
  const std::string of = run.features > 0 ? absl::StrFormat(" of %d", run.features) : std::string();
  const std::string beside =
      rank.size() > 1 ? absl::StrFormat(" (%.3g at step %.0f)", at_first, rank.front().step) : "";
  const auto alike = [&](const char* what, double spread) {
    verdicts.push_back(
        {Verdict::Level::kBad, "collapse",
         absl::StrFormat("complete collapse: %s_spread %.2g, 1 where samples are spread evenly",
                         what, spread),
         absl::StrCat(what, " is nearly the same for every sample. ", kAgainstAlike, ".")});
  };
  switch (Find(h_spread, z_spread, used, now, run.features)) {
    case Finding::kAlikeH:
      return alike("h", h_spread);
    case Finding::kAlikeZ:
      return alike("z", z_spread);
    case Finding::kAlikeTargets:
      verdicts.push_back(
          {Verdict::Level::kBad, "collapse",
           absl::StrFormat("complete collapse: the targets use %.2g scores or prototypes", used),
           absl::StrCat("The targets of all samples are the same. ", kAgainstAlike, ".")});
      return;
    case Finding::kFewDirections:
      verdicts.push_back(
          {Verdict::Level::kBad, "collapse",
           absl::StrFormat("dimensional collapse: effective rank %.2f%s%s", now, of, beside),
           absl::StrCat("h varies in fewer than two directions. ", kAgainstFew, ".")});
      return;
    case Finding::kNone:
      verdicts.push_back({Verdict::Level::kNote, "rank",
                          absl::StrFormat("effective rank %.3g%s%s", now, of, beside),
                          absl::StrFormat("h spreads as over %.0f directions of equal strength, "
                                          "measured on one batch of at most 256 rows.",
                                          now)});
  }
}

}  // namespace pretext
