#include "kernels/conv/bias_activation.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <vector>

#include "kernels/activation/activation_reference.h"
#include "kernels/layout/layout_onednn.h"
#include "kernels/testing/testing.h"

namespace pretext {
namespace {

using Tag = dnnl::memory::format_tag;

struct Case {
  Tag tag;
  int64_t n, c, h, w;
  Activation activation;
};
void PrintTo(const Case& t, std::ostream* out) {
  *out << "tag " << static_cast<int>(t.tag) << " " << t.n << "x" << t.c << "x" << t.h << "x" << t.w
       << " activation " << ActivationName(t.activation);
}

class BiasActivationTest : public testing::TestWithParam<Case> {};

TEST_P(BiasActivationTest, ForwardAndGradients) {
  const Case t = GetParam();
  const int64_t dims[] = {t.n, t.c, t.h, t.w}, size = t.n * t.c * t.h * t.w, positions = t.h * t.w;
  const Layout layout =
      LayoutFrom(dnnl::memory::desc({t.n, t.c, t.h, t.w}, dnnl::memory::data_type::f32, t.tag));
  const ChannelOrder order = ChannelOrderOf(layout, dims, 4, t.n);
  const auto in = [&](const std::vector<float>& plain) {
    if (layout.plain()) return plain;
    std::vector<float> values(layout.bytes() / 4);
    Reorder(plain.data(), Layout(), values.data(), layout);
    return values;
  };
  const auto out = [&](const std::vector<float>& values) {
    if (layout.plain()) return values;
    std::vector<float> plain(size);
    Reorder(values.data(), layout, plain.data(), Layout());
    return plain;
  };
  const auto z = Normals(size, 1), bias = Normals(t.c, 2), dy = Normals(size, 3);
  const auto run = [&](int threads, int64_t chunk, std::vector<float>& y, std::vector<float>& dz,
                       std::vector<float>& db) {
    omp_set_num_threads(threads);
    std::vector<float> sum = in(z), partials(ChannelBiasPartials(order), NAN);
    const bool from_output = DerivativeFromOutput(t.activation);
    y = from_output ? sum : std::vector<float>(sum.size());
    if (from_output) {
      ChannelBiasActivation(order, t.n, t.activation, y.data(), bias.data(), nullptr, y.data());
    } else {
      ChannelBiasActivation(order, t.n, t.activation, sum.data(), bias.data(), sum.data(),
                            y.data());
    }
    const std::vector<float>& saved = from_output ? y : sum;
    dz = in(dy);
    for (int64_t begin = 0; begin < t.n; begin += chunk) {
      const int64_t at = begin * order.sample_stride;
      ChannelBiasActivationBackward(order, begin, std::min(chunk, t.n - begin), t.activation,
                                    saved.data() + at, dz.data() + at, dz.data() + at,
                                    partials.data());
    }
    db.assign(t.c, 10);
    FinishChannelBias(order, partials.data(), true, db.data());
  };
  const int threads = omp_get_max_threads();
  std::vector<float> y, dz, db, y3, dz3, db3;
  run(1, t.n, y, dz, db);
  run(3, 1, y3, dz3, db3);
  omp_set_num_threads(threads);
  EXPECT_EQ(y, y3);
  EXPECT_EQ(dz, dz3);
  EXPECT_EQ(db, db3);
  y = out(y);
  dz = out(dz);
  std::vector<double> expected_db(t.c, 10);
  for (int64_t i = 0; i < size; ++i) {
    const int64_t c = i / positions % t.c;
    const double x = static_cast<double>(z[i]) + bias[c];
    // The functions are good to a few units of 6e-8 in values of up to four; the difference
    // quotient to 1e-9.
    ASSERT_NEAR(y[i], ExactActivation(t.activation, x), 2e-6) << i;
    // At a kink the slope is that of one of its sides.
    const double slope =
        AtKink(t.activation, x) ? dz[i] / double{dy[i]} : ExactSlope(t.activation, x);
    ASSERT_NEAR(dz[i], dy[i] * slope, 5e-6) << i;
    expected_db[c] += dy[i] * slope;
  }
  for (int64_t c = 0; c < t.c; ++c)
    EXPECT_NEAR(db[c], expected_db[c], 1e-5 * std::sqrt(t.n * positions)) << c;
  if (layout.padded()) {  // the padding is still zero
    std::vector<float> padded = in(z);
    ChannelBiasActivation(order, t.n, Activation::kSigmoid, padded.data(), nullptr, nullptr,
                          padded.data());
    double sum = 0, sum_plain = 0;
    for (float v : padded) sum += v;
    for (float v : out(padded)) sum_plain += v;
    EXPECT_NEAR(sum, sum_plain, 1e-6 * sum);
  }
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (Activation a : kActivations) {
    cases.push_back({Tag::nChw16c, 3, 20, 5, 7, a});
    cases.push_back({Tag::nChw16c, 2, 32, 50, 47, a});  // two pieces
    cases.push_back({Tag::nChw8c, 3, 20, 5, 7, a});
    cases.push_back({Tag::nhwc, 3, 20, 5, 7, a});
    cases.push_back({Tag::nchw, 3, 3, 5, 7, a});
    cases.push_back({Tag::nchw, 2, 1, 50, 47, a});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, BiasActivationTest, testing::ValuesIn(Cases()));

TEST(BiasActivation, NanPropagates) {
  const int64_t dims[] = {1, 1, 4, 5};
  const ChannelOrder order = ChannelOrderOf(Layout(), dims, 4, 1);
  std::vector<float> y(20, 1.0f);
  y[3] = NAN;
  ChannelBiasActivation(order, 1, Activation::kRelu, y.data(), nullptr, nullptr, y.data());
  EXPECT_TRUE(std::isnan(y[3]));
  EXPECT_EQ(y[4], 1);
}

}  // namespace
}  // namespace pretext
