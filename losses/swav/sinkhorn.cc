#include "losses/swav/sinkhorn.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "core/ops/basic.h"
#include "losses/soft_targets/exp_of_row.h"

namespace pretext {
namespace {

constexpr float kLowest = std::numeric_limits<float>::lowest();
constexpr int64_t kColumns = 64;  // that a thread takes at a time

// u_k = log Σ_b exp(s_bk - w_b) of the columns [begin, end).
void LogSumOfColumns(const Tensor& s, const std::vector<float>& w, int64_t begin, int64_t end,
                     float* u) {
  const int64_t rows = s.dim(0), k = s.dim(1), width = end - begin;
  float most[kColumns];
  double sum[kColumns] = {};
  std::fill_n(most, width, kLowest);
  for (int64_t b = 0; b < rows; ++b) {
    const float* const row = s.data() + b * k + begin;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) most[i] = std::max(most[i], row[i] - w[b]);
  }
  for (int64_t b = 0; b < rows; ++b) {
    const float* const row = s.data() + b * k + begin;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) sum[i] += Exp(row[i] - w[b] - most[i]);
  }
  for (int64_t i = 0; i < width; ++i) {
    u[begin + i] = most[i] + static_cast<float>(std::log(sum[i]));
  }
}

}  // namespace

Tensor SinkhornCodes(const Tensor& scores, float epsilon, int64_t rounds) {
  PRETEXT_CHECK(epsilon > 0 && rounds >= 1, "a positive ε and a round at least");
  const int64_t rows = scores.dim(0), k = scores.dim(1);
  Tape values(/*recording=*/false);
  const Tensor s = Scale(values, values.Constant(scores), 1 / epsilon).value();
  Tensor codes = Tensor::Uninitialized(scores.shape());
  std::vector<float> u(static_cast<size_t>(k)), w(static_cast<size_t>(rows));
  for (int64_t round = 0; round < rounds; ++round) {
    ParallelBlocks(k, kColumns, 4 * rows, [&](int64_t begin, int64_t end) {
      LogSumOfColumns(s, w, begin, end, u.data());
    });
    ParallelFor(rows, 4 * k, [&](int64_t b) {
      const float* const from = s.data() + b * k;
      float* const to = codes.data() + b * k;
      for (int64_t i = 0; i < k; ++i) to[i] = from[i] - u[static_cast<size_t>(i)];
      const float most = LargestOf(k, to, kLowest);
      const double sum = ExpOfRow(k, most, to);
      w[static_cast<size_t>(b)] = most + static_cast<float>(std::log(sum));
      ScaleRow(k, static_cast<float>(1 / sum), to);
    });
  }
  return codes;
}

}  // namespace pretext
