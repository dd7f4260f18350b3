#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check/check.h"
#include "kernels/gemm/varying_gemm.h"
#include "kernels/scratch/scratch.h"
#include "kernels/softmax_cross_entropy/softmax_rows.h"
#include "kernels/vector_math/vector_math.h"

namespace pretext {

using namespace softmax_internal;  // NOLINT: its own header

namespace {

constexpr int64_t kBlockRows = 256;  // at most, and ...
constexpr int64_t kBlockScores =
    2 * 1024 * 1024;  // ... so many scores unless that is below the fewest rows
constexpr int64_t kFewestRows = 64;

// Adds the bias to a row of scores, replaces them by e^(score - largest), and sums up.
TileRow Exponentials(int64_t n, const float* bias, float* scores) {
  float largest = -std::numeric_limits<float>::infinity();
  if (bias != nullptr) {
#pragma omp simd reduction(max : largest)
    for (int64_t k = 0; k < n; ++k) {
      const float s = scores[k] + bias[k];
      scores[k] = s;
      largest = s > largest ? s : largest;
    }
  } else {
#pragma omp simd reduction(max : largest)
    for (int64_t k = 0; k < n; ++k) largest = scores[k] > largest ? scores[k] : largest;
  }
  float sum = 0;
  int32_t at_largest = 0;
#pragma omp simd reduction(+ : sum, at_largest)
  for (int64_t k = 0; k < n; ++k) {
    at_largest += scores[k] == largest ? 1 : 0;
    const float e = Exp(scores[k] - largest);
    scores[k] = e;
    sum += e;
  }
  return {largest, sum, at_largest};
}

// The passes over a block of rows; the methods are called by all threads of a team.
class BlockPass {
 public:
  explicit BlockPass(const SoftmaxCrossEntropy& a)
      : a_(a),
        tiles_((a.vocabulary + kTile - 1) / kTile),
        block_rows_(BlockRows(a)),
        scores_(block_rows_ * a.vocabulary),
        rows_(block_rows_, tiles_),
        partial_dx_(a.dx ? tiles_ * block_rows_ * a.features : 0) {}

  int64_t block_rows() const { return block_rows_; }

  void Scores(int64_t begin, int64_t rows) {
#pragma omp for schedule(static)
    for (int64_t t = 0; t < tiles_; ++t) {
      const int64_t first = t * kTile, width = std::min(kTile, a_.vocabulary - first);
      float* scores = TileScores(t);
      VaryingGemm(Transpose::kNo, Transpose::kYes, rows, width, a_.features, 1.0f,
                  a_.x + begin * a_.features, a_.features, a_.weight + first * a_.features,
                  a_.features, 0.0f, scores, width);
      for (int64_t r = 0; r < rows; ++r) {
        float* row = scores + r * width;
        const int64_t target = a_.targets[begin + r] - first;
        const bool here = target >= 0 && target < width;
        if (here)
          rows_.target_score()[r] =
              row[target] + (a_.bias != nullptr ? a_.bias[first + target] : 0.0f);
        rows_.tile_row(r, t) =
            Exponentials(width, a_.bias != nullptr ? a_.bias + first : nullptr, row);
      }
    }
  }

  void Combine(int64_t rows) { rows_.Combine(rows, a_.gradient_scale); }

  void Gradients(int64_t begin, int64_t rows) {
#pragma omp for schedule(static)
    for (int64_t t = 0; t < tiles_; ++t) TileGradients(t, begin, rows);
    if (!a_.dx) return;
#pragma omp for schedule(static)
    for (int64_t r = 0; r < rows; ++r) {
      float* out = a_.dx.data + (begin + r) * a_.features;
      if (!a_.dx.accumulate) std::fill_n(out, a_.features, 0.0f);
      for (int64_t t = 0; t < tiles_; ++t) {
        const float* part = partial_dx_ + (t * block_rows_ + r) * a_.features;
#pragma omp simd
        for (int64_t c = 0; c < a_.features; ++c) out[c] += part[c];
      }
    }
  }

  void AddTo(SoftmaxCrossEntropy::Result& result, int64_t rows) const { rows_.AddTo(result, rows); }

 private:
  static int64_t BlockRows(const SoftmaxCrossEntropy& a) {
    const int64_t fit = kBlockScores / std::max<int64_t>(1, a.vocabulary);
    const int64_t most = std::clamp(fit, kFewestRows, kBlockRows);
    // Equal blocks, rather than full ones and a small rest.
    const int64_t blocks = std::max<int64_t>(1, (a.rows + most - 1) / most);
    return (a.rows + blocks - 1) / blocks;
  }

  void TileGradients(int64_t t, int64_t begin, int64_t rows) {
    const int64_t first = t * kTile, width = std::min(kTile, a_.vocabulary - first),
                  d = a_.features;
    float* scores = TileScores(t);
    const bool accumulate_bias = a_.dbias.accumulate || begin > 0;
    float* dbias = a_.dbias ? a_.dbias.data + first : nullptr;
    if (dbias != nullptr && !accumulate_bias) std::fill_n(dbias, width, 0.0f);
    for (int64_t r = 0; r < rows; ++r) {
      float* row = scores + r * width;
      const float factor = rows_.tile_row(r, t).sum;
#pragma omp simd
      for (int64_t k = 0; k < width; ++k) row[k] *= factor;
      const int64_t target = a_.targets[begin + r] - first;
      if (target >= 0 && target < width) row[target] -= a_.gradient_scale;
      if (dbias == nullptr) continue;
#pragma omp simd
      for (int64_t k = 0; k < width; ++k) dbias[k] += row[k];
    }
    if (a_.dweight) {
      const float beta = a_.dweight.accumulate || begin > 0 ? 1.0f : 0.0f;
      VaryingGemm(Transpose::kYes, Transpose::kNo, width, d, rows, 1.0f, scores, width,
                  a_.x + begin * d, d, beta, a_.dweight.data + first * d, d);
    }
    if (a_.dx) {
      VaryingGemm(Transpose::kNo, Transpose::kNo, rows, d, width, 1.0f, scores, width,
                  a_.weight + first * d, d, 0.0f, partial_dx_ + t * block_rows_ * d, d);
    }
  }

  float* TileScores(int64_t t) { return scores_ + t * kTile * block_rows_; }

  const SoftmaxCrossEntropy& a_;
  const int64_t tiles_, block_rows_;
  Scratch scores_;
  SoftmaxRows rows_;
  Scratch partial_dx_;
};

}  // namespace

void SoftmaxCrossEntropy::CheckTargets() const {
  for (int64_t m = 0; m < rows; ++m) {
    PRETEXT_CHECK(targets[m] >= 0 && targets[m] < vocabulary,
                  "a target is below the vocabulary's size");
  }
}

SoftmaxCrossEntropy::Result SoftmaxCrossEntropy::Run() const {
  CheckTargets();
  if (rows == 0) {
    if (dweight && !dweight.accumulate) std::fill_n(dweight.data, vocabulary * features, 0.0f);
    if (dbias && !dbias.accumulate) std::fill_n(dbias.data, vocabulary, 0.0f);
    return {};
  }
  BlockPass run(*this);
  Result result;
#pragma omp parallel
  for (int64_t begin = 0; begin < rows; begin += run.block_rows()) {
    const int64_t count = std::min(run.block_rows(), rows - begin);
    run.Scores(begin, count);
    run.Combine(count);
    if (dx || dweight || dbias) run.Gradients(begin, count);
#pragma omp single
    run.AddTo(result, count);
  }
  return result;
}

}  // namespace pretext
