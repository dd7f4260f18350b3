// A training that is shared by processes is the training of one: the same bits of its weights, its
// optimizer's state and its metrics, for any number of processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "core/tensor/safetensors.h"
#include "tests/program.h"
#include "tests/run_files.h"

namespace pretext {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kFast[] =
    "evaluate { classify: false baselines { pca: false raw_input: false untrained_encoder: false } "
    "} output { report: false report_samples: 0 tensorboard: false directory: \"run\" } "
    "train { log_every: 5 }";

constexpr char kViews[] =
    "views { count: 2 augmentation { [type.googleapis.com/pretext.HorizontalFlip] {} } } "
    "encoder { [type.googleapis.com/pretext.Mlp] { hidden: 24 normalization: BATCH dropout: 0.1 } "
    "} head { [type.googleapis.com/pretext.ProjectionMlp] { output: 16 } } ";

// What starts two processes of pretext_mpi; empty without an MPI.
std::vector<std::string> Mpirun() {
  const std::string path = "../mpi/launcher";
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::vector<std::string> words(std::istream_iterator<std::string>(file), {});
  // A sanitizer would look for leaks: an MPI's own, which it leaves at its end. Open MPI 5 does not
  // start without a home, which a test has not.
  if (!words.empty()) {
    words.insert(words.begin(), {"env", "LSAN_OPTIONS=detect_leaks=0", "HOME=" + ScratchFolder()});
  }
  return words;
}

class ProcessesTest : public testing::Test {
 protected:
  static std::vector<std::string> Command(const std::vector<std::string>& overrides, int k) {
    std::vector<std::string> command = {"train", "pipeline.textproto", "--processes",
                                        std::to_string(k)};
    for (const std::string& text : overrides) {
      command.push_back("--override");
      command.push_back(text);
    }
    return command;
  }

  static void Clear() { std::filesystem::remove_all(ScratchFolder() + "/run"); }

  static RunFiles Run(std::vector<std::string> overrides, int k) {
    Clear();
    overrides.insert(overrides.begin(), kFast);
    const ProgramResult result = RunProgram(Command(overrides, k));
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return RunFiles("run");
  }

