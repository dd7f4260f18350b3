#include "pipelines/embed/embed_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/file_calls.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "core/tensor/safetensors.h"
#include "evaluation/features/encode.h"
#include "kernels/onednn/has_bfloat16.h"
#include "pipelines/embed/testing.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class EmbedRunTest : public testing::Test {
 protected:
  static constexpr int kTest = SmallEncoder::kTest;

  absl::StatusOr<EmbedReport> Embed(const std::string& input, const std::string& out,
                                    VectorFile::Options options = {},
                                    const std::vector<std::string>& overrides = {}) {
    absl::StatusOr<BatchEncoder> encoder = BatchEncoder::Open(folder_.path(), Layer::kH, overrides);
    if (!encoder.ok()) return encoder.status();
    auto opened = OpenInput({.input = input, .labels = ""}, encoder->trained());
    if (!opened.ok()) return opened.status();
    options.width = encoder->width();
    options.labelled = (*opened)->labelled();
    options.classes = (*opened)->classes();
    auto file = VectorFile::Create(folder_ / out, options);
    if (!file.ok()) return file.status();
    return EmbedInput(*encoder, **opened, **file, nullptr, Work());
  }
  Features Evaluated(Precision precision = Precision::kFloat32) {
    Assembled& parts = folder_.parts();
    absl::StatusOr<Features> features = EncodeSplit(
        *parts.encoder, *parts.dataset, {.chain = parts.chains[0], .precision = precision});
    EXPECT_TRUE(features.ok());
    return *std::move(features);
  }
  std::string Contents(const std::string& name) { return *ReadFile(folder_ / name); }

  SmallEncoder folder_;
};

std::vector<float> AsFloats(absl::string_view bytes) {
  std::vector<float> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), values.size() * 4);
  return values;
}

TEST_F(EmbedRunTest, InAnotherPrecisionToo) {
  const std::vector<std::string> narrow = {"train { precision: BF16 }"};
  ASSERT_TRUE(Embed(folder_ / "test", "v.npy", {}, narrow).ok());
  const Features wanted = Evaluated(Precision::kBfloat16), wide = Evaluated();
  const std::string npy = Contents("v.npy");
  const size_t bytes = wanted.values.size() * 4;
  EXPECT_EQ(AsFloats(absl::string_view(npy).substr(npy.size() - bytes)), wanted.values);
  // Two layers of bfloat16: a few of its roundings, 2^-8 of what is added up.
  double error = 0, norm = 0;
  for (size_t i = 0; i < wide.values.size(); ++i) {
    const double difference = double{wide.values[i]} - wanted.values[i];
    error += difference * difference;
    norm += double{wide.values[i]} * wide.values[i];
  }
  EXPECT_TRUE(std::sqrt(error) <= 4 * kBfloat16Rounding * std::sqrt(norm));
  EXPECT_TRUE(error > 0 || !HasBfloat16());
}

TEST_F(EmbedRunTest, NothingElseOfThePipelineCanBeOverridden) {
  const auto fault = [&](const std::string& text) {
    return std::string(Embed(folder_ / "test", "v.npy", {}, {text}).status().message());
  };
  EXPECT_THAT(fault("train { precision: FP32 epochs: 3 }"),
              AllOf(HasSubstr("--override #1:1:25: train.epochs: "), HasSubstr("as it was trained"),
                    Not(HasSubstr("train.precision"))));
  EXPECT_THAT(fault("evaluate { batch_size: 8 }"), HasSubstr("--override #1:1:1: evaluate: "));
  EXPECT_THAT(fault("train { precision: BF15 }"), HasSubstr("BF15"));
}

