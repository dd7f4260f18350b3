#include "pipelines/preview/contact_sheet.h"

#include <gtest/gtest.h>

namespace pretext {
namespace {

Tile Flat(int channels, int height, int width, float value) {
  const ImageShape shape{channels, height, width};
  return {shape, std::vector<float>(shape.size(), value)};
}

float At(const Tile& sheet, int channel, int y, int x) {
  return sheet.pixels[(int64_t{channel} * sheet.shape.height + y) * sheet.shape.width + x];
}

constexpr SheetOptions kTight{.least_side = 4, .gap = 1, .group_gap = 3, .background = 0.5f};

TEST(ContactSheet, PlacesEnlargedTilesInGroups) {
  Tile corner = Flat(1, 2, 2, 0);
  corner.pixels[3] = 1;
  // Row 0: | corner | a b |, row 1: | corner | a b |; 2 x 2 pixels enlarged to 4 x 4.
  const Tile a = Flat(1, 2, 2, 0.25f), b = Flat(1, 2, 2, 0.75f);
  const Tile sheet = ContactSheet({{{corner}, {corner}}, {{a, b}, {a, b}}}, kTight);
  ASSERT_EQ(sheet.shape, (ImageShape{1, 1 + 4 + 1 + 4 + 1, 1 + 4 + 3 + 4 + 1 + 4 + 1}));
  for (const int top : {1, 6}) {
    EXPECT_EQ(At(sheet, 0, top, 1), 0);
    EXPECT_EQ(At(sheet, 0, top + 1, 4), 0);
    EXPECT_EQ(At(sheet, 0, top + 2, 3), 1) << "the lower right pixel is 2 x 2 now";
    EXPECT_EQ(At(sheet, 0, top + 3, 4), 1);
    EXPECT_EQ(At(sheet, 0, top, 5), 0.5f) << "the gap";
    EXPECT_EQ(At(sheet, 0, top, 8), 0.25f);
    EXPECT_EQ(At(sheet, 0, top + 3, 11), 0.25f);
    EXPECT_EQ(At(sheet, 0, top, 13), 0.75f);
  }
  EXPECT_EQ(At(sheet, 0, 0, 0), 0.5f);
  EXPECT_EQ(At(sheet, 0, 5, 9), 0.5f);
}

TEST(ContactSheet, MixesSizesAndColours) {
  Tile red = Flat(3, 8, 6, 0);
  for (int i = 0; i < 48; ++i) red.pixels[i] = 1;
  const Tile grey = Flat(1, 4, 4, 0.25f);
  const Tile sheet = ContactSheet({{{grey, red}, {grey}}}, kTight);
  ASSERT_EQ(sheet.shape, (ImageShape{3, 1 + 8 + 1 + 4 + 1, 1 + 4 + 1 + 6 + 1}));
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(At(sheet, c, 1, 1), 0.25f);
    EXPECT_EQ(At(sheet, c, 5, 1), 0.5f) << "a lower tile leaves its row's background";
    EXPECT_EQ(At(sheet, c, 8, 11), c == 0 ? 1 : 0);
    EXPECT_EQ(At(sheet, c, 10, 6), 0.5f) << "a row may be shorter";
  }
}

TEST(ContactSheet, OfNothingIsAMargin) {
  EXPECT_EQ(ContactSheet({}, kTight).shape, (ImageShape{1, 1, 1}));
}

}  // namespace
}  // namespace pretext
