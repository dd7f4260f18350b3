#include "kernels/matrix_units/tiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "base/random/random.h"

namespace pretext {
namespace {

class TilesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasTiles()) GTEST_SKIP() << "no matrix units here";
  }

  std::vector<Bfloat16> Numbers(int64_t n) {
    std::vector<Bfloat16> values(static_cast<size_t>(n));
    for (Bfloat16& value : values) value = ToBfloat16(random_.Uniform(-1.0f, 1.0f));
    return values;
  }

  Random random_{{.seed = 5}};
};

struct alignas(64) Block {
  std::array<Bfloat16, kTileBlock> values;
  float Left(int64_t m, int64_t k) const {
    return ToFloat(values[static_cast<size_t>(m * 32 + k)]);
  }
  float Right(int64_t k, int64_t n) const {
    return ToFloat(values[static_cast<size_t>(n / 16 * 512 + k / 2 * 32 + n % 16 * 2 + k % 2)]);
  }
};

TEST_F(TilesTest, BlocksOfRowsAndOfColumnsWithZerosBeyond) {
  for (const auto& [rows, columns] : {std::pair{32, 32}, {32, 16}, {17, 31}, {1, 5}, {30, 1}}) {
    const int64_t stride = 37;
    const std::vector<Bfloat16> from = Numbers(32 * stride);
    Block left, left_transposed, right, right_transposed;
    LeftBlock(rows, columns, from.data(), stride, left.values.data());
    LeftBlockTransposed(rows, columns, from.data(), stride, left_transposed.values.data());
    RightBlock(rows, columns, from.data(), stride, right.values.data());
    RightBlockTransposed(rows, columns, from.data(), stride, right_transposed.values.data());
    for (int64_t r = 0; r < 32; ++r) {
      for (int64_t c = 0; c < 32; ++c) {
        const bool there = r < rows && c < columns;
        const float straight = there ? ToFloat(from[r * stride + c]) : 0.0f,
                    across = there ? ToFloat(from[c * stride + r]) : 0.0f;
        EXPECT_EQ(left.Left(r, c), straight);
        EXPECT_EQ(left_transposed.Left(r, c), across);
        EXPECT_EQ(right.Right(r, c), straight);
        EXPECT_EQ(right_transposed.Right(r, c), across);
      }
    }
  }
}

TEST_F(TilesTest, BlocksOfAConvolutionsWeights) {
  for (const auto& [rows, columns, window] :
       {std::tuple{32, 32, 9}, {3, 32, 49}, {17, 5, 1}, {31, 17, 4}}) {
    const int64_t stride = rows * window + 5;
    const std::vector<Bfloat16> numbers = Numbers(32 * stride);
    std::vector<float> from, factor;
    for (const Bfloat16 v : numbers) from.push_back(ToFloat(v));
    for (int n = 0; n < columns; ++n) factor.push_back(random_.Uniform(-1.0f, 1.0f));
    std::vector<Block> blocks(2 * static_cast<size_t>(window));
    RightBlocksOfWindows(rows, columns, window, from.data(), stride, factor.data(), 2 * kTileBlock,
                         blocks[0].values.data());
    for (int64_t t = 0; t < window; ++t) {
      for (int64_t k = 0; k < 32; ++k) {
        for (int64_t n = 0; n < 32; ++n) {
          const bool there = k < rows && n < columns;
          const float value =
              there ? from[n * stride + k * window + t] * factor[static_cast<size_t>(n)] : 0.0f;
          EXPECT_EQ(blocks[2 * static_cast<size_t>(t)].Right(k, n), ToFloat(ToBfloat16(value)));
        }
      }
    }
  }
}

TEST_F(TilesTest, SumsOverPanelsAndDepth) {
  constexpr int64_t kDepth = 3;
  std::vector<Block> a(2 * kDepth), b(2 * kDepth);
  for (Block& block : a) LeftBlock(32, 32, Numbers(1024).data(), 32, block.values.data());
  for (Block& block : b) RightBlock(32, 32, Numbers(1024).data(), 32, block.values.data());
  const TilePanel panels[] = {{0, kDepth * kTileBlock}, {kDepth * kTileBlock, 0}};
  const Bfloat16* const left = a[0].values.data();
  const Bfloat16* const right = b[0].values.data();
  alignas(64) float sums[kTileBlock];
  {
    const TileUse use;
    MultiplyTiles(2, panels, kDepth, left, right, false, sums);
    MultiplyTiles(1, panels, kDepth, left, right, true, sums);
  }
  for (int64_t m = 0; m < 32; ++m) {
    for (int64_t n = 0; n < 32; ++n) {
      double sum = 0;
      for (int64_t p : {0, 1, 0}) {
        for (int64_t k = 0; k < 32 * kDepth; ++k) {
          sum += double{a[p * kDepth + k / 32].Left(m, k % 32)} *
                 b[(1 - p) * kDepth + k / 32].Right(k % 32, n);
        }
      }
      // 288 exact products below 1, each sum rounded: 288 · 2^-24 of the largest sum, some 20.
      EXPECT_TRUE(std::abs(sums[m * 32 + n] - sum) <= 288 * 20 * 0x1p-24) << m << " " << n;
    }
  }
}