  static void ExpectSame(const std::string& pipeline, const std::vector<std::string>& overrides,
                         const std::vector<int>& sizes) {
    WriteScratchFile("pipeline.textproto", pipeline);
    const RunFiles want = Run(overrides, 1);
    ASSERT_GT(want.tensors.size(), 1000u);
    for (const int k : sizes) {
      const RunFiles got = Run(overrides, k);
      EXPECT_EQ(got.metrics, want.metrics) << k << " processes";
      EXPECT_TRUE(got.tensors == want.tensors) << "other bits with " << k << " processes";
    }
  }
};

TEST_F(ProcessesTest, AnAutoencoderIsTheSameForAnyNumberOfThem) {
  ExpectSame(SmallAutoencoder("a"), {"train { epochs: 7 blocks: 8 }"}, {2, 3, 4, 8});
}

// Batch normalisation, augmentations and negatives go over all blocks; blocks of 7 and 8 samples.
TEST_F(ProcessesTest, ContrastWithBatchNormalisation) {
  ExpectSame(
      SmallAutoencoder("b"),
      {kViews,
       "loss { [type.googleapis.com/pretext.NtXent] {} } optimizer { "
       "[type.googleapis.com/pretext.Lars] { learning_rate: 0.5 } } train { epochs: 7 blocks: "
       "8 batch_size: 61 clip_norm: 0.5 }"},
      {2, 3, 4, 8});
}

TEST_F(ProcessesTest, ScopesOfStatisticsChunksAndAccumulation) {
  for (const char* train : {"batch_norm: PER_VIEW", "batch_norm: PER_BLOCK", "chunk: 12",
                            "accumulate: 3 drop_last: false"}) {
    SCOPED_TRACE(train);
    ExpectSame(SmallAutoencoder("c"),
               {kViews, std::string("loss { [type.googleapis.com/pretext.NtXent] {} } train { "
                                    "epochs: 2 blocks: 4 ") +
                            train + " }"},
               {2, 3});
  }
}

// A teacher and a queue; prototypes with a queue.
TEST_F(ProcessesTest, WhatLossesRememberAndLearn) {
  ExpectSame(SmallAutoencoder("d"),
             {kViews,
              "predictor { [type.googleapis.com/pretext.ProjectionMlp] { output: 16 } } "
              "teacher { momentum { from: 0.9 to: 1 decay: COSINE } dropout: true } "
              "loss { [type.googleapis.com/pretext.InfoNceQueue] { rows: 100 } } "
              "train { epochs: 3 blocks: 4 }"},
             {2, 3});
  ExpectSame(SmallAutoencoder("e"),
             {kViews,
              "head { [type.googleapis.com/pretext.ProjectionMlp] { output: 16 } } "
              "loss { [type.googleapis.com/pretext.Swav] { prototypes: 24 queue_rows: 70 "
              "queue_start_epoch: 1 } } train { epochs: 3 blocks: 4 }"},
             {2, 3});
}

// Sentences of words that are more or less rare.
void WriteCorpus() {
  std::string text;
  for (int i = 0; i < 1500; ++i) {
    for (int w = 4 + (i * i) % 17; w > 0; --w)
      text += "word" + std::to_string((i * w) % 37 * (w % 11)) + " ";
    text += "\n\n";
  }
  WriteScratchFile("corpus.txt", text);
}

TEST_F(ProcessesTest, ALanguageModelWithDropout) {
  WriteCorpus();
  ExpectSame(
      SmallLanguageModel("text", 200,
                         "optimizer { [type.googleapis.com/pretext.Lamb] {} } train { epochs: "
                         "2 batch_size: 32 blocks: 8 }"),
      {}, {2, 3, 8});
}

// The loss in the line of a step.
double LossAt(int step, const std::string& metrics) {
  std::smatch found;
  const std::regex line("\"step\":" + std::to_string(step) + "[^}]*?\"loss\":([0-9.e-]+)");
  EXPECT_TRUE(std::regex_search(metrics, found, line)) << metrics;
  return found.empty() ? 0 : std::stod(found[1]);
}

// Against the batch as a whole: what all blocks have wrong alike would be the same for any number
// of processes.
TEST_F(ProcessesTest, BlocksAreTheBatch) {
  const auto loss_after = [](const std::vector<std::string>& overrides) {
    return LossAt(40, Run(overrides, 1).metrics);
  };
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("f"));
  const std::vector<std::string> contrast = {
      kViews, "loss { [type.googleapis.com/pretext.NtXent] {} }",
      // Without dropout, whose masks are a block's own.
      "encoder { [type.googleapis.com/pretext.Mlp] { dropout: 0 } } "
      "train { epochs: 5 }"};
  std::vector<std::string> in_blocks = contrast;
  in_blocks.push_back("train { blocks: 4 }");
  const double whole = loss_after(contrast);
  // Rounding alone, over 40 steps; a gradient of a quarter of the size, or statistics of a block,
  // are off by more than ten times that.
  EXPECT_NEAR(loss_after(in_blocks), whole, 1e-4 * whole);
  in_blocks.back() = "train { blocks: 4 batch_norm: PER_BLOCK }";
  EXPECT_GT(std::abs(loss_after(in_blocks) - whole), 1e-3 * whole);
  // Of one view a block's masks are the batch's.
  const std::vector<std::string> with_dropout = {"train { epochs: 5 }"};
  EXPECT_NEAR(loss_after({"train { epochs: 5 blocks: 4 }"}), loss_after(with_dropout),
              1e-4 * loss_after(with_dropout));
  // Blocks with more and with fewer masked tokens weigh as much as they have.
  WriteCorpus();
  WriteScratchFile(
      "pipeline.textproto",
      SmallLanguageModel("words", 200,
                         "optimizer { [type.googleapis.com/pretext.AdamW] {} } train { "
                         "steps: 40 batch_size: 32 }"));
  const double words = loss_after({});
  EXPECT_NEAR(loss_after({"train { blocks: 8 }"}), words, 1e-4 * words);
}

