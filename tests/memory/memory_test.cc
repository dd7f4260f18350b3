// What `pretext validate` says a training will take of memory, beside what it takes; and what does
// not fit, refused before anything is read.
#include <sys/resource.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check/sanitizers.h"
#include "bench/pictures/generated_jpegs.h"
#include "gtest/gtest.h"
#include "tests/program.h"

namespace pretext {
namespace {

// "123.4 MB" in bytes; -1 if it is none.
double Bytes(const std::string& number, const std::string& unit) {
  double value = -1, factor = 1;
  for (const char* name : {"bytes", "KB", "MB", "GB", "TB"}) {
    if (unit == name) return absl::SimpleAtod(number, &value) ? value * factor : -1;
    factor *= 1000;
  }
  return -1;
}

// Of the line "memory         about 123.4 MB of 24.0 GB: …".
double EstimateIn(const std::string& output) {
  for (const absl::string_view line : absl::StrSplit(output, '\n')) {
    if (!absl::StartsWith(line, "memory ")) continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() > 3) return Bytes(words[2], words[3]);
  }
  return -1;
}

// The most that the process has had resident.
double PeakBytes(pid_t process) {
  std::ifstream status(absl::StrCat("/proc/", process, "/status"));
  for (std::string line; std::getline(status, line);) {
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    double kilobytes = 0;
    if (words.size() > 1 && words[0] == "VmHWM:" && absl::SimpleAtod(words[1], &kilobytes)) {
      return 1024 * kilobytes;
    }
  }
  return 0;
}

// Of the process of a training, or of the one that takes most.
double PeakOfProcesses(pid_t first) {
  double most = PeakBytes(first);
  for (const pid_t other : ChildrenOf(first)) most = std::max(most, PeakBytes(other));
  return most;
}

// As much as is taken, but for what loading leaves in the heap, and a quarter more at most
// (measured: 1.03 to 1.12); of small trainings some megabytes less or more.
constexpr double kLeast = 0.97, kMost = 1.25, kMegabytes = 12e6;

// What `validate` says, which knows of one process; what the training says of several.
void ExpectEstimate(const std::string& pipeline, const std::string& override, int processes = 1) {
  double peak = 0;
  const ProgramResult trained = RunProgram(
      {"train", pipeline, "--override", override, absl::StrCat("--processes=", processes)},
      [&](pid_t first) { peak = std::max(peak, PeakOfProcesses(first)); });
  ASSERT_EQ(trained.exit_code, 0) << trained.output;
  const ProgramResult said =
      processes > 1 ? trained : RunProgram({"validate", pipeline, "--override", override});
  ASSERT_EQ(said.exit_code, 0) << said.output;
  const double estimate = EstimateIn(said.output);
  ASSERT_GT(estimate, 0) << said.output;
  std::printf("%s: %.0f MB said, %.0f MB measured, %.2f times\n", pipeline.c_str(), estimate / 1e6,
              peak / 1e6, estimate / peak);
  EXPECT_GE(estimate, std::min(kLeast * peak, peak - kMegabytes)) << said.output;
  EXPECT_LE(estimate, std::max(kMost * peak, peak + kMegabytes)) << said.output;
}

class MemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitizerTakesMemory) GTEST_SKIP();
  }
};

class ShippedTest : public MemoryTest, public testing::WithParamInterface<std::string> {};

TEST_P(ShippedTest, TakesWhatIsSaid) {
  const std::string path =
      std::filesystem::absolute(absl::StrCat("pipelines/", GetParam(), ".textproto")).string();
  ExpectEstimate(path,
                 "train { steps: 3 } schedule { warmup_steps: 0 } evaluate { every_epochs: 0 "
                 "max_train_samples: 4000 max_test_samples: 500 probe { max_iterations: 3 } } "
                 "output { directory: '' tensorboard: false }");
}

INSTANTIATE_TEST_SUITE_P(Pipelines, ShippedTest,
                         testing::Values("fashion_mnist_autoencoder",
                                         "fashion_mnist_conv_autoencoder", "fashion_mnist_simclr",
                                         "fashion_mnist_simclr_resnet18"),
                         [](const auto& info) { return info.param; });

