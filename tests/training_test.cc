// The program from a pipeline's text to a run's files: training, interruption,
// resumption, and what goes wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/program.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Compared with ==, not EXPECT_EQ: nobody wants to read weights.
std::string Weights(const std::string& run) {
  return FileContents("runs/" + run + "/checkpoint/weights.safetensors");
}

size_t Lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

// The weights of two epochs in one go, and the run's other files.
const std::string& Uninterrupted() {
  static const std::string* const weights = [] {
    WriteScratchFile("whole.textproto", SmallAutoencoder("whole"));
    const ProgramResult result = RunProgram({"train", "whole.textproto"});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("done in"));
    return new std::string(Weights("whole"));
  }();
  return *weights;
}

TEST(Training, LeavesARunDirectory) {
  EXPECT_GT(Uninterrupted().size(), 1000u);
  EXPECT_THAT(FileContents("runs/whole/pipeline.textproto"),
              AllOf(HasSubstr("pretext.Mlp"), HasSubstr("beta2"), HasSubstr("version")));
  const std::string metrics = FileContents("runs/whole/metrics.jsonl");
  EXPECT_THAT(
      metrics,
      AllOf(HasSubstr("\"step\":16,"), HasSubstr("\"loss\":"), HasSubstr("\"learning_rate\":0.001"),
            HasSubstr("\"items_per_second\":"), HasSubstr("\"eval\":{\"test_mse\":")));
  EXPECT_EQ(Lines(metrics), 17u);
}

TEST(Training, ARunWithoutItsMetricsSaysSoAndStaysWhereItIs) {
  WriteScratchFile("bare.textproto", SmallAutoencoder("bare"));
  ASSERT_EQ(RunProgram({"train", "bare.textproto"}).exit_code, 0);
  std::filesystem::remove(ScratchFolder() + "/runs/bare/metrics.jsonl");
  const ProgramResult elsewhere =
      RunProgram({"train", "--resume", "runs/bare", "--override", "train { epochs: 3 }",
                  "--override", "output { directory: 'elsewhere' }"});
  EXPECT_EQ(elsewhere.exit_code, 2) << elsewhere.output;
  EXPECT_THAT(elsewhere.output, HasSubstr("output.directory: is \"elsewhere\" now"));
  const ProgramResult result =
      RunProgram({"train", "--resume", "runs/bare", "--override", "train { epochs: 3 }"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("metrics.jsonl has no line of the 16 steps"));
}

TEST(Training, APageOfAnEarlierStepDoesNotStayWhereNoneIsWanted) {
  WriteScratchFile("paged.textproto", SmallAutoencoder("paged"));
  ASSERT_EQ(RunProgram({"train", "paged.textproto"}).exit_code, 0);
  ASSERT_NE(FileContents("runs/paged/report.html"), "");
  const std::vector<std::string> command = {"train",
                                            "--resume",
                                            "runs/paged",
                                            "--override",
                                            "train { epochs: 3 }",
                                            "--override",
                                            "output { report: false }"};
  const ProgramResult result = RunProgram(command);
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("report.html, of an earlier step, is removed"));
  EXPECT_EQ(FileContents("runs/paged/report.html"), "");
  EXPECT_EQ(RunProgram({"report", "runs/paged"}).exit_code, 0);
  EXPECT_THAT(FileContents("runs/paged/report.html"), HasSubstr("finished: 24 steps"));
}

TEST(Training, TheSameSeedGivesTheSameBitsAndAnotherOthers) {
  WriteScratchFile("again.textproto", SmallAutoencoder("again"));
  ASSERT_EQ(RunProgram({"train", "again.textproto"}).exit_code, 0);
  EXPECT_TRUE(Weights("again") == Uninterrupted());
  ASSERT_EQ(
      RunProgram({"train", "again.textproto", "--override", "train { seed: 2 } name: \"other\""})
          .exit_code,
      0);
  EXPECT_TRUE(Weights("other") != Uninterrupted());
}

