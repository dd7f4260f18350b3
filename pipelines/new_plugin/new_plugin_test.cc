#include "pipelines/new_plugin/new_plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "base/file/file_writer.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

using testing::HasSubstr;

constexpr const char* kKinds[] = {"augmentation", "dataset", "encoder",
                                  "head",         "loss",    "optimizer"};

// A folder that looks like a checkout.
class New : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* file : {"tools/plugin.bzl", "third_party/repositories.bzl"}) {
      ASSERT_TRUE(MakeFolders(ParentOf(folder_ / file)).ok());
      ASSERT_TRUE(WriteFileAtomically(folder_ / file, "").ok());
    }
  }
  NewPlugin Asked(const std::string& kind, const std::string& name, const std::string& out) {
    return {.kind = kind, .name = name, .out = out, .pretext = folder_.path()};
  }
  std::string Fault(const NewPlugin& plugin) {
    return std::string(NewPluginFiles(plugin).status().message());
  }

  const TestFolder folder_;
};

TEST_F(New, APluginOfEachKindHasItsNameThroughout) {
  for (const std::string kind : kKinds) {
    const auto files = NewPluginFiles(Asked(kind, "max_out", ""));
    ASSERT_TRUE(files.ok()) << files.status();
    EXPECT_EQ(files->size(), 5u);
    const std::string folder = folder_ / (kind == "loss" ? "losses" : kind + "s") + "/max_out/";
    for (const auto& [path, text] : *files) {
      EXPECT_TRUE(absl::StartsWith(path, folder)) << path;
      for (const char* left : {"sketch", "Sketch", "template", "custom", "@pretext"}) {
        EXPECT_FALSE(absl::StrContains(text, left)) << path << ": " << left;
      }
      EXPECT_TRUE(absl::EndsWith(text, "\n") && !absl::EndsWith(text, "\n\n")) << path;
    }
    EXPECT_THAT(files->at(folder + "max_out.proto"), HasSubstr("package pretext;"));
    EXPECT_THAT(files->at(folder + "max_out.proto"), HasSubstr("message MaxOut {"));
    EXPECT_THAT(files->at(folder + "max_out.cc"), HasSubstr("/max_out/max_out.pb.h\"\n"));
    EXPECT_THAT(files->at(folder + "BUILD"), HasSubstr("name = \"max_out\""));
    EXPECT_THAT(files->at(folder + "BUILD"), HasSubstr("load(\"//tools:plugin.bzl\""));
  }
}

TEST_F(New, OutsideItComesWithAWorkspaceUnlessThereIsOne) {
  const std::string out = folder_ / "mine";
  const auto files = NewPluginFiles(Asked("loss", "Spectral", out));
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->size(), 9u);
  EXPECT_THAT(files->at(out + "/WORKSPACE"), HasSubstr("path = \"" + folder_.path() + "\",\n"));
  EXPECT_THAT(files->at(out + "/BUILD"), HasSubstr("\"//spectral\""));
  EXPECT_THAT(files->at(out + "/spectral.textproto"),
              HasSubstr("loss { [type.googleapis.com/custom.Spectral] {} }"));
  EXPECT_THAT(files->at(out + "/spectral/spectral.proto"), HasSubstr("package custom;"));
  EXPECT_THAT(files->at(out + "/spectral/spectral.cc"),
              HasSubstr("#include \"spectral/spectral.h\"\n"));
  ASSERT_TRUE(WriteNewFiles(*files).ok());
  EXPECT_EQ(WriteNewFiles(*files).message(), out + "/BUILD: is there already; nothing was written");
  const auto second = NewPluginFiles(Asked("encoder", "Spectral2", out));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->size(), 6u);
  EXPECT_EQ(second->count(out + "/WORKSPACE"), 0u);
  EXPECT_THAT(second->at(out + "/spectral2.textproto"),
              HasSubstr("encoder { [type.googleapis.com/custom.Spectral2] {} }"));
}

TEST_F(New, EveryFaultIsNamed) {
  EXPECT_THAT(Fault(Asked("encodr", "X", "")), HasSubstr("no kind encodr; did you mean encoder?"));
  for (const char* name : {"", "1st", "a b", "a/b", "../x", "ä"}) {
    EXPECT_THAT(Fault(Asked("loss", name, "")), HasSubstr("is no name")) << name;
  }
  EXPECT_THAT(Fault(Asked("loss", "SpectralLoss", "")), HasSubstr("by itself: Spectral"));
  EXPECT_THAT(Fault(Asked("loss", "loss", "")), HasSubstr("loss: is what every loss is"));
  EXPECT_THAT(Fault({.kind = "loss", .name = "X", .pretext = folder_ / "tools"}),
              HasSubstr("is no checkout of pretext; name the folder with --pretext"));
  EXPECT_THAT(Fault({.kind = "loss", .name = "X"}), HasSubstr("is not known"));
}

}  // namespace
}  // namespace pretext
