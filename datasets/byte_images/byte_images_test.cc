#include "datasets/byte_images/byte_images.h"

#include <gtest/gtest.h>

#include <set>

#include "datasets/image_scaling/image_scaling.pb.h"

namespace pretext {
namespace {

const FlowType kType = FlowType::Image(3, 1, 2);

// n images whose bytes are all the image's number.
ByteImages::Part Numbered(int n, int first, bool labelled) {
  ByteImages::Part part;
  for (int i = first; i < first + n; ++i) {
    part.pixels.insert(part.pixels.end(), static_cast<size_t>(kType.size()),
                       static_cast<uint8_t>(i));
    if (labelled) part.labels.push_back(i % 3);
  }
  return part;
}

int NumberOf(const Sample& sample) { return static_cast<int>(sample.values[0] * 255 + 0.5f); }

TEST(ByteImages, KeepsTrainAndTestApart) {
  ByteImages images;
  images.Set(kType, Numbered(5, 10, true), Numbered(3, 20, true), 0.5, 1, ImageScaling());
  ASSERT_EQ(images.size(Split::kTrain), 5);
  ASSERT_EQ(images.size(Split::kTest), 3) << "held_out is for want of test images";
  Sample sample;
  for (int i = 0; i < 5; ++i) {
    images.Read(Split::kTrain, i, sample);
    EXPECT_EQ(sample.index, i);
    EXPECT_EQ(sample.type, kType);
    EXPECT_EQ(sample.values, std::vector<float>(6, sample.values[0]));
    EXPECT_EQ(NumberOf(sample), 10 + i);
    EXPECT_EQ(sample.label, (10 + i) % 3);
  }
  images.Read(Split::kTest, 2, sample);
  EXPECT_EQ(sample.index, 2);
  EXPECT_EQ(NumberOf(sample), 22);
  EXPECT_EQ(sample.label, 22 % 3);
  EXPECT_EQ(images.Summary(3),
            "5 + 3 images 3×1×2, 3 classes, pixel mean 0.0471 0.0471 0.0471, deviation 0.0055 "
            "0.0055 0.0055");
}

TEST(ByteImages, HoldsOutWhereThereIsNoTest) {
  ByteImages images;
  images.Set(kType, Numbered(20, 0, false), {}, 0.25, 1, ImageScaling());
  ASSERT_EQ(images.size(Split::kTrain), 15);
  ASSERT_EQ(images.size(Split::kTest), 5);
  std::set<int> seen;
  Sample sample;
  for (const Split split : {Split::kTrain, Split::kTest}) {
    for (int64_t i = 0; i < images.size(split); ++i) {
      images.Read(split, i, sample);
      EXPECT_EQ(sample.label, -1);
      seen.insert(NumberOf(sample));
    }
  }
  EXPECT_EQ(seen.size(), 20) << "each image is in one split";
}

TEST(ByteImages, Scales) {
  ImageScaling scaling;
  scaling.set_low(-1);
  ByteImages images;
  images.Set(kType, Numbered(1, 255, false), {}, 0, 1, scaling);
  Sample sample;
  images.Read(Split::kTrain, 0, sample);
  EXPECT_EQ(sample.values[0], 1);
  images.Set(kType, Numbered(1, 0, false), {}, 0, 1, scaling);
  images.Read(Split::kTrain, 0, sample);
  EXPECT_EQ(sample.values[0], -1);
}

TEST(ByteImages, AreScaledAsOthersWere) {
  ImageScaling scaling;
  scaling.set_standardize(true);
  ByteImages images;
  EXPECT_FALSE(images.PrepareAs(scaling, {.factor = {2}, .offset = {1}}).ok())
      << "those were not standardized";
  ASSERT_TRUE(images.PrepareAs(scaling, {.factor = {2}, .offset = {1}, .standardized = true}).ok());
  images.Set(kType, Numbered(5, 51, false), {}, 0, 1, scaling);
  Sample sample;
  images.Read(Split::kTrain, 0, sample);
  EXPECT_FLOAT_EQ(sample.values[0], 2 * 51 / 255.0f + 1);
}

}  // namespace
}  // namespace pretext
