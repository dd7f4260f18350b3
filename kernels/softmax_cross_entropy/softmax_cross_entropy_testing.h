// What the tests of the loss in float32 and in bfloat16 share.
#pragma once

#include <gtest/gtest.h>
#include <omp.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"
#include "kernels/testing/testing.h"

namespace pretext {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

struct Case {
  int64_t rows, features, vocabulary;
  bool bias = true;
  float size = 1;  // deviation of x; scores have size · √features
};

// One below the vocabulary for each row; the first is the last of all.
inline std::vector<int32_t> RandomTargets(const Case& c) {
  std::vector<int32_t> targets;
  Random random({.seed = 1, .sample = 4});
  for (int64_t m = 0; m < c.rows; ++m) targets.push_back(random.Below(c.vocabulary));
  targets[0] = c.vocabulary - 1;
  return targets;
}

struct Outputs {
  explicit Outputs(const Case& c)
      : dx(c.rows * c.features, std::numeric_limits<float>::quiet_NaN()),
        dweight(c.vocabulary * c.features, std::numeric_limits<float>::quiet_NaN()),
        dbias(c.vocabulary, std::numeric_limits<float>::quiet_NaN()) {}
  SoftmaxCrossEntropy::Result result;
  Floats dx, dweight, dbias;
};

// Has the kernel put the gradients of the mean into `out`, or add them to what is there.
inline void TakeGradients(const Case& c, bool accumulate, Outputs& out,
                          SoftmaxCrossEntropy& kernel) {
  kernel.gradient_scale = 1.0f / c.rows;
  kernel.dx = {out.dx.data(), accumulate};
  kernel.dweight = {out.dweight.data(), accumulate};
  kernel.dbias = {out.dbias.data(), accumulate};
}

// `twice` has the gradients of `once`, added to these.
inline void ExpectDoubled(const Outputs& once, const Outputs& twice, double tolerance) {
  for (auto values : {&Outputs::dx, &Outputs::dweight, &Outputs::dbias}) {
    Doubles doubled((once.*values).begin(), (once.*values).end());
    for (double& value : doubled) value *= 2;
    EXPECT_FALSE(!(WorstError(twice.*values, doubled, tolerance) <= 1));
  }
}

inline void ExpectSameBitsForAnyNumberOfThreads(const std::function<Outputs()>& compute) {
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Outputs one = compute();
  omp_set_num_threads(5);
  const Outputs five = compute();
  omp_set_num_threads(threads);
  EXPECT_EQ(one.result.loss, five.result.loss);
  EXPECT_EQ(one.dx, five.dx);
  EXPECT_EQ(one.dweight, five.dweight);
  EXPECT_EQ(one.dbias, five.dbias);
}

}  // namespace pretext
