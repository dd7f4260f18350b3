// pretext export as a shell sees it: what it writes, what it says, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "core/plugin/export.h"
#include "core/plugin/plugin.h"
#include "tests/program.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// A run of SmallAutoencoder, trained once.
std::string Trained() {
  const std::string run = "runs/small";
  if (FileContents(run + "/pipeline.textproto").empty()) {
    WriteScratchFile("small.textproto", SmallAutoencoder("small"));
    const ProgramResult result =
        RunProgram({"train", "small.textproto", "--override", "train { epochs: 1 }"});
    EXPECT_EQ(result.exit_code, 0) << result.output;
  }
  return run;
}

TEST(ExportCommand, WritesAFolderThatItHasProved) {
  const std::string run = Trained();
  const ProgramResult result =
      RunProgram({"export", run, "--format", "onnx", "--out", "onnx", "--with-head"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("README.md"), HasSubstr("model.onnx"),
                    HasSubstr("features differs by "), HasSubstr("reconstruction differs by ")));
  EXPECT_THAT(FileContents("onnx/README.md"),
              AllOf(StartsWith("---\nlibrary_name: onnx\n"), HasSubstr("# small"), HasSubstr("knn"),
                    HasSubstr("untrained h"), HasSubstr("CRC-32"),
                    HasSubstr("type.googleapis.com/pretext.Mlp")));
  // The encoder's own folder is enough without the head.
  const ProgramResult alone =
      RunProgram({"export", run + "/encoder", "--format=onnx", "--out", "alone"});
  EXPECT_EQ(alone.exit_code, 0) << alone.output;
}

TEST(ExportCommand, WhatCannotBeDoneIsSaid) {
  const std::string run = Trained();
  WriteScratchFile("file", "x");
  for (const auto& [arguments, code, message] : {
           std::tuple<std::vector<std::string>, int, std::string>{
               {"export", run, "--format", "onx", "--out", "o"}, 2, "did you mean onnx?"},
           {{"export", run, "--out", "o"}, 2, "--format is missing: one of torchvision"},
           {{"export", run, "--format", "onnx"}, 2, "--out is missing"},
           {{"export", "--format", "onnx", "--out", "o"}, 2, "usage: pretext export RUN|ENCODER"},
           {{"export", run, "--format", "huggingface", "--out", "o"},
            2,
            "pretext.Mlp has no form in huggingface. Formats that hold it: onnx"},
           {{"export", run, "--format", "onnx", "--out", "file"}, 2, "file: is no folder"},
           {{"export", run, "--format", "onnx", "--out", "-"}, 2, "--out -: is standard output"},
           {{"new", "loss", "Spectral", "--out", "-"}, 2, "--out -: is standard output"},
           {{"export", run, "--format", "onnx", "--out", run}, 2, "replaces nothing"},
           {{"export", "nowhere", "--format", "onnx", "--out", "o"}, 1, "nowhere"},
           {{"export", run + "/encoder", "--format", "onnx", "--out", "o", "--with-head"},
            2,
            "--with-head needs the run"},
       }) {
    const ProgramResult result = RunProgram(arguments);
    EXPECT_EQ(result.exit_code, code) << result.output;
    EXPECT_THAT(result.output, HasSubstr(message));
  }
  EXPECT_EQ(FileContents("o/README.md"), "");
}

// The hidden folders that exports have in the scratch folder.
int Asides() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ScratchFolder()))
    count += entry.path().extension() == ".part";
  return count;
}

TEST(ExportCommand, ASignalLeavesNothingAndAKillNothingThatStays) {
  // Wide enough for the proof to take many times what it takes to see the folder.
  WriteScratchFile("wide.textproto", SmallAutoencoder("wide"));
  ASSERT_EQ(RunProgram({"train", "wide.textproto", "--override",
                        "train { steps: 1 } encoder { [type.googleapis.com/pretext.Mlp] { hidden: "
                        "[2048, 2048] } }"})
                .exit_code,
            0);
  const std::vector<std::string> command = {"export", "runs/wide", "--format",
                                            "onnx",   "--out",     "wide"};
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGKILL}) {
    bool sent = false;
    const ProgramResult result = RunProgram(command, [&](pid_t child) {
      if (sent || Asides() == 0) return;
      kill(child, signal);
      sent = true;
    });
    const bool killed = signal == SIGKILL;
    ASSERT_EQ(result.exit_code, killed ? -signal : 128 + signal) << result.output;
    EXPECT_EQ(result.output, "");
    EXPECT_EQ(Asides(), killed ? 1 : 0);
    EXPECT_FALSE(std::filesystem::exists(ScratchFolder() + "/wide"));
  }
  const ProgramResult next = RunProgram(command);
  EXPECT_EQ(next.exit_code, 0) << next.output;
  EXPECT_EQ(Asides(), 0);
}

// An encoder of one vector a text, as SimCSE trains it.
TEST(ExportCommand, APoolIsExportedWhereThereIsAPlaceForIt) {
  std::string corpus;
  for (int i = 0; i < 200; ++i) corpus += "word" + std::to_string(i % 7) + " and others\n\n";
  WriteScratchFile("corpus.txt", corpus);
  WriteScratchFile(
      "texts.textproto",
      SmallLanguageModel("texts", 60,
                         "optimizer { [type.googleapis.com/pretext.AdamW] {} } train { steps: 2 "
                         "batch_size: 8 }"));
  const ProgramResult trained = RunProgram(
      {"train", "texts.textproto", "--override",
       "views { count: 2 } encoder { [type.googleapis.com/pretext.Transformer] { pooled: true } } "
       "head { [type.googleapis.com/pretext.ProjectionMlp] { output: 8 } } "
       "loss { [type.googleapis.com/pretext.NtXent] {} }"});
  ASSERT_EQ(trained.exit_code, 0) << trained.output;
  const auto exported = [](const std::string& format) {
    return RunProgram({"export", "runs/texts", "--format", format, "--out", "texts_" + format});
  };
  const ProgramResult refused = exported("huggingface");
  EXPECT_EQ(refused.exit_code, 2) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("--format sentence-transformers holds both"));
  for (const char* const format : {"sentence-transformers", "onnx"}) {
    const ProgramResult good = exported(format);
    EXPECT_EQ(good.exit_code, 0) << good.output;
    EXPECT_THAT(good.output, HasSubstr("sentence_embedding differs by "));
  }
}

TEST(ExportCommand, HelpNamesTheFormats) {
  const ProgramResult result = RunProgram({"export", "--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("torchvision, timm, huggingface, sentence-transformers or "
                                       "onnx"));
}

// Each encoder and each head whose output means something to others draws its graph, and every
// export is of a plugin that is there.
TEST(RegisteredExports, EveryEncoderHasAGraph) {
  int encoders = 0;
  for (const auto* entry : Registry<Encoder>::Entries()) {
    const ExportEntry* onnx = FindExport(entry->name, "onnx");
    ASSERT_NE(onnx, nullptr) << entry->name << " registers no export to onnx";
    EXPECT_NE(onnx->graph, nullptr) << entry->name;
    ++encoders;
  }
  EXPECT_GE(encoders, 4);
  int heads = 0;
  for (const auto* entry : Registry<Head>::Entries())
    heads += FindExport(entry->name, "onnx") != nullptr;
  EXPECT_GE(heads, 6);
}

}  // namespace
}  // namespace pretext
