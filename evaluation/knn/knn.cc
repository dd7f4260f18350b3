#include "evaluation/knn/knn.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/parallel/parallel.h"
#include "evaluation/knn/by_cosine.h"

namespace pretext {
namespace {

// Samples that are scored at once: so many that memory does not grow with their number times k, and
// fewer where samples are wide and many, so that it is told now and then how far the work has come.
constexpr int64_t kQueries = 2048, kLeastQueries = 64;
constexpr double kProducts = 2e11;

int64_t QueriesAtOnce(const Features& train) {
  const double each = std::max(1.0, static_cast<double>(train.count) * train.width);
  const auto queries = static_cast<int64_t>(std::min<double>(kQueries, kProducts / each));
  return std::max(kLeastQueries, queries);
}

// The class that wins among the nearest neighbours of one sample. `scores` times `scale` differ as
// cosines do; `sums` is scratch [classes].
int32_t Vote(const KnnVote& vote, const std::vector<int32_t>& labels, const int32_t* neighbors,
             const float* scores, double scale, std::vector<double>& sums) {
  std::fill(sums.begin(), sums.end(), 0.0);
  const int64_t count = std::min<int64_t>(vote.neighbors, labels.size());
  for (int64_t i = 0; i < count; ++i) {
    // Relative to the nearest: only ratios matter, and nothing overflows at a low temperature.
    const double cosine = (double{scores[i]} - scores[0]) * scale;
    sums[labels[neighbors[i]]] += vote.temperature > 0 ? std::exp(cosine / vote.temperature) : 1;
  }
  return static_cast<int32_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
}

}  // namespace

absl::StatusOr<std::vector<std::vector<int32_t>>> PredictKnn(const Features& train,
                                                             const Features& test,
                                                             const std::vector<KnnVote>& votes,
                                                             const Work& work) {
  for (const KnnVote& vote : votes) {
    if (vote.neighbors < 1 || !(vote.temperature >= 0) || !std::isfinite(vote.temperature)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "k-NN needs at least 1 neighbour and a temperature of 0 or above; found k = ",
          vote.neighbors, ", T = ", vote.temperature));
    }
  }
  if (absl::Status status = CheckLabelled(train, test); !status.ok()) return status;
  if (votes.empty()) return std::vector<std::vector<int32_t>>();

  int64_t k = 0;
  for (const KnnVote& vote : votes) k = std::max(k, std::min(vote.neighbors, train.count));
  const ByCosine by_cosine(train, test, test.count);
  const int64_t classes = CountClasses(train, test);
  std::vector<std::vector<int32_t>> predicted(votes.size(), std::vector<int32_t>(test.count));
  const int64_t queries = QueriesAtOnce(train);
  std::vector<int32_t> indices(queries * k);
  std::vector<float> scores(queries * k);
  for (int64_t first = 0; first < test.count; first += queries) {
    absl::Status status = work.Tell("k-NN", static_cast<double>(first) / test.count);
    if (!status.ok()) return status;
    const int64_t rows = std::min(queries, test.count - first);
    by_cosine.Nearest(first, rows, k, indices.data(), scores.data());
#pragma omp parallel if (WorthATeam(rows, 4 * (classes + k)))
    {
      std::vector<double> sums(classes);
#pragma omp for schedule(static)
      for (int64_t n = 0; n < rows; ++n) {
        for (size_t v = 0; v < votes.size(); ++v) {
          predicted[v][first + n] = Vote(votes[v], train.labels, indices.data() + n * k,
                                         scores.data() + n * k, by_cosine.scale(first + n), sums);
        }
      }
    }
  }
  return predicted;
}

absl::StatusOr<std::vector<double>> EvaluateKnn(const Features& train, const Features& test,
                                                const std::vector<KnnVote>& votes,
                                                const Work& work) {
  const auto predicted = PredictKnn(train, test, votes, work);
  if (!predicted.ok()) return predicted.status();
  std::vector<double> accuracies;
  for (const auto& classes_predicted : *predicted)
    accuracies.push_back(PercentCorrect(classes_predicted, test.labels));
  return accuracies;
}

}  // namespace pretext
