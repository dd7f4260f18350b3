#include "kernels/conv/packed_conv.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "base/random/random.h"
#include "kernels/conv/conv_reference.h"

namespace pretext {
namespace {

const ConvShape kShapes[] = {
    Bfloat16Shape(64, 64, 8, 8, 32, 3, 1, 1),   // whole blocks
    Bfloat16Shape(1, 32, 5, 4, 64, 3, 1, 1),    // one sample
    Bfloat16Shape(70, 96, 4, 4, 64, 3, 1, 1),   // a last block of few samples; sums kept in between
    Bfloat16Shape(55, 32, 3, 3, 32, 3, 1, 1),   // one of more than 16
    Bfloat16Shape(200, 32, 2, 2, 32, 3, 1, 1),  // several blocks at once
    Bfloat16Shape(33, 16, 7, 6, 80, 3, 2, 1),   // channels that do not fill their blocks
    Bfloat16Shape(3, 32, 40, 48, 32, 3, 1, 1),  // in strips
    Bfloat16Shape(9, 32, 8, 8, 64, 1, 2, 0),    // positions that no window meets
    Bfloat16Shape(5, 3, 13, 11, 32, 7, 2, 3),   // windows that reach far beyond the edge
    Bfloat16Shape(2, 32, 2, 2, 32, 1, 1, 2),    // and some that meet nothing
    Bfloat16Shape(35, 1024, 3, 2, 32, 1, 1, 0),  // many channels
};

// 64-byte aligned, and of no number to begin with.
struct Memory {
  explicit Memory(int64_t elements)
      : data(static_cast<Bfloat16*>(
            std::aligned_alloc(64, static_cast<size_t>(elements * 2 + 63) / 64 * 64))) {
    std::fill_n(data.get(), elements, Bfloat16{0x7fc0});
  }
  struct Free {
    void operator()(Bfloat16* p) const { std::free(p); }
  };
  std::unique_ptr<Bfloat16, Free> data;
};

// Numbers that bfloat16 holds.
std::vector<float> Numbers(int64_t n, uint64_t seed) {
  Random random({.seed = seed});
  std::vector<float> values(static_cast<size_t>(n));
  for (float& v : values) v = ToFloat(ToBfloat16(random.Uniform(-1.0f, 1.0f)));
  return values;
}

Memory Packed(const std::vector<float>& plain, int64_t n, int64_t channels, int64_t positions) {
  std::vector<Bfloat16> last(plain.size());
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t p = 0; p < positions; ++p) {
        last[static_cast<size_t>((i * positions + p) * channels + c)] =
            ToBfloat16(plain[static_cast<size_t>((i * channels + c) * positions + p)]);
      }
    }
  }
  Memory packed(PackedSize(n, channels, positions));
  PackImages(n, channels, positions, last.data(), packed.data.get());
  return packed;
}

// By the definition of the order.
std::vector<float> Plain(const Memory& packed, int64_t n, int64_t channels, int64_t positions) {
  std::vector<float> plain;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t p = 0; p < positions; ++p) {
        const int64_t block = (i / 32 * positions + p) * ((channels + 31) / 32) + c / 32;
        plain.push_back(ToFloat(packed.data.get()[block * 1024 + i % 32 * 32 + c % 32]));
      }
    }
  }
  return plain;
}

int64_t Positions(const ConvShape& s) { return s.out_height() * s.out_width(); }

// Everything of one convolution; factors are powers of 2, so that products with them are exact.
struct Case {
  explicit Case(const ConvShape& s)
      : shape(s),
        x(Numbers(InputSize(s), 1)),
        w(Numbers(s.weight_size(), 2)),
        bias(Numbers(s.out_channels, 3)),
        residual(Numbers(OutputSize(s), 4)) {
    for (int64_t o = 0; o < s.out_channels; ++o) factor.push_back(o % 3 == 0 ? 0.5f : 2.0f);
  }

  std::vector<float> Run(bool adds, bool relu, bool in_place = false) const {
    const PackedConv conv(shape);
    Memory prepared(conv.weight_elements());
    conv.Prepare(w.data(), factor.data(), prepared.data.get());
    std::vector<float> padded = bias;
    padded.resize(static_cast<size_t>(conv.bias_elements()));
    const ConvShape& s = shape;
    const Memory in = Packed(x, s.n, s.in_channels, s.height * s.width);
    Memory r = Packed(residual, s.n, s.out_channels, Positions(s));
    Memory y(PackedSize(s.n, s.out_channels, Positions(s)));
    Memory& out = in_place ? r : y;
    conv.Run(s.n, in.data.get(), prepared.data.get(), padded.data(), adds ? r.data.get() : nullptr,
             relu, out.data.get());
    return Plain(out, s.n, s.out_channels, Positions(s));
  }

  // sums: ConvForwardReference's.
  std::vector<double> Expected(const std::vector<double>& sums, bool adds, bool relu) const {
    std::vector<double> y = sums;
    for (size_t i = 0; i < y.size(); ++i) {
      const size_t o =
          i / static_cast<size_t>(Positions(shape)) % static_cast<size_t>(shape.out_channels);
      y[i] = y[i] * factor[o] + bias[o] + (adds ? residual[i] : 0);
      if (relu) y[i] = std::max(0.0, y[i]);
    }
    return y;
  }

