#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cli/out_path.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Command& Find(const std::string& name) {
  return *std::find_if(Commands().begin(), Commands().end(),
                       [&](const Command& command) { return name == command.name; });
}

std::vector<std::string> Arguments(const std::string& command,
                                   const std::vector<std::string>& words) {
  const auto line = ParseCommandLine(Find(command), words);
  EXPECT_TRUE(line.ok()) << line.status();
  return line.ok() ? line->arguments : std::vector<std::string>();
}

std::string Refusal(const std::string& command, const std::vector<std::string>& words) {
  const auto line = ParseCommandLine(Find(command), words);
  EXPECT_TRUE(absl::IsInvalidArgument(line.status())) << line.status();
  return std::string(line.status().message());
}

TEST(CommandLine, FlagsStandAnywhereAndTheRestAreArguments) {
  const std::string out = testing::TempDir() + "/a.npy";
  EXPECT_THAT(Arguments("embed", {"RUN", "--out", out}), ElementsAre("RUN"));
  EXPECT_EQ(OutPath(Result::kVectors, {}).value(), out);
  EXPECT_THAT(Arguments("embed", {"--out=" + out + "=b", "RUN"}), ElementsAre("RUN"));
  EXPECT_EQ(OutPath(Result::kVectors, {}).value(), out + "=b");
  EXPECT_THAT(Arguments("tokenizer", {"train", "a", "-nolower_case", "b", "--clean=false"}),
              ElementsAre("train", "a", "b"));
}

TEST(CommandLine, AResultThatCannotBeWrittenIsSaidBeforeTheWork) {
  Arguments("embed", {"RUN", "--out", testing::TempDir() + "/no/such/folder/a.npy"});
  EXPECT_THAT(std::string(OutPath(Result::kVectors, {}).status().message()),
              HasSubstr("a.npy: cannot be written: No such file or directory"));
  Arguments("embed", {"RUN", "--out", testing::TempDir()});
  EXPECT_THAT(std::string(OutPath(Result::kVectors, {}).status().message()),
              HasSubstr("Is a directory"));
}

TEST(CommandLine, ATextMayBeginWithADash) {
  EXPECT_THAT(Arguments("fill-mask", {"RUN", "- a [MASK]"}), ElementsAre("RUN", "- a [MASK]"));
  EXPECT_THAT(Arguments("fill-mask", {"RUN", "--wait, [MASK]"}),
              ElementsAre("RUN", "--wait, [MASK]"));
  EXPECT_THAT(Arguments("fill-mask", {"--json", "--", "RUN", "--json"}),
              ElementsAre("RUN", "--json"));
}

// The example is one of this command, with flags that it takes.
TEST(CommandLine, EveryCommandHasAnExampleThatItsHelpShows) {
  for (const Command& command : Commands()) {
    const std::string example(command.example), begin = command.name;
    ASSERT_EQ(example.substr(0, begin.size()), begin) << command.name << " has no example";
    EXPECT_THAT(CommandHelp(command), HasSubstr("For example:\n  pretext " + example + "\n"));
    for (size_t at = example.find(" --"); at != std::string::npos;
         at = example.find(" --", at + 1)) {
      const size_t end = example.find_first_of(" =", at + 3);
      const std::string flag = example.substr(at + 3, end - at - 3);
      EXPECT_TRUE(std::any_of(command.flags.begin(), command.flags.end(),
                              [&](const CommandFlag& known) { return flag == known.name; }))
          << command.name << " takes no --" << flag;
    }
  }
}

TEST(CommandLine, EveryOverrideCounts) {
  Arguments("validate", {"p", "--override", "a", "--override=b"});
  EXPECT_THAT(Overrides(), ElementsAre("a", "b"));
}

TEST(CommandLine, WhatIsGivenTwiceIsAFault) {
  EXPECT_THAT(Refusal("embed", {"RUN", "--out", "a.npy", "--out=b.npy"}),
              HasSubstr("pretext embed: --out is given twice"));
  EXPECT_THAT(Refusal("export", {"RUN", "--with-head", "--nowith_head"}),
              HasSubstr("--with_head is given twice"));
}

