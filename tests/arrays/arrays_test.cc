// From arrays to a trained encoder to arrays, by the program's commands alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/random/random.h"
#include "tests/program.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// The command's output; it ends well.
std::string Done(const std::vector<std::string>& arguments) {
  const ProgramResult result = RunProgram(arguments);
  EXPECT_EQ(result.exit_code, 0) << absl::StrJoin(arguments, " ") << "\n" << result.output;
  return result.output;
}

ProgramResult Refused(const std::vector<std::string>& arguments) {
  ProgramResult result = RunProgram(arguments);
  EXPECT_EQ(result.exit_code, 2) << absl::StrJoin(arguments, " ") << "\n" << result.output;
  return result;
}

// A .npy of that shape and type; `data` are its bytes.
void WriteNpy(const std::string& name, const std::string& shape, const std::string& type,
              const std::string& data) {
  std::string header =
      absl::StrCat("{'descr': '", type, "', 'fortran_order': False, 'shape': (", shape, "), }");
  header.resize((header.size() + 11 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  WriteScratchFile(
      name, absl::StrCat(std::string("\x93NUMPY\1\0", 8),
                         std::string(1, static_cast<char>(header.size() % 256)),
                         std::string(1, static_cast<char>(header.size() / 256)), header, data));
}

std::string Noise(int64_t count, bool bytes) {
  Random random({.seed = 4});
  std::string data;
  for (int64_t i = 0; i < count; ++i) {
    const auto number = static_cast<float>(random.Below(256));
    if (bytes) data += static_cast<char>(static_cast<uint8_t>(number));
    if (!bytes) data.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  return data;
}

// "name":NUMBER in a line of JSON, as it is written there.
std::string Value(const std::string& json, const std::string& name) {
  const size_t at = json.find("\"" + name + "\":");
  if (at == std::string::npos) return "none";
  const size_t begin = at + name.size() + 3;
  return json.substr(begin, json.find_first_of(",}", begin) - begin);
}

const std::vector<std::string> kShort = {"--override", "train { epochs: 2 }"};

std::vector<std::string> With(std::vector<std::string> words,
                              const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(Arrays, AreProposedTrainedOnAndEmbedded) {
  WriteNpy("table.npy", "150, 12", "<f4", Noise(150 * 12, false));
  WriteNpy("images.npy", "80, 3, 8, 8", "|u1", Noise(80 * 192, true));
  WriteNpy("narrow.npy", "5, 3", "<f4", Noise(15, false));
  for (const std::string name : {"table", "images"}) {
    Done({"init", name + ".npy", "--out", name + ".textproto"});
    Done(With({"train", name + ".textproto"}, kShort));
    EXPECT_THAT(FileContents("runs/" + name + "/report.html"), HasSubstr("<html"));
    const std::string said =
        Done({"embed", "runs/" + name, "--input", name + ".npy", "--out", name + ".out.csv"});
    EXPECT_THAT(said, HasSubstr(name == "table" ? "150 vectors of 3" : "80 vectors of"));
    EXPECT_THAT(FileContents(name + ".out.csv"), HasSubstr(name + ".npy#79,"));
    EXPECT_THAT(
        Refused({"embed", "runs/" + name, "--input", "narrow.npy", "--out", "n.npy"}).output,
        HasSubstr("narrow.npy: is 5×3 of F32, and this encoder was trained on"));
    EXPECT_THAT(Refused({"embed", "runs/" + name, "--input", ".", "--out", "n.npy"}).output,
                Not(HasSubstr("internal")));
  }
  EXPECT_THAT(FileContents("runs/table/encoder/encoder.textproto"), HasSubstr("arrays {"));
}

// A run's own figures, and those of its vectors in files.
TEST(Features, HaveTheFiguresOfTheRunThatTheyAreOf) {
  WriteScratchFile("small.textproto", SmallAutoencoder("small"));
  Done({"train", "small.textproto", "--override", "output { directory: \"run\" }"});
  for (const std::string split : {"train", "test"}) {
    Done({"embed", "run", "--input", split + "-images", "--labels", split + "-labels", "--out",
          split + ".npy"});
  }
  const std::vector<std::string> files = {"eval",     "--features",       "train.npy",
                                          "--labels", "train.labels.npy", "--test",
                                          "test.npy", "--test_labels",    "test.labels.npy"};
  const std::string of_files = Done(With(files, {"--json"}));
  const std::string of_run = Done({"eval", "run", "--dataset", "small.textproto", "--json"});
  for (const char* const figure : {"knn", "knn_k10", "probe"}) {
    EXPECT_NE(Value(of_files, figure), "none") << of_files;
    EXPECT_EQ(Value(of_files, figure), Value(of_run, figure)) << figure;
  }
  EXPECT_EQ(Value(of_files, "samples"), Value(of_run, "samples"));
  EXPECT_THAT(Done(files), AllOf(HasSubstr("knn"), HasSubstr("probe")));
  EXPECT_THAT(Refused({"eval", "--features", "train.npy", "--labels", "train.labels.npy"}).output,
              HasSubstr("--test is missing"));
  EXPECT_THAT(Refused({"eval", "--features", "train.npy", "--labels", "test.labels.npy", "--test",
                       "test.npy", "--test_labels", "test.labels.npy"})
                  .output,
              HasSubstr("each has one"));
  EXPECT_THAT(Refused({"eval", "run", "--features", "train.npy"}).output, HasSubstr("eval"));
}

TEST(ClassNames, AreShownOfImagesInIdxFilesToo) {
  const auto named = [](const std::string& names) {
    return "dataset { [type.googleapis.com/pretext.IdxImages] { class_names: [" + names + "] } }";
  };
  WriteScratchFile("small.textproto", SmallAutoencoder("small"));
  const std::string four = named("'north', 'east', 'south', 'west'");
  const std::string said = Done({"train", "small.textproto", "--override", four, "--override",
                                 "output { directory: \"named\" }"});
  EXPECT_THAT(said, HasSubstr("classes: north, east, south, west"));
  EXPECT_THAT(FileContents("named/report.html"), HasSubstr("south"));
  Done({"embed", "named", "--input", "test-images", "--labels", "test-labels", "--out", "c.npy"});
  EXPECT_EQ(FileContents("c.classes.txt"), "north\neast\nsouth\nwest\n");
  EXPECT_THAT(Done({"eval", "named", "--dataset", "named/pipeline.textproto"}), HasSubstr("west"));
  for (const auto& [names, fault] : std::vector<std::pair<std::string, std::string>>{
           {"'a', 'b', 'a'", "class_names[2]"}, {"'a', ''", "class_names[1]"}}) {
    EXPECT_THAT(Refused({"validate", "small.textproto", "--override", named(names)}).output,
                HasSubstr(fault));
  }
  const ProgramResult few =
      RunProgram({"train", "small.textproto", "--override", named("'a', 'b'")});
  EXPECT_NE(few.exit_code, 0);
  EXPECT_THAT(few.output, HasSubstr("labels up to 3, and class_names 2"));
}

}  // namespace
}  // namespace pretext