TEST(Training, ResumesBitForBitAfterKillInTheSecondEpoch) {
  // Wide enough for a step to take several times what it takes to see the metrics and to kill.
  const std::string wide = "encoder { [type.googleapis.com/pretext.Mlp] { hidden: [2048, 2048] } }";
  WriteScratchFile("wide.textproto", SmallAutoencoder("wide"));
  ASSERT_EQ(RunProgram({"train", "wide.textproto", "--override", wide}).exit_code, 0);
  WriteScratchFile("killed.textproto", SmallAutoencoder("killed"));
  bool killed = false;
  const ProgramResult result =
      RunProgram({"train", "killed.textproto", "--override", wide}, [&](pid_t child) {
        // Steps 1 to 8 are the first epoch; 8 is the checkpoint.
        if (!killed && Lines(FileContents("runs/killed/metrics.jsonl")) >= 10) {
          kill(child, SIGKILL);
          killed = true;
        }
      });
  ASSERT_EQ(result.exit_code, -SIGKILL)
      << "the program was faster than the test: " << result.output;
  EXPECT_TRUE(Weights("killed") != Weights("wide"));
  const ProgramResult resumed = RunProgram({"train", "--resume", "runs/killed"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.output;
  EXPECT_THAT(resumed.output, HasSubstr("going on at step 8 of 16"));
  EXPECT_TRUE(Weights("killed") == Weights("wide"));
  EXPECT_EQ(Lines(FileContents("runs/killed/metrics.jsonl")), 17u);
}

// The exit status is what shells give a program that the signal ended: not 0.
TEST(Training, ASignalWritesACheckpointAndSaysHowToGoOn) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const std::string name = "signal" + std::to_string(signal);
    WriteScratchFile("signal.textproto", SmallAutoencoder(name));
    bool sent = false;
    const ProgramResult result = RunProgram({"train", "signal.textproto"}, [&](pid_t child) {
      if (!sent && Lines(FileContents("runs/" + name + "/metrics.jsonl")) >= 2) {
        kill(child, signal);
        sent = true;
      }
    });
    ASSERT_EQ(result.exit_code, 128 + signal) << result.output;
    ASSERT_THAT(result.output, HasSubstr("Go on with: pretext train --resume runs/" + name));
    ASSERT_EQ(RunProgram({"train", "--resume", "runs/" + name}).exit_code, 0);
    EXPECT_TRUE(Weights(name) == Uninterrupted());
  }
}

// Seconds after a checkpoint is there: in the evaluation, which takes minutes here.
TEST(Training, ASignalEndsAnEvaluation) {
  WriteScratchFile("long.textproto", SmallAutoencoder("long"));
  using Clock = std::chrono::steady_clock;
  bool sent = false;
  Clock::time_point when;
  const ProgramResult result = RunProgram(
      {"train", "long.textproto", "--override",
       "train { steps: 1 } encoder { [type.googleapis.com/pretext.Mlp] { code: 100000 } }"},
      [&](pid_t child) {
        if (sent || FileContents("output.txt").find("evaluation: ") == std::string::npos) return;
        EXPECT_FALSE(Weights("long").empty());
        kill(child, SIGTERM);
        sent = true;
        when = Clock::now();
      });
  ASSERT_EQ(result.exit_code, 128 + SIGTERM) << result.output;
  EXPECT_LT(Clock::now() - when, std::chrono::seconds(3));
  EXPECT_THAT(result.output, HasSubstr("Go on with: pretext train --resume"));
  EXPECT_EQ(FileContents("runs/long/metrics.jsonl").find("eval"), std::string::npos);
}

TEST(Training, ASecondSignalEndsAtOnce) {
  WriteScratchFile("twice.textproto", SmallAutoencoder("twice"));
  bool sent = false;
  const ProgramResult result = RunProgram(
      {"train", "twice.textproto", "--override",
       "train { epochs: 100000 log_every: 1 } encoder { [type.googleapis.com/pretext.Mlp] { "
       "hidden: [4096, 4096] } }"},
      [&](pid_t child) {
        if (sent || FileContents("runs/twice/metrics.jsonl").empty()) return;
        kill(child, SIGINT);
        kill(child, SIGTERM);
        sent = true;
      });
  EXPECT_TRUE(result.exit_code == 128 + SIGINT || result.exit_code == 128 + SIGTERM)
      << result.exit_code;
  EXPECT_EQ(result.output.find("Go on with"), std::string::npos) << result.output;
}

