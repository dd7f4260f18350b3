#include "evaluation/tsne/tsne.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random/random.h"
#include "evaluation/pca/pca.h"
#include "evaluation/testdata/fashion_mnist_part.h"

namespace pretext {
namespace {

Features Cloud(int64_t count, int64_t width, uint64_t seed) {
  Features points{.count = count, .width = width};
  Random random({.seed = seed});
  for (int64_t i = 0; i < count * width; ++i)
    points.values.push_back(static_cast<float>((1 + i % 3) * random.Normal()));
  return points;
}

// From the first two principal components.
absl::StatusOr<TsneResult> TsneFromPca(const Features& points, const TsneOptions& options = {}) {
  const auto pca = Pca::Fit(points, std::min<int64_t>(2, points.width));
  if (!pca.ok()) return pca.status();
  const Features codes = pca->Project(points);
  std::vector<float> x, y;
  for (int64_t i = 0; i < codes.count; ++i) {
    x.push_back(codes.values[i * codes.width]);
    y.push_back(codes.width > 1 ? codes.values[i * codes.width + 1] : 0);
  }
  return Tsne(points, std::move(x), std::move(y), options);
}

double Square(const Features& points, int64_t i, int64_t j) {
  double sum = 0;
  for (int64_t c = 0; c < points.width; ++c)
    sum += std::pow(
        double{points.values[i * points.width + c]} - points.values[j * points.width + c], 2);
  return sum;
}

// p_j|i of one row for a σ, as the paper writes it, and its entropy in nats.
std::vector<double> Conditional(const Features& points, int64_t i, double sigma, double* entropy) {
  std::vector<double> p(points.count, 0.0);
  double sum = 0;
  for (int64_t j = 0; j < points.count; ++j) {
    if (j != i) sum += p[j] = std::exp(-Square(points, i, j) / (2 * sigma * sigma));
  }
  *entropy = 0;
  for (double& value : p) {
    value /= sum;
    if (value > 0) *entropy -= value * std::log(value);
  }
  return p;
}

// By golden-section search of σ for |entropy - log perplexity|: another way than bisection.
std::vector<double> ReferenceAffinities(const Features& points, double perplexity) {
  const int64_t n = points.count;
  std::vector<double> all(n * n);
  for (int64_t i = 0; i < n; ++i) {
    double low = std::log(1e-3), high = std::log(1e3), entropy = 0;
    const auto off = [&](double log_sigma) {
      Conditional(points, i, std::exp(log_sigma), &entropy);
      return std::isnan(entropy) ? 1e9 : std::abs(entropy - std::log(perplexity));
    };
    const double ratio = (std::sqrt(5.0) - 1) / 2;
    for (int step = 0; step < 200; ++step) {
      const double a = high - ratio * (high - low), b = low + ratio * (high - low);
      // A σ so small that all weights are 0 is too small.
      (off(a) < off(b) ? high : low) = off(a) < off(b) ? b : a;
    }
    const std::vector<double> p = Conditional(points, i, std::exp((low + high) / 2), &entropy);
    for (int64_t j = 0; j < n; ++j) {
      all[i * n + j] += p[j] / (2.0 * n);
      all[j * n + i] += p[j] / (2.0 * n);
    }
  }
  return all;
}

double Divergence(const std::vector<double>& p, const std::vector<double>& x,
                  const std::vector<double>& y) {
  const auto n = static_cast<int64_t>(x.size());
  const auto weight = [&](int64_t i, int64_t j) {
    return 1 / (1 + std::pow(x[i] - x[j], 2) + std::pow(y[i] - y[j], 2));
  };
  double total = 0, sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) total += i == j ? 0 : weight(i, j);
  }
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      if (p[i * n + j] > 0) sum += p[i * n + j] * std::log(p[i * n + j] / (weight(i, j) / total));
    }
  }
  return sum;
}

TEST(Tsne, AffinitiesEqualTheReference) {
  for (const double perplexity : {2.0, 5.0, 12.0}) {
    const Features points = Cloud(40, 6, 3);
    const std::vector<float> got = TsneAffinities(points, perplexity);
    const std::vector<double> want = ReferenceAffinities(points, perplexity);
    double sum = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      // An entropy within 1e-6 of the wanted one leaves p within some 1e-6 of itself, and a float
      // 1e-7; the largest are near 1/80.
      EXPECT_TRUE(std::abs(got[i] - want[i]) <= 1e-5 * want[i] + 1e-9) << i << ": " << want[i];
      sum += got[i];
    }
    EXPECT_TRUE(std::abs(sum - 1) <= 1e-5);
  }
}