TEST(CommandLine, AFlagOfAnotherCommandIsNamedWithItsOwners) {
  EXPECT_THAT(Refusal("fill-mask", {"RUN", "--override", "x"}),
              AllOf(HasSubstr("pretext fill-mask does not take --override"),
                    HasSubstr("a flag of train, repro, validate, preview, tokenize"),
                    HasSubstr("It takes --top, --json, --help")));
  EXPECT_THAT(Refusal("plugins", {"--json"}), HasSubstr("It takes --help"));
  // None of any command's, whatever its form.
  for (const Command& command : Commands()) {
    for (const Command& other : Commands()) {
      for (const CommandFlag& flag : other.flags) {
        const bool own =
            std::any_of(command.flags.begin(), command.flags.end(),
                        [&](const CommandFlag& f) { return std::string(f.name) == flag.name; });
        if (own) continue;
        EXPECT_THAT(Refusal(command.name, {std::string("--") + flag.name + "=1"}),
                    HasSubstr(flag.name));
        EXPECT_THAT(Refusal(command.name, {std::string("-") + flag.name}), HasSubstr(flag.name));
      }
    }
  }
}

TEST(CommandLine, DashesAndUnderscoresInAFlagsNameAreTheSame) {
  EXPECT_THAT(Arguments("export", {"run", "--with-head"}), ElementsAre("run"));
  EXPECT_THAT(Arguments("export", {"run", "--with_head"}), ElementsAre("run"));
  EXPECT_THAT(Arguments("export", {"run", "--nowith-head"}), ElementsAre("run"));
}

TEST(CommandLine, AnUnknownFlagIsNamedWithTheNearest) {
  EXPECT_THAT(Refusal("train", {"p", "--overide", "x"}),
              AllOf(HasSubstr("pretext train takes no flag --overide; did you mean --override?"),
                    HasSubstr("It takes --override, --resume, --processes, --help")));
  EXPECT_THAT(Refusal("tokenizer", {"train", "--vocabsize=3"}),
              HasSubstr("did you mean --vocab_size?"));
  EXPECT_THAT(Refusal("train", {"--notop"}), HasSubstr("--notop"));
  // Those of the library that parses flags are none of ours.
  for (const char* flag : {"--flagfile=x", "--undefok=override", "--helpfull", "--fromenv=out"}) {
    EXPECT_THAT(Refusal("train", {flag}), HasSubstr("takes no flag"));
  }
}

TEST(CommandLine, AValueIsNeededAndOfItsType) {
  EXPECT_THAT(Refusal("embed", {"RUN", "--out"}), HasSubstr("--out needs its value, FILE"));
  // What is not said is not taken from the next flag.
  EXPECT_THAT(Refusal("export", {"RUN", "--out", "--with-head", "--format", "onnx"}),
              AllOf(HasSubstr("--out needs its value, DIR"),
                    HasSubstr("what follows is a flag, --with-head")));
  EXPECT_THAT(Arguments("export", {"RUN", "--out=--with-head"}), ElementsAre("RUN"));
  EXPECT_THAT(Arguments("export", {"RUN", "--out", "--no-flag"}), ElementsAre("RUN"));
  EXPECT_THAT(Refusal("fill-mask", {"--top", "many"}), HasSubstr("--top takes N; it is many"));
  EXPECT_THAT(Refusal("fill-mask", {"--top=99999999999999999999"}), HasSubstr("--top takes N"));
  EXPECT_THAT(Refusal("fill-mask", {"--json=perhaps"}), HasSubstr("true or false"));
  EXPECT_THAT(Refusal("fill-mask", {"--notop"}), HasSubstr("takes no flag --notop"));
}

TEST(CommandHelp, ListsEveryFlagWithWhatItDoesAndTheExitStatuses) {
  for (const Command& command : Commands()) {
    const std::string help = CommandHelp(command);
    EXPECT_THAT(help, AllOf(HasSubstr(std::string("usage: pretext ") + command.name),
                            HasSubstr(command.summary), HasSubstr("Exit status: 0 ")));
    for (const CommandFlag& flag : command.flags) {
      EXPECT_THAT(help, HasSubstr(std::string("--") + flag.name));
    }
    EXPECT_THAT(help, Not(HasSubstr("\n      \n"))) << "a flag that does not say what it does";
    EXPECT_TRUE(ParseCommandLine(command, {"--help"})->help);
    EXPECT_THAT(ProgramHelp(), HasSubstr(std::string("pretext ") + command.name));
  }
  EXPECT_THAT(CommandHelp(Find("train")),
              AllOf(HasSubstr("--override TEXT\n      text merged over the pipeline"),
                    HasSubstr("--resume RUN")));
  EXPECT_THAT(CommandHelp(Find("fill-mask")), HasSubstr("(default: 5)"));
}

}  // namespace
}  // namespace pretext
