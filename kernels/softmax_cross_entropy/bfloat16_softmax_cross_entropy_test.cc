#include "kernels/softmax_cross_entropy/bfloat16_softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/softmax_cross_entropy/softmax_cross_entropy_testing.h"

namespace pretext {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// One row, one class, tiles, blocks of tiles and blocks of rows with and without a rest.
const Case kCases[] = {
    {1, 1, 1},           {1, 3, 2},      {5, 8, 511},      {33, 16, 512},
    {64, 7, 513, false}, {65, 33, 1025}, {300, 24, 600},   {513, 16, 50},
    {31, 64, 1000},      {1030, 40, 31}, {140, 16, 70000}, {20, 16, 3000, true, 8},
};

struct Inputs {
  explicit Inputs(const Case& c)
      : x(Normals(c.rows * c.features, 1, c.size)),
        weight(c.vocabulary * c.features),
        bias(Normals(c.vocabulary, 3)),
        targets(RandomTargets(c)) {
    const Floats wide = Normals(c.vocabulary * c.features, 2);
    std::transform(wide.begin(), wide.end(), weight.begin(), [](float w) { return ToBfloat16(w); });
  }
  Floats x;
  std::vector<Bfloat16> weight;
  Floats bias;
  std::vector<int32_t> targets;
};

Bfloat16SoftmaxCrossEntropy Kernel(const Case& c, const Inputs& in) {
  Bfloat16SoftmaxCrossEntropy kernel{
      .map = {.rows = c.rows, .features = c.features, .vocabulary = c.vocabulary},
      .weight = in.weight.data()};
  kernel.map.x = in.x.data();
  kernel.map.bias = c.bias ? in.bias.data() : nullptr;
  kernel.map.targets = in.targets.data();
  return kernel;
}

Outputs Ours(const Case& c, const Inputs& in) {
  Outputs out(c);
  Bfloat16SoftmaxCrossEntropy kernel = Kernel(c, in);
  const SoftmaxCrossEntropy::Result values = kernel.Run();
  TakeGradients(c, /*accumulate=*/false, out, kernel.map);
  out.result = kernel.Run();
  // The same with and without gradients.
  EXPECT_TRUE(values.loss == out.result.loss || std::isnan(out.result.loss));
  EXPECT_EQ(values.correct, out.result.correct);
  return out;
}

// By the definition, of the rounded x and weights; gradients of weights with x as it is. Beside
// each gradient the sum of its terms' sizes, those of the targets included.
struct Reference {
  explicit Reference(const Case& c, const Inputs& in)
      : dx(in.x.size()),
        dweight(in.weight.size()),
        dbias(in.bias.size()),
        x_terms(dx),
        weight_terms(dweight),
        bias_terms(dbias) {
    const int64_t d = c.features;
    for (int64_t m = 0; m < c.rows; ++m) {
      Doubles p(c.vocabulary), x(d);
      for (int64_t i = 0; i < d; ++i) x[i] = ToFloat(ToBfloat16(in.x[m * d + i]));
      for (int64_t k = 0; k < c.vocabulary; ++k) {
        p[k] = c.bias ? in.bias[k] : 0;
        for (int64_t i = 0; i < d; ++i) p[k] += x[i] * ToFloat(in.weight[k * d + i]);
      }
      const double largest = *std::max_element(p.begin(), p.end()), target = p[in.targets[m]];
      double sum = 0;
      for (double& value : p) sum += value = std::exp(value - largest);
      loss += std::log(sum) + largest - target;
      correct += target == largest;
      for (int64_t k = 0; k < c.vocabulary; ++k) {
        const bool is_target = k == in.targets[m];
        const double g = (p[k] / sum - is_target) / c.rows,
                     size = (p[k] / sum + is_target) / c.rows;
        dbias[k] += g;
        bias_terms[k] += size;
        for (int64_t i = 0; i < d; ++i) {
          const double w = ToFloat(in.weight[k * d + i]), value = in.x[m * d + i];
          dx[m * d + i] += g * w;
          x_terms[m * d + i] += size * std::abs(w);
          dweight[k * d + i] += g * value;
          weight_terms[k * d + i] += size * std::abs(value);
        }
      }
    }
  }
  double loss = 0;
  int64_t correct = 0;
  Doubles dx, dweight, dbias, x_terms, weight_terms, bias_terms;
};

// Of float32, as softmax_cross_entropy_test.cc has it.
double Tolerance(const Case& c) {
  const double score = c.size * std::sqrt(c.features) * std::pow(c.features, 0.25);
  return 32 * 0x1p-24 * std::max(1.0, score) * std::max(1.0f, c.size) / std::sqrt(c.rows);
}

// The largest error over its bound: each term is rounded to bfloat16 `roundings` times.
double Worst(const Floats& got, const Doubles& want, const Doubles& terms, int roundings,
             double tolerance) {
  Largest worst;
  for (size_t i = 0; i < got.size(); ++i)
    worst.Add(std::abs(got[i] - want[i]) / (roundings * kBfloat16Rounding * terms[i] + tolerance));
  return worst.value();
}
double Worst(const Outputs& ours, const Reference& want, const Case& c) {
  Largest worst;
  worst.Add(Worst(ours.dx, want.dx, want.x_terms, 1, Tolerance(c)));
  worst.Add(Worst(ours.dweight, want.dweight, want.weight_terms, 2, Tolerance(c)));
  worst.Add(Worst(ours.dbias, want.dbias, want.bias_terms, 1, Tolerance(c)));
  return worst.value();
}

TEST(Bfloat16SoftmaxCrossEntropy, MatchesTheDefinitionAndItsGradients) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.rows << " " << c.features << " " << c.vocabulary);
    const Inputs in(c);
    const Outputs ours = Ours(c, in);
    const Reference want(c, in);
    // Loss and scores are not rounded to bfloat16.
    const double difference = std::abs(ours.result.loss - want.loss);
    EXPECT_FALSE(!(difference <= Tolerance(c) * c.rows * std::sqrt(c.rows))) << difference;
    EXPECT_EQ(ours.result.correct, want.correct);
    EXPECT_FALSE(!(Worst(ours, want, c) <= 1)) << Worst(ours, want, c);
  }
}

