#include "kernels/conv/winograd_conv.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/conv/conv_primitives.h"
#include "kernels/conv/conv_reference.h"
#include "kernels/conv/guarded_workspace.h"
#include "kernels/conv/winograd_lanes.h"
#include "kernels/testing/testing.h"

namespace pretext::conv_internal {
namespace {

using Pass = ConvPlan::Pass;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

ConvShape Shape(int64_t n, int64_t in, int64_t height, int64_t width, int64_t out) {
  return {n, in, height, width, out, 3, 1, 1, 1};
}

// How channels lie: blocks of 16 or of 8, or channels last.
enum class Order { kBlocks16, kBlocks8, kLast };
ChannelOrder Make(Order kind, const ConvShape& s, int64_t channels) {
  ChannelOrder order = {.samples = s.n, .channels = channels, .positions = s.height * s.width};
  order.lanes = kind == Order::kBlocks8 ? 8 : 16;
  order.sample_stride = channels * order.positions;
  order.block_stride = kind == Order::kLast ? order.lanes : order.positions * order.lanes;
  order.position_stride = kind == Order::kLast ? channels : order.lanes;
  return order;
}

// visit(row-major index, index) of an image's numbers.
template <class Visit>
void ForEachNumber(const ChannelOrder& order, const Visit& visit) {
  int64_t plain = 0;
  for (int64_t n = 0; n < order.samples; ++n) {
    for (int64_t c = 0; c < order.channels; ++c) {
      for (int64_t p = 0; p < order.positions; ++p) {
        visit(plain++, n * order.sample_stride + c / order.lanes * order.block_stride +
                           p * order.position_stride + c % order.lanes);
      }
    }
  }
}
std::vector<float> Into(const std::vector<float>& plain, const ChannelOrder& order) {
  std::vector<float> values(plain.size());
  ForEachNumber(order, [&](int64_t from, int64_t to) { values[to] = plain[from]; });
  return values;
}
std::vector<float> Plain(const std::vector<float>& values, const ChannelOrder& order) {
  std::vector<float> plain(values.size());
  ForEachNumber(order, [&](int64_t to, int64_t from) { plain[to] = values[from]; });
  return plain;
}

// The passes of row-major images, by calls of `step` samples.
class Convolution {
 public:
  explicit Convolution(const ConvShape& s, Order order = Order::kBlocks16, int64_t step = 0)
      : s_(s),
        step_(step > 0 ? step : s.n),
        x_(Make(order, s, s.in_channels)),
        y_(Make(order, s, s.out_channels)),
        conv_(s, x_, y_) {}

  std::vector<float> Forward(const std::vector<float>& x, const std::vector<float>& w) const {
    const std::vector<float> in = Into(x, x_);
    std::vector<float> out(OutputSize(s_), kNan);
    GuardedWorkspace workspace(conv_.workspace_bytes(Pass::kForward));
    conv_.Prepare(Pass::kForward, w.data(), workspace.data);
    ForEachCall([&](int64_t begin, int64_t count) {
      conv_.Forward(count, in.data() + begin * x_.sample_stride,
                    out.data() + begin * y_.sample_stride, workspace.data);
    });
    return Plain(out, y_);
  }
  std::vector<float> BackwardData(const std::vector<float>& dy, const std::vector<float>& w,
                                  const std::vector<float>* add_to = nullptr) const {
    const std::vector<float> in = Into(dy, y_);
    std::vector<float> out =
        add_to != nullptr ? Into(*add_to, x_) : std::vector<float>(InputSize(s_), kNan);
    GuardedWorkspace workspace(conv_.workspace_bytes(Pass::kBackwardData));
    conv_.Prepare(Pass::kBackwardData, w.data(), workspace.data);
    ForEachCall([&](int64_t begin, int64_t count) {
      conv_.BackwardData(count, in.data() + begin * y_.sample_stride,
                         out.data() + begin * x_.sample_stride, add_to != nullptr, workspace.data);
    });
    return Plain(out, x_);
  }
  std::vector<float> BackwardWeights(const std::vector<float>& x, const std::vector<float>& dy,
                                     const std::vector<float>* add_to = nullptr) const {
    const std::vector<float> in = Into(x, x_), gradient = Into(dy, y_);
    std::vector<float> dw =
        add_to != nullptr ? *add_to : std::vector<float>(s_.weight_size(), kNan);
    GuardedWorkspace workspace(conv_.workspace_bytes(Pass::kBackwardWeights));
    ForEachCall([&](int64_t begin, int64_t count) {
      conv_.BackwardWeights(count, in.data() + begin * x_.sample_stride,
                            gradient.data() + begin * y_.sample_stride, begin == 0, workspace.data);
    });
    conv_.FinishBackwardWeights(dw.data(), add_to != nullptr, workspace.data);
    return dw;
  }

