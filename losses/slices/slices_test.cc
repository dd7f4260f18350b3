#include "losses/slices/slices.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"

namespace pretext {
namespace {

TEST(RandomSlices, AreDirectionsOfTheirSeedAndStep) {
  constexpr int64_t kSlices = 2000, kFeatures = 3;
  const Doubles slices = ToDoubles(RandomSlices(1, 5, kSlices, kFeatures));
  EXPECT_EQ(slices, ToDoubles(RandomSlices(1, 5, kSlices, kFeatures)));
  EXPECT_NE(slices, ToDoubles(RandomSlices(1, 6, kSlices, kFeatures)));
  EXPECT_NE(slices, ToDoubles(RandomSlices(2, 5, kSlices, kFeatures)));
  // More of them begin with the same.
  const Doubles more = ToDoubles(RandomSlices(1, 5, kSlices + 7, kFeatures));
  EXPECT_EQ(slices, Doubles(more.begin(), more.begin() + kSlices * kFeatures));
  // Of length 1; the first and second moments are those of a sphere, within four deviations.
  double mean[kFeatures] = {}, square[kFeatures] = {};
  for (size_t m = 0; m < kSlices; ++m) {
    double length = 0;
    for (size_t d = 0; d < kFeatures; ++d) {
      const double x = slices[m * kFeatures + d];
      length += x * x;
      mean[d] += x / kSlices;
      square[d] += x * x / kSlices;
    }
    EXPECT_NEAR(length, 1, 1e-6);
  }
  for (size_t d = 0; d < kFeatures; ++d) {
    EXPECT_NEAR(mean[d], 0, 4 * std::sqrt(1.0 / 3 / kSlices));
    EXPECT_NEAR(square[d], 1.0 / 3, 4 * std::sqrt(4.0 / 45 / kSlices));  // x² of a sphere in 3
  }
}

TEST(DistanceToCenters, ValueAndGradient) {
  constexpr size_t kSamples = 4, kFeatures = 5;
  const std::vector<std::vector<int64_t>> targets = {{}, {0}, {3, 1}};
  for (const std::vector<int64_t>& named : targets) {
    const std::vector<int64_t> views = {0, 1, 3};
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& in) {
          return DistanceToCenters(
              tape, {.value = in[0], .views = named.empty() ? named : views, .target_views = named},
              kSamples);
        },
        {RandomTensor({3 * kSamples, kFeatures}, 1)},
        [&](const std::vector<Doubles>& in) -> Doubles {
          std::vector<size_t> blocks = {0, 1, 2};
          if (named.size() == 1) blocks = {0};
          if (named.size() == 2) blocks = {2, 1};
          double sum = 0;
          for (size_t n = 0; n < kSamples; ++n) {
            for (size_t d = 0; d < kFeatures; ++d) {
              const auto at = [&](size_t v) { return in[0][(v * kSamples + n) * kFeatures + d]; };
              double center = 0;
              for (size_t b : blocks) center += at(b) / static_cast<double>(blocks.size());
              for (size_t v = 0; v < 3; ++v) sum += std::pow(at(v) - center, 2);
            }
          }
          return {sum / (3 * kSamples * kFeatures)};
        }));
  }
}

}  // namespace
}  // namespace pretext
