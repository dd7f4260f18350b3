#include "kernels/knn/knn.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/random/random.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

struct Neighbors {
  std::vector<int32_t> indices;
  std::vector<float> scores;
};

Neighbors Find(const std::vector<float>& queries, const std::vector<float>& base, int64_t d,
               int64_t k, const float* scale = nullptr) {
  const int64_t q = queries.size() / d, n = base.size() / d;
  Neighbors result{std::vector<int32_t>(q * k, -7), std::vector<float>(q * k, -7)};
  NearestNeighbors(queries.data(), q, base.data(), scale, n, d, k, result.indices.data(),
                   result.scores.data());
  return result;
}

// Small integers: every product and sum is exact in any order, so the answer is exactly determined,
// ties included.
std::vector<float> Integers(int64_t count, uint64_t seed, int range) {
  Random random({.seed = seed});
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<int>(random.Below(2 * range + 1)) - range;
  return values;
}

Neighbors Naive(const std::vector<float>& queries, const std::vector<float>& base, int64_t d,
                int64_t k) {
  const int64_t q = queries.size() / d, n = base.size() / d;
  Neighbors result;
  for (int64_t i = 0; i < q; ++i) {
    std::vector<double> score(n);
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t c = 0; c < d; ++c) score[j] += double{queries[i * d + c]} * base[j * d + c];
    }
    std::vector<int32_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int32_t a, int32_t b) { return score[a] > score[b]; });
    for (int64_t c = 0; c < k; ++c) {
      result.indices.push_back(order[c]);
      result.scores.push_back(score[order[c]]);
    }
  }
  return result;
}

TEST(KnnTest, EqualsNaiveAtEverySizeWithTies) {
  // Around the sizes of the blocks (1024 queries, 4096 rows, 64 scores at once), and tiny ones.
  for (const auto& [q, n, d, k] : std::vector<std::array<int64_t, 4>>{{1, 1, 1, 1},
                                                                      {3, 5, 2, 5},
                                                                      {2, 63, 3, 7},
                                                                      {2, 64, 3, 64},
                                                                      {2, 65, 3, 10},
                                                                      {5, 4095, 4, 200},
                                                                      {5, 4096, 4, 200},
                                                                      {5, 4097, 4, 200},
                                                                      {4, 9000, 5, 1},
                                                                      {4, 5000, 5, 5000},
                                                                      {1025, 70, 6, 3}}) {
    // A range of ±2 in few dimensions gives many equal scores.
    const auto queries = Integers(q * d, 1, 2), base = Integers(n * d, 2, 2);
    const Neighbors got = Find(queries, base, d, k), want = Naive(queries, base, d, k);
    EXPECT_EQ(got.indices, want.indices) << q << " " << n << " " << d << " " << k;
    EXPECT_EQ(got.scores, want.scores) << q << " " << n << " " << d << " " << k;
  }
}

TEST(KnnTest, RisingAndFallingScores) {
  // The worst and the best order for the selection: every row is, or none after
  // the first K is, a candidate.
  const int64_t n = 10000;
  std::vector<float> rising(n), falling(n);
  for (int64_t i = 0; i < n; ++i) {
    rising[i] = i;
    falling[i] = n - i;
  }
  const Neighbors up = Find({1.0f}, rising, 1, 3), down = Find({1.0f}, falling, 1, 3);
  EXPECT_EQ(up.indices, (std::vector<int32_t>{9999, 9998, 9997}));
  EXPECT_EQ(down.indices, (std::vector<int32_t>{0, 1, 2}));
}

TEST(KnnTest, ScalesBaseRows) {
  const std::vector<float> scale = {1, 0.5f, -1, 4};
  const Neighbors got = Find({2.0f}, {3, 4, 5, 1}, 1, 4, scale.data());
  EXPECT_EQ(got.indices, (std::vector<int32_t>{3, 0, 1, 2}));
  EXPECT_EQ(got.scores, (std::vector<float>{8, 6, 4, -10}));
}

TEST(KnnTest, NanComesLast) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const Neighbors got = Find({1.0f}, {nan, -5, nan, infinity, 0, -0.0f}, 1, 5);
  EXPECT_EQ(got.indices, (std::vector<int32_t>{3, 4, 5, 1, 0}));
  EXPECT_EQ(got.scores[0], infinity);
  EXPECT_EQ(got.scores[4], -infinity);
}

TEST(KnnTest, RealValuesWithinRounding) {
  Random random({.seed = 3});
  const int64_t q = 40, n = 5000, d = 33, k = 20;
  std::vector<float> queries(q * d), base(n * d);
  for (float& v : queries) v = random.Normal();
  for (float& v : base) v = random.Normal();
  const Neighbors got = Find(queries, base, d, k), want = Naive(queries, base, d, k);
  // A sum of D products in any order: error at most (D + 2) · eps · sum |x y|, here below 34 · 6e-8
  // · 60 = 1.2e-4; so much may also exchange neighbours whose scores are as near.
  for (int64_t i = 0; i < q * k; ++i) {
    EXPECT_TRUE(std::abs(got.scores[i] - want.scores[i]) <= 1.2e-4) << i;
  }
}

}  // namespace
}  // namespace pretext
