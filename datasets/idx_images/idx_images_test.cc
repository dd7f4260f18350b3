#include "datasets/idx_images/idx_images.h"

#include <fstream>
#include <set>

#include "datasets/idx_images/idx_images.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kImages[] = "datasets/idx_images/testdata/tiny-images.gz";
constexpr char kLabels[] = "datasets/idx_images/testdata/tiny-labels.gz";

absl::StatusOr<std::unique_ptr<Dataset>> Make(const std::string& text) {
  IdxImages config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  return IdxImagesDataset::Create(config, BuildContext{});
}

std::unique_ptr<Dataset> Loaded(const std::string& text) {
  auto dataset = Make(text);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  const absl::Status status = (*dataset)->Load();
  EXPECT_TRUE(status.ok()) << status;
  return *std::move(dataset);
}

std::vector<std::string> Paths(const absl::Status& status) {
  std::vector<std::string> paths;
  for (const Fault& fault : FaultsOf(status)) paths.push_back(fault.path);
  return paths;
}

std::string Quoted(absl::string_view field, absl::string_view path) {
  return absl::StrCat(field, ": \"", path, "\" ");
}

TEST(IdxImagesTest, FashionMnist) {
  const std::string folder = "external/fashion_mnist/";
  const auto dataset = Loaded(Quoted("images", folder + "train-images-idx3-ubyte.gz") +
                              Quoted("labels", folder + "train-labels-idx1-ubyte.gz") +
                              Quoted("test_images", folder + "t10k-images-idx3-ubyte.gz") +
                              Quoted("test_labels", folder + "t10k-labels-idx1-ubyte.gz"));
  EXPECT_EQ(dataset->type(), FlowType::Image(1, 28, 28));
  EXPECT_EQ(dataset->size(Split::kTrain), 60000);
  EXPECT_EQ(dataset->size(Split::kTest), 10000);
  EXPECT_EQ(dataset->classes(), 10);
  EXPECT_TRUE(dataset->labelled());
  // The published mean and deviation of the training pixels.
  EXPECT_EQ(dataset->Summary(),
            "60,000 + 10,000 images 1×28×28, 10 classes, pixel mean 0.2860, deviation 0.3530");
  Sample sample;
  ASSERT_TRUE(dataset->Read(Split::kTrain, 0, sample).ok());
  EXPECT_EQ(sample.label, 9);  // an ankle boot
  EXPECT_EQ(sample.type, dataset->type());
  float most = 0;
  for (const float v : sample.values) most = std::max(most, v);
  EXPECT_EQ(most, 1.0f);
}

TEST(IdxImagesTest, HeldOutSplitPartitionsTheImages) {
  const auto whole = Loaded(Quoted("images", kImages));
  EXPECT_EQ(whole->size(Split::kTest), 0);
  EXPECT_FALSE(whole->labelled());
  const auto dataset =
      Loaded(Quoted("images", kImages) + Quoted("labels", kLabels) + "held_out: 0.25");
  EXPECT_EQ(dataset->size(Split::kTrain), 18);
  EXPECT_EQ(dataset->size(Split::kTest), 6);
  EXPECT_EQ(dataset->classes(), 2);
  std::multiset<std::vector<float>> parts, all;
  Sample sample;
  for (const Split split : {Split::kTrain, Split::kTest}) {
    for (int64_t i = 0; i < dataset->size(split); ++i) {
      ASSERT_TRUE(dataset->Read(split, i, sample).ok());
      EXPECT_EQ(sample.index, i);
      parts.insert(sample.values);
      // The label is the image's own: class 0 is brighter above.
      float above = 0, below = 0;
      for (int p = 0; p < 64; ++p) (p < 32 ? above : below) += sample.values[p];
      EXPECT_EQ(sample.label, above > below ? 0 : 1);
    }
  }
  for (int64_t i = 0; i < 24; ++i) {
    ASSERT_TRUE(whole->Read(Split::kTrain, i, sample).ok());
    EXPECT_EQ(sample.label, -1);
    all.insert(sample.values);
  }
  EXPECT_EQ(parts, all);
  // Another seed, another split.
  const auto other = Loaded(Quoted("images", kImages) + "held_out: 0.25 held_out_seed: 1");
  Sample a, b;
  int different = 0;
  for (int64_t i = 0; i < 6; ++i) {
    ASSERT_TRUE(dataset->Read(Split::kTest, i, a).ok() && other->Read(Split::kTest, i, b).ok());
    different += a.values != b.values;
  }
  EXPECT_GT(different, 0);
}

TEST(IdxImagesTest, StandardizesByTheTrainingSplit) {
  const auto dataset =
      Loaded(Quoted("images", kImages) + "held_out: 0.25 scaling { standardize: true }");
  double sum = 0, square = 0;
  Sample sample;
  for (int64_t i = 0; i < 18; ++i) {
    ASSERT_TRUE(dataset->Read(Split::kTrain, i, sample).ok());
    for (const float v : sample.values) {
      sum += v;
      square += double{v} * v;
    }
  }
  // Rounding of 1152 values near 1.
  EXPECT_TRUE(std::abs(sum / 1152) <= 1e-6) << sum;
  EXPECT_TRUE(std::abs(square / 1152 - 1) <= 1e-6) << square;
}

TEST(IdxImagesTest, AllFaultsAtOnce) {
  EXPECT_THAT(Paths(Make("").status()), ElementsAre("images"));
  EXPECT_THAT(
      Paths(Make("images: '/no/such/file' test_images: '/nor/this' labels: 'x' held_out: 2 "
                 "scaling { low: 2 }")
                .status()),
      ElementsAre("images", "test_images", "test_labels", "held_out", "held_out", "scaling.high"));
  const absl::Status status = Make(Quoted("images", kLabels) + Quoted("labels", kImages)).status();
  EXPECT_THAT(Paths(status), ElementsAre("images"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("found IDX labels"));
  EXPECT_THAT(Paths(Make(Quoted("images", kImages) + Quoted("labels", kImages)).status()),
              ElementsAre("labels"));
  EXPECT_THAT(Paths(Make(Quoted("images", kImages) + Quoted("test_labels", kLabels)).status()),
              ElementsAre("test_labels"));
  EXPECT_THAT(Paths(Make(Quoted("images", kImages) +
                         Quoted("test_images", "external/fashion_mnist/t10k-images-idx3-ubyte.gz"))
                        .status()),
              ElementsAre("test_images"));
  EXPECT_THAT(Paths(Make(Quoted("images", kImages) + "held_out: nan").status()),
              ElementsAre("held_out"));
}

TEST(IdxImagesTest, LoadReportsWhatTheHeaderDidNotShow) {
  std::ifstream in(kImages, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const std::string path = ::testing::TempDir() + "/cut.gz";
  std::ofstream(path, std::ios::binary) << bytes.substr(0, bytes.size() - 30);
  auto dataset = Make(Quoted("images", path));
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const absl::Status status = (*dataset)->Load();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  std::ofstream(path, std::ios::binary)
      << std::string("\0\0\x08\x03\0\0\0\x01\0\0\0\x01\0\0\0\x01x", 17);
  EXPECT_THAT(std::string((*dataset)->Load().message()), HasSubstr("changed"));
}

}  // namespace
}  // namespace pretext
