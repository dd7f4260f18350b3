#include "datasets/image_folder/image_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/match.h"
#include "base/image/image_io.h"
#include "datasets/image_folder/image_folder.pb.h"

namespace pretext {
namespace {

std::string NewFolder(const std::string& name) {
  const std::string path = testing::TempDir() + "/" + name;
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

// A picture of one grey.
void WriteFlat(const std::string& path, float value) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  const std::vector<float> image(6 * 6, value);
  ASSERT_TRUE(WritePng(path, image.data(), {1, 6, 6}).ok());
}

ImageFolder Config(const std::string& directory, const std::string& test = "") {
  ImageFolder config;
  config.set_directory(directory);
  config.set_test_directory(test);
  config.set_height(4);
  config.set_width(5);
  return config;
}

std::unique_ptr<Dataset> Load(const ImageFolder& config) {
  auto dataset = ImageFolderDataset::Create(config, {});
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  if (!dataset.ok()) return nullptr;
  const absl::Status loaded = (*dataset)->Load();
  EXPECT_TRUE(loaded.ok()) << loaded;
  return *std::move(dataset);
}

std::string Fault(const ImageFolder& config) {
  auto dataset = ImageFolderDataset::Create(config, {});
  if (!dataset.ok()) return std::string(dataset.status().message());
  return "at load: " + std::string((*dataset)->Load().message());
}

TEST(ImageFolder, FoldersAreClasses) {
  const std::string train = NewFolder("train"), test = NewFolder("test");
  WriteFlat(train + "/b/2.png", 0.4f);
  WriteFlat(train + "/a/1.png", 0.2f);
  WriteFlat(train + "/a/0.png", 0);
  WriteFlat(test + "/b/x.png", 1);
  const auto dataset = Load(Config(train, test));
  EXPECT_EQ(dataset->type(), FlowType::Image(3, 4, 5));
  EXPECT_TRUE(dataset->labelled());
  EXPECT_EQ(dataset->classes(), 2);
  EXPECT_EQ(dataset->class_names(), (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(dataset->size(Split::kTrain), 3);
  ASSERT_EQ(dataset->size(Split::kTest), 1);
  Sample sample;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(dataset->Read(Split::kTrain, i, sample).ok());
    EXPECT_EQ(sample.label, i / 2);
    EXPECT_EQ(sample.values.size(), 60);
    for (const float x : sample.values) EXPECT_NEAR(x, 0.2 * i, 1e-6);
  }
  ASSERT_TRUE(dataset->Read(Split::kTest, 0, sample).ok());
  EXPECT_EQ(sample.label, 1) << "the class's number among the training classes";
  EXPECT_TRUE(absl::StartsWith(dataset->Summary(), "3 + 1 images 3×4×5, 2 classes, "));
  EXPECT_FALSE(absl::StrContains(dataset->Summary(), "left out"));
}

TEST(ImageFolder, NamesOfClassesAreText) {
  const std::string train = NewFolder("names");
  WriteFlat(train + "/a\xff/1.png", 0.2f);
  WriteFlat(train + "/\xc3\xbc/1.png", 0.4f);
  const auto dataset = Load(Config(train));
  EXPECT_EQ(dataset->class_names(), (std::vector<std::string>{"a\xef\xbf\xbd", "\xc3\xbc"}));
}

TEST(ImageFolder, SaysHowOtherPicturesBecomeSamples) {
  const std::string folder = NewFolder("prepared");
  WriteFlat(folder + "/0.png", 0.2f);
  WriteFlat(folder + "/1.png", 1);
  ImageFolder config = Config(folder);
  config.set_fit(ImageFolder::STRETCH);
  config.set_background("#0a0b0c");
  config.mutable_scaling()->set_standardize(true);
  const std::optional<PicturePreparation> preparation = Load(config)->preparation();
  ASSERT_TRUE(preparation.has_value());
  EXPECT_EQ(preparation->channels, 3);
  EXPECT_EQ(preparation->height, 4);
  EXPECT_EQ(preparation->width, 5);
  EXPECT_EQ(preparation->fit, PicturePreparation::Fit::kStretch);
  EXPECT_EQ(preparation->background, (std::array<uint8_t, 3>{10, 11, 12}));
  // Mean 0.6, deviation 0.4.
  ASSERT_EQ(preparation->factor.size(), 3);
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(preparation->factor[c], 2.5, 1e-6);
    EXPECT_NEAR(preparation->offset[c], -1.5, 1e-6);
  }
}

TEST(ImageFolder, LabelsAreOptional) {
  const std::string folder = NewFolder("unlabelled");
  for (int i = 0; i < 10; ++i) WriteFlat(folder + "/" + std::to_string(i) + ".png", 0.5f);
  ImageFolder config = Config(folder);
  config.set_held_out(0.2);
  config.set_channels(1);
  auto dataset = Load(config);
  EXPECT_FALSE(dataset->labelled());
  EXPECT_EQ(dataset->type(), FlowType::Image(1, 4, 5));
  EXPECT_EQ(dataset->size(Split::kTrain), 8);
  EXPECT_EQ(dataset->size(Split::kTest), 2);
  Sample sample;
  ASSERT_TRUE(dataset->Read(Split::kTest, 1, sample).ok());
  EXPECT_EQ(sample.label, -1);

  WriteFlat(folder + "/more/11.png", 0.5f);
  EXPECT_TRUE(absl::StrContains(Fault(config), "lies beside folders"));
  config.set_labels(ImageFolder::NONE);
  dataset = Load(config);
  EXPECT_EQ(dataset->size(Split::kTrain) + dataset->size(Split::kTest), 11);
  EXPECT_FALSE(dataset->labelled());
}

TEST(ImageFolder, LeavesOutUnreadablePicturesOrFails) {
  const std::string folder = NewFolder("damaged");
  for (int i = 0; i < 9; ++i) {
    const std::string path =
        folder + "/" + (i % 3 == 0 ? "a" : "b") + std::string("/") + std::to_string(i) + ".png";
    WriteFlat(path, 0.1f * static_cast<float>(i));
    if (i % 2 == 1) std::ofstream(path) << "not a picture";  // 1, 3, 5, 7
  }
  ImageFolder config = Config(folder);
  const auto dataset = Load(config);
  ASSERT_EQ(dataset->size(Split::kTrain), 5);
  const std::string reason = ": no PNG, JPEG, WebP or BMP by its first bytes; ";
  EXPECT_TRUE(absl::EndsWith(dataset->Summary(), "; left out 4 unreadable; " + folder + "/a/3.png" +
                                                     reason + folder + "/b/1.png" + reason +
                                                     folder + "/b/5.png" + reason + "and others"))
      << dataset->Summary();
  Sample sample;
  const int labels[] = {0, 0, 1, 1, 1}, pictures[] = {0, 6, 2, 4, 8};
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(dataset->Read(Split::kTrain, i, sample).ok());
    EXPECT_EQ(sample.label, labels[i]);
    EXPECT_NEAR(sample.values[0], 0.1 * pictures[i], 0.003) << "half a byte's step";
  }

