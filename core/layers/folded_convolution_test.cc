#include "core/layers/folded_convolution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "core/ops/image.h"
#include "core/ops/relative_distance.h"

namespace pretext {
namespace {

struct Layer {
  Layer(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
    conv = ConvLayer::Declare(set, "conv", in, out, kernel,
                              {.stride = stride, .padding = kernel / 2}, /*with_bias=*/false);
    norm = BatchNormLayer::Declare(set, "norm", out);
    set.Allocate("", 1);
    norm.scale->value = RandomTensor({out}, 2);
    norm.shift->value = RandomTensor({out}, 3);
    norm.running_mean->value = RandomTensor({out}, 4);
    for (int64_t c = 0; c < out; ++c)
      norm.running_variance->value.data()[c] = 0.2f + 0.1f * static_cast<float>(c % 7);
  }
  ParameterSet set;
  ConvLayer conv;
  BatchNormLayer norm;
};

class FoldedConvolutionTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!FoldedConvolution::Available()) GTEST_SKIP() << "no matrix units here";
  }
};

// Rounding to bfloat16 is off by 1.6e-3 as a root mean square. Here x, w · a, what is added and y
// are rounded: a sum of rounded terms is off by as much as they, √2 of it with two factors, and the
// means of y beyond the ReLU by less than y: √4 of 1.6e-3, and a tenth for the sample.
constexpr double kApart = 1.1 * 2 * 1.6e-3;

TEST_F(FoldedConvolutionTest, IsTheConvolutionAndItsNormalisationInFloat32) {
  for (const auto& [in, out, kernel, stride] :
       {std::tuple{32, 64, 3, 1}, {64, 32, 1, 1}, {48, 80, 3, 2}, {16, 32, 1, 2}}) {
    for (bool adds : {false, true}) {
      for (bool relu : {false, true}) {
        Layer layer(in, out, kernel, stride);
        const Tensor x = RandomTensor({37, in, 9, 8}, 5);
        const FoldedConvolution folded(layer.conv, layer.norm, 9, 8, relu);
        const Tensor r = RandomTensor({37, out, folded.out_height(), folded.out_width()}, 6);
        Tape tape(false);
        const Var wide = layer.conv(tape, tape.Constant(x), layer.norm, {},
                                    relu ? Activation::kRelu : Activation::kIdentity,
                                    adds ? tape.Constant(r) : Var());
        const PackedImages packed = PackedImages::Of(x);
        const PackedImages y = adds ? folded(packed, PackedImages::Of(r)) : folded(packed);
        const Tensor mean = GlobalAveragePool(tape, wide).value().Plain();
        EXPECT_EQ(mean.shape(), y.Average().shape());
        const double apart = RelativeDistance(ToDoubles(y.Average()), ToDoubles(mean));
        EXPECT_TRUE(apart <= kApart) << in << " to " << out << ": " << apart;
      }
    }
  }
}

TEST_F(FoldedConvolutionTest, AResidualThatSomebodyElseHoldsStaysAsItIs) {
  const Layer layer(32, 32, 3, 1);
  const FoldedConvolution folded(layer.conv, layer.norm, 4, 4, true);
  const PackedImages x = PackedImages::Of(RandomTensor({3, 32, 4, 4}, 5));
  const Tensor before = x.Average();
  const Tensor shared = folded(x, x).Average();
  EXPECT_EQ(ToDoubles(x.Average()), ToDoubles(before));
  PackedImages given = PackedImages::Of(RandomTensor({3, 32, 4, 4}, 5));
  const void* const memory = given.tiles.elements();
  const PackedImages taken = folded(x, std::move(given));
  EXPECT_EQ(taken.tiles.elements(), memory);
  EXPECT_EQ(ToDoubles(taken.Average()), ToDoubles(shared));
}

TEST_F(FoldedConvolutionTest, SuitsChannelsThatFillATile) {
  EXPECT_TRUE(FoldedConvolution::Suits(Layer(16, 32, 3, 1).conv));
  EXPECT_FALSE(FoldedConvolution::Suits(Layer(32, 16, 3, 1).conv));
}

}  // namespace
}  // namespace pretext
