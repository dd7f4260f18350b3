#include "evaluation/knn/by_cosine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace pretext {
namespace {

// What is told of rows [q] beside the cosine of a pair, however the products are taken.
void ExpectCosines(const Features& base, const Features& of, double allowed) {
  const ByCosine by_cosine(base, of, of.count);
  std::vector<int32_t> indices(of.count * base.count);
  std::vector<float> scores(of.count * base.count);
  by_cosine.Nearest(0, of.count, base.count, indices.data(), scores.data());
  const std::vector<double> lengths = Lengths(of, of.count),
                            base_lengths = Lengths(base, base.count);
  for (int64_t q = 0; q < of.count; ++q) {
    for (int64_t i = 0; i < base.count; ++i) {
      const int64_t n = indices[q * base.count + i];
      double product = 0;
      for (int64_t d = 0; d < base.width; ++d) {
        product += of.values[q * of.width + d] / std::max(lengths[q], 1e-300) *
                   (base.values[n * of.width + d] / std::max(base_lengths[n], 1e-300));
      }
      const double got = scores[q * base.count + i] * by_cosine.scale(q) + by_cosine.offset(q);
      EXPECT_TRUE(std::abs(got - product) <= allowed) << q << ", " << n << ": " << got;
    }
  }
}

TEST(ByCosineTest, ScoresSayCosines) {
  const Features base{.count = 3, .width = 2, .values = {1, 2, -3, 0.5, 0, 0}};
  ExpectCosines(base, {.count = 3, .width = 2, .values = {2, 2, 0, 0, -1, 4}}, 1e-6);
  // Of lengths that single precision cannot square.
  ExpectCosines({.count = 3, .width = 2, .values = {1e30f, 2e30f, -3e-30f, 5e-31f, 0, 0}},
                {.count = 3, .width = 2, .values = {2e20f, 2e20f, 0, 0, -1e-25f, 4e-25f}}, 1e-6);
  // Nearly one direction: beyond single precision's digits.
  ExpectCosines({.count = 3, .width = 2, .values = {1e4, 1, 1e4, 2, 1e4, -1}},
                {.count = 2, .width = 2, .values = {1e4, 1.5, 2e4, 2}}, 1e-12);
}

}  // namespace
}  // namespace pretext
