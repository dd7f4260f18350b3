#include "evaluation/views/views.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/autograd/gradient_check.h"

namespace pretext {
namespace {

TEST(MeasureViews, AgainstTheDefinitions) {
  constexpr int64_t kN = 5, kD = 4;
  const Tensor z = RandomTensor({3 * kN, kD}, 1);  // the third view is looked at by nobody
  std::vector<Doubles> unit;
  for (int64_t r = 0; r < 2 * kN; ++r) {
    Doubles row(z.data() + r * kD, z.data() + (r + 1) * kD);
    double square = 0;
    for (const double v : row) square += v * v;
    for (double& v : row) v /= std::sqrt(square);
    unit.push_back(row);
  }
  const auto distance = [&](int64_t i, int64_t j) {
    double sum = 0;
    for (int64_t c = 0; c < kD; ++c) sum += std::pow(unit[i][c] - unit[j][c], 2);
    return sum;
  };
  double alignment = 0, spread = 0;
  for (int64_t i = 0; i < kN; ++i) {
    alignment += distance(i, kN + i) / kN;
    for (int64_t j = 0; j < kN; ++j) {
      if (i != j) spread += std::exp(-2 * distance(i, j)) / (kN * (kN - 1));
    }
  }
  const ViewAgreement views = MeasureViews(z, kN);
  EXPECT_NEAR(views.alignment, alignment, 1e-5);
  EXPECT_NEAR(views.uniformity, std::log(spread), 1e-5);
}

TEST(UnitRows, TakesSomeOfManyEvenlyApart) {
  Tensor x = Tensor::Zeros({1000, 2});
  for (int64_t r = 0; r < 1000; ++r) {
    x.data()[2 * r] = static_cast<float>(std::cos(0.001 * static_cast<double>(r)));
    x.data()[2 * r + 1] = static_cast<float>(std::sin(0.001 * static_cast<double>(r)));
  }
  x.data()[0] = 0;  // a zero row stays
  const UnitVectors unit = UnitRows(x, 0, 1000);
  ASSERT_EQ(unit.rows(), 256);
  EXPECT_EQ(unit(0, 0), 0);
  EXPECT_NEAR(std::atan2(unit(128, 1), unit(128, 0)), 0.5, 1e-4);
}

}  // namespace
}  // namespace pretext
