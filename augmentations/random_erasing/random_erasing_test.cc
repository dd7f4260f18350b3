#include "augmentations/random_erasing/random_erasing.h"

#include <cmath>

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<RandomErasingAugmentation, RandomErasing>;
const auto Faults = FaultPaths<RandomErasingAugmentation, RandomErasing>;

TEST(RandomErasing, ActsWithItsProbability) {
  ExpectActsWithItsProbability(Build, "max_area: 0.2");
}

// The rows and columns where the sample differs from the original, which must be a full rectangle.
CropBox ChangedBox(const Sample& before, const Sample& after) {
  const auto height = static_cast<int>(before.type.height);
  const auto width = static_cast<int>(before.type.width);
  int top = height, left = width, bottom = -1, right = -1, changed = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (before.values[y * width + x] == after.values[y * width + x]) continue;
      top = std::min(top, y);
      left = std::min(left, x);
      bottom = std::max(bottom, y);
      right = std::max(right, x);
      ++changed;
    }
  }
  const CropBox box{top, left, bottom - top + 1, right - left + 1};
  EXPECT_EQ(changed, box.height * box.width);
  return box;
}

TEST(RandomErasing, ErasesARectangleOfUniformAreaAndPlace) {
  const FlowType input = FlowType::Image(1, 100, 100);
  const auto erasing = Build("probability: 1 value: 2 min_area: 0.05 max_area: 0.2", input);
  const Sample before = TestSample(input);
  std::vector<double> area, log_aspect, top, left;
  Random spread = TestRandom(999999);
  for (int draw = 0; draw < 4000; ++draw) {
    const CropBox box = ChangedBox(before, Augmented(*erasing, input, draw));
    area.push_back(box.height * box.width / 1e4);
    log_aspect.push_back(std::log(double(box.width) / box.height));
    top.push_back((box.top + spread.Uniform()) / (101 - box.height));
    left.push_back((box.left + spread.Uniform()) / (101 - box.width));
  }
  EXPECT_GT(KolmogorovSmirnov(area, UniformCdf(0.05, 0.2)), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(log_aspect, UniformCdf(std::log(0.3), std::log(3.3))), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(top, UniformCdf(0, 1)), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(left, UniformCdf(0, 1)), kSignificance);
}

TEST(RandomErasing, PutsTheValueOfEachChannel) {
  const FlowType input = FlowType::Image(3, 10, 10);
  const Sample before = TestSample(input);
  const Sample after =
      Augmented(*Build("probability: 1 value: 2 value: 3 value: 4", input), input, 1);
  int erased = 0;
  for (int i = 0; i < 300; ++i) {
    if (after.values[i] == before.values[i]) continue;
    EXPECT_EQ(after.values[i], 2 + i / 100);
    ++erased;
  }
  EXPECT_GT(erased, 0);
  EXPECT_EQ(erased % 3, 0);
}

TEST(RandomErasing, NoiseIsStandardNormal) {
  const FlowType input = FlowType::Image(1, 100, 100);
  const auto erasing = Build(
      "probability: 1 noise: true min_area: 0.3 max_area: 0.3 min_aspect: 1 max_aspect: 1", input);
  const Sample before = TestSample(input);
  std::vector<double> noise;
  for (int draw = 0; draw < 5; ++draw) {
    const Sample after = Augmented(*erasing, input, draw);
    ChangedBox(before, after);
    for (size_t i = 0; i < after.values.size(); ++i) {
      if (after.values[i] != before.values[i]) noise.push_back(after.values[i]);
    }
  }
  EXPECT_GT(KolmogorovSmirnov(noise, [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2)); }),
            kSignificance);
}

TEST(RandomErasing, ErasesNothingWhereNothingFits) {
  const FlowType input = FlowType::Image(1, 10, 10);
  const auto erasing =
      Build("probability: 1 min_area: 0.9 max_area: 0.9 min_aspect: 3 max_aspect: 3", input);
  EXPECT_EQ(CountChanged(*erasing, input, 10), 0);
}

TEST(RandomErasing, NamesEveryFault) {
  ExpectNamesFaultsOfImagesAndProbability(Faults);
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(Faults("min_area: 0.5", image), "min_area");
  EXPECT_EQ(Faults("max_area: 1.5 min_aspect: -1", image), "max_area min_aspect");
  EXPECT_EQ(Faults("value: 1 value: 2", image), "value");
  EXPECT_EQ(Faults("value: nan", image), "value[0]");
  EXPECT_EQ(Faults("value: 1 noise: true", image), "noise");
}

}  // namespace
}  // namespace pretext
