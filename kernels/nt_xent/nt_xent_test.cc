#include "kernels/nt_xent/nt_xent.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <limits>
#include <random>
#include <set>
#include <string>

#include "kernels/nt_xent/block_pairs.h"
#include "kernels/nt_xent/nt_xent_mismatch.h"
#include "kernels/nt_xent/nt_xent_reference.h"

namespace pretext {
namespace {

std::vector<float> NormalValues(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& v : values) v = normal(generator);
  return values;
}

NtXentReference Reference(const NtXentProblem& p, const std::vector<float>& x) {
  return ComputeNtXentReference(p, std::vector<double>(x.begin(), x.end()));
}

Outcome Compute(const NtXentProblem& p, const std::vector<float>& x) {
  Outcome out;
  // NaN shows what is not written.
  out.gradient.assign(x.size(), NAN);
  out.row_loss.assign(p.rows(), NAN);
  out.result = ComputeNtXent(p, x.data(), out.gradient.data(), out.row_loss.data());
  return out;
}

// In float32 and in bfloat16.
void ExpectAgrees(NtXentProblem p, const std::vector<float>& x) {
  const NtXentReference want = Reference(p, x);
  for (bool bfloat16 : {false, true}) {
    p.bfloat16 = bfloat16;
    EXPECT_EQ(Mismatch(p, want, Compute(p, x)), "");
  }
}

TEST(NtXentTest, EverySmallSize) {
  const float temperatures[] = {0.5f, 0.1f, 1.0f, 0.01f, 30.0f};
  int variant = 0;
  for (int64_t n = 1; n <= 18; ++n) {
    for (int64_t v = 2; v <= 4; ++v) {
      for (int64_t d : {1, 2, 3, 7, 16, 33}) {
        NtXentProblem p{
            .samples = n, .views = v, .features = d, .temperature = temperatures[variant++ % 5]};
        const std::vector<float> x = NormalValues(p.rows() * d, variant);
        ExpectAgrees(p, x);
        p.decoupled = true;
        ExpectAgrees(p, x);
      }
    }
  }
}

// Around the sizes of blocks and of numbers of blocks: odd and even, a last block of one row.
TEST(NtXentTest, RaggedBlocks) {
  for (auto [n, v, d] : {std::array<int64_t, 3>{32, 2, 64},
                         {33, 2, 20},
                         {43, 3, 17},
                         {64, 2, 128},
                         {65, 2, 12},
                         {96, 2, 9},
                         {97, 2, 31},
                         {128, 2, 10},
                         {129, 2, 16},
                         {193, 2, 8},
                         {129, 3, 5},
                         {321, 1, 24}}) {
    for (float temperature : {0.5f, 0.07f, 0.01f}) {
      NtXentProblem p{.samples = n, .views = v, .features = d, .temperature = temperature};
      const std::vector<float> x = NormalValues(p.rows() * d, n);
      if (v > 1) {
        ExpectAgrees(p, x);
        p.decoupled = true;
        ExpectAgrees(p, x);
      }
      std::vector<int32_t> labels(n);
      for (int64_t i = 0; i < n; ++i) labels[i] = static_cast<int32_t>(i * i % 7) - 2;
      p.decoupled = false;
      p.labels = labels.data();
      ExpectAgrees(p, x);
    }
  }
}

TEST(NtXentTest, LabelsAtSmallSizes) {
  for (int64_t n = 1; n <= 12; ++n) {
    for (int64_t v = 1; v <= 3; ++v) {
      for (int32_t classes : {1, 2, 5, 100}) {
        std::vector<int32_t> labels(n);
        for (int64_t i = 0; i < n; ++i) labels[i] = static_cast<int32_t>(i * 7919 % classes);
        const NtXentProblem p{
            .samples = n, .views = v, .features = 6, .temperature = 0.2f, .labels = labels.data()};
        ExpectAgrees(p, NormalValues(p.rows() * 6, n));
      }
    }
  }
}

TEST(NtXentTest, OneSampleHasNothingToLearn) {
  const NtXentProblem p{.samples = 1, .views = 2, .features = 4, .temperature = 0.1f};
  const Outcome out = Compute(p, NormalValues(8, 1));
  EXPECT_LE(std::abs(out.result.loss), 1e-5);
  for (float g : out.gradient) EXPECT_LE(std::abs(g), 1e-5f);
}

// Positives are the other views; without negatives only the attraction is left.
TEST(NtXentTest, OneDecoupledSampleIsAttractedOnly) {
  const NtXentProblem p{
      .samples = 1, .views = 2, .features = 2, .temperature = 0.5f, .decoupled = true};
  const Outcome out = Compute(p, {1, 0, 0, 2});
  EXPECT_EQ(out.result.loss, 0);  // the cosine
  // d(-cos / τ)/dx_0 = -(z_1) / (|x_0| τ), twice half the weight.
  EXPECT_FLOAT_EQ(out.gradient[1], -2.0f);
  EXPECT_FLOAT_EQ(out.gradient[2], -1.0f);
}

TEST(NtXentTest, LabelsWithoutPairsGiveZero) {
  const std::vector<int32_t> labels = {3, 1, 2};
  const NtXentProblem p{.samples = 3, .views = 1, .features = 5, .labels = labels.data()};
  const Outcome out = Compute(p, NormalValues(15, 3));
  EXPECT_EQ(out.result.loss, 0);
  for (float g : out.gradient) EXPECT_EQ(g, 0);
}

// All rows on the antipode of one: with a common shift that row's terms would all underflow.
TEST(NtXentTest, LowTemperatureFarFromTheMaximum) {
  for (float temperature : {0.01f, 0.001f}) {
    const NtXentProblem p{.samples = 40, .views = 2, .features = 8, .temperature = temperature};
    std::vector<float> x = NormalValues(p.rows() * 8, 4);
    for (int64_t i = 0; i < p.rows(); ++i) {
      for (int64_t f = 0; f < 8; ++f) x[i * 8 + f] = (f == 0 ? 1.0f : 0.0f) + 0.01f * x[i * 8 + f];
    }
    for (int64_t f = 0; f < 8; ++f) x[7 * 8 + f] *= -1;
    ExpectAgrees(p, x);
  }
}

TEST(NtXentTest, DuplicatesAndCollapse) {
  for (float temperature : {0.5f, 0.01f}) {
    const NtXentProblem p{.samples = 70, .views = 2, .features = 16, .temperature = temperature};
    std::vector<float> x = NormalValues(p.rows() * 16, 5);
    for (int64_t i = 0; i < p.rows(); ++i) {
      for (int64_t f = 0; f < 16; ++f) x[i * 16 + f] = x[(i % 3) * 16 + f];
    }
    ExpectAgrees(p, x);
    for (int64_t i = 0; i < p.rows(); ++i) {
      for (int64_t f = 0; f < 16; ++f) x[i * 16 + f] = static_cast<float>(i + 1) * x[f];
    }
    // All the same direction: the loss is the chance level ln(2N - 1) whatever the temperature.
    const Outcome out = Compute(p, x);
    EXPECT_LE(std::abs(out.result.loss - std::log(139.0)), 2e-4);
    EXPECT_LE(std::abs(out.result.mean_cosine - 1), 1e-6);
    ExpectAgrees(p, x);
  }
}

TEST(NtXentTest, ZeroVectors) {
  const NtXentProblem p{.samples = 20, .views = 2, .features = 12, .temperature = 0.1f};
  std::vector<float> x = NormalValues(p.rows() * 12, 6);
  std::fill_n(x.begin() + 3 * 12, 12, 0.0f);
  std::fill_n(x.begin() + 23 * 12, 12, 1e-20f);  // its positive: shorter than 1e-12
  const Outcome out = Compute(p, x);
  EXPECT_EQ(Mismatch(p, Reference(p, x), out), "");
  for (int64_t f = 0; f < 12; ++f) EXPECT_EQ(out.gradient[3 * 12 + f], 0);
  std::fill(x.begin(), x.end(), 0.0f);
  EXPECT_LE(std::abs(Compute(p, x).result.loss - std::log(39.0)), 1e-5);
}

TEST(NtXentTest, HugeAndSmallVectorsDoNotOverflow) {
  const NtXentProblem p{.samples = 9, .views = 2, .features = 5, .temperature = 0.2f};
  const std::vector<float> x = NormalValues(90, 7);
  const double loss = Compute(p, x).result.loss;
  for (float scale : {1e30f, 1e-8f}) {
    std::vector<float> scaled = x;
    for (float& v : scaled) v *= scale;
    EXPECT_LE(std::abs(Compute(p, scaled).result.loss - loss), 1e-6);
  }
}

TEST(NtXentTest, NonFiniteInputIsReported) {
  const NtXentProblem p{.samples = 40, .views = 2, .features = 3};
  for (float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> x = NormalValues(240, 8);
    x[200] = bad;
    std::vector<float> gradient(240);
    const NtXentResult result = ComputeNtXent(p, x.data(), gradient.data(), nullptr);
    EXPECT_EQ(result.status, NtXentStatus::kNonFinite);
    EXPECT_TRUE(std::isnan(result.loss));
  }
}

TEST(NtXentTest, LossAloneIsTheSame) {
  const NtXentProblem p{.samples = 150, .views = 2, .features = 24, .temperature = 0.3f};
  const std::vector<float> x = NormalValues(p.rows() * 24, 9);
  EXPECT_EQ(ComputeNtXent(p, x.data(), nullptr, nullptr).loss, Compute(p, x).result.loss);
}

// 700 rows are 6 blocks; 3000 are more tiles than are kept, so that both
// ways of the second pass run.
TEST(NtXentTest, SameBitsWhateverTheNumberOfThreads) {
  const int threads = omp_get_max_threads();
  for (auto [n, d] :
       {std::pair<int64_t, int64_t>{5, 3}, {30, 128}, {64, 128}, {350, 40}, {2000, 16}}) {
    for (auto [decoupled, bfloat16] :
         {std::pair{false, false}, {true, false}, {false, true}, {true, true}}) {
      const NtXentProblem p{.samples = n,
                            .views = 2,
                            .features = d,
                            .temperature = 0.2f,
                            .decoupled = decoupled,
                            .bfloat16 = bfloat16};
      const std::vector<float> x = NormalValues(p.rows() * d, 10);
      omp_set_num_threads(1);
      const Outcome one = Compute(p, x);
      for (int many : {2, 3, 5}) {
        omp_set_num_threads(many);
        const Outcome other = Compute(p, x);
        EXPECT_EQ(one.result.loss, other.result.loss);
        EXPECT_EQ(one.row_loss, other.row_loss);
        EXPECT_EQ(one.gradient, other.gradient) << "N=" << n << ", " << many << " threads";
      }
    }
  }
  omp_set_num_threads(threads);
}

// More tiles than are kept: the recomputed ones must give what kept ones give. Rows are permuted so
// that other pairs are kept; the loss may not depend on that.
TEST(NtXentTest, BeyondTheKeptTiles) {
  constexpr int64_t n = 2500, d = 4;
  const NtXentProblem p{.samples = n, .views = 2, .features = d, .temperature = 0.5f};
  const std::vector<float> x = NormalValues(2 * n * d, 11);
  std::vector<float> reversed(x.size());
  for (int64_t v = 0; v < 2; ++v) {
    for (int64_t i = 0; i < n; ++i) {
      std::copy_n(x.begin() + (v * n + i) * d, d, reversed.begin() + (v * n + n - 1 - i) * d);
    }
  }
  const Outcome a = Compute(p, x), b = Compute(p, reversed);
  EXPECT_LE(std::abs(a.result.loss - b.result.loss), 1e-6);
  for (int64_t v = 0; v < 2; ++v) {
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t f = 0; f < d; ++f) {
        const double difference =
            a.gradient[(v * n + i) * d + f] - b.gradient[(v * n + n - 1 - i) * d + f];
        EXPECT_FALSE(!(std::abs(difference) <= 1e-8));  // gradients are about 1 / R = 2e-4
      }
    }
  }
}

