// Where pictures are stored changes nothing of what is measured, nor of what is trained on but for
// crops of JPEGs that are decoded at a part of their size.
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "augmentations/random_resized_crop/random_resized_crop.h"
#include "base/file/testing.h"
#include "base/image/image_io.h"
#include "base/memory/memory_limits.h"
#include "core/loader/loader.h"
#include "datasets/image_folder/folder_picture.h"
#include "datasets/image_folder/image_folder.h"
#include "datasets/image_folder/image_folder.pb.h"
#include "datasets/image_folder/picture_index.h"
#include "datasets/image_folder/storage_for.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;

// A picture whose red grows from left to right and whose green grows from top to bottom, from 0 to
// 1: a pixel's colour says where in the picture it is.
void WriteMap(const std::string& path, int height, int width) {
  const ImageShape shape{3, height, width};
  std::vector<float> image(static_cast<size_t>(shape.size()));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const size_t at = static_cast<size_t>(y) * width + x;
      image[at] = (static_cast<float>(x) + 0.5f) / static_cast<float>(width);
      image[shape.plane() + at] = (static_cast<float>(y) + 0.5f) / static_cast<float>(height);
    }
  }
  ASSERT_TRUE(WritePng(path, image.data(), shape).ok());
}

ImageFolder Config(const TestFolder& folder, ImageFolder::Storage storage, int side) {
  ImageFolder config;
  config.set_directory(folder / "pictures");
  config.set_height(side);
  config.set_width(side);
  config.set_held_out(0.25);
  config.set_storage(storage);
  config.set_cache_directory(folder / "cache");
  return config;
}

class Storage : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "pictures");
    for (int i = 0; i < 6; ++i) {
      WriteMap(folder_ / absl::StrCat("pictures/", i, ".png"), 40 + 10 * i, 90 - 7 * i);
    }
    for (const char* name : {"420.jpg", "turned_6.jpg", "progressive.jpg"}) {
      fs::copy(absl::StrCat("base/image/testdata/", name), folder_ / "pictures");
    }
  }

  std::unique_ptr<Dataset> Load(ImageFolder::Storage storage, bool crops, int side = 16) {
    auto dataset = ImageFolderDataset::Create(Config(folder_, storage, side), {});
    EXPECT_TRUE(dataset.ok()) << dataset.status();
    if (crops) (*dataset)->ExpectCrops();
    const absl::Status loaded = (*dataset)->Load();
    EXPECT_TRUE(loaded.ok()) << loaded;
    return *std::move(dataset);
  }

  static std::vector<std::vector<float>> Values(const Dataset& dataset) {
    std::vector<std::vector<float>> values;
    Sample sample;
    for (const Split split : {Split::kTrain, Split::kTest}) {
      for (int64_t i = 0; i < dataset.size(split); ++i) {
        EXPECT_TRUE(dataset.Read(split, i, sample).ok());
        values.push_back(sample.values);
      }
    }
    return values;
  }

  const TestFolder folder_;
};

TEST_F(Storage, GivesTheSameBitsWhereverPicturesAre) {
  const auto memory = Load(ImageFolder::MEMORY, false), cache = Load(ImageFolder::CACHE, false),
             decode = Load(ImageFolder::DECODE, false);
  const auto values = Values(*memory);
  EXPECT_EQ(values.size(), 9u);
  EXPECT_EQ(values, Values(*cache));
  EXPECT_EQ(values, Values(*decode));
  EXPECT_EQ(values, Values(*Load(ImageFolder::CACHE, false))) << "from the file that is there";
  EXPECT_EQ(values, Values(*Load(ImageFolder::DECODE, true))) << "for evaluation beside crops";
  const auto crops = Load(ImageFolder::MEMORY, true), reduced = Load(ImageFolder::DECODE, true);
  for (int64_t i = 0; i < memory->size(Split::kTrain); ++i) {
    const auto content = [i](const Dataset& dataset) {
      return dataset.Sum(Split::kTrain, i)->content;
    };
    EXPECT_EQ(content(*memory), content(*cache));
    EXPECT_EQ(content(*memory), content(*decode));
    EXPECT_NE(content(*memory), content(*crops)) << "something else is made of it";
    EXPECT_NE(content(*crops), content(*reduced)) << "JPEGs may come reduced";
  }
  EXPECT_TRUE(absl::StrContains(memory->Summary(), "in memory at that size"));
  EXPECT_TRUE(absl::StrContains(cache->Summary(), "in a cache file at that size"));
  EXPECT_TRUE(absl::StrContains(decode->Summary(), "decoded as they are needed"));
}