// Fewer rows: their sums have the same bits, and the others' are left alone.
TEST_F(TilesTest, SomeRows) {
  Block a, b;
  LeftBlock(32, 32, Numbers(1024).data(), 32, a.values.data());
  RightBlock(32, 32, Numbers(1024).data(), 32, b.values.data());
  const TilePanel panel = {0, 0};
  alignas(64) float all[kTileBlock];
  {
    const TileUse use;
    MultiplyTiles(1, &panel, 1, a.values.data(), b.values.data(), false, all);
    MultiplyTiles(1, &panel, 1, a.values.data(), b.values.data(), true, all);
  }
  for (int64_t rows : {1, 16, 17, 31}) {
    alignas(64) float some[kTileBlock];
    std::fill_n(some, kTileBlock, 7.0f);
    const TileUse use(rows);
    MultiplyTiles(1, &panel, 1, a.values.data(), b.values.data(), false, some, rows);
    MultiplyTiles(1, &panel, 1, a.values.data(), b.values.data(), true, some, rows);
    for (int64_t i = 0; i < kTileBlock; ++i)
      EXPECT_EQ(some[i], i < rows * kTileSide ? all[i] : 7.0f) << rows << " " << i;
  }
}

TEST_F(TilesTest, SumsAreFinishedAndRoundedOnce) {
  constexpr int64_t kRows = 5;
  std::vector<float> sums(kRows * 32), bias(32);
  for (float& v : sums) v = random_.Uniform(-3.0f, 3.0f);
  for (float& v : bias) v = random_.Uniform(-3.0f, 3.0f);
  sums[40] = std::numeric_limits<float>::quiet_NaN();
  sums[41] = std::numeric_limits<float>::infinity();
  const std::vector<Bfloat16> residual = Numbers(kRows * 32);
  for (bool adds : {false, true}) {
    for (bool relu : {false, true}) {
      std::vector<Bfloat16> to = residual;
      StoreFinished(kRows, sums.data(), bias.data(), adds ? to.data() : nullptr, relu, to.data());
      for (size_t i = 0; i < to.size(); ++i) {
        float v = sums[i] + bias[i % 32];
        if (adds) v += ToFloat(residual[i]);
        if (relu && v < 0) v = 0;
        if (i == 40) {
          EXPECT_TRUE(std::isnan(ToFloat(to[i])));
        } else {
          EXPECT_EQ(to[i], ToBfloat16(v)) << i;
        }
      }
    }
  }
}

TEST_F(TilesTest, NanPropagatesAndRoundingIsToTheNearestEven) {
  float sums[32] = {};
  for (int i = 0; i < 32; ++i) sums[i] = random_.Uniform(-3.0f, 3.0f);
  sums[4] = std::numeric_limits<float>::quiet_NaN();
  sums[5] = 1 + 0x1p-8f;  // a tie
  sums[6] = std::numeric_limits<float>::infinity();
  std::vector<Bfloat16> to = Numbers(33);
  const std::vector<Bfloat16> before = to;
  StoreRounded(sums, 31, false, to.data());
  for (int i = 0; i < 31; ++i) {
    if (i == 4) {
      EXPECT_TRUE(std::isnan(ToFloat(to[i])));
    } else {
      EXPECT_EQ(to[i], ToBfloat16(sums[i])) << i;
    }
  }
  EXPECT_EQ(to[31], before[31]);
  to = before;
  StoreRounded(sums, 3, true, to.data());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(to[i], ToBfloat16(sums[i] + ToFloat(before[i])));
  EXPECT_EQ(to[3], before[3]);
}

TEST_F(TilesTest, PartsAreRoundedAndTheRestRounded) {
  for (const int64_t n : {1, 15, 16, 17, 31, 32, 33, 70}) {
    std::vector<float> from(static_cast<size_t>(n));
    for (float& value : from) value = random_.Uniform(-3.0f, 3.0f);
    const Bfloat16 untouched = ToBfloat16(9.0f);
    std::vector<Bfloat16> high(from.size() + 1, untouched), low = high, alone = high;
    StoreParts(n, from.data(), high.data(), low.data());
    StoreParts(n, from.data(), alone.data(), nullptr);
    EXPECT_EQ(high, alone);
    EXPECT_EQ(high.back(), untouched);
    EXPECT_EQ(low.back(), untouched);
    for (size_t i = 0; i < from.size(); ++i) {
      EXPECT_EQ(high[i], ToBfloat16(from[i])) << i;
      EXPECT_EQ(low[i], ToBfloat16(from[i] - ToFloat(high[i]))) << i;
    }
  }
}

}  // namespace
}  // namespace pretext