// The comparison itself, and the reference by finite differences of its own loss.
TEST(NtXentTest, ComparisonSeesFaults) {
  const NtXentProblem p{.samples = 10, .views = 3, .features = 6, .temperature = 0.4f};
  const std::vector<float> x = NormalValues(180, 12);
  const NtXentReference want = Reference(p, x);
  const Outcome good = Compute(p, x);
  ASSERT_EQ(Mismatch(p, want, good), "");
  Outcome bad = good;
  for (int64_t f = 0; f < 6; ++f) bad.gradient[6 + f] *= 1.001f;
  EXPECT_NE(Mismatch(p, want, bad), "");
  bad = good;
  bad.gradient[17] = NAN;
  EXPECT_NE(Mismatch(p, want, bad), "");
  bad = good;
  bad.result.loss += 1e-3;  // a tenth of one term left out
  EXPECT_NE(Mismatch(p, want, bad), "");
  NtXentProblem other = p;
  other.decoupled = true;
  EXPECT_NE(Mismatch(p, want, Compute(other, x)), "");
}

TEST(NtXentReferenceTest, GradientIsThatOfItsLoss) {
  const std::vector<int32_t> labels = {1, 2, 1, 5, 2};
  for (int kind = 0; kind < 3; ++kind) {
    const NtXentProblem p{.samples = 5,
                          .views = kind == 1 ? 3 : 2,
                          .features = 4,
                          .temperature = 0.3f,
                          .decoupled = kind == 1,
                          .labels = kind == 2 ? labels.data() : nullptr};
    const std::vector<float> start = NormalValues(p.rows() * 4, 13);
    std::vector<double> x(start.begin(), start.end());
    const NtXentReference at = ComputeNtXentReference(p, x);
    for (size_t e = 0; e < x.size(); ++e) {
      const double step = 1e-5, old = x[e];
      x[e] = old + step;
      const double above = ComputeNtXentReference(p, x).loss;
      x[e] = old - step;
      const double below = ComputeNtXentReference(p, x).loss;
      x[e] = old;
      // Central differences: error step² f'''/6 ~ 1e-9 plus 1e-16 / step.
      EXPECT_FALSE(!(std::abs((above - below) / (2 * step) - at.gradient[e]) <= 1e-8))
          << kind << " " << e;
    }
  }
}

