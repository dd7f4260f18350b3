#include "losses/tico/tico.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
#include "losses/tico/tico.pb.h"

namespace pretext {
namespace {

constexpr size_t kSamples = 5, kFeatures = 4, kRows = 2 * kSamples;

Doubles Unit(Doubles z) {
  for (size_t r = 0; r < kRows; ++r) {
    double square = 0;
    for (size_t d = 0; d < kFeatures; ++d) square += z[r * kFeatures + d] * z[r * kFeatures + d];
    for (size_t d = 0; d < kFeatures; ++d) z[r * kFeatures + d] /= std::sqrt(square);
  }
  return z;
}

// The covariance after a step with rows z.
Doubles NextCovariance(Doubles covariance, const Doubles& z, double momentum) {
  const Doubles unit = Unit(z);
  for (size_t i = 0; i < kFeatures; ++i) {
    for (size_t j = 0; j < kFeatures; ++j) {
      double& c = covariance[i * kFeatures + j];
      c *= momentum;
      for (size_t r = 0; r < kRows; ++r)
        c += (1 - momentum) / kRows * unit[r * kFeatures + i] * unit[r * kFeatures + j];
    }
  }
  return covariance;
}

double Equation(const Doubles& z, const Doubles& covariance, double weight) {
  const Doubles unit = Unit(z);
  double loss = 1;
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t i = 0; i < kFeatures; ++i) {
      const double x = unit[r * kFeatures + i];
      if (r < kSamples) loss -= x * unit[(kSamples + r) * kFeatures + i] / kSamples;
      for (size_t j = 0; j < kFeatures; ++j)
        loss += weight / kRows * x * covariance[i * kFeatures + j] * unit[r * kFeatures + j];
    }
  }
  return loss;
}

// Three steps, each with what the one before has left.
TEST(TicoLoss, StepsAreThoseOfTheEquation) {
  Batch batch;
  batch.samples = kSamples;
  batch.views = 2;
  TicoLoss loss(/*momentum=*/0.75f, /*weight=*/2, kFeatures);
  loss.parameters().Allocate("loss", 1);
  Doubles covariance(kFeatures * kFeatures, 0.0);
  for (uint64_t step = 1; step <= 3; ++step) {
    loss.BeginStep({.step = static_cast<int64_t>(step)});
    const Tensor z = RandomTensor({kRows, kFeatures}, step);
    covariance = NextCovariance(covariance, ToDoubles(z), 0.75);
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& in) {
          return loss.Compute(tape, {.value = in[0]}, batch).loss;
        },
        {z},
        [&](const std::vector<Doubles>& at) { return Doubles{Equation(at[0], covariance, 2)}; }))
        << step;
    loss.AfterStep();
    EXPECT_TRUE(AllClose(ToDoubles(loss.parameters().buffers().front().value), covariance, 1e-6));
  }
}

}  // namespace
}  // namespace pretext
