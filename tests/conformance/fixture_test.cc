// The gradients' check itself, on gradients with planted faults.
#include "tests/conformance/fixture.h"

#include <gtest/gtest-spi.h>

#include "core/autograd/gradient_check.h"

namespace pretext {
namespace {

// y = x² / 2, whose gradient x · dy is `factor` times that, of every `of_all`th element alone.
Var HalfSquare(Tape& tape, Var x, float factor, int64_t of_all) {
  Tensor y = x.value().Clone();
  for (int64_t i = 0; i < y.size(); ++i) y.data()[i] *= 0.5f * y.data()[i];
  return tape.Record("half square", std::move(y), {x}, [=, &tape](const Tensor& dy) {
    Tensor dx = dy.Clone();
    for (int64_t i = 0; i < dx.size(); ++i)
      dx.data()[i] *= i % of_all == 0 ? factor * x.value().data()[i] : 0;
    tape.AddGradient(x, std::move(dx));
  });
}

void Check(float factor, int64_t of_all, uint64_t seed = 3) {
  ExpectGradientOfInput(RandomTensor({40, 50}, seed),
                        [&](Tape& tape, Var x) { return HalfSquare(tape, x, factor, of_all); });
}

TEST(ExpectGradient, TakesTheRightOne) { Check(1, 1); }

TEST(ExpectGradient, RefusesWrongOnes) {
  EXPECT_NONFATAL_FAILURE(Check(0, 1), "central differences");
  EXPECT_NONFATAL_FAILURE(Check(-1, 1), "central differences");
  EXPECT_NONFATAL_FAILURE(Check(1.1f, 1), "central differences");
  EXPECT_NONFATAL_FAILURE(Check(1, 2), "central differences");
  EXPECT_NONFATAL_FAILURE(Check(1, 2, 4), "central differences");
  EXPECT_NONFATAL_FAILURE(Check(1, 2, 8), "central differences");
}

}  // namespace
}  // namespace pretext
