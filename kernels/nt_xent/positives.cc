#include "kernels/nt_xent/positives.h"

#include <algorithm>
#include <numeric>

#include "base/parallel/parallel.h"

namespace pretext::nt_xent_internal {

Classes::Classes(const NtXentProblem& problem) : samples(problem.samples) {
  std::iota(samples.begin(), samples.end(), 0);
  const int32_t* labels = problem.labels;
  if (labels != nullptr) {
    std::stable_sort(samples.begin(), samples.end(),
                     [&](int32_t a, int32_t b) { return labels[a] < labels[b]; });
  }
  for (int64_t i = 0; i < problem.samples; ++i) {
    if (i == 0 || labels == nullptr || labels[samples[i]] != labels[samples[i - 1]])
      first.push_back(i);
  }
  first.push_back(problem.samples);
  for (int64_t c = 0; c < count(); ++c) {
    const int64_t members = (first[c + 1] - first[c]) * problem.views;
    if (members > 1) rows_with_positives += members;
  }
}

void Attract(const NtXentProblem& problem, const Classes& classes, const float* z, float* weight,
             float* cosine, float* gradient) {
  const int64_t features = problem.features;
  const double row_weight =
      classes.rows_with_positives == 0 ? 0.0 : 1.0 / classes.rows_with_positives;
#pragma omp parallel if (WorthATeam(problem.rows(), 4 * features))
  {
    std::vector<double> sum(features);
#pragma omp for schedule(static)
    for (int64_t c = 0; c < classes.count(); ++c) {
      const int64_t members = (classes.first[c + 1] - classes.first[c]) * problem.views;
      const auto for_each_row = [&](auto&& function) {
        for (int64_t s = classes.first[c]; s < classes.first[c + 1]; ++s) {
          for (int64_t v = 0; v < problem.views; ++v)
            function(v * problem.samples + classes.samples[s]);
        }
      };
      if (members == 1) {
        for_each_row([&](int64_t i) {
          weight[i] = cosine[i] = 0;
          if (gradient != nullptr) std::fill_n(gradient + i * features, features, 0.0f);
        });
        continue;
      }
      // The positives of a row sum to the class less the row: R·D work whatever
      // the size of the classes.
      std::fill(sum.begin(), sum.end(), 0.0);
      for_each_row([&](int64_t i) {
        const float* row = z + i * features;
#pragma omp simd
        for (int64_t f = 0; f < features; ++f) sum[f] += row[f];
      });
      const double inverse = 1.0 / static_cast<double>(members - 1);
      // As row i and as one of the positives of its own: P and the weight are
      // the class's, hence the 2.
      const double pull = -2.0 * row_weight * inverse / problem.temperature;
      for_each_row([&](int64_t i) {
        const float* row = z + i * features;
        double dot = 0;
#pragma omp simd reduction(+ : dot)
        for (int64_t f = 0; f < features; ++f) dot += row[f] * (sum[f] - row[f]);
        weight[i] = static_cast<float>(row_weight);
        cosine[i] = static_cast<float>(dot * inverse);
        if (gradient == nullptr) return;
        float* g = gradient + i * features;
#pragma omp simd
        for (int64_t f = 0; f < features; ++f) g[f] = static_cast<float>(pull * (sum[f] - row[f]));
      });
    }
  }
}

}  // namespace pretext::nt_xent_internal