TEST_F(MemoryTest, AWideModelTakesWhatIsSaid) {
  WriteScratchFile("wide.textproto", SmallAutoencoder("wide"));
  ExpectEstimate("wide.textproto",
                 "train { steps: 2 } encoder { [type.googleapis.com/pretext.Mlp] { hidden: [4000, "
                 "4000] code: 4 } }");
}

// Each process has z, the target and what the loss makes of them of the whole batch, however few
// blocks it has of it.
TEST_F(MemoryTest, AWideHeadInBlocksTakesWhatIsSaid) {
  WriteScratchFile("blocks.textproto", SmallAutoencoder("blocks"));
  for (const int processes : {1, 4}) {
    ExpectEstimate("blocks.textproto",
                   absl::StrCat("name: 'blocks", processes,
                                "' views { count: 2 augmentation { "
                                "[type.googleapis.com/pretext.GaussianNoise] {} } } "
                                "head { [type.googleapis.com/pretext.DinoHead] { hidden: 64 "
                                "bottleneck: 32 output: 16384 } } "
                                "teacher { momentum { from: 0.99 } } "
                                "loss { [type.googleapis.com/pretext.Dino] {} } "
                                "train { steps: 4 batch_size: 256 blocks: 4 } "
                                "output { tensorboard: false }"),
                   processes);
  }
}

// The rows of NT-Xent's blocks travel: each block has its own, those that are with it and those
// that come next.
TEST_F(MemoryTest, WideRowsThatTravelTakeWhatIsSaid) {
  WriteScratchFile("ring.textproto", SmallAutoencoder("ring"));
  ExpectEstimate("ring.textproto",
                 "name: 'ring4' views { count: 2 augmentation { "
                 "[type.googleapis.com/pretext.GaussianNoise] {} } } "
                 "head { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 64 output: 8192 } } "
                 "loss { [type.googleapis.com/pretext.NtXent] {} } "
                 "train { steps: 4 batch_size: 512 blocks: 4 } output { tensorboard: false }",
                 /*processes=*/4);
}

// Text: wide layers, and a vocabulary whose pairs of tokens are counted.
TEST_F(MemoryTest, AMaskedLanguageModelTakesWhatIsSaid) {
  std::string corpus;
  for (int i = 0; i < 200000; ++i) {
    corpus += "w" + std::to_string(i * 7919 % 1009 * (i % 7 + 1)) + (i % 20 == 19 ? "\n\n" : " ");
  }
  WriteScratchFile("corpus.txt", corpus);
  WriteScratchFile(
      "language.textproto",
      SmallLanguageModel("language", 4000,
                         "optimizer { [type.googleapis.com/pretext.AdamW] {} } train { "
                         "steps: 3 batch_size: 64 }"));
  ExpectEstimate(
      "language.textproto",
      "encoder { [type.googleapis.com/pretext.Transformer] { layers: 4 width: 256 heads: "
      "4 } } dataset { [type.googleapis.com/pretext.Text] { sequence_length: 128 } } "
      "evaluate { max_test_samples: 64 batch_size: 64 }");
}

// Pictures that are decoded as they are needed: their files wait, and they take 2.2 GB of pixels.
TEST_F(MemoryTest, PicturesLargerThanMemoryTakeWhatIsSaid) {
  const std::string pictures = ScratchFolder() + "/pictures";
  ASSERT_TRUE(WriteGeneratedJpegs(pictures, 4000, 200).ok());
  WriteScratchFile(
      "pictures.textproto",
      "name: 'pictures' dataset { [type.googleapis.com/pretext.ImageFolder] { directory: "
      "'pictures' height: 32 width: 32 held_out: 0.1 storage: DECODE cache_directory: 'cache' } } "
      "views { count: 2 augmentation { [type.googleapis.com/pretext.RandomResizedCrop] {} } } "
      "encoder { [type.googleapis.com/pretext.ConvNet] { channels: [16, 32] stride: [2, 2] code: 0 "
      "} } head { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 64 output: 32 } } "
      "loss { [type.googleapis.com/pretext.NtXent] {} } "
      "optimizer { [type.googleapis.com/pretext.Adam] {} } train { steps: 3 batch_size: 128 }");
  ExpectEstimate("pictures.textproto",
                 "evaluate { max_train_samples: 600 max_test_samples: 200 probe { max_iterations: "
                 "3 } } output { tensorboard: false }");
}

