#include "processes/sockets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "processes/sharing.h"
#include "processes/testing.h"

namespace pretext {
namespace {

using testing::HasSubstr;

TEST(Sockets, ExchangeMoreThanASocketHoldsBothWaysAtOnce) {
  AsProcesses(3, [](Processes& processes) {
    constexpr size_t kCount = 1 << 20;
    const int own = processes.rank();
    std::vector<int> mine(kCount, own), small{own + 10};
    std::vector<std::vector<int>> theirs(3, std::vector<int>(kCount)), few(3, std::vector<int>(1));
    std::vector<Processes::Message> out, in;
    for (int r = 0; r < 3; ++r) {
      if (r == own) continue;
      out.push_back({r, mine.data(), kCount * 4});
      out.push_back({r, small.data(), 4});
      in.push_back({r, theirs[static_cast<size_t>(r)].data(), kCount * 4});
      in.push_back({r, few[static_cast<size_t>(r)].data(), 4});
    }
    const absl::Status status = processes.Exchange(out, in);
    EXPECT_TRUE(status.ok()) << status;
    for (int r = 0; r < 3; ++r) {
      if (r == own) continue;
      EXPECT_THAT(theirs[static_cast<size_t>(r)], testing::Each(r));
      EXPECT_EQ(few[static_cast<size_t>(r)][0], r + 10);
    }
    EXPECT_TRUE(processes.Finish().ok());
  });
}

TEST(Sockets, WhatTheFirstKnowsAllKnow) {
  for (const int k : {1, 2, 3, 5, 8}) {
    AsProcesses(k, [](Processes& processes) {
      const bool first = processes.rank() == 0;
      const auto text = BroadcastText(processes, first ? "a word" : "");
      ASSERT_TRUE(text.ok()) << text.status();
      EXPECT_EQ(*text, "a word");
      EXPECT_EQ(ShareStatus(processes, first ? absl::NotFoundError("nothing") : absl::OkStatus()),
                absl::NotFoundError("nothing"));
      EXPECT_TRUE(ShareStatus(processes, absl::OkStatus()).ok());
      const int last = processes.size() - 1;
      EXPECT_EQ(*MostOf(processes, processes.rank() == last ? 15 : 0), 15);
      EXPECT_EQ(*MostOf(processes, -processes.rank()), 0);
      EXPECT_TRUE(processes.Finish().ok());
    });
  }
}

TEST(Sockets, AFailureIsSaidToAllWithItsProcess) {
  AsProcesses(3, [](Processes& processes) {
    if (processes.rank() == 1) {
      processes.Fail(absl::DataLossError("data.bin: is cut off"));
      return;
    }
    const absl::Status status = WaitForAll(processes);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_TRUE(IsFailureOfAnother(status));
    EXPECT_EQ(status.message(), "process 1 on host " + HostName() + ": data.bin: is cut off");
    EXPECT_EQ(WaitForAll(processes), status) << "and stays";
  });
}

// A fault that all find ends the program as the first process would, whoever is first to say it.
TEST(Sockets, EveryCodeTravels) {
  for (const auto code : {absl::StatusCode::kInvalidArgument, absl::StatusCode::kFailedPrecondition,
                          absl::StatusCode::kUnavailable, absl::StatusCode::kUnauthenticated}) {
    AsProcesses(2, [code](Processes& processes) {
      if (processes.rank() == 1) {
        processes.Fail(absl::Status(code, "train.blocks: is 6"));
        return;
      }
      for (Processes* const line : {&processes, &processes.beside()}) {
        const absl::Status status = WaitForAll(*line);
        EXPECT_EQ(status.code(), code);
        EXPECT_EQ(status.message(), "process 1 on host " + HostName() + ": train.blocks: is 6");
        EXPECT_TRUE(IsFailureOfAnother(status));
      }
    });
  }
  EXPECT_FALSE(IsFailureOfAnother(absl::UnavailableError("")));
}

TEST(Sockets, TheLineBesideKnowsNothingOfTheOther) {
  AsProcesses(3, [](Processes& processes) {
    std::vector<float> many(300000, static_cast<float>(processes.rank()));
    std::thread beside([&] {
      for (int i = 0; i < 4; ++i) {
        const absl::Status status =
            processes.beside().AddUp(many.data(), static_cast<int64_t>(many.size()));
        EXPECT_TRUE(status.ok()) << status;
      }
    });
    for (int i = 0; i < 100; ++i) EXPECT_EQ(*MostOf(processes, processes.rank() + i), 2 + i);
    beside.join();
    EXPECT_THAT(many, testing::Each(3 * 27));
    EXPECT_TRUE(processes.Finish().ok());
  });
}

TEST(Sockets, WhoIsToldToWaitsNoMore) {
  AsProcesses(2, [](Processes& processes) {
    if (processes.rank() == 0) {
      std::thread beside(
          [&] { EXPECT_EQ(WaitForAll(processes.beside()).code(), absl::StatusCode::kCancelled); });
      absl::SleepFor(absl::Milliseconds(50));
      processes.beside().Cancel();
      beside.join();
    }
    EXPECT_TRUE(processes.Finish().ok()) << "the other line goes on";
  });
}

TEST(Sockets, OneThatIsGoneIsNamed) {
  AsProcesses(3, [](Processes& processes) {
    if (processes.rank() == 2) return;
    const absl::Status status = WaitForAll(processes);
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr("is gone without a word"));
  });
}

TEST(Sockets, OneThatSaysNothingIsNamedAfterTheTimeThatWasSet) {
  AsProcesses(2, [](Processes& processes) {
    if (processes.rank() == 1) {
      absl::SleepFor(absl::Seconds(2));
      return;
    }
    processes.set_timeout(absl::Milliseconds(300));
    const absl::Time start = absl::Now();
    const absl::Status status = WaitForAll(processes);
    EXPECT_LT(absl::Now() - start, absl::Seconds(1.5));
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(status.message()), HasSubstr("process 1 on host"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("said nothing for 300ms"));
  });
}

TEST(Sockets, WordsOfAnotherLengthAreAFault) {
  AsProcesses(2, [](Processes& processes) {
    int words[2] = {};
    const size_t own = processes.rank() == 0 ? 4 : 8;
    const int other = 1 - processes.rank();
    int to[2];
    const absl::Status status = processes.Exchange({{other, words, own}}, {{other, to, own}});
    EXPECT_FALSE(status.ok());
  });
}

}  // namespace
}  // namespace pretext
