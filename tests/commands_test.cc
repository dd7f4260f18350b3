// The program's commands as a shell sees them: flags, help, output that cannot be written, paths
// that cannot be looked at, and what is said of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "base/check/sanitizers.h"
#include "tests/program.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Commands, AForeignFlagEndsWith2) {
  for (const auto& [arguments, flag] : {
           std::pair<std::vector<std::string>, std::string>{
               {"fill-mask", "run", "a [MASK]", "--override", "nonsense {"}, "--override"},
           {{"embed", "run", "--text", "t", "--out", "o", "--resume", "run"}, "--resume"},
           {{"validate", "p.textproto", "--resume", "nowhere"}, "--resume"},
           {{"train", "p.textproto", "--out", "model.bin", "--json"}, "--out"},
           {{"plugins", "--override", "nonsense {"}, "--override"},
           {{"train", "p.textproto", "--nonsense"}, "--nonsense"},
       }) {
    const ProgramResult result = RunProgram(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.output;
    EXPECT_THAT(result.output, AllOf(HasSubstr("pretext " + arguments[0]), HasSubstr(flag)));
  }
  EXPECT_EQ(RunProgram({"--override", "x", "train"}).exit_code, 2);
}

// The name in its example is one that it takes.
TEST(Commands, TheExampleOfNewIsGood) {
  const std::string help = RunProgram({"new", "--help"}).output;
  std::istringstream example(help.substr(help.find("pretext new ", help.find("For example"))));
  std::string pretext, command, kind, name;
  example >> pretext >> command >> kind >> name;
  const ProgramResult result = RunProgram({command, kind, name, "--pretext", "nowhere"});
  EXPECT_THAT(result.output, HasSubstr("is no checkout of pretext")) << kind << " " << name;
}

// What the number of samples makes impossible, told by the files' headers (512 images here).
TEST(Commands, ValidateCountsTheSamples) {
  WriteScratchFile("small.textproto", SmallAutoencoder("small"));
  const auto validate = [](const std::string& text) {
    return RunProgram({"validate", "small.textproto", "--override", text});
  };
  for (const auto& [text, field] : std::vector<std::pair<std::string, std::string>>{
           {"train { batch_size: 513 }", "batch_size"},
           {"train { epochs: 1 batch_size: 64 } schedule { warmup_steps: 9 }", "warmup_steps"},
           {"train { steps: 7 batch_size: 64 } schedule { warmup_epochs: 1 }", "warmup_epochs"},
           {"train { batch_size: 73 drop_last: false } "
            "encoder { [type.googleapis.com/pretext.Mlp] { normalization: BATCH } }",
            "drop_last"}}) {
    const ProgramResult result = validate(text);
    EXPECT_EQ(result.exit_code, 2) << text << result.output;
    EXPECT_THAT(result.output, HasSubstr(field));
  }
  // Of these it is not known how many are left to train on.
  EXPECT_EQ(validate("train { batch_size: 73 drop_last: false } evaluate { validation: 0.1 } "
                     "encoder { [type.googleapis.com/pretext.Mlp] { normalization: BATCH } }")
                .exit_code,
            0);
  EXPECT_EQ(validate("train { batch_size: 512 }").exit_code, 0);
}

TEST(Commands, HelpAndVersionAreAnswered) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"train", "--help"}, {"help", "train"}, {"--help", "train"}}) {
    const ProgramResult result = RunProgram(arguments);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.output, AllOf(HasSubstr("--override TEXT"), HasSubstr("--resume RUN"),
                                     HasSubstr("Exit status")));
  }
  const ProgramResult version = RunProgram({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.output, AllOf(HasSubstr("pretext 0."), HasSubstr("compiled for"),
                                    HasSubstr("OpenBLAS"), Not(HasSubstr("ebug"))));
  EXPECT_EQ(RunProgram({"version"}).output, version.output);
}

