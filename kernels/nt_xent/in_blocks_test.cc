#include "kernels/nt_xent/in_blocks.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <barrier>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <thread>

#include "kernels/nt_xent/nt_xent_mismatch.h"
#include "kernels/nt_xent/nt_xent_reference.h"

namespace pretext {
namespace {

// Blocks that are threads of this test.
class Threads {
 public:
  explicit Threads(int blocks)
      : given_(static_cast<size_t>(blocks)), all_(static_cast<size_t>(blocks)), meet_(blocks) {}

  class Member final : public BlockRing {
   public:
    Member(Threads& threads, int block) : threads_(threads), block_(block) {}
    void Shift(int by, const void* given, const std::vector<int64_t>& counts,
               void* taken) override {
      const int blocks = static_cast<int>(counts.size());
      const auto from = static_cast<size_t>((block_ + by + blocks) % blocks);
      threads_.given_[static_cast<size_t>(block_)] = given;
      threads_.meet_.arrive_and_wait();
      std::memcpy(taken, threads_.given_[from], static_cast<size_t>(counts[from]) * 4);
      threads_.meet_.arrive_and_wait();
    }
    const double* Gather(const double* values, int64_t count) override {
      threads_.all_[static_cast<size_t>(block_)].assign(values, values + count);
      threads_.meet_.arrive_and_wait();
      own_.clear();
      for (const auto& each : threads_.all_) own_.insert(own_.end(), each.begin(), each.end());
      threads_.meet_.arrive_and_wait();
      return own_.data();
    }

   private:
    Threads& threads_;
    const int block_;
    std::vector<double> own_;
  };

