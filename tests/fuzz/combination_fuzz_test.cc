// Whatever can be said together is refused at its place or trains: random pipelines of every plugin
// are assembled, and those that validate are trained for ten steps and evaluated. None
// may crash, end otherwise than with a message, or be refused after validation by other than what
// only the data or the numbers show. Every third that trains is trained once more, interrupted
// after some of its steps and gone on with: its files are those of the one that nobody interrupted.
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
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/plugin/optimizer.h"
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
  int generated = 0, validated = 0, trained = 0, not_finite = 0, resumed = 0;
};

// Another optimizer, and after some of its steps a wish that the run ends.
class Interrupting : public Optimizer {
 public:
  Interrupting(std::unique_ptr<Optimizer> optimizer, int64_t at, StopRequest& stop)
      : optimizer_(std::move(optimizer)), at_(at), stop_(stop) {}
  double learning_rate() const override { return optimizer_->learning_rate(); }
  std::optional<double> weight_decay() const override { return optimizer_->weight_decay(); }
  void set_weight_decay(double decay) override { optimizer_->set_weight_decay(decay); }
  void Attach(std::vector<Parameter*> parameters) override {
    optimizer_->Attach(std::move(parameters));
  }
  void Step(int64_t step, double learning_rate, double gradient_scale) override {
    optimizer_->Step(step, learning_rate, gradient_scale);
    if (step == at_) stop_.signal = SIGINT;
  }
  std::vector<State> state() override { return optimizer_->state(); }

 private:
  const std::unique_ptr<Optimizer> optimizer_;
  const int64_t at_;
  StopRequest& stop_;
};

// A file; metrics without what is another each time.
std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!absl::EndsWith(path, ".jsonl")) return text;
  return std::regex_replace(text, std::regex("\"items_per_second\":[^,}]*"), "");
}

class CombinationFuzzTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS}) std::signal(signal, ShowPipeline);
    null_ = std::fopen("/dev/null", "w");
  }
  void TearDown() override { std::fclose(null_); }

  absl::StatusOr<Assembled> Assemble_(const std::string& text) const {
    return Assemble(LoadPipelineText("p", text), {.base_directory = folder_});
  }

  // Trains in folder `name`, anew or going on, and asks for its end after step `stop_at` (0: not).
  absl::StatusOr<TrainOutcome> Train(Assembled parts, const std::string& name, bool go_on,
                                     int64_t stop_at) {
    Progress progress(null_, /*terminal=*/false, /*columns=*/80);
    Alone alone;
    StopRequest stop;
    if (stop_at > 0) {
      parts.optimizer = std::make_unique<Interrupting>(std::move(parts.optimizer), stop_at, stop);
    }
    const auto trainer = Trainer::Create(std::move(parts), "test", alone, progress, stop);
    if (!trainer.ok()) return trainer.status();
    const std::string path = absl::StrCat(folder_, "/", name);
    if (!go_on) std::filesystem::remove_all(path);
    absl::StatusOr<RunDirectory> run =
        go_on ? RunDirectory::OpenToGoOn(path) : RunDirectory::Begin(path, true);
    EXPECT_TRUE(run.ok()) << run.status();
    if (!run.ok()) return run.status();
    const absl::Status begun =
        go_on ? (*trainer)->GoOn(*std::move(run)) : (*trainer)->Begin(*std::move(run));
    EXPECT_TRUE(begun.ok()) << begun;
    return begun.ok() ? (*trainer)->Run() : begun;
  }

  void Try(const std::string& text, Random& random) {
    ++counts_.generated;
    absl::StatusOr<Assembled> parts = Assemble_(text);
    if (!parts.ok()) return;
    ++counts_.validated;
    EXPECT_FALSE(DescribePipeline(*parts).empty());
    const auto outcome = Train(*std::move(parts), "run", /*go_on=*/false, /*stop_at=*/0);
    if (outcome.ok()) {
      if (counts_.trained++ % 3 == 0) Interrupt(text, random);
    } else if (absl::IsInvalidArgument(outcome.status())) {
      EXPECT_EQ(outcome.status().message().substr(0, 2), "p:") << outcome.status();
    } else {
      // A learning rate of 2 may well diverge; that is said.
      EXPECT_EQ(outcome.status().code(), absl::StatusCode::kFailedPrecondition) << outcome.status();
      ++counts_.not_finite;
    }
  }

  // The same, interrupted once or twice.
  void Interrupt(const std::string& text, Random& random) {
    int64_t at = 0;
    for (bool finished = false; !finished;) {
      const bool go_on = at > 0;
      at = at > 0 && random.Uniform() < 0.5 ? kNever : at + 1 + random.Below(9);
      absl::StatusOr<Assembled> parts = Assemble_(text);
      ASSERT_TRUE(parts.ok());
      const auto outcome = Train(*std::move(parts), "again", go_on, at);
      ASSERT_TRUE(outcome.ok()) << outcome.status() << " interrupted at " << at;
      finished = *outcome == TrainOutcome::kFinished;
    }
    ++counts_.resumed;
    for (const char* const file :
         {"metrics.jsonl", "checkpoint/weights.safetensors", "checkpoint/optimizer.safetensors"}) {
      const std::string want = Contents(absl::StrCat(folder_, "/run/", file));
      EXPECT_GT(want.size(), 10u) << file;
      EXPECT_TRUE(Contents(absl::StrCat(folder_, "/again/", file)) == want) << file;
    }
  }

  static constexpr int64_t kNever = int64_t{1} << 40;
  const std::string folder_ = absl::StrCat(std::getenv("TEST_TMPDIR"), "/combinations");
  const PipelineGenerator generator_{folder_};
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
    Try(text, random);
    if (HasFailure()) FAIL() << in_work;
  }
  std::printf("%d pipelines, %d validated, %d trained, %d not finite, %d interrupted\n",
              counts_.generated, counts_.validated, counts_.trained, counts_.not_finite,
              counts_.resumed);
  // They are no noise: many fit together.
  EXPECT_GT(counts_.validated, counts_.generated * 3 / 10);
  EXPECT_GT(counts_.trained, counts_.validated / 2);
  EXPECT_GT(counts_.resumed, counts_.trained / 4);
}

}  // namespace
}  // namespace pretext::testing