// As a full disk and a reader that has gone.
TEST(Commands, OutputThatCannotBeWrittenIsAFailure) {
  WriteScratchFile("small.textproto", SmallAutoencoder("small"));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"plugins"},
        {"version"},
        {"--help"},
        {"train", "--help"},
        {"validate", "small.textproto"},
        {"train", "small.textproto", "--override", "train { epochs: 1 }"}}) {
    const ProgramResult result = RunProgramInto("/dev/full", arguments);
    EXPECT_EQ(result.exit_code, 1) << arguments[0];
    EXPECT_THAT(result.output, HasSubstr("standard output: cannot be written")) << arguments[0];
  }
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  const ProgramResult result =
      RunProgramInto("/proc/self/fd/" + std::to_string(ends[1]), {"plugins"});
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("standard output: cannot be written"));
  close(ends[1]);
}

TEST(Commands, AResultOnStandardOutputIsNotMixedWithWhatIsSaid) {
  WriteScratchFile("small.textproto", SmallAutoencoder("small"));
  WriteScratchFile("sheet.png", "");
  const ProgramResult result = RunProgramInto(
      ScratchFolder() + "/sheet.png", {"preview", "small.textproto", "--out", "/dev/stdout"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(FileContents("sheet.png").substr(0, 4), "\x89PNG");
  EXPECT_THAT(FileContents("sheet.png"), testing::EndsWith("IEND\xae\x42\x60\x82"));
  EXPECT_THAT(result.output, HasSubstr("/dev/stdout"));
}

TEST(Commands, ADeviceAsTheResultIsWrittenIntoAndStays) {
  WriteScratchFile("small.textproto", SmallAutoencoder("small"));
  const ProgramResult result = RunProgram({"preview", "small.textproto", "--out", "/dev/full"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("/dev/full: cannot be written: No space left on device"));
  struct stat info;
  ASSERT_EQ(stat("/dev/full", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
}

TEST(Commands, PathsThatCannotBeLookedAtAreErrors) {
  WriteScratchFile("small.textproto", SmallAutoencoder("small"));
  ASSERT_EQ(symlink("loop", (ScratchFolder() + "/loop").c_str()), 0);
  ASSERT_EQ(mkfifo((ScratchFolder() + "/pipe").c_str(), 0600), 0);
  const std::string long_name(300, 'x');
  for (const std::string& path : {std::string("loop"), long_name, std::string("loop/below")}) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"train", "small.textproto", "--override",
                                   "output { directory: '" + path + "' }"},
          {"train", "--resume", path},
          {"fill-mask", path, "a [MASK]"},
          {"validate", path},
          {"embed", path, "--text", "small.textproto", "--out", "o"},
          {"embed", path, "--input", "small.textproto", "--out", "o.npy"},
          {"eval", path, "--dataset", "small.textproto"},
          {"neighbours", path, "--input", "small.textproto", "--among", "o.npy"},
          {"tokenizer", "train", path, "--out", "o"},
          {"tokenizer", "train", "small.textproto", "--out", path},
          {"preview", "small.textproto", "--out", path}}) {
      const ProgramResult result = RunProgram(arguments);
      EXPECT_THAT(result.exit_code, testing::AnyOf(1, 2)) << arguments[0] << result.output;
      EXPECT_THAT(result.output, HasSubstr(path));
    }
  }
  for (const char* path : {"pipe", "/dev/zero", "."}) {
    const ProgramResult result = RunProgram({"validate", path});
    EXPECT_THAT(result.exit_code, testing::AnyOf(1, 2)) << result.output;
    EXPECT_THAT(result.output, HasSubstr(path));
  }
}

TEST(Commands, APathThatCanBeNoFolderIsAFaultOfValidate) {
  WriteScratchFile("small.textproto", SmallAutoencoder("small"));
  const std::string long_name(300, 'x');
  for (const auto& [override, field] : {
           std::pair<std::string, std::string>{"output { directory: '" + long_name + "' }",
                                               "output.directory: "},
           {"output { directory: 'small.textproto/below' }", "output.directory: "},
           {"name: '" + long_name + "'", "name: "},
       }) {
    const ProgramResult result =
        RunProgram({"validate", "small.textproto", "--override", override});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.output, HasSubstr("--override #1:1:"));
    EXPECT_THAT(result.output, HasSubstr(field));
  }
}

