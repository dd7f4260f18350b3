// From arrays to a trained encoder to arrays, by the program's commands alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/random/random.h"
#include "embedder/embedder.h"
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

// A .npy of float32 [rows, columns], each column around a level of its own that is shifted by
// `shift`, and beside it labels, by which the first column differs.
void WriteTable(const std::string& name, int64_t rows, int64_t columns, float shift) {
  Random random({.seed = static_cast<uint64_t>(rows)});
  std::string data, labels;
  for (int64_t row = 0; row < rows; ++row) {
    const auto label = static_cast<int32_t>(row % 3);
    labels.append(reinterpret_cast<const char*>(&label), sizeof(label));
    for (int64_t column = 0; column < columns; ++column) {
      const float number = random.Normal() + static_cast<float>(10 * column) + shift +
                           (column == 0 ? 2.0f * static_cast<float>(label) : 0.0f);
      data.append(reinterpret_cast<const char*>(&number), sizeof(number));
    }
  }
  WriteNpy(name + ".npy", absl::StrCat(rows, ", ", columns), "<f4", data);
  WriteNpy(name + ".labels.npy", absl::StrCat(rows, ","), "<i4", labels);
}

// A pipeline over arrays, whose fields are given.
std::string OverArrays(const std::string& name, const std::string& fields,
                       const std::string& rest) {
  return absl::StrCat("name: \"", name, "\" dataset { [type.googleapis.com/pretext.Arrays] { ",
                      fields, " } }", rest,
                      " optimizer { [type.googleapis.com/pretext.AdamW] {} }"
                      " train { steps: 6 batch_size: 16 }");
}
constexpr char kAutoencoder[] =
    " encoder { [type.googleapis.com/pretext.Mlp] { hidden: 8 code: 3 } }"
    " head { [type.googleapis.com/pretext.MlpDecoder] { hidden: 8 } }"
    " loss { [type.googleapis.com/pretext.MeanSquaredError] {} }";

// Lines of a table without what stands before the first comma.
std::vector<std::string> Numbers(const std::string& csv) {
  std::vector<std::string> lines = absl::StrSplit(FileContents(csv), '\n', absl::SkipEmpty());
  for (std::string& line : lines) line.erase(0, line.find(','));
  return lines;
}

TEST(Arrays, OfBytesAndOfValuesAreTheSameImages) {
  const std::string bytes = Noise(40 * 64, true);
  std::string values, beyond;
  for (const char byte : bytes) {
    const auto whole = static_cast<float>(static_cast<uint8_t>(byte)), value = whole * (1.0f / 255);
    values.append(reinterpret_cast<const char*>(&value), sizeof(value));
    beyond.append(reinterpret_cast<const char*>(&whole), sizeof(whole));
  }
  WriteNpy("bytes.npy", "40, 1, 8, 8", "|u1", bytes);
  WriteNpy("values.npy", "40, 1, 8, 8", "<f4", values);
  WriteNpy("beyond.npy", "40, 1, 8, 8", "<f4", beyond);
  for (const std::string trained : {"bytes", "values"}) {
    WriteScratchFile("images.textproto",
                     OverArrays("on_" + trained, "samples: \"" + trained + ".npy\"", kAutoencoder));
    Done({"train", "images.textproto"});
    for (const std::string file : {"bytes", "values"})
      Done({"embed", "runs/on_" + trained, "--input", file + ".npy", "--out", file + ".csv"});
    EXPECT_EQ(Numbers("bytes.csv"), Numbers("values.csv")) << trained;
    EXPECT_EQ(Numbers("bytes.csv").size(), 41);
    const ProgramResult refused =
        RunProgram({"embed", "runs/on_" + trained, "--input", "beyond.npy", "--out", "b.csv"});
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.output, AllOf(HasSubstr("beyond.npy#0: a number of it becomes"),
                                      HasSubstr("the encoder was trained on [0, 1]")));
  }
}

