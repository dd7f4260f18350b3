#include "pipelines/new_plugin/templates/dataset/sketch/sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/new_plugin/templates/dataset/sketch/sketch.pb.h"

namespace custom {
namespace {

using pretext::Split;

TEST(Sketch, StripesGoAsTheLabelSays) {
  const auto dataset = SketchDataset::Create(Sketch(), {});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  ASSERT_TRUE((*dataset)->Load().ok());
  EXPECT_EQ((*dataset)->size(Split::kTrain), 1000);
  EXPECT_EQ((*dataset)->size(Split::kTest), 201);
  int ones = 0;
  for (int64_t i = 0; i < 200; ++i) {
    pretext::Sample sample;
    ASSERT_TRUE((*dataset)->Read(Split::kTrain, i, sample).ok());
    EXPECT_EQ(sample.index, i);
    ones += sample.label;
    // Along a stripe pixels differ by noise alone.
    for (size_t p = 0; p < 16; ++p) {
      const size_t at = sample.label == 0 ? p : 16 * p;
      EXPECT_NEAR(sample.values[at], sample.values[0], 0.2 + 1e-6);
    }
  }
  EXPECT_NEAR(ones, 100, 4 * 7.1) << "of 200 draws";
}

TEST(Sketch, ASampleIsTheSameEachTimeAndOtherInTheTestSplit) {
  const auto dataset = SketchDataset::Create(Sketch(), {});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  pretext::Sample first, again, test;
  ASSERT_TRUE((*dataset)->Read(Split::kTrain, 7, first).ok());
  ASSERT_TRUE((*dataset)->Read(Split::kTrain, 7, again).ok());
  ASSERT_TRUE((*dataset)->Read(Split::kTest, 7, test).ok());
  EXPECT_EQ(first.values, again.values);
  EXPECT_NE(first.values, test.values);
}

TEST(Sketch, EveryFaultIsNamed) {
  Sketch config;
  config.set_samples(0);
  config.set_side(1);
  const auto faulty = SketchDataset::Create(config, {});
  EXPECT_THAT(std::string(faulty.status().message()), testing::HasSubstr("samples: "));
  EXPECT_THAT(std::string(faulty.status().message()), testing::HasSubstr("side: "));
}

}  // namespace
}  // namespace custom
