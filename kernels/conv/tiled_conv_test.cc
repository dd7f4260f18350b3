#include "kernels/conv/tiled_conv.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random/random.h"
#include "kernels/conv/conv_reference.h"
#include "kernels/layout/channel_order.h"

namespace pretext::conv_internal {
namespace {

using Pass = ConvPlan::Pass;

const ConvShape kShapes[] = {
    Bfloat16Shape(64, 64, 8, 8, 32, 3, 1, 1),   // whole blocks
    Bfloat16Shape(1, 32, 5, 4, 32, 3, 1, 1),    // one sample
    Bfloat16Shape(70, 32, 4, 4, 64, 3, 1, 1),   // a last block that is not full
    Bfloat16Shape(33, 48, 7, 6, 80, 3, 2, 1),   // channels that do not fill their blocks
    Bfloat16Shape(3, 32, 40, 48, 32, 3, 1, 1),  // in strips
    Bfloat16Shape(9, 32, 8, 8, 64, 1, 2, 0),    // positions that no window meets
    Bfloat16Shape(5, 32, 13, 11, 32, 7, 2, 3),  // windows that reach far beyond the edge
    Bfloat16Shape(40, 32, 6, 6, 32, 5, 1, 0),   // without padding
    Bfloat16Shape(35, 32, 2, 2, 32, 2, 3, 1),   // a stride beyond the kernel
};

// Numbers that bfloat16 holds.
std::vector<float> Numbers(int64_t n, uint64_t seed) {
  Random random({.seed = seed});
  std::vector<float> values(static_cast<size_t>(n));
  for (float& v : values) v = ToFloat(ToBfloat16(random.Uniform(-1.0f, 1.0f)));
  return values;
}

// Row-major to channels last, and back.
std::vector<Bfloat16> Last(const std::vector<float>& plain, const Layout& layout) {
  std::vector<Bfloat16> last(plain.size());
  Reorder(plain.data(), Layout(), last.data(), layout);
  return last;
}
std::vector<float> Plain(const std::vector<Bfloat16>& last, const Layout& layout) {
  std::vector<float> plain(last.size());
  Reorder(last.data(), layout, plain.data(), Layout());
  return plain;
}

Layout InputLayout(const ConvShape& s) {
  return ChannelsLast(s.n, s.in_channels, s.height, s.width, /*bfloat16=*/true);
}
Layout OutputLayout(const ConvShape& s) {
  return ChannelsLast(s.n, s.out_channels, s.out_height(), s.out_width(), /*bfloat16=*/true);
}

// Products of these numbers are exact and below 1: a sum of so many `terms` is around their square
// root, as is the number of roundings of its last place that do not cancel out. The result is
// rounded once more, by `rounding` of itself.
void ExpectNear(const std::vector<float>& values, const std::vector<double>& expected,
                int64_t terms, double rounding) {
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_TRUE(std::abs(values[i] - expected[i]) <=
                rounding * std::abs(expected[i]) + static_cast<double>(terms) * 0x1p-24)
        << i << ": " << values[i] << " is not " << expected[i];
  }
}

struct Workspace {
  explicit Workspace(size_t bytes) : floats(bytes / sizeof(float) + 16) {
    data = floats.data() + (64 - reinterpret_cast<uintptr_t>(floats.data()) % 64) % 64 / 4;
    std::fill(floats.begin(), floats.end(), std::numeric_limits<float>::quiet_NaN());
  }
  std::vector<float> floats;
  float* data;
};

class TiledConvTest : public testing::TestWithParam<ConvShape> {
 protected:
  void SetUp() override {
    if (!HasTiles()) GTEST_SKIP() << "no matrix units here";
  }
  void TearDown() override { omp_set_num_threads(threads_); }

  // fn(begin, count) for the chunks.
  template <class Fn>
  static void ForEachChunk(const TiledConv& conv, int64_t n, const Fn& fn) {
    for (int64_t begin = 0; begin < n; begin += conv.chunk())
      fn(begin, std::min(conv.chunk(), n - begin));
  }