// A run is begun with the fields that the user wrote, and goes on with all of them written out.
TEST_F(Storage, APictureIsTheSameWithItsScalingWrittenOut) {
  ImageFolder config = Config(folder_, ImageFolder::MEMORY, 16);
  const auto sum = [&] {
    auto dataset = ImageFolderDataset::Create(config, {});
    EXPECT_TRUE(dataset.ok()) << dataset.status();
    EXPECT_TRUE((*dataset)->Load().ok());
    return (*dataset)->Sum(Split::kTrain, 0)->content;
  };
  const uint32_t plain = sum();
  config.mutable_scaling()->set_standardize(true);
  const uint32_t standardized = sum();
  EXPECT_NE(standardized, plain);
  config.mutable_scaling()->set_low(0);
  config.mutable_scaling()->set_high(1);
  EXPECT_EQ(sum(), standardized);
  config.mutable_scaling()->set_standardize(false);
  EXPECT_EQ(sum(), plain);
}

TEST_F(Storage, WhatThreadsKeepOfPicturesIsKnownBefore) {
  const auto kept = [&](ImageFolder::Storage storage, bool crops) {
    auto dataset = *ImageFolderDataset::Create(Config(folder_, storage, 16), {});
    if (crops) dataset->ExpectCrops();
    return dataset->extent().thread_bytes;
  };
  // The largest: decoded, and as floats.
  constexpr double kLargest = 3 * 80 * 62, kFloat = 4;
  EXPECT_EQ(kept(ImageFolder::DECODE, true), kLargest + kFloat * kLargest);
  EXPECT_EQ(kept(ImageFolder::DECODE, false), kLargest + kFloat * kLargest);
  EXPECT_EQ(kept(ImageFolder::MEMORY, true), kFloat * kLargest);
  EXPECT_EQ(kept(ImageFolder::MEMORY, false), 0) << "rows are made when they are loaded";
  // Of a JPEG crops are of the whole and of parts of its size, which are resized from less.
  LoadedPicture jpeg;
  jpeg.height = 3000;
  jpeg.width = 4000;
  jpeg.reduction = 4;
  const ImageShape target{3, 224, 224};
  constexpr double kWhole = 3.0 * 3000 * 4000, kBox = 3.0 * 896 * 896 * 4 / 3;
  EXPECT_EQ(KeptByThread(jpeg, target, false, true), kWhole * 85 / 64 + kFloat * kBox);
  EXPECT_EQ(KeptByThread(jpeg, target, false, false), kWhole / 16 + kFloat * kWhole / 16);
  EXPECT_EQ(KeptByThread(jpeg, target, true, true), kWhole / 16 + kFloat * kWhole);
}

// JPEGs of four times the size asked for come at a half of theirs: what is measured is made of
// that, whether crops are taken from the whole or not.
TEST_F(Storage, MeasuresTheSameBitsWhereJpegsComeReduced) {
  constexpr int kSide = 3;  // the JPEGs have 17 x 13 pixels
  const auto values = Values(*Load(ImageFolder::MEMORY, false, kSide));
  for (const auto storage : {ImageFolder::MEMORY, ImageFolder::CACHE, ImageFolder::DECODE}) {
    EXPECT_EQ(values, Values(*Load(storage, false, kSide))) << storage;
    EXPECT_EQ(values, Values(*Load(storage, true, kSide))) << storage << ", beside crops";
    EXPECT_EQ(values, Values(*Load(storage, true, kSide))) << storage << ", from the caches";
  }
}

