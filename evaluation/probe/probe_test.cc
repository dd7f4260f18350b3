#include "evaluation/probe/probe.h"

#include <omp.h>

#include <array>
#include <cmath>

#include "base/random/random.h"
#include "evaluation/pca/pca.h"
#include "evaluation/probe/softmax_regression.h"
#include "evaluation/testdata/fashion_mnist_part.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using ::testing::HasSubstr;

Features Make(int64_t count, int64_t width, int64_t classes, uint64_t seed) {
  Features features{.count = count, .width = width};
  Random random({.seed = seed});
  for (int64_t i = 0; i < count * width; ++i) features.values.push_back(5 + 3 * random.Normal());
  for (int64_t i = 0; i < count; ++i) features.labels.push_back(random.Below(classes));
  return features;
}

// The objective and its gradient by the formula, sample by sample in double precision.
double Reference(const Features& f, int64_t classes, double decay,
                 const std::vector<double>& parameters, std::vector<double>& gradient) {
  const ColumnStatistics statistics = ComputeColumnStatistics(f);
  const int64_t d = f.width;
  gradient.assign(parameters.size(), 0);
  double loss = 0;
  for (int64_t n = 0; n < f.count; ++n) {
    std::vector<double> s(d), p(classes);
    for (int64_t i = 0; i < d; ++i) {
      s[i] = (f.values[n * d + i] - statistics.mean[i]) / (statistics.deviation[i] + 1e-6);
    }
    double total = 0;
    for (int64_t c = 0; c < classes; ++c) {
      double logit = parameters[d * classes + c];
      for (int64_t i = 0; i < d; ++i) logit += s[i] * parameters[i * classes + c];
      total += p[c] = std::exp(logit);
    }
    loss -= std::log(p[f.labels[n]] / total) / f.count;
    for (int64_t c = 0; c < classes; ++c) {
      const double residual = (p[c] / total - (c == f.labels[n])) / f.count;
      for (int64_t i = 0; i < d; ++i) gradient[i * classes + c] += s[i] * residual;
      gradient[d * classes + c] += residual;
    }
  }
  for (int64_t i = 0; i < d * classes; ++i) {
    loss += decay * parameters[i] * parameters[i];
    gradient[i] += 2 * decay * parameters[i];
  }
  return loss;
}

double MaxDifference(const std::vector<double>& a, const std::vector<double>& b) {
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(std::abs(a[i] - b[i]) <= most)) most = std::abs(a[i] - b[i]);
  }
  return most;
}

TEST(SoftmaxRegressionTest, LossAndGradientEqualReference) {
  // Around the sizes of blocks (256), strips (4096), rows of a tile (8) and vectors (16 classes).
  for (const auto& [count, width, classes] : std::vector<std::array<int64_t, 3>>{{1, 1, 2},
                                                                                 {7, 3, 2},
                                                                                 {255, 8, 10},
                                                                                 {256, 9, 15},
                                                                                 {257, 16, 16},
                                                                                 {700, 17, 17},
                                                                                 {4100, 5, 33}}) {
    const Features features = Make(count, width, classes, count);
    const double decay = 0.01;
    const SoftmaxRegression objective(features, classes, decay);
    std::vector<double> parameters(objective.parameters()), got(parameters.size()), want;
    Random random({.seed = 9});
    for (double& p : parameters) p = 0.5 * random.Normal();
    const double loss = objective.Evaluate(parameters.data(), got.data());
    const double expected = Reference(features, classes, decay, parameters, want);
    // Standardised values are near 1, logits near 3: a relative error of D · 6e-8 in each, averaged
    // over the samples.
    const double tolerance = 2e-6;
    EXPECT_TRUE(std::abs(loss - expected) <= tolerance * expected) << count;
    EXPECT_TRUE(MaxDifference(got, want) <= tolerance) << count << " " << MaxDifference(got, want);
    // The comparison would see a bias that is decayed like a weight, or a decay that is left out.
    std::vector<double> faulty = want;
    faulty.back() += 2 * decay * parameters.back();
    EXPECT_FALSE(MaxDifference(got, faulty) <= tolerance);
    faulty = want;
    faulty.front() -= 2 * decay * parameters.front();
    EXPECT_FALSE(MaxDifference(got, faulty) <= tolerance);
  }
}

