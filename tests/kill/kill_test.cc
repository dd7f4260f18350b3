// Runs that are killed at random moments (loading, tokenizing, training, saving, evaluating), some
// of them again after they went on: in the end their files are those of a run that nobody killed.
//
// PRETEXT_KILLS says how many kills, PRETEXT_KILL_SEED which.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/random/random.h"
#include "tests/program.h"
#include "tests/run_files.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

int FromEnvironment(const char* name, int otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoi(value);
}

// Evaluations, older checkpoints and a best one, in the folder "run".
std::string Everything(const std::string& best) {
  return "evaluate { every_epochs: 1 } checkpoints { keep: 2 best: \"" + best +
         "\" } output { directory: \"run\" } train { log_every: 3 }";
}

class KillTest : public testing::Test {
 protected:
  // Kills runs of the pipeline until there were so many kills.
  void Kill(const std::string& pipeline, const std::vector<std::string>& overrides, int kills) {
    WriteScratchFile("pipeline.textproto", pipeline);
    overrides_ = overrides;
    Clear();
    const double seconds = ToItsEnd();
    const RunFiles want("run");
    ASSERT_GT(want.tensors.size(), 1000u);
    for (int run = 0; killed_ < kills; ++run) {
      Clear();
      // Of three runs one is killed again.
      do {
        KillOnce(random_.Uniform(0, static_cast<float>(seconds)));
      } while (random_.Below(3) == 0);
      ToItsEnd();
      const RunFiles got("run");
      EXPECT_EQ(got.metrics, want.metrics) << "run " << run;
      EXPECT_EQ(got.names, want.names) << "run " << run;
      EXPECT_TRUE(got.tensors == want.tensors) << "other bytes in run " << run;
      ASSERT_FALSE(HasFailure()) << "with PRETEXT_KILL_SEED=" << seed_;
    }
    std::printf("%d kills, %d of them before there was a run, nothing lost\n", killed_, early_);
  }

 private:
  void Clear() {
    fs::remove_all(fs::path(ScratchFolder()) / "run");
    fs::remove_all(fs::path(ScratchFolder()) / "cache");
  }

  // A new run where there is none yet.
  std::vector<std::string> Command() const {
    if (!FileContents("run/pipeline.textproto").empty()) return {"train", "--resume", "run"};
    std::vector<std::string> command = {"train", "pipeline.textproto"};
    for (const std::string& text : overrides_) {
      command.push_back("--override");
      command.push_back(text);
    }
    return command;
  }

  double ToItsEnd() {
    const Clock::time_point start = Clock::now();
    const ProgramResult result = RunProgram(Command());
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  void KillOnce(double after_seconds) {
    const Clock::time_point start = Clock::now();
    const ProgramResult result = RunProgram(Command(), [&](pid_t child) {
      const std::chrono::duration<double> passed = Clock::now() - start;
      if (passed.count() >= after_seconds) kill(child, SIGKILL);
    });
    if (result.exit_code == 0) return;
    ASSERT_EQ(result.exit_code, -SIGKILL) << result.output;
    ++killed_;
    early_ += FileContents("run/pipeline.textproto").empty();
  }

  const int seed_ = FromEnvironment("PRETEXT_KILL_SEED", 1);
  Random random_{{.seed = static_cast<uint64_t>(seed_)}};
  std::vector<std::string> overrides_;
  int killed_ = 0, early_ = 0;
};

TEST_F(KillTest, OfImages) {
  Kill(SmallAutoencoder("images"),
       {Everything("probe"), "encoder { [type.googleapis.com/pretext.Mlp] { hidden: [256, 256] } }",
        "train { epochs: 5 }"},
       FromEnvironment("PRETEXT_KILLS", 12) / 2);
}

constexpr char kViews[] =
    "views { count: 2 } head { [type.googleapis.com/pretext.ProjectionMlp] { output: 16 } } "
    "train { epochs: 4 checkpoint_every_steps: 2 }";

// A teacher whose statistics are its own, a predictor, a queue that wraps between two steps, a
// layer that is frozen for a time, and weight decay that rises.
TEST_F(KillTest, OfATeacherAndAQueue) {
  Kill(
      SmallAutoencoder("queue"),
      {Everything("knn"), kViews,
       "encoder { [type.googleapis.com/pretext.Mlp] { hidden: 32 normalization: BATCH dropout: 0.1 "
       "} } predictor { [type.googleapis.com/pretext.ProjectionMlp] { output: 16 } } "
       "teacher { momentum { from: 0.9 to: 1 decay: COSINE } dropout: true } "
       "loss { [type.googleapis.com/pretext.InfoNceQueue] { rows: 100 } } "
       "freeze_for { name: \"predictor.1\" steps: 3 } "
       "schedule { weight_decay { from: 0.01 to: 0.1 } }"},
      FromEnvironment("PRETEXT_KILLS", 12) / 3);
}

// Prototypes, which the loss learns, a queue that is used from an epoch on, gradients in chunks.
TEST_F(KillTest, OfPrototypes) {
  Kill(SmallAutoencoder("prototypes"),
       {Everything("knn"), kViews,
        "encoder { [type.googleapis.com/pretext.Mlp] { hidden: 32 } } "
        "head { [type.googleapis.com/pretext.ProjectionMlp] { output: 16 hidden_norm: false } } "
        "loss { [type.googleapis.com/pretext.Swav] { prototypes: 24 queue_rows: 70 "
        "queue_start_epoch: 1 } } freeze_for { name: \"loss.prototypes\" epochs: 1 } "
        "train { chunk: 48 }"},
       FromEnvironment("PRETEXT_KILLS", 12) / 3);
}

// The tokens are made and the vocabulary is learnt in each run.
TEST_F(KillTest, OfText) {
  Random random({.seed = 8});
  std::string text;
  for (int i = 0; i < 4000; ++i) {
    for (uint32_t words = 4 + random.Below(20); words > 0; --words) {
      text += "word" + std::to_string(random.Below(40) * random.Below(40)) + " ";
    }
    text += "\n\n";
  }
  WriteScratchFile("corpus.txt", text);
  Kill(SmallLanguageModel("text", 300, R"pb(
         optimizer {
           [type.googleapis.com/pretext.AdamW] {}
         }
         train { epochs: 3 batch_size: 128 }
       )pb"),
       {Everything("masked_loss")}, FromEnvironment("PRETEXT_KILLS", 12) / 2);
}

}  // namespace
}  // namespace pretext
