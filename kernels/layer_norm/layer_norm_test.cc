#include "kernels/layer_norm/layer_norm.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/testing/testing.h"
#include "omp.h"

namespace pretext {
namespace {

using Floats = std::vector<float>;

struct Case {
  int64_t rows, columns;
  bool bias, residual, norm, output_dropout;
  float dropout;
  std::string Name() const {
    return std::to_string(rows) + "x" + std::to_string(columns) + (bias ? " bias" : "") +
           (residual ? " residual" : "") + (norm ? " norm" : "") +
           (output_dropout ? " output dropout" : "") + (dropout > 0 ? " dropout" : "");
  }
};

constexpr float kEpsilon = 1e-5f;

struct Inputs {
  explicit Inputs(const Case& c)
      : x(Normals(c.rows * c.columns, 1, 1, 0.5f)),
        bias(Normals(c.columns, 2)),
        residual(Normals(c.rows * c.columns, 3, 2, -1)),
        gamma(Normals(c.columns, 4, 0.3f, 1)),
        beta(Normals(c.columns, 5)),
        dy(Normals(c.rows * c.columns, 6)),
        dropout(MakeDropout({.seed = 3, .purpose = Purpose::kDropout}, c.dropout)),
        output_dropout(MakeDropout({.seed = 4, .purpose = Purpose::kDropout}, 0.25f)) {
    for (int64_t r = 0; r < c.rows; ++r) mask_rows.push_back(3 * r + 1);
  }
  Floats x, bias, residual, gamma, beta, dy;
  DropoutMask dropout, output_dropout;
  std::vector<int32_t> mask_rows;
};
constexpr int64_t kFirstRow = 11;

struct Outputs {
  Floats sum, y, mean, inverse_deviation, dresidual, dx, dgamma, dbeta, dbias;
};

Outputs Ours(const Case& c, const Inputs& in) {
  const int64_t size = c.rows * c.columns;
  Outputs out{Floats(size), Floats(size),      Floats(c.rows),    Floats(c.rows),   Floats(size),
              Floats(size), Floats(c.columns), Floats(c.columns), Floats(c.columns)};
  LayerNormForward forward{.rows = c.rows, .columns = c.columns, .x = in.x.data()};
  if (c.bias) forward.bias = in.bias.data();
  if (c.residual) forward.residual = in.residual.data();
  forward.dropout = &in.dropout;
  if (c.output_dropout) forward.output_dropout = &in.output_dropout;
  forward.first_row = kFirstRow;
  forward.mask_rows = in.mask_rows.data();
  if (c.norm) forward.gamma = in.gamma.data(), forward.beta = in.beta.data();
  forward.epsilon = kEpsilon;
  forward.sum = out.sum.data();
  forward.y = out.y.data();
  forward.mean = out.mean.data();
  forward.inverse_deviation = out.inverse_deviation.data();
  forward.Run();

  LayerNormBackward backward{.rows = c.rows, .columns = c.columns, .dy = in.dy.data()};
  backward.sum = out.sum.data();
  backward.mean = out.mean.data();
  backward.inverse_deviation = out.inverse_deviation.data();
  if (c.norm) backward.gamma = in.gamma.data();
  backward.dropout = &in.dropout;
  if (c.output_dropout) backward.output_dropout = &in.output_dropout;
  backward.first_row = kFirstRow;
  backward.mask_rows = in.mask_rows.data();
  backward.dresidual = {out.dresidual.data()};
  backward.dx = {out.dx.data()};
  backward.dgamma = {out.dgamma.data()};
  backward.dbeta = {out.dbeta.data()};
  backward.dbias = {out.dbias.data()};
  backward.Run();
  return out;
}

// The definition in double, on the float inputs, and its gradients by the chain rule written out
// the long way: the Jacobian of a row's normalisation, dense.
struct Reference {
  std::vector<double> sum, y, dresidual, dx, dgamma, dbeta, dbias;
};

Reference Naive(const Case& c, const Inputs& in) {
  const int64_t n = c.columns, size = c.rows * n;
  Reference ref{std::vector<double>(size), std::vector<double>(size), std::vector<double>(size),
                std::vector<double>(size), std::vector<double>(n),    std::vector<double>(n),
                std::vector<double>(n)};
  std::vector<float> multipliers(n), output_multipliers(n, 1.0f);
  for (int64_t r = 0; r < c.rows; ++r) {
    DropoutRow(in.dropout, kFirstRow + in.mask_rows[r], n, multipliers.data());
    if (c.norm && c.output_dropout) {
      DropoutRow(in.output_dropout, kFirstRow + in.mask_rows[r], n, output_multipliers.data());
    }
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < n; ++i) {
      double s = in.x[r * n + i];
      if (c.bias) s += in.bias[i];
      s *= multipliers[i];
      if (c.residual) s += in.residual[r * n + i];
      ref.sum[r * n + i] = s;
      mean += s / n;
    }
    for (int64_t i = 0; i < n; ++i) variance += std::pow(ref.sum[r * n + i] - mean, 2) / n;
    const double deviation = std::sqrt(variance + kEpsilon);
    for (int64_t i = 0; i < n; ++i) {
      const double dy = in.dy[r * n + i] * output_multipliers[i];
      double ds = c.norm ? 0 : dy;
      if (c.norm) {
        const double normalised = (ref.sum[r * n + i] - mean) / deviation;
        ref.y[r * n + i] = (in.gamma[i] * normalised + in.beta[i]) * output_multipliers[i];
        ref.dgamma[i] += dy * normalised;
        ref.dbeta[i] += dy;
        for (int64_t j = 0; j < n; ++j) {  // d normalised_j / d s_i
          const double other = (ref.sum[r * n + j] - mean) / deviation;
          const double jacobian = ((i == j) - 1.0 / n - normalised * other / n) / deviation;
          ds += in.dy[r * n + j] * output_multipliers[j] * in.gamma[j] * jacobian;
        }
      }
      ref.dresidual[r * n + i] = ds;
      ref.dx[r * n + i] = ds * multipliers[i];
      ref.dbias[i] += ds * multipliers[i];
    }
  }
  return ref;
}

// The largest |ours - reference| in units of the tolerance. A row's sums over D features and the
// sums over the rows round as a random walk, each step 2^-24 of the running size, all terms O(1)
// here: √(D + N) · 2^-24, times 16 for the few operations on each and the division by the
// deviation. A row of a single feature is degenerate: its deviation is √ε, so everything is
// magnified by 1 / √ε.
double Error(const Case& c, const Floats& ours, const std::vector<double>& want) {
  const double size = c.norm && c.columns == 1 ? 1 / std::sqrt(kEpsilon) : 8;
  const double tolerance = 16 * size * std::sqrt(c.columns + c.rows) * 0x1p-24;
  return WorstError(ours, want, tolerance);
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (int64_t columns : {1, 2, 15, 16, 17, 33, 128, 257}) {
    for (int64_t rows : {1, 5, 33}) {
      cases.push_back({rows, columns, true, true, true, false, 0.3f});
    }
  }
  for (int flags = 0; flags < 32; ++flags) {
    cases.push_back({67, 40, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, (flags & 8) != 0,
                     flags & 16 ? 0.2f : 0.0f});
  }
  cases.push_back({700, 48, true, true, true, true, 0.1f});  // several threads
  return cases;
}

TEST(LayerNorm, MatchesTheDefinitionAndItsGradients) {
  for (const Case& c : Cases()) {
    const Inputs in(c);
    const Outputs ours = Ours(c, in);
    const Reference want = Naive(c, in);
    EXPECT_LE(Error(c, ours.sum, want.sum), 1) << c.Name();
    EXPECT_LE(Error(c, ours.dresidual, want.dresidual), 1) << c.Name();
    EXPECT_LE(Error(c, ours.dx, want.dx), 1) << c.Name();
    EXPECT_LE(Error(c, ours.dbias, want.dbias), 1) << c.Name();
    if (!c.norm) continue;
    EXPECT_LE(Error(c, ours.y, want.y), 1) << c.Name();
    EXPECT_LE(Error(c, ours.dgamma, want.dgamma), 1) << c.Name();
    EXPECT_LE(Error(c, ours.dbeta, want.dbeta), 1) << c.Name();
  }
}

TEST(LayerNorm, PlantedFaultsAreCaught) {
  const Case c{20, 128, true, true, true, false, 0.3f};
  const Inputs in(c);
  const Outputs ours = Ours(c, in);
  const Reference want = Naive(c, in);
  ASSERT_LE(Error(c, ours.dresidual, want.dresidual), 1);
  Floats wrong = ours.dresidual;
  wrong.back() *= 1.001f;
  EXPECT_GT(Error(c, wrong, want.dresidual), 1);
  EXPECT_GT(Error(c, ours.dresidual, want.dx), 1);  // the mask forgotten
  Case other = c;
  other.dropout = 0;  // the backward pass of another mask
  EXPECT_GT(Error(c, Ours(other, Inputs(other)).dx, want.dx), 1);
  // The term of the variance forgotten: the gradient of a plain shift of the mean.
  Floats no_variance(in.dy.size());
  for (int64_t r = 0; r < c.rows; ++r) {
    double mean = 0;
    for (int64_t i = 0; i < c.columns; ++i)
      mean += in.dy[r * c.columns + i] * in.gamma[i] / c.columns;
    for (int64_t i = 0; i < c.columns; ++i) {
      no_variance[r * c.columns + i] =
          ours.inverse_deviation[r] * (in.dy[r * c.columns + i] * in.gamma[i] - mean);
    }
  }
  EXPECT_GT(Error(c, no_variance, want.dresidual), 1);
}

TEST(LayerNorm, AccumulatesWhereAsked) {
  const Case c{40, 24, true, true, true, false, 0.1f};
  const Inputs in(c);
  const Outputs once = Ours(c, in);
  Floats gamma(once.dgamma), residual(once.dresidual);
  LayerNormBackward backward{.rows = c.rows, .columns = c.columns, .dy = in.dy.data()};
  backward.sum = once.sum.data();
  backward.mean = once.mean.data();
  backward.inverse_deviation = once.inverse_deviation.data();
  backward.gamma = in.gamma.data();
  backward.dropout = &in.dropout;
  backward.first_row = kFirstRow;
  backward.mask_rows = in.mask_rows.data();
  backward.dresidual = {residual.data(), true};
  backward.dgamma = {gamma.data(), true};
  backward.Run();
  for (size_t i = 0; i < gamma.size(); ++i) EXPECT_EQ(gamma[i], 2 * once.dgamma[i]);
  for (size_t i = 0; i < residual.size(); ++i) EXPECT_EQ(residual[i], 2 * once.dresidual[i]);
}

TEST(LayerNorm, ConstantRowsAndNan) {
  const int64_t n = 32;
  Floats x(2 * n, 3.0f), ones(n, 1.0f), zeros(n, 0.0f), sum(2 * n), y(2 * n);
  x[n + 5] = NAN;
  LayerNormForward forward{.rows = 2, .columns = n, .x = x.data()};
  forward.gamma = ones.data();
  forward.beta = zeros.data();
  forward.sum = sum.data();
  forward.y = y.data();
  forward.Run();
  for (int64_t i = 0; i < n; ++i) {
    EXPECT_EQ(y[i], 0.0f);  // no variance: γ · 0 / √ε
    EXPECT_TRUE(std::isnan(y[n + i]));
  }
}

TEST(LayerNorm, SameBitsForAnyNumberOfThreadsAndInsideARegion) {
  const Case c{1000, 96, true, true, true, true, 0.1f};
  const Inputs in(c);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Outputs one = Ours(c, in);
  omp_set_num_threads(5);
  const Outputs five = Ours(c, in);
  Outputs nested;
#pragma omp parallel
#pragma omp single
  nested = Ours(c, in);
  omp_set_num_threads(threads);
  for (const Outputs* other : {&five, static_cast<const Outputs*>(&nested)}) {
    EXPECT_EQ(one.y, other->y);
    EXPECT_EQ(one.dx, other->dx);
    EXPECT_EQ(one.dgamma, other->dgamma);
    EXPECT_EQ(one.dbeta, other->dbeta);
    EXPECT_EQ(one.dbias, other->dbias);
  }
}

}  // namespace
}  // namespace pretext
