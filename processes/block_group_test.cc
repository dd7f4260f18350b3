#include "processes/block_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "base/random/random.h"
#include "core/group/block_statistics.h"
#include "processes/testing.h"

namespace pretext {
namespace {

constexpr int kBlocks = 6;

float ValueOf(int block, int64_t i) {
  Random random(
      {.seed = 7, .purpose = Purpose::kEvaluation, .sample = static_cast<uint64_t>(block)});
  float value = 0;
  for (int64_t j = 0; j <= i; ++j) value = random.Normal();
  return value;
}

// What each process of k finds, for all k of 1, 2, 3, 4 and 6 and one or more threads.
void ForAllSizes(const std::function<void(BlockGroup&)>& act) {
  for (const int k : {1, 2, 3, 4, 6}) {
    for (const int threads : {1, 3}) {
      AsProcesses(k, [&](Processes& processes) {
        BlockGroup group(processes, kBlocks, threads);
        act(group);
      });
    }
  }
}

TEST(BlockGroup, GathersUnevenCountsInTheOrderOfBlocks) {
  ForAllSizes([](BlockGroup& group) {
    const absl::Status status = group.Run([](BlockMember& member) {
      std::vector<int64_t> counts;
      std::vector<float> expected;
      for (int b = 0; b < kBlocks; ++b) {
        counts.push_back(b % 3);
        for (int i = 0; i < b % 3; ++i) expected.push_back(ValueOf(b, i));
      }
      std::vector<float> own;
      for (int i = 0; i < member.index() % 3; ++i) own.push_back(ValueOf(member.index(), i));
      for (int again = 0; again < 5; ++again) {
        const void* const all = member.Gather(own.data(), counts);
        EXPECT_EQ(std::memcmp(all, expected.data(), expected.size() * 4), 0);
      }
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
  });
}

TEST(BlockGroup, ActsOnceAProcessWhileTheOthersWait) {
  ForAllSizes([](BlockGroup& group) {
    int acts = 0;
    const absl::Status status = group.Run([&](BlockMember& member) {
      for (int i = 1; i <= 20; ++i) {
        member.Once([&] { ++acts; });
        EXPECT_EQ(acts, i);
        member.Once([] {});
      }
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(acts, 20);
  });
}

TEST(BlockGroup, SumsHaveTheSameBitsForAnyNumberOfProcesses) {
  constexpr int64_t kCount = 10007;
  std::vector<std::vector<float>> values(kBlocks);
  for (int b = 0; b < kBlocks; ++b) {
    Random random({.seed = 3, .purpose = Purpose::kEvaluation, .sample = static_cast<uint64_t>(b)});
    for (int64_t i = 0; i < kCount; ++i)
      values[static_cast<size_t>(b)].push_back(random.Normal() * std::exp(5 * random.Normal()));
  }
  // Block 2 has none of the second.
  std::vector<float> expected(kCount), without(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    expected[i] = ((values[0][i] + values[1][i]) + (values[2][i] + values[3][i])) +
                  (values[4][i] + values[5][i]);
    without[i] =
        ((values[0][i] + values[1][i]) + (0 + values[3][i])) + (values[4][i] + values[5][i]);
  }
  ForAllSizes([&](BlockGroup& group) {
    std::vector<float> first(kCount), second(kCount);
    std::vector<BlockGroup::Addends> addends{{kCount, {}, first.data()},
                                             {kCount, {}, second.data()}};
    for (int b = group.own().begin; b < group.own().end; ++b) {
      const float* const of = values[static_cast<size_t>(b)].data();
      addends[0].values.push_back(of);
      addends[1].values.push_back(b == 2 ? nullptr : of);
    }
    const absl::Status status = group.Sum(addends, group.processes(), BlockGroup::Order::kTree);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(std::memcmp(first.data(), expected.data(), kCount * 4), 0);
    EXPECT_EQ(std::memcmp(second.data(), without.data(), kCount * 4), 0);
  });
}

TEST(BlockGroup, MergesMomentsOfBlocksOfAnySize) {
  constexpr int64_t kChannels = 3;
  // The reference: all values at once, in double precision, with a mean that is large.
  const auto count_of = [](int b) { return 5 + b; };
  std::vector<double> mean(kChannels), variance(kChannels);
  int64_t total = 0;
  for (int b = 0; b < kBlocks; ++b) total += count_of(b);
  const auto value = [&](int b, int64_t i, int64_t c) {
    return 100.0 * static_cast<double>(c) + ValueOf(b, i * kChannels + c);
  };
  for (int64_t c = 0; c < kChannels; ++c) {
    const auto at = static_cast<size_t>(c);
    for (int b = 0; b < kBlocks; ++b)
      for (int64_t i = 0; i < count_of(b); ++i)
        mean[at] += value(b, i, c) / static_cast<double>(total);
    for (int b = 0; b < kBlocks; ++b)
      for (int64_t i = 0; i < count_of(b); ++i)
        variance[at] += std::pow(value(b, i, c) - mean[at], 2) / static_cast<double>(total);
  }
  std::vector<float> first_bits;
  ForAllSizes([&](BlockGroup& group) {
    const absl::Status status = group.Run([&](BlockMember& member) {
      const int b = member.index();
      std::vector<float> means, variances;
      for (int64_t c = 0; c < kChannels; ++c) {
        double m = 0, v = 0;
        for (int64_t i = 0; i < count_of(b); ++i) m += value(b, i, c) / count_of(b);
        for (int64_t i = 0; i < count_of(b); ++i)
          v += std::pow(value(b, i, c) - m, 2) / count_of(b);
        means.push_back(static_cast<float>(m));
        variances.push_back(static_cast<float>(v));
      }
      EXPECT_EQ(MergeMoments(member, kChannels, count_of(b), means.data(), variances.data()),
                total);
      for (size_t c = 0; c < kChannels; ++c) {
        // Rounding of the blocks' means to float, relative to values of 200.
        EXPECT_NEAR(means[c], mean[c], 200 * 1e-7);
        EXPECT_NEAR(variances[c], variance[c], 2 * 200 * 1e-6);
      }
      float sums[2] = {static_cast<float>(b), 1};
      SumOverBlocks(member, 2, sums);
      EXPECT_EQ(sums[0], 15);
      EXPECT_EQ(sums[1], kBlocks);
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
  });
}

TEST(BlockGroup, AFailureOfOneBlockEndsAllAndTheNextRunGoesWell) {
  Alone alone;
  BlockGroup group(alone, kBlocks, 2);
  const auto work = [](int failing) {
    return [failing](BlockMember& member) {
      member.Once([] {});
      if (member.index() == failing) return absl::DataLossError("no such picture");
      const float one = 1;
      for (int i = 0; i < 10; ++i) member.Gather(&one, 1);
      return absl::OkStatus();
    };
  };
  EXPECT_EQ(group.Run(work(3)), absl::DataLossError("no such picture"));
  EXPECT_TRUE(group.Run(work(-1)).ok());
  EXPECT_THROW((void)group.Run([](BlockMember& member) -> absl::Status {
    if (member.index() == 1) throw std::bad_alloc();
    member.Once([] {});
    return absl::OkStatus();
  }),
               std::bad_alloc);
  EXPECT_TRUE(group.Run(work(-1)).ok());
}

}  // namespace
}  // namespace pretext
