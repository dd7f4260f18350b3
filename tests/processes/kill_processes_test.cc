// Trainings of several processes of which one is killed at a random moment: the others end, and the
// run goes on with another number of processes to what it comes to undisturbed.
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

using Clock = std::chrono::steady_clock;

int FromEnvironment(const char* name, int otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoi(value);
}

TEST(KillProcesses, TheRunGoesOnWithAnotherNumberOfThem) {
  const int kills = FromEnvironment("PRETEXT_KILLS", 6);
  Random random({.seed = static_cast<uint64_t>(FromEnvironment("PRETEXT_KILL_SEED", 1))});
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("killed"));
  const std::string settings =
      "views { count: 2 } encoder { [type.googleapis.com/pretext.Mlp] { hidden: 64 normalization: "
      "BATCH dropout: 0.1 } } head { [type.googleapis.com/pretext.ProjectionMlp] { output: 16 } } "
      "loss { [type.googleapis.com/pretext.InfoNceQueue] { rows: 100 } } teacher { momentum { "
      "from: "
      "0.9 to: 1 } } evaluate { every_epochs: 2 } checkpoints { keep: 2 } output { directory: "
      "\"run\" } train { epochs: 6 blocks: 6 log_every: 3 checkpoint_every_steps: 3 }";
  const auto processes = [&] { return std::to_string(1 + random.Below(4)); };
  const auto command = [&](const std::string& k) -> std::vector<std::string> {
    if (!FileContents("run/pipeline.textproto").empty())
      return {"train", "--resume", "run", "--processes", k};
    return {"train", "pipeline.textproto", "--override", settings, "--processes", k};
  };
  const Clock::time_point start = Clock::now();
  ProgramResult result = RunProgram(command("3"));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const RunFiles want("run");
  int killed = 0, of_others = 0;
  while (killed < kills) {
    std::filesystem::remove_all(ScratchFolder() + "/run");
    do {
      const double after = random.Uniform(0, static_cast<float>(seconds));
      const Clock::time_point begun = Clock::now();
      bool done = false;
      result = RunProgram(command(processes()), [&](pid_t parent) {
        const std::chrono::duration<double> passed = Clock::now() - begun;
        if (done || passed.count() < after) return;
        std::vector<pid_t> all = ChildrenOf(parent);
        all.insert(all.begin(), parent);
        const auto which = random.Below(static_cast<uint32_t>(all.size()));
        kill(all[which], SIGKILL);
        done = true;
        ++killed;
        of_others += which > 0;
      });
      // A run whose other process was killed says which, unless its work was done.
      if (done && result.exit_code > 0) {
        EXPECT_NE(result.output.find("on host"), std::string::npos) << result.output;
      }
    } while (random.Below(3) == 0);
    result = RunProgram(command(processes()));
    ASSERT_EQ(result.exit_code, 0) << result.output;
    const RunFiles got("run");
    EXPECT_EQ(got.metrics, want.metrics);
    EXPECT_EQ(got.names, want.names);
    ASSERT_TRUE(got.tensors == want.tensors) << "other bytes after " << killed << " kills";
  }
  std::printf("%d kills, %d of them of another than the first process, nothing lost\n", killed,
              of_others);
}

}  // namespace
}  // namespace pretext
