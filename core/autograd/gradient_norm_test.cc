#include "core/autograd/gradient_norm.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "core/autograd/gradient_check.h"

namespace pretext {
namespace {

TEST(GlobalGradientNorm, IsThatOfAllGradientsTogether) {
  Parameter a = RandomParameter({300, 400}, 1), b = RandomParameter({7}, 2),
            without = RandomParameter({5}, 3);
  a.gradient = RandomTensor({300, 400}, 4);
  b.gradient = RandomTensor({7}, 5);
  without.gradient = RandomTensor({5}, 6);
  a.has_gradient = b.has_gradient = true;
  double sum = 0;
  for (double g : ToDoubles(a.gradient)) sum += g * g;
  for (double g : ToDoubles(b.gradient)) sum += g * g;
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const double one = GlobalGradientNorm({&a, &without, &b});
  omp_set_num_threads(3);
  EXPECT_EQ(GlobalGradientNorm({&a, &without, &b}), one);
  omp_set_num_threads(threads);
  EXPECT_TRUE(std::abs(one - std::sqrt(sum)) <= 1e-12 * std::sqrt(sum));
  EXPECT_EQ(FirstNonFiniteGradient({&a, &b}), "");
  b.gradient.data()[3] = std::nanf("");
  EXPECT_TRUE(std::isnan(GlobalGradientNorm({&a, &b})));
  EXPECT_EQ(FirstNonFiniteGradient({&a, &b}), "parameter, element 3 is nan");
}

}  // namespace
}  // namespace pretext
