#include "losses/sig_reg/sig_reg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
#include "losses/sig_reg/epps_pulley.h"
#include "losses/sig_reg/sig_reg.pb.h"
#include "losses/testing/steps.h"

namespace pretext {
namespace {

using testing::HasSubstr;

// Rotation by up to 40 steps rounds the last angles' sines at 40 eps; directions are drawn in
// single precision.
constexpr double kTolerance = 1e-5;

TEST(SigRegLoss, AgreesWithPyTorch) {
  for (const GoldenSteps& golden : ReadGoldenSteps("losses/sig_reg/sig_reg_golden.txt")) {
    const auto agrees = Agreement<SigRegLoss, SigReg>(golden, kTolerance);
    EXPECT_TRUE(agrees());
    EXPECT_FALSE(agrees([](SigReg& config) { config.set_lambda(0.99f * config.lambda()); }));
    EXPECT_FALSE(agrees([](SigReg& config) { config.set_slices(config.slices() + 1); }));
    EXPECT_FALSE(agrees([](SigReg& config) { config.set_range(0.5f * config.range()); }));
  }
}

double EppsPulleyReference(const Doubles& p, size_t samples, size_t knots, double range) {
  double statistic = 0;
  const double step = range / static_cast<double>(knots - 1);
  for (size_t k = 0; k < knots; ++k) {
    const double t = static_cast<double>(k) * step, normal = std::exp(-t * t / 2);
    double real = -normal, imaginary = 0;
    for (double x : p) {
      real += std::cos(t * x) / static_cast<double>(samples);
      imaginary += std::sin(t * x) / static_cast<double>(samples);
    }
    const double weight = k == 0 || k + 1 == knots ? step : 2 * step;
    statistic += weight * normal * (real * real + imaginary * imaginary);
  }
  return static_cast<double>(samples) * statistic;
}

TEST(EppsPulley, ValueAndGradient) {
  for (const double size : {1.0, 300.0}) {  // beyond the first turn
    constexpr size_t kSamples = 6, kSlices = 19;
    GradientCheckOptions options;
    // The angle itself is rounded: half an eps of its size.
    options.tolerance = 1e-5 + 1e-7 * 3 * 3 * size;
    options.step = 1e-6;
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& in) {
          return EppsPulley{.samples = kSamples, .knots = 9, .range = 3}(tape, in[0]);
        },
        {RandomTensor({2 * kSamples, kSlices}, 1, static_cast<float>(size))},
        [&](const std::vector<Doubles>& in) -> Doubles {
          return {MeanOverSlices(in[0], kSamples, kSlices, [&](const Doubles& p) {
            return EppsPulleyReference(p, kSamples, 9, 3);
          })};
        },
        options))
        << size;
  }
}

TEST(EppsPulley, SamplesThatRanAwayAreFarFromNormal) {
  Tape tape(/*recording=*/false);
  const EppsPulley test{.samples = 4, .knots = 17, .range = 3};
  const double seen = test(tape, tape.Constant(RandomTensor({4, 20}, 1, 1e7f))).value().item();
  EXPECT_TRUE(std::isfinite(seen) && seen > 0.1) << seen;
}

TEST(EppsPulley, NormalSamplesAreNear) {
  Tape tape(/*recording=*/false);
  const EppsPulley test{.samples = 1000, .knots = 17, .range = 3};
  const double normal = test(tape, tape.Constant(RandomTensor({1000, 40}, 1))).value().item();
  const double narrow = test(tape, tape.Constant(RandomTensor({1000, 40}, 1, 0.5f))).value().item();
  // Of N normal samples it has the mean ∫ (1 - exp(-t²)) exp(-t²/2) dt = √(2π) - √(2π/3), 1.06.
  EXPECT_NEAR(normal, 1.06, 0.4);
  EXPECT_GT(narrow, 50);
}

TEST(SigRegLoss, AnEvaluationHasTheSameDirectionsAlways) {
  SigRegLoss loss({.lambda = 0.5f, .slices = 8, .knots = 17, .range = 3});
  ExpectDirectionsOfTheStep(loss);
}

TEST(SigRegLoss, FaultsOfTheConfig) {
  SigReg config;
  config.set_lambda(1.1f);
  config.set_slices(0);
  config.set_knots(1);
  config.set_range(NAN);
  BuildContext context{.input = FlowType::Vector(8), .views = 1};
  for (const char* fault : {"lambda: ", "slices: ", "knots: ", "range: ", "at least 2 views"}) {
    EXPECT_THAT(FaultOf<SigRegLoss>(config, context), HasSubstr(fault));
  }
  ExpectNamesFaultsOfViews(
      [](const BuildContext& in) { return FaultOf<SigRegLoss>(SigReg(), in); });
}

TEST(SigRegLoss, NonFiniteIsReturned) {
  SigRegLoss loss({.lambda = 0.5f, .slices = 8, .knots = 17, .range = 3});
  ExpectNonFiniteAlongDirectionsIsReturned(loss);
}

}  // namespace
}  // namespace pretext