// Against the divergence's differences, in double precision.
TEST(Tsne, TheGradientIsTheDivergences) {
  const Features points = Cloud(30, 5, 7);
  const std::vector<float> p = TsneAffinities(points, 6);
  const std::vector<double> wide(p.begin(), p.end());
  Random random({.seed = 11});
  std::vector<float> x, y, dx(30), dy(30);
  for (int i = 0; i < 30; ++i) {
    x.push_back(random.Normal());
    y.push_back(random.Normal());
  }
  TsneGradient(p, 1, x, y, dx, dy);
  constexpr double kStep = 1e-5;
  for (int i = 0; i < 30; ++i) {
    for (const bool along_x : {true, false}) {
      std::vector<double> xs(x.begin(), x.end()), ys(y.begin(), y.end());
      double& moved = along_x ? xs[i] : ys[i];
      const double at = moved;
      moved = at + kStep;
      const double above = Divergence(wide, xs, ys);
      moved = at - kStep;
      const double slope = (above - Divergence(wide, xs, ys)) / (2 * kStep);
      // Sums of 30 terms of at most 0.1 in single precision; p adds up to 1 within 1e-6, of which
      // the gradient's formula makes use.
      EXPECT_TRUE(std::abs((along_x ? dx : dy)[i] - slope) <= 2e-6) << slope;
    }
  }
}

TEST(Tsne, TheDivergenceFallsAndIsWhatItSays) {
  const Features points = Cloud(60, 8, 5);
  const auto result = TsneFromPca(points, {.perplexity = 10});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->perplexity, 10);
  const std::vector<float> p = TsneAffinities(points, 10);
  const std::vector<double> wide(p.begin(), p.end());
  const std::vector<double> x(result->x.begin(), result->x.end());
  const std::vector<double> y(result->y.begin(), result->y.end());
  const double divergence = Divergence(wide, x, y);
  EXPECT_TRUE(std::abs(divergence - result->divergence) <= 1e-4) << divergence;
  const auto shorter = TsneFromPca(points, {.perplexity = 10, .iterations = 300});
  EXPECT_LT(result->divergence, shorter->divergence);
  // A random layout has some 2 nats here.
  EXPECT_LT(result->divergence, 1);
}

// Of real samples: the nearest neighbour in the plane is of the same class nearly as often as that
// in the space it was made from.
TEST(Tsne, NeighboursStayNeighbours) {
  const FashionMnistPart part = LoadFashionMnistPart();
  Features points{.count = 600, .width = part.test.width};
  points.values.assign(part.test.values.begin(), part.test.values.begin() + 600 * 784);
  points.labels.assign(part.test.labels.begin(), part.test.labels.begin() + 600);
  const auto result = TsneFromPca(points);
  ASSERT_TRUE(result.ok());
  const auto share = [&](const auto& square) {
    int same = 0;
    for (int64_t i = 0; i < 600; ++i) {
      int64_t nearest = i == 0 ? 1 : 0;
      for (int64_t j = 0; j < 600; ++j)
        if (j != i && square(i, j) < square(i, nearest)) nearest = j;
      same += points.labels[i] == points.labels[nearest];
    }
    return same / 600.0;
  };
  const double in_space = share([&](int64_t i, int64_t j) { return Square(points, i, j); });
  const double in_plane = share([&](int64_t i, int64_t j) {
    return std::pow(result->x[i] - result->x[j], 2) + std::pow(result->y[i] - result->y[j], 2);
  });
  EXPECT_GT(in_space, 0.6);
  EXPECT_GT(in_plane, in_space - 0.08);
}

TEST(Tsne, TheSameBitsOnAnyNumberOfThreads) {
  const Features points = Cloud(101, 7, 9);
  omp_set_num_threads(1);
  const auto one = TsneFromPca(points);
  omp_set_num_threads(3);
  const auto three = TsneFromPca(points);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_EQ(one->x, three->x);
  EXPECT_EQ(one->y, three->y);
}

TEST(Tsne, FewPointsEqualOnesAndBrokenOnes) {
  EXPECT_FALSE(TsneFromPca(Cloud(3, 2, 1)).ok());
  const auto few = TsneFromPca(Cloud(5, 1, 1));
  ASSERT_TRUE(few.ok()) << few.status();
  EXPECT_TRUE(few->perplexity <= 4.0 / 3);
  const auto equal =
      TsneFromPca(Features{.count = 20, .width = 3, .values = std::vector<float>(60, 1)});
  ASSERT_TRUE(equal.ok()) << equal.status();
  for (const float value : equal->x) EXPECT_TRUE(std::isfinite(value));
  Features broken = Cloud(10, 2, 1);
  broken.values[3] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> start(10);
  EXPECT_EQ(Tsne(broken, start, start).status().code(), absl::StatusCode::kInvalidArgument);
  const TsneOptions stopped{.work = Work([](absl::string_view, double) { return false; })};
  EXPECT_EQ(TsneFromPca(Cloud(10, 2, 1), stopped).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace pretext
