#include "kernels/pool/pool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <vector>

#include "kernels/layout/layout_onednn.h"
#include "kernels/testing/testing.h"

namespace pretext {
namespace {

using Tag = dnnl::memory::format_tag;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Case {
  Tag tag;
  int64_t n, c, h, w, kernel, stride, padding;
};
void PrintTo(const Case& t, std::ostream* out) {
  *out << "tag " << static_cast<int>(t.tag) << " " << t.n << "x" << t.c << "x" << t.h << "x" << t.w
       << " kernel " << t.kernel << " stride " << t.stride << " padding " << t.padding;
}

struct Image {
  Layout layout;
  ChannelOrder order;
  int64_t size;
  Image(Layout like, int64_t n, int64_t c, int64_t h, int64_t w)
      : layout(SameOrder(like, n, c, h, w)), size(n * c * h * w) {
    const int64_t dims[] = {n, c, h, w};
    order = ChannelOrderOf(layout, dims, 4, n);
  }
  std::vector<float> Room() const {
    return std::vector<float>(layout.plain() ? size : layout.bytes() / 4, kNan);
  }
  std::vector<float> In(const std::vector<float>& plain) const {
    if (layout.plain()) return plain;
    std::vector<float> values = Room();
    Reorder(plain.data(), Layout(), values.data(), layout);
    return values;
  }
  std::vector<float> Out(const std::vector<float>& values) const {
    if (layout.plain()) return values;
    std::vector<float> plain(size);
    Reorder(values.data(), layout, plain.data(), Layout());
    return plain;
  }
};

Layout Like(const Case& t) {
  return LayoutFrom(dnnl::memory::desc({t.n, t.c, t.h, t.w}, dnnl::memory::data_type::f32, t.tag));
}

class PoolTest : public testing::TestWithParam<Case> {};

TEST_P(PoolTest, GlobalAverage) {
  const Case t = GetParam();
  const Image image(Like(t), t.n, t.c, t.h, t.w);
  const auto x = Normals(image.size, 1), dy = Normals(t.n * t.c, 2),
             before = Normals(image.size, 3);
  std::vector<float> y(t.n * t.c, kNan), dx = image.Room(), sum = image.In(before);
  GlobalAveragePool(image.order, image.In(x).data(), y.data());
  GlobalAveragePoolBackward(image.order, dy.data(), false, dx.data());
  GlobalAveragePoolBackward(image.order, dy.data(), true, sum.data());
  const std::vector<float> plain_dx = image.Out(dx), plain_sum = image.Out(sum);
  const int64_t positions = t.h * t.w;
  for (int64_t i = 0; i < t.n * t.c; ++i) {
    double mean = 0;
    for (int64_t s = 0; s < positions; ++s) {
      mean += x[i * positions + s] / static_cast<double>(positions);
      EXPECT_FLOAT_EQ(plain_dx[i * positions + s], dy[i] / static_cast<float>(positions));
      EXPECT_FLOAT_EQ(plain_sum[i * positions + s],
                      before[i * positions + s] + dy[i] / static_cast<float>(positions));
    }
    EXPECT_NEAR(y[i], mean, 1e-6);  // values of size 1, a few hundred at most
  }
}

TEST_P(PoolTest, Max) {
  const Case t = GetParam();
  const MaxPoolShape shape = {t.h, t.w, t.kernel, t.stride, t.padding};
  const int64_t oh = shape.out_height(), ow = shape.out_width();
  const Image in(Like(t), t.n, t.c, t.h, t.w), out(Like(t), t.n, t.c, oh, ow);
  auto x = Normals(in.size, 1);
  for (float& v : x) v = std::round(4 * v);  // ties
  const auto dy = Normals(out.size, 2);
  std::vector<float> y(out.size), dx(in.size);
  for (int64_t plane = 0; plane < t.n * t.c; ++plane) {
    for (int64_t i = 0; i < oh; ++i) {
      for (int64_t j = 0; j < ow; ++j) {
        int64_t best = -1;
        for (int64_t row = i * t.stride - t.padding; row < i * t.stride - t.padding + t.kernel;
             ++row) {
          for (int64_t column = j * t.stride - t.padding;
               column < j * t.stride - t.padding + t.kernel; ++column) {
            if (row < 0 || row >= t.h || column < 0 || column >= t.w) continue;
            const int64_t at = (plane * t.h + row) * t.w + column;
            if (best < 0 || x[at] > x[best]) best = at;
          }
        }
        y[(plane * oh + i) * ow + j] = x[best];
        dx[best] += dy[(plane * oh + i) * ow + j];
      }
    }
  }
  std::vector<float> actual_y = out.Room(), actual_dx = in.Room();
  const auto blocked = in.In(x);
  MaxPool(shape, in.order, out.order, blocked.data(), actual_y.data());
  EXPECT_EQ(out.Out(actual_y), y);
  MaxPoolBackward(shape, in.order, out.order, blocked.data(), actual_y.data(), out.In(dy).data(),
                  actual_dx.data());
  const auto plain = in.Out(actual_dx);
  for (int64_t i = 0; i < in.size; ++i) EXPECT_FLOAT_EQ(plain[i], dx[i]) << i;
}

INSTANTIATE_TEST_SUITE_P(All, PoolTest,
                         testing::Values(Case{Tag::nChw16c, 2, 16, 8, 8, 3, 2, 1},
                                         Case{Tag::nChw16c, 3, 20, 7, 5, 3, 2, 1},
                                         Case{Tag::nChw8c, 2, 20, 6, 9, 2, 2, 0},
                                         Case{Tag::nhwc, 2, 19, 5, 5, 3, 1, 1},
                                         Case{Tag::nhwc, 2, 32, 4, 6, 2, 2, 0},
                                         Case{Tag::nChw16c, 1, 3, 1, 1, 1, 1, 0},
                                         Case{Tag::nChw16c, 2, 16, 9, 9, 4, 3, 2}));

TEST(MaxPool, NanPropagates) {
  const Image in(Layout(), 1, 16, 2, 2), out(Layout(), 1, 16, 1, 1);
  for (int at = 0; at < 4; ++at) {
    std::vector<float> x(64, 1.0f), y(16);
    x[at * 16] = kNan;
    MaxPool({2, 2, 2, 2, 0}, in.order, out.order, x.data(), y.data());
    EXPECT_TRUE(std::isnan(y[0]));
    EXPECT_EQ(y[1], 1);
  }
}

}  // namespace
}  // namespace pretext
