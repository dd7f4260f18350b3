#include "losses/queue/info_nce.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "core/ops/record_loss.h"
#include "kernels/gemm/gemm.h"
#include "kernels/reduce/dot_product.h"
#include "kernels/vector_math/vector_math.h"
#include "losses/soft_targets/exp_of_row.h"

namespace pretext {
namespace {

constexpr int64_t kBlockFloats = 1 << 20;

struct Row {
  double loss = 0;
  float own = 0;  // the softmax's share of the own key
  bool found = false;
};

// scores [K], those of the negatives, become the softmax's shares of them.
Row SoftmaxOfRow(int64_t k, float own, float* scores) {
  const bool found = std::all_of(scores, scores + k, [own](float s) { return s < own; });
  const float most = LargestOf(k, scores, own);
  const double sum = Exp(own - most) + ExpOfRow(k, most, scores);
  const auto inverse = static_cast<float>(1 / sum);
  ScaleRow(k, inverse, scores);
  return {.loss = most + std::log(sum) - own, .own = Exp(own - most) * inverse, .found = found};
}

}  // namespace

Var InfoNce(Tape& tape, Var queries, const Tensor& keys, const Tensor& negatives, float temperature,
            int64_t* found) {
  const Tensor q = queries.value().Plain();
  const int64_t n = q.dim(0), d = q.dim(1), k = negatives.dim(0);
  PRETEXT_CHECK(keys.shape() == q.shape() && negatives.dim(1) == d, "a key for each query");
  const bool wanted = tape.recording() && queries.requires_gradient();
  Tensor gradient = wanted ? Tensor::Uninitialized(q.shape()) : Tensor();
  const int64_t block = std::clamp<int64_t>(kBlockFloats / k, 1, n);
  Tensor scores = Tensor::Uninitialized({block, k});
  std::vector<Row> rows(static_cast<size_t>(n));
  const float inverse = 1 / temperature;
  const float scale = inverse / static_cast<float>(n);
  for (int64_t first = 0; first < n; first += block) {
    const int64_t count = std::min(block, n - first);
    const float* const from = q.data() + first * d;
    Gemm(Transpose::kNo, Transpose::kYes, count, k, d, inverse, from, d, negatives.data(), d, 0,
         scores.data(), k);
    ParallelFor(count, 4 * k, [&](int64_t r) {
      const double own = RowDot(d, from + r * d, keys.data() + (first + r) * d);
      rows[static_cast<size_t>(first + r)] =
          SoftmaxOfRow(k, static_cast<float>(own * inverse), scores.data() + r * k);
    });
    if (!wanted) continue;
    float* const to = gradient.data() + first * d;
    Gemm(Transpose::kNo, Transpose::kNo, count, d, k, scale, scores.data(), k, negatives.data(), d,
         0, to, d);
    ParallelFor(count, d, [&](int64_t r) {
      const float share = scale * (rows[static_cast<size_t>(first + r)].own - 1);
      const float* const key = keys.data() + (first + r) * d;
#pragma omp simd
      for (int64_t c = 0; c < d; ++c) to[r * d + c] += share * key[c];
    });
  }
  double loss = 0;
  *found = 0;
  for (const Row& row : rows) {
    loss += row.loss / static_cast<double>(n);
    *found += row.found;
  }
  return RecordLoss(tape, "info_nce", loss, queries, std::move(gradient));
}

}  // namespace pretext
