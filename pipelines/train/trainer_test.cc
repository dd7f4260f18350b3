#include "pipelines/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"
#include "pipelines/train/testing.h"
#include "processes/testing.h"

namespace pretext {
namespace {

using testing::HasSubstr;
using testing::Not;

class TrainerTest : public testing::Test {
 protected:
  ~TrainerTest() override { std::fclose(out_); }

  static ToldParts Parts(int64_t steps) {
    ToldParts told;
    Pipeline& config = *told.parts.config;
    config.set_name("told");
    config.mutable_train()->set_steps(steps);
    config.mutable_train()->set_log_every(1);
    // There is no config to make another encoder from.
    config.mutable_evaluate()->mutable_baselines()->set_untrained_encoder(false);
    return told;
  }
  std::unique_ptr<Trainer> Create(int64_t steps) {
    auto trainer = Trainer::Create(Parts(steps).parts, "1.0", alone_, progress_, stop_);
    EXPECT_TRUE(trainer.ok()) << trainer.status();
    return *std::move(trainer);
  }
  // A new run, or the one that is there.
  absl::StatusOr<TrainOutcome> Train(int64_t steps, bool is_new) {
    std::unique_ptr<Trainer> trainer = Create(steps);
    absl::Status status = is_new ? trainer->Begin(*RunDirectory::Begin(run_, true))
                                 : trainer->GoOn(*RunDirectory::OpenToGoOn(run_));
    if (!status.ok()) return status;
    return trainer->Run();
  }
  std::string Metrics() { return *ReadFile(run_ + "/metrics.jsonl"); }

