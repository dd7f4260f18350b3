#include "base/random/random_fill.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace pretext {
namespace {

// The greatest distance between the empirical distribution of x and `cdf`.
template <typename Cdf>
double KolmogorovDistance(std::vector<float> x, Cdf cdf) {
  std::sort(x.begin(), x.end());
  double distance = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double below = double(i) / x.size(), upto = double(i + 1) / x.size(), p = cdf(x[i]);
    distance = std::max({distance, p - below, upto - p});
  }
  return distance;
}

// The distance that n draws of the right distribution exceed once in a million seeds.
double Bound(int64_t n) { return std::sqrt(std::log(2e6) / (2.0 * n)); }

double Correlation(const std::vector<float>& x, int64_t lag, double mean, double variance) {
  double sum = 0;
  for (size_t i = lag; i < x.size(); ++i) sum += (x[i] - mean) * (x[i - lag] - mean);
  return sum / variance / (x.size() - lag);
}

constexpr int64_t kDraws = 1 << 20;

TEST(RandomFill, UniformIsTheStreamOfItsKey) {
  Random random({.seed = 3}), same({.seed = 3});
  std::vector<float> x(200);
  FillUniform(random, x.data(), x.size());
  const uint32_t key0 = same.Next(), key1 = same.Next();
  EXPECT_EQ(random.Next(), same.Next()) << "the stream behind moves on by two words";
  // Blocks of 16 counters; word w of counter b is number 16 w + b.
  for (uint32_t i = 0; i < x.size(); ++i) {
    const auto words = Philox({i / 64 * 16 + i % 16, 0, 0, 0}, {key0, key1});
    ASSERT_EQ(x[i], static_cast<float>(words[i % 64 / 16] >> 8) * 0x1p-24f) << i;
  }
}

TEST(RandomFill, AShorterFillIsThePrefixOfALonger) {
  std::vector<float> all(300);
  for (const auto fill : {FillUniform, FillNormal}) {
    Random random({.seed = 4});
    fill(random, all.data(), all.size());
    for (int64_t n = 0; n <= 300; ++n) {
      std::vector<float> x(n + 1, -9);
      Random again({.seed = 4});
      fill(again, x.data(), n);
      ASSERT_TRUE(std::equal(all.begin(), all.begin() + n, x.begin())) << n;
      ASSERT_EQ(x[n], -9) << "wrote past the end";
    }
  }
}

TEST(RandomFill, UniformHasItsDistribution) {
  Random random({.seed = 5});
  std::vector<float> x(kDraws);
  FillUniform(random, x.data(), kDraws);
  EXPECT_GE(*std::min_element(x.begin(), x.end()), 0.0f);
  EXPECT_LT(*std::max_element(x.begin(), x.end()), 1.0f);
  EXPECT_LE(KolmogorovDistance(x, [](double v) { return v; }), Bound(kDraws));
  for (const int64_t lag : {1, 2, 16, 32, 64}) {
    EXPECT_TRUE(std::abs(Correlation(x, lag, 0.5, 1 / 12.0)) <= 5 / std::sqrt(double{kDraws}))
        << lag;
  }
}

TEST(RandomFill, NormalHasItsDistribution) {
  Random random({.seed = 6});
  std::vector<float> x(kDraws);
  FillNormal(random, x.data(), kDraws);
  const auto cdf = [](double v) { return 0.5 * std::erfc(-v / std::sqrt(2.0)); };
  EXPECT_LE(KolmogorovDistance(x, cdf), Bound(kDraws));
  // Planted fault: a deviation off by 1 % is seen.
  std::vector<float> wide = x;
  for (float& v : wide) v *= 1.01f;
  EXPECT_GT(KolmogorovDistance(wide, cdf), Bound(kDraws));
  // The two of a pair lie 16 apart; squares would be correlated if the angle were not uniform.
  std::vector<float> squares(kDraws);
  for (int64_t i = 0; i < kDraws; ++i) squares[i] = x[i] * x[i];
  for (const int64_t lag : {1, 2, 16, 32, 64}) {
    EXPECT_TRUE(std::abs(Correlation(x, lag, 0, 1)) <= 5 / std::sqrt(double{kDraws})) << lag;
    EXPECT_TRUE(std::abs(Correlation(squares, lag, 1, 2)) <= 5 / std::sqrt(double{kDraws})) << lag;
  }
  // The tails: beyond 4 deviations 6.33e-5, 66 of 2^20; a Poisson count within five deviations.
  const auto beyond = std::count_if(x.begin(), x.end(), [](float v) { return std::abs(v) > 4; });
  EXPECT_TRUE(beyond >= 26 && beyond <= 107) << beyond;
}

}  // namespace
}  // namespace pretext