// Lines of metrics without what is another each time.
std::string MetricsWithoutSpeed(const std::string& run) {
  return std::regex_replace(FileContents("runs/" + run + "/metrics.jsonl"),
                            std::regex("\"items_per_second\":[^,}]*"), "");
}

// Lines are means over three steps; the run is stopped between two of them, and where an evaluation
// is due.
TEST(Training, AnInterruptedRunHasTheLinesOfAnUninterruptedOne) {
  const std::string often =
      "train { log_every: 3 epochs: 4 } evaluate { every_epochs: 1 } encoder { "
      "[type.googleapis.com/pretext.Mlp] { hidden: [512, 512] } }";
  WriteScratchFile("lines.textproto", SmallAutoencoder("lines"));
  ASSERT_EQ(RunProgram({"train", "lines.textproto", "--override", often}).exit_code, 0);
  const std::string want = MetricsWithoutSpeed("lines");
  EXPECT_EQ(Lines(want), 11u + 4u);
  for (const size_t lines : {1, 4, 8}) {
    const std::string name = "lines" + std::to_string(lines);
    bool sent = false;
    ProgramResult result = RunProgram(
        {"train", "lines.textproto", "--override", often, "--override", "name: \"" + name + "\""},
        [&](pid_t child) {
          if (sent || Lines(FileContents("runs/" + name + "/metrics.jsonl")) < lines) return;
          kill(child, SIGINT);
          sent = true;
        });
    EXPECT_EQ(result.exit_code, 128 + SIGINT) << result.output;
    result = RunProgram({"train", "--resume", "runs/" + name});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_EQ(MetricsWithoutSpeed(name), want) << "stopped after " << lines << " lines";
    EXPECT_TRUE(Weights(name) == Weights("lines"));
  }
}

