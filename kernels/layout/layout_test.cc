#include "kernels/layout/layout.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/layout/channel_order.h"
#include "kernels/layout/layout_onednn.h"

namespace pretext {
namespace {

using Tag = dnnl::memory::format_tag;
constexpr auto kF32 = dnnl::memory::data_type::f32;

Layout Make(const dnnl::memory::dims& dims, Tag tag) {
  return LayoutFrom(dnnl::memory::desc(dims, kF32, tag));
}

TEST(Layout, DefaultIsPlain) {
  EXPECT_TRUE(Layout().plain());
  EXPECT_FALSE(Layout().padded());
  EXPECT_EQ(Layout().ToString(), "plain");
  EXPECT_TRUE(Layout().dims().empty());
}

TEST(Layout, RowMajorDescriptorIsPlain) {
  EXPECT_TRUE(Make({2, 3, 4, 5}, Tag::nchw).plain());
  EXPECT_FALSE(Make({2, 3, 4, 5}, Tag::nhwc).plain());
}

TEST(Layout, StridesOfSizeOneDoNotMatter) {
  EXPECT_TRUE(Make({2, 1, 4, 5}, Tag::nhwc).plain());
  EXPECT_TRUE(Make({2, 3, 1, 1}, Tag::nhwc).plain());
  EXPECT_FALSE(Make({2, 1, 4, 5}, Tag::nChw16c).plain());
}

TEST(Layout, EqualDescriptorsAreTheSameLayout) {
  EXPECT_EQ(Make({2, 32, 4, 5}, Tag::nChw16c), Make({2, 32, 4, 5}, Tag::nChw16c));
  EXPECT_NE(Make({2, 32, 4, 5}, Tag::nChw16c), Make({3, 32, 4, 5}, Tag::nChw16c));
  EXPECT_NE(Make({2, 32, 4, 5}, Tag::nChw16c), Make({2, 32, 4, 5}, Tag::nhwc));
  EXPECT_NE(Make({2, 32, 4, 5}, Tag::nChw16c), Layout());
}

TEST(Layout, BytesCountThePadding) {
  const Layout ragged = Make({2, 17, 3, 3}, Tag::nChw16c);
  EXPECT_TRUE(ragged.padded());
  EXPECT_EQ(ragged.bytes(), 2 * 32 * 9 * sizeof(float));
  const Layout full = Make({2, 32, 3, 3}, Tag::nChw16c);
  EXPECT_FALSE(full.padded());
  EXPECT_EQ(full.bytes(), 2 * 32 * 9 * sizeof(float));
  EXPECT_EQ(ragged.dims(), (std::vector<int64_t>{2, 17, 3, 3}));
  EXPECT_EQ(full.ToString(), "f32 2x32x3x3 blocked 16b");
}

TEST(Reorder, BlockedHoldsEachElementAtItsPlaceAndZeroInThePadding) {
  const int n = 2, c = 17, h = 3, w = 2;
  std::vector<float> plain(n * c * h * w);
  for (size_t i = 0; i < plain.size(); ++i) plain[i] = 1 + static_cast<float>(i);
  const Layout layout = Make({n, c, h, w}, Tag::nChw16c);
  std::vector<float> blocked(layout.bytes() / sizeof(float), -1);
  Reorder(plain.data(), Layout(), blocked.data(), layout);
  for (int in = 0; in < n; ++in) {
    for (int ic = 0; ic < 32; ++ic) {
      for (int s = 0; s < h * w; ++s) {
        const float got = blocked[((in * 2 + ic / 16) * h * w + s) * 16 + ic % 16];
        EXPECT_EQ(got, ic < c ? plain[(in * c + ic) * h * w + s] : 0.0f);
      }
    }
  }
  std::vector<float> back(plain.size(), -1);
  Reorder(blocked.data(), layout, back.data(), Layout());
  EXPECT_EQ(back, plain);
}

TEST(Reorder, BetweenTwoOrders) {
  const dnnl::memory::dims dims = {3, 5, 2, 4};
  const Layout blocked = Make(dims, Tag::nChw16c), last = Make(dims, Tag::nhwc);
  std::vector<float> plain(3 * 5 * 2 * 4);
  for (size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<float>(i * i);
  std::vector<float> a(blocked.bytes() / 4), b(last.bytes() / 4), back(plain.size());
  Reorder(plain.data(), Layout(), a.data(), blocked);
  Reorder(a.data(), blocked, b.data(), last);
  EXPECT_EQ(b[((1 * 2 + 1) * 4 + 3) * 5 + 4], plain[((1 * 5 + 4) * 2 + 1) * 4 + 3]);
  Reorder(b.data(), last, back.data(), Layout());
  EXPECT_EQ(back, plain);
}

// Every element is where the order says.
void ExpectOrderFindsEveryElement(const std::vector<int64_t>& dims, Layout layout) {
  const ChannelOrder order =
      ChannelOrderOf(layout, dims.data(), static_cast<int>(dims.size()), dims[0]);
  ASSERT_TRUE(order.valid());
  const int64_t n = dims[0], c = dims[1], s = dims.size() == 4 ? dims[2] * dims[3] : 1;
  EXPECT_EQ(order.count(), n * s);
  EXPECT_EQ(order.channels, c);
  std::vector<float> plain(n * c * s);
  for (size_t i = 0; i < plain.size(); ++i) plain[i] = 1 + static_cast<float>(i);
  std::vector<float> data = plain;
  if (!layout.plain()) {
    data.assign(layout.bytes() / sizeof(float), 0);
    Reorder(plain.data(), Layout(), data.data(), layout);
  }
  for (int64_t sample = 0; sample < order.samples; ++sample) {
    for (int64_t channel = 0; channel < c; ++channel) {
      for (int64_t position = 0; position < order.positions; ++position) {
        const int64_t row = dims.size() == 4 ? sample : position;
        EXPECT_EQ(data[sample * order.sample_stride + channel / order.lanes * order.block_stride +
                       position * order.position_stride + channel % order.lanes],
                  plain[(row * c + channel) * s + (dims.size() == 4 ? position : 0)]);
      }
    }
  }
}

TEST(ChannelOrder, FindsEveryElement) {
  ExpectOrderFindsEveryElement({3, 20, 4, 5}, Make({3, 20, 4, 5}, Tag::nChw16c));
  ExpectOrderFindsEveryElement({3, 20, 4, 5}, Make({3, 20, 4, 5}, Tag::nChw8c));
  ExpectOrderFindsEveryElement({3, 20, 4, 5}, ChannelsLast(3, 20, 4, 5));
  ExpectOrderFindsEveryElement({3, 20, 4, 5}, Layout());
  ExpectOrderFindsEveryElement({3, 1, 4, 5}, Layout());
  ExpectOrderFindsEveryElement({3, 20, 1, 1}, Layout());
  ExpectOrderFindsEveryElement({3, 1, 4, 5}, Make({3, 1, 4, 5}, Tag::nChw16c));
  ExpectOrderFindsEveryElement({7, 33}, Layout());
}

TEST(ChannelOrder, OfAPartOfTheRows) {
  const int64_t image[] = {6, 32, 4, 4}, matrix[] = {6, 32};
  EXPECT_EQ(ChannelOrderOf(Make({6, 32, 4, 4}, Tag::nChw16c), image, 4, 2).count(), 2 * 16);
  EXPECT_EQ(ChannelOrderOf(Layout(), matrix, 2, 2).count(), 2);
}

TEST(ChannelOrder, SameOrderForOtherDimensions) {
  EXPECT_EQ(SameOrder(Make({6, 32, 4, 4}, Tag::nChw16c), 5, 20, 2, 2),
            Make({5, 20, 2, 2}, Tag::nChw16c));
  EXPECT_EQ(SameOrder(Make({6, 32, 4, 4}, Tag::nChw8c), 5, 20, 2, 2),
            Make({5, 20, 2, 2}, Tag::nChw8c));
  EXPECT_EQ(SameOrder(ChannelsLast(6, 32, 4, 4), 5, 20, 2, 2), ChannelsLast(5, 20, 2, 2));
  EXPECT_EQ(SameOrder(Layout(), 5, 20, 2, 2), ChannelsLast(5, 20, 2, 2));
}

TEST(ChannelOrder, OtherOrdersAreNotValid) {
  const int64_t dims[] = {3, 32, 4, 5};
  EXPECT_FALSE(ChannelOrderOf(Make({3, 32, 4, 5}, Tag::chwn), dims, 4, 3).valid());
  EXPECT_FALSE(ChannelOrderOf(Make({3, 32, 4, 5}, Tag::nChw4c), dims, 4, 3).valid());
}

}  // namespace
}  // namespace pretext