  config.set_skip_unreadable(false);
  EXPECT_EQ(Fault(config),
            "at load: " + folder + "/a/3.png: no PNG, JPEG, WebP or BMP by its first bytes");
  for (int i = 0; i < 9; i += 2) {
    std::ofstream(folder + "/" + (i % 3 == 0 ? "a" : "b") + "/" + std::to_string(i) + ".png") << "";
  }
  config.set_skip_unreadable(true);
  EXPECT_TRUE(
      absl::StartsWith(Fault(config), "at load: " + folder + ": none of 9 pictures can be read; "));
}

TEST(ImageFolder, NamesEveryFault) {
  EXPECT_TRUE(absl::StartsWith(Fault(ImageFolder()), "directory: "));
  const std::string folder = NewFolder("some"), other = NewFolder("other");
  WriteFlat(folder + "/cat/1.png", 0);
  WriteFlat(other + "/cat/1.png", 0);
  WriteFlat(other + "/eel/1.png", 0);
  ImageFolder config = Config(folder, other);
  config.set_held_out(0.5);
  config.set_height(0);
  config.set_channels(2);
  config.mutable_scaling()->set_low(2);
  const std::string faults = Fault(config);
  for (const char* expected :
       {"test_directory: has the class eel, which the training pictures do not have",
        "held_out: keeps", "height: ", "channels: must be 1 or 3; it is 2", "scaling.high: "}) {
    EXPECT_TRUE(absl::StrContains(faults, expected)) << faults;
  }
  EXPECT_EQ(Fault(Config(folder, NewFolder("empty"))),
            "test_directory: the test pictures must have class folders exactly when the training "
            "pictures have; these have 1, the test pictures 0");
  EXPECT_EQ(Fault(Config(folder + "/no")),
            "directory: " + folder + "/no: cannot be listed: No such file or directory");
  config = Config(folder);
  config.set_height(1 << 20);
  config.set_width(1 << 20);
  EXPECT_TRUE(absl::StrContains(Fault(config), "too large"));
  std::filesystem::create_directory(folder + "/dog");
  EXPECT_EQ(Fault(Config(folder)),
            "directory: " + folder + "/dog: has no pictures (PNG, JPEG, WebP or BMP)");
  config = ImageFolder(Config(other));
  for (const char* color : {"", "white", "#fff", "#gggggg", "ffffff0"}) {
    config.set_background(color);
    EXPECT_TRUE(absl::StartsWith(Fault(config), "background: must be #RRGGBB")) << color;
  }
}

// The mean of a picture's red, green and blue.
std::vector<double> Mean(const Dataset& dataset, int64_t index) {
  Sample sample;
  EXPECT_TRUE(dataset.Read(Split::kTrain, index, sample).ok());
  std::vector<double> mean(3);
  for (int64_t i = 0; i < 60; ++i) mean[i / 20] += sample.values[i] / 20;
  return mean;
}

constexpr char kPictures[] = "base/image/testdata/";

// What is hidden under transparency is not seen: the background is.
TEST(ImageFolder, LaysTransparentPicturesOnTheBackground) {
  const std::string folder = NewFolder("transparent");
  std::filesystem::copy(std::string(kPictures) + "animated.webp", folder + "/mostly_clear.webp");
  ImageFolder config = Config(folder);
  auto dataset = Load(config);
  EXPECT_TRUE(absl::EndsWith(dataset->Summary(), "; laid 1 with transparency on #ffffff"))
      << dataset->Summary();
  const std::vector<double> white = Mean(*dataset, 0);
  for (const double mean : white) EXPECT_GT(mean, 0.8);
  config.set_background("#ff0080");
  dataset = Load(config);
  const std::vector<double> pink = Mean(*dataset, 0);
  EXPECT_NEAR(pink[0], white[0], 0.002) << "half a byte's step";
  EXPECT_LT(pink[1], white[1] - 0.7);
  EXPECT_LT(pink[2], white[2] - 0.3);
  EXPECT_GT(pink[2], pink[1] + 0.3);
}

TEST(ImageFolder, ReadsEveryFormatUprightAndSaysWhatItPassedOver) {
  const std::string folder = NewFolder("formats");
  for (const char* name : {"rgb8.png", "420.jpg", "lossy.webp", "rgb24.bmp", "turned_6.jpg"}) {
    std::filesystem::copy(kPictures + std::string(name), folder + "/" + name + ".x");
  }
  std::ofstream(folder + "/a.gif") << "GIF89a";
  const auto dataset = Load(Config(folder));
  EXPECT_EQ(dataset->size(Split::kTrain), 5);
  EXPECT_TRUE(
      absl::EndsWith(dataset->Summary(), "; turned 1 as their EXIF says; passed over 1 GIF"))
      << dataset->Summary();
}

TEST(ImageFolder, TakesTheFoldersTrainAndValForTheSplits) {
  const std::string folder = NewFolder("splits");
  for (const char* name : {"train/cat/1.png", "train/dog/2.png", "val/dog/3.png"}) {
    WriteFlat(folder + "/" + name, 0.5f);
  }
  auto dataset = Load(Config(folder));
  EXPECT_EQ(dataset->classes(), 2);
  EXPECT_EQ(dataset->size(Split::kTrain), 2);
  EXPECT_EQ(dataset->size(Split::kTest), 1);
  Sample sample;
  ASSERT_TRUE(dataset->Read(Split::kTest, 0, sample).ok());
  EXPECT_EQ(sample.label, 1);
  EXPECT_TRUE(absl::EndsWith(dataset->Summary(),
                             "; the folders train and val are the training and the test pictures"))
      << dataset->Summary();
  ImageFolder config = Config(folder);
  config.set_held_out(0.5);
  EXPECT_EQ(Fault(config),
            "held_out: keeps training pictures for the test split, but there is the folder " +
                folder + "/val; leave one out");
  config = Config(folder);
  config.set_labels(ImageFolder::NONE);
  dataset = Load(config);
  EXPECT_EQ(dataset->size(Split::kTrain), 3) << "all below the directory";
  EXPECT_FALSE(absl::StrContains(dataset->Summary(), "val"));
  std::filesystem::create_directory(folder + "/val/eel");
  EXPECT_EQ(Fault(Config(folder)),
            "directory: has the class eel, which the training pictures do not have");
}

}  // namespace
}  // namespace pretext