// As Slurm's srun -n 2 would start them: both would write the same file.
TEST(Commands, WhatIsForOneProcessIsNotDoneBySeveral) {
  setenv("SLURM_STEP_NUM_TASKS", "2", 1);
  WriteScratchFile("once.textproto", SmallAutoencoder("once"));
  const ProgramResult result = RunProgram({"preview", "once.textproto", "--out", "once.png"});
  const ProgramResult help = RunProgram({"preview", "--help"});
  unsetenv("SLURM_STEP_NUM_TASKS");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("started as one of 2 processes, and preview is for one"));
  EXPECT_EQ(FileContents("once.png"), "");
  EXPECT_EQ(help.exit_code, 0) << help.output;
}

// Under which OpenBLAS would ask for more without end.
TEST(Commands, TooLittleAddressSpaceIsSaidAtTheStart) {
  if (kSanitizerTakesMemory) GTEST_SKIP();
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  const rlimit little = {rlim_t{200} << 20, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &little), 0);
  const ProgramResult result = RunProgram({"version"});
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("out of memory before the start"));
}

TEST(Commands, ASplitWithNothingInItIsAFault) {
  std::string corpus;
  for (int i = 0; i < 50; ++i) corpus += "some words of document " + std::to_string(i) + "\n\n";
  WriteScratchFile("corpus.txt", corpus);
  const std::string all = "dataset { [type.googleapis.com/pretext.Text] { held_out: 0 } }";
  WriteScratchFile(
      "whole.textproto",
      SmallLanguageModel("whole", 100,
                         "optimizer { [type.googleapis.com/pretext.Adam] {} } train { steps: 1 }"));
  const ProgramResult none = RunProgram(
      {"tokenize", "whole.textproto", "--split", "test", "--out", "ids.npy", "--override", all});
  EXPECT_EQ(none.exit_code, 2) << none.output;
  EXPECT_THAT(none.output, HasSubstr("has nothing in the test split"));
  EXPECT_NE(access((ScratchFolder() + "/ids.npy").c_str(), F_OK), 0) << "nothing was written";
  EXPECT_EQ(RunProgram({"tokenize", "whole.textproto", "--out", "ids.npy"}).exit_code, 0);
  // Its own are replaced, and nobody else's of the same kind.
  EXPECT_EQ(RunProgram({"tokenize", "whole.textproto", "--out", "ids.npy"}).exit_code, 0);
  const std::string ids = FileContents("ids.npy"), said = FileContents("ids.tokenizer.txt");
  EXPECT_THAT(said, HasSubstr("ids of the train split by the tokenizer "));
  WriteScratchFile("mine.npy", ids);
  const ProgramResult taken = RunProgram({"tokenize", "whole.textproto", "--out", "mine.npy"});
  EXPECT_EQ(taken.exit_code, 2) << taken.output;
  EXPECT_THAT(taken.output, HasSubstr("is not ids of pretext tokenize"));
  WriteScratchFile("new.tokenizer.txt", "notes");
  const ProgramResult beside = RunProgram({"tokenize", "whole.textproto", "--out", "new.npy"});
  EXPECT_EQ(beside.exit_code, 2) << beside.output;
  EXPECT_EQ(FileContents("new.tokenizer.txt"), "notes");
  EXPECT_EQ(FileContents("new.npy"), "");
}

TEST(Commands, CountsHaveTheirRange) {
  EXPECT_EQ(RunProgram({"fill-mask", "run", "[MASK]", "--top", "0"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"fill-mask", "run", "[MASK]", "--top", "-3"}).exit_code, 2);
}

}  // namespace
}  // namespace pretext
