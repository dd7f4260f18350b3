// Whatever can be said together is refused at its place or trains: random pipelines of every plugin
// are assembled, and those that validate are trained for ten steps and evaluated. None
// may crash, end otherwise than with a message, or be refused after validation by other than what
// only the data or the numbers show.
//
// A minute; longer with
//
//   bazel test --test_env=PRETEXT_FUZZ_SECONDS=3600 --test_timeout=4000
//       //tests/fuzz:combination_fuzz_test
//
// and from another pipeline on with PRETEXT_FUZZ_FIRST. One that crashes is in the log's end.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/description.h"
#include "pipelines/run/progress.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/run/stop_request.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/train/trainer.h"
#include "tests/fuzz/pipeline_generator.h"

namespace pretext::testing {
namespace {

int64_t NumberIn(const char* variable, int64_t otherwise) {
  const char* text = std::getenv(variable);
  int64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

// The pipeline in work, for the log when it crashes.
std::string in_work;  // NOLINT

void ShowPipeline(int signal) {
  const ssize_t written = write(STDERR_FILENO, in_work.data(), in_work.size());
  static_cast<void>(written);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

struct Counts {
  int generated = 0, validated = 0, trained = 0, not_finite = 0;
};

class CombinationFuzzTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS}) std::signal(signal, ShowPipeline);
    null_ = std::fopen("/dev/null", "w");
  }
  void TearDown() override { std::fclose(null_); }

  void Try(const std::string& text) {
    ++counts_.generated;
    absl::StatusOr<Assembled> parts =
        Assemble(LoadPipelineText("p", text), {.base_directory = folder_});
    if (!parts.ok()) return;
    ++counts_.validated;
    EXPECT_FALSE(DescribePipeline(*parts).empty());
    std::filesystem::remove_all(folder_ + "/run");
    Progress progress(null_, /*terminal=*/false, /*columns=*/80);
    const auto trainer = Trainer::Create(*std::move(parts), "test", progress, stop_);
    if (!trainer.ok()) {
      EXPECT_EQ(trainer.status().code(), absl::StatusCode::kInvalidArgument) << trainer.status();
      EXPECT_EQ(trainer.status().message().substr(0, 2), "p:") << trainer.status();
      return;
    }
    absl::StatusOr<RunDirectory> run = RunDirectory::Begin(folder_ + "/run", true);
    ASSERT_TRUE(run.ok()) << run.status();
    const absl::Status begun = (*trainer)->Begin(*std::move(run));
    ASSERT_TRUE(begun.ok()) << begun;
    const auto outcome = (*trainer)->Run();
    if (outcome.ok()) {
      ++counts_.trained;
      return;
    }
    // A learning rate of 2 may well diverge; that is said.
    EXPECT_EQ(outcome.status().code(), absl::StatusCode::kFailedPrecondition) << outcome.status();
    ++counts_.not_finite;
  }

  const std::string folder_ = absl::StrCat(std::getenv("TEST_TMPDIR"), "/combinations");
  const PipelineGenerator generator_{folder_};
  StopRequest stop_;
  std::FILE* null_ = nullptr;
  Counts counts_;
};

TEST_F(CombinationFuzzTest, WhatValidatesTrains) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(NumberIn("PRETEXT_FUZZ_SECONDS", 40));
  const int64_t first = NumberIn("PRETEXT_FUZZ_FIRST", 0);
  for (int64_t i = first; Clock::now() < end; ++i) {
    Random random({.seed = 7, .sample = static_cast<uint64_t>(i)});
    const std::string text = generator_.Generate(random);
    in_work = absl::StrCat("\npipeline ", i, ":\n", text);
    Try(text);
    if (HasFailure()) FAIL() << in_work;
  }
  std::printf("%d pipelines, %d validated, %d trained, %d not finite\n", counts_.generated,
              counts_.validated, counts_.trained, counts_.not_finite);
  // They are no noise: many fit together.
  EXPECT_GT(counts_.validated, counts_.generated / 20);
  EXPECT_GT(counts_.trained, counts_.validated / 2);
}

}  // namespace
}  // namespace pretext::testing