// What a loader makes of them in an epoch.
std::vector<float> Epoch(const Dataset& dataset, const Augmentation& crop, int threads,
                         int prefetch) {
  omp_set_num_threads(threads);
  Loader loader(dataset, {.batch_size = 3,
                          .shuffle = true,
                          .seed = 5,
                          .prefetch = prefetch,
                          .views = {{&crop}, {&crop}}});
  std::vector<float> all;
  for (int64_t i = 0; i < loader.batches_per_epoch(); ++i) {
    Batch batch;
    EXPECT_TRUE(loader.Next(batch).ok());
    all.insert(all.end(), batch.input.data(), batch.input.data() + batch.input.size());
  }
  omp_set_num_threads(2);
  return all;
}

TEST_F(Storage, CropsAreTakenFromPicturesAsTheyAre) {
  for (const char* name : {"420.jpg", "turned_6.jpg", "progressive.jpg"}) {
    fs::remove(folder_ / absl::StrCat("pictures/", name));
  }
  const auto decode = Load(ImageFolder::DECODE, true), memory = Load(ImageFolder::MEMORY, true),
             cache = Load(ImageFolder::CACHE, true);
  RandomResizedCrop config;
  config.set_min_area(0.05);
  config.set_max_area(0.05);
  const auto crop = *RandomResizedCropAugmentation::Create(config, {.input = decode->type()});
  const std::vector<float> views = Epoch(*decode, *crop, 1, 1);
  EXPECT_EQ(views, Epoch(*decode, *crop, 3, 4));
  EXPECT_EQ(views, Epoch(*memory, *crop, 2, 2));
  EXPECT_EQ(views, Epoch(*cache, *crop, 2, 2));
  // Each view covers a twentieth of a picture's area: of red and green, which grow by 1 over the
  // whole picture, what its sides span. One from a copy of 16 x 16 pixels would be of less than
  // 4 x 4 of them, and another part of the picture too: these copies are of the middle.
  for (size_t at = 0; at + 768 <= views.size(); at += 768) {
    const double across = views[at + 15] - views[at],
                 down = views[at + 256 + 240] - views[at + 256];
    const double inner = 15.0 / 16;  // from the first pixel's middle to the last one's
    EXPECT_NEAR(across / inner * down / inner, 0.05, 0.006) << "rounding of sides of 9 pixels";
  }
}

TEST_F(Storage, AJpegIsDecodedAtAPartOfItsSizeWhereTheCropAllows) {
  EXPECT_EQ(ReductionFor({.height = 375, .width = 500}, 224, 224), 1);
  EXPECT_EQ(ReductionFor({.height = 375, .width = 500}, 64, 64), 2);
  EXPECT_EQ(ReductionFor({.height = 256, .width = 300}, 64, 64), 2);
  EXPECT_EQ(ReductionFor({.height = 255, .width = 300}, 64, 64), 1);
  EXPECT_EQ(ReductionFor({.height = 375, .width = 500}, 32, 32), 4);
  EXPECT_EQ(ReductionFor({.height = 3000, .width = 4000}, 64, 64), 8);
}

TEST_F(Storage, APictureThatChangesIsNamedAndTheCacheThatTellsWhatItWas) {
  const std::string path = folder_ / "pictures/0.png";
  for (const bool from_cache : {false, true}) {
    WriteMap(path, 40, 41);
    if (from_cache) Load(ImageFolder::DECODE, false);
    const auto dataset = Load(ImageFolder::DECODE, false);
    WriteMap(path, 50, 51);
    Sample sample;
    absl::Status status;
    for (const Split split : {Split::kTrain, Split::kTest}) {
      for (int64_t i = 0; i < dataset->size(split) && status.ok(); ++i)
        status = dataset->Read(split, i, sample);
    }
    EXPECT_TRUE(absl::StrContains(status.message(), path + ": was changed after it was looked at"))
        << status;
    EXPECT_EQ(absl::StrContains(status.message(), "the cache " + (folder_ / "cache/pictures-")),
              from_cache)
        << status;
  }
}

