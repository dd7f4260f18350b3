#include "kernels/position_wise/position_wise.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/testing/testing.h"
#include "omp.h"

namespace pretext {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

struct Case {
  int64_t rows, in, hidden, out;
  bool residual = true, norm = true, bias = true;
  float dropout = 0.2f;
  std::string Name() const {
    return std::to_string(rows) + " rows " + std::to_string(in) + "-" + std::to_string(hidden) +
           "-" + std::to_string(out) + (residual ? " residual" : "") + (norm ? " norm" : "") +
           (bias ? " bias" : "");
  }
};

constexpr float kEpsilon = 1e-6f;
constexpr int64_t kFirstRow = 5;

// The arrays that a gradient is taken with respect to, by number.
enum Input { kX, kResidual, kHiddenWeight, kHiddenBias, kWeight, kBias, kGamma, kBeta, kInputs };

template <class T>
using Arrays = std::vector<std::vector<T>>;  // by Input

Arrays<float> RandomInputs(const Case& c) {
  const int64_t inner = c.hidden > 0 ? c.hidden : c.in;
  Arrays<float> in(kInputs);
  in[kX] = Normals(c.rows * c.in, 1);
  in[kResidual] = Normals(c.rows * c.out, 2);
  in[kHiddenWeight] = Normals(c.hidden * c.in, 3, 1 / std::sqrt(c.in));
  in[kHiddenBias] = Normals(c.hidden, 4);
  in[kWeight] = Normals(c.out * inner, 5, 1 / std::sqrt(inner));
  in[kBias] = Normals(c.out, 6);
  in[kGamma] = Normals(c.out, 7, 0.3f, 1);
  in[kBeta] = Normals(c.out, 8);
  return in;
}

DropoutMask Mask(const Case& c) {
  return MakeDropout({.seed = 6, .purpose = Purpose::kDropout}, c.dropout);
}
std::vector<int32_t> MaskRows(const Case& c) {
  std::vector<int32_t> rows;
  for (int64_t r = 0; r < c.rows; ++r) rows.push_back(2 * r + 3);
  return rows;
}

double Gelu(double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }
double GeluSlope(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2) +
         x * std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
}

// y in double by the definition; with dy, all gradients by the chain rule, too.
Doubles Naive(const Case& c, const Arrays<double>& in, const Floats* dy,
              Arrays<double>* gradients) {
  const int64_t inner = c.hidden > 0 ? c.hidden : c.in;
  if (gradients != nullptr) {
    for (int i = 0; i < kInputs; ++i) gradients->push_back(Doubles(in[i].size()));
  }
  Doubles y(c.rows * c.out);
  Floats multipliers(c.out);
  for (int64_t r = 0; r < c.rows; ++r) {
    DropoutRow(Mask(c), kFirstRow + MaskRows(c)[r], c.out, multipliers.data());
    Doubles sum1(c.hidden), a(inner), s(c.out), normalised(c.out), ds(c.out), da(inner);
    for (int64_t j = 0; j < inner; ++j) {
      if (c.hidden == 0) {
        a[j] = in[kX][r * c.in + j];
        continue;
      }
      sum1[j] = in[kHiddenBias][j];
      for (int64_t i = 0; i < c.in; ++i)
        sum1[j] += in[kX][r * c.in + i] * in[kHiddenWeight][j * c.in + i];
      a[j] = Gelu(sum1[j]);
    }
    double mean = 0, variance = 0;
    for (int64_t k = 0; k < c.out; ++k) {
      double g = c.bias ? in[kBias][k] : 0;
      for (int64_t j = 0; j < inner; ++j) g += a[j] * in[kWeight][k * inner + j];
      s[k] = g * multipliers[k] + (c.residual ? in[kResidual][r * c.out + k] : 0);
      mean += s[k] / c.out;
    }
    for (int64_t k = 0; k < c.out; ++k) variance += (s[k] - mean) * (s[k] - mean) / c.out;
    const double deviation = std::sqrt(variance + kEpsilon);
    for (int64_t k = 0; k < c.out; ++k) {
      normalised[k] = (s[k] - mean) / deviation;
      y[r * c.out + k] = c.norm ? in[kGamma][k] * normalised[k] + in[kBeta][k] : s[k];
    }
    if (gradients == nullptr) continue;
    for (int64_t k = 0; k < c.out; ++k) {
      const double d = (*dy)[r * c.out + k];
      if (!c.norm) {
        ds[k] = d;
        continue;
      }
      (*gradients)[kGamma][k] += d * normalised[k];
      (*gradients)[kBeta][k] += d;
      for (int64_t j = 0; j < c.out; ++j) {
        ds[j] += d * in[kGamma][k] *
                 ((j == k) - 1.0 / c.out - normalised[j] * normalised[k] / c.out) / deviation;
      }
    }
    for (int64_t k = 0; k < c.out; ++k) {
      if (c.residual) (*gradients)[kResidual][r * c.out + k] = ds[k];
      const double dg = ds[k] * multipliers[k];
      (*gradients)[kBias][k] += c.bias ? dg : 0;
      for (int64_t j = 0; j < inner; ++j) {
        (*gradients)[kWeight][k * inner + j] += dg * a[j];
        da[j] += dg * in[kWeight][k * inner + j];
      }
    }
    for (int64_t j = 0; j < inner; ++j) {
      if (c.hidden == 0) {
        (*gradients)[kX][r * c.in + j] = da[j];
        continue;
      }
      const double d1 = da[j] * GeluSlope(sum1[j]);
      (*gradients)[kHiddenBias][j] += d1;
      for (int64_t i = 0; i < c.in; ++i) {
        (*gradients)[kX][r * c.in + i] += d1 * in[kHiddenWeight][j * c.in + i];
        (*gradients)[kHiddenWeight][j * c.in + i] += d1 * in[kX][r * c.in + i];
      }
    }
  }
  return y;
}

