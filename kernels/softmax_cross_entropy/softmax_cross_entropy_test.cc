#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/softmax_cross_entropy/softmax_cross_entropy_testing.h"

namespace pretext {
namespace {

// One row, one class, tiles and blocks with and without a rest.
const Case kCases[] = {
    {1, 1, 1},      {1, 3, 2},      {5, 8, 511},   {63, 16, 512},           {64, 7, 513, false},
    {65, 33, 1025}, {300, 24, 600}, {257, 16, 50}, {20, 16, 3000, true, 8}, {70, 8, 40000},
};

struct Inputs {
  explicit Inputs(const Case& c)
      : x(Normals(c.rows * c.features, 1, c.size)),
        weight(Normals(c.vocabulary * c.features, 2)),
        bias(Normals(c.vocabulary, 3)),
        targets(RandomTargets(c)) {}
  Floats x, weight, bias;
  std::vector<int32_t> targets;
};

SoftmaxCrossEntropy Kernel(const Case& c, const Inputs& in) {
  SoftmaxCrossEntropy kernel{.rows = c.rows, .features = c.features, .vocabulary = c.vocabulary};
  kernel.x = in.x.data();
  kernel.weight = in.weight.data();
  kernel.bias = c.bias ? in.bias.data() : nullptr;
  kernel.targets = in.targets.data();
  return kernel;
}

Outputs Ours(const Case& c, const Inputs& in) {
  Outputs out(c);
  SoftmaxCrossEntropy kernel = Kernel(c, in);
  const SoftmaxCrossEntropy::Result values = kernel.Run();
  TakeGradients(c, /*accumulate=*/false, out, kernel);
  out.result = kernel.Run();
  // The same with and without gradients.
  EXPECT_TRUE(values.loss == out.result.loss || std::isnan(out.result.loss));
  EXPECT_EQ(values.correct, out.result.correct);
  return out;
}

struct Reference {
  double loss = 0;
  int64_t correct = 0;
  Doubles dx, dweight, dbias;
};

Reference Naive(const Case& c, const Inputs& in) {
  Reference ref{0, 0, Doubles(in.x.size()), Doubles(in.weight.size()), Doubles(in.bias.size())};
  for (int64_t m = 0; m < c.rows; ++m) {
    Doubles p(c.vocabulary);
    for (int64_t k = 0; k < c.vocabulary; ++k) {
      p[k] = c.bias ? in.bias[k] : 0;
      for (int64_t i = 0; i < c.features; ++i)
        p[k] += double{in.x[m * c.features + i]} * in.weight[k * c.features + i];
    }
    const double largest = *std::max_element(p.begin(), p.end()), target = p[in.targets[m]];
    double sum = 0;
    for (double& value : p) sum += value = std::exp(value - largest);
    ref.loss += std::log(sum) + largest - target;
    ref.correct += target == largest;
    for (int64_t k = 0; k < c.vocabulary; ++k) {
      const double d = (p[k] / sum - (k == in.targets[m])) / c.rows;
      ref.dbias[k] += d;
      for (int64_t i = 0; i < c.features; ++i) {
        ref.dx[m * c.features + i] += d * in.weight[k * c.features + i];
        ref.dweight[k * c.features + i] += d * in.x[m * c.features + i];
      }
    }
  }
  return ref;
}

// The error of a score is about 2^-24 times its size, s √D, times √(√D) rounding steps; a
// probability has that error relatively. Gradients are sums of probabilities (they add up to 1 in a
// row, to M in all, over M for the mean) times values of size s or 1. 32 for the constants.
double Tolerance(const Case& c) {
  const double score = c.size * std::sqrt(c.features) * std::pow(c.features, 0.25);
  return 32 * 0x1p-24 * std::max(1.0, score) * std::max(1.0f, c.size) / std::sqrt(c.rows);
}

TEST(SoftmaxCrossEntropy, MatchesTheDefinitionAndItsGradients) {
  for (const Case& c : kCases) {
    const Inputs in(c);
    const Outputs ours = Ours(c, in);
    const Reference want = Naive(c, in);
    EXPECT_LE(std::abs(ours.result.loss - want.loss), Tolerance(c) * c.rows * std::sqrt(c.rows))
        << c.vocabulary;
    EXPECT_EQ(ours.result.correct, want.correct) << c.vocabulary;
    EXPECT_LE(WorstError(ours.dx, want.dx, Tolerance(c)), 1) << c.vocabulary;
    EXPECT_LE(WorstError(ours.dweight, want.dweight, Tolerance(c)), 1) << c.vocabulary;
    EXPECT_LE(WorstError(ours.dbias, want.dbias, Tolerance(c)), 1) << c.vocabulary;
  }
}

TEST(SoftmaxCrossEntropy, ReferenceGradientsMatchFiniteDifferences) {
  const Case c{4, 3, 5};
  const Inputs in(c);
  const Reference want = Naive(c, in);
  const float h =
      0x1p-10f;  // exact in float; central differences: h² times a third derivative below 1
  for (auto [values, gradient] :
       {std::pair(&Inputs::x, &want.dx), std::pair(&Inputs::weight, &want.dweight),
        std::pair(&Inputs::bias, &want.dbias)}) {
    for (size_t i = 0; i < gradient->size(); ++i) {
      Inputs up = in, down = in;
      (up.*values)[i] += h;
      (down.*values)[i] -= h;
      const double step = double{(up.*values)[i]} - (down.*values)[i];
      const double slope = (Naive(c, up).loss - Naive(c, down).loss) / c.rows / step;
      ASSERT_TRUE(std::abs(slope - (*gradient)[i]) <= 2e-6) << i;
    }
  }
}

TEST(SoftmaxCrossEntropy, PlantedFaultsAreCaught) {
  const Case c{65, 33, 1025};
  const Inputs in(c);
  const Reference want = Naive(c, in);
  Inputs other = in;
  other.targets[64] ^= 1;
  EXPECT_GT(WorstError(Ours(c, other).dx, want.dx, Tolerance(c)), 1);
  other = in;
  other.bias.back() += 0.01f;  // of the last tile, a single class
  EXPECT_GT(WorstError(Ours(c, other).dbias, want.dbias, Tolerance(c)), 1);
  Case no_bias = c;
  no_bias.bias = false;
  EXPECT_GT(std::abs(Ours(no_bias, in).result.loss - want.loss),
            Tolerance(c) * c.rows * std::sqrt(c.rows));
}

TEST(SoftmaxCrossEntropy, ExtremeScoresStayFinite) {
  const Case c{3, 2, 700, false};
  Inputs in(c);
  std::fill(in.x.begin(), in.x.end(), 1e4f);
  const Outputs ours = Ours(c, in);
  EXPECT_TRUE(std::isfinite(ours.result.loss));
  for (float d : ours.dweight) ASSERT_TRUE(std::isfinite(d));
}

TEST(SoftmaxCrossEntropy, ATieIsNotCorrect) {
  const Case c{4, 3, 600, false};
  Inputs in(c);
  std::fill(in.weight.begin(), in.weight.end(), 0.0f);
  const Outputs ours = Ours(c, in);
  EXPECT_EQ(ours.result.correct, 0);
  EXPECT_NEAR(ours.result.loss, 4 * std::log(600.0), 1e-5);
}

TEST(SoftmaxCrossEntropy, NanMakesTheLossNan) {
  const Case c{3, 2, 700};
  Inputs in(c);
  in.x[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(Ours(c, in).result.loss));
}

TEST(SoftmaxCrossEntropy, NoRows) {
  SoftmaxCrossEntropy kernel{.rows = 0, .features = 3, .vocabulary = 4};
  Floats dweight(12, 7.0f), dbias(4, 7.0f);
  kernel.dweight = {dweight.data()};
  kernel.dbias = {dbias.data(), true};
  EXPECT_EQ(kernel.Run().loss, 0);
  EXPECT_EQ(dweight, Floats(12, 0.0f));
  EXPECT_EQ(dbias, Floats(4, 7.0f));
}

TEST(SoftmaxCrossEntropy, AccumulatesWhereAsked) {
  const Case c{300, 8, 600};
  const Inputs in(c);
  const Outputs once = Ours(c, in);
  Outputs twice = once;
  SoftmaxCrossEntropy kernel = Kernel(c, in);
  TakeGradients(c, /*accumulate=*/true, twice, kernel);
  kernel.Run();
  ExpectDoubled(once, twice, Tolerance(c));
}

TEST(SoftmaxCrossEntropy, SameBitsForAnyNumberOfThreads) {
  const Case c{300, 24, 3000};
  const Inputs in(c);
  ExpectSameBitsForAnyNumberOfThreads([&] { return Ours(c, in); });
}

TEST(SoftmaxCrossEntropyDeathTest, ATargetBeyondTheVocabularyIsCaught) {
  const Case c{2, 3, 4};
  Inputs in(c);
  in.targets[1] = 4;
  EXPECT_DEATH(Ours(c, in), "below the vocabulary's size");
}

}  // namespace
}  // namespace pretext