TEST_F(ProcessesTest, ARunGoesOnWithAnotherNumberOfThem) {
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("g"));
  const RunFiles want = Run({"train { epochs: 4 blocks: 6 }"}, 1);
  Run({"train { epochs: 2 blocks: 6 }"}, 3);
  const ProgramResult result = RunProgram(
      {"train", "--resume", "run", "--override", "train { epochs: 4 }", "--processes", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_TRUE(RunFiles("run").tensors == want.tensors);
  const ProgramResult seven = RunProgram(
      {"train", "--resume", "run", "--override", "train { epochs: 5 }", "--processes", "7"});
  EXPECT_EQ(seven.exit_code, 2);
  EXPECT_THAT(seven.output, HasSubstr("train.blocks: is 6, and the training is shared by 7"));
}

// Labels and rows of all blocks; one view, and a predictor whose gradient comes last.
TEST_F(ProcessesTest, LossesThatAreSharedOut) {
  for (const char* loss : {"Dcl", "SupCon"}) {
    SCOPED_TRACE(loss);
    ExpectSame(SmallAutoencoder(std::string("q_") + loss),
               {kViews, std::string("loss { [type.googleapis.com/pretext.") + loss +
                            "] {} } train { epochs: 3 blocks: 5 batch_size: 33 }"},
               {2, 3, 5});
  }
}

// Gradients of processes in the order that is fastest: to rounding those of the tree.
TEST_F(ProcessesTest, FastSumsAreTheTreesToRounding) {
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("r"));
  const std::vector<std::string> exact = {"train { epochs: 5 blocks: 5 }"};
  const double want = LossAt(40, Run(exact, 1).metrics);
  const std::vector<std::string> fast = {"train { epochs: 5 blocks: 5 reduction: FAST }"};
  // One process has nothing to add up with others.
  EXPECT_EQ(LossAt(40, Run(fast, 1).metrics), want);
  for (const int k : {2, 3}) EXPECT_NEAR(LossAt(40, Run(fast, k).metrics), want, 1e-4 * want) << k;
  // A run goes on as it was begun.
  const ProgramResult other = RunProgram(
      {"train", "--resume", "run", "--override", "train { epochs: 6 reduction: EXACT }"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.output, HasSubstr("train.reduction: is EXACT now, and was FAST"));
}

TEST_F(ProcessesTest, WithoutANumberOfBlocksThereAreAsManyAsProcesses) {
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("h"));
  const RunFiles want = Run({"train { epochs: 2 blocks: 2 }"}, 1);
  const RunFiles got = Run({"train { epochs: 2 }"}, 2);
  EXPECT_TRUE(got.tensors == want.tensors);
}

constexpr char kTwoSteps[] = "train { steps: 2 blocks: 8 }";

// What a command comes to that `script`, a shell's, runs; $0 and $@ are the command.
ProgramResult RunInShell(const std::string& script, const std::vector<std::string>& command) {
  return RunProgramUnder({"sh", "-c", script}, "pretext", command);
}

std::string FromPipe() { return "cat " + ScratchFolder() + "/pipeline.textproto | "; }

// The first process reads it for all.
TEST_F(ProcessesTest, APipelineThatCanBeReadOnce) {
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("u"));
  const RunFiles want = Run({kTwoSteps}, 1);
  std::vector<std::string> command = Command({kFast, kTwoSteps}, 2);
  command[1] = "/dev/stdin";
  Clear();
  const ProgramResult result = RunInShell(FromPipe() + "\"$0\" \"$@\"", command);
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_TRUE(RunFiles("run").tensors == want.tensors);
  if (Mpirun().empty()) return;
  std::vector<std::string> launcher = Mpirun();
  launcher.insert(launcher.begin(), {"sh", "-c", FromPipe() + "\"$0\" \"$@\""});
  command = Command({kFast, kTwoSteps}, 1);
  command[1] = "/dev/stdin";
  Clear();
  const ProgramResult over_mpi = RunProgramUnder(launcher, "pretext_mpi", command);
  EXPECT_EQ(over_mpi.exit_code, 0) << over_mpi.output;
  EXPECT_TRUE(RunFiles("run").tensors == want.tensors);
}

// What every process finds is no other's fault than the first one's, whoever is first.
TEST_F(ProcessesTest, WhatAllFindIsNobodysFault) {
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("v"));
  Clear();
  for (int turn = 0; turn < 5; ++turn) {
    const ProgramResult none = RunProgram({"train", "none.textproto", "--processes", "4"});
    EXPECT_EQ(none.exit_code, 1) << none.output;
    EXPECT_EQ(none.output.rfind("none.textproto: ", 0), 0u) << none.output;
    EXPECT_THAT(none.output, Not(HasSubstr("process ")));
    const ProgramResult of_data =
        RunProgram(Command({kFast, "train { batch_size: 1000 blocks: 4 }"}, 4));
    EXPECT_EQ(of_data.exit_code, 2) << of_data.output;
    EXPECT_THAT(of_data.output, HasSubstr("train.batch_size: "));
    EXPECT_THAT(of_data.output, Not(HasSubstr("process 1")));
    EXPECT_THAT(of_data.output, Not(HasSubstr("process 2")));
    EXPECT_THAT(of_data.output, Not(HasSubstr("process 3")));
  }
}

