#include "pipelines/encoder/encoder_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "augmentations/normalize/normalize.pb.h"
#include "base/file/file_writer.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"
#include "encoders/mlp/mlp.pb.h"
#include "pipelines/checkpoint/run_names.h"

namespace pretext {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// An MLP from 1×2×3 over 4 to 2 features, behind a normalisation.
EncoderFile SmallFile() {
  EncoderFile file;
  file.set_version("1.0");
  file.set_name("small");
  file.set_step(7);
  Mlp mlp;
  mlp.add_hidden(4);
  mlp.set_code(2);
  file.mutable_encoder()->PackFrom(mlp);
  EncoderFile::Flow& sample = *file.mutable_sample();
  sample.set_kind(EncoderFile::Flow::IMAGE);
  sample.set_channels(1);
  sample.set_height(2);
  sample.set_width(3);
  sample.set_low(0);
  sample.set_high(1);
  *file.mutable_input() = sample;
  file.mutable_output()->set_kind(EncoderFile::Flow::VECTOR);
  file.mutable_output()->set_features(2);
  file.set_features(2);
  Normalize normalize;
  normalize.add_mean(0.25f);
  file.add_augmentation()->PackFrom(normalize);
  file.add_class_name("naïve \"quoted\"");
  return file;
}

class EncoderFolderTest : public testing::Test {
 protected:
  EncoderFolderTest() {
    const std::string text = SerializeEncoderFile(SmallFile());
    absl::StatusOr<TrainedEncoder> made = MakeTrainedEncoder("small", text, folder_.path());
    EXPECT_TRUE(made.ok()) << made.status();
    trained_ = *std::move(made);
    trained_.encoder->parameters().Allocate("encoder", /*seed=*/5);
  }
  absl::Status Write(const std::string& path) {
    return WriteEncoderFolder(path, SmallFile(), trained_.encoder->parameters(), nullptr);
  }
  static std::vector<float> Embed(const TrainedEncoder& trained) {
    Batch batch;
    batch.samples = 3;
    batch.type = trained.input;
    batch.input = Tensor::Uninitialized({3, 1, 2, 3});
    for (int i = 0; i < 18; ++i) batch.input.data()[i] = static_cast<float>(i % 7) / 7;
    Tape tape(/*recording=*/false);
    const Var h =
        trained.encoder->Forward(tape, tape.Constant(batch.input), batch, ForwardContext());
    const Tensor rows = h.value().Plain();
    return {rows.data(), rows.data() + rows.size()};
  }

  const TestFolder folder_;
  const std::string path_ = folder_ / "encoder";
  TrainedEncoder trained_;
};

TEST_F(EncoderFolderTest, OpensWhatWasWritten) {
  ASSERT_TRUE(Write(path_).ok());
  absl::StatusOr<TrainedEncoder> opened = OpenEncoderFolder(path_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(Embed(*opened), Embed(trained_));
  EXPECT_EQ(opened->file.step(), 7);
  EXPECT_EQ(opened->file.class_name(0), "naïve \"quoted\"");
  EXPECT_EQ(opened->sample, FlowType::Image(1, 2, 3));
  EXPECT_EQ(opened->sample.range, kUnitRange);
  EXPECT_EQ(opened->features(), 2);
  Sample sample;
  sample.type = opened->sample;
  sample.values.assign(6, 1);
  opened->chain.at(0)->ApplyInEvaluation(sample);
  EXPECT_EQ(sample.values, std::vector<float>(6, 1.5f));  // (1 - 0.25) / 0.5
  const std::string weights = *ReadFile(path_ + "/weights.safetensors");
  EXPECT_THAT(weights, HasSubstr("\"format\":\"pt\""));
  // Copied anywhere, it opens.
  ASSERT_EQ(rename(path_.c_str(), (folder_ / "elsewhere").c_str()), 0);
  EXPECT_TRUE(OpenEncoderFolder(folder_ / "elsewhere").ok());
}

TEST_F(EncoderFolderTest, FindsEveryChangedByte) {
  ASSERT_TRUE(Write(path_).ok());
  for (const std::string& name : {std::string(kEncoderFile), WeightsIn("")}) {
    const std::string whole = *ReadFile(path_ + name);
    for (size_t i = 0; i < whole.size(); ++i) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
      ASSERT_TRUE(WriteFileAtomically(path_ + name, changed).ok());
      const absl::Status status = OpenEncoderFolder(path_).status();
      ASSERT_FALSE(status.ok()) << name << " byte " << i;
      ASSERT_THAT(std::string(status.message()), HasSubstr(path_ + name));
    }
    ASSERT_TRUE(WriteFileAtomically(path_ + name, whole).ok());
  }
  EXPECT_TRUE(OpenEncoderFolder(path_).ok());
}

TEST_F(EncoderFolderTest, TakesNoPartsOfTwoEncoders) {
  ASSERT_TRUE(Write(path_).ok());
  trained_.encoder->parameters().parameters()[0].value.data()[0] += 1;
  ASSERT_TRUE(Write(folder_ / "other").ok());
  const std::string other = *ReadFile(folder_ / "other/weights.safetensors");
  ASSERT_TRUE(WriteFileAtomically(WeightsIn(path_), other).ok());
  EXPECT_THAT(std::string(OpenEncoderFolder(path_).status().message()),
              HasSubstr("is not of one encoder with"));
}

TEST_F(EncoderFolderTest, NamesWhatIsWrong) {
  const auto error = [&] { return std::string(OpenEncoderFolder(path_).status().message()); };
  EXPECT_THAT(error(), StartsWith(path_ + "/encoder.textproto: cannot be read"));
  ASSERT_TRUE(Write(path_).ok());
  ASSERT_TRUE(RemoveAll(WeightsIn(path_)).ok());
  EXPECT_THAT(error(), StartsWith(path_ + "/weights.safetensors: cannot be read"));

  EncoderFile file = SmallFile();
  file.mutable_output()->set_features(3);
  absl::Status status =
      MakeTrainedEncoder("f", SerializeEncoderFile(file), folder_.path()).status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("output: is vector 3, but its parts make vector 2"));
  status =
      MakeTrainedEncoder("f", "encoder { [type.googleapis.com/pretext.Mlq] {} }", folder_.path())
          .status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("f:1:11: encoder: "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("pretext.Mlp"));
}

// A failure at any call leaves the folder that was there, or the new one.
TEST_F(EncoderFolderTest, IsReplacedAsAWhole) {
  ASSERT_TRUE(Write(path_).ok());
  const std::vector<float> before = Embed(*OpenEncoderFolder(path_));
  trained_.encoder->parameters().parameters()[0].value.data()[0] += 1;
  const std::vector<float> after = Embed(trained_);
  ASSERT_NE(before, after);
  bool failed = true;
  for (int last = 0; failed; ++last) {
    failed = false;
    {
      int calls = 0;
      const FileWatch watch([&](const FileCall&) {
        failed |= calls >= last;
        return calls++ < last ? 0 : EIO;
      });
      Write(path_).IgnoreError();
    }
    absl::StatusOr<TrainedEncoder> opened = OpenEncoderFolder(path_);
    ASSERT_TRUE(opened.ok()) << opened.status() << " after " << last << " calls";
    const std::vector<float> now = Embed(*opened);
    EXPECT_TRUE(now == before || now == after);
    if (!failed) {
      EXPECT_EQ(now, after);
    }
    ASSERT_LT(last, 200);
  }
}

}  // namespace
}  // namespace pretext
