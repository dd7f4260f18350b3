#include "augmentations/random_affine/random_affine.h"

#include <cmath>

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<RandomAffineAugmentation, RandomAffine>;
const auto Faults = FaultPaths<RandomAffineAugmentation, RandomAffine>;

TEST(RandomAffine, ActsWithItsProbability) { ExpectActsWithItsProbability(Build, "degrees: 90"); }

TEST(SampleAffine, EveryParameterIsUniform) {
  const AffineRange range{30, 0.1f, 0.2f, 0.8f, 1.3f, 5, 7};
  constexpr int kHeight = 500, kWidth = 1000;  // Shifts of up to 100 pixels both ways.
  std::vector<double> degrees, x, y, scale, shear_x, shear_y;
  Random random = TestRandom(0), spread = TestRandom(1);
  for (int i = 0; i < 20000; ++i) {
    const AffineParameters map = SampleAffine(range, kHeight, kWidth, random);
    degrees.push_back(map.degrees);
    EXPECT_EQ(map.translate_x, std::nearbyint(map.translate_x));
    // Whole pixels; the outermost two are half as likely as the others.
    x.push_back(std::abs(map.translate_x) == 100 ? 100 : map.translate_x + spread.Uniform() - 0.5);
    y.push_back(std::abs(map.translate_y) == 100 ? 100 : map.translate_y + spread.Uniform() - 0.5);
    scale.push_back(map.scale);
    shear_x.push_back(map.shear_x);
    shear_y.push_back(map.shear_y);
  }
  EXPECT_GT(KolmogorovSmirnov(degrees, UniformCdf(-30, 30)), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(x, UniformCdf(-100, 100)), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(y, UniformCdf(-100, 100)), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(scale, UniformCdf(0.8, 1.3)), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(shear_x, UniformCdf(-5, 5)), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(shear_y, UniformCdf(-7, 7)), kSignificance);
  EXPECT_LT(KolmogorovSmirnov(shear_y, UniformCdf(-7, 7.5)), kSignificance);
}

TEST(RandomAffine, AppliesTheSampledMap) {
  const FlowType input = FlowType::Image(3, 8, 9);
  const auto affine = Build(
      "degrees: 30 translate_x: 0.2 min_scale: 0.9 shear_y: 4 interpolation: NEAREST fill: 0.5",
      input);
  for (int draw = 0; draw < 20; ++draw) {
    const Sample before = TestSample(input);
    Random random = TestRandom(draw);
    random.Bernoulli(1);
    const AffineParameters map = SampleAffine({30, 0.2f, 0, 0.9f, 1, 0, 4}, 8, 9, random);
    std::vector<float> expected(before.values.size());
    Affine(before.values.data(), {3, 8, 9}, map, Sampling::kNearest, 0.5f, expected.data());
    EXPECT_EQ(Augmented(*affine, input, draw).values, expected);
  }
}

TEST(RandomAffine, NamesEveryFault) {
  ExpectNamesFaultsOfImagesAndProbability(Faults);
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(Faults("degrees: -1 translate_x: 1.5 translate_y: -1 shear_x: 90 shear_y: -1", image),
            "degrees shear_x shear_y translate_x translate_y");
  EXPECT_EQ(Faults("min_scale: 2", image), "min_scale");
  EXPECT_EQ(Faults("min_scale: 0", image), "min_scale");
  EXPECT_EQ(Faults("fill: inf", image), "fill");
}

}  // namespace
}  // namespace pretext