// 8 processes have 112 sockets when they are started.
TEST_F(ProcessesTest, TheLimitOfOpenFilesIsRaisedWhereItMayBe) {
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("w"));
  Clear();
  const std::vector<std::string> command = Command({kFast, kTwoSteps}, 8);
  const ProgramResult raised = RunInShell("ulimit -S -n 64; \"$0\" \"$@\"", command);
  EXPECT_EQ(raised.exit_code, 0) << raised.output;
  Clear();
  const ProgramResult refused = RunInShell("ulimit -n 64; \"$0\" \"$@\"", command);
  EXPECT_EQ(refused.exit_code, 1) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("no sockets for 8 processes"));
  EXPECT_THAT(refused.output, HasSubstr("ulimit -n 176"));
}

// The first word of /proc/PID/comm, which ps and pkill go by.
std::string NameOf(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/comm");
  std::string name;
  file >> name;
  return name;
}

TEST_F(ProcessesTest, TheyHaveTheProgramsName) {
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("x"));
  Clear();
  std::vector<std::string> names;
  RunProgram(Command({kFast, "train { epochs: 100000 blocks: 2 }"}, 2), [&](pid_t parent) {
    if (!names.empty() || FileContents("run/metrics.jsonl").size() < 200) return;
    names = {NameOf(parent), NameOf(ChildrenOf(parent).at(0))};
    kill(parent, SIGTERM);
  });
  EXPECT_THAT(names, testing::ElementsAre("pretext", "pretext"));
}

// One error, of the first process's own or of another's, and no process stays.
TEST_F(ProcessesTest, AFaultIsSaidOnce) {
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("i"));
  Clear();
  const ProgramResult result =
      RunProgram(Command({kFast, "train { epochs: 1 blocks: 4 batch_size: 3 }"}, 2));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.output, HasSubstr("train.blocks"));
  EXPECT_EQ(result.output.find("train.blocks"), result.output.rfind("train.blocks"));
  EXPECT_FALSE(std::filesystem::exists(ScratchFolder() + "/run"));
  for (const char* bad : {"0", "-1", "33"}) {
    EXPECT_EQ(RunProgram({"train", "pipeline.textproto", "--processes", bad}).exit_code, 2) << bad;
  }
}

TEST_F(ProcessesTest, WhatIsNotFiniteEndsAll) {
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("n"));
  Clear();
  const ProgramResult result =
      RunProgram(Command({kFast,
                          "optimizer { [type.googleapis.com/pretext.Sgd] { learning_rate: 1e30 } } "
                          "train { epochs: 1 blocks: 4 }"},
                         2));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("at step 2"));
  EXPECT_EQ(result.output.find("at step 2"), result.output.rfind("at step 2")) << result.output;
}

TEST_F(ProcessesTest, OneThatIsStoppedIsNamedAfterTheTimeThatWasSet) {
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("j"));
  Clear();
  pid_t stopped = 0;
  const ProgramResult result =
      RunProgram(Command({kFast, "train { epochs: 100000 blocks: 2 timeout_seconds: 1 }"}, 2),
                 [&](pid_t parent) {
                   if (stopped != 0 || FileContents("run/metrics.jsonl").size() < 200) return;
                   stopped = ChildrenOf(parent).at(0);
                   kill(stopped, SIGSTOP);
                 });
  // The parent waits for its child's end.
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("process 1 on host"));
  EXPECT_THAT(result.output, HasSubstr("has said nothing for 1s"));
}

TEST_F(ProcessesTest, CtrlCOfOneEndsAllWithACheckpoint) {
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("k"));
  Clear();
  bool told = false;
  const ProgramResult result =
      RunProgram(Command({kFast, "train { epochs: 100000 blocks: 3 }"}, 3), [&](pid_t parent) {
        if (told || FileContents("run/metrics.jsonl").size() < 200) return;
        told = true;
        kill(ChildrenOf(parent).at(1), SIGTERM);
      });
  EXPECT_THAT(result.output, HasSubstr("Stopped at step"));
  EXPECT_EQ(result.exit_code, 128 + SIGTERM) << result.output;
  EXPECT_FALSE(FileContents("run/checkpoint/weights.safetensors").empty());
}