// Data of another level: what `eval` measures is what `embed` gives.
TEST(Standardized, DataIsScaledByTheStatisticsOfTheTraining) {
  WriteTable("old", 90, 6, 0);
  WriteTable("learn", 60, 6, 5);
  WriteTable("judge", 75, 6, 5);
  const std::string own = "samples: \"old.npy\" labels: \"old.labels.npy\" held_out: 0.2 ",
                    other =
                        "samples: \"learn.npy\" labels: \"learn.labels.npy\" test_samples: "
                        "\"judge.npy\" test_labels: \"judge.labels.npy\" ";
  WriteScratchFile("old.textproto", OverArrays("old", own + "scaling: STANDARDIZE", kAutoencoder));
  // What is not kept for a data set that is measured on is none of its faults.
  Done({"train", "old.textproto", "--override",
        "evaluate { validation: 0.2 } checkpoints { best: \"validation_probe\" }"});
  for (const std::string part : {"learn", "judge"})
    Done({"embed", "runs/old", "--input", part + ".npy", "--labels", part + ".labels.npy", "--out",
          part + "_h.npy"});
  const std::string of_files =
      Done({"eval", "--json", "--features", "learn_h.npy", "--labels", "learn.labels.npy", "--test",
            "judge_h.npy", "--test_labels", "judge.labels.npy"});
  const auto data = [](const std::string& fields) {
    return "dataset { [type.googleapis.com/pretext.Arrays] { " + fields + " } }";
  };
  for (const std::string encoder : {"runs/old", "runs/old/encoder"}) {
    const std::string measured =
        Done({"eval", encoder, "--json", "--dataset", data(other + "scaling: STANDARDIZE")});
    EXPECT_NE(Value(of_files, "probe"), "none") << of_files;
    for (const char* const figure : {"knn", "probe"})
      EXPECT_EQ(Value(measured, figure), Value(of_files, figure)) << encoder << " " << figure;
    EXPECT_THAT(Refused({"eval", encoder, "--dataset", data(other)}).output,
                HasSubstr("scaling: the encoder was trained on standardized samples"));
    // How it is measured is not the data's to say.
    WriteScratchFile("bf16.textproto",
                     OverArrays("x", other + "scaling: STANDARDIZE", kAutoencoder) +
                         " evaluate { knn { k: 3 } max_train_samples: 9 }");
    EXPECT_EQ(Value(Done({"eval", encoder, "--json", "--dataset", "bf16.textproto"}), "knn"),
              Value(of_files, "knn"));
  }
  EXPECT_THAT(
      Refused({"eval", "runs/old", "--dataset", "old.textproto", "--test", "judge.npy"}).output,
      HasSubstr("--test goes with --features"));
  EXPECT_THAT(
      Refused({"eval", "runs/old", "--dataset", data("samples: \"learn.npy\" scaling: STANDARDIZE"),
               "--override", "evaluate { probe { l2: 0.1 } }"})
          .output,
      HasSubstr("measures nothing: the dataset has no labels"));
}

// A teacher's running statistics are of the training alone, also where dropout is all that tells
// views apart and so is on in the held-out loss.
TEST(Evaluation, LeavesNoTrace) {
  WriteTable("own", 90, 6, 5);
  WriteScratchFile(
      "traces.textproto",
      OverArrays(
          "traces", "samples: \"own.npy\" held_out: 0.2 ",
          " views { count: 2 } "
          "encoder { [type.googleapis.com/pretext.Mlp] "
          "{ hidden: 16 normalization: BATCH dropout: 0.3 code: 8 } } "
          "head { [type.googleapis.com/pretext.IdentityHead] {} } "
          "predictor { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 8 output: 8 } } "
          "teacher { momentum { from: 0.9 } } "
          "loss { [type.googleapis.com/pretext.NegativeCosine] {} } "));
  for (const std::string every : {"0", "1"}) {
    Done({"train", "traces.textproto", "--override", "evaluate { every_epochs: " + every + " }",
          "--override", "output { directory: \"traces" + every + "\" }"});
  }
  const auto weights = [](const std::string& run) {
    return FileContents(run + "/checkpoint/weights.safetensors");
  };
  EXPECT_TRUE(weights("traces0") == weights("traces1"));
  EXPECT_THAT(weights("traces0"), HasSubstr("teacher.encoder.0.norm.running_mean"));
}

