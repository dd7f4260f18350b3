#include "augmentations/testing/distribution.h"

#include <gtest/gtest.h>

#include "base/random/random.h"

namespace pretext {
namespace {

std::vector<double> Uniforms(int n, uint64_t seed) {
  Random random({.seed = seed});
  std::vector<double> draws(n);
  for (double& x : draws) x = random.Uniform();
  return draws;
}

// Under the hypothesis a p-value is itself uniform: over 2,000 seeds about 100 are below 0.05,
// within five deviations of the binomial, 5 * sqrt(2000 * 0.05 * 0.95) = 49.
TEST(Distribution, PValuesAreUniformForTheRightDistribution) {
  int smirnov = 0, chi = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const std::vector<double> draws = Uniforms(500, seed);
    smirnov += KolmogorovSmirnov(draws, UniformCdf(0, 1)) < 0.05;
    std::vector<double> counts(10);
    for (const double x : draws) ++counts[static_cast<int>(x * 10)];
    chi += ChiSquare(counts, std::vector<double>(10, 0.1)) < 0.05;
  }
  EXPECT_NEAR(smirnov, 100, 49);
  EXPECT_NEAR(chi, 100, 49);
}

TEST(Distribution, WrongDistributionsAreFound) {
  EXPECT_LT(KolmogorovSmirnov(Uniforms(20000, 1), UniformCdf(0, 1.05)), kSignificance);
  EXPECT_LT(ChiSquare({5300, 4700}, {0.5, 0.5}), kSignificance);
  EXPECT_GT(ChiSquare({5030, 4970}, {0.5, 0.5}), 0.1);
  EXPECT_LT(ChiSquareOfTwo({5300, 4700}, {4700, 5300}), kSignificance);
  EXPECT_GT(ChiSquareOfTwo({5030, 4969, 1}, {4970, 5028, 2}), 0.1);
}

}  // namespace
}  // namespace pretext
