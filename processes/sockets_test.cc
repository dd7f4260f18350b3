#include "processes/sockets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/check/check.h"
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

TEST(Sockets, AFaultOfAllIsTheFirstOnesOwn) {
  for (int turn = 0; turn < 20; ++turn) {
    AsProcesses(4, [](Processes& processes) {
      EXPECT_TRUE(AllWell(processes, absl::OkStatus()).ok());
      // The others are there before, and would be heard in place of it.
      if (processes.rank() == 0) absl::SleepFor(absl::Milliseconds(10));
      const absl::Status own = absl::NotFoundError(absl::StrCat("of ", processes.rank()));
      const absl::Status status = AllWell(processes, own);
      if (processes.rank() == 0) {
        EXPECT_EQ(status, own);
      } else {
        EXPECT_EQ(status.message(), absl::StrCat("process 0 on host ", HostName(), ": of 0"));
      }
      processes.Fail(status);
    });
  }
}

TEST(Sockets, AFaultOfOthersIsNamedWhereTheFirstHasNone) {
  AsProcesses(4, [](Processes& processes) {
    const bool bad = processes.rank() == 2;
    const absl::Status own = bad ? absl::NotFoundError("of 2") : absl::OkStatus();
    const absl::Status status = AllWell(processes, own);
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
    EXPECT_EQ(IsFailureOfAnother(status), !bad) << status;
    if (!bad) {
      EXPECT_EQ(status.message(), absl::StrCat("process 2 on host ", HostName(), ": of 2"));
    }
    processes.Fail(status);
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

// The end of number `rank` of lines between three.
class Three {
 public:
  std::unique_ptr<SocketProcesses> operator[](size_t rank) const {
    return std::make_unique<SocketProcesses>(static_cast<int>(rank), (*sockets_)[rank],
                                             (*beside_)[rank]);
  }

 private:
  const absl::StatusOr<std::vector<std::vector<int>>> sockets_ = SocketProcesses::Pairs(3),
                                                      beside_ = SocketProcesses::Pairs(3);
};

constexpr char kBlocks[] = "train.blocks: is 6";

void ExpectItIsOfProcess1(const absl::Status& status) {
  EXPECT_TRUE(IsFailureOfAnother(status)) << status;
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(status.message(), absl::StrCat("process 1 on host ", HostName(), ": ", kBlocks));
}

// 1 has all that it waits for, goes on and fails, 2 hears of it and ends; 0 has said its word to 1
// alone by then, and finds 2 gone while the word of 1 lies before its failure.
TEST(Sockets, AFailureIsHeardBehindWhatIsDue) {
  const Three lines;
  int word = 0, words[2];
  const std::unique_ptr<SocketProcesses> first = lines[0];
  ASSERT_TRUE(first->Exchange({{1, &word, 4}}, {}).ok());
  std::thread last([&] {
    int own = 2, others[2];
    const std::unique_ptr<SocketProcesses> processes = lines[2];
    ExpectItIsOfProcess1(processes->Exchange({{0, &own, 4}, {1, &own, 4}},
                                             {{0, &others[0], 4}, {1, &others[1], 4}}));
  });
  {
    int own = 1, others[2];
    const std::unique_ptr<SocketProcesses> processes = lines[1];
    const absl::Status status =
        processes->Exchange({{0, &own, 4}, {2, &own, 4}}, {{0, &others[0], 4}, {2, &others[1], 4}});
    EXPECT_TRUE(status.ok()) << status;
    processes->Fail(absl::InvalidArgumentError(kBlocks));
  }
  last.join();
  ExpectItIsOfProcess1(first->Exchange({{2, &word, 4}}, {{1, &words[0], 4}, {2, &words[1], 4}}));
}

// Of the one that is gone itself, and of one that is ahead.
TEST(Sockets, AFailureIsHeardBehindWhatIsNotDue) {
  for (const int gone : {1, 2}) {
    const Three lines;
    std::vector<int> words(100, 7);
    const std::unique_ptr<SocketProcesses> first = lines[0];
    std::unique_ptr<SocketProcesses> second = lines[1];
    lines[2].reset();
    ASSERT_TRUE(second->Exchange({{0, words.data(), 400}, {0, words.data(), 4}}, {}).ok());
    second->Fail(absl::InvalidArgumentError(kBlocks));
    second.reset();
    ExpectItIsOfProcess1(first->Exchange({{gone, words.data(), 4}}, {{gone, words.data(), 400}}));
  }
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

// Two processes' ends, of which the test itself is the second: it says whatever it likes.
class RawPeer {
 public:
  RawPeer() {
    const auto pairs = SocketProcesses::Pairs(2);
    PRETEXT_CHECK(pairs.ok(), "sockets");
    socket_ = (*pairs)[1][0];
    processes_ = std::make_unique<SocketProcesses>(0, (*pairs)[0], std::vector<int>{-1, -1});
  }
  ~RawPeer() { close(socket_); }
  void Say(uint64_t header, const std::string& text) const {
    const std::string message = std::string(reinterpret_cast<const char*>(&header), 8) + text;
    ASSERT_EQ(write(socket_, message.data(), message.size()), static_cast<ssize_t>(message.size()));
  }
  void End() const { shutdown(socket_, SHUT_RDWR); }
  SocketProcesses& processes() const { return *processes_; }

 private:
  int socket_ = -1;
  std::unique_ptr<SocketProcesses> processes_;
};

// The largest that this process has ever been, in bytes.
int64_t MostMemory() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} << 10;
}

constexpr uint64_t kBogus = uint64_t{500} << 20;
constexpr int64_t kLittle = int64_t{100} << 20;

TEST(Sockets, AFailureOfABogusLengthIsAFaultOfTheConnection) {
  const RawPeer peer;
  const int64_t before = MostMemory();
  constexpr uint64_t kFailure = uint64_t{1} << 63;
  peer.Say(kFailure | uint64_t{13} << 48 | kBogus, "no more");
  const absl::Status status = WaitForAll(peer.processes());
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("the connection to it is damaged"));
  EXPECT_LT(MostMemory() - before, kLittle);
}

TEST(Sockets, WhatIsReadOverIsNotKept) {
  const RawPeer peer;
  const int64_t before = MostMemory();
  peer.Say(kBogus, std::string(100000, 'x'));
  peer.End();
  // Nothing is due from it but its life: that it is gone is found when something is sent.
  int word = 1;
  absl::Status status;
  for (int i = 0; i < 3 && status.ok(); ++i)
    status = peer.processes().Exchange({{1, &word, 4}}, {});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_LT(MostMemory() - before, kLittle);
}

TEST(Sockets, ALongFailureIsHeardByItsBegin) {
  AsProcesses(2, [](Processes& processes) {
    if (processes.rank() == 1) {
      processes.Fail(absl::DataLossError("data.bin: " + std::string(1 << 17, '!')));
      return;
    }
    const absl::Status status = WaitForAll(processes);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr("data.bin: !!!"));
  });
}

TEST(Sockets, ATextOfABogusLengthIsAFault) {
  AsProcesses(2, [](Processes& processes) {
    const bool first = processes.rank() == 0;
    uint64_t size = kBogus;
    const absl::Status status =
        first ? Broadcast(processes, &size, sizeof(size)) : BroadcastText(processes, "").status();
    EXPECT_EQ(status.code(), first ? absl::StatusCode::kOk : absl::StatusCode::kInternal);
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
