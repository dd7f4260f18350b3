#include "datasets/image_scaling/image_scaling.h"

#include <cmath>
#include <limits>

#include "datasets/image_scaling/image_scaling.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ImageScaling Config(float low, float high, bool standardize = false) {
  ImageScaling config;
  config.set_low(low);
  config.set_high(high);
  config.set_standardize(standardize);
  return config;
}

std::vector<float> Scaled(const ImageScaling& config, const PixelStatistics& statistics,
                          const std::vector<uint8_t>& pixels) {
  std::vector<float> out(pixels.size());
  ScalePixels(MakePixelScale(config, statistics), pixels.data(),
              pixels.size() / statistics.mean.size(), out.data());
  return out;
}

TEST(ImageScalingTest, KeyIsOfWhatIsSaid) {
  EXPECT_EQ(KeyOf(Config(0, 1)), KeyOf(ImageScaling()));
  ImageScaling standardized;
  standardized.set_standardize(true);
  EXPECT_EQ(KeyOf(Config(0, 1, true)), KeyOf(standardized));
  EXPECT_NE(KeyOf(standardized), KeyOf(ImageScaling()));
  EXPECT_NE(KeyOf(Config(-1, 1)), KeyOf(ImageScaling()));
  EXPECT_NE(KeyOf(Config(0, 2)), KeyOf(Config(0, 1)));
}

TEST(ImageScalingTest, Range) {
  const PixelStatistics one{{0.5}, {0.1}};
  EXPECT_THAT(Scaled(ImageScaling(), one, {0, 51, 255}), ElementsAre(0.0f, 51 / 255.0f, 1.0f));
  EXPECT_THAT(Scaled(Config(-1, 1), one, {0, 255}), ElementsAre(-1.0f, 1.0f));
  // The default is exactly what division by 255 gives, for every byte.
  std::vector<uint8_t> all(256);
  for (int b = 0; b < 256; ++b) all[b] = b;
  const std::vector<float> got = Scaled(ImageScaling(), one, all);
  for (int b = 0; b < 256; ++b) EXPECT_EQ(got[b], b / 255.0f);
  // Bytes that were divided before come to the same bits.
  const PixelScale scale{.factor = {3.3f}, .offset = {-0.7f}};
  std::vector<float> of_bytes(256), of_unit(256);
  ScalePixels(scale, all.data(), 256, of_bytes.data());
  ScaleUnit(scale, got.data(), 256, of_unit.data());
  EXPECT_EQ(of_bytes, of_unit);
}

TEST(ImageScalingTest, StandardizesEachChannelWhateverTheRange) {
  // Three images of two channels of two pixels, the second not chosen.
  const std::vector<uint8_t> pixels = {0, 100, 7, 7, 255, 255, 0, 255, 200, 100, 7, 7};
  const PixelStatistics statistics = ComputePixelStatistics(pixels.data(), {2, 0}, 2, 2);
  EXPECT_TRUE(std::abs(statistics.mean[0] - 100 / 255.0) <= 1e-15);
  EXPECT_TRUE(std::abs(statistics.deviation[0] - std::sqrt(5000.0) / 255) <= 1e-15);
  EXPECT_TRUE(std::abs(statistics.deviation[1]) <= 1e-9);
  for (const ImageScaling& config : {Config(0, 1, true), Config(-3, 9, true)}) {
    const std::vector<float> got = Scaled(config, statistics, {0, 200, 7, 7});
    EXPECT_TRUE(std::abs(got[0] + std::sqrt(2.0)) <= 1e-6) << got[0];
    EXPECT_TRUE(std::abs(got[1] - std::sqrt(2.0)) <= 1e-6) << got[1];
    EXPECT_TRUE(std::abs(got[2]) <= 1e-6);  // one colour throughout: centered only
  }
}

TEST(ImageScalingTest, SaysWhatItsValuesCanBe) {
  EXPECT_EQ(RangeOf(ImageScaling()), kUnitRange);
  EXPECT_EQ(RangeOf(Config(-2, 3)), (ValueRange{-2, 3}));
  EXPECT_EQ(RangeOf(Config(0, 1, true)), ValueRange());
}

TEST(ImageScalingTest, Faults) {
  FieldChecker good;
  CheckImageScaling(Config(-2, 3), "scaling", good);
  EXPECT_TRUE(good.ok());
  FieldChecker check;
  CheckImageScaling(Config(1, 1), "scaling", check);
  CheckImageScaling(Config(std::numeric_limits<float>::quiet_NaN(), 1), "scaling", check);
  CheckImageScaling(Config(0, std::numeric_limits<float>::infinity()), "scaling", check);
  ASSERT_EQ(check.faults().size(), 3);
  EXPECT_EQ(check.faults()[0].path, "scaling.high");
  EXPECT_THAT(check.faults()[0].message, HasSubstr("must be above low, 1; it is 1"));
  EXPECT_EQ(check.faults()[1].path, "scaling.low");
  EXPECT_EQ(check.faults()[2].path, "scaling.high");
}

}  // namespace
}  // namespace pretext
