#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluation/language/unigram_plateau.h"
#include "pipelines/verdicts/judges.h"
#include "pipelines/verdicts/trend.h"

namespace pretext {
namespace {

using Level = Verdict::Level;

// A loss within this share of the way from chance to the floor is at chance.
constexpr double kAtChance = 0.03;
// Errors nearer than this share of each other are as good as equal: reruns with another seed differ
// by about as much.
constexpr double kEqual = 0.005;

// By how much two accuracies in percent, on the same so many samples, differ by chance at most, two
// standard deviations of a difference of independent ones: those on the same samples differ less.
// A sample right and one wrong more (Laplace's rule): few samples that are all right prove little.
double Scatter(double a, double b, double samples) {
  if (!(samples > 0)) return 1;
  const auto variance = [&](double accuracy) {
    const double right = std::clamp(accuracy / 100, 0.0, 1.0) * samples;
    const double p = (right + 1) / (samples + 2);
    return p * (1 - p) / samples;
  };
  return 200 * std::sqrt(variance(a) + variance(b));
}

std::string Pair(const std::string& figure, double value, double baseline) {
  return absl::StrFormat("%s %.4g against %.4g", figure, value, baseline);
}

// Against the encoder before training, then against the input and its principal components.
bool JudgeAccuracy(const RunHistory& history, std::vector<Verdict>& verdicts) {
  for (const char* const figure : {"probe", "knn"}) {
    const double* const h = history.latest(figure);
    const double* const untrained = history.latest(absl::StrCat("untrained_", figure));
    if (h == nullptr || untrained == nullptr) continue;
    const double samples = history.evaluations().back().samples;
    const double scatter = Scatter(*h, *untrained, samples);
    const std::string doubt = absl::StrFormat("differences below %.2g are chance", scatter);
    const double gain = *h - *untrained;
    if (*h >= 100 && *untrained >= 100) {
      verdicts.push_back(
          {Level::kNote, "baseline",
           absl::StrCat("all classes are told apart, before training too (", figure, " 100)"),
           "These data do not show whether anything was learnt."});
    } else if (gain > scatter) {
      verdicts.push_back(
          {Level::kGood, "baseline",
           absl::StrCat("better than untrained (", Pair(figure, *h, *untrained), ")"),
           absl::StrCat("Of ", samples, " samples, ", doubt, ".")});
    } else if (gain >= -scatter) {
      verdicts.push_back(
          {Level::kBad, "baseline",
           absl::StrCat("no better than untrained (", Pair(figure, *h, *untrained), "; ", doubt,
                        ")"),
           "Training has not made h more useful for these classes. Train longer, look at the "
           "learning rate and the loss's curve, or choose views that keep what tells classes "
           "apart."});
    } else {
      verdicts.push_back(
          {Level::kBad, "baseline",
           absl::StrCat("worse than untrained (", Pair(figure, *h, *untrained), ")"),
           "Training has lost what tells classes apart. A smaller learning rate, weaker "
           "augmentations or another loss may keep it."});
    }
    std::string best;
    double most = -1;
    for (const auto& [prefix, title] : {std::pair("raw_", "the raw input"), {"pca_", "PCA"}}) {
      const double* const value = history.latest(absl::StrCat(prefix, figure));
      if (value != nullptr && *value > most) most = *value, best = title;
    }
    const double beside = Scatter(*h, most, samples);
    if (most >= 0 && !(*h > most + beside)) {
      verdicts.push_back(
          {Level::kNote, "input",
           absl::StrCat(*h < most - beside ? "below " : "no better than ", best, " (",
                        Pair(figure, *h, most), ")"),
           "A smaller h costs less, and tells these classes no better than what it was made from. "
           "Contrastive pipelines tell classes apart better than those that reconstruct."});
    }
    return true;
  }
  return false;
}

bool JudgeReconstruction(const RunHistory& history, std::vector<Verdict>& verdicts) {
  const double* const error = history.latest("test_mse");
  const double* const pca = history.latest("pca_test_mse");
  if (error == nullptr || pca == nullptr || !(*pca > 0)) return false;
  const double ratio = *error / *pca;
  if (ratio < 1 - kEqual) {
    verdicts.push_back({Level::kGood, "reconstruction",
                        absl::StrFormat("reconstructs better than PCA of the same width (error "
                                        "%.4g against %.4g, %.0f %% less)",
                                        *error, *pca, 100 * (1 - ratio)),
                        ""});
  } else {
    // A denoising autoencoder gives clean samples back from damaged ones: PCA has it easier.
    verdicts.push_back({Level::kNote, "reconstruction",
                        absl::StrFormat("%s PCA of the same width (error %.4g against %.4g)",
                                        ratio <= 1 + kEqual ? "reconstructs as well as"
                                                            : "reconstructs worse than",
                                        *error, *pca),
                        "PCA is the bound of linear autoencoders without corruption. Another one "
                        "goes below it with more steps, a larger learning rate or hidden layers."});
  }
  return true;
}

bool JudgeLanguage(const RunHistory& history, std::vector<Verdict>& verdicts) {
  const double* const loss = history.latest("masked_loss");
  const double* const unigram = history.latest("unigram_masked_loss");
  const double* const bigram = history.latest("bigram_masked_loss");
  if (loss == nullptr || unigram == nullptr || bigram == nullptr) return false;
  const std::string figures =
      absl::StrFormat("%.3f nats; unigram %.3f, bigram %.3f", *loss, *unigram, *bigram);
  if (*loss > (1 + kUnigramPlateau) * *unigram) {
    verdicts.push_back(
        {Level::kBad, "baseline", absl::StrCat("worse than the unigram (", figures, ")"),
         "Not even the frequencies of single tokens have been learnt. Train longer; look at the "
         "learning rate (too small, too high, no warmup)."});
  } else if (!(*loss < (1 - kUnigramPlateau) * *unigram)) {
    verdicts.push_back(
        {Level::kBad, "baseline", absl::StrCat("on the unigram's plateau (", figures, ")"),
         "The model has learnt how frequent tokens are and next to nothing of the "
         "context. Train longer; look at the learning rate (too high, no warmup) and "
         "the batch size."});
  } else if (*loss < *bigram) {
    verdicts.push_back(
        {Level::kGood, "baseline", absl::StrCat("better than the bigram (", figures, ")"), ""});
  } else {
    verdicts.push_back(
        {Level::kGood, "baseline",
         absl::StrCat("better than the unigram, not yet than the bigram (", figures, ")"),
         "The bigram knows the true token to the left. Longer training goes below "
         "it."});
  }
  return true;
}

}  // namespace

void JudgeFigures(const JudgedRun& run, std::vector<Verdict>& verdicts) {
  const RunHistory& history = run.history;
  bool judged = std::any_of(verdicts.begin(), verdicts.end(), [](const Verdict& verdict) {
    return verdict.level == Level::kBad && verdict.about == std::string("collapse");
  });
  judged |= JudgeAccuracy(history, verdicts);
  judged |= JudgeReconstruction(history, verdicts);
  judged |= JudgeLanguage(history, verdicts);
  const HistorySeries &loss = history.training("loss"), &chance = history.training("loss_chance");
  if (loss.empty() || chance.empty() || history.last_step() < kSettledSteps) return;
  const HistorySeries& floors = history.training("loss_floor");
  const double now = MeanOfLast(loss, kRecentLines), at = chance.back().value;
  const double floor = floors.empty() ? 0 : floors.back().value;
  const std::string figures = absl::StrFormat("loss %.4g, chance %.4g", now, at);
  if (!(now < at - kAtChance * (at - floor))) {
    verdicts.push_back(
        {Level::kBad, "chance", absl::StrCat("the loss is at chance (", figures, ")"),
         "Nothing has been learnt yet. Warm the learning rate up, make it smaller or "
         "larger, and look at the views: they may share nothing."});
  } else if (!judged) {
    verdicts.push_back(
        {Level::kGood, "chance", absl::StrCat("the loss is below chance (", figures, ")"), ""});
  }
}

}  // namespace pretext