// From C++ numbers go the same way as those of a file.
TEST(Standardized, NumbersFromAProgramAreScaledToo) {
  WriteTable("numbers", 90, 6, 0);
  for (const std::string scaling : {"STANDARDIZE", "BYTES"}) {
    const std::string name = "numbers_" + scaling;
    WriteScratchFile(
        name + ".textproto",
        OverArrays(name, "samples: \"numbers.npy\" scaling: " + scaling, kAutoencoder));
    Done({"train", name + ".textproto"});
    Done({"embed", "runs/" + name, "--input", "numbers.npy", "--out", name + ".npy"});
    const std::string vectors = FileContents(name + ".npy"), rows = FileContents("numbers.npy");
    const absl::StatusOr<Embedder> embedder = Embedder::Open(ScratchFolder() + "/runs/" + name);
    ASSERT_TRUE(embedder.ok()) << embedder.status();
    std::vector<float> numbers(90 * 6), wanted(90 * 3);
    const auto from_end = [](const std::string& file, std::vector<float>& to) {
      const size_t bytes = to.size() * sizeof(float);
      std::memcpy(to.data(), file.data() + file.size() - bytes, bytes);
    };
    from_end(rows, numbers);
    from_end(vectors, wanted);
    const auto given = embedder->EmbedValues(numbers.data(), 90);
    ASSERT_TRUE(given.ok()) << given.status();
    EXPECT_EQ(given->values, wanted) << scaling;
    numbers[6 * 7 + 2] = NAN;
    EXPECT_THAT(std::string(embedder->EmbedValues(numbers.data(), 90).status().message()),
                HasSubstr("sample 7: a number of it is not finite"));
    // Whoever takes the graph is told.
    Done({"export", "runs/" + name, "--format", "onnx", "--out", name + "_onnx"});
    EXPECT_THAT(
        FileContents(name + "_onnx/README.md"),
        HasSubstr(scaling == "BYTES" ? "rows = rows / 255" : "rows = (rows - numpy.array(["));
  }
}

// The encoder's folder has what its run's evaluation has: augmentations of the first group too.
TEST(ViewGroups, AreKeptWithTheEncoder) {
  WriteNpy("pictures.npy", "40, 1, 8, 8", "|u1", Noise(40 * 64, true));
  const std::string normalize =
      "augmentation { [type.googleapis.com/pretext.Normalize] { mean: 0.3 deviation: 0.05 } }";
  const std::string parts =
      " encoder { [type.googleapis.com/pretext.ConvNet] { channels: 4 code: 4 } }"
      " head { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 8 output: 4 } }"
      " loss { [type.googleapis.com/pretext.VicReg] {} }";
  const auto embedded = [&](const std::string& name, const std::string& views) {
    WriteScratchFile("views.textproto", OverArrays(name, "samples: \"pictures.npy\"",
                                                   " views { " + views + " }" + parts));
    Done({"train", "views.textproto"});
    Done({"embed", "runs/" + name, "--input", "pictures.npy", "--out", name + ".csv"});
    return Numbers(name + ".csv");
  };
  const std::vector<std::string> common = embedded("common", "count: 2 " + normalize);
  EXPECT_EQ(embedded("grouped", "group { name: \"g\" count: 2 " + normalize + " }"), common);
  // Of bytes over 255 and an affine augmentation other programs can make the same numbers.
  EXPECT_THAT(FileContents("runs/grouped/encoder/encoder.textproto"),
              AllOf(HasSubstr("\nmean: [0.3]\n"), HasSubstr("\ndeviation: [0.05]\n")));
  Done({"export", "runs/grouped", "--format", "onnx", "--out", "grouped_onnx"});
  EXPECT_EQ(embedded("each",
                     "group { name: \"g\" view { " + normalize + " } view { " + normalize + " } }"),
            common);
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
