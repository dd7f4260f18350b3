#include "augmentations/random_resized_crop/random_resized_crop.h"

#include <cmath>
#include <fstream>
#include <numeric>
#include <sstream>

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<RandomResizedCropAugmentation, RandomResizedCrop>;
const auto Faults = FaultPaths<RandomResizedCropAugmentation, RandomResizedCrop>;

// On a large image every draw fits and rounding does not show: the laws themselves.
TEST(SampleCrop, AreaAspectAndPlaceAreUniform) {
  const BoxRange range{.min_area = 0.1, .max_area = 0.3, .min_aspect = 0.75, .max_aspect = 1.5};
  constexpr int kSide = 4000;
  std::vector<double> area, log_aspect, top, left;
  Random random = TestRandom(1);
  for (int i = 0; i < 20000; ++i) {
    const CropBox box = SampleCrop(range, 10, kSide, kSide, random);
    area.push_back(double(box.height) * box.width / kSide / kSide);
    log_aspect.push_back(std::log(double(box.width) / box.height));
    // Spread over the pixel, the place is continuous.
    top.push_back((box.top + random.Uniform()) / (kSide - box.height + 1));
    left.push_back((box.left + random.Uniform()) / (kSide - box.width + 1));
  }
  EXPECT_GT(KolmogorovSmirnov(area, UniformCdf(0.1, 0.3)), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(log_aspect, UniformCdf(std::log(0.75), std::log(1.5))),
            kSignificance);
  EXPECT_GT(KolmogorovSmirnov(top, UniformCdf(0, 1)), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(left, UniformCdf(0, 1)), kSignificance);
  // What a sampler would do that is uniform in the aspect ratio, not in its logarithm, is seen.
  const auto wrong = [](double x) { return (std::exp(x) - 0.75) / 0.75; };
  EXPECT_LT(KolmogorovSmirnov(log_aspect, wrong), kSignificance);
}

// On small images, with rounding, rejected draws and the central crop: torchvision's counts.
TEST(SampleCrop, DrawsAsTorchvisionDoes) {
  std::ifstream golden("augmentations/random_resized_crop/random_resized_crop_golden.txt");
  int lines = 0;
  for (std::string line; std::getline(golden, line); ++lines) {
    std::istringstream fields(line);
    int height, width;
    BoxRange range;
    fields >> height >> width >> range.min_area >> range.max_area >> range.min_aspect >>
        range.max_aspect;
    std::vector<std::vector<double>> expected, counts;
    for (const int side : {height, width, height, width}) {
      expected.emplace_back(side + 1);
      counts.emplace_back(side + 1);
      for (double& count : expected.back()) fields >> count;
    }
    ASSERT_TRUE(fields) << line;
    Random random = TestRandom(lines);
    const double draws = std::accumulate(expected[0].begin(), expected[0].end(), 0.0);
    for (int i = 0; i < draws; ++i) {
      const CropBox box = SampleCrop(range, 10, height, width, random);
      ++counts[0][box.top];
      ++counts[1][box.left];
      ++counts[2][box.height];
      ++counts[3][box.width];
    }
    for (int k = 0; k < 4; ++k) {
      EXPECT_GT(ChiSquareOfTwo(counts[k], expected[k]), kSignificance) << line << " number " << k;
    }
  }
  EXPECT_EQ(lines, 3);
}

TEST(SampleCrop, TakesTheCentreWhenNothingFits) {
  Random random = TestRandom(1);
  const BoxRange wide{1, 1, 2, 2}, tall{1, 1, 0.5, 0.5};
  const CropBox flat = SampleCrop(wide, 10, 24, 24, random);
  EXPECT_EQ(flat.height, 12);
  EXPECT_EQ(flat.width, 24);
  EXPECT_EQ(flat.top, 6);
  EXPECT_EQ(flat.left, 0);
  const CropBox upright = SampleCrop(tall, 10, 24, 24, random);
  EXPECT_EQ(upright.height, 24);
  EXPECT_EQ(upright.width, 12);
  EXPECT_EQ(upright.left, 6);
  const CropBox pixel = SampleCrop(wide, 10, 1, 1, random);
  EXPECT_EQ(pixel.height, 1);
  EXPECT_EQ(pixel.width, 1);
}

TEST(RandomResizedCrop, CutsTheSampledBox) {
  const FlowType input = FlowType::Image(3, 20, 24);
  const auto crop = Build("height: 9 width: 13 interpolation: BICUBIC", input);
  EXPECT_EQ(crop->output(), FlowType::Image(3, 9, 13));
  ResizeScratch scratch;
  for (int draw = 0; draw < 20; ++draw) {
    const Sample before = TestSample(input), after = Augmented(*crop, input, draw);
    EXPECT_EQ(after.type, crop->output());
    Random random = TestRandom(draw);
    const CropBox box = SampleCrop({0.08, 1, 0.75, 4 / 3.0}, 10, 20, 24, random);
    std::vector<float> expected(3 * 9 * 13);
    ResizedCrop(before.values.data(), {3, 20, 24}, box, 9, 13, Interpolation::kBicubic, true,
                scratch, expected.data());
    EXPECT_EQ(after.values, expected);
  }
}

TEST(RandomResizedCrop, KeepsTheSizeByDefault) {
  const FlowType input = FlowType::Image(1, 7, 5);
  EXPECT_EQ(Build("", input)->output(), input);
}

TEST(RandomResizedCrop, EvaluationResizesTheWholeImage) {
  const FlowType input = FlowType::Image(3, 20, 24);
  Sample same = TestSample(input);
  Build("", input)->ApplyInEvaluation(same);
  EXPECT_EQ(same.values, TestSample(input).values);

  Sample smaller = TestSample(input);
  Build("height: 9 width: 13", input)->ApplyInEvaluation(smaller);
  EXPECT_EQ(smaller.type, FlowType::Image(3, 9, 13));
  ResizeScratch scratch;
  std::vector<float> expected(3 * 9 * 13);
  ResizedCrop(TestSample(input).values.data(), {3, 20, 24}, {.height = 20, .width = 24}, 9, 13,
              Interpolation::kBilinear, false, scratch, expected.data());
  EXPECT_EQ(smaller.values, expected);
}

TEST(RandomResizedCrop, NamesEveryFault) {
  const FlowType image = FlowType::Image(3, 32, 32);
  EXPECT_EQ(Faults("", image), "");
  EXPECT_EQ(Faults("", FlowType()), "") << "an earlier part is faulty: not this one";
  EXPECT_EQ(Faults("min_area: 0.5 max_area: 0.4", image), "min_area");
  EXPECT_EQ(Faults("min_area: -0.1 max_area: 1.5", image), "max_area min_area");
  EXPECT_EQ(Faults("min_area: nan", image), "min_area");
  EXPECT_EQ(Faults("min_aspect: 0", image), "min_aspect");
  EXPECT_EQ(Faults("max_aspect: inf attempts: 0 height: -1 width: -2", image),
            "attempts height max_aspect width");
  EXPECT_EQ(Faults("height: 16777216 width: 16777216", image), "(shape)");
  EXPECT_EQ(Faults("", FlowType::Image(2, 32, 32)), "(shape)");
  EXPECT_EQ(Faults("", FlowType::Vector(10)), "(shape)");
}

}  // namespace
}  // namespace pretext