TEST(BlockPairsTest, EveryPairOnceAndEachBlockOnceARound) {
  for (int64_t blocks = 1; blocks <= 12; ++blocks) {
    const nt_xent_internal::BlockPairs pairs(blocks);
    std::set<std::pair<int64_t, int64_t>> seen;
    std::vector<int64_t> rounds(blocks);
    for (int64_t index = 0; index < pairs.count(); ++index) {
      const auto pair = pairs.At(index);
      EXPECT_TRUE(0 <= pair.a && pair.a <= pair.b && pair.a < blocks && pair.b <= blocks);
      EXPECT_EQ(rounds[pair.a]++, pair.round);
      if (pair.b == blocks) continue;
      EXPECT_TRUE(pair.a == pair.b || rounds[pair.b]++ == pair.round);
      EXPECT_TRUE(seen.insert({pair.a, pair.b}).second);
    }
    EXPECT_EQ(static_cast<int64_t>(seen.size()), blocks * (blocks + 1) / 2);
  }
}

TEST(BlockPairsTest, BlocksMeetInOneOrder) {
  const int threads = omp_get_max_threads();
  const auto meetings = [](int many) {
    omp_set_num_threads(many);
    std::vector<std::vector<int64_t>> met(9);
    nt_xent_internal::BlockPairs(9).ForEach(
        [] { return 0; },
        [&](int64_t, nt_xent_internal::BlockPairs::Pair pair, int) {
          met[pair.a].push_back(pair.b);
          if (pair.a != pair.b) met[pair.b].push_back(pair.a);
        });
    return met;
  };
  const auto one = meetings(1);
  for (int repeat = 0; repeat < 20; ++repeat) EXPECT_EQ(meetings(4), one);
  omp_set_num_threads(threads);
}

}  // namespace
}  // namespace pretext
