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

int32_t Argmax(const std::vector<double>& votes) {
  return static_cast<int32_t>(std::max_element(votes.begin(), votes.end()) - votes.begin());
}

}  // namespace

absl::StatusOr<KnnAccuracy> EvaluateKnn(const Features& train, const Features& test,
                                        const KnnOptions& options) {
  if (options.weighted_neighbors < 1 || options.plain_neighbors < 1 || !(options.temperature > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("k-NN needs at least 1 neighbour and a temperature above 0; found ",
                     options.weighted_neighbors, " weighted and ", options.plain_neighbors,
                     " plain neighbours, temperature ", options.temperature));
  }
  if (absl::Status status = CheckLabelled(train, test); !status.ok()) return status;

  const int64_t weighted = std::min(options.weighted_neighbors, train.count);
  const int64_t plain = std::min(options.plain_neighbors, train.count);
  const int64_t k = std::max(weighted, plain);
  std::vector<int32_t> indices(test.count * k);
  std::vector<float> scores(test.count * k);
  NearestNeighbors(test.values.data(), test.count, train.values.data(),
                   InverseLengths(train).data(), train.count, train.width, k, indices.data(),
                   scores.data());

  const std::vector<float> inverse_lengths = InverseLengths(test);
  const int64_t classes = CountClasses(train, test);
  std::vector<int32_t> weighted_vote(test.count), plain_vote(test.count);
#pragma omp parallel
  {
    std::vector<double> votes(classes);
#pragma omp for schedule(static)
    for (int64_t n = 0; n < test.count; ++n) {
      const int32_t* neighbor = indices.data() + n * k;
      const float* score = scores.data() + n * k;
      // Relative to the nearest: only ratios matter, and nothing overflows at a low temperature.
      const double scale = inverse_lengths[n] / options.temperature;
      std::fill(votes.begin(), votes.end(), 0.0);
      for (int64_t i = 0; i < weighted; ++i) {
        votes[train.labels[neighbor[i]]] += std::exp((double{score[i]} - score[0]) * scale);
      }
      weighted_vote[n] = Argmax(votes);
      std::fill(votes.begin(), votes.end(), 0.0);
      for (int64_t i = 0; i < plain; ++i) votes[train.labels[neighbor[i]]] += 1;
      plain_vote[n] = Argmax(votes);
    }
  }
  return KnnAccuracy{.weighted = PercentCorrect(weighted_vote, test.labels),
                     .plain = PercentCorrect(plain_vote, test.labels)};
}

}  // namespace pretext