 private:
  std::vector<const void*> given_;
  std::vector<std::vector<double>> all_;
  std::barrier<> meet_;
};

// Of the whole batch, computed in blocks and put together.
Outcome ComputeInBlocks(const NtXentProblem& p, int blocks, const std::vector<float>& x,
                        bool with_gradient = true) {
  std::vector<int64_t> first;
  for (int b = 0; b <= blocks; ++b) first.push_back(p.samples * b / blocks);
  Threads threads(blocks);
  Outcome out;
  out.gradient.assign(x.size(), NAN);
  std::vector<NtXentResult> results(static_cast<size_t>(blocks));
  std::vector<std::thread> work;
  for (int b = 0; b < blocks; ++b) {
    work.emplace_back([&, b] {
      omp_set_num_threads(1);
      const int64_t begin = first[b], samples = first[b + 1] - begin, d = p.features;
      std::vector<float> own(samples * p.views * d), gradient(own.size(), NAN);
      for (int64_t v = 0; v < p.views; ++v) {
        std::copy_n(x.data() + (v * p.samples + begin) * d, samples * d,
                    own.data() + v * samples * d);
      }
      Threads::Member member(threads, b);
      results[b] = ComputeNtXentOfBlock(p, first, b, own.data(),
                                        with_gradient ? gradient.data() : nullptr, member);
      for (int64_t v = 0; v < p.views; ++v) {
        std::copy_n(gradient.data() + v * samples * d, samples * d,
                    out.gradient.data() + (v * p.samples + begin) * d);
      }
    });
  }
  for (std::thread& thread : work) thread.join();
  out.result = results.front();
  for (const NtXentResult& result : results) {
    EXPECT_EQ(result.status, out.result.status);
    if (result.status == NtXentStatus::kOk) {
      EXPECT_EQ(result.loss, out.result.loss);
    }
    EXPECT_EQ(result.averaged_rows, out.result.averaged_rows);
  }
  return out;
}

std::vector<float> NormalValues(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = normal(generator);
  return values;
}

void ExpectAgrees(const NtXentProblem& p, int blocks, const std::vector<float>& x) {
  const NtXentReference want = ComputeNtXentReference(p, std::vector<double>(x.begin(), x.end()));
  EXPECT_EQ(Mismatch(p, want, ComputeInBlocks(p, blocks, x)), "") << blocks << " blocks";
}

// Odd and even numbers of blocks, of one sample and of several tiles, of two sizes.
TEST(NtXentInBlocks, AgreesWithTheReference) {
  const float temperatures[] = {0.5f, 0.1f, 1.0f, 0.01f};
  uint32_t variant = 0;
  for (const int blocks : {1, 2, 3, 4, 5, 8}) {
    for (const int64_t samples : {8, 13, 150, 290}) {
      for (const int64_t views : {2, 3}) {
        if (samples > 200 && (views > 2 || blocks > 4)) continue;  // the reference takes seconds
        NtXentProblem p{.samples = samples,
                        .views = views,
                        .features = 5 + variant % 13,
                        .temperature = temperatures[variant % 4]};
        const std::vector<float> x = NormalValues(p.rows() * p.features, ++variant);
        ExpectAgrees(p, blocks, x);
        p.decoupled = true;
        ExpectAgrees(p, blocks, x);
        p.decoupled = false;
        // Classes over all blocks, one of a single sample.
        std::vector<int32_t> labels(static_cast<size_t>(samples));
        for (int64_t n = 0; n < samples; ++n)
          labels[static_cast<size_t>(n)] = static_cast<int32_t>(n * n % 5);
        labels.back() = -7;
        p.labels = labels.data();
        ExpectAgrees(p, blocks, x);
        p.views = 1;
        ExpectAgrees(p, blocks, std::vector<float>(x.begin(), x.begin() + samples * p.features));
      }
    }
  }
}

TEST(NtXentInBlocks, FewSamplesAndZeroRows) {
  for (int64_t samples = 1; samples <= 4; ++samples) {
    for (int blocks = 1; blocks <= samples; ++blocks) {
      NtXentProblem p{.samples = samples, .views = 2, .features = 3, .temperature = 0.2f};
      std::vector<float> x = NormalValues(p.rows() * 3, 5);
      ExpectAgrees(p, blocks, x);
      p.decoupled = true;
      ExpectAgrees(p, blocks, x);
      p.decoupled = false;
      std::fill_n(x.begin(), 3, 0.0f);
      ExpectAgrees(p, blocks, x);
    }
  }
  // Nobody has a positive.
  std::vector<int32_t> labels(6);
  std::iota(labels.begin(), labels.end(), 0);
  const NtXentProblem p{
      .samples = 6, .views = 1, .features = 3, .temperature = 0.2f, .labels = labels.data()};
  const Outcome none = ComputeInBlocks(p, 3, NormalValues(18, 9));
  EXPECT_EQ(none.result.loss, 0);
  EXPECT_EQ(none.result.averaged_rows, 0);
  for (const float g : none.gradient) EXPECT_EQ(g, 0);
}

TEST(NtXentInBlocks, TheLossAloneIsTheSame) {
  const NtXentProblem p{.samples = 70, .views = 2, .features = 12, .temperature = 0.2f};
  const std::vector<float> x = NormalValues(p.rows() * 12, 5);
  EXPECT_EQ(ComputeInBlocks(p, 4, x, false).result.loss, ComputeInBlocks(p, 4, x).result.loss);
}

// Tiles that are computed again are those that were kept.
TEST(NtXentInBlocks, MoreTilesThanAreKept) {
  const NtXentProblem p{.samples = 2600, .views = 2, .features = 4, .temperature = 0.3f};
  const std::vector<float> x = NormalValues(p.rows() * 4, 5);
  Outcome whole;
  whole.gradient.resize(x.size());
  whole.result = ComputeNtXent(p, x.data(), whole.gradient.data(), nullptr);
  const Outcome got = ComputeInBlocks(p, 3, x);
  EXPECT_NEAR(got.result.loss, whole.result.loss, 1e-6);
  double difference = 0, size = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    difference += std::pow(got.gradient[i] - whole.gradient[i], 2);
    size += std::pow(whole.gradient[i], 2);
  }
  // Sums of 5200 terms of single precision, in two orders: some eps.
  EXPECT_TRUE(difference <= 1e-12 * size) << difference / size;
}

TEST(NtXentInBlocks, MemoryIsOfTheRowsThatTravelAndOfKeptTiles) {
  constexpr double kTile = 128 * 128;
  EXPECT_EQ(BytesOfNtXentBlock(128, 8192, 4), 4 * (128 * (5 * 8192 + 24) + 3 * kTile));
  EXPECT_EQ(BytesOfNtXentBlock(128, 8192, 1), 4 * (128 * (8192 + 24) + kTile));
  EXPECT_EQ(BytesOfNtXentBlock(100000, 1, 4), 4 * 100000 * 29.0 + (24 << 20) / 4);
}

TEST(NtXentInBlocks, ANonFiniteRowIsSaidByAll) {
  const NtXentProblem p{.samples = 9, .views = 2, .features = 3, .temperature = 0.2f};
  std::vector<float> x = NormalValues(p.rows() * 3, 5);
  x[7] = std::numeric_limits<float>::quiet_NaN();
  const Outcome out = ComputeInBlocks(p, 4, x);
  EXPECT_EQ(out.result.status, NtXentStatus::kNonFinite);
  EXPECT_TRUE(std::isnan(out.result.loss));
}

}  // namespace
}  // namespace pretext
