#include "evaluation/knn/knn.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/knn/knn.h"

namespace pretext {
namespace {

std::vector<float> InverseLengths(const Features& features) {
  std::vector<float> result(features.count);
#pragma omp parallel for schedule(static)
  for (int64_t n = 0; n < features.count; ++n) {
    const float* row = features.values.data() + n * features.width;
    double square = 0;
    for (int64_t d = 0; d < features.width; ++d) square += double{row[d]} * row[d];
    // The floor is that of torch.nn.functional.normalize.
    result[n] = static_cast<float>(1 / std::max(std::sqrt(square), 1e-12));
  }
  return result;
}

// The class that wins among the nearest neighbours of one sample. `scores` are cosines times the
// sample's length, whose inverse is given; `sums` is scratch [classes].
int32_t Vote(const KnnVote& vote, const std::vector<int32_t>& labels, const int32_t* neighbors,
             const float* scores, double inverse_length, std::vector<double>& sums) {
  std::fill(sums.begin(), sums.end(), 0.0);
  const int64_t count = std::min<int64_t>(vote.neighbors, labels.size());
  for (int64_t i = 0; i < count; ++i) {
    // Relative to the nearest: only ratios matter, and nothing overflows at a low temperature.
    const double cosine = (double{scores[i]} - scores[0]) * inverse_length;
    sums[labels[neighbors[i]]] += vote.temperature > 0 ? std::exp(cosine / vote.temperature) : 1;
  }
  return static_cast<int32_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
}

}  // namespace

absl::StatusOr<std::vector<double>> EvaluateKnn(const Features& train, const Features& test,
                                                const std::vector<KnnVote>& votes) {
  for (const KnnVote& vote : votes) {
    if (vote.neighbors < 1 || !(vote.temperature >= 0) || !std::isfinite(vote.temperature)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "k-NN needs at least 1 neighbour and a temperature of 0 or above; found k = ",
          vote.neighbors, ", T = ", vote.temperature));
    }
  }
  if (absl::Status status = CheckLabelled(train, test); !status.ok()) return status;
  if (votes.empty()) return std::vector<double>();

  int64_t k = 0;
  for (const KnnVote& vote : votes) k = std::max(k, std::min(vote.neighbors, train.count));
  std::vector<int32_t> indices(test.count * k);
  std::vector<float> scores(test.count * k);
  NearestNeighbors(test.values.data(), test.count, train.values.data(),
                   InverseLengths(train).data(), train.count, train.width, k, indices.data(),
                   scores.data());

  const std::vector<float> inverse_lengths = InverseLengths(test);
  const int64_t classes = CountClasses(train, test);
  std::vector<double> accuracies;
  for (const KnnVote& vote : votes) {
    std::vector<int32_t> predicted(test.count);
#pragma omp parallel
    {
      std::vector<double> sums(classes);
#pragma omp for schedule(static)
      for (int64_t n = 0; n < test.count; ++n) {
        predicted[n] = Vote(vote, train.labels, indices.data() + n * k, scores.data() + n * k,
                            inverse_lengths[n], sums);
      }
    }
    accuracies.push_back(PercentCorrect(predicted, test.labels));
  }
  return accuracies;
}

}  // namespace pretext