 private:
  template <class Body>
  void ForEachCall(const Body& body) const {
    for (int64_t begin = 0; begin < s_.n; begin += step_)
      body(begin, std::min(step_, s_.n - begin));
  }

  ConvShape s_;
  int64_t step_;
  ChannelOrder x_, y_;
  WinogradConv conv_;
};

// Of the largest of many errors over the root mean square of the results, for sums of so many
// products of normal values: winograd_conv.h's estimate where it is largest, five times that for
// the worst of a million.
double Tolerance(double terms) {
  constexpr double kAmplification = 8.2, kRoundings = 28;
  return 5 * kAmplification * 0x1p-24 / std::sqrt(3.0) *
         (std::sqrt(terms / 2) + std::sqrt(kRoundings));
}
double Tiles(const ConvShape& s) {
  return static_cast<double>(s.n * ((s.height + 3) / 4) * ((s.width + 3) / 4));
}
void ExpectNear(const std::vector<float>& actual, const std::vector<double>& expected,
                double terms) {
  const double worst = WorstOverRms(actual, expected);
  EXPECT_FALSE(!(worst <= Tolerance(terms))) << worst << " of " << Tolerance(terms);
}
void Add(const std::vector<float>& values, std::vector<double>& sums) {
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += values[i];
}

class WinogradConvTest : public testing::Test {
 protected:
  void TearDown() override { omp_set_num_threads(threads_); }