TEST(Bfloat16SoftmaxCrossEntropy, PlantedFaultsAreCaught) {
  const Case c{65, 33, 1025};
  const Inputs in(c);
  const Reference want(c, in);
  Inputs other = in;
  other.targets[64] ^= 1;
  EXPECT_GT(Worst(Ours(c, other), want, c), 1);
  other = in;
  other.bias.back() += 0.1f;  // of the last tile, a single class
  EXPECT_GT(Worst(Ours(c, other), want, c), 1);
  other = in;
  for (int64_t i = 0; i < c.features; ++i) other.x[64 * c.features + i] *= 1.1f;  // the last row
  EXPECT_GT(Worst(Ours(c, other), want, c), 1);
}

TEST(Bfloat16SoftmaxCrossEntropy, ExtremeScoresStayFiniteAndNanMakesTheLossNan) {
  const Case c{3, 2, 700, false};
  Inputs in(c);
  std::fill(in.x.begin(), in.x.end(), 1e4f);
  const Outputs ours = Ours(c, in);
  EXPECT_TRUE(std::isfinite(ours.result.loss));
  for (float d : ours.dweight) ASSERT_TRUE(std::isfinite(d));
  in.x[3] = kNan;
  EXPECT_TRUE(std::isnan(Ours(c, in).result.loss));
}

TEST(Bfloat16SoftmaxCrossEntropy, ATieIsNotCorrect) {
  const Case c{4, 3, 600, false};
  Inputs in(c);
  std::fill(in.weight.begin(), in.weight.end(), Bfloat16{});
  const Outputs ours = Ours(c, in);
  EXPECT_EQ(ours.result.correct, 0);
  EXPECT_FALSE(!(std::abs(ours.result.loss - 4 * std::log(600.0)) <= 1e-5));
}

TEST(Bfloat16SoftmaxCrossEntropy, NoRows) {
  Bfloat16SoftmaxCrossEntropy kernel{.map = {.rows = 0, .features = 3, .vocabulary = 4}};
  const std::vector<Bfloat16> weight(12);
  kernel.weight = weight.data();
  Floats dweight(12, 7.0f), dbias(4, 7.0f);
  kernel.map.dweight = {dweight.data()};
  kernel.map.dbias = {dbias.data(), true};
  EXPECT_EQ(kernel.Run().loss, 0);
  EXPECT_EQ(dweight, Floats(12, 0.0f));
  EXPECT_EQ(dbias, Floats(4, 7.0f));
}

TEST(Bfloat16SoftmaxCrossEntropy, AccumulatesWhereAsked) {
  const Case c{600, 8, 600};
  const Inputs in(c);
  const Outputs once = Ours(c, in);
  Outputs twice = once;
  Bfloat16SoftmaxCrossEntropy kernel = Kernel(c, in);
  TakeGradients(c, /*accumulate=*/true, twice, kernel.map);
  kernel.Run();
  ExpectDoubled(once, twice, Tolerance(c));
}

TEST(Bfloat16SoftmaxCrossEntropy, SameBitsForAnyNumberOfThreads) {
  const Case c{700, 24, 3000};
  const Inputs in(c);
  ExpectSameBitsForAnyNumberOfThreads([&] { return Ours(c, in); });
}

TEST(Bfloat16SoftmaxCrossEntropyDeathTest, ATargetBeyondTheVocabularyIsCaught) {
  const Case c{2, 3, 4};
  Inputs in(c);
  in.targets[1] = 4;
  EXPECT_DEATH(Ours(c, in), "below the vocabulary's size");
}

}  // namespace
}  // namespace pretext
