#include "datasets/cifar/cifar.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "datasets/cifar/cifar.pb.h"
#include "datasets/cifar/generated_cifar.h"

namespace pretext {
namespace {

std::string NewFolder(const std::string& name) {
  const std::string path = testing::TempDir() + "/" + name;
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

Cifar Config(const std::string& directory, Cifar::Variant variant = Cifar::CIFAR10) {
  Cifar config;
  config.set_directory(directory);
  config.set_variant(variant);
  return config;
}

std::string Fault(const Cifar& config) {
  return std::string(CifarDataset::Create(config, {}).status().message());
}

TEST(Cifar, LoadsBothSplits) {
  const std::string folder = NewFolder("cifar10");
  ASSERT_TRUE(WriteGeneratedCifar10(folder, 3, 20, 10).ok());
  auto dataset = CifarDataset::Create(Config("cifar10"), {.base_directory = testing::TempDir()});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ((*dataset)->type(), FlowType::Image(3, 32, 32));
  EXPECT_TRUE((*dataset)->labelled());
  EXPECT_EQ((*dataset)->classes(), 10);
  ASSERT_TRUE((*dataset)->Load().ok());
  ASSERT_EQ((*dataset)->size(Split::kTrain), 60);
  ASSERT_EQ((*dataset)->size(Split::kTest), 10);
  EXPECT_TRUE(absl::StartsWith((*dataset)->Summary(), "60 + 10 images 3×32×32, 10 classes, "));

  std::vector<uint8_t> pixels;
  std::vector<int32_t> labels;
  ASSERT_TRUE(ReadCifarFile(folder + "/data_batch_2.bin", kCifar10, 20, pixels, labels).ok());
  Sample sample;
  ASSERT_TRUE((*dataset)->Read(Split::kTrain, 20 + 7, sample).ok());
  EXPECT_EQ(sample.label, 7);
  EXPECT_EQ(sample.index, 27);
  for (int k = 0; k < kCifarPixels; ++k) {
    ASSERT_NEAR(sample.values[k], pixels[7 * kCifarPixels + k] / 255.0, 1e-7);
  }
}

TEST(Cifar, ReadsTheHundredClassesAndTheirTwenty) {
  const std::string folder = NewFolder("cifar100");
  ASSERT_TRUE(WriteGeneratedCifar(folder + "/train.bin", kCifar100, 200, 1).ok());
  ASSERT_TRUE(WriteGeneratedCifar(folder + "/test.bin", kCifar100, 100, 2).ok());
  for (const auto variant : {Cifar::CIFAR100, Cifar::CIFAR100_COARSE}) {
    auto dataset = CifarDataset::Create(Config(folder, variant), {});
    ASSERT_TRUE(dataset.ok()) << dataset.status();
    ASSERT_TRUE((*dataset)->Load().ok());
    EXPECT_EQ((*dataset)->classes(), variant == Cifar::CIFAR100 ? 100 : 20);
    Sample sample;
    ASSERT_TRUE((*dataset)->Read(Split::kTrain, 142, sample).ok());
    EXPECT_EQ(sample.label, variant == Cifar::CIFAR100 ? 42 : 8);
  }
}

TEST(Cifar, KnowsItsClassesByNameAndHowPicturesBecomeSamples) {
  const std::string folder = NewFolder("named");
  ASSERT_TRUE(WriteGeneratedCifar10(folder, 1, 5, 5).ok());
  const auto names = [&] { return (*CifarDataset::Create(Config(folder), {}))->class_names(); };
  EXPECT_TRUE(names().empty());
  std::ofstream(folder + "/batches.meta.txt") << "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n";
  EXPECT_EQ(names(), (std::vector<std::string>{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}));
  std::ofstream(folder + "/batches.meta.txt") << "a\nb\n";
  EXPECT_TRUE(names().empty());

  Cifar config = Config(folder);
  config.mutable_scaling()->set_low(-1);
  auto dataset = CifarDataset::Create(config, {});
  ASSERT_TRUE(dataset.ok() && (*dataset)->Load().ok());
  const std::optional<PicturePreparation> preparation = (*dataset)->preparation();
  ASSERT_TRUE(preparation.has_value());
  EXPECT_EQ(preparation->channels, 3);
  EXPECT_EQ(preparation->height, 32);
  EXPECT_EQ(preparation->width, 32);
  EXPECT_EQ(preparation->factor, std::vector<float>(3, 2));
  EXPECT_EQ(preparation->offset, std::vector<float>(3, -1));
}

TEST(Cifar, NamesEveryFault) {
  EXPECT_TRUE(absl::StartsWith(Fault(Cifar()), "directory: "));
  const std::string folder = NewFolder("faulty");
  EXPECT_EQ(Fault(Config(folder)),
            "directory: " + folder +
                "/data_batch_1.bin: cannot be read: No such file or directory\ndirectory: " +
                folder + "/test_batch.bin: cannot be read: No such file or directory");
  ASSERT_TRUE(WriteGeneratedCifar10(folder, 4, 5, 5).ok());
  std::filesystem::remove(folder + "/data_batch_3.bin");
  EXPECT_EQ(
      Fault(Config(folder)),
      "directory: " + folder + "/data_batch_3.bin: cannot be read: No such file or directory");
  EXPECT_TRUE(absl::StrContains(Fault(Config(folder, Cifar::CIFAR100)),
                                "/train.bin: cannot be read: No such file"));

  Cifar scaled = Config(folder);
  scaled.mutable_scaling()->set_high(-1);
  EXPECT_TRUE(absl::StrContains(Fault(scaled), "scaling.high: "));
}

TEST(Cifar, NoticesAFileThatChanged) {
  const std::string folder = NewFolder("changed");
  ASSERT_TRUE(WriteGeneratedCifar10(folder, 1, 5, 5).ok());
  auto dataset = CifarDataset::Create(Config(folder), {});
  ASSERT_TRUE(dataset.ok());
  ASSERT_TRUE(WriteGeneratedCifar10(folder, 1, 6, 5).ok());
  EXPECT_EQ((*dataset)->Load().message(),
            folder + "/data_batch_1.bin: the file changed while it was being used");
}

}  // namespace
}  // namespace pretext