// The index is made once: a later start does not decode what it knows, and sees what is new.
TEST_F(Storage, WhatPicturesAreIsRememberedByTheirFiles) {
  std::ofstream(folder_ / "pictures/damaged.png") << "no picture";
  const auto dataset = Load(ImageFolder::DECODE, false);
  EXPECT_TRUE(absl::StrContains(dataset->Summary(), "left out 1 unreadable"));
  const std::string path = folder_ / "pictures/damaged.png";
  const auto time = fs::last_write_time(path);
  std::ofstream(path) << "NO PICTURE";  // of the same size
  fs::last_write_time(path, time);
  const std::string summary = Load(ImageFolder::DECODE, false)->Summary();
  EXPECT_EQ(summary, dataset->Summary());
  WriteMap(path, 20, 20);
  EXPECT_FALSE(absl::StrContains(Load(ImageFolder::DECODE, false)->Summary(), "left out"));
  // A cache that is damaged is made again.
  for (const auto& file : fs::directory_iterator(folder_ / "cache")) {
    fs::resize_file(file.path(), 10);
  }
  const auto again = Load(ImageFolder::DECODE, false);
  EXPECT_EQ(again->size(Split::kTrain) + again->size(Split::kTest), 10);
}

// Another file of the same name, size and time of writing, as two archives have them.
TEST_F(Storage, AnotherFileInTheSamePlaceHasAnotherKey) {
  const std::string path = folder_ / "pictures/0.png", other = folder_ / "other";
  const auto key = [&] { return PictureKey({path}, {.shape = {3, 8, 8}}); };
  const std::string before = key();
  EXPECT_EQ(key(), before);
  std::ofstream(other) << std::string(fs::file_size(path), 'x');
  fs::last_write_time(other, fs::last_write_time(path));
  fs::rename(other, path);
  EXPECT_NE(key(), before);
}

// A fault that is not of the file's bytes is no fact about the picture: it may be gone next time.
TEST_F(Storage, AFaultThatMayPassIsNotRemembered) {
  fs::create_symlink(folder_ / "later.png", folder_ / "pictures/later.png");
  const auto dataset = Load(ImageFolder::DECODE, false);
  EXPECT_TRUE(absl::StrContains(dataset->Summary(), "left out 1 unreadable"));
  EXPECT_FALSE(fs::exists(folder_ / "cache"));
  WriteMap(folder_ / "later.png", 20, 20);
  EXPECT_FALSE(absl::StrContains(Load(ImageFolder::DECODE, false)->Summary(), "left out"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "cache"), fs::directory_iterator()), 1);
}

TEST_F(Storage, IsChosenForAllPicturesAtOnce) {
  constexpr double kGiB = 1 << 30;
  for (const auto asked : {ImageFolder::MEMORY, ImageFolder::CACHE, ImageFolder::DECODE}) {
    EXPECT_EQ(StorageFor(asked, false, 9 * kGiB), asked);
  }
  for (const bool own_size : {false, true}) {
    EXPECT_EQ(StorageFor(ImageFolder::BY_SIZE, own_size, kGiB), ImageFolder::MEMORY);
  }
  EXPECT_EQ(StorageFor(ImageFolder::BY_SIZE, false, kGiB + 1), ImageFolder::CACHE);
  EXPECT_EQ(StorageFor(ImageFolder::BY_SIZE, true, kGiB + 1), ImageFolder::DECODE);

  // Those for training alone would fit: but no picture of theirs is looked at, the damaged one.
  constexpr int kSide = 9000;
  ImageFolder config = Config(folder_, ImageFolder::MEMORY, kSide);
  config.set_held_out(0);
  config.set_skip_unreadable(false);
  config.set_directory(folder_ / "train");
  config.set_test_directory(folder_ / "test");
  fs::create_directories(config.directory());
  fs::create_directories(config.test_directory());
  std::ofstream(config.directory() + "/damaged.png") << "no picture";
  const auto enough = static_cast<int>(TightestMemoryLimit().bytes / (3.0 * kSide * kSide)) + 1;
  for (int i = 0; i < enough; ++i) {
    std::ofstream(absl::StrCat(config.test_directory(), "/", i, ".png")) << "no picture";
  }
  const auto dataset = ImageFolderDataset::Create(config, {});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const absl::Status loaded = (*dataset)->Load();
  EXPECT_TRUE(absl::StartsWith(loaded.message(), "storage: the pictures take ")) << loaded;
}

}  // namespace
}  // namespace pretext
