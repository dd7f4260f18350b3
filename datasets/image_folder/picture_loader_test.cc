#include "datasets/image_folder/picture_loader.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <fstream>

#include "base/image/image_io.h"

namespace pretext {
namespace {

// A picture that gets brighter from left to right, from 0 to 1; blue is the other way round.
std::string WriteRamp(const std::string& name, int height, int width) {
  const ImageShape shape{3, height, width};
  std::vector<float> image(static_cast<size_t>(shape.size()));
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < height * width; ++i) {
      const float x = static_cast<float>(i % width) / static_cast<float>(width - 1);
      image[static_cast<size_t>(c * height * width + i)] = c == 2 ? 1 - x : x;
    }
  }
  const std::string path = testing::TempDir() + "/" + name;
  EXPECT_TRUE(WritePng(path, image.data(), shape).ok());
  return path;
}

TEST(LoadPictures, KeepsAPictureOfTheRightSize) {
  const std::string path = WriteRamp("same.png", 4, 6);
  std::vector<uint8_t> pixels(3 * 4 * 6);
  const auto statuses = LoadPictures({path}, {.shape = {3, 4, 6}}, pixels.data());
  ASSERT_TRUE(statuses[0].status.ok());
  for (int i = 0; i < 24; ++i) {
    EXPECT_EQ(pixels[i], i % 6 * 51);
    EXPECT_EQ(pixels[48 + i], 255 - i % 6 * 51);
  }
}

TEST(LoadPictures, CropsTheMiddleOrStretches) {
  const std::string wide = WriteRamp("wide.png", 8, 16);
  uint8_t cropped[8 * 8], stretched[8 * 8], from_tall[4 * 4];
  ASSERT_TRUE(
      LoadPictures({wide}, {.shape = {1, 8, 8}, .fit = PictureFit::kCrop}, cropped)[0].status.ok());
  ASSERT_TRUE(LoadPictures({wide}, {.shape = {1, 8, 8}, .fit = PictureFit::kStretch}, stretched)[0]
                  .status.ok());
  // Grey of the ramp: 0.299 + 0.587 of it and 0.114 of its mirror.
  const auto grey = [](double x) { return 255 * (0.886 * x + 0.114 * (1 - x)); };
  for (int i = 0; i < 64; ++i) {
    // Columns 4 to 11 of 16; or pairs of columns, whose mean is the ramp's in the middle of the two
    // (at the border the filter leans inwards). Three roundings to bytes.
    EXPECT_NEAR(cropped[i], grey((4 + i % 8) / 15.0), 1.5);
    if (i % 8 > 0 && i % 8 < 7) {
      EXPECT_NEAR(stretched[i], grey((2 * (i % 8) + 0.5) / 15.0), 1.5);
    }
  }
  const std::string tall = WriteRamp("tall.png", 20, 4);
  ASSERT_TRUE(LoadPictures({tall}, {.shape = {1, 4, 4}, .fit = PictureFit::kCrop}, from_tall)[0]
                  .status.ok());
  for (int i = 0; i < 16; ++i) EXPECT_NEAR(from_tall[i], grey(i % 4 / 3.0), 1.5);
}

TEST(LoadPictures, SaysWhichPictureIsDamagedAndReadsTheOthers) {
  const std::string good = WriteRamp("good.png", 5, 5), bad = testing::TempDir() + "/bad.png";
  std::ofstream(bad) << "\x89PNG\r\n\x1a\n and then nothing";
  std::vector<uint8_t> pixels(3 * 3 * 25, 77);
  const auto statuses = LoadPictures({good, bad, good}, {.shape = {3, 5, 5}}, pixels.data());
  ASSERT_EQ(statuses.size(), 3);
  EXPECT_TRUE(statuses[0].status.ok());
  EXPECT_TRUE(statuses[2].status.ok());
  EXPECT_EQ(statuses[1].status.message().substr(0, bad.size()), bad);
  EXPECT_TRUE(std::equal(pixels.begin(), pixels.begin() + 75, pixels.begin() + 150));
}

TEST(LoadPictures, TheSameForAnyNumberOfThreads) {
  std::vector<std::string> paths;
  for (int i = 0; i < 20; ++i) {
    paths.push_back(WriteRamp("many" + std::to_string(i) + ".png", 10 + i, 40 - i));
  }
  const ImageShape shape{3, 9, 11};
  std::vector<uint8_t> one(static_cast<size_t>(20 * shape.size())), four = one;
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  LoadPictures(paths, {.shape = shape}, one.data());
  omp_set_num_threads(4);
  LoadPictures(paths, {.shape = shape}, four.data());
  omp_set_num_threads(before);
  EXPECT_EQ(one, four);
}

}  // namespace
}  // namespace pretext