TEST_F(ProcessesTest, OneThatWasStoppedIsNamedOverMpiToo) {
  if (Mpirun().empty()) GTEST_SKIP() << "there is no MPI";
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("o"));
  Clear();
  pid_t process = 0;
  const ProgramResult result =
      RunProgramUnder(Mpirun(), "pretext_mpi",
                      Command({kFast, "train { epochs: 100000 blocks: 2 timeout_seconds: 1 }"}, 1),
                      [&](pid_t mpirun) {
                        if (process != 0 || FileContents("run/metrics.jsonl").size() < 200) return;
                        // The last is process 1; MPICH has one program between them.
                        std::vector<pid_t> started = ChildrenOf(mpirun);
                        if (started.size() == 1) started = ChildrenOf(started[0]);
                        ASSERT_GE(started.size(), 2);
                        kill(process = started.back(), SIGSTOP);
                      });
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("process 1 on host"));
  EXPECT_THAT(result.output, HasSubstr("has said nothing for 1s; the last checkpoint is whole"));
  if (process != 0) kill(process, SIGKILL);  // if its mpirun has left it
}

// As machines of two kinds would: one of the processes without AVX.
TEST_F(ProcessesTest, OneThatComputesByOtherCodeIsNamed) {
  if (Mpirun().empty()) GTEST_SKIP() << "there is no MPI";
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("s"));
  std::vector<std::string> launcher = Mpirun();
  for (const char* const word :
       {"sh", "-c",
        "[ \"$OMPI_COMM_WORLD_RANK$PMI_RANK\" = 1 ] && export ONEDNN_MAX_CPU_ISA=SSE41; exec "
        "\"$0\" \"$@\""}) {
    launcher.emplace_back(word);
  }
  const auto train = [&](const std::string& reduction) {
    Clear();
    return RunProgramUnder(
        launcher, "pretext_mpi",
        Command({kFast, "train { epochs: 1 blocks: 2 reduction: " + reduction + " }"}, 1));
  };
  const ProgramResult exact = train("EXACT");
  EXPECT_EQ(exact.exit_code, 1) << exact.output;
  EXPECT_THAT(exact.output, HasSubstr("process 1 on host"));
  EXPECT_THAT(exact.output, HasSubstr("computes by other code (OpenBLAS: "));
  const ProgramResult fast = train("FAST");
  EXPECT_EQ(fast.exit_code, 0) << fast.output;
}

TEST_F(ProcessesTest, OverMpiTheBitsAreTheSame) {
  if (Mpirun().empty()) GTEST_SKIP() << "there is no MPI";
  WriteScratchFile("pipeline.textproto", SmallAutoencoder("l"));
  const std::vector<std::string> overrides = {
      kFast, kViews,
      "loss { [type.googleapis.com/pretext.NtXent] {} } train { epochs: 3 blocks: 4 }"};
  const RunFiles want = Run(overrides, 1);
  Clear();
  std::vector<std::string> command = Command(overrides, 1);
  const ProgramResult result = RunProgramUnder(Mpirun(), "pretext_mpi", command);
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("processes      2: 2 on host"));
  EXPECT_TRUE(RunFiles("run").tensors == want.tensors);
  // The library's own sum.
  Clear();
  std::vector<std::string> fast = command;
  fast.insert(fast.end(), {"--override", "train { reduction: FAST }"});
  const ProgramResult summed = RunProgramUnder(Mpirun(), "pretext_mpi", fast);
  EXPECT_EQ(summed.exit_code, 0) << summed.output;
  const double loss = LossAt(20, want.metrics);
  EXPECT_NEAR(LossAt(20, RunFiles("run").metrics), loss, 1e-4 * loss);
  // Faults end all of them, and are said once.
  Clear();
  command.push_back("--override");
  command.push_back("train { blocks: 1 }");
  const ProgramResult fault = RunProgramUnder(Mpirun(), "pretext_mpi", command);
  EXPECT_NE(fault.exit_code, 0);
  EXPECT_THAT(fault.output, HasSubstr("train.blocks: is 1, and the training is shared by 2"));
  // What is for one process is not done twice.
  const ProgramResult twice =
      RunProgramUnder(Mpirun(), "pretext_mpi", {"validate", "pipeline.textproto"});
  EXPECT_NE(twice.exit_code, 0);
  EXPECT_THAT(twice.output, HasSubstr("started as one of 2 processes, and validate is for one"));
  // A program without MPI says so, and does not train twice.
  const ProgramResult without = RunProgramUnder(Mpirun(), "pretext", command);
  EXPECT_NE(without.exit_code, 0);
  EXPECT_THAT(without.output, HasSubstr("this program has no MPI"));
}

}  // namespace
}  // namespace pretext