struct Outputs {
  Floats y, y_without_keeping;
  Arrays<float> gradients;
};

PositionWise Kernel(const Case& c, const Arrays<float>& in, const DropoutMask& mask,
                    const std::vector<int32_t>& mask_rows) {
  PositionWise s{.rows = c.rows,
                 .in = c.in,
                 .out = c.out,
                 .hidden = c.hidden,
                 .activation = Activation::kGelu};
  s.hidden_weight = in[kHiddenWeight].data();
  s.hidden_bias = in[kHiddenBias].data();
  s.weight = in[kWeight].data();
  s.bias = c.bias ? in[kBias].data() : nullptr;
  s.dropout = &mask;
  s.first_row = kFirstRow;
  s.mask_rows = mask_rows.data();
  s.gamma = c.norm ? in[kGamma].data() : nullptr;
  s.beta = c.norm ? in[kBeta].data() : nullptr;
  s.epsilon = kEpsilon;
  return s;
}

Outputs Ours(const Case& c, const Arrays<float>& in, const Floats& dy) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const DropoutMask mask = Mask(c);
  const std::vector<int32_t> mask_rows = MaskRows(c);
  const PositionWise s = Kernel(c, in, mask, mask_rows);
  const float* residual = c.residual ? in[kResidual].data() : nullptr;
  Outputs out{Floats(c.rows * c.out, nan), Floats(c.rows * c.out, nan), {}};
  Floats hidden_sum(c.rows * c.hidden), sum(c.rows * c.out), mean(c.rows), inverse(c.rows);
  PositionWise::Kept kept;
  if (c.hidden > 0) kept.hidden_sum = hidden_sum.data();
  if (c.norm)
    kept.sum = sum.data(), kept.mean = mean.data(), kept.inverse_deviation = inverse.data();
  s.Forward(in[kX].data(), residual, kept, out.y.data());
  s.Forward(in[kX].data(), residual, {}, out.y_without_keeping.data());
  for (const Floats& input : in) out.gradients.push_back(Floats(input.size(), nan));
  const auto target = [&](Input i, bool wanted) {
    return wanted ? Target{out.gradients[i].data()} : Target();
  };
  PositionWise::Gradients g;
  g.x = target(kX, true);
  g.residual = target(kResidual, c.residual);
  g.hidden_weight = target(kHiddenWeight, c.hidden > 0);
  g.hidden_bias = target(kHiddenBias, c.hidden > 0);
  g.weight = target(kWeight, true);
  g.bias = target(kBias, c.bias);
  g.gamma = target(kGamma, c.norm);
  g.beta = target(kBeta, c.norm);
  s.Backward(in[kX].data(), kept, dy.data(), g);
  const Target unwanted[] = {g.residual, g.hidden_weight, g.hidden_bias, g.bias, g.gamma, g.beta};
  const Input names[] = {kResidual, kHiddenWeight, kHiddenBias, kBias, kGamma, kBeta};
  for (int i = 0; i < 6; ++i) {
    if (!unwanted[i])
      std::fill(out.gradients[names[i]].begin(), out.gradients[names[i]].end(), 0.0f);
  }
  return out;
}

Arrays<double> ToDouble(const Arrays<float>& in) {
  Arrays<double> out;
  for (const Floats& array : in) out.push_back(Doubles(array.begin(), array.end()));
  return out;
}

// All layers have values of size 1. Dot products over up to F + D terms, and gradients summed over
// up to R rows, round as random walks: √(R + F + D_in + D) · 2^-24, times 64 for the handful of
// them in a row and the division by the deviation.
double Tolerance(const Case& c) {
  return 64 * 0x1p-24 * std::sqrt(c.rows + c.in + c.hidden + c.out) / (1 - c.dropout);
}

double Error(const Case& c, const Outputs& ours, const Doubles& y,
             const Arrays<double>& gradients) {
  Largest worst;
  worst.Add(WorstError(ours.y, y, Tolerance(c)));
  worst.Add(WorstError(ours.y_without_keeping, y, Tolerance(c)));
  for (int i = 0; i < kInputs; ++i)
    worst.Add(WorstError(ours.gradients[i], gradients[i], Tolerance(c)));
  return worst.value();
}

