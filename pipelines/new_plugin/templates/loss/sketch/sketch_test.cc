#include "pipelines/new_plugin/templates/loss/sketch/sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
#include "pipelines/new_plugin/templates/loss/sketch/sketch.pb.h"

namespace custom {
namespace {

using pretext::FlowType;

const pretext::BuildContext kContext{.input = FlowType::Vector(3), .views = 2};

// The loss of rows [2·n, 3] in double precision.
double Reference(const pretext::Doubles& z, size_t n, double weight) {
  const auto cosine = [&](size_t i, size_t j) {
    double dot = 0, a = 0, b = 0;
    for (size_t d = 0; d < 3; ++d) {
      const double x = z[i * 3 + d], y = z[(n + j) * 3 + d];
      dot += x * y;
      a += x * x;
      b += y * y;
    }
    return dot / std::sqrt(a * b);
  };
  double alike = 0, apart = 0;
  for (size_t i = 0; i < n; ++i) {
    alike += cosine(i, i);
    for (size_t j = 0; j < n; ++j) apart += i == j ? 0 : cosine(i, j) * cosine(i, j);
  }
  const auto samples = static_cast<double>(n);
  return -2 * alike / samples + weight * apart / (samples * (samples - 1));
}

TEST(Sketch, ValueAndGradient) {
  Sketch config;
  config.set_weight(1.5f);
  const auto loss = SketchLoss::Create(config, kContext);
  ASSERT_TRUE(loss.ok()) << loss.status();
  pretext::Batch batch;
  batch.samples = 4;
  batch.views = 2;
  EXPECT_TRUE(pretext::CheckGradients(
      [&](pretext::Tape& tape, const std::vector<pretext::Var>& z) {
        const pretext::LossResult result = (*loss)->Compute(tape, {.value = z[0]}, batch);
        EXPECT_EQ(result.weight, 4);
        return result.loss;
      },
      {pretext::RandomTensor({8, 3}, 1)},
      [&](const std::vector<pretext::Doubles>& at) {
        return pretext::Doubles{Reference(at[0], 4, 1.5)};
      }));
}

// What it comes to where nothing is known, and at best, are what the landmarks say.
TEST(Sketch, Landmarks) {
  const auto loss = SketchLoss::Create(Sketch(), kContext);
  ASSERT_TRUE(loss.ok()) << loss.status();
  const pretext::Doubles random = pretext::ToDoubles(pretext::RandomTensor({4000, 3}, 2));
  // Deviations of the two means over 2000 samples: 2 · √(1/3 / 2000) = 0.026; the other is smaller.
  EXPECT_NEAR(Reference(random, 2000, 1), *(*loss)->Chance(2000, 2), 4 * 0.026);
  const pretext::Doubles best = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1};
  EXPECT_EQ(Reference(best, 3, 1), *(*loss)->Floor(3, 2));
}

TEST(Sketch, EveryFaultIsNamed) {
  Sketch config;
  config.set_weight(-1);
  const auto loss = SketchLoss::Create(config, {.input = FlowType::Image(1, 2, 2), .views = 3});
  const std::string message(loss.status().message());
  EXPECT_THAT(message, testing::HasSubstr("weight: "));
  EXPECT_THAT(message, testing::HasSubstr("compares vectors"));
  EXPECT_THAT(message, testing::HasSubstr("compares two views; views.count is 3"));
}

}  // namespace
}  // namespace custom
