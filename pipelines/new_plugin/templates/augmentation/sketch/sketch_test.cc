#include "pipelines/new_plugin/templates/augmentation/sketch/sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "pipelines/new_plugin/templates/augmentation/sketch/sketch.pb.h"

namespace custom {
namespace {

using pretext::FlowType;

// A sample of that type with all values at 0.5, after the augmentation.
pretext::Sample Changed(const Sketch& config, uint64_t seed) {
  const FlowType type = FlowType::Image(3, 4, 5).WithRange(pretext::kUnitRange);
  const auto augmentation = SketchAugmentation::Create(config, {.input = type});
  EXPECT_TRUE(augmentation.ok()) << augmentation.status();
  pretext::Sample sample;
  sample.type = type;
  sample.values.assign(60, 0.5f);
  pretext::Random random({.seed = seed});
  (*augmentation)->Apply(sample, random);
  return sample;
}

TEST(Sketch, AllPixelsChangeByOneAmountWithinTheStrength) {
  Sketch config;
  config.set_probability(1);
  config.set_strength(0.25f);
  double sum = 0, squares = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const pretext::Sample sample = Changed(config, seed);
    for (const float x : sample.values) ASSERT_EQ(x, sample.values[0]);
    const double change = sample.values[0] - 0.5;
    EXPECT_TRUE(std::abs(change) <= 0.25);
    sum += change;
    squares += change * change;
  }
  // Uniform on [-s, s]: mean 0, variance s² / 3; four of their deviations over 1000 draws.
  EXPECT_NEAR(sum / 1000, 0, 4 * 0.25 / std::sqrt(3.0 * 1000));
  EXPECT_NEAR(squares / 1000, 0.25 * 0.25 / 3, 4 * 0.25 * 0.25 * std::sqrt(4.0 / 45 / 1000));
}

TEST(Sketch, ActsWithItsProbability) {
  Sketch config;
  config.set_probability(0.3f);
  int acted = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) acted += Changed(config, seed).values[0] != 0.5f;
  EXPECT_NEAR(acted, 300, 4 * std::sqrt(1000 * 0.3 * 0.7));
}

TEST(Sketch, EveryFaultIsNamed) {
  Sketch config;
  config.set_probability(2);
  config.set_strength(-1);
  const auto faulty = SketchAugmentation::Create(config, {.input = FlowType::Vector(3)});
  const std::string message(faulty.status().message());
  EXPECT_THAT(message, testing::HasSubstr("probability: "));
  EXPECT_THAT(message, testing::HasSubstr("strength: "));
  EXPECT_THAT(message, testing::HasSubstr("changes images"));
}

}  // namespace
}  // namespace custom