  ConvShape shape;
  std::vector<float> x, w, bias, residual, factor;
};

class PackedConvTest : public testing::TestWithParam<ConvShape> {
 protected:
  void SetUp() override {
    if (!HasTiles()) GTEST_SKIP() << "no matrix units here";
  }
  void TearDown() override { omp_set_num_threads(threads_); }

  const int threads_ = omp_get_max_threads();
};

TEST_P(PackedConvTest, AgainstTheDefinition) {
  const Case c(GetParam());
  const int64_t terms =
      c.shape.kernel * c.shape.kernel * c.shape.in_channels + 2;  // bias and residual
  const std::vector<double> sums = ConvForwardReference(c.shape, c.x, c.w);
  for (int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    for (bool adds : {false, true}) {
      for (bool relu : {false, true}) {
        const std::vector<float> y = c.Run(adds, relu, /*in_place=*/adds && relu);
        const std::vector<double> expected = c.Expected(sums, adds, relu);
        ASSERT_EQ(y.size(), expected.size());
        for (size_t i = 0; i < y.size(); ++i) {
          // Products are exact and below 2: a sum of so many is around their square root, as is the
          // number of roundings of its last place that do not cancel out; y is rounded once more.
          ASSERT_TRUE(std::abs(y[i] - expected[i]) <= kBfloat16Rounding * std::abs(expected[i]) +
                                                          static_cast<double>(terms) * 0x1p-23)
              << i << ": " << y[i] << " is not " << expected[i];
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, PackedConvTest, testing::ValuesIn(kShapes));

// Whatever is beside it, and however many threads there are.
TEST_F(PackedConvTest, ASamplesBitsAreItsOwn) {
  const Case all(Bfloat16Shape(103, 96, 6, 5, 64, 3, 1, 1));
  const std::vector<float> together = all.Run(true, true);
  const auto size = static_cast<int64_t>(together.size()) / all.shape.n,
             in = static_cast<int64_t>(all.x.size()) / all.shape.n;
  for (const auto& [first, count] : {std::pair{0, 1}, {5, 20}, {64, 39}}) {
    Case some = all;
    some.shape.n = count;
    some.x.assign(all.x.begin() + first * in, all.x.begin() + (first + count) * in);
    some.residual.assign(all.residual.begin() + first * size,
                         all.residual.begin() + (first + count) * size);
    for (int threads : {1, 3}) {
      omp_set_num_threads(threads);
      const std::vector<float> alone = some.Run(true, true);
      EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + first * size));
    }
  }
}

TEST_F(PackedConvTest, ANanStaysInItsSampleAndPassesTheRelu) {
  Case c(Bfloat16Shape(40, 32, 4, 4, 32, 3, 1, 1));
  const size_t sample = c.x.size() / 40;
  c.x[3 * sample + 7] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> y = c.Run(false, true);
  for (size_t n = 0; n < 40; ++n) {
    const auto begin = y.begin() + static_cast<int64_t>(n * y.size() / 40);
    const bool nan = std::any_of(begin, begin + static_cast<int64_t>(y.size() / 40),
                                 [](float v) { return std::isnan(v); });
    EXPECT_EQ(nan, n == 3) << n;
  }
}

TEST_F(PackedConvTest, ChannelsBeyondTheLastAreZero) {
  const Case c(Bfloat16Shape(2, 32, 2, 2, 40, 3, 1, 1));
  const PackedConv conv(c.shape);
  Memory prepared(conv.weight_elements());
  conv.Prepare(c.w.data(), c.factor.data(), prepared.data.get());
  std::vector<float> bias = c.bias;
  bias.resize(static_cast<size_t>(conv.bias_elements()));
  const Memory in = Packed(c.x, 2, 32, 4);
  Memory y(PackedSize(2, 40, 4));
  conv.Run(2, in.data.get(), prepared.data.get(), bias.data(), nullptr, false, y.data.get());
  for (int64_t p = 0; p < 4; ++p) {
    for (int64_t n = 0; n < 2; ++n) {
      for (int64_t k = 8; k < 32; ++k)
        EXPECT_EQ(y.data.get()[(2 * p + 1) * 1024 + n * 32 + k].bits & 0x7fff, 0);
    }
  }
}

TEST_F(PackedConvTest, Averages) {
  for (const auto& [n, channels, positions] : {std::tuple{33, 48, 6}, {2, 32, 1}}) {
    const std::vector<float> plain = Numbers(n * channels * positions, 9);
    const Memory packed = Packed(plain, n, channels, positions);
    std::vector<float> mean(static_cast<size_t>(n * channels));
    AverageOfPacked(n, channels, positions, packed.data.get(), mean.data());
    for (size_t i = 0; i < mean.size(); ++i) {
      double sum = 0;
      for (int p = 0; p < positions; ++p) sum += plain[i * static_cast<size_t>(positions) + p];
      // A few sums below 8 and a product, each rounded.
      EXPECT_TRUE(std::abs(mean[i] - sum / positions) <= 8 * 0x1p-23) << i;
    }
  }
}

}  // namespace
}  // namespace pretext
