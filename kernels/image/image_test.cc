// Properties of the image operations that hold without a reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "kernels/image/blur.h"
#include "kernels/image/color.h"
#include "kernels/image/geometry.h"
#include "kernels/image/resize.h"
#include "kernels/image/weighted_sum.h"

namespace pretext {
namespace {

std::vector<float> Ramp(int64_t n) {  // Distinct values in [0, 1), out of order.
  std::vector<float> x(n);
  for (int64_t i = 0; i < n; ++i) x[i] = static_cast<float>((i * 7919) % 10007) / 10007.0f;
  return x;
}

TEST(WeightedSum, EqualsTheDefinitionAtEveryLength) {
  const float weights[] = {0.25f, -0.5f, 2.0f};
  for (int taps = 0; taps <= 3; ++taps) {
    for (int64_t n = 0; n <= 150; ++n) {
      const std::vector<float> in = Ramp(n + 10);
      std::vector<float> out(n + 1, -7);
      WeightedSum(in.data(), 5, weights, taps, n, out.data());
      for (int64_t i = 0; i < n; ++i) {
        double sum = 0;
        for (int k = 0; k < taps; ++k) sum += double{weights[k]} * in[k * 5 + i];
        ASSERT_TRUE(std::abs(out[i] - sum) <= 4e-7)
            << taps << " " << n << " " << i;  // Three roundings below 3.
      }
      ASSERT_EQ(out[n], -7) << "wrote past the end";
    }
  }
}

TEST(AxisWeights, WindowsLieInsideAndSumToOne) {
  AxisWeights axis;
  for (const auto interpolation : {Interpolation::kBilinear, Interpolation::kBicubic}) {
    for (int in = 1; in <= 70; ++in) {
      for (int out = 1; out <= 40; ++out) {
        axis.Compute(in, out, interpolation);
        for (int i = 0; i < out; ++i) {
          ASSERT_GE(axis.first(i), 0);
          ASSERT_LE(axis.first(i) + axis.taps(), in);
          ASSERT_GE(axis.first(i), axis.first(std::max(i - 1, 0)));
          const double sum = std::accumulate(axis.weights(i), axis.weights(i) + axis.taps(), 0.0);
          ASSERT_TRUE(std::abs(sum - 1) <= 2e-6) << in << " -> " << out << " at " << i;
        }
      }
    }
  }
}

TEST(ResizedCrop, KeepsTheImageAtItsOwnSize) {
  const ImageShape shape{3, 21, 19};
  const std::vector<float> image = Ramp(shape.size());
  ResizeScratch scratch;
  for (const auto interpolation : {Interpolation::kBilinear, Interpolation::kBicubic}) {
    std::vector<float> out(shape.size());
    ResizedCrop(image.data(), shape, {0, 0, 21, 19}, 21, 19, interpolation, false, scratch,
                out.data());
    EXPECT_EQ(out, image);
  }
}

TEST(ResizedCrop, ClipsWhatBicubicOvershoots) {
  const ImageShape shape{1, 8, 8};
  std::vector<float> image(64);
  for (int i = 0; i < 64; ++i) image[i] = i % 8 < 4 ? 0.0f : 1.0f;
  ResizeScratch scratch;
  std::vector<float> free(19 * 19), clipped(19 * 19);
  ResizedCrop(image.data(), shape, {0, 0, 8, 8}, 19, 19, Interpolation::kBicubic, false, scratch,
              free.data());
  ResizedCrop(image.data(), shape, {0, 0, 8, 8}, 19, 19, Interpolation::kBicubic, true, scratch,
              clipped.data());
  EXPECT_GT(*std::max_element(free.begin(), free.end()), 1.01f);
  EXPECT_LT(*std::min_element(free.begin(), free.end()), -0.01f);
  EXPECT_EQ(*std::max_element(clipped.begin(), clipped.end()), 1.0f);
  EXPECT_EQ(*std::min_element(clipped.begin(), clipped.end()), 0.0f);
}

TEST(ResizedCrop, AllocatesNothingOnceTheSizesAreKnown) {
  const ImageShape shape{3, 40, 40};
  const std::vector<float> image = Ramp(shape.size());
  ResizeScratch scratch;
  std::vector<float> out(3 * 32 * 32);
  const auto crop = [&](int size) {
    ResizedCrop(image.data(), shape, {0, 0, size, size}, 32, 32, Interpolation::kBicubic, false,
                scratch, out.data());
  };
  crop(40);
  const float* rows = scratch.rows.data();
  const float* band = scratch.band.data();
  for (int size = 1; size < 40; ++size) crop(size);
  EXPECT_EQ(scratch.rows.data(), rows);
  EXPECT_EQ(scratch.band.data(), band);
}

TEST(BlurGaussian, KeepsAConstantAndTheMeanOfAnInteriorPoint) {
  const ImageShape shape{1, 11, 13};
  BlurScratch scratch;
  std::vector<float> constant(shape.size(), 0.7f), point(shape.size(), 0.0f);
  BlurGaussian(constant.data(), shape, 3, 1.2f, scratch);
  for (const float x : constant) EXPECT_TRUE(std::abs(x - 0.7f) <= 1e-6f);
  point[5 * 13 + 6] = 1;
  BlurGaussian(point.data(), shape, 3, 1.2f, scratch);
  EXPECT_TRUE(std::abs(std::accumulate(point.begin(), point.end(), 0.0) - 1) <= 1e-6);
}

TEST(Color, LeavesGreyImagesToTheirOneChannel) {
  const ImageShape shape{1, 5, 6};
  const std::vector<float> image = Ramp(shape.size());
  std::vector<float> x = image;
  AdjustSaturation(x.data(), shape, 0.2f);
  AdjustHue(x.data(), shape, 0.3f);
  Grayscale(x.data(), shape);
  EXPECT_EQ(x, image);
}

TEST(Color, KeepsNaNForTheTrainerToFind) {
  const ImageShape shape{3, 4, 5};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto survives = [&](auto change) {
    std::vector<float> x = Ramp(shape.size());
    x[7] = nan;
    change(x.data());
    return std::isnan(x[7]);
  };
  EXPECT_TRUE(survives([&](float* x) { AdjustBrightness(x, shape, 0.5f); }));
  EXPECT_TRUE(survives([&](float* x) { AdjustContrast(x, shape, 0.5f); }));
  EXPECT_TRUE(survives([&](float* x) { AdjustSaturation(x, shape, 0.5f); }));
  EXPECT_TRUE(survives([&](float* x) { Grayscale(x, shape); }));
  EXPECT_TRUE(survives([&](float* x) { InvertAbove(x, shape, 0.5f); }));
  EXPECT_TRUE(survives([&](float* x) { Clip(x, shape.size()); }));
}

TEST(Affine, WithoutMotionIsTheIdentity) {
  const ImageShape shape{3, 9, 10};
  const std::vector<float> image = Ramp(shape.size());
  std::vector<float> out(shape.size());
  for (const auto sampling : {Sampling::kNearest, Sampling::kBilinear}) {
    Affine(image.data(), shape, {}, sampling, 0.5f, out.data());
    EXPECT_EQ(out, image);
  }
}

TEST(Affine, TranslationMovesRightAndDown) {
  const ImageShape shape{1, 4, 5};
  const std::vector<float> image = Ramp(shape.size());
  std::vector<float> out(shape.size());
  for (const auto sampling : {Sampling::kNearest, Sampling::kBilinear}) {
    Affine(image.data(), shape, {.translate_x = 2, .translate_y = 1}, sampling, 0.25f, out.data());
    for (int y = 0; y < 4; ++y) {
      for (int x = 0; x < 5; ++x) {
        EXPECT_EQ(out[y * 5 + x], y >= 1 && x >= 2 ? image[(y - 1) * 5 + x - 2] : 0.25f)
            << y << " " << x;
      }
    }
  }
}

TEST(FlipHorizontally, TwiceIsTheIdentity) {
  for (int width = 1; width <= 40; ++width) {
    const ImageShape shape{3, 2, width};
    const std::vector<float> image = Ramp(shape.size());
    std::vector<float> x = image;
    FlipHorizontally(x.data(), shape);
    EXPECT_EQ(x[0], image[width - 1]);
    FlipHorizontally(x.data(), shape);
    EXPECT_EQ(x, image);
  }
}

}  // namespace
}  // namespace pretext
