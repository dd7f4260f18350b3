#include "augmentations/gaussian_blur/gaussian_blur.h"

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"
#include "kernels/image/blur.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<GaussianBlurAugmentation, GaussianBlur>;
const auto Faults = FaultPaths<GaussianBlurAugmentation, GaussianBlur>;

TEST(GaussianBlur, ActsWithItsProbability) {
  ExpectActsWithItsProbability(Build, "min_sigma: 0.8");
}

std::vector<float> Blurred(const FlowType& input, int radius, float sigma) {
  Sample sample = TestSample(input);
  BlurScratch scratch;
  const ImageShape shape{static_cast<int>(input.channels), static_cast<int>(input.height),
                         static_cast<int>(input.width)};
  BlurGaussian(sample.values.data(), shape, radius, sigma, scratch);
  return sample.values;
}

TEST(GaussianBlur, BlursByASigmaFromItsRange) {
  const FlowType input = FlowType::Image(3, 8, 9);
  const auto blur = Build("probability: 1 min_sigma: 0.5 max_sigma: 1.5 kernel_size: 5", input);
  for (int draw = 0; draw < 20; ++draw) {
    Random random = TestRandom(draw);
    random.Bernoulli(1);
    const float sigma = random.Uniform(0.5f, 1.5f);
    EXPECT_EQ(Augmented(*blur, input, draw).values, Blurred(input, 2, sigma));
  }
}

TEST(GaussianBlur, TheKernelIsATenthOfTheHeight) {
  for (const auto& [height, radius] : {std::pair{5, 1}, {28, 1}, {32, 1}, {96, 4}, {224, 11}}) {
    const FlowType input = FlowType::Image(1, height, 30);
    const auto blur = Build("probability: 1 min_sigma: 2 max_sigma: 2", input);
    EXPECT_EQ(Augmented(*blur, input, 0).values, Blurred(input, radius, 2)) << height;
  }
}

TEST(GaussianBlur, NamesEveryFault) {
  ExpectNamesFaultsOfImagesAndProbability(Faults);
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(Faults("min_sigma: 0", image), "min_sigma");
  EXPECT_EQ(Faults("min_sigma: 3", image), "min_sigma");
  EXPECT_EQ(Faults("kernel_size: 4", image), "kernel_size");
  EXPECT_EQ(Faults("kernel_size: -3", image), "kernel_size");
  EXPECT_EQ(Faults("kernel_size: 15", image), "");
  EXPECT_EQ(Faults("kernel_size: 17", image), "kernel_size") << "reflection needs 9 pixels";
  EXPECT_EQ(Faults("", FlowType::Image(3, 1, 9)), "kernel_size");
}

}  // namespace
}  // namespace pretext