// The dataset's own files are not needed any more, only the pictures that are embedded.
TEST_F(EmbedRunTest, GivesTheBitsOfTheEvaluation) {
  const Features wanted = Evaluated();
  ASSERT_TRUE(RemoveAll(folder_ / "train").ok());
  const auto report = Embed(folder_ / "test", "v.npy");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->inputs, kTest);
  EXPECT_EQ(report->unreadable, 0);
  const std::string npy = Contents("v.npy");
  const size_t bytes = wanted.values.size() * 4;
  ASSERT_GT(npy.size(), bytes);
  EXPECT_THAT(npy.substr(0, npy.size() - bytes),
              HasSubstr(absl::StrCat("'shape': (300, ", wanted.width, ")")));
  EXPECT_EQ(AsFloats(absl::string_view(npy).substr(npy.size() - bytes)), wanted.values);
  const std::string labels = Contents("v.labels.npy");
  EXPECT_EQ(std::memcmp(labels.data() + labels.size() - 4 * kTest, wanted.labels.data(), 4 * kTest),
            0);
  EXPECT_EQ(Contents("v.classes.txt"), "ant\nbee\n");
  EXPECT_THAT(Contents("v.names.txt"), HasSubstr(folder_ / "test/ant/100.png\n"));

  ASSERT_TRUE(Embed(folder_ / "test", "s.safetensors").ok());
  const absl::StatusOr<TensorFile> tensors = ReadTensors(folder_ / "s.safetensors");
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  ASSERT_EQ(tensors->tensors.size(), 2);
  EXPECT_EQ(tensors->tensors[0].name, "vectors");
  const Tensor& vectors = tensors->tensors[0].tensor;
  EXPECT_EQ(std::vector<float>(vectors.data(), vectors.data() + vectors.size()), wanted.values);
  EXPECT_EQ(std::memcmp(tensors->tensors[1].tensor.ints(), wanted.labels.data(), 4 * kTest), 0);
  std::string damaged = Contents("s.safetensors");
  damaged[damaged.size() - 5] ^= 1;
  ASSERT_TRUE(WriteFileAtomically(folder_ / "s.safetensors", damaged).ok());
  EXPECT_FALSE(ReadTensors(folder_ / "s.safetensors").ok());
}

TEST_F(EmbedRunTest, SaysWhatOtherProgramsNeed) {
  EXPECT_THAT(std::vector<std::string>(folder_.file().class_name().begin(),
                                       folder_.file().class_name().end()),
              ElementsAre("ant", "bee"));
  // Standardised, then minus 0.1 … over 0.5: checked against the definition for one channel.
  ASSERT_EQ(folder_.file().mean_size(), 3);
  const auto& pictures = folder_.file().pictures();
  for (int c = 0; c < 3; ++c) {
    const double shift = 0.1 * (c + 1), byte = 0.4;
    const double wanted = (byte * pictures.factor(c) + pictures.offset(c) - shift) / 0.5;
    EXPECT_NEAR((byte - folder_.file().mean(c)) / folder_.file().deviation(c), wanted,
                1e-4);  // six digits of each
  }
  EXPECT_EQ(folder_.file().sample().height(), 12);
  EXPECT_EQ(folder_.file().input().height(), 8);
}

TEST_F(EmbedRunTest, LeavesOutWhatCannotBeRead) {
  const Features wanted = Evaluated();
  ASSERT_TRUE(WriteFileAtomically(folder_ / "test/ant/0a.png", "\x89PNG\r\n\x1a\n no more").ok());
  const auto report = Embed(folder_ / "test", "v.csv");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->inputs, kTest);
  EXPECT_EQ(report->unreadable, 1);
  EXPECT_THAT(report->faults, ElementsAre(testing::StartsWith(folder_ / "test/ant/0a.png: ")));
  // Batches are as full as without it: text that reads back as the same numbers.
  const std::string csv = Contents("v.csv");
  EXPECT_THAT(csv, testing::StartsWith("name,label,class,x0,x1,"));
  const size_t line = csv.find('\n') + 1;
  const std::string first = csv.substr(line, csv.find('\n', line) - line);
  const std::string start = absl::StrCat(folder_ / "test/ant/0.png", ",0,ant,");
  ASSERT_THAT(first, testing::StartsWith(start));
  EXPECT_EQ(std::stof(first.substr(start.size())), wanted.values[0]);

  ASSERT_TRUE(WriteFileAtomically(folder_ / "none.txt", folder_ / "absent.png\n").ok());
  EXPECT_THAT(std::string(Embed(folder_ / "none.txt", "w.npy").status().message()),
              HasSubstr("none of 1 input"));
  EXPECT_EQ(*KindOfPath(folder_ / "w.npy"), PathKind::kNothing);
}

