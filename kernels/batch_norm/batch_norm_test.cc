#include "kernels/batch_norm/batch_norm.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>
#include <vector>

#include "kernels/layout/layout_onednn.h"
#include "kernels/testing/testing.h"

namespace pretext {
namespace {

enum class Order { kBlocked16, kBlocked8, kChannelsLast, kMatrix };

struct Case {
  Order order;
  int64_t n, c, h, w;
  bool relu, residual;
};

void PrintTo(const Case& t, std::ostream* out) {
  *out << "order " << static_cast<int>(t.order) << " " << t.n << "x" << t.c << "x" << t.h << "x"
       << t.w << (t.relu ? " relu" : "") << (t.residual ? " residual" : "");
}

// The tensor of a case: in the order under test, and row-major N×C×S for the reference.
struct Image {
  Layout layout;
  ChannelOrder order;
  int64_t n, c, s;

  explicit Image(const Case& t) : n(t.n), c(t.c), s(t.h * t.w) {
    const dnnl::memory::dims dims = {t.n, t.c, t.h, t.w};
    const auto f32 = dnnl::memory::data_type::f32;
    if (t.order == Order::kMatrix) {
      const int64_t matrix[] = {n, c};
      order = ChannelOrderOf(Layout(), matrix, 2, n);
      return;
    }
    layout = t.order == Order::kBlocked16
                 ? LayoutFrom(dnnl::memory::desc(dims, f32, dnnl::memory::format_tag::nChw16c))
             : t.order == Order::kBlocked8
                 ? LayoutFrom(dnnl::memory::desc(dims, f32, dnnl::memory::format_tag::nChw8c))
                 : ChannelsLast(t.n, t.c, t.h, t.w);
    order = ChannelOrderOf(layout, dims.data(), 4, n);
  }
  int64_t size() const { return n * c * s; }
  int64_t room() const {
    return layout.plain() ? size() : static_cast<int64_t>(layout.bytes() / sizeof(float));
  }
  std::vector<float> In(const std::vector<float>& plain) const {
    std::vector<float> values(room());
    if (layout.plain()) return plain;
    Reorder(plain.data(), Layout(), values.data(), layout);
    return values;
  }
  std::vector<float> Out(const std::vector<float>& values) const {
    std::vector<float> plain(size());
    if (layout.plain()) return values;
    Reorder(values.data(), layout, plain.data(), Layout());
    return plain;
  }
};

constexpr double kEpsilon = 1e-5;

struct Reference {
  std::vector<double> mean, variance, y;
};

template <class T>
Reference ForwardReference(const Image& t, const std::vector<T>& x, const std::vector<T>& gamma,
                           const std::vector<T>& beta, const std::vector<T>& residual, bool relu) {
  Reference r{std::vector<double>(t.c), std::vector<double>(t.c), std::vector<double>(x.size())};
  const double count = static_cast<double>(t.n * t.s);
  for (int64_t c = 0; c < t.c; ++c) {
    const auto each = [&](auto visit) {
      for (int64_t n = 0; n < t.n; ++n) {
        for (int64_t s = 0; s < t.s; ++s) visit((n * t.c + c) * t.s + s);
      }
    };
    each([&](int64_t i) { r.mean[c] += x[i] / count; });
    each([&](int64_t i) { r.variance[c] += (x[i] - r.mean[c]) * (x[i] - r.mean[c]) / count; });
    each([&](int64_t i) {
      double v = (x[i] - r.mean[c]) / std::sqrt(r.variance[c] + kEpsilon) * gamma[c] + beta[c];
      if (!residual.empty()) v += residual[i];
      r.y[i] = relu && v < 0 ? 0 : v;
    });
  }
  return r;
}

// A few roundings of 6e-8 an element, and sums of at most 256 terms in single
// precision (√256 · 6e-8 = 1e-6).
constexpr double kTolerance = 5e-6;

// All that one normalisation computes.
struct Results {
  std::vector<float> mean, variance, y, dx, dresidual, dgamma, dbeta;
};

Results RunKernels(const Case& t, const std::vector<float>& x, const std::vector<float>& gamma,
                   const std::vector<float>& beta, const std::vector<float>& residual,
                   const std::vector<float>& dy, int64_t chunk) {
  const Image image(t);
  const ChannelOrder& order = image.order;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Results run{std::vector<float>(t.c, nan), std::vector<float>(t.c, nan), {}, {}, {},
              std::vector<float>(t.c, nan), std::vector<float>(t.c, nan)};
  std::vector<float> inverse(t.c), partials(BatchNormPartials(order), nan);
  const auto in = image.In(x), add = t.residual ? image.In(residual) : std::vector<float>(),
             gradient = image.In(dy);
  std::vector<float> y(image.room(), nan), dx(image.room(), nan), masked(image.room(), nan);
  chunk = order.samples == 1 ? 1 : chunk;
  for (int64_t begin = 0; begin < order.samples; begin += chunk) {
    BatchNormMoments(order, begin, std::min(chunk, order.samples - begin),
                     in.data() + begin * order.sample_stride, partials.data());
  }
  FinishBatchNormMoments(order, partials.data(), run.mean.data(), run.variance.data());
  InverseDeviation(t.c, run.variance.data(), kEpsilon, inverse.data());
  const BatchNormParameters p = {run.mean.data(), inverse.data(), gamma.data(), beta.data()};
  BatchNormForward(order, p, in.data(), t.residual ? add.data() : nullptr, t.relu, y.data());
  run.y = image.Out(y);
  // As the layers use it: with a residual the masked gradient is kept, for it is the residual's.
  const BatchNormMask mask = !t.relu      ? BatchNormMask::kNone
                             : t.residual ? BatchNormMask::kOutput
                                          : BatchNormMask::kRecompute;
  std::fill(partials.begin(), partials.end(), nan);
  for (int64_t begin = 0; begin < order.samples; begin += chunk) {
    const int64_t at = begin * order.sample_stride;
    BatchNormGradientSums(order, begin, std::min(chunk, order.samples - begin), p, mask,
                          in.data() + at, y.data() + at, gradient.data() + at,
                          t.residual ? masked.data() + at : nullptr, partials.data());
  }
  FinishBatchNormGradientSums(order, p, partials.data(), run.dgamma.data(), run.dbeta.data());
  for (int64_t begin = 0; begin < order.samples; begin += chunk) {
    const int64_t at = begin * order.sample_stride;
    BatchNormBackward(order, std::min(chunk, order.samples - begin), p,
                      t.residual ? BatchNormMask::kNone : mask, in.data() + at, y.data() + at,
                      t.residual ? masked.data() + at : gradient.data() + at, run.dgamma.data(),
                      run.dbeta.data(), dx.data() + at);
  }
  run.dx = image.Out(dx);
  if (t.residual) run.dresidual = image.Out(masked);
  return run;
}

class BatchNormTest : public testing::TestWithParam<Case> {};

TEST_P(BatchNormTest, IsTheDefinition) {
  const Case t = GetParam();
  const Image image(t);
  const auto x = Normals(image.size(), 1, 2, 0.5f), residual = Normals(image.size(), 2),
             dy = Normals(image.size(), 3), gamma = Normals(t.c, 4, 0.3f, 1),
             beta = Normals(t.c, 5);
  const auto expected =
      ForwardReference(image, x, gamma, beta, t.residual ? residual : std::vector<float>(), t.relu);
  Results run = RunKernels(t, x, gamma, beta, residual, dy, 2);
  EXPECT_LE(WorstOverRms(run.mean, expected.mean), kTolerance);
  EXPECT_LE(WorstOverRms(run.variance, expected.variance), kTolerance);
  EXPECT_LE(WorstOverRms(run.y, expected.y), kTolerance);
  run.y[0] += 1e-3f;
  EXPECT_GT(WorstOverRms(run.y, expected.y), kTolerance);
}

TEST_P(BatchNormTest, GradientsAreCentralDifferences) {
  const Case t = GetParam();
  const Image image(t);
  if (image.size() > 1500) GTEST_SKIP() << "small sizes only: quadratic";
  const auto x = Normals(image.size(), 1, 2, 0.5f), residual = Normals(image.size(), 2),
             dy = Normals(image.size(), 3), gamma = Normals(t.c, 4, 0.3f, 1),
             beta = Normals(t.c, 5);
  const Results run = RunKernels(t, x, gamma, beta, residual, dy, 2);
  const auto doubles = [](const std::vector<float>& v) {
    return std::vector<double>(v.begin(), v.end());
  };
  std::vector<std::vector<double>> inputs = {doubles(x), doubles(gamma), doubles(beta)};
  if (t.residual) inputs.push_back(doubles(residual));
  const std::vector<double> none;
  const auto objective = [&] {
    const auto r = ForwardReference(image, inputs[0], inputs[1], inputs[2],
                                    t.residual ? inputs[3] : none, t.relu);
    double sum = 0;
    for (size_t i = 0; i < dy.size(); ++i) sum += dy[i] * r.y[i];
    return sum;
  };
  const std::vector<float>* actual[] = {&run.dx, &run.dgamma, &run.dbeta, &run.dresidual};
  for (size_t which = 0; which < inputs.size(); ++which) {
    std::vector<double> numeric;
    for (double& v : inputs[which]) {
      const double saved = v, step = 1e-5;
      v = saved + step;
      const double up = objective();
      v = saved - step;
      const double down = objective();
      v = saved;
      numeric.push_back((up - down) / (2 * step));
    }
    EXPECT_LE(WorstOverRms(*actual[which], numeric), 2e-5) << "input " << which;
  }
}

TEST_P(BatchNormTest, TheSameBitsForAnyThreadsAndChunks) {
  const Case t = GetParam();
  const Image image(t);
  const auto x = Normals(image.size(), 1), residual = Normals(image.size(), 2),
             dy = Normals(image.size(), 3), gamma = Normals(t.c, 4, 0.3f, 1),
             beta = Normals(t.c, 5);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Results one = RunKernels(t, x, gamma, beta, residual, dy, t.n);
  omp_set_num_threads(3);
  const Results three = RunKernels(t, x, gamma, beta, residual, dy, 1);
  omp_set_num_threads(threads);
  for (auto member : {&Results::mean, &Results::variance, &Results::y, &Results::dx,
                      &Results::dresidual, &Results::dgamma, &Results::dbeta}) {
    EXPECT_EQ(one.*member, three.*member);
  }
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (bool relu : {false, true}) {
    for (bool residual : {false, true}) {
      for (Order order : {Order::kBlocked16, Order::kBlocked8, Order::kChannelsLast}) {
        cases.push_back({order, 3, 20, 4, 5, relu, residual});
        cases.push_back({order, 5, 8, 1, 1, relu, residual});
        cases.push_back({order, 2, 48, 3, 3, relu, residual});
        cases.push_back({order, 3, 17, 19, 33, relu, residual});  // several segments
      }
      cases.push_back(
          {Order::kBlocked16, 2, 16, 50, 50, relu, residual});  // several pieces a sample
      cases.push_back({Order::kMatrix, 37, 32, 1, 1, relu, residual});
      cases.push_back({Order::kMatrix, 5, 21, 1, 1, relu, residual});
      cases.push_back({Order::kMatrix, 2500, 3, 1, 1, relu, residual});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, BatchNormTest, testing::ValuesIn(Cases()));

TEST(BatchNorm, LargeMeanDoesNotCancel) {
  const Case t = {Order::kBlocked16, 8, 16, 16, 16, false, false};
  const Image image(t);
  // float32 holds 1000 + v to 3e-5, so the deviations are right to that of 1.
  const auto x = Normals(image.size(), 1, 1, 1000);
  const std::vector<float> gamma(t.c, 1), beta(t.c, 0);
  const auto expected = ForwardReference(image, x, gamma, beta, {}, false);
  const Results run = RunKernels(t, x, gamma, beta, {}, x, 3);
  EXPECT_LE(WorstOverRms(run.variance, expected.variance), 1e-5);
  EXPECT_LE(WorstOverRms(run.y, expected.y), 1e-4);
}

TEST(BatchNorm, ConstantChannelGivesBeta) {
  const Case t = {Order::kMatrix, 6, 16, 1, 1, false, false};
  const std::vector<float> x(6 * 16, 3.0f), gamma(16, 2), beta(16, -1);
  const Results run = RunKernels(t, x, gamma, beta, {}, x, 1);
  for (float y : run.y) EXPECT_EQ(y, -1);
  for (float v : run.variance) EXPECT_EQ(v, 0);
}

TEST(BatchNorm, PaddingStaysZero) {
  const Case t = {Order::kBlocked16, 2, 17, 2, 2, true, true};
  const Image image(t);
  const auto x = image.In(Normals(image.size(), 1));
  const std::vector<float> ones(17, 1);
  std::vector<float> y(image.room(), 7), dx(image.room(), 7);
  const BatchNormParameters p = {ones.data(), ones.data(), ones.data(), ones.data()};
  BatchNormForward(image.order, p, x.data(), x.data(), true, y.data());
  BatchNormBackward(image.order, 2, p, BatchNormMask::kNone, x.data(), nullptr, x.data(),
                    ones.data(), ones.data(), dx.data());
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t s = 0; s < 4; ++s) {
      for (int64_t lane = 1; lane < 16; ++lane) {
        EXPECT_EQ(y[((n * 2 + 1) * 4 + s) * 16 + lane], 0);
        EXPECT_EQ(dx[((n * 2 + 1) * 4 + s) * 16 + lane], 0);
      }
    }
  }
}

TEST(BatchNorm, NanPropagatesThroughTheRelu) {
  const Case t = {Order::kBlocked16, 2, 16, 3, 3, true, false};
  const Image image(t);
  auto x = Normals(image.size(), 1);
  x[0] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> gamma(16, 1), beta(16, 0);
  const Results run = RunKernels(t, x, gamma, beta, {}, x, 2);
  EXPECT_TRUE(std::isnan(run.mean[0]));
  EXPECT_TRUE(std::isnan(run.y[0]));
  EXPECT_FALSE(std::isnan(run.y[9]));  // another channel
}

TEST(BatchNorm, RunningStatisticsAreUnbiased) {
  const float mean[] = {2}, variance[] = {3};
  float running_mean[] = {1}, running_variance[] = {1};
  UpdateRunningStatistics(1, 4, 0.1f, mean, variance, running_mean, running_variance);
  EXPECT_FLOAT_EQ(running_mean[0], 0.9f + 0.2f);
  EXPECT_FLOAT_EQ(running_variance[0], 0.9f + 0.1f * 4);
  UpdateRunningStatistics(1, 1, 1.0f, mean, variance, running_mean, running_variance);
  EXPECT_FLOAT_EQ(running_variance[0], 3);  // one value has no unbiased variance
}

}  // namespace
}  // namespace pretext
