#include "pipelines/repro/repro.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "pipelines/repro/recipe_bands.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

RecipeBand Band() {
  RecipeBand band;
  band.set_name("r");
  band.set_seeds(3);
  RecipeBand::Figure* figure = band.add_figure();
  figure->set_name("knn");
  figure->set_mean(85);
  figure->set_deviation(0.2);
  return band;
}

// 4.303 · 0.2 · √(4/3) = 0.9937, by hand.
TEST(Repro, ABandIsAPredictionInterval) {
  EXPECT_NEAR(HalfWidth(0.2, 3), 0.9937, 1e-4);
  EXPECT_EQ(HalfWidth(0.01, 3), kLeastBand);
  EXPECT_EQ(HalfWidth(0, 1), 1);
  EXPECT_NEAR(HalfWidth(1, 100), 1.9698, 1e-4);
  EXPECT_TRUE(Judge(Band(), {{"probe", 1}, {"knn", 85.99}}).holds);
  EXPECT_FALSE(Judge(Band(), {{"knn", 86}}).holds);
  EXPECT_FALSE(Judge(Band(), {{"knn", 84}}).holds);
  EXPECT_THAT(Judge(Band(), {{"knn", 84}}).table, HasSubstr("DOES NOT HOLD"));
}

TEST(Repro, WhatWasNotMeasuredDoesNotHold) {
  EXPECT_FALSE(Judge(Band(), {}).holds);
  EXPECT_FALSE(Judge(Band(), {{"knn", std::nan("")}}).holds);
}

TEST(Repro, AnUnknownRecipeIsNamedWithTheNearest) {
  RecipeBands bands;
  bands.add_recipe()->set_name("fashion_mnist_byol");
  EXPECT_THAT(std::string(BandOf(bands, "fashion_mnist_bxol").status().message()),
              HasSubstr("did you mean fashion_mnist_byol?"));
}

TEST(Repro, TheShippedFileIsOne) {
  const auto bands = LoadBands("pipelines/repro/bands.textproto");
  ASSERT_TRUE(bands.ok()) << bands.status();
  EXPECT_GT(bands->recipe_size(), 0);
}

}  // namespace
}  // namespace pretext