TEST_F(EmbedRunTest, ReplacesNothingUnasked) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "v.names.txt", "mine").ok());
  EXPECT_THAT(std::string(Embed(folder_ / "test", "v.npy").status().message()),
              HasSubstr("v.names.txt: is there already"));
  EXPECT_EQ(Contents("v.names.txt"), "mine");
  ASSERT_TRUE(Embed(folder_ / "test", "u.npy").ok());
  ASSERT_TRUE(Embed(folder_ / "test", "u.npy").ok());  // its own are replaced with it
  ASSERT_TRUE(WriteFileAtomically(folder_ / "list.txt", folder_ / "test/ant/0.png\n").ok());
  EXPECT_THAT(
      std::string(Embed(absl::StrCat("@", folder_ / "list.txt"), "u.npy").status().message()),
      HasSubstr("u.labels.npy: is there already and would be left over"));
}

// What ends lines and parts columns may be in a name.
TEST_F(EmbedRunTest, ANameIsALineWhateverIsInIt) {
  const std::string name = "odd/a\nb\t\"c\",\r\\d.png", path = folder_ / name;
  ASSERT_TRUE(MakeFolders(folder_ / "odd").ok());
  WriteNoise(path, 1);
  WriteNoise(folder_ / "odd/z.png", 2);
  for (const char* const out : {"o.npy", "o.csv", "o.jsonl"})
    ASSERT_TRUE(Embed(folder_ / "odd", out).ok());
  EXPECT_EQ(Contents("o.names.txt"),
            absl::StrCat("\\", folder_ / "odd/a\\nb\\t\"c\",\\r\\\\d.png\n", folder_ / "odd/z.png",
                         "\n"));
  EXPECT_THAT(Contents("o.csv"),
              HasSubstr(absl::StrCat("\n\"", folder_ / "odd/a\nb\t\"\"c\"\",\r\\d.png\",")));
  EXPECT_THAT(Contents("o.jsonl"),
              testing::StartsWith(absl::StrCat(
                  "{\"name\":\"", folder_ / "odd/a\\nb\\u0009\\\"c\\\",\\u000d\\\\d.png\"")));
}

TEST_F(EmbedRunTest, WhereTheVectorsHaveNoRoomNothingIsLeft) {
  // After the spool and the names.
  int opened = 0;
  absl::Status status;
  {
    const FileWatch watch([&](const FileCall& call) {
      return call.kind == FileCall::Kind::kOpen && ++opened > 2 ? ENOSPC : 0;
    });
    status = Embed(folder_ / "test", "full.npy").status();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(folder_ / "");
  ASSERT_TRUE(names.ok()) << names.status();
  for (const std::string& name : *names) EXPECT_FALSE(absl::StartsWith(name, "full.")) << name;
}

TEST_F(EmbedRunTest, NamesWhatIsNoInput) {
  const auto error = [&](const std::string& input) {
    return std::string(Embed(input, "v.npy").status().message());
  };
  EXPECT_THAT(error(folder_ / "absent"), HasSubstr("absent: cannot be read"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "x", "what is this?").ok());
  EXPECT_THAT(error(folder_ / "x"), HasSubstr("is nothing that pictures come in"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "x.bin", std::string(100, 'x')).ok());
  EXPECT_THAT(error(folder_ / "x.bin"), HasSubstr("no whole number of CIFAR records"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "c.bin", std::string(3073 * 2, '\1')).ok());
  EXPECT_THAT(error(folder_ / "c.bin"), HasSubstr("holds image 3×32×32"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "e.txt", "\n\n").ok());
  EXPECT_THAT(error(folder_ / "e.txt"), HasSubstr("names no files"));
  ASSERT_TRUE(MakeFolders(folder_ / "empty").ok());
  EXPECT_THAT(error(folder_ / "empty"), HasSubstr("empty"));
  EXPECT_THAT(std::string(Embed(folder_ / "test", "v.np").status().message()),
              HasSubstr("its extension chooses the format"));
  EXPECT_THAT(std::string(Embed(folder_ / "test", "v.npy", {.format = "csv"}).status().message()),
              HasSubstr("v.npy: ends in .npy, and --format is csv"));
}

}  // namespace
}  // namespace pretext