const Case kCases[] = {
    {1, 3, 5, 2},
    {7, 16, 64, 16},
    {65, 17, 33, 18},
    {300, 8, 32, 8},
    {129, 20, 0, 20},
    {40, 12, 0, 36, false, false, true, 0},
    {33, 16, 24, 16, true, false},
    {33, 16, 0, 16, true, false, true, 0},
    {50, 16, 8, 16, false, true, false},
    {20, 8, 16, 8, true, true, true, 0},
    {1300, 4, 6, 4},
    {70, 40, 2100, 10},
};

TEST(PositionWise, MatchesTheDefinitionAndItsGradients) {
  for (const Case& c : kCases) {
    const Arrays<float> in = RandomInputs(c);
    const Floats dy = Normals(c.rows * c.out, 9);
    Arrays<double> gradients;
    const Doubles y = Naive(c, ToDouble(in), &dy, &gradients);
    EXPECT_LE(Error(c, Ours(c, in, dy), y, gradients), 1) << c.Name();
  }
}

TEST(PositionWise, ReferenceGradientsMatchFiniteDifferences) {
  for (const Case& c : {Case{3, 4, 5, 3}, Case{3, 4, 0, 3}}) {
    Arrays<double> in = ToDouble(RandomInputs(c));
    const Floats dy = Normals(c.rows * c.out, 9);
    Arrays<double> gradients;
    Naive(c, in, &dy, &gradients);
    const auto objective = [&] {
      const Doubles y = Naive(c, in, nullptr, nullptr);
      double total = 0;
      for (size_t i = 0; i < y.size(); ++i) total += y[i] * dy[i];
      return total;
    };
    for (int input = 0; input < kInputs; ++input) {
      for (size_t i = 0; i < in[input].size(); ++i) {
        const double x = in[input][i], h = 1e-5;
        in[input][i] = x + h;
        const double up = objective();
        in[input][i] = x - h;
        const double down = objective();
        in[input][i] = x;
        // h² times third derivatives of some hundred (three features, small deviations),
        // rounding 1e-14 / h.
        ASSERT_TRUE(std::abs((up - down) / (2 * h) - gradients[input][i]) <= 1e-7)
            << input << " " << i;
      }
    }
  }
}

TEST(PositionWise, PlantedFaultsAreCaught) {
  const Case c{65, 17, 33, 18};
  const Arrays<float> in = RandomInputs(c);
  const Floats dy = Normals(c.rows * c.out, 9);
  Arrays<double> gradients;
  const Doubles y = Naive(c, ToDouble(in), &dy, &gradients);
  const Outputs right = Ours(c, in, dy);
  ASSERT_LE(Error(c, right, y, gradients), 1);
  for (int input = 0; input < kInputs; ++input) {
    Outputs wrong = right;
    wrong.gradients[input].back() += 0.01f;
    EXPECT_GT(Error(c, wrong, y, gradients), 1) << input;
    Arrays<float> changed = in;
    changed[input].back() += 0.01f;  // the last weight, the last row
    EXPECT_GT(Error(c, Ours(c, changed, dy), y, gradients), 1) << input;
  }
  Case other = c;
  other.dropout = 0;
  EXPECT_GT(Error(c, Ours(other, in, dy), y, gradients), 1);
}

TEST(PositionWise, InputAsResidualGetsBothGradients) {
  const Case c{150, 16, 24, 16};
  Arrays<float> in = RandomInputs(c);
  in[kResidual] = in[kX];
  const Floats dy = Normals(c.rows * c.out, 9);
  const Outputs apart = Ours(c, in, dy);
  const DropoutMask mask = Mask(c);
  const std::vector<int32_t> mask_rows = MaskRows(c);
  const PositionWise s = Kernel(c, in, mask, mask_rows);
  Floats y(c.rows * c.out), hidden_sum(c.rows * c.hidden), sum(y.size()), mean(c.rows),
      inverse(c.rows), dx(y.size());
  const PositionWise::Kept kept{hidden_sum.data(), sum.data(), mean.data(), inverse.data()};
  s.Forward(in[kX].data(), in[kX].data(), kept, y.data());
  PositionWise::Gradients g;
  g.residual = {dx.data(), false};
  g.x = {dx.data(), true};
  s.Backward(in[kX].data(), kept, dy.data(), g);
  Doubles want(dx.size());
  for (size_t i = 0; i < dx.size(); ++i)
    want[i] = double{apart.gradients[kX][i]} + apart.gradients[kResidual][i];
  EXPECT_LE(WorstError(dx, want, Tolerance(c)), 1);
}

TEST(PositionWise, SameBitsForAnyNumberOfThreads) {
  const Case c{1300, 24, 40, 24};
  const Arrays<float> in = RandomInputs(c);
  const Floats dy = Normals(c.rows * c.out, 9);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Outputs one = Ours(c, in, dy);
  omp_set_num_threads(5);
  const Outputs five = Ours(c, in, dy);
  omp_set_num_threads(threads);
  EXPECT_EQ(one.y, five.y);
  EXPECT_EQ(one.gradients, five.gradients);
}

}  // namespace
}  // namespace pretext