  const int threads_ = omp_get_max_threads();
};

TEST_F(WinogradConvTest, AllPassesAgainstTheDefinition) {
  const struct {
    ConvShape shape;
    Order order;
  } kCases[] = {
      {Shape(1, 16, 4, 4, 16), Order::kBlocks16},    // one tile
      {Shape(3, 16, 8, 8, 32), Order::kBlocks16},    // whole tiles
      {Shape(8, 16, 16, 16, 16), Order::kBlocks16},  // more tiles than registers sum up
      {Shape(4, 32, 5, 5, 48), Order::kBlocks16},    // the last panel is half as wide
      {Shape(2, 48, 14, 13, 16), Order::kBlocks16},  // tiles that reach beyond the edge
      {Shape(3, 64, 7, 7, 64), Order::kBlocks16},    //
      {Shape(2, 32, 28, 28, 32), Order::kBlocks16},  // tiles away from the edge
      {Shape(5, 128, 3, 2, 80), Order::kBlocks16},   // less than a tile
      {Shape(2, 16, 1, 9, 16), Order::kBlocks16},    // one row
      {Shape(3, 256, 5, 4, 256), Order::kBlocks16},  // deep
      {Shape(2, 1040, 4, 4, 64), Order::kBlocks16},  // deep, not square
      {Shape(3, 48, 6, 9, 32), Order::kBlocks8},     //
      {Shape(3, 48, 6, 9, 32), Order::kLast},        //
  };
  for (const auto& [s, order] : kCases) {
    SCOPED_TRACE(std::to_string(s.n) + "x" + std::to_string(s.in_channels) + "x" +
                 std::to_string(s.height) + "x" + std::to_string(s.width) + " to " +
                 std::to_string(s.out_channels));
    if (!WinogradConv::Takes(Make(order, s, s.in_channels))) continue;
    const auto x = Normals(InputSize(s), 1), w = Normals(s.weight_size(), 2),
               dy = Normals(OutputSize(s), 3), before = Normals(InputSize(s), 4);
    std::vector<double> y = ConvForwardReference(s, x, w), dx = ConvBackwardDataReference(s, dy, w),
                        dw = ConvBackwardWeightsReference(s, x, dy);
    for (int threads : {1, 2, 3}) {
      omp_set_num_threads(threads);
      for (const int64_t step : {s.n, int64_t{2}}) {
        const Convolution conv(s, order, step);
        ExpectNear(conv.Forward(x, w), y, s.in_channels);
        ExpectNear(conv.BackwardData(dy, w), dx, s.out_channels);
        ExpectNear(conv.BackwardWeights(x, dy), dw, Tiles(s));
      }
    }
    const Convolution conv(s, order);
    Add(before, dx);
    ExpectNear(conv.BackwardData(dy, w, &before), dx, s.out_channels);
    Add(w, dw);
    ExpectNear(conv.BackwardWeights(x, dy, &w), dw, Tiles(s));
  }
}

TEST_F(WinogradConvTest, TheToleranceSeesSmallFaults) {
  const ConvShape s = Shape(1, 16, 8, 8, 16);
  const auto x = Normals(InputSize(s), 1), w = Normals(s.weight_size(), 2);
  auto y = Convolution(s).Forward(x, w);
  y.back() += 1e-3f;  // of 12
  EXPECT_GT(WorstOverRms(y, ConvForwardReference(s, x, w)), Tolerance(s.in_channels));
}

TEST_F(WinogradConvTest, TheSameBitsWithAnyNumberOfThreadsAndSamplesACall) {
  for (const ConvShape& s : {Shape(23, 32, 14, 13, 48), Shape(310, 256, 4, 4, 256)}) {
    const bool deep = s.in_channels >= 256;
    const auto x = Normals(InputSize(s), 1), w = Normals(s.weight_size(), 2),
               dy = Normals(OutputSize(s), 3);
    omp_set_num_threads(1);
    const Convolution one(s);
    const auto y = one.Forward(x, w), dx = one.BackwardData(dy, w), dw = one.BackwardWeights(x, dy);
    EXPECT_EQ(Convolution(s, Order::kBlocks16, 7).Forward(x, w), y);
    EXPECT_EQ(Convolution(s, Order::kBlocks16, 7).BackwardData(dy, w), dx);
    ExpectNear(Convolution(s, Order::kBlocks16, 7).BackwardWeights(x, dy), {dw.begin(), dw.end()},
               Tiles(s));
    for (int threads : {2, 3}) {
      omp_set_num_threads(threads);
      const Convolution conv(s);
      EXPECT_EQ(conv.Forward(x, w), y) << threads;
      EXPECT_EQ(conv.BackwardData(dy, w), dx) << threads;
      const auto again = conv.BackwardWeights(x, dy);
      if (deep) {
        EXPECT_EQ(again, dw) << threads;
      }
      ExpectNear(again, {dw.begin(), dw.end()}, Tiles(s));
      // The threads that it was made for count, not those that come.
      omp_set_num_threads(1);
      EXPECT_EQ(conv.BackwardWeights(x, dy), again) << threads;
    }
  }
}

TEST_F(WinogradConvTest, NanAndInfinityShowInTheWindowsThatTheyAreIn) {
  const ConvShape s = Shape(2, 16, 10, 10, 32);
  const auto w = Normals(s.weight_size(), 2), clean = Normals(InputSize(s), 1);
  const Convolution conv(s);
  for (float bad : {kNan, std::numeric_limits<float>::infinity()}) {
    for (int64_t row = 0; row < s.height; ++row) {
      for (int64_t column : {0, 3, 4, 9}) {
        auto x = clean;
        x[s.height * s.width * 5 + row * s.width + column] = bad;  // of the first sample
        const auto y = conv.Forward(x, w);
        // Tiles whose windows of 6×6, from one before their corner on, have it.
        const auto near = [](int64_t i, int64_t at) {
          return at >= i / 4 * 4 - 1 && at <= i / 4 * 4 + 4;
        };
        for (int64_t i = 0; i < OutputSize(s); ++i) {
          const int64_t p = i % s.width, q = i / s.width % s.height;
          const bool first = i < OutputSize(s) / s.n;
          if (first && std::abs(p - column) <= 1 && std::abs(q - row) <= 1) {
            ASSERT_FALSE(std::isfinite(y[i])) << row << ", " << column << " at " << i;
          } else if (!(first && near(p, column) && near(q, row))) {
            ASSERT_TRUE(std::isfinite(y[i])) << row << ", " << column << " at " << i;
          }
        }
      }
    }
  }
  auto x = clean;
  x[7] = kNan;
  const auto dw = conv.BackwardWeights(x, Normals(OutputSize(s), 3));
  for (int64_t i = 0; i < s.weight_size(); ++i)
    ASSERT_EQ(std::isnan(dw[i]), i / 9 % s.in_channels == 0) << i;
}

TEST_F(WinogradConvTest, NothingIsWrittenBeyondTheImages) {
  const ConvShape s = Shape(2, 16, 5, 6, 16);
  const ChannelOrder order = Make(Order::kBlocks16, s, 16);
  const WinogradConv conv(s, order, order);
  const auto x = Normals(InputSize(s), 1), w = Normals(s.weight_size(), 2);
  GuardedWorkspace workspace(conv.workspace_bytes(Pass::kForward));
  conv.Prepare(Pass::kForward, w.data(), workspace.data);
  GuardedWorkspace y(x.size() / 2 * sizeof(float));
  conv.Forward(1, x.data(), y.data, workspace.data);
  for (size_t i = 0; i < x.size() / 2; ++i) ASSERT_FALSE(std::isnan(y.data[i])) << i;
}

TEST_F(WinogradConvTest, ForTheShapesThatItSuits) {
  const ConvShape whole = Shape(256, 64, 32, 32, 64);
  const int64_t lanes = lanes::kLanes<WinogradLanes>;
  const bool at_all = lanes >= 8 && lanes <= OnednnLanes();
  EXPECT_EQ(WinogradConv::Suits(whole), at_all);
  EXPECT_EQ(WinogradConv::Suits(Shape(64, 512, 4, 4, 512)), at_all);
  // Narrower vectors than oneDNN's pay with many channels only.
  const bool as_wide = at_all && lanes == OnednnLanes();
  EXPECT_EQ(WinogradConv::Suits(Shape(64, 64, 9, 9, 64)), as_wide);
  EXPECT_EQ(WinogradConv::Suits(Shape(64, 32, 9, 9, 32)), as_wide);
  EXPECT_EQ(WinogradConv::Suits(Shape(64, 16, 14, 14, 32)), as_wide);
  EXPECT_FALSE(WinogradConv::Suits(Shape(64, 16, 9, 9, 32)));
  EXPECT_FALSE(WinogradConv::Suits(Shape(64, 64, 5, 5, 64)));
  EXPECT_FALSE(WinogradConv::Suits(Shape(63, 512, 4, 4, 512)));
  EXPECT_FALSE(WinogradConv::Suits(Shape(256, 3, 32, 32, 64)));
  EXPECT_FALSE(WinogradConv::Suits(Shape(256, 64, 32, 32, 72)));
  for (auto change : {+[](ConvShape& t) { t.stride = 2; }, +[](ConvShape& t) { t.kernel = 5; },
                      +[](ConvShape& t) { t.padding = 0; }, +[](ConvShape& t) { t.groups = 2; },
                      +[](ConvShape& t) { t.bfloat16 = true; }}) {
    ConvShape other = whole;
    change(other);
    EXPECT_FALSE(WinogradConv::Suits(other));
  }
}

}  // namespace
}  // namespace pretext::conv_internal
