#include "processes/gradient_sums.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "processes/testing.h"

namespace pretext {
namespace {

constexpr int kBlocks = 6;
constexpr size_t kBuckets = 5;
constexpr int64_t kCount = 5000;

float ValueOf(int block, size_t bucket, int64_t i, int step) {
  return std::sin(static_cast<float>(i + 7 * block) * (1.0f + static_cast<float>(bucket))) +
         static_cast<float>(step);
}

// Values of own blocks, and their sums, of steps in which buckets become whole in a wild order.
class Sums {
 public:
  Sums(Processes& processes, BlockGroup::Order order)
      : group_(processes, kBlocks, 2),
        values_(kBuckets, std::vector<std::vector<float>>(static_cast<size_t>(group_.own().size()),
                                                          std::vector<float>(kCount))),
        sums_(kBuckets, std::vector<float>(kCount)),
        gradients_(group_, order, kBuckets, [this](size_t b) {
          BlockGroup::Addends all{kCount, {}, sums_[b].data()};
          for (const auto& each : values_[b]) all.values.push_back(each.data());
          return std::vector<BlockGroup::Addends>{all};
        }) {}

  absl::Status Step(int step) {
    gradients_.Begin();
    std::vector<std::atomic<int>> left(kBuckets);
    for (auto& each : left) each = group_.own().size();
    const absl::Status run = group_.Run([&](BlockMember& member) {
      const auto own = static_cast<size_t>(member.index() - group_.own().begin);
      for (size_t i = 0; i < kBuckets; ++i) {
        // The third is said to be whole by nobody.
        const size_t b = (i * 3 + own + static_cast<size_t>(step)) % kBuckets;
        for (int64_t e = 0; e < kCount; ++e)
          values_[b][own][static_cast<size_t>(e)] = ValueOf(member.index(), b, e, step);
        if (--left[b] == 0 && b != 2) gradients_.Whole(b);
        const float word = 1;  // on the other line
        member.Gather(&word, 1);
      }
      return absl::OkStatus();
    });
    return run.ok() ? gradients_.Finish() : run;
  }

  const std::vector<float>& sum(size_t bucket) const { return sums_[bucket]; }

 private:
  BlockGroup group_;
  std::vector<std::vector<std::vector<float>>> values_;
  std::vector<std::vector<float>> sums_;
  GradientSums gradients_;
};

TEST(GradientSums, AreTheTreesWhateverBecomesWholeFirst) {
  for (const int k : {1, 2, 3, 4, 6}) {
    AsProcesses(k, [](Processes& processes) {
      Sums sums(processes, BlockGroup::Order::kTree);
      for (int step = 0; step < 20; ++step) {
        const absl::Status status = sums.Step(step);
        ASSERT_TRUE(status.ok()) << status;
        for (size_t b = 0; b < kBuckets; ++b) {
          for (int64_t i = 0; i < kCount; ++i) {
            const auto v = [&](int block) { return ValueOf(block, b, i, step); };
            const float want = ((v(0) + v(1)) + (v(2) + v(3))) + (v(4) + v(5));
            ASSERT_EQ(sums.sum(b)[static_cast<size_t>(i)], want) << "bucket " << b;
          }
        }
      }
      EXPECT_TRUE(processes.Finish().ok());
    });
  }
}

TEST(GradientSums, FastOnesAreTheSameToRounding) {
  for (const int k : {1, 2, 3, 4}) {
    AsProcesses(k, [](Processes& processes) {
      Sums sums(processes, BlockGroup::Order::kFast);
      for (int step = 0; step < 3; ++step) {
        const absl::Status status = sums.Step(step);
        ASSERT_TRUE(status.ok()) << status;
        for (size_t b = 0; b < kBuckets; ++b) {
          for (int64_t i = 0; i < kCount; ++i) {
            double want = 0;
            for (int block = 0; block < kBlocks; ++block) want += ValueOf(block, b, i, step);
            // Six roundings of sums of 18 at most.
            ASSERT_NEAR(sums.sum(b)[static_cast<size_t>(i)], want, 6 * 18 * 1.2e-7);
          }
        }
      }
      EXPECT_TRUE(processes.Finish().ok());
    });
  }
}

// A process that fails while its sums are on their way ends, and so do the others.
TEST(GradientSums, EndWhereverTheyWait) {
  AsProcesses(3, [](Processes& processes) {
    absl::Status status;
    {
      BlockGroup group(processes, 3, 1);
      std::vector<float> own(10), sum(10);
      GradientSums sums(group, BlockGroup::Order::kTree, 1, [&](size_t) {
        return std::vector<BlockGroup::Addends>{{10, {own.data()}, sum.data()}};
      });
      sums.Begin();
      if (processes.rank() == 1) {
        status = absl::DataLossError("data.bin: is cut off");
      } else {
        sums.Whole(0);
        if (processes.rank() == 0) absl::SleepFor(absl::Milliseconds(50));
        if (processes.rank() == 2) status = sums.Finish();
      }
    }
    if (processes.rank() == 1) processes.Fail(status);
    if (processes.rank() == 2) {
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    }
  });
}

}  // namespace
}  // namespace pretext
