#include "kernels/reduce/exp_of_entropy.h"

#include <gtest/gtest.h>

#include <vector>

namespace pretext {
namespace {

TEST(ExpOfEntropy, CountsWhatSharesAreSpreadOver) {
  const std::vector<double> one = {0, 1, 0}, equal(8, 0.125);
  EXPECT_EQ(ExpOfEntropy(3, one.data()), 1);
  EXPECT_NEAR(ExpOfEntropy(8, equal.data()), 8, 1e-12);
  // 1/2 ln 2 + 2 · 1/4 ln 4 = ln 2^1.5
  const std::vector<float> halves = {0.5f, 0.25f, 0.25f};
  EXPECT_NEAR(ExpOfEntropy(3, halves.data()), std::pow(2, 1.5), 1e-12);
}

}  // namespace
}  // namespace pretext