// On the way the validation split is measured, and at the end the test split too.
TEST(Training, TheTestSplitWaitsForTheEndWhereThereIsAValidationSplit) {
  WriteScratchFile("validated.textproto", SmallAutoencoder("validated"));
  const ProgramResult result =
      RunProgram({"train", "validated.textproto", "--override",
                  "evaluate { validation: 0.2 every_epochs: 1 } checkpoints { best: \"probe\" }"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("of the training samples kept for validation"));
  std::istringstream metrics(FileContents("runs/validated/metrics.jsonl"));
  std::vector<std::string> evaluations;
  for (std::string line; std::getline(metrics, line);)
    if (line.find("\"eval\"") != std::string::npos) evaluations.push_back(line);
  ASSERT_EQ(evaluations.size(), 2u);
  for (const std::string& line : evaluations) {
    EXPECT_THAT(line, AllOf(HasSubstr("\"validation_mse\":"), HasSubstr("\"validation_loss\":"),
                            HasSubstr("\"validation_knn\":"), HasSubstr("\"validation_probe\":")));
  }
  EXPECT_EQ(evaluations[0].find("test_"), std::string::npos) << evaluations[0];
  EXPECT_THAT(evaluations[1], AllOf(HasSubstr("\"test_mse\":"), HasSubstr("\"test_loss\":"),
                                    HasSubstr("\"probe\":"), HasSubstr("\"raw_probe\":")));
  EXPECT_GT(FileContents("runs/validated/checkpoints/best/weights.safetensors").size(), 1000u);
}

// A contrastive loss without labels: its held-out loss is what there is to choose by.
TEST(Training, TheBestCheckpointIsThatOfAnyFigureThatThePipelineMeasures) {
  WriteScratchFile("best.textproto", SmallAutoencoder("best"));
  const std::string contrastive =
      "evaluate { every_epochs: 1 validation: 0.2 } views { count: 2 augmentation { "
      "[type.googleapis.com/pretext.GaussianNoise] { deviation: 0.1 } } } head { "
      "[type.googleapis.com/pretext.ProjectionMlp] { hidden: 8 output: 4 } } loss { "
      "[type.googleapis.com/pretext.NtXent] {} } dataset { [type.googleapis.com/pretext.IdxImages] "
      "{ labels: \"\" test_labels: \"\" } } train { batch_size: 32 }";
  for (const char* const best : {"loss", "test_loss", "validation_loss"}) {
    const std::string name = std::string("best_") + best;
    const ProgramResult result =
        RunProgram({"train", "best.textproto", "--override", contrastive, "--override",
                    "name: \"" + name + "\" checkpoints { best: \"" + best + "\" }"});
    ASSERT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("the checkpoint with the lowest validation_loss"));
    EXPECT_THAT(FileContents("runs/" + name + "/metrics.jsonl"), HasSubstr("\"validation_loss\":"));
    EXPECT_GT(FileContents("runs/" + name + "/checkpoints/best/weights.safetensors").size(), 100u);
  }
  EXPECT_THAT(FileContents("runs/best_loss/metrics.jsonl"), Not(HasSubstr("loss_batch")));
  // A loss of pairs says of how many samples they were, where these are fewer than in training.
  const ProgramResult smaller =
      RunProgram({"train", "best.textproto", "--override", contrastive, "--override",
                  "name: \"best_smaller\" train { batch_size: 128 }"});
  EXPECT_THAT(smaller.output, AllOf(HasSubstr("warning: the held-out loss is of batches of "),
                                    HasSubstr("validation loss "), HasSubstr(", of batches of ")));
  EXPECT_THAT(FileContents("runs/best_smaller/metrics.jsonl"), HasSubstr("\"loss_batch\":"));
  const ProgramResult refused = RunProgram({"validate", "best.textproto", "--override", contrastive,
                                            "--override", "checkpoints { best: \"probe\" }"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.output, AllOf(HasSubstr("--override #2:1:15: checkpoints.best: "),
                                    HasSubstr("It measures: validation_loss")));
}

TEST(Training, WithoutATestSplitItIsSaidThatNothingIsMeasured) {
  WriteScratchFile("untested.textproto", SmallAutoencoder("untested"));
  const ProgramResult result = RunProgram({"train", "untested.textproto", "--override",
                                           "dataset { [type.googleapis.com/pretext.IdxImages] { "
                                           "test_images: \"\" test_labels: \"\" } }"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("no test split, and nothing is measured"));
}

TEST(Training, ResumingAFinishedRunChangesNothing) {
  Uninterrupted();
  const std::string folder = ScratchFolder() + "/runs/whole";
  const auto files = [&] {
    std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file() || entry.path().filename() == ".lock") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      all[entry.path()] = {{std::istreambuf_iterator<char>(file), {}}, entry.last_write_time()};
    }
    return all;
  };
  const auto before = files();
  EXPECT_GE(before.size(), 6u);
  const ProgramResult result = RunProgram({"train", "--resume", "runs/whole"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("the run is finished"));
  EXPECT_TRUE(files() == before);
}

TEST(Training, ARunGoesOnWithWhatItWasBegunWith) {
  WriteScratchFile("bound.textproto", SmallAutoencoder("bound"));
  ASSERT_EQ(RunProgram({"train", "bound.textproto", "--override", "train { epochs: 1 }"}).exit_code,
            0);
  const std::string pipeline = FileContents("runs/bound/pipeline.textproto");
  const ProgramResult refused = RunProgram(
      {"train", "--resume", "runs/bound", "--override", "train { epochs: 2 batch_size: 32 }"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.output, HasSubstr("train.batch_size: is 32 now, and was 64"));
  EXPECT_EQ(FileContents("runs/bound/pipeline.textproto"), pipeline);
  const ProgramResult shorter =
      RunProgram({"train", "--resume", "runs/bound", "--override", "train { steps: 3 }"});
  EXPECT_EQ(shorter.exit_code, 2);
  EXPECT_THAT(shorter.output, HasSubstr("at step 8 already"));
  // What may change is the run's from then on.
  ASSERT_EQ(RunProgram({"train", "--resume", "runs/bound", "--override", "train { epochs: 2 }"})
                .exit_code,
            0);
  EXPECT_THAT(FileContents("runs/bound/pipeline.textproto"), HasSubstr("epochs: 2"));
  EXPECT_THAT(RunProgram({"train", "--resume", "runs/bound"}).output, HasSubstr("all of its 16"));
  // Other data.
  std::string images = FileContents("train-images");
  images.back() ^= 1;
  WriteScratchFile("other-images", images);
  const ProgramResult other = RunProgram(
      {"train", "--resume", "runs/bound", "--override",
       "dataset { [type.googleapis.com/pretext.IdxImages] { images: \"other-images\" } }"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.output, HasSubstr("the data: is 512 samples"));
}

TEST(Training, KilledBeforeItsFirstCheckpointARunBeginsAnew) {
  WriteScratchFile("early.textproto", SmallAutoencoder("early"));
  bool killed = false;
  const ProgramResult result =
      RunProgram({"train", "early.textproto", "--override", "output { directory: \"early\" }"},
                 [&](pid_t child) {
                   if (killed || FileContents("early/pipeline.textproto").empty()) return;
                   kill(child, SIGKILL);
                   killed = true;
                 });
  ASSERT_EQ(result.exit_code, -SIGKILL);
  const ProgramResult resumed = RunProgram({"train", "--resume", "early"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.output;
  EXPECT_TRUE(FileContents("early/checkpoint/weights.safetensors") == Uninterrupted());
  EXPECT_EQ(Lines(FileContents("early/metrics.jsonl")), 17u);
}

// What is wrong is found before there is a folder.
TEST(Training, ARunThatCannotBeginLeavesNoFolder) {
  WriteScratchFile("none.textproto", SmallAutoencoder("none"));
  EXPECT_EQ(
      RunProgram({"train", "none.textproto", "--override", "train { batch_size: 600 }"}).exit_code,
      2);
  EXPECT_FALSE(std::filesystem::exists(ScratchFolder() + "/runs/none"));
  std::filesystem::create_directories(ScratchFolder() + "/mine");
  WriteScratchFile("mine/notes", "precious");
  const ProgramResult result =
      RunProgram({"train", "none.textproto", "--override", "output { directory: \"mine\" }"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.output, AllOf(HasSubstr("mine"), HasSubstr("notes")));
}

TEST(Training, ADamagedCheckpointIsNamedOrFallenBackFrom) {
  WriteScratchFile("kept.textproto", SmallAutoencoder("kept"));
  const std::string two =
      "name: \"two\" checkpoints { keep: 2 best: \"test_mse\" } evaluate { every_epochs: 1 }";
  ASSERT_EQ(RunProgram({"train", "kept.textproto"}).exit_code, 0);
  ASSERT_EQ(RunProgram({"train", "kept.textproto", "--override", two}).exit_code, 0);
  for (const char* run : {"kept", "two"}) {
    const std::string path = std::string("runs/") + run + "/checkpoint/optimizer.safetensors";
    std::string contents = FileContents(path);
    contents[contents.size() / 2] ^= 1;
    WriteScratchFile(path, contents);
  }
  const ProgramResult kept = RunProgram({"train", "--resume", "runs/kept"});
  EXPECT_EQ(kept.exit_code, 1);
  EXPECT_THAT(kept.output, AllOf(HasSubstr("runs/kept/checkpoint/optimizer.safetensors"),
                                 HasSubstr("is damaged")));
  const ProgramResult back = RunProgram({"train", "--resume", "runs/two"});
  EXPECT_EQ(back.exit_code, 0);
  EXPECT_THAT(back.output, AllOf(HasSubstr("is damaged"), HasSubstr("checkpoints/step-8"),
                                 HasSubstr("going on at step 8 of 16")));
  EXPECT_TRUE(Weights("two") == Uninterrupted());
  EXPECT_TRUE(FileContents("runs/two/checkpoints/best/weights.safetensors") == Uninterrupted());
}

TEST(Training, ALossThatIsNotFiniteStopsWithItsPlaceAndKeepsTheCheckpoint) {
  WriteScratchFile("nan.textproto", SmallAutoencoder("nan"));
  ASSERT_EQ(RunProgram({"train", "nan.textproto", "--override", "train { epochs: 1 }"}).exit_code,
            0);
  const std::string before = Weights("nan");
  const ProgramResult result =
      RunProgram({"train", "--resume", "runs/nan", "--override",
                  "train { epochs: 3 } optimizer { [type.googleapis.com/pretext.Adam] { "
                  "learning_rate: 1e30 } }"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("the loss is "), HasSubstr(" at step "), HasSubstr("operation "),
                    HasSubstr("last good checkpoint, if there is one")));
  EXPECT_TRUE(Weights("nan") == before);
}

// What is evaluated has the size and the scale of what was trained on; the error is still that of
// the samples themselves, which an untrained decoder misses by far more than 0.05.
TEST(Training, EvaluatesWhatTheViewsMakeOfASample) {
  WriteScratchFile("resized.textproto", SmallAutoencoder("resized"));
  const ProgramResult result = RunProgram(
      {"train", "resized.textproto", "--override", "train { epochs: 100 }", "--override",
       "views { augmentation { [type.googleapis.com/pretext.RandomResizedCrop] { min_area: 1 "
       "min_aspect: 1 max_aspect: 1 height: 6 width: 6 } } augmentation { "
       "[type.googleapis.com/pretext.Normalize] { mean: 0.4 deviation: 0.1 } } }"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const std::string metrics = FileContents("runs/resized/metrics.jsonl");
  const size_t at = metrics.rfind("\"test_mse\":");
  ASSERT_NE(at, std::string::npos);
  const double error = std::stod(metrics.substr(at + 11));
  EXPECT_FALSE(!(error < 0.05)) << error;
}

TEST(Training, ASecondRunNeverOverwritesTheFirst) {
  const std::string before = Uninterrupted();
  const ProgramResult result =
      RunProgram({"train", "whole.textproto", "--override", "train { epochs: 1 }"});
  EXPECT_THAT(result.output, HasSubstr("runs/whole-2"));
  EXPECT_TRUE(Weights("whole") == before);
}

// What only loading can tell has its place in the text too.
TEST(Training, FaultsOfTheDataAreToldAtTheirPlace) {
  WriteScratchFile("loaded.textproto", SmallAutoencoder("loaded"));
  ProgramResult result =
      RunProgram({"train", "loaded.textproto", "--override",
                  "dataset { [type.googleapis.com/pretext.IdxImages] { class_names: 'a' } }"});
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr(":1:1: dataset: "), HasSubstr("class_names 1")));
  // All of one content go together.
  WriteScratchFile("alike", std::string({0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 8, 0, 0, 0, 8}) +
                                std::string(40 * 64, 'x'));
  result = RunProgram(
      {"train", "loaded.textproto", "--override",
       "dataset { [type.googleapis.com/pretext.IdxImages] { images: 'alike' "
       "labels: '' test_labels: '' } } evaluate { validation: 0.5 } train { batch_size: 8 }"});
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr(": evaluate.validation: 0.5 of 40 samples leaves none"));
}

TEST(Training, WhatIsWrongIsSaid) {
  EXPECT_THAT(RunProgram({"train", "missing.textproto"}).output, HasSubstr("missing.textproto"));
  EXPECT_THAT(RunProgram({"trian"}).output, HasSubstr("did you mean train"));
  EXPECT_THAT(RunProgram({"train", "--resume", "nothing"}).output, HasSubstr("is not a run"));
  WriteScratchFile("faulty.textproto", SmallAutoencoder("faulty") + "\ntrain { batch_size: 0 }");
  const ProgramResult result = RunProgram({"train", "faulty.textproto"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.output, HasSubstr("faulty.textproto:"));
  WriteScratchFile("large.textproto", SmallAutoencoder("large"));
  EXPECT_THAT(
      RunProgram({"train", "large.textproto", "--override", "train { batch_size: 600 }"}).output,
      HasSubstr("more than the 512 training samples"));
}

}  // namespace
}  // namespace pretext