// Each thread keeps what it has decoded: of 500 × 375 pixels the whole and its parts, 0.7 MB, and
// what crops of them are resized from.
TEST_F(MemoryTest, ThreadsThatDecodeAreCounted) {
  ASSERT_TRUE(WriteGeneratedJpegs(ScratchFolder() + "/few", 64, 64).ok());
  WriteScratchFile("few.textproto", SmallAutoencoder("few"));
  const auto estimate = [](int threads) {
    const ProgramResult said = RunProgram(
        {"validate", "few.textproto", "--override",
         absl::StrCat("dataset { [type.googleapis.com/pretext.ImageFolder] { directory: 'few' "
                      "height: 32 width: 32 held_out: 0.1 storage: DECODE cache_directory: "
                      "'cache' } } views { augmentation { "
                      "[type.googleapis.com/pretext.RandomResizedCrop] {} } } "
                      "train { batch_size: 8 threads: ",
                      threads, " }")});
    EXPECT_EQ(said.exit_code, 0) << said.output;
    return EstimateIn(said.output);
  };
  const double more = estimate(101) - estimate(1);
  EXPECT_TRUE(more >= 100 * 0.7e6 && more <= 100 * 2e6) << more;
}

// As the shell's ulimit -v; the program inherits it.
class AddressLimit {
 public:
  explicit AddressLimit(rlim_t bytes) {
    getrlimit(RLIMIT_AS, &before_);
    const rlimit lower{bytes, before_.rlim_max};
    setrlimit(RLIMIT_AS, &lower);
  }
  ~AddressLimit() { setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_;
};

// Whatever the limit, a training is done, refused or ended with a message: no library comes to an
// address that it was not given.
TEST_F(MemoryTest, NoLimitOfAddressSpaceEndsInASignal) {
  if (kSanitizerTakesMemory) GTEST_SKIP();
  WriteScratchFile("limited.textproto", SmallAutoencoder("limited"));
  int done = 0, refused = 0;
  setenv("OMP_NUM_THREADS", "1", 1);
  for (int64_t megabytes = 560; megabytes <= 840; megabytes += 20) {
    const AddressLimit limit(static_cast<rlim_t>(megabytes) << 20);
    const ProgramResult result = RunProgram(
        {"train", "limited.textproto", "--override",
         absl::StrCat("train { epochs: 1 blocks: 4 } name: \"limited", megabytes, "\"")});
    EXPECT_TRUE(result.exit_code >= 0 && result.exit_code <= 2)
        << megabytes << " MB: " << result.exit_code << "\n"
        << result.output;
    done += result.exit_code == 0;
    refused += result.exit_code == 2;
  }
  unsetenv("OMP_NUM_THREADS");
  EXPECT_GT(done, 0);
  EXPECT_GT(refused, 0);
}

TEST_F(MemoryTest, WhatDoesNotFitIsRefusedWithItsReason) {
  WriteScratchFile("refused.textproto", SmallAutoencoder("refused"));
  const auto refused = [](const std::string& command, const std::string& change) {
    const AddressLimit limit(rlim_t{2} << 30);
    return RunProgram({command, "refused.textproto", "--override", change});
  };
  const struct {
    const char *change, *where, *what;
  } cases[] = {
      {"encoder { [type.googleapis.com/pretext.Mlp] { hidden: [20000, 20000] } }",
       "encoder:", "parameters and gradients"},
      {"dataset { [type.googleapis.com/pretext.IdxImages] {} } views { augmentation { "
       "[type.googleapis.com/pretext.RandomResizedCrop] { height: 512 width: 512 } } } "
       "encoder { [type.googleapis.com/pretext.ResNet] { stem: CIFAR } } train { batch_size: 64 }",
       "train.batch_size:", "activations"},
  };
  for (const auto& [change, where, what] : cases) {
    for (const char* command : {"validate", "train"}) {
      const ProgramResult result = refused(command, change);
      EXPECT_EQ(result.exit_code, 2) << result.output;
      EXPECT_TRUE(absl::StrContains(result.output, where)) << result.output;
      EXPECT_TRUE(absl::StrContains(result.output, what)) << result.output;
      EXPECT_TRUE(absl::StrContains(result.output, "ulimit -v")) << result.output;
    }
  }
  EXPECT_FALSE(std::filesystem::exists(ScratchFolder() + "/runs/refused")) << "no run is made";
}

}  // namespace
}  // namespace pretext
