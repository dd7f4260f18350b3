#include "kernels/knn/knn.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <vector>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "kernels/gemm/gemm.h"

namespace pretext {
namespace {

constexpr int64_t kQueryBlock = 1024;
constexpr int64_t kBaseBlock = 4096;
constexpr int64_t kScan = 64;  // scores that are looked at together

// Score and index in one integer that orders as wanted: larger is nearer. The score's bits are
// mapped to integers of the same order, and the index is complemented so that of equal scores the
// lower index is larger.
uint64_t MakeKey(float score, int32_t index) {
  if (!(score > -std::numeric_limits<float>::infinity()))
    score = -std::numeric_limits<float>::infinity();
  const uint32_t bits = std::bit_cast<uint32_t>(score + 0.0f);  // -0 becomes 0
  const uint32_t ordered = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return uint64_t{ordered} << 32 | static_cast<uint32_t>(~index);
}

float KeyScore(uint64_t key) {
  const uint32_t ordered = static_cast<uint32_t>(key >> 32);
  return std::bit_cast<float>(ordered & 0x80000000u ? ordered & 0x7fffffffu : ~ordered);
}

int32_t KeyIndex(uint64_t key) { return static_cast<int32_t>(~static_cast<uint32_t>(key)); }

// The K largest keys of one query so far, among others that came since the last pruning.
class Candidates {
 public:
  explicit Candidates(int64_t k) : k_(k) {}

  void Clear() {
    keys_.clear();
    threshold_ = -std::numeric_limits<float>::infinity();
    full_ = false;
  }

  // Scores of base rows first, first + 1, ...; rows come in rising order, so that a later one of
  // equal score is never wanted once there are K.
  void Add(const float* scores, int64_t count, int64_t first) {
    for (int64_t begin = 0; begin < count; begin += kScan) {
      const int64_t end = std::min(begin + kScan, count);
      if (full_ && !AnyAbove(scores + begin, end - begin)) continue;
      for (int64_t i = begin; i < end; ++i) {
        if (!full_ || scores[i] > threshold_) keys_.push_back(MakeKey(scores[i], first + i));
      }
      if (static_cast<int64_t>(keys_.size()) >= 2 * k_) Prune();
    }
  }

  void Write(int32_t* indices, float* scores) {
    Prune();
    std::sort(keys_.begin(), keys_.end(), std::greater<>());
    for (int64_t i = 0; i < k_; ++i) {
      indices[i] = KeyIndex(keys_[i]);
      scores[i] = KeyScore(keys_[i]);
    }
  }

 private:
  bool AnyAbove(const float* scores, int64_t count) const {
    int above = 0;
#pragma omp simd reduction(| : above)
    for (int64_t i = 0; i < count; ++i) above |= scores[i] > threshold_;
    return above != 0;
  }

  void Prune() {
    std::nth_element(keys_.begin(), keys_.begin() + (k_ - 1), keys_.end(), std::greater<>());
    keys_.resize(k_);
    threshold_ = KeyScore(keys_.back());
    full_ = true;
  }

  int64_t k_;
  std::vector<uint64_t> keys_;
  float threshold_ = 0;
  bool full_ = false;
};

void Scale(const float* scale, int64_t count, float* scores) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) scores[i] *= scale[i];
}

}  // namespace

void NearestNeighbors(const float* queries, int64_t q, const float* base, const float* base_scale,
                      int64_t n, int64_t d, int64_t k, int32_t* indices, float* scores) {
  PRETEXT_CHECK(k >= 1 && k <= n && n <= std::numeric_limits<int32_t>::max(), "1 <= K <= N < 2^31");
  std::vector<float> block(std::min(q, kQueryBlock) * std::min(n, kBaseBlock));
  std::vector<Candidates> candidates(std::min(q, kQueryBlock), Candidates(k));
  for (int64_t first_query = 0; first_query < q; first_query += kQueryBlock) {
    const int64_t rows = std::min(kQueryBlock, q - first_query);
    for (int64_t i = 0; i < rows; ++i) candidates[i].Clear();
    for (int64_t first = 0; first < n; first += kBaseBlock) {
      const int64_t columns = std::min(kBaseBlock, n - first);
      Gemm(Transpose::kNo, Transpose::kYes, rows, columns, d, 1.0f, queries + first_query * d, d,
           base + first * d, d, 0.0f, block.data(), columns);
      ParallelFor(rows, 2 * columns, [&](int64_t i) {
        float* row = block.data() + i * columns;
        if (base_scale != nullptr) Scale(base_scale + first, columns, row);
        candidates[i].Add(row, columns, first);
      });
    }
    ParallelFor(rows, 16 * k, [&](int64_t i) {  // they are sorted
      candidates[i].Write(indices + (first_query + i) * k, scores + (first_query + i) * k);
    });
  }
}

}  // namespace pretext