  std::FILE* const out_ = std::tmpfile();
  Progress progress_{out_, false, 80};
  Alone alone_;
  StopRequest stop_;
  const TestFolder folder_;
  const std::string run_ = folder_ / "run";
};

// A dataset that cannot be loaded.
class NoOnes : public Ones {
 public:
  absl::Status Load() override { return absl::InvalidArgumentError("images: has none"); }
};

// While the first process waits for the others to load: it says what another said, at no place of
// its own.
TEST_F(TrainerTest, AFaultOfAnotherProcessStaysAsItWasSaid) {
  AsProcesses(2, [this](Processes& processes) {
    const absl::Status fault = absl::InvalidArgumentError("told:1:60: train.drop_last: leaves one");
    if (processes.rank() == 1) return processes.Fail(fault);
    const auto trainer = Trainer::Create(Parts(1).parts, "1.0", processes, progress_, stop_);
    EXPECT_TRUE(IsFailureOfAnother(trainer.status())) << trainer.status();
    EXPECT_EQ(trainer.status().message(),
              absl::StrCat("process 1 on host ", HostName(), ": ", fault.message()));
  });
}

TEST_F(TrainerTest, WhatAProcessCannotLoadIsAtItsPlaceInTheText) {
  for (const int bad : {0, 1}) {
    AsProcesses(2, [&](Processes& processes) {
      ToldParts told = Parts(1);
      if (processes.rank() == bad) told.parts.dataset = std::make_unique<NoOnes>();
      std::FILE* const out = std::tmpfile();
      Progress progress(out, false, 80);
      const auto trainer =
          Trainer::Create(std::move(told.parts), "1.0", processes, progress, stop_);
      const std::string own = "told:1:1: dataset: images: has none";
      const std::string of_another =
          absl::StrCat("process ", bad, " on host ", HostName(), ": ", own);
      EXPECT_EQ(trainer.status().message(), processes.rank() == bad ? own : of_another);
      processes.Fail(trainer.status());
      std::fclose(out);
    });
  }
}

// Whatever is in the checkpoint's metrics is on the disk before it takes its place: they are not
// written again.
TEST_F(TrainerTest, LinesAreFlushedBeforeTheCheckpointIsInItsPlace) {
  const std::string metrics = run_ + "/metrics.jsonl", checkpoint = run_ + "/checkpoint";
  int written = 0, unflushed = 0, checkpoints = 0;
  {
    const FileWatch watch([&](const FileCall& call) {
      if (call.kind == Kind::kWrite && call.path == metrics) ++written, ++unflushed;
      if (call.kind == Kind::kFlush && call.path == metrics) unflushed = 0;
      const bool in_place = (call.kind == Kind::kExchange && call.to == checkpoint) ||
                            (call.kind == Kind::kRename && call.to == checkpoint);
      if (in_place) {
        ++checkpoints;
        EXPECT_EQ(unflushed, 0) << "after " << written << " lines";
      }
      return 0;
    });
    ASSERT_EQ(*Train(5, true), TrainOutcome::kFinished);
  }
  EXPECT_EQ(checkpoints, 3);  // after steps 2, 4 and 5
  EXPECT_EQ(written, 6);      // and an evaluation
  EXPECT_EQ(unflushed, 0);
}

// A run may fail at any call that changes files; when it goes on it ends as it would have.
TEST_F(TrainerTest, GoesOnAfterAFailureAtAnyCall) {
  ASSERT_EQ(*Train(4, true), TrainOutcome::kFinished);
  const std::string weights = *ReadFile(run_ + "/checkpoint/weights.safetensors");
  const auto steps_of = [](const std::string& metrics) {
    std::string steps;
    for (size_t at = metrics.find("\"step\":"); at != std::string::npos;
         at = metrics.find("\"step\":", at + 1)) {
      steps += metrics.substr(at + 7, 1);
    }
    return steps;
  };
  EXPECT_EQ(steps_of(Metrics()), "12344");
  bool failed = true;
  for (int last = 0; failed; last += 3) {
    ASSERT_TRUE(RemoveAll(run_).ok());
    std::unique_ptr<Trainer> trainer = Create(4);
    absl::StatusOr<RunDirectory> run = RunDirectory::Begin(run_, true);
    ASSERT_TRUE(run.ok()) << run.status();
    failed = false;
    {
      int calls = 0;
      const FileWatch watch([&](const FileCall&) {
        failed |= calls >= last;
        return calls++ < last ? 0 : EIO;
      });
      if (trainer->Begin(*std::move(run)).ok()) trainer->Run().status().IgnoreError();
      trainer.reset();
    }
    const absl::StatusOr<RunDirectory> is_run = RunDirectory::Open(run_);
    const auto outcome = Train(4, !is_run.ok());
    ASSERT_TRUE(outcome.ok()) << outcome.status() << " after " << last << " calls";
    EXPECT_EQ(steps_of(Metrics()), "12344") << last << " calls";
    EXPECT_TRUE(*ReadFile(run_ + "/checkpoint/weights.safetensors") == weights) << last;
    ASSERT_LT(last, 500);
  }
}

TEST_F(TrainerTest, StopsAfterTheStepAndGoesOn) {
  stop_.signal = 15;
  EXPECT_EQ(*Train(5, true), TrainOutcome::kStopped);
  EXPECT_THAT(Metrics(), HasSubstr("\"step\":1,"));
  EXPECT_THAT(Metrics(), Not(HasSubstr("\"step\":2,")));
  stop_.signal = 0;
  EXPECT_EQ(*Train(5, false), TrainOutcome::kFinished);
  EXPECT_THAT(Metrics(), HasSubstr("\"step\":5,"));
}

TEST_F(TrainerTest, ACheckpointThatIsGoneIsNotAFreshStart) {
  ASSERT_EQ(*Train(4, true), TrainOutcome::kFinished);
  ASSERT_TRUE(RemoveAll(run_ + "/checkpoint").ok());
  const std::string before = Metrics();
  EXPECT_THAT(std::string(Train(6, false).status().message()), HasSubstr("checkpoint is missing"));
  EXPECT_EQ(Metrics(), before);
}

}  // namespace
}  // namespace pretext
