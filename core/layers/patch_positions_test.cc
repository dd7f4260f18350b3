#include "core/layers/patch_positions.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/autograd/gradient_check.h"

// Against PyTorch's and facebookresearch/mae's own: encoders/vision_transformer.

namespace pretext {
namespace {

TEST(SinCosPositions, TellEachPlaceFromTheOthers) {
  const Tensor table = SinCosPositions({3, 5}, 8, /*class_token=*/true);
  ASSERT_EQ(table.shape(), (Shape{16, 8}));
  for (int64_t i = 0; i < 8; ++i) EXPECT_EQ(table.data()[i], 0) << "the class token's";
  for (int64_t a = 1; a < 16; ++a) {
    for (int64_t b = 1; b < a; ++b) {
      double distance = 0;
      for (int64_t i = 0; i < 8; ++i)
        distance += std::abs(table.data()[a * 8 + i] - table.data()[b * 8 + i]);
      EXPECT_GT(distance, 0.5) << a << " " << b;
    }
  }
}

TEST(ResizePositions, IsACubicConvolutionAndKeepsTheClassToken) {
  // Of a slope, twice as fine: between positions i and i + 1, at 1/4 and 3/4, the weights are -27,
  // 225, 67 and -9 of 256 and these turned round (a = -3/4), which gives i + 19/64 and i + 45/64.
  Tensor table = Tensor::Full({1 + 36, 2}, 3);
  table.data()[0] = 7;
  for (int64_t p = 0; p < 36; ++p) table.data()[(1 + p) * 2 + 1] = static_cast<float>(p % 6);
  Tape tape(false);
  const Tensor resized = ResizePositions(tape, tape.Constant(table), true, {6, 6}, {4, 12}).value();
  ASSERT_EQ(resized.shape(), (Shape{1 + 48, 2}));
  EXPECT_EQ(resized.data()[0], 7);
  for (int64_t p = 0; p < 48; ++p) {
    EXPECT_NEAR(resized.data()[(1 + p) * 2], 3, 1e-5);
    const int64_t x = p % 12;
    if (x < 3 || x > 8) continue;
    const int64_t i = (x - 1) / 2;
    EXPECT_NEAR(resized.data()[(1 + p) * 2 + 1],
                static_cast<double>(i) + (x % 2 == 1 ? 19.0 / 64 : 45.0 / 64), 1e-5);
  }
}

TEST(ResizePositions, IsTheTableItselfOnTheSameGrid) {
  Tape tape;
  const Var table = tape.Leaf(RandomTensor({6, 4}, 1));
  EXPECT_EQ(ResizePositions(tape, table, false, {2, 3}, {2, 3}).value().data(),
            table.value().data());
}

}  // namespace
}  // namespace pretext