  const int threads_ = omp_get_max_threads();
};

TEST_P(TiledConvTest, AllPassesAgainstTheDefinition) {
  const ConvShape s = GetParam();
  const Layout x_order = InputLayout(s), y_order = OutputLayout(s);
  const auto x = Numbers(InputSize(s), 1), w = Numbers(s.weight_size(), 2),
             dy = Numbers(OutputSize(s), 3), before = Numbers(InputSize(s), 4);
  const auto x_last = Last(x, x_order), dy_last = Last(dy, y_order);
  const int64_t window = s.kernel * s.kernel, in = InputSize(s) / s.n, out = OutputSize(s) / s.n;
  for (int threads : {1, 2}) {
    omp_set_num_threads(threads);
    const TiledConv conv(s);
    Workspace forward(conv.workspace_bytes(Pass::kForward));
    conv.Prepare(Pass::kForward, w.data(), forward.data);
    std::vector<Bfloat16> y(dy.size(), Bfloat16{0x7fc0});
    ForEachChunk(conv, s.n, [&](int64_t begin, int64_t count) {
      conv.Forward(count, x_last.data() + begin * in, y.data() + begin * out, forward.data);
    });
    ExpectNear(Plain(y, y_order), ConvForwardReference(s, x, w), window * s.in_channels,
               kBfloat16Rounding);

    Workspace backward(conv.workspace_bytes(Pass::kBackwardData));
    conv.Prepare(Pass::kBackwardData, w.data(), backward.data);
    std::vector<double> expected = ConvBackwardDataReference(s, dy, w);
    for (bool accumulate : {false, true}) {
      std::vector<Bfloat16> dx =
          accumulate ? Last(before, x_order) : std::vector<Bfloat16>(x.size(), Bfloat16{0x7fc0});
      ForEachChunk(conv, s.n, [&](int64_t begin, int64_t count) {
        conv.BackwardData(count, dy_last.data() + begin * out, dx.data() + begin * in, accumulate,
                          backward.data);
      });
      if (accumulate) {
        for (size_t i = 0; i < expected.size(); ++i) expected[i] += before[i];
      }
      ExpectNear(Plain(dx, x_order), expected, window * s.out_channels, kBfloat16Rounding);
    }

    Workspace weights(conv.workspace_bytes(Pass::kBackwardWeights));
    ForEachChunk(conv, s.n, [&](int64_t begin, int64_t count) {
      conv.BackwardWeights(count, x_last.data() + begin * in, dy_last.data() + begin * out,
                           begin == 0, weights.data);
    });
    expected = ConvBackwardWeightsReference(s, x, dy);
    std::vector<float> dw = w;
    conv.FinishBackwardWeights(dw.data(), false, weights.data);
    ExpectNear(dw, expected, out / s.out_channels * s.n, 0x1p-24);
    dw = w;
    conv.FinishBackwardWeights(dw.data(), true, weights.data);
    for (size_t i = 0; i < expected.size(); ++i) expected[i] += w[i];
    ExpectNear(dw, expected, out / s.out_channels * s.n, 0x1p-24);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, TiledConvTest, testing::ValuesIn(kShapes));

TEST_F(TiledConvTest, ANanStaysInItsSample) {
  const ConvShape s = Bfloat16Shape(40, 32, 4, 4, 32, 3, 1, 1);
  const auto w = Numbers(s.weight_size(), 2);
  auto x = Last(Numbers(InputSize(s), 1), InputLayout(s));
  x[static_cast<size_t>(3 * InputSize(s) / s.n + 7)] = {0x7fc0};
  const TiledConv conv(s);
  Workspace workspace(conv.workspace_bytes(Pass::kForward));
  conv.Prepare(Pass::kForward, w.data(), workspace.data);
  std::vector<Bfloat16> y(static_cast<size_t>(OutputSize(s)));
  conv.Forward(s.n, x.data(), y.data(), workspace.data);
  for (int64_t n = 0; n < s.n; ++n) {
    const auto begin = y.begin() + n * OutputSize(s) / s.n;
    const bool nan = std::any_of(begin, begin + OutputSize(s) / s.n,
                                 [](Bfloat16 v) { return std::isnan(ToFloat(v)); });
    EXPECT_EQ(nan, n == 3) << n;
  }
}

TEST_F(TiledConvTest, ForThePassesThatItSuits) {
  const auto suits = [](const ConvShape& s) {
    return std::vector<bool>{TiledConv::Suits(s, Pass::kForward),
                             TiledConv::Suits(s, Pass::kBackwardData),
                             TiledConv::Suits(s, Pass::kBackwardWeights)};
  };
  using Passes = std::vector<bool>;
  ConvShape s = Bfloat16Shape(8, 32, 4, 4, 32, 3, 1, 1);
  EXPECT_EQ(suits(s), (Passes{true, true, true}));
  EXPECT_EQ(suits(Bfloat16Shape(8, 32, 32, 32, 32, 3, 1, 1)), (Passes{false, false, true}));
  EXPECT_EQ(suits(Bfloat16Shape(8, 128, 8, 8, 128, 3, 1, 1)), (Passes{false, true, true}));
  EXPECT_EQ(suits(Bfloat16Shape(8, 256, 8, 8, 256, 3, 1, 1)), (Passes{true, true, true}));
  EXPECT_EQ(suits(Bfloat16Shape(8, 3, 4, 4, 32, 3, 1, 1)), (Passes{false, false, false}));
  s.groups = 2;
  EXPECT_EQ(suits(s), (Passes{false, false, false}));
  s.groups = 1;
  s.bfloat16 = false;
  EXPECT_EQ(suits(s), (Passes{false, false, false}));
}

}  // namespace
}  // namespace pretext::conv_internal
