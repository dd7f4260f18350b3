#include "augmentations/gaussian_noise/gaussian_noise.h"

#include <cmath>

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<GaussianNoiseAugmentation, GaussianNoise>;
const auto Faults = FaultPaths<GaussianNoiseAugmentation, GaussianNoise>;

TEST(GaussianNoise, AddsNormalNoise) {
  const FlowType input = FlowType::Vector(10000);
  const auto noise = Build("deviation: 0.3 clip: false", input);
  const Sample before = TestSample(input), after = Augmented(*noise, input, 0);
  std::vector<double> added;
  for (int i = 0; i < 10000; ++i) added.push_back(after.values[i] - before.values[i]);
  const auto cdf = [](double deviation) {
    return [=](double x) { return 0.5 * std::erfc(-x / deviation / std::sqrt(2)); };
  };
  EXPECT_GT(KolmogorovSmirnov(added, cdf(0.3)), kSignificance);
  EXPECT_LT(KolmogorovSmirnov(added, cdf(0.35)), kSignificance);
  EXPECT_NE(after.values, Augmented(*noise, input, 1).values) << "another draw, other noise";
}

TEST(GaussianNoise, ClipsByDefault) {
  const FlowType input = FlowType::Image(1, 28, 28);
  const Sample after = Augmented(*Build("deviation: 1", input), input, 0);
  EXPECT_EQ(*std::min_element(after.values.begin(), after.values.end()), 0);
  EXPECT_EQ(*std::max_element(after.values.begin(), after.values.end()), 1);
}

TEST(GaussianNoise, ClipsOnlyWhatIsWithinZeroAndOne) {
  const FlowType unit = FlowType::Vector(5).WithRange(kUnitRange);
  const FlowType wide = FlowType::Vector(5).WithRange(ValueRange{-2, 2});
  EXPECT_EQ(Faults("", wide), "clip");
  EXPECT_EQ(Build("", unit)->output().range, kUnitRange);
  EXPECT_EQ(Build("clip: false", unit)->output().range, ValueRange());
  EXPECT_EQ(Build("clip: false", wide)->output().range, ValueRange());
}

TEST(GaussianNoise, NamesEveryFault) {
  const FlowType image = FlowType::Image(2, 8, 9);
  EXPECT_EQ(Faults("", image), "");
  EXPECT_EQ(Faults("", FlowType::Vector(5)), "");
  EXPECT_EQ(Faults("", FlowType()), "");
  EXPECT_EQ(Faults("", FlowType::Tokens(8, 100)), "(shape)");
  EXPECT_EQ(Faults("deviation: -1", image), "deviation");
  EXPECT_EQ(Faults("deviation: nan", image), "deviation");
}

}  // namespace
}  // namespace pretext