TEST(SoftmaxRegressionTest, SameBitsForAnyNumberOfThreads) {
  const Features features = Make(20000, 6, 4, 1);
  const int threads = omp_get_max_threads();
  std::vector<std::vector<double>> gradients;
  std::vector<double> losses;
  for (const int n : {1, 2, 3, 5}) {
    omp_set_num_threads(n);
    const SoftmaxRegression objective(features, 4, 0.1);
    std::vector<double> parameters(objective.parameters(), 0.25);
    gradients.emplace_back(parameters.size());
    losses.push_back(objective.Evaluate(parameters.data(), gradients.back().data()));
  }
  omp_set_num_threads(threads);
  for (const double loss : losses) EXPECT_EQ(loss, losses[0]);
  for (const auto& gradient : gradients) EXPECT_EQ(gradient, gradients[0]);
}

TEST(ProbeTest, SeparatesWhatIsSeparable) {
  Features train = Make(600, 4, 3, 1), test = Make(300, 4, 3, 2);
  for (Features* f : {&train, &test}) {
    for (int64_t n = 0; n < f->count; ++n) {
      f->values[4 * n + 1] = 7;  // a constant feature, as dead pixels are
      f->values[4 * n + f->labels[n] / 2 * 2] += 100 * (1 + f->labels[n]);
    }
  }
  const auto got = EvaluateProbe(train, test, {});
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->train, 100);
  EXPECT_EQ(got->test, 100);
  EXPECT_GT(got->iterations, 1);
}

TEST(ProbeTest, FeaturesHaveNoUnit) {
  for (const float unit : {1e-35f, 1e-20f, 1e-10f, 1e-4f, 1.0f, 1e30f}) {
    Features train = Make(600, 4, 3, 1), test = Make(300, 4, 3, 2);
    for (Features* f : {&train, &test}) {
      for (int64_t n = 0; n < f->count; ++n) {
        f->values[4 * n] += 20 * f->labels[n];
        for (int64_t d = 0; d < 4; ++d) f->values[4 * n + d] *= unit;
        f->values[4 * n + 1] = f == &train ? 7 : 8;  // does not vary where it is learnt from
      }
    }
    const auto got = EvaluateProbe(train, test, {});
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_GE(got->test, 97) << unit;
  }
}

TEST(ProbeTest, CollapsedFeaturesGiveTheMostFrequentClass) {
  Features train{
      .count = 5, .width = 2, .values = std::vector<float>(10, 3), .labels = {2, 1, 1, 0, 1}};
  const auto got = EvaluateProbe(train, train, {});
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->test, 60);
}

TEST(ProbeTest, Errors) {
  const Features train = Make(5, 2, 2, 1);
  EXPECT_THAT(std::string(EvaluateProbe(train, train, {.decay = -1}).status().message()),
              HasSubstr("found -1"));
  EXPECT_THAT(std::string(EvaluateProbe(train, train, {.max_iterations = 0}).status().message()),
              HasSubstr("and 0"));
  EXPECT_THAT(std::string(EvaluateProbe(train, Features{}, {}).status().message()),
              HasSubstr("test split"));
}

TEST(ProbeTest, FashionMnistCodesAsPyTorch) {
  const FashionMnistPart part = LoadFashionMnistPart();
  const auto pca = Pca::Fit(part.train, 32);
  ASSERT_TRUE(pca.ok()) << pca.status();
  const Features train = pca->Project(part.train), test = pca->Project(part.test);
  const auto got = EvaluateProbe(train, test, {});
  ASSERT_TRUE(got.ok()) << got.status();
  // PyTorch's is the minimum in double precision; ours stops with a gradient of 1e-6. Two of 2000
  // samples may lie between the two.
  EXPECT_TRUE(std::abs(got->loss - Golden("pca32_probe_loss")) <= 3e-6) << got->loss;
  EXPECT_TRUE(std::abs(got->test - Golden("pca32_probe")) <= 0.1) << got->test;
}

TEST(ProbeTest, StopsWhenItIsTold) {
  const Features train = Make(600, 4, 3, 1);
  int told = 0;
  const ProbeOptions options{.work = Work([&](absl::string_view, double) { return ++told < 3; })};
  EXPECT_EQ(EvaluateProbe(train, train, options).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(told, 3);
}

}  // namespace
}  // namespace pretext
